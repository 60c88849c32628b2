"""Crowds of hostile clients, each kind against each step, as that promises.

01, 02   are there again within a second after the attack
03       answers a good client within a second while fewer than --max-children
         are held
04-07    answer within a second below the limit of descriptors
all      hold no more memory a connection than field.MOST says, and afterwards
         no more than before
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from grader.bulk import memory
from grader.clients import room_for, serves
from grader.expect import expect
from grader.lab import Lab

from .field import MOST, PROMPT, SLACK, TRIES, Field, attacked, build
from .kinds import KINDS, TIMED

BELOW = 900  # clients that 04 to 07 can keep, by select()'s limit
WAVES = 4  # at most: until one leaves nothing more than those before
CRUMBS = 4 << 10  # bytes that the allocator may keep of each, from wave to wave
LASTS = 0.6  # seconds of each wave
STILL = "silent half-open stubborn fat drip".split()
FEWER = 5  # times fewer clients, for a shorter time, in `make test`
CLOCK = 1.0  # --timeout
LINGER = 1.0  # that a server may go on reading, and...
SENT = 2.0  # ...that an answer may still be under way before the clock starts


def wave(field: Field, kind: str, count: int, lasts: float) -> tuple[float, float]:
    """The slowest visit, or the time to recover, and bytes a connection."""
    with attacked(field.server, kind, count) as attack:
        slowest = field.slowest(lasts) if field.step >= 3 else 0.0
        held = memory(field.server) - field.memory
        field.lives()
    seconds = max(slowest, field.recovery() if field.step <= 2 else field.good())
    assert attack.told["seen"] >= count, "the attack was no attack"
    assert not attack.told["wrong"], attack.told
    field.lives()
    field.back()
    moving = field.step == 3 and kind not in STILL  # its children come and go
    return seconds, 0.0 if moving else held / count


def endure(lab: Lab, kind: str, count: int, lasts: float) -> None:
    """Two waves at least, so that what the second leaves is seen."""
    count = min(count, BELOW) if lab.step >= 4 else count
    options = ["--timeout", "60"] if lab.step >= 3 else []
    options += ["--max-children", str(count + 50)] if lab.step == 3 else []
    field = Field(lab, *options)
    most = MOST[lab.step]
    peak, grown, seconds, room = field.memory, 0, 0.0, 0
    for number in range(WAVES):
        seconds, held = wave(field, kind, count, lasts)
        expect(held <= most, f"{most} bytes a connection", f"{held:.0f}")
        now = memory(field.server)
        grown, peak = now - peak, max(now, peak)
        room = SLACK + count * CRUMBS
        if number > 0 and grown <= room and seconds <= PROMPT:
            return
    expect(seconds <= PROMPT, f"within {PROMPT:g} s", f"{seconds:.2f} s")
    expect(grown <= room, "memory as before", f"{grown} bytes more, wave by wave")


@pytest.mark.slow
@pytest.mark.steps(1, 7)
def test_crowd(lab: Lab, kind: str) -> None:
    with room_for(200):
        endure(lab, kind, KINDS[kind].count, LASTS)


@pytest.mark.steps(1, 7)
def test_small_crowd(lab: Lab, kind: str) -> None:
    endure(lab, kind, KINDS[kind].count // FEWER, LASTS / FEWER)


@pytest.mark.slow
@pytest.mark.steps(2, 7)
def test_nothing_leaks(lab: Lab) -> None:
    """All kinds, one after the other, against the sanitized program: what is
    left when it ends, to the byte, and every wrong access before."""
    program = build() / "san" / Path(lab.command).name
    if not program.exists():
        pytest.skip("there is no sanitized program")
    lab.command = str(program)
    server = lab.start("--quiet")
    for kind in KINDS.values():
        if lab.step in kind.steps and not kind.downloads:
            with attacked(server, kind.name, 30):
                pass
    serves(server)


@pytest.mark.slow
@pytest.mark.steps(6, 7)
def test_downloads(lab: Lab) -> None:
    """50 of 100 MiB at once: each byte is right, none is kept in memory."""
    field = Field(lab, "--timeout", "60")
    with attacked(field.server, "downloads") as attack:
        slowest = field.slowest(LASTS)
        until = time.monotonic() + 240
        while field.server.tree().descriptors > field.calm.descriptors:
            slowest = max(slowest, field.good())
            held = memory(field.server) - field.memory
            most = MOST[lab.step] * KINDS["downloads"].count + SLACK
            expect(held <= most, f"at most {most} bytes of memory", held)
            assert time.monotonic() < until, "the downloads do not end"
    assert attack.told["whole"] == KINDS["downloads"].count, attack.told
    assert attack.told["wrong"] == 0, attack.told
    expect(slowest <= PROMPT, f"within {PROMPT:g} s", f"{slowest:.2f} s")
    field.back()


@pytest.mark.slow
@pytest.mark.steps(3, 7)
def test_clocks(lab: Lab) -> None:
    """All kinds that wait for the clock, a hundred of each, and none of them
    comes again: they are sent away while they still stand there."""
    more = ["--max-children", "1000"] if lab.step == 3 else []
    field = Field(lab, "--timeout", f"{CLOCK:g}", *more)
    kinds = [name for name in TIMED if lab.step in KINDS[name].steps]
    if lab.step < 5:  # whose answers are too small to wait for a reader
        kinds = [name for name in kinds if name not in ("slow", "deaf")]
    most = CLOCK + LINGER + SENT + 1.0
    took = 0.0
    for _ in range(TRIES):
        with ExitStack() as attacks:
            for name in kinds:
                attacks.enter_context(attacked(field.server, name, 100, again=False))
            began = time.monotonic()
            field.back()
            took = time.monotonic() - began
        field.lives()
        if took <= most:
            return
    expect(took <= most, f"all sent away within {most:g} s", f"{took:.1f} s")
