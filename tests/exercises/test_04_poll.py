"""Exercise of step 04: poll() instead of select()."""

from __future__ import annotations

import os
import signal

from grader import ends
from grader.check import check
from grader.clients import answered, ask, crowd, gets_page, head, limited, room_for
from grader.clients import serves, stays_idle
from grader.expect import equal, expect, shown
from grader.http import request
from grader.lab import Lab, Server
from grader.observe import observe
from grader.wire import Wire

MANY = 1500  # more than FD_SETSIZE, 1024, by far
LIMIT = 1800  # descriptors that the server may have
KNOCK = "bash -c 'for i in $(seq %d); do exec {fd}<>/dev/tcp/127.0.0.1/8080; done; "
KNOCKS = "server=$!; sleep 1; ulimit -n 3000; python3 -c 'import socket, struct\n"
KNOCKS += 'def come(n): return [socket.create_connection(("127.0.0.1", 8080))'
KNOCKS += " for i in range(n)]\n"
IDLE = (
    KNOCKS
    + "all = come(1500); input()' </dev/zero & sleep 5; ps -o time,cmd -p $server"
)
LEAVE = (
    KNOCKS + "all = come(1500)\nfor i in range(3): del all[:750]; all += come(750)'\n"
)
LEAVE += "curl -sSm 3 http://127.0.0.1:8080/hello"
CRASH = KNOCKS + "for one in come(1200): one.setsockopt(socket.SOL_SOCKET,"
CRASH += ' socket.SO_LINGER, struct.pack("ii", 1, 0)); one.close()\'\n'
CRASH += "sleep 5; ps -o time,cmd -p $server"
CROWD = "ulimit -n 3000; " + KNOCK % MANY + "sleep 9' &\nsleep 4; "
CROWD += "curl -sSm 3 http://127.0.0.1:8080/hello; ss -tn 'sport = :8080' | wc -l"


def crowded(lab: Lab) -> tuple[Server, list[Wire]]:
    """A server with all those clients; all are accepted."""
    limited(lab, LIMIT)
    server = lab.start("--timeout", "600")
    wires = crowd(server, MANY, lab.patience)
    equal(len(wires), MANY, "connections that the system takes", again=CROWD)

    def accepted() -> int:
        return sum(1 for port, end in ends.ends(server).items() if port and end.holders)

    now = observe(accepted, lambda count: count >= MANY, lab.patience)
    expected = f"{MANY} connections are accepted, where {LIMIT} descriptors are allowed"
    expect(now >= MANY, expected, f"{now} are", again=CROWD)
    return server, wires


@check("poll(2); the exercise: as many as the system allows")
def test_beyond_1024(lab: Lab) -> None:
    """select() has a set of 1024 bits, compiled in. poll() has a list, as long
    as you make it; what is left is the limit of descriptors.

    1. What is the largest descriptor that your program can watch?
    2. poll() gets an array of struct pollfd, in any order.
    3. Keep for each descriptor its place in the array. When one goes, the
       last one takes its place. Nothing lowers RLIMIT_NOFILE any more.
    """
    with room_for(MANY + 100):
        server, wires = crowded(lab)
        lab.random.shuffle(wires)
        for wire in wires:
            ask(server, wire)
        for number, wire in enumerate(wires):
            answered(server, wire, f"client {number + 1} of {MANY}")
            wire.close()
        serves(server, "a client after all of them", CROWD)


@check("poll(2): timeout; the exercise: it sleeps while they are silent")
def test_beyond_idle(lab: Lab) -> None:
    """Fifteen hundred silent clients are fifteen hundred entries in a list, and
    otherwise nothing.

    1. What is the timeout of your poll(), in which unit?
    2. Milliseconds; -1 is for ever, 0 is not at all.
    3. What select_wait() made a struct timeval of is what poll() wants as it
       is; and an entry of a closed descriptor (POLLNVAL) is ready for ever.
    """
    with room_for(MANY + 100):
        server, wires = crowded(lab)
        stays_idle(server, f"while {MANY} silent clients are connected", IDLE)
        for wire in wires[::2]:
            wire.close()
        observe(lambda: server.tree().descriptors, lambda n: n < MANY * 3 // 4)
        stays_idle(server, "when half of them have gone", IDLE)
        serves(server)


@check("poll(2): revents; the exercise: nobody is mixed up")
def test_beyond_come_and_go(lab: Lab) -> None:
    """Half of them leave, from anywhere in the list, others come, and get the
    numbers of those who left. Everybody gets the answer to his own question.

    1. What becomes of the place of a client that leaves?
    2. If the last one moves there, somebody has to know its new place.
    3. places[last.fd] = place; places[fd] = 0; and a new entry begins with
       revents 0.
    """
    with room_for(MANY + 100), shown(LEAVE):
        server, wires = crowded(lab)
        for turn in range(3):
            lab.random.shuffle(wires)
            for wire in wires[: MANY // 2]:
                lab.random.choice((wire.close, wire.reset))()
            wires = wires[MANY // 2 :] + crowd(server, MANY // 2, lab.patience)
            lab.random.shuffle(wires)
            some = [(wire, question(server)) for wire in wires[: MANY // 4]]
            for wire, (data, _) in some:
                wire.send(data)
            for wire, (data, status) in some:
                response = server.read(wire, data)
                equal(response.status, status, f"the status, turn {turn + 1}")
                if status == 200 and data.startswith(b"GET"):
                    gets_page(server, response, "a client in a crowd")
                wire.close()
            wires = wires[MANY // 4 :] + crowd(server, MANY // 4, lab.patience)
        serves(server)


def question(server: Server) -> tuple[bytes, int]:
    """One of several, and the status of its answer."""
    method = server.lab.random.choice(("GET", "HEAD"))
    path, status = server.lab.random.choice(((server.page, 200), ("/nowhere", 404)))
    return request(method, path, host=server.authority), status


@check("poll(2): POLLHUP, POLLERR; the exercise: all in one turn")
def test_beyond_at_once(lab: Lab) -> None:
    """One call tells of hundreds: some speak, some leave, some crash. What you
    do about one of them changes the list that you are walking through.

    1. Which entry is looked at after one that has been removed?
    2. The one that has moved to its place, unless you walk from the end.
    3. From the last to the first; each revents is set to 0 when it is looked
       at; a hang-up or an error is told to whoever reads or writes.
    """
    with room_for(MANY + 100), shown(CRASH):
        server, wires = crowded(lab)
        lab.random.shuffle(wires)
        third = MANY // 3
        pids = server.tree().pids
        try:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            for wire in wires[:third]:
                wire.send(head(server))
            for wire in wires[third : 2 * third]:
                wire.reset()
            for wire in wires[2 * third :]:
                wire.half_close()
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        for number, wire in enumerate(wires[:third]):
            answered(server, wire, f"client {number + 1} of {third} that asked")
            wire.close()
        for wire in wires[2 * third :]:
            expect(not wire.rest(), "the end for a client that asked nothing", "bytes")
            wire.close()
        serves(server, "a client after all of them")
        stays_idle(server, "when all have gone", CRASH)
