"""make book: lays out the sources, has MkDocs make the book, and takes what is no
prose from its search index. The site is docs/welcome, with the book in book/."""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .pages import TOP
from .stage import Stage

THEME = ("extra.css", "extra.js", "favicon.svg", "logo.svg")


def main(argv: list[str]) -> int:
    words = argparse.ArgumentParser(prog="book site", description=__doc__)
    words.add_argument("--to", type=Path, default=TOP / "build" / "book")
    given = words.parse_args(argv)
    to: Path = given.to.resolve()
    source, site, made = to / "src", to / "site", to / "made"
    for old in (source, made):
        shutil.rmtree(old, ignore_errors=True)
    welcome(TOP / "docs" / "welcome", made)
    stage = Stage(TOP, source)
    stage.lay_out()
    theme = TOP / "docs" / "theme"
    for name in THEME:
        if (theme / name).exists():
            shutil.copy2(theme / name, source / name)
    to.mkdir(parents=True, exist_ok=True)
    configuration = to / "mkdocs.yml"
    configuration.write_text(stage.configuration(made / "book"), encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict"]
    done = subprocess.run(
        [*command, "--config-file", str(configuration)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        print(done.stdout, end="")
        return done.returncode
    trim(made / "book" / "search" / "search_index.json")
    for page in (made / "book").rglob("*.html"):
        page.write_text(lighten(page.read_text(encoding="utf-8")), encoding="utf-8")
    # What is being served is there until the new site is whole.
    old = to / "old"
    shutil.rmtree(old, ignore_errors=True)
    if site.exists():
        site.rename(old)
    made.rename(site)
    shutil.rmtree(old, ignore_errors=True)
    return 0


# In the pages of docs/welcome: what they show where the book is.
WITH_BOOK = re.compile(r"<!-- book: (.*?) -->", re.S)


def welcome(source: Path, to: Path) -> None:
    shutil.copytree(source, to)
    for page in to.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(WITH_BOOK.sub(r"\1", text), encoding="utf-8")


# Names, blanks and marks have the color of the text, as has all that is typed at
# a console; half of a lesson's bytes were spans that say so.
PLAIN = re.compile(r'<span class="(?:w|n|nf|p|o)">([^<]*)</span>')
CONSOLE = re.compile(r'<div class="[^"]*language-console[^"]*">.*?</pre>', re.S)
ANY = re.compile(r'<span class="(?!g[op]")\w+">([^<]*)</span>')


def lighten(text: str) -> str:
    text = PLAIN.sub(r"\1", text)
    return CONSOLE.sub(lambda m: ANY.sub(r"\1", m[0]), text)


def trim(path: Path) -> None:
    """The search finds what is told, not the sources that it is told of."""
    index = json.loads(path.read_text(encoding="utf-8"))
    index["docs"] = [
        entry for entry in index["docs"] if not entry["location"].startswith("source/")
    ]
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text, encoding="utf-8")
