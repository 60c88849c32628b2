"""A real server under the contract of this project: its options, its line on
stdout, its access lines on stderr. For nginx.py, lighttpd.py and apache.py.

The server runs in the foreground, on the loopback address alone, in a private
directory that is gone when it ends.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, NoReturn, Optional

HOME = """<!DOCTYPE html>
<html lang="en">
<title>Hello</title>
<p>Hello from a real server. There is a <a href="/hello">plain page</a> too.
</html>
"""
READY, STOP = 10.0, 5.0  # seconds
LOOPBACK = ("127.0.0.1", "::1")


@dataclass
class Setting:
    """What a server's configuration is made of."""

    host: str
    port: int
    timeout: float
    quiet: bool
    root: Path
    cert: Optional[Path]
    key: Optional[Path]
    directory: Path  # private

    @property
    def seconds(self) -> int:
        """The timeout, for a server that counts in whole seconds."""
        return max(1, math.ceil(self.timeout))

    @property
    def milliseconds(self) -> int:
        return max(1, round(self.timeout * 1000))

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class Parser(argparse.ArgumentParser):
    """Complains in one line, as the contract wants it."""

    def error(self, message: str) -> NoReturn:
        fail(message, 2)


def fail(message: str, status: int) -> NoReturn:
    sys.stderr.write(f"{Path(sys.argv[0]).name}: {message}\n")
    sys.exit(status)


def read_options(words: list[str], directory: Path) -> Setting:
    """The contract's options; others end the program with status 2."""
    parser = Parser(allow_abbrev=False)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--timeout", type=float, default=10.0)
    parser.add_argument("--quiet", action="store_true")
    for name in ("--root", "--cert", "--key"):
        parser.add_argument(name, type=Path)
    found = parser.parse_args(words)
    if found.timeout <= 0 or not 0 <= found.port < 65536:
        parser.error("a number is out of range")
    if found.root and not found.root.is_dir():
        parser.error(f"{found.root} is not a directory")
    host, port = place(found.host, found.port)
    return Setting(
        host=host,
        port=port,
        timeout=found.timeout,
        quiet=found.quiet,
        root=(found.root or small_site(directory)).resolve(),
        cert=found.cert and found.cert.resolve(),
        key=found.key and found.key.resolve(),
        directory=directory,
    )


def place(name: str, port: int) -> tuple[str, int]:
    """The address, which has to be this machine's own, and the port, or a free
    one for 0. Somebody else may take it before the server does; then the
    server does not start."""
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        family, _, _, _, address = found[0]
        if address[0] not in LOOPBACK:
            fail(f"--host is one of {', '.join(LOOPBACK)}", 2)
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return str(address[0]), int(probe.getsockname()[1])
    except (OSError, UnicodeError) as error:
        fail(f"{name} port {port}: {error}", 1)


def small_site(directory: Path) -> Path:
    """The two pages of steps 02 to 05."""
    root = directory / "site"
    root.mkdir()
    (root / "index.html").write_text(HOME, encoding="utf-8")
    (root / "hello").write_bytes(b"Hello from the server\n")
    return root


def accepts(setting: Setting) -> bool:
    try:
        socket.create_connection((setting.host, setting.port), 1.0).close()
        return True
    except OSError:
        return False


def started(process: "subprocess.Popen[bytes]", setting: Setting) -> bool:
    """Waits until the server accepts, or has ended, or time is up."""
    deadline = time.monotonic() + READY
    while process.poll() is None and time.monotonic() < deadline:
        if accepts(setting):
            return process.poll() is None
        time.sleep(0.01)
    return False


def stop(process: "subprocess.Popen[bytes]", gracefully: signal.Signals) -> None:
    """Asks it to finish what is under way; then less politely."""
    for number, patience in ((gracefully, STOP), (signal.SIGTERM, 1.0)):
        process.send_signal(number)
        try:
            process.wait(patience)
            return
        except subprocess.TimeoutExpired:
            pass
    process.kill()
    process.wait()


def run(
    program: str,
    command: Callable[[str, Setting], list[str]],
    gracefully: signal.Signals,
) -> NoReturn:
    """Runs a server until SIGTERM or SIGINT. command(program, setting) writes
    its configuration and returns its command line."""
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not path:
        fail(f"{program} is not installed", 1)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix=f"{program}-") as name:
        for _ in range(5):
            directory = Path(name) / "run"
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir()
            setting = read_options(sys.argv[1:], directory)
            process = subprocess.Popen(command(path, setting), cwd=directory)
            try:
                if started(process, setting):
                    scheme = "https" if setting.cert else "http"
                    print(f"listening on {scheme}://{setting.address}/", flush=True)
                    sys.exit(process.wait())
            finally:
                if process.poll() is None:
                    stop(process, gracefully)
    fail(f"{program} does not start", 1)
