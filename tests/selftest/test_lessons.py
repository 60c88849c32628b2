"""What README.md and the lessons say of the tree is so."""

import re
from pathlib import Path

import pytest

from grader import lessons, table

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "steps").glob("*/README.md"))


def code_lines(step: Path) -> int:
    return sum(
        len(path.read_text(encoding="utf-8").splitlines())
        for path in step.glob("*.[ch]")
    )


def test_step_table_tells_the_sizes() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| \[(\S+)\]\(.*\| (\d+)(?: lines)? \|$", text, re.M))
    assert told == {p.parent.name: str(code_lines(p.parent)) for p in LESSONS}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda p: str(p.parent.name))
def test_milestones_are_those_of_the_checks(lesson: Path) -> None:
    step = int(lesson.parent.name[:2])
    text = lesson.read_text(encoding="utf-8")
    text = text.partition("\n## Milestones\n")[2].partition("\n## ")[0]
    milestones = {r.milestone for r in table.load().values() if r.since == step}
    assert set(re.findall(r"^### (.+)$", text, re.M)) == milestones


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *LESSONS], ids=lambda p: str(p.parent.name)
)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda p: str(p.parent.name))
def test_functions_named_exist(lesson: Path) -> None:
    sources = [*lesson.parent.glob("*.[ch]"), *ROOT.glob("common/*/*.[ch]")]
    sources += ROOT.glob("steps/*/main.c")
    code = "\n".join(p.read_text(encoding="utf-8") for p in sources)
    for name in set(re.findall(r"`([a-z_]+)\(\)`", lesson.read_text(encoding="utf-8"))):
        assert re.search(rf"\b{name}\(", code), name


def test_every_check_has_its_place_in_a_lesson() -> None:
    for row in table.load().values():
        lesson, heading = lessons.find(row.since, row.milestone)
        assert heading == row.milestone
        assert f"\n### {heading}\n" in (ROOT / lesson).read_text(encoding="utf-8")
    assert lessons.find(3, "No such milestone")[1] == ""
    assert lessons.find(99, "A clock") == ("", "")
    assert lessons.place(3, "Fork and close") == 1 and lessons.place(3, "no") == 0
