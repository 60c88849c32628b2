"""Which steps a test attacks, and a laboratory for each of its servers."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from grader.lab import Lab
from grader.limits import remove
from grader.site import site_for

from .field import large_file, program
from .kinds import KINDS, QUICK


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "steps(first, last): those it is tried on")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A case for each step that the test names, and for each kind of client
    there; STEP=04 takes those of one step."""
    mark = metafunc.definition.get_closest_marker("steps")
    if not mark:
        return
    only = int(os.environ.get("STEP") or 0)
    steps = [n for n in range(mark.args[0], mark.args[1] + 1) if only in (0, n)]
    if "kind" not in metafunc.fixturenames:
        metafunc.parametrize("step", steps, ids=[f"{n:02}" for n in steps])
        return
    small = "small" in metafunc.definition.name
    kinds = [kind for kind in KINDS.values() if not kind.downloads]
    kinds = [kind for kind in kinds if not small or kind.name in QUICK]
    cases = [(n, k.name) for n in steps for k in kinds if n in k.steps]
    ids = [f"{n:02}-{name}" for n, name in cases]
    metafunc.parametrize(("step", "kind"), cases, ids=ids)


@pytest.fixture
def step() -> int:
    raise AssertionError("a test names its steps by the mark `steps`")


@pytest.fixture
def lab(step: int, request: pytest.FixtureRequest, certificate: Any) -> Iterator[Lab]:
    """The surroundings of one attack; its servers must not die, nor have
    reports of a sanitizer."""
    directory = Path(tempfile.mkdtemp(prefix="attack-"))
    made = Lab(
        request.node.name,
        step=step,
        command=os.environ.get("SERVER") or program(step),
        client="",
        site=site_for(step, directory, certificate),
        seed=request.config.option.seed,
        directory=directory,
    )
    large_file(made)
    try:
        yield made
        problem = made.finish([])
        if problem:
            raise problem
    finally:
        made.finish([])
        remove(directory)
