"""The fixture of the tests of mutants."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mutants.patches import TREE
from mutants.workshop import Workshop


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Builds mutants; the environment's BUILD is where `make san` has built."""
    build = Path(os.environ.get("BUILD", "build"))
    return Workshop(TREE / build, tmp_path_factory.mktemp("mutants") / "trees")
