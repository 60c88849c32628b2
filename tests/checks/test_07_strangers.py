"""Step 07: what is not TLS, what is broken TLS, and that neither harms others."""

from __future__ import annotations

import re
import ssl
import struct
from typing import Any, Callable

from grader.check import check
from grader.clients import TRIES, gets_page, serves
from grader.expect import Failure, equal, expect, same_bytes, shown
from grader.http import nothing_more, read_response, request
from grader.lab import Lab, Server
from grader.observe import observe
from grader.tls import (
    ACCESS,
    BOTH,
    CHANGE,
    DATA,
    FORWARD_SECRET,
    HANDSHAKE,
    NAMED,
    WEAK,
    Shaking,
    alert,
    client,
    hello,
    hello_of,
    record,
    sealer,
    sslv2_hello,
    troubles,
)
from grader.wire import Wire

MIB = 1 << 20
UNREAD = 200_000  # bytes of a body that nobody reads
POST = f"""{{ printf 'POST / HTTP/1.1\\r\\nContent-Length: {2 * UNREAD}\\r\\n\\r\\n'
head -c {UNREAD} /dev/zero; }} >request
exec 3<>/dev/tcp/127.0.0.1/8443; cat request >&3; cat <&3; sleep 0.3; echo more >&3"""
SAYS = re.compile(rb"(?i)https|tls|ssl")
NOISE = """printf 'get / http/1.0\\r\\n\\r\\n' | timeout 2 nc -N 127.0.0.1 8443 | wc -c
curl -sSk -m 3 https://127.0.0.1:8443/hello.txt"""
BESIDE = """head -c 20000000 /dev/zero >site/large; sleep 1
curl -sSk -m 9 --limit-rate 8M https://127.0.0.1:8443/large | wc -c & sleep 1
printf '\\026\\003\\001\\000\\001x' | timeout 2 nc -N 127.0.0.1 8443 | wc -c; wait %2"""
TOLD = (
    """printf '\\026\\003\\001\\000\\001x' | timeout 2 nc -N 127.0.0.1 8443 | wc -c"""
)


@check("RFC 9110, section 15.5.1; the contract: a clear 400 in plain text")
def test_plain_http(lab: Lab, server: Server) -> None:
    """Somebody types http:// and your port. TLS would answer with an alert,
    7 bytes that no browser shows; a sentence in plain HTTP helps at once.

    1. What is the first byte of a ClientHello, and of a request?
    2. Look at the first byte before you hand the socket to the library:
       recv(fd, &byte, 1, MSG_PEEK) leaves it where it is.
    3. 22 is a handshake record; a capital letter is a method: answer 400,
       text/plain, Connection: close, by send(), and close, lingering.
    """
    kept = server.connect()
    host = server.authority
    page = request("GET", server.page, host=host)
    asked = [
        request("GET", "/", host=host),
        request("GET", server.page + "?q=1", "Cookie: " + "c" * 2000, host=host),
        request("POST", "/", "Content-Length: 5", host=host, body=b"hello"),
        request("OPTIONS", "*", host=host),
        request("GET", "/", version="HTTP/1.0", host=None),
    ]
    for data in asked:
        wire = server.connect(plain=True)
        wire.send(data)
        first = data[:40].split(b"\r\n")[0].decode()
        told: dict[str, Any] = {"wire": wire}
        try:
            response = read_response(wire)
        except Failure as failure:
            expected = f"400 in plain HTTP for {first}"
            raise Failure(expected, failure.got, **told) from None
        equal(response.status, 400, f"the status for {first} without TLS", **told)
        kind = response.get("Content-Type") or ""
        plain = kind.startswith("text/plain")
        expect(plain, "Content-Type: text/plain", kind or "none", **told)
        clear = SAYS.search(response.body)
        expect(clear, "a body that says that this is HTTPS", response.body, **told)
        nothing_more(wire)
        gets_page(server, server.ask(page, wire=kept), "a TLS client meanwhile")
    problem = None
    for _ in range(TRIES):  # the second of lingering may run out on a busy machine
        try:
            with shown(POST):
                refused_in_order(server)
            return
        except Failure as failure:
            problem = failure
    assert problem
    raise problem


def refused_in_order(server: Server) -> None:
    """The 400 is not followed by a reset, which could destroy it, while the
    client still sends a body that nobody reads."""
    wire = server.connect(plain=True)
    field = f"Content-Length: {2 * UNREAD}"
    data = request("POST", "/", field, host=server.authority)
    wire.send(data + b"x" * UNREAD)
    response = read_response(wire)
    equal(response.status, 400, "the status for POST without TLS", wire=wire)

    def reset() -> bool:
        wire.send(b"more")
        return wire.ended == "reset"

    observe(reset, bool, 0.1)
    nothing_more(wire)
    wire.close()


@check("RFC 8446, section 6; the contract: any refusal for what is not HTTP")
def test_not_tls(lab: Lab, server: Server) -> None:
    """Scanners knock at every port with everything they have. Some of it looks
    like TLS for a few bytes.

    1. Whatever comes, only this client's connection may end.
    2. An error of the library is an error of one connection: free its SSL.
    3. SSL_ERROR_SSL from the handshake: SSL_free() and close(), no exit().
    """
    draw = lab.random.randbytes
    good = hello_of(client(server.site))
    small = hello(0x0303, FORWARD_SECRET, draw(32))
    lying = bytearray(small)
    lying[6:9] = b"\x00\xff\xff"  # the message's length, longer than the record
    inside = bytearray(small)
    inside[44:46] = b"\xff\xfe"  # the length of its list of suites
    noise = {
        "silence": b"",
        "lower case": b"get / http/1.0\r\n\r\n",
        "zeros": bytes(500),
        "a random 500 bytes": bytes([lab.random.randrange(128, 256)]) + draw(499),
        "a record of 65535 bytes": struct.pack(">BHH", HANDSHAKE, 0x0301, 65535)
        + bytes(20000),
        "an alert as the first record": alert(40),
        "data as the first record": record(DATA, draw(100)),
        "a heartbeat as the first record": record(24, b"\x01\x40\x00"),
        "empty records": record(HANDSHAKE, b"") * 200,
        "no cipher before its time": record(CHANGE, b"\x01") * 50,
        "a ClientHello longer than its record": bytes(lying),
        "a ClientHello with a wrong length inside": bytes(inside),
        "a ServerHello": record(HANDSHAKE, b"\x02" + good[6:]),
        "a ClientHello, then garbage": good + draw(300),
        "two ClientHellos": small + small,
        "a ClientHello of SSL 2.0": sslv2_hello(draw(32)),
    }
    for what, data in noise.items():
        wire = server.connect(plain=True)
        wire.send(data)
        wire.half_close()
        try:
            answer = wire.rest()
        except Failure:
            raise Failure(f"an end after {what}", "it is still open") from None
        expect(b"200" not in answer[:16], f"no page for {what}", answer)
        serves(server, f"the client after {what}", NOISE)


def bad_clients(server: Server) -> "dict[str, Callable[[], Wire]]":
    """Ways to fail, each of which ends with the server's end."""
    draw = server.lab.random.randbytes
    every = {version: client(server.site, version) for version in BOTH}

    def send(data: bytes) -> Callable[[], Wire]:
        def fail() -> Wire:
            wire = server.connect(plain=True)
            wire.send(data)
            return wire

        return fail

    def distrust(version: ssl.TLSVersion) -> Callable[[], Wire]:
        def fail() -> Wire:
            wire = server.connect(plain=True)
            shaking = Shaking(every[version])
            wire.send(shaking.hello)
            wire.take(5)
            wire.send(alert(48))
            return wire

        return fail

    def forge(version: ssl.TLSVersion) -> Callable[[], Wire]:
        def fail() -> Wire:
            wire = sealer(server, every[version])
            sealed = bytearray(wire.seal(b"GET / HTTP/1.1\r\n\r\n"))
            sealed[-1] ^= 1
            wire.push(bytes(sealed))
            return wire

        return fail

    return {
        "speaks TLS 1.1 only": send(hello(0x0302, FORWARD_SECRET, draw(32))),
        "has no suite in common": send(hello(0x0303, WEAK["RC4"], draw(32))),
        "speaks HTTP/2 only": send(hello_of(client(server.site, alpn=["h2"]))),
        "sends garbage": send(b"\x00" + draw(200)),
        "does not trust the certificate": distrust(BOTH[1]),
        "sends a forged record": forge(BOTH[0]),
        "sends a forged record, TLS 1.2": forge(BOTH[1]),
    }


@check("SSL_get_error(3): the error queue must be empty; ERR_clear_error(3)")
def test_errors_stay_apart(lab: Lab, server: Server) -> None:
    """OpenSSL keeps its errors in one queue for the whole thread. What one
    client's handshake leaves there, the next client's SSL_read() finds: a
    good connection is then closed for a fault of another.

    1. `man SSL_get_error`: which other thing than the result does it look at?
    2. The queue must be empty before each call that you ask about.
    3. ERR_clear_error() before every SSL_do_handshake(), SSL_read(),
       SSL_write() and SSL_shutdown().
    """
    data = request("GET", server.page, host=server.authority)
    content = lab.random.randbytes(4 * MIB)
    large = request("GET", lab.site.add("large", content), host=server.authority)
    every = [client(server.site, version) for version in BOTH]
    good = [sealer(server, context) for context in every * 2]
    slow = [sealer(server, context, receive_buffer=1 << 16) for context in every]
    for wire in slow:
        wire.push(wire.seal(large))
        wire.inbox[:0] = wire.take(1000)
    bad = bad_clients(server)
    for _ in range(3):
        for what, fail in bad.items():
            who = f"a good client after another that {what}"
            spoilt = fail()
            spoilt.rest()
            spoilt.close()
            for wire in slow:  # so that its record has to be sent again
                with shown(BESIDE):
                    wire.inbox[:0] = wire.take(len(wire.inbox) + (1 << 16))
            for wire in good:
                sealed = wire.seal(data)
                cut = len(sealed) // 2
                wire.push(sealed[:cut])
                wire.quiet(0.001)
                wire.push(sealed[cut:])
                try:
                    gets_page(server, server.read(wire, data), who)
                except Failure as failure:
                    raise Failure(
                        f"the page for {who}", failure.got, wire=wire, again=BESIDE
                    ) from None
    for wire in slow:
        with shown(BESIDE):
            same_bytes(read_response(wire).body, content, "a slow client's file")


@check("ERR_reason_error_string(3), ERR_peek_error(3)")
def test_errors_told(lab: Lab, server: Server) -> None:
    """ "It does not work in my browser": the server's stderr should say why.
    OpenSSL knows it exactly, if it is asked at the right moment.

    1. SSL_get_error() says SSL_ERROR_SSL: what exactly is in the queue.
    2. errno has nothing to do with it: "Success" helps nobody.
    3. fprintf(stderr, "TLS: %s\\n", ERR_reason_error_string(ERR_peek_error()))
       before the queue is cleared.
    """
    reasons = set()
    for what, fail in bad_clients(server).items():
        before = len(server.err.data)
        wire = fail()
        wire.rest()
        wire.close()
        lines = observe(lambda: troubles(server, before), bool, lab.patience)
        wanted = f"a line on stderr that names TLS, for a client that {what}"
        with shown(TOLD):
            expect(lines, wanted, "none", wire=wire)
            clear = NAMED.search(lines[0]) and b"uccess" not in lines[0]
            expect(clear and b"(null)" not in lines[0], wanted, lines[0], wire=wire)
            expect(len(lines) < 4, "one line for a failure", lines, wire=wire)
        reasons.add(lines[0])
    wanted = "lines that tell what went wrong"
    got = f"the same for most: {next(iter(reasons))!r}"
    expect(len(reasons) > 3, wanted, got, again=TOLD)
    before = len(server.err.data)
    wire = server.connect()
    server.ask(request("GET", server.page, host=server.authority), wire=wire)
    wire.half_close()
    wire.rest()
    server.stop()
    server.err.finish(lab.patience)
    said = troubles(server, before)
    equal(said, [], "lines of trouble after a good client")
    last = bytes(server.err.data)[before:].splitlines()
    logged = len(last) == 1 and ACCESS.fullmatch(last[0])
    expect(logged, "its access line alone", b"\n".join(last))
