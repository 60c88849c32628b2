"""Each milestone is green on its own.

The reference's functions are filled into the starter milestone by milestone,
those of later ones with their first bodies. Then the checks of the milestones
up to there pass, and the next ones have something left to do.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from coursework import homework, stages
from coursework.homework import Homework
from grader import table

STEPS = list(homework.read_all())


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place for what is made, common/ once for all."""
    return tmp_path_factory.mktemp("build")


def milestones_with_rows(declared: Homework) -> dict[str, list[str]]:
    """The new checks of each milestone, the milestones in the lesson's order."""
    found: dict[str, list[str]] = {
        name: [] for name in homework.lesson_milestones(declared.step)
    }
    for row in table.load().values():
        if row.since == int(declared.number):
            found[row.milestone].append(row.id)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "declared, reached",
    [
        pytest.param(step, number, id=f"{step.number}-{number}")
        for step in STEPS
        for number in range(1, len(step.milestones) + 1)
    ],
)
def test_milestone(
    declared: Homework, reached: int, build: Path, tmp_path: Path
) -> None:
    stages.write(declared, reached, tmp_path / declared.name)
    results = stages.grade(declared, tmp_path, build, "--patience", "5")
    rows = milestones_with_rows(declared)
    written = list(declared.milestones)
    ahead = written[reached:]
    upto = list(rows).index(ahead[0]) if ahead else len(rows)
    wrong = []
    for place, (milestone, checks) in enumerate(rows.items()):
        for check in checks:
            result = results.get(check, {"result": "slow"})["result"]
            if place < upto and result not in ("passed", "slow"):
                wrong.append(f"{milestone}: {check} {result}")
        judged = [results[check]["result"] for check in checks if check in results]
        if milestone in ahead and set(judged) == {"passed"}:
            wrong.append(f"{milestone}: all pass before it is written")
    assert not wrong, "\n".join(wrong)
