"""Builds the answers of exercises, and grades them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Optional

from grader.exercises import Exercise, load
from mutants.workshop import Programs, Workshop

from . import plants_01, plants_03, plants_05, plants_06
from .plants import Plant

TESTS = Path(__file__).resolve().parent.parent
TREE = TESTS.parent
PLANTS = [
    *plants_01.PLANTS,
    *plants_03.PLANTS,
    *plants_05.PLANTS,
    *plants_06.PLANTS,
]
PATIENCE = "2"  # seconds that an answer may take, where none may come
LONG = 600  # seconds for a whole suite, on a busy machine
RACES = "-O1 -g -fsanitize=thread"


@dataclass
class Graded:
    """What the grader said of a server."""

    text: str
    status: int
    data: dict[str, Any]

    @property
    def results(self) -> dict[str, str]:
        return {check["id"]: check["result"] for check in self.data.get("checks", [])}

    @property
    def unhappy(self) -> dict[str, str]:
        """What has not passed."""
        return {k: v for k, v in self.results.items() if v != "passed"}


def step_of(exercise: Exercise) -> Path:
    """The directory of its step, from the top of the tree: steps/03-fork."""
    (found,) = (TREE / "steps").glob(f"{exercise.step:02}-*")
    return found.relative_to(TREE)


def touched(exercise: Exercise) -> list[str]:
    """The files that the answer changes."""
    text = exercise.answer.read_text(encoding="utf-8")
    return re.findall(r"(?m)^\+\+\+ b/(\S+)", text)


def answer(exercise: Exercise, workshop: Workshop) -> Programs:
    """The answer's program."""
    name = step_of(exercise).name
    return workshop.patched(str(exercise), name, exercise.answer)


def mistake(plant: Plant, workshop: Workshop) -> Programs:
    """The program of the answer with a mistake."""
    exercise = next(e for e in load() if str(e) == plant.exercise)
    step = step_of(exercise)
    return workshop.patched(
        str(plant), step.name, exercise.answer, lambda tree: plant.into(tree / step)
    )


def grade(
    exercise: Exercise,
    programs: Programs,
    place: Path,
    checks: Optional[Iterator[str]] = None,
    whole: bool = False,
    patience: str = PATIENCE,
) -> Graded:
    """Grades a program by the checks of an exercise (or some of them and all
    that these need), or by the whole suite of the step besides."""
    names = [str(exercise.checks)]
    if checks is not None:
        names = [f"{names[0]}::test_{name.replace('-', '_')}" for name in checks]
    report = place / "report.json"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-c", str(TESTS / "pytest.ini")]
    command += [str(TESTS / "checks")] if whole else []
    command += [*names, "--step", str(exercise.step), "--exercise", exercise.name]
    command += ["--server", str(programs.server), "--client", programs.client_command]
    command += ["--report", str(report), "--patience", patience, "-m", "not slow"]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONG,
    )
    data = json.loads(report.read_text()) if report.exists() else {}
    return Graded(done.stdout, done.returncode, data)


def needed(exercise: Exercise, names: tuple[str, ...]) -> Iterator[str]:
    """These checks and all that they need, as the table has them in order."""
    wanted = set(names)
    for row in reversed(exercise.rows.values()):
        wanted.update(row.needs if row.id in wanted else ())
    return (name for name in exercise.rows if name in wanted)


def make(tree: Path, *words: str) -> str:
    """Runs make in a copy of the tree; what it printed."""
    done = subprocess.run(
        ["make", "-j2", *words],
        cwd=tree,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONG,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
