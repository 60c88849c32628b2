"""The proof for one mutant: it builds, its check fails, the failure tells all
that a student needs, and its shell lines show the mistake."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable

from selftest.grading import TESTS, Run

from grader import table

from . import by_hand
from .patches import Mutant, faults
from .workshop import BuildError, Programs, Workshop

PATIENCE = "2"  # seconds that an answer may take, where none may come
TOLD = ("why", "sent", "expected", "got", "again")


@dataclass
class Outcome:
    """What became of a mutant; no problems: it is killed as it should be."""

    mutant: Mutant
    problems: list[str] = field(default_factory=list)
    seen: str = ""  # by hand: what differs from the reference
    build: float = 0.0  # seconds
    grade: float = 0.0
    hand: float = 0.0

    @property
    def killed(self) -> bool:
        return not self.problems


def prove(mutant: Mutant, workshop: Workshop, hand: bool = True) -> Outcome:
    """hand: with the lines to type by hand."""
    outcome = Outcome(mutant, faults(mutant, table.load()))
    if outcome.problems:
        return outcome
    began = time.monotonic()
    try:
        made = workshop.mutant(mutant)
        outcome.build = time.monotonic() - began
        _judge(outcome, made, workshop, hand)
    except BuildError as error:
        outcome.problems.append(f"it cannot be built: {error}")
    finally:
        workshop.discard(mutant)
    return outcome


def _judge(outcome: Outcome, made: Programs, workshop: Workshop, hand: bool) -> None:
    mutant = outcome.mutant
    began = time.monotonic()
    directory = made.server.parent
    run = grade(mutant.step, made, {mutant.check}, directory)
    outcome.grade = time.monotonic() - began
    if run.status not in (0, 1) or not run.data:
        outcome.problems.append(f"the grader broke: {run.text}")
        return
    result = run.check(mutant.check)
    if result["result"] != "failed":
        note = f" ({result['note']})" if result["note"] else ""
        outcome.problems.append(f"{mutant.check} {result['result']}{note}\n{run.text}")
        return
    missing = untold(result)
    if missing:
        text = f"the failure does not tell {', '.join(missing)}\n{run.text}"
        outcome.problems.append(text)
    began = time.monotonic()
    if hand and not missing:
        right = workshop.reference(mutant.directory).server.parent
        _type(outcome, result["story"]["again"], directory, right)
    outcome.hand = time.monotonic() - began


def _type(outcome: Outcome, lines: list[str], wrong: Path, right: Path) -> None:
    """Types the lines. On a busy machine a person who sees nothing tries again."""
    for last in (False, True):
        try:
            outcome.seen = by_hand.difference(lines, wrong, right)
            return
        except by_hand.NothingSeen as nothing:
            if last:
                told = ["by hand nothing is to be seen:", *lines, str(nothing)]
                outcome.problems.append("\n".join(told))


def grade(step: int, programs: Programs, checks: Iterable[str], place: Path) -> Run:
    """Grades a program by these checks and all that they need."""
    rows = table.load()
    wanted = set().union(*(closure(name, rows) for name in checks))
    return _grade(step, programs, [_where(n) for n in rows if n in wanted], place)


def suite(step: int, programs: Programs, place: Path) -> Run:
    """Grades a program by the suite of a step, slow checks left out."""
    checks = [str(TESTS / "checks"), "-m", "not slow"]
    return _grade(step, programs, checks, place)


def _grade(step: int, programs: Programs, checks: list[str], place: Path) -> Run:
    report = place / "report.json"
    command = [sys.executable, "-m", "pytest", "-c", str(TESTS / "pytest.ini")]
    command += [
        *checks,
        "--step",
        str(step),
        "--patience",
        PATIENCE,
        "--report",
        str(report),
    ]
    command += ["--server", str(programs.server)]
    command += ["--client", programs.client_command]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    data = json.loads(report.read_text()) if report.exists() else {}
    return Run(done.returncode, done.stdout, data)


def closure(name: str, rows: dict[str, table.Row]) -> set[str]:
    """The check and all that it needs."""
    return {name}.union(*(closure(need, rows) for need in rows[name].needs))


def untold(result: dict[str, Any]) -> list[str]:
    """The parts that are missing in what a failure tells."""
    story = result["story"] or {}
    missing = [part for part in TOLD if not story.get(part)]
    missing += [] if result["title"] else ["title"]
    return missing + ([] if result["hints"] and all(result["hints"]) else ["hint"])


def _where(name: str) -> str:
    """The check as pytest names it: tests/checks/test_01_echo.py::test_..."""
    function = "test_" + name.replace("-", "_")
    for path in sorted((TESTS / "checks").glob("test_*.py")):
        if re.search(rf"(?m)^def {function}\(", path.read_text(encoding="utf-8")):
            return f"{path}::{function}"
    raise LookupError(f"no code of {name} in checks/")
