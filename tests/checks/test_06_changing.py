"""Step 06: names that change between a look and the next."""

from __future__ import annotations

import os
import select
import signal
import time
from pathlib import Path

from grader import proc
from grader.check import check
from grader.expect import NotJudged, expect
from grader.http import read_response, request
from grader.lab import Lab, Server
from grader.observe import observe
from grader.site import Site

SECONDS = 1.0  # of trying, for each kind of change
AT_ONCE = 100  # requests in a write
LEAST, SPAN = 20e-6, 200.0  # seconds between two changes, and how they vary


class Freezer:
    """Stops a server in the middle of whatever it does, swaps two names, and
    lets it go on. So it comes between a look and the next far more often than
    somebody who only swaps them as fast as he can."""

    def __init__(self, server: Server, one: Path, other: Path) -> None:
        if not proc.available():
            raise NotJudged("there is no /proc here to see a stopped program with")
        self.one, self.other = one, other
        self.aside = other.with_suffix(".aside")
        self.pids = server.tree().pids

    def swap(self) -> None:
        try:
            self._signal(signal.SIGSTOP)
            observe(self._stopped, bool)
            os.rename(self.one, self.aside)
            os.rename(self.other, self.one)
            os.rename(self.aside, self.other)
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        for pid in self.pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass  # the answers that it does not send will tell

    def _stopped(self) -> bool:
        for pid in self.pids:
            try:
                stat = (proc.PROC / str(pid) / "stat").read_text()
            except OSError:
                continue
            if stat[stat.rindex(")") + 2] not in "TtZX":
                return False
        return True


def try_to_catch(lab: Lab, target: str, one: Path, other: Path, secret: bytes) -> None:
    """Asks for a name that changes, again and again, for a bounded time."""
    server = lab.start("--quiet")
    freezer = Freezer(server, one, other)
    data = request("GET", target, host=server.authority) * AT_ONCE
    wire = server.connect()
    end = time.monotonic() + SECONDS
    swaps = 0
    while time.monotonic() < end:
        wire.send(data)
        while wire.inbox.count(b"HTTP/1.1 ") < AT_ONCE and time.monotonic() < end:
            select.select([], [], [], LEAST * SPAN ** lab.random.random())
            freezer.swap()
            swaps += 1
            wire.quiet(0)
        for _ in range(AT_ONCE):
            response = read_response(wire)
            wanted = f"never a byte from outside, for {target}, which changes"
            got = f"the secret, after {swaps} changes"
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
    page, link = site.root / "sub" / "page.txt", site.root / "sub" / "link.txt"
    link.symlink_to(lab.directory / "secret.txt")
    try_to_catch(lab, "/sub/page.txt", page, link, secret)


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
    deep, link = site.root / "sub" / "deep", site.root / "sub" / "link"
    link.symlink_to(outside)
    try_to_catch(lab, "/sub/deep/page.txt", deep, link, secret)


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
    page, fifo = site.root / "sub" / "page.txt", site.root / "sub" / "pipe.txt"
    os.mkfifo(fifo)
    try_to_catch(lab, "/sub/page.txt", page, fifo, b"\0")
