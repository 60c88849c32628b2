"""A run as tables that a person reads: on a terminal, and as Markdown in the book.

A ratio is that of two servers in one round. Of all rounds it shows the least, the
median and the most."""

from __future__ import annotations

import re
import statistics
import textwrap
from dataclasses import dataclass
from typing import Any, Iterator, Optional, Sequence

from .parts import PARTS, Part

Run = dict[str, Any]
INDENT: dict[str, Any] = {"initial_indent": " " * 6, "subsequent_indent": " " * 6}
NONE = "-"


@dataclass(frozen=True)
class Spread:
    least: float
    median: float
    most: float

    def __str__(self) -> str:
        low, middle, high = (short(v) for v in (self.least, self.median, self.most))
        return middle if low == middle == high else f"{middle} ({low} to {high})"


def short(value: float) -> str:
    """Two digits that count, or three."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(values: Sequence[float]) -> Optional[Spread]:
    if not values:
        return None
    return Spread(min(values), statistics.median(values), max(values))


def cells(run: Run, part: str, point: int, server: str = "") -> list[Run]:
    return [
        cell
        for cell in run["cells"]
        if (cell["part"], cell["point"]) == (part, point)
        and server in ("", cell["server"])
    ]


def median(run: Run, part: str, point: int, server: str, what: str) -> Optional[float]:
    values = [c[what] for c in cells(run, part, point, server) if c[what] is not None]
    return statistics.median(values) if values else None


def ratios(
    run: Run, part: str, point: int, server: str, base: str, what: str = "rate"
) -> Optional[Spread]:
    """Of a server to another, round by round."""
    other = {c["round"]: c[what] for c in cells(run, part, point, base)}
    own = cells(run, part, point, server)
    found = [
        c[what] / other[c["round"]]
        for c in own
        if other.get(c["round"]) and c[what] is not None
    ]
    return spread(found)


def microseconds(value: Optional[float]) -> str:
    if value is None:
        return NONE
    return f"{value / 1000:.1f} ms" if value >= 10_000 else f"{value:.0f} µs"


def servers(run: Run, part: str, point: int) -> list[str]:
    return [*dict.fromkeys(c["server"] for c in cells(run, part, point))]


RESUMED = ("resumed", "offered")
HEAD = ["server", "requests/s", "to {base}", "p50", "p99", "processor", "to {base}"]


def single(run: Run, part: Part) -> list[list[str]]:
    """The rows of a part, its head first."""
    rows = [[word.format(base=part.base) for word in HEAD]]
    rows[0] += ["resumed"] * part.load.resume
    for name in servers(run, part.name, part.point):

        def of(what: str) -> Optional[float]:
            return median(run, part.name, part.point, name, what)

        rate, cpu = of("rate"), of("cpu_us")
        row = [name, NONE if rate is None else short(rate)]
        row.append(str(ratios(run, part.name, part.point, name, part.base) or NONE))
        row += [microseconds(of("p50")), microseconds(of("p99"))]
        row.append(NONE if cpu is None else f"{short(cpu)} µs")
        ratio = ratios(run, part.name, part.point, name, part.base, "cpu_us")
        row.append(str(ratio or NONE))
        if part.load.resume:
            own = cells(run, part.name, part.point, name)
            taken, offered = (sum(c.get(w, 0) for c in own) for w in RESUMED)
            row.append(f"{taken} of {offered}")
        rows.append(row)
    return rows


def series(run: Run, name: str) -> list[list[str]]:
    """A row a server, a column a point."""
    points = sorted({c["point"] for c in run["cells"] if c["part"] == name})
    names = dict.fromkeys(c["server"] for c in run["cells"] if c["part"] == name)
    rows = [["requests/s at", *map(str, points)]]
    for server in sorted(names):
        rates = (median(run, name, point, server, "rate") for point in points)
        rows.append([server, *(NONE if r is None else short(r) for r in rates)])
    return rows


def memory(run: Run) -> list[list[str]]:
    rows = [["server", "bytes an idle connection", "bytes before the first"]]
    for one in run["memory"]:
        name = one["server"] + (", HTTPS" if one["tls"] else "")
        rows.append([name, f"{one['each']:,}", f"{one['bytes']['0']:,}"])
    return rows


def start(run: Run) -> list[list[str]]:
    rows = [["server", "ms until it accepts"]]
    for one in run["start"]:
        rows.append([one["server"], str(spread(one["milliseconds"]))])
    return rows


def calls(run: Run) -> list[list[str]]:
    rows = [["server", "for", "connections", "calls", "which"]]
    for one in run["calls"]:
        which = ", ".join(
            f"`{name}`" if each == 1 else f"`{name}` {each:.3g}"
            for name, each in one["calls"].items()
            if each >= 0.1
        )
        many = f"{one['connections']}{', new ones' if one['new'] else ''}"
        target = f"`{one['target']}`"
        rows.append([one["server"], target, many, f"{one['all']:.3g}", which])
    return rows


OTHERS = {"memory": memory, "start": start, "calls": calls}
TITLES = {
    "connections": "Throughput and connections",
    "silent": "Throughput beside silent clients: /hello, a new connection each",
    "memory": "Memory",
    "start": "From the start until it listens",
    "calls": "System calls a request",
}


def all_of(run: Run) -> Iterator[tuple[str, list[list[str]]]]:
    """Titles and rows, those of parts that were not run left out."""
    for part in PARTS:
        if not part.series and cells(run, part.name, part.point):
            yield part.title, single(run, part)
    for name in ("connections", "silent"):
        if any(c["part"] == name for c in run["cells"]):
            yield TITLES[name], series(run, name)
    for name, make in OTHERS.items():
        if run.get(name):
            yield TITLES[name], make(run)


def page(run: Run, name: str) -> list[str]:
    """A table of the book: of a part, or `machine`, where and how it was made."""
    if name == "machine":
        return markdown(machine(run))
    for part in PARTS:
        if part.name == name and not part.series and cells(run, name, part.point):
            return markdown(coded(single(run, part)))
    if name in ("connections", "silent") and any(
        c["part"] == name for c in run["cells"]
    ):
        return markdown(coded(series(run, name)))
    if run.get(name):
        return markdown(coded(OTHERS[name](run)))
    raise KeyError(name)


def coded(rows: list[list[str]]) -> list[list[str]]:
    """Names of servers, as a page has them."""
    head = [re.sub(r"nginx-[\w-]+", r"`\g<0>`", cell) for cell in rows[0]]
    return [head, *([f"`{row[0]}`", *row[1:]] for row in rows[1:])]


def machine(run: Run) -> list[list[str]]:
    one = run["machine"]
    rows = [["what", "which"], ["processor", one["processor"]]]
    kind = "of a virtual machine" if one["virtual"] else "of a machine of its own"
    rows.append(["cores", f"{one['cores']}, {kind}"])
    rows.append(["system", f"{one['system']}, {one['kernel']}"])
    rows += [[f"`{name}`", f"`{text}`"] for name, text in run["versions"].items()]
    rows.append(["measured", f"{run['began'][:10]}, {run['rounds']} rounds of "
                 f"{run['seconds']:g} s each"])  # fmt: skip
    rows.append(["quiet?", disturbed(run)])
    return [[cell.replace("|", "/") for cell in row] for row in rows]


def disturbed(run: Run) -> str:
    """One sentence: whether the run can be trusted."""
    bad = [c for c in run["cells"] if c["disturbed"]]
    share = f"{len(bad)} of {len(run['cells'])} measurements were disturbed"
    if not run["cells"]:
        return "No load was measured."
    if not bad:
        return "The machine was quiet."
    worst = max(bad, key=lambda c: c["others"])
    return f"{share}; the worst: {'; '.join(worst['disturbed'])}."


def text(rows: list[list[str]]) -> str:
    """A last column of many words stands below its row."""
    rows = [[cell.replace("`", "") for cell in row] for row in rows]
    below = max(len(row[-1]) for row in rows) > 40
    cut = [row[:-1] if below else row for row in rows]
    wide = [max(len(row[i]) for row in cut) for i in range(len(cut[0]))]
    lines = []
    for row, whole in zip(cut, rows):
        padded = [row[0].ljust(wide[0])]
        padded += [cell.rjust(width) for cell, width in zip(row[1:], wide[1:])]
        lines.append("  " + "  ".join(padded).rstrip())
        if below and row is not cut[0]:
            lines += textwrap.wrap(whole[-1], 72, **INDENT)
    return "\n".join(lines)


def markdown(rows: list[list[str]]) -> list[str]:
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return [head, "|---" * len(rows[0]) + "|", *body]


def report(run: Run) -> str:
    machine = run["machine"]
    said = f"{machine['processor']}, {machine['cores']} cores, {machine['system']}"
    out = [f"{said}, {machine['kernel']}", disturbed(run)]
    for title, rows in all_of(run):
        out += ["", title, text(rows)]
    return "\n".join(out)
