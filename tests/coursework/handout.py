"""make handout-03: one archive with all that a class needs for step 03, and with
nothing that answers it.

The step's own files are its starter, steps before it are whole, and of common/
no file is there that step 03 or a later one teaches. In the lesson comments
stand for what is homework; the last hint of each check says to ask the teacher.
Mutants, patches, peers and the tests of the grader stay at home.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import tarfile
from functools import lru_cache
from pathlib import Path
from typing import Iterator, Sequence

from . import blank, csource, homework
from .homework import ROOT, Homework, HomeworkError
from .sandbox_kit import withheld

VERBS = ("start", "grade", "watch", "hint", "reset", "progress", "solution", "export")
TOP = ("Makefile", "LICENSE", ".clang-format", ".gitignore")
TESTS = (
    "pytest.ini",
    "conftest.py",
    "load.py",
    "tools/packages.sh",
    "tools/serve.sh",
    "tools/run_jobs.py",
    "tools/diff_step.sh",
    "coursework/rules.mk",
    "exercises/checks.md",
)
FOLDERS = ("grader", "demo", "checks/cases")
UNFIT = re.compile(r"(^|/)(__pycache__|test_[^/]*\.py$|.*\.pyc$)")
LAST_HINT = re.compile(r'(?ms)^    3\. .*?(?=^    """)')
ASK = "    3. That is all that can be told here. Ask your teacher.\n"
YOURS = "/* yours to write */"
TELLING = 12  # characters of a line of code from which on it tells something
FIGURE = re.compile(r"\(\.\./\.\./(docs/figures/[^)]+)\)")
CHAPTER = re.compile(r"\[([^\]]+)\]\(\.\./\.\./docs/[^)]+\.md[^)]*\)")  # has answers
README = """# Staircase, step {name}

What is in here: the lesson, [steps/{name}/README.md](steps/{name}/README.md), what you
know from the steps before it, and the suite that grades your work.

    make start-{number}       begin: your files are then in work/{name}/
    make watch-{number}       grade whenever you save a file
    make grade-{number}       grade once
    make hint-{number}        a hint for the first check that fails
    make progress       where you are
    make demo-{number}        see on a timeline what the server does

On Debian and Ubuntu `make` installs what is missing; elsewhere it says what to
install. `make help` tells more; what needs the whole tree is not in here.
"""


def main(argv: list[str]) -> int:
    words = argparse.ArgumentParser(prog="coursework handout", description=__doc__)
    words.add_argument("steps", help="a step, as 03, or several, as 01-04")
    words.add_argument("--out", default="build/handout", help="where archives go")
    given = words.parse_args(argv)
    try:
        for number in numbers(given.steps):
            step = homework.find_step(number)
            made = write(step, Path(given.out))
            print(f"{made} ({made.stat().st_size // 1024} KiB)")
    except (HomeworkError, blank.BlankError) as error:
        print(error)
        return 2
    return 0


def numbers(text: str) -> list[str]:
    """03, or 01-04 as all from the first to the last."""
    span = re.fullmatch(r"(\d\d?)(?:-(\d\d?))?", text)
    if not span:
        raise HomeworkError(f"{text}: steps are written 03, or 01-04")
    last = int(span[2] or span[1])
    return [f"{n:02}" for n in range(int(span[1]), last + 1)]


def write(step: Path, to: Path) -> Path:
    """The archive of one step; its path."""
    files = contents(step)
    to.mkdir(parents=True, exist_ok=True)
    path = to / f"staircase-{step.name}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in sorted(files.items()):
            member = tarfile.TarInfo(f"staircase-{step.name[:2]}/{name}")
            member.size, member.mtime = len(data), newest()
            original = ROOT / name
            runs = original.is_file() and original.stat().st_mode & 0o100
            member.mode = 0o755 if runs else 0o644
            archive.addfile(member, io.BytesIO(data))
    return path


@lru_cache(maxsize=None)
def newest() -> int:
    """When the tree was changed last, for the time of what is made of it."""
    found = [p.stat().st_mtime for p in ROOT.glob("[cdst]*/*/*") if p.is_file()]
    return int(max(found))


def contents(step: Path) -> dict[str, bytes]:
    """What is handed out for a step, by its name from the top of the tree."""
    number = int(step.name[:2])
    declared = homework.read(step)
    found = dict(_plain(step, number))
    for name, text in blank.starter(declared).items():
        found[f"steps/{step.name}/{name}"] = text.encode()
    lesson = (step / "README.md").read_text(encoding="utf-8")
    lesson = close(CHAPTER.sub(r"\1", lesson), declared)
    found[f"steps/{step.name}/README.md"] = lesson.encode()
    found["README.md"] = README.format(name=step.name, number=step.name[:2]).encode()
    found["tests/units.md"] = b"# Unit assignments\n\nNone is in this handout.\n"
    found["tests/checks.md"] = rows_up_to(number).encode()
    return found


def _plain(step: Path, number: int) -> Iterator[tuple[str, bytes]]:
    """The files that are handed out as they are, but for last hints."""
    names = [*TOP, *(f"tests/{name}" for name in TESTS)]
    for folder in FOLDERS:
        names += _below(f"tests/{folder}")
    for path in homework.step_directories():
        if int(path.name[:2]) < number:
            names += _below(f"steps/{path.name}")
    names += [f"steps/{step.name}/homework.txt", *common(number)]
    names += [f"tests/coursework/{name}" for name in modules()]
    names += _checks(number)
    names += _figures(number)
    for name in dict.fromkeys(names):
        path = ROOT / name
        if path.is_file():
            data = path.read_bytes()
            if name.startswith(("tests/checks/test_", "tests/exercises/")):
                data = LAST_HINT.sub(ASK, data.decode()).encode()
            elif name.startswith("steps/") and name.endswith(".md"):
                data = CHAPTER.sub(r"\1", data.decode()).encode()
            yield name, data


def _below(folder: str) -> list[str]:
    """All files below a directory, those aside that only tests need."""
    names = [
        str(p.relative_to(ROOT)) for p in (ROOT / folder).rglob("*") if p.is_file()
    ]
    return sorted(name for name in names if not UNFIT.search(name))


def _checks(number: int) -> list[str]:
    """The suites of the steps up to this one, and its exercises' checks."""
    names = []
    for path in sorted((ROOT / "tests" / "checks").glob("test_*.py")):
        if int(path.name[5:7]) <= number:
            names.append(f"tests/checks/{path.name}")
    for path in sorted((ROOT / "tests" / "exercises").glob(f"test_{number:02}_*.py")):
        names.append(str(path.relative_to(ROOT)))
    return names


def _figures(number: int) -> list[str]:
    """What the lessons show, and the site that `make run-06` serves."""
    names = _below("docs/welcome") if number >= 6 else []
    for step in homework.step_directories():
        if int(step.name[:2]) <= number:
            names += FIGURE.findall((step / "README.md").read_text(encoding="utf-8"))
    return names


def rows_up_to(number: int) -> str:
    """The table of checks without those of later steps."""
    text = (ROOT / "tests" / "checks.md").read_text(encoding="utf-8")
    return re.split(rf"(?m)^## (?={number + 1:02} )", text)[0]


# --- what of common/ is no answer ----------------------------------------------


def common(number: int) -> list[str]:
    """The files of common/ without what is taught from this step on."""
    gone = withheld(f"{number:02}")
    files = sorted(ROOT.glob("common/*/*.[ch]"))
    return [str(p.relative_to(ROOT)) for p in files if p.name not in gone]


def modules(verbs: Sequence[str] = VERBS) -> list[str]:
    """The modules that these verbs need, as files of this package."""
    here = Path(__file__).parent
    names, ahead = {"__init__.py", "__main__.py"}, [f"{verb}.py" for verb in verbs]
    while ahead:
        name = ahead.pop()
        if name in names or not (here / name).exists():
            continue
        names.add(name)
        ahead += [f"{found}.py" for found in _imports(here / name)]
    if "export.py" in names:
        names |= {f"exports/{path.name}" for path in (here / "exports").glob("*.py")}
    return sorted(names)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            yield from [node.module] if node.module else [a.name for a in node.names]


# --- a lesson without answers --------------------------------------------------


def close(lesson: str, declared: Homework) -> str:
    """The lesson, with comments for the lines of code that are homework. A line
    that tells something gives its whole block away."""
    every = set(homework_lines(declared))
    out: list[str] = []
    for code, lines in blocks(lesson):
        telling = {x for x in map(squeeze, lines) if len(x) >= TELLING}
        secret = every if code and telling & every else set()
        for line in lines:
            between = secret and out and out[-1].strip() == YOURS
            if between and squeeze(line) in ("", "}") and line[:1] != "}":
                continue  # what is left between lines that are gone
            if squeeze(line) in secret:
                line = line[: len(line) - len(line.lstrip())] + YOURS
                if out and out[-1].strip() == YOURS:
                    continue
            out.append(line)
    return "\n".join(out) + "\n"


def blocks(text: str) -> Iterator[tuple[bool, list[str]]]:
    """Parts a page into code, fenced or indented, and what is none."""
    found: list[str] = []
    before = fenced = False
    for line in text.splitlines():
        fenced ^= line.lstrip().startswith("```")
        code = fenced or line.startswith("    ") or (before and not line.strip())
        if code != before and found:
            yield before, found
            found = []
        found.append(line)
        before = code
    yield before, found


def homework_lines(declared: Homework) -> Iterator[str]:
    """The lines of the bodies that are to be written, without white space."""
    for source in blank.sources(declared).values():
        for name in {*source.tasks, *source.removed}:
            function = source.functions[name]
            body = source.text[function.body_start : function.body_end]
            for line in csource.code_of(body).splitlines():
                if len(squeeze(line)) > 1:  # more than a brace
                    yield squeeze(line)


def squeeze(line: str) -> str:
    return re.sub(r"\s+", "", csource.code_of(line))
