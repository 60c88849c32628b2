"""The model as lanes for a terminal of 100 columns."""

from __future__ import annotations

import textwrap
from typing import Any

WIDTH = 100
LABEL = 14
ROOM = WIDTH - LABEL - 2
# A state, its character, what it means.
STATES = {
    "connecting": ("c", "connecting"),
    "backlog": ("b", "connected, in the backlog"),
    "handshake": ("h", "TLS handshake"),
    "silent": (".", "silent"),
    "sending": (">", "sending"),
    "waiting": ("w", "waits for the answer"),
    "receiving": ("<", "receiving"),
}
WORKS, SLEEPS = "#", "-"
# What is short must be seen beside what is long: the last of these wins.
ORDER = [
    "silent",
    "backlog",
    "connecting",
    "waiting",
    "sending",
    "handshake",
    "receiving",
]


def build(document: dict[str, Any]) -> str:
    out = [document["title"], *textwrap.wrap(document["see"], WIDTH), ""]
    scale = document["to"] / ROOM or 1.0
    for run in document["runs"]:
        out += [_headline(run), _axis(scale)]
        for client in run["clients"]:
            out.append(_line(client["name"], _client(client, scale)) + _end(client))
        for process in run["processes"]:
            label = f"{process['kind']} {process['pid']}"
            out.append(_line(label, _process(process, scale)))
        out += [*_numbers(run), ""]
    out += textwrap.wrap(
        "Clients: " + ", ".join(f"{c} {words}" for c, words in STATES.values()), WIDTH
    )
    out.append(f"Server: {WORKS} works, {SLEEPS} waits in a system call")
    return "\n".join(out)


def _headline(run: dict[str, Any]) -> str:
    if not run["watched"]:
        return f"{run['name']} (its clients alone: there is no strace here)"
    return f"{run['name']} (recording slowed its answers by {run['slowed']:.2f})"


def _axis(scale: float) -> str:
    """Four times, each above its column."""
    line = [" "] * ROOM
    for part in range(4):
        text = f"|{part * ROOM // 4 * scale:.4g} ms"
        at = part * ROOM // 4
        line[at : at + len(text)] = text
    return " " * LABEL + "".join(line).rstrip()


def _line(label: str, cells: str) -> str:
    return f"{label[: LABEL - 1]:<{LABEL}}{cells}".rstrip()


def _client(client: dict[str, Any], scale: float) -> str:
    cells = [" "] * ROOM
    for span in sorted(client["spans"], key=lambda s: ORDER.index(s["state"])):
        _fill(cells, span["from"], span["to"], scale, STATES[span["state"]][0])
    return "".join(cells)


def _end(client: dict[str, Any]) -> str:
    return "" if client["end"] == "done" else f" ({client['end']})"


def _process(process: dict[str, Any], scale: float) -> str:
    cells = [" "] * ROOM
    _fill(cells, process["from"], process["to"], scale, WORKS)
    for call in process["calls"]:
        first = int(call["at"] / scale) + 1
        if call["blocked"]:  # whole columns only: work at its edges is seen
            for at in range(max(0, first), min(ROOM, _column(call, scale))):
                cells[at] = SLEEPS
    return "".join(cells)


def _column(call: dict[str, Any], scale: float) -> int:
    return int((call["at"] + call["ms"]) / scale)


def _fill(cells: list[str], start: float, end: float, scale: float, mark: str) -> None:
    """At least one column, however short the time."""
    first = max(0, min(ROOM - 1, int(start / scale)))
    last = max(first + 1, min(ROOM, int(end / scale)))
    if end > 0:
        cells[first:last] = mark * (last - first)


def _numbers(run: dict[str, Any]) -> list[str]:
    out = []
    for client in run["clients"]:
        first = "none" if client["first"] is None else f"{client['first']:.2f} ms"
        out.append(
            f"  {client['name']:<{LABEL}} first byte {first:>11}, total"
            f" {client['total']:.2f} ms, {client['received']} bytes, {client['end']}"
        )
    if run["watched"]:
        found = run["numbers"]
        processes = found["processes"]
        out.append(
            f"  {processes} process{'es' if processes != 1 else ''},"
            f" {found['calls']} system calls, {found['wakeups']} wake-ups"
        )
    return out
