"""A server with a plan and all its clients, from start to stop."""

from __future__ import annotations

import os
import re
import shlex
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, List, Optional

from grader import proc
from grader.expect import Failure
from grader.lab import Lab, Server
from grader.limits import remove
from grader.observe import observe
from grader.site import site_for

from . import log
from .talks import Clients, Talk, converse, prepare

LISTEN = "0A"  # the state in /proc/net/tcp
STARTS = 20.0  # seconds until it listens, or ends
STOPS = 8.0  # seconds that stopping may take
LINGER = 1.5  # seconds after which no connection lingers
STAMP = re.compile(rb"\[\d\d/\w{3}/\d{4}:[^]]*\]")


@dataclass
class Session:
    """What came of a run."""

    plan: str
    status: Optional[int] = None
    listened: bool = False
    out: bytes = b""
    lines: List[bytes] = field(default_factory=list)  # of stderr, dates masked
    reports: str = ""  # of sanitizers
    aborted: Optional[str] = None  # by plan.c
    talks: List[Talk] = field(default_factory=list)
    calls: List[log.Call] = field(default_factory=list)  # logged: all, or failed
    descriptors: int = 0  # when all clients had gone
    processes: int = 0
    seconds: float = 0.0
    stop_took: float = 0.0


def address_of(server: Server) -> bool:
    """The port that a process listens on, if it could not say so itself."""
    try:
        links = [os.readlink(p) for p in Path(f"/proc/{server.pid}/fd").iterdir()]
        table = Path(f"/proc/{server.pid}/net/tcp").read_text().splitlines()[1:]
    except OSError:
        return False
    for row in map(str.split, table):
        if row[3] == LISTEN and f"socket:[{row[9]}]" in links:
            server.host, server.port = "127.0.0.1", int(row[1].partition(":")[2], 16)
            return True
    return False


def wait_ready(server: Server) -> bool:
    """Does it listen?"""
    server.out.wait(b"\n", STARTS)
    if b"listening on" not in server.out.data:
        server.wait(STARTS)
        return False
    try:
        server.wait_ready()
        return True
    except Failure:
        return address_of(server)


def run(
    step: int,
    program: Path,
    certificate: Callable[[], Path],
    plan: str = "",
    most: int = 1_000_000,
    idle: Optional[int] = None,
) -> Session:
    """One session; without a plan all calls are logged."""
    directory = Path(tempfile.mkdtemp(prefix="faults-"))
    said = directory / "calls"
    settings = {"FAULTS_LOG": str(said), "FAULTS_MOST": str(most)}
    settings.update({"FAULT": plan} if plan else {"FAULTS_LOG_ALL": "1"})
    if step == 7:
        settings["SSLKEYLOGFILE"] = str(directory / "secrets")
    words = [f"{name}={value}" for name, value in settings.items()]
    lab = Lab(
        "faults",
        step=step,
        command=shlex.join(["env", *words, str(program)]),
        client="",
        site=site_for(step, directory, certificate),
        seed="",
        directory=directory,
    )
    if lab.site.root:
        prepare(lab.site.root)
    began = time.monotonic()
    session = Session(plan)
    options = ["--show"] if step == 1 else []
    if step >= 3:
        options = ["--timeout", "5"]
    server = lab.start(*options, wait=False)
    try:
        session.listened = wait_ready(server)
        if session.listened:
            serve(server, step, session, idle)
        session.status = server.process.poll()
    finally:
        for wire in lab.wires:
            wire.close()
        server.bury()
        session.seconds = time.monotonic() - began
        session.out = bytes(server.out.data)
        session.lines = STAMP.sub(b"[]", bytes(server.err.data)).splitlines()
        session.reports = server.reports()
        if said.exists():
            session.calls, session.aborted = log.read(said, program)
        remove(directory)
    return session


def serve(server: Server, step: int, session: Session, idle: Optional[int]) -> None:
    """All clients, one that is idle, and SIGTERM. idle: the descriptors that the
    server then has without a fault; None: this run is to tell."""
    clients = Clients(server, step)
    converse(clients)
    session.talks = clients.talks
    tree = observe(
        server.tree,
        lambda t: len(t.pids + t.zombies) <= 1 and t.descriptors <= (idle or 0),
        LINGER if idle is None else STOPS,
    )
    session.processes = len(tree.pids + tree.zombies)
    session.descriptors = tree.descriptors
    waiting = None
    if step >= 3:
        try:
            waiting = server.connect(plain=True)
        except Failure as failure:
            session.talks.append(Talk("waits", trouble=str(failure)))
    server.stop(patience=STOPS)
    session.stop_took = server.stop_took
    if waiting:
        waiting.close()
