"""Exercise of step 07: clients show a certificate, too."""

from __future__ import annotations

import re
from pathlib import Path

from grader.check import check
from grader.clients import gets_page, head, serves
from grader.expect import Failure, equal, expect
from grader.lab import Lab, Server
from grader.pairs import KINDS, openssl, pair
from grader.tls import BOTH, Client, client, troubles

OPTION = "--client-ca"
NEW = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj"
SIGNED = f"""{NEW} /CN=authority -keyout ca.key -out ca.pem
{{server}} --port 8443 --client-ca ca.pem & sleep 1
curl -sSk --cert ca.pem --key ca.key https://127.0.0.1:8443/hello.txt"""
WITHOUT = SIGNED + "\ncurl -sSk https://127.0.0.1:8443/hello.txt"
OTHERS = f"""{SIGNED}
{NEW} /CN=authority -keyout me.key -out me.pem
curl -sSk --cert me.pem --key me.key https://127.0.0.1:8443/hello.txt"""


class Authority:
    """Somebody who signs certificates, for clients here."""

    def __init__(self, directory: Path, name: str = "authority") -> None:
        self.directory = directory
        command = f"req -x509 {KINDS['ecdsa']} -nodes -days 30 -subj /CN={name}"
        openssl(directory, command + " -keyout ca.key -out ca.pem")
        self.count = 0

    @property
    def file(self) -> Path:
        return self.directory / "ca.pem"

    def client(self) -> tuple[Path, Path]:
        """A client's certificate, and its key."""
        self.count += 1
        name = f"client{self.count}"
        new = f"req -new {KINDS['ecdsa']} -nodes -subj /CN={name}"
        openssl(self.directory, f"{new} -keyout {name}.key -out {name}.csr")
        sign = f"x509 -req -days 30 -in {name}.csr -out {name}.pem"
        by = f"-CA ca.pem -CAkey ca.key -set_serial {self.count}"
        openssl(self.directory, f"{sign} {by}")
        return self.directory / f"{name}.pem", self.directory / f"{name}.key"


def with_certificate(context: Client, cert: Path, key: Path) -> Client:
    context.load_cert_chain(str(cert), str(key))
    return context


def gets(server: Server, context: Client, who: str) -> None:
    """The page comes, twice: the second time perhaps by a ticket."""
    try:
        for _ in range(2):
            wire = server.connect(tls=context)
            response = server.ask(head(server), wire=wire)
            gets_page(server, response, who)
            assert wire.tls
            wire.half_close()
            wire.rest()
            context.resume = wire.tls.session
    except Failure as failure:
        expected = f"{who} gets the page: {failure.expected}"
        more = {"wire": failure.wire, "again": SIGNED}
        raise Failure(expected, failure.got, **more) from None


def gets_nothing(
    server: Server, context: Client, who: str, again: str = OTHERS
) -> None:
    """The handshake fails. In TLS 1.3 a client learns that only afterwards."""
    try:
        wire = server.connect(tls=context)
    except Failure:
        return
    wire.send(head(server))
    said = wire.rest()
    expected = f"no byte of HTTP for {who}"
    expect(not said, expected, said, wire=wire, again=again)
    got = "an end in good order"
    expect(wire.ended != "end", f"an alert for {who}", got, wire=wire, again=again)


@check("RFC 8446, section 4.3.2; SSL_CTX_set_verify(3)")
def test_client_known(lab: Lab) -> None:
    """Passwords can be guessed, and told. A certificate cannot: who has one
    proves in the handshake that the key belongs to him.

    1. Who asks for a client's certificate, and when?
    2. SSL_CTX_set_verify() with SSL_VERIFY_PEER asks; and there has to be
       something to judge it by.
    3. SSL_CTX_load_verify_locations(ctx, file, NULL), and for the names that
       are told to the client SSL_CTX_set_client_CA_list().
    """
    one, two = Authority(lab.directory / "one"), Authority(lab.directory / "two", "two")
    server = lab.start(OPTION, str(one.file))
    for version in BOTH:
        context = with_certificate(client(lab.site, version), *one.client())
        gets(server, context, "a client with a certificate")
    both = lab.directory / "both.pem"
    both.write_bytes(one.file.read_bytes() + two.file.read_bytes())
    server = lab.start(OPTION, str(both))
    for authority in (one, two):
        context = with_certificate(client(lab.site), *authority.client())
        gets(server, context, "a client of either of two authorities")
    serves(lab.start(), "a client without one, where the option is not given")


@check("SSL_CTX_set_verify(3): SSL_VERIFY_FAIL_IF_NO_PEER_CERT")
def test_client_without(lab: Lab) -> None:
    """To ask for a certificate is not to insist on one. A client that has none
    sends an empty list, and by default that is good enough.

    1. What does curl get without --cert?
    2. SSL_VERIFY_PEER alone only asks.
    3. SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT.
    """
    authority = Authority(lab.directory / "authority")
    server = lab.start(OPTION, str(authority.file))
    for version in BOTH:
        who = "a client without certificate"
        gets_nothing(server, client(lab.site, version), who, WITHOUT)
    context = with_certificate(client(lab.site), *authority.client())
    gets(server, context, "a client with a certificate")


@check("RFC 5280, section 6; SSL_CTX_set_verify(3): the callback")
def test_client_of_others(lab: Lab) -> None:
    """Anybody can make a certificate, and write any name on it. What counts
    is who has signed it, with which key.

    1. What does your program look at: the names, or the signature?
    2. OpenSSL verifies it, unless a callback of yours says that all is well.
    3. NULL for the callback; and only your file is trusted, not those of the
       whole system (SSL_CTX_set_default_verify_paths()).
    """
    authority = Authority(lab.directory / "authority")
    forged = Authority(lab.directory / "forged")  # of the same name
    server = lab.start(OPTION, str(authority.file))
    strangers = {
        "a client that has signed for itself": pair(lab.directory / "self"),
        "a client of another authority with the same name": forged.client(),
        "a client with the server's own certificate": (lab.site.cert, lab.site.key),
    }
    for who, (cert, key) in strangers.items():
        assert cert and key
        for version in BOTH:
            context = with_certificate(client(lab.site, version), cert, key)
            gets_nothing(server, context, who)
    context = with_certificate(client(lab.site), *authority.client())
    gets(server, context, "a client with a certificate")


@check("ERR_get_error(3); the exercise: a line on stderr for each")
def test_client_refusal_told(lab: Lab) -> None:
    """Whoever is kept out will ask why. The server's log has to tell; and the
    error of one client must not be taken for the next one's.

    1. Which line does the log have after a client without certificate?
    2. outcome() tells what OpenSSL says went wrong first.
    3. Nothing to add, if refusals come through SSL_do_handshake() as other
       errors do.
    """
    authority = Authority(lab.directory / "authority")
    server = lab.start(OPTION, str(authority.file))
    known = with_certificate(client(lab.site), *authority.client())
    stranger = with_certificate(client(lab.site), *pair(lab.directory / "self"))
    for context in (client(lab.site), stranger):
        before = len(server.err.data)
        gets_nothing(server, context, "a client that is not known")
        gets(server, known, "a client with a certificate, after a refusal")
        told = troubles(server, before)
        named = [line for line in told if re.search(rb"(?i)certificate", line)]
        expected = "a line on stderr that speaks of the certificate"
        expect(named, expected, b"\n".join(told), again=OTHERS)
        equal(len(told), 1, "lines on stderr for one refusal", again=OTHERS)


@check("the contract: files that cannot be used: one clear line, exit status 2")
def test_client_ca_unusable(lab: Lab) -> None:
    """A file that is not there must not mean that everybody may come in.

    1. What do your calls return when the file is missing, or is no PEM?
    2. A server that cannot judge its clients must not start.
    3. One line that names the file, NULL from tls_new(), exit status 2.
    """
    assert lab.site.key
    garbage = lab.directory / "garbage.pem"
    garbage.write_bytes(lab.random.randbytes(500))
    empty = lab.directory / "empty.pem"
    empty.write_bytes(b"")
    for bad in (lab.directory / "gone.pem", garbage, empty, lab.site.key):
        run = lab.run("--port", "0", *lab.site.options, OPTION, str(bad))
        ran = {"ran": run.line}
        expect(run.status == 2, "exit status 2", f"it {run.ended}", **ran)
        one = run.err.count(b"\n") == 1 and bad.name.encode() in run.err
        expect(one, f"one line on stderr that names {bad.name}", run.err, **ran)
