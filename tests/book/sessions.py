"""Runs the console sessions of a page in a copy of the tree, one after the other,
and compares what is shown. Ports 8080 to 8089, 8443 and 9000 become free ones of
four digits, in the commands and back in what they show; where bubblewrap makes a
network of its own for each page, they stay as they are."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from typing import Iterator, Optional

from . import compare
from .pages import Fault, Page
from .script import INTERRUPT, Entry, ScriptError, sessions
from .terminal import Terminal

PATIENCE = 10.0  # seconds for a command
SETTLING = 2.0  # for what comes after the prompt, of a job in the background
LONGEST = 90  # seconds for a page
PORTS = re.compile(r"(?<![\w.])(808\d|8443|9000)(?!\w)")
SERVER = re.compile(r"(?<![\w.-])((?:\./)?build/(0[1-7])-(?!tcp-client)[\w-]+)")
RUN = re.compile(r"\bmake ((?:[A-Z_]+=\S+ )*)(run(?:-(0[1-7]))?)\b")
COPIED = ("Makefile", "README.md", "LICENSE", "steps", "common", "tests", "docs")
PROGRAMS = re.compile(r"0[1-7]-[\w-]+|obj|flags|have|certificate")
KEPT = ("PATH", "HOME", "USER", "LANG", "TMPDIR")


class Ports:
    """A free port of four digits for each that a page names."""

    def __init__(self, start: int) -> None:
        self.next = start
        self.real: dict[str, str] = {}

    def of(self, shown: str) -> str:
        if shown not in self.real:
            self.real[shown] = self.find()
        return self.real[shown]

    def find(self) -> str:
        for _ in range(1000):
            self.next = 4000 + (self.next - 4000 + 1) % 5000
            if not PORTS.fullmatch(str(self.next)) and free(self.next):
                return str(self.next)
        raise RuntimeError("no port is free")

    def into(self, command: str) -> str:
        """The command with free ports; a server that names none gets one."""
        command = RUN.sub(self._run, command)
        command = SERVER.sub(lambda m: self._server(m, command), command)
        return PORTS.sub(lambda m: self.of(m[0]), command)

    def _run(self, match: re.Match[str]) -> str:
        rest = match.string[match.start() :].partition("\n")[0]
        if "PORT=" in rest:
            return match[0]
        return f"{match[0]} PORT={'8443' if match[3] in (None, '07') else '8080'}"

    def _server(self, match: re.Match[str], command: str) -> str:
        rest = command[match.end() :]
        alone = re.match(r"(?=\s|$|[;&|)'\"])", rest)
        if not alone or re.match(r"[^;&|\n]*--(port|help)\b", rest):
            return match[0]
        if not command[: match.start()].strip() or running(command[: match.start()]):
            return f"{match[0]} --port {'8443' if match[2] == '07' else '8080'}"
        return match[0]

    def back(self, output: str) -> str:
        for shown, real in self.real.items():
            output = re.sub(rf"(?<!\d){real}(?!\d)", shown, output)
        return output


def running(before: str) -> bool:
    """Whether a program that comes after these words is started, not read."""
    words = re.split(r"[;&|(\n]\s*", before)[-1].split()
    while words and re.match(r"\w+=", words[0]):
        words.pop(0)
    starters = "strace ltrace gdb env exec time timeout nohup setsid command valgrind"
    return not words or words[0] in starters.split()


def free(port: int) -> bool:
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError as error:
            if family == socket.AF_INET or "in use" in str(error):
                return False
    return True


def copy_tree(top: Path, build: Path, to: Path) -> None:
    """The tree and the programs; all of these are new, so that make makes none."""
    ignore = shutil.ignore_patterns("__pycache__", ".mypy_cache", "build", "work")
    for name in COPIED:
        if (top / name).is_dir():
            shutil.copytree(top / name, to / name, symlinks=True, ignore=ignore)
        elif (top / name).exists():
            shutil.copy2(top / name, to / name)
    (to / "build").mkdir()
    for path in build.iterdir() if build.is_dir() else ():
        if not PROGRAMS.fullmatch(path.name):
            continue
        if path.is_dir():
            keep = shutil.ignore_patterns("tests", "class")
            shutil.copytree(path, to / "build" / path.name, ignore=keep)
        else:
            shutil.copy2(path, to / "build" / path.name)
    now = time.time()
    for made in (to / "build").rglob("*"):
        os.utime(made, (now, now))
    if (build / "san").is_dir():
        (to / "build" / "san").symlink_to(build / "san")


def environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    plain = {"TERM": "dumb", "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "PAGER": "cat"}
    return {"LANG": "C.UTF-8", **kept, **plain}


SETUP = """make() { command make --no-print-directory "$@"; }
"""


class Runner:
    """The terminals of a page."""

    def __init__(self, page: Page, directory: Path, alone: bool) -> None:
        """alone: nobody else is in this network, so each port is as shown."""
        self.page = page
        self.directory = directory
        self.alone = alone
        self.ports = Ports(4000 + os.getpid() * 37 % 5000)
        self.varying = compare.Varying()
        self.terminals: dict[str, Terminal] = {}

    def terminal(self, name: str) -> Terminal:
        if name not in self.terminals:
            self.terminals[name] = Terminal(self.directory, environment(), SETUP)
        return self.terminals[name]

    def run(self) -> Iterator[Fault]:
        for session in sessions(self.page):
            self.varying.declare(session.varies)
            terminal = self.terminal(session.terminal)
            for entry in session.entries:
                last = entry is session.entries[-1]
                wrong = self.enter(terminal, entry, bool(session.terminal) and last)
                if wrong:
                    yield wrong
                    if not terminal.at_prompt():
                        return  # nothing after it can be as it is shown

    def enter(self, terminal: Terminal, entry: Entry, may_run: bool) -> Optional[Fault]:
        """Types a command, waits until what is shown agrees, else says why not.
        The last command of a terminal with a name may go on running."""
        if entry.typed == INTERRUPT:
            terminal.interrupt()
            may_run = False  # what comes next may want its port
        elif entry.typed:
            if not terminal.at_prompt() and not terminal.read_to_prompt(PATIENCE):
                return self.page.fault(
                    entry.line,
                    "the command before it has not come to its end",
                    "a server that goes on runs with & or in a terminal=NAME",
                )
            text = self.varying.in_command(entry.typed)
            terminal.type(text if self.alone else self.ports.into(text))
        begin = time.monotonic()
        while True:
            ready = terminal.at_prompt() or may_run or not entry.typed
            output = self.ports.back(terminal.shown())
            if not entry.typed:  # a blank line may have come since the last look
                output = output.lstrip("\r\n")
            if ready and (entry.shown or terminal.at_prompt() or not entry.typed):
                if compare.agrees(entry.shown, output, self.varying):
                    break
            late = time.monotonic() - begin
            if may_run and not entry.shown and late > 0.3:
                break
            if late > (PATIENCE if not terminal.at_prompt() else SETTLING):
                return self.told(terminal, entry, output)
            terminal.poll(0.05)
        terminal.take()
        return None

    def told(self, terminal: Terminal, entry: Entry, output: str) -> Fault:
        at, why = compare.difference(entry.shown, output, self.varying)
        line = entry.line + (1 + at if entry.shown and entry.typed else at)
        late = "" if terminal.at_prompt() else "; and the command goes on running"
        return self.page.fault(
            line,
            f"`{entry.typed}`: {why}{late}",
            "run it by hand; show what comes, or declare what varies",
        )

    def close(self) -> None:
        for terminal in self.terminals.values():
            terminal.close()


def check(page: Page, top: Path, build: Path) -> list[Fault]:
    try:
        if not sessions(page):
            return []
    except ScriptError as error:
        return [page.fault(error.line, str(error), "see tests/book/script.py")]
    place = Path(tempfile.mkdtemp(prefix="staircase-"))
    try:
        copy_tree(top, build, place)
        done = subprocess.run(
            [
                *lock(place, top, build, page.path),
                sys.executable,
                "-m",
                "book",
                "sessions",
            ]
            + [str(page.path), "--place", str(place)]
            + (["--alone"] if can_lock() else []),
            env={**os.environ, "PYTHONPATH": str(top / "tests")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        return [page.fault(1, f"its sessions take {LONGEST} s", "make them shorter")]
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if done.returncode:
        tail = " ".join(done.stderr.splitlines()[-2:])
        return [page.fault(1, f"its sessions were not run: {tail}", "mend the checker")]
    return [Fault(**fault) for fault in json.loads(done.stdout)]


@lru_cache(maxsize=None)
def can_lock() -> bool:
    """Whether bubblewrap can make a network and processes of their own."""
    if not shutil.which("bwrap"):
        return False
    tried = subprocess.run(
        [*lock(Path(tempfile.gettempdir())), "true"],
        capture_output=True,
        timeout=20,
    )
    return tried.returncode == 0


def lock(place: Path, *seen: Path) -> list[str]:
    """The command that runs another in a place of its own; none where that cannot
    be: then ports are changed and all processes are seen."""
    if place.name.startswith("staircase-") and not can_lock():
        return []
    words = "bwrap --die-with-parent --unshare-pid --unshare-net --ro-bind / / --dev"
    words += " /dev --proc /proc --tmpfs /tmp"
    out = words.split()
    for path in [one.resolve() for one in seen]:
        if path.is_relative_to("/tmp") and path != Path("/tmp"):
            out += ["--ro-bind", str(path), str(path)]
    return [*out, "--bind", str(place), str(place), "--chdir", str(place)]
