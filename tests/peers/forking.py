"""Step 03: a process for each client.

The parent accepts and forks, and never waits for a client; a child serves its
one client with the blocking calls of step 02, and ends. The parent sleeps in
select() alone, where a new client and a signal wake it alike.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time
from typing import NoReturn

import blocking
from answers import AccessLog
from wakeup import ENDING, PAUSE, STOP, Wakeup


class Parent:
    """Accepts, forks, reaps."""

    def __init__(self, timeout: float, most: int, log: AccessLog) -> None:
        self.timeout, self.most, self.log = timeout, most, log
        self.children: set[int] = set()
        self.wakeup = Wakeup()

    def run(self, listener: socket.socket) -> None:
        listener.setblocking(False)  # a client may be gone again before accept()
        while not self.wakeup.ending:
            watched = [self.wakeup.reader]
            if len(self.children) < self.most:  # else they wait at the door
                watched.append(listener)
            ready, _, _ = select.select(watched, [], [])
            self.wakeup.drain()
            self.reap()
            if listener in ready:
                self.accept(listener)
        listener.close()
        self.stop()

    def accept(self, listener: socket.socket) -> None:
        try:
            client, address = listener.accept()
        except BlockingIOError:
            return
        except OSError:  # out of descriptors or memory: that may pass
            select.select([self.wakeup.reader], [], [], PAUSE)
            return
        with client:  # the child has its own copy
            pid = self.fork()
            if pid == 0:
                listener.close()
                Child(self.timeout, self.log).serve(client, address[0])

    def fork(self) -> int:
        """0 in the child. An ending signal that comes meanwhile waits until
        parent or child is ready for it."""
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        try:
            pid = os.fork()
        except OSError as error:
            sys.stderr.write(f"peer: fork: {error.strerror}\n")
            pid = -1
        if pid == 0:
            self.wakeup.abandon()
            return 0
        if pid > 0:
            self.children.add(pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        return pid

    def reap(self) -> None:
        """Takes away all that have ended: one signal may stand for many."""
        try:
            while True:
                pid, _ = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                self.children.discard(pid)
        except ChildProcessError:
            self.children.clear()  # there is none

    def stop(self) -> None:
        """Tells the children, and waits; then less politely."""
        self.tell(signal.SIGTERM)
        deadline = time.monotonic() + STOP + PAUSE  # they know when to end
        while self.children and time.monotonic() < deadline:
            left = max(0.0, deadline - time.monotonic())
            select.select([self.wakeup.reader], [], [], left)
            self.wakeup.drain()
            self.reap()
        self.tell(signal.SIGKILL)

    def tell(self, number: signal.Signals) -> None:
        for pid in self.children:
            os.kill(pid, number)  # none is reaped, so each is still ours


class Child:
    """Serves one client, and ends."""

    def __init__(self, timeout: float, log: AccessLog) -> None:
        self.clock = blocking.Clock(timeout)  # it starts with the process
        self.log = log
        self.answering = False
        for number in ENDING:
            signal.signal(number, self.end)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)

    def serve(self, client: socket.socket, address: str) -> NoReturn:
        status = 0
        try:
            blocking.serve_request(client, address, self.log, self.clock, self.begun)
        except OSError:
            pass  # the client has left, or was too slow
        except Exception:
            sys.excepthook(*sys.exc_info())  # a mistake of ours
            status = 1
        os._exit(status)  # nothing of the parent's is to be tidied up here

    def begun(self) -> None:
        self.answering = True

    def end(self, *_: object) -> None:
        """The server ends. Without a whole request there is nothing to finish;
        an answer has its time, counted from the first of the signals."""
        if not self.answering:
            os._exit(0)
        if signal.getsignal(signal.SIGALRM) == signal.SIG_DFL:
            signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
            signal.setitimer(signal.ITIMER_REAL, STOP)
