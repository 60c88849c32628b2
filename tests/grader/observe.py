"""Looks at something until it is as it should be, for a bounded time."""

from __future__ import annotations

import select
import time
from typing import Any, Callable, TypeVar

T = TypeVar("T")


def observe(
    look: Callable[[], T], good: Callable[[Any], bool], patience: float = 10.0
) -> T:
    """The first sight that is good, or the last one when time ran out.

    observe(server.tree, lambda tree: not tree.zombies).zombies
    """
    deadline = time.monotonic() + patience
    pause = 0.002
    while True:
        seen = look()
        if good(seen) or time.monotonic() >= deadline:
            return seen
        select.select([], [], [], pause)
        pause = min(pause * 2, 0.1)


def settled(look: Callable[[], T], patience: float = 10.0, times: int = 8) -> T:
    """What is seen once it has been the same for so many looks in a row (eight
    take a quarter of a second at least), or the last sight when time ran out."""
    seen: list[T] = []

    def same(now: T) -> bool:
        seen.append(now)
        return len(seen) >= times and all(one == now for one in seen[-times:])

    return observe(look, same, patience)
