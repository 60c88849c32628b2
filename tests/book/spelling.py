"""The words of the pages, by aspell's American dictionary and the project's own
(words.txt: sorted, one word a line; case counts where it has a capital)."""

from __future__ import annotations

import errno
import re
import signal
import subprocess
from pathlib import Path
from typing import Iterable

from .links import hide_code
from .pages import Fault, Page

WORDS = Path(__file__).with_name("words.txt")
ASPELL = "aspell list --lang=en_US --encoding=utf-8 --ignore-case=false --mode=none"
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def own() -> set[str]:
    return set(WORDS.read_text(encoding="utf-8").split())


def plain(page: Page) -> list[str]:
    """The lines of prose without code, addresses, paths and markup."""
    text = "\n".join(page.prose)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"(?m)^\[[^\]]+\]: .*$", "", text)
    text = re.sub(r"(?s)<[^>]{1,400}>", lambda m: "\n" * m[0].count("\n"), text)
    text = re.sub(r"\b[a-z]+://\S+", "", text)
    text = re.sub(r"&\w+;", " ", text)
    lines = hide_code(text).split("\n")
    # indented code, names with digits, files and functions in plain text
    lines = ["" if line.startswith("    ") else line for line in lines]
    return [
        re.sub(r"(?<!\w)\.[a-z]+|\S*(?:[/_\\@=]|\w\.\w|\w\()\S*|\w*\d\w*|x{3,}", " ", x)
        for x in lines
    ]


def check(pages: Iterable[Page]) -> list[Fault]:
    texts = [(page, plain(page)) for page in pages]
    every = {w for _, lines in texts for line in lines for w in WORD.findall(line)}
    wrong = unknown(every)
    faults = []
    for page, lines in texts:
        seen: set[str] = set()
        for number, line in enumerate(lines, 1):
            for word in WORD.findall(line):
                if word in wrong and word not in seen:
                    seen.add(word)
                    faults.append(
                        page.fault(
                            number,
                            f"'{word}' is no word that is known",
                            "mend it, or add it to tests/book/words.txt",
                        )
                    )
    return faults + order()


def unknown(words: set[str]) -> set[str]:
    """Those that neither aspell nor the project knows."""
    asked = subprocess.run(
        ASPELL.split(),
        input="\n".join(sorted(map(stem, words))),
        capture_output=True,
        encoding="utf-8",
        timeout=30,
    )
    if asked.returncode:
        raise RuntimeError(f"aspell: {asked.stderr.strip()}")
    mine = own()
    refused = set(asked.stdout.split())
    return {word for word in words if stem(word) in refused and not known(word, mine)}


def stem(word: str) -> str:
    return re.sub(r"['’]s?$", "", word).replace("’", "'")


def known(word: str, mine: set[str]) -> bool:
    """Ours, the name of an error or a signal, or a short word in capitals."""
    name = stem(word)
    if name in mine or name.lower() in mine or len(name) < 3:
        return True
    if hasattr(errno, name) or hasattr(signal, name):
        return True
    return name.isupper() and len(name) < 6


def order() -> list[Fault]:
    lines = WORDS.read_text(encoding="utf-8").splitlines()
    page = Page(WORDS, "tests/book/words.txt")
    for number, (one, two) in enumerate(zip(lines, lines[1:]), 2):
        if (one.lower(), one) >= (two.lower(), two):
            wrong = f"'{two}' stands after '{one}'"
            return [page.fault(number, wrong, "sort -f -u the list")]
    return []
