"""Prints the table of mutants, or proves that each is killed.

    python -m mutants.run                 the table
    python -m mutants.run --prove         all of them, four at a time
    python -m mutants.run --prove 03 zomb those whose step or name has a word
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Optional

from grader import alone

from .patches import Mutant, load
from .proof import Outcome, prove
from .workshop import Workshop

WIDTH = 80


def main(argv: Optional[list[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="mutants.run", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("names", nargs="*", help="steps, or parts of names")
    parser.add_argument("--prove", action="store_true", help="build and grade them")
    parser.add_argument("--jobs", type=int, default=4, help="at once (4)")
    parser.add_argument("--seen", action="store_true", help="what differs by hand")
    parser.add_argument("--no-hand", action="store_true", help="no lines by hand")
    build = os.environ.get("BUILD", "build")
    parser.add_argument("--build", type=Path, default=build, help="where san/ is")
    option = parser.parse_args(argv)
    mutants = [m for m in load() if chosen(m, option.names)]
    if not mutants:
        print("no such mutant", file=sys.stderr)
        return 2
    if not option.prove:
        print("\n".join(table_of(mutants)))
        return 0
    hand = not option.no_hand and alone.works()
    if not hand and not option.no_hand:
        print("bwrap does not work here: the lines by hand are not tried")
    return prove_all(mutants, option, hand)


def chosen(mutant: Mutant, names: list[str]) -> bool:
    return not names or any(
        mutant.directory.startswith(n) if n.isdigit() else n in str(mutant)
        for n in names
    )


def table_of(mutants: list[Mutant]) -> list[str]:
    """For reading: each mutant, its check, and what is wrong with it."""
    lines: list[str] = []
    step = 0
    for mutant in mutants:
        if mutant.step != step:
            step = mutant.step
            lines += ["", mutant.directory] if lines else [mutant.directory]
        lines.append(f"  {mutant.name}  killed by {mutant.check}")
        lines += textwrap.wrap(
            mutant.wrong, WIDTH, initial_indent="      ", subsequent_indent="      "
        )
    return [*lines, "", f"{len(mutants)} mutants"]


def prove_all(mutants: list[Mutant], option: argparse.Namespace, hand: bool) -> int:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        workshop = Workshop(option.build, Path(name))
        with ThreadPoolExecutor(option.jobs) as pool:
            outcomes = []
            for outcome in pool.map(lambda m: prove(m, workshop, hand), mutants):
                print(row(outcome), flush=True)
                if option.seen:
                    print(textwrap.indent(outcome.seen, "      "))
                outcomes.append(outcome)
    missed = [outcome for outcome in outcomes if not outcome.killed]
    for outcome in missed:
        print(f"\n{outcome.mutant}: {outcome.mutant.wrong}")
        for problem in outcome.problems:
            print(textwrap.indent(problem, "  "))
    took = time.monotonic() - began
    print(f"\n{len(outcomes) - len(missed)} of {len(outcomes)} killed, {took:.0f} s")
    return 1 if missed else 0


def row(outcome: Outcome) -> str:
    """Name, verdict, and seconds to build, to grade, by hand."""
    times = f"{outcome.build:4.1f} {outcome.grade:4.1f} {outcome.hand:4.1f}"
    mutant = outcome.mutant
    word = "killed by " + mutant.check if outcome.killed else "NOT KILLED AS IT MUST"
    return f"{times}  {mutant}  {word}"


if __name__ == "__main__":
    sys.exit(main())
