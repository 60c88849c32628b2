"""The exercises are sound: every answer earns all points, the step's reference
none of the first check's, and every check finds a mistake.

    BUILD=build python3 -m pytest -c tests/pytest.ini tests/exercises/test_exercises.py
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from exercises import workbench
from exercises.plants import Plant
from exercises.workbench import PLANTS, TREE, answer, grade, mistake, needed, step_of
from mutants.workshop import Workshop

from grader import table
from grader.exercises import Exercise, load

EXERCISES = load()
QUICK = ("01-reverse", "05-echo")  # graded in a run that must be short
GRADED = 2  # of a step, at least
WARNINGS = ("-Werror", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion")


SOME = [exercise for exercise in EXERCISES if str(exercise) in QUICK]
EACH = [  # slow, but for those
    pytest.param(e, id=str(e), marks=[] if e in SOME else [pytest.mark.slow])
    for e in EXERCISES
]


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    build = TREE / os.environ.get("BUILD", "build")
    return Workshop(build, tmp_path_factory.mktemp("exercises"))


# --- what is written ---------------------------------------------------------


@pytest.mark.parametrize("exercise", EXERCISES, ids=str)
def test_table(exercise: Exercise) -> None:
    """Points, needs, steps and names; a lesson that tells it; an answer that
    touches its step alone."""
    rows = table.load()
    assert not table.faults(exercise.rows, [exercise.step], exercise.name)
    assert not set(exercise.rows) & set(rows)
    assert all(
        row.since == row.until == exercise.step for row in exercise.rows.values()
    )
    assert all(rows[name].holds_in(exercise.step) for name in exercise.ends)
    code = exercise.checks.read_text(encoding="utf-8")
    found = re.findall(r"(?m)^@check\(.*\n(?:@.*\n)*def test_(\w+)", code)
    assert [name.replace("_", "-") for name in found] == list(exercise.rows)
    step = step_of(exercise)
    assert all(Path(name).parent == step for name in workbench.touched(exercise))


@pytest.mark.parametrize("lesson", sorted((TREE / "steps").glob("*/README.md")), ids=lambda p: p.parent.name)  # fmt: skip
def test_lesson(lesson: Path) -> None:
    """It tells every exercise of its step, says how to grade it, and asks one
    question that nobody grades, which the teacher's guide answers."""
    text = lesson.read_text(encoding="utf-8").partition("\n## Exercises\n")[2]
    section = text.partition("\n## ")[0]
    number = lesson.parent.name[:2]
    mine = [e for e in EXERCISES if e.step == int(number)]
    headings = re.findall(r"(?m)^### (.+)$", section)
    told = [next(iter(e.rows.values())).milestone for e in mine]
    assert len(mine) >= GRADED and headings[: len(mine)] == told
    for exercise in mine:
        assert f"make grade-{number} EXERCISE={exercise.name}`" in section
    questions = headings[len(mine) :]
    guide = (TREE / "docs/teaching/answers.md").read_text(encoding="utf-8")
    assert questions and all(f"\n### {number}: {q}\n" in guide for q in questions)


def test_each_check_has_a_mistake() -> None:
    """But for the first of an exercise: the reference fails that."""
    planted = {(p.exercise, check) for p in PLANTS for check in p.checks}
    wanted = {(str(e), name) for e in EXERCISES for name in list(e.rows)[1:]}
    assert planted == wanted


# --- answers -----------------------------------------------------------------


@pytest.mark.parametrize("exercise", EXERCISES, ids=str)
def test_answer_applies(exercise: Exercise, tmp_path: Path) -> None:
    """The patch fits, is in the house style, and another compiler has nothing
    to say."""
    step = step_of(exercise)
    shutil.copytree(TREE / step, tmp_path / step)
    shutil.copy(TREE / ".clang-format", tmp_path)
    patch = [
        "patch",
        "-p1",
        "-F0",
        "--no-backup-if-mismatch",
        "-i",
        str(exercise.answer),
    ]
    done = subprocess.run(patch, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    files = [str(tmp_path / name) for name in workbench.touched(exercise)]
    run_if_there("clang-format", "--dry-run", "-Werror", *files)
    sources = [file for file in files if file.endswith(".c")]
    include = [f"-I{tmp_path / step}", *(f"-I{d}" for d in TREE.glob("common/*"))]
    for source in sources:
        options = ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-fsyntax-only"]
        run_if_there("clang", *options, *WARNINGS, *include, source)


def run_if_there(program: str, *words: str) -> None:
    if shutil.which(program):
        done = subprocess.run([program, *words], capture_output=True, text=True)
        assert done.returncode == 0 and not done.stderr, done.stderr


@pytest.mark.parametrize("exercise", SOME, ids=str)
def test_answer_passes(exercise: Exercise, workshop: Workshop, tmp_path: Path) -> None:
    made = answer(exercise, workshop)
    graded = grade(exercise, made, tmp_path, patience="10")
    assert graded.status == 0 and not graded.unhappy, graded.text
    assert set(graded.results) == set(exercise.rows)


@pytest.mark.slow
@pytest.mark.parametrize("exercise", EXERCISES, ids=str)
def test_answer_keeps_the_step(
    exercise: Exercise, workshop: Workshop, tmp_path: Path
) -> None:
    made = answer(exercise, workshop)
    graded = grade(exercise, made, tmp_path, whole=True, patience="10")
    assert graded.status == 0 and not graded.unhappy, graded.text
    assert graded.data["score"] == 100, graded.text
    assert not set(graded.results) & set(exercise.ends)


@pytest.mark.slow
def test_threads_do_not_race(workshop: Workshop, tmp_path: Path) -> None:
    """As the lesson says: a program that tells of races is graded as any."""
    exercise = next(e for e in EXERCISES if e.name == "threads")
    tree = answer(exercise, workshop).server.parents[2]
    goal = f"races/san/{step_of(exercise).name}"
    workbench.make(tree, "BUILD=races", f"sanitized={workbench.RACES}", goal)
    made = workbench.Programs(tree / goal, tree / "none")
    graded = grade(exercise, made, tmp_path, patience="10")
    assert graded.status == 0 and not graded.unhappy, graded.text


# --- mistakes ----------------------------------------------------------------


@pytest.mark.parametrize("exercise", EACH)
def test_reference_has_not_solved_it(
    exercise: Exercise, workshop: Workshop, tmp_path: Path
) -> None:
    made = workshop.reference(step_of(exercise).name)
    graded = grade(exercise, made, tmp_path)
    first, *others = exercise.rows
    assert graded.results[first] == "failed", graded.text
    assert "passed" not in graded.results.values(), graded.text


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTS, ids=str)
def test_mistake_is_found(plant: Plant, workshop: Workshop, tmp_path: Path) -> None:
    exercise = next(e for e in EXERCISES if str(e) == plant.exercise)
    made = mistake(plant, workshop)
    graded = grade(exercise, made, tmp_path, needed(exercise, plant.checks))
    for check in plant.checks:
        result = next(c for c in graded.data["checks"] if c["id"] == check)
        assert result["result"] == "failed", f"{plant.wrong}\n{graded.text}"
        story = result["story"]
        assert all(story[part] for part in ("why", "expected", "got", "again"))
    workshop.discard(plant)
