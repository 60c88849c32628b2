"""Makes every call fail, one at a time, and judges what becomes of it.

    run.py [--step NN] [--jobs N] [--share K/N] [--every] [--calls NAME ...]

`make faults` is this. Calls that come about in the same way, by the same functions of
the server, are one: the first of them meets each error that it may give. With --every
each call does, allocations aside. BUILD in the environment is where the programs are.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Optional, Set, Tuple

from grader.site import make_certificate

from . import judge, kinds, session
from .kinds import Fault
from .log import Call, Site

TREE = Path(__file__).resolve().parents[2]
STEPS = range(1, 8)
TIMES = 20  # as many calls of a kind as without a fault, and...
MORE = 2000  # ...so many more are no endless loop


@dataclass
class Result:
    fault: Fault
    problems: List[str]
    hit: bool  # did the call come about at all?
    site: Site


@dataclass
class Step:
    """One server, and what it does without a fault."""

    number: int
    program: Path
    certificate: Callable[[], Path]
    right: session.Session = field(init=False)

    def __post_init__(self) -> None:
        self.right = self.run("")

    def run(self, plan: str) -> session.Session:
        if not plan:
            return session.run(self.number, self.program, self.certificate)
        most = TIMES * max(Counter(c.name for c in self.right.calls).values()) + MORE
        idle = self.right.descriptors
        return session.run(
            self.number, self.program, self.certificate, plan, most, idle
        )

    def sites(self) -> Set[Tuple[str, Site]]:
        return {(call.name, call.site) for call in self.right.calls}

    def ways(self) -> Dict[Tuple[str, Site], List[Call]]:
        """The calls that come about in one way."""
        found: Dict[Tuple[str, Site], List[Call]] = {}
        for call in self.right.calls:
            found.setdefault((call.name, call.way), []).append(call)
        return found

    def faults(self, every: bool = False) -> List[Fault]:
        """In a fixed order, the calls of a kind together."""
        found: List[Fault] = []
        for (name, _), calls in sorted(self.ways().items()):
            for call in calls if every and name != "malloc" else calls[:1]:
                found += kinds.faults(name, call.number, call.site, self.number)
        return found

    def suffer(self, fault: Fault) -> Result:
        """A run with this fault, and what is wrong with it."""
        came = self.run(fault.plan)
        hit = [c for c in came.calls if c.name == fault.call]
        problems = list(judge.judge(came, self.right, fault))
        return Result(fault, problems, bool(hit), hit[0].site if hit else ())


def build() -> Path:
    place = Path(os.environ.get("BUILD") or "build")
    return place if place.is_absolute() else TREE / place


def program_of(step: int, programs: Optional[Path] = None) -> Path:
    name = next((TREE / "steps").glob(f"{step:02}-*")).name
    return (programs or build() / "san" / "faults") / name


def suffer_all(step: Step, faults: Iterable[Fault], jobs: int) -> List[Result]:
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(step.suffer, faults))


def tell(result: Result, step: Step) -> str:
    lines = [f"FAULT={result.fault.plan} {step.program}"]
    lines += ["  " + line for p in result.problems for line in p.splitlines()]
    return "\n".join(lines)


def one_step(step: Step, arguments: argparse.Namespace) -> bool:
    began = time.monotonic()
    faults = step.faults(arguments.every)
    if arguments.calls:
        faults = [fault for fault in faults if fault.call in arguments.calls]
    first, _, parts = arguments.share.partition("/")
    faults = faults[int(first) - 1 :: int(parts)]
    results = suffer_all(step, faults, arguments.jobs)
    failed = [result for result in results if result.problems]
    for result in failed:
        print(tell(result, step))
    missed = sum(not result.hit for result in results)
    hit: Set[Tuple[str, Site]] = {(r.fault.call, r.site) for r in results if r.hit}
    print(
        f"{step.program.name:17} {len(step.right.calls):6} calls "
        f"{len(step.sites()):5} sites {len(results):5} faults {missed:3} not met "
        f"{len(hit & step.sites()):5} sites hit {len(failed):3} failed "
        f"{time.monotonic() - began:5.0f} s",
        flush=True,
    )
    return not failed


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--step", type=int, action="append")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--share", default="1/1", metavar="K/N")
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--calls", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory(prefix="faults-") as directory:
        pair = make_certificate(Path(directory))
        for number in arguments.step or STEPS:
            step = Step(number, program_of(number), lambda: pair)
            good = one_step(step, arguments) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
