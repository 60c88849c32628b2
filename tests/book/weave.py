"""make weave: each block under <!-- weave FILE NAME "from" "to" --> becomes what
the source says. `make check-docs` only compares."""

from __future__ import annotations

import difflib
from pathlib import Path

from . import fragments
from .pages import Block, Fault, Page, notes

CODE = ("c", "make", "makefile", "python", "py")
FORM = '<!-- weave FILE NAME "from" "to" -->, of which NAME and the texts may lack'


def wanted(block: Block, top: Path) -> list[str]:
    """What a woven block has to say; raises FragmentError."""
    assert block.note
    words = block.note.words
    plain = [word.text for word in words if not word.quoted]
    texts = [word.text for word in words if word.quoted]
    if not plain or words[0].quoted or len(plain) > 2 or len(texts) > 2:
        raise fragments.FragmentError(f"it is written {FORM}")
    if len(words) == 1 and plain[0].endswith((".c", ".h")):
        pass  # a whole file: small ones only are worth it, and that shows
    return fragments.fragment(top / plain[0], (plain[1:] or [""])[0], texts)


def weave(page: Page, top: Path) -> tuple[str, list[Fault]]:
    """The page with its blocks made anew, and what could not be found."""
    lines, faults = list(page.lines), []
    for block in reversed(page.blocks):
        if not block.note or block.note.kind != "weave":
            continue
        try:
            found = wanted(block, top)
        except fragments.FragmentError as error:
            faults.append(unfound(page, block, error))
            continue
        lines[block.line : block.end - 1] = [
            f"{block.indent}{line}".rstrip() for line in found
        ]
    return "".join(f"{line}\n" for line in lines), faults[::-1]


def unfound(page: Page, block: Block, error: Exception) -> Fault:
    assert block.note
    return page.fault(
        block.note.line,
        f"weave {block.note.said}: {error}",
        "name what stands in the source now; the form is " + FORM,
    )


def check(page: Page, top: Path) -> list[Fault]:
    """Blocks that are not what the source says, and code from nowhere."""
    faults = []
    above = {block.note.line for block in page.blocks if block.note}
    for note in notes(page.lines):
        if note.line not in above:
            faults.append(
                page.fault(
                    note.line,
                    f"<!-- {note.kind} … --> has no block below it",
                    "a fenced block begins on the next line",
                )
            )
    for block in page.blocks:
        kind = block.note.kind if block.note else ""
        if kind == "weave":
            faults += compare(page, block, top)
        elif block.language in CODE and kind != "experiment":
            faults.append(
                page.fault(
                    block.line,
                    f"a {block.language} block that comes from nowhere",
                    "write <!-- weave FILE NAME --> above it, or <!-- experiment … -->",
                )
            )
    return faults


def compare(page: Page, block: Block, top: Path) -> list[Fault]:
    try:
        found = [line.rstrip() for line in wanted(block, top)]
    except fragments.FragmentError as error:
        return [unfound(page, block, error)]
    shown = [line.rstrip() for line in block.lines]
    if shown == found:
        return []
    matcher = difflib.SequenceMatcher(None, shown, found, autojunk=False)
    tag, at, _, there, _ = next(c for c in matcher.get_opcodes() if c[0] != "equal")
    has = f"'{shown[at].strip()}'" if at < len(shown) and tag != "insert" else "nothing"
    says = f"'{found[there].strip()}'" if there < len(found) else "nothing"
    return [
        page.fault(
            block.line + 1 + at,
            f"the block shows {has}, the source {says}",
            "make weave, then read the text around it again",
        )
    ]
