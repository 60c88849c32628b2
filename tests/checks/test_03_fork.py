"""Step 03: clients that take their time hold up nobody but themselves."""

from __future__ import annotations

from grader import ends
from grader.check import check
from grader.clients import CHILDREN, CURL, FOREST, by_grader
from grader.clients import answered, ask, guest, half, head, serves
from grader.expect import Failure, equal, expect, shown
from grader.lab import Lab, Server
from grader.observe import observe
from grader.wire import Wire

LATER = """{ printf 'GET /hello HTTP/1.0\\r\\n'; sleep 2; printf '\\r\\n'; sleep 1; } |
    timeout 5 nc 127.0.0.1 8080 & sleep 1
wait %2"""
STUCK = f"nc 127.0.0.1 8080 & sleep 1; {CURL}; {CURL}"
LOOK = """server=$!; sleep 1; nc 127.0.0.1 8080 & sleep 1
for p in $server $(pgrep -P $server)
do echo process $p: $(ls -l /proc/$p/fd | grep -c socket) sockets; done"""
DROPS = """{ for part in GE 'T ' /he llo ' HT' TP/ 1. 0 '\\r\\n' '\\r\\n'
do printf "$part"; sleep 0.2; done; sleep 1; } | nc 127.0.0.1 8080"""


def silent(server: Server, count: int) -> list[Wire]:
    """Clients that connect and say nothing; the server has accepted them."""
    wires = [server.connect() for _ in range(count)]
    ends.accepted(server, *wires)
    return wires


@check("fork(2); the contract: a process per connection")
def test_stuck_client(lab: Lab) -> None:
    """A client connects and says nothing: a browser does that, to be quicker
    later; a phone that lost its network does, and whoever means harm. While
    your only process waits in read() for its first byte, all others wait too.

    1. Where does your server wait, and who else needs it there?
    2. fork() makes a second process: one of the two serves the client, the
       other goes back to accept().
    3. pid = fork(); in the child (0): close(listener), serve, exit. In the
       parent: close(fd) and accept the next. No wait() for the child here.
    """
    server = lab.start("--timeout", "60")
    for _ in range(4):
        server.connect()
        serves(server, "the client after a silent one", STUCK)
    slow = [half(server) for _ in range(3)]
    serves(server, "the client after a half request", STUCK)
    for wire, rest in slow:
        wire.send(rest)
        with shown(LATER if lab.step < 7 else ""):
            answered(server, wire, "a client that finishes its request later")


@check("fork(2); the contract: a process per connection")
def test_process_per_client(lab: Lab) -> None:
    """This step's idea: each connection has a process of its own, which may
    wait for its client as long as it likes.

    1. `ps --forest` shows your processes while three clients are connected.
    2. fork() after each accept(), not once at the start.
    3. Whatever fork() returned, only the child (0) may touch the connection.
    """
    server = lab.start("--timeout", "60")
    served = [guest(server) for _ in range(4)]
    for wire, rest, child in served:
        parent = ends.status(child).get("PPid")
        first = ends.status(served[0][2]).get("PPid")
        equal(parent, first, "the parent of each child", again=FOREST)
        wire.send(rest)
        answered(server, wire, "a client with a process of its own")


@check("_exit(2), fork(2)")
def test_child_ends(lab: Lab) -> None:
    """A child that has served its client and does not end falls into your
    accept loop. Now two processes accept, and soon hundreds.

    1. `ps --forest` after ten requests: who is still there?
    2. After fork() the child runs the same code as its parent, from there on.
    3. exit(0) at the end of the child's branch, whatever happened before.
    """
    server = lab.start("--timeout", "60")
    idle = server.tree().processes
    wires = silent(server, 3)
    for wire in wires:
        ask(server, wire)
        answered(server, wire, "a client that waited a little")
    for how in ("close", "reset"):
        wires += [leave(server, how)]
    for wire in wires:
        wire.close()
    patience = server.lab.patience
    left = observe(server.tree, lambda tree: tree.processes <= idle, patience).processes
    expected = f"no more processes than before the clients came: {idle}"
    got = f"{left} after all have left"
    expect(left <= idle, expected, got, again=CHILDREN)


def leave(server: Server, how: str) -> Wire:
    """A client that leaves in the middle of its request."""
    wire, _ = half(server)
    ends.accepted(server, wire)
    wire.reset() if how == "reset" else wire.close()
    return wire


@check("close(2), fork(2): descriptors are shared")
def test_parent_lets_go(lab: Lab) -> None:
    """After fork() both processes have the connection. While the parent keeps
    its copy, the connection never ends for the client, and after a thousand
    clients the parent has no descriptor left.

    1. `ls -l /proc/PID/fd` of the parent: what is each of them?
    2. A connection ends when its last copy is closed.
    3. close(fd) in the parent, right after fork(), also where fork() failed.
    """
    server = lab.start("--timeout", "60")
    found = ends.accepted(server, *silent(server, 3))

    def look() -> list[int]:
        wires = server.lab.wires
        return [len(end.holders) for end in ends.accepted(server, *wires)]

    counts = observe(look, lambda counts: set(counts) == {1}, 3.0)
    expected = "each connection is open in one process, the child that serves it"
    got = f"{len(found)} connections are open in {counts} processes"
    expect(set(counts) == {1}, expected, got, again=LOOK)


@check("close(2), fork(2): descriptors are shared")
def test_child_lets_go(lab: Lab) -> None:
    """A child has the listening socket too. Should the parent crash, its
    children keep the port, and a new server cannot start: address in use.

    1. `ls -l /proc/PID/fd` of a child: which of them does it need?
    2. The child never accepts.
    3. close(listener) as the first thing in the child.
    """
    server = lab.start("--timeout", "60")
    _, _, child = guest(server)

    def listens() -> bool:
        return child in ends.ends(server).get(0, ends.End()).holders

    both = observe(listens, lambda both: not both, 3.0)
    expected = "a process that serves a client has closed the listening socket"
    expect(not both, expected, "it holds both", again=LOOK)


@check("RFC 9112, section 2.2; fork(2)")
def test_slow_sender(lab: Lab) -> None:
    """A client on a bad line sends a few bytes now and then. It must be
    served in the end, and until then disturb nobody.

    1. Does your server wait for the rest of one head while others ask?
    2. The waiting belongs into the child.
    3. Nothing between accept() and fork() may read from the connection.
    """
    server = lab.start("--timeout", "60")
    slow = [(server.connect(), bytearray(head(server))) for _ in range(3)]
    while any(left for _, left in slow):
        for wire, left in slow:
            count = lab.random.randrange(1, 12)
            wire.send(bytes(left[:count]))
            del left[:count]
        serves(server, "a client while others are slow", STUCK)
    for wire, _ in slow:
        with shown(DROPS if lab.step < 7 else ""):
            answered(server, wire, "a client that sent its request in small pieces")


@check("send(2); tcp(7): the buffers of both sides are bounded")
@by_grader
def test_slow_reader(lab: Lab) -> None:
    """A client asks and does not read. Sooner or later the buffers are full,
    and write() waits, for as long as the client likes. When it reads at
    last, it gets all.

    1. Who else waits while your write() waits?
    2. In step 03 the child may wait; from 04 on nothing may.
    3. Look at the result of each write(): it may have taken a part, and in 04
       nothing at all (EAGAIN): keep the rest, and send it when select() says
       that there is room.
    """
    server = lab.start("--timeout", "60")
    slow = []
    for _ in range(3):
        wire = ends.reluctant(server)
        count = ends.fill(server, wire)
        ask(server, wire)
        slow.append((wire, count))
    for wire, _ in slow:
        ends.under_way(server, wire)
        serves(server, "a client while another does not read its answer")
    for wire, count in slow:
        ends.filled(wire, count)
        answered(server, wire, "a client that reads late")


@check("write(2), pipe(7): PIPE_BUF; the contract: lines are whole")
def test_whole_lines(lab: Lab, server: Server) -> None:
    """Many processes write to one log. Where a line takes two writes, another
    process's line gets between them.

    1. `strace -f -e write`: how many calls does a line take?
    2. Put the line together in memory first.
    3. One write() of at most PIPE_BUF bytes, so cut a long request line; and
       nothing may wait in stdio's buffer at fork(), else it comes twice.
    """
    names = [f"{n}-{lab.random.randrange(10**6)}" for n in range(90)]
    for at in range(0, len(names), 30):
        wires = [server.connect() for _ in range(30)]
        for name, wire in zip(names[at:], wires):
            path = f"/{name}" + "/xxxxxxxxx" * lab.random.choice((1, 10, 200))
            wire.send(head(server, path))
        for wire in wires:
            equal(server.read(wire, b"").status, 404, "the status", wire=wire)
            wire.close()
    log = [line for line in server.access_lines(len(names)) if '"' in line]
    for name in names:
        found = [line for line in log if f'"GET /{name}/x' in line]
        expected = f"one line for the request of /{name}/..."
        expect(len(found) == 1, expected, f"{len(found)} lines", again=MANY)
        whole = found[0].startswith("127.0.0.1 - - [") and found[0].count('"') == 2
        expect(whole, f"/{name}/... on a line of its own", found[0], again=MANY)
    equal(len(log), len(names), "the number of lines")
    said = bytes(server.out.data)
    if said.count(b"\n") != 1:
        raise Failure("one line on stdout, however many children", repr(said[:200]))


MANY = """sleep 1
seq 30 | xargs -P 15 -I N curl -sS -o /dev/null http://127.0.0.1:8080/N/x; sleep 2"""
