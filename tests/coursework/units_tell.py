"""Tells how a unit's check failed: what was fed, expected and got, the report
of a sanitizer, and the shell line that shows it again."""

from __future__ import annotations

import re
import shlex
import signal
from pathlib import Path

from grader.expect import Failure
from grader.results import Story
from grader.story import LINE, REPORT, UNWRITTEN
from grader.view import cut
from .blank import STATUS
from .homework import ROOT
from .units import TESTS, Check
from .units_run import CUT, DIED, FLOODED, LATE, NOT_RUN, PASSED, DEADLINE, Outcome

PARTS = re.compile(r"^  (rule|fed|expected|got) +", re.M)
ASSERTION = re.compile(r"Assertion '(.*?)' failed(?:: (.*))?", re.S)
REPORTED = re.compile(r"^==\d+==|^[^\s:]+:\d+:\d+: runtime error: ")
REPORT_ENDS = re.compile(r"^SUMMARY: |^==\d+==ABORTING")
EXIT = re.compile(r"Early exit with return value (\d+)")
SIGNAL = re.compile(r"Received signal (.*)")
COMPUTING = re.compile(f"^({signal.SIGXCPU.value}|{signal.SIGKILL.value})\\b")
SHOWN = 24  # lines of a test's source


class UnitFailure(Failure):
    """A failure that knows its story."""

    def __init__(self, story: Story) -> None:
        super().__init__(story.expected, story.got)
        self.story = story


def failed(check: Check, directory: str, outcomes: list[Outcome]) -> UnitFailure:
    """The failure of a check: its first test that did not pass."""
    wrong = [outcome for outcome in outcomes if outcome.status != PASSED]
    first = wrong[0]
    program = next(t.program for t in check.tests if t.name == first.name)
    path = Path(directory) / f"test_{program}"
    story = Story(why=check.code.why)
    _what(story, first, program)
    story.again = [f"CK_RUN_CASE={first.name} {shlex.quote(str(path))}"]
    _said(story, first.printed)
    run = [outcome for outcome in outcomes if outcome.status != NOT_RUN]
    if len(wrong) > 1 and len(run) == len(outcomes):
        story.got += f" ({len(wrong)} of the check's {len(outcomes)} tests fail)"
    return UnitFailure(story)


def _what(story: Story, first: Outcome, program: str) -> None:
    """What was fed, expected and got."""
    parts = _parts(first.message)
    case = "" if first.name.startswith("test_") else _case(first.name)
    if "fed" in parts:
        story.sent = [case or f"tests/unit/test_{program}.c, {first.name}"]
        story.sent += parts["fed"]
        story.expected = " ".join(parts["expected"])
        if "rule" in parts and story.expected != " ".join(parts["rule"]):
            story.expected += f". The rule is: {' '.join(parts['rule'])}"
        _got(story, parts["got"])
        return
    story.sent = _case_lines(first.name) if case else _source(first, program)
    assertion = ASSERTION.fullmatch(first.message)
    if first.status == "failed" and assertion:
        story.expected = assertion[1]
        story.got = assertion[2] or "this is not so"
    elif first.status == "failed":
        story.expected = _statement(first)
        story.got = first.message
    else:
        story.expected = "the test to come to its end"
        story.got = _fate(first)


def _parts(message: str) -> dict[str, list[str]]:
    """The labeled parts of a message (tests/unit/tell.c), each as lines."""
    found = {}
    marks = list(PARTS.finditer(message))
    for mark, end in zip(marks, [m.start() for m in marks[1:]] + [len(message)]):
        indent = mark.end() - mark.start()
        lines = message[mark.start() : end].rstrip("\n").split("\n")
        found[mark[1]] = [line[indent:] for line in lines]
    return found


def _got(story: Story, lines: list[str]) -> None:
    """What came: a sentence, or lines below one."""
    if len(lines) == 1:
        story.got = lines[0]
    else:
        story.got = "something else, from the ^ on"
        story.received = lines


def _fate(outcome: Outcome) -> str:
    """How a test ended that neither passed nor failed."""
    status = EXIT.search(outcome.message)
    received = SIGNAL.search(outcome.message)
    if outcome.status == DIED and received and COMPUTING.search(received[1]):
        return "it went on computing without coming to an end: an endless loop"
    if outcome.status == DIED and received:
        return f"the program died by signal {received[1]}"
    if outcome.status == DIED and status and int(status[1]) == STATUS:
        return "the program came to a function that is not written yet"
    if outcome.status == DIED and status:
        return f"the program ended with status {status[1]} in the middle of the test"
    return {
        CUT: "the program ended in the middle of the test, as if nothing were wrong",
        LATE: f"it was not done after {DEADLINE} s, and waits for something",
        FLOODED: "the program printed without end",
        NOT_RUN: "the test program ended before it had run this test",
    }.get(outcome.status, outcome.message)


def _said(story: Story, printed: bytes) -> None:
    """Parts what was printed from a sanitizer's report."""
    names = [f"{f.decode()}, {file.decode()}" for f, file in UNWRITTEN.findall(printed)]
    story.unwritten = list(dict.fromkeys(names))[:5]
    in_report = False
    lines = printed.decode(errors="replace").splitlines()
    for line in lines:
        in_report = in_report or bool(REPORTED.match(line))
        if in_report and not set(line) <= {"="}:
            story.report.append(cut(line, LINE))
        elif not in_report and not set(line) <= {"="}:
            story.printed.append(cut(line, LINE))
        in_report = in_report and not REPORT_ENDS.match(line)
    story.report = story.report[:REPORT]
    story.printed = story.printed[:REPORT]


# --- a test's source ----------------------------------------------------------


def _case(name: str) -> str:
    """Where a case stands, and its name."""
    file, _, number = name.partition(":")
    line = (TESTS / "cases" / file).read_text().splitlines()[int(number) - 1]
    return f"{(TESTS / 'cases' / name).relative_to(ROOT)}: {line.lstrip('# ')}"


def _case_lines(name: str) -> list[str]:
    """A case as its file has it."""
    file, _, number = name.partition(":")
    lines = (TESTS / "cases" / file).read_text().splitlines()[int(number) :]
    end = lines.index("") if "" in lines else len(lines)
    return [_case(name), *lines[: min(end, SHOWN)]]


def _source(outcome: Outcome, program: str) -> list[str]:
    """The function of a test, up to the line that failed in it, with a ^ below
    that; all of it where that is unknown, or elsewhere."""
    path = TESTS / f"test_{program}.c"
    lines = path.read_text(encoding="utf-8").splitlines()
    start = lines.index(f"START_TEST({outcome.name})")
    end = lines.index("END_TEST", start) - 1
    here = start + 2 < outcome.line <= end and outcome.file.endswith(path.name)
    at = outcome.line - 1 if here else end
    shown = [line.replace("\t", "    ") for line in lines[start + 2 : at + 1]]
    if len(shown) > SHOWN:
        shown = ["    ...", *shown[-SHOWN:]]
    if here:
        shown.append(" " * (len(shown[-1]) - len(shown[-1].lstrip())) + "^")
    where = f"{path.relative_to(ROOT)}:{at + 1}, {outcome.name}"
    return [where, *shown]


def _statement(outcome: Outcome) -> str:
    """The statement of a test at which it failed."""
    path = ROOT / outcome.file
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    words = ""
    for line in lines[outcome.line - 1 : outcome.line + 5]:
        words += line.strip() + " "
        if line.endswith(";"):
            break
    return words.strip() or "the test to pass"
