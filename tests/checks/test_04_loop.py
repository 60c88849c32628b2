"""Step 04 and all that follow: one loop that watches many connections."""

from __future__ import annotations

from grader import ends
from grader.check import check
from grader.clients import CURL, answered, ask, crowd, half, head, leave, serves
from grader.clients import stays_idle
from grader.expect import equal, expect, shown
from grader.lab import Lab, Server
from grader.wire import Wire

THREE = "server=$!; sleep 1; for i in 1 2 3; do nc 127.0.0.1 8080 & done; sleep 1\n"
TURNS = """{ printf 'GET /hello HTTP'; sleep 2; printf '/1.0\\r\\n\\r\\n'; sleep 1; } |
    nc 127.0.0.1 8080 & sleep 1
printf 'GET /other HTTP/1.0\\r\\n\\r\\n' | nc -N 127.0.0.1 8080 >other; wait %2"""
AFTER = f"printf 'GET /he' | timeout 1 nc -N 127.0.0.1 8080; {CURL}"


@check("select(2); the contract: one process, one thread")
def test_one_process(lab: Lab) -> None:
    """This step's idea: one process that waits for all clients at once, and
    for none of them alone.

    1. `ps -T` while three clients are connected: how many processes, threads?
    2. No fork() and no thread is left; select() says who is ready.
    3. The listening socket and all connections are in the sets of one
       select(), and whoever is ready gets one read() or one write().
    """
    server = lab.start("--timeout", "60")
    idle = server.tree().processes
    wires = [server.connect() for _ in range(5)]
    found = ends.accepted(server, *wires)
    holders = {pid for end in found for pid in end.holders}
    got = f"{len(holders)} processes hold them"
    again = THREE + "ps -T $server $(pgrep -P $server)"
    expect(len(holders) == 1, "one process holds five connections", got, again=again)
    threads = int(ends.status(*holders).get("Threads", "1"))
    expect(threads == 1, "it has one thread", threads, again=again)
    equal(server.tree().processes, idle, "processes, as before the clients came")


def in_turns(lab: Lab, left: list[tuple[Wire, bytearray]], least: int = 0) -> None:
    """Each client sends a few bytes in its turn, in an order that changes,
    until it has no more than so many bytes left."""
    while any(len(data) > least for _, data in left):
        lab.random.shuffle(left)
        for wire, data in left:
            size = min(lab.random.randrange(1, 25), max(0, len(data) - least))
            wire.send(bytes(data[:size]))
            del data[:size]


@check("RFC 9112, section 2.2; select(2)")
def test_states_apart(lab: Lab) -> None:
    """Forty clients, each in the middle of another question. What one of them
    has sent so far must not get into another's buffer.

    1. Where are the bytes of a head that is not complete?
    2. A static buffer was enough while one client was served at a time.
    3. A struct for each connection: its state, its bytes, what is still to be
       sent; found by its descriptor.
    """
    server = lab.start("--timeout", "60")
    nobody = "/" + "".join(lab.random.choices("qxz", k=len(server.page) - 1))
    paths = [lab.random.choice((server.page, "/", nobody)) for _ in range(35)]
    paths += [server.page] * 5 + [nobody] * 3  # the last three begin late
    methods = [lab.random.choice(("GET", "GET", "HEAD")) for _ in paths]
    asked = [head(server, path, method) for path, method in zip(paths, methods)]
    wires = [server.connect() for _ in asked]
    left = [(wire, bytearray(data)) for wire, data in zip(wires, asked)]
    early, late = left[:-3], left[-3:]
    in_turns(lab, early, 20)
    ends.digested(server)
    in_turns(lab, late, 20)
    ends.digested(server)
    in_turns(lab, left)
    for wire, path, data in zip(wires, paths, asked):
        wanted = 404 if path == nobody else 200
        first = data.partition(b"\r\n")[0].decode()
        with shown(TURNS if lab.step < 6 else ""):
            response = server.read(wire, data)
            equal(response.status, wanted, f"the status of {first}", wire=wire)
            if data.startswith(b"GET ") and path == server.page:
                equal(response.body, server.content, f"the body of {first}", wire=wire)
        wire.close()


@check("close(2), accept(2): the lowest number that is free")
def test_numbers_used_again(lab: Lab) -> None:
    """A client leaves in the middle of its request, and the next one gets the
    same descriptor. It must not inherit half a request, nor a clock.

    1. What do you remember by descriptor, and who clears it?
    2. The number that close() frees is the next that accept() returns.
    3. Begin each connection from zero, in the one place that makes it; end it
       in the one place that forgets it.
    """
    server = lab.start("--timeout", "60")
    for turn in range(30):
        first, _ = half(server)
        if turn % 3:  # else perhaps before it is accepted
            ends.digested(server)
        first.reset() if turn % 2 else first.close()
        second = server.connect()
        ask(server, second)
        with shown(AFTER if lab.step < 7 else ""):
            answered(server, second, "a client that came when another had left")
        second.close()


@check("select(2): what is ready is told again and again")
def test_idle_costs_nothing(lab: Lab) -> None:
    """A loop that never sleeps takes a whole core, day and night, and `top`
    shows it first of all. It comes from asking select() for what is always
    ready, and from not taking what it tells.

    1. `top`, while three clients are connected and say nothing.
    2. Almost every connection is writable almost always: ask for that only
       while there is something to write. A connection whose client has sent
       its last byte stays readable: read() returns 0, again and again.
    3. FD_SET(fd, &writable) only if bytes are left; close and FD_CLR where
       read() returned 0; and no timeout of a few milliseconds.
    """
    server = lab.start("--timeout", "60")
    crowd(server, 5)
    done = server.connect()
    ask(server, done)
    answered(server, done, "a client that stays after its answer")
    gone = [half(server)[0] for _ in range(6)]
    gone += [server.connect() for _ in range(2)]
    ends.accepted(server, *gone)
    for number, wire in enumerate(gone):
        leave(wire, ("half-close", "close", "reset")[number % 3])
    half(server)
    serves(server)
    stays_idle(server, "while all clients are silent")
