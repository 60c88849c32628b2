"""Step 03: a limit on the number of children."""

from __future__ import annotations

import os
import re
import signal
import time

from grader import ends
from grader.check import check
from grader.clients import CURL, answered, ask, gets_page, guest, half, head, serves
from grader.expect import expect, shown
from grader.lab import Lab, Server
from grader.observe import observe
from grader.wire import Wire

FULL = (
    "server=$!; sleep 1; for i in 1 2 3 4 5 6; do nc 127.0.0.1 8080 & done; sleep 1\n"
)
COUNT = FULL + "ps --ppid $server -o pid,stat,cmd"
TWO = "server=$!; sleep 1; nc 127.0.0.1 8080 & nc 127.0.0.1 8080 & sleep 1\n"
DOOR = TWO + f"{CURL} & sleep 1; kill %2 %3; wait %4"
KILLED = TWO + f"pkill -KILL -P $server; sleep 1; {CURL}"
STOPPED = TWO + f"kill -STOP $(pgrep -P $server); sleep 1; {CURL}"
LATER = TWO + f"sleep 1; {CURL}"
OPTION = "--max-children"


def occupied(server: Server, count: int) -> list[Wire]:
    """So many clients that keep their children waiting."""
    wires = [half(server)[0] for _ in range(count)]
    ends.accepted(server, *wires)
    return wires


def refused(wire: Wire) -> bool:
    """The full server has said 503, or has closed without a word."""
    said = bytes(wire.inbox)
    return bool(re.match(rb"HTTP/1\.[01] 503 ", said)) or (
        bool(wire.ended) and not said
    )


def holds(server: Server, most: int, outside: list[Wire], patience: float) -> None:
    """Nobody is served beyond the bound, for so long."""

    def look() -> tuple[int, int]:
        heard = [w for w in outside if not w.quiet(0.001) and not refused(w)]
        return server.tree().processes, len(heard)

    before = server.tree().processes

    def bad(seen: tuple[int, int]) -> bool:
        return seen[0] > before or seen[1] > 0

    processes, heard = observe(look, bad, patience)
    expected = f"while {most} children serve, no further one"
    expect(processes <= before, expected, f"{processes - before} more", again=COUNT)
    expect(not heard, expected, f"{heard} more clients are served", again=COUNT)


def serves_again(server: Server, idle: int, who: str, again: str) -> None:
    """A client is served once the places are free: a full server may refuse it
    before."""
    patience = server.lab.patience
    observe(server.tree, lambda tree: tree.processes <= idle, patience)
    serves(server, who, again)


def pause_for(server: Server) -> float:
    """How long a child too many would at most take to show, on this machine
    as busy as it is now: many times what serving a client takes."""
    began = time.monotonic()
    serves(server)
    return min(3.0, max(0.4, 20 * (time.monotonic() - began)))


@check("fork(2): EAGAIN; setrlimit(2); the contract: --max-children N")
def test_limit_holds(lab: Lab) -> None:
    """Each child takes memory and a place in the process table. Whoever opens
    ten thousand connections must not get ten thousand processes.

    1. How many children are there now? Somebody has to keep count.
    2. One more with each fork(), one less with each child waited for.
    3. Before accept(): while (children >= max) wait for a SIGCHLD. Those who
       connect meanwhile wait in the system's queue, and cost nothing.
    """
    most = lab.random.randrange(2, 5)
    server = lab.start(OPTION, str(most), "--timeout", "60")
    idle = server.tree().processes
    patience = pause_for(server)
    observe(server.tree, lambda tree: tree.processes <= idle)
    inside = occupied(server, most)
    outside = [server.connect() for _ in range(4)]
    for wire in outside:
        ask(server, wire)
    now = server.tree().processes
    expected = f"{OPTION} {most}: so many children at most"
    expect(now - idle <= most, expected, f"{now - idle} of them", again=COUNT)
    holds(server, most, outside, patience)
    for wire in inside + outside:
        wire.close()
    observe(server.tree, lambda tree: tree.processes <= idle)


@check("listen(2): the queue; sigsuspend(2); the contract: then they are served")
def test_waiting_clients(lab: Lab) -> None:
    """The house is full, and clients wait at the door. As soon as a child
    ends, the next of them comes in, without anybody knocking again.

    1. What wakes your parent when it waits for a place?
    2. SIGCHLD. Between a look at the count and pause() it may come, and then
       nobody ever wakes the parent.
    3. Block SIGCHLD with sigprocmask(), look at the count, and wait with
       sigsuspend(), which lets it in and sleeps in one step.
    """
    server = lab.start(OPTION, "2", "--timeout", "60")
    idle = server.tree().processes
    inside = occupied(server, 2)
    outside = [server.connect() for _ in range(16)]
    for wire in outside:
        ask(server, wire)
    for wire in inside:
        wire.close()
    for number, wire in enumerate(outside):
        wire.quiet(server.lab.patience)  # until it is answered or sent away
        if refused(wire):
            continue
        with shown(DOOR):
            response = server.read(wire, head(server))
            if response.status != 503:  # a full server may say so
                gets_page(server, response, f"client {number + 1} of 16 at the door")
        wire.close()
    serves_again(server, idle, "a client when all have gone", DOOR)


@check("wait(2): a child ended by a signal; the contract: --max-children N")
def test_killed_child(lab: Lab) -> None:
    """A child that was killed cannot say goodbye. Its place must become free
    all the same, or a few crashes make the server deaf.

    1. Who counts your children down?
    2. Not the child itself, and not a message from it.
    3. The parent, for each process number that waitpid() returns.
    """
    server = lab.start(OPTION, "2", "--timeout", "60")
    idle = server.tree().processes
    for turn in range(3):
        for _, _, child in [guest(server), guest(server)]:
            os.kill(child, signal.SIGKILL)
        who = f"a client after {2 * turn + 2} children were killed"
        serves_again(server, idle, who, KILLED)
    patience = pause_for(server)
    observe(server.tree, lambda tree: tree.processes <= idle)
    stopped = [guest(server), guest(server)][0][2]
    os.kill(stopped, signal.SIGSTOP)  # it sends SIGCHLD, and lives
    try:
        late = server.connect()
        ask(server, late)
        with shown(STOPPED):
            holds(server, 2, [late], patience)
    finally:
        os.kill(stopped, signal.SIGCONT)


@check("the contract: a connection's clock frees its place")
def test_clock_frees_places(lab: Lab) -> None:
    """Silent clients hold all places. Without a clock for each of them they
    hold them for ever: two telephones in a tunnel close your server.

    1. How long may a client hold a child without a whole request?
    2. At most as long as --timeout says.
    3. When time is up the child closes and ends, and SIGCHLD does the rest.
    """
    server = lab.start(OPTION, "2", "--timeout", "0.4")
    idle = server.tree().processes
    inside = [server.connect() for _ in range(4)]
    late = server.connect()
    ask(server, late)
    for wire in inside:
        wire.quiet(server.lab.patience)  # until it is sent away
        wire.close()
    late.quiet(server.lab.patience)
    if refused(late):
        serves_again(server, idle, "a client after the silent ones", LATER)
        return
    with shown(LATER):
        answered(server, late, "the client behind four that never ask")


@check("the contract: 64 children unless told otherwise")
def test_limit_unless_given(lab: Lab) -> None:
    """Nobody types --max-children at every start.

    1. What is your limit when none is given?
    2. 64, and it counts children, not connections ever seen.
    3. long max_children = 64; before the options are read.
    """
    server = lab.start("--timeout", "60")
    idle = server.tree().processes
    patience = pause_for(server)
    observe(server.tree, lambda tree: tree.processes <= idle)
    for _ in range(70):
        server.connect()
    reached = observe(server.tree, lambda tree: tree.processes - idle >= 64)
    most = reached.processes - idle
    expect(most == 64, "64 children for 70 silent clients", most)
    holds(server, 64, [], patience)


@check("the contract: bad number, one clear line on stderr, exit status 2")
def test_refuses_bad_limit(lab: Lab) -> None:
    """A limit that is no number must not quietly become another one.

    1. What does your program make of --max-children many?
    2. Digits only; no sign, no fraction, nothing after them.
    3. strtol() with an end pointer, and a look at errno for ERANGE.
    """
    for text in ("many", "", "-1", "1.5", "8x", "9" * 30):
        run = lab.run("--port", "0", OPTION, text)
        expected = f"exit status 2 and one line on stderr for {OPTION} '{text}'"
        one = run.err.count(b"\n") == 1 and run.err.endswith(b"\n")
        got = f"it {run.ended}" if run.status != 2 else f"stderr: {run.err!r}"
        expect(run.status == 2 and one, expected, got, ran=run.line)
