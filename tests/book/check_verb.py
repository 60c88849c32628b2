"""make check-docs: all that the pages say, checked side by side. Prints each fault
as PAGE:LINE: what is wrong, and below it how it is mended; then a line that sums up
the checks of each page."""

from __future__ import annotations

import argparse
import os
import time
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

from . import experiments, links, names, sessions, spelling, tables, weave
from .experiments import Tools
from .pages import TOP, Fault, Page, pages

KINDS = ("weave", "tables", "names", "links", "spelling", "experiments", "sessions")
SIDE_BY_SIDE = 2  # for each processor: sessions wait more than they work


def judge(kind: str, page: Page, tools: Tools) -> tuple[list[Fault], float]:
    """What is wrong with one page, and the seconds that this took."""
    begin = time.monotonic()
    if kind == "weave":
        found = weave.check(page, tools.top)
    elif kind == "tables":
        found = tables.check(page, tools.top)
    elif kind == "names":
        found = list(names.check(page, tools.top))
    elif kind == "links":
        found = links.check(page, tools.top)
    elif kind == "experiments":
        found = experiments.check(page, tools)
    else:
        found = sessions.check(page, tools.top, tools.build)
    return found, time.monotonic() - begin


def main(argv: list[str]) -> int:
    words = argparse.ArgumentParser(prog="book check", description=__doc__)
    words.add_argument("page", nargs="*", help="only pages whose names contain this")
    words.add_argument("--only", nargs="+", choices=KINDS, default=KINDS)
    words.add_argument("--build", type=Path, default=TOP / "build")
    words.add_argument("--cc", default="cc")
    words.add_argument("--flags", default=Tools.flags, help="those of the tree")
    words.add_argument("--times", action="store_true", help="what took how long")
    given = words.parse_args(argv)
    tools = Tools(TOP, given.build.resolve(), given.cc, given.flags)
    chosen = pages(TOP, given.page)
    if not chosen:
        print("there is no such page")
        return 2
    waiting: dict[tuple[str, str], Future[tuple[list[Fault], float]]] = {}
    results: dict[tuple[str, str], list[Fault]] = {}
    with ProcessPoolExecutor((os.cpu_count() or 2) * SIDE_BY_SIDE) as pool:
        for kind in sorted(given.only, key=order):
            for page in sorted(chosen, key=lambda p: -len(p.text)):
                if kind != "spelling":
                    task = pool.submit(judge, kind, page, tools)
                    waiting[kind, page.name] = task
        if "spelling" in given.only:
            results["spelling", "all pages"] = spelling.check(chosen)
        for what, future in waiting.items():
            results[what], seconds = future.result()
            if given.times and seconds > 0.5:
                print(f"{seconds:6.1f} s  {what[0]} {what[1]}")
    faults = {fault for found in results.values() for fault in found}
    for fault in sorted(faults, key=lambda f: (f.page, f.line, f.wrong)):
        print(fault)
    failed = sum(1 for found in results.values() if found)
    print(f"{len(results) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


def order(kind: str) -> int:
    """What takes long begins first."""
    return LONG.index(kind) if kind in LONG else len(LONG)


LONG = ("sessions", "experiments", "names")
