"""Exercise of step 07: a new certificate without a restart."""

from __future__ import annotations

import signal
import ssl
from pathlib import Path

from grader.check import check
from grader.clients import gets_page, head, serves
from grader.expect import equal, expect, shown
from grader.kept import Questions, answer
from grader.lab import Lab, Server
from grader.observe import observe
from grader.pairs import pair
from grader.tls import BOTH, TLS12, client
from grader.wire import Wire

STORM = 300
NEW = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
NEW += " -subj /CN=localhost -keyout key.pem -out cert.pem"
SERIAL = (
    "openssl s_client -connect 127.0.0.1:8443 </dev/null | openssl x509 -noout -serial"
)
SUBJECT = SERIAL.replace("-serial", "-subject")
BY_HAND = f"""server=$!; sleep 1; {SERIAL}
{NEW}
kill -HUP $server; sleep 1; {SERIAL}"""

KEEPS = """server=$!; sleep 1
get='GET /hello.txt HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'
{ printf "$get"; sleep 1; kill -HUP $server; sleep 1
curl -sk https://127.0.0.1:8443/hello.txt >/dev/null; printf "$get"; sleep 1; } |
openssl s_client -quiet -connect 127.0.0.1:8443"""
UNFIT = f"server=$!; sleep 1; >key.pem; kill -HUP $server; sleep 1\n{SUBJECT}"
MANY = """server=$!; sleep 1; for i in $(seq 100); do kill -HUP $server
curl -sk https://127.0.0.1:8443/hello.txt >/dev/null; done; ls /proc/$server/fd | wc -l"""


class Renewal:
    """The server's two files, and pairs to put there."""

    def __init__(self, lab: Lab, *options: str) -> None:
        self.lab = lab
        self.pairs = [pair(lab.directory / f"pair{n}") for n in range(2)]
        place = lab.directory / "live"
        place.mkdir()
        self.cert, self.key = place / "cert.pem", place / "key.pem"
        self.put(0)
        self.trust = lab.directory / "trust.pem"
        self.trust.write_bytes(b"".join(cert.read_bytes() for cert, _ in self.pairs))
        site = lab.site
        site.tls = client(site, trust=str(self.trust))
        site.options = ["--root", str(site.root)]
        site.options += ["--cert", str(self.cert), "--key", str(self.key)]
        self.server = lab.start(*options)

    def put(self, number: int) -> None:
        """Makes this pair the one that the server's files hold."""
        cert, key = self.pairs[number]
        self.cert.write_bytes(cert.read_bytes())
        self.key.write_bytes(key.read_bytes())

    def ask(self) -> None:
        """Sends SIGHUP."""
        self.server.process.send_signal(signal.SIGHUP)

    def number(self, wire: Wire) -> int:
        """The pair that the server has shown on this connection."""
        assert wire.tls
        shown = wire.tls.getpeercert(binary_form=True)
        for number, (cert, _) in enumerate(self.pairs):
            if shown == as_der(cert):
                return number
        return -1

    def seen(self) -> int:
        """The pair that a new client sees."""
        status = self.server.process.poll()
        expected = "the server goes on after SIGHUP"
        got = f"it {self.server.how_ended(status)}"
        expect(status is None, expected, got, again=BY_HAND)
        wire = self.server.connect()
        number = self.number(wire)
        response = self.server.ask(head(self.server), wire=wire)
        gets_page(self.server, response, "a new client")
        wire.close()
        return number

    def shows(self, number: int, when: str) -> None:
        """Sooner or later new clients see this pair."""
        seen = observe(self.seen, lambda seen: seen == number, 3.0)
        names = {0: "the old certificate", 1: "the new certificate"}
        what = f"what a new client sees {when}"
        equal(names.get(seen), names[number], what, again=BY_HAND)


def as_der(cert: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(cert.read_text())


@check("signal(7): SIGHUP; SSL_CTX_new(3); the exercise")
def test_reload_shown(lab: Lab) -> None:
    """A certificate lasts for ninety days, or for six. To restart the server
    for each new one would cut every connection that there is.

    1. What does SIGHUP do to a program that does not catch it?
    2. The handler only remembers it; a new SSL_CTX reads the files where it
       is safe to do so, before the next connection gets its SSL.
    3. tls_open(): if it was asked for, SSL_CTX_new(), configure() and load()
       as at the start, then put it in the place of the old one.
    """
    files = Renewal(lab)
    files.shows(0, "at first")
    files.put(1)
    files.shows(0, "before it is asked to read again")
    for number in (1, 0, 1):
        files.put(number)
        files.ask()
        files.shows(number, "after SIGHUP")


@check("SSL_CTX_free(3): counted; the exercise: they go on")
def test_reload_keeps(lab: Lab) -> None:
    """A connection was begun with the old key, and has keys of its own since.
    It goes on; also one that is in the middle of its handshake or its answer.

    1. Which connections end when you read the files again?
    2. Each SSL keeps its SSL_CTX alive: SSL_CTX_free() only counts down.
    3. Free the old context once, and do not touch the connections.
    """
    files = Renewal(lab, "--timeout", "60")
    page = Questions(files.server).page()
    wires = [files.server.connect() for _ in range(3)]
    for wire in wires:
        wire.send(page.data)
        answer(wire, page)
    half = files.server.connect()
    half.send(page.data[:20])
    context = client(lab.site, TLS12, trust=str(files.trust))
    before = files.server.connect(tls=context)
    before.send(page.data)
    answer(before, page)
    assert before.tls
    context.resume = before.tls.session
    files.put(1)
    files.ask()
    files.shows(1, "after SIGHUP")
    with shown(KEEPS):
        for wire in wires:
            equal(files.number(wire), 0, "the pair of a connection that was there")
            wire.send(page.data)
            answer(wire, page)
        half.send(page.data[20:])
        answer(half, page)
        again = files.server.connect(tls=context)  # with a ticket from before
        again.send(page.data)
        answer(again, page)


@check("SSL_CTX_check_private_key(3); the exercise: the old ones stay")
def test_reload_unusable(lab: Lab) -> None:
    """Two files cannot be exchanged in one moment, and sometimes somebody
    copies the wrong one. A server that runs must not stop for that.

    1. What is left of the old certificate when the new one does not fit?
    2. Build the new context to its end before you let go of the old one.
    3. One line that names the file; then go on as before, and try again at
       the next SIGHUP.
    """
    with shown(UNFIT):
        stays_with_the_old(Renewal(lab))


def stays_with_the_old(files: Renewal) -> None:
    """Whatever is put into its files but a pair."""
    other_cert, other_key = files.pairs[1]
    broken = {
        "a certificate of another key": (files.cert, other_cert.read_bytes()),
        "a key of another certificate": (files.key, other_key.read_bytes()),
        "half a certificate": (files.cert, other_cert.read_bytes()[:200]),
        "an empty key": (files.key, b""),
    }
    for what, (path, content) in broken.items():
        files.put(0)
        path.write_bytes(content)
        before = len(files.server.err.data)
        files.ask()
        files.shows(0, f"with {what}")
        told = observe(
            lambda: bytes(files.server.err.data)[before:],
            lambda said: b".pem" in said,
            3.0,
        )
        named = b"cert.pem" in told or b"key.pem" in told
        expect(named, f"a line that names the file, for {what}", told, again=UNFIT)
    files.cert.unlink()
    files.ask()
    files.shows(0, "where the certificate is gone")
    files.put(1)
    files.ask()
    files.shows(1, "when the files fit again")


@check("signal(7), select(2): EINTR; SSL_CTX_free(3)")
def test_reload_storm(lab: Lab) -> None:
    """A signal may come at any moment, and many times. Whatever has been read
    again and again must be given back as often.

    1. What do your calls do with EINTR when SIGHUP interrupts them?
    2. Who frees the context that nobody uses any more?
    3. Nothing but a flag is set in the handler; the flag is cleared before
       the files are read, not after.
    """
    files = Renewal(lab)
    serves(files.server)
    held = files.server.tree().descriptors
    for number in range(STORM):
        files.ask()
        if number % 10 == 0:
            serves(files.server, "a client among many signals")
    files.put(1)
    files.ask()
    files.shows(1, "after all of them")
    for version in BOTH:
        context = client(lab.site, version, trust=str(files.trust))
        wire = files.server.connect(tls=context)
        response = files.server.ask(head(files.server), wire=wire)
        gets_page(files.server, response, "a client at the end")
        wire.close()
    now = observe(
        lambda: files.server.tree().descriptors, lambda n: n <= held, lab.patience
    )
    expect(now <= held, f"{held} descriptors, as before", now, again=MANY)
