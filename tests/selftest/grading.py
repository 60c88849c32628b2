"""Runs the grader on servers and checks made up by a test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from grader import verdict

TESTS = Path(__file__).resolve().parent.parent
SCHEMA = json.loads((TESTS / "grader" / "result.schema.json").read_text())
HEAD = "| id | steps | milestone | points | mark | needs | title |\n|-|-|-|-|-|-|-|\n"
START = """
from grader.check import check
from grader.expect import Failure, NotJudged, equal, expect
from grader.lab import Lab, Server
"""
CHECK = '''
@check("a rule")
def test_{name}({arguments}):
    """A why.

    1. One.
    2. Two.
    3. Three.
    """
    {body}
'''


@dataclass
class Run:
    """What a run of the grader said."""

    status: int
    text: str
    data: dict[str, Any]

    def check(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(c for c in self.data["checks"] if c["id"] == name)
        return found

    @property
    def results(self) -> dict[str, str]:
        return {check["id"]: check["result"] for check in self.data["checks"]}


def run_grader(
    directory: Path, checks: Path, server: str, *more: str, patience: float = 120
) -> Run:
    """Runs the grader in a process of its own; its report keeps the schema."""
    report = directory / "report.json"
    settings = directory / "pytest.ini"
    settings.write_text((TESTS / "pytest.ini").read_text())
    command = [sys.executable, "-m", "pytest", "-c", str(settings), str(checks)]
    command += ["-p", "grader.plugin", "-p", "no:cacheprovider"]
    command += ["--server", server, "--report", str(report), *more]
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(TESTS), "PYTHONUNBUFFERED": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=patience,
    )
    data = json.loads(report.read_text()) if report.exists() else {}
    if data:
        jsonschema.Draft202012Validator(SCHEMA).validate(data)
    return Run(done.returncode, done.stdout, data)


def result(name: str, state: str, points: int = 10, **more: Any) -> verdict.Result:
    values: dict[str, Any] = dict(
        id=name,
        steps="02-",
        new=True,
        milestone="M",
        title="T",
        points=points,
        mark="MUST",
        needs=[],
        reason="R",
        why="W",
        hints=["1", "2", "3"],
        result=state,
    )
    return verdict.Result(**{**values, **more})
