"""Mistakes planted into the answers of the exercises, and the checks that have
to find each. The first check of an exercise is seen to fail on the reference of
the step, which has not solved it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plant:
    """One mistake: text of files of the step, and what takes its place."""

    exercise: str
    wrong: str  # with it, in words
    checks: tuple[str, ...]
    edits: tuple[tuple[str, str, str], ...]  # file, old, new

    def __str__(self) -> str:
        return f"{self.exercise}-{self.checks[0]}"

    def into(self, step: Path) -> None:
        """Plants it in the files of this directory."""
        for file, old, new in self.edits:
            text = (step / file).read_text(encoding="utf-8")
            if text.count(old) != 1:
                raise ValueError(f"{self}: the answer has changed: {old!r}")
            (step / file).write_text(text.replace(old, new), encoding="utf-8")


def plant(
    exercise: str, wrong: str, checks: str, *edits: tuple[str, str, str]
) -> Plant:
    return Plant(exercise, wrong, tuple(checks.split()), edits)
