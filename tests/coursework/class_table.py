"""What is known of a class: an entry for each submission, and the files that
are made of all of them for other programs: class.csv and class.json.

An entry is kept in OUT/results/NAME.json, written in one go, with a key that
names what it was made of. It is made again only when that changes. It has what
students must not see: what may be handed out is in OUT/submissions/NAME/.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import unicodedata
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Iterable, Optional

from grader.view import clean

VERSION = 1  # of an entry, and of class.json
COLUMNS = [
    *("name", "score", "before_deadline", "passed", "failed", "not_judged", "broke"),
    *("state", "look_at", "notes", "page"),
]
DIGEST = re.compile(r"-[0-9a-f]{8}$")  # of names that are not plain
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass
class Entry:
    """One submission and what came of it."""

    name: str  # as the teacher has it; anybody may have written it
    source: str = ""  # the name of the file or folder
    key: str = ""  # of all that it depends on; "": to be graded again
    state: str = "graded"  # or "not built", "refused", "not finished", "broke"
    problem: str = ""
    document: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  # for the student, too
    look_at: list[str] = field(default_factory=list)  # what a person should see
    apart: list[str] = field(default_factory=list)  # how it was not isolated
    log: str = ""  # the compiler's
    files: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def slug(self) -> str:
        return slug_of(self.name)

    @property
    def score(self) -> float:
        return float(self.document["score"])

    @property
    def page(self) -> str:
        return f"submissions/{self.slug}/index.html"

    def results(self) -> dict[str, str]:
        """What became of each check."""
        return {check["id"]: check["result"] for check in self.document["checks"]}


def slug_of(name: str) -> str:
    """A name for a directory and an address; different names have different
    ones, also where capitals do not count."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    short = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60]
    if short and short == name and not DIGEST.search(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{short or 'submission'}-{digest[:8]}"


# ---- Files of entries ------------------------------------------------------


def write_whole(path: Path, text: str) -> None:
    """All of it or nothing, whenever the machine stops."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_text(text, encoding="utf-8", errors="backslashreplace")
    new.replace(path)


def directory_of(entry: Entry, out: Path) -> Path:
    return out / "submissions" / entry.slug


def path_of(entry: Entry, out: Path) -> Path:
    return out / "results" / f"{entry.slug}.json"


def store(entry: Entry, out: Path) -> None:
    data = {"version": VERSION, **asdict(entry)}
    write_whole(path_of(entry, out), json.dumps(data, indent=1) + "\n")


def load(path: Path) -> Optional[Entry]:
    """An entry as it was stored; None where there is none that can be used."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("version") != VERSION:
            return None
        return Entry(**data)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def load_all(out: Path) -> list[Entry]:
    """All that are stored, by name."""
    found = [load(path) for path in out.glob("results/*.json")]
    return in_order(entry for entry in found if entry)


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.name.casefold(), entry.name))


# ---- The class -------------------------------------------------------------


@dataclass
class Class:
    """All entries of an assignment."""

    step: str  # 03-fork
    seed: str
    entries: list[Entry]

    @property
    def title(self) -> str:
        return f"Step {self.step[:2]}"

    @property
    def course(self) -> str:
        return next((e.document["course"] for e in self.entries), "")


def to_json(made: Class) -> str:
    """The table, without the stories: these are in results/."""
    rows = []
    for entry in made.entries:
        row = dict(zip(COLUMNS, cells(entry)))
        row.update(notes=entry.notes, look_at=entry.look_at, checks=entry.results())
        rows.append(row)
    data = {"version": VERSION, "step": made.step, "seed": made.seed}
    data.update(course=made.course, submissions=rows)
    return json.dumps(data, indent=1) + "\n"


def to_csv(made: Class) -> str:
    """RFC 4180. A cell that a spreadsheet would take for a formula begins with
    an apostrophe (OWASP, CSV Injection)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for entry in made.entries:
        writer.writerow([_safe(cell) for cell in cells(entry)])
    return out.getvalue()


def cells(entry: Entry) -> list[Any]:
    """A row, in the order of COLUMNS."""
    document = entry.document
    counts = [
        document["counts"][k] for k in ("passed", "failed", "not judged", "broke")
    ]
    words = ["; ".join(entry.look_at), "; ".join(entry.notes)]
    first = [clean(entry.name), document["score"], document["earned"]]
    return [*first, *counts, entry.state, *map(clean, words), entry.page]


def _safe(cell: Any) -> Any:
    text = isinstance(cell, str)
    return f"'{cell}" if text and cell.lstrip().startswith(FORMULA) else cell
