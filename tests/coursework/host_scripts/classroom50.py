"""Grades step {number} for Classroom 50: autograders/ASSIGNMENT/autograder.py.

Its runner starts this in the checkout of what a student has submitted, with
staircase.tar.gz beside this file, and reads result.json and release-body.md
there. The exit status is 0 whatever the score; another one says that grading
itself has failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

COURSE = "{course}".split()


def main() -> int:
    here, submission = Path(__file__).resolve().parent, Path.cwd()
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(here / "staircase.tar.gz") as archive:
            archive.extractall(place)
        tree = Path(place) / "staircase"
        tools = ["tests/tools/packages.sh", "test", "build/have/test"]
        subprocess.run(tools, cwd=tree, env={**os.environ, "YES": "1"}, check=True)
        python = (tree / "build" / "have" / "python").read_text().strip()
        report = str(tree / "report.json")
        coursework = [python, "-m", "coursework"]
        environment = {**os.environ, "PYTHONPATH": "tests"}
        words = ["--step", "{number}", "--submission", str(submission)]
        words += ["--name", os.environ.get("OWNER") or "submission", *COURSE]
        grade = [*coursework, "grade_submission", *words, "--report", report]
        graded = subprocess.run(grade, cwd=tree, env=environment)
        if not Path(report).exists():
            return graded.returncode or 1
        made = ["--classroom50", str(submission / "result.json")]
        made += ["--markdown", str(submission / "release-body.md")]
        export = [*coursework, "export", report, *made]
        return subprocess.run(export, cwd=tree, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
