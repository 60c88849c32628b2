"""Gives the corpora to the targets, once: python -m fuzz.replay DIR of programs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from . import corpus
from .run import TARGETS

SANITIZERS = "detect_leaks=1:exitcode=99"


def replay(target: str, programs: Path) -> "tuple[int, str]":
    """The exit status, and what was printed: at its end, how many inputs."""
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder) / "inputs"
        corpus.expand(target, inputs)
        done = subprocess.run(
            [str(programs / target), str(inputs)],
            env=dict(os.environ, TMPDIR=folder, ASAN_OPTIONS=SANITIZERS),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=300,
            check=False,
        )
    return done.returncode, done.stderr.decode("utf-8", "replace")


def main() -> int:
    failed = 0
    for target in TARGETS:
        status, said = replay(target, Path(sys.argv[1]).resolve())
        failed += status != 0
        print(f"{target:12} {said.splitlines()[-1] if said else status}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
