"""Each mistake planted into the peer is found by the check that must find it,
and the failure says all that a student needs."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

import pytest
from selftest import breaks_01, breaks_02
from selftest.grading import TESTS, run_grader

from grader import table

ROWS = table.load()
BREAKS = [*breaks_01.BREAKS, *breaks_02.BREAKS]
EVERY = 8  # in a quick run one of so many is tried


def closure(name: str) -> set[str]:
    """The check and all that it needs."""
    found = {name}
    for need in ROWS[name].needs:
        found |= closure(need)
    return found


@pytest.mark.parametrize(
    "step, check, file, old, new",
    [
        pytest.param(
            *planted,
            id=f"{number}-{planted[1]}",
            marks=[] if number % EVERY == 0 else [pytest.mark.slow],
        )
        for number, planted in enumerate(BREAKS)
    ],
)
def test_is_found(
    step: int, check: str, file: str, old: str, new: str, tmp_path: Path
) -> None:
    peers = tmp_path / "peers"
    shutil.copytree(TESTS / "peers", peers)
    text = (peers / file).read_text()
    assert old in text, "the peer has changed: plant the mistake anew"
    (peers / file).write_text(text.replace(old, new))
    python = shlex.quote(sys.executable)
    wanted = closure(check)
    run = run_grader(
        tmp_path,
        TESTS / "checks",
        f"{python} {peers / 'peer.py'} --step {step:02}",
        *("--client", f"{python} {peers / 'client.py'}"),
        *("--step", str(step), "--patience", "1.5"),
        *("-k", " or ".join("test_" + name.replace("-", "_") for name in wanted)),
    )
    result = run.check(check)
    assert result["result"] == "failed", run.text
    for need in wanted - {check}:
        assert run.results[need] == "passed", run.text
    story = result["story"]
    parts = ("why", "sent", "expected", "got", "received", "printed", "again")
    for part in parts if story["received"] else parts[:4]:
        assert story[part], f"the failure does not tell {part}: {run.text}"
    assert len(result["hints"]) == 3 and result["reason"]
