"""Unit assignments as they are graded: starters earn nothing, each milestone is
green on its own, mistakes are found by the check that is theirs, and nobody
passes by leaving early."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Iterable

import pytest

from coursework import blank, units
from coursework.blank import HEADER, HEADER_TEXT
from coursework.homework import ROOT
from coursework.student import Student
from coursework.units import Check, Unit
from coursework.units_run import PASSED, run_tests
from coursework.units_tell import failed
from grader.results import Story

pytestmark = pytest.mark.slow
UNITS = units.units()
PARSER = UNITS["parser"]
PASSES: Story = Story()  # what a check that passes has


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place for what is made, common/ once for all."""
    return tmp_path_factory.mktemp("build")


class Work:
    """A student's directory of one assignment."""

    def __init__(self, unit: Unit, work: Path, build: Path) -> None:
        self.unit = unit
        self.student = Student(unit.step, work, build, ["make"], unit)
        self.own = self.student.own
        self.own.mkdir(parents=True)
        self.write({path.name: path.read_text() for path in unit.files})

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.own / name
            if not path.exists() or path.read_text() != text:
                path.write_text(text)

    def reach(self, count: int) -> None:
        """Writes the first milestones, so many; those behind get first bodies."""
        declared = self.unit.homework()
        early = list(declared.milestones)[:count]
        files = self.unit.starter()
        for name, source in blank.sources(declared).items() if count else ():
            tasks = declared.tasks(name)
            done = {task.function for task in tasks if task.milestone in early}
            files[name] = source.blanked(done, {t.function for t in tasks} - done)
        self.write(files)

    def build(self) -> None:
        built = self.student.compile()
        assert built.returncode == 0 and "warning" not in built.stdout, built.stdout

    def stories(self, checks: Iterable[Check]) -> dict[str, Story]:
        """What is told of each check; of one that passes PASSES."""
        self.build()
        return {check.row.id: self.story(check) for check in checks}

    def story(self, check: Check) -> Story:
        outcomes = []
        for program in self.unit.programs:
            names = [t.name for t in check.tests if t.program == program]
            path = Path(self.student.program, f"test_{program}")
            outcomes += run_tests(path, names) if names else []
        if all(outcome.status == PASSED for outcome in outcomes):
            return PASSES
        return failed(check, self.student.program, outcomes).story

    def graded(self) -> dict[str, object]:
        """The document that `make grade-parser` writes."""
        self.build()
        report = self.student.work / "report.json"
        command = [sys.executable, "-m", "pytest", "-c", "tests/pytest.ini"]
        command += ["tests/units", "--assignment", self.unit.name]
        command += ["--table", str(self.unit.table), "--step", self.unit.number]
        command += ["--server", self.student.program, "--report", str(report)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode < 2, done.stdout
        document: dict[str, object] = json.loads(report.read_text())
        return document


@pytest.mark.parametrize("name", list(UNITS))
def test_every_stage(name: str, build: Path, tmp_path: Path) -> None:
    """A starter passes no check that earns, each milestone is green when its
    functions are there, and the reference passes all."""
    unit = UNITS[name]
    work = Work(unit, tmp_path, build)
    checks = unit.checks()
    work.reach(0)
    stories = work.stories(checks.values())
    assert [name for name, story in stories.items() if story is PASSES] == []
    for count, milestone in enumerate(unit.homework().milestones, 1):
        work.reach(count)
        own = [c for c in checks.values() if c.row.milestone == milestone]
        red = {n: s for n, s in work.stories(own).items() if s is not PASSES}
        assert red == {}, milestone
    stories = work.stories(checks.values())
    assert {n: s for n, s in stories.items() if s is not PASSES} == {}


@pytest.mark.parametrize("name", ["parser", "mime"])
def test_the_score(name: str, build: Path, tmp_path: Path) -> None:
    work = Work(UNITS[name], tmp_path, build)
    assert work.graded()["score"] == 100.0
    work.reach(0)
    document = work.graded()
    assert document["score"] == 0.0 and document["assignment"] == name


# --- mistakes -----------------------------------------------------------------

# The check that finds it, a part of the input that it names, file, right, wrong.
MISTAKES = {
    "a space more": (
        "one-space",
        "GET  /",
        "request.c",
        "p = span_wide(p, nearer(buf, end, limit), SPAN_TARGET);",
        "for (; p < end && *p == ' '; p++)\n"
        "                token = p + 1;\n"
        "            p = span_wide(p, nearer(buf, end, limit), SPAN_TARGET);",
    ),
    "CR ends a line": (
        "line-ends",
        "HTTP/1.1\\rHost",
        "request.c",
        "            if (*p++ != '\\n')\n"
        "                return refuse(r, state, 400);\n"
        "            limit =",
        "            p += *p == '\\n';\n            limit =",
    ),
    "begins anew at each call": (
        "request-line",
        "GET / HTTP/1.0",
        "request.c",
        "const char *p = buf + r->at;",
        "const char *p = buf;",
    ),
    "blanks before the colon": (
        "field-names",
        "X Y: b",
        "request.c",
        "p = span_word(p, end, SPAN_TOKEN);",
        "for (p = span_word(p, end, SPAN_TOKEN); p < end && *p == ' '; p++)\n"
        "                continue;",
    ),
    "values are not trimmed": (
        "field-lines",
        "Host",
        "request.c",
        "while (p > value && is_blank(p[-1]))\n        p--;",
        "",
    ),
    "no limit of fields": (
        "limits",
        "X:",
        "request.c",
        "if (r->field_count == HTTP_FIELDS_MAX)",
        "if (r->field_count > HTTP_FIELDS_MAX)",
    ),
    "the last question mark": (
        "origin-form",
        "?",
        "target.c",
        "const char *mark = memchr(rest.at, '?', rest.len);",
        "const char *mark = NULL;\n\n"
        "    for (size_t i = 0; i < rest.len; i++)\n"
        "        mark = rest.at[i] == '?' ? rest.at + i : mark;",
    ),
    "a length beside chunks": (
        "no-smuggling",
        "Content-Length",
        "judge.c",
        "if (seen & SEEN_LENGTH || r->version < 11",
        "if (r->version < 11",
    ),
    "a size that overflows": (
        "large-chunks",
        "0000",
        "framing.c",
        "if (f->left > (UINT64_MAX >> 4))\n            return false;",
        "",
    ),
    "LF ends a chunk's line": (
        "chunk-lines",
        "\\n",
        "framing.c",
        "return c == '\\r' || c == ';' || c == ' ' || c == '\\t';",
        "if (c == '\\n')\n"
        "        f->state = f->left ? FRAMING_CHUNK : FRAMING_TRAILER;\n"
        "    return c == '\\n' || c == '\\r' || c == ';' || c == ' ' || c == '\\t';",
    ),
}


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_a_mistake_is_found(mistake: str, build: Path, tmp_path: Path) -> None:
    name, fed, file, right, wrong = MISTAKES[mistake]
    work = Work(PARSER, tmp_path, build)
    text = (work.own / file).read_text()
    assert text.count(right) == 1
    work.write({file: text.replace(right, wrong)})
    story = work.stories([PARSER.checks()[name]])[name]
    assert story is not PASSES
    assert fed in "\n".join(story.sent[1:])
    assert story.expected and story.got and story.why
    shown = subprocess.run(
        story.again[0], shell=True, cwd=ROOT, capture_output=True, text=True
    )
    assert shown.returncode == 1
    if story.report:  # it died
        assert story.report[0].split("ERROR")[-1][:30] in shown.stderr
    else:
        assert story.sent[0] in shown.stdout
        assert story.got.partition(" (")[0] in " ".join(shown.stdout.split())


def test_the_caret_is_below_the_byte(build: Path, tmp_path: Path) -> None:
    mistake = MISTAKES["blanks before the colon"]
    work = Work(PARSER, tmp_path, build)
    text = (work.own / mistake[2]).read_text()
    work.write({mistake[2]: text.replace(mistake[3], mistake[4])})
    story = work.stories([PARSER.checks()[mistake[0]]])[mistake[0]]
    at = next(n for n, line in enumerate(story.sent) if line.strip() == "^")
    assert story.sent[at - 1][story.sent[at].index("^")] == " "


# --- cheats, crashes and loops --------------------------------------------------

PARSE = "    const char *p = buf + r->at;\n    const char *end = buf + len;\n"
FORGER = """
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void
forge(void)
{
    for (int fd = 1; fd < 9; fd++)
        (void)dprintf(fd, "100%%: Checks: 402, Failures: 0, Errors: 0\\n");
    _exit(0);
}
"""
DEAF = """
#include <stdarg.h>

void _ck_assert_failed(const char *, int, const char *, const char *, ...);
void case_differs(void);

void
_ck_assert_failed(const char *a, int b, const char *c, const char *d, ...)
{
    (void)a, (void)b, (void)c, (void)d;
}

void
case_differs(void)
{
}
"""
TRICKS = {
    "exit": ("#include <stdlib.h>", "exit(0);", "as if nothing were wrong"),
    "_exit": ("#include <unistd.h>", "_exit(0);", "as if nothing were wrong"),
    "crash": ("", "*(volatile int *)r->line.at = 1;", "status 1 in the middle"),
    "loop": ("", "for (volatile int i = 0; i >= 0;) i = 0;", "endless loop"),
    "flood": (
        "#include <stdio.h>",
        "for (;;) puts(__func__);",
        "printed without end",
    ),
}


def with_body(work: Work, include: str, statement: str) -> None:
    text = (work.own / "request.c").read_text()
    assert text.count(PARSE) == 1
    text = text.replace(PARSE, f"{PARSE}\n    {statement}\n")
    work.write({"request.c": f"{include}\n{text}"})


@pytest.mark.parametrize("trick", list(TRICKS))
def test_an_end_in_the_middle_is_none(trick: str, build: Path, tmp_path: Path) -> None:
    include, statement, words = TRICKS[trick]
    work = Work(PARSER, tmp_path, build)
    with_body(work, include, statement)
    story = work.stories([PARSER.checks()["request-line"]])["request-line"]
    assert words in story.got, story
    if trick == "crash":
        assert "AddressSanitizer" in story.report[0] or "runtime" in story.report[0]


@pytest.mark.parametrize("file", [FORGER, DEAF], ids=["forger", "deaf"])
def test_no_file_takes_the_tests_place(file: str, build: Path, tmp_path: Path) -> None:
    work = Work(PARSER, tmp_path, build)
    work.write({"extra.c": file})
    with_body(work, "", "return (void)p, (void)end, -418;")
    stories = work.stories(PARSER.checks().values())
    assert [name for name, story in stories.items() if story is PASSES] in (
        [],  # nothing ran at all
        [name for name, c in PARSER.checks().items() if c.row.milestone == "Chunks"],
    )


def test_a_header_stays_as_it_is(build: Path, tmp_path: Path) -> None:
    work = Work(PARSER, tmp_path, build)
    header = (work.own / "request.h").read_text()
    work.write({"request.h": header.replace("int state, failure;", "int state;")})
    built = work.student.compile()
    assert built.returncode != 0
    assert "request.h is not what the tests are made with" in built.stdout
    assert "cp common/http/request.h" in built.stdout


def test_what_is_left_out_is_missing(build: Path, tmp_path: Path) -> None:
    work = Work(PARSER, tmp_path, build)
    (work.own / "judge.c").unlink()
    built = work.student.compile()
    assert built.returncode != 0 and "http_judge_head" in built.stdout


def test_a_file_of_ones_own_is_linked(build: Path, tmp_path: Path) -> None:
    """What a student adds is used, and its functions harm no others."""
    work = Work(PARSER, tmp_path, build)
    text = (work.own / "judge.c").read_text()
    work.write(
        {
            "judge.c": text.replace(
                "    if (r->version / 10 != 1)\n        return 505;",
                "    int own(int);\n\n    if (own(r->version))\n        return 505;",
            ),
            "own.c": "int own(int);\nint talk(void);\n\nint\nown(int version)\n{\n"
            "    return version / 10 != 1;\n}\n\nint\ntalk(void)\n{\n    return 1;\n}\n",
            HEADER: HEADER_TEXT,
        }
    )
    assert work.stories([PARSER.checks()["major-version"]])["major-version"] is PASSES
