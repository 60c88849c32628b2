"""Writes docs/teaching/misconceptions.md: what students believe, by milestone.

    python -m mutants.page        writes it anew
"""

from __future__ import annotations

import sys
from pathlib import Path

from grader import table

from .patches import Mutant, load

TREE = Path(__file__).resolve().parents[2]
PAGE = TREE / "docs" / "teaching" / "misconceptions.md"
HEAD = """# Misconceptions

What students write, and which check tells them. Each of these is a mutant: planted in the reference
by a patch in `tests/mutants/`, built, and found by its check (`make test-graders`). `make mutants` prints them, and
`python -m mutants.page`, run in `tests/`, writes this page.
"""


def page(mutants: list[Mutant]) -> str:
    rows = table.load()
    order = list(rows)
    lines = [HEAD]
    for step in sorted({mutant.step for mutant in mutants}):
        own = [mutant for mutant in mutants if mutant.step == step]
        own.sort(key=lambda mutant: (order.index(mutant.check), mutant.wrong))
        lines += [f"## {step:02}", "", "| what was written | milestone | check |"]
        lines.append("|---|---|---|")
        for mutant in own:
            wrong = mutant.wrong.rstrip(".").replace("|", "\\|").replace("<", "&lt;")
            milestone = rows[mutant.check].milestone
            lines.append(f"| {wrong} | {milestone} | {mutant.check} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(load()), encoding="utf-8")
    sys.exit(0)
