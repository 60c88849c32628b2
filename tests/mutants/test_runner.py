"""The runner itself: what it must not call killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import alone, table
from mutants import by_hand, patches, run
from mutants.patches import Mutant
from mutants.proof import prove
from mutants.workshop import Workshop

ROWS = table.load()
LEAST = 12  # mutants a step
WORTH = 3  # points of a check that some mutant has to fail

# Checks of so many points that none fails, for a reason.
NO_SUCH_MISTAKE: dict[str, str] = {}

FILE = "steps/01-tcp-echo/net.h"
PATCH = """{wrong}
Killed by: {check}

--- a/{file}
+++ b/{file}
@@ -1,2 +1,3 @@
 {first}
+{more}
 #define NET_H
"""


def write(directory: Path, check: str = "help", file: str = FILE, **more: str) -> Path:
    """A patch that adds a line to net.h."""
    words = {"wrong": "A line more", "first": "#ifndef NET_H", "more": "/* ? */"}
    path = directory / "01-tcp-echo" / "made.patch"
    path.parent.mkdir()
    path.write_text(PATCH.format(check=check, file=file, **{**words, **more}))
    return path


def judged(workshop: Workshop, path: Path) -> str:
    outcome = prove(patches.parse(path), workshop, hand=False)
    assert not outcome.killed
    return "\n".join(outcome.problems)


def test_a_mutant_that_passes_is_told(workshop: Workshop, tmp_path: Path) -> None:
    assert "help passed" in judged(workshop, write(tmp_path))


@pytest.mark.parametrize(
    "more, problem",
    [
        ({"first": "#ifndef NETT_H"}, "FAILED"),
        ({"more": "static int unused;"}, "unused"),
        ({"more": "#error no"}, "#error no"),
    ],
)
def test_a_mutant_that_cannot_be_built_is_told(
    workshop: Workshop, tmp_path: Path, more: dict[str, str], problem: str
) -> None:
    said = judged(workshop, write(tmp_path, **more))
    assert "cannot be built" in said and problem in said


@pytest.mark.parametrize(
    "more, problem",
    [
        ({"check": "nobody"}, "no check is called nobody"),
        ({"check": "second-request"}, "does not hold in step 01"),
        ({"file": "common/io/net.h"}, "not the step's own file"),
        ({"file": "steps/02-blocking-http/main.c"}, "not of its step"),
    ],
)
def test_a_patch_with_a_fault_is_told(
    tmp_path: Path, more: dict[str, str], problem: str
) -> None:
    mutant = patches.parse(write(tmp_path, **more))
    assert problem in "\n".join(patches.faults(mutant, ROWS))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "What is wrong\n",
        "Wrong\nKilled by: a check\n\n+++ b/x\n",
        "Wrong\nKilled by: x\n\n",
    ],
)
def test_a_patch_of_another_form_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.patch"
    path.write_text(text)
    with pytest.raises(ValueError, match="x.patch"):
        patches.parse(path)


@pytest.mark.parametrize("mutant", patches.load(), ids=str)
def test_each_patch_is_in_form(mutant: Mutant) -> None:
    assert not patches.faults(mutant, ROWS)


@pytest.mark.parametrize("step", range(1, 8))
def test_a_step_has_mutants_enough(step: int) -> None:
    mutants = [mutant for mutant in patches.load() if mutant.step == step]
    assert len(mutants) >= LEAST
    killers = {mutant.check for mutant in patches.load()}
    new = [row for row in ROWS.values() if row.since == step]
    unharmed = {row.milestone for row in new}
    unharmed -= {row.milestone for row in new if row.id in killers}
    assert not unharmed, "milestones without a mutant"
    idle = {row.id for row in new if row.points >= WORTH and row.id not in killers}
    assert idle == {name for name in NO_SUCH_MISTAKE if ROWS[name].since == step}


def test_the_short_run_has_one_of_each_step() -> None:
    mutants = patches.load()
    chosen = [m for m in mutants if str(m) in patches.quick(mutants)]
    assert [m.step for m in chosen] == sorted({m.step for m in mutants})
    assert patches.quick(mutants) == patches.quick(mutants[::-1])


def test_the_table_tells_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= run.WIDTH
    text = " ".join(" ".join(lines).split())
    for mutant in patches.load():
        assert f"{mutant.name} killed by {mutant.check} {mutant.wrong}" in text
    assert run.main(["no-such-mutant"]) == 2


# --- by hand ------------------------------------------------------------------

needs_bwrap = pytest.mark.skipif(
    not alone.works(), reason="bwrap gives no network of its own here"
)
SERVER = "#!/bin/sh\necho {0}\n[ $1 = --port ] && exec nc -lk 127.0.0.1 $2\n"


def programs(directory: Path, one: str, other: str) -> tuple[Path, Path]:
    """Two programs called `server` that print this and that, and listen."""
    for name, text in (("mutant", one), ("reference", other)):
        program = directory / name / "server"
        program.parent.mkdir()
        program.write_text(SERVER.format(text))
        program.chmod(0o755)
    return directory / "mutant", directory / "reference"


@needs_bwrap
def test_what_differs_is_seen(tmp_path: Path) -> None:
    mutant, reference = programs(tmp_path, "wrong", "right")
    lines = [f"{mutant}/server --port 8080 &", "nc -N 127.0.0.1 8080 </dev/null"]
    assert by_hand.difference(lines, mutant, reference) == "-right\n+wrong"


@needs_bwrap
@pytest.mark.parametrize(
    "one, other, problem",
    [
        ("same", "same", "both show"),
        ("at 0x123456789a", "at 0xabcdef0123", "both show"),
        ("same", "$(date +%N)", "this and then that"),
    ],
)
def test_what_does_not_differ_is_told(
    tmp_path: Path, one: str, other: str, problem: str
) -> None:
    mutant, reference = programs(tmp_path, one, other)
    with pytest.raises(by_hand.NothingSeen, match=problem):
        by_hand.difference([f"{mutant}/server once"], mutant, reference)
    with pytest.raises(by_hand.NothingSeen, match="no line runs"):
        by_hand.difference(["echo hello"], mutant, reference)


@needs_bwrap
def test_lines_that_do_not_end_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_hand, "PATIENCE", 0.3)
    seen = by_hand.show(["sleep 0.1; nc -l 127.0.0.1 8080"])
    assert any("not at its end after 0.4 s" in line for line in seen)
