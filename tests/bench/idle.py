"""What a server takes while nothing is asked of it: memory for idle connections, and
the time until it listens."""

from __future__ import annotations

import re
import socket
import ssl
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Optional

from grader import proc
from grader.observe import observe, settled

from .loads import Wrong
from .servers import Server

REQUEST = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
SETTLE = 5.0  # seconds, at most, until memory stays what it is


def memory(server: Server) -> int:
    """Bytes that its processes alone have, and their share of what is shared."""
    total = 0
    for pid in proc.tree(server.pid).pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue  # it has ended
        found = re.search(r"(?m)^Pss:\s+(\d+) kB", text)
        total += int(found[1]) * 1024 if found else 0
    return total


@contextmanager
def clients(
    server: Server, count: int, ask: bool, tls: bool = False
) -> Iterator[list[socket.socket]]:
    """Connections that are silent; ask: once they have had an answer."""
    context: Optional[ssl.SSLContext] = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # who it is, the suites judge
    held: list[socket.socket] = []
    try:
        for _ in range(count):
            plain = socket.create_connection(("127.0.0.1", server.port), 10.0)
            held.append(context.wrap_socket(plain) if context else plain)
            if ask:
                held[-1].sendall(REQUEST)
                if not held[-1].recv(4096).startswith(b"HTTP/1.1 200"):
                    raise Wrong(f"{server.name} did not answer connection {len(held)}")
        yield held
    finally:
        for connection in held:
            connection.close()


def held(server: Server) -> int:
    """Descriptors: as many as before, once it has closed what its clients left."""
    return proc.tree(server.pid).descriptors


def grows(server: Server, points: list[int], ask: bool, tls: bool) -> dict[int, int]:
    """Memory at so many idle connections. One has come and gone before, so that
    what is there once for all is not counted as a connection's."""
    with clients(server, 1, ask, tls):
        pass
    found = {0: settled(lambda: memory(server), SETTLE)}
    before = held(server)
    for point in points:
        with clients(server, point, ask, tls):
            found[point] = settled(lambda: memory(server), SETTLE)
        observe(lambda: held(server), lambda now: now <= before)
    return found
