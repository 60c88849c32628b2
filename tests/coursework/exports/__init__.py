"""Exports: a report as other programs and people want it, a module a format.

Each has text(document), which makes the file of a document that prepare() has
made harmless. All show document["score"] as the total, and none makes a number
of its own.
"""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from typing import Any, Callable

from grader import verdict
from grader.view import cleaned, for_students

MOST = 3000  # characters of any one text
LINES = 60  # of any one list


class ReportError(Exception):
    """What was given is no report that can be exported."""


@dataclass(frozen=True)
class Format:
    """How an export is called, and what its file is called where all are made."""

    name: str  # of the option
    module: str
    file: str
    about: str

    @property
    def text(self) -> Callable[[dict[str, Any]], str]:
        module = importlib.import_module(f"{__name__}.{self.module}")
        made: Callable[[dict[str, Any]], str] = module.text
        return made


FORMATS = [
    Format("json", "document", "report.json", "the report, without what is hidden"),
    Format("html", "page", "report.html", "a page for a browser"),
    Format("markdown", "markdown", "report.md", "a summary to read"),
    Format("csv", "table", "report.csv", "a table for a spreadsheet"),
    Format("junit", "junit", "junit.xml", "for Jenkins, GitLab and others"),
    Format("gradescope", "gradescope", "gradescope.json", "its results.json"),
    Format("autolab", "autolab", "autolab.txt", "the end of its output"),
    Format("classroom50", "classroom50", "classroom50.json", "its result.json"),
    Format("github-annotations", "annotations", "annotations.txt", "commands to it"),
]


def read(text: str) -> dict[str, Any]:
    """The document in a report, or ReportError."""
    try:
        document = json.loads(text)
        version = document["version"]
        checks = document["checks"]
    except (ValueError, KeyError, TypeError) as error:
        raise ReportError("it is no report of the grader") from error
    if version != verdict.VERSION or not isinstance(checks, list):
        raise ReportError(f"its version is {version}, not {verdict.VERSION}")
    return dict(document)


def prepare(document: dict[str, Any], reveal: bool = False) -> dict[str, Any]:
    """The document as all formats get it: without what is hidden from students
    (reveal: with it), its texts clean and of bounded size."""
    shown = document if reveal else for_students(document)
    bounded: dict[str, Any] = cleaned(shown, MOST, LINES)
    return bounded
