"""The colors of the figures: those of docs/welcome/style.css, and two more.

Each is told by its role. The first nine may be the color of a text or of a line, the
others are grounds. Nothing in a figure is told by color alone.
"""

from __future__ import annotations

from typing import Dict, Tuple

# role: (light, dark)
COLORS: Dict[str, Tuple[str, str]] = {
    "ink": ("#15222e", "#e3eaef"),
    "soft": ("#4d5d6b", "#a3b3c0"),
    "line": ("#76858f", "#6f8394"),
    "packet": ("#b53a0a", "#ff9d5c"),
    "sea": ("#005c94", "#6cc0f0"),
    "leaf": ("#00664a", "#43cf9f"),
    "paper": ("#f4f6f6", "#0e1a26"),
    "raised": ("#ffffff", "#132230"),
    "stone": ("#e2e8e9", "#1d3041"),
    "packet-wash": ("#fce8dd", "#3a2415"),
    "sea-wash": ("#dcebf6", "#12334a"),
    "leaf-wash": ("#daefe6", "#113a2f"),
}
INKS = ("ink", "soft", "line", "packet", "sea", "leaf")
GROUNDS = tuple(role for role in COLORS if role not in INKS)

SANS = "system-ui,'Segoe UI',Roboto,'Helvetica Neue','DejaVu Sans',sans-serif"
MONO = "ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace"
SIZES = (16, 18)  # in units of the view box, which is 520 wide


def _own(place: int) -> str:
    """What a figure's own names for the colors mean; a page's names go first."""
    return "".join(
        f"--figure-{role}:var(--fig-{role},{pair[place]});"
        for role, pair in COLORS.items()
    )


def style() -> str:
    """The style of every figure, the same in each, so that several fit on a page."""
    roles = "".join(
        f".fig-{role}{{fill:var(--figure-{role})}}\n"
        + (f".fig-of-{role}{{stroke:var(--figure-{role})}}\n" * (role in INKS))
        for role in COLORS
    )
    sizes = "".join(f".fig-{size}{{font-size:{size}px}}\n" for size in SIZES[1:])
    return (
        f".fig{{{_own(0)}}}\n"
        f"@media (prefers-color-scheme:dark){{.fig{{{_own(1)}}}}}\n"
        f".fig text{{font:16px {SANS}}}\n"
        f".fig text.fig-mono{{font-family:{MONO}}}\n"
        ".fig text.fig-bold{font-weight:600}\n"
        f"{sizes.replace('.fig-', '.fig text.fig-')}"
        f"{roles}"
        ".fig-none{fill:none}\n"
        ".fig-thin{stroke-width:1.5}\n"
        ".fig-thick{stroke-width:3}\n"
        ".fig-dash{stroke-dasharray:6 4}\n"
        ".fig-dots{stroke-dasharray:.1 6;stroke-linecap:round}\n"
    )


def page_css() -> str:
    """For a page that has a switch of its own: what figures inside it look like."""
    schemes = (("default", 0), ("slate", 1))
    return "".join(
        f'[data-md-color-scheme="{scheme}"] {{\n'
        + "".join(
            f"    --fig-{role}: {pair[place]};\n" for role, pair in COLORS.items()
        )
        + "}\n"
        for scheme, place in schemes
    )


def contrast(one: str, other: str) -> float:
    """WCAG 2.1's ratio of two colors, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    shares = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
