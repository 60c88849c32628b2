"""Reads the patches.

    What is wrong, in one line, as a student would do it.
    Killed by: check-id

    --- a/steps/03-fork/main.c
    +++ b/steps/03-fork/main.c
    ...

Those in permitted/ are no mistakes, but what the contract permits instead of
what the reference does: their second line is `Passes: check-id, check-id`.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from grader import table

HERE = Path(__file__).resolve().parent
TREE = HERE.parent.parent


@dataclass(frozen=True)
class Mutant:
    """One mistake and the check that has to find it; or one that is none, and
    the checks that have to pass it."""

    path: Path
    wrong: str
    checks: tuple[str, ...]
    files: tuple[str, ...]  # that it touches, from the top of the tree

    @property
    def directory(self) -> str:
        """The step's: 03-fork."""
        return self.path.parent.name

    @property
    def check(self) -> str:
        return self.checks[0]

    @property
    def step(self) -> int:
        return int(self.directory[:2])

    @property
    def name(self) -> str:
        return self.path.stem

    def __str__(self) -> str:
        return f"{self.step:02}-{self.name}"


def parse(path: Path) -> Mutant:
    """Reads a patch; ValueError says what is wrong with its form."""
    lines = path.read_text(encoding="utf-8").split("\n")
    second = lines[1] if lines[1:] else ""
    head = re.fullmatch(r"Killed by: ([a-z0-9-]+)|Passes: ([a-z0-9, -]+)", second)
    if not lines[0] or not head or lines[2:3] != [""]:
        raise ValueError(
            f"{path}: it begins with what is wrong, `Killed by: check-id`, and"
            " an empty line"
        )
    files = tuple(
        match[1]
        for match in map(re.compile(r"\+\+\+ b/(\S+)").match, lines[3:])
        if match
    )
    checks = tuple(re.split(", *", head[1] or head[2]))
    if not files:
        raise ValueError(f"{path}: it changes nothing below `+++ b/`")
    return Mutant(path, lines[0].rstrip("."), checks, files)


def load(directory: Path = HERE) -> list[Mutant]:
    """All of them, by step and name."""
    return [parse(path) for path in sorted(directory.glob("[0-9][0-9]-*/*.patch"))]


def quick(mutants: list[Mutant]) -> set[str]:
    """One mutant of each step, for a run that must be short. Which one changes
    when patches come or go."""
    first: dict[int, Mutant] = {}
    for mutant in sorted(mutants, key=lambda m: zlib.crc32(str(m).encode())):
        first.setdefault(mutant.step, mutant)
    return {str(mutant) for mutant in first.values()}


def faults(mutant: Mutant, rows: dict[str, table.Row]) -> list[str]:
    """What cannot be right about a patch, before it is applied."""
    found = []
    for name in mutant.checks:
        if name not in rows:
            found.append(f"no check is called {name}")
        elif not rows[name].holds_in(mutant.step):
            found.append(f"{name} does not hold in step {mutant.step:02}")
    own = f"steps/{mutant.directory}/"
    for name in mutant.files:
        twin = TREE / own / name.rpartition("/")[2]
        if not name.startswith((own, "common/")):
            found.append(f"it touches {name}, which is not of its step")
        elif not name.startswith(own) and twin.exists():
            found.append(f"it touches {name}, and not the step's own file")
    return found
