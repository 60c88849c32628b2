"""How the pages of the tree become those of the site."""

from __future__ import annotations

from pathlib import Path

import pytest

from book import drawings, layout
from book.pages import TOP
from book.site_verb import lighten, welcome
from book.stage import Stage

FIG = '<svg xmlns="x" class="fig" viewBox="0 0 20 10"><style>.fig{a:b}\n\n@media (prefers-color-scheme:dark){.fig{a:c}}</style></svg>'
OTHER = '<svg viewBox="0 0 20 10"><style>text{a:b}@media (prefers-color-scheme: dark) {\ntext{a:c}}</style></svg>'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in {
        "steps/01-one/README.md": "---\ntitle: 01 · One\n---\n# One\n",
        "steps/01-one/main.c": "int main(void);\n",
        "steps/02-two/README.md": "# `02` Two\n",
        "docs/index.md": "# Start\n",
        "docs/page.md": "---\ntitle: A page\n---\n",
        "docs/zebra.md": "# New\n",
        "docs/machine.md": "# Your machine\n",
        "docs/teaching/README.md": "# Teaching\n",
        "docs/teaching/answers.md": "# Answers\n",
        "docs/figures/own.svg": FIG,
        "docs/figures/other.svg": OTHER,
        "tests/contract.md": "# Contract\n",
        "docs/welcome/index.html": "a<!-- book: <b>\nx</b> -->c",
    }.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "tree"


def test_the_order_is_that_of_reading(tree: Path) -> None:
    steps, chapters, teaching, reference = layout.book(tree).parts
    assert steps.pages == ["steps/01-one/README.md", "steps/02-two/README.md"]
    assert chapters.pages == ["docs/machine.md", "docs/page.md", "docs/zebra.md"]
    assert teaching.pages == ["docs/teaching/README.md", "docs/teaching/answers.md"]
    assert reference.pages == ["tests/contract.md"]
    shown = Stage(tree, tree / "out").navigation()
    assert shown[0] == {"Start": "index.md"}
    assert shown[1] == {
        "The staircase": [{"01 · One": "01-one.md"}, {"02` Two": "02-two.md"}]
    }


def test_every_page_of_the_tree_has_a_place() -> None:
    made = layout.book(TOP)
    there = {p.relative_to(TOP).as_posix() for p in TOP.glob("docs/**/*.md")}
    there |= {p.relative_to(TOP).as_posix() for p in TOP.glob("steps/*/README.md")}
    known = {"docs/teaching/examples"}
    assert {
        n for n in there - set(made.places) if Path(n).parent.as_posix() in known
    } == (there - set(made.places))
    assert len(set(made.places.values())) == len(made.places)


@pytest.mark.parametrize(
    "text, made",
    [
        ("[a](../page.md)", "[a](../page.md)"),
        ("[a](../page.md#b)", "[a](../page.md#b)"),
        ("[a](../../steps/01-one/README.md#b)", "[a](../01-one.md#b)"),
        ("[a](../../steps/01-one/)", "[a](../01-one.md)"),
        ("[a](../../steps/01-one/main.c)", "[a](../source/steps/01-one/main.c.md)"),
        ("[`a`](../../tests/contract.md)", "[`a`](../reference/contract.md)"),
        ("[a](../../tests/peers/)", "a"),
        ("[a](README.md)", "[a](index.md)"),
        ("[a](https://x.org/) [b](#c)", "[a](https://x.org/) [b](#c)"),
        ("`[a](../page.md)`", "`[a](../page.md)`"),
    ],
)
def test_links(tree: Path, text: str, made: str) -> None:
    (tree / "docs/teaching/answers.md").write_text(f"{text}\n", encoding="utf-8")
    stage = Stage(tree, tree / "out")
    assert stage.page("docs/teaching/answers.md", "teaching/answers.md") == f"{made}\n"


def test_code_and_comments(tree: Path) -> None:
    text = "<!-- weave a.c b -->\n```c\n[a](b.c)\n```\nend\n"
    (tree / "docs/page.md").write_text(text, encoding="utf-8")
    made = Stage(tree, tree / "out").page("docs/page.md", "page.md")
    assert made == "```c\n[a](b.c)\n```\nend\n"


def test_figures(tree: Path) -> None:
    (tree / "docs/teaching/answers.md").write_text(
        '![What is "own" here](../figures/own.svg)\n\n![Other](../figures/other.svg)\n',
        encoding="utf-8",
    )
    made = Stage(tree, tree / "out").page(
        "docs/teaching/answers.md", "teaching/answers.md"
    )
    assert 'aria-label="What is &quot;own&quot; here"><svg' in made
    assert "@media not all{" in made and "\n\n@media" not in made
    assert 'src="../figures/other-dark.svg" alt="Other" width="20" height="10"' in made
    light = (tree / "out/figures/other-light.svg").read_text(encoding="utf-8")
    dark = (tree / "out/figures/other-dark.svg").read_text(encoding="utf-8")
    assert "a:c" not in light and "a:b" in light
    assert dark.index("a:b") < dark.index("a:c") and "@media" not in dark


def test_a_figure_without_a_size() -> None:
    with pytest.raises(ValueError):
        drawings.inline("<svg></svg>", "x")


def test_a_source_with_a_fence(tree: Path) -> None:
    (tree / "steps/01-one/main.c").write_text("/* ``` */\n", encoding="utf-8")
    made = Stage(tree, tree / "out").source("steps/01-one/main.c")
    assert made.endswith("````c\n/* ``` */\n````\n")


def test_pages_are_made_lighter() -> None:
    c = '<code><span class="k">if</span><span class="w"> </span><span class="n">x</span></code>'
    assert lighten(c) == '<code><span class="k">if</span> x</code>'
    console = (
        '<div class="language-console highlight"><pre><span class="gp">$ </span>'
        '<span class="nb">echo</span> <span class="go">x</span></pre>'
    )
    assert lighten(console) == console.replace('<span class="nb">echo</span>', "echo")


def test_the_welcome_page_with_the_book(tree: Path) -> None:
    welcome(tree / "docs/welcome", tree / "out")
    assert (tree / "out/index.html").read_text(encoding="utf-8") == "a<b>\nx</b>c"
