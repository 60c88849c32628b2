"""The verdict as a person reads it: 80 columns, the first failure in full.

Every line says by itself what it is, so that it can be read aloud, and color
only repeats what a word has said.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

from .results import BROKE, FAILED, NOT_JUDGED, PASSED, Result, Story, failures
from .view import cleaned, for_students, many, number

WIDTH = 80
LABEL = 10  # columns of a label before a sentence
INDENT = 4  # of lines below a label
WORD = re.compile(r"(?:\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"|[^'\" \\])+")  # of a shell
PRINTED = re.compile("stdout: |stderr: ")
COLORS = {PASSED: "32", FAILED: "31", NOT_JUDGED: "33", BROKE: "35"}
BOLD = "1"


def verdict(
    document: dict[str, Any],
    full: bool = False,
    reveal: bool = False,
    color: bool = False,
) -> list[str]:
    """The lines. full: every failure in full, not the first alone; reveal: what
    is hidden from students too; color: for a terminal that has it."""
    shown = cleaned(document if reveal else for_students(document))
    results = [Result.from_json(check) for check in shown["checks"]]
    pen = Pen(color)
    out = header(shown)
    if results:
        out += ["", *milestones(shown, results, pen)]
    failed = failures(results)
    told = [r for r in failed if not r.hidden or reveal]
    told = told if full else told[:1]
    for result in told:
        out += ["", *failure(result, pen)]
    rest = [r for r in failed if r not in told]
    if rest:
        out += ["", pen(BOLD, "Also failed:")]
        for result in rest:
            points = f" ({number(result.worth)} points)" if result.hidden else ""
            out += wrapped(f"{result.id}: {result.title}{points}", "  ", "    ")
    out += waiting(results, full)
    out += own_faults(shown, results, pen)
    out += ["", *closing(shown, pen)]
    return [guarded(line) for line in out]


class Pen:
    """Writes in color, where there is color."""

    def __init__(self, color: bool = False) -> None:
        self.color = color

    def __call__(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text


def header(document: dict[str, Any]) -> list[str]:
    name = document["assignment"]
    what = f"Step {name}" if name.isdigit() else name.capitalize()
    whose = [document["course"], document["submission"], document["server"]]
    line = ", ".join([what, *filter(None, whose)])
    return wrapped(f"{line}, seed {document['seed']}", "", "  ")


def milestones(document: dict[str, Any], results: list[Result], pen: Pen) -> list[str]:
    """A line for each milestone; what was promised earlier in one line."""
    shown = []
    groups = document["milestones"]
    width = max(len(group["name"]) for group in groups)
    room = max(len(f"{g['passed']} of {g['checks']}") for g in groups) + 1
    for group in groups:
        own = [
            result.result
            for result in results
            if result.new == group["new"]
            and (result.milestone == group["name"] or not group["new"])
        ]
        state = next((s for s in (FAILED, BROKE, NOT_JUDGED) if s in own), PASSED)
        count = f"{group['passed']} of {group['checks']}"
        points = f"{number(group['earned'])} of {number(group['worth'])} points"
        points = "" if document["partial"] else points
        shown.append(
            f"  {pen(COLORS[state], f'{state:<10}')}  {group['name']:<{width}}"
            f"  {count:<{room}} {points}".rstrip()
        )
    return shown


def failure(result: Result, pen: Pen = Pen()) -> list[str]:
    """One failed check in full."""
    earns = f"{number(result.worth)} points, {result.mark}"
    if not result.new:
        earns = f"kept from step {result.steps[:2]}, {result.mark}"
    out = [pen(COLORS[FAILED], "FAILED:") + " " + pen(BOLD, result.id) + f" ({earns})"]
    out += wrapped(result.title, "  ", "  ") + [""]
    return out + telling(result, pen)


def telling(result: Result, pen: Pen = Pen()) -> list[str]:
    """What a failure has to tell, without which check it was."""
    story = result.story or Story()
    out = missing(story, pen)
    out += labeled("Why", story.why)
    out += labeled("Rule", result.reason)
    out += block("Sent", story.sent)
    out += labeled("Expected", story.expected)
    out += labeled("Got", story.got)
    out += block("Received", story.received)
    for name in ("stdout", "stderr"):
        mark = f"{name}: "
        lines = [x[len(mark) :] for x in story.printed if x.startswith(mark)]
        out += block(f"Printed on {name}", softly(lines))
    out += block("Printed", [x for x in story.printed if not PRINTED.match(x)])
    out += block("Report", softly(story.report))
    out += by_hand(story.again)
    out += labeled("Hint", result.hints[0] if result.hints else "")
    heading = f', "{result.heading}"' if result.heading else ""
    return out + labeled("Lesson", result.lesson and result.lesson + heading)


def missing(story: Story, pen: Pen) -> list[str]:
    """What the program said when it came to a body that is not written."""
    names = [name.partition(", ") for name in story.unwritten]
    out = []
    for function, _, file in names:
        out += [pen(BOLD, f"  Not written yet: {function}() in {file}")]
    if names:
        out += wrapped(
            "The program came there and ended, so the rest tells little more.",
            *("    ", "    "),
        )
    return [*out, ""] if out else []


def labeled(label: str, text: str) -> list[str]:
    if not text:
        return []
    return wrapped(text, f"  {label:<{LABEL}}", " " * (LABEL + 2))


def block(label: str, lines: list[str]) -> list[str]:
    """Lines that keep their breaks below a label, broken further where they are
    long; a caret stays below its byte."""
    room = WIDTH - INDENT
    out: list[str] = []
    pieces = 1
    for line in lines:
        if line.strip() == "^":  # below the byte, in whatever piece it is
            below, column = divmod(len(line) - 1, room)
            out.insert(len(out) - pieces + below + 1, " " * column + "^")
            continue
        cut = [line[i : i + room] for i in range(0, len(line), room)] or [""]
        pieces = len(cut)
        out += cut
    if len(out) == 1 and len(out[0]) <= WIDTH - LABEL - 2 and len(label) < LABEL:
        return [f"  {label:<{LABEL}}{out[0]}".rstrip()]
    return [f"  {label}", *(" " * INDENT + x for x in out)] if out else []


def softly(lines: list[str]) -> list[str]:
    """Lines broken between words where they are too long."""
    wrap = textwrap.TextWrapper(
        WIDTH - INDENT, replace_whitespace=False, expand_tabs=False
    )
    found = []
    for line in lines:
        wrap.subsequent_indent = line[: len(line) - len(line.lstrip())] + "  "
        found += wrap.wrap(line) or [""]
    return found


def wrapped(text: str, first: str, then: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=then) or [
        first
    ]


def by_hand(again: list[str]) -> list[str]:
    """Lines for a shell below their label, to be copied as they stand: what goes
    on inside of quotes is not moved."""
    lines = [x if inside else " " * INDENT + x for inside, x in typed(again)]
    return ["  By hand", *lines] if lines else []


def typed(again: list[str]) -> list[tuple[bool, str]]:
    """The lines, folded where they may be; and whether each begins in quotes."""
    found = []
    quote = ""
    for line in again:
        parts = [line] if quote else folded(line)
        found += [(bool(quote), part) for part in parts]
        quote = _open_quote(line, quote)
    return found


def _open_quote(line: str, quote: str) -> str:
    """The quote that is open at the end of a line, "" where none is."""
    escaped = False
    for char in line:
        if escaped:
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif char in "'\"" and quote in ("", char):
            quote = "" if quote else char
    return quote


def folded(command: str) -> list[str]:
    """A shell line, broken where it is too long: behind a pipe or a semicolon,
    else between words. Typed as it stands it does the same."""
    words = WORD.findall(command)
    if " ".join(words) != command:
        return [command]  # a quote ends in another line
    lines: list[str] = []
    line: list[str] = []
    for word in words:
        if line and _width(lines, [*line, word]) > WIDTH - INDENT:
            ends = [i for i in range(len(line)) if _may_end([*line, word], i)]
            at = ends[-1] + 1 if ends else len(line)
            lines.append(" ".join(line[:at]) + ("" if ends else " \\"))
            line = line[at:]
            if line and _width(lines, [*line, word]) > WIDTH - INDENT:
                lines.append(" ".join(line) + " \\")
                line = []
        line.append(word)
    lines.append(" ".join(line))
    return [lines[0], *("  " + line for line in lines[1:])]


def _width(lines: list[str], words: list[str]) -> int:
    return len(" ".join(words)) + (2 if lines else 0)


def _may_end(words: list[str], at: int) -> bool:
    """Whether the shell goes on reading behind this word."""
    closing = words[at + 1 : at + 2] in (["}"], ["done"], ["fi"])
    return words[at].endswith(("|", ";", "&&")) and not closing


def waiting(results: list[Result], full: bool) -> list[str]:
    """What was not judged: how many checks wait for which."""
    by_id = {result.id: result for result in results}
    notes: dict[str, list[str]] = {}
    for result in results:
        if result.result == NOT_JUDGED:
            notes.setdefault(_reason(result, by_id), []).append(result.id)
    out = ["", "Not judged:"] if notes else []
    for note, names in notes.items():
        line = f"{many(len(names), 'check')}: {note}"
        out += wrapped(line, "  ", "    ")
        if full or len(names) <= 3:
            out += wrapped(", ".join(names), "    ", "    ")
    return out


def _reason(result: Result, by_id: dict[str, Result]) -> str:
    """Why it was not judged: what failed in the end, down the line of needs."""
    for name in result.needs:
        need = by_id.get(name)
        if need and need.result == NOT_JUDGED:
            return _reason(need, by_id)
        if need and need.result == FAILED:
            return f"{need.id} failed"
        if need and need.result == BROKE:
            return f"the grader broke in {need.id}"
    return result.note or "a hidden check failed"


def own_faults(document: dict[str, Any], results: list[Result], pen: Pen) -> list[str]:
    """The grader's own faults, said to be that."""
    out: list[str] = []
    head = pen(COLORS[BROKE], "THE GRADER BROKE")
    for result in results:
        if result.result == BROKE:
            out += [
                "",
                f"{head} in {result.id}: no fault of the server, no points lost",
            ]
            out += ["  " + line for line in result.note.splitlines()]
    for fault in document["faults"]:
        out += ["", f"{head}: no fault of the server"]
        out += [x for line in fault.splitlines() for x in wrapped(line, "  ", "    ")]
    return out


def closing(document: dict[str, Any], pen: Pen) -> list[str]:
    """Points, and how many checks went how."""
    found = document["counts"]
    parts = [f"{found[PASSED]} passed", f"{found[FAILED]} failed"]
    parts += [f"{found[NOT_JUDGED]} not judged"] if found[NOT_JUDGED] else []
    parts += [f"grader broke in {found[BROKE]}"] if found[BROKE] else []
    counted = ", ".join(parts)
    if document["partial"]:
        ran = f"{len(document['checks'])} of {many(document['of'], 'check')}"
        return wrapped(f"Only {ran} ran, so there is no score: {counted}", "", "")
    late = document["late"]
    out = wrapped(lateness(document), "", "") if late and late["days"] else []
    score = f"Score {number(document['score'])} of 100"
    return [*out, f"{pen(BOLD, score)}: {counted}"]


def lateness(document: dict[str, Any]) -> str:
    """What a late submission costs, in words."""
    late = document["late"]
    return (
        f"Handed in {many(late['days'], 'day')} late: {number(late['percent'])} percent"
        f" less, {number(document['score'])} points instead of"
        f" {number(document['earned'])}."
    )


def guarded(line: str) -> str:
    """A line that no host takes for a command to itself, whoever wrote it."""
    return re.sub(r"^(\s*)(:(?=:)|#(?=#\[))", _spelled, line)


def _spelled(match: "re.Match[str]") -> str:
    return f"{match[1]}\\x{ord(match[2]):02x}"
