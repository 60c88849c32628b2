"""Exercise of step 03: SIGUSR1 asks how many children there are."""

from __future__ import annotations

import os
import re
import signal

from grader import ends
from grader.check import check
from grader.clients import answered, ask, half, leave, serves
from grader.expect import Failure, equal, expect
from grader.lab import Lab, Server
from grader.observe import observe

TOLD = re.compile(rb"children: (\d+) of (\d+)")
ACCESS = re.compile(rb'127\.0\.0\.1 - - \[[^]]+\] "[^"]*" \d{3} (\d+|-)')
BY_HAND = "server=$!; sleep 1; nc 127.0.0.1 8080 & sleep 1; kill -USR1 $server"
LATER = "server=$!; sleep 1; for i in 1 2 3; do curl -s 127.0.0.1:8080/hello; done\n"
LATER += "sleep 1; kill -USR1 $server; sleep 1"
FULL = "server=$!; sleep 1; for i in 1 2 3; do nc 127.0.0.1 8080 & done; sleep 1\n"
FULL += "kill -USR1 $server; sleep 1"
ALL = "server=$!; sleep 1; nc 127.0.0.1 8080 & sleep 1\n"
ALL += "kill -USR1 $server $(pgrep -P $server); sleep 1"
MANY = "server=$!; sleep 1; for i in $(seq 20); do kill -USR1 $server; sleep 0.1; done"
STORM = 1000


def answers(server: Server) -> list[tuple[int, int]]:
    """What it has told so far: how many, of how many."""
    lines = bytes(server.err.data).split(b"\n")[:-1]
    found = [TOLD.fullmatch(line) for line in lines]
    return [(int(match[1]), int(match[2])) for match in found if match]


def told(server: Server, again: str = BY_HAND) -> tuple[int, int]:
    """Sends SIGUSR1; the answer."""
    before = len(answers(server))
    server.process.send_signal(signal.SIGUSR1)
    patience = server.lab.patience
    seen = observe(
        lambda: (answers(server), server.alive()),
        lambda seen: len(seen[0]) > before or not seen[1],
        patience,
    )
    if len(seen[0]) > before:
        return seen[0][-1]
    expected = 'a line on stderr as "children: 3 of 64" after SIGUSR1'
    got = f"none in {patience:g} s"
    if not seen[1]:
        got = f"it {server.how_ended(server.wait(patience))}"
    raise Failure(expected, got, again=again)


def counts(
    server: Server, children: int, most: int, when: str, again: str = BY_HAND
) -> None:
    """Sooner or later it tells of so many."""
    seen = observe(lambda: told(server, again), lambda seen: seen[0] == children, 3.0)
    what = f"the children {when}, and the limit"
    equal(seen, (children, most), what, again=again)


@check("signal(7), signal-safety(7); the exercise: children: N of MAX")
def test_count_told(lab: Lab) -> None:
    """What does a server do at the moment? Many tell it when they get a
    signal: dd how far it is, a shell what its jobs do.

    1. What does SIGUSR1 do to a program that does not catch it?
    2. The number is known already: somebody keeps the limit by it.
    3. A handler by sigaction() that puts the line together without printf()
       and writes it by one write(); errno as it was.
    """
    server = lab.start("--timeout", "60")
    counts(server, 0, 64, "while nobody is connected")
    wires = [half(server) for _ in range(lab.random.randrange(2, 6))]
    counts(server, len(wires), 64, "while clients are served")
    for wire, rest in wires:
        wire.send(rest)
        answered(server, wire, "a client that was there when it was asked")
    most = lab.random.randrange(100, 1000)
    server = lab.start("--timeout", "60", "--max-children", str(most))
    half(server)
    counts(server, 1, most, "while one client is served")


@check("wait(2); the exercise: those that there are")
def test_count_goes_down(lab: Lab) -> None:
    """The number is of use only if it is right an hour later, too.

    1. Which number do you tell: of the children now, or of all that ever were?
    2. It goes down where waitpid() has told that one has ended.
    3. children_count, and nothing of your own.
    """
    server = lab.start("--timeout", "60")
    for turn in range(3):
        wires = [half(server)[0] for _ in range(4)]
        ends.accepted(server, *wires)
        counts(server, 4, 64, "while four clients are served")
        for wire, how in zip(wires, ("close", "reset", "half-close", "close")):
            leave(wire, how)
        counts(server, 0, 64, f"when all have left, turn {turn + 1}", LATER)


@check("sigsuspend(2); the exercise: at any time")
def test_count_while_full(lab: Lab) -> None:
    """Why is it so slow? That is when somebody asks, and then all places are
    taken and the parent waits for one.

    1. Where does your parent wait then, and which signals reach it there?
    2. sigsuspend() takes a mask: what is not in it can come.
    3. Hold SIGUSR1 back with the others while the list changes; the mask that
       sigsuspend() gets is the one from before.
    """
    server = lab.start("--timeout", "60", "--max-children", "2")
    inside = [half(server)[0] for _ in range(2)]
    ends.accepted(server, *inside)
    outside = [server.connect() for _ in range(3)]
    for wire in outside:
        ask(server, wire)
    for _ in range(3):
        counts(server, 2, 2, "while all places are taken", FULL)
    for wire in outside:
        expect(wire.quiet(0.1), "nobody is let in by the signal", bytes(wire.inbox))
    for wire in inside:
        wire.close()
    for wire in outside:
        answered(server, wire, "a client that waited for a place")


@check("kill(2): a process group; fork(2): handlers are inherited")
def test_count_once(lab: Lab) -> None:
    """Children inherit their parent's handlers. `pkill -USR1` sends the
    signal to all of them, and each would tell of children that it has not.

    1. What does a child do when it gets SIGUSR1?
    2. Nothing: neither die nor answer.
    3. signal(SIGUSR1, SIG_IGN) in the child, before signals are let in again.
    """
    server = lab.start("--timeout", "60")
    wires = [half(server) for _ in range(3)]
    counts(server, 3, 64, "while three clients are served")
    before = len(answers(server))
    os.killpg(server.pid, signal.SIGUSR1)
    observe(lambda: len(answers(server)), lambda n: n > before)
    for wire, rest in wires:
        wire.send(rest)
        answered(server, wire, "a client whose process got the signal too")
    equal(len(answers(server)) - before, 1, "lines for one signal", again=ALL)


@check("signal-safety(7); write(2): lines are whole")
def test_count_storm(lab: Lab) -> None:
    """A handler can run between any two instructions: in the middle of fork(),
    of accept(), of the handler of another signal.

    1. Which variables does your handler read, and who changes them?
    2. What a call returns after a handler has run: EINTR, and try again.
    3. sa_mask of each of the two handlers has the other's signal; errno is
       kept; nothing is called that signal-safety(7) does not list.
    """
    server = lab.start("--timeout", "60")
    for number in range(STORM):
        server.process.send_signal(signal.SIGUSR1)
        if number % 50 == 0:
            serves(server, "a client among many signals")
    counts(server, 0, 64, "after all of them", MANY)
    for line in bytes(server.err.data).split(b"\n")[:-1]:
        whole = TOLD.fullmatch(line) or ACCESS.fullmatch(line)
        expect(whole, "lines on stderr that are whole", line, again=MANY)
