"""A check: a test function with a reason and three hints.

    @check("RFC 9110, section 9.3.2")
    def test_head_has_no_body(server):
        \"\"\"A body after HEAD is taken for the start of the next response.

        1. Where does your program decide whether it sends the body?
        2. The method must reach the place that sends.
        3. Send the same head as for GET, Content-Length too, then stop.
        \"\"\"

The function's name gives the id (head-has-no-body), under which the table
has the rest. The docstring says why it matters, then the hints by number.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import Any, Callable, Optional

import pytest

HINTS = 3


@dataclass(frozen=True)
class Code:
    """What stands beside a check's code."""

    id: str
    reason: str
    why: str
    hints: tuple[str, ...]
    slow: bool
    waits: float = 0.0


def check(
    reason: str, *, slow: bool = False, waits: float = 0.0
) -> Callable[[Any], Any]:
    """Makes a check of a test function; reason: an RFC's section or a manual
    page. A slow check runs in `make test-all` only; waits: seconds that a check
    takes whatever the server, where it is long enough to begin early."""

    def mark(function: Any) -> Any:
        why, hints = read_docstring(function.__doc__ or "")
        name = function.__name__
        if not name.startswith("test_") or not why or len(hints) != HINTS:
            raise TypeError(f"{name}: a check has a why and {HINTS} hints")
        function.check = Code(
            id=name[len("test_") :].replace("_", "-"),
            reason=reason,
            why=why,
            hints=hints,
            slow=slow,
            waits=waits,
        )
        return pytest.mark.slow(function) if slow else function

    return mark


def read_docstring(text: str) -> tuple[str, tuple[str, ...]]:
    """Parts a docstring into why and hints, each as one line."""
    first, _, rest = text.partition("\n")
    text = first.strip() + "\n" + textwrap.dedent(rest)
    why, *numbered = re.split(r"(?m)^\d\.\s+", text)
    return _join(why), tuple(_join(hint) for hint in numbered)


def _join(text: str) -> str:
    return " ".join(text.split())


def code_of(item: Any) -> Optional[Code]:
    """The code part of a collected test, None where it is no check."""
    return getattr(getattr(item, "function", None), "check", None)
