"""Reads console blocks: which terminal, its commands, and what each shows.

A command is a line that begins with `$ `; a line that ends with a backslash goes
on in the next, which may begin with `> `, as do the lines of a here-document. A
line `^C` presses Control-C. All else is what the terminal shows; `...` stands for
any number of lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .pages import Block, Page

ANYTHING = "..."
INTERRUPT = "^C"


@dataclass
class Entry:
    """What is typed (nothing: more of what runs), and what is then shown."""

    line: int
    typed: str
    shown: list[str] = field(default_factory=list)


@dataclass
class Session:
    """A console block."""

    line: int
    terminal: str
    varies: list[str]
    entries: list[Entry]


class ScriptError(Exception):
    """The comment or the block is not written as it must be."""

    def __init__(self, line: int, wrong: str) -> None:
        super().__init__(wrong)
        self.line = line


def sessions(page: Page) -> list[Session]:
    """Those of a page that are run."""
    found = []
    for block in page.blocks:
        note = block.note if block.note and block.note.kind == "session" else None
        if block.language != "console":
            if note:
                raise ScriptError(note.line, "a session is a ```console block")
            continue
        if note and note.said.startswith("shown"):
            if len(note.said.partition(":")[2].split()) < 3:
                raise ScriptError(note.line, "`shown:` says why it is not run")
            continue
        terminal, varies = "", []
        words = note.said.split() if note else []
        if words and words[0].startswith("terminal="):
            terminal = words.pop(0).partition("=")[2]
        if words and words.pop(0) != "varies":
            raise ScriptError(note.line if note else 0, "the words of a session are"
                              " `terminal=NAME`, `varies WORD ...`, `shown: why`")  # fmt: skip
        varies = words
        found.append(Session(block.line, terminal, varies, entries(block)))
    return found


def entries(block: Block) -> list[Entry]:
    found: list[Entry] = []
    ahead = ""  # the end of a here-document, or the backslash's next line
    for number, line in enumerate(block.lines, block.line + 1):
        if found and ahead:
            text = line[2:] if line.startswith("> ") else line
            text = "" if line == ">" else text
            found[-1].typed += f"\n{text}"
            if ahead == "\\":
                ahead = "\\" if text.endswith("\\") else ""
            elif text == ahead:
                ahead = ""
        elif line.startswith("$ "):
            found.append(Entry(number, line[2:]))
            word = re.search(r"<<-?\s*['\"]?(\w+)", line)
            ahead = word[1] if word else "\\" if line.endswith("\\") else ""
        elif line == INTERRUPT:
            found.append(Entry(number, INTERRUPT))
        else:
            if not found:
                found.append(Entry(number, ""))
            found[-1].shown.append(line)
    for entry in found:
        while entry.shown and not entry.shown[-1].strip():
            entry.shown.pop()
    return found
