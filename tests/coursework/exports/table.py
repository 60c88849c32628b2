"""A table for a spreadsheet: a row for each check, then what promises of earlier
steps bring together, what a late submission costs, and the total. All rows above
the total sum to it.

RFC 4180: lines end with CRLF. A cell that a spreadsheet would take for a formula
begins with an apostrophe (OWASP, CSV Injection).
"""

from __future__ import annotations

import csv
import io
from typing import Any

from .words import results

COLUMNS = [
    *("assignment", "submission", "check", "milestone", "title", "result"),
    *("points", "of", "seconds", "note"),
]
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def text(document: dict[str, Any]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    whose = [document["assignment"], document["submission"]]
    for result in results(document):
        earned = result.worth if result.result == "passed" else 0.0
        points = [_number(earned), _number(result.worth)] if result.new else ["", ""]
        row = [*whose, result.id, result.milestone, result.title, result.result]
        note = (result.note.splitlines() or [""])[-1]
        writer.writerow(_safe([*row, *points, f"{result.seconds:.3f}", note]))
    for group in document["milestones"]:
        if not group["new"]:
            said = f"{group['passed']} of {group['checks']} passed"
            points = [_number(group["earned"]), _number(group["worth"])]
            row = [*whose, "kept", group["name"], group["name"], said]
            writer.writerow(_safe([*row, *points, "", ""]))
    late = document["late"]
    if late and late["days"]:
        days = f"{late['days']} days after the deadline"
        row = [*whose, "late", "", days, "", _number(-late["taken"]), "", "", ""]
        writer.writerow(_safe(row))
    total = [_number(document["score"]), "100", f"{document['seconds']:.3f}", ""]
    row = [*whose, "total", "", "The score", document["status"], *total]
    writer.writerow(_safe(row))
    return out.getvalue()


def _number(points: float) -> str:
    return f"{points:.1f}"


def _safe(cells: list[str]) -> list[str]:
    """Cells that are data and nothing else; numbers stay numbers."""
    return [f"'{cell}" if _is_formula(cell) else cell for cell in cells]


def _is_formula(cell: str) -> bool:
    if not cell.startswith(FORMULA):
        return False
    try:
        float(cell)
    except ValueError:
        return True
    return not cell.startswith("-")
