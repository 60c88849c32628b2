"""Four servers, thousands of requests, and a table that explains what differs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from . import opinion
from .requests import TWISTS, WELL_FORMED

TREE = Path(__file__).resolve().parents[2]
BUILD = TREE / os.environ.get("BUILD", "build")
HEAD = "| twist | 06 | nginx | lighttpd | apache | why |\n|---|---|---|---|---|---|\n"
ROW = "| fragment | refused | served | served | refused | RFC 9112, section 3.2 |"


def missing() -> "list[str]":
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    return [
        n for n in ("nginx", "lighttpd", "apache2") if not shutil.which(n, path=path)
    ]


@pytest.mark.slow
@pytest.mark.skipif(bool(missing()), reason=f"there is no {' or '.join(missing())}")
def test_every_difference_is_explained() -> None:
    seen = opinion.run(BUILD, 1500, number=20261121).seen
    unseen = set(opinion.load()) - set(seen)
    assert not unseen, f"rows that this run has not tried: {sorted(unseen)}"
    assert seen[WELL_FORMED] > 0


def test_table_is_read() -> None:
    assert opinion.load(HEAD + ROW) == {
        "fragment": ("refused", "served", "served", "refused")
    }
    assert len(opinion.load()) > 40 and len(TWISTS) > 90


@pytest.mark.parametrize(
    "row, fault",
    [
        (ROW + "\n" + ROW, "twice"),
        (ROW.replace("fragment", "no such thing"), "no twist"),
        (ROW.replace("served", "refused"), "not a difference"),
        (ROW.replace("served", "sreved"), "not a difference"),
        (ROW.replace("RFC 9112, section 3.2", "everybody knows"), "which sentence"),
    ],
)
def test_bad_rows(row: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        opinion.load(HEAD + row)


@pytest.mark.parametrize(
    "said, twist, fault",
    [
        (("served", "last", "served", "served"), "close", "no row"),
        (("served", "served", "served", "served"), "fragment", "not"),
        (("refused",) * 4, WELL_FORMED, "well-formed"),
    ],
)
def test_what_is_not_explained(
    said: "tuple[str, ...]",
    twist: str,
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opinion.ask, "verdict", lambda port, data: said[port])
    held = opinion.Opinions(opinion.load(HEAD + ROW), [0, 1, 2, 3])
    with pytest.raises(AssertionError, match=fault):
        held.hold(twist, b"")
