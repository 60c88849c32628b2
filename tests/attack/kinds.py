"""The kinds of hostile clients: what each says, takes, and how it leaves."""

from __future__ import annotations

import random
from dataclasses import dataclass

from grader.http import request

MIB = 1 << 20
LARGE = "large.bin"  # a file of step 06 and on that no buffer holds
LARGE_SIZE = 100 * MIB
ECHO = b"hello\n"  # what a good client of step 01 says
FAT = 15000  # bytes of a head that the limits still allow
ENOUGH = 4000  # requests that nobody reads the answers of


@dataclass(frozen=True)
class Kind:
    """One kind, and how many of it come at once."""

    name: str
    what: str  # in words
    steps: range
    count: int = 1000
    says: str = "half"  # see words()
    drip: float = 0.0  # seconds between two bytes of it; 0: all at once
    takes: int = -1  # bytes read in a second; -1: all that comes, 0: none
    leaves: str = ""  # "half-close" or "reset" as soon as all is said
    again: bool = True  # comes again where the server has ended it
    plain: bool = False  # speaks no TLS, to step 07 either
    stalls: bool = False  # stops within the handshake, each at another place
    downloads: bool = False  # compares what it gets with the file


ALL, HTTP, KEPT, FILES, TLS = (range(first, 8) for first in (1, 2, 5, 6, 7))

KINDS = {
    kind.name: kind
    for kind in (
        Kind("silent", "connects and keeps silent", ALL, says="nothing"),
        Kind("half-open", "sends a request that never gets whole", ALL),
        Kind("stubborn", "the same, and neither reads nor leaves", ALL, takes=0),
        Kind(
            "fat", "sends a head as large as it may be, without end", HTTP, says="fat"
        ),
        Kind("drip", "sends a byte a second", ALL, 300, "whole", drip=1.0),
        Kind("slow", "reads a byte a second", ALL, 300, "much", takes=1),
        Kind("deaf", "asks for much and never reads", ALL, 400, "much", takes=0),
        Kind(
            "pipeline", "asks for small things without end", KEPT, 900, "many", takes=0
        ),
        Kind(
            "half-closed",
            "ends in the middle, and stays",
            ALL,
            300,
            leaves="half-close",
        ),
        Kind(
            "reset",
            "asks and resets, again and again",
            ALL,
            100,
            "some",
            leaves="reset",
        ),
        Kind(
            "knock",
            "connects and resets",
            ALL,
            100,
            "nothing",
            leaves="reset",
            plain=True,
        ),
        Kind("garbage", "speaks no protocol at all", HTTP, 100, "garbage", plain=True),
        Kind(
            "stalled",
            "stops at some place of the handshake",
            TLS,
            stalls=True,
            says="whole",
        ),
        Kind(
            "downloads",
            "takes 100 MiB and compares them",
            FILES,
            50,
            "large",
            again=False,
            downloads=True,
        ),
    )
}
TIMED = "silent half-open stubborn fat drip slow deaf stalled".split()  # by --timeout
QUICK = "half-open deaf knock stalled".split()  # those of `make test`


def words(says: str, step: int, page: str, chance: random.Random) -> bytes:
    """What such a client says to a server of this step."""
    if says == "nothing":
        return b""
    if says == "garbage":
        return bytes([chance.randrange(128, 256)]) + chance.randbytes(300)
    if step == 1:
        return {"much": b"x" * 8 * MIB, "half": b"hel"}.get(says, ECHO)
    whole = request("GET", page, host="localhost")
    large = request("GET", "/" + LARGE, host="localhost")
    if says == "large" or (says == "much" and step >= 6):
        return large if says == "large" else large * 3
    if says == "fat":
        fields = b"".join(b"X-%d: %s\r\n" % (n, b"x" * 240) for n in range(60))
        return (whole[:-2] + fields)[:FAT]
    if says in ("much", "many"):
        return whole * (ENOUGH if step >= 5 else 1)
    if says == "some":
        return whole[: chance.randrange(1, len(whole) + 1)]
    return whole if says == "whole" else whole[: chance.randrange(5, len(whole) - 3)]
