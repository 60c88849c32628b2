"""Each step asks for more than the one before: that one's reference, graded by
the suite of this step, earns no milestone by luck, and keeps what it promised.
(That this step's reference gets all the points is seen by `make test`.)"""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.results import FAILED, NOT_JUDGED, PASSED
from mutants.patches import TREE
from mutants.proof import suite
from mutants.workshop import Workshop

# What the contract itself changes for every program of the step, so that one of
# the step before cannot keep it.
CHANGED = {
    2: {"listening-line"},  # says http:// from now on
    4: {"refuses-options"},  # --max-children has gone
    6: {"listening-line"},  # is started with --root
    7: {"listening-line"},  # is started with --cert and --key, says https://
}
QUICK = (7,)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(step, marks=[] if step in QUICK else pytest.mark.slow)
        for step in range(2, 8)
    ],
)
def test_the_step_before_is_not_enough(
    step: int, workshop: Workshop, tmp_path: Path
) -> None:
    before = next((TREE / "steps").glob(f"{step - 1:02}-*")).name
    run = suite(step, workshop.reference(before), tmp_path)
    checks = run.data["checks"]
    earned: dict[str, bool] = {}
    for check in checks:
        if check["new"]:
            name = check["milestone"]
            earned[name] = earned.get(name, True) and check["result"] == PASSED
    assert earned and not any(earned.values()), run.text
    kept = {check["id"]: check for check in checks if not check["new"]}
    changed = CHANGED.get(step, set())
    failed = {name for name, check in kept.items() if check["result"] == FAILED}
    assert failed == changed, run.text
    for name, check in kept.items():
        if check["result"] == NOT_JUDGED:
            assert changed & set(_roots(name, kept)), run.text
    assert {c["result"] for c in checks} <= {PASSED, FAILED, NOT_JUDGED}, run.text


def _roots(name: str, kept: dict[str, dict[str, list[str]]]) -> list[str]:
    """All that a check needs."""
    needs = kept[name]["needs"] if name in kept else []
    return [*needs, *(root for need in needs for root in _roots(need, kept))]
