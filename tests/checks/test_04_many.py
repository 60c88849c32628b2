"""Step 04 and all that follow: many clients at once, and too many."""

from __future__ import annotations

import re

from grader.check import check
from grader.clients import CURL, TIME, answered, ask, crowd, gets_page, head
from grader.clients import limited, room_for, serves, stays_idle
from grader.expect import Failure, equal, expect
from grader.http import ended, read_response
from grader.lab import Lab, Server
from grader.observe import observe
from grader.wire import Wire

MANY = 900
BEYOND = 1100  # more than FD_SETSIZE, 1024
FEW = 40  # descriptors that a server gets which is to run out of them
TLS = 7  # the step whose connections begin with a handshake
KNOCK = "bash -c 'for i in $(seq %d); do exec {fd}<>/dev/tcp/127.0.0.1/8080; done; "
CROWD = "ulimit -n 2000; " + KNOCK % BEYOND + "sleep 9' &\nsleep 3; "
CROWD += f"{CURL}; sleep 6; "
CROWD += CURL
MANY_AT_ONCE = f"ulimit -n 2000; {KNOCK % MANY} sleep 9' &\nsleep 3; {CURL}"
OUT = f"{{this}} &\nserver=$!; sleep 1; {KNOCK % (2 * FEW)} sleep 2' &\nsleep 5; {CURL}"
SPIN = f"{{this}} &\nserver=$!; sleep 1; {KNOCK % (2 * FEW)} sleep 9' &\n{TIME}"


@check("select(2); the contract: many connections in one process")
def test_nine_hundred(lab: Lab) -> None:
    """Nine hundred clients are connected at once; in step 03 that was nine
    hundred processes. Each of them gets its answer.

    1. How many connections can your program keep? Where is that number?
    2. select() can watch 1024 descriptors on most systems, some of which are
       yours already.
    3. Arrays by descriptor need FD_SETSIZE places; a list needs none. Look at
       all that are ready after one select(), not at the first alone.
    """
    with room_for(MANY + 100):
        server = lab.start("--timeout", "600")
        wires = crowd(server, MANY, lab.patience)
        again = MANY_AT_ONCE
        equal(len(wires), MANY, "connections that the server takes", again=again)
        serves(server, f"a client beside {MANY} silent ones", again)
        some = wires if lab.step < TLS else []
        lab.random.shuffle(some)
        for wire in some:
            ask(server, wire)
        for number, wire in enumerate(some):
            answered(server, wire, f"client {number + 1} of {MANY}")
            wire.close()
        serves(server, "a client after all of them")


def lives(server: Server, when: str, again: str) -> None:
    status = server.process.poll()
    got = f"it {server.how_ended(status)}"
    ran = server.line
    expect(status is None, f"the server goes on {when}", got, ran=ran, again=again)


def outcome(server: Server, wire: Wire) -> str:
    """What became of a client that asked: served, refused, or else."""
    wire.send(head(server))
    if wire.quiet(server.lab.patience):
        return "neither answered nor sent away"
    said = bytes(wire.inbox)
    if re.match(rb"HTTP/1\.[01] 503 ", said):
        return "refused"
    if not said and wire.ended:
        return "refused"
    try:
        gets_page(server, read_response(wire), "a client in the crowd")
    except Failure as failure:
        return f"{failure.got} ({ended(wire)})"
    return "served"


@check("select(2): FD_SETSIZE; accept(2)", waits=2.0)
def test_beyond_fd_setsize(lab: Lab) -> None:
    """FD_SET() of descriptor 1024 writes behind the set, into other variables
    of yours: the program crashes later, somewhere else. Nothing warns you.

    1. What is the largest number that accept() may return where you use it
       with FD_SET()? `ulimit -n` may allow more.
    2. A connection beyond that can be closed at once, answered with 503, or
       left at the door.
    3. if (fd >= FD_SETSIZE) close(fd); or setrlimit(RLIMIT_NOFILE) at the
       start, or do not watch the listening socket while there is no room.
    """
    with room_for(BEYOND + 100):
        limited(lab, BEYOND + 100)
        server = lab.start("--timeout", "600")
        wires = crowd(server, BEYOND)
        stays_idle(server, f"while {len(wires)} silent clients are connected")
        lives(server, f"with {len(wires)} connections", CROWD)
        some = wires if lab.step < TLS else []
        became = {"served": 0, "refused": 0}
        for wire in some:
            what = outcome(server, wire)
            expected = "each client is served, or refused"
            expect(what in became, expected, what, wire=wire, again=CROWD)
            became[what] += 1
            wire.close()
        for wire in wires:
            wire.close()
        if some:
            expected = f"{MANY} clients of {BEYOND} are served at least"
            expect(became["served"] >= MANY, expected, became["served"], again=CROWD)
        lives(server, "when they have left", CROWD)
        serves(server, "a client after all of them", CROWD)


@check("accept(2): EMFILE; the contract: it lives, and serves again", waits=2.0)
def test_out_of_descriptors(lab: Lab) -> None:
    """The limit is reached, and accept() fails. The client still stands in
    the queue, so select() says at once that the listening socket is ready,
    and accept() fails again, and again: a whole core for nothing.

    1. `ulimit -n 64`, a hundred clients, `top`: what does your server do?
    2. While accept() cannot succeed, do not ask for it.
    3. After EMFILE take the listening socket out of the set, until a
       connection has been closed, or for a tenth of a second.
    """
    limited(lab, FEW)
    server = lab.start("--timeout", "60")
    for turn in range(2):
        wires = crowd(server, FEW + 40)
        if turn == 0:
            stays_idle(server, "while it is out of descriptors", SPIN)
        lives(server, "when it is out of descriptors", OUT)
        for wire in wires:
            wire.close()
        served_again(server)


def served_again(server: Server) -> None:
    """Sooner or later: those who have left may still stand in the queue."""

    def attempt() -> str:
        try:
            serves(server, "a client when descriptors are free again")
            return ""
        except Failure as failure:
            return failure.got

    got = observe(attempt, lambda got: not got, server.lab.patience)
    expected = "a client is served when descriptors are free again"
    expect(not got, expected, got, again=OUT)


@check("accept(2): EMFILE, EINTR; signal(7)")
def test_stop_when_out(lab: Lab) -> None:
    """No descriptor is left, clients stand at the door, and somebody says
    `kill`. The way out must not need a descriptor.

    1. What does your program wait for while it cannot accept?
    2. The signal has to reach it there, too.
    3. Open what the end needs at the start: a pipe to yourself, for example,
       or pselect() with its mask.
    """
    limited(lab, FEW)
    server = lab.start("--timeout", "60")
    crowd(server, FEW + 40)
    status = server.stop()
    expected = "it ends when it is out of descriptors: within 5 s, exit status 0"
    expect(status == 0, expected, f"it {server.how_ended(status)}", ran=server.line)
