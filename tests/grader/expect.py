"""Failures that explain themselves, and how bytes are shown to people.

A check says what it wants with expect(), equal() and same_bytes(). Any other
exception that leaves a check is a fault of the grader, not of the server.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import Any, Iterator, Optional

SHOWN = 600  # bytes of a message that a report shows
WHOLE = 60  # bytes that are shown whole where others are expected


class Failure(Exception):
    """The server did not do what it must.

    expected, got: sentences. wire: the connection it was seen on (where it
    is left out, the one used last). caret: the offset of the byte sent that
    the check is about. again: shell lines that show it by hand, for where
    those made from the bytes sent would not.
    """

    def __init__(
        self,
        expected: str,
        got: str,
        *,
        wire: Any = None,
        caret: Optional[int] = None,
        ran: str = "",
        why: str = "",
        again: str = "",
    ) -> None:
        super().__init__(f"expected {expected}; got {got}")
        self.expected = expected
        self.got = got
        self.wire = wire
        self.caret = caret
        self.ran = ran
        self.why = why
        self.again = again


@contextmanager
def shown(again: str) -> Iterator[None]:
    """Whatever fails in here is shown by hand with these shell lines."""
    try:
        yield
    except Failure as failure:
        failure.again = failure.again or again
        raise


class NotJudged(Exception):
    """This machine cannot tell, for the reason given. It costs nothing, but
    where something was left out that whoever asks for a grade has to give."""

    def __init__(self, reason: str, *, excused: bool = True) -> None:
        super().__init__(reason)
        self.excused = excused


def expect(ok: object, expected: str, got: Any, **more: Any) -> None:
    """Fails unless ok. `got` may be bytes, a number, a sentence."""
    if not ok:
        raise Failure(expected, show(got), **more)


def equal(got: Any, wanted: Any, what: str, **more: Any) -> None:
    """Fails unless both are equal; what: `status`, `the field Allow`."""
    if got != wanted:
        raise Failure(f"{what}: {show(wanted)}", show(got), **more)


def same_bytes(got: bytes, wanted: bytes, what: str, **more: Any) -> None:
    """Fails unless the bytes are the same, and tells where they part."""
    if got == wanted:
        return
    if not wanted:
        raise Failure(f"{what}: none", f"{len(got)} bytes: {near(got, 0)}", **more)
    if max(len(got), len(wanted)) <= WHOLE:
        raise Failure(f"{what}: {show(wanted)}", show(got), **more)
    at = differ_at(got, wanted)
    if at == len(got):
        right = f"{len(got)} bytes, which are right, and nothing more"
        raise Failure(f"{what}: {len(wanted)} bytes", right, **more)
    raise Failure(
        f"{what}: {len(wanted)} bytes; from byte {at} on: {near(wanted, at)}",
        f"{len(got)} bytes; from byte {at} on: {near(got, at)}",
        **more,
    )


def differ_at(one: bytes, other: bytes) -> int:
    """The offset of the first byte that differs."""
    low, high = 0, min(len(one), len(other))
    while low < high:  # the longest common start, by halves
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def near(data: bytes, at: int) -> str:
    return repr_bytes(data[at : at + 24]) if at < len(data) else "nothing more"


def show(value: Any) -> str:
    """A value as a report shows it."""
    if isinstance(value, (bytes, bytearray)):
        return repr_bytes(bytes(value[:SHOWN])) if value else "nothing"
    if value is None:
        return "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(show(part) for part in value if part != "") or "none"
    return str(value)


def repr_bytes(data: bytes) -> str:
    return '"' + escape(data) + '"'


def escape(data: bytes) -> str:
    """Bytes as C would write them in a string."""
    named = {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 92: "\\\\"}
    return "".join(
        named.get(b) or (chr(b) if 32 <= b < 127 else f"\\x{b:02x}") for b in data
    )


RUN = re.compile(rb"(.)\1{39,}", re.DOTALL)


def lines(data: bytes, caret: Optional[int] = None, most: int = 16) -> list[str]:
    """A message as lines to be read: escaped, a line break after each \\n, a
    long run of one byte counted, too many lines left out, and a ^ below the
    byte that the caret is at."""
    shown: list[str] = []
    start = room = 0
    for line in re.findall(rb"[^\n]*\n|[^\n]+", data[: 64 * SHOWN]):
        if (caret is None or caret < start) and _no_text(data[start : start + 256]):
            shown.append(f"({len(data) - start} bytes that are no text)")
            break
        text, column = _line(line, None if caret is None else caret - start)
        room += len(text)
        if column is not None or (len(shown) < most and room < 2 * SHOWN):
            shown.append(text)
            if column is not None:
                shown.append(" " * column + "^")
            start += len(line)
        else:
            start += len(line)
            most = 0  # what follows is left out too, but for the caret's line
    if most == 0 or start < len(data):
        shown.append(f"({len(data)} bytes in all)")
    return shown


def _no_text(data: bytes) -> bool:
    """Whether bytes are random, or as good as that to a reader."""

    def odd(some: bytes) -> int:
        return sum(not 32 <= byte < 127 for byte in some)

    return (
        bool(odd(data[:8])) and 4 * odd(data) > len(data) > 64 and len(set(data)) > 32
    )


def _line(line: bytes, caret: Optional[int]) -> tuple[str, Optional[int]]:
    """One line, and the column that byte `caret` stands at."""
    text = ""
    column = None
    at = 0
    for match in list(RUN.finditer(line)) + [None]:
        until = match.start() if match else len(line)
        piece = line[at:until]
        last = until + (match is None and not line.endswith(b"\n"))
        if caret is not None and at <= caret < last:
            column = len(text) + len(escape(line[at:caret]))
        shown = escape(piece).replace('\\"', '"')
        if len(shown) > SHOWN:
            shown = f"{shown[:40]}(and so on: {len(piece)} bytes){shown[-20:]}"
        text += shown
        if match:
            if caret is not None and match.start() <= caret < match.end():
                column = len(text)
            one = escape(match[1])
            text += f"{one * 3}(... {len(match[0])} times){one}"
            at = match.end()
    return text, column
