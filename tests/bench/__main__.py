"""python3 -m bench VERB: see __init__.py."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from grader import alone

from . import cost, machine, parts, run, tables
from .loads import Bench, Wrong
from .servers import STEPS, Missing, Place, more_files

TREE = Path(__file__).resolve().parents[2]
KEPT = Path(__file__).parent / "run.json"


def place_cores() -> tuple[int, int]:
    """A core for the server, and another for load and this process."""
    there = machine.cores()
    if len(there) < 2:
        return -1, -1
    os.sched_setaffinity(0, {there[-1]})
    return there[0], there[-1]


def measure(given: argparse.Namespace) -> int:
    if not Path("/proc/self/smaps_rollup").exists():
        print("The benchmarks need Linux, and its /proc.", file=sys.stderr)
        return 1
    names = given.parts
    chosen = parts.chosen(names, given.quick)
    others = [name for name in parts.OTHERS if name in (names or parts.OTHERS)]
    described = machine.describe()
    server, load = place_cores()
    more_files()
    rounds = given.rounds or (2 if given.quick else 5)
    seconds = given.seconds or (1.0 if given.quick else 2.0)
    began = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        site = Path(made) / "site"
        run.make_site(site)
        key = given.certificate.with_name("key.pem").resolve()
        place = Place(given.build, site, given.certificate.resolve(), key, server)
        bench = Bench(given.build / "bench/load", site, load)
        floor = given.build / "bench/floor"
        say = run.to_stderr
        runner = run.Runner(place, bench, floor, rounds, seconds, say, given.quick)
        found = run.everything(runner, chosen, others)
    document: dict[str, Any] = {
        "machine": described,
        "versions": machine.versions(),
        "began": began,
        "quick": given.quick,
        "rounds": rounds,
        "seconds": seconds,
        "separate_cores": server != load,
        **found,
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(tables_json(document), encoding="utf-8")
    print(tables.report(document))
    print(f"\n{given.out} has every figure.")
    failed = [c for c in document["cells"] if c["failed"]]
    for cell in failed:
        print(f"{cell['part']}, {cell['server']}: {cell['failed']} failed")
    return 1 if any(cell["server"] in STEPS for cell in failed) else 0


def draw(file: Path, out: Path) -> int:
    from book.figures.costs import COSTS  # the book's family of figures

    document = json.loads(file.read_text(encoding="utf-8"))
    out.mkdir(parents=True, exist_ok=True)
    for name, figure in COSTS.items():
        (out / f"{name}.svg").write_text(figure(document).svg(), encoding="utf-8")
        print(out / f"{name}.svg")
    return 0


def tables_json(document: dict[str, Any]) -> str:
    """A cell a line: what changes from run to run is seen."""
    out = []
    for name, value in document.items():
        if isinstance(value, list):
            lines = ",\n".join("  " + json.dumps(one) for one in value)
            out.append(f"{json.dumps(name)}: [\n{lines}\n]")
        else:
            out.append(f"{json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(out) + "\n}\n"


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and no server stays
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("run", help="measure")
    one.add_argument("--build", type=Path, required=True)
    one.add_argument("--certificate", type=Path, required=True)
    one.add_argument("--out", type=Path, required=True)
    one.add_argument("--quick", action="store_true")
    one.add_argument("--rounds", type=int)
    one.add_argument("--seconds", type=float)
    one.add_argument("parts", nargs="*")
    one = verbs.add_parser("table", help="the table of a run")
    one.add_argument("run", type=Path, nargs="?", default=KEPT)
    one = verbs.add_parser("figures", help="the book's figures of a run")
    one.add_argument("run", type=Path, nargs="?", default=KEPT)
    one.add_argument("--out", type=Path, default=TREE / "docs/figures")
    one = verbs.add_parser("cost", help="instructions and system calls")
    one.add_argument("--build", type=Path, required=True)
    one.add_argument("--cc", default="cc")
    one.add_argument("--write", action="store_true")
    one.add_argument("steps", nargs="*")
    given = parser.parse_args()
    try:
        if given.verb == "table":
            print(tables.report(json.loads(given.run.read_text(encoding="utf-8"))))
            return 0
        if given.verb == "figures":
            return draw(given.run, given.out)
        alone.again("bench")
        return cost.run(given) if given.verb == "cost" else measure(given)
    except (KeyError, Missing, Wrong, cost.CostError) as error:
        print(f"bench: {error.args[0]}", file=sys.stderr)
        return 1


sys.exit(main())
