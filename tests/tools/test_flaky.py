"""make flaky counts every check of a right server that does not pass."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
FLAKY = Path(__file__).parent / "flaky.py"
ONE = "-k listening_line"  # one check is enough here


def run(build: Path, server: str, *options: str) -> "subprocess.CompletedProcess[str]":
    (build / "san").mkdir(parents=True)
    program = build / "san" / "01-tcp-echo"
    program.write_text(f'#!/bin/sh\nexec {server} "$@"\n')
    program.chmod(0o755)
    client = build / "san" / "01-tcp-client"
    peer = f"{sys.executable} {TREE / 'tests/peers/client.py'}"
    client.write_text(f'#!/bin/sh\nexec {peer} "$@"\n')
    client.chmod(0o755)
    words = [sys.executable, str(FLAKY), "--build", str(build), "--steps", "01"]
    return subprocess.run(
        [*words, *options], capture_output=True, text=True, timeout=300
    )


def test_a_wrong_verdict_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, "false", "--runs", "1", "--workers", ONE)
    assert done.returncode == 1, done.stderr
    assert "01-tcp-echo, run 1: listening-line failed" in done.stdout
    assert "wrong verdicts" in done.stdout.splitlines()[-1]
    assert " 0 wrong" not in done.stdout


def test_right_servers_are_right_each_time(tmp_path: Path) -> None:
    peer = f"{sys.executable} {TREE / 'tests/peers/peer.py'} --step 01"
    done = run(tmp_path, peer, "--runs", "2", "--busy", "1", "--workers", ONE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 runs of 1 checks, 0 wrong" in done.stdout
    assert done.stdout.splitlines()[-1].endswith(
        "1 busy processes beside: 0 wrong verdicts"
    )
