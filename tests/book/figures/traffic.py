"""Answers in time: what waits for what, in HTTP/1.1, 2 and 3."""

from __future__ import annotations

from typing import Dict, List

from .canvas import MARGIN, WIDTH, Canvas

WAY = 44  # units of time from one side to the other
ROLES: Dict[str, str] = {"A": "sea", "B": "leaf", "C": "packet"}


def pipelining() -> Canvas:
    c = Canvas(
        "pipelining",
        "Pipelining: do not wait before you ask",
        """On the left a client waits for each response before its next request: three
        requests take three round trips. On the right it sends all three at once: one
        round trip. The responses come in the order of the requests.""",
    )

    def panel(x: float, title: str, asks: List[float], tells: List[float]) -> float:
        """When each request leaves the client, and each response the server."""
        client, server = x + 18, x + 218
        c.text(x, 66, title, bold=True)
        c.text(x, 92, "client", "sea", bold=True)
        c.text(x + 236, 92, "server", "leaf", anchor="end", bold=True)
        end = tells[-1] + WAY + 10
        for lane in (client, server):
            c.line([(lane, 100), (lane, end)], "soft")
        c.rect(
            server - 7,
            asks[0] + WAY,
            14,
            tells[0] - asks[0] - WAY,
            "sea-wash",
            "sea",
            corner=2,
        )
        for name, asked, told in zip("ABC", asks, tells):
            role = ROLES[name]
            comes, goes = (server - 8 * (y <= tells[0]) for y in (asked + WAY, told))
            c.arrow([(client, asked), (comes, asked + WAY)], role)
            c.badge(client + 44, asked + 10, name, role)
            c.arrow([(goes, told), (client, told + WAY)], role, "thick")
            c.box(
                server - 62, told - 1, 28, 26, name, role, f"{role}-wash", role,
                bold=True, corner=2,
            )  # fmt: skip
        c.text(server - 14, tells[0] - 14, "A is made", "sea", anchor="end")
        c.line([(x, end), (x + 236, end)], "ink", "dash")
        return end

    end = panel(MARGIN, "one at a time", [108, 298, 394], [246, 346, 442])
    c.text(MARGIN + 118, end + 24, "3 round trips", anchor="middle", bold=True)
    end = panel(270, "pipelined", [108, 138, 168], [246, 276, 306])
    c.text(388, end + 24, ["1 round trip", "and a little"], anchor="middle", bold=True)
    c.badge(30, 548, "A", "sea")
    c.text(52, 553.5, "request")
    c.box(170, 535, 28, 26, "A", "sea", "sea-wash", "sea", bold=True, corner=2)
    c.text(208, 553.5, "its response")
    c.text(
        MARGIN,
        594,
        [
            "Nothing in a response says whose it is: only the",
            "order does. So B waits while A is being made.",
        ],
    )
    return c


def versions() -> Canvas:
    c = Canvas(
        "versions",
        "Who waits for whom, in HTTP/1.1, 2 and 3",
        """Three responses, A, B and C, on one connection. In HTTP/1.1 B and C wait for a
        slow A, because responses keep the order of requests. In HTTP/2 they share the
        connection, but a lost packet of A holds up all that came behind it, because TCP
        keeps the order of bytes. In HTTP/3 it holds up A alone, because QUIC keeps order
        in each stream by itself.""",
    )
    first, slot = 112, 39

    def row(y: float, name: str, packets: List[str]) -> None:
        c.text(MARGIN, y + 20.5, name, "soft")
        for place, packet in enumerate(packets):
            x = first + place * slot
            if packet == ".":
                continue
            if packet == "wait":
                c.box(
                    x,
                    y,
                    slot - 4,
                    30,
                    "…",
                    "packet",
                    "paper",
                    "packet",
                    "dash",
                    corner=2,
                )
                continue
            role = ROLES[packet[0]]
            each = slot - 4
            c.box(
                x,
                y,
                each,
                30,
                packet[:2],
                role,
                f"{role}-wash",
                role,
                bold=True,
                corner=2,
            )
            if packet.endswith("lost"):
                c.line([(x, y), (x + each, y + 30)], "ink", "thick")
                c.line([(x, y + 30), (x + each, y)], "ink", "thick")

    def panel(
        y: float, title: str, names: List[str], rows: List[List[str]], says: List[str]
    ) -> None:
        c.line([(MARGIN, y), (WIDTH - MARGIN, y)], "line")
        c.text(MARGIN, y + 26, title, size=18, bold=True)
        row(y + 42, names[0], rows[0])
        row(y + 80, names[1], rows[1])
        c.text(MARGIN, y + 136, says)

    made = ["A1", "B1", "C1", "B2", "C2", "A2"]
    sent = ["A1", "wait", "wait", "wait", "wait", "A2", "B1", "B2", "C1", "C2"]
    net = ["arrives", "is read"]
    panel(
        48,
        "HTTP/1.1: in the order of the requests",
        ["is made", "is sent"],
        [made, sent],
        [
            "B and C are made, and may not pass: one slow",
            "answer holds up the others.",
        ],
    )
    lost = ["A1", "B1", "C1", "A2lost", "B2", "C2", ".", "A2"]
    panel(
        238,
        "HTTP/2: streams on one TCP connection",
        net,
        [lost, ["A1", "B1", "C1", "wait", "wait", "wait", "wait", "A2", "B2", "C2"]],
        [
            "B and C pass a slow A. But TCP hands bytes up in",
            "order: A2, lost, holds up B2 and C2, which are there.",
        ],
    )
    panel(
        428,
        "HTTP/3: streams of QUIC, over UDP",
        net,
        [lost, ["A1", "B1", "C1", "wait", "B2", "C2", "wait", "A2"]],
        ["Each stream keeps its own order: A2, lost, holds", "up A alone."],
    )
    c.arrow([(MARGIN, 612), (WIDTH - MARGIN, 612)], "soft")
    c.label(WIDTH / 2, 612, "time", "soft")
    c.text(
        MARGIN, 646, "… waits.  Crossed out: lost on the way, and sent again.", "soft"
    )
    return c
