"""make reset-03: begins the homework of step 03 again, and keeps a copy."""

from __future__ import annotations

import sys
from pathlib import Path

from . import state
from .start import welcome, write_files
from .student import EXPECTED, Refused, Student, parser, say, student


def main(argv: list[str]) -> int:
    words = parser("reset", __doc__)
    words.add_argument("--yes", action="store_true", help="ask nothing")
    given = words.parse_args(argv)
    try:
        mine = student(given)
        mine.begun()
        copy = next_copy(mine)
        if not given.yes and not agreed(mine, copy):
            print("Nothing has changed.")
            return 1
    except EXPECTED as error:
        return say(error)
    mine.own.rename(copy)
    write_files(mine.starter(), mine.own)
    state.forget(mine.work, mine.name)
    print(f"What you had is in {mine.shown_as(copy)}.")
    print("\n".join(welcome(mine)))
    return 0


def next_copy(mine: Student) -> Path:
    """The first of 03-fork.1, 03-fork.2 ... that is not there yet."""
    number = 1
    while (copy := mine.own.with_name(f"{mine.name}.{number}")).exists():
        number += 1
    return copy


def agreed(mine: Student, copy: Path) -> bool:
    """Asks, where there is somebody to ask."""
    if not sys.stdin.isatty():
        raise Refused(f"Nobody is there to ask: make reset-{mine.number} YES=1")
    print(f"This begins {mine.shown} again; what is there now moves to")
    print(f"{mine.shown_as(copy)}. Go on? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
