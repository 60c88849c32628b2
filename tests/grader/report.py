"""The verdict as a person reads it: 80 columns, the first failure in full."""

from __future__ import annotations

import textwrap
from typing import Any, Iterable

from .verdict import BROKE, FAILED, NOT_JUDGED, PASSED, Result, Score, Story, counts

WIDTH = 80
LABEL = 10


def verdict(
    results: list[Result], points: Score, about: dict[str, Any], full: bool
) -> str:
    """The whole text. full: every failure in full, not the first alone."""
    out = [*header(about), ""]
    out += milestones(results)
    failed = [r for r in results if r.result == FAILED]
    for result in failed if full else failed[:1]:
        out += ["", *failure(result)]
    if not full and len(failed) > 1:
        out += ["", "Also failed:"]
        for result in failed[1:]:
            out += wrapped(f"{result.id}: {result.title}", "  ", "    ")
    waiting = [r for r in results if r.result == NOT_JUDGED]
    if waiting:
        out += ["", "Not judged:"]
        for note in dict.fromkeys(r.note for r in waiting):
            names = ", ".join(r.id for r in waiting if r.note == note)
            out += wrapped(f"{names} ({note})", "  ", "    ")
    for result in results:
        if result.result == BROKE:
            out += ["", f"THE GRADER BROKE in {result.id}; no fault of the server:"]
            out += ["  " + line for line in result.note.splitlines()]
    out += ["", *closing(results, points)]
    return "\n".join(out)


def header(about: dict[str, Any]) -> list[str]:
    line = f"Step {about['step']:02} · {about['server']} · seed {about['seed']}"
    return wrapped(line, "", "  ")


def milestones(results: Iterable[Result]) -> list[str]:
    """A line for each milestone; what was promised earlier in one line."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        name = result.milestone if result.new else "Kept from earlier steps"
        groups.setdefault(name, []).append(result)
    shown = []
    for name, group in groups.items():
        passed = sum(r.result == PASSED for r in group)
        dots = "." * max(3, 60 - len(name))
        state = "ok" if passed == len(group) else "not yet"
        shown.append(f"  {name} {dots} {passed} of {len(group)} {state}")
    return shown


def failure(result: Result) -> list[str]:
    """One failed check in full."""
    story = result.story or Story()
    earns = f"{result.points} points, {result.mark}"
    out = [f"FAILED  {result.id} ({earns})"]
    out += wrapped(result.title, "  ", "  ") + [""]
    out += labeled("Why", story.why)
    out += labeled("Rule", result.reason)
    out += block("Sent", story.sent)
    out += labeled("Expected", story.expected)
    out += labeled("Got", story.got)
    out += block("Received", story.received)
    out += block("Printed", story.printed)
    out += block("Report", story.report)
    out += ["  By hand"] + ["    " + line for line in story.again]
    out += labeled("Hint", result.hints[0] if result.hints else "")
    return out


def labeled(label: str, text: str) -> list[str]:
    if not text:
        return []
    return wrapped(text, f"  {label:<{LABEL}}", " " * (LABEL + 2))


def block(label: str, lines: list[str]) -> list[str]:
    """Lines that keep their breaks, broken further where they are long."""
    room = WIDTH - LABEL - 2
    out: list[str] = []
    pieces = 1
    for line in lines:
        if line.strip() == "^":  # below the byte, in whatever piece it is
            below, column = divmod(len(line) - 1, room)
            out.insert(len(out) - pieces + below + 1, " " * column + "^")
            continue
        cut = [line[i : i + room] for i in range(0, len(line), room)] or [""]
        pieces = len(cut)
        out += cut
    names = [label] + [""] * len(out)
    return [f"  {name:<{LABEL}}{text}".rstrip() for name, text in zip(names, out)]


def wrapped(text: str, first: str, then: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=then) or [
        first
    ]


def closing(results: list[Result], points: Score) -> list[str]:
    """Points, and how many checks went how."""
    found = counts(results)
    parts = [f"{found[PASSED]} passed", f"{found[FAILED]} failed"]
    parts += [f"{found[NOT_JUDGED]} not judged"] if found[NOT_JUDGED] else []
    parts += [f"grader broke in {found[BROKE]}"] if found[BROKE] else []
    new = f"new {points.new} of {points.new_of}"
    kept = f", kept {points.kept} of {points.kept_of}" if points.kept_of else ""
    return [f"Score {points.total:.1f} of 100 ({new}{kept}): {', '.join(parts)}"]
