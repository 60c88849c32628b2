"""make grade-03: grades the student's own program, or any other."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

from grader import exercises, table

from . import export, state
from .hint import missing, wrapped
from .homework import ROOT
from .path import first_failing
from .student import EXPECTED, Student, parser, say, student

MEND = """
The program does not build yet, so there is nothing to grade. Mend what the
compiler says, from the top: one mistake often makes many lines."""


def main(argv: list[str]) -> int:
    words = parser("grade", "Grades; what stands behind -- is for pytest.")
    words.add_argument("--server", help="the command of another server")
    words.add_argument("--client", help="the command of another client")
    words.add_argument("--reports", help="a directory for every kind of report")
    words.add_argument("--exercise", default="", help="of the step, graded with it")
    at = argv.index("--") if "--" in argv else len(argv)
    given, more = words.parse_args(argv[:at]), argv[at + 1 :]
    try:
        mine = student(given)
        more += exercise_of(mine, given.exercise)
        if given.server:
            command = grading(mine, given.server, given.client)
            report = mine.build / "work" / f"{mine.name}-server.json"
            return reported(command, report, more, given.reports)
        mine.begun()
    except (*EXPECTED, table.TableError) as error:
        return say(error)
    built = mine.compile()
    if built.stdout:
        print(built.stdout, flush=True)
    if built.returncode:
        print(MEND, file=sys.stderr)
        return 1
    name = "-".join(filter(None, [mine.name, given.exercise]))
    report = mine.build / "work" / f"{name}.json"
    command = grading(mine, shlex.quote(mine.program), mine.client)
    status = reported(command, report, more, given.reports)
    if not given.exercise:  # which is no milestone of the step
        remember(mine, report)
    return status


def exercise_of(mine: Student, name: str) -> list[str]:
    """What the grader is told besides, where an exercise is graded too."""
    if not name:
        return []
    found = exercises.find(int(mine.number), name)
    return [str(found.checks), "--exercise", name]


def grading(mine: Student, server: str, client: str | None) -> list[str]:
    """The command that grades a server."""
    command = [sys.executable, "-m", "pytest", "-c", "tests/pytest.ini"]
    step = f"{mine.since:02}"
    if mine.unit:
        table_of = str(mine.unit.table.relative_to(ROOT))
        command += ["tests/units", "--assignment", mine.name, "--table", table_of]
        return [*command, "--step", step, "--server", server]
    command += ["tests/checks", "--step", step, "--server", server]
    return command + (["--client", client] if client else [])


def reported(command: list[str], report: Path, more: list[str], reports: str) -> int:
    """Grades, and leaves a report; reports: a directory for all its formats."""
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    status = run([*command, "--report", str(report), *more])
    if reports and report.exists():
        export.main([str(report), "--all", reports])
    return status


def run(command: list[str]) -> int:
    """Runs it in the foreground, to its end even when it is interrupted: it
    has servers to stop."""
    process = subprocess.Popen(command, cwd=ROOT)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # it has got the signal too


def remember(mine: Student, report: Path) -> None:
    """Keeps the results for the other verbs."""
    try:
        results = json.loads(report.read_text(encoding="utf-8"))["checks"]
    except OSError:
        return  # it was interrupted
    entry = state.load(mine.work).get(mine.name, state.Entry())
    entry.take(results)
    state.store(mine.work, mine.name, entry)
    advise(mine, entry)


def advise(mine: Student, entry: state.Entry) -> None:
    """Says what can be done about a function that is not written."""
    check = first_failing(mine.order(), entry.checks)
    advice = missing(mine, entry.unwritten.get(check, ""))
    if advice:
        print("\n" + "\n".join(wrapped(advice)), flush=True)
