"""The fixture of the tests of the grader itself."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Callable, Optional

import pytest

from selftest.grading import CHECK, HEAD, START, Run, run_grader


@pytest.fixture
def grade(tmp_path: Path) -> Callable[..., Run]:
    """Grades a server of these lines of Python with these checks:
    grade(server, {"name": ("server", "expect(...)")}, {"other": "name"})
    the last are needs."""

    def run(
        server: str,
        checks: dict[str, tuple[str, str]],
        needs: Optional[dict[str, str]] = None,
        *more: str,
    ) -> Run:
        rows, code = HEAD, START
        for number, (name, (arguments, body)) in enumerate(checks.items()):
            points = 100 - 10 * (len(checks) - 1) if number == 0 else 10
            need = (needs or {}).get(name, "")
            rows += f"| {name} | 02- | M | {points} | MUST | {need} | A title |\n"
            code += CHECK.format(
                name=name.replace("-", "_"),
                arguments=arguments,
                body="\n    ".join(body.splitlines()),
            )
        folder = tmp_path / "checks"
        folder.mkdir()
        (folder / "test_02_made.py").write_text(code)
        table = tmp_path / "checks.md"
        table.write_text(rows)
        program = tmp_path / "server.py"
        program.write_text(server)
        command = f"{shlex.quote(sys.executable)} {program}"
        return run_grader(
            tmp_path, folder, command, "--step", "2", "--table", str(table), *more
        )

    return run
