"""Runs a server and the clients of a scenario, watched and unwatched."""

from __future__ import annotations

import os
import shutil
import ssl
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional

from grader import proc
from grader.observe import observe
from grader.program import Program, command_words
from grader.site import Site, make_certificate, site_for

from . import strace
from .clients import CONNECTING, RECEIVING, SHAKING, WAITING, Client, Record
from .scenario import Scenario, ScenarioError

PATIENCE = 60.0  # seconds for all clients of a scenario
BIG = 8 << 20  # bytes of the file /big
SLOW = 3.0  # a factor of slowness for which recording is tried again...
TRIES = 3  # ...so often in all
TOUCH = 0.02  # seconds between "ready" and the first client
STEPS_WITH = {"--timeout": 3, "--max-children": 3}  # from which step on


@dataclass
class Recording:
    """What was seen of one run. Times are seconds since the epoch."""

    begin: float
    root: int  # process
    records: list[Record]
    calls: list[strace.Call] = field(default_factory=list)
    fates: list[strace.Fate] = field(default_factory=list)

    @property
    def busy(self) -> float:
        """Seconds for which clients depended on the server."""
        states = (CONNECTING, SHAKING, WAITING, RECEIVING)
        spans = [span for record in self.records for span in record.spans]
        return sum(span.end - span.start for span in spans if span.state in states)


class Stage:
    """A directory with all that a server of this step needs."""

    def __init__(self, step: int, command: str, directory: Path) -> None:
        self.step, self.command, self.directory = step, command, directory
        self.site: Site = site_for(
            step, directory, lambda: make_certificate(directory / "pair")
        )
        if self.site.root:
            self.site.add("hello", self.site.content)
            self.site.add("big", bytes(range(256)) * (BIG // 256))
        self.runs = 0

    def play(
        self, scenario: Scenario, watch: bool = False, stacks: bool = False
    ) -> Recording:
        """Runs the scenario once."""
        self.runs += 1
        place = self.directory / f"run{self.runs}"
        place.mkdir()
        log = place / "strace"
        words = strace.command(log, stacks) if watch else []
        words += command_words(self.command) + ["--port", "0", *self.site.options]
        words += options_for(self.step, scenario)
        program = Program(words, place)
        try:
            program.wait_ready()
            recording = self._perform(scenario, program)
        finally:
            program.stop()
            finished = not watch or self._written(log, program.pid)
            program.bury()
        if watch:
            if not finished:
                raise ScenarioError("strace did not write to the end")
            text = log.read_text(encoding="utf-8", errors="replace")
            recording.calls, recording.fates = strace.read(text)
        return recording

    def _perform(self, scenario: Scenario, program: Program) -> Recording:
        begin = time.time() + TOUCH
        address = (program.host, program.port)
        clients = []
        for script in scenario.clients:
            tls = self._context()
            client = Client(
                script, address, tls, crasher(program), closes=self.step <= 4
            )
            client.begin = begin
            clients.append(client)
        for client in clients:
            client.start()
        deadline = time.monotonic() + PATIENCE
        for client in clients:
            client.join(max(0.0, deadline - time.monotonic()))
            if client.is_alive():
                raise ScenarioError(f"the client {client.name} did not end")
            if client.fault:
                raise client.fault
        return Recording(begin, program.pid, [client.record for client in clients])

    def _context(self) -> Optional[ssl.SSLContext]:
        """Each client has one of its own: tickets are not shared."""
        if not self.site.tls:
            return None
        return ssl.create_default_context(cafile=str(self.site.cert))

    @staticmethod
    def _written(log: Path, root: int) -> bool:
        end = f"{root} ".encode()

        def ended() -> bool:
            lines = log.read_bytes().splitlines() if log.exists() else []
            return any(line.startswith(end) and b" +++ " in line for line in lines)

        return observe(ended, bool, 10.0)


def options_for(step: int, scenario: Scenario) -> list[str]:
    """The scenario's options, without those that the step does not have."""
    found: list[str] = []
    words = iter(scenario.options)
    for word in words:
        value = next(words, "")
        if step >= STEPS_WITH.get(word, 2):
            found += [word, value]
    return found


def crasher(program: Program) -> Callable[[int], None]:
    """Ends the process that holds a client's connection by SIGSEGV."""

    def crash(port: int) -> None:
        found = holders(program, port)
        if found:
            os.kill(found[-1], 11)

    return crash


def holders(program: Program, port: int) -> list[int]:
    """The server's processes that have the connection of this client's port
    open, the oldest first."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        for words in map(str.split, lines):
            local, remote = (int(w.rpartition(":")[2], 16) for w in words[1:3])
            if (local, remote) == (program.port, port):
                inodes.add(f"socket:[{words[9]}]")
    return [
        pid
        for pid in proc.family(program.pid)
        if inodes & set(proc.descriptors(pid).values())
    ]


@dataclass
class Take:
    """Everything known of one server with one scenario."""

    step: int
    name: str
    command: str
    scenario: Scenario
    watched: Optional[Recording]  # None: this system has no strace
    stacked: Optional[Recording]  # the same once more, with the stack of each call
    unwatched: list[Recording]

    @property
    def shown(self) -> Recording:
        return self.watched or self.unwatched[-1]

    @property
    def slowed(self) -> float:
        """The factor by which watching made the clients wait longer, against
        the faster of the runs without it; 1 where a busy machine hides it."""
        if not self.watched:
            return 1.0
        alone = min(recording.busy for recording in self.unwatched)
        return max(1.0, self.watched.busy / max(alone, 1e-6))


def take(step: int, name: str, command: str, scenario: Scenario) -> Take:
    """Runs the scenario as often as a picture needs it."""
    if not scenario.fits(step):
        raise ScenarioError(
            f"the scenario {scenario.name} is for steps {scenario.first:02} to "
            f"{scenario.last:02}, not for {step:02}"
        )
    directory = Path(tempfile.mkdtemp(prefix="demo-"))
    try:
        stage = Stage(step, command, directory)
        unwatched = [stage.play(scenario) for _ in range(2)]
        made = Take(step, name, command, scenario, None, None, unwatched)
        if strace.available():
            made.stacked = stage.play(scenario, watch=True, stacks=True)
            for _ in range(TRIES):  # another program may have been in the way
                again = stage.play(scenario, watch=True)
                if not made.watched or again.busy < made.watched.busy:
                    made.watched = again
                if made.slowed < SLOW:
                    break
        return made
    finally:
        shutil.rmtree(directory, ignore_errors=True)
