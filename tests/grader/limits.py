"""What keeps a check from running, or from running on: time for each and for
all of them, against servers so slow that nothing but patience ends."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Iterator

import pytest

from .expect import Failure

AGAIN = 10.0  # seconds until a check that has caught the failure gets another


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Fails what has not ended by then; 0: whenever it likes."""

    def over(*_: Any) -> None:
        raise Failure(
            f"answers so soon that the check is done within {seconds:g} s",
            "it was not: the server keeps it waiting again and again",
        )

    if not seconds:
        yield
        return
    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def remove(directory: Path) -> None:
    """Whatever a program has left there: also directories so deep that Python's
    own way, which calls itself for each and keeps it open, breaks off."""
    with suppress(RecursionError):
        shutil.rmtree(directory, ignore_errors=True)
    if directory.exists():
        subprocess.run(["rm", "-rf", "--", str(directory)], stderr=subprocess.DEVNULL)


def may_run(config: pytest.Config, began: float) -> None:
    """Skips what begins too late, counted from the start of the run, and what
    somebody has given a reason not to run."""
    seconds: float = config.option.within
    if config.option.not_judged:
        pytest.skip(config.option.not_judged)
    if config.option.enough and Path(config.option.enough).exists():
        pytest.skip(Path(config.option.enough).read_text(encoding="utf-8"))
    if seconds and time.time() - began > seconds:
        pytest.skip(f"the time for all checks, {seconds:g} s, is over")
