"""Where the lessons speak of what a check is about."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@lru_cache(maxsize=None)
def _read(step: int) -> tuple[str, str]:
    """A step's lesson: its path from the top of the tree, and its text."""
    for lesson in sorted(ROOT.glob(f"steps/{step:02}-*/README.md")):
        text = lesson.read_text(encoding="utf-8")
        return lesson.relative_to(ROOT).as_posix(), text
    return "", ""


def find(step: int, milestone: str) -> tuple[str, str]:
    """The lesson of a step, and its heading for this milestone; "" where there
    is none."""
    path, text = _read(step)
    heading = re.search(rf"^#+ {re.escape(milestone)}$", text, re.M)
    return path, milestone if heading else ""


def place(step: int, milestone: str) -> int:
    """Where the lesson has this milestone, from 1; 0 where it does not."""
    headings = re.findall(r"^### (.+)$", _read(step)[1], re.M)
    return headings.index(milestone) + 1 if milestone in headings else 0
