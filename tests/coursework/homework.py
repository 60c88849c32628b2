"""What a step leaves to its student, as its homework.txt declares it:

    Fork and close
        main.c     serve_in_child
        workers.c  workers_fork
    A limit on children
        /* Waits until ... */
        workers.c  workers_wait_for_room   for now: return !stop_asked();
        workers.c  hold_signals            given

A milestone, then a file and its functions. A comment replaces, in the starter,
the one above the first of them. `for now` is a first body, with which the
milestones before can be finished; one of several lines stands below, indented
by 8 blanks or more. A function that is `given` stays as it is; it is named
where nothing but functions to be written calls it, since such helpers are
otherwise taken out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator, Optional

ROOT = Path(__file__).resolve().parent.parent.parent
TASK = re.compile(r" {4}(\w+\.c)\s+(\w+(?:\s+\w+)*?)(?:\s+(given)|\s+for now:\s*(.*))?")
INDENT = " " * 4  # of a task, or a comment
BODY = " " * 8  # before each line of a first body


class HomeworkError(Exception):
    """A declaration cannot be read, or there is no such step."""


@dataclass
class Task:
    """One function to be written."""

    milestone: str
    file: str
    function: str
    for_now: list[str] = field(default_factory=list)  # lines of a first body
    comment: list[str] = field(default_factory=list)  # instead of the one above


@dataclass
class Homework:
    """A step's homework: its milestones in order, each with its tasks."""

    step: Path  # steps/03-fork
    milestones: dict[str, list[Task]] = field(default_factory=dict)
    given: dict[str, set[str]] = field(default_factory=dict)  # by file

    @property
    def name(self) -> str:
        return self.step.name

    @property
    def number(self) -> str:
        return self.name[:2]

    def tasks(self, file: Optional[str] = None) -> list[Task]:
        every = [task for tasks in self.milestones.values() for task in tasks]
        return [task for task in every if file in (None, task.file)]

    def files(self) -> list[str]:
        return list(dict.fromkeys(task.file for task in self.tasks()))


def step_directories(root: Path = ROOT) -> list[Path]:
    return sorted(path.parent for path in root.glob("steps/[0-9][0-9]-*/main.c"))


def find_step(number: str, root: Path = ROOT) -> Path:
    """The directory of a step, by its number."""
    steps = step_directories(root)
    for step in steps:
        if step.name[:2] == number.zfill(2):
            return step
    known = " ".join(step.name[:2] for step in steps)
    raise HomeworkError(f"There is no step {number}; the steps are {known}.")


class _Reader:
    """Reads a declaration line by line."""

    def __init__(self, step: Path) -> None:
        self.homework = Homework(step)
        self.milestone = ""
        self.body: Optional[list[str]] = None  # the one that may go on
        self.blank: list[str] = []  # empty lines, which may stand within it
        self.comment: list[str] = []  # for the task to come

    def take(self, line: str) -> None:
        if not line:
            self.blank.append("")
            return
        open_comment = self.comment and not self.comment[-1].endswith("*/")
        if line.startswith(INDENT + "/*") or open_comment:
            self.comment.append(line[len(INDENT) :])
            self.body = None
        elif line.startswith(BODY) and self.body is not None:
            self.body += self.blank + [line[len(BODY) :]]
        elif line[0] == " ":
            self.task(line)
        elif line[0] != "#":
            self.milestone = line
            self.homework.milestones.setdefault(line, [])
        self.blank = []

    def task(self, line: str) -> None:
        match = TASK.fullmatch(line)
        if not match or not self.milestone:
            raise HomeworkError("no file, function and `for now: body`")
        file, functions, given, first = match.groups()
        self.body = [first] if first else []
        for name in functions.split():
            if given:
                self.homework.given.setdefault(file, set()).add(name)
            else:
                task = Task(self.milestone, file, name, self.body, self.comment)
                self.homework.milestones[self.milestone].append(task)
            self.comment = []


def parse(text: str, step: Path) -> Homework:
    reader = _Reader(step)
    for number, line in enumerate(text.splitlines(), 1):
        try:
            reader.take(line.rstrip())
        except HomeworkError as error:
            where = f"{step.name}/homework.txt, line {number}"
            raise HomeworkError(f"{where}: {error}") from None
    return reader.homework


def read(step: Path) -> Homework:
    return parse((step / "homework.txt").read_text(encoding="utf-8"), step)


def read_all(root: Path = ROOT) -> Iterator[Homework]:
    for step in step_directories(root):
        yield read(step)


def lesson_milestones(step: Path) -> list[str]:
    """The milestones as the step's lesson has them, in its order."""
    lesson = (step / "README.md").read_text(encoding="utf-8")
    section = lesson.partition("\n## Milestones\n")[2].partition("\n## ")[0]
    return re.findall(r"(?m)^### (.+)$", section)
