"""The system calls of a request, by strace: the difference of two conversations of
different length, so that what a server does at its start and end falls out."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Callable

from grader import proc
from grader.observe import settled

CALL = re.compile(r"(?m)^\d+ +(?:\d+\.\d+ )?(\w+)\(")
ATTACH = 5.0  # seconds


def counted(text: str) -> Counter[str]:
    """The calls in a log of strace -f. One that was interrupted by another process's
    line goes on in a line of its own, which is none."""
    return Counter(CALL.findall(text))


def of_pid(pid: int, converse: Callable[[], None]) -> Counter[str]:
    """The calls of a server and all its processes during a conversation."""
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        log = Path(made) / "calls"
        words = ["strace", "-f", "-o", str(log)]
        for number in proc.tree(pid).pids:
            words += ["-p", str(number)]
        tracer = subprocess.Popen(words, stderr=subprocess.PIPE)
        said = tracer.stderr
        assert said
        try:
            said.readline()  # "attached": all of them, where it is one
            converse()
            quiet(log)
        finally:
            tracer.send_signal(signal.SIGINT)
            try:
                tracer.wait(ATTACH)
            except subprocess.TimeoutExpired:
                tracer.kill()
                tracer.wait()
            said.close()
        return counted(log.read_text(errors="replace"))


def quiet(log: Path) -> None:
    """Until nothing is added any more: the server sleeps."""
    settled(lambda: os.stat(log).st_size, ATTACH)


def a_request(
    pid: int, converse: Callable[[int], int], few: int, many: int
) -> dict[str, float]:
    """Calls a request, by name, the most frequent first. converse(n) has n requests
    answered, or a few more, and tells how many."""
    counts: list[int] = []
    short = of_pid(pid, lambda: counts.append(converse(few)))
    long = of_pid(pid, lambda: counts.append(converse(many)))
    long.subtract(short)
    requests = counts[1] - counts[0]
    found = {name: count / requests for name, count in long.most_common()}
    return {name: whole(each) for name, each in found.items() if each >= 0.005}


def whole(each: float) -> float:
    """strace may come a call late, when it attaches."""
    near = round(each)
    return near if near and abs(each - near) < 0.02 else round(each, 3)
