"""Endurance: a million requests through a step, every answer checked; then all
the attacks at once for minutes, beside a good client.

    make soak                       all of it; STEP=04, REQUESTS=n, MINUTES=n

Prints two tables for tests/README.md. The exit status is 0 when every answer
was right, every visit in time, and descriptors and memory stood still.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import socket
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from grader import alone
from grader.bulk import memory
from grader.expect import Failure
from grader.http import read_response, request
from grader.lab import Lab, Server
from grader.limits import remove
from grader.observe import observe
from grader.site import make_certificate, site_for

from .field import PROMPT, Field, attacked, large_file, program
from .kinds import KINDS

AT_ONCE = 64  # connections, or requests on a kept one
PATIENT = 8  # one client in so many closes after the server
KEPT = 1000  # requests after which a kept connection is left
SAMPLES = 50  # looks at descriptors and memory
WARM = 10  # of them that do not count: caches fill
GROWTH = 256 << 10  # bytes by which memory may differ
PATIENCE = 20.0  # seconds for one answer
DATE = re.compile(
    rb"Date: ([A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT)"
)
SHARE = {"knock": 10, "reset": 10, "garbage": 10, "downloads": 5, "drip": 60}
MANY = 80  # clients of each other kind


@dataclass
class Result:
    """What one run has shown."""

    step: int
    asked: int = 0
    wrong: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    attackers: int = 0
    descriptors: list[int] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def look(self, server: Server) -> None:
        self.descriptors.append(server.tree().descriptors)
        self.memory.append(memory(server))

    def right(self) -> bool:
        first = self.descriptors[WARM] if len(self.descriptors) > WARM else 0
        calm = all(count <= first for count in self.descriptors[WARM:])
        warm = self.memory[WARM:] or [0]
        return not self.wrong and calm and max(warm) - warm[0] <= GROWTH

    def say(self, what: str) -> None:
        if len(self.told) < 5:
            self.told.append(what)


class Answers:
    """Compares each answer with the first one, the date aside: byte by byte."""

    def __init__(self, first: bytes) -> None:
        match = DATE.search(first)
        assert match, first
        self.before, self.behind = first[: match.start()], first[match.end() :]
        self.size = len(first)

    def same(self, answer: bytes) -> bool:
        at, end = len(self.before), self.size - len(self.behind)
        return (
            len(answer) == self.size
            and answer.startswith(self.before)
            and answer.endswith(self.behind)
            and DATE.fullmatch(answer, at, end) is not None
        )


class Load:
    """The requests of one step, one batch after the other."""

    def __init__(self, server: Server, result: Result) -> None:
        self.server, self.result = server, result
        self.kept = result.step >= 5
        more = [] if self.kept else ["Connection: close"]
        self.ask = request("GET", server.page, *more, host=server.authority)
        wire = server.connect()
        wire.send(self.ask)
        response = read_response(wire)  # strictly
        assert response.status == 200 and response.body == server.content
        self.answers = Answers(response.head + response.body)
        wire.close()
        self.socket: Optional[socket.socket] = None
        self.left = 0

    def open(self) -> socket.socket:
        made = socket.socket()
        made.settimeout(PATIENCE)
        made.connect((self.server.host, self.server.port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls = self.server.site.tls
        return tls.wrap_socket(made, server_hostname="localhost") if tls else made

    def batch(self, count: int) -> None:
        """So many requests; what is not answered rightly is wrong."""
        right = 0
        try:
            right = self.pipeline(count) if self.kept else self.crowd(count)
        except OSError as error:
            self.result.say(f"{type(error).__name__}: {error}")
            self.close()
        self.result.asked += count
        self.result.wrong += count - right

    def crowd(self, count: int) -> int:
        """A connection each, side by side."""
        right = 0
        wires = [self.open() for _ in range(count)]
        for number, wire in enumerate(wires):
            wire.sendall(self.ask)
            if number % PATIENT:  # as `nc -N`; the others wait for the end
                wire.shutdown(socket.SHUT_WR)
        for wire in wires:
            answer = b""
            more = wire.recv(1 << 16)
            while more:
                answer += more
                more = wire.recv(1 << 16)
            wire.close()
            right += self.judge(answer)
        return right

    def pipeline(self, count: int) -> int:
        """One after the other on one connection, which is kept for long."""
        if not self.socket:
            self.socket, self.left = self.open(), KEPT
        self.socket.sendall(self.ask * count)
        size, answers = self.answers.size, b""
        while len(answers) < size * count:
            more = self.socket.recv(1 << 16)
            if not more:
                break
            answers += more
        self.left -= count
        if self.left <= 0:
            self.close()
        parts = [answers[n * size : (n + 1) * size] for n in range(count)]
        return sum(map(self.judge, parts)) if len(answers) == size * count else 0

    def judge(self, answer: bytes) -> bool:
        same = self.answers.same(answer)
        if not same:
            self.result.say(f"{answer[:200]!r}")
        return same

    def close(self) -> None:
        if self.socket:
            self.socket.close()
        self.socket = None


def apart(server: Server) -> None:
    """The server gets one processor, and we another."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(server.pid, cores[:1])
        os.sched_setaffinity(0, cores[1:2])


def million(lab: Lab, requests: int) -> Result:
    """So many requests, as fast as they are answered."""
    result = Result(lab.step)
    cores = os.sched_getaffinity(0)
    server = lab.start("--quiet")
    apart(server)
    load = Load(server, result)
    began = time.monotonic()
    for sample in range(SAMPLES):
        until = requests * (sample + 1) // SAMPLES
        while result.asked < until:
            load.batch(min(AT_ONCE, until - result.asked))
        load.close()
        most = result.descriptors[-1] if result.descriptors else 0
        observe(server.tree, lambda tree: tree.descriptors <= most, 2.0)
        result.look(server)
    result.seconds = time.monotonic() - began
    os.sched_setaffinity(0, cores)
    return result


def siege(lab: Lab, seconds: float) -> Result:
    """All attacks at once, and a good client that is to be served in time;
    now and then the server is stopped for a moment, and told of no child."""
    result = Result(lab.step)
    options = ["--timeout", "3"]
    options += ["--max-children", "1000"] if lab.step == 3 else []
    target = Field(lab, *options)
    kinds = [kind for kind in KINDS.values() if lab.step in kind.steps]
    chance = random.Random(lab.step)
    with ExitStack() as attacks:
        for kind in kinds:
            count = SHARE.get(kind.name, MANY)
            attacks.enter_context(attacked(target.server, kind.name, count, again=True))
            result.attackers += count
        began = time.monotonic()
        while time.monotonic() - began < seconds or not result.asked:
            result.asked += 1
            try:
                took = target.good()
                result.slowest = max(result.slowest, took)
                result.wrong += took > PROMPT
            except Failure as failure:
                result.wrong += 1
                result.say(str(failure))
            time.sleep(0.02)  # one visitor, not another flood
            if chance.random() < 0.02:
                for number in (signal.SIGCHLD, signal.SIGSTOP, signal.SIGCONT):
                    os.kill(target.server.pid, number)
                    time.sleep(0.005)  # so long it is stopped
        result.seconds = time.monotonic() - began
    target.back()
    result.descriptors = [target.calm.descriptors, target.server.tree().descriptors]
    result.memory = [target.memory, memory(target.server)]
    return result


def table(results: list[Result], columns: str) -> str:
    """A Markdown table; memory in KiB."""
    names = columns.split("; ")
    lines = [" | ".join(names), " | ".join("---" for _ in names)]
    for r in results:
        rate = f"{r.asked / r.seconds:.0f}" if r.seconds else "-"
        first = min(WARM, len(r.memory) - 2)
        cells = {
            "step": f"{r.step:02}",
            "requests": f"{r.asked}",
            "visits": f"{r.asked}",
            "attackers at once": f"{r.attackers}",
            "seconds": f"{r.seconds:.0f}",
            "requests a second": rate,
            "answered rightly": f"{100 * (1 - r.wrong / max(1, r.asked)):.4f} %",
            "slowest visit, s": f"{r.slowest:.2f}",
            "descriptors": f"{r.descriptors[first]} to {r.descriptors[-1]}",
            "memory, KiB": f"{r.memory[first] >> 10} to {r.memory[-1] >> 10}",
        }
        lines.append(" | ".join(cells[name] for name in names))
    return "\n".join(f"| {line} |" for line in lines)


def laboratory(step: int, place: Path) -> Lab:
    def certificate() -> Path:
        return make_certificate(place / "pair")

    site = site_for(step, place, certificate)
    command = os.environ.get("SERVER") or program(step)
    lab = Lab(
        "soak",
        step=step,
        command=command,
        client="",
        site=site,
        seed="soak",
        directory=place,
    )
    lab.patience = PATIENCE
    large_file(lab)
    return lab


def run(step: int, requests: int, seconds: float) -> Result:
    place = Path(tempfile.mkdtemp(prefix="soak-"))
    lab = laboratory(step, place)
    try:
        result = siege(lab, seconds) if seconds else million(lab, requests)
        problem = lab.finish([])
        if problem:
            result.wrong += 1
            result.say(str(problem))
        for line in result.told:
            print(f"step {step:02}: {line}", file=sys.stderr)
        return result
    finally:
        lab.finish([])
        remove(place)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=1000000)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--step", type=int, default=0)
    given = parser.parse_args()
    alone.again("attack.soak")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # servers end, too
    steps = [given.step] if given.step else range(2, 8)
    good = True
    if given.requests:
        results = [run(step, given.requests, 0.0) for step in steps]
        good = all(result.right() for result in results)
        columns = "step; requests; requests a second; answered rightly"
        print(table(results, columns + "; descriptors; memory, KiB"))
    if given.minutes:
        steps = [step for step in steps if step >= 3]  # the others serve one
        each = given.minutes * 60 / len(steps) if steps else 0.0
        results = [run(step, 0, each) for step in steps]
        good = good and not any(result.wrong for result in results)
        columns = "step; attackers at once; seconds; visits; answered rightly"
        print()
        print(table(results, columns + "; slowest visit, s; descriptors; memory, KiB"))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
