"""The pages of the book, and what stands in them: fenced blocks, each with the
comment on the line above it that says where it comes from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Iterator

TOP = Path(__file__).resolve().parents[2]
PLACES = (
    "README.md",
    "steps/*/README.md",
    "docs/*.md",
    "docs/teaching/*.md",
    "tests/*.md",
)
FENCE = re.compile(r"^( *)(```+|~~~+)\s*([\w-]*)[^`]*$")
COMMENT = re.compile(r"^ *<!-- (weave|experiment|session)\b ?(.*?) ?-->\s*$")
WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


@dataclass(frozen=True)
class Fault:
    """Something wrong, and how it is mended."""

    page: str
    line: int
    wrong: str
    mend: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.wrong}\n    {self.mend}"


@dataclass(frozen=True)
class Word:
    text: str
    quoted: bool


@dataclass(frozen=True)
class Note:
    """<!-- KIND WORDS --> above a block."""

    kind: str
    said: str
    line: int

    @property
    def words(self) -> list[Word]:
        found = []
        for match in WORD.finditer(self.said):
            quoted = match[1] is not None
            text = re.sub(r"\\(.)", r"\1", match[1]) if quoted else match[2]
            found.append(Word(text, quoted))
        return found


@dataclass(frozen=True)
class Block:
    """A fenced block; lines count from 1, `line` is that of the opening fence."""

    language: str
    line: int
    end: int  # the line of the closing fence
    indent: str
    lines: tuple[str, ...]  # without the indent
    note: Note | None

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


@dataclass(frozen=True)
class Page:
    path: Path
    name: str  # from the top of the tree

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def blocks(self) -> list[Block]:
        return list(blocks(self.lines))

    @cached_property
    def prose(self) -> list[str]:
        """The lines, empty where they are code, comments or front matter."""
        out = list(self.lines)
        for block in self.blocks:
            for number in range(block.line - 1, min(block.end, len(out))):
                out[number] = ""
        if out[:1] == ["---"] and "---" in out[1:]:
            last = out.index("---", 1) + 1
            out[:last] = [""] * last
        text = "\n".join(out)
        # offsets of lines stay: a comment leaves its line ends
        hide = re.sub(r"(?s)<!--.*?-->", lambda m: "\n" * m[0].count("\n"), text)
        return hide.split("\n")

    def fault(self, line: int, wrong: str, mend: str) -> Fault:
        return Fault(self.name, line, wrong, mend)


def blocks(lines: list[str]) -> Iterator[Block]:
    at = 0
    while at < len(lines):
        opening = FENCE.match(lines[at])
        if not opening:
            at += 1
            continue
        indent, fence, language = opening[1], opening[2], opening[3]
        end = at + 1
        while end < len(lines) and not re.match(
            rf"^ *{fence[0]}{{{len(fence)},}}\s*$", lines[end]
        ):
            end += 1
        inside = tuple(
            line[len(indent) :] if line.startswith(indent) else line.lstrip()
            for line in lines[at + 1 : end]
        )
        yield Block(language, at + 1, end + 1, indent, inside, note_above(lines, at))
        at = end + 1


def note_above(lines: list[str], at: int) -> Note | None:
    """The comment on the line before; one empty line between does no harm."""
    for above in (at - 1, at - 2):
        if above < 0:
            return None
        found = COMMENT.match(lines[above])
        if found:
            return Note(found[1], found[2], above + 1)
        if lines[above].strip():
            return None
    return None


def notes(lines: list[str]) -> list[Note]:
    """All such comments of a page, those that no block follows too."""
    found = ((n, COMMENT.match(line)) for n, line in enumerate(lines, 1))
    return [Note(m[1], m[2], n) for n, m in found if m]


def pages(top: Path = TOP, names: list[str] | None = None) -> list[Page]:
    """All pages, or those whose names begin with or contain one of these."""
    paths = sorted({p for place in PLACES for p in top.glob(place)})
    every = [Page(p, p.relative_to(top).as_posix()) for p in paths]
    if not names:
        return every
    return [page for page in every if any(name in page.name for name in names)]
