"""A server as a process: started, heard, looked at, stopped, judged.

It may be any command in any language. It runs in a directory of its own, in
a session of its own (so that all it started can be ended), and its output is
read all the time, so that it never waits for us.
"""

from __future__ import annotations

import os
import re
import select
import shlex
import signal
import stat
import subprocess
import threading
import time
from pathlib import Path
from typing import IO, Optional, Sequence

from . import proc
from .expect import Failure, escape

READY = 15.0  # seconds until the listening line, on a busy machine
STOP = 5.0  # seconds that the contract gives, and...
LATE = 2.0  # ...what a grader tolerates beyond it
KEPT = 1 << 20  # bytes of output that are kept
REPORTS = 100  # of sanitizers that are read, and...
REPORT = 1 << 16  # ...bytes of each
LISTENING = re.compile(
    rb"listening on (tcp|http|https)://(\[[0-9a-f:.]+\]|[0-9.]+):(\d+)/"
)
UNDEFINED = re.compile(  # UBSan's report, as gcc's prints it beside ASan
    rb"^[^\s:]+:\d+:\d+: runtime error: [^\n]*\n"
    rb"(?:[^\n]*: note: [^\n]*\n[^\n]*\n[^\n]*\n)?(?: +#\d+ [^\n]*\n)*\n?",
    re.M,
)
SANITIZERS = (
    "log_path={0}/report:log_exe_name=0:exitcode=99:detect_leaks=1:"
    "quarantine_size_mb=8:print_stacktrace=1:halt_on_error=1:malloc_context_size=6"
)


def command_words(command: str) -> list[str]:
    """Parts a command line; names of files that exist are made absolute,
    since the program runs in another directory."""
    words = shlex.split(command)
    return [os.path.abspath(w) if os.path.exists(w) else w for w in words]


def _has_come(pipe: IO[bytes]) -> bool:
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return bool(poll.poll(0))


class Stream:
    """What comes out of a pipe, collected by a thread."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.changed = threading.Condition()
        self.data = bytearray()
        self.total = 0
        self.closed = False
        self.pipe = pipe
        self.thread = threading.Thread(target=self._collect, daemon=True)
        self.thread.start()

    def _collect(self) -> None:
        poll = select.poll()
        poll.register(self.pipe, select.POLLIN)
        with self.pipe:
            while not self.closed:
                poll.poll()
                self.take()

    def take(self, most: int = 16) -> None:
        """Takes what has been printed by now, even if the thread has not had
        its turn; of a program that never ends printing, not all."""
        with self.changed:
            while not self.closed and most > 0 and _has_come(self.pipe):
                data = os.read(self.pipe.fileno(), 1 << 16)
                self.total += len(data)
                self.data += data[: max(0, KEPT - len(self.data))]
                self.closed = not data
                self.changed.notify_all()
                most -= 1

    def wait(self, mark: bytes, patience: float, after: int = 0) -> bool:
        """Until the mark stands in what was printed after that offset."""
        with self.changed:
            return self.changed.wait_for(
                lambda: self.data.find(mark, after) >= 0 or self.closed, patience
            ) and (self.data.find(mark, after) >= 0)

    def wait_size(self, size: int, patience: float) -> bool:
        """Until so many bytes have come."""
        with self.changed:
            self.changed.wait_for(lambda: self.total >= size or self.closed, patience)
            return self.total >= size

    def wait_lines(self, count: int, patience: float, mark: bytes = b"") -> list[bytes]:
        """Until so many whole lines with the mark are there; all that are."""

        def lines() -> list[bytes]:
            return bytes(self.data).split(b"\n")[:-1]

        with self.changed:
            self.changed.wait_for(
                lambda: sum(mark in line for line in lines()) >= count or self.closed,
                patience,
            )
            return lines()

    def finish(self, patience: float) -> bytes:
        """All of it, once the program has ended."""
        self.thread.join(patience)
        with self.changed:
            return bytes(self.data)


class Program:
    """A process with its output and, once it listens, its address."""

    def __init__(
        self, words: Sequence[str], directory: Path, stdin: int = subprocess.DEVNULL
    ) -> None:
        self.words = list(words)
        self.directory = directory
        self.reports_in = directory / "reports"
        self.reports_in.mkdir(parents=True, exist_ok=True)
        self.work = directory / "work"
        self.work.mkdir(exist_ok=True)
        self.host, self.port, self.scheme = "", 0, ""
        self.stopped_by: Optional[int] = None
        self.stop_took = 0.0
        self.known: set[int] = set()  # processes seen to belong to it
        self.heard: Optional[int] = None  # bytes of stderr before it was stopped
        settings = SANITIZERS.format(self.reports_in)
        environment = dict(os.environ, TMPDIR=str(self.work))
        environment.update(LC_ALL="C.UTF-8")  # error messages in English
        environment.update(ASAN_OPTIONS=settings, UBSAN_OPTIONS=settings)
        environment.update(LSAN_OPTIONS="exitcode=99", PYTHONDONTWRITEBYTECODE="1")
        environment.update(TSAN_OPTIONS=settings + ":io_sync=0")  # files order nothing
        try:
            self.process = subprocess.Popen(
                self.words,
                cwd=self.work,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise Failure(
                f"a program to start: {shlex.join(self.words)}",
                f"{error.strerror}",
                ran=shlex.join(self.words),
            ) from None
        assert self.process.stdout and self.process.stderr
        self.out = Stream(self.process.stdout)
        self.err = Stream(self.process.stderr)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def line(self) -> str:
        return shlex.join(self.words)

    def wait_ready(self, patience: float = READY) -> None:
        """Reads the line `listening on http://127.0.0.1:4711/`."""
        self.out.wait(b"\n", patience)
        first, newline, _ = bytes(self.out.data).partition(b"\n")
        match = LISTENING.fullmatch(first)
        if match and newline:
            self.scheme = match[1].decode()
            self.host = match[2].decode().strip("[]")
            self.port = int(match[3])
            return
        if first:
            got = f'"{escape(first[:200])}"'
        elif self.out.closed:
            got = f"none: it {self.how_ended(self.wait(patience))}"
        else:
            got = f"no line within {patience:g} s (is stdout flushed?)"
        raise Failure(
            "one line on stdout: listening on http://127.0.0.1:PORT/",
            got,
            ran=self.line,
            again="timeout -s KILL 2 {this} | cat",
        )

    def alive(self) -> bool:
        return self.process.poll() is None

    def wait(self, patience: float) -> Optional[int]:
        """The exit status, None while it runs on; negative: the signal."""
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            return None

    def how_ended(self, status: Optional[int]) -> str:
        if status is None:
            return "is still running"
        if status >= 0:
            return f"ended with exit status {status}"
        return f"was ended by {signal.Signals(-status).name}"

    def tree(self) -> proc.Tree:
        """What it holds now, its children included."""
        return proc.tree(self.pid)

    def sanitized(self) -> bool:
        return proc.sanitized(self.pid)

    def send_signal(self, number: int) -> None:
        """Sends a signal to the one process that was started."""
        self.stopped_by = number if self.alive() else self.stopped_by
        self.process.send_signal(number)

    def stop(
        self, number: int = signal.SIGTERM, patience: float = STOP + LATE
    ) -> Optional[int]:
        """Asks it to end and waits; its exit status, None if it stays."""
        began = time.monotonic()
        self.known.update(proc.family(self.pid))
        self.send_signal(number)
        status = self.wait(patience)
        self.stop_took = time.monotonic() - began
        return status

    def bury(self) -> None:
        """Ends whatever is left of it, by process and by session."""
        among = proc.everybody()
        self.known.update(proc.family(self.pid, among))
        self.known.update(proc.session(self.pid, among))
        for send in (signal.SIGSTOP, signal.SIGKILL):  # none may start another
            for pid in self.known - {self.pid}:
                _kill(pid, send)
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except OSError:
            pass  # nothing is left in its group
        if self.alive():
            self.process.kill()
        self.process.wait()
        try:
            if self.process.stdin:
                self.process.stdin.close()
        except OSError:
            pass  # what it had not read yet, it never will
        self.out.finish(2.0)
        self.err.finish(2.0)

    def reports(self) -> str:
        """What the sanitizers wrote about any of its processes."""
        files = sorted(self.reports_in.glob("report*"))[:REPORTS]
        texts = [_read_regular(file).strip() for file in files]
        data = bytes(self.err.data)  # where one of them writes all the same
        texts += [
            m[0].decode(errors="replace").strip() for m in UNDEFINED.finditer(data)
        ]
        return "\n".join(texts)

    def printed(self) -> str:
        """What it printed, for a person."""
        parts = []
        err = UNDEFINED.sub(b"", bytes(self.err.data))
        for name, data in (("stdout", bytes(self.out.data)), ("stderr", err)):
            for text in escape_lines(data):
                parts.append(f"{name}: {text}")
        return "\n".join(parts)


def escape_lines(data: bytes, most: int = 6) -> list[str]:
    """The last lines of what a program printed, controls escaped."""
    found = [escape(line) for line in data.rstrip(b"\n").split(b"\n") if line]
    found = [line.replace('\\"', '"').replace("\\\\", "\\") for line in found]
    left = len(found) - most
    return ([f"({left} lines before)"] if left > 0 else []) + found[-most:]


def _read_regular(path: Path) -> str:
    """The beginning of a file that a program has made: no link to what it may
    not read itself, no pipe that never ends."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        with open(os.open(path, flags), "rb") as file:
            regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            data = file.read(REPORT) if regular else b""
    except OSError:
        return ""
    return data.decode(errors="replace")


def _kill(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        pass  # it has ended by itself
