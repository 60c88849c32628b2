"""Where the pages of the tree stand in the book, and in which order they are read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

# The chapters in their order; one that is not written is left out.
CHAPTERS = """machine page methods parser concurrency cost versions https small-server
    attacked source production security glossary reading""".split()
REFERENCE = {
    "tests/README.md": "reference/tests.md",
    "tests/contract.md": "reference/contract.md",
    "tests/checks.md": "reference/checks.md",
    "tests/units.md": "reference/units.md",
}
FRONT = "docs/index.md"


@dataclass
class Part:
    title: str
    pages: list[str] = field(default_factory=list)


@dataclass
class Book:
    """Pages of the tree by name, and their places in the book; the parts of the
    navigation, in pages of the tree."""

    places: dict[str, str]
    parts: list[Part]


def book(top: Path) -> Book:
    places: dict[str, str] = {}
    lessons = sorted(top.glob("steps/*/README.md"))
    steps = Part("The staircase")
    for lesson in lessons:
        name = lesson.relative_to(top).as_posix()
        places[name] = f"{lesson.parent.name}.md"
        steps.pages.append(name)
    chapters = Part("The book")
    known = [f"docs/{name}.md" for name in CHAPTERS]
    there = {p.relative_to(top).as_posix() for p in top.glob("docs/*.md")}
    new = sorted(there - {*known, FRONT})  # at the end, until they have a place
    for name in [*(name for name in known if name in there), *new]:
        places[name] = name.removeprefix("docs/")
        chapters.pages.append(name)
    teaching = Part("Teaching")
    for path in sorted(top.glob("docs/teaching/*.md"), key=guide_first):
        name = path.relative_to(top).as_posix()
        index = path.name == "README.md"
        places[name] = "teaching/" + ("index.md" if index else path.name)
        teaching.pages.append(name)
    reference = Part("Reference")
    for name, place in REFERENCE.items():
        if (top / name).exists():
            places[name] = place
            reference.pages.append(name)
    if (top / FRONT).exists():
        places[FRONT] = "index.md"
    return Book(places, [steps, chapters, teaching, reference])


def guide_first(path: Path) -> tuple[bool, str]:
    return (path.name != "README.md", path.name)


def title(path: Path) -> str:
    """What the page calls itself: its front matter, else its first heading."""
    text = path.read_text(encoding="utf-8")
    head = re.match(r"---\n(.*?)\n---\n", text, re.S)
    said = re.search(r"(?m)^title: *(.+)$", head[1]) if head else None
    heading = re.search(r"(?m)^# +(.+)$", text)
    found = said or heading
    return found[1].strip("\"'` ") if found else path.stem
