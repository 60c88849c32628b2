"""The table of differences, and a run that holds four servers against it.

    python -m opinion.opinion --build build [--requests 5000] [--seed 1]
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Tuple

from hypothesis import HealthCheck, given, seed, settings

from . import ask
from .requests import TWISTS, WELL_FORMED, twisted

SERVERS = ("06", "nginx", "lighttpd", "apache")
TABLE = Path(__file__).resolve().parent / "differences.md"
WORDS = {"served", "last", "refused", "400"}
Verdicts = Tuple[str, ...]


def load(text: Optional[str] = None) -> Dict[str, Verdicts]:
    """The rows of the table: a twist, and what each server makes of it."""
    rows: Dict[str, Verdicts] = {}
    for line in (text or TABLE.read_text(encoding="utf-8")).splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if len(cells) != len(SERVERS) + 2 or cells[0] == "twist":
            continue
        name, *verdicts, why = cells
        if name in rows or name not in TWISTS:
            raise ValueError(f"differences.md: {name}: twice, or no twist")
        if not set(verdicts) <= WORDS or len(set(verdicts)) == 1:
            raise ValueError(f"differences.md: {name}: not a difference: {verdicts}")
        if not re.search(r"(RFC \d{4}, )?section \d", why):
            raise ValueError(f"differences.md: {name}: which sentence?")
        rows[name] = tuple(verdicts)
    return rows


class Opinions:
    """What was seen, twist by twist."""

    def __init__(self, rows: Dict[str, Verdicts], ports: "list[int]") -> None:
        self.rows = rows
        self.ports = ports
        self.seen: "Counter[str]" = Counter()

    def hold(self, name: str, data: bytes) -> None:
        """Fails where the four differ and no row says so, or differ otherwise."""
        got = tuple(ask.verdict(port, data) for port in self.ports)
        self.seen[name] += 1
        if name in self.rows:
            assert got == self.rows[name], f"{name}: {self.rows[name]}, not {got}"
        else:
            assert len(set(got)) == 1, f"no row for {name}: {got}"
        if name == WELL_FORMED:
            assert got[0] == "served", f"well-formed, and {got[0]}"


def run(build: Path, requests: int, number: int) -> Opinions:
    """Asks all servers so often. Hypothesis shows the smallest request that
    brings out a difference which the table does not have."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        place.chmod(0o755)
        ask.make_site(place / "site")
        ports = [
            stack.enter_context(ask.running(name, build, place / "site"))
            for name in SERVERS
        ]
        opinions = Opinions(load(), ports)

        @seed(number)
        @settings(
            max_examples=requests,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(twisted())
        def agree(pair: "tuple[str, bytes]") -> None:
            opinions.hold(*pair)

        ask_all: Callable[[], Any] = agree
        ask_all()
    return opinions


def main() -> int:
    parser = argparse.ArgumentParser(prog="opinion.opinion")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    option = parser.parse_args()
    seen = run(option.build.resolve(), option.requests, option.seed).seen
    rows = load()
    print(
        f"{sum(seen.values())} requests to each of {', '.join(SERVERS)}: "
        f"{len(seen)} twists, {len(rows)} of them with a difference, all explained"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
