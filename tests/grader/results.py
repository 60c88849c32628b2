"""Results of checks: what became of each, and the story of a failure.

A result is passed, failed, or not judged: what it needs failed, the machine
cannot tell, or the grader itself broke. Nobody loses a point by the last two,
but the exit status tells of a fault of the grader.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Iterable, Optional

if TYPE_CHECKING:
    from .check import Code
    from .table import Row

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
    report: list[str] = field(default_factory=list)  # a sanitizer's, or how it died
    again: list[str] = field(default_factory=list)  # shell lines
    unwritten: list[str] = field(default_factory=list)  # "reap_children, workers.c"


@dataclass
class Result:
    """What became of one check."""

    id: str
    steps: str
    new: bool  # in the step that is graded
    milestone: str
    title: str
    points: float  # as the table has them, or the teacher
    mark: str
    needs: list[str]
    reason: str
    why: str
    hints: list[str]
    result: str = PASSED
    note: str = ""  # why it was not judged
    seconds: float = 0.0
    story: Optional[Story] = None
    order: int = 0  # its milestone's place in the step that brought it, from 1
    lesson: str = ""  # the file that speaks of it
    heading: str = ""  # and where there
    worth: float = 0.0  # of the hundred; kept promises share theirs
    hidden: bool = False  # from students
    excused: bool = False  # not judged, and not for a failure: it costs nothing

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> "Result":
        story = data.get("story")
        values: dict[str, Any] = {**data, "story": Story(**story) if story else None}
        return Result(**values)


def blank(row: Row, code: Code, new: bool) -> Result:
    """A result yet to be filled in."""
    return Result(
        id=row.id,
        steps=row.steps,
        new=new,
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
        needs = [by_id[need] for need in result.needs if need in by_id]
        lacking = [need for need in needs if need.result != PASSED]
        if lacking and result.result != BROKE:
            failed = [need for need in lacking if not need.excused]
            unmet(result, (failed or lacking)[0])
    return settled


def unmet(result: Result, need: Result) -> None:
    """Makes a result `not judged` because of this need."""
    word = {FAILED: "failed", BROKE: "could not be judged"}
    result.result = NOT_JUDGED
    result.note = f"needs {need.id}, which {word.get(need.result, 'was not judged')}"
    result.excused = need.excused
    result.story = None


def counts(results: Iterable[Result]) -> dict[str, int]:
    found = {PASSED: 0, FAILED: 0, NOT_JUDGED: 0, BROKE: 0}
    for result in results:
        found[result.result] += 1
    return found


def failures(results: Iterable[Result]) -> list[Result]:
    """Those that failed, in the order in which to look at them: milestone after
    milestone, before each check what it needs; then what else was promised
    earlier."""
    results = list(results)
    by_id = {result.id: result for result in results}
    order: dict[str, Result] = {}

    def visit(result: Result) -> None:
        for need in result.needs if result.id not in order else ():
            if need in by_id:
                visit(by_id[need])
        order.setdefault(result.id, result)

    new = [result for result in results if result.new]
    for result in [*sorted(new, key=lambda result: result.order), *results]:
        visit(result)
    return [result for result in order.values() if result.result == FAILED]
