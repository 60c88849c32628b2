"""Finds what stands at the top of C source in the house style, in which that is
easy: a definition's return type stands on a line of its own, and its name, its
`{` and its `}` each begin one. What does not look like that is refused, not
guessed at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator

FUNCTION = re.compile(
    r"^(?P<type>[a-z_][^\n;{}=#]*)\n"
    r"(?P<name>\w+)\((?P<parameters>[^;{}]*?)\)\n"
    r"\{\n(?P<body>.*?)^\}\n",
    re.M | re.S,
)
COMMENT = re.compile(r"^/\*(?:(?!\*/).)*\*/\n\Z", re.M | re.S)
NOT_CODE = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', re.S)
DIRECTIVE = re.compile(r"^#(?:[^\n]*\\\n)*[^\n]*", re.M)


class StyleError(Exception):
    """The source is not in the house style."""


@dataclass(frozen=True)
class Function:
    """A definition, as offsets into the text; it starts with its comment."""

    name: str
    static: bool
    parameters: tuple[str, ...]
    start: int
    signature: int  # where the comment has ended
    body_start: int
    body_end: int
    end: int


def code_of(text: str) -> str:
    """The text with comments and literals made blank; offsets stay."""
    return NOT_CODE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def words_of(code: str) -> set[str]:
    return set(re.findall(r"\b[A-Za-z_]\w*\b", code))


def code_lines(text: str) -> int:
    """Lines that hold more than a comment."""
    return sum(1 for line in code_of(text).splitlines() if line.strip())


def split_parameters(code: str) -> Iterator[str]:
    """Parts a list at its commas, but not within parentheses."""
    depth, start = 0, 0
    for at, c in enumerate(code):
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            yield code[start:at]
            start = at + 1
    yield code[start:]


def parameter_names(code: str) -> tuple[str, ...]:
    """The names in a list of parameters, int (*like)(this) among them."""
    names = []
    for part in split_parameters(code):
        pointer = re.search(r"\(\*(\w+)\)", part)
        plain = re.search(r"(\w+)\s*(?:\[[^\]]*\]\s*)*$", part)
        if pointer:
            names.append(pointer[1])
        elif plain and part.strip() != "void":
            names.append(plain[1])
    return tuple(names)


def functions(text: str) -> dict[str, Function]:
    """All definitions, in their order."""
    found: dict[str, Function] = {}
    code = code_of(text)
    for match in FUNCTION.finditer(code):
        above = COMMENT.search(text, 0, match.start())
        found[match["name"]] = Function(
            name=match["name"],
            static=match["type"].startswith("static"),
            parameters=parameter_names(match["parameters"]),
            start=above.start() if above else match.start(),
            signature=match.start(),
            body_start=match.start("body"),
            body_end=match.end("body"),
            end=match.end(),
        )
    openings = len(re.findall(r"^\{", code, re.M))
    inline = re.findall(r"^\w[^\n;=]*\) *\{", code, re.M)
    if openings != len(found) or inline:
        raise StyleError(
            f"{len(found)} functions are in the house style, but {openings} bodies"
            f" begin a line and {len(inline)} do not"
        )
    return found


def variables(text: str) -> dict[str, str]:
    """The static variables of the file, each with its whole declaration."""
    code = DIRECTIVE.sub("", code_of(text))
    code = FUNCTION.sub("", code)
    found = {}
    for item in _items(code):
        if not item.startswith("static "):
            continue
        declared = re.sub(r"\{.*?\}", "", item.split("=")[0], flags=re.S)
        if "(" in declared:
            raise StyleError(f"a static prototype: {' '.join(item.split())}")
        for part in split_parameters(declared):
            found[parameter_names(part)[0]] = item
    return found


def _items(code: str) -> Iterator[str]:
    """Parts code at the semicolons outside of braces."""
    depth, start = 0, 0
    for at, c in enumerate(code):
        depth += (c == "{") - (c == "}")
        if c == ";" and depth == 0:
            yield code[start:at].strip()
            start = at + 1
