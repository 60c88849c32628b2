"""Every format shows the same total, and parts that sum to it."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from typing import Any, Callable

import pytest

from coursework import sample_documents
from coursework.exports import FORMATS, prepare

DOCUMENTS = sample_documents.documents()


def in_json(text: str) -> float:
    return float(json.loads(text)["score"])


def in_html(text: str) -> float:
    found = re.findall(r'<p class="score"><strong>([\d.]+)</strong> of 100', text)
    title = re.findall(r"<title>.*: ([\d.]+) of 100 points</title>", text)
    assert found == title and len(found) == 1
    return float(found[0])


def in_markdown(text: str) -> float:
    found = re.match(r"# .*: ([\d.]+) of 100 points\n", text)
    assert found
    return float(found[1])


def in_csv(text: str) -> float:
    rows = list(csv.DictReader(io.StringIO(text)))
    total = rows.pop()
    assert total["check"] == "total" and total["of"] == "100"
    parts = sum(round(10 * float(row["points"] or 0)) for row in rows)
    assert parts == round(10 * float(total["points"]))
    return float(total["points"])


def in_junit(text: str) -> float:
    root = ElementTree.fromstring(text)
    values = [p.get("value") for p in root.iter("property") if p.get("name") == "score"]
    assert len(values) == 1 and values[0]
    return float(values[0])


def in_gradescope(text: str) -> float:
    data = json.loads(text)
    parts = sum(round(10 * test.get("score", 0)) for test in data["tests"])
    assert parts == round(10 * data["extra_data"]["earned"])
    assert f"{data['score']:g} of 100" in data["output"]
    return float(data["score"])


def in_autolab(text: str) -> float:
    scores = json.loads(text.splitlines()[-1])["scores"]
    return sum(round(10 * score) for score in scores.values()) / 10


def in_classroom50(text: str) -> float:
    data = json.loads(text)
    assert data["score"] == sum(test["score"] for test in data["tests"])
    assert data["max-score"] == sum(test["max-score"] for test in data["tests"])
    assert data["max-score"] in (0, 1000)
    return float(data["score"]) / 10


def in_annotations(text: str) -> float:
    found = re.match(r"::notice title=[^:]*::([\d.]+) of 100 points", text)
    assert found
    return float(found[1])


READERS: dict[str, Callable[[str], float]] = {
    "json": in_json,
    "html": in_html,
    "markdown": in_markdown,
    "csv": in_csv,
    "junit": in_junit,
    "gradescope": in_gradescope,
    "autolab": in_autolab,
    "classroom50": in_classroom50,
    "github-annotations": in_annotations,
}


@pytest.mark.parametrize("made", FORMATS, ids=lambda made: str(made.name))
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_total_is_the_same(name: str, made: Any) -> None:
    document = DOCUMENTS[name]
    for reveal in (False, True):
        text = made.text(prepare(document, reveal))
        assert READERS[made.name](text) == document["score"]


def test_the_documents_are_of_every_kind() -> None:
    """Else the test above proves little."""
    totals = {name: document["score"] for name, document in DOCUMENTS.items()}
    assert totals["all passed"] == 100 and totals["too late"] == 0
    assert totals["late"] < totals["some failed"] == totals["hidden"]
    assert totals["overridden"] != totals["some failed"]
    assert len(set(totals.values())) >= 7
    assert {d["status"] for d in DOCUMENTS.values()} == {"passed", "failed", "broke"}
