"""Step 07: a client that comes again: by a ticket, by HTTPS only, and not
by a second handshake on the same connection."""

from __future__ import annotations

import re
import ssl

from grader.check import check
from grader.clients import by_grader, serves
from grader.expect import Failure, NotJudged, equal, expect, same_bytes
from grader.http import read_response, request
from grader.lab import Lab, Server
from grader.observe import observe
from grader.tls import BOTH, TLS12, TLS13, Client, client, s_client, type_in

HSTS = """for path in hello.txt nowhere; do curl -sSkI -m 3 https://127.0.0.1:8443/$path
done | grep -i -e HTTP/ -e Strict"""
RESUMED = """for way in out in; do {{ printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'; sleep 1; }} |
timeout 3 openssl s_client -{} -sess_$way session.pem -connect 127.0.0.1:8443 2>&1 |
grep -E '^(New|Reused)'; done"""


def visit(server: Server, context: Client) -> ssl.SSLObject:
    """One connection with a request; what the library knows of it then."""
    wire = server.connect(tls=context)
    assert wire.tls
    data = request("GET", server.page, host=server.authority)
    same_bytes(server.ask(data, wire=wire).body, server.content, "the page")
    wire.half_close()
    wire.rest()
    return wire.tls


def resumes(server: Server, version: ssl.TLSVersion) -> None:
    by_hand = RESUMED.format("tls1_3" if version == TLS13 else "tls1_2")
    context = client(server.site, version)
    first = visit(server, context)
    expect(first.session, "a session to come again with", "none", again=by_hand)
    for turn in range(3):
        context.resume = first.session
        ticket = first.session and first.session.has_ticket
        expect(ticket, "a ticket from the server", "none", again=by_hand)
        again = visit(server, context)
        got = "a full handshake"
        expect(again.session_reused, f"visit {turn + 2} resumes", got, again=by_hand)
        first = again if version == TLS13 else first


@check("RFC 8446, section 4.6.1; SSL_CTX_set_session_id_context(3)")
def test_tickets_13(server: Server) -> None:
    """Signing costs the server most of a handshake's time. A client that was
    here before shows a ticket, which only the server can read, and both go on
    from the old secret. The server remembers nothing.

    1. Is it on? OpenSSL sends tickets unless it is told not to.
    2. What keeps it from taking one back? If you ask for client certificates,
       it needs SSL_CTX_set_session_id_context(ctx, name, length).
    3. SSL_CTX_set_num_tickets(ctx, 0) turns them off; send the close_notify,
       or some clients forget the session.
    """
    resumes(server, TLS13)


@check("RFC 5077; SSL_CTX_set_session_cache_mode(3)")
def test_tickets_12(server: Server) -> None:
    """In TLS 1.2 a ticket saves a round trip besides.

    1. Does your SSL_CTX have SSL_OP_NO_TICKET?
    2. The cache of sessions is something else, and may be off.
    3. One SSL_CTX for all connections: the key of the tickets is in it.
    """
    resumes(server, TLS12)


@check("RFC 8446, section 4.2.11; RFC 5077, section 3.1")
@by_grader
def test_tickets_unknown(lab: Lab, server: Server) -> None:
    """After a restart the server has another key, and cannot read the tickets
    that it gave out. They are no error: it shakes hands in full.

    1. Restart the server while a browser is open, and reload the page.
    2. A ticket that cannot be read is ignored, by the library itself.
    3. Do not end a connection for what the library has not called an error.
    """
    other = lab.start()
    for version in BOTH:
        context = client(server.site, version)
        context.resume = visit(server, context).session
        again = visit(other, context)
        expect(not again.session_reused, "a full handshake", "a session resumed")


@check("RFC 9325, section 3.5; SSL_CTX_set_options(3): SSL_OP_NO_RENEGOTIATION")
def test_no_renegotiation(lab: Lab, server: Server) -> None:
    """A client of TLS 1.2 could ask for one handshake after the other on one
    connection: each costs it little and the server much. In 2009 it also let
    an attacker put bytes in front of a client's. Nobody needs it.

    1. `openssl s_client -tls1_2`, then R and Enter.
    2. TLS 1.3 has no renegotiation; what of 1.2?
    3. SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION).
    """
    tool = s_client(lab, server, "-tls1_2")
    shaken = b"Cipher is (NONE)" not in tool.out.data
    alert = re.search(rb"<<< .*Alert .*, fatal (\w+)", bytes(tool.out.data))
    got = f"the alert {alert[1].decode()}" if alert else "the end"
    again = "openssl s_client -brief -tls1_2 -connect 127.0.0.1:8443 </dev/null"
    expect(shaken, "a handshake with openssl s_client", got, again=again)
    client_says, server_says = (b">>>", b"Client"), (b"<<<", b"Server")

    def count(side: "tuple[bytes, bytes]") -> int:
        return len(re.findall(rb"(?m)^%b .*, %bHello$" % side, bytes(tool.out.data)))

    before = len(tool.out.data)
    type_in(tool, b"R\n")
    asked = observe(lambda: count(client_says), lambda n: n > 1, lab.patience)
    if asked < 2:
        raise NotJudged("this openssl s_client does not ask for a renegotiation")

    def decided() -> bool:
        refused = b"<<< TLS 1.2, Alert" in tool.out.data[before:]
        return refused or not tool.alive() or count(server_says) > 1

    if not observe(decided, bool, lab.patience):
        raise Failure("an alert, or the end, for a second handshake", "silence")
    again = """{server} --port 8443 &
{ sleep 1; echo R; sleep 1; } | openssl s_client -tls1_2 -msg \\
    -connect 127.0.0.1:8443 2>&1 | grep -c 'ServerHello$'"""
    got = "a second one"
    expect(
        count(server_says) == 1, "one ServerHello for a connection", got, again=again
    )
    serves(server)


@check("RFC 6797, sections 6.1, 7.1 and 7.2")
def test_hsts(lab: Lab) -> None:
    """The first visit by http:// can be led astray. With this field a browser
    comes by HTTPS alone from then on, for so many seconds: a promise that you
    can not take back, so it is made only when asked for.

    1. Which of your answers have it? Errors are answers, too.
    2. It must not be said without TLS: there it could be forged.
    3. One field line, kept with the settings, in the place that writes Server
       and Date: "Strict-Transport-Security: max-age=%ld\\r\\n".
    """
    seconds = str(lab.random.randrange(10**6, 10**8))
    lab.site.add("folder/index.html", b"<p>")
    for age in (seconds, "0", ""):
        server = lab.start(*(["--hsts", age] if age else []))
        host = server.authority
        since = server.get().get("Last-Modified") or ""
        wanted = f"max-age={age}" if age else None
        asked = {
            "200": request("GET", server.page, host=host),
            "200 for HEAD": request("HEAD", server.page, host=host),
            "304": request(
                "GET", server.page, f"If-Modified-Since: {since}", host=host
            ),
            "404": request("GET", "/nowhere", host=host),
            "301": request("GET", "/folder", host=host),
            "405": request("DELETE", server.page, host=host),
            "400": request("GET", server.page, "no colon", host=host),
            "414": request("GET", "/" + "x" * 20000, host=host),
        }
        for what, data in asked.items():
            response = server.ask(data)
            equal(str(response.status), what[:3], f"the status for {what}")
            got = response.get("Strict-Transport-Security")
            where = f"--hsts {age}" if age else "no --hsts"
            field = f"Strict-Transport-Security in {what} ({where})"
            equal(got, wanted, field, again=HSTS)
        plain = server.connect(plain=True)
        plain.send(request("GET", "/", host=host))
        response = read_response(plain)
        got = response.get("Strict-Transport-Security")
        equal(got, None, "Strict-Transport-Security in the answer without TLS")
    server = lab.start("--hsts", seconds, "--timeout", "0.7")
    wire = server.connect()
    wire.send(request("GET", server.page)[:-2])
    response = read_response(wire)
    equal(response.status, 408, "the status for half a request")
    got = response.get("Strict-Transport-Security")
    equal(got, f"max-age={seconds}", "Strict-Transport-Security in 408")
    for bad in ("x", "-1", "1.5", ""):
        run = lab.run("--port", "0", *lab.site.options, "--hsts", bad)
        expect(run.status == 2, f"exit status 2 for --hsts '{bad}'", run.ended)
