"""At the limits of the system: places, descriptors, processes."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from grader import ends
from grader.clients import ask, answered, crowd, limited, room_for, serves, stays_idle
from grader.expect import expect
from grader.lab import Lab
from grader.wire import Wire

from .field import PROMPT, TRIES, Field, attacked

PLACES = 16
CLOCK = 1.0  # --timeout
FEW = 32  # descriptors
NOBODY = 61000  # a user whom no machine has: his processes are ours alone
CONFINED = Path(__file__).with_name("confined.py")


@pytest.mark.steps(3, 3)
def test_all_places_held(lab: Lab) -> None:
    """--max-children of them are held by clients who neither finish nor leave:
    a good client is answered within --timeout and a second."""
    options = ("--timeout", f"{CLOCK:g}", "--max-children", str(PLACES))
    field = Field(lab, *options)
    took = 0.0
    for _ in range(TRIES):
        with attacked(field.server, "stubborn", PLACES, again=False):
            took = field.good()
        field.back()
        if took <= CLOCK + 1.0:
            return
    expect(took <= CLOCK + 1.0, f"within {CLOCK + 1:g} s", f"{took:.2f} s")


@pytest.mark.steps(4, 7)
def test_out_of_descriptors(lab: Lab) -> None:
    """Few are free, and clients hold them all. One more waits, and costs
    nothing; it is served within a second of one being free."""
    limited(lab, FEW)
    field = Field(lab, "--timeout", "60")
    took = 0.0
    for _ in range(TRIES):
        inside = crowd(field.server, FEW + 8)
        waiting = ends.queue(field.server)
        expect(waiting > 0, "clients at the door", "none")
        stays_idle(field.server, "while it is full")
        for wire in inside[-waiting:]:
            wire.close()
        late = Wire((field.server.host, field.server.port))
        lab.wires.append(late)
        began = time.monotonic()
        inside[0].close()
        if lab.site.tls:
            late.close()
            serves(field.server)
        else:
            ask(field.server, late)
            answered(field.server, late, "the next client")
        took = time.monotonic() - began
        for wire in inside:
            wire.close()
        field.back()
        if took <= PROMPT:
            break
    expect(took <= PROMPT, f"served within {PROMPT:g} s", f"{took:.2f} s")
    field.prompt("when all have left")


@pytest.mark.slow
@pytest.mark.steps(4, 7)
def test_beyond_the_limit(lab: Lab) -> None:
    """1,000 half-open requests are more than select() can watch. When they are
    sent away, or leave, a good client is served within a second."""
    with room_for(200):
        field = Field(lab, "--timeout", f"{CLOCK:g}")
        with attacked(field.server, "half-open", 1000, again=False):
            field.lives()
            took = field.good()
            most = 2 * (CLOCK + 1.0) + PROMPT  # those at the door come first
            expect(took <= most, f"within {most:g} s", f"{took:.2f} s")
        field.prompt("after it")
        field.back()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.steps(3, 3)
def test_out_of_processes(lab: Lab) -> None:
    """fork() fails for all but a few. Those beyond are refused, each with a
    line; who comes when a place is free is served."""
    place = lab.directory / "program"
    shutil.copy(lab.command, place)
    place.chmod(0o755)
    lab.command = f"{shutil.which('python3')} {CONFINED} {NOBODY} {PLACES} {place}"
    field = Field(lab, "--timeout", "60", "--max-children", "500")
    with attacked(field.server, "half-open", 3 * PLACES, again=False):
        told = field.server.err.wait(b"cannot fork: ", lab.patience)
        expect(told, "a line that says that it cannot fork", "none")
        most = field.server.tree().processes
        expect(most <= PLACES, f"{PLACES} processes", most)
        field.lives()
    field.back()
    field.prompt("when places are free again")
