"""Clients that do what a script says, and write down when what happened.

A client's clock is the system's (time.time()), as that of strace is. Each has a
thread and blocking sockets; every wait has a deadline.
"""

from __future__ import annotations

import re
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import Callable, Optional

from .scenario import Action, Script

PATIENCE = 15.0  # seconds for one answer
PIECES = 8  # in which a slow sender sends
SIPS = 9  # in which a slow reader reads
CHUNK = 1 << 16
SMALL = 1 << 17  # receive buffer of a slow reader, bytes
HEAD_END = b"\r\n\r\n"
HALF_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(90)

CONNECTING, SHAKING = "connecting", "handshake"
SILENT, SENDING, WAITING = "silent", "sending", "waiting"
RECEIVING = "receiving"
DONE, REFUSED, RESET, CUT, LATE = "done", "refused", "reset", "cut off", "gave up"


@dataclass
class Span:
    """For so long a client was in that state. Times are seconds."""

    state: str
    start: float
    end: float


@dataclass
class Moment:
    """Something that takes no time; `count` bytes went one way."""

    what: str  # sent, received, connected, half-closed, or how it ended
    at: float
    count: int = 0
    text: bytes = b""


@dataclass
class Record:
    """What one client saw."""

    name: str
    ports: list[int] = field(default_factory=list)  # its own, of each connection
    spans: list[Span] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    resumed: list[bool] = field(default_factory=list)  # each handshake

    def count(self, what: str) -> int:
        return sum(m.count for m in self.moments if m.what == what)

    def first(self, what: str) -> Optional[float]:
        return next((m.at for m in self.moments if m.what == what), None)

    @property
    def end(self) -> str:
        """How it ended."""
        ends = [m.what for m in self.moments if m.what in (REFUSED, RESET, CUT, LATE)]
        return ends[0] if ends else DONE


class Stopped(Exception):
    """The script cannot go on; the reason is its end."""


class Client(threading.Thread):
    """Runs one script."""

    def __init__(
        self,
        script: Script,
        address: tuple[str, int],
        tls: Optional[ssl.SSLContext],
        crash: Callable[[int], None],
        closes: bool,
    ) -> None:
        super().__init__(name=script.name, daemon=True)
        self.script, self.address, self.tls = script, address, tls
        self.crash_server, self.closes = crash, closes
        self.record = Record(script.name)
        self.socket: Optional[socket.socket] = None
        self.session: Optional[ssl.SSLSession] = None
        self.inbox = b""
        self.begin = 0.0
        self.fault: Optional[BaseException] = None

    def run(self) -> None:
        time.sleep(max(0.0, self.begin + self.script.at - time.time()))
        try:
            for action in self.script.actions:
                self._do(action)
        except Stopped as stopped:
            self._moment(str(stopped))
        except Exception as error:  # told by whoever started it
            self.fault = error
        finally:
            self._state("")
            self._hang_up()

    # --- writing down -----------------------------------------------------

    def _state(self, state: str) -> None:
        now = time.time()
        spans = self.record.spans
        if spans and spans[-1].end == 0.0:
            if spans[-1].state == state:
                return
            spans[-1].end = now
        if state:
            spans.append(Span(state, now, 0.0))

    def _moment(self, what: str, data: bytes = b"") -> None:
        self.record.moments.append(Moment(what, time.time(), len(data), data[:300]))

    # --- what a script can ask for ----------------------------------------

    def _do(self, action: Action) -> None:
        method = getattr(self, "_" + action.verb.replace("-", "_"))
        try:
            method(*action.words)
        except socket.timeout:
            raise Stopped(LATE) from None
        except ConnectionRefusedError:
            raise Stopped(REFUSED) from None
        except (ConnectionResetError, BrokenPipeError):
            raise Stopped(RESET) from None
        except ssl.SSLError:
            raise Stopped(CUT) from None

    def _tcp(self) -> None:
        self._hang_up()
        family = socket.AF_INET6 if ":" in self.address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        self.inbox = b""
        self._state(CONNECTING)
        self.socket.connect(self.address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.record.ports.append(self.socket.getsockname()[1])
        self._moment("connected")
        self._state(SILENT)

    def _connect(self) -> None:
        self._tcp()
        if self.tls:
            self._state(SHAKING)
            assert self.socket
            secure = self.tls.wrap_socket(
                self.socket,
                server_hostname="localhost",
                do_handshake_on_connect=False,
                session=self.session,
            )
            self.socket = secure
            secure.do_handshake()
            self.record.resumed.append(bool(secure.session_reused))
            self._moment("resumed" if secure.session_reused else "handshake")
            self._state(SILENT)

    def _half_handshake(self) -> None:
        self._tcp()
        self._state(SHAKING)
        self._write(HALF_HELLO)

    def _send(self, text: str) -> None:
        self._state(SENDING)
        self._write(unescape(text))
        self._state(WAITING)

    def _ask(self, path: str) -> None:
        self._open()
        self._state(SENDING)
        self._write(self._request(path))
        self._answer()

    def _get(self, path: str) -> None:
        self._ask(path)
        self._close()

    def _pipeline(self, count: str, path: str) -> None:
        self._open()
        self._state(SENDING)
        self._write(self._request(path) * int(count))
        for _ in range(int(count)):
            self._answer()

    def _drip(self, path: str, ms: str) -> None:
        self._open()
        self._state(SENDING)
        request = self._request(path)
        size = -(-len(request) // PIECES)
        for at in range(0, len(request), size):
            if at:
                time.sleep(int(ms) / 1000 / (PIECES - 1))
            self._write(request[at : at + size])
        self._answer()

    def _sip(self, path: str, ms: str) -> None:
        self._open(receive_buffer=SMALL)
        self._state(SENDING)
        self._write(self._request(path))
        self._state(WAITING)
        length = self._head()
        self._state(RECEIVING)
        size = max(1, length // SIPS)
        got = len(self.inbox)
        deadline = time.time() + PATIENCE
        for sip in range(1, SIPS + 1):
            time.sleep(int(ms) / 1000 / SIPS)
            goal = length if sip == SIPS else size * sip
            while got < goal and time.time() < deadline:
                got += len(self._receive(min(CHUNK, goal - got)))
        self.inbox = b""

    def _read(self, count: str) -> None:
        self._state(WAITING)
        self._take(int(count))
        self._state(SILENT)

    def _rest(self) -> None:
        assert self.socket
        self._state(WAITING)
        while self.socket.recv(CHUNK):
            pass
        raise Stopped(CUT)

    def _wait(self, ms: str) -> None:
        if self.socket:
            self._state(SILENT)
        time.sleep(int(ms) / 1000)

    def _half_close(self) -> None:
        if self.socket:
            self.socket.shutdown(socket.SHUT_WR)
            self._moment("half-closed")

    def _close(self) -> None:
        self._hang_up()
        self._moment(DONE)
        self._state("")

    def _reset(self) -> None:
        if self.socket:
            linger = struct.pack("ii", 1, 0)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._hang_up()
        self._state("")

    def _crash(self) -> None:
        self.crash_server(self.record.ports[-1])

    # --- the parts --------------------------------------------------------

    def _open(self, receive_buffer: int = 0) -> None:
        if not self.socket:
            self._connect()
        if receive_buffer and self.socket:
            option = (socket.SOL_SOCKET, socket.SO_RCVBUF)
            self.socket.setsockopt(*option, receive_buffer)

    def _hang_up(self) -> None:
        if self.socket:
            if isinstance(self.socket, ssl.SSLSocket):
                self.session = self.socket.session or self.session
                self._say_goodbye(self.socket)
            self.socket.close()
            self.socket = None

    @staticmethod
    def _say_goodbye(secure: ssl.SSLSocket) -> None:
        try:
            secure.settimeout(0.0)
            secure.unwrap()
        except (OSError, ValueError):
            pass  # its close_notify has gone out; the answer is not waited for

    def _request(self, path: str) -> bytes:
        close = "Connection: close\r\n" if self.closes else ""
        host = f"{self.address[0]}:{self.address[1]}"
        return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{close}\r\n".encode()

    def _write(self, data: bytes) -> None:
        assert self.socket
        self.socket.sendall(data)
        self._moment("sent", data)

    def _take(self, count: int) -> None:
        """Reads so many bytes, the inbox first, and forgets them."""
        left = count - len(self.inbox)
        self.inbox = self.inbox[count:]
        while left > 0:
            left -= len(self._receive(min(CHUNK, left)))

    def _receive(self, most: int) -> bytes:
        assert self.socket
        data = self.socket.recv(most)
        if not data:
            raise Stopped(CUT)
        if self.record.spans[-1].state == WAITING:
            self._state(RECEIVING)
        self._moment("received", data)
        return data

    def _head(self) -> int:
        """Reads a head; the length of the body. Its start may be in the inbox."""
        while HEAD_END not in self.inbox:
            self.inbox += self._receive(CHUNK)
        head, _, self.inbox = self.inbox.partition(HEAD_END)
        length = re.search(rb"(?im)^content-length: *(\d+)", head)
        return int(length[1]) if length else 0

    def _answer(self) -> None:
        self._state(WAITING)
        self._take(self._head())
        if self.closes:
            self._hang_up()
        self._moment("answered")
        self._state(SILENT)


def unescape(text: str) -> bytes:
    r"""\r, \n and \xNN as in C."""
    named = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}

    def one(match: "re.Match[str]") -> str:
        return chr(int(match[2], 16)) if match[2] else named.get(match[1], match[1])

    return re.sub(r"\\(x([0-9a-fA-F]{2})|.)", one, text).encode("latin-1")
