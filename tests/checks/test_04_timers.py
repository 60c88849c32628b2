"""Step 04 and all that follow: one loop keeps the clocks of all."""

from __future__ import annotations

import time

from grader import ends
from grader.check import check
from grader.clients import EARLY, crowd, half, serves, timely, until_end
from grader.expect import expect, shown
from grader.http import read_response
from grader.lab import Lab

SLOW = 5.0  # seconds that we wait for what takes one
TWO = "(time nc 127.0.0.1 8080) & sleep 0.5; (time nc 127.0.0.1 8080); wait %2"
BUSY = """(time timeout 5 nc 127.0.0.1 8080) & SECONDS=0
while [ $SECONDS -lt 4 ]; do nc -z 127.0.0.1 8080; done; sleep 2"""
MANY = """ulimit -n 2000; sleep 1; server=$!
bash -c 'for i in $(seq 100); do exec {fd}<>/dev/tcp/127.0.0.1/8080; done; sleep 9' &
sleep 3; ls /proc/$server/fd | wc -l"""


@check("select(2): the timeout; the contract: the clock starts at accept")
def test_each_its_own_clock(lab: Lab) -> None:
    """Clients come at different times, so their time is up at different
    times. One clock for all sends some away too early, or all too late.

    1. Two clients, half a second apart: when does each of them have to go?
    2. Each connection has a deadline; select() may sleep until the next one.
    3. After each select(), whatever it returned: whose deadline has passed?
       Then compute anew how long the next sleep may be.
    """
    server = lab.start("--timeout", "1")

    def attempt() -> float:
        began = time.monotonic()
        first = server.connect()
        serves(server)
        first.quiet(0.4)
        later = time.monotonic()
        second = server.connect()
        what = "a silent client is sent away after 1 s"
        took = until_end(first, began, SLOW, what)
        also = until_end(second, later, SLOW, what)
        early = f"after {also:.2f} s, when the first one had to go"
        expected = "a client that came later has its second, too"
        expect(also >= 1 - EARLY, expected, early, wire=second)
        return max(took, also)

    with shown(TWO):
        timely(attempt, 1, "a silent client is sent away")


@check("select(2): the timeout; the contract: --timeout, 408")
def test_clock_in_a_busy_loop(lab: Lab) -> None:
    """Others keep the loop busy, so that select() never runs into its
    timeout. The silent ones must go all the same.

    1. When does your program look at the clocks?
    2. Not only when select() has returned 0: on a busy server it never does.
    3. In each round: first who is ready, then whose time is up.
    """
    server = lab.start("--timeout", "0.6")

    def attempt() -> float:
        began = time.monotonic()
        silent = server.connect(patience=SLOW)
        slow, _ = half(server, patience=SLOW)
        while not (silent.ended and slow.inbox):
            serves(server)
            silent.quiet(0.001), slow.quiet(0.001)
            if time.monotonic() - began > SLOW:
                break
        took = until_end(silent, began, 0.1, "a silent client is sent away")
        status = read_response(slow).status
        expect(status == 408, "408 for half a request", status, wire=slow)
        return took

    with shown(BUSY):
        timely(attempt, 0.6, "a silent client is sent away while others are served")


@check("select(2); the contract: --timeout")
def test_many_clocks(lab: Lab) -> None:
    """A hundred clocks run at once, in one loop. All of them strike.

    1. How does your loop find the next deadline among all?
    2. Look at every connection in each round, or keep them in order.
    3. When one has gone, go on with the next: several may be due at once.
    """
    server = lab.start("--timeout", "0.8")

    def attempt() -> float:
        began = time.monotonic()
        wires = crowd(server, 100)
        late = time.monotonic() - began  # the last one came so much later
        what = "each of 100 silent clients is sent away"
        took = [until_end(wire, began, SLOW, what) for wire in wires]
        early = f"{took[0]:.2f} s"
        expect(took[0] >= 0.8 - EARLY, what + " after 0.8 s", early, wire=wires[0])
        for wire in wires:
            expect(not wire.inbox, "no byte for a silent client", wire.inbox, wire=wire)
            wire.close()
        return max(0.8, max(took) - late)

    with shown(MANY):
        timely(attempt, 0.8, "100 silent clients are sent away")
    left = len(ends.ends(server).get(0, ends.End()).holders)
    expect(left == 1, "the server listens on", f"{left} processes listen")
    serves(server, "the next client")
