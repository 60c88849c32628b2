"""Step 02: requests that come in pieces, clients that misbehave."""

from __future__ import annotations

import time

from grader import proc
from grader.check import check
from grader.clients import LATE, TRIES
from grader.expect import Failure, equal, expect, same_bytes, shown
from grader.http import nothing_more, read_response, request
from grader.lab import Lab, Server
from grader.observe import observe
from grader.wire import PATIENCE

MIB = 1 << 20
CLIENTS = {2: 2000, 3: 300, 5: 400, 6: 300, 7: 200}  # where they take time or wait


HALF = """printf G | timeout 1 nc -N 127.0.0.1 8080
curl -sS -m 3 http://127.0.0.1:8080/hello"""
SAID = "printf 'GET /hello HTTP/1.0\\r\\n\\r\\n' | timeout 3 nc -N 127.0.0.1 8080"
UNREAD = """{ printf 'GET /hello HTTP/1.0\\r\\n\\r\\n'; head -c 200000 /dev/zero; } >request
exec 3<>/dev/tcp/127.0.0.1/8080; cat request >&3; sleep 1; cat <&3"""
STUBBORN = """{ printf 'GET /hello HTTP/1.0\\r\\n\\r\\n'
for i in 1 2 3 4 5 6 7 8; do sleep 0.5; printf x; done; } | nc 127.0.0.1 8080 &
sleep 0.5; curl -sS -m 3 http://127.0.0.1:8080/hello"""


def curls(server: Server, times: int) -> str:
    """A shell line that asks so often."""
    port = 8443 if server.site.tls else 8080
    url = f"{server.site.scheme}://127.0.0.1:{port}{server.page}"
    return f"for i in $(seq {times}); do curl -sk -o /dev/null {url}; done"


def serves(server: Server) -> None:
    """The server still answers an ordinary client."""
    response = server.get()
    equal(response.status, 200, "the status for the next client")
    same_bytes(response.body, server.content, "the body for the next client")


@check("RFC 9112, section 2.2; tcp(7): a stream, not messages")
def test_head_in_pieces(lab: Lab, server: Server) -> None:
    """A head may come in two packets, cut anywhere, and read() returns the
    first of them.

    1. Does your program answer after its first read()?
    2. A head is complete when its empty line has come.
    3. Append each read() to what came before, and look for \\r\\n\\r\\n in all
       of it: the cut may be between \\r and \\n.
    """
    data = request("GET", server.page, "X-Name: value", host=server.authority)
    end = len(data)
    cuts = [1, 3, 4, end - 1, end - 2, end - 3, end - 4, data.index(b"\n")]
    for cut in cuts + [lab.random.randrange(1, end) for _ in range(8)]:
        wire = server.connect()
        wire.send(data[:cut])
        early = not wire.quiet(0.02)
        expect(not early, f"no answer to the first {cut} bytes", "one", caret=cut)
        wire.send(data[cut:])
        response = server.read(wire, data)
        same_bytes(response.body, server.content, "the body")
        wire.close()


@check("RFC 9112, section 2.2; tcp(7): a stream, not messages")
def test_head_byte_by_byte(server: Server) -> None:
    """The extreme case: as many packets as bytes. Whoever types a request
    into a terminal by hand comes close.

    1. What does your parser know about the bytes of the last round?
    2. Start from the beginning of the buffer in each round, or keep a state.
    3. Keep a length that grows; parse buffer[0..length) after each read().
    """
    data = request("GET", server.page, host=server.authority)
    wire = server.connect()
    for at in range(len(data)):
        wire.send(data[at : at + 1])
        if at + 1 < len(data) and not wire.quiet(0.002):
            got = "an answer or an end"
            raise Failure(f"silence after {at + 1} bytes", got, caret=at)
    same_bytes(server.read(wire, data).body, server.content, "the body")


@check("RFC 9112, section 9.6: a lingering close")
def test_lingering_close(lab: Lab, server: Server) -> None:
    """The client has sent more than you have read. close() then sends a
    reset, and a reset throws away what the client has not read yet: your
    answer. So end your direction first, and read what still comes.

    1. `man 7 tcp`, `man 2 shutdown`: which call ends one direction?
    2. After shutdown() read and forget, until 0 or for a second at most.
    3. shutdown(fd, SHUT_WR); then read() in a loop with SO_RCVTIMEO or
       select() for the rest of the second; then close().
    """
    data = request("GET", server.page, "Connection: close", host=server.authority)
    problem = None
    for _ in range(3):  # the second may run out on a machine that is busy
        wire = server.connect()
        try:
            wire.send(data + lab.random.randbytes(200_000))
            response = read_response(wire)
            wire.send(b"more")
            nothing_more(wire)
        except Failure as failure:
            problem = failure
            wire.close()
            continue
        same_bytes(response.body, server.content, "the body")
        return
    assert problem
    again = "" if server.site.tls else UNREAD
    raise Failure(problem.expected, problem.got, wire=wire, again=again)


@check("RFC 9112, section 9.6; the contract: one second at most")
def test_linger_is_bounded(server: Server) -> None:
    """A client that never closes, and drips a byte now and then, must not
    hold a server that serves one client at a time.

    1. How long does your server read on after its answer?
    2. Each byte must not start the second anew.
    3. Compute the end once, and wait for what is left until then.
    """
    expected = "the next client is served a second after the answer"
    for _ in range(TRIES):  # on a busy machine anybody may be late once
        stubborn = server.connect()
        stubborn.send(request("GET", server.page, host=server.authority))
        stubborn.take_until(b"\r\n\r\n")
        began = time.monotonic()
        waiting = server.connect(patience=2 * PATIENCE)
        waiting.send(request("GET", server.page, host=server.authority))
        for _ in range(60):
            if not waiting.quiet(0.1):
                break
            if stubborn.ended in (None, "end"):
                stubborn.send(b"x")
        took = time.monotonic() - began
        got = "it still waits, since the first one does not close"
        expect(waiting.inbox, expected, got, wire=waiting, again=STUBBORN)
        same_bytes(read_response(waiting).body, server.content, "the body")
        waiting.close()
        stubborn.close()
        if took <= 1.0 + LATE:
            return
    raise Failure(expected, f"after {took:.1f} s", wire=waiting, again=STUBBORN)


@check("read(2): 0, ECONNRESET")
def test_early_leavers(server: Server) -> None:
    """Clients leave before they have asked, in the middle of a question, and
    before they have heard the answer. Who half-closes behind his question
    has not left: he listens.

    1. What does your program do when read() returns 0 before the empty line?
    2. There is nobody to answer: close, and go on.
    3. The same for -1; and for write(): EPIPE is an error like the others.
    """
    whole = request("GET", server.page, host=server.authority)
    for data in (b"", b"G", whole[:-2], whole):
        for leave in ("close", "reset"):
            wire = server.connect()
            wire.send(data)
            wire.close() if leave == "close" else wire.reset()
            with shown(HALF if server.lab.step <= 4 else ""):
                serves(server)
    waiting = server.connect()  # in step 02 the next one's turn comes later,
    waiting.send(b"G")
    wire = server.connect()
    wire.send(whole)
    wire.close()  # when it has gone for good
    waiting.close()
    serves(server)
    for _ in range(5 if server.lab.step <= 4 else 0):  # 05 has half-close-answers
        waiting = server.connect()
        waiting.send(b"G")
        wire = server.connect()
        wire.send(whole)
        wire.half_close()
        waiting.close()
        with shown(SAID):
            body = server.read(wire, whole).body
            same_bytes(body, server.content, "the body after a half-close")
        wire.close()


@check("RFC 9112, section 9.5; the contract: any refusal")
def test_garbage(lab: Lab, server: Server) -> None:
    """A port on the net hears everything: a TLS handshake meant for another
    server, a scanner's bytes, noise. It may be refused in any way.

    1. Does your program end, or hang, when no line end ever comes?
    2. A byte that cannot stand in a request line decides at once.
    3. 400 and close, for whatever the parser does not accept.
    """
    hello = bytes.fromhex("160301020001000001fc0303") + lab.random.randbytes(500)
    noise = [hello, lab.random.randbytes(3000), b"\0" * 5000, b"\xff" * 100]
    for data in [*noise, b"SSH-2.0-OpenSSH_9.2\r\n", b"\r\n" * 3000]:
        wire = server.connect()
        wire.send(data)
        wire.half_close()
        wire.rest()
        wire.close()
        serves(server)


@check("close(2), free(3)")
def test_no_leak(server: Server) -> None:
    """A server runs for months. What it forgets to give back for each client,
    a descriptor, a few bytes, adds up.

    1. `ls -l /proc/PID/fd`; and the sanitizer tells of memory at exit.
    2. Follow each way out of the function that serves a client.
    3. One place that cleans up, reached from everywhere.
    """
    step = server.lab.step
    data = request("GET", server.page, "Connection: close", host=server.authority)

    def clients(count: int) -> None:
        for turn in range(count):
            wire = server.connect()
            wire.send(data)
            body = wire.rest().endswith(server.content)
            expect(body, f"the page for client {turn + 1}", "another answer")
            wire.close()

    if not proc.available():
        clients(CLIENTS.get(step, 1000))
        return
    idle = server.tree().processes
    clients(50)
    before = observe(server.tree, lambda tree: tree.processes <= idle)
    clients(CLIENTS.get(step, 1000))
    patience = server.lab.patience
    few = before.descriptors
    after = observe(server.tree, lambda tree: tree.descriptors <= few, patience)
    again = f"{curls(server, 20)}; sleep 2; ls /proc/$!/fd"
    got = after.descriptors
    expect(got <= few, f"{few} descriptors, as before", got, again=again)
    room = 24 * MIB if server.sanitized() else 2 * MIB
    grown = after.rss - before.rss
    again = f"ps -o rss= $!; {curls(server, 1000)}; ps -o rss= $!"
    expect(grown < room, "memory as before", f"{grown >> 10} KiB more", again=again)
