"""The report on shared code: a list on the page of the class, the same as
similarity.json, and a page for each pair with the lines side by side."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Optional

from . import blank, homework
from .class_frame import bar, escape, link, page, section, table
from .class_table import Class, Entry, directory_of, write_whole
from .sandbox_kit import Kit
from .similarity import Pair, Work, among, against, covered, work_of

REFERENCE = "the reference"
VERSION = 1  # of similarity.json
SHOWN = 30  # pairs on the page of the class
TINTS = 4


def write(made: Class, kit: Kit, out: Path) -> list[str]:
    """Writes all of it; the section for the page of the class."""
    found = (work_of_entry(entry, out) for entry in made.entries)
    works = [work for work in found if work]
    reference = work_of(REFERENCE, _texts(kit.step))
    given = [work_of("the starter", starter_of(kit))]
    pairs = [*against(reference, works, given), *among(works, given)]
    shutil.rmtree(out / "similarity", ignore_errors=True)
    rows = []
    listed = []
    for at, pair in enumerate(pairs):
        address = f"similarity/{at + 1}.html"
        write_whole(out / address, pair_page(pair, given))
        told: dict[str, Any] = {"one": pair.one.name, "other": pair.other.name}
        told.update(page=address, share=pair.share, tokens=pair.tokens)
        listed.append(told)
        if at < SHOWN:
            rows.append(_row(pair, address))
    text = json.dumps({"version": VERSION, "pairs": listed}, indent=1) + "\n"
    write_whole(out / "similarity.json", text)
    caption = "What is shared of the smaller one, without what the starter gives"
    names = ("Submission", "and", "Shared", "Tokens")
    shown = table(caption, names, rows) if rows else ["<p>Nothing to tell.</p>"]
    if len(pairs) > SHOWN:
        shown.append(f"<p>{len(pairs) - SHOWN} more are in similarity.json.</p>")
    return section("Shared code", shown)


def work_of_entry(entry: Entry, out: Path) -> Optional[Work]:
    texts = _texts(directory_of(entry, out) / "sources")
    return work_of(entry.name, texts) if texts else None


def _texts(directory: Path) -> dict[str, str]:
    """Headers are the step's own, nearly always: the code is what counts."""
    return {
        path.name: path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(directory.glob("*.c"))
    }


def starter_of(kit: Kit) -> dict[str, str]:
    """What was given: the starter, where the step has a homework."""
    try:
        files = blank.starter(homework.read(kit.step))
    except OSError:
        return {}
    return {name: text for name, text in files.items() if name.endswith(".c")}


def _row(pair: Pair, address: str) -> str:
    return (
        f'<tr><th scope="row">{link(address, pair.one.name)}</th>'
        f"<td>{escape(pair.other.name)}</td>"
        f'<td class="number">{100 * pair.share:.0f}%{bar(pair.share)}</td>'
        f'<td class="number">{pair.tokens}</td></tr>'
    )


# ---- Two works side by side ------------------------------------------------


def pair_page(pair: Pair, given: list[Work]) -> str:
    common = {gram for work in given for gram in work.grams}
    title = f"{pair.one.name} and {pair.other.name}"
    body = [
        "<header>",
        f"<p>{link('../index.html', 'The class')}</p>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{100 * pair.share:.0f}% of the smaller one is shared: {pair.tokens}"
        " tokens. Lines of the same number and tint belong together; what the"
        " starter gives is pale.</p>",
        "</header>",
        '<main class="pair">',
        *_column(pair, pair.one, "one", "other", common),
        *_column(pair, pair.other, "other", "one", common),
        "</main>",
    ]
    return page(title, body, "two")


def _column(
    pair: Pair, work: Work, side: str, across: str, common: set[int]
) -> list[str]:
    """All files of one work, with the blocks that the other one has."""
    owner: dict[tuple[int, int], int] = {}
    for number, lines in enumerate(pair.blocks):
        file, first, last = getattr(lines, side)
        for line in range(first, last + 1):
            owner.setdefault((file, line), number)
    pale = _given_lines(work, common)
    out = [f"<div><h2>{escape(work.name)}</h2>"]
    seen: set[int] = set()
    for file, (name, text) in enumerate(work.files):
        out += [f"<h3>{escape(name)}</h3>", '<table class="code">']
        for line, code in enumerate(text.split("\n"), 1):
            block = owner.get((file, line))
            kind = "given" if (file, line) in pale else ""
            mark = anchor = ""
            if block is not None and not kind:
                kind = f"b{block % TINTS}"
                if block not in seen:
                    seen.add(block)
                    anchor = f' id="{side}-{block + 1}"'
                    mark = link(f"#{across}-{block + 1}", str(block + 1))
            cells = f"<td>{mark} {line}</td><td>{escape(code)}</td>"
            out.append(f'<tr class="{kind}"{anchor}>{cells}</tr>')
        out.append("</table>")
    return [*out, "</div>"]


def _given_lines(work: Work, common: set[int]) -> set[tuple[int, int]]:
    """Lines of which every token is given."""
    lines: dict[tuple[int, int], bool] = {}
    for token, given in zip(work.tokens, covered(work, common)):
        at = (token.file, token.line)
        lines[at] = lines.get(at, True) and given
    return {at for at, given in lines.items() if given}
