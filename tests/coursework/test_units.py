"""The unit assignments hold together: every test is in one check, points sum to
a hundred, starters lack what is to be written, failures are told in full."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from coursework import homework, units, units_run, units_tell
from coursework.units import LIST, TESTS, Unit
from coursework.units_run import Outcome
from grader import table

UNITS = list(units.units().values())
PROGRAMS = [path.stem[len("test_") :] for path in sorted(TESTS.glob("test_*.c"))]
each_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)


def plumbing() -> set[tuple[str, str]]:
    """The tests that no assignment has."""
    section = LIST.read_text(encoding="utf-8").partition("## Plumbing")[2]
    found = set()
    program = ""
    for word in re.findall(r"`(\w+)`", section):
        if word.startswith("test_"):
            found.discard((program, ""))
            found.add((program, word))
        else:
            program = word
            found.add((program, ""))
    every = {(t.program, t.name) for t in units.tests_of(tuple(PROGRAMS))}
    return {one for one in every if one in found or (one[0], "") in found}


def test_every_test_is_in_one_check() -> None:
    every = {(t.program, t.name) for t in units.tests_of(tuple(PROGRAMS))}
    used = Counter(
        (test.program, test.name)
        for unit in UNITS
        for check in unit.checks().values()
        for test in check.tests
    )
    assert {one: n for one, n in used.items() if n > 1} == {}
    assert set(used) & plumbing() == set()
    assert every - set(used) == plumbing()
    assert len(every) > 800  # the cases are among them


@each_unit
def test_the_table(unit: Unit) -> None:
    rows = {name: check.row for name, check in unit.checks().items()}
    assert table.faults(rows, [int(unit.number)]) == []
    assert {row.steps for row in rows.values()} == {unit.number}
    known = [*homework.lesson_milestones(unit.step), *unit.homework().milestones]
    milestones = list(dict.fromkeys(row.milestone for row in rows.values()))
    assert milestones == [name for name in dict.fromkeys(known) if name in milestones]


@each_unit
def test_what_is_to_be_written(unit: Unit) -> None:
    declared = unit.homework()
    files = unit.starter()
    assert {f"{stem}.{end}" for stem in unit.stems for end in "ch"} < set(files)
    for task in declared.tasks():
        body = files[task.file].partition(f"\n{task.function}(")[2].partition("\n}")[0]
        assert "NOT_WRITTEN_YET;" in body, task
    for path in unit.files:
        if path.suffix == ".h":
            assert files[path.name] == path.read_text()


def test_the_parser_is_a_homework_of_about_200_lines() -> None:
    from coursework import blank

    counts = blank.count_lines(units.units()["parser"].homework())
    assert 160 <= sum(counts.values()) <= 240
    assert all(10 <= lines <= 85 for lines in counts.values()), counts


# --- results ------------------------------------------------------------------


def test_results_may_come_in_any_parts() -> None:
    text = b"result a passed 0 x.c:1 6\nPassed\nresult b failed 7 y.c:22 4\nno\n!\n"
    for at in range(len(text) + 1):
        whole, rest = [], b""
        for part in (text[:at], text[at:]):
            *found, rest = units_run._split(rest + part)
            whole += found
        assert [part.split(b" ")[1] for part in whole] == [b"a", b"b"] and rest == b""


@pytest.mark.parametrize("line", [b"\n", b"result\n", b"100%: Checks: 8\n", b"x 9\n"])
def test_what_is_no_result_counts_for_none(line: bytes) -> None:
    *whole, rest = units_run._split(line)
    assert [units_run._outcome(part) for part in whole] in ([], [None])


# --- failures -----------------------------------------------------------------

MESSAGE = """\
tests/unit/cases/request-line.txt:42: a name
  rule      A sentence of the rules: RFC 9112, section 3.
  fed       > GET  /\\r\\n
                  ^
            > \\r\\n
  expected  400
  got       head: 30 bytes
"""


def told(outcome: Outcome, check: str = "one-space") -> "units_tell.Story":
    parser = units.units()["parser"]
    return units_tell.failed(parser.checks()[check], "build", [outcome]).story


def first_case(check: str) -> str:
    return units.units()["parser"].checks()[check].tests[0].name


def test_a_case_is_told_with_its_input() -> None:
    name = first_case("one-space")
    story = told(Outcome(name, "failed", MESSAGE))
    assert story.sent[0].startswith(f"tests/unit/cases/{name}: two spaces")
    assert story.sent[1:] == ["> GET  /\\r\\n", "      ^", "> \\r\\n"]
    assert story.expected.startswith("400. The rule is: A sentence of the rules")
    assert story.got == "head: 30 bytes"
    assert story.again == [f"CK_RUN_CASE={name} build/test_request"]


def test_an_assertion_is_told_with_its_source() -> None:
    source = (TESTS / "test_request.c").read_text().splitlines()
    at = source.index("START_TEST(test_field)")
    line = next(n for n in range(at, len(source)) if "slice_is(value" in source[n])
    where = str(TESTS / "test_request.c")
    story = told(
        Outcome(
            "test_field",
            "failed",
            "Assertion 'a == b' failed: a == 1, b == 2",
            where,
            line + 1,
        ),
        "field-lines",
    )
    assert story.expected == "a == b" and story.got == "a == 1, b == 2"
    assert "slice_is(value" in story.sent[-2] and story.sent[-1].strip() == "^"


@pytest.mark.parametrize(
    "outcome, words",
    [
        (("died", "Early exit with return value 90"), "not written yet"),
        (("died", "Early exit with return value 1"), "status 1 in the middle"),
        (("died", "Received signal 11 (Segmentation fault)"), "signal 11"),
        (("died", "Received signal 24 (CPU time limit exceeded)"), "endless loop"),
        (("late", "Test timeout expired"), "not done after"),
        (("cut", "Passed"), "as if nothing were wrong"),
        (("not run", ""), "ended before it had run"),
        (("flooded", ""), "printed without end"),
    ],
)
def test_every_end_is_told_plainly(outcome: tuple[str, str], words: str) -> None:
    story = told(Outcome(first_case("one-space"), *outcome))
    assert words in story.got
    assert story.expected and len(story.sent) > 1


def test_a_report_is_parted_from_what_was_printed() -> None:
    printed = b"""hello
=================================================================
==17==ERROR: AddressSanitizer: heap-buffer-overflow
    #0 0x1 in step request.c:5
SUMMARY: AddressSanitizer: heap-buffer-overflow request.c:5 in step
not written yet: step, request.c
"""
    story = told(Outcome(first_case("one-space"), "died", "x", printed=printed))
    assert story.report[0].startswith("==17==ERROR") and len(story.report) == 3
    assert story.printed == ["hello", "not written yet: step, request.c"]
    assert story.unwritten == ["step, request.c"]


def test_what_a_plain_test_fed_is_told_too() -> None:
    message = "\n  fed       a.htm\n  expected  text/html\n  got       text/plain\n"
    mime = units.units()["mime"]
    outcome = Outcome("test_built_in", "failed", message)
    story = units_tell.failed(mime.checks()["usual-types"], "build", [outcome]).story
    assert story.sent == ["tests/unit/test_mime.c, test_built_in", "a.htm"]
    assert (story.expected, story.got) == ("text/html", "text/plain")
