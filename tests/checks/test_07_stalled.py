"""Step 07: a handshake that stands still blocks nobody, and has its time."""

from __future__ import annotations

import select
import socket
import time

from grader.check import check
from grader.clients import by_grader, gets_page, room_for, serves, timely
from grader.clients import until_end
from grader.expect import Failure, NotJudged, expect, shown
from grader.http import request
from grader.lab import Lab, Server
from grader.observe import observe
from grader.tls import Stalling
from grader.wire import Wire

STALLED = 500
MIB = 1 << 20
# What begins as a ClientHello of 512 bytes does.
HALF = """{ printf '\\026\\003\\001\\002\\000'; sleep 9; } | nc 127.0.0.1 8443 & sleep 1
curl -sSk -m 3 https://127.0.0.1:8443/hello.txt"""
GONE = """server=$!; sleep 1; for i in 1 2 3 4 5; do
printf '\\026\\003\\001\\002\\000' | timeout 1 nc -N 127.0.0.1 8443; done
ls /proc/$server/fd"""
DRIP = """time { printf '\\026\\003\\001\\002\\000'
for i in 1 2 3 4 5 6; do sleep 0.7; printf x; done; } | nc 127.0.0.1 8443"""


def stall(server: Server) -> "list[Wire]":
    """So many clients that stand still, some at each place."""
    stalling = Stalling(server)
    ways = stalling.WAYS
    return [stalling.stall(ways[number % len(ways)]) for number in range(STALLED)]


@check("SSL_get_error(3): SSL_ERROR_WANT_READ; the contract: within a second")
def test_stalled_handshakes(lab: Lab) -> None:
    """A handshake takes two messages from the client, and a client may stop
    after any byte. If your server waits for the rest, it waits for everyone:
    one silent client and nobody gets a page.

    1. In which call does your program stand while a client says nothing?
    2. The socket must not block before the first byte of the handshake, and
       SSL_accept() must not be called in a loop of its own.
    3. fcntl(fd, F_SETFL, O_NONBLOCK) right after accept(); the handshake is a
       state of the connection, and select() says when to try again.
    """
    with room_for(STALLED + 200):
        server = lab.start("--timeout", "60")
        try:
            stall(server)
        except Failure as failure:
            wanted = "a handshake goes on while others stand still"
            raise Failure(wanted, failure.got, wire=failure.wire, again=HALF) from None

        def attempt() -> float:
            began = time.monotonic()
            serves(server, f"a good client among {STALLED} that stand still", HALF)
            return time.monotonic() - began

        with shown(HALF):
            timely(attempt, 0.0, "a good client's page")


@check("SSL_free(3), close(2)")
def test_stalled_leave_nothing(lab: Lab) -> None:
    """Most handshakes that fail end by the client's going away. Each has a
    socket and an SSL with buffers of 16 KiB and more.

    1. Which function frees a connection whose handshake never ended?
    2. It is the same as for all others, or one of them is forgotten.
    3. SSL_free() and close(), in every way out; the SSL_CTX at exit.
    """
    with room_for(STALLED + 200):
        server = lab.start("--timeout", "60")
        serves(server)
        before = server.tree()
        grown = 0
        for last in (False, True):
            wires = stall(server)
            serves(server, f"a client among {STALLED} that stand still")
            for number, wire in enumerate(wires):
                wire.close() if number % 2 else wire.reset()
            most = before.descriptors
            after = observe(server.tree, lambda tree: tree.descriptors <= most)
            wanted = f"{most} descriptors once they have left"
            expect(after.descriptors <= most, wanted, after.descriptors, again=GONE)
            grown = after.rss - grown if last else after.rss
    room = (24 if server.sanitized() else 4) * MIB
    got = f"{grown >> 10} KiB more than after the same before"
    expect(grown < room, "memory as before", got)


@check("the contract: --timeout; the clock of a connection starts at accept")
def test_stalled_time_out(lab: Lab) -> None:
    """Who stands still in the handshake is shown the door, like a client
    that does not finish its request. A byte now and then buys no time.

    1. When does a connection's clock start? Not when the handshake is done.
    2. Bytes of an unfinished handshake must not restart it.
    3. Set the deadline at accept(), and do not touch it until SSL_do_handshake()
       has returned 1.
    """
    seconds = 0.8
    server = lab.start("--timeout", str(seconds))
    stalling = Stalling(server)

    def all_ways() -> float:
        """The longest time that one of them was kept."""
        began = time.monotonic()
        wires = [(way, stalling.stall(way)) for way in stalling.WAYS]
        took = [
            until_end(wire, began, lab.patience, f"an end in time for {way}")
            for way, wire in wires
        ]
        for way, wire in wires:
            got = f"HTTP: {bytes(wire.inbox[:40])!r}"
            expect(b"HTTP/" not in wire.inbox, f"silence for {way}", got, wire=wire)
        return max(took)

    def dripping() -> float:
        wire = server.connect(plain=True)
        began = time.monotonic()
        for at in range(len(stalling.hello) - 1):
            wire.send(stalling.hello[at : at + 1])
            if not wire.quiet(0.05) or time.monotonic() - began > lab.patience:
                break
        return until_end(wire, began, 0.1, f"an end after {seconds:g} s")

    with shown(DRIP):
        timely(all_ways, seconds, "clients that stand still in the handshake: the end")
        timely(dripping, seconds, "a ClientHello that never gets whole: the end")


@check("the contract: the clock restarts when a handshake is complete")
@by_grader
def test_clock_after_handshake(lab: Lab) -> None:
    """A phone far away needs a second for the handshake. It then has its full
    time for the request, not what the handshake has left of it.

    1. What happens to the deadline when SSL_do_handshake() returns 1?
    2. It is set anew, once, from now on.
    3. deadline = now + timeout in the place where the handshake's state ends.
    """
    for seconds in (1.0, 2.0, 4.0):  # on a busy machine we may be late
        if kept_in_time(lab, seconds):
            return
    raise NotJudged("this machine is too busy to keep the times of this check")


def kept_in_time(lab: Lab, seconds: float) -> bool:
    """False where the client itself was late."""
    pause = 0.65 * seconds
    server = lab.start("--timeout", str(seconds))
    connected = socket.create_connection((server.host, server.port))
    began = time.monotonic()
    select.select([connected], [], [], pause)
    try:
        wire = Wire(
            (server.host, server.port),
            tls=lab.site.tls,
            patience=lab.patience,
            accepted=connected,
        )
    except Failure:
        if time.monotonic() - began > seconds:
            return False
        raise
    lab.wires.append(wire)
    shaken = time.monotonic()
    quiet = wire.quiet(pause)
    asked = time.monotonic()
    if shaken - began > 0.9 * seconds or asked - shaken > 0.9 * seconds:
        return False
    shown = f"{shaken - began:.2f} s for the handshake, {asked - shaken:.2f} s idle"
    expect(quiet, f"--timeout {seconds:g}: kept after {shown}", "its end", wire=wire)
    data = request("GET", server.page, host=server.authority)
    gets_page(server, server.ask(data, wire=wire), "a client that was slow twice")
    return True
