"""Every check leads to its lesson. What the lessons say is checked by tests/book."""

from pathlib import Path

from grader import lessons, table

ROOT = Path(__file__).resolve().parents[2]


def test_every_check_has_its_place_in_a_lesson() -> None:
    for row in table.load().values():
        lesson, heading = lessons.find(row.since, row.milestone)
        assert heading == row.milestone
        assert f"\n### {heading}\n" in (ROOT / lesson).read_text(encoding="utf-8")
    assert lessons.find(3, "No such milestone")[1] == ""
    assert lessons.find(99, "A clock") == ("", "")
    assert lessons.place(3, "Fork and close") == 1 and lessons.place(3, "no") == 0
