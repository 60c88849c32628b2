"""Results of checks, and what they are worth.

A result is passed, failed, or not judged: what it needs failed, or the
grader itself broke. Nobody loses a point by a fault of the grader, but the
exit status tells of it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Iterable, Optional

from .check import Code
from .table import Row

VERSION = 1  # of the model, as it stands in the JSON file
NEW_WEIGHT = 80  # of a hundred; the rest is for kept promises

PASSED, FAILED, NOT_JUDGED, BROKE = "passed", "failed", "not judged", "broke"


@dataclass
class Story:
    """A failure as it is told: every part is text, lists are lines."""

    why: str = ""
    sent: list[str] = field(default_factory=list)
    expected: str = ""
    got: str = ""
    received: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    report: list[str] = field(default_factory=list)  # a sanitizer's
    again: list[str] = field(default_factory=list)  # shell lines


@dataclass
class Result:
    """What became of one check."""

    id: str
    steps: str
    new: bool  # in the step that is graded
    milestone: str
    title: str
    points: int
    mark: str
    needs: list[str]
    reason: str
    why: str
    hints: list[str]
    result: str = PASSED
    note: str = ""  # why it was not judged
    seconds: float = 0.0
    story: Optional[Story] = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> "Result":
        story = data.get("story")
        values: dict[str, Any] = {**data, "story": Story(**story) if story else None}
        return Result(**values)


def blank(row: Row, code: Code, step: int) -> Result:
    """A result yet to be filled in."""
    return Result(
        id=row.id,
        steps=row.steps,
        new=row.since == step,
        milestone=row.milestone,
        title=row.title,
        points=row.points,
        mark=row.mark,
        needs=list(row.needs),
        reason=code.reason,
        why=code.why,
        hints=list(code.hints),
    )


def settle(results: Iterable[Result]) -> list[Result]:
    """Takes back the verdict where a need was not met, whoever ran first.
    The results are in the table's order: needs come before."""
    settled = list(results)
    by_id = {result.id: result for result in settled}
    for result in settled:
        for need in result.needs:
            other = by_id.get(need)
            if other and other.result != PASSED and result.result != BROKE:
                unmet(result, other)
                break
    return settled


def unmet(result: Result, need: Result) -> None:
    """Makes a result `not judged` because of this need."""
    word = {FAILED: "failed", BROKE: "could not be judged"}
    result.result = NOT_JUDGED
    result.note = f"needs {need.id}, which {word.get(need.result, 'was not judged')}"
    result.story = None


@dataclass
class Score:
    """Points: a hundred for what is new and kept together."""

    new: int = 0
    new_of: int = 0
    kept: int = 0
    kept_of: int = 0

    @property
    def total(self) -> float:
        """80 for the new checks, 20 for kept promises; where one kind has no
        points, the other has the hundred."""
        if not self.kept_of:
            return 100.0 * self.new / self.new_of if self.new_of else 0.0
        if not self.new_of:
            return 100.0 * self.kept / self.kept_of
        share = NEW_WEIGHT * self.new / self.new_of
        return share + (100 - NEW_WEIGHT) * self.kept / self.kept_of


def score(results: Iterable[Result]) -> Score:
    total = Score()
    for result in results:
        if result.mark == "permitted" or result.result == BROKE:
            continue
        won = result.points if result.result == PASSED else 0
        if result.new:
            total.new, total.new_of = total.new + won, total.new_of + result.points
        else:
            total.kept, total.kept_of = total.kept + won, total.kept_of + result.points
    return total


def counts(results: Iterable[Result]) -> dict[str, int]:
    found = {PASSED: 0, FAILED: 0, NOT_JUDGED: 0, BROKE: 0}
    for result in results:
        found[result.result] += 1
    return found


def document(results: list[Result], about: dict[str, Any]) -> dict[str, Any]:
    """The whole as JSON; about: step, server, seed and the like."""
    points = score(results)
    return {
        "version": VERSION,
        **about,
        "score": round(points.total, 1),
        "points": asdict(points),
        "counts": counts(results),
        "checks": [result.to_json() for result in results],
    }
