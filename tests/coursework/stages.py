"""A step's homework at every stage, for the tests: the starter with some of the
reference's functions filled in, compiled and graded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from . import blank
from .homework import ROOT, Homework
from .student import Student


def write(declared: Homework, reached: int, to: Path) -> None:
    """Writes the step's files as they are after so many milestones: functions
    of those are written, those of later ones have their first bodies."""
    early = list(declared.milestones)[:reached]
    files = blank.starter(declared)
    for name, source in blank.sources(declared).items():
        tasks = declared.tasks(name)
        done = {task.function for task in tasks if task.milestone in early}
        left = {task.function for task in tasks} - done
        files[name] = source.blanked(done, left)
    to.mkdir(parents=True)
    for name, text in files.items():
        (to / name).write_text(text, encoding="utf-8")


def grade(declared: Homework, work: Path, build: Path, *more: str) -> dict[str, Any]:
    """Builds what is in work/, grades it; the results by id."""
    student = Student(declared.step, work, build, ["make"])
    built = student.compile()
    assert built.returncode == 0 and "warning" not in built.stdout, built.stdout
    report = work / "report.json"
    command = [sys.executable, "-m", "pytest", "-c", "tests/pytest.ini"]
    command += ["tests/checks", "--step", declared.number, "--new-only"]
    command += ["-m", "not slow", "--server", student.program]
    command += ["--client", student.client] if student.client else []
    command += ["--report", str(report), *more]
    graded = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert graded.returncode < 2, graded.stdout
    return {one["id"]: one for one in json.loads(report.read_text())["checks"]}
