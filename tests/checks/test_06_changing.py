"""Step 06: names that change between a look and the next."""

from __future__ import annotations

import os
import time
from pathlib import Path

from grader.check import check
from grader.clients import by_grader
from grader.expect import expect
from grader.http import read_response, request
from grader.lab import Lab
from grader.site import Site
from grader.trace import Trace

ASKED = 80  # times; each is a chance of about one in five
SECONDS = 8.0  # for them, on a busy machine
MOMENT = 20e-6  # seconds between two looks


def try_to_catch(lab: Lab, target: str, one: Path, other: Path, secret: bytes) -> None:
    """Asks for a name, and swaps it with another before and after some of the
    server's system calls: wherever there is a gap, something happens in it."""
    server = lab.start("--quiet")
    data = request("GET", target, host=server.authority)
    wire = server.connect()
    server.ask(data, wire=wire)
    aside = other.with_suffix(".aside")
    end = time.monotonic() + SECONDS
    with Trace(server) as trace:
        wire.send(data * ASKED)
        while wire.inbox.count(b"HTTP/1.1 ") < ASKED and time.monotonic() < end:
            if not trace.held():
                wire.quiet(MOMENT)
            elif lab.random.random() < 0.3:
                os.rename(one, aside)
                os.rename(other, one)
                os.rename(aside, other)
            trace.go_on()
    for _ in range(ASKED):
        response = read_response(wire)
        wanted = f"never a byte from outside, for {target}, which changes"
        expect(secret not in response.body, wanted, response.body)


@check("CWE-367, CWE-59; openat(2): O_NOFOLLOW")
@by_grader
def test_changing_file(lab: Lab, site: Site) -> None:
    """You look at a name: a file. You open it: in between somebody has put a
    link there. It takes a microsecond, and he can try a million times.

    1. Which two calls of yours name the same file, and what lies between?
    2. What is checked must be what is opened: check the descriptor.
    3. O_NOFOLLOW lets open() itself refuse a link; fstat() what is open.
    """
    secret = f"secret {lab.random.random()}".encode()
    (lab.directory / "secret.txt").write_bytes(secret)
    assert site.root
    site.add("sub/page.txt", b"page")
    page, link = site.root / "sub" / "page.txt", site.root / "sub" / "link.txt"
    link.symlink_to(lab.directory / "secret.txt")
    try_to_catch(lab, "/sub/page.txt", page, link, secret)


@check("CWE-367, CWE-59; openat(2): a directory's descriptor")
@by_grader
def test_changing_directory(lab: Lab, site: Site) -> None:
    """The same trick one level up: the directory that you have looked at is
    now a link to another one. O_NOFOLLOW looks at the last name only.

    1. How many names does open("sub/deep/page.txt") look up?
    2. Each of them may change before the next is looked up.
    3. Open one directory at a time, with O_NOFOLLOW | O_DIRECTORY, below the
       descriptor of the one before: openat().
    """
    secret = f"secret {lab.random.random()}".encode()
    outside = lab.directory / "outside"
    outside.mkdir()
    (outside / "page.txt").write_bytes(secret)
    assert site.root
    site.add("sub/deep/page.txt", b"page")
    deep, link = site.root / "sub" / "deep", site.root / "sub" / "link"
    link.symlink_to(outside)
    try_to_catch(lab, "/sub/deep/page.txt", deep, link, secret)


@check("CWE-367; fifo(7): O_NONBLOCK; the contract: never opened for reading")
@by_grader
def test_changing_fifo(lab: Lab, site: Site) -> None:
    """And once more: between your look and your open() the file becomes a
    fifo, and open() waits for somebody who never comes.

    1. What ends an open() that waits?
    2. Nothing does: so it must not wait.
    3. open() with O_NONBLOCK, then S_ISREG(st.st_mode) of fstat(), else close.
    """
    assert site.root
    site.add("sub/page.txt", b"page")
    page, fifo = site.root / "sub" / "page.txt", site.root / "sub" / "pipe.txt"
    os.mkfifo(fifo)
    try_to_catch(lab, "/sub/page.txt", page, fifo, b"\0")
