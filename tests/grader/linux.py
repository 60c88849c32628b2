"""What only Linux tells: a process's greatest memory, and delayed segments."""

from __future__ import annotations

import fcntl
import re
import select
import socket
import struct
import termios
import time

from .expect import Failure, NotJudged
from .lab import Server
from .proc import PROC, available
from .wire import Wire


def peak(server: Server) -> int:
    """The greatest number of bytes resident so far, over all processes."""
    if not available():
        raise NotJudged("there is no /proc here to look at processes with")
    kibibytes = 0
    for pid in server.tree().pids:
        try:
            status = (PROC / str(pid) / "status").read_text()
        except OSError:
            continue
        match = re.search(r"(?m)^VmHWM:\s+(\d+) kB", status)
        kibibytes += int(match[1]) if match else 0
    return kibibytes << 10


def waiting(wire: Wire) -> int:
    """Bytes that the kernel has received and nobody has read."""
    there = fcntl.ioctl(wire.socket, termios.FIONREAD, struct.pack("i", 0))
    return int(struct.unpack("i", there)[0])


def stall(wire: Wire, data: bytes, size: int) -> float:
    """Sends data, and acknowledges as late as the system ever does. Seconds
    from the first byte of the answers to byte number `size`."""
    quick = getattr(socket, "TCP_QUICKACK", None)
    if quick is None:
        raise NotJudged("this system cannot delay acknowledgments at will")
    before = waiting(wire)
    for mode in (1, 0):  # acknowledge what came; from now on, as late as can be
        wire.socket.setsockopt(socket.IPPROTO_TCP, quick, mode)
    wire.send(data, read=False)
    first = 0.0
    deadline = time.monotonic() + wire.patience
    while time.monotonic() < deadline:
        arrived, now = waiting(wire) - before, time.monotonic()
        if arrived and not first:
            first = now
        if arrived >= size:
            return now - first
        select.select([], [], [], 0.0005)
    raise Failure(f"{size} bytes of answers", f"{waiting(wire) - before}", wire=wire)
