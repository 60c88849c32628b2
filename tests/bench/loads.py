"""Load, from a core of its own, and what came of it. wrk where it can; load.c for
what wrk cannot ask for; h2load as a second witness. No run is timed whose answers
were not compared byte by byte right before, by load.c."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .servers import Server, on_core

SCRIPT = Path(__file__).parent / "pipeline.lua"
SPARE = 15.0  # seconds beyond what was asked for
CHECKED = 48  # answers compared before a run


class Wrong(Exception):
    """Answers that are not what they should be, or a load that failed."""


@dataclass(frozen=True)
class Load:
    """How a server is asked."""

    tool: str  # wrk, h2load or load
    target: str
    connections: int
    new: bool = False  # a connection for each request
    deep: int = 1  # requests sent at once
    tls: bool = False
    resume: bool = False

    @property
    def request(self) -> str:
        """As load.c writes it, too: the floor counts its bytes."""
        close = "Connection: close\r\n" if self.new else ""
        return f"GET {self.target} HTTP/1.1\r\nHost: localhost\r\n{close}\r\n"


@dataclass
class Result:
    requests: int
    seconds: float
    failed: int
    p50: Optional[float]  # microseconds
    p99: Optional[float]
    connections: int = 0  # of load.c alone, and of them
    offered: int = 0  # with a session to resume
    resumed: int = 0

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


@dataclass
class Bench:
    """Where load comes from."""

    program: Path  # load.c
    site: Path
    core: int

    def file(self, target: str) -> Path:
        return self.site / target.lstrip("/")

    def check(self, load: Load, server: Server) -> None:
        """Some answers, every byte of them."""
        count = CHECKED if self.file(load.target).stat().st_size < 1 << 20 else 2
        clients = min(4, load.connections)
        found = self._load(load, server.port, 5.0, clients, count)
        if found.failed or found.requests < min(count, clients):
            raise Wrong(f"{server.name}: {found} where {load} was asked for")

    def some(self, load: Load, server: Server, count: int) -> Result:
        """So many requests, or a few more, every answer compared."""
        return self._load(load, server.port, 30.0, load.connections, count)

    def press(self, load: Load, server: Server, seconds: float) -> Result:
        if load.tool == "load":
            return self._load(load, server.port, seconds, load.connections)
        if load.tool == "h2load":
            return self._h2load(load, server.port, seconds)
        return self._wrk(load, server.port, seconds)

    def _run(self, words: list[str], seconds: float) -> str:
        done = subprocess.run(
            [*on_core(self.core), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=seconds + SPARE,
        )
        if done.returncode > 1 or not done.stdout:
            raise Wrong(f"{' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def _load(
        self, load: Load, port: int, seconds: float, clients: int, most: int = 0
    ) -> Result:
        words = [str(self.program), "-s", str(seconds), "-c", str(clients)]
        words += ["-n", "1" if load.new else "0", "-p", str(load.deep)]
        words += ["-m", str(most)] * (most > 0)
        words += ["-r"] if load.resume else ["-t"] * load.tls
        words += [str(port), load.target, str(self.file(load.target))]
        found = json.loads(self._run(words, seconds))
        return Result(
            found["requests"],
            found["seconds"],
            found["failed"],
            found.get("p50"),
            found.get("p99"),
            found["connections"],
            found["offered"],
            found["resumed"],
        )

    def _wrk(self, load: Load, port: int, seconds: float) -> Result:
        scheme = "https" if load.tls else "http"
        words = ["wrk", "-t1", f"-c{load.connections}", f"-d{max(1, round(seconds))}"]
        words += ["--timeout", "10", "-s", str(SCRIPT)]
        words += [f"{scheme}://127.0.0.1:{port}{load.target}", "--"]
        words += [str(load.deep), load.request.replace("\r\n", "\\r\\n")]
        match = re.search(r"(?m)^JSON (.*)$", self._run(words, seconds))
        if not match:
            raise Wrong("wrk did not tell its results")
        found = json.loads(match[1])
        size = self.file(load.target).stat().st_size
        if found["bytes"] < found["requests"] * size:
            raise Wrong(f"{found['bytes']} bytes in {found['requests']} answers")
        return Result(
            found["requests"],
            found["seconds"],
            found["failed"],
            found["p50"] or None,
            found["p99"] or None,  # 0: it could not tell
        )

    def _h2load(self, load: Load, port: int, seconds: float) -> Result:
        scheme = "https" if load.tls else "http"
        words = ["h2load", "--h1", "-t1", f"-c{load.connections}", f"-m{load.deep}"]
        words += [f"-D{max(1, round(seconds))}", "--warm-up-time=0"]
        words += [f"{scheme}://127.0.0.1:{port}{load.target}"]
        said = self._run(words, seconds)
        rate = re.search(r"finished in ([\d.]+)s, ([\d.]+) req/s", said)
        status = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx", said)
        if not rate or not status:
            raise Wrong(f"h2load said {said}")
        good = int(status[1])
        seconds = good / float(rate[2]) if good else float(rate[1])
        return Result(good, seconds, int(status[3]), None, None)
