"""Clients of several kinds at once, and the clock that they hold."""

from __future__ import annotations

import resource
import select
import shlex
import time
from contextlib import contextmanager
from functools import wraps
from typing import Any, Callable, Iterator, Optional, TypeVar, cast

from . import ends
from .expect import Failure, NotJudged, equal, expect, same_bytes
from .http import Response, ended, request
from .lab import Lab, Server
from .observe import observe
from .wire import Wire

LATE = 1.0  # seconds by which a server's clock may be late
EARLY = 0.05  # its clock counts in ticks
IDLE = 0.1  # seconds of processor time that an idle server may take in...
WINDOW = 1.0  # ...so many seconds; one that spins takes most of them
WAKES = 25  # times that it may wake up meanwhile; one that polls does it more often
TIME = "sleep 4; ps -o c,time,cmd -p $server"
TOP = f"""server=$!; sleep 1
for i in 1 2 3; do {{ printf GET; sleep 9; }} | nc 127.0.0.1 8080 & done
{TIME}"""
WOKEN = """server=$!
for i in 1 2 3; do sleep 1; grep ^vol /proc/$server/status; done"""
FOREST = """server=$!; sleep 1; for i in 1 2 3; do nc 127.0.0.1 8080 & done; sleep 1
ps --forest $server $(pgrep -P $server)"""
CURL = "curl -sS -m 3 http://127.0.0.1:8080/hello"
CHILDREN = f"""server=$!; sleep 1; for i in 1 2 3; do {CURL}; done; sleep 1
ps --ppid $server -o pid,stat,cmd"""
AT_ONCE = 4  # clients that knock before we look whether the server opens
F = TypeVar("F", bound=Callable[..., None])
TRIES = 3  # on a busy machine anybody may be late once


def head(server: Server, target: Optional[str] = None, method: str = "GET") -> bytes:
    """A request after which every step closes the connection."""
    path = server.page if target is None else target
    return request(method, path, "Connection: close", host=server.authority)


def serves(server: Server, who: str = "another client", again: str = "") -> None:
    """The server answers an ordinary client, as always."""
    try:
        gets_page(server, server.get(None, "Connection: close"), who)
    except Failure as failure:
        expected = f"{who} gets an answer: {failure.expected}"
        more = {"wire": failure.wire, "again": again}
        raise Failure(expected, failure.got, **more) from None


def gets_page(server: Server, response: Response, who: str) -> None:
    equal(response.status, 200, f"the status for {who}")
    same_bytes(response.body, server.content, f"the body for {who}")


def ask(server: Server, wire: Wire) -> None:
    """Sends a whole request for the page that is there."""
    wire.send(head(server))


def answered(server: Server, wire: Wire, who: str) -> None:
    """Reads the answer to ask()."""
    gets_page(server, server.read(wire, head(server)), who)


def half(server: Server, **options: Any) -> tuple[Wire, bytes]:
    """A client in the middle of its request, and the bytes that it owes."""
    data = head(server)
    cut = server.lab.random.randrange(5, len(data) - 4)
    wire = server.connect(**options)
    wire.send(data[:cut])
    return wire, data[cut:]


def guest(server: Server) -> tuple[Wire, bytes, int]:
    """A client in the middle of its request, the bytes that it owes, and the
    process that was made for it."""
    known = set(server.tree().pids)
    wire, rest = half(server)

    def look() -> list[int]:
        return sorted(set(ends.end_of(server, wire).holders) - known)

    own = observe(look, bool, server.lab.patience)
    if not own:
        expected = "a new process serves the client"
        raise Failure(expected, "none does", wire=wire, again=FOREST)
    return wire, rest, own[0]


def finished(
    server: Server, waiting: list[tuple[Wire, int]], when: str = "after SIGTERM"
) -> None:
    """Each of these, which have asked, gets all of its answer behind so many
    bytes of filler."""
    for wire, count in waiting:
        try:
            ends.filled(wire, count)
            answered(server, wire, "a client whose answer was under way")
        except Failure as failure:
            how, got = f"({ended(wire)})", failure.got
            got = got if how in got else f"{got} {how}"
            expected = f"an answer under way is finished {when}"
            raise Failure(expected, got, wire=wire) from None
        wire.close()


def leave(wire: Wire, how: str) -> None:
    """Three ways to go: half-close, close, reset."""
    if how == "half-close":
        wire.half_close()
    elif how == "reset":
        wire.reset()
    else:
        wire.close()


def stays_idle(server: Server, when: str, again: str = TOP) -> None:
    """It sleeps while nothing happens, and takes no processor time. again: how
    to see it by hand, where silent clients alone would not show it."""
    woken = 0
    for _ in range(TRIES):  # somebody may just be leaving
        before, wakes = server.tree().seconds, wakeups(server)

        def spent() -> float:
            return server.tree().seconds - before

        took = observe(spent, lambda seconds: seconds > 3 * IDLE, WINDOW)
        expected = f"no processor time {when}"
        got = f"{took:.2f} s of it in {WINDOW:g} s or less"
        expect(took <= IDLE, expected, got, again=again)
        woken = wakeups(server) - wakes
        if woken <= WAKES:
            return
    got = f"it wakes up {woken} times in {WINDOW:g} s"
    raise Failure(f"it sleeps {when}", got, again=WOKEN)


def wakeups(server: Server) -> int:
    """How often its processes have gone to sleep by themselves so far."""
    found = (ends.status(pid) for pid in server.tree().pids)
    return sum(int(status.get("voluntary_ctxt_switches", 0)) for status in found)


def timely(
    attempt: Callable[[], float], least: float, what: str, late: float = LATE
) -> None:
    """attempt() measures how long the server takes for what it should do
    after `least` seconds. Never may it be early; it may be late by so much,
    and on a busy machine now and then by more. least=0: `what` says when, and
    attempt() tells how much later it was."""
    took = 0.0
    for _ in range(TRIES):
        took = attempt()
        if took < least - EARLY:
            raise Failure(f"{what} after {least:g} s", f"after {took:.2f} s already")
        if took <= least + late:
            return
    expected, got = f"{what} after {least:g} s", f"after {took:.2f} s"
    if not least:
        expected, got = what, f"{took:.2f} s later"
    raise Failure(expected, got)


def wait_until(moment: float) -> None:
    """For where time is the promise, and nothing may be read meanwhile."""
    select.select([], [], [], max(0.0, moment - time.monotonic()))


def until_end(wire: Wire, began: float, patience: float, what: str) -> float:
    """Reads on until the server ends the connection; seconds since began."""
    try:
        wire.inbox += wire.rest(patience)
    except Failure:
        got = f"it is still open after {time.monotonic() - began:.1f} s"
        raise Failure(what, got, wire=wire) from None
    return time.monotonic() - began


def limited(lab: Lab, descriptors: int) -> None:
    """Servers started from now on may have so many descriptors, and cannot
    raise that."""
    inherited = " ".join(f"{fd}</dev/null" for fd in range(6, 10))  # by whoever
    script = f'ulimit -n {descriptors} && exec {inherited} && exec "$@"'
    lab.command = f"sh -c '{script}' sh {lab.command}"


@contextmanager
def room_for(descriptors: int) -> Iterator[None]:
    """The grader itself may hold so many descriptors meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < descriptors:
        raise NotJudged(f"this machine allows {hard} descriptors a process")
    if soft != resource.RLIM_INFINITY and soft < descriptors:
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def crowd(server: Server, count: int, patience: float = 0.5) -> list[Wire]:
    """So many clients that connect and keep silent; fewer where the server
    leaves the last ones waiting at the door for longer than `patience`."""
    wires: list[Wire] = []
    full = False
    for number in range(count):
        try:
            wires.append(server.connect(plain=True, patience=patience))
        except Failure:
            break
        wires[-1].patience = server.lab.patience
        if number % AT_ONCE == 0 and not full:  # its queue may be short
            queue = observe(lambda: ends.queue(server), lambda n: n == 0, patience)
            full = queue > 0
    return wires


def by_grader(function: F) -> F:
    """For checks with clients that no shell can play: a failure is shown by
    the check itself."""

    @wraps(function)
    def wrapped(**arguments: Any) -> None:
        try:
            function(**arguments)
        except Failure as failure:
            name = function.__name__[len("test_") :]
            lab = arguments["lab"]
            line = "python3 -m pytest -c tests/pytest.ini tests/checks"
            line += f" --step {lab.step:02} --server {shlex.quote(lab.command)}"
            failure.again = failure.again or f"{line} -k {name}"
            raise

    return cast(F, wrapped)
