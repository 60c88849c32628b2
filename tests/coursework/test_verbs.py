"""The student's verbs, each used as a student would."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from coursework import grade, hint, progress, reset, solution, start, state
from coursework.__main__ import run, verbs
from coursework.homework import ROOT
from grader import table

NAME = "03-fork"


class Place:
    """A student's directory, and the verbs on it."""

    def __init__(self, root: Path, capsys: Any) -> None:
        self.work, self.build, self.capsys = root / "work", root / "build", capsys
        self.own = self.work / NAME

    def __call__(self, module: Any, step: str = "03", *more: str) -> int:
        words = [step, "--work", str(self.work), "--build", str(self.build), *more]
        self.status: int = module.main(words)
        self.out, self.err = self.capsys.readouterr()
        return self.status

    def remember(self, checks: "dict[str, str]", **more: Any) -> None:
        state.store(self.work, NAME, state.Entry("now", checks, **more))

    def entry(self) -> state.Entry:
        return state.load(self.work)[NAME]


@pytest.fixture
def place(tmp_path: Path, capsys: Any) -> Place:
    return Place(tmp_path, capsys)


def new_checks(step: int) -> "list[table.Row]":
    return [row for row in table.load().values() if row.since == step]


# --- start -------------------------------------------------------------------


def test_start_makes_the_files_and_says_what_to_do(place: Place) -> None:
    assert place(start) == 0
    made = {path.name for path in place.own.iterdir()}
    assert made == {"main.c", "workers.c", "workers.h", "not_written.h"}
    for words in ("Fork and close", "workers.c: workers_fork()", "make watch-03"):
        assert words in place.out


def test_start_never_overwrites(place: Place) -> None:
    place(start)
    (place.own / "main.c").write_text("mine")
    assert place(start) == 2
    assert (place.own / "main.c").read_text() == "mine"
    assert "make reset-03" in place.err and "make grade-03" in place.err


def test_any_step_can_be_the_first(place: Place) -> None:
    assert place(start, "05") == 0
    assert [path.name for path in place.work.iterdir()] == ["05-keep-alive"]


def test_an_unknown_step_names_those_that_there_are(place: Place) -> None:
    assert place(start, "9") == 2
    assert "There is no step 9; the steps are 01 02 03 04 05 06 07." in place.err


@pytest.mark.parametrize("module", [grade, hint, reset, solution])
def test_what_is_not_begun_says_how_to_begin(place: Place, module: Any) -> None:
    assert place(module) == 2
    assert "Type: make start-03" in place.err


# --- grade -------------------------------------------------------------------


def test_a_compile_error_is_shown_and_ends_with_a_friendly_line(place: Place) -> None:
    place(start)
    (place.own / "main.c").write_text("int main(void) { return x; }\n")
    assert place(grade) == 1
    assert "main.c:1:" in place.out and "error:" in place.out
    assert "make:" not in place.out and "***" not in place.out
    assert place.err.strip().endswith("one mistake often makes many lines.")


@pytest.mark.slow
def test_a_grading_is_remembered(place: Place) -> None:
    place(start)
    words = ["-m", "coursework", "grade", "03", "--work", str(place.work)]
    words += ["--build", str(place.build), "--", "-k", "test_page_known or test_help"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    ran = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert ran.returncode == 1 and "page-known" in ran.stdout
    assert place.entry().checks == {"help": "passed", "page-known": "failed"}
    missing = place.entry().unwritten["page-known"]
    assert missing == "workers_wait_for_room, workers.c"


# --- hint --------------------------------------------------------------------


def test_hints_come_one_after_the_other(place: Place) -> None:
    place(start)
    place.remember({"page-known": "passed", "stuck-client": "failed"})
    for level in (1, 2, 3):
        assert place(hint) == 0
        assert "stuck-client" in place.out and "Fork and close" in place.out
        assert place.out.count("Hint ") == level
        assert f"Hint {level} of 3." in place.out
    place(hint)
    assert place.out.count("Hint ") == 3 and "the last hint" in place.out


def test_another_failing_check_begins_with_its_first_hint(place: Place) -> None:
    place(start)
    place.remember({"stuck-client": "failed"})
    place(hint), place(hint)
    entry = place.entry()
    entry.checks = {"stuck-client": "passed", "no-zombies": "failed"}
    state.store(place.work, NAME, entry)
    place(hint)
    assert "no-zombies" in place.out and place.out.count("Hint ") == 1


def test_a_hint_names_the_function_that_is_missing(place: Place) -> None:
    place(start)
    missing = {"stuck-client": "read_head, main.c"}
    place.remember({"stuck-client": "failed"}, unwritten=missing)
    place(hint)
    shown = " ".join(place.out.split())
    assert "came to read_head() in main.c, which is not written yet" in shown
    assert 'belongs to the milestone "A clock"' in shown and "for now:" in shown


def test_promises_of_later_milestones_do_not_come_first(place: Place) -> None:
    place(start, "04")
    entry = state.Entry("now", {"slow-reader": "failed", "one-process": "failed"})
    state.store(place.work, "04-select", entry)
    place(hint, "04")
    assert place.out.startswith("one-process:")


def test_without_a_failure_there_is_no_hint(place: Place) -> None:
    place(start)
    place(hint)
    assert "Type: make grade-03" in place.out
    place.remember({"stuck-client": "passed"})
    place(hint)
    assert "No check failed" in place.out


# --- solution ----------------------------------------------------------------


def test_the_solution_comes_after_all_new_checks(place: Place) -> None:
    place(start)
    results = {row.id: "passed" for row in new_checks(3)}
    place.remember({**results, "no-zombies": "failed"})
    assert place(solution) == 2
    assert "no-zombies" in place.err and "FORCE=1" in place.err
    assert "waitpid" not in place.out + place.err
    place.remember(results)
    assert place(solution) == 0
    assert "+    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)\n" in place.out
    assert f"+++ steps/{NAME}/workers.c" in place.out


def test_force_shows_it_before(place: Place) -> None:
    place(start)
    assert place(solution, "03", "--force") == 0
    assert "-    NOT_WRITTEN_YET;\n" in place.out
    assert "not_written_yet(const char" not in place.out  # that file is no answer


def test_the_reference_itself_has_no_difference(place: Place) -> None:
    place(start)
    for path in (ROOT / "steps" / NAME).glob("*.[ch]"):
        (place.own / path.name).write_text(path.read_text())
    place(solution, "03", "--force")
    assert place.out.startswith("Your files are those of the reference")


# --- reset -------------------------------------------------------------------


def test_reset_keeps_a_copy_and_asks_first(place: Place, monkeypatch: Any) -> None:
    place(start)
    (place.own / "main.c").write_text("mine")
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))  # no terminal
    assert place(reset) == 2 and "YES=1" in place.err
    terminal = io.StringIO("n\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    assert place(reset) == 1 and "03-fork.1. Go on?" in place.out
    assert (place.own / "main.c").read_text() == "mine"


def test_each_reset_keeps_its_own_copy(place: Place) -> None:
    place(start)
    for number in (1, 2):
        (place.own / "main.c").write_text(f"mine {number}")
        place.remember({"stuck-client": "failed"})
        assert place(reset, "03", "--yes") == 0
        copy = place.own.with_name(f"{NAME}.{number}")
        assert (copy / "main.c").read_text() == f"mine {number}"
        assert "NOT_WRITTEN_YET" in (place.own / "main.c").read_text()
        assert place.entry() == state.Entry()


# --- progress ----------------------------------------------------------------


def test_progress_before_anything(place: Place) -> None:
    assert place(progress, "all") == 0
    assert place.out.count("not begun") == 7
    assert place.out.endswith("Next: make start-01\n")


def test_progress_shows_what_is_done_and_what_is_next(place: Place) -> None:
    place(start)
    rows = new_checks(3)
    done = [row for row in rows if row.milestone == "Fork and close"]
    points = sum(row.points for row in done)
    place.remember({**{row.id: "passed" for row in done}, "no-zombies": "failed"})
    place(progress, "all")
    lines = [" ".join(line.split()) for line in place.out.splitlines()]
    assert f"03 fork {points} of 100 points" in lines
    assert f"done Fork and close {len(done)} of {len(done)} checks" in lines
    assert "next Reap the dead 0 of 5 checks" in lines
    assert "to do A clock 0 of 8 checks" in lines
    assert "Next: no-zombies" in lines
    assert all(len(line) <= 80 for line in place.out.splitlines())
    assert "\x1b" not in place.out


def test_a_step_that_is_done_is_said_to_be(place: Place) -> None:
    place(start)
    place.remember({row.id: "passed" for row in new_checks(3)})
    place(progress, "all")
    assert "100 of 100 points, done" in place.out
    assert "Next: make start-01" in place.out


# --- state -------------------------------------------------------------------

BROKEN = ["", "{", "[1]", '{"03-fork": 3}', '{"03-fork": {"checks": []}}', "null"]


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_state_is_an_empty_one(place: Place, text: str) -> None:
    place(start)
    (place.work / state.NAME).write_text(text)
    assert state.load(place.work) == {}
    assert place(hint) == 0 and place(progress, "all") == 0
    place.remember({"help": "passed"})
    assert place.entry().checks == {"help": "passed"}


def test_state_is_plain_and_keeps_other_entries(place: Place) -> None:
    place.remember({"help": "passed"})
    state.store(place.work, "parser", state.Entry("now", {"one-space": "failed"}))
    data = json.loads((place.work / state.NAME).read_text())
    assert data[NAME]["checks"] == {"help": "passed"}
    assert data["parser"]["checks"] == {"one-space": "failed"}
    assert [path.name for path in place.work.iterdir()] == [state.NAME]


# --- the package -------------------------------------------------------------


def test_an_unknown_verb_names_those_that_there_are(capsys: Any) -> None:
    assert run(["dance"]) == 2
    assert "start" in verbs() and ", ".join(verbs()) in capsys.readouterr().err


def test_a_reader_may_have_seen_enough(place: Place) -> None:
    place(start)
    words = f"-m coursework solution 03 --force --work {place.work}"
    ran = subprocess.run(
        ["sh", "-c", f"{sys.executable} {words} | head -n 1"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests"), "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
    )
    assert ran.stdout.startswith("--- ") and not ran.stderr
