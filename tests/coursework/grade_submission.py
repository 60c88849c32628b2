"""Builds and grades one submission in a sandbox.

    python3 -m coursework grade_submission --step 03 --submission PATH \\
        --report FILE [--course FILE]

PATH is a folder, an archive (.zip, .tar.gz, .tgz, .tar.xz) or a git bundle. The
report is the same JSON that `make grade-03` can write. The exit status is 0 when
all passed, 1 when something failed or did not build, 3 when the grader broke.
"""

from __future__ import annotations

import argparse
import random
import shlex
import sys
from pathlib import Path
from typing import Any

from . import sandbox
from .homework import ROOT, HomeworkError
from .sandbox import Graded, GraderBroke, Settings
from .sandbox_intake import Intake, take
from .sandbox_kit import Kit, KitError, prepare
from .sandbox_unpack import ending_of
from .sandbox_warden import Limits

BROKE = 3  # exit status


def add_options(parser: argparse.ArgumentParser) -> None:
    """What grading one submission and grading a class both take."""
    add = parser.add_argument
    add("--step", required=True, help="the step's number, as 03")
    add("--course", type=Path, help="the teacher's file: points, deadline")
    add("--seed", default="", help="decides paths, sizes and orders in the checks")
    add("--workers", type=int, default=3, help="checks at a time (3)")
    limits = Limits()
    seconds, memory = limits.seconds, limits.allowed.memory >> 20
    add("--seconds", type=float, default=seconds, help=f"for all ({seconds:g})")
    add("--memory", type=int, default=memory, help=f"MiB a program ({memory})")
    add("--build", type=Path, default=Path("build"), help="where programs are made")
    add("--make", default="make", help="the command that makes them")


def settings_of(given: argparse.Namespace) -> Settings:
    limits = Limits(seconds=given.seconds)
    limits.allowed.memory = given.memory << 20
    seed = given.seed or str(random.SystemRandom().randrange(1, 1 << 32))
    course = given.course.resolve() if given.course else None
    return Settings(seed, shlex.split(given.make), course, given.workers, limits)


def kit_of(given: argparse.Namespace, settings: Settings) -> Kit:
    kit = prepare(given.step.zfill(2), ROOT / given.build, settings.make)
    sandbox.warm(kit)
    return kit


def main(argv: list[str]) -> int:
    description = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="grade_submission", description=description)
    parser.add_argument("--submission", type=Path, required=True)
    parser.add_argument("--report", type=Path, help="where the JSON is written")
    parser.add_argument("--name", help="whose it is (that of the file)")
    parser.add_argument("--submitted", help="when, as 2026-11-14T23:59+01:00")
    add_options(parser)
    given = parser.parse_args(argv)
    settings = settings_of(given)
    try:
        kit = kit_of(given, settings)
        path: Path = given.submission
        name = given.name or path.name[: len(path.name) - len(ending_of(path.name))]
        options = ["--submission", name]
        options += ["--submitted", given.submitted] if given.submitted else []
        intake = take(path, kit.name, kit.expected)
        graded = sandbox.grade(kit, intake, settings, options=options)
    except HomeworkError as error:
        print(error, file=sys.stderr)
        return 2
    except (KitError, GraderBroke) as error:
        print(f"The grader broke: {error}", file=sys.stderr)
        return BROKE
    if given.report:
        write_report(given.report, graded.document)
    print("\n".join([graded.verdict.strip("\n"), *told(intake, graded)]))
    return exit_status(graded)


def write_report(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(sandbox.to_text(document), encoding="utf-8")


def exit_status(graded: Graded) -> int:
    if graded.document["status"] == "broke":
        return BROKE
    complete = not graded.status.problem and not graded.document["counts"]["not judged"]
    return 0 if graded.document["status"] == "passed" and complete else 1


def told(intake: Intake, graded: Graded) -> list[str]:
    """What is to be said besides the verdict."""
    status = graded.status
    lines = [""] + [f"{note}." for note in intake.left_out]
    if intake.missing and not status.built:
        lines.append(f"Files of the step that it lacks: {', '.join(intake.missing)}.")
    for reason, count in status.ended.items():
        times = "once" if count == 1 else f"{count} times"
        lines.append(f"The program was ended {times}: {reason}.")
    if status.left:
        lines.append("Processes were still running after the last check.")
    if not status.built and graded.log:
        lines += ["What the compiler said:", "", *graded.log.splitlines()[:60]]
    if graded.isolation.missing:
        lines.append(f"The program was not wholly apart ({graded.isolation.name}):")
        lines += [f"  - {reason}" for reason in graded.isolation.missing]
    return lines if any(lines) else []
