"""The teacher's file: what it changes, and how its mistakes are named."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, Callable

import pytest

from grader import course, table
from selftest.grading import TESTS
from selftest.test_grading import GOOD

EXAMPLE = TESTS / "course.example.ini"
ROWS = table.load()


def read(directory: Path, text: str, assignment: str = "03") -> course.Course:
    path = directory / "course.ini"
    path.write_text(text, encoding="utf-8")
    return course.load(path, assignment, ROWS, int(assignment))


def test_the_example_is_understood() -> None:
    made = course.load(EXAMPLE, "03", ROWS, 3)
    assert made.name == "Networks, winter term"
    assert made.deadline and made.deadline.utcoffset() == timedelta(hours=1)
    assert made.late == 10 and made.nothing_after == 5 and made.new_weight == 90
    assert made.hidden == {"reap-all", "stop-while-full"}
    assert made.left_out == {"suspended"}
    milestone = [r for r in ROWS.values() if r.milestone == "Fork and close"]
    assert sum(made.points[r.id] for r in milestone) == 40
    whole = sum(r.points for r in milestone)
    assert made.points["stuck-client"] == Fraction(40 * 8, whole)
    assert made.points["no-zombies"] == 12 and "reap-all" not in made.points


def test_an_assignment_that_it_does_not_name_stays_as_it_is() -> None:
    made = course.load(EXAMPLE, "02", ROWS, 2)
    assert made == course.Course(name="Networks, winter term")


def test_a_check_in_a_milestone_keeps_its_own_points(tmp_path: Path) -> None:
    made = read(tmp_path, "[03 points]\nReap the dead = 20\nreap-all = 5\n")
    milestone = [r.id for r in ROWS.values() if r.milestone == "Reap the dead"]
    assert made.points["reap-all"] == 5
    assert sum(made.points[name] for name in milestone) == 20


@pytest.mark.parametrize(
    "line, text, problem",
    [
        (2, "[03]\nhidden = reap-al", "no check or milestone 'reap-al'.*'reap-all'"),
        (3, "[03]\nnew = 80\nleft out = reap-all, nobody", "'nobody'"),
        (2, "[03]\ndeadline = 2026-13-14 23:59 Europe/Berlin", "month"),
        (2, "[03]\ndeadline = tomorrow", "no time with a zone"),
        (2, "[03]\ndeadline = 2026-11-14 23:59", "no time with a zone"),
        (2, "[03]\ndeadline = 2026-11-14 23:59 Europe/Nowhere", "no time zone"),
        (2, "[03]\nlate = 10", "no deadline"),
        (3, "[03]\ndeadline = 2026-11-14 23:59 UTC\nlate = much", "'much'"),
        (3, "[03]\ndeadline = 2026-11-14 23:59 UTC\nlate = 101", "100 percent"),
        (2, "[03]\nnew = 101", "100 percent"),
        (2, "[03]\nnew = 1.2.3", "'1.2.3'"),
        (2, "[03]\nhiden = reap-all", "'hiden' is none of deadline"),
        (3, "[03]\n\n[03]", "stands twice"),
        (3, "[03]\nnew = 1\nnew = 2", "stands twice"),
        (1, "new = 1", "section"),
        (2, "[03]\nnew 1", "name = value"),
        (1, "[97]\nnew = 1", "no step 97"),
        (1, "[03/x]\nnew = 1", "no assignment"),
        (2, "[03 points]\nForks = 3", "'Forks'"),
        (3, "[03 points]\nreap-all = 9\nReap the dead = 8", "do not fit"),
        (2, "[03 points]\nreap-all = -1", "'-1'"),
        (2, "[04 points]\nno-zombies = 1", "'no-zombies'"),
        (2, "[02 points]\nline-feeds = 1", "permitted"),
    ],
)
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, line: int, text: str, problem: str
) -> None:
    with pytest.raises(course.CourseError, match=f"line {line}: .*{problem}"):
        read(tmp_path, text)


def test_some_checks_must_be_left_and_have_points(tmp_path: Path) -> None:
    new = [row for row in ROWS.values() if row.since == 3]
    with pytest.raises(course.CourseError, match="no new check is left"):
        read(tmp_path, f"[03]\nleft out = {' '.join(row.id for row in new)}")
    nothing = "\n".join(f"{m} = 0" for m in {row.milestone for row in new})
    with pytest.raises(course.CourseError, match="no check has points"):
        read(tmp_path, f"[03 points]\n{nothing}")


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(course.CourseError, match="No such file"):
        course.load(tmp_path / "none.ini", "03", ROWS, 3)
    (tmp_path / "course.ini").write_bytes(b"[03]\n# \xff\n")
    with pytest.raises(course.CourseError, match="UTF-8"):
        course.load(tmp_path / "course.ini", "03", ROWS, 3)


CHECKS = {
    "first": ("server", "pass"),
    "second": ("server", "equal(1, 2, 'it')"),
    "third": ("server", "pass"),
}


def test_the_grader_follows_it(grade: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "course.ini"
    path.write_text(
        "[02]\ndeadline = 2026-01-01 12:00 UTC\nlate = 20\nhidden = second\n"
        "left out = third\n[02 points]\nfirst = 3\nsecond = 1\n"
    )
    more = ("--course", str(path), "--submitted", "2026-01-02T11:00:00Z")
    run = grade(GOOD, CHECKS, {"third": "second"}, *more)
    assert run.results == {"first": "passed", "second": "failed"}
    assert run.data["earned"] == 75 and run.data["score"] == 60
    assert run.data["left_out"] == ["third"] and not run.data["partial"]
    assert run.check("second")["hidden"] and run.check("second")["story"]
    assert "Score 60 of 100" in run.text
    assert "hidden-1: A hidden check (25 points)" in run.text
    assert "second" not in run.text and "it: 2" not in run.text


def test_what_is_hidden_can_be_revealed(
    grade: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "course.ini"
    path.write_text("[02]\nhidden = second\n")
    run = grade(GOOD, CHECKS, None, "--course", str(path), "--reveal")
    assert "FAILED: second" in run.text and "it: 2" in run.text


@pytest.mark.parametrize(
    "more, said",
    [
        (("--submitted", "yesterday"), "--submitted 'yesterday' is no time"),
        (("--course", "/no/such.ini"), "/no/such.ini: cannot be read"),
    ],
)
def test_nothing_runs_with_a_mistake(
    grade: Callable[..., Any], more: tuple[str, ...], said: str
) -> None:
    run = grade(GOOD, CHECKS, None, *more)
    assert run.status == 3 and not run.data
    assert said in run.text and "Traceback" not in run.text
