"""Step 06: a file comes as it is, byte for byte, whatever its size."""

from __future__ import annotations

import os

from grader import proc
from grader.bulk import MIB, Download, Sparse, content, memory
from grader.check import check
from grader.clients import by_grader
from grader.expect import NotJudged, equal, expect, same_bytes, shown
from grader.http import read_response, request
from grader.lab import Lab, Server
from grader.site import Site

# one byte less, exactly, and one more than buffers like to have
BUFFERS = [1 << 10, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10, MIB]
READERS = 50
SPARE = 64 * MIB  # more than any buffer, less than the files
GIB = 1 << 30
HUGE = 4 * GIB + 5  # 5 for whoever counts with 32 bits
CURL = "curl -sS -m 3 http://127.0.0.1:8080"
COMPARE = f"{CURL}/%s | cmp - site/%s && echo the same"
FRESH = f"""echo one >site/new.txt; {CURL}/new.txt
echo something longer >site/new.txt; {CURL}/new.txt
rm site/new.txt; {CURL}/new.txt"""


@check("RFC 9110, section 9.3.1; read(2)")
def test_file_bytes(server: Server, site: Site) -> None:
    """A file is bytes: pictures hold NULs, and text from elsewhere holds
    other line ends than yours.

    1. Which function of yours stops at a NUL?
    2. No strlen(), no fgets(), no "%s" on the way of a file's bytes.
    3. The length comes from fstat(), the bytes from read(), and both go to
       write() with their count.
    """
    every = bytes(range(256)) * 3
    for name, data in (
        ("every.bin", every),
        ("nul.bin", b"\0"),
        ("lines.txt", b"one\r\ntwo\nthree\r\r\n\n"),
        ("end.txt", b"no line end"),
        ("head.txt", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        ("zero.txt", b""),
    ):
        with shown(COMPARE % (name, name)):
            response = server.get(site.add(name, data))
            equal(response.status, 200, f"the status for {name}")
            length = response.get("Content-Length")
            equal(length, str(len(data)), f"Content-Length of {name}")
            same_bytes(response.body, data, f"the bytes of {name}")


@check("RFC 9112, section 6.2; read(2), write(2)")
def test_file_sizes(lab: Lab, server: Server, site: Site) -> None:
    """Off by one at the end of a buffer: the classic. Each of these files
    fits some buffer exactly, or misses it by a byte.

    1. What do read() and write() return, and what if it is less?
    2. Loop until all is sent; send no more than was read.
    3. After write() has taken n bytes, the next round begins n bytes later,
       in the buffer and in the file.
    """
    sizes = {size + by for size in BUFFERS for by in (-1, 0, 1)}
    sizes |= {lab.random.randrange(2 * MIB) for _ in range(3)}
    whole = content(lab.random, max(sizes))
    for size in sorted(sizes):
        with shown(COMPARE % (f"{size}.bin", f"{size}.bin")):
            response = server.get(site.add(f"{size}.bin", whole[:size]))
            equal(response.status, 200, f"the status for a file of {size} bytes")
            same_bytes(response.body, whole[:size], f"a file of {size} bytes")


@check("RFC 9110, sections 9.3.2 and 8.6")
def test_head_of_files(lab: Lab, server: Server, site: Site) -> None:
    """Programs ask with HEAD whether a file has changed, and how large it
    is, before they fetch it.

    1. Compare the two heads line by line: curl -I, and curl -si.
    2. The size is known without reading a byte of the file.
    3. The same function makes both heads; only the sending differs.
    """
    site.add("sub/index.html", b"<p>index\n")
    site.add("empty.css", b"")
    site.add("large.bin", content(lab.random, 300_000))
    targets = ("/", "/sub", "/sub/", "/empty.css", "/large.bin", "/nowhere")
    for target in (server.page, *targets):
        get = server.get(target)
        head = server.ask(request("HEAD", target, host=server.authority))
        equal(head.status, get.status, f"the status of HEAD {target}")
        fields = {name.lower(): value for name, value in get.fields}
        for name, value in head.fields:
            if name.lower() != "date":  # it may have become another second
                what = f"the field {name} of HEAD {target}, as of GET"
                equal(value, fields.get(name.lower()), what)
        wanted = ["Content-Type", "Last-Modified"] if get.status == 200 else []
        wanted += ["Content-Length"] if get.body and wanted else []
        for name in wanted:
            what = f"the field {name} of HEAD {target}, as of GET"
            equal(head.get(name), fields.get(name.lower()), what)
    assert site.root
    huge = site.root / "huge.bin"
    try:
        with huge.open("wb") as file:
            file.truncate(HUGE)
    except OSError:
        return  # not every file system has files of that size
    head = server.ask(request("HEAD", "/huge.bin", host=server.authority))
    what = "Content-Length of HEAD for a file of 4 GiB and 5 bytes"
    equal(head.get("Content-Length"), str(HUGE), what)


@check("RFC 9110, section 15.5.5")
def test_missing_files(server: Server, site: Site) -> None:
    """A link leads nowhere, a name is mistyped: that is the most common of
    all errors, and no fault of yours.

    1. What does errno say when there is no such file?
    2. ENOENT is 404; so is ENOTDIR, where a directory on the way is missing.
    3. One switch from errno to status, used wherever a name is looked up.
    """
    site.add("sub/page.txt", b"page")
    for target in ("/nowhere", "/nowhere/", "/sub/nowhere", "/nowhere/page.txt"):
        for method in ("GET", "HEAD"):
            response = server.ask(request(method, target, host=server.authority))
            equal(response.status, 404, f"the status for {method} {target}")


@check("the contract: path 404, then method 405")
def test_read_only(server: Server, site: Site) -> None:
    """What is not there is not there for any method; what is there cannot be
    written or deleted by anybody.

    1. Which does your program look at first, the name or the method?
    2. 404 for a name that leads to nothing, whatever the method.
    3. Look at the method when the file has been found, not before.
    """
    for method in ("POST", "PUT", "DELETE"):
        for target, status in (("/nowhere", 404), (server.page, 405)):
            data = request(method, target, "Content-Length: 0", host=server.authority)
            equal(server.ask(data).status, status, f"the status for {method} {target}")
    assert site.root
    kept = (site.root / server.page[1:]).read_bytes()
    same_bytes(kept, server.content, "the file after PUT and DELETE")
    expect(not (site.root / "nowhere").exists(), "no file made by PUT", "one")


@check("RFC 9110, section 9.3.1: a current selected representation")
def test_fresh_files(lab: Lab, server: Server, site: Site) -> None:
    """Whoever edits a page and reloads it wants to see the change.

    1. What does your program remember from the request before?
    2. Look the name up again for every request.
    3. open() and fstat() for each answer; nothing of it is kept.
    """
    assert site.root
    name = f"n{lab.random.randrange(10**6)}.txt"
    path = site.root / name
    wire = server.connect()
    data = request("GET", f"/{name}", host=server.authority)
    with shown(FRESH):
        status = server.ask(data, wire=wire).status
        equal(status, 404, "the status before it is there")
        for text in (b"one", b"", b"something longer", content(lab.random, 70_000)):
            path.write_bytes(text)
            same_bytes(server.ask(data, wire=wire).body, text, "the file as it is now")
        other = b"another in its place"
        (site.root / "new").write_bytes(other)
        os.rename(site.root / "new", path)
        same_bytes(server.ask(data, wire=wire).body, other, "the file")
        path.unlink()
        status = server.ask(data, wire=wire).status
        equal(status, 404, "the status when it is gone")


@check("RFC 9110, section 9.3.1; the contract: many at once")
@by_grader
def test_parallel_downloads(lab: Lab, server: Server, site: Site) -> None:
    """Fifty clients, fifty files, all at once and none at the same speed.

    1. Which variables of yours exist once, and which once a client?
    2. How far a file has been sent belongs to its connection.
    3. Keep the open file and the offset with the connection, and read with
       pread(): a shared buffer is free again when write() returns.
    """
    whole = content(lab.random, MIB)
    wires = []
    for number in range(READERS):
        size = lab.random.randrange(1, MIB)
        target = site.add(f"{number}.bin", whole[-size:])
        wire = server.connect(receive_buffer=lab.random.choice((4096, 65536)))
        wire.send(request("GET", target, host=server.authority), read=False)
        wires.append((wire, whole[-size:]))
    for wire, _ in wires:
        if lab.random.random() < 0.5:
            wire.quiet(0.001)  # some have begun to read before the others
    lab.random.shuffle(wires)
    for wire, data in wires:
        same_bytes(read_response(wire).body, data, "the file", wire=wire)


@check("read(2); the contract: bounded memory")
@by_grader
def test_slow_readers(lab: Lab, server: Server, site: Site) -> None:
    """Fifty clients on slow lines fetch the same large file. Who reads the
    file into memory first has it there fifty times.

    1. How many bytes of a file does your program hold at a time?
    2. Read as much as one write() takes, when the socket is ready for it.
    3. Poll for write-readiness, then pread() at the connection's offset into
       one buffer, and write() it: what is not taken is read again later.
    """
    assert site.root
    if not proc.available():
        raise NotJudged("there is no /proc here to see a program's memory with")
    file = Sparse(site.root / "film.mp4", 8 * MIB, lab.random)
    server.get()
    before = memory(server)
    downloads = []
    for number in range(READERS):
        downloads.append(Download(server, file, receive_buffer=4096))
        downloads[-1].head()
        if number % 10 == 9:
            grown = memory(server) - before
            got = f"{grown // MIB} MiB more for {number + 1} readers"
            expect(grown < SPARE, f"less than {SPARE // MIB} MiB more", got)
    last = lab.random.choice(downloads)
    last.rest()


@check("lseek(2): off_t; RFC 9110, section 8.6; the contract", slow=True, waits=4.0)
@by_grader
def test_huge_file(lab: Lab, server: Server, site: Site) -> None:
    """Two gigabytes: more than an int counts, more than a program should hold,
    and nothing special for a file.

    1. Which of your variables that hold a size or an offset are int or long?
    2. off_t for offsets, uint64_t for lengths, "%llu" in Content-Length.
    3. Send piece by piece; neither malloc() nor read() ever sees the size of
       the whole.
    """
    assert site.root
    try:
        file = Sparse(site.root / "disk.img", 2 * GIB + MIB, lab.random)
    except OSError as error:
        raise NotJudged(f"no file of 2 GiB can be made: {error.strerror}") from None
    server.get()
    before = memory(server) if proc.available() else 0
    download = Download(server, file)
    download.head()
    while download.at < file.size:
        download.take(256 * MIB)
        if proc.available():
            grown = memory(server) - before
            got = f"{grown // MIB} MiB more after {download.at // MIB} MiB"
            expect(grown < SPARE, f"less than {SPARE // MIB} MiB more", got)
    data = request("GET", server.page, host=server.authority)
    after = server.ask(data, wire=download.wire)
    same_bytes(after.body, server.content, "the next file on the connection")
