"""Gradescope's results.json.

https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format. The
score at the top overrides the sum of the tests, which is the score before the
deadline counts: promises of earlier steps are shown without a number, and share
one at the end. What is hidden is `visible` here, because the text has no more
than may be shown; the output of the grader itself is for the teacher only.
"""

from __future__ import annotations

import json
from typing import Any

from grader.view import cut

from . import words
from .words import FAILED, PASSED, Result, detail, many, results

OUTPUT = 20_000  # characters of one test's text


def text(document: dict[str, Any]) -> str:
    tests = [
        _test(result, number) for number, result in enumerate(results(document), 1)
    ]
    tests += [_kept(group) for group in document["milestones"] if not group["new"]]
    return json.dumps(
        {
            "score": document["score"],
            "execution_time": document["seconds"],
            "output": _output(document),
            "output_format": "text",
            "test_output_format": "text",
            "test_name_format": "text",
            "visibility": "visible",
            "stdout_visibility": "hidden",
            "extra_data": {
                key: document[key]
                for key in ("grader", "assignment", "seed", "earned", "late", "partial")
            },
            "tests": tests,
        },
        indent=1,
    )


def _output(document: dict[str, Any]) -> str:
    lines = [f"{words.title(document)}: {words.score(document)} points."]
    lines += [f"{words.counts(document).capitalize()}.", *words.remarks(document)]
    failed = [r for r in words.first_failed(document) if not r.hidden][:1]
    lines += [f"Look at this one first: {r.id}, {r.title}." for r in failed]
    return "\n".join(lines)


def _test(result: Result, number: int) -> dict[str, Any]:
    test: dict[str, Any] = {
        "name": f"{result.title} ({result.id})",
        "number": str(number),
        "output": cut(detail(result), OUTPUT),
        "tags": [result.milestone, result.mark],
        "visibility": "visible",
        "extra_data": {"id": result.id, "result": result.result},
    }
    if result.new:
        earned = result.worth if result.result == PASSED else 0.0
        test.update(score=earned, max_score=result.worth)
    if result.result in (PASSED, FAILED):
        test["status"] = result.result
    return test


def _kept(group: dict[str, Any]) -> dict[str, Any]:
    whole = group["passed"] == group["checks"]
    return {
        "name": group["name"],
        "number": "kept",
        "score": group["earned"],
        "max_score": group["worth"],
        "status": PASSED if whole else FAILED,
        "output": f"{group['passed']} of {many(group['checks'], 'check')} passed.",
        "tags": ["kept"],
        "visibility": "visible",
    }
