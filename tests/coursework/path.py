"""The order in which a student meets the checks of a step: milestone after
milestone, before each check what it needs; then the promises of earlier steps
that no milestone needed.

A promise kept may wait for a later milestone: in step 04 slow readers are
served once pieces are. It must not stand in the way of the first one.
"""

from __future__ import annotations

from typing import Iterable, Mapping

from grader.table import Row


def path(rows: Mapping[str, Row], step: int, milestones: Iterable[str]) -> list[str]:
    """The ids of the step's checks in that order. milestones: the lesson's."""
    holding = {name: row for name, row in rows.items() if row.holds_in(step)}
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in holding and name not in order:
            for need in holding[name].needs:
                visit(need)
            order[name] = None

    for milestone in milestones:
        for name, row in holding.items():
            if row.since == step and row.milestone == milestone:
                visit(name)
    for name in holding:
        visit(name)
    return list(order)


def first_failing(order: Iterable[str], results: Mapping[str, str]) -> str:
    """The check to care for next; "" where none has failed."""
    return next((name for name in order if results.get(name) == "failed"), "")
