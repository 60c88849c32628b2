"""Reads what strace wrote: system calls, signals, ends of processes.

    4711  1795265164.538446 read(6, "GET / HT"..., 8192) = 77 <0.000004>
     > /home/me/build/02-blocking-http(read_head+0x3b) [0x589b]

The second line is there where stacks were asked for (-k).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Iterator, Optional

TEXT = 400  # bytes of each message that strace writes down

# `?`: no error where this kind of machine has no such call.
NETWORK = """socket bind listen accept accept4 connect shutdown getsockname
getpeername setsockopt getsockopt send sendto sendmsg sendmmsg recv recvfrom
recvmsg recvmmsg socketpair"""
BYTES = "read write readv writev pread64 sendfile splice close"
WAITS = """select pselect6 poll ppoll epoll_wait epoll_pwait epoll_pwait2
epoll_create epoll_create1 epoll_ctl pause rt_sigsuspend rt_sigtimedwait nanosleep
clock_nanosleep"""
PROCESSES = """fork vfork clone clone3 execve exit exit_group wait4 waitid kill
tkill tgkill"""
PLUMBING = "open openat dup dup2 dup3 fcntl pipe pipe2"
WATCHED = f"{NETWORK} {BYTES} {WAITS} {PROCESSES} {PLUMBING}".split()
SLEEPERS = set(WAITS.split()) - {"epoll_create", "epoll_create1", "epoll_ctl"}
SLEEPERS |= {"wait4", "waitid", "accept", "accept4"}
FORKS = {"fork", "vfork", "clone", "clone3"}

LINE = re.compile(r"(\d+) +(\d+\.\d+) (.*)")
CALL = re.compile(r"(\w+)\((.*)\) += (.*?)(?: <([\d.]+)>)?$")
UNFINISHED = re.compile(r"(\w+)\((.*?),? *<unfinished \.\.\.>$")
RESUMED = re.compile(r"<\.\.\. (\w+) resumed> ?(.*)$")
NEVER = re.compile(r"(\w+)\((.*)\) += \?$")
SIGNAL = re.compile(r"--- (SIG\w+) ")
ENDED = re.compile(r"\+\+\+ (?:exited with (\d+)|killed by (SIG\w+))")
FRAME = re.compile(r" > (\S*?)\((\w+)\+0x")
PORT = re.compile(r"sin6?_port=htons\((\d+)\)")


@dataclass
class Call:
    """One system call. Times are seconds since the epoch."""

    pid: int
    name: str
    args: str
    result: str
    start: float
    seconds: float
    stack: list[tuple[str, str]] = field(default_factory=list)  # file, function

    @property
    def end(self) -> float:
        return self.start + self.seconds

    @property
    def number(self) -> int:
        """Its result as a number, -1 where there is none."""
        match = re.match(r"-?\d+", self.result)
        return int(match[0]) if match else -1

    @property
    def descriptor(self) -> int:
        match = re.match(r"\d+", self.args)
        return int(match[0]) if match else -1

    @property
    def peer(self) -> int:
        """The port in the address that accept() filled in."""
        match = PORT.search(self.args)
        return int(match[1]) if match else 0


@dataclass
class Fate:
    """A signal that arrived, or the end of a process."""

    pid: int
    at: float
    what: str
    last: bool  # nothing comes behind it


@lru_cache(maxsize=None)
def available() -> bool:
    """Whether it is there, and allowed to watch (in many containers it is not)."""
    if not shutil.which("strace"):
        return False
    tried = ["strace", "-o", os.devnull, "-e", "trace=execve", "true"]
    return subprocess.run(tried, capture_output=True, timeout=20).returncode == 0


def command(output: Path, stacks: bool) -> list[str]:
    """What stands before the words of a program to have it watched. With -D
    the program, and not strace, is the process that was started."""
    words = ["strace", "-D", "-f", "-q", "-ttt", "-T", "-s", str(TEXT)]
    words += ["-o", str(output), "--seccomp-bpf"]
    words += ["-k"] if stacks else []
    return words + ["-e", "trace=" + ",".join(f"?{name}" for name in WATCHED)]


def read(text: str) -> "tuple[list[Call], list[Fate]]":
    """All that was written down, in the order of beginning."""
    calls: list[Call] = []
    fates: list[Fate] = []
    begun: dict[int, Call] = {}
    last: Optional[Call] = None
    for line in text.splitlines():
        frame = FRAME.match(line)
        if frame and last:
            last.stack.append((frame[1], frame[2]))
            continue
        match = LINE.match(line)
        if not match:
            continue
        pid, at, rest = int(match[1]), float(match[2]), match[3]
        fate = _fate(pid, at, rest)
        if fate:
            fates.append(fate)
            if fate.last and pid in begun:  # it died in a call
                calls.append(_cut(begun.pop(pid), at))
            continue
        last = _call(pid, at, rest, begun)
        if last:
            calls.append(last)
    calls += [_cut(call, call.start) for call in begun.values()]
    calls.sort(key=lambda call: call.start)
    return calls, fates


def _fate(pid: int, at: float, rest: str) -> Optional[Fate]:
    signal, ended = SIGNAL.match(rest), ENDED.match(rest)
    if signal:
        return Fate(pid, at, signal[1], False)
    if ended:
        what = f"exit {ended[1]}" if ended[1] else f"killed by {ended[2]}"
        return Fate(pid, at, what, True)
    return None


def _call(pid: int, at: float, rest: str, begun: "dict[int, Call]") -> Optional[Call]:
    """A call that this line completes; what it only begins is kept."""
    unfinished = UNFINISHED.match(rest)
    if unfinished:
        begun[pid] = Call(pid, unfinished[1], unfinished[2], "", at, 0.0)
        return None
    resumed = RESUMED.match(rest)
    start = at
    if resumed:
        before = begun.pop(pid, None)
        if not before:
            return None
        joint = ", " if before.args and not resumed[2].startswith(")") else ""
        rest, start = f"{before.name}({before.args}{joint}{resumed[2]}", before.start
    match = CALL.match(rest)
    if not match:
        never = NEVER.match(rest)
        return Call(pid, never[1], never[2], "?", start, 0.0) if never else None
    seconds = float(match[4]) if match[4] else 0.0
    return Call(pid, match[1], match[2], match[3], start, seconds)


def _cut(call: Call, at: float) -> Call:
    call.result, call.seconds = "?", max(0.0, at - call.start)
    return call


def text_of(args: str) -> Iterator[str]:
    """The strings among the arguments, as strace shows bytes."""
    for match in re.finditer(r'"((?:[^"\\]|\\.)*)"', args):
        yield match[1]
