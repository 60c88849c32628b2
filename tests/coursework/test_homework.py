"""The homework that the steps declare, and what the lessons say of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coursework import blank, homework
from coursework.homework import Homework, HomeworkError

STEPS = list(homework.read_all())
each = pytest.mark.parametrize("declared", STEPS, ids=lambda step: str(step.name))


def lesson(declared: Homework) -> str:
    return (declared.step / "README.md").read_text(encoding="utf-8")


@each
def test_a_lesson_says_how_long_it_is(declared: Homework) -> None:
    told = re.search(r"(?m)^homework: (\d+) lines", lesson(declared))
    counts = blank.count_lines(declared)
    assert told and int(told[1]) == sum(counts.values())
    assert 40 <= sum(counts.values()) <= 150


@each
def test_milestones_are_those_of_the_lesson_in_its_order(declared: Homework) -> None:
    in_lesson = homework.lesson_milestones(declared.step)
    named = [name for name in in_lesson if name in declared.milestones]
    assert named == list(declared.milestones)
    assert 4 <= len(named) <= 7


@each
def test_no_milestone_is_long(declared: Homework) -> None:
    for milestone, lines in blank.count_lines(declared).items():
        assert 0 < lines <= 45, milestone


@each
def test_a_lesson_says_how_to_begin_and_what_is_called_early(
    declared: Homework,
) -> None:
    head = lesson(declared).partition("\n## Milestones\n")[2].partition("\n### ")[0]
    for verb in ("start", "watch", "hint"):
        assert f"`make {verb}-{declared.number}`" in head
    early = {task.function for task in declared.tasks() if task.for_now}
    assert set(re.findall(r"`(\w+)\(\)`", head)) == early


@each
def test_what_is_given_would_else_be_taken_out(declared: Homework) -> None:
    sources = blank.sources(declared)
    for file, names in declared.given.items():
        for name in names:
            without = declared.given[file] - {name}
            text = (declared.step / file).read_text(encoding="utf-8")
            source = blank.Source(text, declared.tasks(file), without)
            assert name in source.removed, name
        assert not names & sources[file].removed


@each
def test_lines_are_not_too_long(declared: Homework) -> None:
    for name, text in blank.starter(declared).items():
        for line in text.splitlines():
            assert len(line) <= 80, f"{name}: {line}"


# --- the form of a declaration -----------------------------------------------

TEXT = """\
# What it is.

First things
    main.c   one two
    /* Says what
     * it does. */
    main.c   three   for now: return 0;
    main.c   helper   given
And others
    other.c  four   for now:
        int x = 1;

        return x;
"""


def test_a_declaration_is_read() -> None:
    read = homework.parse(TEXT, Path("steps/03-some"))
    assert list(read.milestones) == ["First things", "And others"]
    one, two, three, four = read.tasks()
    assert [t.function for t in read.tasks("main.c")] == ["one", "two", "three"]
    assert (one.for_now, two.comment) == ([], [])
    assert three.for_now == ["return 0;"]
    assert three.comment == ["/* Says what", " * it does. */"]
    assert four.for_now == ["int x = 1;", "", "return x;"]
    assert four.milestone == "And others"
    assert read.given == {"main.c": {"helper"}}
    assert (read.number, read.files()) == ("03", ["main.c", "other.c"])


@pytest.mark.parametrize(
    "text",
    ["    main.c one\n", "First\n    main.h one\n", "First\n  main.c one\n"],
    ids=["no milestone", "no source", "indented by two"],
)
def test_a_bad_line_is_named(text: str) -> None:
    with pytest.raises(HomeworkError, match=r"03-some/homework.txt, line \d"):
        homework.parse(text, Path("steps/03-some"))


def test_an_unknown_step_names_those_that_there_are() -> None:
    with pytest.raises(HomeworkError, match="no step 09; the steps are 01 02 03"):
        homework.find_step("09")
