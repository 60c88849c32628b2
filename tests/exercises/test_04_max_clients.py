"""Exercise of step 04: so many clients at most."""

from __future__ import annotations

from grader import ends
from grader.check import check
from grader.clients import answered, ask, crowd, half, limited, serves, stays_idle
from grader.expect import expect, shown
from grader.lab import Lab, Server
from grader.observe import observe
from grader.wire import Wire

OPTION = "--max-clients"
FEW = 40  # descriptors that a server gets which is to run out of them
A_WHILE = 0.5  # seconds in which one too many would show
DOOR = """sleep 1; for i in 1 2 3 4 5 6; do { printf GET; sleep 3; } | nc -N 127.0.0.1 8080 &
done; sleep 1; curl -sSm 20 http://127.0.0.1:8080/hello"""
BUSY = """server=$!; sleep 1
bash -c 'for i in $(seq 80); do exec {fd}<>/dev/tcp/127.0.0.1/8080; done; sleep 9' &
sleep 5; ps -o time,cmd -p $server"""
LOOK = "sleep 1; for i in 1 2 3 4 5 6 7 8; do nc 127.0.0.1 8080 & done; sleep 1\n"
LOOK += "curl -sSm 3 http://127.0.0.1:8080/hello; ss -tn 'sport = :8080'"


def inside(server: Server, count: int) -> list[Wire]:
    """So many clients in the middle of their requests, accepted."""
    wires = [half(server)[0] for _ in range(count)]
    ends.accepted(server, *wires)
    return wires


def outside(server: Server, count: int) -> list[Wire]:
    """Clients at the door, with their whole request."""
    wires = [server.connect() for _ in range(count)]
    for wire in wires:
        ask(server, wire)
    return wires


@check("accept(2), listen(2): the queue; the exercise: --max-clients N")
def test_clients_limited(lab: Lab) -> None:
    """One process can keep as many clients as it has descriptors. Whoever
    shares a machine with others may want it to keep fewer.

    1. Where does step 04 decide that it has no room for one more client?
    2. It stops watching the listening socket; the system's queue waits.
    3. server->max is that number: let the option make it smaller.
    """
    most = lab.random.randrange(3, 7)
    server = lab.start("--timeout", "60", OPTION, str(most))
    inside(server, most)
    waiting = outside(server, 5)

    def accepted() -> int:
        found = ends.ends(server).items()
        return sum(1 for port, end in found if port and end.holders)

    now = observe(accepted, lambda count: count > most, A_WHILE)
    expected = f"{OPTION} {most}: so many connections are accepted"
    expect(now <= most, expected, f"{now} are", again=LOOK)
    for wire in waiting:
        said = bytes(wire.inbox) or (wire.ended and f"the end: {wire.ended}")
        quiet = wire.quiet(0.01)
        expect(quiet, "nothing for a client at the door", said, wire=wire, again=LOOK)


@check("listen(2): the queue; the exercise: they wait, and are served then")
def test_clients_let_in(lab: Lab) -> None:
    """A client that has gone makes room for one that waits. Nobody has to
    knock again.

    1. Who looks at the listening socket again, and when?
    2. on_gone() does when a transport has ended.
    3. If you count by yourself: one less there, where the last byte of a
       connection has been thrown away, and not where the answer is sent.
    """
    server = lab.start("--timeout", "60", OPTION, "3")
    for turn in range(3):
        there = inside(server, 3)
        waiting = outside(server, 12)
        for wire in there:
            wire.close() if turn % 2 else wire.reset()
        with shown(DOOR):
            for number, wire in enumerate(waiting):
                answered(server, wire, f"client {number + 1} of 12 at the door")
                wire.close()
    serves(server, "a client when all have gone", DOOR)


@check("select(2): level-triggered; the exercise: waiting costs nothing")
def test_clients_at_the_door(lab: Lab) -> None:
    """While somebody waits in the queue the listening socket is ready. A loop
    that is told so and does not accept is told so again, at once.

    1. `top`, while all places are taken and one client more has come?
    2. What you do not want to hear of you must not ask for.
    3. loop_watch(loop, &server->accepting, 0), as stop_accepting() does.
    """
    server = lab.start("--timeout", "60", OPTION, "2")
    inside(server, 2)
    outside(server, 10)
    stays_idle(server, "while clients wait at the door", BUSY)
    status = server.stop()
    expected = "a full server ends on SIGTERM, exit status 0"
    expect(status == 0, expected, f"it {server.how_ended(status)}", ran=server.line)


@check("getrlimit(2): RLIMIT_NOFILE; accept(2): EMFILE")
def test_clients_beyond_room(lab: Lab) -> None:
    """The limit is a wish; the system may allow less.

    1. What becomes of your number when `ulimit -n` is smaller?
    2. There are two limits now: the smaller one counts.
    3. Where most_clients() has computed what there is room for, take the
       smaller of the two.
    """
    limited(lab, FEW)
    server = lab.start("--timeout", "60", OPTION, "100000")
    wires = crowd(server, 2 * FEW)
    stays_idle(server, "while it is out of descriptors", BUSY)
    alive = server.alive()
    expect(alive, "the server goes on without descriptors", "it has ended")
    for wire in wires:
        wire.close()
    serves(server, "a client when descriptors are free again")


@check("the contract: bad number, one clear line on stderr, exit status 2")
def test_refuses_bad_max_clients(lab: Lab) -> None:
    """A limit that is no number must not quietly become another one; and a
    server for nobody is a mistake.

    1. What does your program make of --max-clients 0, and of "many"?
    2. Digits only, and one at least.
    3. A row in the table of options, OPTION_COUNT, does all of it.
    """
    for text in ("many", "", "0", "-1", "1.5", "8x", "9" * 30):
        run = lab.run("--port", "0", OPTION, text)
        expected = f"exit status 2 and one line on stderr for {OPTION} '{text}'"
        one = run.err.count(b"\n") == 1 and run.err.endswith(b"\n")
        got = f"it {run.ended}" if run.status != 2 else f"stderr: {run.err!r}"
        expect(run.status == 2 and one, expected, got, ran=run.line)
    serves(lab.start(OPTION, "1"))
