"""What the prose names is there: functions, files, verbs and variables of make,
options, checks, and the milestones of the lessons."""

from __future__ import annotations

import re
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Callable, Iterator

from grader import table

from .fragments import c_items
from .links import SSL, listed
from .pages import Fault, Page

HERE = Path(__file__).parent
SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.S)
FUNCTION = re.compile(r"([A-Za-z_]\w*)\(\)")
OPTION = re.compile(r"(?<![\w-])--([a-z][a-z0-9-]+)")
HYPHENED = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
SOURCE = re.compile(r"(?:[\w.-]+/)*[\w-]+\.(?:c|h|py|sh|mk|md|txt|ini)")
VARIABLE = re.compile(r"(?<![\w-])([A-Z][A-Z_]+)=")
OURS = re.compile(r"(build/\S+|\./?0[1-7]-\S+|tests/\S+|python3? \S+|make\b.*)")
# Functions that are in no page of the manual, or in those of other systems.
OTHER = set("main kqueue kevent io_uring handler accept4 AcceptEx".split())


def check(page: Page, top: Path) -> Iterator[Fault]:
    text = "\n".join(page.prose)
    for match in SPAN.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        said = " ".join(match[2].split())
        for judge in (functions, files, verbs, options, checks):
            wrong = judge(said, page, top)
            if wrong:
                yield page.fault(line, wrong[0], wrong[1])
    yield from milestones(page)


Wrong = tuple[str, str]


# ---- Functions and files -------------------------------------------------------


@lru_cache(maxsize=None)
def defined(top: Path) -> set[str]:
    """Functions and macros in the sources, in C and in Python."""
    found: set[str] = set()
    for pattern in ("common/*/*.[ch]", "steps/*/*.[ch]", "tests/unit/*.[ch]"):
        for path in top.glob(pattern):
            found.update(c_items(path.read_text(encoding="utf-8")))
    for path in top.glob("tests/*/*.py"):
        if path.name.startswith("test_") and path.parent == HERE:
            continue
        words = re.findall(r"^ *def (\w+)", path.read_text(encoding="utf-8"), re.M)
        found.update(words)
    # what structs hold: protocol->receive()
    for path in [*top.glob("common/*/*.h"), *top.glob("steps/*/*.h")]:
        found.update(re.findall(r"\(\*(\w+)\)\(", path.read_text(encoding="utf-8")))
    return found


def functions(said: str, page: Page, top: Path) -> Wrong | None:
    for name in FUNCTION.findall(said):
        system = listed()
        if name in defined(top) or name in system["2"] or name in system["3"]:
            continue
        if name not in OTHER and not SSL.fullmatch(name):
            return (
                f"`{name}()` is no function of the tree, or of sections 2 and 3",
                "name what is there now",
            )
    return None


@lru_cache(maxsize=None)
def file_names(top: Path) -> set[str]:
    found: set[str] = set()
    for place in ("*", "docs/**/*", "steps/**/*", "common/**/*", "tests/**/*"):
        for path in top.glob(place):
            name = path.relative_to(top).as_posix()
            parts = name.split("/")
            found.update("/".join(parts[n:]) for n in range(len(parts)))
    return found


def files(said: str, page: Page, top: Path) -> Wrong | None:
    for match in SOURCE.finditer(said) if SOURCE.fullmatch(said) else ():
        name = match[0]
        if name.startswith(("work/", "build/")) or name in known_words():
            continue
        if "NN" in name or "NAME" in name:  # one of many
            continue
        if name not in file_names(top) and not (page.path.parent / name).exists():
            return f"there is no file `{match[0]}`", "name what is there now"
    return None


# ---- make ----------------------------------------------------------------------


@lru_cache(maxsize=None)
def targets(top: Path) -> set[str]:
    """The verbs of the Makefile, as make itself expands them."""
    asked = subprocess.run(
        ["make", "-pn", "always"],
        cwd=top,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=30,
    )
    phony = re.findall(r"^\.PHONY: (.*)$", asked.stdout, re.M)
    return set(" ".join(phony).split())


@lru_cache(maxsize=None)
def variables(top: Path) -> set[str]:
    """What make reads of its command line."""
    found: set[str] = set()
    for path in [top / "Makefile", *top.glob("tests/*/rules.mk")]:
        text = path.read_text(encoding="utf-8")
        found.update(re.findall(r"\b([A-Z][A-Z_]+)\b", text))
    script = (top / "tests/tools/packages.sh").read_text(encoding="utf-8")
    found.update(re.findall(r"\b([A-Z][A-Z_]+):-", script))
    return found


def verbs(said: str, page: Page, top: Path) -> Wrong | None:
    if not re.match(r"(?:[A-Z_]+=\S+ )*make(?: |$)", said):
        return None
    words = said.partition("make")[2].split("#")[0]
    for name in VARIABLE.findall(words):
        if name not in variables(top):
            return f"make reads no {name}", "see `make help`"
    words = re.sub(r"[A-Z_]+=(?:'[^']*'|\"[^\"]*\"|\S+)", "", words)
    for word in words.split():
        name = re.sub(r"NN|\bN\b", "03", word)
        if not re.fullmatch(r"[a-z][\w-]*", name):
            break
        if name not in targets(top) and not re.match(r"work-\w", name):
            return f"make has no verb `{word}`", "see `make help`"
    return None


# ---- Options and checks --------------------------------------------------------


@lru_cache(maxsize=None)
def our_options(top: Path) -> set[str]:
    """Options of the servers and of what is in tests/."""
    found: set[str] = set()
    for pattern in ("steps/*/*.c", "common/base/*.c", "tests/**/*.py", "tests/**/*.sh"):
        for path in top.glob(pattern):
            if path.name.startswith("test_") and path.parent == HERE:
                continue  # which has wrong ones, too
            text = path.read_text(encoding="utf-8", errors="replace")
            found.update(re.findall(r"[\"' ]--([a-z][a-z0-9-]+)", text))
    contract = (top / "tests" / "contract.md").read_text(encoding="utf-8")
    found.update(OPTION.findall(contract))
    return found


def options(said: str, page: Page, top: Path) -> Wrong | None:
    """Of another program's options only that program knows."""
    first = said.split()[0] if said.split() else ""
    if not first.startswith("--") and not OURS.match(said):
        return None
    for name in OPTION.findall(said.partition(" -- ")[0]):
        if name not in our_options(top) and f"--{name}" not in known_words():
            return f"`--{name}` is no option of ours", "see tests/contract.md"
    return None


@lru_cache(maxsize=None)
def check_ids() -> set[str]:
    ids = set(table.load())
    exercises = (HERE.parent / "exercises" / "checks.md").read_text(encoding="utf-8")
    ids.update(re.findall(r"^\| ([a-z0-9-]+) \|", exercises, re.M))
    return ids


@lru_cache(maxsize=None)
def known_words() -> set[str]:
    """Words with hyphens, and the like, that name something else."""
    text = (HERE / "names.txt").read_text(encoding="utf-8")
    return {word for line in text.splitlines() if line[:1] != "#" for word in [line]}


def checks(said: str, page: Page, top: Path) -> Wrong | None:
    if not HYPHENED.fullmatch(said) or re.fullmatch(r"[\d-]+", said):
        return None
    tests: list[Callable[[], bool]] = [
        lambda: said in check_ids(),
        lambda: said in known_words(),
        lambda: said in file_names(top),
        lambda: said in targets(top),
        lambda: any(said in listed()[n] for n in listed()),
    ]
    if any(test() for test in tests):
        return None
    return (
        f"`{said}` is no check, file or verb",
        "if it names something else, add it to tests/book/names.txt",
    )


# ---- Milestones ----------------------------------------------------------------


def milestones(page: Page) -> Iterator[Fault]:
    """The headings below `## Milestones` are those of checks.md, in that order."""
    step = re.fullmatch(r"steps/(\d\d)-[\w-]+/README\.md", page.name)
    if not step:
        return
    rows = [row for row in table.load().values() if row.since == int(step[1])]
    wanted = list(dict.fromkeys(row.milestone for row in rows))
    shown = []
    inside = False
    for number, line in enumerate(page.prose, 1):
        if line.startswith("## "):
            inside = line == "## Milestones"
        elif inside and line.startswith("### "):
            shown.append(line[4:].strip())
            if shown[-1] not in wanted:
                yield page.fault(
                    number,
                    f"'{shown[-1]}' is no milestone of tests/checks.md",
                    f"they are: {', '.join(wanted)}",
                )
    for name in wanted:
        if name not in shown:
            yield page.fault(
                1, f"the milestone '{name}' has no heading", "### below ## Milestones"
            )
