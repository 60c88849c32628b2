"""Exercise of step 03: threads instead of processes."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

from grader import ends
from grader.check import check
from grader.clients import answered, ask, half, head, leave, serves
from grader.expect import equal, expect
from grader.http import read_date
from grader.lab import Lab, Server
from grader.observe import observe
from grader.proc import Tree
from grader.wire import Wire

OPTION = "--max-children"
LOOK = "server=$!; sleep 1; for i in 1 2 3 4 5; do nc 127.0.0.1 8080 & done; sleep 1\n"
LOOK += "ps -L -o pid,lwp,args -p $server --ppid $server"
LATER = "server=$!; sleep 1; for i in 1 2 3; do curl -s 127.0.0.1:8080/hello; done\n"
LATER += "sleep 1; ps -L -o pid,lwp,args -p $server"
STOP = LOOK.partition("\n")[0] + "\ntime { kill $server; wait $server; }"
AGAIN = "server=$!; sleep 1; for i in $(seq 300); do\n"
AGAIN += "curl -s -o /dev/null http://127.0.0.1:8080/hello; done\n"
AGAIN += "wc -l /proc/$server/maps; ls /proc/$server/task /proc/$server/fd"
MANY = 60  # clients of one moment
CLOSE = 2.0  # seconds
A_MOMENT = 0.4  # seconds
CROWD = """sleep 1; for i in $(seq 300); do
curl -s -o /dev/null http://127.0.0.1:8080/$i/x & done 2>/dev/null; sleep 3"""
LINE = re.compile(r'127\.0\.0\.1 - - \[[^]]+\] "GET /(\d+) HTTP/1\.1" 404 \d+')


def silent(server: Server, count: int) -> list[Wire]:
    """Clients in the middle of their requests, accepted."""
    wires = [half(server)[0] for _ in range(count)]
    ends.accepted(server, *wires)
    return wires


def idle(server: Server) -> Tree:
    """What it has while nobody is connected, once it has served somebody: what
    it starts for itself then is there."""
    serves(server)
    seen: list[Tree] = []
    observe(lambda: seen.append(server.tree()), lambda _: False, A_MOMENT)
    return min(seen, key=lambda tree: tree.threads)


def maps(server: Server) -> int:
    """How many parts of memory its processes have."""
    found = 0
    for pid in server.tree().pids:
        with Path(f"/proc/{pid}/maps").open() as lines:
            found += sum(1 for _ in lines)
    return found


@check("pthreads(7), pthread_create(3); the exercise: one process")
def test_thread_per_client(lab: Lab) -> None:
    """A thread waits for its client as a process did, and costs less: it has
    the memory and the descriptors of all the others.

    1. `ps -L` shows processes and their threads: which of the two grow?
    2. pthread_create() where fork() was; the new thread calls serve().
    3. What it needs must still be there when it begins: not a variable of a
       loop that goes on, but a place of its own, made before it starts.
    """
    server = lab.start("--timeout", "60")
    before = idle(server)
    waiting = [half(server) for _ in range(lab.random.randrange(4, 8))]
    ends.accepted(server, *[wire for wire, _ in waiting])
    wanted = before.threads + len(waiting)
    busy = observe(server.tree, lambda tree: tree.threads >= wanted)
    expected = f"{len(waiting)} clients have {len(waiting)} threads more than none"
    got = f"{busy.threads - before.threads} more"
    expect(busy.threads >= wanted, expected, got, again=LOOK)
    expected = "no process more than without clients"
    got = f"{busy.processes - before.processes} more"
    expect(busy.processes <= before.processes, expected, got, again=LOOK)
    for wire, rest in waiting:
        wire.send(rest)
        answered(server, wire, "a client with a thread of its own")


@check("pthread_exit(3); the exercise: a thread ends with its client")
def test_threads_end(lab: Lab) -> None:
    """A process that ended took everything with it. A thread that does not
    end stays for as long as the program runs.

    1. `ps -L` after ten clients have come and gone: who is still there?
    2. A thread ends when its function returns, and not by exit(), which ends
       the program.
    3. Return after closing, whatever has happened before.
    """
    server = lab.start("--timeout", "1")
    before = idle(server).threads
    for how in ("close", "reset", "half-close", "silence", "an answer"):
        for wire in silent(server, 3):
            if how in ("close", "reset", "half-close"):
                leave(wire, how)
            elif how == "an answer":
                serves(server)
                wire.close()
        now = observe(server.tree, lambda tree: tree.threads <= before).threads
        expected = f"no thread more than before the clients came that left by {how}"
        expect(now <= before, expected, f"{now - before} more", again=LATER)


@check("pthread_detach(3), pthread_join(3); close(2)")
def test_threads_leave_nothing(lab: Lab) -> None:
    """A thread that has ended keeps its stack, until another one has asked how
    it ended: like a zombie. Or nobody ever will, and it was told so before.

    1. `wc -l /proc/PID/maps` after each hundred requests: does it grow?
    2. Somebody joins the thread, or it is detached.
    3. pthread_attr_setdetachstate(), or pthread_detach(pthread_self()).
    """
    server = lab.start("--timeout", "60")
    least = idle(server)

    def visit(count: int) -> tuple[int, int]:
        for _ in range(count):
            serves(server)
        tree = observe(
            server.tree,
            lambda tree: tree.threads <= least.threads
            and tree.descriptors <= least.descriptors,
        )
        expected = f"{least.descriptors} descriptors, as before"
        expect(tree.descriptors <= least.descriptors, expected, tree.descriptors)
        return tree.threads, maps(server)

    _, before = visit(80)
    _, after = visit(240)
    expected = "240 clients more leave no memory behind"
    got = f"{after - before} parts of memory more"
    expect(after - before < 120, expected, got, again=AGAIN)


@check("pthread_create(3): EAGAIN; the exercise: the limit stays")
def test_threads_limited(lab: Lab) -> None:
    """Threads are cheaper than processes, and not free: each has a stack.

    1. How many threads are there now? Who counts, and who else at that time?
    2. The number is changed by threads that end: look at it under a lock.
    3. pthread_cond_wait() sleeps without the lock until one has ended. A
       signal does not end it: wait for a second, and look again.
    """
    most = lab.random.randrange(2, 5)
    server = lab.start("--timeout", "60", OPTION, str(most))
    before = idle(server).threads
    inside = silent(server, most)
    outside = [server.connect() for _ in range(4)]
    for wire in outside:
        ask(server, wire)
    for wire in outside:
        expected = f"{OPTION} {most}: nobody else is served"
        expect(wire.quiet(0.2), expected, bytes(wire.inbox), again=LOOK)
    now = server.tree().threads - before
    expect(now <= most, f"{most} threads for clients at most", now, again=LOOK)
    for wire in inside:
        wire.close()
    for wire in outside:
        answered(server, wire, "a client that waited for a place")
    server = lab.start("--timeout", "60")
    before = idle(server).threads
    for _ in range(70):
        server.connect()
    observe(server.tree, lambda tree: tree.threads - before >= 64)
    now = observe(lambda: server.tree().threads - before, lambda n: n > 64, A_MOMENT)
    equal(now, 64, "threads for 70 silent clients", again=LOOK)


@check("pthread_mutex_lock(3); C11, 5.1.2.4: a data race")
def test_threads_share(lab: Lab) -> None:
    """Processes have memory of their own, threads have one. Two that write a
    line of the log in the same place at the same time spoil it for both.

    1. Which static variables does a request touch? Look into log.c and date.c.
    2. -fsanitize=thread tells; the lesson says how.
    3. One lock around all that makes the answer and its line; never hold it
       while waiting for a client.
    """
    server = lab.start("--timeout", "60")
    names = [str(n) for n in lab.random.sample(range(10**9), 6 * MANY)]
    for at in range(0, len(names), MANY):
        waiting = []
        for name in names[at : at + MANY]:
            wire = server.connect()
            wire.send(head(server, "/" + name)[:-2])
            waiting.append(wire)
        at_once(server, waiting)
        for wire in waiting:
            response = server.read(wire, b"")
            equal(response.status, 404, "the status", wire=wire)
            gap = abs(read_date(response.get("Date")).timestamp() - time.time())
            expect(gap < 60, "the Date of now", response.get("Date"), wire=wire)
            wire.close()
    lines = [line for line in server.access_lines(len(names)) if "/hello" not in line]
    for line in lines:
        whole = LINE.fullmatch(line)
        got = f"the line '{line}'"
        expect(whole, "lines of the log that are whole", got, again=CROWD)
    logged = [match[1] for match in map(LINE.fullmatch, lines) if match]
    missing = len(set(names) - set(logged))
    got = f"{missing} are missing, {len(logged) - len(set(logged))} are too many"
    expect(sorted(logged) == sorted(names), "a line for each request", got, again=CROWD)


def at_once(server: Server, wires: list[Wire]) -> None:
    """Sends the last bytes of all requests, so that all threads wake in the
    same moment."""
    pids = server.tree().pids
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        for wire in wires:
            wire.send(b"\r\n")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@check("shutdown(2), pthread_sigmask(3); the exercise: within two seconds")
def test_threads_wake(lab: Lab) -> None:
    """A signal interrupts one thread, whichever. The others sleep on in read(),
    and cannot be sent a SIGTERM of their own without a trick.

    1. Which thread looks whether it is time to stop, and who wakes the rest?
    2. What ends a read() from outside is the end of what it reads.
    3. shutdown(fd, SHUT_RD) for each connection whose request is not complete,
       by the one thread in which signals are not blocked.
    """
    server = lab.start("--timeout", "60")
    quiet = [server.connect() for _ in range(20)]
    begun = silent(server, 20)
    ends.accepted(server, *quiet)
    status = server.stop()
    expected = f"SIGTERM ends it within {CLOSE:g} s, exit status 0"
    got = f"it {server.how_ended(status)} after {server.stop_took:.1f} s"
    in_time = status == 0 and server.stop_took <= CLOSE + 0.5
    expect(in_time, expected, got, ran=server.line, again=STOP)
    for wire in quiet + begun:
        said = wire.rest()
        refused = not said or re.match(rb"HTTP/1\.[01] (408|503) ", said)
        expect(refused, "no answer without a whole request", said, wire=wire)
