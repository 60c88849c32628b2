"""What the verbs of a student share: which step, where the work is, and how
its programs are made."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Sequence

from grader import table
from . import blank, homework, units
from .homework import ROOT, Homework, HomeworkError
from .path import path
from .units import Unit

MAKES_OWN = re.compile(r"^(make|gmake)\S*: (\*\*\*|Entering|Leaving)")


class Refused(Exception):
    """A verb cannot do what was asked; the message says what to do instead."""


@dataclass
class Student:
    """A step, or a unit of it, as a student works on it."""

    step: Path  # steps/03-fork
    work: Path  # work/, with 03-fork/ and progress.json
    build: Path
    make: list[str]  # the command
    unit: Optional[Unit] = None

    @property
    def name(self) -> str:
        return self.unit.name if self.unit else self.step.name

    @property
    def number(self) -> str:
        """What stands behind the verbs: 03, or parser."""
        return self.unit.name if self.unit else self.name[:2]

    @property
    def since(self) -> int:
        """The number of the step, as the table has it."""
        return int(self.step.name[:2])

    @property
    def own(self) -> Path:
        """The student's files of the step."""
        return self.work / self.name

    @property
    def shown(self) -> str:
        """That directory as it is told to a person."""
        return self.shown_as(self.own)

    def shown_as(self, path: Path) -> str:
        inside = path.is_relative_to(ROOT)
        return str(path.relative_to(ROOT) if inside else path)

    @property
    def program(self) -> str:
        """What is graded; of a unit, the directory of its programs."""
        made = self.build / "work"
        return self.shown_as(
            made / "unit" / self.name if self.unit else made / self.name
        )

    @property
    def client(self) -> Optional[str]:
        """The second program, where the step has one."""
        if self.unit or not (self.step / "client.c").exists():
            return None
        first, second = self.name.split("-")[:2]
        return str(Path(self.program).with_name(f"{first}-{second}-client"))

    # --- what is asked for --------------------------------------------------

    def homework(self) -> Homework:
        return self.unit.homework() if self.unit else homework.read(self.step)

    def starter(self) -> dict[str, str]:
        """The files to begin with, by name."""
        return self.unit.starter() if self.unit else blank.starter(self.homework())

    def reference(self) -> list[Path]:
        """The files as they should become."""
        return self.unit.files if self.unit else sorted(self.step.glob("*.[ch]"))

    def rows(self) -> dict[str, table.Row]:
        """The table of the checks."""
        return table.load(self.unit.table if self.unit else None)

    def order(self) -> list[str]:
        """The checks as a student meets them."""
        rows = self.rows()
        if self.unit:
            return list(rows)
        return path(rows, self.since, homework.lesson_milestones(self.step))

    def begun(self) -> None:
        """Refuses where there is no work yet."""
        if not self.own.is_dir():
            raise Refused(f"There is no {self.shown}. Type: make start-{self.number}")

    def build_lines(self) -> list[str]:
        """The command that makes the programs."""
        settings = [
            f"BUILD={self.shown_as(self.build)}",
            f"WORK={self.shown_as(self.work)}",
        ]
        verb = [f"work-{self.number}"]
        return [*self.make, "--no-print-directory", *settings, *verb]

    def compile(self) -> subprocess.CompletedProcess[str]:
        """Makes the programs; what was printed is in stdout."""
        outside = {k: v for k, v in os.environ.items() if k not in MAKE_SETTINGS}
        done = subprocess.run(
            self.build_lines(),
            cwd=ROOT,
            env=outside,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        lines = [x for x in done.stdout.splitlines() if not MAKES_OWN.match(x)]
        done.stdout = "\n".join(lines)
        return done

    def forget_objects(self) -> None:
        """Has them all made anew by the next compile()."""
        for made in (self.build / "work" / "obj" / self.name).glob("*.o"):
            made.unlink(missing_ok=True)


MAKE_SETTINGS = ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL")


def parser(verb: str, about: str) -> argparse.ArgumentParser:
    """A parser of what every verb is given."""
    made = argparse.ArgumentParser(prog=f"coursework {verb}", description=about)
    made.add_argument("step", help="the step's number, as 03, or a unit")
    made.add_argument("--work", default="work", help="where the student's work is")
    made.add_argument("--build", default="build", help="where programs are made")
    made.add_argument("--make", default="make", help="the command that makes them")
    return made


def student(given: argparse.Namespace, step: Optional[Path] = None) -> Student:
    unit = None if step else units.find(given.step)
    return Student(
        step=step or (unit.step if unit else homework.find_step(given.step)),
        work=(ROOT / given.work).resolve(),
        build=(ROOT / given.build).resolve(),
        make=shlex.split(given.make),
        unit=unit,
    )


def say(error: Exception) -> int:
    """Tells why a verb did nothing; its exit status."""
    print(error, file=sys.stderr)
    return 2


EXPECTED = (Refused, HomeworkError)
