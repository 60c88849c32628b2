"""`make run` as a person meets it: it says where, the curl line that it prints
works, a signal ends it, and what is wrong is said in one clear line."""

from __future__ import annotations

import os
import re
import select
import shlex
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Iterator, List

import pytest

ROOT = Path(__file__).parent.parent.parent
BUILD = os.environ.get("BUILD", "build")
PATIENCE = 30.0


class Run:
    """make with some words, whose output is read as it comes."""

    def __init__(self, *words: str) -> None:
        outside = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
        self.process = subprocess.Popen(
            ["make", f"BUILD={BUILD}", *words],
            cwd=ROOT,
            env=outside,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.said = ""

    def read_until(self, pattern: str) -> "re.Match[str]":
        assert self.process.stdout
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = re.search(pattern, self.said)
            if found:
                return found
            left = deadline - time.monotonic()
            if select.select([self.process.stdout], [], [], left)[0]:
                some = os.read(self.process.stdout.fileno(), 4096)
                assert some, f"no {pattern!r} in {self.said!r}"
                self.said += some.decode()
        raise AssertionError(f"no {pattern!r} in time in {self.said!r}")

    def end(self) -> str:
        """Everything that it says, after it has ended by itself."""
        out, _ = self.process.communicate(timeout=PATIENCE)
        self.said += out.decode()
        return self.said

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate(timeout=PATIENCE)


@pytest.fixture
def runs() -> Iterator[List[Run]]:
    started: List[Run] = []
    yield started
    for run in started:
        run.stop()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("so it works\n")
    return tmp_path


def test_run_says_what_to_do(runs: List[Run], site: Path) -> None:
    runs.append(Run("run", "PORT=0", f"ROOT={site}"))
    url = runs[0].read_until(r"listening on (https://127\.0\.0\.1:\d+/)\n")[1]
    line = runs[0].read_until(r"with curl +(curl --cacert .*)\n")[1]
    runs[0].read_until(r"to stop +Control-C\n")
    for command in (line, line.replace("127.0.0.1", "localhost")):
        words = shlex.split(command)
        assert words[-1].startswith("https://") and words[-1][-6:] == url[-6:]
        got = subprocess.run(
            [words[0], "-sS", *words[1:]],
            cwd=ROOT,
            capture_output=True,
            timeout=PATIENCE,
        )
        assert got.stdout == b"so it works\n", got.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_make_ends_the_server(
    runs: List[Run], site: Path, number: signal.Signals
) -> None:
    runs.append(Run("run", "PORT=0", f"ROOT={site}"))
    port = int(runs[0].read_until(r"listening on https://127\.0\.0\.1:(\d+)/\n")[1])
    if number == signal.SIGINT:
        os.killpg(runs[0].process.pid, number)  # as a terminal does
    else:
        runs[0].process.send_signal(number)
    runs[0].end()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), PATIENCE)


def test_the_second_run_makes_nothing(runs: List[Run], site: Path) -> None:
    certificate = ROOT / BUILD / "certificate" / "cert.pem"
    runs.append(Run("run", "PORT=0", f"ROOT={site}"))
    runs[0].read_until("listening on")
    before = certificate.stat()
    runs.append(Run("run", "PORT=0", f"ROOT={site}"))
    runs[1].read_until("listening on")
    assert runs[1].said.startswith("listening on")
    assert certificate.stat().st_mtime_ns == before.st_mtime_ns


def test_a_port_in_use(runs: List[Run], site: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        runs.append(Run("run", f"PORT={port}", f"ROOT={site}"))
        said = runs[0].end()
    assert runs[0].process.returncode != 0
    assert re.search(rf"^.*{port}.*[Aa]ddress.*in use.*$", said, re.M)
    assert "Control-C" not in said


def test_key_log(runs: List[Run], site: Path, tmp_path: Path) -> None:
    log = tmp_path / "keys"
    runs.append(Run("run-07", "PORT=0", f"ROOT={site}", f"KEYLOG={log}"))
    url = runs[0].read_until(r"listening on (https:\S+)\n")[1]
    curl = ["curl", "-sS", "--cacert", f"{BUILD}/certificate/cert.pem", url]
    subprocess.run(curl, cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE)
    assert "CLIENT_HANDSHAKE_TRAFFIC_SECRET" in log.read_text()


def test_a_step_refuses_what_it_is_told(runs: List[Run]) -> None:
    runs.append(Run("run-03", "PORT=0", "TIMEOUT=0"))
    said = runs[0].end()
    assert "timeout" in said and "listening" not in said


@pytest.fixture
def has_mkdocs(monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the book can be made here; then its making may take its time."""
    monkeypatch.setattr(f"{__name__}.PATIENCE", 120.0)
    asked = ["tests/tools/packages.sh", "has", "book"]
    return subprocess.run(asked, cwd=ROOT, timeout=PATIENCE).returncode == 0


def fetch(url: str) -> str:
    got = subprocess.run(["curl", "-sSk", url], capture_output=True, timeout=PATIENCE)
    return got.stdout.decode()


def test_the_book_is_served(runs: List[Run], has_mkdocs: bool) -> None:
    """Where MkDocs is; else the site without it, and how to get it."""
    runs.append(Run("run", "PORT=0"))
    url = runs[0].read_until(r"listening on (https:\S+)\n")[1]
    line = runs[0].read_until(r"the book +(.+)\n")[1]
    front = fetch(url)
    assert "You are on the top step" in front
    made = (ROOT / BUILD / "book" / "site" / "book" / "index.html").exists()
    assert made or not has_mkdocs
    if made:
        assert line == f"{url}book/index.html"
        assert "How an HTTPS server works" in fetch(line)
        assert 'href="book/index.html"' in front
    else:
        assert "make book" in line


def test_step_06_serves_the_same(runs: List[Run], has_mkdocs: bool) -> None:
    runs.append(Run("run-06", "PORT=0"))
    url = runs[0].read_until(r"listening on (http:\S+)\n")[1]
    assert "You are on the top step" in fetch(url)
    if has_mkdocs:
        assert "How an HTTPS server works" in fetch(f"{url}book/index.html")


def test_the_readers_own_site_has_no_book(runs: List[Run], site: Path) -> None:
    runs.append(Run("run", "PORT=0", f"ROOT={site}"))
    runs[0].read_until("to stop")
    assert "book" not in runs[0].said
