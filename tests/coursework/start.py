"""make start-03: begins the homework of step 03 in work/03-fork/."""

from __future__ import annotations

import textwrap
from pathlib import Path

from . import blank
from .homework import Homework
from .student import EXPECTED, Refused, Student, parser, say, student

WIDTH = 80


def main(argv: list[str]) -> int:
    given = parser("start", __doc__).parse_args(argv)
    try:
        mine = student(given)
        if mine.own.exists():
            number = mine.number
            raise Refused(
                f"{mine.shown} is there already and stays as it is.\n"
                f"  make grade-{number}   grades it\n"
                f"  make reset-{number}   begins again, and keeps a copy of it"
            )
        write_files(mine.starter(), mine.own)
    except EXPECTED as error:
        return say(error)
    print("\n".join(welcome(mine)))
    return 0


def write_starter(declared: Homework, to: Path) -> None:
    write_files(blank.starter(declared), to)


def write_files(files: dict[str, str], to: Path) -> None:
    to.mkdir(parents=True)
    for name, text in files.items():
        (to / name).write_text(text, encoding="utf-8")


def welcome(mine: Student) -> list[str]:
    """What there is to do, by milestone, and how to go on."""
    declared = mine.homework()
    counts = blank.count_lines(declared)
    lines = [f"Made {mine.shown}. You are to write, in this order:", ""]
    for milestone, tasks in declared.milestones.items():
        if not tasks:
            continue
        about = f" (about {counts[milestone]} lines)" if milestone in counts else ""
        lines.append(f"  {milestone}{about}")
        for file in dict.fromkeys(task.file for task in tasks):
            names = [f"{t.function}()" for t in tasks if t.file == file]
            lines.append(f"    {file}: {', '.join(names)}")
    lesson = f"steps/{mine.step.name}/README.md"
    text = (
        f"The lesson is {lesson}; the comments above the functions say what each one"
        " does. Then, in a second terminal:"
    )
    return lines + [
        "",
        *textwrap.wrap(text, WIDTH),
        "",
        f"  make watch-{mine.number}   grades whenever you save a file",
        f"  make hint-{mine.number}    helps with the first check that fails",
    ]
