"""What results are worth: points of a hundred, in whole tenths.

Every number that a report shows comes from here, once: new checks have 80 of the
hundred, shared out by their points; promises kept from earlier steps share the
other 20 and have no number each. All is counted in tenths, as integers, so that
the parts always sum to the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Iterable, Mapping, Optional, Sequence, Union

from .results import BROKE, PASSED, Result

HUNDRED = 1000  # tenths
NEW_WEIGHT = 80  # of a hundred; the rest is for kept promises
KEPT = "Kept from earlier steps"  # the group of all kept promises

Number = Union[int, float, Fraction]


@dataclass
class Group:
    """A milestone of the step, or all that is kept from earlier ones."""

    name: str
    new: bool
    worth: int = 0  # tenths
    earned: int = 0  # tenths
    passed: int = 0
    checks: int = 0


@dataclass
class Score:
    """Points: a hundred for what is new and kept together."""

    new: Fraction = Fraction(0)  # as the table has them
    new_of: Fraction = Fraction(0)
    kept: Fraction = Fraction(0)
    kept_of: Fraction = Fraction(0)
    worth: dict[str, int] = field(default_factory=dict)  # tenths of each new check
    groups: list[Group] = field(default_factory=list)

    @property
    def tenths(self) -> int:
        return sum(group.earned for group in self.groups)

    @property
    def total(self) -> float:
        return self.tenths / 10


def _sum(numbers: Iterable[Number]) -> Fraction:
    return sum((Fraction(number) for number in numbers), Fraction(0))


def apportion(whole: int, shares: Sequence[Number]) -> list[int]:
    """Parts a whole in these proportions, into integers that sum to it: each
    has its share rounded down, and the largest remainders get one more."""
    total = _sum(shares)
    if not total:
        return [0 for _ in shares]
    exact = [whole * Fraction(share) / total for share in shares]
    parts = [int(part) for part in exact]
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[: whole - sum(parts)]:
        parts[i] += 1
    return parts


def reduce_to(whole: int, parts: Sequence[int]) -> list[int]:
    """Makes parts smaller, so that they sum to a smaller whole: what is taken
    for a late submission is taken from all alike."""
    return apportion(whole, parts) if whole < sum(parts) else list(parts)


def counts_in(result: Result) -> bool:
    """Whether points hang on it: never on what nobody could judge."""
    return result.mark != "permitted" and not result.excused and result.result != BROKE


def score(
    results: Iterable[Result],
    points: Optional[Mapping[str, Number]] = None,
    new_weight: Number = NEW_WEIGHT,
) -> Score:
    """The points of these results. points: of each check, where they are not
    those of the table; new_weight: for the new ones, of a hundred."""
    results = list(results)
    given = points or {}
    of = {r.id: Fraction(given.get(r.id, r.points)) for r in results if counts_in(r)}
    new = [r for r in results if r.new and r.id in of]
    kept = [r for r in results if not r.new and r.id in of]
    found = Score(
        new=_sum(of[r.id] for r in new if r.result == PASSED),
        new_of=_sum(of[r.id] for r in new),
        kept=_sum(of[r.id] for r in kept if r.result == PASSED),
        kept_of=_sum(of[r.id] for r in kept),
    )
    if found.new_of and found.kept_of:
        weights = [Fraction(new_weight), 100 - Fraction(new_weight)]
        for_new, for_kept = apportion(HUNDRED, weights)
    else:  # where one kind has no points, the other has the hundred
        for_new, for_kept = (HUNDRED if found.new_of else 0), HUNDRED
    found.worth = dict(
        zip((r.id for r in new), apportion(for_new, [of[r.id] for r in new]))
    )
    found.groups = _groups(results, found, for_kept)
    return found


def _groups(results: list[Result], found: Score, for_kept: int) -> list[Group]:
    groups: dict[tuple[bool, str], Group] = {}
    for result in sorted(results, key=lambda r: r.order if r.new else 0):
        name = result.milestone if result.new else KEPT
        group = groups.setdefault((result.new, name), Group(name, result.new))
        worth = found.worth.get(result.id, 0)
        group.checks += 1
        group.worth += worth
        if result.result == PASSED:
            group.passed += 1
            group.earned += worth
    kept = groups.get((False, KEPT))
    if kept and found.kept_of:  # rounded down: all of it only for all of them
        kept.worth = for_kept
        kept.earned = int(for_kept * found.kept / found.kept_of)
    return list(groups.values())
