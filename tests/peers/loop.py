"""Step 04: one process, many clients, and nothing that waits for one of them.

A Protocol is what is said over a connection, and knows of no socket. A Stream
moves its bytes. The Loop sleeps in one place, until a socket is ready, a
client's time is up, or a signal has come.
"""

from __future__ import annotations

import errno
import resource
import selectors
import socket
import time
from typing import Callable, Optional

from wakeup import PAUSE, STOP, Wakeup

LINGER = 1.0  # seconds in which a client may still read its last answer
MOST = 1 << 16  # bytes that are read at once
TURNS = 16  # newcomers, or pieces for one client, before it is the others' turn
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
SHORT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Protocol:
    """One side of a conversation."""

    finished = False  # nothing more will be said, but for what is under way
    lingers = False  # the client may yet have to read an answer

    @property
    def answering(self) -> bool:
        """next_bytes() has something."""
        raise NotImplementedError

    def received(self, data: bytes) -> bool:
        """The client said this. True: its clock starts anew."""
        raise NotImplementedError

    def input_ended(self) -> None:
        """The client will say no more."""
        raise NotImplementedError

    def time_is_up(self) -> None:
        """For what the client was to say."""
        raise NotImplementedError

    def stop(self) -> None:
        """The server ends: only what is under way is finished."""
        raise NotImplementedError

    def next_bytes(self) -> bytes:
        raise NotImplementedError

    def sent(self, count: int) -> None:
        """So many of next_bytes() have gone."""
        raise NotImplementedError

    def lost(self) -> None:
        """The connection is gone, whatever was under way."""
        raise NotImplementedError


class Stream:
    """Bytes over TCP. Another kind may need bytes of its own: those that it
    made and the system did not yet take are `pending`."""

    open = True  # there is a way for the protocol's bytes
    failed = False  # there never will be; `pending` may say why
    ended = False  # the client has said its last byte
    taken = 0  # bytes that the system took
    pending = b""

    def __init__(self, client: socket.socket) -> None:
        self.socket = client

    def receive(self) -> bytes:
        """What has come; empty where that is nothing."""
        try:
            data = self.socket.recv(MOST)
        except BlockingIOError:
            return b""
        self.ended = not data
        return data

    def send(self, data: bytes) -> int:
        """How many of the bytes are on their way."""
        try:
            count = self.socket.send(data)
        except BlockingIOError:
            return 0
        self.taken += count
        return count

    def flush(self) -> None:
        """Sends what is pending."""
        if self.pending:
            self.pending = self.pending[Stream.send(self, self.pending) :]

    def say_goodbye(self) -> None:
        """Tells the other end that no more will come, before TCP does."""


class Client:
    """A connection, and where it stands."""

    def __init__(self, stream: Stream, protocol: Protocol, timeout: float) -> None:
        self.stream, self.protocol, self.timeout = stream, protocol, timeout
        self.leaving = False  # all is said; what still comes is thrown away
        self.shut = False  # TCP's end was sent
        self.events = 0  # those that it is registered for
        self.restart(timeout)

    def restart(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds

    def wanted(self) -> int:
        """What has to happen before anything can be done."""
        if self.stream.pending or self.protocol.answering and not self.leaving:
            return WRITE
        return READ


class Loop:
    """The server."""

    def __init__(
        self,
        timeout: float,
        talk: Callable[[str], Protocol],
        stream: Callable[[socket.socket], Stream],
    ) -> None:
        self.timeout, self.talk, self.stream = timeout, talk, stream
        self.clients: set[Client] = set()
        self.wakeup = Wakeup()
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.wakeup.reader, READ)
        self.resume: Optional[float] = None  # when to accept again
        self.end: Optional[float] = None  # when to end, whatever is under way
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def run(self, listener: socket.socket) -> None:
        listener.setblocking(False)
        self.listener = listener
        self.selector.register(listener, READ)
        while self.end is None or (self.clients and time.monotonic() < self.end):
            for key, events in self.selector.select(self.patience()):
                if key.fileobj is listener:
                    self.accept()
                elif key.fileobj is self.wakeup.reader:
                    self.wakeup.drain()
                else:
                    self.move(key.data, events)
            self.look_at_clocks()
            if self.wakeup.ending and self.end is None:
                self.stop()
        for client in list(self.clients):
            self.drop(client)

    # --- time -------------------------------------------------------------------

    def patience(self) -> Optional[float]:
        """How long nothing has to be done unless a socket is ready. (A look at
        a thousand clients takes less time than the system call.)"""
        times = [client.deadline for client in self.clients]
        times += [moment for moment in (self.resume, self.end) if moment is not None]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def look_at_clocks(self) -> None:
        now = time.monotonic()
        for client in [c for c in self.clients if c.deadline <= now]:
            self.time_is_up(client)
        if self.resume is not None and self.resume <= now and self.end is None:
            self.resume = None
            self.selector.register(self.listener, READ)

    def time_is_up(self, client: Client) -> None:
        if client.leaving or client.protocol.answering or not client.stream.open:
            self.drop(client)
            return
        client.protocol.time_is_up()
        client.restart(self.timeout)
        self.move(client, 0)

    # --- clients come and go -------------------------------------------------------

    def accept(self) -> None:
        for _ in range(TURNS):
            try:
                client, address = self.listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in SHORT:  # until one leaves, or for a moment
                    self.selector.unregister(self.listener)
                    self.resume = time.monotonic() + PAUSE
                    return
                continue  # this one has left already
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            made = Client(self.stream(client), self.talk(address[0]), self.timeout)
            self.clients.add(made)
            self.watch(made)

    def drop(self, client: Client) -> None:
        self.clients.discard(client)
        self.selector.unregister(client.stream.socket)
        client.stream.socket.close()
        client.protocol.lost()
        if self.resume is not None:
            self.resume = 0.0  # there is room

    def stop(self) -> None:
        """A signal has come: no new clients, and only answers are finished."""
        self.end = time.monotonic() + STOP
        if self.resume is None:
            self.selector.unregister(self.listener)
        self.resume = None
        self.listener.close()
        for client in list(self.clients):
            if client.stream.open:
                client.protocol.stop()
                self.move(client, 0)
            else:
                self.drop(client)

    # --- bytes come and go ----------------------------------------------------------

    def move(self, client: Client, events: int) -> None:
        """Does what can be done now."""
        try:
            if events & READ and client.wanted() & READ:
                self.read(client)
            self.write(client)
        except OSError:  # reset, or gone, or a file that cannot be sent
            self.drop(client)
            return
        if client.shut and client.stream.ended:
            self.drop(client)
        else:
            self.watch(client)

    def read(self, client: Client) -> None:
        stream, ended, was_open = client.stream, client.stream.ended, client.stream.open
        data = stream.receive()
        if client.leaving:
            return
        if stream.open and not was_open:
            client.restart(self.timeout)  # the handshake is complete
        if data and client.protocol.received(data):
            client.restart(self.timeout)
        if stream.ended and not ended:
            client.protocol.input_ended()

    def write(self, client: Client) -> None:
        stream, protocol = client.stream, client.protocol
        stream.flush()
        before = stream.taken
        for _ in range(TURNS):
            data = b"" if client.leaving or stream.pending else protocol.next_bytes()
            count = stream.send(data) if data else 0
            if not count:
                break
            protocol.sent(count)
        if stream.taken > before:
            client.restart(self.timeout)
        if not client.leaving and not protocol.answering:
            if protocol.finished or stream.failed:
                client.leaving = True
                client.restart(LINGER if protocol.lingers or stream.failed else 0.0)
                stream.say_goodbye()
                stream.flush()
        if client.leaving and not client.shut and not stream.pending:
            stream.socket.shutdown(socket.SHUT_WR)
            client.shut = True

    def watch(self, client: Client) -> None:
        wanted = client.wanted()
        if not client.events:
            self.selector.register(client.stream.socket, wanted, client)
        elif client.events != wanted:
            self.selector.modify(client.stream.socket, wanted, client)
        client.events = wanted
