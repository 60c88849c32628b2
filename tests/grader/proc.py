"""What a tree of processes holds, read from /proc (Linux).

A server may be a wrapper around another, or have children: everything is
summed over the process started and all that descend from it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from .expect import NotJudged

PROC = Path("/proc")
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Tree:
    """A process and its descendants, as they are at one moment."""

    pids: list[int] = field(default_factory=list)  # zombies left out
    zombies: list[int] = field(default_factory=list)
    descriptors: int = 0
    threads: int = 0
    seconds: float = 0.0  # of processor time, waited-for children included
    rss: int = 0  # bytes resident

    @property
    def processes(self) -> int:
        return len(self.pids)


def available() -> bool:
    return (PROC / "self" / "stat").exists()


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third (the state) on."""
    text = (PROC / str(pid) / "stat").read_text(errors="replace")
    return text[text.rindex(")") + 2 :].split()


def children() -> dict[int, list[int]]:
    """Every process's children."""
    found: dict[int, list[int]] = {}
    for entry in os.listdir(PROC):
        if entry.isdigit():
            try:
                parent = int(_stat(int(entry))[1])
            except (OSError, ValueError):
                continue  # it ended while we looked
            found.setdefault(parent, []).append(int(entry))
    return found


def family(root: int) -> list[int]:
    """The process and all that descend from it, the oldest first."""
    if not available():
        return [root]
    of = children()
    found = [root]
    for pid in found:
        found.extend(of.get(pid, []))
    return found


def session(leader: int) -> list[int]:
    """The processes of a session, whoever is their parent by now."""
    found = []
    for entry in os.listdir(PROC) if available() else []:
        try:
            if entry.isdigit() and int(_stat(int(entry))[3]) == leader:
                found.append(int(entry))
        except (OSError, ValueError):
            continue
    return found


def tree(root: int) -> Tree:
    """Looks at the tree below (and with) this process."""
    if not available():
        raise NotJudged("there is no /proc here to look at processes with")
    seen = Tree()
    for pid in family(root):
        try:
            stat = _stat(pid)
            if stat[0] in "ZX":
                seen.zombies.append(pid)
                continue
            seen.descriptors += len(os.listdir(PROC / str(pid) / "fd"))
        except OSError:
            continue
        seen.pids.append(pid)
        seen.seconds += sum(map(int, stat[11:15])) / TICK
        seen.threads += int(stat[17])
        seen.rss += int(stat[21]) * PAGE
    return seen


def descriptors(pid: int) -> dict[int, str]:
    """What each open descriptor of one process is: {3: "socket:[123]"}."""
    if not available():
        raise NotJudged("there is no /proc here to look at descriptors with")
    found = {}
    folder = PROC / str(pid) / "fd"
    for name in os.listdir(folder):
        try:
            found[int(name)] = os.readlink(folder / name)
        except OSError:
            continue
    return found


def sanitized(root: int) -> bool:
    """Whether a process of the tree runs under the address sanitizer: its
    memory then is not what the program itself takes."""
    for pid in family(root):
        try:
            maps = (PROC / str(pid) / "maps").read_text()
        except OSError:
            continue
        if "libasan" in maps or "\n00007fff8000-" in maps or "\n7fff8000-" in maps:
            return True
    return False
