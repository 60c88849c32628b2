"""How wide a text is at most, whichever of the fonts is there.

DejaVu Sans and Sans Mono are the widest of them: what fits in those fits in all.
"""

from __future__ import annotations

from typing import List

# Thousandths of the size, rounded up, of DejaVu Sans.
_WIDTHS = {
    280: "'ijl",
    300: "IJ",
    320: " ,.·’",
    340: "/:;\\|",
    360: "f",
    380: "-",
    400: "()[]t",
    420: "!r",
    460: '"',
    500: "*_`–",
    540: "?sz",
    560: "Lc",
    580: "Fk",
    600: "vxy",
    620: "PTYaeo",
    640: "$0123456789ESbdghnpqu{}µ",
    660: "K",
    700: "ABCRVXZ",
    740: "U",
    760: "HN",
    780: "&DG",
    800: "OQ",
    820: "w",
    840: "#+<=>^~→←↓↑×≥≤≠",
    880: "M",
    960: "%",
    1000: "@W—…m",
}
_WIDTH = {char: width for width, chars in _WIDTHS.items() for char in chars}
_MONO = 620
_BOLD = 1.14  # times as wide


def width(words: str, size: float, mono: bool = False, bold: bool = False) -> float:
    """A character that is not in the table is a KeyError: add it, measured."""
    each = (_MONO if mono else _WIDTH[char] for char in words)
    return sum(each) * size / 1000 * (_BOLD if bold and not mono else 1)


def wrap(words: str, room: float, size: float = 16, bold: bool = False) -> List[str]:
    """Breaks at spaces, into lines no wider than the room."""
    lines: List[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size, bold=bold) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
