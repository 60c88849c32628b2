"""The pages of a class: all of it at index.html, and one for each student.

The student's page is the one that `make grade-03` can export; what a sandbox has
to tell besides stands on top of it.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any, Mapping

from grader.results import FAILED, NOT_JUDGED, PASSED
from grader.view import many, number

from . import class_table, exports, similarity_page
from .class_frame import bar, escape, items, link, page, section, table
from .class_table import Class, Entry, write_whole
from .exports import page as export_page
from .sandbox_kit import Kit

BINS = 10  # of the histogram
MAIN = "<main>"
LOG_LINES = 200


# ---- One student -----------------------------------------------------------


def write_student(
    entry: Entry, files: Mapping[str, bytes], verdict: str, out: Path
) -> None:
    """The page, and beside it what was graded and said."""
    directory = class_table.directory_of(entry, out)
    write_whole(directory / "verdict.txt", verdict)
    write_whole(directory / "build.log", entry.log)
    sources = directory / "sources"
    sources.mkdir(parents=True, exist_ok=True)
    for left in sources.iterdir():
        left.unlink()
    for name, data in files.items():
        (sources / name).write_bytes(data)
    write_whole(directory / "index.html", student_page(entry))


def student_page(entry: Entry) -> str:
    text = export_page.text(exports.prepare(entry.document))
    inside = []
    if entry.problem:
        inside.append(f'<p class="remark">{escape(_sentence(entry.problem))}</p>')
    if entry.notes:
        inside += items([escape(_sentence(note)) for note in entry.notes])
    if entry.log and entry.state == "not built":
        lines = entry.log.splitlines()[:LOG_LINES]
        inside.append("<p>What the compiler said:</p>")
        shown = escape("\n".join(lines))
        group = '<pre tabindex="0" role="group" aria-label="Compiler">'
        inside.append(f"{group}{shown}</pre>")
    if entry.files:
        names = [link(f"sources/{name}", name) for name in entry.files]
        inside.append(f"<p>What was graded: {', '.join(names)}.</p>")
    told = "\n".join(section("What was handed in", inside)) if inside else ""
    return text.replace(MAIN, MAIN + "\n" + told, 1)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


# ---- The class -------------------------------------------------------------


def write_class(made: Class, kit: Kit, out: Path) -> None:
    """All that is made of all entries."""
    near = similarity_page.write(made, kit, out)
    write_whole(out / "class.csv", class_table.to_csv(made))
    write_whole(out / "class.json", class_table.to_json(made))
    body = ["<header>", f"<h1>{escape(made.title)}: the class</h1>"]
    body += [f'<p class="whose">{escape(made.course)}</p>'] if made.course else []
    body += [*_summary(made.entries), "</header>", MAIN]
    body += [*_to_look_at(made), *_distribution(made.entries), *_checks(made.entries)]
    body += [*_milestones(made.entries), *_students(made.entries), *near]
    body += ["</main>", *_foot(made)]
    write_whole(out / "index.html", page(f"{made.title}: the class", body))


def _summary(entries: list[Entry]) -> list[str]:
    scores = [entry.score for entry in entries]
    if not scores:
        return ["<p>There are no submissions.</p>"]
    mean, median = statistics.mean(scores), statistics.median(scores)
    full = sum(score == 100 for score in scores)
    return [
        f'<p class="score"><strong>{number(mean)}</strong> of 100 points on average</p>',
        f"<p>{many(len(scores), 'submission')}. Half of them have {number(median)}"
        f" points or more; the least is {number(min(scores))}, the most"
        f" {number(max(scores))}. All points: {full}.</p>",
    ]


def _to_look_at(made: Class) -> list[str]:
    """What no program should decide alone."""
    lines = []
    for entry in made.entries:
        reasons = list(entry.look_at)
        if entry.state == "not built":
            reasons.insert(0, "it does not build")
        if reasons:
            said = escape("; ".join(reasons))
            lines.append(f"{link(entry.page, entry.name)}: {said}")
    apart = sorted({reason for entry in made.entries for reason in entry.apart})
    inside = items(lines) if lines else ["<p>Nothing.</p>"]
    if apart:
        inside.append("<p>The programs were not wholly apart on this machine:</p>")
        inside += items([escape(reason) for reason in apart])
    return section("To look at yourself", inside)


def _distribution(entries: list[Entry]) -> list[str]:
    counts = [0] * BINS
    for entry in entries:
        counts[min(BINS - 1, int(entry.score * BINS / 100))] += 1
    most = max([*counts, 1])
    bars = []
    for at, count in enumerate(counts):
        low, high = at * 100 // BINS, (at + 1) * 100 // BINS
        height = f"height:{6 * count / most:.1f}rem"
        name = f"{low} to {high}" if at == BINS - 1 else f"{low} to under {high}"
        bars.append(
            f'<div title="{name}: {count}">{count}<i style="{height}"></i>'
            f"<small>{low}</small></div>"
        )
    told = "; ".join(
        f"from {at * 100 // BINS}: {count}" for at, count in enumerate(counts) if count
    )
    figure = f'<div class="histogram" role="img" aria-label="Submissions {told}">'
    return section("Points", [figure, *bars, "</div>"])


def _checks(entries: list[Entry]) -> list[str]:
    """Which checks fail most."""
    failed: dict[str, list[Entry]] = defaultdict(list)
    waited: dict[str, int] = defaultdict(int)
    about: dict[str, dict[str, Any]] = {}
    for entry in entries:
        for check in entry.document["checks"]:
            about.setdefault(check["id"], check)
            if check["result"] == FAILED:
                failed[check["id"]].append(entry)
            waited[check["id"]] += check["result"] == NOT_JUDGED
    rows = []
    for name in sorted(failed, key=lambda name: -len(failed[name])):
        check, who = about[name], failed[name]
        links = [link(f"{e.page}#check-{name}", e.name) for e in who]
        title = f"<summary>{escape(check['title'])}</summary>{', '.join(links)}"
        rows.append(
            f'<tr><th scope="row"><details>{title}</details></th>'
            f"<td>{escape(check['milestone'])}</td>"
            f'<td class="number">{len(who)}{bar(len(who) / len(entries))}</td>'
            f'<td class="number">{waited[name]}</td></tr>'
        )
    names = ("Check", "Milestone", "Failed", "Not judged")
    shown = table("How many failed each; who, when opened", names, rows)
    return section("Which checks fail most", shown if rows else ["<p>None.</p>"])


def _milestones(entries: list[Entry]) -> list[str]:
    earned: dict[str, list[float]] = defaultdict(list)
    for entry in entries:
        for group in entry.document["milestones"]:
            if group["worth"]:
                earned[group["name"]].append(group["earned"] / group["worth"])
    rows = [
        f'<tr><th scope="row">{escape(name)}</th><td class="number">'
        f"{100 * statistics.mean(shares):.0f}%{bar(statistics.mean(shares))}</td></tr>"
        for name, shares in earned.items()
    ]
    names = ("Milestone", "Earned")
    return section("Milestones", table("What was earned of each", names, rows))


def _students(entries: list[Entry]) -> list[str]:
    rows = []
    for entry in entries:
        counts = entry.document["counts"]
        state = "" if entry.state == "graded" else escape(entry.state)
        rows.append(
            f'<tr><th scope="row">{link(entry.page, entry.name)}</th>'
            f'<td class="number">{number(entry.score)}{bar(entry.score / 100)}</td>'
            f'<td class="number">{counts[PASSED]}</td>'
            f'<td class="number">{counts[FAILED]}</td>'
            f'<td class="number">{counts[NOT_JUDGED]}</td><td>{state}</td></tr>'
        )
    names = ("Name", "Points", "Passed", "Failed", "Not judged", "State")
    caption = "All submissions; class.csv and class.json have the same"
    return section("Submissions", table(caption, names, rows))


def _foot(made: Class) -> list[str]:
    graders = sorted({entry.document["grader"] for entry in made.entries})
    facts = [("Seed", made.seed), ("Grader", ", ".join(graders))]
    terms = [f"<dt>{name}</dt><dd>{escape(said)}</dd>" for name, said in facts]
    return ["<footer><dl>", *terms, "</dl></footer>"]
