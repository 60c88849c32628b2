"""One run of the grader: what it knows, gathers, writes and prints."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Optional

import pytest

from . import exercises, lessons
from . import report as text
from . import table, verdict
from .course import Course

CLEAR_LINE = "\r\x1b[K"  # on a terminal
SUITE = pytest.StashKey["Suite"]()


class Suite:
    """What one run knows: the table, and the results so far."""

    def __init__(self, config: pytest.Config) -> None:
        self.step: int = config.getoption("step") or 0
        path = config.getoption("table")
        self.rows = table.load(Path(path) if path else None) if self.step else {}
        self.exercise: str = config.getoption("exercise") if self.step else ""
        self.ended: tuple[str, ...] = ()  # whose promise the exercise ends
        assignment = f"{self.step:02}"
        if self.exercise:
            found = exercises.find(self.step, self.exercise)
            self.rows, self.ended = exercises.join(found, self.rows), found.ends
            assignment = str(found)
        self.assignment = config.getoption("assignment") or assignment
        self.course = Course()
        self.results: dict[str, verdict.Result] = {}
        self.stubborn: list[str] = []
        self.faults: list[str] = []
        self.began = time.time()
        self.selected = 0  # checks that are to run
        self.slow: set[str] = set()  # those that were left out for being slow
        self.settled: list[verdict.Result] = []

    def unmet_need(self, row: table.Row) -> Optional[verdict.Result]:
        """A result that keeps this row from being judged."""
        for need in row.needs:
            result = self.results.get(need)
            if result and result.result != verdict.PASSED:
                return result
        return None

    def is_new(self, row: table.Row) -> bool:
        return row.is_new_in(self.step, self.exercise)

    def order(self, row: table.Row) -> int:
        """The place of its milestone in the step that brought it, from 1: the
        lesson's, or else the table's."""
        place = lessons.place(row.since, row.milestone)
        if place and not row.exercise:
            return place
        among = (row.since, row.exercise)
        names = [r.milestone for r in self.rows.values() if r.is_new_in(*among)]
        return list(dict.fromkeys(names)).index(row.milestone) + 1

    @property
    def left_out(self) -> list[str]:
        """What this step promises and nobody wants judged."""
        holding = [row.id for row in self.rows.values() if row.holds_in(self.step)]
        return [x for x in holding if x in self.course.left_out or x in self.slow]

    def whole(self) -> int:
        """How many checks a server of this step is graded by."""
        holding = [row for row in self.rows.values() if row.holds_in(self.step)]
        return len(holding) - len(self.left_out)


class Collector:
    """Gathers the results where they all arrive: in the controller."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.suite = config.stash[SUITE]
        self.gathered: dict[str, verdict.Result] = {}
        self.document: dict[str, Any] = {}
        self.stopped = False  # by Ctrl-C

    # --- while it runs --------------------------------------------------------

    def pytest_runtest_logreport(self, report: Any) -> None:
        if getattr(report, "check", None):
            result = verdict.Result.from_json(report.check)
            self.gathered[result.id] = result
            self.progress(f"{len(self.gathered)} of {self.suite.selected} checks")

    def pytest_keyboard_interrupt(self) -> None:
        self.stopped = True

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            problem = str(report.longrepr).strip().splitlines()[-1]
            self.suite.faults.append(f"{report.nodeid}: {problem}")

    def progress(self, words: str) -> None:
        """A line that the next one takes the place of, for who looks on."""
        reporter: Any = self.config.pluginmanager.getplugin("terminalreporter")
        if self.suite.step and reporter and reporter.hasmarkup:
            reporter.write(CLEAR_LINE + words, flush=True)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.suite.selected = len(session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self.suite.selected = len(ids)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        output = getattr(node, "workeroutput", {})
        faults = output.get("faults", [])
        self.suite.faults += [f for f in faults if f not in self.suite.faults]
        self.suite.slow.update(output.get("slow", []))

    # --- at the end ---------------------------------------------------------

    def about(self) -> dict[str, Any]:
        option = self.config.option
        suite = self.suite
        return {
            "assignment": suite.assignment,
            "step": suite.step,
            "server": option.server or "",
            "submission": option.submission,
            "seed": option.seed,
            "seconds": round(time.time() - suite.began, 2),
            "of": suite.whole(),
            "left_out": suite.left_out,
            "faults": suite.faults,
        }

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        order = list(self.suite.rows)
        results = sorted(self.gathered.values(), key=lambda r: order.index(r.id))
        self.suite.settled = verdict.settle(results)
        if not self.suite.step:
            return
        self.progress("")
        self.document = verdict.document(
            self.suite.settled, self.about(), self.suite.course
        )
        if self.document["status"] == "broke":
            session.exitstatus = 3
        path = self.config.option.report
        if path and not self.stopped:
            written = json.dumps(self.document, indent=1) + "\n"
            Path(path).write_text(written, encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if not self.document:
            return
        option = self.config.option
        terminalreporter.ensure_newline()
        for line in text.verdict(
            self.document,
            full=option.full,
            reveal=option.reveal,
            color=terminalreporter.hasmarkup,
        ):
            terminalreporter.write_line(line)
        if self.stopped:
            unwritten = "; no report was written" if option.report else ""
            terminalreporter.write_line(f"Stopped{unwritten}.")
