"""make grade-class: grades all submissions of a class, each in its sandbox.

    python3 -m coursework grade_class --step 03 --submissions DIR --out OUT

Every folder, archive and git bundle in DIR is a submission. What has been graded
stays graded: stopped and started again, it goes on where it was. SHARD=2/8 grades
the second of eight fixed parts; `make merge-class` then joins them.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import queue
import re
import signal
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional

from grader.verdict import grader_version

from . import class_page, class_table, sandbox
from .class_progress import Progress
from .class_table import Entry
from .grade_submission import BROKE, add_options, kit_of, settings_of
from .homework import HomeworkError
from .sandbox import Graded, GraderBroke, Settings, Stopped
from .sandbox_intake import Intake, take
from .sandbox_kit import Kit, KitError
from .sandbox_unpack import ending_of

SHARD = re.compile(r"(\d+)/(\d+)")
LATENESS = re.compile(r"(?m)^[ \t]*(deadline|late|nothing after)[ \t]*=.*\n?")
AGAIN = 2  # attempts, where the grader itself broke
INTERRUPTED = 130  # exit status, as of a shell


class Mistake(Exception):
    """The command line cannot be followed."""


@dataclass
class Plan:
    """What is to be done, the same for all submissions."""

    kit: Kit
    settings: Settings
    out: Path
    times: dict[str, str]  # when each was handed in
    timeless: Optional[Path]  # the course without its deadline

    def key(self, name: str, intake: Intake) -> str:
        """Names all that a result depends on."""
        course = self.course(name)
        parts = [name, intake.digest, self.kit.digest, grader_version()]
        parts += [self.settings.seed, repr(self.settings.limits)]
        parts += [course.read_text(encoding="utf-8") if course else ""]
        parts += [self.times.get(name, "")]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()

    def course(self, name: str) -> Optional[Path]:
        """Nobody is late whose time is not known."""
        return self.settings.course if name in self.times else self.timeless


# ---- Which submissions there are -------------------------------------------


def find(directory: Path) -> tuple[dict[str, Path], list[str]]:
    """The submissions by name, and the names of what is none."""
    found: dict[str, Path] = {}
    others = []
    if not directory.is_dir():
        raise Mistake(f"{directory} is no directory")
    for path in sorted(directory.iterdir()):
        ending = ending_of(path.name)
        if path.name.startswith("."):
            continue
        if path.is_symlink() or not (path.is_dir() or (ending and path.is_file())):
            others.append(path.name)
            continue
        name = path.name if path.is_dir() else path.name[: -len(ending)]
        found[path.name if name in found else name] = path
    return found, others


def part_of(found: dict[str, Path], shard: str) -> dict[str, Path]:
    """The i-th of n parts: every n-th of the names in their order."""
    if not shard:
        return found
    match = SHARD.fullmatch(shard)
    part, of = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= part <= of:
        raise Mistake(f"SHARD is {shard!r}, not like 2/8")
    return {name: found[name] for name in sorted(found)[part - 1 :: of]}


def read_times(path: Optional[Path]) -> dict[str, str]:
    """Lines such as `alice,2026-11-14T23:10+01:00`."""
    times = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path else ():
        name, found, time = line.rpartition(",")
        if found:
            times[name.strip().strip('"')] = time.strip()
    return times


# ---- One submission --------------------------------------------------------


def grade_one(
    plan: Plan, name: str, path: Path, slot: int, stop: threading.Event
) -> Entry:
    """Grades it unless that has been done; stores and returns what came of it."""
    intake = take(path, plan.kit.name, plan.kit.expected)
    key = plan.key(name, intake)
    entry = Entry(name, path.name, key, files=sorted(intake.files))
    before = class_table.load(class_table.path_of(entry, plan.out))
    if before and before.key == key and (plan.out / before.page).exists():
        return before
    options = ["--submission", name]
    options += ["--submitted", plan.times[name]] if name in plan.times else []
    settings = replace(plan.settings, course=plan.course(name))
    for _ in range(AGAIN):
        graded = sandbox.grade(
            plan.kit, intake, settings, options=options, slot=slot, stop=stop
        )
        if graded.document["status"] != "broke":
            break
    fill(entry, intake, graded)
    class_page.write_student(entry, intake.files, graded.verdict, plan.out)
    class_table.store(entry, plan.out)
    return entry


def fill(entry: Entry, intake: Intake, graded: Graded) -> None:
    """What is to be told of a submission."""
    status = graded.status
    entry.document = graded.document
    entry.problem, entry.log, entry.seconds = status.problem, graded.log, status.seconds
    entry.notes += intake.left_out
    if intake.missing and not status.built:
        entry.notes.append(f"missing: {', '.join(intake.missing)}")
    for reason, count in status.ended.items():
        times = "once" if count == 1 else f"{count} times"
        entry.look_at.append(f"ended {times}: {reason}")
    if status.left:
        entry.look_at.append("processes were still running after the last check")
    if intake.refused:
        entry.state = "refused"
        entry.look_at.append(f"refused: {intake.refused}")
    elif not status.built:
        entry.state = "not built"
    elif status.problem:
        entry.state = "not finished"
        entry.look_at.append(status.problem)
    if graded.document["status"] == "broke":
        entry.state, entry.key = "broke", ""  # tried again the next time
        entry.look_at.append("the grader itself broke: grade it by hand")
    entry.apart += graded.isolation.missing


# ---- All of them -----------------------------------------------------------


def grade_all(
    plan: Plan, found: dict[str, Path], jobs: int, progress: Progress
) -> list[Entry]:
    """Grades them, so many at a time; fewer entries when it was stopped."""
    stop = progress.stop
    slots: "queue.SimpleQueue[int]" = queue.SimpleQueue()
    for slot in range(jobs):
        slots.put(slot)

    def work(name: str) -> Entry:
        if stop.is_set():
            raise Stopped
        slot = slots.get()
        try:
            return grade_one(plan, name, found[name], slot, stop)
        finally:
            slots.put(slot)

    entries = []
    with ThreadPoolExecutor(jobs) as pool:
        waiting: dict["Future[Entry]", str] = {pool.submit(work, n): n for n in found}
        for future in as_completed(waiting):
            try:
                entries.append(future.result())
                progress.done(entries[-1])
            except Stopped:
                pass
            except GraderBroke as error:
                progress.broke(waiting[future], str(error))
    return class_table.in_order(entries)


def seed_of(given: argparse.Namespace, out: Path) -> str:
    """The same for the whole class, and for every run into this directory. It
    is drawn, since a seed that students can work out tells them the answers."""
    path = out / "seed"
    if given.seed:
        seed = str(given.seed)
    elif given.shard and not path.exists():
        raise Mistake("SHARD wants SEED=number, the same for all parts")
    elif path.exists():
        seed = path.read_text().strip()
    else:
        seed = settings_of(given).seed
    class_table.write_whole(path, seed + "\n")
    return seed


def options_of(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="grade_class", description=(__doc__ or "").splitlines()[0]
    )
    add = parser.add_argument
    add("--submissions", type=Path, required=True, help="where they are")
    add("--out", type=Path, required=True, help="where the results come")
    add("--jobs", type=int, default=os.cpu_count() or 1, help="sandboxes at a time")
    add("--shard", default="", help="grade a part alone: 2/8")
    add("--times", type=Path, help="lines of NAME,TIME: when each was handed in")
    add_options(parser)
    parser.set_defaults(workers=0)
    given = parser.parse_args(argv)
    given.jobs = max(1, given.jobs)
    if not given.workers:  # as many as keep the processors busy, and no more
        given.workers = max(1, min(4, 4 * (os.cpu_count() or 1) // given.jobs))
    return given


def main(argv: list[str]) -> int:
    given = options_of(argv)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    try:
        found, others = find(given.submissions)
        found = part_of(found, given.shard)
        given.seed = seed_of(given, given.out)
        settings = settings_of(given)
        plan = Plan(
            kit_of(given, settings),
            settings,
            given.out,
            read_times(given.times),
            without_deadline(settings.course, given.out),
        )
    except (Mistake, HomeworkError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    except KitError as error:
        print(f"The grader broke: {error}", file=sys.stderr)
        return BROKE
    progress = Progress(len(found), sys.stderr, stop)
    for other in others:
        progress.say(f"{other} is no submission")
    entries = grade_all(plan, found, given.jobs, progress)
    if stop.is_set():
        progress.end(f"Stopped: {len(entries)} of {len(found)} are graded.")
        progress.say("The same command goes on from here.")
        return INTERRUPTED
    made = class_table.Class(plan.kit.name, settings.seed, entries)
    if given.shard:
        progress.end(f"Part {given.shard} is done. When all are: make merge-class")
    else:
        class_page.write_class(made, plan.kit, given.out)
        progress.end(f"Open {given.out}/index.html")
    return BROKE if progress.broken else 0


def without_deadline(course: Optional[Path], out: Path) -> Optional[Path]:
    if not course:
        return None
    path = out / "course-without-deadline.ini"
    text = course.read_text(encoding="utf-8")
    class_table.write_whole(path, LATENESS.sub("", text))
    return path
