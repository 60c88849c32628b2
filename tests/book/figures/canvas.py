"""What figures are drawn with: a few shapes and words, as SVG.

Colors. A figure takes its colors from custom properties, --fig-ink, --fig-paper and so
on (palette.COLORS), and has its own for each: light ones, and dark ones where the
system is dark. So as an image it follows the system. A page that has it inside and a
switch of its own sets the properties on any element around it, for each scheme:

    [data-md-color-scheme="slate"] { --fig-ink: #e3eaef; ... }

`python3 -m book.figures --css` prints that. `--fig-paper: transparent` is no good idea:
labels stand on patches of it.

Names. Classes begin with fig, ids with fig-NAME, and the style is the same in all
figures: any number of them can be inside one page. There are no markers, patterns or
links to ids.

Coordinates are units of the view box, 520 wide, with y downward; a text's y is that of
its base line. The height is what was used.
"""

from __future__ import annotations

import html
import math
from typing import List, Sequence, Tuple, Union

from . import measure
from .palette import style

Point = Tuple[float, float]
Words = Union[str, Sequence[str]]

WIDTH = 520
MARGIN = 14
LINE = 21  # from one line of text to the next


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


class Canvas:
    def __init__(self, name: str, title: str, about: str) -> None:
        self.name = name
        self.title = title
        self.about = about
        self.bottom = 0.0
        self.parts: List[str] = []
        self.text(MARGIN, 30, title, size=18, bold=True)

    # ---- Shapes ------------------------------------------------------------

    def _add(self, part: str, bottom: float) -> None:
        self.parts.append(part)
        self.bottom = max(self.bottom, bottom)

    def rect(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        fill: str = "raised",
        edge: str = "line",
        form: str = "",
        corner: float = 5,
    ) -> None:
        """form: dash, dots, thick, or nothing; edge: "" for none."""
        stroke = f" fig-of-{edge} fig-{form or 'thin'}" if edge else ""
        stroke += " fig-thin" if form in ("dash", "dots") else ""
        self._add(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}"'
            f' rx="{_n(corner)}" class="fig-{fill}{stroke}"/>',
            y + h,
        )

    def line(self, points: Sequence[Point], color: str = "ink", form: str = "") -> None:
        path = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
        kind = f"fig-none fig-of-{color} fig-{form or 'thin'}"
        kind += " fig-thin" if form in ("dash", "dots") else ""
        self._add(f'<path d="{path}" class="{kind}"/>', max(y for _, y in points))

    def arrow(
        self, points: Sequence[Point], color: str = "ink", form: str = ""
    ) -> None:
        """A line with a head at its last point."""
        (x0, y0), (x1, y1) = points[-2:]
        length = math.hypot(x1 - x0, y1 - y0)
        dx, dy = (x1 - x0) / length, (y1 - y0) / length
        x, y = x1 - 11 * dx, y1 - 11 * dy
        head = [(x1, y1), (x - 5.5 * dy, y + 5.5 * dx), (x + 5.5 * dy, y - 5.5 * dx)]
        drawn = "M" + "L".join(f"{_n(px)} {_n(py)}" for px, py in head) + "Z"
        self._add(f'<path d="{drawn}" class="fig-{color}"/>', max(y0, y1))
        self.line([*points[:-1], (x1 - 9 * dx, y1 - 9 * dy)], color, form)

    def cross(self, x: float, y: float, color: str = "packet") -> None:
        for slope in (1, -1):
            self.line([(x - 8, y - 8 * slope), (x + 8, y + 8 * slope)], color, "thick")

    def lock(self, x: float, y: float, color: str = "leaf") -> None:
        """A padlock, 14 wide and 18 high: what follows is encrypted."""
        self.rect(x, y + 8, 14, 10, color, "", corner=2)
        self._add(
            f'<path d="M{_n(x + 3)} {_n(y + 9)}v-4a4 4 0 0 1 8 0v4"'
            f' class="fig-none fig-of-{color} fig-thin"/>',
            y + 18,
        )

    # ---- Words -------------------------------------------------------------

    def text(
        self,
        x: float,
        y: float,
        words: Words,
        color: str = "ink",
        size: int = 16,
        anchor: str = "start",
        mono: bool = False,
        bold: bool = False,
    ) -> None:
        lines = [words] if isinstance(words, str) else words
        kind = f"fig-{color}" + (f" fig-{size}" if size != 16 else "")
        kind += (" fig-mono" if mono else "") + (" fig-bold" if bold else "")
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        for number, words_ in enumerate(lines):
            at = y + number * LINE
            self._add(
                f'<text x="{_n(x)}" y="{_n(at)}"{place} class="{kind}">'
                f"{html.escape(words_, quote=False)}</text>",
                at + 5,
            )

    def label(
        self,
        x: float,
        y: float,
        words: Words,
        color: str = "ink",
        anchor: str = "middle",
        mono: bool = False,
        bold: bool = False,
    ) -> None:
        """Text on a patch of paper, that can stand on a line. (x, y) is its middle
        in height, and in width what the anchor says."""
        lines = [words] if isinstance(words, str) else words
        wide = max(measure.width(line, 16, mono, bold) for line in lines)
        left = {"start": x, "middle": x - wide / 2, "end": x - wide}[anchor]
        high = LINE * len(lines)
        self.rect(left - 3, y - high / 2, wide + 6, high, "paper", "", corner=0)
        first = y - high / 2 + 16
        self.text(x, first, lines, color, anchor=anchor, mono=mono, bold=bold)

    def box(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        words: Words,
        color: str = "ink",
        fill: str = "raised",
        edge: str = "line",
        form: str = "",
        mono: bool = False,
        bold: bool = False,
        corner: float = 5,
    ) -> None:
        """A shape with words in its middle."""
        lines = [words] if isinstance(words, str) else list(words)
        self.rect(x, y, w, h, fill, edge, form, corner)
        first = y + h / 2 - LINE * (len(lines) - 1) / 2 + 5.5
        self.text(x + w / 2, first, lines, color, anchor="middle", mono=mono, bold=bold)

    def badge(self, x: float, y: float, words: str, color: str = "ink") -> None:
        """A number in a round box around (x, y)."""
        wide = max(26.0, measure.width(words, 16, bold=True) + 14)
        self.rect(x - wide / 2, y - 13, wide, 26, "raised", color, corner=13)
        self.text(x, y + 5.5, words, color, anchor="middle", bold=True)

    def cells(self, x: float, y: float, row: Sequence[Tuple[str, str, str]]) -> None:
        """Bytes side by side: (bytes, role of their color, name below or "")."""
        for words, role, name in row:
            wide = max(
                measure.width(words, 16, mono=True) + 7, measure.width(name, 16) + 10
            )
            fill = "stone" if role == "soft" else f"{role}-wash"
            self.box(x, y, wide, 30, words, "ink", fill, role, mono=True, corner=3)
            if name:
                self.text(x + wide / 2, y + 49, name, role, anchor="middle")
            x += wide + 4

    def bracket(self, x: float, y: float, w: float, color: str) -> None:
        """A brace below something."""
        self.line([(x, y - 7), (x, y), (x + w, y), (x + w, y - 7)], color)

    def waits(self, x: float, y: float, w: float, h: float, words: Words) -> None:
        """A call that sleeps: the same sign in all figures, a broken edge."""
        self.box(x, y, w, h, words, "packet", "packet-wash", "packet", "dash", True)

    # ---- The file ----------------------------------------------------------

    def svg(self) -> str:
        high = math.ceil(self.bottom + MARGIN)
        ids = f"fig-{self.name}-title fig-{self.name}-desc"
        about = html.escape(" ".join(self.about.split()), quote=False)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="fig" width="{WIDTH}"'
            f' height="{high}" viewBox="0 0 {WIDTH} {high}" role="img"'
            f' aria-labelledby="{ids}">\n'
            f'<title id="fig-{self.name}-title">{html.escape(self.title)}</title>\n'
            f'<desc id="fig-{self.name}-desc">{about}</desc>\n'
            f"<style>\n{style()}</style>\n"
            f'<rect width="{WIDTH}" height="{high}" rx="8" class="fig-paper"/>\n'
            + "\n".join(self.parts)
            + "\n</svg>\n"
        )
