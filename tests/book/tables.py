"""Tables that are made from the tree. In a page:

    <!-- generated: staircase -->
    (the table; `make weave` writes it, `make check-docs` compares)
    <!-- end -->

| name | what |
|---|---|
| `staircase` | the steps: idea, what you see, lines of code; for README.md |
| `steps` | the steps for who plans: lectures, hours, homework, checks, code |
| `points NN` | the milestones of a step, their checks and points |
| `cost NAME` | what the kept run of the benchmarks says of a part, or of the machine |
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Callable

from grader import table

from .pages import Fault, Page

BEGIN = re.compile(r"<!-- generated: ([\w -]+?) -->\s*$")
END = "<!-- end -->"


class TableError(Exception):
    """There is no such table, or what it is made from lacks something."""


def steps(top: Path) -> list[Path]:
    return sorted(path.parent for path in top.glob("steps/*/README.md"))


def front_matter(page: Path) -> dict[str, str]:
    head = page.read_text(encoding="utf-8").split("---\n")[1]
    return dict(re.findall(r"(?m)^(\w+): (.*)$", head))


def code_lines(step: Path) -> int:
    files = step.glob("*.[ch]")
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)


def told(top: Path) -> dict[str, tuple[str, str]]:
    """The idea of each step, and what one sees."""
    found = {}
    for line in (top / "docs/staircase.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            name, idea, seen = (cell.strip() for cell in line.split("|"))
            found[name] = (idea, seen)
    if [*found] != [step.name for step in steps(top)]:
        raise TableError("docs/staircase.txt has other steps than steps/")
    return found


def staircase(top: Path, page: Path, _: str) -> list[str]:
    out = ["| step | the new idea | what you see | its code |", "|---|---|---|---|"]
    unit = " lines"
    for name, (idea, seen) in told(top).items():
        step = top / "steps" / name
        link = os.path.relpath(step, page.parent)
        out.append(f"| [{name}]({link}) | {idea} | {seen} | {code_lines(step)}{unit} |")
        unit = ""
    return out


def plan(top: Path, page: Path, _: str) -> list[str]:
    out = [
        "| step | lectures | hours | homework | checks | lines of code |",
        "|---|---|---|---|---|---|",
    ]
    rows = table.load().values()
    for step in steps(top):
        head = front_matter(step / "README.md")
        link = os.path.relpath(step / "README.md", page.parent)
        new = sum(row.since == int(step.name[:2]) for row in rows)
        cells = [
            f"[{head['title']}]({link})",
            *(head[word] for word in ("lectures", "hours", "homework")),
            str(new),
            str(code_lines(step)),
        ]
        out.append(f"| {' | '.join(cells)} |")
    return out


def points(top: Path, page: Path, number: str) -> list[str]:
    rows = [row for row in table.load().values() if row.since == int(number)]
    out = ["| milestone | checks | points |", "|---|---|---|"]
    for name in dict.fromkeys(row.milestone for row in rows):
        its = [row for row in rows if row.milestone == name]
        out.append(f"| {name} | {len(its)} | {sum(row.points for row in its)} |")
    return out


def cost(top: Path, _: Path, name: str) -> list[str]:
    from bench import tables  # whose servers no other table needs

    run = json.loads((top / "tests/bench/run.json").read_text(encoding="utf-8"))
    try:
        return tables.page(run, name)
    except KeyError as error:
        raise TableError(f"the run has no {error.args[0]}") from None


TABLES: dict[str, Callable[[Path, Path, str], list[str]]] = {
    "staircase": staircase,
    "steps": plan,
    "points": points,
    "cost": cost,
}


def make(said: str, top: Path, page: Path) -> list[str]:
    name, _, word = said.partition(" ")
    if name not in TABLES:
        raise TableError(f"there is no table {name}; there are {', '.join(TABLES)}")
    return TABLES[name](top, page, word)


def spans(lines: list[str]) -> list[tuple[int, int, str]]:
    """Where the tables are: the line of the first comment, that of the last (the
    number of lines where it lacks), and what is asked for; from 0."""
    found = []
    for at, line in enumerate(lines):
        begin = BEGIN.match(line)
        if begin:
            rest = (n for n in range(at, len(lines)) if lines[n].strip() == END)
            found.append((at, next(rest, len(lines)), begin[1]))
    return found


def generate(page: Page, top: Path) -> tuple[str, list[Fault]]:
    """The page with its tables made anew."""
    lines, faults = list(page.lines), []
    for at, end, said in reversed(spans(lines)):
        try:
            if end == len(lines):
                raise TableError("has no <!-- end -->")
            made = make(said, top, page.path)
        except (TableError, KeyError, ValueError) as error:
            text = f"generated: {said}: {error}"
            faults.append(page.fault(at + 1, text, "see tests/book/tables.py"))
            continue
        lines[at + 1 : end] = ["", *made, ""]
    return "".join(f"{line}\n" for line in lines), faults


def check(page: Page, top: Path) -> list[Fault]:
    made, faults = generate(page, top)
    for number, (one, two) in enumerate(zip(page.lines, made.splitlines()), 1):
        if one != two:
            wrong = f"the page has '{one}', the tree '{two}'"
            return [*faults, page.fault(number, wrong, "make weave")]
    if len(made.splitlines()) != len(page.lines):
        faults.append(page.fault(1, "a table has other rows", "make weave"))
    return faults
