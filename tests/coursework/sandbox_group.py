"""A control group for a sandbox: the kernel's own bound on all the memory that
it makes somebody hold (files in memory, sockets, and what no process shows as
its own), on its processes, and a fair share of the processors for each.

Only where there is one to be had without asking: as root, or where a user's
part of the tree has been handed over. Version 2 is looked for first; version 1
has a tree for each kind.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Iterator, Optional

ROOTS = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified"))
KINDS = ("memory", "pids", "cpu")
GONE = 10.0  # seconds until the last process has left


def _own() -> dict[str, str]:
    """The groups of this process: {"": "/user.slice/a.scope"} in version 2,
    {"memory": "/", "pids": "/"} in version 1."""
    found = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, kinds, path = line.split(":", 2)
        for kind in kinds.split(","):
            found[kind] = path
    return found


def _second(own: dict[str, str]) -> Optional[Path]:
    """Beside this process's own group, or below it where that is a directory
    of groups: a group with processes of its own has no others below it."""
    for root in ROOTS:
        here = root / own.get("", "/").strip("/")
        for place in (here, here.parent):
            with suppress(OSError):
                given = (place / "cgroup.subtree_control").read_text().split()
                if "memory" in given and os.access(place, os.W_OK):
                    return place
    return None


@lru_cache(maxsize=1)
def places() -> tuple[Path, ...]:
    """Where groups can be made: one directory in version 2, one for each kind
    in version 1, none where there is no way."""
    try:
        own = _own()
    except (OSError, ValueError):
        return ()
    second = _second(own)
    found = [second] if second else []
    for kind in KINDS if not second and "memory" in own else ():
        place = ROOTS[0] / kind / own.get(kind, "/").strip("/")
        if os.access(place, os.W_OK) and (place / "cgroup.procs").exists():
            found.append(place)
    if not second and not any("memory" in place.parts for place in found):
        return ()  # the one that matters
    return tuple(found) if _tried(found) else ()


def _sweep(place: Path) -> None:
    """Takes away what a run that was killed has left."""
    for left in place.glob("grading-*"):
        if not Path("/proc", left.name.split("-")[1]).exists():
            _remove(left)


def _tried(found: list[Path]) -> bool:
    for place in found:
        _sweep(place)
    try:
        with group("trial", 1 << 30, 100, found):
            return True
    except OSError:
        return False


@contextmanager
def group(
    name: str, memory: int, processes: int, among: Optional[list[Path]] = None
) -> Iterator[list[str]]:
    """Makes groups of this name, bounded; words that put a command into them."""
    made = [place / f"grading-{os.getpid()}-{name}" for place in among or places()]
    files = []
    try:
        for directory in made:
            directory.mkdir(exist_ok=True)
            _set(directory, ("memory.max", "memory.limit_in_bytes"), memory)
            _set(directory, ("memory.swap.max", "memory.memsw.limit_in_bytes"), memory)
            _set(directory, ("pids.max",), processes)
            files.append(str(directory / "cgroup.procs"))
        script = 'until [ "$1" = -- ]; do echo $$ >"$1"; shift; done; shift; exec "$@"'
        yield ["sh", "-ec", script, "sh", *files, "--"] if files else []
    finally:
        for directory in made:
            _remove(directory)


def _set(directory: Path, names: tuple[str, ...], value: int) -> None:
    """Writes it to the one that is there. In version 2 swap is counted apart
    from memory: none of it."""
    for name in names:
        path = directory / name
        if path.exists():
            path.write_text("0" if name == "memory.swap.max" else str(value))


def _remove(directory: Path) -> None:
    """Ends what is still in it."""
    deadline = time.monotonic() + GONE
    while directory.exists():
        try:
            directory.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                return  # a process that even SIGKILL does not end
            with suppress(OSError, ValueError):
                for pid in re.findall(r"\d+", (directory / "cgroup.procs").read_text()):
                    os.kill(int(pid), 9)
            time.sleep(0.05)
