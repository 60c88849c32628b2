"""Fragments are found as they stand, and a page that shows another is told of."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest

from book import fragments, tables, weave
from book.pages import TOP, Fault, Page

SOURCE = """/* An essay; struct no_such { } stands in it. */
#include <stddef.h>
#define LIMIT 3
#define LONGER(x) \\
    ((x) + 1)

enum { SMALL = 1, LARGE = 9 };

struct shelf {
    int books; /* of which { */
    struct { int deep; } inner;
};

static const struct { int a; } rows[] = {
    {1},
};
static int count(const char *text);

/* Counts. */
static int
count(const char *text)
{
    int n = 0;

    while (*text++)
        n++;
    return n; /* } */
}

char *shelf_name(struct shelf *shelf,
                 size_t len);
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "a.c").write_text(SOURCE)
    (tmp_path / "rules.mk").write_text(
        "flags = -O2 \\\n    -g\nall: x\n\techo $@\n.PHONY: all\ndefine d\nx\nendef\n"
    )
    (tmp_path / "a.py").write_text(
        "import re\n\n\n@mark\ndef one() -> int:\n    return 1\n\n\n"
        "class Two:\n    def three(self) -> None:\n        pass\n"
    )
    return tmp_path


def found(tree: Path, file: str, name: str, *texts: str) -> str:
    return "\n".join(fragments.fragment(tree / file, name, list(texts)))


@pytest.mark.parametrize(
    "file, name, first, last",
    [
        ("a.c", "count", "static int", "}"),
        ("a.c", "shelf", "struct shelf {", "};"),
        ("a.c", "rows", "static const struct { int a; } rows[] = {", "};"),
        ("a.c", "LARGE", "enum { SMALL = 1, LARGE = 9 };", ""),
        ("a.c", "LONGER", "#define LONGER(x) \\", "    ((x) + 1)"),
        ("a.c", "shelf_name", "char *shelf_name(struct shelf *shelf,", " size_t len);"),
        ("rules.mk", "flags", "flags = -O2 \\", "    -g"),
        ("rules.mk", "all", "all: x", "\techo $@"),
        ("rules.mk", "d", "define d", "endef"),
        ("a.py", "one", "@mark", "    return 1"),
        ("a.py", "Two.three", "def three(self) -> None:", "    pass"),
    ],
)
def test_what_has_a_name(
    tree: Path, file: str, name: str, first: str, last: str
) -> None:
    lines = found(tree, file, name).splitlines()
    assert lines[0] == first and lines[-1].endswith(last)


def test_a_definition_wins(tree: Path) -> None:
    assert "while (*text++)" in found(tree, "a.c", "count")


def test_lines_by_content(tree: Path) -> None:
    assert found(tree, "a.c", "count", "while", "n++") == "while (*text++)\n    n++;"
    assert found(tree, "a.c", "", "LIMIT") == "#define LIMIT 3"


@pytest.mark.parametrize(
    "name, texts, why",
    [
        ("no_such", [], "there is no no_such"),
        ("count", ["LIMIT"], 'no line contains "LIMIT"'),
        ("count", ["n++", "while"], 'no line after "n++"'),
    ],
)
def test_what_is_not_there(tree: Path, name: str, texts: List[str], why: str) -> None:
    with pytest.raises(fragments.FragmentError, match=why.replace("+", r"\+")):
        fragments.fragment(tree / "a.c", name, texts)


def page(tree: Path, text: str) -> Page:
    path = tree / "page.md"
    path.write_text(text)
    return Page(path, "page.md")


def woven(tree: Path, text: str) -> str:
    made, faults = weave.weave(page(tree, text), tree)
    assert faults == []
    return made


def test_weaving_fills_a_block_and_then_changes_nothing(tree: Path) -> None:
    text = "<!-- weave a.c count -->\n```c\nold\n```\n\n- <!-- weave a.c LIMIT -->\n"
    text += "  ```c\n  ```\nend\n"
    once = woven(tree, text.replace("- <!--", "  <!--"))
    assert "    return n; /* } */\n}\n```" in once
    assert "  ```c\n  #define LIMIT 3\n  ```\nend\n" in once
    assert woven(tree, once) == once
    assert weave.check(page(tree, once), tree) == []


def faults(tree: Path, text: str) -> List[Fault]:
    return weave.check(page(tree, text), tree)


def test_a_change_in_the_source_is_seen(tree: Path) -> None:
    text = woven(tree, "# A\n\n<!-- weave a.c count -->\n```c\n```\n")
    (tree / "a.c").write_text(SOURCE.replace("n++", "n += 1"))
    (fault,) = faults(tree, text)
    assert fault.line == 11 and "n++" in fault.wrong and "n += 1" in fault.wrong


@pytest.mark.parametrize(
    "text, why",
    [
        ("```c\nint x;\n```\n", "comes from nowhere"),
        ("<!-- weave a.c nothing -->\n```c\n```\n", "there is no nothing"),
        ("<!-- weave b.c count -->\n```c\n```\n", "no such file"),
        ("<!-- weave -->\n```c\n```\n", "it is written"),
        ("<!-- weave a.c count -->\n\nwords\n", "has no block below"),
    ],
)
def test_what_cannot_be_woven(tree: Path, text: str, why: str) -> None:
    assert [why in fault.wrong for fault in faults(tree, text)] == [True]


# ---- Tables --------------------------------------------------------------------


def test_a_table_that_is_old(tmp_path: Path) -> None:
    text = "<!-- generated: points 03 -->\n| old |\n<!-- end -->\n"
    path = tmp_path / "page.md"
    path.write_text(text)
    old = Page(path, "page.md")
    made, wrong = tables.generate(old, TOP)
    assert wrong == [] and "| Reap the dead |" in made
    assert tables.check(old, TOP)[0].mend == "make weave"
    path.write_text(made)
    assert tables.check(Page(path, "page.md"), TOP) == []


@pytest.mark.parametrize(
    "text", ["<!-- generated: nothing -->\n<!-- end -->\n", "<!-- generated: steps -->"]
)
def test_a_table_that_cannot_be(tmp_path: Path, text: str) -> None:
    path = tmp_path / "page.md"
    path.write_text(text)
    assert tables.check(Page(path, "page.md"), TOP)


def test_the_table_of_steps_counts_lines() -> None:
    (row,) = [x for x in tables.staircase(TOP, TOP / "README.md", "") if "03-fork" in x]
    lines = (TOP / "steps/03-fork").glob("*.[ch]")
    count = sum(path.read_bytes().count(b"\n") for path in lines)
    assert row.endswith(f"| {count} |")
