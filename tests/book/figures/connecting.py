"""Connections as TCP sees them: side by side, time goes down."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from . import sources
from .canvas import MARGIN, WIDTH, Canvas

LEFT, RIGHT = 180, 340  # where packets leave and arrive
COLUMN = LEFT - MARGIN


def _sides(c: Canvas, y: float, left: str, right: str) -> None:
    c.text(MARGIN, y, left, "sea", size=18, bold=True)
    c.text(WIDTH - MARGIN, y, right, "leaf", size=18, anchor="end", bold=True)


def _packet(c: Canvas, y: float, words: Sequence[str], back: bool = False) -> None:
    """Goes down by 34 on its way; the words stand on it."""
    ends = [(RIGHT, y), (LEFT, y + 34)] if back else [(LEFT, y), (RIGHT, y + 34)]
    c.arrow(ends, "packet")
    c.label((LEFT + RIGHT) / 2, y + 17, list(words), "packet", bold=True)


def _state(c: Canvas, side: str, y: float, h: float, name: str) -> None:
    left = side == "left"
    role = "sea" if left else "leaf"
    x = MARGIN if left else RIGHT
    c.box(x, y, COLUMN, h, name, "ink", f"{role}-wash", role, bold=True)


def handshake() -> Canvas:
    c = Canvas(
        "handshake",
        "TCP: three packets open, four close",
        """Opening: SYN, then SYN and ACK, then ACK; the numbers acknowledge one more than
        was sent. Closing: each side says FIN and has it acknowledged; the side that
        said it first stays in TIME-WAIT for two maximum segment lifetimes.""",
    )
    _sides(c, 62, "client", "server")
    _state(c, "left", 74, 30, "CLOSED")
    _state(c, "right", 74, 72, "LISTEN")
    c.text(MARGIN, 126, "connect()", mono=True)
    _state(c, "left", 136, 108, "SYN-SENT")
    _packet(c, 136, ["SYN", "seq 100"])
    _state(c, "right", 166, 130, "SYN-RECEIVED")
    _packet(c, 206, ["SYN, ACK", "seq 300", "ack 101"], back=True)
    _state(c, "left", 250, 96, "ESTABLISHED")
    _packet(c, 270, ["ACK", "ack 301"])
    _state(c, "right", 302, 112, "ESTABLISHED")
    c.label((LEFT + RIGHT) / 2, 336, "bytes go", "soft")
    c.label((LEFT + RIGHT) / 2, 357, "both ways", "soft")
    c.text(MARGIN, 368, "close()", mono=True)
    _state(c, "left", 378, 72, "FIN-WAIT-1")
    _packet(c, 388, ["FIN, ACK"])
    _state(c, "right", 420, 68, "CLOSE-WAIT")
    _packet(c, 426, ["ACK"], back=True)
    _state(c, "left", 456, 70, "FIN-WAIT-2")
    c.text(WIDTH - MARGIN, 510, "close()", anchor="end", mono=True)
    _state(c, "right", 520, 70, "LAST-ACK")
    _packet(c, 522, ["FIN, ACK"], back=True)
    _state(c, "left", 550, 84, "TIME-WAIT")
    _packet(c, 562, ["ACK"])
    _state(c, "right", 596, 74, "CLOSED")
    c.text(MARGIN, 656, "after 2 MSL", "soft")
    _state(c, "left", 666, 30, "CLOSED")
    c.text(
        MARGIN,
        724,
        [
            "MSL: how long a packet may be under way.",
            "Whoever closes first waits in TIME-WAIT.",
        ],
        "soft",
    )
    return c


def socket_life() -> Canvas:
    sources.need("common/io/net.c", "socket", "bind", "listen", "connect", "accept")
    sources.need("steps/01-tcp-echo/main.c", "read", "write", "close")
    sources.need("steps/01-tcp-echo/client.c", "read", "shutdown", "close")
    c = Canvas(
        "socket-life",
        "A socket’s life, at both ends",
        """The server calls socket, bind, listen and accept, which waits; the client calls
        socket and connect, which waits for the handshake. Then accept returns a new
        descriptor. What one end writes the other reads; a read waits for bytes and
        returns 0 after the other end's shutdown or close.""",
    )
    _sides(c, 62, "client", "server")
    calls: List[Tuple[str, float, float, str, bool]] = [
        ("right", 74, 30, "socket()", False),
        ("right", 110, 30, "bind()", False),
        ("right", 146, 30, "listen()", False),
        ("right", 182, 106, "accept()", True),
        ("left", 146, 30, "socket()", False),
        ("left", 182, 78, "connect()", True),
        ("left", 296, 30, "write()", False),
        ("right", 296, 48, "read()", True),
        ("left", 332, 84, "read()", True),
        ("right", 350, 30, "write()", False),
        ("right", 386, 86, "read()", True),
        ("left", 424, 30, "shutdown()", False),
        ("left", 460, 86, "read()", True),
        ("right", 478, 30, "close()", False),
        ("left", 552, 30, "close()", False),
    ]
    for side, y, h, name, sleeps in calls:
        x = MARGIN if side == "left" else RIGHT
        role = "sea" if side == "left" else "leaf"
        if sleeps:
            c.waits(x, y, COLUMN, h, [name, "waits"] if h > 44 else name)
        else:
            c.box(x, y, COLUMN, h, name, "ink", f"{role}-wash", role, mono=True)
    _packet(c, 186, ["SYN"])
    _packet(c, 222, ["SYN, ACK"], back=True)
    _packet(c, 256, ["ACK"])
    _packet(c, 308, ["bytes"])
    _packet(c, 366, ["bytes"], back=True)
    _packet(c, 438, ["FIN"])
    _packet(c, 496, ["FIN"], back=True)
    notes = [
        "accept() returns a new descriptor, for this client.",
        "read() returns as soon as some bytes are there,",
        "and 0 when the other end has said FIN.",
        "ACKs of the bytes are left out.",
    ]
    c.text(MARGIN, 612, notes, "soft")
    return c


def backlog() -> Canvas:
    bound = sources.found(r"NET_BACKLOG = (\d+)", "common/io/net.h")
    c = Canvas(
        "backlog",
        "Where connections wait for accept()",
        f"""In the kernel a connection first waits half open, in the SYN queue, for the
        client's ACK, then complete, in the accept queue, for the program's accept().
        The number that listen() is given, {bound} in net.h, bounds the accept queue.""",
    )
    c.text(MARGIN, 62, "clients", "sea", size=18, bold=True)
    c.arrow([(120, 72), (120, 118)], "packet")
    c.label(120, 92, "SYN", "packet", bold=True)
    c.rect(MARGIN, 120, WIDTH - 2 * MARGIN, 330, "stone", "line", corner=8)
    c.text(WIDTH - MARGIN - 12, 144, "kernel", "soft", anchor="end", bold=True)
    c.text(30, 152, "SYN queue", size=18, bold=True)
    c.text(30, 174, "half open: SYN, ACK is out, ACK awaited")
    for place in range(4):
        c.box(30 + place * 62, 186, 54, 34, "?", "soft", "raised", "line", "dash")
    c.text(290, 200, ["bounded by the system", "(tcp_max_syn_backlog)"], "soft")
    c.arrow([(120, 224), (120, 288)], "packet")
    c.box(82, 236, 76, 28, "ACK", "packet", "raised", "packet", bold=True)
    c.text(30, 310, "accept queue", size=18, bold=True)
    c.text(30, 332, "complete: their bytes may come already")
    for place in range(6):
        c.box(
            30 + place * 62,
            346,
            54,
            34,
            chr(65 + place),
            "ink",
            "sea-wash",
            "sea",
            bold=True,
        )
    c.text(406, 368, "…", "soft")
    c.bracket(30, 392, 426, "packet")
    c.text(30, 416, f"listen(fd, {bound})", "packet", mono=True, bold=True)
    c.text(186, 416, "bounds this queue;", "packet")
    c.text(30, 438, "so does net.core.somaxconn, where it is less", "soft")
    c.arrow([(57, 452), (57, 510)], "leaf")
    c.label(84, 478, "accept() takes A, the oldest", "leaf", anchor="start")
    c.box(
        MARGIN,
        512,
        WIDTH - 2 * MARGIN,
        44,
        "the server",
        "ink",
        "leaf-wash",
        "leaf",
        bold=True,
    )
    c.text(
        MARGIN,
        586,
        [
            "Full: Linux drops the next SYN, and the client",
            "sends it again, later and later.",
        ],
        "soft",
    )
    return c
