"""A grader that is ready: pytest and the checks are loaded once, and each
grading is a fork of that. It costs milliseconds where a new one costs most of a
second, and nothing that a check does can stay behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Optional

import pytest

from grader import proc
from grader.check import code_of

QUICK = (0.3, 2.0)  # seconds that the first check, and others, wait at first
PATIENCE = 3.0  # seconds that a grading may take to end its servers
STEP = 0.01  # seconds between two looks whether it has


def load(arguments: list[str], work: Callable[[list[pytest.Item]], None]) -> int:
    """Loads pytest with its arguments, collects, and calls work(items)."""
    return int(pytest.main(["-s", *arguments], plugins=[_Loaded(work)]))


class _Loaded:
    """Puts other work in the place of pytest's own run."""

    def __init__(self, work: Callable[[list[pytest.Item]], None]) -> None:
        self.work = work

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        plugins = session.config.pluginmanager
        plugins.unregister(plugins.get_plugin("terminalreporter"))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.work([item for item in session.items if code_of(item)])
        return True


class Grading:
    """One grading under way: a forked process, and a pipe with its results."""

    def __init__(self, items: list[pytest.Item]) -> None:
        self.directory = tempfile.mkdtemp(prefix="watch-")
        self.reader, writer = os.pipe()
        self.buffer = b""
        self.done = False
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.reader)
            _grade(items, writer, self.directory)  # does not return
        os.close(writer)

    def results(self) -> list[dict[str, Any]]:
        """What has come since the last call: {"check": the result, "sure":
        false where it waits for a second, more patient look}. It waits for
        nothing where the pipe is readable. Sets done at the end."""
        data = os.read(self.reader, 1 << 16)
        self.done = not data
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def end(self) -> None:
        """Ends it, and all that it has started."""
        os.close(self.reader)
        _signal(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while not _has_ended(self.pid):
            if time.monotonic() > deadline:
                for pid in [*proc.family(self.pid)[1:], self.pid]:
                    _signal(pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                break
            time.sleep(STEP)
        shutil.rmtree(self.directory, ignore_errors=True)


def _has_ended(pid: int) -> bool:
    return os.waitpid(pid, os.WNOHANG)[0] == pid


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        pass  # it has ended by itself


class _Sender:
    """Sends each result, as pytest reports it, through the pipe."""

    def __init__(self, writer: int) -> None:
        self.writer = writer
        self.last: Optional[dict[str, Any]] = None

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.last = getattr(report, "check", None) or self.last

    def failed_after(self, seconds: float) -> bool:
        """Whether the last one failed, and so late that it may have waited."""
        result = self.last or {"result": ""}
        return result["result"] == "failed" and result["seconds"] >= seconds

    def send(self, sure: bool) -> bool:
        """Sends the last result; whether to go on."""
        result, self.last = self.last, None
        if result is None:
            return True
        with os.fdopen(os.dup(self.writer), "wb") as pipe:
            line = json.dumps({"check": result, "sure": sure})
            pipe.write(line.encode() + b"\n")
        return bool(result["result"] != "failed")


def _grade(items: list[pytest.Item], writer: int, directory: str) -> None:
    """The life of the fork: the checks in their order, up to the first that
    fails. A failure that only impatience may have caused is told soon, and
    then looked at once more."""
    os.setsid()  # Ctrl-C is for the one that watches
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempfile.tempdir = directory
    sender = _Sender(writer)
    try:
        config = items[0].config
        config.pluginmanager.register(sender)
        patience = config.option.patience
        for item, following in zip(items, [*items[1:], None]):
            quick = QUICK[item is not items[0]]
            config.option.patience = quick
            _run(item, following or item)
            doubtful = sender.failed_after(quick)
            go_on = sender.send(sure=not doubtful)
            if doubtful:
                config.option.patience = patience
                _run(item, following)
                go_on = sender.send(sure=True)
            if not go_on:
                break
    except (KeyboardInterrupt, BrokenPipeError):
        pass
    finally:
        _bury_all()
        os._exit(0)


def _run(item: pytest.Item, following: Optional[pytest.Item]) -> None:
    item.ihook.pytest_runtest_protocol(item=item, nextitem=following)


def _bury_all() -> None:
    """Kills what an interrupted check had started: each program leads a
    session, which also holds those whose parent has gone."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    among = proc.everybody()
    found: set[int] = set()
    for pid in proc.family(os.getpid(), among)[1:]:
        found.add(pid)
        found.update(proc.session(pid, among))
    for number in (signal.SIGSTOP, signal.SIGKILL):  # none may start another
        for pid in found:
            _signal(pid, number)
    try:
        while found:
            os.waitpid(-1, 0)
    except ChildProcessError:
        pass  # that was the last one
