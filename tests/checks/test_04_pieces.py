"""Step 04 and all that follow: no read and no write may wait."""

from __future__ import annotations

from grader import ends, proc
from grader.check import check
from grader.clients import (
    CURL,
    by_grader,
    answered,
    ask,
    half,
    head,
    leave,
    serves,
    stays_idle,
)
from grader.expect import equal, expect, shown
from grader.http import read_response
from grader.lab import Lab, Server
from grader.observe import observe
from grader.wire import Wire

STAY = """ask() { printf 'GET /hello HTTP/1.0\\r\\n\\r\\n'; sleep 9; }
sleep 1; for i in $(seq 9); do ask | nc 127.0.0.1 8080 >answer & done; sleep 1
"""
WAYS = ("half-close", "close", "reset")


@check("fcntl(2): O_NONBLOCK; write(2): a part may be taken")
@by_grader
def test_answer_in_parts(lab: Lab) -> None:
    """The system takes what it has room for: all of an answer, a part of it,
    or nothing. The rest has to follow when there is room again, not a byte
    left out, not a byte twice.

    1. What does write() return when it has taken 50 bytes of 200?
    2. Keep what is left, and where it begins, with the connection.
    3. EAGAIN: nothing was taken. Ask select() for writability then, go on
       from the first byte not taken, and stop asking when all is sent.
    """
    server = lab.start("--timeout", "60")
    shift = lab.random.randrange(1, 90)
    slow = []
    for number in range(8):
        wire = ends.reluctant(server)
        count = ends.fill(server, wire, shift + 75 * number)
        ask(server, wire)
        slow.append((wire, count))
    for wire, _ in slow:
        ends.under_way(server, wire)
    serves(server, "a client while others do not read")
    lab.random.shuffle(slow)
    for wire, count in slow:
        ends.filled(wire, count)
        answered(server, wire, "a client whose answer was sent in parts")
        wire.close()


@check("select(2): writable; write(2): EAGAIN")
@by_grader
def test_waiting_to_write(lab: Lab) -> None:
    """Clients that do not read leave you with bytes to send and nobody who
    takes them. Trying again and again takes a whole core.

    1. What does your loop do after EAGAIN?
    2. Nothing, for this connection, until select() says that it is writable.
    3. FD_SET(fd, &writable) while bytes are left; and do not watch for what
       you would not read anyway.
    """
    server = lab.start("--timeout", "60")
    slow = []
    for number in range(4):
        wire = ends.reluctant(server)
        slow.append((wire, ends.fill(server, wire)))
        wire.send(head(server) + b"more than asked for" * number)
        if number == 3:
            wire.half_close()
    for wire, _ in slow[:1]:
        ends.under_way(server, wire)
    serves(server, "a client while others do not read")
    stays_idle(server, "while clients do not read", "")
    for wire, count in slow:
        ends.filled(wire, count)
        answered(server, wire, "a client that reads late")
        wire.close()


@check("shutdown(2); RFC 9112, section 9.6")
def test_lingering_together(lab: Lab) -> None:
    """After its answer you wait up to a second for a client to close. Twenty
    clients that never do would take twenty seconds, one after the other.

    1. Where does your program wait for that second?
    2. In step 03 a child could. Now nothing may wait but select().
    3. Lingering is a state of the connection: shutdown(), then forget what it
       still sends, until read() returns 0 or its deadline has passed.
    """
    server = lab.start("--timeout", "60")
    stay = [server.connect() for _ in range(25)]
    for wire in stay:
        ask(server, wire)
    for number, wire in enumerate(stay):
        with shown(STAY + CURL):
            if number % 5 == 0:
                serves(server, "a client while others do not close")
            equal(read_response(wire).status, 200, "the status", wire=wire)


@check("read(2): 0, ECONNRESET; write(2): EPIPE; close(2)")
@by_grader
def test_leave_in_every_state(lab: Lab) -> None:
    """Clients leave whenever they like: before, in the middle of and after
    their request, and while their answer is on its way. Each time all that
    belongs to them has to go.

    1. Which states does a connection of yours have? What happens in each of
       them when the client has gone?
    2. read() returns 0 or fails; write() fails with EPIPE or ECONNRESET.
    3. One function ends a connection, from every state: out of the sets, its
       timer off, its memory freed, close().
    """
    server = lab.start("--timeout", "60")
    serves(server)
    before = least(server, 1 << 30)
    for how in WAYS:
        states = [server.connect(), half(server)[0], asked(server)]
        states += [stuck(server), stuck(server)]
        for wire in states:
            leave(wire, how)
        serves(server, f"a client after others have left ({how})")
        for wire in states if how == "half-close" else []:
            wire.close()
    after = least(server, before)
    expected = f"as many descriptors as before: {before}"
    expect(after <= before, expected, f"{after} when all have left")
    stays_idle(server, "when all have left", "")


def least(server: Server, wanted: int) -> int:
    """The descriptors that it holds, when it has closed what it can."""
    if not proc.available():
        return wanted
    count = -1

    def settled(now: int) -> bool:
        nonlocal count
        same, count = now == count, now
        return same if wanted == 1 << 30 else now <= wanted

    return observe(lambda: server.tree().descriptors, settled, 5.0)


def asked(server: Server) -> Wire:
    """A client that has its whole answer, and stays."""
    wire = server.connect()
    ask(server, wire)
    answered(server, wire, "a client")
    return wire


def stuck(server: Server) -> Wire:
    """A client that has asked and does not read."""
    wire = ends.reluctant(server)
    ends.fill(server, wire)
    ask(server, wire)
    ends.under_way(server, wire)
    return wire
