"""What a tree of processes holds, read from /proc (Linux).

A server may be a wrapper around another, or have children: everything is
summed over the process started and all that descend from it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from .expect import NotJudged

PROC = Path("/proc")
STAT = 1024  # bytes that hold all of /proc/PID/stat
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
    """The fields of /proc/PID/stat from the third (the state) on. Read with
    as few calls as can be: a check reads hundreds."""
    fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    try:
        text = os.read(fd, STAT).decode("ascii", "replace")
    finally:
        os.close(fd)
    return text[text.rindex(")") + 2 :].split()


@dataclass(frozen=True)
class Kin:
    """Whose child a process is, and of which session."""

    pid: int
    parent: int
    session: int


def everybody() -> list[Kin]:
    """All processes there are."""
    found = []
    for entry in os.listdir(PROC) if available() else []:
        if entry.isdigit():
            try:
                stat = _stat(int(entry))
            except (OSError, ValueError):
                continue  # it ended while we looked
            found.append(Kin(int(entry), int(stat[1]), int(stat[3])))
    return found


def family(root: int, among: Optional[list[Kin]] = None) -> list[int]:
    """The process and all that descend from it, the oldest first."""
    of: dict[int, list[int]] = {}
    for kin in everybody() if among is None else among:
        of.setdefault(kin.parent, []).append(kin.pid)
    found = [root]
    for pid in found:
        found.extend(of.get(pid, []))
    return found


def session(leader: int, among: Optional[list[Kin]] = None) -> list[int]:
    """The processes of a session, whoever is their parent by now."""
    among = everybody() if among is None else among
    return [kin.pid for kin in among if kin.session == leader]


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
