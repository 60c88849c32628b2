"""Step 03 and all that follow: the end in good order."""

from __future__ import annotations

import os
import re
import signal
import time

from grader import ends, proc
from grader.check import check
from grader.clients import ask, by_grader, finished, half, wait_until
from grader.expect import Failure, expect
from grader.lab import Lab, Server
from grader.observe import observe
from grader.program import LATE, STOP
from grader.wire import Wire

PAUSES = (3.5, 2.5, 0.0)  # seconds, of 5, before the clients read on
TERM = "kill -TERM $server; wait $server; echo exit status $?; pgrep -g $server"
SILENT = "server=$!; sleep 1; nc 127.0.0.1 8080 & sleep 1; " + TERM


def must_end(server: Server, when: str, again: str = "") -> None:
    """It has been asked to end: waits for that, and looks what is left."""
    family = set(server.known)
    status = server.wait(STOP + LATE)
    expected = f"it ends {when}: within {STOP:g} s, exit status 0"
    more = {"ran": server.line, "again": again}
    expect(status == 0, expected, f"it {server.how_ended(status)}", **more)

    def left() -> list[int]:
        known = family.union(proc.session(server.pid))
        return [pid for pid in sorted(known) if ends.alive(pid)]

    still = observe(left, lambda pids: not pids, LATE)
    expected = "no process is left when the one that was started has ended"
    expect(not still, expected, f"{len(still)} are", **more)


def ask_to_end(server: Server, number: int = signal.SIGTERM) -> None:
    """Sends the signal to the one process that was started."""
    server.known.update(server.tree().pids)
    server.send_signal(number)


def closed(wire: Wire, who: str, again: str = "") -> None:
    """No answer but perhaps an error, and then the end."""
    try:
        said = wire.rest(STOP + LATE)
    except Failure as failure:
        expected = f"{who} is sent away when the server ends"
        raise Failure(expected, failure.got, wire=wire, again=again) from None
    nothing = not said or re.match(rb"HTTP/1\.[01] (408|503) ", said)
    expect(nothing, f"no answer to {who}", said, wire=wire, again=again)
    wire.close()


@check("kill(2), signal(7); the contract: SIGTERM to the parent reaches all")
def test_stop_reaches_children(lab: Lab) -> None:
    """`kill` and every system's shutdown send SIGTERM to one process, the one
    that they know. Its children do not hear of it unless their parent tells
    them; left alone they hold their clients, and nobody can stop them.

    1. `ps` after `kill`: who is still there?
    2. The parent knows the numbers of its children: fork() returned them.
    3. kill(pid, SIGTERM) for each of them, then waitpid() for each; in a
       child, a handler without SA_RESTART, and a loop that looks at its flag.
    """
    server = lab.start("--timeout", "60")
    silent = [server.connect() for _ in range(3)]
    begun = [half(server)[0] for _ in range(3)]
    ends.accepted(server, *silent, *begun)
    ask_to_end(server)
    for wire in silent:
        closed(wire, "a silent client", SILENT)
    for wire in begun:
        closed(wire, "a client without a whole request", SILENT)
    must_end(server, "while clients are silent", SILENT)


@check("sigsuspend(2), signal(7); the contract: within 5 s")
def test_stop_while_full(lab: Lab) -> None:
    """All places are taken, and your parent waits for one to become free.
    SIGTERM must reach it there, too.

    1. In which of your loops does the parent wait then?
    2. That loop, too, must look whether it is time to stop.
    3. while (children >= max && !stop) sigsuspend(...); and those who wait at
       the door are not served any more.
    """
    server = lab.start("--timeout", "60", "--max-children", "1")
    inside, _ = half(server)
    ends.accepted(server, inside)
    outside = [server.connect() for _ in range(2)]
    ask_to_end(server)
    closed(inside, "the client that is served", SILENT)
    must_end(server, "while all places are taken", SILENT)
    for wire in outside:
        wire.close()


def pending(server: Server, count: int) -> list[tuple[Wire, int]]:
    """Clients that have asked and do not read, so that their answers are
    under way for as long as we like."""
    found = []
    for _ in range(count):
        wire = ends.reluctant(server)
        found.append((wire, ends.fill(server, wire)))
        ask(server, wire)
        ends.under_way(server, wire)
    return found


@check("the contract: responses under way are finished, 5 s at most", waits=PAUSES[0])
@by_grader
def test_stop_finishes(lab: Lab) -> None:
    """A shutdown is no reason to cut an answer in the middle: the client has
    half a file, and may not even know.

    1. What interrupts your write(), and what do you do then?
    2. EINTR is no failure: what is not yet sent is still to be sent.
    3. First stop accepting, then let those finish who are sending; main()
       returns 0 when all have.
    """
    for pause in PAUSES:
        server = lab.start("--timeout", "60")
        waiting = pending(server, 3)
        began = time.monotonic()
        ask_to_end(server)
        quiet_end(server)
        wait_until(began + pause)
        try:
            finished(server, waiting)
        except Failure:
            if pause and time.monotonic() - began > STOP - 0.5:
                continue  # we may have come too late ourselves
            raise
        return must_end(server, "when the answers are sent")


def quiet_end(server: Server) -> None:
    """Until the server listens no more: the signal has been heard. Some keep
    listening, and only do not accept: a moment is enough."""
    observe(lambda: 0 in ends.ends(server), lambda there: not there, 0.3)


@check("setpgid(2), termios(3): Ctrl-C reaches the whole foreground group")
@by_grader
def test_stop_by_keyboard(lab: Lab) -> None:
    """Ctrl-C sends SIGINT to every process of the terminal's foreground
    group: to the parent, and to each child directly. They must end as with
    SIGTERM, each of them in good order.

    1. What does a child do when the signal comes twice, from the keyboard and
       from its parent?
    2. The same as when it comes once: finish its answer.
    3. One handler for both signals, set before fork(); it only sets a flag.
    """
    server = lab.start("--timeout", "60")
    waiting = pending(server, 2)
    silent = server.connect()
    ends.accepted(server, silent)
    server.known.update(server.tree().pids)
    server.stopped_by = signal.SIGINT
    os.killpg(server.pid, signal.SIGINT)
    closed(silent, "a silent client", "sleep 1; kill -INT -$!; wait $!; echo $?")
    quiet_end(server)
    finished(server, waiting, "after SIGINT to all processes")
    must_end(server, "when the answers are sent")


@check("the contract: 5 s at most, then the end all the same", waits=5.0)
@by_grader
def test_stop_gives_up(lab: Lab) -> None:
    """A client that never reads its answer must not keep a server from
    ending: after five seconds the patience is over.

    1. What ends your wait for the children, or for the loop, when one client
       never reads?
    2. A deadline, taken once when the signal came.
    3. When it has passed: SIGKILL to the children that are left, or close()
       on what is still open; exit status 0 all the same.
    """
    server = lab.start("--timeout", "60")
    waiting = pending(server, 1)
    ask_to_end(server)
    must_end(server, "though a client does not read its answer")
    for wire, _ in waiting:
        wire.close()
