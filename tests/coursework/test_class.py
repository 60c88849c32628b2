"""Grading a class: the same scores however it is done, and whatever was stopped."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from coursework import grade_class, homework, merge_class

STEP = homework.find_step("01")
SEED = "2026"


@pytest.fixture(scope="module")
def submissions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three of a class: a right one, one that echoes a byte less, and none."""
    place = tmp_path_factory.mktemp("class") / "submissions"
    for name in ("ada", "bob", "<b>eve"):
        (place / name).mkdir(parents=True)
        for path in STEP.glob("*.[ch]"):
            shutil.copy(path, place / name)
    main = place / "bob" / "main.c"
    text = main.read_text()
    assert "argc" in text
    main.write_text(text.replace("int\nmain(int argc", "#error no\nint\nmain(int argc"))
    for path in (place / "<b>eve").glob("*.c"):
        path.unlink()
    return place


def graded(submissions: Path, out: Path, *more: str) -> dict[str, float]:
    words = ["--step", "01", "--submissions", str(submissions), "--out", str(out)]
    assert grade_class.main([*words, "--seed", SEED, *more]) in (0, 1)
    return scores(out)


def scores(out: Path) -> dict[str, float]:
    with (out / "class.csv").open(newline="", encoding="utf-8") as file:
        return {row["name"]: float(row["score"] or 0) for row in csv.DictReader(file)}


@pytest.mark.slow
def test_the_same_scores_in_any_way(submissions: Path, tmp_path: Path) -> None:
    one = graded(submissions, tmp_path / "one", "--jobs", "1")
    assert one["ada"] == 100.0 and one["bob"] == 0.0 and len(one) == 3
    assert graded(submissions, tmp_path / "two", "--jobs", "8") == one
    parts = []
    for part in ("1/2", "2/2"):
        parts.append(tmp_path / part[0])
        words = ["--step", "01", "--submissions", str(submissions), "--seed", SEED]
        words += ["--out", str(parts[-1]), "--shard", part]
        assert grade_class.main(words) == 0
        assert 0 < len(list((parts[-1] / "results").iterdir())) < 3
    joined = tmp_path / "joined"
    words = ["--step", "01", "--out", str(joined), *map(str, parts)]
    assert merge_class.main(words) == 0
    assert scores(joined) == one


@pytest.mark.slow
def test_it_goes_on_where_it_was(submissions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = graded(submissions, out)
    results = {p: p.stat().st_mtime_ns for p in (out / "results").rglob("*.json")}
    assert len(results) >= 2
    assert graded(submissions, out) == first
    again = {p: p.stat().st_mtime_ns for p in (out / "results").rglob("*.json")}
    assert again == results  # nothing was graded a second time
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "<b>eve" not in page and "&lt;b&gt;eve" in page
    assert json.loads((out / "class.json").read_text())
