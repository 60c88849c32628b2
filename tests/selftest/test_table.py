"""The table of checks and the code beside it; results and points."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from grader import cases, plugin, table, verdict
from grader.check import Code
from selftest.grading import HEAD, TESTS, result

# --- their order ---------------------------------------------------------------


class Item:
    """What pytest has collected of a check."""

    def __init__(self, name: str, waits: float = 0.0) -> None:
        self.function = self
        self.check = Code(name, "", "", (), slow=False, waits=waits)


def test_those_that_wait_begin_early_the_longest_first() -> None:
    items: list[Any] = [Item(str(n)) for n in range(20)]
    items[19:] = [Item("two", 2.0), Item("five", 5.0), Item("one", 1.0)]
    spread: list[Any] = plugin.waiting_first(items)
    names = [item.check.id for item in spread]
    assert sorted(names) == sorted(item.check.id for item in items)
    assert [names.index(name) for name in ("five", "two", "one")] == [0, 5, 11]
    quick = [name for name in names if name.isdigit()]
    assert quick == [str(n) for n in range(19)]


# --- the table ----------------------------------------------------------------


def codes() -> dict[str, Any]:
    """All checks that stand in code."""
    found: dict[str, Any] = {}
    for path in sorted((TESTS / "checks").glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for value in vars(module).values():
            if hasattr(value, "check"):
                assert value.check.id not in found, f"{value.check.id} stands twice"
                found[value.check.id] = (int(path.name[5:7]), value.check)
    return found


def test_table_and_code_agree() -> None:
    rows, code = table.load(), codes()
    assert set(rows) == set(code)
    assert not table.faults(rows, {row.since for row in rows.values()})
    for name, (step, check) in code.items():
        assert rows[name].since == step, f"{name} stands in another step's file"
        assert len(set(check.hints)) == 3 and min(map(len, check.hints)) > 8, name
        assert len(check.why) > 30, name
    for path in cases.CASES.glob("*.md"):
        for case in cases.parse(path.read_text(), path.name):
            assert case.check in rows, f"{path.name}: {case.check} is no check"


@pytest.mark.parametrize(
    "row",
    [
        "| Upper | 02- | M | 5 | MUST | | t |",
        "| a | 2 | M | 5 | MUST | | t |",
        "| a | 02- | M | x | MUST | | t |",
        "| a | 02- | M | 5 | SHOULD | | t |",
        "| a | 02- | M | 5 | MUST | | t |\n| a | 02- | M | 5 | MUST | | t |",
    ],
)
def test_a_wrong_row_is_told(row: str) -> None:
    with pytest.raises(table.TableError, match="line"):
        table.parse(HEAD + row)


def test_a_row_is_read() -> None:
    text = (
        "| a | 02-05 | M | 60 | MUST | | t |\n| b-c | 02 | M | 40 | contract | a | t |"
    )
    rows = table.parse(HEAD + text)
    assert rows["a"].holds_in(5) and not rows["a"].holds_in(6)
    assert rows["a"].steps == "02-05" and rows["b-c"].steps == "02"
    assert rows["b-c"].needs == ("a",) and not table.faults(rows, [2])
    assert table.faults(table.parse(HEAD + text.replace("40", "41")), [2])


# --- the verdict ---------------------------------------------------------------


def test_new_checks_weigh_eighty() -> None:
    results = [
        result("a", verdict.PASSED, 75),
        result("b", verdict.FAILED, 25),
        result("c", verdict.PASSED, 50, new=False),
        result("d", verdict.NOT_JUDGED, 50, new=False),
        result("e", verdict.FAILED, 0, mark="permitted"),
    ]
    assert verdict.score(results).total == 0.75 * 80 + 0.5 * 20
    assert verdict.score(results[:2]).total == 75
    assert verdict.score(results[2:]).total == 50


def test_what_the_grader_broke_costs_nothing() -> None:
    results = [result("a", verdict.PASSED, 50), result("b", verdict.BROKE, 50)]
    assert verdict.score(results).total == 100


def test_a_need_takes_back_a_verdict() -> None:
    results = [
        result("a", verdict.FAILED),
        result("b", verdict.PASSED, needs=["a"]),
        result("c", verdict.FAILED, needs=["b"]),
        result("d", verdict.FAILED, needs=["gone"]),
    ]
    settled = [r.result for r in verdict.settle(results)]
    unjudged = verdict.NOT_JUDGED
    assert settled == [verdict.FAILED, unjudged, unjudged, verdict.FAILED]


def test_results_survive_json() -> None:
    one = result("a", verdict.FAILED, story=verdict.Story(why="w", sent=["x"]))
    assert verdict.Result.from_json(one.to_json()) == one
