"""The table of all checks, tests/checks.md: who needs whom, for how much.

The table is written for people; every row of seven cells in it is a check:

    | id | steps | milestone | points | mark | needs | title |

`steps` is `02-05` (from 02 to 05), `02` (in 02 alone) or `02-` (from 02 on).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Optional

TABLE = Path(__file__).resolve().parent.parent / "checks.md"
MARKS = ("contract", "MUST", "permitted")
LAST_STEP = 99


@dataclass(frozen=True)
class Row:
    """One check as the table has it."""

    id: str
    since: int
    until: int
    milestone: str
    points: int
    mark: str
    needs: tuple[str, ...]
    title: str
    exercise: str = ""  # that it belongs to; else to the step itself

    def holds_in(self, step: int) -> bool:
        """Whether a server of this step must keep the promise."""
        return self.since <= step <= self.until

    def is_new_in(self, step: int, exercise: str = "") -> bool:
        """Whether it is graded as new there, and not as kept."""
        return self.since == step and self.exercise == exercise

    @property
    def steps(self) -> str:
        if self.since == self.until:
            return f"{self.since:02}"
        end = "" if self.until == LAST_STEP else f"{self.until:02}"
        return f"{self.since:02}-{end}"


class TableError(Exception):
    """The table cannot be read; the message names the line."""


def parse(text: str) -> dict[str, Row]:
    """Reads the table; the order of the rows is kept."""
    rows: dict[str, Row] = {}
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or len(cells) != 7:
            continue
        if cells[0] == "id" or set(cells[0]) <= set("-: "):
            continue
        row = _row(cells, f"checks.md, line {number}")
        if row.id in rows:
            raise TableError(f"checks.md, line {number}: {row.id} stands twice")
        rows[row.id] = row
    return rows


def _row(cells: list[str], where: str) -> Row:
    name, steps, milestone, points, mark, needs, title = cells
    span = re.fullmatch(r"(\d\d)(-(\d\d)?)?", steps)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise TableError(f"{where}: {name!r} is not in kebab-case")
    if not span:
        raise TableError(f"{where}: steps {steps!r} are not like 02, 02-, 02-05")
    if not points.isdigit() or mark not in MARKS:
        raise TableError(f"{where}: points are a number, mark one of {MARKS}")
    since = int(span[1])
    until = int(span[3]) if span[3] else LAST_STEP if span[2] else since
    return Row(
        id=name,
        since=since,
        until=until,
        milestone=milestone,
        points=int(points),
        mark=mark,
        needs=tuple(re.findall(r"[a-z0-9-]*[a-z0-9]", needs)),
        title=title,
    )


def load(path: Optional[Path] = None) -> dict[str, Row]:
    return parse((path or TABLE).read_text(encoding="utf-8"))


def faults(rows: dict[str, Row], steps: Iterable[int], exercise: str = "") -> list[str]:
    """What is wrong with the rows that are new in these steps."""
    found = []
    seen: set[str] = set()
    wanted = set(steps)
    for row in rows.values():
        for need in row.needs:
            if need not in seen:
                found.append(f"{row.id} needs {need}, which no row above it has")
        seen.add(row.id)
        if row.mark == "permitted" and row.points:
            found.append(f"{row.id} is permitted, so it earns no points")
    for step in sorted(wanted):
        new = [r for r in rows.values() if r.is_new_in(step, exercise)]
        total = sum(row.points for row in new)
        if total != 100:
            found.append(f"the new checks of step {step:02} sum to {total}, not 100")
    return found
