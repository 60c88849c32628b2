"""What a run has called, and from where: the file that plan.c writes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Tuple

MAP = re.compile(rb"([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) \S+ \S+ *(.*)")
CALL = re.compile(rb"([a-z]+) (\d+)((?: [0-9a-f]+)+)")
Site = Tuple[Tuple[str, int], ...]


@dataclass(frozen=True)
class Call:
    name: str
    number: int
    site: Site  # who called: files and offsets, the last one of the server itself
    way: Site  # the same, and all of the server's functions under way


class Space:
    """The files that a process has in its memory."""

    def __init__(self) -> None:
        self.parts: List[Tuple[int, int, str]] = []
        self.bases: Dict[str, int] = {}

    def add(self, start: int, end: int, offset: int, name: str) -> None:
        self.parts.append((start, end, name))
        self.bases.setdefault(name, start - offset)

    def find(self, address: int) -> Tuple[str, int]:
        for start, end, name in self.parts:
            if start <= address < end:
                return name, address - self.bases[name]
        return "?", address


def read(path: Path, program: Path) -> "tuple[List[Call], Optional[str]]":
    """The calls that come from the program, and why it was aborted, if so."""
    space, calls = Space(), []
    aborted = None
    known: Dict[bytes, Tuple[Site, Site]] = {}
    for line in path.read_bytes().splitlines():
        match = MAP.fullmatch(line)
        if match:
            name = Path(match[4].decode()).name
            start, end, offset = (int(match[n], 16) for n in (1, 2, 3))
            space.add(start, end, offset, name)
            continue
        match = CALL.fullmatch(line)
        if not match:
            aborted = line.decode()
            continue
        if match[3] not in known:
            known[match[3]] = site_of(match[3], space, program.name)
        site, way = known[match[3]]
        if site:
            calls.append(Call(match[1].decode(), int(match[2]), site, way))
    return calls, aborted


def site_of(frames: bytes, space: Space, program: str) -> Tuple[Site, Site]:
    """The frames up to the first of the program's own, and with all of those
    that follow; () without such."""
    found = [space.find(int(frame, 16)) for frame in frames.split()]
    ours = [n for n, frame in enumerate(found) if frame[0] == program]
    if not ours:
        return (), ()
    later = [found[n] for n in ours[1:]]
    return tuple(found[: ours[0] + 1]), tuple(found[: ours[0] + 1] + later)
