"""The unit assignments: the parser, and every taught file that has unit tests,
each as a homework of its own that these tests grade.

tests/units.md lists them. The functions to be written stand in the step's
directory: in parser.txt for the parser, else in homework.txt, as far as they
are in these files, and where none are, they are those of the header. The checks
stand in tests/units/NAME.md: a table as in checks.md, and a section for each:

    ### one-space

    Tests: request-line.txt "One space stands"; test_token
    Rule: RFC 9112, section 3

    Why it matters.

    1. A hint.
    2. One that tells more.
    3. And all of it.

What is tested is functions of tests/unit/test_*.c, whole files of cases, or
rules of one, each by the words that it begins with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Optional

from grader import lessons, table
from grader.check import HINTS, Code, read_docstring
from . import blank, csource, homework
from .homework import ROOT, Homework, HomeworkError, Task

LIST = ROOT / "tests" / "units.md"
CHECKS = ROOT / "tests" / "units"
TESTS = ROOT / "tests" / "unit"
LISTED = re.compile(r"^\| ([a-z]+) \| (\d\d) \| ([a-z ]+) \| ([a-z ]+) \|$", re.M)
SECTION = re.compile(r"^### ([a-z0-9-]+)\n(.*?)(?=^### |^## |\Z)", re.M | re.S)
HEAD = re.compile(r"\s*Tests: (.+?)\nRule: (.+?)\n\n(.*)", re.S)
TEST = re.compile(r"^START_TEST\((\w+)\)", re.M)
CASE_FILE = re.compile(r'"([\w-]+\.txt)"')


@dataclass(frozen=True)
class Test:
    """One test as a program runs it: a function, or a case of a file."""

    program: str  # request, for tests/unit/test_request.c
    name: str  # test_field, or request-line.txt:53
    rule: str = ""  # that the case belongs to


@dataclass(frozen=True)
class Check:
    """A check: its row and code as the grader has them, and its tests."""

    row: table.Row
    code: Code
    tests: tuple[Test, ...]


@dataclass(frozen=True)
class Unit:
    """One assignment."""

    name: str
    step: Path  # steps/02-blocking-http
    stems: tuple[str, ...]  # of the files to be written
    programs: tuple[str, ...]  # that test them

    @property
    def number(self) -> str:
        """The step's."""
        return self.step.name[:2]

    @property
    def table(self) -> Path:
        return CHECKS / f"{self.name}.md"

    @property
    def heading(self) -> str:
        """Where the step's lesson speaks of it as a homework of its own."""
        return lessons.find(int(self.number), f"The {self.name}")[1]

    @property
    def files(self) -> list[Path]:
        """The reference's files, headers too."""
        found = []
        for stem in self.stems:
            home = self.step if (self.step / f"{stem}.c").exists() else None
            home = home or next(ROOT.glob(f"common/*/{stem}.c")).parent
            found += [home / f"{stem}.c", home / f"{stem}.h"]
        return found

    def homework(self) -> Homework:
        """What is to be written, by milestone."""
        home = self.files[0].parent
        declared = self.step / f"{self.name}.txt"
        if declared.exists():
            return homework.parse(declared.read_text(encoding="utf-8"), home)
        whole = homework.read(self.step)
        names = {path.name for path in self.files}
        found = Homework(home)
        for milestone, tasks in whole.milestones.items():
            own = [task for task in tasks if task.file in names]
            if own:
                found.milestones[milestone] = own
        found.given = {f: n for f, n in whole.given.items() if f in names}
        return found if found.milestones else self._of_header(home)

    def _of_header(self, home: Path) -> Homework:
        """All functions that other files can call."""
        milestone = next(iter(table.load(self.table).values())).milestone
        found = Homework(home, {milestone: []})
        for path in self.files[::2]:
            for function in csource.functions(path.read_text()).values():
                if not function.static:
                    task = Task(milestone, path.name, function.name)
                    found.milestones[milestone].append(task)
        return found

    def starter(self) -> dict[str, str]:
        """The files that a student begins with, by name."""
        sources = blank.sources(self.homework())
        files = {path.name: path.read_text(encoding="utf-8") for path in self.files}
        files.update((name, source.blanked()) for name, source in sources.items())
        return {**files, blank.HEADER: blank.HEADER_TEXT}

    def checks(self) -> dict[str, Check]:
        return _checks(self)


@lru_cache(maxsize=1)
def units() -> dict[str, Unit]:
    """All assignments, as units.md lists them."""
    found = {}
    text = LIST.read_text(encoding="utf-8") if LIST.exists() else ""
    for match in LISTED.finditer(text):
        name, number, stems, programs = match.groups()
        step = homework.find_step(number)
        found[name] = Unit(name, step, tuple(stems.split()), tuple(programs.split()))
    return found


def find(name: str) -> Optional[Unit]:
    return units().get(name)


# --- the checks -------------------------------------------------------------


@lru_cache(maxsize=None)
def _checks(unit: Unit) -> dict[str, Check]:
    """The checks of an assignment, in the table's order."""
    text = unit.table.read_text(encoding="utf-8")
    rows = table.parse(text)
    sections = {match[1]: match[2] for match in SECTION.finditer(text)}
    if set(sections) != set(rows):
        odd = ", ".join(sorted(set(sections) ^ set(rows)))
        raise HomeworkError(f"{unit.table.name}: row or section is missing of {odd}")
    return {name: _check(unit, row, sections[name]) for name, row in rows.items()}


def _check(unit: Unit, row: table.Row, section: str) -> Check:
    head = HEAD.fullmatch(section)
    why, hints = read_docstring(head[3] if head else "")
    if not head or not why or len(hints) != HINTS:
        form = f"Tests:, Rule:, why and {HINTS} hints"
        raise HomeworkError(f"{unit.table.name}, {row.id}: {form} are wanted")
    code = Code(row.id, " ".join(head[2].split()), why, hints, slow=False)
    tests: list[Test] = []
    for words in " ".join(head[1].split()).split("; "):
        found = [test for test in tests_of(unit.programs) if _is_meant(test, words)]
        if not found:
            raise HomeworkError(f"{unit.table.name}, {row.id}: no test is {words}")
        tests += found
    return Check(row, code, tuple(tests))


def _is_meant(test: Test, words: str) -> bool:
    """Whether a test is what these words of a section name."""
    file, quoted, rest = words.partition(' "')
    if not quoted:
        return words in (test.name, test.name.partition(":")[0])
    return test.name.startswith(f"{file}:") and test.rule.startswith(rest.rstrip('"'))


# --- the tests --------------------------------------------------------------


def tests_of(programs: tuple[str, ...]) -> list[Test]:
    return [test for program in programs for test in _tests(program)]


@lru_cache(maxsize=None)
def _tests(program: str) -> list[Test]:
    """All tests of a program, in its order."""
    text = (TESTS / f"test_{program}.c").read_text(encoding="utf-8")
    found = [Test(program, name) for name in TEST.findall(text)]
    for file in CASE_FILE.findall(text):
        path = TESTS / "cases" / file
        found += _cases(program, path) if path.exists() else []
    return found


def _cases(program: str, path: Path) -> list[Test]:
    """The cases of a file, each with its rule."""
    found = []
    rule: list[str] = []
    in_rule = False
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if line.startswith("### "):
            found.append(Test(program, f"{path.name}:{number}", " ".join(rule)))
        if line.startswith("## "):
            rule, in_rule = [line[3:]], True
        elif not line:
            in_rule = False
        elif in_rule:
            rule.append(line)
    return found
