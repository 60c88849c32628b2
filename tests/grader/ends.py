"""The server's end of a connection, as the system shows it (Linux).

From outside, a connection shows what was said over it and nothing else. The
system knows more: which process holds its other end, and what waits there
to be read or sent.
"""

from __future__ import annotations

import ctypes
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator, Optional

from . import proc
from .expect import Failure, NotJudged, equal
from .lab import Server
from .observe import observe
from .wire import Wire

PIDFD_GETFD = 438  # the system call's number, the same on all machines
SMALL = 1  # for SO_RCVBUF and SO_SNDBUF: the system takes its least instead
FILLER = b"~"
FILL = 20_000  # bytes of it: far more than the least buffer
SEGMENT = 576  # bytes that are sent at once to a client with the least buffer
TABLES = ("tcp", "tcp6")
LISTENING = "0A"
OPEN = ("01", "03", "08", LISTENING)  # established, half open, half closed
A_MOMENT = 0.3  # seconds
SLEEPS = "SID"  # states of a process that waits for something


@dataclass
class End:
    """What /proc tells of it. No holders: nobody has accepted it yet, or
    everybody has closed it."""

    gone: bool = True  # closed, or the client's end is
    unsent: int = 0  # bytes that the server has written and the client not read
    unread: int = 0  # bytes that the server has not read
    holders: dict[int, int] = field(default_factory=dict)  # process: descriptor


def ends(server: Server) -> dict[int, End]:
    """All ends at the server's port, by the client's port; 0: the listener."""
    if not proc.available():
        raise NotJudged("there is no /proc here to look at connections with")
    found: dict[int, End] = {}
    by_name: dict[str, End] = {}
    lines = [line for name in TABLES for line in _rows(name, server.port)]
    for line in lines:
        cells = line.split()
        if _port(cells[1]) != server.port:
            continue
        unsent, unread = (int(part, 16) for part in cells[4].split(":"))
        end = End(cells[3] not in OPEN, unsent, unread)
        found[_port(cells[2])] = end
        by_name[f"socket:[{cells[9]}]"] = end  # 0: it is not accepted
    for pid in proc.family(server.pid):
        try:
            held = proc.descriptors(pid)
        except OSError:
            continue  # it has ended meanwhile
        for fd, name in held.items():
            if name in by_name:
                by_name[name].holders[pid] = fd
    return found


def queue(server: Server) -> int:
    """How many clients wait to be accepted; 0 where nobody can tell."""
    for name in TABLES:
        for line in _rows(name, server.port):
            cells = line.split()
            if cells[3] != LISTENING:
                break  # those that listen stand first
            if _port(cells[1]) == server.port:
                return int(cells[4].rpartition(":")[2], 16)
    return 0


def _rows(name: str, port: int) -> Iterator[str]:
    """The lines in which this port stands. The table may be long: it has the
    connections of the whole machine, and those just ended."""
    path = Path("/proc/net") / name
    mark = f":{port:04X} "
    if path.exists():
        with path.open(buffering=1 << 13) as table:
            yield from (line for line in table if mark in line)


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def end_of(server: Server, wire: Wire) -> End:
    """The other end of this connection, as it is now."""
    return ends(server).get(wire.socket.getsockname()[1], End())


def accepted(server: Server, *wires: Wire) -> list[End]:
    """The other ends, once the server has accepted all of them. Fails where
    it does not, or has closed one of them already."""
    ports = [wire.socket.getsockname()[1] for wire in wires]

    def look() -> list[End]:
        found = ends(server)
        return [found.get(port, End()) for port in ports]

    def decided(seen: list[End]) -> bool:
        return all(end.holders or end.gone for end in seen)

    seen = observe(look, decided, server.lab.patience)
    for wire, end in zip(wires, seen):
        if not end.holders:
            late = f"after {server.lab.patience:g} s it has not"
            got = "it has closed it" if end.gone else late
            expected = "the server accepts the connection, and keeps it open"
            raise Failure(expected, got, wire=wire)
    return seen


def status(pid: int) -> dict[str, str]:
    """/proc/PID/status: {"State": "S", "PPid": "12", "Threads": "1"}; empty
    where the process is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(errors="replace")
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.splitlines())
    return {name: (value.split() or [""])[0] for name, _, value in pairs}


def alive(pid: int) -> bool:
    """It has not ended; a zombie has."""
    return status(pid).get("State", "Z") not in "ZX"


def digested(server: Server) -> None:
    """Waits until the server has read all that was sent to it."""
    if not proc.available():
        return

    def unread() -> int:
        return sum(end.unread for port, end in ends(server).items() if port)

    left = observe(unread, lambda left: not left, server.lab.patience)
    if left:
        raise Failure("the server reads what was sent", f"{left} bytes are left")


def under_way(server: Server, wire: Wire) -> None:
    """Waits until the server has read all that was sent to it, and sleeps
    (or, where it never does, a moment longer): an answer that could not be
    sent is then under way."""
    patience = server.lab.patience
    if observe(lambda: end_of(server, wire).unread, lambda n: not n, patience):
        raise Failure("the server reads the request", "it has not", wire=wire)

    def sleeps() -> bool:
        return sleeping(list(end_of(server, wire).holders))

    observe(sleeps, bool, A_MOMENT)


def asleep(server: Server) -> None:
    """Waits until all its processes sleep, for a moment at most."""
    observe(lambda: sleeping(proc.family(server.pid)), bool, A_MOMENT)


def sleeping(pids: list[int]) -> bool:
    """Whether all of them wait for something."""
    return all(status(pid).get("State", "Z") in SLEEPS for pid in pids)


def reluctant(server: Server) -> Wire:
    """A connection with the smallest buffer at the client's end."""
    return server.connect(receive_buffer=SMALL)


def fill(server: Server, wire: Wire, room: int = 0) -> int:
    """Makes the connection look as if a client did not read, though answers
    are small: puts filler before the answer, more than the system will hold
    for this connection. Then nothing more can be written; or, with room, a
    number of bytes from 0 to SEGMENT that nobody knows, but which grows with
    `room`. Returns the bytes of filler; 0 where the system does not let us."""
    (end,) = accepted(server, wire)
    pid, fd = next(iter(end.holders.items()))
    borrowed = _borrow(pid, fd)
    if borrowed is None:
        return 0
    with borrowed:
        sent = _put(borrowed, FILL - room)
        borrowed.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
        while not room:
            more = _put(borrowed, SEGMENT)  # what is left of the last segment
            sent += more
            if not more:
                break
    return sent


def _put(to: socket.socket, count: int) -> int:
    """Writes as much as goes without waiting."""
    sent = 0
    try:
        while sent < count:
            sent += to.send(FILLER * (count - sent), socket.MSG_DONTWAIT)
    except BlockingIOError:
        pass
    except OSError as error:
        expected = "the server keeps the connection open"
        raise Failure(expected, error.strerror) from None
    return sent


def filled(wire: Wire, count: int) -> None:
    """Reads the filler, and with all the room that a client usually has."""
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    equal(len(wire.take(count)), count, "bytes before the answer", wire=wire)


def _borrow(pid: int, fd: int) -> Optional[socket.socket]:
    """Another process's socket. The process does not notice."""
    try:
        process = os.pidfd_open(pid)
    except (OSError, AttributeError):
        return None
    try:
        call = ctypes.CDLL(None, use_errno=True).syscall
        number = call(PIDFD_GETFD, process, fd, 0)
        return socket.socket(fileno=number) if number >= 0 else None
    finally:
        os.close(process)
