"""make solution-03: what the reference does differently, once all passed."""

from __future__ import annotations

import difflib
import sys
from typing import Iterator

from . import state
from .blank import HEADER, is_handout
from .student import EXPECTED, Refused, Student, parser, say, student


def main(argv: list[str]) -> int:
    words = parser("solution", __doc__)
    words.add_argument("--force", action="store_true", help="before it passes too")
    given = words.parse_args(argv)
    try:
        mine = student(given)
        mine.begun()
        if is_handout(mine.step):
            raise Refused("Your teacher has the solution; it is not in here.")
        if not given.force:
            earned(mine)
    except EXPECTED as error:
        return say(error)
    lines = list(differences(mine))
    sys.stdout.writelines(lines)
    if not lines:
        print("Your files are those of the reference, byte for byte.")
    return 0


def earned(mine: Student) -> None:
    """Refuses unless the last grading passed every new check that earns."""
    entry = state.load(mine.work).get(mine.name, state.Entry())
    left = [
        row.id
        for row in mine.rows().values()
        if row.since == mine.since
        and row.points
        and entry.checks.get(row.id) != "passed"
    ]
    if left:
        raise Refused(
            f"{len(left)} checks of {mine.shown} have not passed yet, the first of"
            f" them {left[0]}.\n"
            f"  make hint-{mine.number}               helps with it\n"
            f"  make solution-{mine.number} FORCE=1   shows the reference all the same"
        )


def differences(mine: Student) -> Iterator[str]:
    """From the student's files to the reference's, as a unified diff."""
    reference = {path.name: path for path in mine.reference()}
    names = set(reference)
    names |= {path.name for path in mine.own.glob("*.[ch]")} - {HEADER}
    for name in sorted(names):
        texts = []
        for path in (mine.own / name, reference.get(name, mine.step / name)):
            text = path.read_text(errors="replace") if path.exists() else ""
            texts.append(text.splitlines(keepends=True))
        for line in difflib.unified_diff(
            texts[0], texts[1], f"{mine.shown}/{name}", mine.shown_as(path)
        ):
            yield line if line.endswith("\n") else line + "\n"
