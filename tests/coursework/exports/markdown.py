"""A summary in Markdown, for the summary of a GitHub Actions job among others.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions,
"Adding a job summary": GitHub's Markdown, at most 1 MiB a step.
"""

from __future__ import annotations

import re
from typing import Any

from grader.report import guarded
from grader.view import clean

from . import words
from .words import Result, detail, many, number

MOST = 900_000  # characters
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~@&$])")


def text(document: dict[str, Any]) -> str:
    whose = words.whose(document)
    lines = [f"# {plain(words.title(document))}: {words.score(document)} points", ""]
    lines += [plain(whose), ""] if whose else []
    lines += [f"{words.counts(document).capitalize()}."]
    lines += [f"**{plain(remark)}**" for remark in words.remarks(document)] + [""]
    lines += ["| Milestone | Checks | Points |", "|---|---|---|"]
    for group in document["milestones"]:
        count = f"{group['passed']} of {group['checks']}"
        points = f"{number(group['earned'])} of {number(group['worth'])}"
        lines.append(f"| {plain(group['name'])} | {count} | {points} |")
    for at, result in enumerate(words.first_failed(document)):
        if at == 0:
            lines += ["", "## What failed"]
        lines += _failure(result)
    lines += _others(document)
    lines = [guarded(line) for line in lines]
    size = 0
    for at, line in enumerate(lines):
        size += len(line.encode()) + 1
        if size > MOST:
            return "\n".join([*lines[:at], "", "And so on.", ""])
    return "\n".join(lines) + "\n"


def _failure(result: Result) -> list[str]:
    points = f"{number(result.worth)} points" if result.new else "kept"
    out = ["", f"### {plain(result.title)} ({points})", ""]
    if result.heading and not result.hidden:
        out += [f'{code(result.lesson)}, "{plain(result.heading)}"', ""]
    said = detail(result)
    return out + (fenced(said) if said else ["It is hidden; nothing more is told."])


def _others(document: dict[str, Any]) -> list[str]:
    waiting = [r for r in words.results(document) if r.result == words.NOT_JUDGED]
    broke = [r for r in words.results(document) if r.result == words.BROKE]
    out = []
    if waiting:
        out += ["", f"## Not judged: {many(len(waiting), 'check')}", ""]
        out += [
            f"- {plain(r.id)}: {plain(r.note or 'a hidden check')}" for r in waiting
        ]
    for result in broke:
        out += ["", f"## The grader broke in {plain(result.id)}", ""]
        out += ["That is no fault of the program, and no points are lost.", ""]
        out += fenced(result.note)
    return out


def plain(said: str) -> str:
    """Text on one line in which nothing is Markdown."""
    return SPECIAL.sub(r"\\\1", " ".join(clean(said).split()))


def code(said: str) -> str:
    ticks = "`" * (1 + max(map(len, re.findall("`+", said)), default=0))
    return f"{ticks}{said}{ticks}"


def fenced(said: str) -> list[str]:
    """Lines as they are, in a fence longer than any of theirs."""
    ticks = max([2, *map(len, re.findall("`+", said))]) + 1
    return ["`" * ticks + "text", *said.splitlines(), "`" * ticks]
