"""Step 03: children that end, in good order or not, and signals."""

from __future__ import annotations

import os
import signal
from typing import Optional

from grader import ends
from grader.check import check
from grader.clients import CHILDREN, CURL, answered, ask, guest, half, serves
from grader.expect import NotJudged, expect, shown
from grader.lab import Lab, Server
from grader.observe import observe

CROWD = "server=$!; sleep 1; for i in 1 2 3; do nc 127.0.0.1 8080 & done; sleep 1\n"
AT_ONCE = (
    CROWD
    + """kill -STOP $server; pkill -KILL -P $server; sleep 1; kill -CONT $server; sleep 1
ps --ppid $server -o pid,stat,cmd"""
)
CRASH = CROWD + f"pkill -KILL -P $server; sleep 1; {CURL}"
SIGNALS = f"sleep 1; kill -CHLD $!; kill -PIPE $!; sleep 1; {CURL}"
SUSPEND = """server=$!; { printf 'GET /hello HTTP/1.0\\r\\n'; sleep 3; printf '\\r\\n'
sleep 1; } | nc 127.0.0.1 8080 & sleep 1
for s in STOP CONT; do kill -$s $server $(pgrep -P $server); sleep 0.5; done; wait %2"""
LEFT = "no zombie: each child that has ended is waited for"


def parent_of(pid: int) -> int:
    return int(ends.status(pid).get("PPid", "0"))


def no_zombies(server: Server, again: str = CHILDREN) -> None:
    patience = server.lab.patience
    left = observe(server.tree, lambda tree: not tree.zombies, patience).zombies
    expect(not left, LEFT, f"{len(left)} are left", again=again)


@check("wait(2): zombies; sigaction(2): SIGCHLD")
def test_no_zombies(lab: Lab, server: Server) -> None:
    """A child that has ended stays in the process table, as a zombie, until
    its parent asks how it ended. Thousands of them fill the table, and then
    nobody on the machine can start a process.

    1. `ps` shows them as <defunct>, while your server waits for a client.
    2. SIGCHLD tells that a child has ended; it comes whenever that is, also
       while accept() sleeps. Waiting only before the next fork() is too late.
    3. A handler for SIGCHLD that calls waitpid(-1, NULL, WNOHANG). accept()
       then fails with EINTR: go back to accept().
    """
    idle = server.tree().processes
    for turn in range(12):
        serves(server, f"client {turn + 1}, after the children before it ended")
        last = observe(server.tree, lambda tree: tree.processes <= idle, 1.0)
        idle = last.processes  # its child has ended, or never will
        no_zombies(server)
    for _ in range(3):
        wire, _, _ = guest(server)
        wire.reset()
        no_zombies(server)


@check("signal(7): standard signals do not queue; wait(2)")
def test_reap_all(lab: Lab) -> None:
    """Ten children end while the parent is busy. Signals of one kind are not
    counted: it hears of it once.

    1. How many children does one call of waitpid() take away?
    2. One SIGCHLD may stand for many.
    3. while (waitpid(-1, NULL, WNOHANG) > 0) ; and keep errno as it was.
    """
    server = lab.start("--timeout", "60")
    guests = [guest(server) for _ in range(10)]
    children = [child for _, _, child in guests]
    parents = {parent_of(child) for child in children}
    expect(len(parents) == 1, "one parent for all children", f"{len(parents)}")
    (parent,) = parents
    os.kill(parent, signal.SIGSTOP)  # it now hears nothing...
    try:
        for wire, _, _ in guests:
            wire.close()
        observe(lambda: [c for c in children if ends.alive(c)], lambda left: not left)
    finally:
        os.kill(parent, signal.SIGCONT)  # ...and everything at once
    no_zombies(server, AT_ONCE)
    serves(server, "the next client")


@check("fork(2): a process of its own; signal(7)")
def test_crash_harms_nobody(lab: Lab) -> None:
    """A bug, or somebody's attack on it, ends one child in the middle of its
    work. Its client loses the connection, and nobody else notices: that is
    what processes are for.

    1. What does your parent do when a child was ended by a signal?
    2. A child that crashed is waited for like any other.
    3. Do not look at the status to decide whether you go on.
    """
    server = lab.start("--timeout", "60")
    crash = signal.SIGABRT if server.sanitized() else signal.SIGSEGV
    waiting, rest, _ = guest(server)
    for number in (signal.SIGKILL, crash, signal.SIGKILL):
        wire, _, child = guest(server)
        os.kill(child, number)
        with shown(CRASH):
            wire.rest()
            no_zombies(server, CRASH)
            serves(server, f"a client after {number.name} ended another's child")
    waiting.send(rest)
    answered(server, waiting, "the client that was connected all the time")


@check("signal(7); the contract: SIGPIPE and SIGCHLD never end a server")
def test_signal_storm(server: Server) -> None:
    """Whoever writes to a client that has gone gets SIGPIPE, and it ends the
    program unless told otherwise. SIGCHLD comes at any moment, and interrupts
    whatever the process waits in.

    1. What does accept() return when a signal was handled meanwhile?
    2. EINTR is no failure: look whether it is time to stop, and try again.
    3. signal(SIGPIPE, SIG_IGN): write() then fails with EPIPE; `continue`
       where accept() fails with EINTR.
    """
    found = ends.ends(server)
    if 0 not in found or not found[0].holders:
        raise NotJudged("the listening socket is not to be seen from here")
    main = min(found[0].holders)
    for number in (signal.SIGPIPE, signal.SIGCHLD) * 20:
        os.kill(main, number)
        storm(main, number)
        serves(server, f"a client after {number.name}", SIGNALS)


def storm(pid: int, number: int) -> None:
    """A few more of them, at any moment of the server's round."""
    for _ in range(5):
        os.kill(pid, number)


@check("signal(7): interruption by SIGCONT; socket(7): SO_RCVTIMEO")
def test_suspended(lab: Lab) -> None:
    """Somebody types Ctrl-Z, looks at something, types fg. Whatever waited in
    read() with a timeout then fails with EINTR, without any handler.

    1. What does your program do when read() returns -1?
    2. For EINTR the connection is as good as before.
    3. if (n < 0 && errno == EINTR) continue; and the time that is left, not
       the whole time anew.
    """
    server = lab.start("--timeout", "60")
    waiting, rest = half(server)
    quiet = server.connect()
    ends.accepted(server, waiting, quiet)
    ends.under_way(server, waiting)
    ends.under_way(server, quiet)
    for _ in range(3):
        suspend(server)
    with shown(SUSPEND if lab.step < 7 else ""):
        waiting.send(rest)
        answered(server, waiting, "the client that was in the middle of its request")
        ask(server, quiet)
        answered(server, quiet, "the client that had said nothing yet")
    serves(server, "a new client")


def suspend(server: Server, pids: Optional[list[int]] = None) -> None:
    """Ctrl-Z and fg: stops all processes, and lets them go on."""
    pids = server.tree().pids
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        stopped = [lambda p=pid: ends.status(p).get("State") for pid in pids]
        observe(lambda: {look() for look in stopped}, lambda all: all <= {"T"}, 3.0)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
