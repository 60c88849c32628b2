"""The servers that are measured, each on one core: the steps, the floor, and those
that people use, configured as their packages are."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Optional

from grader import proc

PEERS = Path(__file__).resolve().parent.parent / "peers"
sys.path.insert(0, str(PEERS))  # they import one another by name
import apache, h2o, lighttpd, nginx, real  # noqa: E402

STEPS = {
    "02": "02-blocking-http",
    "03": "03-fork",
    "04": "04-select",
    "05": "05-keep-alive",
    "06": "06-static-files",
    "07": "07-https",
}
READY = 10.0  # seconds
FILES = 4096  # descriptors that a server may have
IDLE = 60.0  # seconds that a kept connection may be silent

# What the contract of tests/peers asks for, and what the packages have instead:
# (server, part of its configuration, what stands there).
NGINX = [
    ("http {", "http {\n    sendfile on;\n    tcp_nopush on;"),
    (
        "        index index.html",
        '        location = /hello { return 200 "Hello from the server\\n"; }\n'
        "        index index.html",
    ),
]
TUNED: dict[str, list[tuple[str, str]]] = {
    "nginx": NGINX,
    "nginx-nopush-off": [*NGINX, ("tcp_nopush on;", "")],
    "lighttpd": [
        ('stat-cache-engine = "disable"', 'stat-cache-engine = "simple"'),
        ("server.port", "server.max-connections = 2000\nserver.port"),
    ],
    "apache": [
        ("ServerLimit 2\nStartServers 1", "ServerLimit 16\nStartServers 2"),
        ("ThreadsPerChild 64\nMaxRequestWorkers 128", "MaxRequestWorkers 400"),
        ("EnableMMAP Off\n", ""),
    ],
    "h2o": [],
}
COMMANDS: dict[str, tuple[str, Callable[[str, real.Setting], list[str]]]] = {
    "nginx": ("nginx", nginx.command),
    "nginx-nopush-off": ("nginx", nginx.command),
    "lighttpd": ("lighttpd", lighttpd.command),
    "apache": ("apache2", apache.command),
    "h2o": ("h2o", h2o.command),
}


class Missing(Exception):
    """A server that this machine does not have."""


@dataclass
class Place:
    """What the servers of a run serve, and where they are."""

    build: Path
    site: Path
    certificate: Path
    key: Path
    core: int  # -1: any


@dataclass
class Server:
    name: str
    process: "subprocess.Popen[bytes]"
    port: int
    ready_ms: float  # from the start until it accepted

    @property
    def pid(self) -> int:
        return self.process.pid


def path_of(program: str) -> str:
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not found:
        raise Missing(f"{program} is not installed")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _peer(name: str, place: Place, setting: real.Setting) -> list[str]:
    """Its command line, and its configuration as tuned."""
    program, command = COMMANDS[name]
    words = command(path_of(program), setting)
    for file in setting.directory.glob("*.conf"):
        text = file.read_text(encoding="utf-8")
        for old, new in TUNED[name]:
            if old not in text:
                raise Missing(f"{name}: no '{old}' in its configuration")
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")
    return words


def _step(name: str, place: Place, port: int, logs: bool) -> list[str]:
    words = [str(place.build / STEPS[name]), "--port", str(port)]
    words += [] if logs else ["--quiet"]
    words += ["--timeout", "10" if name == "03" else str(IDLE)] * (name != "02")
    words += ["--root", str(place.site)] * (name in ("06", "07"))
    if name == "07":
        words += ["--cert", str(place.certificate), "--key", str(place.key)]
    return words


def command(
    name: str, place: Place, port: int, tls: bool, logs: bool, directory: Path
) -> list[str]:
    if name in STEPS:
        return _step(name, place, port, logs)
    setting = real.Setting(
        host="127.0.0.1",
        port=port,
        timeout=IDLE,
        quiet=not logs,
        root=place.site,
        cert=place.certificate if tls else None,
        key=place.key if tls else None,
        directory=directory,
    )
    return _peer(name, place, setting)


@contextmanager
def running(
    name: str,
    place: Place,
    tls: bool = False,
    logs: bool = False,
    words: Callable[[int], list[str]] = lambda _: [],
    wrapper: tuple[str, ...] = (),
    env: Optional[dict[str, str]] = None,
) -> Iterator[Server]:
    """The server, on a port of its own. words(port): another command line, as that
    of the floor; wrapper: a program that runs it; env: more of its environment."""
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        directory = Path(made)
        port = free_port()
        line = words(port) or command(name, place, port, tls, logs, directory)
        with open(directory / "log", "wb") as log:
            begun = time.perf_counter()
            process = subprocess.Popen(
                [*on_core(place.core), *wrapper, *line],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
            try:
                wait(process, port, name, directory / "log", 6 if wrapper else 1)
                ready = (time.perf_counter() - begun) * 1000
                yield Server(name, process, port, ready)
            finally:
                stop(process)


def on_core(core: int) -> list[str]:
    return ["taskset", "-c", str(core)] if core >= 0 else []


def more_files() -> None:
    """For this process and what it starts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def wait(
    process: "subprocess.Popen[bytes]", port: int, name: str, log: Path, slow: int
) -> None:
    """Until it accepts."""
    deadline = time.monotonic() + READY * slow
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
            return
        except OSError:
            time.sleep(0.0002)  # the time until it listens is measured so, too
    stop(process)
    raise Missing(f"{name} does not start: {log.read_text(errors='replace')[-300:]}")


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Its whole session: it may have a wrapper, and children that outlive it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
    for pid in proc.session(process.pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    process.wait()
