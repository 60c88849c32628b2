"""pytest's hooks for all tests; the grader itself is a plugin."""

from __future__ import annotations

import zlib

import pytest

pytest_plugins = ["grader.plugin"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--sample",
        type=int,
        default=1,
        metavar="N",
        help="of a test with many cases, about one of N; always the same ones",
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Keeps a share of the cases of each test, at least one."""
    share: int = config.getoption("sample")
    if share <= 1:
        return
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    kept: set[str] = set()
    for found in cases.values():
        found.sort(key=lambda item: zlib.crc32(item.name.encode()))
        kept.update(item.nodeid for item in found[: -(-len(found) // share)])
    config.hook.pytest_deselected(items=[i for i in items if i.nodeid not in kept])
    items[:] = [item for item in items if item.nodeid in kept]
