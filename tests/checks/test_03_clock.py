"""Step 03 and all that follow: each connection has a clock."""

from __future__ import annotations

import time

from grader import ends
from grader.check import check
from grader.clients import (
    by_grader,
    LATE,
    EARLY,
    answered,
    ask,
    half,
    timely,
    until_end,
    wait_until,
)
from grader.expect import Failure, equal, expect, shown
from grader.http import read_response
from grader.lab import Lab, Server
from grader.observe import observe
from grader.wire import Wire

SLOW = 5.0  # seconds that we wait for what takes half a second
SILENT = "time nc 127.0.0.1 8080"
USUAL = 10.0  # the clock where --timeout is not given
DRIPS = 3.0  # the clock of a client that drips; its first byte comes after 1.8
DRIP = """{ sleep 1.8; printf 'GET /hello HTTP/1.1\\r\\nX: '
for i in $(seq 40); do printf x; sleep 0.1; done; } | timeout 4 nc 127.0.0.1 8080"""


@check("RFC 9112, section 9.5; the contract: silence where nothing had come")
def test_silence(lab: Lab) -> None:
    """A client that never speaks costs you a process as long as it stays.
    --timeout says how long that may be.

    1. What wakes your read() when nothing ever comes?
    2. setsockopt() with SO_RCVTIMEO: read() then fails with EAGAIN.
    3. The clock starts at accept(). When time is up and no byte has come,
       just close: there was no question, so there is no answer.
    """
    seconds = lab.random.choice((0.4, 0.5, 0.6))
    server = lab.start("--timeout", str(seconds))

    def attempt() -> float:
        began = time.monotonic()
        wire = server.connect()
        what = f"a silent client is sent away after {seconds:g} s"
        took = until_end(wire, began, SLOW, what)
        expect(not wire.inbox, "not a byte to a client that asked nothing", wire.inbox)
        return took

    with shown(SILENT):
        timely(attempt, seconds, "a silent client is sent away")


def expects_408(wire: Wire) -> None:
    response = read_response(wire)
    equal(response.status, 408, "the status when time is up", wire=wire)
    said = response.tokens("Connection")
    expect("close" in map(str.lower, said), "Connection: close with the 408", said)


@check("RFC 9110, section 15.5.9; the contract: 408")
def test_timeout_408(lab: Lab) -> None:
    """A client has begun to ask and does not go on. 408 tells it that it was
    too slow, so that it may try again.

    1. How does your program tell this case from silence?
    2. By the bytes of the head that it has read so far.
    3. 408 Request Timeout, Connection: close, and close.
    """
    server = lab.start("--timeout", "0.5")
    asked = []

    def attempt() -> float:
        began = time.monotonic()
        wire, rest = half(server, patience=SLOW)
        asked.append(rest)
        expects_408(wire)
        took = time.monotonic() - began
        wire.rest()
        return took

    timely(attempt, 0.5, "408 to half a request")
    server.err.wait_lines(len(asked), lab.patience, b'" 408 ')
    lines = [line for line in server.access_lines(0) if '" 408 ' in line]
    equal(len(lines), len(asked), "access lines with 408, one for each 408")


@check("the contract: bytes of an unfinished head do not restart the clock", waits=3.0)
def test_dripping_head(lab: Lab) -> None:
    """One byte each second, and a limit of ten seconds for each read() never
    strikes: a few hundred such clients closed big web sites (the attack has
    a name, Slowloris).

    1. To what does your time limit belong: to a read(), or to the request?
    2. Remember when it ends, and before each read() compute what is left.
    3. end = now() + timeout, once; then SO_RCVTIMEO = end - now() each time.
    """
    server = lab.start("--timeout", str(DRIPS))

    def attempt() -> float:
        began = time.monotonic()
        wire = server.connect(patience=SLOW)
        wire.send(b"")  # the last flight of a handshake waits for no request
        wait_until(began + 0.6 * DRIPS)
        wire.send(b"GET " + server.page.encode() + b" HTTP/1.1\r\nX-Name: ")
        while not wire.inbox and not wire.ended:
            if time.monotonic() - began > SLOW:
                expected = f"408 after {DRIPS:g} s, however many bytes still come"
                raise Failure(expected, f"none in {SLOW:g} s", wire=wire, again=DRIP)
            wire.quiet(0.05)
            if not wire.inbox and not wire.ended:
                wire.send(b"x")
        took = time.monotonic() - began
        expects_408(wire)
        return took

    with shown(DRIP):
        timely(attempt, DRIPS, "408 to a client that drips")


@check("the contract: the clock restarts when a head is complete")
@by_grader
def test_clock_starts_anew(lab: Lab) -> None:
    """A request that was complete just in time, on a slow line, deserves its
    answer: sending has the whole time again.

    1. How much time is left for the answer when the head took nine seconds
       of ten?
    2. One alarm() for the whole connection cuts the answer.
    3. Take the time anew where the head is complete, and with each write()
       that has taken something.
    """
    problem = None
    for seconds in (0.7, 1.5, 4):  # we may be late ourselves, on a busy machine
        server = lab.start("--timeout", str(seconds))
        wire = ends.reluctant(server)
        began = time.monotonic()
        try:
            count = ends.fill(server, wire)
            wait_until(began + 0.7 * seconds)
            ask(server, wire)
            wait_until(began + 1.4 * seconds)
            ends.filled(wire, count)
            who = f"a client that asked in time and reads {0.7 * seconds:g} s later"
            answered(server, wire, who)
            return
        except Failure as failure:
            problem = failure
    assert problem
    raise problem


@check("send(2); socket(7): SO_SNDTIMEO; the contract: time for an answer")
@by_grader
def test_reader_gives_up(lab: Lab) -> None:
    """A client has asked and never reads. The system's buffer is full, and
    what waits to be sent waits for ever: in 03 with a whole process.

    1. What ends a write() that cannot go on?
    2. SO_SNDTIMEO for a process that waits; a timer for one that does not.
    3. Time is up when nothing was taken for --timeout seconds: close, though
       not all has been sent.
    """
    late = 1.0 + LATE  # it may linger for a second before it closes

    def attempt() -> float:
        server, wire, filled, seconds = stuck(lab)
        began = time.monotonic()
        ask(server, wire)
        if not filled:
            return 0.0  # the system does not let us make such a client

        def held() -> int:
            return len(ends.end_of(server, wire).holders)

        left = observe(held, lambda left: not left, seconds + SLOW)
        expected = f"a client that does not read for {seconds:g} s is given up"
        expect(not left, expected, "it is not", wire=wire)
        took = time.monotonic() - began
        got = f"after {took:.2f} s already"
        expect(took >= seconds - EARLY, expected, got, wire=wire)
        return took - seconds

    timely(
        attempt, 0, "a client that does not read is given up when its time is up", late
    )


def stuck(lab: Lab) -> tuple[Server, Wire, int, float]:
    """A client that does not read, made before its time is up."""
    problem = None
    for seconds in (0.4, 1.2, 4):
        server = lab.start("--timeout", str(seconds))
        wire = ends.reluctant(server)
        try:
            return server, wire, ends.fill(server, wire), seconds
        except Failure as failure:
            problem = failure
    assert problem
    raise problem


@check("RFC 9112, section 9.6; the contract: a second at most")
def test_linger_ends(lab: Lab) -> None:
    """After the answer you read on for a moment, so that it arrives. A client
    that goes on sending must not make that an hour.

    1. Does each byte that still comes start your second anew?
    2. The end of the second is known when it begins.
    3. Loop: what is left until then, wait for at most that, read, forget.
    """
    server = lab.start("--timeout", "60")
    expected = "the connection is closed, a second after the answer at most"

    def attempt() -> float:
        wire = server.connect()
        ask(server, wire)
        equal(read_response(wire).status, 200, "the status")
        began = time.monotonic()

        def held() -> int:
            wire.try_send(b"more", 0.01)
            return len(ends.end_of(server, wire).holders)

        left = observe(held, lambda left: not left, SLOW)
        expect(not left, expected, f"after {SLOW:g} s it is not", wire=wire)
        return time.monotonic() - began

    timely(attempt, 0, expected, 1.0 + LATE)


@check("the contract: bad number, exit status 2; 10 unless given", waits=USUAL)
def test_refuses_bad_timeout(lab: Lab) -> None:
    """A timeout of 0 would send everybody away at once, or nobody ever;
    "10 minutes" is not a number of seconds.

    1. What does your program make of --timeout 0, and of --timeout 10x?
    2. Fractions are allowed; signs and words are not, and "nan" and "inf",
       which strtod() takes for numbers, are none. Without --timeout: ten.
    3. Digits and a point alone; then strtod() with an end pointer, and
       if (!(seconds > 0)) refuse.
    """
    for text in ("0", "0.0", "-1", "+1", "soon", "", "10x", "1,5", "nan", "inf"):
        run = lab.run("--port", "0", *lab.site.options, "--timeout", text)
        expected = f"exit status 2 and one line on stderr for --timeout '{text}'"
        one = run.err.count(b"\n") == 1 and run.err.endswith(b"\n")
        got = f"it {run.ended}" if run.status != 2 else f"stderr: {run.err!r}"
        expect(run.status == 2 and one, expected, got, ran=run.line)
    for text in ("0.5", "3", "86400"):
        lab.start("--timeout", text)
    server = lab.start()

    def attempt() -> float:
        began = time.monotonic()
        wire = server.connect()
        wire.send(b"")  # the last flight of a handshake
        what = f"without --timeout a silent client is sent away after {USUAL:g} s"
        return until_end(wire, began, USUAL + SLOW, what)

    what = "without --timeout a silent client is sent away"
    timely(attempt, USUAL, what, 1.0 + LATE)
