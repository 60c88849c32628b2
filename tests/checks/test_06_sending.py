"""Step 06: what becomes of a file while it is being sent."""

from __future__ import annotations

import os
from typing import Optional

from grader.bulk import LARGE, Download, Sparse, content, hurry
from grader.check import check
from grader.clients import by_grader, limited, serves
from grader.expect import Failure, equal, expect, same_bytes
from grader.http import Response, read_head, read_response, request
from grader.lab import Lab, Server
from grader.observe import observe
from grader.site import Site
from grader.wire import Wire

FEW = 64  # descriptors
CROWD = 90  # clients, each of which needs two
SERVED = 3  # of them, before the others come


def begin(server: Server, target: str) -> tuple[Wire, Response]:
    """A download by a client that has read no more than the head."""
    wire = server.connect(receive_buffer=4096)
    wire.send(request("GET", target, host=server.authority), read=False)
    response = read_head(wire)
    equal(response.status, 200, "the status")
    return wire, response


@check("RFC 9112, section 8; read(2): 0; ftruncate(2)")
@by_grader
def test_cut_short(lab: Lab, site: Site) -> None:
    """While you send a file, somebody empties it. You have promised more
    bytes than there are now. The client can tell a broken answer from a
    whole one, unless you make up the rest.

    1. What does read() return at the end of a file, and does your loop end?
    2. The promise cannot be kept, and not be taken back: only an early end
       tells the client.
    3. 0 before all is sent: close the connection; no zeros, no error page.
    """
    server = lab.start("--timeout", "60")  # it is not the clock that ends this
    whole = content(lab.random, LARGE)
    target = site.add("large.bin", whole)
    assert site.root
    for left in (LARGE // 2, 0):
        wire, response = begin(server, target)
        equal(response.get("Content-Length"), str(LARGE), "Content-Length")
        os.truncate(site.root / "large.bin", left)
        hurry(wire)
        body = wire.take(LARGE)  # fewer where the server ends
        got = f"all {LARGE} bytes of a file that has {left}"
        expect(len(body) < LARGE, "an end before the promised bytes", got)
        same_bytes(body, whole[: len(body)], "what was sent before the end")
        wire.close()
        serves(server)
        site.add("large.bin", whole)


@check("RFC 9112, section 6.3; fstat(2)")
@by_grader
def test_growing(lab: Lab, server: Server, site: Site) -> None:
    """A log is being written while you send it. What is promised is sent,
    and not a byte more: it would be taken for the next answer.

    1. When do you know how long the file is, and when do you read it?
    2. Content-Length was true then; the end of the file is not your end.
    3. Send until the promised count is reached, not until read() returns 0.
    """
    whole = content(lab.random, LARGE)
    target = site.add("log.txt", whole)
    assert site.root
    wire, response = begin(server, target)
    equal(response.get("Content-Length"), str(LARGE), "Content-Length")
    with (site.root / "log.txt").open("ab") as file:
        file.write(b"HTTP/1.1 999 More\r\n\r\n" * 20_000)
    hurry(wire)
    same_bytes(wire.take(LARGE), whole, "the file as it was", wire=wire)
    data = request("GET", server.page, host=server.authority)
    response = server.ask(data, wire=wire)
    same_bytes(response.body, server.content, "the next answer")


@check("rename(2), unlink(2): a file lives while it is open")
@by_grader
def test_replaced(lab: Lab, server: Server, site: Site) -> None:
    """A new version is put in place, or the old one deleted, while it is
    being sent. Half of each is worse than none.

    1. When do you open the file, and how often?
    2. An open file stays what it is, whatever becomes of its name.
    3. Open once, keep the descriptor until the last byte, then close it.
    """
    whole = content(lab.random, LARGE)
    assert site.root
    for change in ("replaced", "removed"):
        path = site.root / f"{change}.bin"
        path.write_bytes(whole)
        wire, _ = begin(server, f"/{change}.bin")
        if change == "replaced":
            (site.root / "new").write_bytes(whole[::-1])
            os.rename(site.root / "new", path)
        else:
            path.unlink()
        hurry(wire)
        body = wire.take(LARGE)
        # an early end would be honest too
        same_bytes(body, whole[: len(body)], f"the file that was {change}")
        if len(body) == LARGE:
            expect(wire.ended is None, "the connection goes on", wire.ended)
        wire.close()


@check("getrlimit(2): RLIMIT_NOFILE; open(2): EMFILE; the contract: 503")
@by_grader
def test_few_descriptors(lab: Lab, site: Site) -> None:
    """A connection takes a descriptor, and its file another. A system gives
    out a limited number, and when they are used up, open() fails.

    1. What does your server answer when open() says EMFILE?
    2. It is not the client's fault, and it will pass: 503.
    3. EMFILE and ENFILE are 503; accept() may fail with them as well: then
       wait with accepting until a connection has gone.
    """
    assert site.root
    file = Sparse(site.root / "film.mp4", LARGE, lab.random)
    limited(lab, FEW)
    server = lab.start("--quiet")
    crowd = gather(server, file)
    for download in crowd[:SERVED]:
        download.rest()
    for download in lab.random.sample(crowd[SERVED:], 10):
        if download.wire.quiet(0.02):
            continue  # it waits
        response = read_head(download.wire) if not download.wire.ended else None
        status = response.status if response else 503
        expect(status in (200, 503), "the file, 503, or nothing yet", status)
    for download in crowd:
        download.wire.close()
    again = observe(lambda: asked(server), lambda status: status == 200)
    equal(again, 200, "the status when all have gone")
    serves(server)


def gather(server: Server, file: Sparse) -> list[Download]:
    """As many clients as come in; where TLS is spoken, a server that is full
    lets the next one wait at once."""
    crowd: list[Download] = []
    while len(crowd) < CROWD:
        try:
            wanted = Download(server, file, receive_buffer=4096, patience=1.0)
        except Failure:
            if len(crowd) < 8:
                raise
            break
        wanted.wire.patience = server.lab.patience
        if len(crowd) < SERVED:
            wanted.head()  # it is served before the others come
        crowd.append(wanted)
    return crowd


def asked(server: Server) -> Optional[int]:
    """The status for an ordinary client, None where it was not served."""
    wire = server.connect()
    wire.send(request("GET", server.page, host=server.authority))
    try:
        return read_response(wire).status
    except Failure:
        return None
    finally:
        wire.close()


@check("RFC 9112, section 9.3.2; RFC 9110, sections 9.3.2 and 15.4.5")
@by_grader
def test_mixed_pipeline(lab: Lab, server: Server, site: Site) -> None:
    """Answers with a body, without one, short and long, one after the other
    on a connection: each ends where the next one begins.

    1. Which of your answers have no body whatever their fields say?
    2. HEAD, 304: the head, and then the next answer at once.
    3. One function decides whether there is a body; head and sender ask it.
    """
    site.add("sub/index.html", b"<p>index\n")
    site.add("bare/page.txt", b"page")
    large = content(lab.random, 200_000)
    site.add("large.bin", large)
    date = f"If-Modified-Since: {server.get().get('Last-Modified')}"
    asks = [("GET", "/large.bin", 200), ("HEAD", "/large.bin", 200)]
    asks += [("GET", "/sub", 301), ("HEAD", "/sub", 301), ("GET", "/bare/", 403)]
    asks += [("GET", server.page, 304), ("HEAD", server.page, 304)]
    asks += [("GET", "/nowhere", 404), ("HEAD", "/nowhere", 404), ("GET", "/", 200)]
    asks = lab.random.sample(asks * 5, 50)
    data = b""
    for method, target, status in asks:
        fields = [date] if status == 304 else []
        data += request(method, target, *fields, host=server.authority)
    wire = server.connect()
    wire.send(data)
    for method, target, status in asks:
        response = read_response(wire, method)
        alike = {301: (301, 302, 307, 308), 403: (403, 404)}.get(status, (status,))
        wanted = f"{status} for {method} {target}, in its turn"
        expect(response.status in alike, wanted, f"status {response.status}")
        if (method, target) == ("GET", "/large.bin"):
            same_bytes(response.body, large, "the file between other answers")
