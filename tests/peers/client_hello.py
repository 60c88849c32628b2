"""The protocols that a ClientHello offers (RFC 8446, section 4.1.2; RFC 7301)."""

from __future__ import annotations

MOST = 1 << 16  # bytes of a ClientHello; a longer one is left to TLS
HANDSHAKE, CLIENT_HELLO, ALPN = 22, 1, 16


class Incomplete(Exception):
    """More of it has to come."""


class Reader:
    """Takes fields off the front of some bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, count: int) -> bytes:
        if len(self.data) < count:
            raise Incomplete
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> "Reader":
        """Bytes behind their length, which has this size."""
        return Reader(self.take(self.number(size)))


def handshake_bytes(data: bytes) -> bytes:
    """What the records carry; the last one may be incomplete. One message may
    come in many of them."""
    found, records = b"", Reader(data)
    while records.data and records.data[0] == HANDSHAKE:
        try:
            records.take(3)  # type, version
            found += records.vector(2).data
        except Incomplete:
            break
    return found


def offered_protocols(data: bytes) -> list[bytes]:
    """Empty where it offers none, or is no ClientHello: TLS will judge it."""
    if len(data) > MOST or data[:1] not in (b"", bytes([HANDSHAKE])):
        return []
    message = Reader(handshake_bytes(data))
    if message.number(1) != CLIENT_HELLO:
        return []
    hello = message.vector(3)
    try:
        hello.take(2 + 32)  # version, random
        hello.vector(1)  # session
        hello.vector(2)  # cipher suites
        hello.vector(1)  # compression methods
        extensions = hello.vector(2)
        while extensions.data:
            kind, content = extensions.number(2), extensions.vector(2)
            if kind == ALPN:
                return names(content.vector(2))
    except Incomplete:
        pass  # a length in it is wrong: TLS will refuse it
    return []


def names(listed: Reader) -> list[bytes]:
    found = []
    while listed.data:
        found.append(listed.vector(1).data)
    return found
