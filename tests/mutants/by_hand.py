"""Runs the lines that a report gives "By hand", as a person would type them:
once with the mutant, twice with the reference. What the reference shows twice
the same and the mutant differently is what the person sees."""

from __future__ import annotations

import difflib
import os
import re
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterable

from grader import alone
from grader.expect import escape

from .patches import TREE

PATIENCE = 8.0  # seconds beyond the sleeps in the lines; then a person gives up
CHECK = 40.0  # seconds for a whole check
SHOWN, LONG = 40, 200  # lines of what was seen, and bytes of each
WAIT = 200  # times 0.05 s, for the server to listen

# What the server prints stands between what others print, in whatever order: so
# it is kept apart.
SERVER = "server.txt"

# Typed by hand, the line after `server &` comes when the server listens. A
# connection to find out would be one more client, so we look at the sockets.
LISTENS = f"""
n=0; server=$!
until grep -qE ':(1F90|20FB) [0-9A-F]+:0000 0A ' /proc/net/tcp /proc/net/tcp6 ||
    ! kill -0 $server 2>/dev/null || [ $n -ge {WAIT} ]; do sleep 0.05; n=$((n+1)); done
"""

# What an interactive shell tells of a job when it has ended.
ENDED = """
sleep 0.3
if [ -n "$server" ]; then
    if kill -0 $server 2>/dev/null; then echo "the server runs on"
    else wait $server; echo "the server has ended: $?"; fi
fi
"""

# What differs from run to run and means nothing.
NOISE = [
    (r"(?m)^\[\d+\].* Done .*\n", ""),  # what a shell tells of its jobs
    (r"(?m)^\[\d+\][-+ ]", "[job]"),
    (r"\b\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}", "(date)"),
    (r"\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", "(date)"),
    (r"(real|user|sys)\t0m(\d+)\.\d+s", r"\1 \2 s"),
    (r"(==|\bpid |\[)\d+(==|\b|\])", r"\1(pid)\2"),
    (r"0x[0-9a-f]{6,}", "(address)"),
    (r"line \d+: +\d+ ", "line: "),
    (r"\[\(pid\)\][+-]", "[(pid)]"),  # the job that %+ is
    (r"\bprocess \d+:", "process:"),
    (r"\b[0-9A-F]{16}:error:", "(thread):error:"),  # of OpenSSL
    (r"(?m)^ *\d+ +(\?|pts/\d+|[A-Z][a-zA-Z+<]*) ", r"(pid) \1 "),  # ps
    (r"(?m)^ *[01] 00:00:00 ", "(hardly any) "),  # processor time, %
    (r"after \d+ milliseconds", "after (some) milliseconds"),
    (r",\s*seed\s+\d+", ""),
]


class NothingSeen(Exception):
    """The lines do not show the mistake; the message has what they show."""


def script(lines: list[str]) -> str:
    """The lines, with what a person adds by waiting and by looking."""
    text = "set -m\n"  # jobs in process groups of their own, as at a terminal
    for line in lines:
        starts = line.endswith(" &") and "|" not in line and LISTENS not in text
        text += line[:-1] + f">{SERVER} 2>&1 &\n" if starts else line + "\n"
        if line.endswith(" &") and LISTENS not in text:
            text += LISTENS
    return text + ENDED


def difference(lines: list[str], mutant: Path, reference: Path) -> str:
    """What a person sees: lines of the reference with -, of the mutant with +.
    NothingSeen where that is none. The programs stand in these two directories,
    under the same names."""
    if not any(str(mutant) in line for line in lines):
        raise NothingSeen(f"no line runs a program of {mutant}")
    right = [line.replace(str(mutant), str(reference)) for line in lines]
    with ThreadPoolExecutor(3) as pool:
        wrong, good, again = pool.map(show, (lines, right, right))
    wrong = [line.replace(str(mutant), str(reference)) for line in wrong]
    if good != again:
        unsteady = "the reference shows this and then that:\n"
        raise NothingSeen(unsteady + changes(good, again))
    if wrong == good:
        same = "the mutant and the reference both show:\n"
        raise NothingSeen(same + readable(good))
    return changes(good, wrong)


def changes(one: list[str], other: list[str]) -> str:
    found = difflib.unified_diff(one, other, lineterm="", n=0)
    return readable(line for line in found if line[:2] not in ("--", "++", "@@"))


def readable(lines: Iterable[str]) -> str:
    """The first lines of what was seen."""
    few = list(lines)[:SHOWN]
    return "\n".join(escape(line.encode())[:LONG].replace('\\"', '"') for line in few)


def patience(lines: list[str]) -> float:
    """How long a person waits: what the lines themselves wait, and longer."""
    waits = re.findall(
        r"(?:sleep|-m|(?<!-)timeout(?: -s \w+)?)[ (]([0-9.]+)", " ".join(lines)
    )
    if any("-m pytest" in line for line in lines):
        return CHECK
    return PATIENCE + min(20.0, sum(map(float, waits)))


def show(lines: list[str]) -> list[str]:
    """Runs the lines; the lines that a person sees, without noise, sorted,
    since several programs print at once."""
    with tempfile.TemporaryDirectory(prefix="by-hand-") as name:
        if any("tests/pytest.ini" in line for line in lines):
            _add_tests(Path(name))
        said = _run(script(lines), Path(name), patience(lines))
        server = Path(name) / SERVER
        said += server.read_text("latin-1") if server.exists() else ""
    for pattern, word in NOISE:
        said = re.sub(pattern, word, said)
    return sorted(said.replace("\r", "").split("\n"))


def _add_tests(directory: Path) -> None:
    """For lines that run the check itself, typed at the top of the tree."""
    (directory / "tests").symlink_to(TREE / "tests")
    python = directory / "bin" / "python3"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)


def _run(text: str, directory: Path, patience: float) -> str:
    """Runs a script of bash with a network, processes and a directory of its
    own. When it has ended, or its time is up, all that it started ends."""
    command = [*alone.ALONE, "--chdir", str(directory)]
    path = f"{directory}/bin:{os.environ['PATH']}"
    process = subprocess.Popen(
        [*command, "bash", "-c", text],
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        said, _ = process.communicate(timeout=patience)
        end = "" if process.returncode == 0 else f"\n(status {process.returncode})"
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
        end = f"\n(not at its end after {patience:g} s)"
    return said.decode("latin-1") + end
