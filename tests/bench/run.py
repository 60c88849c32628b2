"""A run: the parts, each in so many rounds, in each of which every server has its
turn; then memory, start and system calls."""

from __future__ import annotations

import statistics
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, Iterator

from . import calls, idle
from .loads import Bench, Load, Result, Wrong
from .parts import HELLO, PEERS, SIZES, SLOW, SMALL, Part, wrk
from .quiet import Watch
from .servers import Missing, Place, Server, running

Cell = dict[str, Any]
FLOOR_HEAD = (
    "HTTP/1.1 200 OK\r\nServer: floor\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\r\n"
)
IDLE_POINTS = [100, 300, 600, 900]
CHILDREN = [10, 30, 60]  # step 03 has 64 at most
FEW, MANY = 100, 1100  # requests


def make_site(site: Path) -> None:
    site.mkdir(parents=True, exist_ok=True)
    (site / "hello").write_bytes(b"Hello from the server\n")
    for name, size in SIZES.items():
        lines = (f"{number:015}\n" for number in range((size + 15) // 16))
        (site / name.lstrip("/")).write_bytes("".join(lines).encode()[:size])


@dataclass
class Runner:
    place: Place
    bench: Bench
    floor: Path  # the program
    rounds: int
    seconds: float
    say: Callable[[str], object]
    quick: bool = False

    def start(
        self, stack: ExitStack, name: str, part: Part, anywhere: bool = False
    ) -> Server:
        """anywhere: on the core of this process, without taskset's own start."""

        def floor(port: int) -> list[str]:
            load = part.load
            answer = self.place.site.parent / f"answer{load.target.replace('/', '-')}"
            body = self.bench.file(load.target).read_bytes()
            answer.write_bytes(FLOOR_HEAD.format(len(body)).encode() + body)
            words = [str(self.floor), str(port), str(len(load.request)), str(answer)]
            return [*words, *["close"] * load.new]

        none: Callable[[int], list[str]] = lambda _: []
        words = floor if name == "floor" else none
        place = replace(self.place, core=-1) if anywhere else self.place
        tls = part.load.tls
        return stack.enter_context(running(name, place, tls, part.logs, words))

    def group(self, parts: list[Part]) -> Iterator[Cell]:
        """Parts that stand beside one another: the same key."""
        with ExitStack() as stack:
            there: list[tuple[Part, Server]] = []
            for part in parts:
                for name in part.servers:
                    try:
                        server = self.start(stack, name, part)
                        self.bench.check(part.load, server)
                        there.append((part, server))
                    except (Missing, Wrong) as error:
                        self.say(f"  {name} is left out: {error}")
            for turn in range(self.rounds):
                first = turn % max(1, len(there))  # nobody is always the first
                for part, server in there[first:] + there[:first]:
                    yield self.cell(part, server, turn)

    def cell(self, part: Part, server: Server, turn: int) -> Cell:
        with idle.clients(server, part.silent, ask=False):
            watch = Watch(server.pid)
            result = self.bench.press(part.load, server, self.seconds)
            told = watch.tell()
        found: Cell = {"part": part.name, "point": part.point, "server": server.name}
        found.update({"round": turn, **measured(result, told)})
        return found

    # ---- What is not a load ----

    def memory(self) -> Iterator[Cell]:
        plain = Part("memory", "", wrk(HELLO, 1), ())
        tls = Part("memory", "", wrk(HELLO, 1, tls=True), ())
        for name in ("03", "04", "05", "06", *PEERS, "07"):
            if name in SLOW * self.quick:
                continue
            yield from self.one_memory(name, tls if name == "07" else plain)
        yield from self.one_memory("nginx", tls)

    def one_memory(self, name: str, part: Part) -> Iterator[Cell]:
        try:
            with ExitStack() as stack:
                server = self.start(stack, name, part)
                points = CHILDREN if name == "03" else IDLE_POINTS
                points = points[1:2] if self.quick else points
                kept = name not in ("03", "04")  # those close after an answer
                found = idle.grows(server, points, kept, part.load.tls)
        except (Missing, Wrong, OSError) as error:
            self.say(f"  {name} is left out: {error}")
            return
        most = max(found)
        each = (found[most] - found[0]) / most
        yield {
            "server": name,
            "tls": part.load.tls,
            "answered_before": kept,
            "bytes": {str(point): size for point, size in found.items()},
            "each": round(each),
        }

    def starts(self) -> Iterator[Cell]:
        part = Part("start", "", wrk(HELLO, 1), ())
        there = ["02", "03", "04", "05", "06", "07", "floor", *PEERS]
        took: dict[str, list[float]] = {}
        for _ in range(self.rounds + 2):
            for name in there:
                try:
                    with ExitStack() as stack:
                        ready = self.start(stack, name, part, True).ready_ms
                        took.setdefault(name, []).append(round(ready, 2))
                except Missing as error:
                    self.say(f"  {name} is left out: {error}")
        for name, all_of in took.items():
            middle = statistics.median(all_of)
            yield {"server": name, "milliseconds": all_of, "median": middle}

    def calls(self) -> Iterator[Cell]:
        new = Load("load", HELLO, 1, new=True)
        slow = SLOW * self.quick
        told = [(name, new) for name in ("02", "03", "04")]
        for many in (1,) if self.quick else (1, 64):
            hello = Load("load", HELLO, many)
            small = Load("load", SMALL, many)
            told += [("05", hello), ("06", small)]
            told += [("07", Load("load", SMALL, many, tls=True))]
            told += [(name, small) for name in PEERS if name not in slow]
        for name, load in told:
            try:
                with ExitStack() as stack:
                    server = self.start(stack, name, Part("calls", "", load, ()))
                    yield self.one_calls(server, load)
            except (Missing, Wrong, OSError) as error:
                self.say(f"  {name} is left out: {error}")

    def one_calls(self, server: Server, load: Load) -> Cell:
        def converse(count: int) -> int:
            found = self.bench.some(load, server, count)
            if found.failed:
                raise Wrong(f"{server.name}: {found}")
            return found.requests

        by_name = calls.a_request(server.pid, converse, FEW, MANY)
        return {
            "server": server.name,
            "target": load.target,
            "connections": load.connections,
            "new": load.new,
            "tls": load.tls,
            "calls": by_name,
            "all": round(sum(by_name.values()), 2),
        }


def measured(result: Result, told: Cell) -> Cell:
    used = told.pop("cpu_seconds")
    found: Cell = {
        "rate": round(result.rate, 1),
        "p50": result.p50,
        "p99": result.p99,
        "requests": result.requests,
        "failed": result.failed,
        "cpu_us": round(used / result.requests * 1e6, 2) if result.requests else None,
    }
    if result.offered:
        found.update({"offered": result.offered, "resumed": result.resumed})
    return {**found, **told}


def groups(parts: list[Part]) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = {}
    for part in parts:
        found.setdefault(part.key, []).append(part)
    return found


def everything(runner: Runner, parts: list[Part], others: list[str]) -> Cell:
    """All that was chosen, as the document that is kept."""
    found: Cell = {"cells": [], "memory": [], "start": [], "calls": []}
    cells = found["cells"]
    begun = time.monotonic()
    for key, members in groups(parts).items():
        runner.say(f"{time.monotonic() - begun:6.0f} s  {key}: {members[0].title}")
        cells += runner.group(members)
    for name in others:
        runner.say(f"{time.monotonic() - begun:6.0f} s  {name}")
        kinds = {"memory": runner.memory, "start": runner.starts}
        found[name] = list(kinds.get(name, runner.calls)())
    found["took"] = round(time.monotonic() - begun)
    return found


def to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
