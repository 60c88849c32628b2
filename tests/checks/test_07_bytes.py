"""Step 07: bytes in records, in any cut, and clients that others wrote."""

from __future__ import annotations

import http.client
import re
import shlex
import shutil
import signal
import subprocess

from grader import story
from grader.check import check
from grader.clients import by_grader, gets_page, serves
from grader.expect import Failure, NotJudged, equal, expect, same_bytes, shown
from grader.http import read_response, request
from grader.lab import Lab, Server
from grader.observe import observe
from grader.tls import (
    BOTH,
    RECORD,
    TLS13,
    Sealer,
    Shaking,
    client,
    s_client,
    sealer,
    type_in,
)

MIB = 1 << 20
ONE = "printf 'GET /hello.txt HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'"
TALK = "timeout 5 openssl s_client -quiet -connect 127.0.0.1:8443"
IN_ONE = f"""for i in $(seq 200); do {ONE}; done >requests
{{ cat requests; sleep 2; }} | {TALK} | grep -c Hello"""
AT_ONCE = f"""server=$!; {{ sleep 1; kill -STOP $server
for i in 1 2 3; do {ONE}; sleep 0.2; done; kill -CONT $server; sleep 1; }} | {TALK}"""
NEW_KEYS = f"""server=$!; {{ sleep 1; kill -STOP $server; echo K; sleep 0.2; echo K
sleep 0.2; {ONE}; sleep 0.2; kill -CONT $server; sleep 1; }} |
timeout 5 openssl s_client -tls1_3 -connect 127.0.0.1:8443 2>&1 | grep -c Hello"""
EDGE = """head -c %d /dev/zero >site/edge
curl -sSk -m 3 https://127.0.0.1:8443/edge | wc -c"""
PYTHON = """python3 -c 'import http.client, ssl
trust = ssl._create_unverified_context()
c = http.client.HTTPSConnection("127.0.0.1", 8443, context=trust, timeout=3)
for i in 1, 2: c.request("GET", "/hello.txt"); print(c.getresponse().read())'"""
LARGE = """head -c 20000000 /dev/zero >site/large
curl -sSk -m 9 --limit-rate 8M https://127.0.0.1:8443/large | wc -c"""


def pages(server: Server, wire: Sealer, count: int, how: str) -> None:
    """So many answers come, each the known page."""
    for number in range(1, count + 1):
        try:
            response = read_response(wire)
        except Failure as failure:
            expected = f"{count} answers to {count} requests {how}"
            expected = expected if count > 1 else f"an answer to a request {how}"
            got = f"{number - 1}, and then: {failure.got}"
            raise Failure(expected, got, wire=wire) from None
        gets_page(server, response, f"request {number} of {count} {how}")


@check("RFC 8446, section 5.1: at most 2^14 bytes in a record")
def test_record_edges(lab: Lab, server: Server) -> None:
    """A record carries 16 KiB at most, an answer is as long as it likes. Where
    the one ends and the other goes on, a byte is easily lost or sent twice.

    1. What does SSL_write() return, and how many bytes did you give it?
    2. With SSL_MODE_ENABLE_PARTIAL_WRITE it may be fewer than you gave.
    3. Count what was sent by its result, and go on from there.
    """
    head = len(server.get(lab.site.add("one", b"1")).head)
    edges = [0, 1, RECORD - head, RECORD, 2 * RECORD - head, 2 * RECORD, 64 << 10]
    sizes = {edge + more for edge in edges for more in (-1, 0, 1)} - {-1}
    sizes |= {lab.random.randrange(5 * RECORD) for _ in range(4)}
    files = {}
    for size in sorted(sizes):
        content = lab.random.randbytes(size)
        files[lab.site.add(f"{size}.bin", content)] = content
    for version in BOTH:
        wire = server.connect(tls=client(lab.site, version))
        for target, content in files.items():
            data = request("GET", target, host=server.authority)
            with shown(EDGE % len(content)):
                response = server.ask(data, wire=wire)
                same_bytes(response.body, content, f"the body of {target}")
        wire.close()


@check("SSL_pending(3), SSL_read(3)")
def test_requests_in_one_record(server: Server) -> None:
    """A record is read as a whole, and you ask for less than all of it: the
    rest waits inside the library. The socket is empty, so select() does not
    wake you, and the client waits for ever.

    1. How many bytes does your SSL_read() ask for, and how many has a record?
    2. SSL_pending() and SSL_has_pending() tell of bytes inside the library.
    3. Read again before you wait, as long as SSL_has_pending() is not 0.
    """
    least = request("GET", server.page, "X: ", host=server.authority)
    count = RECORD // (len(least) + 150)
    room = RECORD // count - len(least)
    one = request("GET", server.page, "X: " + "x" * room, host=server.authority)
    for version in BOTH:
        wire = sealer(server, client(server.site, version))
        wire.push(wire.seal(one * count))
        with shown(IN_ONE):
            pages(server, wire, count, "in one record")


@check("SSL_has_pending(3), SSL_CTX_set_read_ahead(3)")
def test_records_in_one_segment(lab: Lab, server: Server) -> None:
    """One read() may bring several records, the last of the handshake too, and
    SSL_read() hands out one of them at a time. The others wait where select()
    does not look.

    1. How often do you call SSL_read() when the socket is readable?
    2. Until it returns -1 and SSL_ERROR_WANT_READ, or is fair to others and
       comes back without waiting.
    3. After each SSL_read() that brought bytes ask SSL_has_pending(); if it
       is not 0, do not sleep.
    """
    one = request("GET", server.page, host=server.authority)
    shaking = Shaking(client(server.site, TLS13))
    plain = server.connect(plain=True)
    plain.send(shaking.hello)
    plain.send(shaking.last_flight(plain) + shaking.seal(one))
    try:
        got = shaking.take_until(plain, server.content)
    except Failure as failure:
        expected = "the page for a request that came with the handshake's end"
        raise Failure(expected, failure.got, again=AT_ONCE) from None
    expect(server.content in got, "the page", got, again=AT_ONCE)
    for size in (len(one), len(one) - 1, lab.random.randrange(2, 200)):
        wire = sealer(server)
        wire.push(wire.seal_each(one * 40, size))
        with shown(AT_ONCE):
            pages(server, wire, 40, f"in records of {size} bytes, sent at once")


@check("RFC 8446, section 5.1: records have no meaning of their own")
@by_grader
def test_request_over_records(lab: Lab, server: Server) -> None:
    """As TCP cuts bytes anywhere, TLS does so once more: a request may come in
    as many records as it has bytes, and a record in as many segments.

    1. Does your parser see the same bytes again, with more behind them?
    2. What SSL_read() brings is appended, as what read() brought.
    3. SSL_ERROR_WANT_READ in the middle of a record: nothing is wrong; wait
       for the socket and call it again.
    """
    one = request("GET", server.page, host=server.authority)
    wire = sealer(server)
    wire.push(wire.seal_each(one, 1))
    pages(server, wire, 1, "in a record for each byte")
    for byte in one:
        wire.push(wire.seal(bytes([byte])))
        wire.quiet(0.0005)
    pages(server, wire, 1, "in a record for each byte, one by one")
    sealed = wire.seal(one)
    for at in range(len(sealed)):
        wire.push(sealed[at : at + 1])
        wire.quiet(0.0005)
    pages(server, wire, 1, "in a record that comes byte by byte")
    sealed = wire.seal(one) + wire.seal(one)
    cut = lab.random.randrange(len(sealed) // 2, len(sealed))
    wire.push(sealed[:cut])
    pages(server, wire, 1, "before a record that is not whole yet")
    wire.push(sealed[cut:])
    pages(server, wire, 1, "whose record came in two segments")


@check("SSL_write(3): SSL_ERROR_WANT_WRITE, SSL_CTX_set_mode(3)")
def test_large_over_tls(lab: Lab, server: Server) -> None:
    """A client reads slowly, so the socket takes no more, in the middle of a
    record. The library keeps that record, and asks for the same bytes again.
    Meanwhile other clients get records of their own.

    1. What does your program do with SSL_ERROR_WANT_WRITE? It is no failure.
    2. Wait until the socket is writable, then call SSL_write() again with the
       same bytes. If they may stand elsewhere by then, say so by a mode.
    3. SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER and SSL_MODE_ENABLE_PARTIAL_WRITE;
       without the first the second call fails with "bad write retry".
    """
    sizes = 20 * MIB, 3 * MIB + 17, 6 * MIB + 1
    slow = []
    for number, size in enumerate(sizes):
        content = lab.random.randbytes(size)
        target = lab.site.add(f"{number}.bin", content)
        context = client(lab.site, BOTH[number % 2])
        wire = sealer(server, context, receive_buffer=1 << 16)
        wire.push(wire.seal(request("GET", target, host=server.authority)))
        wire.push(wire.seal(request("GET", server.page, host=server.authority)))
        slow.append((wire, target, content))
    with shown(LARGE):
        serves(server, "a client beside three that do not read")
        for wire, _, content in slow:  # so that they stop in other places
            wire.inbox[:0] = wire.take(lab.random.randrange(len(content) // 2))
        serves(server, "a client beside three that read slowly")
        for wire, target, content in reversed(slow):
            same_bytes(read_response(wire).body, content, f"the body of {target}")
            pages(server, wire, 1, "behind a large one")


# --- clients that others wrote ------------------------------------------------


def run_client(lab: Lab, words: "list[str]", text: str = "") -> bytes:
    """What another program prints when it is this server's client."""
    if not shutil.which(words[0]):
        raise NotJudged(f"there is no {words[0]} here")
    line = shlex.join(words).replace(str(lab.site.cert), "cert.pem")
    line = re.sub(r"(?<=127\.0\.0\.1:)\d+", "8443", line)
    line = "printf " + story.quote(text.encode()) + f" | {line}" if text else line
    try:
        done = subprocess.run(
            words,
            input=text.encode(),
            capture_output=True,
            timeout=2 * lab.patience,
            cwd=lab.directory,
        )
    except subprocess.TimeoutExpired:
        expected = f"{words[0]} gets its answers"
        raise Failure(expected, "it still waits", again=line) from None
    said = done.stderr.decode(errors="replace").strip() or "nothing"
    got = f"status {done.returncode}, and on stderr: {said}"
    wanted = f"{words[0]} ends with status 0"
    expect(done.returncode == 0, wanted, got[:400], again=line)
    return done.stdout


@check("curl(1)")
def test_curl_client(lab: Lab, server: Server) -> None:
    """curl checks the certificate, offers HTTP/2 and takes HTTP/1.1, keeps the
    connection for the second URL, and says when an end is not in order.

    1. curl -v --cacert cert.pem https://localhost:8443/ tells each step.
    2. Which of its lines, those with * in front, is the last?
    3. With two URLs: "Re-using existing connection" means that it was kept.
    """
    url = f"https://127.0.0.1:{server.port}"
    shown = "%{http_version} %{num_connects} %{ssl_verify_result}\\n"
    words = ["curl", "-sS", "--cacert", str(lab.site.cert), "--noproxy", "*"]
    words += ["-w", shown, url + server.page, url + server.page]
    out = run_client(lab, words).decode("latin-1")
    page = server.content.decode("latin-1")
    wanted = f"{page}1.1 1 0\n{page}1.1 0 0\n"
    equal(out, wanted, "the page twice, by HTTP/1.1, on one connection")


@check("openssl-s_client(1)")
def test_openssl_client(lab: Lab, server: Server) -> None:
    """openssl s_client is for TLS what nc is for TCP: you type HTTP by hand.

    1. openssl s_client -quiet -connect 127.0.0.1:8443, then type a request.
    2. -msg shows each message of the handshake; K and Enter change the keys.
    3. At the end it must not say "unexpected eof": send a close_notify.
    """
    words = ["openssl", "s_client", "-quiet", "-verify_return_error"]
    words += ["-CAfile", str(lab.site.cert)]
    words += ["-connect", f"127.0.0.1:{server.port}"]
    data = request("GET", server.page, "Connection: close", host=server.authority)
    for version in ("-tls1_3", "-tls1_2"):
        out = run_client(lab, [*words, version], data.decode())
        expect(out.endswith(server.content), "the page at the end", out)
    new_keys(lab, server, data)


def new_keys(lab: Lab, server: Server, data: bytes) -> None:
    """TLS 1.3 may change its keys at any time (RFC 8446, section 4.6.3), and K
    does: the server finds two such messages and the request."""
    tool = s_client(lab, server, "-tls1_3")

    def told(what: bytes) -> int:
        return len(re.findall(rb"(?m)^>>> .*%b" % what, bytes(tool.out.data)))

    server.process.send_signal(signal.SIGSTOP)  # what is sent will come at once
    try:
        for count in (1, 2):
            type_in(tool, b"K\n")
            if observe(lambda: told(b"KeyUpdate$"), lambda n: n >= count, 3.0) < count:
                return  # it is older than TLS 1.3's new keys, or has gone
        before = told(b"RecordHeader")
        type_in(tool, data)
        observe(lambda: told(b"RecordHeader"), lambda n: n > before, 1.0)
    finally:
        server.process.send_signal(signal.SIGCONT)
    if not tool.out.wait(server.content, lab.patience):
        alert = re.search(rb"<<< .*Alert .*, (.*)", bytes(tool.out.data))
        got = f"the alert {alert[1].decode()}" if alert else "no page"
        raise Failure("the page, after new keys twice", got, again=NEW_KEYS)


@check("https://docs.python.org/3/library/http.client.html")
def test_python_client(lab: Lab, server: Server) -> None:
    """A program that knows nothing of this grader: Python's own client.

    1. python3 -c 'import urllib.request as u; ...' is a client in one line.
    2. It checks the name in the certificate, and the end of the connection.
    3. The grader's clients all pass, and this one not? Look at what differs:
       its requests have Accept-Encoding: identity.
    """
    connection = http.client.HTTPSConnection(
        "localhost", server.port, context=lab.site.tls, timeout=lab.patience
    )
    try:
        for _ in range(2):
            connection.request("GET", server.page)
            response = connection.getresponse()
            equal(response.status, 200, "the status", again=PYTHON)
            same_bytes(response.read(), server.content, "the body", again=PYTHON)
    except (OSError, http.client.HTTPException) as error:
        wanted = "two answers on one connection"
        raise Failure(wanted, repr(error), again=PYTHON) from None
    finally:
        connection.close()
