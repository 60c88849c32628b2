"""Sends a request to a server, and another behind it; tells what came of both."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

PEERS = Path(__file__).resolve().parent.parent / "peers"
SECOND = b"GET /second.html HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
MARK = b"this is the second page"
PATIENCE = 10.0  # seconds until a silent server counts as one
REFUSALS = {400, 408, 411, 413, 414, 417, 421, 431, 501, 505}
STATUS = re.compile(rb"\AHTTP/1\.[01] (\d{3}) ")


def make_site(root: Path) -> None:
    (root / "dir").mkdir(parents=True)
    for name in ("index.html", "page.html", "dir/index.html"):
        (root / name).write_bytes(b"<!doctype html><title>a page</title>\n")
    (root / "second.html").write_bytes(MARK + b"\n")


def command(name: str, build: Path) -> "list[str]":
    if name == "06":
        return [str(build / "06-static-files")]
    return [sys.executable, str(PEERS / f"{name}.py")]


@contextmanager
def running(name: str, build: Path, root: Path) -> "Iterator[int]":
    """The server, on a port of its own: that port."""
    words = command(name, build) + ["--port", "0", "--root", str(root), "--quiet"]
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=root
    )
    try:
        assert process.stdout
        line = process.stdout.readline().decode()
        match = re.match(r"listening on http://127\.0\.0\.1:(\d+)/", line)
        if not match:
            raise RuntimeError(f"{shlex.join(words)} does not start: {line!r}")
        yield int(match[1])
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def exchange(port: int, data: bytes) -> bytes:
    """All that the server says until it closes."""
    deadline = time.monotonic() + PATIENCE
    said = b""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as s:
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            while time.monotonic() < deadline:
                s.settimeout(max(deadline - time.monotonic(), 0.01))
                part = s.recv(65536)
                if not part:
                    break
                said += part
        except OSError:
            pass  # a reset ends it as well
    return said


def verdict(port: int, data: bytes) -> str:
    """What becomes of a request with another behind it:

    served   it has an answer, and the second one its own
    last     it has an answer, and then the connection ends
    refused  a status that says so, or no answer, and the end
    400      such a status, and the second has its answer
    skipped  only the second has an answer, or something else is strange
    """
    said = exchange(port, data + SECOND)
    status = STATUS.match(said)
    second = MARK in said
    if status and int(status[1]) == 100:  # an interim answer
        said = said.partition(b"\r\n\r\n")[2]
        status = STATUS.match(said)
    if not status:
        return "skipped" if second else "refused"
    if said.count(b"HTTP/1.1 ") + said.count(b"HTTP/1.0 ") == 1 and second:
        return "skipped"
    if int(status[1]) in REFUSALS:
        return "400" if second else "refused"
    return "served" if second else "last"
