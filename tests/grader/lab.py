"""The surroundings of one check: its servers, its connections, its chance.

Every check has servers of its own, so that a crash, a leak or a wrong exit
belongs to the check that caused it and to no other.
"""

from __future__ import annotations

import random
import shlex
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from . import http
from .expect import Failure, escape
from .observe import observe
from .program import LATE, STOP, Program, command_words
from .site import Site
from .wire import PATIENCE, Wire


@dataclass
class Finished:
    """A program that has run to its end: for options that it refuses."""

    status: Optional[int]
    out: bytes
    err: bytes
    line: str  # the command line
    ended: str  # how, in words


class Server(Program):
    """A server that listens, and ways to talk to it."""

    lab: "Lab"

    @property
    def site(self) -> Site:
        return self.lab.site

    @property
    def page(self) -> str:
        """A URL path that the server answers with self.content."""
        return self.site.page

    @property
    def content(self) -> bytes:
        return self.site.content

    @property
    def authority(self) -> str:
        """For the field Host: 127.0.0.1:4711."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def connect(self, *, plain: bool = False, **options: Any) -> Wire:
        """A new connection, over TLS where the step has it (plain=True: not).
        receive_buffer=N: a slow reader's; patience=S: its deadline."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        tls = None if plain else self.site.tls
        options.setdefault("tls", tls)
        options.setdefault("patience", self.lab.patience)
        wire = Wire((host, self.port), **options)
        self.lab.wires.append(wire)
        return wire

    def ask(self, data: bytes, *, wire: Optional[Wire] = None) -> http.Response:
        """Sends a request on a new connection (or this one) and reads the
        response. Where the server then has to close, it must do so and send
        nothing before; else the new connection is closed from here."""
        own = wire is None
        wire = wire or self.connect()
        wire.send(data)
        response = self.read(wire, data)
        if own:
            wire.close()
        return response

    def read(self, wire: Wire, data: bytes) -> http.Response:
        """Reads the response to this request, and what has to follow it."""
        response = http.read_response(wire, "HEAD" if data[:5] == b"HEAD " else "GET")
        if self.lab.step <= 4 or response.says_close:
            http.nothing_more(wire)
        return response

    def get(self, target: Optional[str] = None, *fields: str) -> http.Response:
        """GET, of the known page unless told otherwise."""
        target = self.page if target is None else target
        return self.ask(http.request("GET", target, *fields, host=self.authority))

    def access_lines(self, count: int) -> list[str]:
        """The lines on stderr, waiting (bounded) until so many are access
        lines: they alone have quotes."""
        lines = self.err.wait_lines(count, self.lab.patience, b'"')
        return [line.decode("latin-1") for line in lines]


class Lab:
    """What a check gets as `lab`; `server` is lab.start()."""

    def __init__(
        self,
        name: str,
        *,
        step: int,
        command: str,
        client: str,
        site: Site,
        seed: str,
        directory: Path,
        patience: float = PATIENCE,
    ) -> None:
        self.name, self.step = name, step
        self.command, self.client = command, client
        self.site, self.directory, self.patience = site, directory, patience
        self.random = random.Random(f"{seed}/{name}")
        self.programs: list[Program] = []
        self.wires: list[Wire] = []
        self.finished = False
        self.fates: list[str] = []  # of servers that ended badly
        self.again = ""  # shell lines that show it, where it is seen at the end

    # --- programs ---------------------------------------------------------

    def start(
        self, *options: str, port: int = 0, site: bool = True, wait: bool = True
    ) -> Server:
        """Starts a server with these options beside those that it needs
        (site=False: without --root, --cert, --key), and waits till ready."""
        words = command_words(self.command) + ["--port", str(port)]
        words += self.site.options if site else []
        server = Server(words + list(options), self._directory())
        server.lab = self
        self.programs.append(server)
        if wait:
            server.wait_ready()
        return server

    def run(self, *options: str, command: str = "", patience: float = 15.0) -> Finished:
        """Runs the server (or another command) with exactly these options to
        its end, or until it says that it listens (then status is None)."""
        words = command_words(command or self.command) + list(options)
        program = Program(words, self._directory())
        self.programs.append(program)
        listening = b"listening on"
        observe(
            lambda: (program.process.poll(), listening in program.out.data),
            lambda seen: seen[0] is not None or seen[1],
            patience,
        )
        status = program.process.poll()
        ended = program.how_ended(status)
        program.stopped_by = signal.SIGKILL if status is None else 0
        program.bury()
        out, err = bytes(program.out.data), bytes(program.err.data)
        return Finished(status, out, err, program.line, ended)

    def _directory(self) -> Path:
        return self.directory / f"program{len(self.programs) + 1}"

    # --- the end of a check -----------------------------------------------

    def finish(self, stubborn: list[str]) -> Optional[Failure]:
        """Closes and stops all; what a server did wrong by itself, if it did.
        stubborn: filled once a server does not stop, so that the checks that
        follow do not wait for that again (one check judges it)."""
        if self.finished:
            return None
        self.finished = True
        for program in self.programs:
            program.err.take()
            program.heard = len(program.err.data) if program.alive() else None
        for wire in self.wires:
            wire.close()
        failure: Optional[Failure] = None
        for program in self.programs:
            problem = self._end(program, stubborn)
            if problem:
                self.fates.append(f"{problem.got}: {program.line}")
            failure = failure or problem
        return failure

    def _end(self, program: Program, stubborn: list[str]) -> Optional[Failure]:
        died = not program.alive() and program.stopped_by is None
        status = program.process.poll()
        if not died and program.alive():
            waited = stubborn or program.stopped_by == signal.SIGTERM
            patience = 0.5 if waited else STOP + LATE
            status = program.stop(signal.SIGTERM, patience)
            if status is None:
                stubborn.append(self.name)
        program.bury()
        crashed = status is not None and -status in CRASHES
        report = program.reports()
        if not (died or crashed or report):
            if status not in (None, 0, -signal.SIGTERM):  # it was about to die
                self.fates.append(f"it {program.how_ended(status)}: {program.line}")
            return None
        if report:
            words = _first_words(report)
            ours = words.startswith(ENDED)
            got = words[7:] if ours else "a report by the sanitizer: " + words
        else:
            got = f"it {program.how_ended(status)}"
        expected = "the server goes on, without a fault in its memory"
        return Failure(expected, got, again=self.again)

    def reports(self) -> str:
        """How servers of the check ended badly, and what sanitizers said."""
        said = [program.reports() for program in self.programs]
        return "\n".join(filter(None, [*self.fates, *said]))

    def printed(self) -> str:
        """What the programs printed."""
        return "\n".join(filter(None, (p.printed() for p in self.programs)))

    def last_wire(self) -> Optional[Wire]:
        return max(self.wires, key=lambda wire: wire.used) if self.wires else None

    def by_hand(self) -> list[str]:
        """The command line that starts the last program again by hand."""
        if not self.programs:
            return []
        words = self.programs[-1].words
        server = command_words(self.command)
        if words[: len(server)] != server:
            return [shlex.join(words)]
        port = "8443" if self.site.tls else "8080"
        shown = shlex.split(self.command)
        before = ""
        for word in words[len(server) :]:
            if before == "--port" and word == "0":
                word = port
            elif before == "--root" and word in self.site.options:
                word = "site"
            elif before in ("--cert", "--key") and word in self.site.options:
                word = before[2:] + ".pem"
            before = word
            shown.append(word)
        return [shlex.join(shown)]


CRASHES = (
    signal.SIGSEGV,
    signal.SIGABRT,
    signal.SIGBUS,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGTRAP,
    signal.SIGSYS,
)


# What a sandbox writes beside the reports of sanitizers when it ends a program.
ENDED = "ERROR: ended by the grader: "


def _first_words(report: str) -> str:
    """The line of a sanitizer's report that names the fault."""
    for line in report.splitlines():
        for mark in ("ERROR: ", "runtime error: ", "WARNING: "):
            if mark in line:
                return escape(line[line.index(mark) :].encode())[:200]
    return escape(report.encode())[:200]
