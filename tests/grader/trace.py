"""Holds a program at each of its system calls, before and after (Linux).

A race between two programs is a matter of luck. Held by ptrace(2), a program
stands still wherever it could be overtaken, as long as a check likes; no luck
is needed, and no load of the machine changes the verdict.
"""

from __future__ import annotations

import ctypes
import os
import signal
from types import TracebackType
from typing import Optional

from .expect import NotJudged
from .lab import Server
from .observe import observe
from .proc import PROC

SEIZE, INTERRUPT, SYSCALL, DETACH = 0x4206, 0x4207, 24, 17
SYSCALL_STOPS = 1  # an option: tell the stops at system calls from signals
AT_SYSCALL = signal.SIGTRAP | 0x80
WALL = 0x40000000  # of waitpid(2): threads too


class Trace:
    """The threads of a server; all calls have to come from one thread.

    with Trace(server) as trace:
        while not done():
            if trace.held():  # a call is about to happen, or just has
                change_the_world()
            trace.go_on()
    """

    def __init__(self, server: Server) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        if not hasattr(libc, "ptrace") or not PROC.exists():
            raise NotJudged("this system has no ptrace to hold a program with")
        self.call = libc.ptrace
        self.call.restype = ctypes.c_long
        self.call.argtypes = [ctypes.c_long] * 2 + [ctypes.c_void_p] * 2
        self.tasks = [
            int(task)
            for pid in server.tree().pids
            for task in os.listdir(PROC / str(pid) / "task")
        ]
        self.pending: dict[int, int] = {}  # held, and the signal it has to get

    def __enter__(self) -> "Trace":
        for task in self.tasks:
            if self.call(SEIZE, task, None, SYSCALL_STOPS) < 0:
                error = os.strerror(ctypes.get_errno())
                raise NotJudged(f"a program may not be traced here: {error}")
            self.call(INTERRUPT, task, None, None)
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        value: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        for task in self.tasks:
            if task not in self.pending:
                self.call(INTERRUPT, task, None, None)
        observe(self._all_held, bool)
        for task, number in self.pending.items():
            self.call(DETACH, task, None, number)

    def held(self) -> bool:
        """Whether a task stands at a system call that it did not stand at."""
        found = False
        for task in [task for task in self.tasks if task not in self.pending]:
            try:
                seen, status = os.waitpid(task, WALL | os.WNOHANG)
            except ChildProcessError:
                seen, status = task, 0
            if seen and os.WIFSTOPPED(status):
                number = os.WSTOPSIG(status)
                ours = number == AT_SYSCALL or status >> 16
                self.pending[task] = 0 if ours else number
                found = found or number == AT_SYSCALL
            elif seen:
                self.tasks.remove(task)  # it has ended
        return found

    def go_on(self) -> None:
        """Lets all that stand go on, to the next system call."""
        for task, number in self.pending.items():
            self.call(SYSCALL, task, None, number)
        self.pending.clear()

    def _all_held(self) -> bool:
        self.held()
        return len(self.pending) == len(self.tasks)
