"""What the tests run of common/ and of each step, from a build with --coverage.

    coverage.py [--build DIR] [--least PERCENT] [--only START ...]

--only looks at nothing but files whose names start so. A taught file stands twice; a line counts as run in common/ when a test ran it in
either place. Faults: less than PERCENT of the lines of common/ were run, or a
function of a step's directory was not entered by that step's own suite.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, DefaultDict, Dict, Iterator, List, Tuple


def read_notes(note: Path) -> Iterator[Dict[str, Any]]:
    """What gcov says of each source of ours in one object."""
    told = subprocess.run(
        ["gcov", "--json-format", "--stdout", str(note)],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    for line in told.stdout.splitlines():
        for source in json.loads(line)["files"]:
            if source["file"].startswith(("common/", "steps/")):
                yield source


class Coverage:
    """Counts by file and line, and functions that nothing entered."""

    def __init__(self, objects: Path) -> None:
        self.lines: DefaultDict[str, Dict[int, int]] = defaultdict(dict)
        self.not_entered: DefaultDict[str, List[str]] = defaultdict(list)
        for note in sorted(objects.rglob("*.gcno")):
            if "/unit/" not in str(note):
                for source in read_notes(note):
                    self.add(source)

    def add(self, source: Dict[str, Any]) -> None:
        name = source["file"]
        counts = self.lines[name]
        for line in source["lines"]:
            number = line["line_number"]
            counts[number] = counts.get(number, 0) + line["count"]
        if name.startswith("steps/"):
            for function in source["functions"]:
                if not function["execution_count"]:
                    self.not_entered[name].append(function["name"])

    def join_twins(self) -> None:
        """A line of a taught file, run in its step, is run in common/ too."""
        common = {path.name: str(path) for path in Path("common").glob("*/*.c")}
        for name in list(self.lines):
            twin = common.get(Path(name).name)
            if name.startswith("steps/") and twin:
                for number, count in self.lines[name].items():
                    known = self.lines[twin].get(number, 0)
                    self.lines[twin][number] = known + count

    def keep(self, starts: Tuple[str, ...]) -> None:
        """Forgets all files but those whose names start so."""
        self.not_entered.clear()
        for name in [name for name in self.lines if not name.startswith(starts)]:
            del self.lines[name]

    def share(self, start: str) -> float:
        """Percent of the lines run, of the files whose name starts so."""
        counts = [
            count
            for name, lines in self.lines.items()
            if name.startswith(start)
            for count in lines.values()
        ]
        return 100.0 * sum(map(bool, counts)) / len(counts) if counts else 0.0


def ranges(numbers: List[int]) -> str:
    """1, 2, 3, 7 as 1-3 7."""
    words: List[List[int]] = []
    for number in numbers:
        if words and number == words[-1][-1] + 1:
            words[-1][1:] = [number]
        else:
            words.append([number])
    return " ".join("-".join(map(str, word)) for word in words)


def show(coverage: Coverage) -> None:
    for name, lines in sorted(coverage.lines.items()):
        missed = sorted(number for number, count in lines.items() if not count)
        print(f"{coverage.share(name):6.1f} %  {name:32} {ranges(missed)}".rstrip())


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, default=Path("build/cov"))
    parser.add_argument("--least", type=float, default=90.0)
    parser.add_argument("--only", nargs="*", default=[])
    arguments = parser.parse_args()
    coverage = Coverage(arguments.build / "obj")
    coverage.join_twins()
    if arguments.only:
        coverage.keep(tuple(arguments.only))
    show(coverage)
    share = coverage.share("common/")
    few = share < arguments.least
    what = " and ".join(arguments.only or ["common/"])
    print(f"\n{what} as a whole: {share:.1f} %, at least {arguments.least:.0f} wanted")
    for name, functions in coverage.not_entered.items():
        print(f"{name}: its step's suite never entered {', '.join(functions)}")
    failed = int(few) + int(bool(coverage.not_entered))
    print(f"{2 - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
