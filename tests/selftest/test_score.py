"""Points: shares that always sum to the whole, whatever is overridden."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from grader import results, score, verdict
from grader.course import Course, when
from selftest.grading import result

STATES = (verdict.PASSED, verdict.FAILED, verdict.NOT_JUDGED, verdict.BROKE)


def some_results(chance: random.Random) -> list[verdict.Result]:
    """Results of a made-up suite, as uneven as can be."""
    return [
        result(
            f"c{number}",
            chance.choices(STATES, (6, 2, 1, 1))[0],
            chance.choice((0, 1, 1, 2, 3, 7, 10)),
            new=chance.random() < 0.6,
            milestone=chance.choice("MNO"),
            mark=chance.choices(("MUST", "permitted"), (9, 1))[0],
        )
        for number in range(chance.randrange(1, 40))
    ]


@pytest.mark.parametrize("seed", range(60))
def test_parts_sum_to_the_whole(seed: int) -> None:
    chance = random.Random(seed)
    made = some_results(chance)
    weight = Fraction(chance.randrange(0, 101))
    given = {r.id: Fraction(chance.randrange(0, 50), 7) for r in made[::3]}
    course = Course(new_weight=weight, points=given)
    document = verdict.document(made, {"step": 2}, course)
    groups = document["milestones"]
    worth = sum(round(10 * group["worth"]) for group in groups)
    points_of = document["points"]["new_of"] + document["points"]["kept_of"]
    assert worth == (1000 if points_of else 0)
    assert sum(round(10 * g["earned"]) for g in groups) == round(
        10 * document["earned"]
    )
    assert document["score"] == document["earned"]
    for group in groups:
        own = [c for c in document["checks"] if c["new"] and group["new"]]
        own = [c for c in own if c["milestone"] == group["name"]]
        assert 0 <= group["earned"] <= group["worth"]
        if group["new"]:
            assert round(10 * group["worth"]) == sum(
                round(10 * c["worth"]) for c in own
            )


def test_a_hundred_is_for_all_of_them_only() -> None:
    made = [result("new", verdict.PASSED, 100)]
    made += [result(f"k{n}", verdict.PASSED, 10, new=False) for n in range(200)]
    assert score.score(made).total == 100
    made[-1].result = verdict.FAILED
    assert score.score(made).total == 99.9


def test_what_nobody_could_judge_costs_nothing() -> None:
    made = [
        result("broke", verdict.BROKE, 30, excused=True),
        result("cannot", verdict.NOT_JUDGED, 30, excused=True),
        result("waits", verdict.NOT_JUDGED, 10, needs=["broke"]),
        result("both", verdict.NOT_JUDGED, 10, needs=["broke", "failed"]),
        result("good", verdict.PASSED, 15),
    ]
    failed = result("failed", verdict.FAILED, 5)
    settled = results.settle([failed, *made])
    excused = [r.id for r in settled if r.excused]
    assert excused == ["broke", "cannot", "waits"]
    assert settled[4].note == "needs failed, which failed"
    assert score.score(settled).total == 50


def test_parts_are_made_smaller_alike() -> None:
    assert score.reduce_to(600, [500, 300, 200, 0]) == [300, 180, 120, 0]
    for whole in range(0, 101):
        parts = score.reduce_to(whole, [33, 33, 34, 0])
        assert sum(parts) == whole
        assert all(part <= most for part, most in zip(parts, [33, 33, 34, 0]))


def test_a_weight_of_new_against_kept() -> None:
    made = [
        result("a", verdict.PASSED, 100),
        result("b", verdict.FAILED, 10, new=False),
    ]
    assert score.score(made).total == 80
    assert score.score(made, new_weight=Fraction(60)).total == 60
    assert score.score(made, {"b": Fraction(0)}).total == 100


@pytest.mark.parametrize(
    "submitted, days, total",
    [
        ("2026-11-14 23:59:00 Europe/Berlin", 0, 75.0),
        ("2026-11-14 23:59:01 Europe/Berlin", 1, 67.5),
        ("2026-11-15 23:59:00 Europe/Berlin", 1, 67.5),
        ("2026-11-15T22:59:01Z", 2, 60.0),
        ("2026-11-17T23:00:00+01:00", 3, 52.5),
        ("2026-11-19 12:00 UTC", 5, 0.0),
    ],
)
def test_lateness(submitted: str, days: int, total: float) -> None:
    made = [result("a", verdict.PASSED, 75), result("b", verdict.FAILED, 25)]
    course = Course(
        deadline=when("2026-11-14 23:59 Europe/Berlin"),
        late=Fraction(10),
        nothing_after=4,
        submitted=when(submitted),
    )
    document = verdict.document(made, {"step": 2}, course)
    assert document["late"]["days"] == days
    assert document["score"] == total
    assert document["earned"] == 75
    assert document["late"]["taken"] == 75 - total


def test_the_order_in_which_to_look_at_failures() -> None:
    made = [
        result("kept", verdict.FAILED, new=False),
        result("base", verdict.FAILED, new=False),
        result("one", verdict.NOT_JUDGED, needs=["base"]),
        result("two", verdict.FAILED),
        result("three", verdict.FAILED),
        result("fine", verdict.PASSED, needs=["kept"]),
    ]
    order = [r.id for r in results.failures(made)]
    assert order == ["base", "two", "three", "kept"]


def test_milestones_stand_in_the_order_of_the_lesson() -> None:
    made = [
        result("later", verdict.FAILED, 50, order=2, milestone="N"),
        result("sooner", verdict.FAILED, 50, order=1, needs=["base"], milestone="M"),
        result("base", verdict.FAILED, new=False, order=9),
    ]
    assert [r.id for r in results.failures(made)] == ["base", "sooner", "later"]
    groups = score.score(made).groups
    assert [group.name for group in groups] == [score.KEPT, "M", "N"]
