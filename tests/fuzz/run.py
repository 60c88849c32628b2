"""Runs the fuzz targets and tells what came of it.

    python -m fuzz.run --build build [--time 60] [--jobs 2] [--keep] [target ...]

Each target has so many seconds, begins with its corpus, and stops at its first
finding, which is left in BUILD/fuzz/findings. --keep merges what is new into
the corpus: no input that adds nothing to what the others reach.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from . import corpus

HERE = Path(__file__).resolve().parent
TARGETS = sorted(path.stem[5:] for path in HERE.glob("fuzz_*.c"))
LONGEST = {"request": 32768, "path": 8000, "options": 512}
USUAL = 4096  # bytes of an input at most
TALKS = {"options"}  # targets that complain of nearly every input, on stderr


@dataclass
class Outcome:
    target: str
    executions: int
    reached: int  # counters of the program's edges
    inputs: int
    finding: str = ""


def number(pattern: str, text: str) -> int:
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def run(target: str, build: Path, seconds: int, keep: bool) -> Outcome:
    place = build / "fuzz"
    inputs = place / "corpus" / target
    findings = place / "findings" / target
    shutil.rmtree(inputs, ignore_errors=True)
    findings.mkdir(parents=True, exist_ok=True)
    corpus.expand(target, inputs)
    program = str(place / target)
    log = place / f"{target}.log"
    words = [
        program,
        str(inputs),
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST.get(target, USUAL)}",
        f"-dict={HERE / 'http.dict'}",
        f"-artifact_prefix={findings}/",
        f"-close_fd_mask={3 if target in TALKS else 1}",
        "-print_final_stats=1",
        "-timeout=20",
        "-rss_limit_mb=0",  # the sanitizer's own memory is no finding
        "-malloc_limit_mb=256",
    ]
    with log.open("wb") as out:
        status = subprocess.run(
            words, stderr=out, timeout=seconds + 300, check=False
        ).returncode
    said = log.read_text(encoding="utf-8", errors="replace")
    if keep and status == 0:
        merge(target, program, inputs, place)
    return Outcome(
        target,
        number(r"stat::number_of_executed_units: (\d+)", said),
        number(r"cov: (\d+)", said),
        len(corpus.read(target)) if keep else len(list(inputs.iterdir())),
        "" if status == 0 else finding(said),
    )


def finding(said: str) -> str:
    told = re.search(r"does not hold: .*|runtime error: .*|SUMMARY: .*", said)
    return told[0] if told else "it ended; see its log"


def merge(target: str, program: str, inputs: Path, place: Path) -> None:
    least = place / "least" / target
    shutil.rmtree(least, ignore_errors=True)
    least.mkdir(parents=True)
    words = [program, "-merge=1", "-close_fd_mask=1", str(least), str(inputs)]
    subprocess.run(words, check=True, timeout=600, stderr=subprocess.DEVNULL)
    corpus.collect(target, least)


def main(argv: Optional[list[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="fuzz.run")
    parser.add_argument("targets", nargs="*", help="all unless given")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--time", type=int, default=60, help="seconds for each")
    parser.add_argument("--jobs", type=int, default=2, help="at once")
    parser.add_argument("--keep", action="store_true", help="grow the corpus")
    option = parser.parse_args(argv)
    build = option.build.resolve()
    print(
        f"{'target':12} {'executions':>12} {'a second':>9} {'edges':>6} {'corpus':>7}"
    )
    total, found = 0, 0
    with ThreadPoolExecutor(option.jobs) as pool:
        for outcome in pool.map(
            lambda target: run(target, build, option.time, option.keep),
            option.targets or TARGETS,
        ):
            total += outcome.executions
            found += bool(outcome.finding)
            print(
                f"{outcome.target:12} {outcome.executions:12,} "
                f"{outcome.executions // max(option.time, 1):9,} "
                f"{outcome.reached:6} {outcome.inputs:7}  {outcome.finding}".rstrip(),
                flush=True,
            )
    print(f"{total:,} executions, {found} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
