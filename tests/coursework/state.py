"""What the student's verbs remember: work/progress.json, a plain file.

    {"03-fork": {"graded": "2026-11-21 10:06",
                 "checks": {"stuck-client": "passed", "child-ends": "failed"},
                 "unwritten": {}, "hint": {"check": "child-ends", "level": 2}}}

It holds nothing that cannot be found out again: a missing or broken one is
taken for an empty one.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Iterable

NAME = "progress.json"
PASSED, FAILED = "passed", "failed"


@dataclass
class Hint:
    check: str = ""
    level: int = 0


@dataclass
class Entry:
    """What is known of one piece of work."""

    graded: str = ""  # when
    checks: dict[str, str] = field(default_factory=dict)  # id: result
    unwritten: dict[str, str] = field(default_factory=dict)  # id: "name, file"
    hint: Hint = field(default_factory=Hint)

    def take(self, results: Iterable[dict[str, Any]]) -> None:
        """Remembers results, checks of a report in the table's order."""
        self.graded = time.strftime("%Y-%m-%d %H:%M")
        for one in results:
            self.checks[one["id"]] = one["result"]
            self.unwritten.pop(one["id"], None)
            if unwritten(one):
                self.unwritten[one["id"]] = unwritten(one)


def unwritten(result: dict[str, Any]) -> str:
    """The function whose missing body ended the program, as "name, file"."""
    named = (result.get("story") or {}).get("unwritten") or [""]
    return str(named[0])


def _entry(data: Any) -> Entry:
    checks = {str(k): str(v) for k, v in data["checks"].items()}
    missing = {str(k): str(v) for k, v in data["unwritten"].items()}
    hint = Hint(str(data["hint"]["check"]), int(data["hint"]["level"]))
    return Entry(str(data["graded"]), checks, missing, hint)


def load(work: Path) -> dict[str, Entry]:
    """All entries, by the name of the work; what cannot be read is left out."""
    try:
        data = json.loads((work / NAME).read_text(encoding="utf-8"))
        pairs = list(data.items())
    except (OSError, ValueError, AttributeError):
        return {}
    entries = {}
    for name, value in pairs:
        try:
            entries[name] = _entry(value)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
    return entries


def store(work: Path, name: str, entry: Entry) -> None:
    """Writes one entry down, and keeps the others; the file is whole at any
    moment."""
    entries = {**load(work), name: entry}
    text = json.dumps({k: asdict(v) for k, v in sorted(entries.items())}, indent=1)
    work.mkdir(parents=True, exist_ok=True)
    handle, made = tempfile.mkstemp(dir=work, prefix=NAME)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    os.chmod(made, 0o644)
    os.replace(made, work / NAME)


def forget(work: Path, name: str) -> None:
    """Begins an entry anew."""
    store(work, name, Entry())
