"""Step 06: names that change between a look and the next."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Optional

from grader.check import check
from grader.expect import expect
from grader.http import read_response, request
from grader.lab import Lab, Server
from grader.site import Site

SECONDS = 1.0  # of trying, for each kind of change
AT_ONCE = 40  # requests in a write
SWAP = """
import os, select, sys
one, other, aside = sys.argv[1:]
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    for turn in range(50):
        os.rename(one, aside)
        os.rename(other, one)
        os.rename(aside, other)
"""


class Swapping:
    """Swaps two names, as fast as it can, while the block below it runs."""

    def __init__(self, one: Path, other: Path) -> None:
        names = [str(one), str(other), str(other) + ".aside"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", SWAP, *names],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> None:
        assert self.process.stdout
        self.process.stdout.readline()

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.process.communicate(timeout=20)


def try_to_catch(server: Server, target: str, secret: bytes) -> None:
    """Asks for a name that changes, again and again, for a bounded time."""
    data = request("GET", target, host=server.authority) * AT_ONCE
    wire = server.connect()
    end = time.monotonic() + SECONDS
    asked = 0
    while time.monotonic() < end:
        wire.send(data)
        for _ in range(AT_ONCE):
            response = read_response(wire)
            asked += 1
            wanted = f"never a byte from outside, for {target}, which changes"
            got = f"the secret, at request {asked}"
            expect(secret not in response.body, wanted, got)
            right = response.status in (200, 403, 404)
            expect(right, "200, 403 or 404", f"status {response.status}")


@check("CWE-367, CWE-59; openat(2): O_NOFOLLOW")
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
    link = site.root / "sub" / "link.txt"
    link.symlink_to(lab.directory / "secret.txt")
    server = lab.start("--quiet")
    with Swapping(site.root / "sub" / "page.txt", link):
        try_to_catch(server, "/sub/page.txt", secret)


@check("CWE-367, CWE-59; openat(2): a directory's descriptor")
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
    link = site.root / "sub" / "link"
    link.symlink_to(outside)
    server = lab.start("--quiet")
    with Swapping(site.root / "sub" / "deep", link):
        try_to_catch(server, "/sub/deep/page.txt", secret)


@check("CWE-367; fifo(7): O_NONBLOCK; the contract: never opened for reading")
def test_changing_fifo(lab: Lab, site: Site) -> None:
    """And once more: between your look and your open() the file becomes a
    fifo, and open() waits for somebody who never comes.

    1. What ends an open() that waits?
    2. Nothing does: so it must not wait.
    3. open() with O_NONBLOCK, then S_ISREG(st.st_mode) of fstat(), else close.
    """
    assert site.root
    site.add("sub/page.txt", b"page")
    fifo = site.root / "sub" / "pipe.txt"
    os.mkfifo(fifo)
    server = lab.start("--quiet")
    with Swapping(site.root / "sub" / "page.txt", fifo):
        try_to_catch(server, "/sub/page.txt", b"\0")
