"""Layers: of the net, of the tree, and of what is learned."""

from __future__ import annotations

from typing import Dict, List, Set, Tuple

from . import measure, sources
from .canvas import LINE, MARGIN, WIDTH, Canvas


def net_layers() -> Canvas:
    c = Canvas(
        "net-layers",
        "The layers, and where the programs stand",
        """Browser and server are programs: HTTP and TLS are in them. Below the socket
        interface the kernel has TCP, IP and the network card's driver. Bytes go down on
        one side and up on the other; the routers between look at IP only.""",
    )
    left, middle, right, wide = 88, 232, 352, 132
    c.text(
        left + wide / 2, 62, "your machine", "sea", size=16, anchor="middle", bold=True
    )
    c.text(right + wide / 2, 62, "server", "leaf", size=16, anchor="middle", bold=True)
    rows = [
        ("7", 76, "browser:\nHTTP", "07-https:\nHTTP", ""),
        ("", 146, "TLS", "TLS", ""),
        ("4", 234, "TCP", "TCP", ""),
        ("3", 288, "IP", "IP", "IP"),
        ("1, 2", 342, "Wi-Fi", "Ethernet", "both"),
    ]
    c.text(MARGIN, 62, "OSI", "soft")
    for osi, y, mine, its, on_the_way in rows:
        high = 58 if "\n" in mine else 42
        program = y < 200
        for x, words, role in ((left, mine, "sea"), (right, its, "leaf")):
            fill, edge = (f"{role}-wash", role) if program else ("stone", "line")
            c.box(x, y, wide, high, words.split("\n"), "ink", fill, edge, bold=program)
        c.text(MARGIN, y + high / 2 + 5.5, osi, "soft", bold=True)
        if on_the_way:
            c.box(middle, y, 108, 42, on_the_way, "ink", "stone", "line")
    c.text(middle + 54, 276, "router", "soft", anchor="middle", bold=True)
    c.line([(left - 8, 211), (WIDTH - MARGIN, 211)], "ink", "dash")
    c.label(middle + 54, 211, "sockets", bold=True)
    c.text(middle + 54, 178, ["programs"], "soft", anchor="middle")
    c.text(middle + 54, 244, ["kernel"], "soft", anchor="middle")
    track, over = 404, 296
    way = [
        (left + 12, 82),
        (left + 12, track),
        (middle + 16, track),
        (middle + 16, over),
    ]
    way += [(middle + 92, over), (middle + 92, track), (right + 122, track)]
    c.arrow(way + [(right + 122, 84)], "packet", "thick")
    c.text(
        MARGIN,
        436,
        [
            "Each layer talks to the same layer of the other side,",
            "and hands its bytes to the one below. Routers see",
            "addresses; ports are for TCP, names for HTTP and TLS.",
        ],
    )
    return c


ABOUT: Dict[str, str] = {
    "main": "each step’s wiring",
    "web": "HTTP on a loop",
    "files": "names to files",
    "tls": "bytes, encrypted",
    "http": "bytes to requests",
    "io": "moving bytes",
    "base": "libc, and nothing of ours",
}


def _reduced(uses: Dict[str, Set[str]]) -> Dict[str, Set[str]]:
    """Without what is used through another that is used."""

    def below(folder: str) -> Set[str]:
        return uses[folder].union(*(below(used) for used in uses[folder]))

    return {
        folder: used - set().union(*(below(other) for other in used))
        for folder, used in uses.items()
    }


def layers() -> Canvas:
    uses = sources.includes()
    has = sources.modules()
    rows = [["main"], ["files", "web", "tls"], ["http", "io"], ["base"]]
    height = {folder: place for place, row in enumerate(rows) for folder in row}
    sources.same("layers", set(height), set(uses))
    for folder, used in uses.items():
        for other in used:
            if height[other] <= height[folder]:
                raise sources.Drift(f"{folder} includes {other}: not a layer below")
    c = Canvas(
        "layers",
        "The tree: who includes whom",
        """steps/*/main.c at the top; below it files, web and tls; below these http and io,
        side by side; at the bottom base. Arrows point down only.""",
    )
    places: Dict[str, Tuple[float, float, float, float]] = {}
    y = 50.0
    for row in rows:
        wide = (WIDTH - 2 * MARGIN - 12 * (len(row) - 1)) / len(row)
        texts: List[Tuple[List[str], List[str]]] = []
        for folder in row:
            about = measure.wrap(ABOUT[folder], wide - 16)
            names = measure.wrap(" ".join(has.get(folder, [])), wide - 24)
            texts.append((about, names))
        lines = max(len(about) + len(names) for about, names in texts)
        tall = 40 + LINE * lines
        for number, (folder, (about, names)) in enumerate(zip(row, texts)):
            x = MARGIN + number * (wide + 12)
            places[folder] = (x, y, wide, tall)
            fill, edge = ("sea-wash", "sea") if folder == "main" else ("raised", "soft")
            c.rect(x, y, wide, tall, fill, edge, corner=8)
            title = "steps/*/main.c" if folder == "main" else f"{folder}/"
            c.text(x + wide / 2, y + 25, title, anchor="middle", mono=True, bold=True)
            c.text(x + wide / 2, y + 25 + LINE, about, anchor="middle")
            c.text(
                x + wide / 2,
                y + 25 + LINE * (1 + len(about)),
                names,
                "soft",
                anchor="middle",
            )
        y += tall + 44
    for folder, used in _reduced(uses).items():
        for other in sorted(used):
            x0, y0, w0, h0 = places[folder]
            x1, y1, w1, _ = places[other]
            x = (max(x0, x1) + min(x0 + w0, x1 + w1)) / 2
            c.arrow([(x, y0 + h0 + 2), (x, y1 - 2)], "ink", "thick")
    c.text(MARGIN, y, "Arrows point to what is included, and go down only.", "soft")
    return c


def staircase() -> Canvas:
    steps = sources.steps()
    c = Canvas(
        "staircase",
        "The staircase",
        "From the bottom: "
        + "; ".join(f"{number} {name}: {idea}" for number, name, idea in steps)
        + ".",
    )
    high, rise = 76, 22
    top = 48 + high * (len(steps) - 1)
    profile: List[Tuple[float, float]] = []
    for place, (number, name, idea) in enumerate(steps):
        x, y = MARGIN + 4 + rise * place, top - high * place
        room = WIDTH - MARGIN - x
        c.rect(x, y, room, high, "stone", "line", corner=0)
        c.text(x + 12, y + 25, number, "packet", size=18, mono=True, bold=True)
        c.text(x + 44, y + 25, name, size=18, mono=True, bold=True)
        c.text(x + 12, y + 25 + LINE, measure.wrap(idea, room - 20), "soft")
        profile += [(x, y + high), (x, y)]
    c.line(profile + [(WIDTH - MARGIN, profile[-1][1])], "ink", "thick")
    return c
