"""Exercises: what a server can do beyond its step, and how that is graded.

tests/exercises/checks.md has a section for each, `## 03 threads`, with the table
of its checks. They are graded together with the step's, which are then kept
promises, but for those that a line names whose promise the exercise ends:

    Ends: process-per-client, child-ends
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from . import table
from .table import Row, TableError

FOLDER = Path(__file__).resolve().parent.parent / "exercises"
SECTION = re.compile(r"^## (\d\d) ([a-z0-9-]+)$", re.M)
ENDS = re.compile(r"^Ends: ([a-z0-9, \n-]+?)\n\n", re.M)


@dataclass(frozen=True)
class Exercise:
    """One exercise as the table has it."""

    step: int
    name: str
    ends: tuple[str, ...]  # checks of the step whose promise ends
    rows: dict[str, Row]

    def __str__(self) -> str:
        return f"{self.step:02}-{self.name}"

    @property
    def answer(self) -> Path:
        """The reference answer."""
        return FOLDER / str(self) / "answer.patch"

    @property
    def checks(self) -> Path:
        """The code of its checks."""
        return FOLDER / f"test_{self}.py".replace("-", "_")


def parse(text: str) -> list[Exercise]:
    """Reads the table of all exercises, in its order."""
    found = []
    heads = list(SECTION.finditer(text))
    for head, end in zip(heads, [m.start() for m in heads[1:]] + [len(text)]):
        section = text[head.end() : end]
        ends = ENDS.search(section)
        names = re.findall(r"[a-z0-9-]+", ends[1]) if ends else []
        rows = {
            row.id: replace(row, exercise=head[2])
            for row in table.parse(section).values()
        }
        found.append(Exercise(int(head[1]), head[2], tuple(names), rows))
    return found


@lru_cache(maxsize=None)
def load() -> tuple[Exercise, ...]:
    return tuple(parse((FOLDER / "checks.md").read_text(encoding="utf-8")))


def find(step: int, name: str) -> Exercise:
    there = [exercise for exercise in load() if exercise.step == step]
    for exercise in there:
        if exercise.name == name:
            return exercise
    names = ", ".join(exercise.name for exercise in there)
    raise TableError(f"step {step:02} has no exercise {name!r}, but: {names}")


def join(exercise: Exercise, rows: dict[str, Row]) -> dict[str, Row]:
    """The rows that its server is graded by: its own, then those of the step
    (and before) that it keeps, which need nothing that has ended."""
    kept = {
        row.id: replace(
            row, needs=tuple(n for n in row.needs if n not in exercise.ends)
        )
        for row in rows.values()
        if row.id not in exercise.ends
    }
    return {**exercise.rows, **kept}
