"""Finds a step's sources in what a student has handed in.

They may lie anywhere: in the folder itself, one directory below it, in a whole
checkout, in the one archive that a learning platform has put into a folder.
Only C sources of one directory are taken. What else is there is left out, and
what was perhaps meant to be graded is named.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Sequence

from .sandbox_unpack import Entry, Refused, ending_of, entries

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}\.[ch]")
MOST = 100  # sources
TOTAL = 4 << 20  # bytes of all of them
SUSPECTS = re.compile(r"(?i)(GNU)?makefile(\..*)?|.*\.(mk|s|so|a|o|cc|cpp|sh)")


@dataclass
class Intake:
    """What is taken of a submission, or why it is refused."""

    files: dict[str, bytes] = field(default_factory=dict)
    folder: str = ""  # where in the submission they were
    left_out: list[str] = field(default_factory=list)  # sentences
    missing: list[str] = field(default_factory=list)  # files of the step
    refused: str = ""

    @property
    def digest(self) -> str:
        """The same for the same sources, wherever they were."""
        kept = hashlib.sha256(self.refused.encode())
        for name, data in sorted(self.files.items()):
            kept.update(f"{name}\0{len(data)}\0".encode() + data)
        return kept.hexdigest()[:16]


def take(path: Path, step: str, expected: Sequence[str]) -> Intake:
    """Reads a submission of the step (03-fork), whose files have these names."""
    intake = Intake()
    try:
        found = _opened(path)
        intake.folder = _choose(found, step, expected)
        _fill(intake, found)
        if not intake.files:
            raise Refused(
                f"there is no C source in it {_told(intake.left_out)}".strip()
            )
    except Refused as refusal:
        return Intake(refused=str(refusal), left_out=intake.left_out)
    intake.missing = [name for name in expected if name not in intake.files]
    return intake


def _told(left_out: list[str]) -> str:
    return f"({'; '.join(left_out)})" if left_out else ""


def _opened(path: Path) -> list[Entry]:
    """Its entries; those of the one archive in it, where that is all it has."""
    found = entries(path)
    if path.is_dir() and not any(e.name.endswith(".c") for e in found):
        packed = [e for e in found if ending_of(e.name) and e.kind == "file"]
        if len(packed) == 1:
            return entries(path / packed[0].path)
        if packed:
            names = ", ".join(sorted(e.name for e in packed))
            raise Refused(f"it has several archives, and no source: {names}")
    return found


def _hidden(entry: Entry) -> bool:
    """What systems and editors leave: .git/, __MACOSX/, ._main.c"""
    parts = entry.path.split("/")
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _choose(found: list[Entry], step: str, expected: Sequence[str]) -> str:
    """The directory whose sources are graded: the one with the step's name, or
    else the one with most of its files."""
    folders: dict[str, list[str]] = {}
    for entry in found:
        if entry.name.endswith(".c") and not _hidden(entry):
            folders.setdefault(entry.folder, []).append(entry.name)
    if not folders:
        return ""

    def rank(folder: str) -> tuple[int, ...]:
        parts = folder.split("/")
        own = sum(name in expected for name in folders[folder])
        # A whole checkout has the lesson in steps/ and the work in work/.
        return (own > 0, parts[-1] == step, "steps" not in parts, own, -len(parts))

    best = max(map(rank, folders))
    first = sorted(folder for folder in folders if rank(folder) == best)
    if len(first) > 1:
        names = ", ".join(f"{folder or '.'}/" for folder in first)
        raise Refused(f"which sources are meant? There are some in {names}")
    return first[0]


def _fill(intake: Intake, found: list[Entry]) -> None:
    """Takes the sources; says what of the same directory it does not take."""
    total = 0
    seen: set[str] = set()
    for entry in found:
        if entry.folder != intake.folder or _hidden(entry):
            continue
        if entry.name in seen:
            raise Refused(f"it has two files named {entry.name}")
        seen.add(entry.name)
        reason = _reason(entry)
        if reason:
            intake.left_out.append(reason)
        elif entry.data is not None:
            intake.files[entry.name] = entry.data
            total += len(entry.data)
    if len(intake.files) > MOST or total > TOTAL:
        raise Refused(f"it has more than {MOST} sources, or {TOTAL >> 20} MiB of them")


def _reason(entry: Entry) -> str:
    """Why it is not taken; "" where it is, or where nobody will miss it."""
    shown = entry.name.encode("ascii", "backslashreplace").decode()[:100]
    if not entry.name.endswith((".c", ".h")):
        if entry.kind != "file":
            return f"{shown} is left out: it is {entry.kind}"
        unused = SUSPECTS.fullmatch(entry.name)
        return f"{shown} is left out: only .c and .h are built" if unused else ""
    if entry.kind != "file" or entry.data is None:
        return f"{shown} is left out: it is {entry.kind}"
    if not NAME.fullmatch(entry.name):
        return f"{shown} is left out: letters, digits and _ . + - make a name"
    return ""
