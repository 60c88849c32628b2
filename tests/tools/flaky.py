"""Runs the suites on the reference again and again, and counts wrong verdicts.

    flaky.py --build build --runs 10 [--busy N] [--steps 03 04] [--workers '-n 3']

The reference is right, so every check that does not pass is a wrong verdict.
--busy keeps so many processes at work beside, one for each core, say.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Iterator

TREE = Path(__file__).resolve().parents[2]
PATIENCE = 900.0  # seconds for one run
WORK = "while True: sum(range(100000))"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--build", type=Path, default=TREE / "build", help="where the programs are")
    add("--runs", type=int, default=10, help="of each suite")
    add("--busy", type=int, default=0, help="processes that work beside")
    add("--steps", nargs="*", default=[], help="which; all unless given")
    add("--workers", default="", help="pytest's options for checks side by side")
    given = parser.parse_args()
    steps = [s for s in sorted(TREE.glob("steps/*-*")) if chosen(s, given.steps)]
    wrong = 0
    with ExitStack() as stack:
        for _ in range(given.busy):
            stack.enter_context(busy())
        for step in steps:
            wrong += repeat(step, given)
    runs = given.runs * len(steps)
    load = f", {given.busy} busy processes beside" if given.busy else ""
    print(f"{runs} runs{load}: {wrong} wrong verdicts")
    return 1 if wrong else 0


def chosen(step: Path, wanted: list[str]) -> bool:
    return not wanted or step.name[:2] in wanted


@contextmanager
def busy() -> Iterator[None]:
    """A process that uses all the time that it gets."""
    process = subprocess.Popen([sys.executable, "-c", WORK])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def repeat(step: Path, given: argparse.Namespace) -> int:
    """Runs one suite; tells how long it took, and what was wrong."""
    wrong, took, checks = 0, [], 0
    for run in range(1, given.runs + 1):
        began = time.monotonic()
        results = grade(step, given.build.resolve(), given.workers)
        took.append(time.monotonic() - began)
        checks = len(results)
        for result in results:
            if result["result"] != "passed":
                wrong += 1
                print(f"{step.name}, run {run}: {result['id']} {result['result']}")
                story = result.get("story") or {}
                print(f"    {story.get('got') or result['note']}", flush=True)
    took.sort()
    middle = took[len(took) // 2]
    print(
        f"{step.name:<18} {given.runs} runs of {checks} checks, {wrong} wrong;"
        f" {took[0]:.1f} {middle:.1f} {took[-1]:.1f} s (least, median, most)",
        flush=True,
    )
    return wrong


def grade(step: Path, build: Path, workers: str) -> list[dict[str, Any]]:
    """The results of one run on the sanitized reference."""
    number = step.name[:2]
    program = build / "san" / step.name
    client = build / "san" / f"{number}-{step.name.split('-')[1]}-client"
    with tempfile.TemporaryDirectory(prefix="flaky-") as place:
        report = Path(place) / "report.json"
        command = [sys.executable, "-m", "pytest", "-c", "tests/pytest.ini"]
        command += [*shlex.split(workers), "tests/checks", "-m", "not slow"]
        command += ["--step", number, "--server", str(program)]
        command += ["--client", str(client)] if client.exists() else []
        command += ["--report", str(report)]
        done = subprocess.run(
            command,
            cwd=TREE,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        if not report.exists():
            sys.exit(f"{step.name}: the grader did not end well\n{done.stdout}")
        data = json.loads(report.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = data["checks"]
    return found


if __name__ == "__main__":
    sys.exit(main())
