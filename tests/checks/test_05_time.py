"""Step 05: the clock of a kept connection. A server may be late by a second,
and a busy machine later; it may never be early."""

from __future__ import annotations

import time

from grader import ends
from grader.check import check
from grader.clients import timely
from grader.expect import Failure, NotJudged, equal, expect, same_bytes, shown
from grader.http import ended, nothing_more, read_response
from grader.kept import FLOOD, Questions, answer, flood
from grader.lab import Lab, Server
from grader.observe import observe
from grader.wire import Wire

TIMEOUT = 0.5
STUCK = 2.5  # twice that is too late even where a server lingers
LATE = 3.0
OPTIONS = ("--timeout", str(TIMEOUT))
DRIP = """{ printf 'GET /hello HTTP/1.1\\r\\nX: '
for i in $(seq 30); do printf x; sleep 0.1; done; } | timeout 3 nc 127.0.0.1 8080"""
SLOW = """for i in 1 2 3 4 5; do printf 'GET /hello HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'
sleep 0.3; done | timeout 4 nc 127.0.0.1 8080
{ printf 'GET /hello HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 5\\r\\n\\r\\n'
for i in 1 2 3 4 5; do sleep 0.3; printf x; done; } | timeout 4 nc 127.0.0.1 8080"""
HELD = f"""{{this}} --quiet &
server=$!; sleep 1; {FLOOD} | nc -I 4096 127.0.0.1 8080 | sleep 20 &
sleep 9; ls -l /proc/$server/fd | grep -c socket"""


class Clock:
    """What a client has seen of time, between its last sign of life and now."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def passed(self) -> float:
        return time.monotonic() - self.began

    def not_early(self, wire: Wire) -> None:
        wanted = f"patience for {TIMEOUT:g} s"
        got = f"an end after {self.passed():.2f} s"
        expect(self.passed() > 0.9 * TIMEOUT, wanted, got, wire=wire)


class Pace:
    """The longest time between two steps of the client."""

    def __init__(self) -> None:
        self.longest, self.last = 0.0, time.monotonic()

    def step(self) -> None:
        now = time.monotonic()
        self.longest, self.last = max(self.longest, now - self.last), now


@check("RFC 9112, section 9.5; the contract: silence where nothing has come")
def test_idle_ends_silently(lab: Lab) -> None:
    """A kept connection that nobody uses costs a descriptor, so its time is
    bounded. 408 would be the answer to a request that was never made: a
    client could take it for the answer to its next one.

    1. Since when does your clock run, and what happens when it is over?
    2. Between two requests there is nothing to complain of.
    3. Nothing of a request has come: close, and say nothing.
    """
    server = lab.start(*OPTIONS)
    fresh = server.connect(patience=TIMEOUT + LATE)
    used = server.connect(patience=TIMEOUT + LATE)
    page = Questions(server).page()
    clock = Clock()
    used.send(page.data)
    answer(used, page)
    same_bytes(used.rest(), b"", "bytes on the idle connection", wire=used)
    clock.not_early(used)
    equal(ended(used), "the server closed", "the idle connection", wire=used)
    same_bytes(fresh.rest(), b"", "bytes where nothing was asked", wire=fresh)


@check("RFC 9110, section 15.5.9; the contract: 408 after part of a request")
def test_late_head(lab: Lab) -> None:
    """Half a request keeps a connection busy. Whoever sends a byte of it now
    and then could keep it for ever, and thousands of them: the attack is
    called Slowloris.

    1. Does each byte of the head start your clock anew?
    2. The clock starts when the last answer has gone, and only a whole head
       restarts it.
    3. Set the deadline when a request is complete or an answer is sent, not
       when bytes of a head arrive. Then: 408, Connection: close.
    """
    server = lab.start(*OPTIONS)
    page = Questions(server).page("X-Name: value")
    still = server.connect(patience=TIMEOUT + LATE)
    drip = server.connect(patience=TIMEOUT + LATE)
    clock = Clock()
    for wire in (still, drip):
        wire.send(page.data + page.data[:-5])
        answer(wire, page)
    while drip.quiet(0.05) and clock.passed() < TIMEOUT + LATE:
        drip.send(b"a")
    for wire, how in ((still, "half a head"), (drip, "a head that drips")):
        with shown(DRIP if wire is drip else ""):
            said = wire.inbox or wire is still
            expect(said, f"408 after {how}", "silence", wire=wire)
            response = read_response(wire)
            equal(response.status, 408, f"the status after {how}", wire=wire)
            clock.not_early(wire)
            nothing_more(wire)


@check("RFC 9110, section 15.5.9; the contract: 408 after part of a request")
def test_late_body(lab: Lab) -> None:
    """A body that stops in the middle is part of a request too.

    1. Does your clock run while a body is read?
    2. The head has come, so there is somebody to answer.
    3. 408, Connection: close, when nothing of the body came for so long.
    """
    server = lab.start(*OPTIONS)
    ask = Questions(server)
    page = ask.page().data
    halves = [
        page + ask.page("Content-Length: 9", body=b"hello").data,
        page + ask.page("Transfer-Encoding: chunked", body=b"9\r\nhello").data,
        page + ask.page("Expect: 100-continue", "Content-Length: 9").data,
    ]
    clock, late = Clock(), 0
    wires = [server.connect(patience=TIMEOUT + LATE) for _ in halves]
    for wire, half in zip(wires, halves):
        wire.send(half)
        answer(wire, ask.page())
    for wire in wires:
        response = read_response(wire)
        if wire is wires[-1] and response.status == 200:
            continue  # it needs no body, and may say so before
        equal(response.status, 408, "the status after half a body", wire=wire)
        clock.not_early(wire)
        nothing_more(wire)
        late += 1
    server.err.wait_lines(late, lab.patience, b'" 408 ')
    lines = [line for line in server.access_lines(0) if '" 408 ' in line]
    equal(len(lines), late, "access lines with 408, one for each 408")


@check("the contract: the clock restarts with each answer and byte of a body")
def test_clock_restarts(lab: Lab) -> None:
    """Slow is not stuck: a client on a bad line sends a large body in small
    parts, a reader asks for a page now and then.

    1. Is your deadline a point in time from the connection's beginning?
    2. Each answer, and each byte of a body, starts the time anew.
    3. deadline = now + timeout in the places where something has moved.
    """
    server = lab.start(*OPTIONS)
    for _ in range(5):
        pace = Pace()
        try:
            with shown(SLOW):
                return slowly(server, pace)
        except Failure:
            if pace.longest < 0.8 * TIMEOUT:
                raise
    raise NotJudged("this machine is too busy to keep time")


def slowly(server: Server, pace: Pace) -> None:
    """Asks on one connection, sends a body on another, in small steps."""
    ask = Questions(server)
    ask.home()
    asking, sending = (server.connect(patience=LATE) for _ in range(2))
    sending.send(ask.page("Content-Length: 6").data)
    pace.step()
    for _ in range(5):
        asking.send(ask.page().data)
        answer(asking, ask.page())
        sending.send(b"x")
        quiet = asking.quiet(0.25)
        pace.step()
        expect(quiet, "a connection that stays after an answer", "an end", wire=asking)
        sending.quiet(0.0)
        got = bytes(sending.inbox) or "an end"
        patient = not (sending.inbox or sending.ended)
        wanted = "patience with a body of which a byte comes now and then"
        expect(patient, wanted, got, wire=sending)
    sending.send(b"x" + ask.home().data)
    answer(sending, ask.page())
    answer(sending, ask.home())
    pace.step()


@check("the contract: the clock runs while no answer is taken; send(2)", waits=3.5)
def test_never_reads_ends(lab: Lab) -> None:
    """A client that takes no byte of its answers holds them, and its
    connection, for as long as you let it.

    1. Which clock runs while send() takes nothing?
    2. Not a byte taken in all that time: nobody is there.
    3. The same deadline, set anew by each byte that send() takes; then close.
    """
    server = lab.start(*OPTIONS)
    page = Questions(server).page()
    server.get()
    before = observe(server.tree, lambda tree: False, 0.1)
    wire = server.connect(receive_buffer=4096)
    wire.send(page.data)
    answer(wire, page)
    flood(wire, page.data * 1000, 8 << 20, lambda: False)
    most = before.descriptors
    after = observe(server.tree, lambda tree: tree.descriptors <= most, TIMEOUT + LATE)
    got = f"{after.descriptors} descriptors instead of {most}"
    expected = "the connection is closed"
    expect(after.descriptors <= most, expected, got, wire=wire, again=HELD)
    same_bytes(server.get().body, server.content, "the page for another client")
    if not server.site.tls:
        with_half(lab.start("--timeout", str(STUCK)), page.data)


def with_half(server: Server, asked: bytes) -> None:
    """It has sent half a request, too. There can be no 408 while an answer
    waits to be taken, so it gets no more time for that."""

    def attempt() -> float:
        wire = ends.reluctant(server)
        if not ends.fill(server, wire):
            return STUCK  # the system does not let us make such a client
        began = time.monotonic()
        wire.send(asked + asked[:-5])

        def held() -> int:
            return len(ends.end_of(server, wire).holders)

        left = observe(held, lambda left: not left, 2 * STUCK + LATE)
        expect(not left, "a client that never reads is given up", "it is not")
        return time.monotonic() - began

    what = "a client that never reads, with half a request sent, is given up"
    timely(attempt, STUCK, what, 2.0)
