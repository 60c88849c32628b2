"""Runs tests of a unit program, and brings back what became of each.

The program is told by its environment which tests to run (tests/unit/unit.h).
It writes results into a pipe that the code under test does not have, so that
nothing which that prints, and no early exit, passes for one. A test without a
result has not run.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Iterator, Optional, Sequence

from .homework import ROOT

DEADLINE = 60  # seconds that a test has, in tests/unit/unit.c
SLACK = 10  # more, for the program to tell of it
OUTPUT = 1 << 20  # bytes that a check may print
RESULT = re.compile(r"result (\S+) (\w+) (\d+) (\S*):(\d+) \d+\n(.*)\n", re.S)

PASSED, FAILED, DIED, LATE, CUT = "passed", "failed", "died", "late", "cut"
NOT_RUN, FLOODED = "not run", "flooded"


@dataclass
class Outcome:
    """What became of one test."""

    name: str
    status: str
    message: str = ""  # what libcheck says
    file: str = ""  # where it was then
    line: int = 0
    printed: bytes = b""  # meanwhile


def run_tests(program: Path, names: Sequence[str]) -> list[Outcome]:
    """Runs the tests of these names, in this order; a name may have several
    results, and what stands behind one that died or was late is not run."""
    with tempfile.TemporaryDirectory(prefix="unit-") as home:
        os.chmod(home, 0o755)  # a test that gives up its rights goes there too
        with tempfile.TemporaryFile() as output:
            found, why = _results(program, names, output, home)
            output.seek(0)
            printed = output.read(OUTPUT)
    start = 0
    for outcome, end in found:
        outcome.printed, start = printed[start:end], end
    outcomes = [outcome for outcome, _ in found]
    seen = {outcome.name for outcome in outcomes}
    missing = [Outcome(name, why) for name in names if name not in seen]
    if missing:
        missing[0].printed = printed[start:]
    return outcomes + missing


def _results(
    program: Path, names: Sequence[str], output: IO[bytes], home: str
) -> tuple[list[tuple[Outcome, int]], str]:
    """The results, each with the place where its output ends; and what is to be
    said of tests that have none."""
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [str(program)],
        cwd=ROOT,
        env=_environment(names, writer, home),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        pass_fds=[writer],
        start_new_session=True,
    )
    os.close(writer)
    found: list[tuple[Outcome, int]] = []
    why = NOT_RUN
    with os.fdopen(reader, "rb") as pipe, _ended(process):
        data = b""
        deadline = time.monotonic() + DEADLINE + SLACK
        while True:
            left = deadline - time.monotonic()
            flooded = os.fstat(output.fileno()).st_size > OUTPUT
            if left < 0 or flooded:
                why = FLOODED if flooded else LATE
                break
            if not select.select([pipe], [], [], min(left, 0.1))[0]:
                continue
            part = os.read(pipe.fileno(), 1 << 16)
            if not part:
                break
            *whole, data = _split(data + part)
            if whole:
                deadline = time.monotonic() + DEADLINE + SLACK
            found += filter(None, map(_outcome, whole))
    return found, why


def _environment(names: Sequence[str], writer: int, home: str) -> dict[str, str]:
    """What the program is told; nothing that sets libcheck or a sanitizer
    otherwise."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CK_", "ASAN_", "UBSAN_", "LSAN_"))
    }
    return {
        **kept,
        "LC_ALL": "C.UTF-8",
        "TMPDIR": home,
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "UNIT_RESULTS": str(writer),
        "UNIT_TESTS": "\n".join(names),
    }


def _split(data: bytes) -> list[bytes]:
    """Parts whole results from one that is still to come, the last element."""
    parts = []
    while b"\n" in data:
        head, _, rest = data.partition(b"\n")
        size = head.rpartition(b" ")[2]
        end = int(size) + 1 if size.isdigit() else 0
        if len(rest) < end:
            break
        parts.append(head + b"\n" + rest[:end])
        data = rest[end:]
    return [*parts, data]


def _outcome(text: bytes) -> Optional[tuple[Outcome, int]]:
    """A result, and where its output ends; None for what is none."""
    match = RESULT.fullmatch(text.decode(errors="replace"))
    if not match:
        return None
    name, status, output, file, line, message = match.groups()
    return Outcome(name, status, message, file, int(line)), int(output)


@contextlib.contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Ends it at last. On SIGTERM libcheck takes the test under way with it."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
