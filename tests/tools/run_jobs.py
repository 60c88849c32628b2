"""Runs jobs side by side, shows each one's output when it ends, and sums up.

    run_jobs.py [--jobs N] [--logs DIR] [--deadline S] 'KIND NAME: COMMAND' ...

KIND says where the figures come from: `pytest` (its JUnit report), `maybe` (the
same, and it may find nothing to run), `check` (the line of libcheck), `verb` (its
own such sum, or else one test: the exit status). A job that fails stops no other. The last line reads: 12 passed, 0 failed, 1 skipped.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Set

KINDS = ("pytest", "maybe", "check", "verb")
NOTHING_SELECTED = 5  # pytest's exit status
CHECK_LINE = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)", re.M)
SUMMARY_LINE = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)

running: Set["subprocess.Popen[bytes]"] = set()


@dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other: Counts) -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass
class Result:
    counts: Counts
    output: str
    skips: Dict[str, List[str]] = field(default_factory=dict)  # reason: tests
    seconds: float = 0.0


@dataclass
class Job:
    kind: str
    name: str
    command: str

    @property
    def file_name(self) -> str:
        return re.sub(r"[^A-Za-z0-9_.-]+", "-", self.name)


def parse_job(text: str) -> Job:
    head, found, command = text.partition(": ")
    kind, _, name = head.partition(" ")
    if not found or not name or kind not in KINDS:
        raise SystemExit(f"run_jobs.py: not a job: {text!r}")
    return Job(kind, name, command)


def read_junit(report: Path) -> Result:
    """The figures of a pytest run. An error outside a test counts as a failure."""
    result = Result(Counts(), "")
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            result.counts.failed += 1
        elif skipped is not None:
            result.counts.skipped += 1
            reason = skipped.get("message", "no reason given")
            result.skips.setdefault(reason, []).append(case.get("name", "?"))
        else:
            result.counts.passed += 1
    return result


def judge(job: Job, status: int, output: str, report: Path) -> Result:
    """The exit status is believed: a job that failed has at least one failure,
    and one that ran nothing has failed."""
    result = Result(Counts(), "")
    if job.kind in ("pytest", "maybe") and report.exists():
        result = read_junit(report)
    elif job.kind == "check":
        for checks, failures, errors in CHECK_LINE.findall(output):
            bad = int(failures) + int(errors)
            result.counts.add(Counts(int(checks) - bad, bad))
    elif job.kind == "verb":
        inner = SUMMARY_LINE.findall(output)
        if inner:
            result.counts = Counts(*map(int, inner[-1]))
        elif status == 0:
            result.counts.passed = 1
    counts = result.counts
    if job.kind == "maybe" and status == NOTHING_SELECTED:
        return result
    if counts.failed == 0 and (status != 0 or counts.passed + counts.skipped == 0):
        counts.failed = 1
    return result


def run(job: Job, logs: Path, deadline: float) -> Result:
    log = logs / f"{job.file_name}.log"
    report = logs / f"{job.file_name}.xml"
    report.unlink(missing_ok=True)
    command = job.command
    if job.kind in ("pytest", "maybe"):
        command += f" --junitxml={shlex.quote(str(report))}"
    start = time.monotonic()
    with log.open("wb") as sink:
        process = subprocess.Popen(  # in a group of its own, to be ended as one
            command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        running.add(process)
        try:
            status = process.wait(deadline)
        except subprocess.TimeoutExpired:
            sink.write(f"\nnot done after {deadline:.0f} s: ended\n".encode())
            end(process, signal.SIGKILL)
            status = process.wait()
        running.discard(process)
    output = log.read_text(errors="replace")
    result = judge(job, status, output, report)
    result.output = output
    result.seconds = time.monotonic() - start
    return result


def show(job: Job, result: Result) -> None:
    failed = result.counts.failed > 0
    word = "FAILED" if failed else "ok"
    print(f"{word:7}{job.name:32}{result.counts!s:38}{result.seconds:6.1f} s")
    for reason, tests in sorted(result.skips.items()):
        more = "" if len(tests) == 1 else f" and {len(tests) - 1} more"
        print(f"       skipped {tests[0]}{more}: {reason}")
    if failed:
        command = job.command if len(job.command) < 400 else job.command[:396] + " ..."
        print(f"---- {job.name}: {command}")
        print(result.output.rstrip())
        print(f"---- end of {job.name}")
    sys.stdout.flush()


def end(process: "subprocess.Popen[bytes]", how: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has just ended
        os.killpg(process.pid, how)


def interrupt(signum: int, _frame: object) -> None:
    """Control-C, or the end of make. A suite stops its servers when interrupted;
    what does not end within ten seconds is killed."""
    for process in list(running):
        end(process, signal.SIGINT)
    deadline = time.monotonic() + 10
    for process in list(running):
        while process.returncode is None and time.monotonic() < deadline:
            time.sleep(0.05)  # the job's own thread waits for it
        if process.returncode is None:
            end(process, signal.SIGKILL)
    os._exit(128 + signum)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--logs", type=Path, default=Path("build/logs"))
    parser.add_argument("--deadline", type=float, default=900.0, help="seconds a job")
    parser.add_argument("job", nargs="+", type=parse_job)
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    arguments.logs.mkdir(parents=True, exist_ok=True)
    total = Counts()
    failures: List[str] = []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        waiting = {
            pool.submit(run, job, arguments.logs, arguments.deadline): job
            for job in arguments.job
        }
        for future in as_completed(waiting):
            job, result = waiting[future], future.result()
            show(job, result)
            total.add(result.counts)
            if result.counts.failed:
                failures.append(job.name)
    print()
    if failures:
        print("failed: " + ", ".join(sorted(failures)))
    print(total)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
