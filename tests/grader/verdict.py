"""The verdict as a document: the results, their points, and what was graded.

`--report FILE` writes it as JSON, and all that is exported is made of it. Its
form is written down in result.schema.json; VERSION changes when a field changes
its meaning or goes away.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import datetime, timezone
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Mapping, Optional

from .course import Course
from .results import (
    BROKE,
    FAILED,
    NOT_JUDGED,
    PASSED,
    Result,
    Story,
    blank,
    counts,
    settle,
    unmet,
)
from .score import NEW_WEIGHT, Group, Number, Score, score

__all__ = [
    *("BROKE", "FAILED", "NOT_JUDGED", "PASSED", "Result", "Story", "blank", "counts"),
    *("settle", "unmet", "NEW_WEIGHT", "Group", "Number", "Score", "score"),
    *("VERSION", "document"),
]

VERSION = 2  # of the model, as it stands in the JSON file
TESTS = Path(__file__).resolve().parent.parent


def document(
    results: list[Result],
    about: Mapping[str, Any],
    course: Optional[Course] = None,
) -> dict[str, Any]:
    """The whole as JSON. about: assignment, step, server, seed and the like;
    course: what the teacher overrides. Its "score" is the one total."""
    course = course or Course()
    for result in results:
        result.hidden = result.id in course.hidden
    points = score(results, course.points, course.new_weight)
    for result in results:
        result.worth = points.worth.get(result.id, 0) / 10
        result.points = _plain(course.points.get(result.id, result.points))
    lateness = course.lateness()
    taken = lateness.taken(points.tenths) if lateness else 0
    found = counts(results)
    broke = found[BROKE] or about.get("faults")
    return {
        "version": VERSION,
        "grader": grader_version(),
        "assignment": f"{about['step']:02}" if about.get("step") else "",
        "step": 0,
        "course": course.name,
        "submission": "",
        "server": "",
        "seed": "",
        "when": utc(datetime.now(timezone.utc)),
        "seconds": 0.0,
        "faults": [],
        "of": len(results),
        "left_out": [],
        **about,
        "partial": len(results) < about.get("of", 0),
        "status": "broke" if broke else "failed" if found[FAILED] else "passed",
        "score": (points.tenths - taken) / 10,
        "earned": points.tenths / 10,
        "late": lateness.to_json(taken) if lateness else None,
        "points": {
            name: _plain(getattr(points, name))
            for name in ("new", "new_of", "kept", "kept_of")
        },
        "milestones": [_group(group) for group in points.groups],
        "counts": found,
        "checks": [result.to_json() for result in results],
    }


def _group(group: Group) -> dict[str, Any]:
    values = asdict(group)
    return {**values, "worth": group.worth / 10, "earned": group.earned / 10}


def _plain(number: Any) -> Any:
    """A number that JSON has: whole where it can be."""
    if Fraction(number).denominator == 1:
        return int(number)
    return round(float(number), 2)


def utc(when: datetime) -> str:
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=1)
def grader_version() -> str:
    """Names the suite by what it is made of: two reports with the same name
    were judged alike."""
    digest = hashlib.sha256()
    files = [TESTS / "checks.md", *(TESTS / "grader").glob("*.py")]
    files += [p for p in (TESTS / "checks").rglob("*") if p.suffix in (".py", ".md")]
    for path in sorted(files):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"staircase {digest.hexdigest()[:12]}"
