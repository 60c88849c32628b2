"""A signal at any moment: to end, about children, to stop and go on."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import Iterator

import pytest

from grader.clients import crowd
from grader.expect import expect
from grader.lab import Lab
from grader.observe import observe
from grader.program import LATE, STOP

from .field import Field, attacked

LASTS = 0.6  # seconds of a storm
PAUSE = 0.0005  # seconds between two signals of it
ENDS = 3  # times that a server is ended at a moment of chance
CROWD = 40  # clients, of each kind, at that moment


@contextmanager
def storm(field: Field, *numbers: int) -> Iterator[None]:
    """The server gets these signals again and again meanwhile."""
    over = threading.Event()

    def blow() -> None:
        while not over.wait(PAUSE):
            for number in numbers:
                os.kill(field.server.pid, number)

    thread = threading.Thread(target=blow)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        os.kill(field.server.pid, signal.SIGCONT)


@pytest.mark.steps(1, 7)
def test_storm(lab: Lab) -> None:
    """SIGCHLD without a child, SIGPIPE without a pipe, a stop and its end: they
    interrupt every call there is, and nobody notices."""
    field = Field(lab)
    numbers = (signal.SIGCHLD, signal.SIGPIPE, signal.SIGSTOP, signal.SIGCONT)
    with storm(field, *numbers[: 4 if lab.step >= 2 else 2]):
        until = time.monotonic() + LASTS
        while time.monotonic() < until:
            field.visit()
    field.lives()
    field.prompt("after the storm")
    field.back()


@pytest.mark.steps(3, 7)
def test_stopped_and_continued(lab: Lab) -> None:
    """Clients ask while the server is stopped, for longer than its --timeout.
    When it goes on, those who asked are answered."""
    field = Field(lab, "--timeout", "0.5")
    os.kill(field.server.pid, signal.SIGSTOP)
    timer = threading.Timer(1.0, os.kill, (field.server.pid, signal.SIGCONT))
    timer.start()
    try:
        if lab.site.tls is None:
            field.visit()
    finally:
        timer.join()
    field.prompt("when it goes on")
    field.back()


def ends_well(field: Field) -> None:
    """At a moment of chance it gets SIGTERM, many of them: it ends in time,
    with status 0, and leaves no process."""
    select.select([], [], [], field.lab.random.random() * 0.05)
    known = field.server.tree().pids
    for _ in range(20):
        field.server.send_signal(signal.SIGTERM)
    status = field.server.stop(signal.SIGTERM, STOP + LATE)
    ended = field.server.how_ended(status)
    expect(status == 0, "it ends within 5 s, exit status 0", f"it {ended}")

    def left() -> "list[int]":
        return [pid for pid in known if os.path.exists(f"/proc/{pid}")]

    expect(not observe(left, lambda pids: not pids), "no process left", left())


@pytest.mark.steps(1, 7)
def test_ends_at_any_moment(lab: Lab) -> None:
    for _ in range(ENDS):
        field = Field(lab)
        wires = crowd(field.server, CROWD)
        for wire in wires[::2]:
            wire.try_send(b"GET / HTTP/1.1\r\n", 0.0)
        ends_well(field)
        for wire in wires:
            wire.close()


@pytest.mark.slow
@pytest.mark.steps(1, 7)
@pytest.mark.parametrize("kinds", ["half-open reset", "deaf knock"])
def test_ends_under_attack(lab: Lab, kinds: str) -> None:
    field = Field(lab)
    with ExitStack() as attacks:
        for kind in kinds.split():
            attacks.enter_context(attacked(field.server, kind, CROWD))
        ends_well(field)
