"""Runs the sessions of one page, and prints the faults as JSON: by itself, so that
it can be locked into a place of its own (a network and processes that nobody else
sees), where bubblewrap can make one."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

from .pages import TOP, Page
from .sessions import Runner


def main(argv: list[str]) -> int:
    words = argparse.ArgumentParser(prog="book sessions", description=__doc__)
    words.add_argument("page", type=Path)
    words.add_argument("--place", type=Path, required=True, help="a copy of the tree")
    words.add_argument("--alone", action="store_true", help="all ports are free")
    given = words.parse_args(argv)
    path = given.page.resolve()
    name = path.relative_to(TOP).as_posix() if TOP in path.parents else path.name
    runner = Runner(Page(path, name), given.place, given.alone)
    try:
        faults = list(runner.run())
    finally:
        runner.close()
    print(json.dumps([dataclasses.asdict(fault) for fault in faults]))
    return 0
