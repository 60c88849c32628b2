"""The teacher's page of misconceptions is that of the mutants."""

from __future__ import annotations

from mutants import page
from mutants.patches import load


def test_the_page_lists_every_mutant() -> None:
    mutants = load()
    kept = page.PAGE.read_text(encoding="utf-8")
    assert kept == page.page(mutants), "python -m mutants.page writes it anew"
    assert kept.count("\n| ") == len(mutants) + len({m.step for m in mutants})
