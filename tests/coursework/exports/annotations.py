"""Commands to GitHub Actions, a line each: the score as a notice, and an error for
every check that failed, at the line where the program died or else at the lesson.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
Escapes are those of its toolkit (@actions/core, command.ts): %, CR and LF in a
message, besides these colon and comma in a property. GitHub shows ten errors a
step.
"""

from __future__ import annotations

import re
from typing import Any

from grader.view import cut, number

from . import words
from .words import Result

MOST = 10
MESSAGE = 2000  # characters
FRAME = re.compile(r"(?:^| #\d+ \w+ )(\w[\w./-]*\.[ch]):(\d+)\b")  # below the top


def text(document: dict[str, Any]) -> str:
    title = words.title(document)
    said = f"{words.score(document)} points, {words.counts(document)}"
    lines = [
        command("notice", ". ".join([said, *words.remarks(document)]), title=title)
    ]
    failed = words.first_failed(document)
    for result in failed[:MOST]:
        where = place(result)
        message = (
            words.detail(result) or f"It is hidden: {number(result.worth)} points."
        )
        heading = f"{result.title} ({result.id})"
        lines.append(command("error", message, **where, title=heading))
    broke = [r for r in words.results(document) if r.result == words.BROKE]
    for result in broke[:MOST]:
        heading = f"The grader broke in {result.id}"
        lines.append(command("warning", words.detail(result), title=heading))
    return "\n".join(lines) + "\n"


def place(result: Result) -> dict[str, str]:
    """The file to point to, and the line where a sanitizer names one."""
    for line in result.story.report if result.story else []:
        found = FRAME.search(line)
        if found:
            return {"file": found[1], "line": found[2]}
    return {"file": result.lesson} if result.lesson else {}


def command(name: str, message: str, **properties: str) -> str:
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {listed}::{_data(cut(message, MESSAGE))}"


def _data(said: str) -> str:
    return said.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(said: str) -> str:
    return _data(said).replace(":", "%3A").replace(",", "%2C")
