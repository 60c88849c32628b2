"""Signals, heard where a server sleeps (steps 03 to 07).

Python writes a byte to a socket for each signal. A server that sleeps until
one of its sockets is ready watches that one too, so that no signal is lost
between a look at a flag and going to sleep.
"""

from __future__ import annotations

import signal
import socket

STOP = 5.0  # seconds that an answer under way may take when the server ends
PAUSE = 0.1  # seconds until the system is asked again for what it did not have
ENDING = (signal.SIGTERM, signal.SIGINT)


class Wakeup:
    """`reader` is ready when a signal has come; `ending`: to end the server."""

    def __init__(self) -> None:
        self.reader, self.writer = socket.socketpair()
        self.reader.setblocking(False)
        self.writer.setblocking(False)
        self.ending = False
        signal.set_wakeup_fd(self.writer.fileno(), warn_on_full_buffer=False)
        for number in ENDING:
            signal.signal(number, self._end)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _end(self, *_: object) -> None:
        self.ending = True

    def drain(self) -> None:
        try:
            while self.reader.recv(4096):
                pass
        except BlockingIOError:
            pass

    def abandon(self) -> None:
        """In a child: the sockets are the parent's."""
        signal.set_wakeup_fd(-1)
        self.reader.close()
        self.writer.close()
