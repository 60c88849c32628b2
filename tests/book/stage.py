"""Lays out the sources of the site for MkDocs: pages under the names that they have
in the book, links between them rewritten, figures put in, and a page for each source
that is linked."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Optional

from . import drawings
from .layout import FRONT, Book, book, title
from .links import LINK
from .pages import Page, blocks

LANGUAGES = {
    ".c": "c",
    ".h": "c",
    ".py": "python",
    ".sh": "bash",
    ".mk": "make",
    ".ini": "ini",
    ".yml": "yaml",
    ".json": "json",
    ".html": "html",
    ".css": "css",
    ".js": "javascript",
}
LARGEST = 60_000  # bytes of a source that becomes a page
NOTE = re.compile(r"^ *<!-- (?:weave|experiment|session|generated|end)\b.*-->\s*$")
PICTURE = re.compile(r"^!\[([^\]]*)\]\(([^)\s]+\.svg)\)\s*$")
SPLIT = re.compile(r"(`+[^`]+`+|<!--.*?-->)", re.S)


class Stage:
    def __init__(self, top: Path, to: Path) -> None:
        self.top = top
        self.to = to
        self.book: Book = book(top)
        self.sources: dict[str, str] = {}  # file of the tree: page of the book

    def lay_out(self) -> None:
        for name, place in self.book.places.items():
            text = self.page(name, place)
            self.write(place, text)
        for name, place in self.sources.items():
            self.write(place, self.source(name))

    def write(self, place: str, text: str) -> None:
        path = self.to / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")

    # ---- A page ----------------------------------------------------------------

    def page(self, name: str, place: str) -> str:
        path = self.top / name
        lines = Page(path, name).lines
        code: set[int] = set()
        for block in blocks(lines):
            code.update(range(block.line - 1, block.end))
        out: list[str] = []
        prose: list[str] = []
        for number, line in enumerate(lines):
            if number in code or PICTURE.match(line):
                out += self.rewrite(prose, name, place)
                prose = []
                out.append(line if number in code else self.figure(line, name, place))
            elif not NOTE.match(line):
                prose.append(line)
        out += self.rewrite(prose, name, place)
        return "\n".join(out) + "\n"

    def rewrite(self, lines: list[str], name: str, place: str) -> list[str]:
        """Prose with links that lead to pages of the book. Code spans stay."""
        if not lines:
            return []
        parts = SPLIT.split("\n".join(lines))
        # a link's text may hold code: hide it, rewrite, and put it back
        text, hidden = "", []
        for at, part in enumerate(parts):
            if at % 2:
                hidden.append(part)
                part = f"\0{len(hidden) - 1}\0"
            text += part
        text = LINK.sub(lambda m: self.link(m, name, place), text)
        text = re.sub("\0(\\d+)\0", lambda m: hidden[int(m[1])], text)
        return text.split("\n")

    def link(self, match: re.Match[str], name: str, place: str) -> str:
        target, _, anchor = match[3].partition("#")
        if not target or re.match(r"[a-z]+:", target):
            return match[0]
        path = os.path.normpath(os.path.join(os.path.dirname(name), target))
        there = self.where(path)
        if there is None:
            return match[2]
        link = os.path.relpath(there, os.path.dirname(place) or ".")
        return f"{match[1]}[{match[2]}]({link}{'#' + anchor if anchor else ''})"

    def where(self, path: str) -> Optional[str]:
        """The place in the book of a file of the tree; None: it has none, and what
        names it stays as text."""
        if path == "README.md":
            return "index.md"
        for name in (path, f"{path}/README.md"):
            if name in self.book.places:
                return self.book.places[name]
        full = self.top / path
        if not full.is_file() or full.stat().st_size > LARGEST:
            return None
        if full.suffix not in {*LANGUAGES, "", ".txt", ".md"}:
            return None
        self.sources[path] = f"source/{path}.md"
        return self.sources[path]

    def figure(self, line: str, name: str, place: str) -> str:
        match = PICTURE.match(line)
        assert match
        path = (self.top / name).parent / match[2]
        if not path.exists():
            return f"*{match[1]}*"
        # relative to the page's HTML, which stands where the source stands
        base = "../" * place.count("/")
        return "\n" + drawings.place(path, base, match[1], self.to) + "\n"

    # ---- A source ----------------------------------------------------------------

    def source(self, name: str) -> str:
        path = self.top / name
        language = LANGUAGES.get(path.suffix, "text")
        if path.name == "Makefile":
            language = "make"
        text = path.read_text(encoding="utf-8", errors="replace")
        fence = "`" * max([3, *(len(m) + 1 for m in re.findall(r"`+", text))])
        return (
            f"---\ntitle: {path.name}\nhide:\n  - toc\n---\n\n# `{name}`\n\n"
            f"{fence}{language}\n{text}{fence}\n"
        )

    # ---- MkDocs ------------------------------------------------------------------

    def navigation(self) -> list[object]:
        found: list[object] = []
        if FRONT in self.book.places:
            found.append({"Start": "index.md"})
        for part in self.book.parts:
            pages: list[object] = []
            for name in part.pages:
                pages.append({title(self.top / name): self.book.places[name]})
            if pages:
                found.append({part.title: pages})
        return found

    def configuration(self, site: Path) -> str:
        """JSON is YAML too."""
        return json.dumps(
            {
                "INHERIT": str(self.top / "docs" / "mkdocs.yml"),
                "docs_dir": str(self.to),
                "site_dir": str(site),
                "nav": self.navigation(),
                "theme": {"custom_dir": str(self.top / "docs" / "theme" / "overrides")},
            },
            ensure_ascii=False,
            indent=1,
        )
