"""TLS as a way to make a server work: floods, and what failures leave."""

from __future__ import annotations

import ctypes.util
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.bulk import memory
from grader.expect import expect
from grader.lab import Lab

from .field import PROMPT, SLACK, TRIES, Field, attacked

LASTS = 0.6  # seconds
FLOODS = Path(__file__).with_name("floods.py")
CLIENTS = 4  # flood at the same time
SECRETS = re.compile(rb"(?i)private key|master|secret|CLIENT_RANDOM|[0-9a-f]{48}")

needs_libssl = pytest.mark.skipif(
    not ctypes.util.find_library("ssl"), reason="there is no libssl to load"
)


def flooded(field: Field, how: str) -> tuple[float, list[list[int]]]:
    """The slowest visit meanwhile; connections and successes of each client."""
    server = field.server
    words = [sys.executable, str(FLOODS), server.host, str(server.port), how]
    clients = [
        subprocess.Popen([*words, str(LASTS + 0.5)], stdout=subprocess.PIPE)
        for _ in range(CLIENTS)
    ]
    try:
        slowest = field.slowest(LASTS)
        said = [client.communicate(timeout=20)[0] for client in clients]
    finally:
        for client in clients:
            client.kill()
            client.wait()
    return slowest, [[int(word) for word in words.split()] for words in said]


@needs_libssl
@pytest.mark.steps(7, 7)
def test_key_updates(lab: Lab) -> None:
    """RFC 8446, section 4.6.3: a client may change its keys whenever it likes.
    One that does nothing else is cut off."""
    field = Field(lab, "--timeout", "60")
    slowest = PROMPT + 1
    for _ in range(TRIES):
        slowest, seen = flooded(field, "updates")
        if slowest <= PROMPT:
            break
    expect(slowest <= PROMPT, f"within {PROMPT:g} s", f"{slowest:.2f} s")
    assert all(connections > 0 for connections, _ in seen)
    told = b"too many records without data" in field.server.err.data
    expect(told, "a line that tells of records without data", "none")
    field.back()


@needs_libssl
@pytest.mark.steps(7, 7)
def test_renegotiation(lab: Lab) -> None:
    """RFC 9325, section 3.5: none is done, however often it is asked for."""
    field = Field(lab, "--timeout", "60")
    slowest, seen = flooded(field, "renegotiate")
    for connections, done in seen:
        expect(connections > 0 and done == 0, "no second handshake", f"{done}")
    field.prompt(f"during a flood ({slowest:.2f} s)")
    field.back()


@pytest.mark.steps(7, 7)
def test_failed_handshakes_leave_nothing(lab: Lab) -> None:
    """Thousands of them: no descriptor, no memory, and no secret in a line."""
    field = Field(lab, "--timeout", "60")
    held = grown = 0
    for turn in range(TRIES + 1):
        with attacked(field.server, "garbage", 50) as attack:
            until = time.monotonic() + LASTS
            while time.monotonic() < until:
                select.select([], [], [], 0.05)
        assert attack.told["seen"] > 100, attack.told
        field.back()
        now = memory(field.server)
        grown, held = now - held, max(now, held)
        if turn and grown <= SLACK:
            break
    expect(grown <= SLACK, "memory as before", f"{grown} bytes more")
    leaked = SECRETS.search(bytes(field.server.err.data))
    expect(not leaked, "no key in the log", leaked[0] if leaked else "")
