"""Which function of which lesson a name belongs to, read from the sources."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Optional

TREE = Path(__file__).resolve().parent.parent.parent
DEFINITION = re.compile(r"(?m)^(\w+)\(")
LESSON = re.compile(r"steps/(\d\d)-[a-z-]+/")


@dataclass(frozen=True)
class Place:
    """Where a function stands, and where a lesson speaks of it."""

    function: str
    file: str  # from the top of the tree
    lesson: str = ""  # steps/03-fork/README.md
    heading: str = ""

    def __str__(self) -> str:
        said = f"{self.function}() in {self.file}"
        if self.lesson:
            said += f", lesson {Path(self.lesson).parent.name}"
        return said + (f": {self.heading}" if self.heading else "")


@lru_cache(maxsize=None)
def _functions(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.c")):
        for name in DEFINITION.findall(path.read_text(encoding="utf-8")):
            found.setdefault(name, path)
    return found


@lru_cache(maxsize=None)
def places(step: int) -> dict[str, Place]:
    """Every function of this step's program, its own files before others."""
    folders = sorted(TREE.glob(f"steps/{step:02}-*"))
    taught = [f for f in sorted(TREE.glob("steps/*")) if int(f.name[:2]) < step]
    found: dict[str, Place] = {}
    for folder in [*folders, *reversed(taught), *sorted(TREE.glob("common/*"))]:
        for name, path in _functions(folder).items():
            main = path.name == "main.c" and folder not in folders
            if name not in found and not main and path.name != "client.c":
                found[name] = _place(name, path)
    return found


def _place(function: str, path: Path) -> Place:
    file = str(path.relative_to(TREE))
    match = LESSON.match(file)
    if not match:
        return Place(function, file)
    lesson = path.parent / "README.md"
    return Place(
        function, file, str(lesson.relative_to(TREE)), heading(lesson, function)
    )


def heading(lesson: Path, function: str) -> str:
    """The heading under which the lesson tells of the function: a milestone's
    (###) before any other that only names it."""
    title, level, elsewhere, fenced = "", 0, "", False
    for line in lesson.read_text(encoding="utf-8").splitlines():
        fenced ^= line.startswith("```")  # where `#include` is no heading
        if line.startswith("#") and not fenced:
            title, level = line.lstrip("# "), len(line) - len(line.lstrip("#"))
        elif re.search(rf"`{function}\(\)`", line):
            if level == 3:
                return title
            elsewhere = elsewhere or title
    return elsewhere


def of_stack(step: int, stack: "list[tuple[str, str]]") -> Optional[Place]:
    """The innermost function of a stack that the tree knows."""
    known = places(step)
    for _, name in stack:
        if name in known and name != "_start":
            return known[name]
    return None
