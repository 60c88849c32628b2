"""A server that takes all time, or leaves what it likes, does not stop the grader."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path
from typing import Callable

import pytest
from grader import limits, program, wire
from grader.expect import Failure

from selftest.grading import Run

SILENT = """
import socket, time
listener = socket.create_server(("127.0.0.1", 0))
print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
time.sleep(60)
"""
WAIT = "for _ in range(600): __import__('time').sleep(0.1)"


def test_a_check_has_its_time(grade: Callable[..., Run]) -> None:
    began = time.monotonic()
    run = grade(SILENT, {"long": ("server", WAIT)}, None, "--limit", "1")
    assert time.monotonic() - began < 30 and run.status == 1
    assert run.results == {"long": "failed"}
    assert "done within 1 s" in run.check("long")["story"]["expected"]


def test_a_check_cannot_swallow_its_end(
    grade: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that takes every failure for a client's bad luck ends the next time."""
    monkeypatch.setattr(limits, "AGAIN", 0.3)
    with pytest.raises(Failure):
        with limits.limited(0.3):
            try:
                time.sleep(20)
            except Failure:
                time.sleep(20)
    run = grade(SILENT, {"quick": ("server", "pass")}, None, "--limit", "20")
    assert run.results == {"quick": "passed"}


@pytest.mark.parametrize("option", ["--within", "--enough", "--not-judged"])
def test_reasons_to_run_no_more(
    grade: Callable[..., Run], option: str, tmp_path: Path
) -> None:
    said = tmp_path / "why"
    said.write_text("it was ended too often")
    values = {"--within": "0.001", "--enough": str(said), "--not-judged": "no program"}
    words = {"--within": "0.001 s, is over", "--enough": "ended too often"}
    run = grade(SILENT, {"quick": ("server", "pass")}, None, option, values[option])
    assert run.results == {"quick": "not judged"} and run.data["score"] == 0
    assert words.get(option, "no program") in run.check("quick")["note"]
    assert not run.data["partial"]


def test_directories_too_deep_are_removed(tmp_path: Path) -> None:
    top = tmp_path / "top"
    before = os.open(".", os.O_RDONLY)
    try:
        top.mkdir()
        os.chdir(top)
        for _ in range(1500):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir(before)
        os.close(before)
    limits.remove(top)
    assert not top.exists()


def test_no_link_and_no_pipe_is_read_as_a_report(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    made = program.Program(["true"], tmp_path / "program")
    made.wait(10)
    made.bury()
    (made.reports_in / "report.1").symlink_to(secret)
    os.mkfifo(made.reports_in / "report.2")
    (made.reports_in / "report.3").write_bytes(b"x" * (program.REPORT + 5))
    (made.reports_in / "report.4").symlink_to("/dev/zero")
    assert made.reports() == "\n".join(["", "", "x" * program.REPORT, ""])


def test_an_answer_without_end_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "ENDLESS", 1 << 20)
    listener = socket.create_server(("127.0.0.1", 0))

    def pour() -> None:
        client, _ = listener.accept()
        try:
            while True:
                client.sendall(bytes(1 << 16))
        except OSError:
            client.close()

    thread = threading.Thread(target=pour, daemon=True)
    thread.start()
    mine = wire.Wire(listener.getsockname())
    with pytest.raises(Failure, match="more than 1 MiB"):
        mine.rest()
    mine.close()
    thread.join(10)
    listener.close()
    assert not thread.is_alive()
