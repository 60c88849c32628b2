"""make progress: the staircase with its milestones, and what comes next.

Every line says in words what it is; indentation and color only repeat it.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from typing import Optional

from grader import table
from grader.report import Pen
from . import homework, state, units
from .path import first_failing
from .student import EXPECTED, Student, parser, say, student

WIDTH = 80
DONE, NEXT, TO_DO = "done", "next", "to do"
COLORS = {DONE: "32", NEXT: "33"}
STAIR = 2  # columns from one step to the next


@dataclass
class Milestone:
    name: str
    passed: int
    checks: int

    @property
    def done(self) -> bool:
        return self.passed == self.checks


class Stair:
    """A step, or a unit, and how far it is."""

    def __init__(self, mine: Student, entry: Optional[state.Entry]) -> None:
        self.mine = mine
        self.begun = mine.own.is_dir()
        self.entry = entry or state.Entry()
        rows = mine.rows().values()
        self.rows = [row for row in rows if row.since == mine.since]
        self.points = sum(row.points for row in self.rows if self.has_passed(row))
        self.points_of = sum(row.points for row in self.rows)

    def has_passed(self, row: table.Row) -> bool:
        return self.entry.checks.get(row.id) == state.PASSED

    @property
    def done(self) -> bool:
        return self.begun and self.points == self.points_of

    def milestones(self) -> list[Milestone]:
        """Its milestones with checks that earn points, in the lesson's order."""
        names = dict.fromkeys(row.milestone for row in self.rows)
        if not self.mine.unit:
            names = dict.fromkeys(homework.lesson_milestones(self.mine.step))
        found = []
        for name in names:
            own = [r for r in self.rows if r.milestone == name and r.points]
            found.append(Milestone(name, sum(map(self.has_passed, own)), len(own)))
        return found


def main(argv: list[str]) -> int:
    given = parser("progress", __doc__ or "").parse_args(argv)
    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    try:
        stairs = climb(given)
        print("\n".join(drawn(stairs, Pen(color))))
    except EXPECTED as error:
        return say(error)
    return 0


def climb(given: argparse.Namespace) -> list[Stair]:
    """All steps, and below its step each unit that has been begun."""
    found = []
    for step in homework.step_directories():
        own = [unit for unit in units.units().values() if unit.step == step]
        for name in [step.name[:2], *(unit.name for unit in own)]:
            mine = student(argparse.Namespace(**{**vars(given), "step": name}))
            stair = Stair(mine, state.load(mine.work).get(mine.name))
            found += [stair] if stair.begun or not mine.unit else []
    return found


def current(stairs: list[Stair]) -> Optional[Stair]:
    """The one to go on with: the last that was graded, else the first that is
    begun, else the first of all; never one that is done."""
    left = [stair for stair in stairs if not stair.done]
    begun = [stair for stair in left if stair.begun]
    graded = [stair for stair in begun if stair.entry.graded]
    if graded:
        return max(graded, key=lambda stair: stair.entry.graded)
    return next(iter(begun or left), None)


def drawn(stairs: list[Stair], pen: Pen) -> list[str]:
    here = current(stairs)
    lines = ["The staircase", ""]
    for stair in stairs:
        lines += drawn_stair(stair, stair is here, pen)
    return lines + ["", *advice(here)]


def drawn_stair(stair: Stair, here: bool, pen: Pen) -> list[str]:
    mine = stair.mine
    indent = " " * (2 + STAIR * (mine.since - 1))
    name = f"unit {mine.name}" if mine.unit else mine.name.replace("-", " ", 1)
    if not stair.begun:
        return [row(indent + name, "not begun")]
    word = DONE if stair.done else ""
    points = f"{stair.points} of {stair.points_of} points"
    lines = [row(indent + name, f"{points}{', ' + word if word else ''}", word, pen)]
    if stair.done and not here:
        return lines
    ahead = here
    for milestone in stair.milestones():
        word = DONE if milestone.done else NEXT if ahead else TO_DO
        ahead = ahead and milestone.done
        label = f"{indent}   {word:<7}{milestone.name}"
        lines.append(
            row(label, f"{milestone.passed} of {milestone.checks} checks", word, pen)
        )
    return lines


def row(left: str, right: str, word: str = "", pen: Optional[Pen] = None) -> str:
    """One line: what it is, and at the right edge how far."""
    text = f"{left:<{WIDTH - 20}}{right}"
    return pen(COLORS[word], text) if pen and word in COLORS else text


def advice(here: Optional[Stair]) -> list[str]:
    """What to type next."""
    if here is None:
        return ["You are at the top."]
    number = here.mine.number
    if not here.begun:
        return [f"Next: make start-{number}"]
    check = first_failing(here.mine.order(), here.entry.checks)
    if not check:
        return [f"Next: make watch-{number}"]
    title = here.mine.rows()[check].title
    return [
        f"Next: {check}",
        f"  {title}",
        f"  make watch-{number}, make hint-{number}",
    ]
