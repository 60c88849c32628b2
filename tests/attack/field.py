"""A server under attack, and the good client beside it that must not suffer."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator, Optional

from grader import ends, proc
from grader.bulk import memory
from grader.clients import serves
from grader.expect import Failure, expect
from grader.http import nothing_more
from grader.lab import Lab, Server
from grader.observe import observe
from grader.program import Stream

from .kinds import ECHO, KINDS, LARGE, LARGE_SIZE

TREE = Path(__file__).resolve().parents[2]
PROMPT = 1.0  # seconds: what every step promises, each in its own case
TRIES = 3  # on a busy machine anybody may be late once
PAUSE = 0.02  # seconds between two visits of the good client
KNOCK = 0.25  # seconds: then it tries another connection, as browsers do
READY = 30.0  # seconds until an attack is under way, on a busy machine
SLACK = 192 << 10  # bytes by which memory may grow from wave to wave

# Bytes of its own memory that a server takes for a connection, at most, in any
# of the attacks: measured, and a third more. 03 has a process for each.
KIB = 1 << 10
MOST = {1: KIB, 2: KIB, 3: 128 * KIB, 4: 40 * KIB, 5: 96 * KIB, 6: 96 * KIB}
MOST[7] = 144 * KIB


def build() -> Path:
    """Where make has put the programs."""
    place = Path(os.environ.get("BUILD") or TREE / "build")
    return place if place.is_absolute() else TREE / place


def program(step: int) -> str:
    return str(build() / next((TREE / "steps").glob(f"{step:02}-*")).name)


def kept_waiting(pid: int) -> float:
    """Seconds for which a process has waited for a processor (Linux)."""
    try:
        return int((proc.PROC / str(pid) / "schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


class Field:
    """A server, and what it held before the attack."""

    def __init__(self, lab: Lab, *options: str) -> None:
        self.lab, self.step = lab, lab.step
        quiet = ["--quiet"] if lab.step >= 2 else []
        self.server = lab.start(*quiet, *options)
        self.good()
        self.good()
        self.calm = self.at_rest()
        self.memory = memory(self.server)

    # --- the good client --------------------------------------------------

    def good(self) -> float:
        """One visit of a good client: the seconds that it took. Those are not
        counted in which the server could have run, and the machine had no
        processor for it."""
        began, idle = time.monotonic(), kept_waiting(self.server.pid)
        self.visit()
        idle = kept_waiting(self.server.pid) - idle
        return max(0.0, time.monotonic() - began - idle)

    def visit(self) -> None:
        if self.step >= 2:
            serves(self.server)
            return
        wire = self.server.connect()
        wire.send(ECHO)
        expect(wire.take(len(ECHO)) == ECHO, "its own bytes", "others")
        wire.half_close()
        nothing_more(wire)

    def prompt(self, what: str, most: float = PROMPT) -> None:
        """A visit is as quick as that; on a busy machine not always."""
        took = self.good()
        for _ in range(TRIES):
            if took <= most:
                return
            took = self.good()
        expect(took <= most, f"{what}: an answer within {most:g} s", f"{took:.2f} s")

    def slowest(self, seconds: float) -> float:
        """Of visits, one after the other, while the attack goes on so long."""
        worst, until = self.good(), time.monotonic() + seconds
        while time.monotonic() < until:
            select.select([], [], [], PAUSE)
            worst = max(worst, self.good())
        return worst

    def recovery(self) -> float:
        """Seconds until a good client, who knocks again where it must, is
        served; from now on."""
        began = time.monotonic()
        patience, self.lab.patience = self.lab.patience, KNOCK
        last: Optional[Failure] = None
        try:
            while time.monotonic() - began < patience:
                try:
                    self.good()
                    return time.monotonic() - began
                except Failure as failure:
                    last = failure
        finally:
            self.lab.patience = patience
        raise last or Failure("a good client is served", "none is")

    # --- what the server holds --------------------------------------------

    def back(self) -> None:
        """Descriptors and processes are where they were before."""
        most = self.calm

        def good(now: proc.Tree) -> bool:
            same = now.descriptors <= most.descriptors
            return same and now.processes <= most.processes and not now.zombies

        now = observe(self.server.tree, good, self.lab.patience)
        wanted = f"{most.descriptors} descriptors, {most.processes} processes, again"
        got = f"{now.descriptors}, {now.processes}, and {len(now.zombies)} zombies"
        expect(good(now), wanted, got)

    def at_rest(self) -> proc.Tree:
        """What it holds when every connection has gone."""

        def open_ends() -> int:
            found = ends.ends(self.server)
            return sum(not end.gone for port, end in found.items() if port)

        observe(open_ends, lambda count: count == 0, self.lab.patience)
        return observe(self.server.tree, lambda tree: not tree.zombies)

    def lives(self) -> None:
        status = self.server.process.poll()
        got = f"it {self.server.how_ended(status)}"
        expect(status is None, "the server goes on", got, ran=self.server.line)


@dataclass
class Attack:
    """A swarm at work."""

    kind: str
    process: "subprocess.Popen[bytes]"
    out: Stream
    told: dict[str, Any] = field(default_factory=dict)

    def hear(self, word: str, patience: float = READY) -> None:
        lines = self.out.wait_lines(1, patience, word.encode())
        for line in lines:
            if line.startswith(word.encode()):
                self.told.update(json.loads(line[len(word) :]))
                return
        raise RuntimeError(f"the attack {self.kind} does not say {word}")

    def end(self) -> None:
        """All leave at once; returns when they have left."""
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
            self.hear("gone")


@contextmanager
def attacked(
    target: Server, kind: str, count: int = 0, again: Optional[bool] = None
) -> Iterator[Attack]:
    """An attack of this kind goes on meanwhile. again: whether a client comes
    back when the server has sent it away; unless given, as its kind does."""
    lab = target.lab
    plan = {
        "kind": kind,
        "count": count or KINDS[kind].count,
        "again": KINDS[kind].again if again is None else again,
        "step": lab.step,
        "page": target.page,
        "host": target.host,
        "port": target.port,
        "seed": lab.random.randrange(1 << 32),
        "tls": str(lab.site.cert) if lab.site.cert else "",
        "file": str(Path(lab.site.root or "") / LARGE) * KINDS[kind].downloads,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "attack.swarm", json.dumps(plan)],
        cwd=TREE / "tests",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    attack = Attack(kind, process, Stream(process.stdout))
    try:
        attack.hear("ready")
        yield attack
        attack.end()
    finally:
        if process.stdin and not process.stdin.closed:
            process.stdin.close()
        try:
            process.wait(5.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        attack.out.finish(2.0)


def large_file(lab: Lab) -> None:
    """The file that is downloaded, with marks, so that no part is another's."""
    if not lab.site.root or (lab.site.root / LARGE).exists():
        return
    with (lab.site.root / LARGE).open("wb") as file:
        file.truncate(LARGE_SIZE)
        for at in range(0, LARGE_SIZE, 1 << 16):
            file.seek(at)
            file.write(at.to_bytes(8, "big"))
