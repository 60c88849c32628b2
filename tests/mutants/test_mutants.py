"""Every mutant is killed by the check that its patch names, and the failure
shows the mistake. By hand: pytest tests/mutants -k 03-."""

from __future__ import annotations

import pytest

from grader import alone
from mutants import patches
from mutants.proof import prove
from mutants.workshop import Workshop

MUTANTS = patches.load()
QUICK = patches.quick(MUTANTS)


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(m, id=str(m), marks=[] if str(m) in QUICK else pytest.mark.slow)
        for m in MUTANTS
    ],
)
def test_is_killed(mutant: patches.Mutant, workshop: Workshop) -> None:
    outcome = prove(mutant, workshop, hand=alone.works())
    assert not outcome.problems, "\n".join(outcome.problems)
