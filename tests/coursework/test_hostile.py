"""Every program of tests/hostile/ is contained, and its neighbor unharmed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import pytest

from coursework import sandbox, sandbox_place
from coursework.homework import ROOT, find_step
from coursework.sandbox import Graded, Settings
from coursework.sandbox_intake import Intake
from coursework.sandbox_kit import Kit, prepare
from coursework.sandbox_warden import Limits

HOSTILE = ROOT / "tests" / "hostile"
ROW = re.compile(
    r"^\| ([a-z-]+) \| (\d\d) \| (all|any|some|nothing) \| (.*?) ?\|", re.M
)
QUICK = ("daemon", "include-secret", "result-forger")
# Enough to tell an honest server from others, in a few seconds.
CHECKS = "listening_line or echo_one_byte or echo_pieces or half_close or next_client"
CHECKS += " or stops_on_signal or page_known or not_found or head_has or length_in"
OUTSIDE = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/home", "/root", "/var/lock")
CHECKOUT = b'#define CHECKOUT "/grader/source"'
SECONDS = 90.0  # for a submission


@dataclass(frozen=True)
class Attack:
    """A row of the table."""

    name: str
    step: str
    earns: str
    said: str

    def intake(self) -> Intake:
        """What is handed in: the attack alone, or with the reference."""
        own = {path.name: path.read_bytes() for path in (HOSTILE / self.name).iterdir()}
        if "attack.c" in own:
            own.update(honest(self.step).files)
        here = f'#define CHECKOUT "{ROOT}"'.encode()
        return Intake({name: t.replace(CHECKOUT, here) for name, t in own.items()})


def honest(step: str) -> Intake:
    files = find_step(step).glob("*.[ch]")
    return Intake({path.name: path.read_bytes() for path in files})


def attacks() -> list[Attack]:
    text = (HOSTILE / "README.md").read_text(encoding="utf-8")
    return [Attack(*match.groups()) for match in ROW.finditer(text)]


def marked() -> list[object]:
    """A few in every run, all of them when there is time."""
    return [
        pytest.param(attack, id=attack.name, marks=[])
        if attack.name in QUICK
        else pytest.param(attack, id=attack.name, marks=[pytest.mark.slow])
        for attack in attacks()
    ]


@pytest.fixture(scope="module")
def kit() -> Callable[[str], Kit]:
    if not sandbox.isolation().bubblewrap:
        pytest.skip("bubblewrap does not work here")
    return lambda step: prepare(step, ROOT / os.environ.get("BUILD", "build"))


def grade(kit: Kit, intake: Intake, slot: int) -> Graded:
    limits = Limits(seconds=SECONDS, build_seconds=40, check_seconds=20)
    settings = Settings("17", workers=2, limits=limits)
    return sandbox.grade(kit, intake, settings, slot=slot, options=["-k", CHECKS])


def processes_of(user: int) -> list[str]:
    """All processes of a user, by what /proc says of them."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue
        users = re.search(r"(?m)^Uid:\s+(\d+)\s+(\d+)\s+(\d+)", text)
        if users and str(user) in users.groups():
            found.append(text.splitlines()[0] + " " + status.parent.name)
    return found


def test_the_table_lists_every_attack() -> None:
    directories = {path.name for path in HOSTILE.iterdir() if path.is_dir()}
    assert directories == {attack.name for attack in attacks()}
    assert len(directories) >= 15


@pytest.mark.parametrize("attack", marked())
def test_contained(attack: Attack, kit: Callable[[str], Kit]) -> None:
    made = kit(attack.step)
    began = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        own = pool.submit(grade, made, attack.intake(), 1)
        neighbor = pool.submit(grade, made, honest(attack.step), 2).result()
        graded = own.result()
    took = time.monotonic() - began
    assert neighbor.document["status"] == "passed", neighbor.verdict
    assert neighbor.document["score"] == 100.0, neighbor.verdict
    assert took < 3 * SECONDS, "it is bounded in time"
    kind = sandbox.isolation()
    if kind.other_user:
        assert not processes_of(sandbox_place.user(kind, 1)), "nothing is left running"
    said = json.dumps(graded.document) + graded.log + graded.verdict
    assert "FOUND" not in said, graded.verdict
    assert "root:" not in said, "nothing of /etc/shadow"
    assert "listening-line" not in graded.log, "nothing of the checks"
    document = graded.document
    assert document["status"] != "broke", graded.verdict
    assert len(document["checks"]) == len(neighbor.document["checks"])
    score = document["score"]
    if attack.earns == "all":
        assert score == 100.0, graded.verdict
    elif attack.earns == "some":
        assert score < 100.0
    elif attack.earns == "nothing":
        assert score == 0.0, graded.verdict
    told = f"{said} {graded.status}"
    assert attack.said in told, told[-3000:]


@pytest.mark.slow
def test_nothing_is_written_elsewhere() -> None:
    """No file of a user that only sandboxes have, anywhere outside."""
    kind = sandbox.isolation()
    if not kind.other_user or kind.mapped:
        pytest.skip("programs have no user of their own here")
    places = [place for place in (*OUTSIDE, str(ROOT)) if Path(place).is_dir()]
    users = [str(sandbox_place.user(kind, slot)) for slot in (1, 2)]
    owned = ["-uid", users[0], "-o", "-uid", users[1]]
    command = ["find", *places, "-xdev", "(", *owned, ")", "-print"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert not done.stdout.decode()
