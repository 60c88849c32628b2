"""What only Linux tells or does: a process's greatest memory, a process that
stands still, segments that are delayed."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import socket
import struct
import termios
import time
from contextlib import contextmanager
from typing import Iterator

from .expect import Failure, NotJudged
from .lab import Server
from .proc import PROC, available
from .wire import Wire


def peak(server: Server) -> int:
    """The greatest number of bytes resident so far, over all processes."""
    if not available():
        raise NotJudged("there is no /proc here to look at processes with")
    kibibytes = 0
    for pid in server.tree().pids:
        try:
            status = (PROC / str(pid) / "status").read_text()
        except OSError:
            continue
        match = re.search(r"(?m)^VmHWM:\s+(\d+) kB", status)
        kibibytes += int(match[1]) if match else 0
    return kibibytes << 10


@contextmanager
def suspended(server: Server) -> Iterator[None]:
    """The server does not run meanwhile, so that all that is sent has arrived
    when it looks."""
    pids = server.tree().pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def waiting(wire: Wire) -> int:
    """Bytes that the kernel has received and nobody has read."""
    there = fcntl.ioctl(wire.socket, termios.FIONREAD, struct.pack("i", 0))
    return int(struct.unpack("i", there)[0])


def stall(wire: Wire, data: bytes, size: int) -> float:
    """Sends data, and acknowledges what comes as late as the system ever does.
    The longest silence, in seconds, before byte number `size` of the answers;
    rather too long, where this machine is busy, than too short."""
    quick = getattr(socket, "TCP_QUICKACK", None)
    if quick is None:
        raise NotJudged("this system cannot delay acknowledgments at will")
    before = waiting(wire)
    for mode in (1, 0):  # acknowledge what came; from now on, as late as can be
        wire.socket.setsockopt(socket.IPPROTO_TCP, quick, mode)
    wire.send(data, read=False)
    longest, seen = 0.0, 0
    last = looked = time.monotonic()  # last: no later than the last arrival
    deadline = last + wire.patience
    while looked < deadline:
        arrived, now = waiting(wire) - before, time.monotonic()
        if arrived > seen:
            longest = max(longest, now - last if seen else 0.0)
            seen, last = arrived, looked
        if arrived >= size:
            return longest
        looked = now
        select.select([], [], [], 0.0005)
    raise Failure(f"{size} bytes of answers", f"{seen}", wire=wire)
