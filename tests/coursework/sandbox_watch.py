"""Watches what a student's program takes, since the kernel's own limits do not
do: RLIMIT_AS forbids the address sanitizer's shadow, and nothing but a control
group bounds the memory of several processes together.

A program is what the grader has started, with all that descends from it. What
has left its family (a daemon) is a program of its own. The grader's processes
are known by their session, which nobody can join from outside.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable, Optional, Sequence

PAGE = os.sysconf("SC_PAGE_SIZE")
REPORTS = re.compile(rb"(?:^|\0)ASAN_OPTIONS=log_path=([^:\0]+)/report")
MANY = 50  # processes: too many to be ended one by one
TURNS = 20  # attempts to end a program that goes on starting processes


@dataclass(frozen=True)
class Process:
    """One line of /proc."""

    pid: int
    parent: int
    session: int
    state: str
    rss: int  # bytes


@dataclass
class Program:
    """What one start of a program has become."""

    processes: list[Process] = field(default_factory=list)

    @property
    def sessions(self) -> int:
        return len({process.session for process in self.processes})

    @property
    def rss(self) -> int:
        """An upper bound of its memory: what is shared counts often."""
        return sum(process.rss for process in self.processes)

    @property
    def memory(self) -> int:
        return sum(_proportional(process) for process in self.processes)


@dataclass
class Allowed:
    """What one program may take; all of them together twice that."""

    memory: int = 512 << 20
    processes: int = 200
    sessions: int = 20  # one is honest
    disk: int = 256 << 20  # bytes of all that it writes in one place
    files: int = 20_000  # that it has in one place


def processes() -> list[Process]:
    """All that can be seen."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                found.append(_read(int(name)))
    return found


def _read(pid: int) -> Process:
    text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    values = text[text.rindex(")") + 2 :].split()
    return Process(
        pid, int(values[1]), int(values[3]), values[0], int(values[21]) * PAGE
    )


def _proportional(process: Process) -> int:
    """Its memory, with its share of what it shares with others."""
    try:
        text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    except PermissionError:
        return process.rss
    except OSError:
        return 0  # it has just ended
    match = re.search(r"(?m)^Pss:\s+(\d+) kB", text)
    return int(match[1]) << 10 if match else process.rss


class Watch:
    """Ends programs that take too much, and remembers why."""

    def __init__(
        self,
        allowed: Allowed,
        grader: Iterable[int] = (),
        shared: Sequence[str] = (),
        own: Sequence[str] = (),
        user: int = 0,
    ) -> None:
        """grader: its sessions, besides that of this process; shared: mounted
        directories that the grader writes into, too; own: those that it does
        not; user: whose all programs are, and nothing else."""
        self.allowed = allowed
        self.user = user
        self.shared, self.own = shared, own
        self.sessions = {os.getsid(0), *grader}
        self.ended: Counter[str] = Counter()
        self.not_ours: set[int] = set()  # zombies that somebody waits for

    def programs(self) -> dict[int, Program]:
        """All programs that run, by their first process."""
        seen = {process.pid: process for process in processes()}
        found: dict[int, Program] = {}
        for process in seen.values():
            top = self._top(process, seen)
            if top is not None:
                if process.state in "ZX":
                    self._reap(process)
                else:
                    found.setdefault(top, Program()).processes.append(process)
        return found

    def _top(self, process: Process, seen: dict[int, Process]) -> Optional[int]:
        """The first of its family that the grader has started; None for what
        is not below this process, and for the grader's own."""
        top: Optional[int] = None
        at: Optional[Process] = process
        steps = 0
        while at and at.pid != os.getpid():
            if at.session not in self.sessions:
                top = at.pid
            steps += 1
            at = seen.get(at.parent) if steps < 10_000 else None
        return top if at else None

    def _reap(self, process: Process) -> None:
        """Waits for the child of one that has died before it."""
        if process.parent == os.getpid() and process.pid not in self.not_ours:
            with suppress(ChildProcessError):
                os.waitpid(process.pid, os.WNOHANG)

    def look(self) -> None:
        """Ends what takes too much."""
        programs = self.programs()
        for top, program in list(programs.items()):
            reason = self._judge(program)
            if reason:
                self.end(top, reason)
                del programs[top]
        if sum(p.rss for p in programs.values()) > 2 * self.allowed.memory:
            sizes = {top: program.memory for top, program in programs.items()}
            while sum(sizes.values()) > 2 * self.allowed.memory:
                top = max(sizes, key=lambda one: sizes[one])
                self.end(top, f"with others it used more than {self._mebibytes(2)}")
                del sizes[top]
        self._look_at_disks()

    def _look_at_disks(self) -> None:
        """Nobody can tell whose files these are: all programs end."""
        for place in (*self.shared, *self.own):
            about = os.statvfs(place)
            size = (about.f_blocks - about.f_bfree) * about.f_frsize
            reason = ""
            if size > self.allowed.disk:
                reason = f"it wrote more than {self.allowed.disk >> 20} MiB"
            elif about.f_files - about.f_ffree > self.allowed.files:
                reason = f"it made more than {self.allowed.files} files"
            if reason:
                for top in self.programs():
                    self.end(top, reason)
                if place in self.own:
                    subprocess.run(["find", place, "-mindepth", "1", "-delete"])

    def _judge(self, program: Program) -> str:
        allowed = self.allowed
        if len(program.processes) > allowed.processes:
            return f"it started more than {allowed.processes} processes"
        if program.sessions > allowed.sessions:
            return f"it started more than {allowed.sessions} daemons"
        if program.rss > allowed.memory and program.memory > allowed.memory:
            return f"it used more than {self._mebibytes(1)}"
        return ""

    def _mebibytes(self, times: int) -> str:
        return f"{times * self.allowed.memory >> 20} MiB of memory"

    def end(self, top: int, reason: str) -> None:
        """Ends a program, however fast it starts others."""
        self.ended[reason] += 1
        _tell(top, reason)
        for turn in range(TURNS):
            program = self.programs().get(top)
            if not program:
                return
            if self.user and (turn or len(program.processes) > MANY):
                _end_user(self.user)
            for number in (signal.SIGSTOP, signal.SIGKILL):
                for process in program.processes:
                    with suppress(OSError):
                        os.kill(process.pid, number)

    def end_all(self, reason: str = "") -> int:
        """Ends every program; how many there were."""
        count = 0
        for turn in range(TURNS):
            programs = self.programs()
            if not programs:
                break
            if self.user and turn:
                _end_user(self.user)
            count = max(count, len(programs))
            for program in programs.values():
                for process in program.processes:
                    with suppress(OSError):
                        os.kill(process.pid, signal.SIGKILL)
        if count and reason:
            self.ended[reason] += count
        return count


def _end_user(user: int) -> None:
    """Ends all processes of a user at once: while the kernel goes through them,
    none of them starts another."""
    child = os.fork()
    if child == 0:
        try:
            os.setresuid(user, user, user)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def _tell(pid: int, reason: str) -> None:
    """Writes it where the grader looks for a sanitizer's report: it becomes a
    part of the failed check's story."""
    with suppress(OSError, IndexError):
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        match = REPORTS.search(environment)
        if match:
            name = os.path.join(os.fsdecode(match[1]), "report.ended")
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            fd = os.open(name, flags, 0o644)
            with os.fdopen(fd, "w") as file:
                file.write(f"ERROR: ended by the grader: {reason}\n")
