"""TLS as a way to make a server work: floods, and what failures leave."""

from __future__ import annotations

import ctypes.util
import re
import select
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader import tls
from grader.bulk import memory
from grader.expect import expect
from grader.lab import Lab

from .field import PROMPT, SLACK, TRIES, Field, attacked

LASTS = 0.6  # seconds
FLOODS = Path(__file__).with_name("floods.py")
CLIENTS = 4  # flood at the same time
HELLOS = 100
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
    told = b"TLS: too much without data" in field.server.err.data
    expect(told, "a line that tells of too many records", "none")
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


def costly(groups: list[int], shares: bytes) -> bytes:
    """The ClientHello of a client that offers these for TLS 1.3, in records."""
    offered = struct.pack(f">H{len(groups)}H", 2 * len(groups), *groups)
    extensions = tls.extension(43, b"\2\3\4") + tls.extension(10, offered)
    extensions += tls.extension(13, struct.pack(">3H", 4, 0x0403, 0x0804))
    extensions += tls.extension(51, struct.pack(">H", len(shares)) + shares)
    body = struct.pack(">H", 0x0303) + bytes(32) + b"\0\0\2\x13\1\1\0"
    body += struct.pack(">H", len(extensions)) + extensions
    whole = tls.handshake(1, body)
    size = tls.RECORD
    parts = [whole[at : at + size] for at in range(0, len(whole), size)]
    return b"".join(tls.record(tls.HANDSHAKE, part, 0x0301) for part in parts)


LARGEST = struct.pack(">HH", 0x0104, 1024) + bytes(1022) + b"\0\xf3"  # ffdhe8192
UNKNOWN = struct.pack(">HHB", 0x2A2A, 1, 1)


@pytest.mark.steps(7, 7)
@pytest.mark.parametrize(
    "groups, shares",
    [
        pytest.param([0x0104], LARGEST, id="largest-group"),
        pytest.param([0xFAFA] * 16000 + [0x2A2A], UNKNOWN * 6000, id="many"),
        pytest.param([0xFAFA] * 2000 + [0x2A2A], UNKNOWN * 2000, id="some"),
    ],
)
def test_costly_hellos(lab: Lab, groups: list[int], shares: bytes) -> None:
    """What costs the client nothing, and the server long arithmetic (D(HE)at,
    CVE-2002-20001) or a search for each of thousands of shares."""
    field = Field(lab, "--timeout", "60")
    took = PROMPT + 1
    for _ in range(TRIES):
        wires = [field.server.connect(plain=True) for _ in range(HELLOS)]
        for wire in wires:
            wire.send(costly(groups, shares), read=False)
        took = field.good()
        for wire in wires:
            wire.close()
        if took <= PROMPT:
            break
    expect(took <= PROMPT, f"within {PROMPT:g} s", f"{took:.2f} s")
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
