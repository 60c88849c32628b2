"""A page for a browser: one file that asks for nothing else, in light and dark,
for the keyboard, a screen reader and the printer. No script; what the page says
of itself to the browser (its Content-Security-Policy) forbids any.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any, Optional

from grader.report import typed

from . import words
from .words import FAILED, NOT_JUDGED, PASSED, Result, detail, group_of, many, number

STYLE = Path(__file__).with_name("page.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
KINDS = {PASSED: "passed", FAILED: "failed", NOT_JUDGED: "waits", words.BROKE: "broke"}
ORDINALS = ("First", "Second", "Third")


def text(document: dict[str, Any]) -> str:
    title = f"{words.title(document)}: {words.score(document)} points"
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        '<link rel="icon" href="data:,">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>",
        "</head>",
        "<body>",
        *_head(document),
        "<main>",
        *_milestones(document),
        *_failed(document),
        *_all(document),
        "</main>",
        *_foot(document),
        "</body>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def _head(document: dict[str, Any]) -> list[str]:
    whose = words.whose(document)
    score = f"<strong>{number(document['score'])}</strong> of 100 points"
    return [
        "<header>",
        f"<h1>{escape(words.title(document))}</h1>",
        *([f'<p class="whose">{escape(whose)}</p>'] if whose else []),
        f'<p class="score">{score}</p>',
        f"<p>{escape(words.counts(document)).capitalize()}.</p>",
        *(f'<p class="remark">{escape(line)}</p>' for line in words.remarks(document)),
        "</header>",
    ]


def _milestones(document: dict[str, Any]) -> list[str]:
    rows = []
    for at, group in enumerate(document["milestones"]):
        states = _states(document, group)
        share = 100 * group["earned"] / group["worth"] if group["worth"] else 0
        points = f"{number(group['earned'])} of {number(group['worth'])}"
        rows += [
            "<tr>",
            f'<th scope="row"><a href="#group-{at}">{escape(group["name"])}</a></th>',
            f"<td>{_state(states)}</td>",
            f'<td class="number">{group["passed"]} of {group["checks"]}</td>',
            f'<td class="number">{points}',
            f'<span class="bar" aria-hidden="true"><i style="width:{share:.0f}%"></i></span></td>',
            "</tr>",
        ]
    names = ("Milestone", "State", "Checks passed", "Points")
    return _section("Milestones", _table("What each milestone earned", names, rows))


def _states(document: dict[str, Any], group: dict[str, Any]) -> str:
    """The worst that became of its checks."""
    found = {
        result.result
        for result in words.results(document)
        if result.new == group["new"] and group_of(result, document) == group["name"]
    }
    order = (FAILED, words.BROKE, NOT_JUDGED)
    return next((state for state in order if state in found), PASSED)


def _failed(document: dict[str, Any]) -> list[str]:
    failed = words.first_failed(document)
    if not failed:
        return []
    inside = ["<p>In the order in which to look at them.</p>"]
    for result in failed:
        inside += _failure(result)
    return _section("What failed", inside)


def _failure(result: Result) -> list[str]:
    """One failed check: all there is to tell, as a list of terms."""
    name = escape(result.id)
    points = f"{number(result.worth)} points" if result.new else "kept"
    out = [f'<article id="check-{name}">', f"<h3>{escape(result.title)}</h3>"]
    story = result.story
    if result.hidden or not story:
        told = f"{points}. It is hidden; nothing more is told of it."
        return [*out, f"<p>{escape(told)}</p>", "</article>"]
    for missing in story.unwritten:
        function, _, file = missing.partition(", ")
        said = f"Not written yet: {function}() in {file}."
        out.append(
            f'<p class="remark">{escape(said)} The program came there and ended.</p>'
        )
    out.append("<dl>")
    out += _term("Check", f"{result.id}, {points}, {result.mark}")
    out += _term("Why", story.why)
    out += _term("Rule", result.reason)
    out += _lines("Sent", story.sent)
    out += _term("Expected", story.expected)
    out += _term("Got", story.got)
    out += _lines("Received", story.received)
    out += _lines("Printed", story.printed)
    out += _lines("Report", story.report)
    out += _lines("By hand", [line for _, line in typed(story.again)])
    heading = f", “{result.heading}”" if result.heading else ""
    out += _term("Lesson", result.lesson and result.lesson + heading)
    out.append("</dl>")
    for ordinal, hint in zip(ORDINALS, result.hints):
        summary = f"<summary>{ordinal} hint</summary>"
        out.append(f"<details>{summary}<p>{escape(hint)}</p></details>")
    return [*out, "</article>"]


def _term(name: str, said: str) -> list[str]:
    return [f"<dt>{name}</dt>", f"<dd>{escape(said)}</dd>"] if said else []


def _lines(name: str, lines: list[str]) -> list[str]:
    """Lines as they are; the keyboard reaches what is too wide."""
    if not lines:
        return []
    shown = escape("\n".join(lines))
    group = f'<pre tabindex="0" role="group" aria-label="{name}">'
    return [f"<dt>{name}</dt>", f"<dd>{group}{shown}</pre></dd>"]


def _all(document: dict[str, Any]) -> list[str]:
    inside = []
    for at, group in enumerate(document["milestones"]):
        rows = []
        for result in words.results(document):
            own = group_of(result, document) == group["name"]
            if own and result.new == group["new"]:
                rows += _row(result)
        count = f"{group['passed']} of {many(group['checks'], 'check')} passed"
        names = ("Check", "Result", "Points") if group["new"] else ("Check", "Result")
        inside += [
            f'<details class="group" id="group-{at}">',
            f"<summary>{escape(group['name'])}: {count}</summary>",
            *_table(f"Checks of “{escape(group['name'])}”", names, rows),
            "</details>",
        ]
    return _section("All checks", inside)


def _row(result: Result) -> list[str]:
    title = escape(result.title)
    if result.result == FAILED:
        title = f'<a href="#check-{escape(result.id)}">{title}</a>'
    note = detail(result) if result.result in (NOT_JUDGED, words.BROKE) else ""
    note = f"<br><small>{escape(note)}</small>" if note else ""
    earned = result.worth if result.result == PASSED else 0.0
    points = f"{number(earned)} of {number(result.worth)}"
    shown = f'<td class="number">{points}</td>' if result.new else ""
    state = _state(result.result)
    return [f'<tr><th scope="row">{title}{note}</th><td>{state}</td>{shown}</tr>']


def _state(state: str) -> str:
    return f'<span class="{KINDS[state]}">{escape(state)}</span>'


def _table(caption: str, names: tuple[str, ...], rows: list[str]) -> list[str]:
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    return [
        "<table>",
        f"<caption>{caption}</caption>",
        f"<thead><tr>{head}</tr></thead>",
        "<tbody>",
        *rows,
        "</tbody>",
        "</table>",
    ]


def _section(heading: str, inside: list[str]) -> list[str]:
    return ["<section>", f"<h2>{heading}</h2>", *inside, "</section>"]


def _foot(document: dict[str, Any]) -> list[str]:
    late: Optional[dict[str, Any]] = document["late"]
    facts = [
        ("Graded", document["when"]),
        ("Deadline", late["deadline"] if late else ""),
        ("Handed in", late["submitted"] if late else ""),
        ("Program", document["server"]),
        ("Seed", document["seed"]),
        ("Grader", document["grader"]),
    ]
    out = ["<footer>", "<dl>"]
    for name, said in facts:
        out += _term(name, said)
    return [*out, "</dl>", "</footer>"]
