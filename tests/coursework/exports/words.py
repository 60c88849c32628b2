"""What the formats for people share: names, sentences, the text of a check."""

from __future__ import annotations

from typing import Any

from grader import report
from grader.results import BROKE, FAILED, NOT_JUDGED, PASSED, Result, failures
from grader.view import many, number

__all__ = ["BROKE", "FAILED", "NOT_JUDGED", "PASSED", "Result", "many", "number"]


def title(document: dict[str, Any]) -> str:
    """Step 03, or what else was graded."""
    name: str = document["assignment"]
    return f"Step {name}" if name.isdigit() else name.capitalize()


def whose(document: dict[str, Any]) -> str:
    return ", ".join(filter(None, (document["course"], document["submission"])))


def score(document: dict[str, Any]) -> str:
    return f"{number(document['score'])} of 100"


def counts(document: dict[str, Any]) -> str:
    found = document["counts"]
    names = (PASSED, FAILED, NOT_JUDGED)
    parts = [f"{found[name]} {name}" for name in names if found[name]]
    if found[BROKE]:
        parts.append(f"the grader broke in {found[BROKE]}")
    return ", ".join(parts) or "no check ran"


def remarks(document: dict[str, Any]) -> list[str]:
    """What there is to say of the score."""
    found = []
    if document["partial"]:
        ran = f"{len(document['checks'])} of {many(document['of'], 'check')}"
        found.append(f"Only {ran} ran, so this is no score of the whole.")
    late = document["late"]
    if late and late["days"]:
        found.append(report.lateness(document))
    found += [
        f"The grader is at fault, not the program: {fault}"
        for fault in document["faults"]
    ]
    return [" ".join(remark.split()) for remark in found]


def results(document: dict[str, Any]) -> list[Result]:
    return [Result.from_json(check) for check in document["checks"]]


def first_failed(document: dict[str, Any]) -> list[Result]:
    """All that failed, in the order in which to look at them, the hidden last."""
    return sorted(failures(results(document)), key=lambda result: result.hidden)


def detail(result: Result) -> str:
    """What there is to read about one check, as plain text."""
    if result.result == FAILED and not result.hidden:
        return "\n".join(report.guarded(line) for line in report.telling(result))
    if result.result == NOT_JUDGED:
        return f"Not judged: {result.note or 'a hidden check failed'}"
    if result.result == BROKE:
        return "The grader broke, no fault of the program.\n" + result.note
    return ""


def short(result: Result) -> str:
    """The same in a few sentences."""
    story = result.story
    if result.result != FAILED or result.hidden or not story:
        return detail(result)
    lines = [f"Not written yet: {missing}" for missing in story.unwritten]
    lines += [story.why, f"Expected: {story.expected}", f"Got: {story.got}"]
    lines += [f"Hint: {hint}" for hint in result.hints[:1]]
    return "\n".join(lines)


def group_of(result: Result, document: dict[str, Any]) -> str:
    """The name of its milestone, as the document groups them."""
    if result.new:
        return result.milestone
    return next(g["name"] for g in document["milestones"] if not g["new"])
