"""What may be shown, and how text that anybody wrote becomes harmless text."""

from __future__ import annotations

import re
from typing import Any

HIDDEN_TITLE = "A hidden check"

# No text has use for these: controls but for tab and line feed, halves of
# surrogates, marks that turn the direction of writing, and what is no character.
UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)


def clean(text: str) -> str:
    """Text without what a terminal, a browser or a parser may stumble over."""
    return UNPRINTABLE.sub(_spelled, text)


def _spelled(match: "re.Match[str]") -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte that is no UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def cut(text: str, most: int) -> str:
    """Text of bounded length: its beginning, and how much it was."""
    if len(text) <= most:
        return text
    return f"{text[:most]} (and so on: {len(text)} characters)"


def cleaned(value: Any, most: int = 4000, lines: int = 200) -> Any:
    """The same with every string in it clean, none too long, and no list of
    strings with more lines than that."""
    if isinstance(value, str):
        return clean(cut(value, most))
    if isinstance(value, list):
        left = len(value) - lines if value and isinstance(value[0], str) else 0
        kept = value[:lines] + [f"({left} more)"] if left > 0 else value
        return [cleaned(item, most, lines) for item in kept]
    if isinstance(value, dict):
        return {clean(str(k)): cleaned(v, most, lines) for k, v in value.items()}
    return value


def for_students(document: dict[str, Any]) -> dict[str, Any]:
    """The document without what the teacher hides: of a hidden check is left
    that there is one, what became of it, and its points."""
    names: dict[str, str] = {}
    for check in document["checks"]:
        if check["hidden"]:
            names[check["id"]] = f"hidden-{len(names) + 1}"
    checks = []
    for check in document["checks"]:
        shown = dict(check)
        if check["hidden"]:
            shown.update(id=names[check["id"]], title=HIDDEN_TITLE, seconds=0.0)
            shown.update(reason="", why="", note="", lesson="", heading="")
            shown.update(hints=[], needs=[], story=None)
        shown["needs"] = [name for name in shown["needs"] if name not in names]
        shown["note"] = _without(shown["note"], names)
        checks.append(shown)
    faults = [_without(fault, names) for fault in document["faults"]]
    left_out = [name for name in document["left_out"] if name not in names]
    return {**document, "checks": checks, "faults": faults, "left_out": left_out}


def _without(text: str, names: dict[str, str]) -> str:
    for name in names:
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "a hidden check", text)
    return text


def number(value: float) -> str:
    """Points as people write them: 81.3, 100."""
    return f"{value:.1f}".rstrip("0").rstrip(".") if value else "0"


def many(count: int, what: str) -> str:
    """3 checks, 1 check."""
    return f"{count} {what}" + ("" if count == 1 else "s")
