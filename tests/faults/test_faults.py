"""No call that fails harms more than it must; and what does is found."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from .kinds import HIDDEN, Fault
from .run import STEPS, TREE, Step, program_of, suffer_all, tell

EVERY = 14  # one of so many faults is in a quick run
EVERY_OF_TLS = 30  # ...where each takes longer
NEAR = 5  # calls deep in OpenSSL, at most: what the server itself asks it for
SHARES = {3: 2, 6: 2, 7: 24}  # parts of all faults of a step, a case each
JOBS = 4
PLANTED = sorted((Path(__file__).parent / "planted").glob("*.patch"))
ONLY = int(os.environ.get("STEP") or 0)

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="it looks at servers in /proc"
)


@pytest.fixture(scope="session")
def servers(certificate: Callable[[], Path]) -> Callable[[int], Step]:
    """Each step's server, run once without a fault."""
    known: Dict[int, Step] = {}

    def get(number: int) -> Step:
        if number not in known:
            known[number] = Step(number, program_of(number), certificate)
        return known[number]

    return get


def hold(step: Step, faults: List[Fault]) -> None:
    results = suffer_all(step, faults, JOBS)
    failed = [result for result in results if result.problems]
    assert not failed, "\n".join(tell(result, step) for result in failed)
    met = sum(result.hit for result in results)
    assert met >= 0.9 * len(results) > 0, "too few of the calls came about"


def params(numbers: Any) -> List[Any]:
    return [pytest.param(n, id=f"{n:02}") for n in numbers if ONLY in (0, n)]


# Calls by which the servers once did what they must not.
FOUND = {(1, "log"), (4, "write"), (7, "recv"), (7, "send")}


def near(step: Step) -> List[Fault]:
    """Not those deep in OpenSSL."""
    return [f for f in step.faults() if not f.in_openssl or len(f.site) <= NEAR]


@pytest.mark.parametrize("number", params(STEPS))
def test_some_faults(number: int, servers: Callable[[int], Step]) -> None:
    """A share; and what all are compared with is itself as it should be."""
    right = servers(number).right
    assert right.listened and right.status == 0
    assert not right.reports and not right.aborted
    assert right.processes == 1
    assert not [talk.trouble for talk in right.talks if talk.trouble]
    assert len(right.calls) > 50
    faults = near(servers(number))
    few = faults[:: EVERY_OF_TLS if number == 7 else EVERY]
    few += [f for f in faults if (number, f.call) in FOUND and f not in few]
    hold(servers(number), few)


@pytest.mark.slow
@pytest.mark.parametrize(
    "number, share",
    [
        pytest.param(n, k, id=f"{n:02}-{k + 1}of{SHARES.get(n, 1)}")
        for n in STEPS
        if ONLY in (0, n)
        for k in range(SHARES.get(n, 1))
    ],
)
def test_all_faults(number: int, share: int, servers: Callable[[int], Step]) -> None:
    hold(servers(number), servers(number).faults()[share :: SHARES.get(number, 1)])


# --- what is wrong is found -----------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("patch", PLANTED, ids=lambda path: path.stem)
def test_planted_mistake_is_found(
    patch: Path, tmp_path: Path, certificate: Callable[[], Path]
) -> None:
    text = patch.read_text(encoding="utf-8")
    call, _, error = text.splitlines()[1].partition(": ")[2].partition(":")
    name = text.partition("+++ b/steps/")[2].partition("/")[0]
    for part in ("common", "steps", "tests/faults"):
        shutil.copytree(TREE / part, tmp_path / part)
    shutil.copytree(TREE / "tests" / "tools", tmp_path / "tests" / "tools")
    for file in ("Makefile", "tests/coursework/rules.mk", "tests/demo/rules.mk"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(TREE / file, tmp_path / file)
    program = tmp_path / "build" / "san" / "faults" / name
    for command in (
        ["patch", "-p1", "-F0", "-i", str(patch)],
        ["make", "BUILD=build", f"build/san/faults/{name}"],
    ):
        environment = {k: v for k, v in os.environ.items() if "MAKE" not in k}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    step = Step(int(name[:2]), program, certificate)
    faults = [f for f in near(step) if (f.call, f.error) == (call, error)]
    assert any(r.problems for r in suffer_all(step, faults, JOBS)), text


# --- the plan ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "plan", ["", "read", "nobody:1:EINTR", "read:0:EINTR", "read:1:X"]
)
def test_no_plan(plan: str) -> None:
    """A plan with a mistake in it is told, and not run as none."""
    done = subprocess.run(
        [str(program_of(1)), "--help"],
        env={**os.environ, "FAULT": plan},
        capture_output=True,
        check=False,
    )
    assert (done.returncode == 0) == (plan == "")
    assert (b"FAULT is no plan" in done.stderr) == (plan != "")


def test_endless_loop_is_ended(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(program_of(1)), "--port", "0"],
        env={**os.environ, "FAULTS_MOST": "2"},
        capture_output=True,
        check=False,
        timeout=20,
    )
    assert done.returncode < 0 and b"an endless loop" in done.stderr


def test_each_call_has_errors() -> None:
    """The names of kinds.py are those of plan.c."""
    text = (Path(__file__).parent / "plan.c").read_text(encoding="utf-8")
    for call in HIDDEN:
        assert f'"{call}"' in text
