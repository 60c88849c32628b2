"""Where the pages lead: files and headings of the tree, RFC sections, manual
pages; and what stands for a figure that cannot be seen."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Iterator

from .pages import Fault, Page

HERE = Path(__file__).parent
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(\s*<?([^)\s>]*)>?[^)]*\)")
HTML = re.compile(r'<(?:a|img|source)\b[^>]*?\b(?:href|src)="([^"]+)"')
RFC_LINK = re.compile(
    r"rfc-editor\.org/rfc/rfc(\d+)(?:#(?:section|appendix)-([\w.]+))?"
)
RFC_TEXT = re.compile(
    r"RFC (\d+),? (?:in )?(sections?|appendix) ([A-Z\d][\d.]*(?:(?:,| and| to|–) \d[\d.]*)*)"
)
MANUAL = re.compile(r"(?<![\w.])([A-Za-z_][\w.-]*)\(([1-8])(?:ssl)?\)")
HOSTS_OF_RFCS = ("datatracker.ietf.org", "tools.ietf.org")
LEAST_WORDS = 4  # of a sentence that says what a figure shows
SSL = re.compile(r"(SSL|BIO|X509|EVP|ERR|RAND|OPENSSL|PEM)_\w+")


def check(page: Page, top: Path) -> list[Fault]:
    return [*local(page, top), *rfcs(page), *manuals(page)]


# ---- Files and headings --------------------------------------------------------


def slug(heading: str) -> str:
    """The anchor that a code host and the site give a heading."""
    text = re.sub(r"<[^>]*>", "", heading)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"[`*]", "", text).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchor(heading: str, separator: str) -> str:
    """The same, as Markdown's table of contents asks for it."""
    return slug(heading)


def anchors(page: Page) -> set[str]:
    found: set[str] = set()
    for line in page.prose:
        heading = re.match(r"#{1,6} +(.+?)(?: +#+)?$", line)
        if heading:
            name, count = slug(heading[1]), 0
            while (name if not count else f"{name}-{count}") in found:
                count += 1
            found.add(name if not count else f"{name}-{count}")
        found.update(re.findall(r'\b(?:id|name)="([^"]+)"', line))
    return found


def targets(page: Page) -> Iterator[tuple[int, str, str, str]]:
    """Line, `!` for a figure, text, target. A link may go over line ends."""
    text = hide_code("\n".join(page.prose))
    for match in LINK.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match[1], match[2], match[3]
    for match in HTML.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, "", "link", match[1]
    for match in re.finditer(r"(?m)^\[[^\]]+\]: +(\S+)", text):
        yield text.count("\n", 0, match.start()) + 1, "", "link", match[1]


def hide_code(text: str) -> str:
    return re.sub(r"(`+)(?:(?!\1).)+?\1", lambda m: re.sub(r"[^\n]", "x", m[0]), text)


def local(page: Page, top: Path) -> Iterator[Fault]:
    for line, bang, text, target in targets(page):
        if bang:
            yield from figure(page, line, text)
        if re.match(r"[a-z]+:", target):
            if target.startswith("http:") and "127.0.0.1" not in target:
                yield page.fault(line, f"{target} is not https", "write https://")
            continue
        name, _, mark = target.partition("#")
        path = (page.path.parent / name).resolve() if name else page.path
        if not path.exists():
            yield page.fault(
                line,
                f"the link leads to {target}, which is not there",
                "a link is relative to the page that it stands on",
            )
        elif top.resolve() not in [path, *path.parents]:
            yield page.fault(line, f"{target} leads out of the tree", "stay in it")
        elif mark and path.suffix == ".md":
            there = anchors(Page(path, name))
            if mark not in there:
                yield page.fault(
                    line,
                    f"{name or 'this page'} has no heading #{mark}",
                    near(mark, there),
                )


def near(mark: str, there: set[str]) -> str:
    first = mark.split("-")[0]
    like = sorted(name for name in there if first in name) or sorted(there)
    return "it has #" + ", #".join(like[:5])


def figure(page: Page, line: int, text: str) -> Iterator[Fault]:
    words = text.split()
    if len(words) < LEAST_WORDS or not text[:1].isupper() and not text[:1].isdigit():
        yield page.fault(
            line,
            f"'{text}' does not say what the figure shows",
            f"write a sentence of {LEAST_WORDS} words or more",
        )


# ---- RFCs and manual pages -----------------------------------------------------


@lru_cache(maxsize=None)
def sections() -> dict[str, set[str]]:
    """The sections of each RFC; 5.6.7 stands for 5.6.1 to 5.6.7 and what is
    before it."""
    found: dict[str, set[str]] = {}
    for line in (HERE / "sections.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        number, *last = line.split()
        there = found.setdefault(number, set())
        for section in last:
            parts = section.split(".")
            for depth in range(1, len(parts) + 1):
                head, end = parts[: depth - 1], parts[depth - 1]
                ends = (
                    [str(n) for n in range(1, int(end) + 1)] if end.isdigit() else [end]
                )
                there.update(".".join([*head, one]) for one in ends)
    return found


def rfcs(page: Page) -> Iterator[Fault]:
    text = "\n".join(page.prose)
    cited = [(m.start(), m[1], m[2] or "") for m in RFC_LINK.finditer(text)]
    known = sections()
    for match in RFC_TEXT.finditer(text):
        for section in re.findall(r"[A-Z\d][\d.]*", match[3]):
            cited.append((match.start(), match[1], section))
    for host in HOSTS_OF_RFCS:
        if host in text:
            at = text.index(host)
            yield page.fault(
                text.count("\n", 0, at) + 1,
                f"an RFC is linked at {host}",
                "link it as https://www.rfc-editor.org/rfc/rfc9112#section-6.3",
            )
    for at, number, section in sorted(set(cited)):
        line = text.count("\n", 0, at) + 1
        section = section.rstrip(".").removeprefix("appendix-")
        if not section:
            continue
        if number not in known:
            yield page.fault(
                line,
                f"the sections of RFC {number} are not known here",
                "look it up, and add a line to tests/book/sections.txt",
            )
        elif section not in known[number]:
            yield page.fault(
                line,
                f"RFC {number} has no section {section}",
                "look it up; if it has, mend tests/book/sections.txt",
            )


@lru_cache(maxsize=None)
def listed() -> dict[str, set[str]]:
    """The manual pages that are listed, by section."""
    found: dict[str, set[str]] = {}
    number = ""
    for line in (HERE / "manpages.txt").read_text(encoding="utf-8").splitlines():
        head = re.match(r"(\d): ", line)
        number = head[1] if head else number
        if not line.startswith("#"):
            names = line.partition(": ")[2] if head else line
            found.setdefault(number, set()).update(names.split())
    return found


@lru_cache(maxsize=None)
def has_manual(name: str, section: str) -> bool:
    if name in listed().get(section, ()) or SSL.fullmatch(name):
        return True
    if not shutil.which("man"):
        return False
    asked = subprocess.run(
        ["man", "-w", section, name], capture_output=True, timeout=10
    )
    return asked.returncode == 0


def manuals(page: Page) -> Iterator[Fault]:
    text = hide_code("\n".join(page.prose))
    for number, line in enumerate(text.split("\n"), 1):
        for match in MANUAL.finditer(line):
            if not has_manual(match[1], match[2]):
                yield page.fault(
                    number,
                    f"there is no manual page {match[0]}",
                    "mend its number, or add it to tests/book/manpages.txt",
                )
