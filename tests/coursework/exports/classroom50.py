"""Classroom 50's result.json.

https://github.com/foundation50/classroom50/blob/main/schemas/result-v1.schema.json
and its wiki, Advanced Autograding. Scores are whole numbers there, so they are
tenths of a point: 813 of 1000 is 81.3 of 100. The sum of the tests is the score:
what a late submission costs is taken from all alike, and all promises of earlier
steps are one test. Who submitted what is in the environment that its runner sets.
"""

from __future__ import annotations

import json
import os
from typing import Any, Mapping

from grader.score import reduce_to

from .words import PASSED, detail, results

SCHEMA = "classroom50/result/v1"


def text(document: dict[str, Any], environment: Mapping[str, str] = os.environ) -> str:
    made = tests(document)
    commit = environment.get("COMMIT_URL") or "unknown"
    owner = environment.get("USERNAME") or environment.get("OWNER")
    late = document["late"]
    result = {
        "schema": SCHEMA,
        "classroom": environment.get("CLASSROOM") or "classroom",
        "assignment": environment.get("ASSIGNMENT") or document["assignment"],
        "assignment_type": environment.get("ASSIGNMENT_TYPE") or "individual",
        "owner": owner or document["submission"] or "student",
        "submission": environment.get("SUBMISSION_TAG") or "submit/unknown",
        "commit": commit,
        "release": environment.get("RELEASE_URL") or commit,
        "review": environment.get("REVIEW_URL") or commit,
        "datetime": late["submitted"] if late else document["when"],
        "graded_at": document["when"],
        "score": sum(test["score"] for test in made),
        "max-score": sum(test["max-score"] for test in made),
        "tests": made,
    }
    return json.dumps(result, indent=2) + "\n"


def tests(document: dict[str, Any]) -> list[dict[str, Any]]:
    """A test for each new check and one for all that is kept."""
    made: list[dict[str, Any]] = []
    for result in results(document):
        if result.new:
            worth = round(10 * result.worth)
            passed = result.result == PASSED
            named = f"{result.title} ({result.id})"
            test = _test(named, passed, worth if passed else 0, worth)
            made.append({**test, "output": detail(result)})
    for group in document["milestones"]:
        if not group["new"]:
            earned, worth = round(10 * group["earned"]), round(10 * group["worth"])
            passed = group["passed"] == group["checks"]
            made.append(_test(group["name"], passed, earned, worth))
    score = round(10 * document["score"])
    for test, points in zip(made, reduce_to(score, [test["score"] for test in made])):
        test["score"] = points
    return made


def _test(name: str, passed: bool, score: int, most: int) -> dict[str, Any]:
    return {"test-name": name, "passed": passed, "score": score, "max-score": most}
