"""What the contract permits earns the points too: where a check accepts several
answers, a reference that gives each of the others passes it. (Those of the
cases are fed by tests/selftest/test_reading.py; what is not accepted are the
mutants.)"""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from grader import table
from grader.results import PASSED
from mutants import patches
from mutants.proof import closure, grade
from mutants.workshop import Workshop

PERMITTED = patches.load(patches.HERE / "permitted")
EVERY = 8  # in a quick run one of so many is tried


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(
            v,
            id=str(v),
            marks=[] if zlib.crc32(str(v).encode()) % EVERY == 0 else pytest.mark.slow,
        )
        for v in PERMITTED
    ],
)
def test_passes(variant: patches.Mutant, workshop: Workshop, tmp_path: Path) -> None:
    rows = table.load()
    assert not patches.faults(variant, rows)
    run = grade(variant.step, workshop.mutant(variant), variant.checks, tmp_path)
    workshop.discard(variant)
    wanted = set().union(*(closure(name, rows) for name in variant.checks))
    wanted = {name for name in wanted if rows[name].holds_in(variant.step)}
    assert run.results == dict.fromkeys(wanted, PASSED), run.text
