"""Files that vanish, shrink or grow while many clients are sent them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

import pytest

from grader.bulk import LARGE, Download, Sparse
from grader.expect import Failure, expect
from grader.lab import Lab

from .field import Field

CLIENTS = 12
HERE = 1 << 20  # bytes that each has read when the file changes
ODD = 777  # bytes behind the last whole buffer


def vanish(path: Path) -> None:
    path.unlink()


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"y" * 100)
    os.replace(other, path)


def shrink(path: Path) -> None:
    os.truncate(path, 2 * HERE)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"z" * HERE)


def begun(field: Field, name: str, size: int) -> tuple[list[Download], Path]:
    """Clients in the middle of a download."""
    root = field.lab.site.root
    assert root
    file = Sparse(root / name, size + ODD, field.lab.random)
    clients = [
        Download(field.server, file, receive_buffer=1 << 16) for _ in range(CLIENTS)
    ]
    for client in clients:
        client.head()
        client.take(HERE)
    return clients, root / name


@pytest.mark.steps(6, 7)
@pytest.mark.parametrize("change", [vanish, replaced, grow])
def test_file_goes_on(lab: Lab, change: Callable[[Path], None]) -> None:
    """What was promised is sent: an open file lives on, and its length has
    been told."""
    field = Field(lab)
    clients, path = begun(field, "changing.bin", LARGE)
    change(path)
    field.prompt(f"while a file {change.__name__}s")
    for client in clients:
        client.rest()
        more = not client.wire.quiet(0.001)
        expect(not more, "not a byte more than promised", bytes(client.wire.inbox))
        client.wire.close()
    field.back()


@pytest.mark.steps(6, 7)
def test_file_shrinks(lab: Lab) -> None:
    """What was promised cannot be sent: each connection ends short of it, with
    nothing invented, and nobody else notices."""
    field = Field(lab)
    clients, path = begun(field, "shrinking.bin", 2 * LARGE)
    shrink(path)
    field.prompt("while a file shrinks")
    for client in clients:
        try:
            client.rest()
            expect(False, "an end before the promised length", "all of it")
        except Failure as failure:
            wire = client.wire
            cut = wire.ended in ("end", "reset", "cut")
            expect(cut, "an end before the promised length", failure.got, wire=wire)
    field.lives()
    field.prompt("after it")
    field.back()
