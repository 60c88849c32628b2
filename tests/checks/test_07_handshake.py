"""Step 07: the handshake, and what both sides agree on in it."""

from __future__ import annotations

import ssl
from pathlib import Path

from grader.check import check
from grader.clients import by_grader, gets_page
from grader.expect import Failure, equal, expect, shown
from grader.http import request
from grader.lab import Lab, Server
from grader.observe import observe
from grader.pairs import pair, start_with
from grader.tls import (
    ALL_OLD,
    BOTH,
    FORWARD_SECRET,
    HANDSHAKE,
    OLD,
    TLS12,
    TLS13,
    WEAK,
    client,
    hello,
    hello_of,
    read_reply,
    record,
    sslv2_hello,
)
from grader.wire import Wire

BY_HAND = "openssl s_client -connect 127.0.0.1:8443"
PAGE = f"""{{ printf 'GET /hello.txt HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'; sleep 1; }} |
timeout 3 {BY_HAND} -quiet -%s"""
WITH_RSA = """openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost \\
    -keyout key.pem -out cert.pem 2>/dev/null
{server} --port 8443 &
sleep 1; """
KEYS = """echo '# kept' >keys.log
SSLKEYLOGFILE=keys.log {server} --port 8443 &
sleep 1; curl -sSk -m 3 https://127.0.0.1:8443/hello.txt; cut -d ' ' -f 1 keys.log"""
WORDS = {TLS12: "TLSv1.2", TLS13: "TLSv1.3"}
ONLY = {TLS12: "--tls-max 1.2", TLS13: "--tlsv1.3"}
NEEDED = """CLIENT_HANDSHAKE_TRAFFIC_SECRET SERVER_HANDSHAKE_TRAFFIC_SECRET
CLIENT_TRAFFIC_SECRET_0 SERVER_TRAFFIC_SECRET_0 CLIENT_RANDOM""".split()


def gets(server: Server, wire: Wire, who: str) -> None:
    """The page comes on this connection."""
    data = request("GET", server.page, host=server.authority)
    gets_page(server, server.ask(data, wire=wire), who)


def speaks(server: Server, version: ssl.TLSVersion) -> None:
    with shown(PAGE % WORDS[version].lower().replace("v", "").replace(".", "_")):
        wire = server.connect(tls=client(server.site, version))
        assert wire.tls
        equal(wire.tls.version(), WORDS[version], "the version agreed on", wire=wire)
        gets(server, wire, f"a client of {WORDS[version]}")


@check("RFC 8446; SSL_do_handshake(3)")
def test_tls_13(server: Server) -> None:
    """Since 2018 this is TLS: one round trip, then bytes that nobody on the
    way can read or change. All that you know of HTTP goes on above it.

    1. One SSL_CTX for the server, one SSL for each connection.
    2. SSL_new(), SSL_set_fd(), SSL_set_accept_state(); then SSL_read() and
       SSL_write() stand where read() and write() stood.
    3. SSL_do_handshake() returns -1 until it is done: SSL_get_error() says
       whether to wait for SSL_ERROR_WANT_READ or WANT_WRITE. Try again then.
    """
    speaks(server, TLS13)


@check("RFC 5246; RFC 9325, section 3.1.1")
def test_tls_12(server: Server) -> None:
    """Clients that are ten years old speak TLS 1.2, and with the right suites
    it is still sound.

    1. Which versions does your SSL_CTX accept? See SSL_CTX_new(3).
    2. TLS_server_method() negotiates; no other method does.
    3. SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION), and no maximum. A
       cipher list without ECDHE and ECDSA leaves 1.2 nothing to choose.
    """
    speaks(server, TLS12)


@check("RFC 8996 (TLS 1.0, 1.1), RFC 7568 (SSL 3.0), RFC 6176 (SSL 2.0)")
def test_older_versions(lab: Lab, server: Server) -> None:
    """What is older than TLS 1.2 has been broken, and must not be spoken, even
    with a client that speaks nothing else: an attacker can be that client.

    1. Which is the oldest version that your SSL_CTX accepts?
    2. Do not count on the default of the library: it differs from system to
       system.
    3. SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION).
    """
    wire = server.connect(plain=True)
    wire.send(hello(0x0303, FORWARD_SECRET, lab.random.randbytes(32)))
    reply = read_reply(wire)
    again = f"{BY_HAND} -brief -tls1_2 </dev/null"
    expect(not reply.refused, "TLS 1.2 is accepted", reply.words, again=again)
    wire.close()  # a handshake that stands still is another check's
    hellos = {
        name: hello(number, FORWARD_SECRET + ALL_OLD, lab.random.randbytes(32))
        for name, number in OLD.items()
    }
    hellos["SSL 2.0"] = sslv2_hello(lab.random.randbytes(32))
    for name, data in hellos.items():
        wire = server.connect(plain=True)
        wire.send(data)
        reply = read_reply(wire)
        old = name.lower().replace(" ", "").replace(".0", "").replace(".", "_")
        again = f"{BY_HAND} -brief -{old} -cipher ALL:@SECLEVEL=0 </dev/null"
        expect(reply.refused, f"{name} is refused", reply.words, again=again)
        wire.rest()


@check("RFC 9325, section 4.1; RFC 8446, section 1.2")
def test_forward_secrecy(lab: Lab) -> None:
    """Whoever records all you say today, and steals the server's key in ten
    years, must not be able to read it. With RSA key transport he could, so
    the key may only sign, and every session needs a key of its own (ECDHE).

    1. Which suites of TLS 1.2 does your server take? `openssl ciphers -v`.
    2. Only those whose exchange of keys (Kx) is ECDH; TLS 1.3 has no others.
    3. SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20").
    """
    cert, key = pair(lab.directory / "rsa", "rsa")
    server = start_with(lab, cert, key)
    offers = {name: (suites, False) for name, suites in WEAK.items()}
    every = tuple(suite for suites in WEAK.values() for suite in suites)
    offers["ECDHE alone"] = (FORWARD_SECRET, True)
    offers["ECDHE, but last in the list"] = (every + FORWARD_SECRET, True)
    for name, (suites, good) in offers.items():
        wire = server.connect(plain=True)
        wire.send(hello(0x0303, suites, lab.random.randbytes(32)))
        reply = read_reply(wire)
        kind = "kRSA" if not good else "ECDHE"
        again = f"{WITH_RSA}{BY_HAND} -brief -tls1_2 -cipher {kind} </dev/null"
        if good:
            chosen = reply.suite in FORWARD_SECRET
            wanted = f"a suite with ECDHE for a client that offers {name}"
            expect(chosen, wanted, reply.words, again=again)
        else:
            wanted = f"a client that offers only suites with {name} is refused"
            expect(reply.refused, wanted, reply.words, again=again)
        wire.close()


@check("RFC 7301, section 3.2")
def test_alpn(server: Server) -> None:
    """A browser offers HTTP/2 and HTTP/1.1 in its first message. The server
    picks one it can speak; silence costs nothing with most clients, but some
    insist on an answer.

    1. `curl -v` says: ALPN: server accepted http/1.1.
    2. SSL_CTX_set_alpn_select_cb(3): the callback gets the client's list, each
       name behind a byte with its length.
    3. SSL_select_next_proto(&found, &len, "\\x08http/1.1", 9, in, inlen); if
       it returns OPENSSL_NPN_NEGOTIATED: *out = found, SSL_TLSEXT_ERR_OK.
    """
    h1 = "http/1.1"
    lists: list[list[str]] = [[h1], ["h2", h1], [h1, "h2"], ["spdy/3", h1], []]
    for version in BOTH:
        for offered in lists:
            wire = server.connect(tls=client(server.site, version, alpn=offered))
            assert wire.tls
            chosen = wire.tls.selected_alpn_protocol()
            shown = f"{WORDS[version]}, {', '.join(offered) or 'nothing'} offered"
            want = h1 if offered else None
            again = f"{BY_HAND} -alpn {','.join(offered) or 'x'} </dev/null | grep ALPN"
            equal(chosen, want, f"the protocol chosen ({shown})", again=again)
            gets(server, wire, f"the client ({shown})")
            wire.close()


@check("RFC 7301, section 3.2: SHALL respond with no_application_protocol")
def test_alpn_refused(server: Server) -> None:
    """A client that offers HTTP/2 alone would take your HTTP/1.1 for a fault
    of the protocol. The alert says at once what is wrong. It also keeps
    another protocol's client from being lured to your server.

    1. What does your callback return when nothing fits?
    2. SSL_TLSEXT_ERR_NOACK goes on without an answer: that is not enough.
    3. return SSL_TLSEXT_ERR_ALERT_FATAL; the library sends the alert.
    """
    for version in BOTH:
        for offered in (["h2"], ["h2", "spdy/3"], ["imap"]):
            wire = server.connect(plain=True)
            wire.send(hello_of(client(server.site, version, alpn=offered)))
            reply = read_reply(wire)
            expected = f"alert 120 no_application_protocol for {', '.join(offered)}"
            again = f"{BY_HAND} -brief -alpn {','.join(offered)} </dev/null"
            expect(reply.alert == 120, expected, reply.words, again=again)
            wire.rest()


@check("RFC 8446, section 5.1: messages may be fragmented; tcp(7)")
@by_grader
def test_hello_in_pieces(lab: Lab, server: Server) -> None:
    """TLS runs on TCP, and TCP has no messages: a ClientHello may come in any
    pieces. It may also be cut into several records.

    1. Who puts the pieces together? The library, if you let it.
    2. SSL_ERROR_WANT_READ from a handshake is not a failure.
    3. Keep the SSL, return to the loop, call SSL_do_handshake() again when
       the socket is readable.
    """
    whole = hello_of(client(server.site))
    message = whole[5:]
    cut = lab.random.randrange(20, 40)
    records = [
        record(HANDSHAKE, message[at : at + cut], 0x0301)
        for at in range(0, len(message), cut)
    ]
    ways = {
        "one byte after the other": [whole[at : at + 1] for at in range(len(whole))],
        "cut after the record's head": [whole[:5], whole[5:]],
        "in two, anywhere": [whole[: 5 + cut], whole[5 + cut :]],
        f"in records of {cut} bytes, sent at once": [b"".join(records)],
        f"in records of {cut} bytes, one by one": records,
    }
    for how, pieces in ways.items():
        wire = server.connect(plain=True)
        for piece in pieces:
            wire.send(piece)
            wire.quiet(0.001)
        reply = read_reply(wire)
        wanted = f"a ServerHello after a ClientHello {how}"
        expect(not reply.refused, wanted, reply.words, wire=wire)
        wire.close()


@check("RFC 9850 (SSLKEYLOGFILE); SSL_CTX_set_keylog_callback(3)")
def test_keylog(lab: Lab) -> None:
    """TLS hides the bytes from you as well when you look for a fault. With
    the secrets of a session in a file, Wireshark reads along.

    1. The environment variable SSLKEYLOGFILE names the file: getenv(3).
    2. The callback gets a whole line, without its end, for each secret.
    3. fopen(name, "a"), and in the callback fprintf("%s\\n") and fflush().
    """
    file = lab.directory / "keys.log"
    file.write_text("# kept\n")
    command = lab.command
    lab.command = f"env SSLKEYLOGFILE={file} {command}"
    server = lab.start()
    lab.command = command
    for version in BOTH:
        context = client(server.site, version)
        ours = lab.directory / f"client{version.value}.log"
        context.keylog_filename = str(ours)
        gets(server, server.connect(tls=context), "the client")
        wanted = secrets(ours)
        found = observe(lambda: secrets(file), wanted.issubset, lab.patience)
        for line in sorted(wanted - found):
            label, random, _ = line.split()
            raise Failure(
                f"a line in SSLKEYLOGFILE: {label} {random[:16]}... and the secret",
                "other lines" if found else "no line of a secret",
                again=KEYS.replace("curl -sSk", f"curl -sSk {ONLY[version]}"),
            )
    kept = "# kept" in file.read_text()
    expect(kept, "lines added to the file", "a file anew", again=KEYS)


def secrets(file: Path) -> "set[str]":
    """The lines that Wireshark needs."""
    try:
        text = file.read_text()
    except OSError:
        return set()
    return {line for line in text.splitlines() if line.split(" ")[0] in NEEDED}
