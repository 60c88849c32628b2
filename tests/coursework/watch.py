"""make watch-03: grades whenever a file is saved, until Ctrl-C.

The check that failed last runs first, then those behind it, up to the next one
that fails. A file that is saved meanwhile begins a new round.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any, Optional

import pytest

from grader.check import code_of
from grader.report import Pen, failure
from grader.verdict import Result
from . import state
from .grade import MEND, advise, grading
from .path import first_failing
from .student import EXPECTED, Student, parser, say, student
from .warm import Grading, load

LOOK = 0.05  # seconds between two looks at the files
CLEAR = "\x1b[2J\x1b[H"

Seen = dict[Path, tuple[int, int]]


def main(argv: list[str]) -> int:
    given = parser("watch", __doc__).parse_args(argv)
    try:
        mine = student(given)
        mine.begun()
    except EXPECTED as error:
        return say(error)
    for number in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C: in good order
        signal.signal(number, signal.default_int_handler)
    words = grading(mine, mine.program, mine.client)
    words = words[words.index("-c") :] + ["-m", "not slow", "-p", "no:xdist"]
    try:
        load(words, lambda items: Watch(mine, items).run())
    except KeyboardInterrupt:
        print()
    return 0


class Watch:
    """What is known between one save and the next."""

    def __init__(self, mine: Student, items: list[pytest.Item]) -> None:
        self.mine = mine
        by_id = {getattr(code_of(item), "id"): item for item in items}
        self.items = {name: by_id[name] for name in mine.order() if name in by_id}
        entry = state.load(mine.work).get(mine.name, state.Entry())
        self.place = first_failing(self.items, entry.checks)
        self.color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.seen: Seen = {}
        self.names: list[str] = []  # the checks of the round, in their order
        self.grading: Optional[Grading] = None
        self.results: list[dict[str, Any]] = []
        self.doubted = False  # the last one told is being looked at again

    # --- the loop ---------------------------------------------------------

    def run(self) -> None:
        self.seen = self.look()
        try:
            self.begin(self.seen)
            while True:
                self.wait()
                now = self.look()
                if now != self.seen:
                    self.begin(self.settled(now))
        except KeyboardInterrupt:
            print("\nNobody watches any more.")
        finally:
            self.stop()

    def look(self) -> Seen:
        """The files that count, each with its time and size."""
        seen = {}
        for file in self.mine.own.glob("[!.]*.[ch]"):
            try:
                status = file.stat()
            except OSError:
                continue  # an editor is about to put it back
            seen[file] = (status.st_mtime_ns, status.st_size)
        return seen

    def settled(self, seen: Seen) -> Seen:
        """Waits until nothing has changed from one look to the next."""
        while True:
            time.sleep(LOOK)
            now = self.look()
            if now == seen:
                return now
            seen = now

    def wait(self) -> None:
        """Waits for a moment, or for results, and tells them."""
        if not self.grading:
            time.sleep(LOOK)
        elif select.select([self.grading.reader], [], [], LOOK)[0]:
            for message in self.grading.results():
                self.tell(message["check"], message["sure"])
            if self.grading.done:
                self.stop()
                self.sum_up()

    def stop(self) -> None:
        if self.grading:
            self.grading.end()
        self.grading = None

    # --- a round ----------------------------------------------------------

    def begin(self, seen: Seen) -> None:
        """Builds, and begins to grade where the last round stood."""
        self.stop()
        changed = [f.name for f in seen if seen[f] != self.seen.get(f)]
        self.seen, self.results, self.doubted = seen, [], False
        print(CLEAR if self.color else "", end="")
        what = f"saved {', '.join(sorted(changed))}" if changed else "watching"
        print(time.strftime("%H:%M:%S ") + f" {what}", flush=True)
        built = self.mine.compile()
        if built.stdout:
            print(built.stdout, flush=True)
        if self.look() != seen:
            self.mine.forget_objects()  # they may be older than they look
        elif built.returncode:
            print(MEND, flush=True)
        else:
            self.names = list(self.items)
            at = self.names.index(self.place) if self.place in self.names else 0
            self.names = self.names[at:] + self.names[:at]
            self.grading = Grading([self.items[name] for name in self.names])

    def tell(self, result: dict[str, Any], sure: bool) -> None:
        """One check's verdict. Where it is not sure, a patient one follows."""
        failed = result["result"] == state.FAILED
        if failed and not self.doubted:
            self.place = result["id"]
            print()
            shown = Result.from_json(result)
            shown.worth = shown.points  # no teacher's file counts here
            print("\n".join(failure(shown, Pen(self.color))))
        elif not failed:
            late = ", but late" if self.doubted else ""
            print(f"  {result['result']}{late}: {result['title']}")
        sys.stdout.flush()
        self.doubted = failed and not sure
        if not self.doubted:
            self.results.append(result)

    def sum_up(self) -> None:
        """How far it went, and what is left."""
        mine = self.mine
        entry = state.load(mine.work).get(mine.name, state.Entry())
        entry.take(self.results)
        state.store(mine.work, mine.name, entry)
        left = len(self.names) - len(self.results)
        passed = sum(r["result"] == state.PASSED for r in self.results)
        if self.results and self.results[-1]["result"] == state.FAILED:
            print(f"\n{passed} passed, then 1 failed; {left} remain.", end=" ")
            print(f"make hint-{mine.number} helps.")
            advise(mine, entry)
        elif left == 0:
            self.place = ""
            print(f"\n{passed} passed: that is all. Now: make solution-{mine.number}")
        sys.stdout.flush()
