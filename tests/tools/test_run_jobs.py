"""run_jobs.py: the figures are right, and no failure is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import List

import pytest

SCRIPT = Path(__file__).parent / "run_jobs.py"
SUITE = """
import pytest
def test_good(): pass
def test_other(): pass
def test_bad(): assert 1 == 2, "so it is told"
@pytest.mark.skip(reason="no moon")
def test_skipped(): pass
"""


def run(place: Path, *jobs: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(SCRIPT), "--logs", str(place / "logs"), *jobs]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def last(done: "subprocess.CompletedProcess[str]") -> str:
    return done.stdout.splitlines()[-1]


def suite(place: Path, text: str = SUITE) -> str:
    (place / "test_x.py").write_text(text)
    return f"{sys.executable} -m pytest -q -p no:cacheprovider {place}/test_x.py"


def test_suite(tmp_path: Path) -> None:
    done = run(tmp_path, f"pytest x: {suite(tmp_path)}")
    assert last(done) == "2 passed, 1 failed, 1 skipped"
    assert done.returncode == 1
    assert "so it is told" in done.stdout
    assert "skipped test_skipped: no moon" in done.stdout


def test_good_suite_says_little(tmp_path: Path) -> None:
    done = run(tmp_path, f"pytest x: {suite(tmp_path, 'def test_a(): print(77)')}")
    assert last(done) == "1 passed, 0 failed, 0 skipped"
    assert done.returncode == 0 and "77" not in done.stdout


def test_unit_tests(tmp_path: Path) -> None:
    line = "echo '75%: Checks: 4, Failures: 1, Errors: 0'"
    done = run(tmp_path, f"check a: {line}; exit 1", f"check b: {line}")
    assert last(done) == "6 passed, 2 failed, 0 skipped"


def test_verbs(tmp_path: Path) -> None:
    inner = "verb a: echo 3 passed, 0 failed, 2 skipped"
    done = run(tmp_path, inner, "verb b: true")
    assert last(done) == "4 passed, 0 failed, 2 skipped"
    assert done.returncode == 0


@pytest.mark.parametrize(
    "job",
    [
        "verb a: false",
        "verb a: echo 3 passed, 0 failed, 0 skipped; exit 3",
        "verb a: kill -9 $$",
        "check a: echo '100%: Checks: 3, Failures: 0, Errors: 0'; exit 1",
        "check a: true",
        "pytest a: true",
        f"pytest a: {sys.executable} -m pytest -p no:cacheprovider /nowhere",
    ],
)
def test_the_exit_status_is_believed(tmp_path: Path, job: str) -> None:
    done = run(tmp_path, job, "verb good: true")
    assert done.returncode == 1 and "FAILED a" in done.stdout
    assert " 1 failed, " in last(done)


def test_a_suite_without_slow_checks(tmp_path: Path) -> None:
    text = suite(tmp_path, "def test_a(): pass") + " -k nothing"
    assert last(run(tmp_path, f"maybe x: {text}")) == "0 passed, 0 failed, 0 skipped"
    assert last(run(tmp_path, f"pytest x: {text}")) == "0 passed, 1 failed, 0 skipped"
    broken = suite(tmp_path, "import nowhere")
    assert last(run(tmp_path, f"maybe x: {broken}")).startswith("0 passed, 1 failed")


def test_output_is_not_interleaved(tmp_path: Path) -> None:
    wait = "for i in 1 2 3 4 5; do echo {}$i; sleep 0.01; done; exit 1"
    done = run(tmp_path, *(f"verb {x}: " + wait.format(x) for x in "ab"))
    lines: List[str] = done.stdout.splitlines()
    for name in "ab":
        first = lines.index(f"{name}1")
        assert lines[first : first + 5] == [f"{name}{i}" for i in range(1, 6)]


def test_deadline(tmp_path: Path) -> None:
    done = run(tmp_path, "verb a: sleep 60", "--deadline", "0.2")
    assert last(done) == "0 passed, 1 failed, 0 skipped"
    assert "not done after" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_suite_that_is_interrupted_cleans_up(
    tmp_path: Path, number: signal.Signals
) -> None:
    text = """
import pathlib, time
here = pathlib.Path(__file__).parent
def test_long():
    try:
        (here / "begun").touch()
        time.sleep(60)
    finally:
        (here / "cleaned").touch()
"""
    job = f"pytest x: {suite(tmp_path, text)}"
    command = [sys.executable, str(SCRIPT), "--logs", str(tmp_path / "logs"), job]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    assert process.wait(30) == 128 + number
    assert (tmp_path / "cleaned").exists()


def test_not_a_job(tmp_path: Path) -> None:
    assert run(tmp_path, "nothing").returncode != 0
