"""What the benchmarks do with figures, and that `make test-cost` sees a change."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bench import calls, cost, parts, quiet, run, tables
from bench.servers import Place

TREE = Path(__file__).resolve().parents[2]
SOURCES = ("Makefile", "steps", "common", "tests/tools/packages.sh")
PLACE_OF_CALL = "    do\n        sent = writev("
CALLGRIND = """\
positions: line
events: Ir
ob=(1) /bin/server
fn=(1) main
0 10
cob=(2) /lib/libc.so.6
cfn=(2) memcpy
calls=3 0
0 60
0 5
ob=(2)
fn=(2)
0 60
totals: 75
"""


def cell(server: str, turn: int, rate: float) -> dict[str, Any]:
    found = {"part": "kept", "point": 0, "server": server, "round": turn}
    return {**found, "rate": rate, "disturbed": []}


def test_what_a_called_function_costs_is_counted_once() -> None:
    assert cost.self_cost(CALLGRIND) == {"server": 15, "libc.so.6": 60}


def test_ratios_are_those_of_one_round() -> None:
    rates = [("06", 0, 10.0), ("nginx", 0, 5.0), ("06", 1, 40.0), ("nginx", 1, 40.0)]
    document = {"cells": [cell(*one) for one in rates]}
    found = tables.ratios(document, "kept", 0, "06", "nginx")
    assert found == tables.Spread(1.0, 1.5, 2.0)
    assert str(found) == "1.50 (1.00 to 2.00)"


def test_calls_that_another_process_interrupts_are_counted_once() -> None:
    log = (
        "71 read(4, <unfinished ...>\n72 close(3) = 0\n"
        '71 <... read resumed> "", 9) = 0\n71 --- SIGCHLD {si_pid=72} ---\n'
        "72 +++ exited with 0 +++\n"
    )
    assert calls.counted(log) == {"read": 1, "close": 1}


@pytest.mark.parametrize(
    "others, stolen, times, tracked, reasons",
    [
        (0.0, 0.0, [2.0, 2.1], 0.1, 0),
        (0.5, 0.0, [2.0, 2.0], 0.1, 1),
        (0.0, 0.0, [2.0, 2.0], 0.95, 1),
        (0.2, 0.1, [1.0, 2.0], 0.1, 3),
    ],
)
def test_a_disturbed_cell_says_why(
    others: float, stolen: float, times: list[float], tracked: float, reasons: int
) -> None:
    found = {"others": others, "stolen": stolen, "calibration_ms": times}
    found["tracked"] = tracked
    assert len(quiet.reasons(found)) == reasons


def test_a_part_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="there is no part kpet"):
        parts.chosen(["kpet"], quick=False)
    assert [part.name for part in parts.chosen(["kept"], quick=True)] == ["kept"]


def test_the_kept_run_has_every_part() -> None:
    import json

    kept = json.loads((Path(__file__).parent / "run.json").read_text())
    there = {c["part"] for c in kept["cells"]}
    assert there == {part.name for part in parts.PARTS}
    assert all(kept[name] for name in parts.OTHERS)
    assert "processor" in kept["machine"] and "nginx" in kept["versions"]


# ---- That a change is seen -----------------------------------------------------


def build(tree: Path, planted: str) -> Path:
    """Step 05, with something done before each writev()."""
    for name in SOURCES:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (TREE / name).is_dir() else shutil.copy2
        copy(TREE / name, tree / name)  # type: ignore[operator]
    for path in TREE.glob("tests/*/rules.mk"):
        (tree / path.relative_to(TREE)).parent.mkdir(exist_ok=True)
        shutil.copy2(path, tree / path.relative_to(TREE))
    source = tree / "common/io/stream.c"
    text = source.read_text()
    assert PLACE_OF_CALL in text
    text = text.replace(PLACE_OF_CALL, planted + PLACE_OF_CALL)
    source.write_text(
        text.replace('#include "proto', '#include "buffer.h"\n#include "proto')
    )
    names = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "BUILD")
    done = subprocess.run(
        ["make", "BUILD=made", "made/05-keep-alive"],
        cwd=tree,
        env={k: v for k, v in os.environ.items() if k not in names},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    return tree / "made/05-keep-alive"


PLANTS = {
    "a call": ("    (void)getppid();\n", "getppid 0 to 1"),
    "a copy": (
        "    struct buffer copy = {0};\n"
        "    buffer_add(&copy, parts[0].iov_base, parts[0].iov_len);\n"
        "    buffer_free(&copy);\n",
        "of libc's instructions have become",
    ),
}


def test_a_planted_cost_is_seen(tmp_path: Path) -> None:
    """Only by what is planted do the programs differ: no kept figure is needed."""
    run.make_site(tmp_path / "site")
    none = tmp_path / "none"
    site = Place(tmp_path, tmp_path / "site", none, none, -1)
    before = cost.measure("05", build(tmp_path / "as-it-is", ""), site, True)
    again = cost.measure("05", tmp_path / "as-it-is/made/05-keep-alive", site, True)
    assert cost.faults("05", before, again) == []
    for name, (planted, told) in PLANTS.items():
        program = build(tmp_path / name.replace(" ", "-"), planted)
        found = cost.faults("05", before, cost.measure("05", program, site, True))
        assert any(told in fault for fault in found), (name, found)
