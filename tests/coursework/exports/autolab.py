"""What an autograder prints for Autolab: text to read, formatted feedback, and as
the last line the scores, by milestone.

https://docs.autolabproject.com/lab/#writing-autograders and .../features/
formatted-feedback/. The problems of the assessment on Autolab have the names of
the milestones. Autolab puts quotes around a word before a colon, even in a name,
so names have no colons. The sum of the scores is the score: what a late
submission costs is taken from all alike.
"""

from __future__ import annotations

import json
from typing import Any

from grader.score import reduce_to
from grader.view import cut

from . import words
from .words import PASSED, detail, group_of, results, short

HINT = 2000  # characters of one check's text


def text(document: dict[str, Any]) -> str:
    lines = _reading(document)
    lines.append(json.dumps(_feedback(document)))
    lines.append(json.dumps({"scores": problems(document)}))
    return "\n".join(lines) + "\n"


def problems(document: dict[str, Any]) -> dict[str, float]:
    """The score of each milestone; the sum is the score."""
    groups = document["milestones"]
    earned = [round(10 * group["earned"]) for group in groups]
    shown = reduce_to(round(10 * document["score"]), earned)
    names = [name(group["name"]) for group in groups]
    return {name: tenths / 10 for name, tenths in zip(names, shown)}


def name(milestone: str) -> str:
    """A milestone as the name of a problem."""
    return milestone.replace(":", "")


def _reading(document: dict[str, Any]) -> list[str]:
    lines = [f"{words.title(document)}: {words.score(document)} points."]
    lines += [f"{words.counts(document).capitalize()}.", *words.remarks(document)]
    for result in [r for r in words.first_failed(document) if not r.hidden][:1]:
        title = " ".join(result.title.split())
        lines += ["", f"Look at this one first: {result.id}, {title}"]
        lines += detail(result).splitlines()
    return lines


def _feedback(document: dict[str, Any]) -> dict[str, Any]:
    """A stage for each milestone, a test for each check."""
    stages: dict[str, dict[str, Any]] = {
        name(group["name"]): {} for group in document["milestones"]
    }
    for result in results(document):
        entry: dict[str, Any] = {"passed": result.result == PASSED}
        said = short(result)
        if said:
            entry["hint"] = cut(" ".join(said.split()), HINT)
        stage = stages[name(group_of(result, document))]
        stage[f"{result.title} ({result.id})"] = entry
    return {"_presentation": "semantic", "stages": list(stages), **stages}
