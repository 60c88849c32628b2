"""What each step costs: figures of a run of the benchmarks (tests/bench). By default
of the one that is kept, tests/bench/run.json."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any, Dict, List, Optional

from .canvas import LINE, MARGIN, WIDTH, Canvas
from .measure import wrap

Run = Dict[str, Any]
KEPT = Path(__file__).resolve().parents[2] / "bench" / "run.json"
LEFT = 128  # where the bars begin
COLUMN = 62
ROLES = {"floor": "soft", "nginx": "leaf"}  # the steps are of the sea
WAYS = {
    "02": "new each",
    "03": "new each",
    "04": "new each",
    "05": "kept",
    "06": "kept",
    "07": "kept, TLS",
    "floor": "kept",
    "nginx": "kept",
}


def kept() -> Run:
    found = json.loads(KEPT.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def _median(run: Run, part: str, point: int, server: str, what: str) -> Optional[float]:
    values = [
        cell[what]
        for cell in run["cells"]
        if (cell["part"], cell["point"], cell["server"]) == (part, point, server)
        and cell[what] is not None
    ]
    return statistics.median(values) if values else None


def _points(run: Run, part: str) -> List[int]:
    return sorted({cell["point"] for cell in run["cells"] if cell["part"] == part})


def _servers(run: Run, part: str) -> List[str]:
    return sorted({cell["server"] for cell in run["cells"] if cell["part"] == part})


def _thousands(rate: float) -> str:
    if rate >= 10_000:
        return f"{rate / 1000:.0f} 000"
    return f"{rate:.0f}" if rate < 1000 else f"{rate // 1000:.0f} {rate % 1000:03.0f}"


def connections(run: Optional[Run] = None) -> Canvas:
    run = run or kept()
    c = Canvas(
        "cost-connections",
        "Requests a second, and how many connect",
        """A row for each step, the floor and nginx, a column for each number of
        connections at the same time. The higher a bar, the more requests a second,
        on the same scale in all rows; the best of a row stands at its right.""",
    )
    points, servers = _points(run, "connections"), _servers(run, "connections")
    step = min(COLUMN, (WIDTH - LEFT - 96) / len(points))
    rates = {
        (server, point): _median(run, "connections", point, server, "rate") or 0.0
        for server in servers
        for point in points
    }
    top = max(rates.values()) or 1.0
    for place, point in enumerate(points):
        middle = LEFT + place * step + step / 2
        c.text(middle, 62, str(point), "soft", anchor="middle")
    for row, server in enumerate(servers):
        base = 132 + row * 62
        role = ROLES.get(server, "sea")
        c.text(MARGIN, base - 22, server, role, bold=True)
        c.text(MARGIN, base - 1, WAYS.get(server, ""), "soft")
        for place, point in enumerate(points):
            high = max(1.5, 52 * rates[server, point] / top)
            at = LEFT + place * step + step * 0.15
            c.rect(at, base - high, step * 0.7, high, f"{role}", "", corner=1)
        c.line([(LEFT, base), (LEFT + step * len(points), base)], "line")
        best = max(rates[server, point] for point in points)
        c.text(WIDTH - MARGIN, base - 1, _thousands(best), role, anchor="end")
    c.text(MARGIN, c.bottom + 22, ["02 to 04 take a new connection for each request."])
    return c


def _time(microseconds: Optional[float]) -> str:
    if microseconds is None:
        return "never"
    if microseconds < 1000:
        return f"{microseconds:.0f} µs"
    digits = 1 if microseconds < 100_000 else 0
    return f"{microseconds / 1000:.{digits}f} ms"


def silent(run: Optional[Run] = None) -> Canvas:
    run = run or kept()
    c = Canvas(
        "cost-silent",
        "How long an answer takes beside silent clients",
        """A row for each step and nginx, a column for each number of clients that are
        connected and say nothing. In each field the median of the time until a new
        client has its answer, and never where none came.""",
    )
    points, servers = _points(run, "silent"), _servers(run, "silent")
    wide = min(116.0, (WIDTH - 80 - MARGIN) / len(points))
    for place, point in enumerate(points):
        words = f"{point} silent" if place == 0 else str(point)
        c.text(80 + (place + 0.5) * wide - 4, 62, words, "soft", anchor="middle")
    for row, server in enumerate(servers):
        y = 74 + row * 40
        role = ROLES.get(server, "sea")
        c.text(MARGIN, y + 20.5, server, role, bold=True)
        for place, point in enumerate(points):
            p50 = _median(run, "silent", point, server, "p50")
            x = 80 + place * wide
            if p50 is None:
                c.box(x, y, wide - 8, 32, "never", "packet", "packet-wash", "packet",
                      "dash", bold=True)  # fmt: skip
            else:
                c.box(x, y, wide - 8, 32, _time(p50))
    return c


def _bytes(count: float) -> str:
    return f"{count / 1024:.0f} KiB" if count >= 10_240 else f"{count:.0f} bytes"


def memory(run: Optional[Run] = None) -> Canvas:
    run = run or kept()
    c = Canvas(
        "cost-memory",
        "What an idle connection takes",
        """A bar for each server: the memory that its processes take for a connection on
        which nothing happens. That of step 03, a process each, is by far the
        longest.""",
    )
    rows = [(one["server"] + " TLS" * one["tls"], one["each"]) for one in run["memory"]]
    top = max(max(each for _, each in rows), 1)
    for row, (name, each) in enumerate(rows):
        y = 52 + row * 34
        role = ROLES.get(name.split()[0], "sea" if name[:1] == "0" else "soft")
        c.text(MARGIN, y + 18, name, role, bold=True)
        room = WIDTH - LEFT - MARGIN - 96
        long = max(2.0, room * each / top)
        c.rect(LEFT, y + 2, long, 22, role, "", corner=2)
        c.text(LEFT + long + 8, y + 18, _bytes(each))
    return c


def calls(run: Optional[Run] = None) -> Canvas:
    run = run or kept()
    c = Canvas(
        "cost-calls",
        "The system calls of a request",
        """A bar for each step and server, a field for each system call that it makes for
        one request of a client that waits for its answer; below it their names.""",
    )
    rows = [one for one in run["calls"] if one["connections"] == 1 or one["new"]]
    most = max(one["all"] for one in rows)
    unit = (WIDTH - 2 * MARGIN - 180) / most
    y = 50.0
    for one in rows:
        role = ROLES.get(one["server"], "sea" if one["server"][0] == "0" else "soft")
        how = "new" if one["new"] else "kept"
        c.text(MARGIN, y + 16, one["server"], role, bold=True)
        c.text(MARGIN + 82, y + 16, how, "soft")
        x = MARGIN + 128.0
        shown = {name: each for name, each in one["calls"].items() if each >= 0.1}
        for each in shown.values():
            fill = "stone" if role == "soft" else f"{role}-wash"
            c.rect(x, y, max(each * unit, 2.0), 20, fill, role, corner=1)
            x += each * unit
        c.text(WIDTH - MARGIN, y + 16, f"{one['all']:.1f}", role, anchor="end")
        names = [
            name if 0.95 < each < 1.05 else f"{name} {each:.2g}×"
            for name, each in shown.items()
        ]
        lines = wrap(", ".join(names), WIDTH - 2 * MARGIN)
        c.text(MARGIN, y + 40, lines, "soft")
        y += 40 + LINE * len(lines) - 2
    return c


COSTS = {
    "cost-connections": connections,
    "cost-silent": silent,
    "cost-memory": memory,
    "cost-calls": calls,
}
