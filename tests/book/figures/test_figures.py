"""The figures: up to date, legible, and each by itself as good as among others."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from typing import Callable, Iterator, List, Optional, Set, Tuple

import pytest

from book.figures import (
    FIGURES,
    FOLDER,
    drawn,
    file,
    machines,
    measure,
    palette,
    sources,
)

SVG = "{http://www.w3.org/2000/svg}"
LARGEST = 30_000  # bytes
SMALLEST = 16  # units of a view box that is at most so wide:
WIDEST = 520
AA_TEXT, AA_SHAPE = 4.5, 3.0  # WCAG 2.1, 1.4.3 and 1.4.11
CLASSES = (
    {f"fig-{role}" for role in palette.COLORS}
    | {f"fig-of-{role}" for role in palette.INKS}
    | {f"fig-{size}" for size in palette.SIZES}
    | {f"fig-{form}" for form in "mono bold none thin thick dash dots".split()}
)


@dataclass
class Area:
    left: float
    top: float
    right: float
    bottom: float
    kinds: Set[str]
    words: str = ""

    def color(self, place: int) -> str:
        role = next(r for r in palette.COLORS if f"fig-{r}" in self.kinds)
        return palette.COLORS[role][place]

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x <= self.right and self.top <= y <= self.bottom

    def meets(self, other: Area) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def around(self, other: Area) -> bool:
        return self.holds(other.left, other.top) and self.holds(
            other.right, other.bottom
        )


def _text(element: ElementTree.Element, kinds: Set[str]) -> Area:
    size = next((s for s in palette.SIZES if f"fig-{s}" in kinds), 16)
    words = "".join(element.itertext())
    wide = measure.width(words, size, "fig-mono" in kinds, "fig-bold" in kinds)
    x, y = float(element.get("x", "")), float(element.get("y", ""))
    shift = {"middle": wide / 2, "end": wide}.get(element.get("text-anchor", ""), 0)
    return Area(
        x - shift, y - 0.75 * size, x - shift + wide, y + 0.22 * size, kinds, words
    )


def _areas(name: str) -> Iterator[Area]:
    """Rectangles and texts, in the order in which they are painted."""
    for element in ElementTree.fromstring(drawn(name)).iter():
        kinds = set(element.get("class", "").split())
        if element.tag == f"{SVG}text":
            yield _text(element, kinds)
        elif element.tag == f"{SVG}rect":
            x, y = float(element.get("x", 0)), float(element.get("y", 0))
            wide, high = float(element.get("width", 0)), float(element.get("height", 0))
            yield Area(x, y, x + wide, y + high, kinds)


def _grounds(areas: List[Area]) -> Iterator[Tuple[Area, Area]]:
    """Each text, and the rectangle that it stands on."""
    for place, area in enumerate(areas):
        if area.words:
            x, y = (area.left + area.right) / 2, (area.top + area.bottom) / 2
            below: Optional[Area] = None
            for other in areas[:place]:
                if not other.words and other.holds(x, y):
                    below = other
            assert below, f"{area.words} stands on nothing"
            yield area, below


every_figure = pytest.mark.parametrize("name", FIGURES)


@every_figure
def test_the_file_is_what_is_drawn(name: str) -> None:
    kept = file(name).read_text(encoding="utf-8")
    assert kept == drawn(name), f"{name}.svg is old: make figures"


def test_every_file_is_drawn_here() -> None:
    files = {path.stem for path in FOLDER.glob("*.svg")}
    others = {name for name in files if name.startswith("timeline-")}
    assert files - others == set(FIGURES)


@every_figure
def test_it_is_named_and_small(name: str) -> None:
    text = drawn(name)
    root = ElementTree.fromstring(text)
    ids = [e.get("id", "") for e in root.iter() if e.get("id")]
    assert ids == [f"fig-{name}-title", f"fig-{name}-desc"]
    assert root.get("aria-labelledby") == " ".join(ids)
    title, about = root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")
    assert title and about and len(about) > len(title)
    assert len(text.encode()) < LARGEST
    assert "url(" not in text and "href" not in text


@every_figure
def test_words_are_large_and_inside(name: str) -> None:
    root = ElementTree.fromstring(drawn(name))
    left, top, wide, high = map(float, root.get("viewBox", "").split())
    assert (left, top) == (0, 0) and wide <= WIDEST
    assert not re.search(r"font-size|style=", drawn(name).split("</style>")[1])
    assert min(palette.SIZES) >= SMALLEST
    canvas = Area(4, 4, wide - 4, high - 4, set())
    outside = [a.words for a in _areas(name) if a.words and not canvas.around(a)]
    assert outside == []


@every_figure
def test_words_do_not_meet(name: str) -> None:
    texts = [area for area in _areas(name) if area.words]
    met = [
        (one.words, other.words)
        for place, one in enumerate(texts)
        for other in texts[:place]
        if one.meets(other)
    ]
    assert met == []


@every_figure
def test_words_stay_on_their_ground(name: str) -> None:
    areas = list(_areas(name))
    beyond = [text.words for text, ground in _grounds(areas) if not ground.around(text)]
    assert beyond == []


@every_figure
def test_words_are_not_painted_over(name: str) -> None:
    areas = list(_areas(name))
    hidden = [
        one.words
        for place, one in enumerate(areas)
        for other in areas[place:]
        if one.words and not other.words and one.meets(other)
    ]
    assert hidden == []


@every_figure
def test_words_contrast_with_their_ground(name: str) -> None:
    for text, ground in _grounds(list(_areas(name))):
        for place in (0, 1):
            ratio = palette.contrast(text.color(place), ground.color(place))
            assert ratio >= AA_TEXT, (text.words, "light dark".split()[place])


@every_figure
def test_it_has_the_classes_of_the_palette_alone(name: str) -> None:
    root = ElementTree.fromstring(drawn(name))
    used = {kind for e in root.iter() for kind in e.get("class", "").split()}
    assert used - {"fig"} <= CLASSES
    painted = drawn(name).split("</style>")[1]
    assert not re.search(r'\b(fill|stroke)="', painted)


def test_lines_contrast_with_every_ground() -> None:
    for place in (0, 1):
        for ink in palette.INKS:
            for ground in ("paper", "raised", "stone"):
                one, other = palette.COLORS[ink][place], palette.COLORS[ground][place]
                assert palette.contrast(one, other) >= AA_SHAPE, (ink, ground, place)


def test_contrast_is_that_of_wcag() -> None:
    assert palette.contrast("#ffffff", "#000000") == pytest.approx(21)
    assert palette.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_palette_is_that_of_the_welcome_page() -> None:
    sheet = (FOLDER.parent / "welcome" / "style.css").read_text(encoding="utf-8")
    for place, part in enumerate(
        sheet.split("@media (prefers-color-scheme: dark)")[:2]
    ):
        kept = dict(re.findall(r"--(\w+): (#\w+);", part))
        for role in ("paper", "raised", "ink", "soft", "packet"):
            assert palette.COLORS[role][place] == kept[role], role


def test_a_page_can_set_every_color() -> None:
    css = palette.page_css()
    for role in palette.COLORS:
        assert css.count(f"--fig-{role}:") == 2
        assert palette.style().count(f"var(--fig-{role},") == 2


def change(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    """The sources, with one text replaced where it stands first."""
    read = sources.read
    monkeypatch.setattr(sources, "read", lambda p: read(p).replace(old, new, 1))


@pytest.mark.parametrize(
    "old, draw", [("    IDLE,", machines.connection), ("    START,", machines.parser)]
)
def test_a_new_state_must_be_drawn(
    monkeypatch: pytest.MonkeyPatch, old: str, draw: Callable[[], object]
) -> None:
    draw()
    change(monkeypatch, old, "    RESTING, /* new */\n" + old)
    with pytest.raises(sources.Drift, match="not drawn: .'RESTING'"):
        draw()


def test_a_new_arrow_must_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    change(monkeypatch, "c->last = true;\n", "c->state = IDLE;\n")
    with pytest.raises(sources.Drift, match="not drawn: .'[a-z_]+: IDLE'"):
        machines.connection()


def test_an_arrow_that_has_gone_may_not_be_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change(monkeypatch, "c->state = BODY;", "")
    with pytest.raises(sources.Drift, match="not there: .'begin_exchange: BODY'"):
        machines.connection()


MACHINE = """
static void
word_ends(struct r *r)
{
    r->state = THREE;
}

static int
step(struct r *r)
{
    switch (r->state) {
    case ONE:
    one:
        if (more)
            return 0;
        /* fall through */
    case TWO:
        if (found)
            word_ends(r);
        if (r->state == ONE)
            return line_ends(r, FOUR);
        break;
    case THREE:
        r->state = last ? FOUR : TWO;
        goto one;
    case FOUR:
        return 1;
    }
}
"""


def test_arrows_are_read_from_a_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "read", lambda place: MACHINE)
    assert sources.switch("x.c", {"ONE", "TWO", "THREE", "FOUR"}) == {
        ("ONE", "TWO"),
        ("TWO", "THREE"),
        ("TWO", "FOUR"),
        ("THREE", "FOUR"),
        ("THREE", "TWO"),
        ("THREE", "ONE"),
    }
