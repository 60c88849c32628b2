"""The model as a picture that stands still, for a lesson: SVG, light and dark.

Times differ from run to run, what happens does not. So a still says in its
description what has to be the same when it is made again.
"""

from __future__ import annotations

import html
import itertools
import json
import re
from pathlib import Path
from typing import Any

WIDTH, LABEL, LANE, GAP = 760, 132, 22, 5
LONG = 20.0  # milliseconds: what takes longer is the story, the rest is chance
STYLE = """
svg { background: #fbfaf7; font: 13px system-ui, sans-serif; }
text { fill: #1c1b19; } .soft { fill: #5d5a54; font-size: 12px; }
.lane { fill: #f1eee7; } .grid { stroke: #d5d1c7; } .title { font-weight: 600; font-size: 15px; }
.inside { paint-order: stroke; stroke: #f1eee7; stroke-width: 3px; font-size: 12px; }
.c0 { --c: #0072b2; } .c1 { --c: #b86e00; } .c2 { --c: #00805c; } .c3 { --c: #a8457f; }
.n { --c: #77736b; }
.solid { fill: var(--c); } .thin { fill: var(--c); opacity: .5; }
.waits { fill: var(--c); fill-opacity: .16; stroke: var(--c); stroke-dasharray: 4 3; }
.door { fill: var(--c); fill-opacity: .3; stroke: var(--c); stroke-width: 2; stroke-dasharray: 1 3; }
.shakes { fill: var(--c); fill-opacity: .55; stroke: var(--c); stroke-dasharray: 2 2; }
@media (prefers-color-scheme: dark) {
svg { background: #16181b; } text { fill: #eceae4; } .soft { fill: #b3afa6; }
.lane { fill: #1f2226; } .grid { stroke: #3b3f45; } .inside { stroke: #1f2226; }
.c0 { --c: #56b4e9; } .c1 { --c: #f0a830; } .c2 { --c: #2fc79a; } .c3 { --c: #e59cc6; }
.n { --c: #9a968d; }
}"""
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "figures"
LESSONS = {  # the scenario of each lesson's still
    1: "echo",
    2: "silent",
    3: "silent",
    4: "silent",
    5: "pipelining",
    6: "slow-reader",
    7: "handshake",
}
KINDS = {"backlog": "door", "handshake": "shakes", "silent": "thin", "waiting": "waits"}
SPOKEN = {"backlog": "in the backlog", "waiting": "waits", "handshake": "handshake"}


def story(document: dict[str, Any]) -> list[dict[str, Any]]:
    """What is the same in every recording of this scenario."""
    return [
        {
            "run": run["name"],
            "clients": [_told(client) for client in run["clients"]],
            "servers": [
                {
                    "kind": lane["kind"],
                    "accepts": sum(
                        c["name"][:6] == "accept" and c["client"] >= 0
                        for c in lane["calls"]
                    ),
                    "waits": _long_waits(lane, document["to"]),
                }
                for lane in run["processes"]
            ],
        }
        for run in document["runs"]
    ]


def _told(client: dict[str, Any]) -> dict[str, Any]:
    long = [s["state"] for s in client["spans"] if s["to"] - s["from"] >= LONG]
    return {
        "name": client["name"],
        "states": long,
        "answers": client["answers"],
        "resumed": client["resumed"],
        "end": client["end"],
    }


def _long_waits(lane: dict[str, Any], last: float) -> list[str]:
    """For what it waited, one after the other; how often is chance."""
    found = [
        f"{call['name']} {call['client']}"
        for call in lane["calls"]
        if call["ms"] >= LONG and 0 <= call["at"] <= last - call["ms"] + 1
    ]
    return [name for name, _ in itertools.groupby(found)]


class Drawing:
    def __init__(self, document: dict[str, Any]) -> None:
        self.scale = (WIDTH - LABEL - 16) / (document["to"] * 1.02)
        self.parts: list[str] = []
        self.y = 8.0

    def x(self, at: float) -> float:
        return LABEL + max(0.0, at) * self.scale

    def text(self, x: float, y: float, words: str, kind: str = "") -> None:
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{html.escape(words)}</text>'
        )

    def box(self, kind: str, start: float, end: float, inset: float = 2.0) -> None:
        width = max(2.0, self.x(end) - self.x(start))
        self.parts.append(
            f'<rect class="{kind}" x="{self.x(start):.1f}" y="{self.y + inset:.1f}"'
            f' width="{width:.1f}" height="{LANE - 2 * inset:.1f}" rx="2"/>'
        )

    def lane(self, label: str) -> None:
        room = WIDTH - LABEL - 8
        self.parts.append(
            f'<rect class="lane" x="{LABEL}" y="{self.y}" width="{room}" height="{LANE}"/>'
        )
        self.text(6, self.y + 16, label)

    def inside(self, start: float, end: float, words: str) -> None:
        if (end - max(0.0, start)) * self.scale > 7 * len(words):
            self.text(self.x(start) + 5, self.y + 15, words, "inside")

    def next(self) -> None:
        self.y += LANE + GAP


def build(document: dict[str, Any]) -> str:
    describes = f"{document['title']}. {document['see']}"
    drawing = Drawing(document)
    for run in document["runs"]:
        drawing.text(6, drawing.y + 12, run["name"], "title")
        _axis(drawing, document["to"])
        drawing.y += 20
        for place, client in enumerate(run["clients"]):
            _client(drawing, client, place)
        for lane in run["processes"]:
            _server(drawing, lane)
        drawing.y += 8
    about = html.escape(json.dumps(story(document), separators=(",", ":")), quote=False)
    height = int(drawing.y) + 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        f' role="img" aria-labelledby="t"><title id="t">{html.escape(describes)}</title>'
        f"<desc>{about}</desc>\n<style>{STYLE}\n</style>\n"
        + "\n".join(drawing.parts)
        + "\n</svg>\n"
    )


def _axis(drawing: Drawing, last: float) -> None:
    step = next(
        n * 10**p
        for p in range(-3, 5)
        for n in (1, 2, 5)
        if last / (n * 10**p) <= 8
    )
    at = 0.0
    while at <= last:
        if drawing.x(at) < WIDTH - 48:
            drawing.text(drawing.x(at), drawing.y + 12, f"{at:.4g} ms", "soft")
        at += step


def _client(drawing: Drawing, client: dict[str, Any], place: int) -> None:
    drawing.lane(f"{chr(65 + place)}  {client['name']}")
    for span in client["spans"]:
        kind = KINDS.get(span["state"], "solid")
        inset = 9.0 if kind == "thin" else 2.0
        drawing.box(f"{kind} c{place % 4}", span["from"], span["to"], inset)
        drawing.inside(
            span["from"], span["to"], SPOKEN.get(span["state"], span["state"])
        )
    drawing.next()


def _server(drawing: Drawing, lane: dict[str, Any]) -> None:
    drawing.lane(lane["kind"])
    for call in lane["calls"]:
        end = call["at"] + call["ms"]
        if end < 0 or drawing.x(call["at"]) > WIDTH - 12:
            continue
        who = f"c{call['client'] % 4}" if call["client"] >= 0 else "n"
        kind = (
            "waits" if call["blocked"] else "shakes" if call["handshake"] else "solid"
        )
        shown = min(end, (WIDTH - LABEL - 10) / drawing.scale)
        drawing.box(f"{kind} {who}", call["at"], shown)
        if call["blocked"]:
            letter = chr(65 + call["client"]) if call["client"] >= 0 else ""
            name = {"pselect6": "select"}.get(call["name"], call["name"])
            drawing.inside(call["at"], shown, f"{name} {letter}".strip() + " waits")
    drawing.next()


def file(step: int) -> Path:
    return FOLDER / f"timeline-{step:02}.svg"


def kept_story(path: Path) -> Any:
    """The story that a still tells, from its file."""
    found = re.search(r"<desc>(.*?)</desc>", path.read_text(encoding="utf-8"))
    return json.loads(html.unescape(found[1])) if found else None
