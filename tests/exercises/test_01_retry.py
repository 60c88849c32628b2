"""Exercise of step 01: a port in use is waited for."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager
from typing import Iterator

from grader.check import check
from grader.clients import timely
from grader.expect import Failure, equal, expect
from grader.lab import Lab, Server

OPTION = "--retry"
LONG = "60"  # seconds; nobody waits for so long here
TRIES = 3  # between two servers another program may take the port
BY_HAND = """nc -l 127.0.0.1 8080 & sleep 1
{server} --port 8080 --retry 3; echo exit status $?"""
STOP = """nc -l 127.0.0.1 8080 & sleep 1
{server} --port 8080 --retry 60 & sleep 1; kill $!; wait $!; echo exit status $?"""


@contextmanager
def taken() -> Iterator[int]:
    """A port that somebody listens on; its number."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        yield other.getsockname()[1]


def waiting(lab: Lab, port: int, seconds: str = LONG) -> Server:
    """A server that has found the port taken, and has said so."""
    server = lab.start(OPTION, seconds, port=port, wait=False)
    said = server.err.wait(b"\n", lab.patience)
    status = server.process.poll()
    expected = f"with {OPTION} {seconds} it waits for a port in use"
    got = f"it {server.how_ended(status)}"
    expect(status is None, expected, got, ran=server.line, again=BY_HAND)
    expected = "a line on stderr that says that it waits"
    expect(said, expected, "none", ran=server.line, again=BY_HAND)
    expect(not server.out.data, "nothing on stdout yet", bytes(server.out.data))
    return server


@check("bind(2): EADDRINUSE; the exercise: tried at least once a second")
def test_retry_waits(lab: Lab) -> None:
    """The old server still finishes its last answer, and the new one cannot
    begin: for a moment the port has two owners. Whoever waits a little, and
    tries again, does not have to be started again by hand.

    1. Which call fails, and what is errno then?
    2. Try again from socket() on, with a pause between two tries.
    3. do { nanosleep(); fd = listen_on(address); } while (fd < 0 && errno ==
       EADDRINUSE && now() < end); and only then print the listening line.
    """
    problem = None
    for _ in range(TRIES):
        old = lab.start()
        wire = old.connect()
        wire.send(b"x")
        equal(wire.take(1), b"x", "the byte that comes back")
        new = waiting(lab, old.port)
        old.stop()
        old.bury()
        began = time.monotonic()
        try:
            new.wait_ready()
        except Failure as failure:
            problem = failure
            continue
        took = time.monotonic() - began
        expected = "it listens within a second of the port's becoming free"
        expect(took < 3.0, expected, f"after {took:.1f} s", ran=new.line)
        wire = new.connect()
        wire.send(b"new")
        equal(wire.take(3), b"new", "the bytes that come back")
        return
    assert problem
    raise problem


@check("the exercise: one line that says that it waits")
def test_retry_told_once(lab: Lab) -> None:
    """Who starts a server and sees nothing thinks that it hangs. Who sees the
    same line ten times a second cannot read any other.

    1. How many lines are on stderr after two seconds, and which?
    2. Say it where the wait begins, not where it goes on.
    3. One line before the loop, with host and port; none inside it.
    """
    with taken() as port:
        server = waiting(lab, port)
        server.wait(1.5)
        lines = bytes(server.err.data).splitlines()
    more = {"ran": server.line, "again": BY_HAND}
    expect(len(lines) == 1, "one line after 1.5 s", f"{len(lines)}", **more)
    expected = f"a line that names the port, {port}"
    expect(str(port).encode() in lines[0], expected, lines[0], **more)


@check("the exercise: then as without the option; exit status 1")
def test_retry_gives_up(lab: Lab) -> None:
    """A port may stay taken for ever. The time that was allowed is over some
    day, and then somebody has to be told.

    1. When does your loop end if the port never becomes free?
    2. Take the time once, before the loop; sleeping takes longer than asked.
    3. end = now() + seconds; after the loop the line as ever, and exit 1.
    """
    with taken() as port:

        def attempt() -> float:
            began = time.monotonic()
            run = lab.run("--port", str(port), OPTION, "0.7")
            took = time.monotonic() - began
            ran = {"ran": run.line, "again": BY_HAND}
            expected = "exit status 1 when 0.7 s are over"
            expect(run.status == 1, expected, f"it {run.ended}", **ran)
            last = (run.err.splitlines() or [b""])[-1]
            named = str(port).encode() in last and b"in use" in last.lower()
            expect(named, "a last line that names port and reason", last, **ran)
            expect(not run.out, "nothing on stdout", run.out, **ran)
            return took

        timely(attempt, 0.7, "it gives up")


@check("getaddrinfo(3), bind(2): EADDRNOTAVAIL; the exercise: EADDRINUSE alone")
def test_retry_nothing_else(lab: Lab) -> None:
    """A name with a spelling mistake does not get better by waiting; it only
    takes a minute longer until somebody notices.

    1. For which reasons does your program wait?
    2. Only one of them passes by itself.
    3. Look at errno right after the call that failed, before anything else
       can change it.
    """
    for host in ("x" * 70 + ".invalid", "192.0.2.1"):
        run = lab.run("--port", "0", "--host", host, OPTION, LONG, patience=8.0)
        expected = f"exit status 1 at once for --host {host[:20]}"
        expect(run.status == 1, expected, f"it {run.ended}", ran=run.line)


@check("signal(7), nanosleep(2): EINTR; the contract: SIGTERM, exit status 0")
def test_retry_stops(lab: Lab) -> None:
    """While it waits somebody may change his mind.

    1. What does SIGTERM do to your program while it waits?
    2. The signal interrupts the sleep; the loop has to look why.
    3. ... && !stop_asked(); and then main() returns 0: nothing has failed.
    """
    with taken() as port:
        server = waiting(lab, port)
        status = server.stop()
    expected = "SIGTERM ends the wait, exit status 0"
    got = f"it {server.how_ended(status)}"
    expect(status == 0, expected, got, ran=server.line, again=STOP)


@check("the contract: bad number, one clear line on stderr, exit status 2")
def test_refuses_bad_retry(lab: Lab) -> None:
    """ "Ten" is no number of seconds, and 0 is no wait.

    1. What does your program make of --retry 0, and of --retry 10x?
    2. The same as step 03 will make of a --timeout: fractions are allowed.
    3. A row in the table of options, OPTION_SECONDS, does all of it.
    """
    for text in ("0", "-1", "ten", "", "10x", "nan"):
        run = lab.run("--port", "0", OPTION, text)
        expected = f"exit status 2 and one line on stderr for {OPTION} '{text}'"
        one = run.err.count(b"\n") == 1 and run.err.endswith(b"\n")
        got = f"it {run.ended}" if run.status != 2 else f"stderr: {run.err!r}"
        expect(run.status == 2 and one, expected, got, ran=run.line)
    lab.start(OPTION, "0.5")
