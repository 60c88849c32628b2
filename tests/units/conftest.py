"""Runs the checks of a unit assignment as pytest's own, so that they are graded
like any other: tests/units/NAME.md are the tests of --assignment NAME."""

from __future__ import annotations

import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Iterator, Optional

import pytest

from coursework import units
from coursework.units import Check, Unit
from coursework.units_run import PASSED, Outcome, run_tests
from coursework.units_tell import failed
from grader import limits
from grader.plugin import RESULT


class UnitFile(pytest.File):
    """An assignment's page of checks."""

    def collect(self) -> Iterator["UnitCheck"]:
        unit = units.units()[self.path.stem]
        for name, check in unit.checks().items():
            yield UnitCheck.from_parent(self, name=name, check=check, unit=unit)


class UnitCheck(pytest.Item):
    """One check: tests of the unit's programs."""

    def __init__(self, *, check: Check, unit: Unit, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.check = check
        self.unit = unit
        self.function = SimpleNamespace(check=check.code)  # what makes it a check

    def setup(self) -> None:
        result = self.stash[RESULT]
        result.heading = result.heading or self.unit.heading

    def runtest(self) -> None:
        directory = shlex.split(self.config.option.server)[0]
        outcomes: list[Outcome] = []
        with limits.limited(self.config.option.limit):
            for program in self.unit.programs:
                names = [t.name for t in self.check.tests if t.program == program]
                path = Path(directory, f"test_{program}")
                outcomes += run_tests(path, names) if names else []
        if any(outcome.status != PASSED for outcome in outcomes):
            raise failed(self.check, directory, outcomes)


def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Optional[pytest.Collector]:
    wanted = parent.config.getoption("assignment")
    if file_path.suffix == ".md" and file_path.stem == wanted:
        file: pytest.Collector = UnitFile.from_parent(parent, path=file_path)
        return file
    return None
