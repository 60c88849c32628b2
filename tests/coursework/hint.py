"""make hint-03: the next hint, of three, for the first check that fails."""

from __future__ import annotations

import importlib
import textwrap
from pathlib import Path

from grader import table
from grader.check import Code
from . import state
from .homework import ROOT
from .path import first_failing
from .student import EXPECTED, Student, parser, say, student

WIDTH = 80
FOR_NOW = (
    " If you are not there yet, the first body that its comment gives, after"
    " `for now:`, will do."
)


def main(argv: list[str]) -> int:
    given = parser("hint", __doc__).parse_args(argv)
    try:
        mine = student(given)
        mine.begun()
    except EXPECTED as error:
        return say(error)
    entry = state.load(mine.work).get(mine.name, state.Entry())
    check = first_failing(mine.order(), entry.checks)
    if not check:
        print(nothing(mine, entry))
        return 0
    code = codes(mine)[check]
    level = entry.hint.level if entry.hint.check == check else 0
    level = min(level + 1, len(code.hints))
    entry.hint = state.Hint(check, level)
    state.store(mine.work, mine.name, entry)
    print("\n".join(told(mine, entry, mine.rows()[check], code)))
    return 0


def nothing(mine: Student, entry: state.Entry) -> str:
    """What to say where no check has failed."""
    number = mine.number
    if not entry.checks:
        return f"Nothing has been graded yet. Type: make grade-{number}"
    return f"No check failed when it was graded last, {entry.graded}."


def told(mine: Student, entry: state.Entry, row: table.Row, code: Code) -> list[str]:
    """The hints up to the level that has been reached."""
    level = entry.hint.level
    lines = [f"{row.id}: {row.title}", f"(milestone: {row.milestone})", ""]
    lines += wrapped(missing(mine, entry.unwritten.get(row.id, "")) or code.why)
    for number, hint in enumerate(code.hints[:level], 1):
        lines += ["", *wrapped(f"Hint {number} of {len(code.hints)}. {hint}")]
    lines.append("")
    if level < len(code.hints):
        lines.append(f"make hint-{mine.number} again tells more.")
    else:
        lines.append("That was the last hint. What it stands on: " + code.reason)
    return lines


def missing(mine: Student, unwritten: str) -> str:
    """Names the function that was not there when it was called."""
    name, _, file = unwritten.partition(", ")
    if not name:
        return ""
    text = f"Your program came to {name}() in {file}, which is not written yet."
    for task in mine.homework().tasks(file):
        if task.function == name:
            text += f' It belongs to the milestone "{task.milestone}".'
            text += FOR_NOW if task.for_now else ""
    return text


def wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH)


def codes(mine: Student) -> dict[str, Code]:
    """The code part of every check, by its id."""
    if mine.unit:
        return {name: check.code for name, check in mine.unit.checks().items()}
    found: dict[str, Code] = {}
    for file in sorted(Path(ROOT / "tests" / "checks").glob("test_*.py")):
        module = importlib.import_module(f"checks.{file.stem}")
        for thing in vars(module).values():
            code = getattr(thing, "check", None)
            if isinstance(code, Code):
                found[code.id] = code
    return found
