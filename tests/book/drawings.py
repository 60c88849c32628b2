"""Figures in the pages of the site. One that is drawn for it (class="fig") is put
into the page, whose colors it takes; of any other there are two files, one for each
palette, of which the page shows one."""

from __future__ import annotations

import html
import re
from pathlib import Path

DARK = re.compile(r"@media \(prefers-color-scheme: ?dark\) ?\{")


def inside(svg: str) -> bool:
    """Whether its styles touch nothing but itself."""
    return bool(re.match(r"(?:<\?xml[^>]*>\s*)?<svg[^>]*\bclass=\"fig\"", svg))


def size(svg: str) -> tuple[float, float]:
    box = re.search(r'viewBox="([\d. -]+)"', svg)
    if not box:
        raise ValueError("a figure without viewBox")
    _, _, width, height = map(float, box[1].split())
    return width, height


def inline(svg: str, alt: str) -> str:
    """The figure as a part of the page. What it is stands in its own title and
    description. Markdown ends a block at an empty line, so there is none."""
    width, height = size(svg)
    svg = re.sub(r"<\?xml[^>]*>\s*", "", svg)
    svg = DARK.sub("@media not all{", svg)  # the page's palette says which
    svg = re.sub(r"\n\s*\n", "\n", svg.strip())
    scroll = f'tabindex="0" role="group" aria-label="{html.escape(alt)}"'
    return f'<figure class="drawing"><div {scroll}>{svg}</div></figure>'


def block_end(text: str, start: int) -> int:
    """After the brace that closes the one before `start`."""
    depth = 1
    for at in range(start, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return at + 1
    raise ValueError("a block without its end")


def palettes(svg: str) -> tuple[str, str]:
    """The figure in light and in dark, whatever the system prefers."""
    found = DARK.search(svg)
    if not found:
        return svg, svg
    end = block_end(svg, found.end())
    before, rules, after = svg[: found.start()], svg[found.end() : end - 1], svg[end:]
    return before + after, before + rules + after


def pair(name: str, base: str, svg: str, alt: str) -> str:
    """Two images, of which the style sheet shows that of the palette."""
    width, height = size(svg)
    text = html.escape(alt)
    images = "".join(
        f'<img class="only-{kind}" src="{base}figures/{name}-{kind}.svg" alt="{text}"'
        f' width="{width:g}" height="{height:g}" loading="lazy">'
        for kind in ("light", "dark")
    )
    return f'<figure class="drawing">{images}</figure>'


def place(path: Path, base: str, alt: str, to: Path) -> str:
    """A figure for a page; files that it needs are written below `to`."""
    svg = path.read_text(encoding="utf-8")
    if inside(svg):
        return inline(svg, alt)
    (to / "figures").mkdir(parents=True, exist_ok=True)
    for kind, text in zip(("light", "dark"), palettes(svg)):
        (to / "figures" / f"{path.stem}-{kind}.svg").write_text(text, encoding="utf-8")
    return pair(path.stem, base, svg, alt)
