"""Steps 01 and 02: one client after another, with blocking sockets."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from typing import Callable, NoReturn, Optional

import http_rules as rules
from answers import AccessLog, Sending
from pages import find_page, judge

LINGER = 1.0  # seconds in which a client may still read its answer


# --- step 01: echo ------------------------------------------------------------


def echo(client: socket.socket, show: bool) -> None:
    """Sends back what comes, until the client has said its last byte."""
    while True:
        data = client.recv(1 << 16)
        if not data:
            return
        if show:
            sys.stdout.buffer.write(shown(data))
            sys.stdout.buffer.flush()
        client.sendall(data)


def shown(data: bytes) -> bytes:
    """Printable bytes and line ends as they are, others as \\xNN."""
    return b"".join(
        bytes([b]) if 32 <= b < 127 or b in b"\r\n" else b"\\x%02x" % b for b in data
    )


# --- step 02: one request a connection -----------------------------------------


class Clock:
    """The time that a client has for what comes next: in 02 as long as it
    likes (None), from 03 on a number of seconds."""

    def __init__(self, seconds: Optional[float] = None) -> None:
        self.seconds = seconds
        self.restart()

    def restart(self) -> None:
        if self.seconds is not None:
            self.end = time.monotonic() + self.seconds

    def allow(self, client: socket.socket) -> None:
        """Lets the next call wait for what is left, and then raise
        socket.timeout."""
        if self.seconds is not None:
            left = self.end - time.monotonic()
            if left <= 0:
                raise socket.timeout
            client.settimeout(left)


def serve_request(
    client: socket.socket,
    address: str,
    log: AccessLog,
    clock: Clock,
    begun: Callable[[], None] = lambda: None,
) -> None:
    """Reads one head, answers it, closes. begun() is called when it is known
    that there will be an answer."""
    method, line = "", "-"
    try:
        head = read_head(client, clock)
        if head is None:
            return
        begun()
        request = rules.parse_head(head)
        method, line = request.method, request.line
        answer = judge(request, find_page)
    except rules.Refused as refused:
        begun()
        answer, line = rules.error(refused.status), refused.line
    clock.restart()
    sending = Sending(answer, method=method, close=True)
    try:
        while sending.next_bytes():
            clock.allow(client)
            sending.sent(client.send(sending.next_bytes()))
            clock.restart()
    finally:
        sending.finish(address, line, log)
    close_lingering(client)


def read_head(client: socket.socket, clock: Clock) -> Optional[bytes]:
    """A head as it comes, in whatever pieces. None: the client left, or never
    spoke. When time is up in the middle of it: 408."""
    data = b""
    while True:
        try:
            clock.allow(client)
            more = client.recv(4096)
        except socket.timeout:
            if not data:
                return None
            raise rules.Refused(408) from None
        if not more:
            return None
        data += more
        end = rules.head_end(data)
        if end:
            return data[:end]


def close_lingering(client: socket.socket) -> None:
    """Closes, yet lets the client read: bytes that it sent and nobody reads
    would make the system reset the connection and throw the answer away."""
    client.shutdown(socket.SHUT_WR)
    deadline = time.monotonic() + LINGER
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return
        client.settimeout(left)
        if not client.recv(1 << 16):
            return


# --- together -------------------------------------------------------------------


class OneByOne:
    """One client after another; what one does ends its connection only."""

    def __init__(self, serve: Callable[[socket.socket, str], None]) -> None:
        self.serve = serve
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: os._exit(0))

    def run(self, listener: socket.socket) -> NoReturn:
        while True:
            client, address = listener.accept()
            with client:
                try:
                    self.serve(client, address[0])
                except OSError:
                    pass  # it has reset the connection, or left
