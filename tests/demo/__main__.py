"""python -m demo: makes a picture of what servers do while clients wait.

    python -m demo --server build/03-fork --step 03 --scenario twenty --out page.html
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from grader.expect import Failure

from . import model, page, record, scenario, still, text, trace


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="demo",
        description=__doc__.splitlines()[0].partition(": ")[2],
        epilog="Scenarios: " + ", ".join(scenario.names()),
    )
    add = parser.add_argument
    add("--step", nargs="+", type=int, required=True, help="which steps, as 02 03 04")
    add("--server", nargs="+", required=True, help="a command for each of them")
    add("--scenario", default="", help="a name, or a file that ends in .txt")
    add("--out", metavar="FILE", help="the page, as HTML")
    add("--trace", metavar="FILE", help="for Perfetto, as JSON")
    add("--lesson", action="store_true", help="the picture in the step's lesson")
    add("--text", action="store_true", help="the lanes, in this terminal")
    found = parser.parse_args(words)
    if len(found.step) != len(found.server):
        parser.error("--step and --server go in pairs")
    return found


def label(step: int, command: str) -> str:
    """What the picture calls it: the program's name."""
    names = [Path(word).name for word in command.split() if "/" in word]
    name = names[-1] if names else command
    return name if name.startswith(f"{step:02}-") else f"{name} as step {step:02}"


def main(words: list[str]) -> int:
    chosen = arguments(words)
    default = "echo" if chosen.step == [1] else "silent"
    if chosen.lesson:
        default = still.LESSONS[chosen.step[0]]
    played = scenario.load(chosen.scenario or default)
    takes = []
    for step, command in zip(chosen.step, chosen.server):
        print(f"{played.title}: {label(step, command)}", file=sys.stderr, flush=True)
        takes.append(record.take(step, label(step, command), command, played))
    document = model.document(takes, f"Made by `make demo`, scenario {played.name}.")
    if chosen.out:
        Path(chosen.out).parent.mkdir(parents=True, exist_ok=True)
        Path(chosen.out).write_text(page.build(document), encoding="utf-8")
    if chosen.trace:
        Path(chosen.trace).write_text(trace.build(document), encoding="utf-8")
    if chosen.lesson:
        file = still.file(chosen.step[0])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(still.build(document), encoding="utf-8")
    if chosen.text or not (chosen.out or chosen.trace or chosen.lesson):
        print(text.build(document))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (scenario.ScenarioError, Failure) as error:
        print(f"demo: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
