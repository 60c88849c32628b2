"""Chromium, driven through its own chromedriver (the W3C's WebDriver protocol
over HTTP, and Chromium's DevTools commands), with the standard library alone."""

from __future__ import annotations

import json
import re
import shutil
import signal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Optional

from grader.observe import observe
from grader.program import Program

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60.0  # seconds for one command, on a busy machine
READY = re.compile(rb"started successfully on port (\d+)")
SWITCHES = """headless no-sandbox disable-gpu disable-quic no-first-run
    disable-background-networking disable-component-update disable-sync
    disable-dev-shm-usage""".split()


def missing() -> str:
    """Why no browser can be driven here; empty where one can."""
    if not any(map(shutil.which, BROWSERS)):
        return "there is no Chromium here (package chromium)"
    if not shutil.which("chromedriver"):
        return "there is no chromedriver here (package chromium-driver)"
    return ""


class Browser:
    """One Chromium with one window, a profile of its own, and no trust in
    certificates but in those whose keys have these hashes."""

    def __init__(self, directory: Path, trusted_keys: list[str]) -> None:
        self.program = Program(["chromedriver", "--port=0"], directory)
        self.session = ""
        self.port = 0
        try:
            self._start(directory / "profile", trusted_keys)
        except BaseException:
            self.close()
            raise

    def _start(self, profile: Path, trusted_keys: list[str]) -> None:
        out = self.program.out
        observe(lambda: READY.search(out.data) or out.closed, bool, PATIENCE)
        match = READY.search(out.data)
        assert match, f"chromedriver does not start: {self.program.printed()}"
        self.port = int(match[1])
        switches = [*SWITCHES, f"user-data-dir={profile}"]
        switches.append("ignore-certificate-errors-spki-list=" + ",".join(trusted_keys))
        options = {
            "binary": next(filter(None, map(shutil.which, BROWSERS))),
            "args": [f"--{switch}" for switch in switches],
        }
        wanted = {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        body = {"capabilities": {"alwaysMatch": wanted}}
        self.session = self._send("POST", "/session", body)["sessionId"]

    def _send(self, method: str, path: str, body: Optional[Any] = None) -> Any:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data)
            answer = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(answer, dict) and "error" in answer:
            raise RuntimeError(answer["message"].splitlines()[0])
        return answer

    def command(self, name: str, **body: Any) -> Any:
        return self._send("POST", f"/session/{self.session}/{name}", body)

    def devtools(self, name: str, **parameters: Any) -> Any:
        return self.command("goog/cdp/execute", cmd=name, params=parameters)

    def open(self, url: str) -> None:
        """Opens a page, and returns when it is loaded."""
        self.command("url", url=url)

    def run(self, script: str, *arguments: Any) -> Any:
        """What the body of a function of JavaScript returns."""
        return self.command("execute/sync", script=script, args=arguments)

    def wait(self, script: str, patience: float = 20.0) -> Any:
        """Until an expression of JavaScript is true; its last value."""
        return observe(lambda: self.run(f"return {script}"), bool, patience)

    def press(self, *keys: str) -> None:
        """Types, as a person would."""
        actions = [
            {"type": kind, "value": key}
            for key in keys
            for kind in ("keyDown", "keyUp")
        ]
        self.command(
            "actions", actions=[{"type": "key", "id": "k", "actions": actions}]
        )

    def click(self, selector: str) -> None:
        found = self.command("element", using="css selector", value=selector)
        self.command(f"element/{next(iter(found.values()))}/click")

    def look(self, *, width: int, height: int, scheme: str) -> None:
        """The window's size, and whether the person prefers light or dark."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1}
        phone = width < 600
        self.devtools("Emulation.setDeviceMetricsOverride", mobile=phone, **metrics)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.devtools("Emulation.setEmulatedMedia", features=[feature])

    def console(self) -> list[str]:
        """What the console has said since it was last asked."""
        return [entry["message"] for entry in self.command("se/log", type="browser")]

    def network(self) -> list[tuple[str, dict[str, Any]]]:
        """The events of the network since they were last asked for."""
        entries = self.command("se/log", type="performance")
        events = [json.loads(entry["message"])["message"] for entry in entries]
        return [
            (event["method"].partition(".")[2], event["params"])
            for event in events
            if event["method"].startswith("Network.")
        ]

    def close(self) -> None:
        try:
            if self.session:
                self._send("DELETE", f"/session/{self.session}")
        finally:
            if self.program.alive():
                self.program.stop(signal.SIGTERM)
            self.program.bury()
