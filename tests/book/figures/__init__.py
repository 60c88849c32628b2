"""The book's figures, docs/figures/NAME.svg, drawn by `make figures`.

canvas.py has what all of them are drawn with, and says how a page gives them other
colors; palette.py the colors; measure.py how wide a text is at most; sources.py what
is taken from the tree (states, includes, steps). Every other module draws a few
figures, each by a function with its name; FIGURES below is the list.

A figure teaches one thing, in a width that a phone shows in letters of 12 px.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict

from . import connecting, costs, layers, machines, messages, names, processes, tls
from . import traffic
from .canvas import Canvas

TREE = Path(__file__).resolve().parents[3]
FOLDER = TREE / "docs" / "figures"

FIGURES: Dict[str, Callable[[], Canvas]] = {
    "url": messages.url,
    "request": messages.request,
    "response": messages.response,
    "net-layers": layers.net_layers,
    "layers": layers.layers,
    "staircase": layers.staircase,
    "handshake": connecting.handshake,
    "socket-life": connecting.socket_life,
    "backlog": connecting.backlog,
    "fork": processes.fork,
    "select": processes.select,
    "inside-out": processes.inside_out,
    "connection": machines.connection,
    "parser": machines.parser,
    "pipelining": traffic.pipelining,
    "versions": traffic.versions,
    "path": names.path,
    "certificate-chain": names.certificate_chain,
    "tls12": tls.tls12,
    "tls13": tls.tls13,
    **costs.COSTS,
}


def drawn(name: str) -> str:
    return FIGURES[name]().svg()


def file(name: str) -> Path:
    return FOLDER / f"{name}.svg"
