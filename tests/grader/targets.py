"""Targets and the answers that are right for them, kept as tables.

A file in tests/checks/cases/ may hold, below the name of a check, a table:

    # ways-out

    | target | answers | rule |
    |---|---|---|
    | `/..%2fsecret.txt` | 400 404 | A slash in disguise. CWE-22. |

The answers are those of cases.py. {name} in a target is filled in by the
check; {page}, {host} and {scheme} by what is here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .cases import CASES, accepts
from .expect import expect
from .http import Response, request
from .lab import Server

ROW = re.compile(r"\| `(.+?)` +\| ([^|]+?) +\| (.+?) +\|")


@dataclass(frozen=True)
class Target:
    """One row of a table."""

    target: str
    answers: tuple[str, ...]
    rule: str


def load(check: str) -> list[Target]:
    """The targets of one check, in order, from whatever file has them."""
    found = []
    for path in sorted(CASES.glob("*.md")):
        for block in re.split(r"(?m)^(?=# )", path.read_text(encoding="utf-8")):
            if block.partition("\n")[0] == f"# {check}":
                for line in block.splitlines():
                    match = ROW.fullmatch(line)
                    if match:
                        answers = tuple(match[2].split())
                        found.append(Target(match[1], answers, match[3]))
    if not found:
        raise LookupError(f"no target for {check} in {CASES}")
    return found


def judge_targets(
    check: str, server: Server, **names: str
) -> list[tuple[str, Response]]:
    """Asks for all targets of a check and judges the answers; what was asked
    and what came, for more to be judged."""
    names.setdefault("page", server.page)
    names.setdefault("host", server.authority)
    names.setdefault("scheme", server.site.scheme)
    found = []
    for row in load(check):
        target = re.sub(r"\{(\w+)\}", lambda match: names[match[1]], row.target)
        response = server.ask(request("GET", target, host=server.authority))
        got = accepts(row.answers, response, server.content)
        wanted = f"for {target}: {' or '.join(row.answers)}"
        expect(not got, wanted, got, why=row.rule)
        found.append((target, response))
    return found
