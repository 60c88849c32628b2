"""Step 06: how a download ends, and what is left of it."""

from __future__ import annotations

import re
import select
import signal
import time

from grader import proc
from grader.bulk import LARGE, MIB, Download, Sparse, content
from grader.check import check
from grader.clients import by_grader, timely
from grader.expect import Failure, NotJudged, equal, expect, same_bytes
from grader.http import request
from grader.lab import Lab, Server
from grader.observe import observe
from grader.site import Site

STALLED = 1.4  # seconds


def at_rest(server: Server) -> int:
    """Descriptors that it holds when it has served one client and none is
    there."""
    if not proc.available():
        raise NotJudged("there is no /proc here to look at descriptors with")
    start = server.tree().descriptors
    same_bytes(server.get().body, server.content, "the page")
    return back_to(server, start, 0.5)


def back_to(server: Server, count: int, patience: float = 10.0) -> int:
    """Waits until it holds no more than so many; how many it holds then."""

    def look() -> int:
        return server.tree().descriptors

    return observe(look, lambda held: held <= count, patience)


@check("close(2); the contract: nothing is left open")
@by_grader
def test_files_closed(lab: Lab, server: Server, site: Site) -> None:
    """A file that is opened and not closed is a descriptor less, for each
    request, until there is none.

    1. Follow each way out of your function: 304, HEAD, an error.
    2. What closes the file of a client who leaves in the middle?
    3. The answer owns the file; who frees the answer closes it.
    """
    assert site.root
    file = Sparse(site.root / "film.mp4", LARGE, lab.random)
    site.add("sub/index.html", b"<p>index\n")
    site.add("bare/deep/page.txt", b"page")
    (site.root / "link").symlink_to("hello.txt")
    date = server.get().get("Last-Modified")
    fresh = f"If-Modified-Since: {date}"
    before = at_rest(server)
    wire = server.connect()
    targets = "/film.mp4 /sub /sub/ /bare/ /bare/deep/page.txt /bare/deep/nowhere"
    targets += " /link /nowhere /sub/index.html/x /.hidden /hello.txt"
    for target in targets.split():
        for method in ("HEAD", "POST", "GET"):
            for fields in ((), (fresh, "Content-Length: 0")):
                if method != "GET" or target != "/film.mp4":
                    data = request(method, target, *fields, host=server.authority)
                    server.ask(data, wire=wire)
    wire.close()
    for number in range(12):
        download = Download(server, file, receive_buffer=4096)
        download.head()
        download.wire.reset() if number % 2 else download.wire.close()
    after = back_to(server, before)
    expect(after <= before, f"{before} descriptors, as before", after)


@check("RFC 9112, section 9.6: a lingering close, of a second")
@by_grader
def test_download_linger_ends(lab: Lab, server: Server, site: Site) -> None:
    """You have sent all and wait until the client closes, so that no reset
    takes the end of the file from it. Some clients never close.

    1. What ends the wait for a client that does nothing any more?
    2. A deadline of its own, a second after the last byte.
    3. Whatever wakes the connection before that time sets its timer again.
    """
    assert site.root
    before = at_rest(server)
    for number in range(5):
        size = lab.random.randrange(2 * MIB, 4 * MIB)
        file = Sparse(site.root / f"{number}.mp4", size, lab.random)
        close = "Connection: close"
        download = Download(server, file, close, receive_buffer=4096)
        download.head()
        download.rest()
        equal(download.wire.rest(), b"", "what follows the file", wire=download.wire)
    after = back_to(server, before)
    most = f"{before} descriptors again, when a second has passed"
    expect(after <= before, most, after)


@check("the contract: responses under way are finished, 5 s at most")
@by_grader
def test_stop_while_sending(lab: Lab, server: Server, site: Site) -> None:
    """You restart the server; somebody is in the middle of a download. He
    gets the rest before the program ends.

    1. What does your program do first after SIGTERM, and what last?
    2. No new clients, but the ones that are being answered are finished.
    3. Close the listening socket and the idle connections; leave the loop
       when no connection is left, or after five seconds.
    """
    assert site.root
    file = Sparse(site.root / "film.mp4", LARGE, lab.random)
    idle = server.connect()
    downloads = [Download(server, file, receive_buffer=4096) for _ in range(2)]
    for download in downloads:
        download.head()
        download.take(100_000)
    server.send_signal(signal.SIGTERM)
    try:
        idle.rest(1.0)  # it is stopping, and ends who is not being answered
    except Failure:
        pass  # another check's business
    for download in downloads:
        download.rest()
        equal(download.wire.rest(), b"", "what follows the file")
        download.wire.close()
    status = server.wait(lab.patience)
    equal(status, 0, "the exit status after the last byte")


@check("the contract: 5 s at most", slow=True, waits=5.0)
@by_grader
def test_stop_is_bounded(lab: Lab, server: Server, site: Site) -> None:
    """And if he never reads? Then he has had his five seconds.

    1. What does your program wait for after SIGTERM, and how long?
    2. A deadline of its own, that no byte moves away.
    3. A timer five seconds after the signal ends what is left.
    """
    assert site.root
    file = Sparse(site.root / "film.mp4", LARGE, lab.random)
    download = Download(server, file, receive_buffer=4096)
    download.head()
    status = server.stop(signal.SIGTERM)
    equal(status, 0, "the exit status, within 5 s of SIGTERM")
    got = f"an end after {server.stop_took:.1f} s"
    expect(server.stop_took > 3.0, "five seconds for the answer under way", got)


@check(
    "the contract: the clock restarts with every byte that the kernel takes", waits=2.5
)
@by_grader
def test_stalled_reader(lab: Lab, site: Site) -> None:
    """A client asks for a film and reads none of it. It holds a descriptor,
    a file, a place among your connections.

    1. When does --timeout begin for a client that is being sent to?
    2. With the last byte that the kernel took for it.
    3. Each write() that takes something moves the deadline; when it passes,
       close the connection and the file.
    """
    assert site.root
    file = Sparse(site.root / "film.mp4", LARGE, lab.random)
    server = lab.start("--timeout", str(STALLED))
    before = at_rest(server)

    def attempt() -> float:
        download = Download(server, file, receive_buffer=4096)
        download.head()
        began = time.monotonic()
        held = server.tree().descriptors
        expect(held > before, "an open connection", f"{held} descriptors")
        back_to(server, held - 1)
        return time.monotonic() - began

    timely(attempt, STALLED, "an end for a client that takes nothing")
    after = back_to(server, before)
    expect(after <= before, f"{before} descriptors, as before", after)


@check("the contract: the clock restarts with every byte that the kernel takes")
@by_grader
def test_steady_reader(lab: Lab, site: Site) -> None:
    """A slow line is no crime. The download takes longer than --timeout, yet
    something of it is taken all the time.

    1. Does your clock measure the whole answer, or the time without progress?
    2. A deadline once per answer ends every long film.
    3. Set it anew after each write() that has taken something.
    """
    assert site.root
    file = Sparse(site.root / "film.mp4", 512 * MIB, lab.random)
    for timeout in (0.6, 1.2, 2.4):  # a busy machine reads less steadily
        server = lab.start("--timeout", str(timeout))
        if read_steadily(Download(server, file), timeout):
            return
    raise NotJudged("this machine is too busy to be a steady reader")


def read_steadily(download: Download, timeout: float) -> bool:
    """Reads for longer than the timeout; False where this side was slow."""
    download.head()
    last = began = time.monotonic()
    while last - began < 1.5 * timeout:
        select.select([], [], [], timeout / 10)  # what a slow line does
        try:
            download.take(4 * MIB)  # so much that the kernel takes more
        except Failure:
            if time.monotonic() - last < timeout / 2:
                raise
        before, last = last, time.monotonic()
        if last - before > timeout / 2:
            return False
    return True


SIZE = re.compile(r'" (\d{3}) (\S+)$')


def sizes(server: Server, count: int) -> list[tuple[str, str]]:
    """Status and size of each access line."""
    lines = [line for line in server.access_lines(count) if '"' in line]
    equal(len(lines), count, "the number of access lines")
    found = []
    for line in lines:
        match = SIZE.search(line)
        expect(match, "an access line that ends with status and size", line)
        assert match
        found.append((match[1], match[2]))
    return found


@check("the contract: Common Log Format, - where no body was sent")
@by_grader
def test_log_sizes(lab: Lab, server: Server, site: Site) -> None:
    """The last number of a line says how many bytes of body went out. Bills
    are written by it.

    1. When do you write the line, and what do you know then?
    2. HEAD and 304 have no body; a download may end early.
    3. Count what write() has taken of the body; log when the exchange ends.
    """
    assert site.root
    file = Sparse(site.root / "film.mp4", LARGE, lab.random)
    size = lab.random.randrange(100_000, 300_000)
    target = site.add("file.bin", content(lab.random, size))
    first = server.get(target)
    server.ask(request("HEAD", target, host=server.authority))
    server.get(target, f"If-Modified-Since: {first.get('Last-Modified')}")
    download = Download(server, file, receive_buffer=4096)
    download.head()
    download.wire.reset()
    whole, head, fresh, part = sizes(server, 4)
    equal(whole, ("200", str(size)), "status and size of the whole file")
    equal(head, ("200", "-"), "status and size of HEAD")
    equal(fresh, ("304", "-"), "status and size of 304")
    partly = part[0] == "200" and part[1].isdigit() and int(part[1]) < LARGE
    wanted = f"200 and fewer than {LARGE} bytes, for a client that has left"
    expect(partly, wanted, part)
