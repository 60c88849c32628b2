"""Files too large to be held at once: made, received, and what they cost.

A large file is sparse: holes, and here and there a mark of bytes that nobody
can guess, at its edges and where a 32-bit offset would overflow. A download
compares every byte as it arrives, and keeps none.
"""

from __future__ import annotations

import re
import socket
import struct
from bisect import bisect_left
from pathlib import Path
from random import Random
from typing import Any

from .expect import equal, same_bytes
from .http import Response, read_head, request
from .lab import Server
from .proc import PROC
from .wire import Wire

MIB = 1 << 20
SEND_BUFFERS = Path("/proc/sys/net/ipv4/tcp_wmem")


def _most_unsent() -> int:
    """Bytes that the system keeps for a client that reads slowly."""
    try:
        return int(SEND_BUFFERS.read_text().split()[2])
    except (OSError, ValueError, IndexError):
        return 10 * MIB  # more than any system does unasked


LARGE = _most_unsent() + 2 * MIB  # more than the system takes for a slow reader
BLOCK = 64 << 10  # bytes compared at once: few, so that the caches hold them
MARK = 64
MARKS = 60


def content(random: Random, size: int) -> bytes:
    """Bytes of which each kilobyte is unlike every other, so that none can
    stand in for another, or for nothing."""
    salt = random.randbytes(1016)
    parts = (struct.pack(">Q", n) + salt for n in range(size // 1024 + 1))
    return b"".join(parts)[:size]


class Sparse:
    """A file of holes and marks."""

    def __init__(self, path: Path, size: int, random: Random) -> None:
        self.target = "/" + path.name
        self.size = size
        starts = {random.randrange(size // MARK) * MARK for _ in range(MARKS)}
        starts |= {0, size - MARK}
        starts |= {edge - MARK // 2 for edge in (1 << 31, 1 << 32) if edge < size}
        self.starts = sorted(starts)
        self.marks = [random.randbytes(MARK) for _ in self.starts]
        with path.open("wb") as file:
            file.truncate(size)
            for start, mark in zip(self.starts, self.marks):
                file.seek(start)
                file.write(mark)

    def part(self, start: int, length: int) -> bytes:
        """What it holds from there on."""
        found = bytearray(length + 2 * MARK)
        first = bisect_left(self.starts, start - MARK + 1)
        for n in range(first, bisect_left(self.starts, start + length)):
            at = self.starts[n] - start + MARK
            found[at : at + MARK] = self.marks[n]
        return bytes(found[MARK : MARK + length])


class Download:
    """A request for a sparse file; its body is taken piece by piece."""

    def __init__(
        self, server: Server, file: Sparse, *fields: str, **options: Any
    ) -> None:
        self.file = file
        self.at = 0
        self.wire = server.connect(**options)
        data = request("GET", file.target, *fields, host=server.authority)
        self.wire.send(data, read=False)

    def head(self) -> Response:
        """The head of the answer, which promises the whole file."""
        response = read_head(self.wire)
        equal(response.status, 200, "the status", wire=self.wire)
        length = response.get("Content-Length")
        equal(length, str(self.file.size), "Content-Length", wire=self.wire)
        return response

    def take(self, count: int) -> None:
        """The next bytes of the body, fewer at its end."""
        end = min(self.at + count, self.file.size)
        while self.at < end:
            wanted = self.file.part(self.at, min(BLOCK, end - self.at))
            got = self.wire.take(len(wanted))
            what = f"the body from byte {self.at} on"
            same_bytes(got, wanted, what, wire=self.wire)
            self.at += len(got)

    def rest(self) -> None:
        """All that is left, no longer slowly."""
        hurry(self.wire)
        self.take(self.file.size)


def hurry(wire: Wire) -> None:
    """Lets a slow reader take in what comes as fast as others do."""
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * MIB)


def memory(server: Server) -> int:
    """Bytes of memory that the server's processes have taken for themselves:
    what they share counts once, the pages of a mapped file do not."""
    tree = server.tree()
    total = 0
    for pid in tree.pids:
        try:
            text = (PROC / str(pid) / "smaps_rollup").read_text()
        except OSError:
            return tree.rss
        match = re.search(r"^Pss_Anon: +(\d+) kB", text, re.MULTILINE)
        if not match:
            return tree.rss
        total += int(match[1]) << 10
    return total
