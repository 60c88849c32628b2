"""Step 07: the end of a connection is said, and one that is cut off is not
taken for it."""

from __future__ import annotations

import signal
import socket
import time

from grader.check import check
from grader.clients import TRIES, by_grader, gets_page, serves, stays_idle
from grader.ends import end_of
from grader.expect import Failure, NotJudged, equal, expect, same_bytes, shown
from grader.http import ended, nothing_more, read_response, request
from grader.lab import Lab, Server
from grader.observe import observe
from grader.program import LATE, STOP
from grader.tls import BOTH, NAMED, TLS13, Stalling, client, sealer, troubles
from grader.wire import Wire

MIB = 1 << 20
AT_ONCE = 3.0  # seconds; one of them may be for lingering
CUT = """printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\n' |
timeout -s KILL 1 openssl s_client -quiet -connect 127.0.0.1:8443"""
SHAKING = """server=$!; { printf '\\026\\003\\001\\002\\000'; sleep 9; } | nc 127.0.0.1 8443 &
sleep 1; kill $server; time wait $server"""
FINISH = """server=$!; head -c 12000000 /dev/zero >site/large; sleep 1
curl -sSk --limit-rate 4M https://127.0.0.1:8443/large | wc -c & sleep 1
kill $server; wait"""
UNWRAP = """python3 -c 'import socket, ssl
plain = socket.create_connection(("127.0.0.1", 8443))
ssl._create_unverified_context().wrap_socket(plain).unwrap()'"""
# A client that asks, does not read, says goodbye, and goes.
GONE = """{this} --quiet &
server=$!; sleep 1; python3 -c '
import socket, ssl, time
plain = socket.create_connection(("127.0.0.1", 8443))
wire = ssl._create_unverified_context().wrap_socket(plain)
wire.sendall(b"GET /large HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
time.sleep(1)
wire.setblocking(False)
try: wire.unwrap()
except ssl.SSLError: time.sleep(1)'
sleep 4; ps -o time,cmd $server"""


def said_goodbye(wire: Wire, how: str) -> bytes:
    """What comes until the end, which has to be one in order."""
    answer = wire.rest()
    wanted = f"close_notify at the end, after {how}"
    expect(wire.ended == "end", wanted, ended(wire), wire=wire)
    return answer


@check("RFC 8446, section 6.1; RFC 5246, section 7.2.1; SSL_shutdown(3)")
def test_close_notify(lab: Lab, server: Server) -> None:
    """Anyone on the way can forge the end of a TCP connection, and so cut off
    the end of what you send. The end of TLS, an alert named close_notify,
    nobody can forge: without it a client must take your answer for cut off.

    1. What do you call before close()? Before shutdown(), too.
    2. SSL_shutdown() sends it once and returns 0; you need not wait for the
       client's.
    3. SSL_shutdown(ssl), then shutdown(fd, SHUT_WR), then the lingering close;
       not after SSL_ERROR_SSL or SSL_ERROR_SYSCALL.
    """
    host = server.authority
    big = lab.site.add("big", lab.random.randbytes(MIB))
    asked = {
        "Connection: close": request("GET", big, "Connection: close", host=host),
        "HTTP/1.0": request("GET", server.page, host=host, version="HTTP/1.0"),
        "a request with a fault": request("GET", server.page, "no colon", host=host),
    }
    for version in BOTH:
        for how, data in asked.items():
            wire = server.connect(tls=client(lab.site, version))
            wire.send(data)
            expect(said_goodbye(wire, how), f"an answer after {how}", "none")


@check("RFC 8446, section 6.1; the contract: --timeout, 408 or silence")
def test_late_goodbye(lab: Lab) -> None:
    """The server also ends connections by itself: when time is up, and when
    the client has said that it asks no more.

    1. How many places in your program end a connection?
    2. Each of them has to say goodbye, or all go through one that does.
    3. One function for the end: SSL_shutdown(), then shutdown(). Whoever wants
       to end a connection calls it.
    """
    server = lab.start("--timeout", "0.7")
    half, whole = request("GET", server.page)[:-2], request("GET", server.page)
    wires = []
    for version in BOTH:
        for how, data in (("silence", b""), ("half a request", half)):
            wire = server.connect(tls=client(lab.site, version))
            wire.send(data)
            wires.append((wire, f"{how} and a timeout", data))
        wire = server.connect(tls=client(lab.site, version))
        gets_page(server, server.ask(whole, wire=wire), "a client")
        wire.half_close()
        wires.append((wire, "the client's own close_notify", b""))
    for wire, how, data in wires:
        with shown(UNWRAP if "own" in how else ""):
            answer = said_goodbye(wire, how)
        wanted = f"{'408' if data else 'silence'} after {how}"
        good = answer.startswith(b"HTTP/1.1 408 ") if data else not answer
        expect(good, wanted, answer[:80], wire=wire)


@check("RFC 8446, section 6.1: no effect on the read side")
@by_grader
def test_client_close_notify(lab: Lab, server: Server) -> None:
    """A client may say that it will ask no more, and still wait for the
    answers. That is the half-close of TCP, one floor up.

    1. What does SSL_read() return at a close_notify? SSL_ERROR_ZERO_RETURN.
    2. It means what 0 from read() means: no more will come. What is under way
       is still answered.
    3. Send all answers, then SSL_shutdown() and close.
    """
    content = lab.random.randbytes(6 * MIB)  # more than the system buffers
    large = request("GET", lab.site.add("large", content), host=server.authority)
    small = request("GET", server.page, host=server.authority)
    who = "a client that asks no more"
    for last in (b"", small):
        for later in (False, True):
            wire = sealer(server, client(lab.site, TLS13))
            data = wire.seal(small + large + last)
            goodbye = wire.seal_goodbye()
            wire.push(data if later else data + goodbye)
            if later:
                wire.push(goodbye)
            gets_page(server, read_response(wire), who)
            same_bytes(read_response(wire).body, content, "the second answer")
            if last:
                gets_page(server, read_response(wire), who)
            equal(wire.rest(), b"", "what follows the last answer")


@check("SSL_get_error(3): SSL_ERROR_ZERO_RETURN; write(2): EPIPE")
def test_goodbye_and_gone(lab: Lab, server: Server) -> None:
    """A reader closes the page while your server is still sending: the browser
    says goodbye, and goes. Then no write will ever succeed again, and a server
    that takes that for "not yet" tries for ever.

    1. What does your send function return when the client has gone?
    2. After a close_notify SSL_get_error() says SSL_ERROR_ZERO_RETURN for a
       failed SSL_write(), too. For a write that is no end in order.
    3. Whatever SSL_write() returns that is not more than 0, and does not want
       to read or write first, ends the connection.
    """
    large = lab.site.add("large", bytes(16 * MIB))
    for version in BOTH:
        wire = sealer(server, client(lab.site, version), receive_buffer=4096)
        wire.push(wire.seal(request("GET", large, host=server.authority)))
        wire.take(1 << 16)
        stuck(server, wire)
        wire.try_send(wire.seal_goodbye(), 1.0)
        observe(lambda: end_of(server, wire).unread, lambda unread: not unread)
        wire.reset()
    when = "for a client that has gone in the middle of an answer"
    stays_idle(server, when, GONE)


def stuck(server: Server, wire: Wire) -> None:
    """Waits until no more fits between the server and this client."""
    unsent = -1

    def moved() -> bool:
        nonlocal unsent
        before, unsent = unsent, end_of(server, wire).unsent
        return unsent != before

    observe(moved, lambda it_did: not it_did and unsent > 0)


def cut_off(wire: Wire) -> None:
    """The end of TCP without the end of TLS, as somebody on the way makes it."""
    wire.socket.shutdown(socket.SHUT_WR)
    wire.rest()


@check("RFC 8446, section 6.1: truncation; SSL_get_error(3)")
def test_truncation_told(lab: Lab, server: Server) -> None:
    """A request that ends without close_notify may have been cut off by
    somebody on the way. That is not the orderly end of a client, so whoever
    runs the server has to hear of it; and nobody else must suffer.

    1. What does your program do when SSL_read() returns 0 or -1? There are
       five reasons, and SSL_get_error() knows which.
    2. SSL_ERROR_ZERO_RETURN is the orderly end. OpenSSL 3 reports a cut as
       SSL_ERROR_SSL, "unexpected eof"; older ones as SSL_ERROR_SYSCALL.
    3. One line on stderr with "TLS" and ERR_reason_error_string(); then close
       without an answer.
    """
    head = request("POST", server.page, "Content-Length: 100", host=server.authority)
    whole = request("GET", server.page, host=server.authority)
    for version in BOTH:
        wire = server.connect(tls=client(lab.site, version))
        gets_page(server, server.ask(whole, wire=wire), "a client that ends in order")
        wire.half_close()
        wire.rest()
        serves(server, "the next client")
    equal(troubles(server), [], "lines of trouble on stderr after orderly ends")
    cuts = {
        "in the middle of a request's head": whole[: len(whole) // 2],
        "in the middle of a request's body": head + b"x" * 50,
    }
    for how, data in cuts.items():
        for version in BOTH:
            before = len(server.err.data)
            wire = server.connect(tls=client(lab.site, version))
            wire.send(data)
            cut_off(wire)
            lines = observe(lambda: troubles(server, before), bool, lab.patience)
            wanted = f"a line on stderr that names TLS, after a cut {how}"
            good = lines and NAMED.search(lines[0])
            got = lines[0] if lines else "none"
            expect(good, wanted, got, wire=wire, again=CUT)
            serves(server, "the client after one that was cut off")
    for data in (whole, b""):  # harmless; whether it is told is the server's choice
        wire = server.connect()
        if data:
            server.ask(data, wire=wire)
        cut_off(wire)
        serves(server, "the client after one that was cut off")
    large = lab.site.add("large", bytes(8 * MIB))
    for version in BOTH:
        for says_goodbye in (True, False):
            wire = server.connect(tls=client(lab.site, version))
            wire.send(request("GET", large, host=server.authority))
            wire.take(1000)
            if says_goodbye:
                wire.half_close()
            wire.reset()
            serves(server, "the client after one that vanished")


@check("the contract: SIGTERM, connections without a request are closed")
def test_stops_in_handshake(lab: Lab) -> None:
    """A client in the middle of its handshake has not asked for anything yet.
    It must not keep a server that wants to end.

    1. Who closes the connections without a request when SIGTERM comes?
    2. A connection in its handshake is one of them.
    3. Go through all connections: those without a complete request are closed
       at once, in whatever state they are.
    """
    took = 0.0
    for _ in range(TRIES):  # a busy machine may be late
        server = lab.start("--timeout", "60")
        stalling = Stalling(server)
        wires = [stalling.stall(way) for way in stalling.WAYS]
        serves(server)
        status = server.stop(signal.SIGTERM)
        took = server.stop_took
        got = f"it {server.how_ended(status)} after {took:.1f} s"
        wanted = f"an end with status 0 within {STOP:g} s"
        expect(status == 0, wanted, got, again=SHAKING)
        for wire in wires:
            wire.rest()
        if took < AT_ONCE:
            return
    wanted = "an end at once where no answer is under way"
    raise Failure(wanted, f"after {took:.1f} s", again=SHAKING)


@check("the contract: SIGTERM, answers under way are finished; RFC 8446, 6.1")
def test_stop_says_goodbye(lab: Lab) -> None:
    """Whoever restarts a server does not want to break the downloads that are
    under way. And their end has to be told apart from a broken one.

    1. What has to be done for a connection with an answer under way when
       SIGTERM comes? Nothing, but to remember that this was the last one.
    2. The end is the usual one: close_notify, then the lingering close.
    3. Leave the loop when the last connection is gone, or after 5 seconds.
    """
    for _ in range(TRIES):
        began = time.monotonic()
        try:
            with shown(FINISH):
                finishes(lab)
            return
        except Failure:
            if time.monotonic() - began < STOP:
                raise
    raise NotJudged("this machine is too busy to read an answer within 5 s")


def finishes(lab: Lab) -> None:
    """Stops a server with an answer under way in each version of TLS."""
    server = lab.start("--timeout", "60")
    wires = []
    for version in BOTH:
        content = lab.random.randbytes(6 * MIB)  # more than the system buffers
        target = lab.site.add(f"{version.value}.bin", content)
        context = client(lab.site, version)
        wire = sealer(server, context, receive_buffer=1 << 16)
        wire.push(wire.seal(request("GET", target, host=server.authority)))
        wire.inbox[:0] = wire.take(1000)
        wires.append((wire, content))
    server.send_signal(signal.SIGTERM)
    for wire, content in wires:
        same_bytes(read_response(wire).body, content, "the whole answer")
        nothing_more(wire)
    status = server.wait(STOP + LATE)
    got = f"it {server.how_ended(status)}"
    expect(status == 0, "the server ends with status 0 then", got)
