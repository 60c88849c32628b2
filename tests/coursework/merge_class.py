"""make merge-class: joins the parts that SHARD has graded, perhaps elsewhere.

    python3 -m coursework merge_class --step 03 --out OUT PART...

Each PART is a directory that grade-class has written; OUT may be one of them.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from . import class_page, class_table
from .class_table import Class, Entry
from .homework import HomeworkError
from .sandbox_kit import described


class Mistake(Exception):
    """The parts do not belong together."""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="merge_class", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--step", required=True, help="the step's number, as 03")
    parser.add_argument("--out", type=Path, required=True, help="where it all comes")
    parser.add_argument("parts", type=Path, nargs="*", help="directories of parts")
    given = parser.parse_args(argv)
    parts = given.parts or [given.out]
    try:
        kit = described(given.step.zfill(2))
        made = joined(kit.name, parts)
        for part in parts:
            if part.resolve() != given.out.resolve():
                copy(part, given.out)
        class_page.write_class(made, kit, given.out)
    except (Mistake, HomeworkError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    count = len(made.entries)
    print(f"{count} submissions. Open {given.out}/index.html")
    return 0


def joined(step: str, parts: list[Path]) -> Class:
    """All entries of all parts; they must have been graded alike."""
    entries: dict[str, Entry] = {}
    for part in parts:
        found = class_table.load_all(part)
        if not found:
            raise Mistake(f"nothing has been graded in {part}")
        for entry in found:
            other = entries.setdefault(entry.name, entry)
            if other.key != entry.key:
                raise Mistake(f"two parts have different results of {entry.name!r}")
    for what in ("assignment", "seed", "grader"):
        values = sorted({str(e.document[what]) for e in entries.values()})
        if len(values) > 1:
            raise Mistake(f"the parts differ in their {what}: {', '.join(values)}")
    first = next(iter(entries.values())).document
    if first["assignment"] != step[:2]:
        raise Mistake(f"the parts are of {first['assignment']}, not of {step[:2]}")
    return Class(step, first["seed"], class_table.in_order(entries.values()))


def copy(part: Path, out: Path) -> None:
    """Results and pages of a part."""
    for entry in class_table.load_all(part):
        target = class_table.directory_of(entry, out)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(class_table.directory_of(entry, part), target)
        class_table.store(entry, out)
