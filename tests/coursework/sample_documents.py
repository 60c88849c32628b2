"""Reports made up for tests: one of each kind that an export has to bear."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from grader import verdict
from grader.course import Course, when

NEEDED = "page-known"
ABOUT = {
    "step": 3,
    "server": "build/work/03-fork",
    "submission": "alice",
    "seed": "4711",
    "seconds": 12.34,
}


def story(**more: Any) -> verdict.Story:
    """A failure with all its parts."""
    values: dict[str, Any] = dict(
        why="A zombie keeps its place in the process table.",
        sent=["GET /hello HTTP/1.1\\r\\n", "      ^", "\\r\\n"],
        expected="no zombie",
        got="9 are left",
        received=["HTTP/1.1 200 OK\\r\\n"],
        printed=["stdout: listening on http://127.0.0.1:8080/", "stderr: a word"],
        report=["it ended with exit status 1: build/work/03-fork"],
        again=["build/work/03-fork --port 8080 &", "nc 127.0.0.1 8080"],
    )
    return verdict.Story(**{**values, **more})


def results() -> list[verdict.Result]:
    """A small suite in which all has passed."""
    names = [
        (NEEDED, False, "A fixed answer", 7),
        ("quiet", False, "The access log", 2),
        ("stuck-client", True, "Fork and close", 33),
        ("child-ends", True, "Fork and close", 24),
        ("no-zombies", True, "Reap the dead", 22),
        ("reap-all", True, "Reap the dead", 21),
    ]
    return [
        verdict.Result(
            id=name,
            steps="03-" if new else "02-",
            new=new,
            milestone=milestone,
            title=f"The title of {name}",
            points=points,
            mark="contract",
            needs=[] if name == NEEDED else [NEEDED],
            reason="wait(2)",
            why="A zombie keeps its place in the process table.",
            hints=["One.", "Two.", "Three."],
            seconds=0.25,
            order=1,
            lesson="steps/03-fork/README.md"
            if new
            else "steps/02-blocking-http/README.md",
            heading=milestone,
        )
        for name, new, milestone, points in names
    ]


def made(
    become: dict[str, str], course: Course = Course(), **about: Any
) -> dict[str, Any]:
    """The suite's report when these checks become that."""
    suite = results()
    for result in suite:
        result.result = become.get(result.id, verdict.PASSED)
        if result.result == verdict.FAILED:
            result.story = story()
        elif result.result == verdict.BROKE:
            result.excused = True
            result.note = "Traceback:\n  File x\nAssertionError: 1 == 2"
        elif result.result == verdict.NOT_JUDGED:
            result.note, result.excused = "this machine cannot tell", True
    return verdict.document(verdict.settle(suite), {**ABOUT, **about}, course)


def course(**values: Any) -> Course:
    """A teacher's file with a deadline that has passed."""
    late: dict[str, Any] = dict(
        name="Networks",
        deadline=when("2026-11-14 23:59 Europe/Berlin"),
        late=Fraction(10),
        submitted=when("2026-11-16 10:00 Europe/Berlin"),
    )
    return Course(**{**late, **values})


def documents() -> dict[str, dict[str, Any]]:
    failed, broke, unjudged = verdict.FAILED, verdict.BROKE, verdict.NOT_JUDGED
    some = {"quiet": failed, "child-ends": failed, "reap-all": failed}
    hidden = frozenset({"reap-all", "stuck-client", "quiet"})
    points = {"child-ends": Fraction(1, 3), "reap-all": Fraction(2)}
    return {
        "all passed": made({}),
        "some failed": made(some),
        "all failed": made({NEEDED: failed}),
        "not judged": made({"no-zombies": unjudged, "reap-all": failed}),
        "broken": made({"child-ends": broke, "reap-all": failed}),
        "all broken": made({r.id: broke for r in results()}),
        "faulty": made({}, faults=["checks.md: x has no code"]),
        "partial": made(some, of=99, left_out=["slow-reader"]),
        "hidden": made(some, Course(hidden=hidden)),
        "late": made(some, course()),
        "too late": made(some, course(nothing_after=1)),
        "overridden": made(some, Course(points=points, new_weight=Fraction(65))),
        "all of it": made(some, course(hidden=hidden, points=points)),
    }
