"""A client's connection: every wait has a deadline, and it is all written down.

Nothing here judges a server but by the clock: a reset or an early end is a
fact (`ended`) that the check may expect. Sending always reads as well, so
that two full buffers never wait for each other.
"""

from __future__ import annotations

import re
import select
import socket
import ssl
import struct
import time
from typing import Callable, Optional

from .expect import Failure, repr_bytes

PATIENCE = 10.0  # seconds for what should be instant, on a busy machine
CHUNK = 1 << 16
RECORD = 1 << 14  # bytes that one record of TLS holds at most
KEPT = 1 << 20  # bytes of each direction that the transcript keeps
ENDLESS = 256 << 20  # bytes that nobody asked for


class Transcript:
    """What went over a connection, in order: for the report."""

    def __init__(self) -> None:
        self.start = time.monotonic()
        self.parts: list[tuple[float, str, bytearray]] = []  # when, "<" or ">"
        self.total = {">": 0, "<": 0}

    def add(self, way: str, data: bytes) -> None:
        room = max(0, KEPT - self.total[way])
        self.total[way] += len(data)
        data = data[:room]
        if self.parts and self.parts[-1][1] == way and way == "<":
            self.parts[-1][2].extend(data)
        elif data:
            when = time.monotonic() - self.start
            self.parts.append((when, way, bytearray(data)))

    def side(self, way: str) -> bytes:
        return b"".join(data for _, w, data in self.parts if w == way)


class Wire:
    """One connection, plain or TLS. `ended` is None while the server may
    still send, then "end" (it closed), "reset", or "cut" (TLS without
    close_notify)."""

    def __init__(
        self,
        address: tuple[str, int],
        *,
        tls: Optional[ssl.SSLContext] = None,
        patience: float = PATIENCE,
        receive_buffer: int = 0,
        name: str = "localhost",
        accepted: Optional[socket.socket] = None,
    ) -> None:
        self.address = address
        self.patience = patience
        self.transcript = Transcript()
        self.inbox = bytearray()  # received, not yet taken by the check
        self.ended: Optional[str] = None
        self.half_closed = False
        self.used = time.monotonic()
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = accepted or socket.socket(family, socket.SOCK_STREAM)
        self.tls: Optional[ssl.SSLObject] = None
        try:
            if receive_buffer:
                option = (socket.SOL_SOCKET, socket.SO_RCVBUF)
                self.socket.setsockopt(*option, receive_buffer)
            self.socket.settimeout(patience)
            if not accepted:
                self._connect()
            self.socket.setblocking(False)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            self.socket.close()
            raise
        self._raw_out = bytearray()  # for the kernel; with TLS: records
        if tls:
            self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = tls.wrap_bio(
                self._incoming, self._outgoing, server_hostname=name
            )
            self._shake_hands()

    def _connect(self) -> None:
        try:
            self.socket.connect(self.address)
        except OSError as error:
            host, port = self.address
            raise Failure(
                f"a connection to {host} port {port} within {self.patience:g} s",
                f"{error.strerror or error}",
                wire=self,
            ) from None

    def _shake_hands(self) -> None:
        assert self.tls
        tls = self.tls

        def done() -> bool:
            try:
                tls.do_handshake()
                return True
            except ssl.SSLWantReadError:
                return False
            finally:
                self._raw_out += self._outgoing.read()

        try:
            if not self._pump(done, self.patience) or self.ended:
                got = self.ended or "the server did not finish it in time"
                raise Failure("a TLS handshake", got, wire=self)
        except ssl.SSLError as error:
            told = {"cut": "the connection was closed", "end": "a close_notify"}
            said = re.sub(r"^\[.*?\] | \(_ssl.*", "", str(error))
            got = told.get(self.ended or "", self.ended or said)
            raise Failure("a TLS handshake", got, wire=self) from None
        self._decrypt()

    # --- moving bytes ----------------------------------------------------

    def _pump(
        self, done: Callable[[], bool], patience: float, read: bool = True
    ) -> bool:
        """Moves bytes both ways until done() or the end; False when time ran
        out first."""
        deadline = time.monotonic() + patience
        self.used = time.monotonic()
        poll = select.poll()
        while not done():
            if self.ended and not (self.ended == "end" and self._raw_out):
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            mask = select.POLLIN if read and not self.ended else 0
            poll.register(self.socket, mask | (select.POLLOUT if self._raw_out else 0))
            for _, ready in poll.poll(left * 1000):
                if self._raw_out and ready & ~select.POLLIN:
                    self._push()
                if ready & ~select.POLLOUT and not self.ended:
                    self._pull()
        return True

    def _push(self) -> None:
        try:
            sent = self.socket.send(memoryview(self._raw_out)[: 4 * CHUNK])
            del self._raw_out[:sent]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:  # the server has gone: what it said may still be read
            self._raw_out.clear()
            self._drain()

    def _drain(self) -> None:
        """Takes what the kernel still has of a connection that is lost. (The
        error has been told to send(), so that recv() may say 0 at the end.)"""
        before = -1
        while not self.ended and before != len(self.inbox):
            before = len(self.inbox)
            self._pull()
        self.ended = "reset"

    def _pull(self) -> None:
        try:
            data = self.socket.recv(CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.ended = "reset"
            return
        if self.tls:
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()
            self._decrypt()
            if not data and not self.ended:
                self.ended = "cut"
        elif data:
            self._arrived(data)
        else:
            self.ended = "end"

    def _decrypt(self) -> None:
        assert self.tls
        try:
            while True:
                data = self.tls.read(RECORD)
                if not data:
                    self.ended = "end"
                    break
                self._arrived(data)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = "end"
        except ssl.SSLEOFError:
            self.ended = "cut"
        except ssl.SSLError as error:
            cut = error.reason == "UNEXPECTED_EOF_WHILE_READING"
            told = "cut" if cut else f"TLS: {error.reason or error}"
            self.ended = self.ended or told
        self._raw_out += self._outgoing.read()

    def _arrived(self, data: bytes) -> None:
        self.transcript.add("<", data)
        self.inbox += data
        if len(self.inbox) > ENDLESS:
            raise Failure("an end", f"more than {ENDLESS >> 20} MiB", wire=self)

    # --- what a check does -----------------------------------------------

    def send(self, data: bytes, *, read: bool = True) -> None:
        """Sends all, taking in what arrives meanwhile (unless read=False: a
        client that does not read). The server may have closed: see `ended`."""
        self.transcript.add(">", data)
        if self.tls and self.ended in (None, "end"):
            for at in range(0, len(data), CHUNK):
                self.tls.write(data[at : at + CHUNK])
                self._raw_out += self._outgoing.read()
        else:
            self._raw_out += data
        if self.ended not in (None, "end"):
            self._raw_out.clear()
        if not self._pump(lambda: not self._raw_out, self.patience, read):
            raise Failure(
                f"the server reads all {len(data)} bytes",
                f"after {self.patience:g} s it had not read "
                f"the last {len(self._raw_out)}",
                wire=self,
            )

    def try_send(self, data: bytes, patience: float) -> int:
        """Sends without reading, for a bounded time; the bytes accepted by
        the kernel. What was not is forgotten."""
        self.transcript.add(">", data)
        self._raw_out += data
        self._pump(lambda: not self._raw_out, patience, read=False)
        accepted = len(data) - len(self._raw_out)
        self._raw_out.clear()
        return accepted

    def take(self, count: int) -> bytes:
        """Exactly this many bytes, fewer only where the server ended."""
        if not self._pump(lambda: len(self.inbox) >= count, self.patience):
            raise Failure(
                f"{count} bytes within {self.patience:g} s",
                f"{len(self.inbox)} bytes, and the connection still open",
                wire=self,
            )
        taken = bytes(self.inbox[:count])
        del self.inbox[:count]
        return taken

    def take_until(self, mark: bytes, most: int = 1 << 20) -> bytes:
        """All up to and with the mark; without it where the server ended."""
        start = 0

        def found() -> bool:
            nonlocal start
            here = self.inbox.find(mark, start)
            start = max(0, len(self.inbox) - len(mark) + 1)
            return here >= 0 or len(self.inbox) > most

        if not self._pump(found, self.patience):
            raise Failure(
                f"{repr_bytes(mark)} within {self.patience:g} s",
                f"{len(self.inbox)} bytes without it, the connection still open"
                if self.inbox
                else "not a byte, and the connection still open",
                wire=self,
            )
        at = self.inbox.find(mark)
        end = len(self.inbox) if at < 0 else at + len(mark)
        taken = bytes(self.inbox[:end])
        del self.inbox[:end]
        return taken

    def rest(self, patience: Optional[float] = None) -> bytes:
        """All that comes until the server ends the connection."""
        patience = self.patience if patience is None else patience
        if not self._pump(lambda: False, patience):
            more = f", and has sent {repr_bytes(bytes(self.inbox[:40]))}"
            raise Failure(
                f"the server closes the connection (within {patience:g} s)",
                "it is still open" + more * bool(self.inbox),
                wire=self,
            )
        taken = bytes(self.inbox)
        self.inbox.clear()
        return taken

    def quiet(self, seconds: float) -> bool:
        """Waits, bounded: True where nothing came and nothing ended."""
        had = len(self.inbox)
        self._pump(lambda: len(self.inbox) > had, seconds)
        return len(self.inbox) == had and not self.ended

    def half_close(self) -> None:
        """Says that no more will be sent; reading goes on."""
        self.half_closed = True
        if self.tls and not self.ended:
            try:
                self.tls.unwrap()
            except ssl.SSLError:
                pass  # it wants the server's close_notify: not yet
            self._raw_out += self._outgoing.read()
            self._pump(lambda: not self._raw_out, self.patience)
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # already gone; `ended` will say so

    def close(self) -> None:
        """Closes as an ordinary client does: over TLS it says goodbye."""
        whole = not (self._raw_out or self.half_closed) and self.socket.fileno() >= 0
        if self.tls and whole and self.ended in (None, "end"):
            try:
                self.tls.unwrap()
            except ssl.SSLError:
                pass  # it would wait for the server's
            try:
                self.socket.send(self._outgoing.read())
            except OSError:
                pass  # already gone, or nobody reads
        self.socket.close()

    def reset(self) -> None:
        """Closes with a reset, as a client that crashed."""
        linger = struct.pack("ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.socket.close()
