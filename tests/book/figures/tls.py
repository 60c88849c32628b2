"""TLS handshakes: flights of messages between client and server, in time."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from .canvas import LINE, MARGIN, Canvas

CLIENT, SERVER = 26, 424  # the lanes
LEFT, RIGHT = 52, 398  # the messages between them
Flight = Tuple[str, List[str], List[str]]  # way, in the clear, encrypted


def _flight(c: Canvas, y: float, flight: Flight) -> float:
    """Returns where the next one begins."""
    way, clear, secret = flight
    high = (len(clear) + len(secret)) * LINE + (14 if clear and secret else 8)
    middle = y + high / 2
    c.line(
        [
            (CLIENT if way == ">" else SERVER, middle),
            (LEFT if way == ">" else RIGHT, middle),
        ],
        "ink",
        "thick",
    )
    c.arrow(
        [(RIGHT, middle), (SERVER, middle)]
        if way == ">"
        else [(LEFT, middle), (CLIENT, middle)],
        "ink",
        "thick",
    )
    for words, hidden in ((clear, False), (secret, True)):
        if not words:
            continue
        tall = len(words) * LINE + 6
        c.rect(
            LEFT, y, RIGHT - LEFT, tall, "leaf-wash" if hidden else "raised",
            "leaf" if hidden else "soft", "thick" if hidden else "dash",
        )  # fmt: skip
        if hidden:
            c.lock(RIGHT - 24, y + tall / 2 - 10)
        c.text(LEFT + 10, y + 19, words)
        y += tall + 4
    return y + 8


def _trip(c: Canvas, y: float, end: float, words: Sequence[str]) -> None:
    x = SERVER + 14
    c.line([(x, y), (x + 8, y), (x + 8, end), (x, end)], "packet")
    c.text(
        x + 16,
        (y + end) / 2 - LINE * len(words) / 2 + 16,
        list(words),
        "packet",
        bold=True,
    )


def _run(c: Canvas, y: float, trips: Sequence[Tuple[List[str], List[Flight]]]) -> float:
    top = y
    c.text(CLIENT - 12, y, "client", "sea", bold=True)
    c.text(SERVER + 12, y, "server", "leaf", anchor="end", bold=True)
    y += 10
    patch = len(c.parts)
    for words, flights in trips:
        begin = y
        for flight in flights:
            y = _flight(c, y, flight)
        if words:
            _trip(c, begin, y - 12, words)
    lanes = Canvas("lanes", "", "")
    lanes.parts.clear()
    for lane in (CLIENT, SERVER):
        lanes.line([(lane, top + 8), (lane, y)], "soft")
    c.parts[patch:patch] = lanes.parts
    return y


def _key(c: Canvas, y: float, words: Sequence[str]) -> None:
    c.rect(MARGIN, y, 30, 22, "raised", "soft", "dash")
    c.text(54, y + 16, "in the clear")
    c.rect(180, y, 44, 22, "leaf-wash", "leaf", "thick")
    c.lock(195, y + 1)
    c.text(234, y + 16, "encrypted: for these two only")
    c.text(MARGIN, y + 50, list(words), "soft")


TCP: Tuple[List[str], List[Flight]] = (
    ["1 trip", "TCP"],
    [(">", ["SYN"], []), ("<", ["SYN, ACK"], [])],
)


def tls12() -> Canvas:
    c = Canvas(
        "tls12",
        "TLS 1.2: two round trips before the request",
        """After TCP's round trip: ClientHello; ServerHello, Certificate, ServerKeyExchange
        and ServerHelloDone; ClientKeyExchange, ChangeCipherSpec and the encrypted
        Finished; the server's ChangeCipherSpec and Finished. Then the request. With a
        ticket of an earlier session, one round trip of TLS is enough.""",
    )
    y = _run(
        c,
        64,
        [
            TCP,
            (
                ["2", "TLS"],
                [
                    (">", ["ClientHello"], []),
                    (
                        "<",
                        [
                            "ServerHello, Certificate,",
                            "ServerKeyExchange,",
                            "ServerHelloDone",
                        ],
                        [],
                    ),
                ],
            ),
            (
                ["3", "TLS"],
                [
                    (">", ["ClientKeyExchange,", "ChangeCipherSpec"], ["Finished"]),
                    ("<", ["NewSessionTicket,", "ChangeCipherSpec"], ["Finished"]),
                ],
            ),
            (
                ["4", "HTTP"],
                [(">", [], ["GET / HTTP/1.1"]), ("<", [], ["HTTP/1.1 200 OK"])],
            ),
        ],
    )
    c.text(
        MARGIN, y + 34, "Again, with the ticket (after TCP’s trip)", size=18, bold=True
    )
    y = _run(
        c,
        y + 64,
        [
            (
                ["2", "TLS"],
                [
                    (">", ["ClientHello, with the ticket"], []),
                    ("<", ["ServerHello, ChangeCipherSpec"], ["Finished"]),
                ],
            ),
            (
                ["3", "HTTP"],
                [
                    (">", ["ChangeCipherSpec"], ["Finished, GET / HTTP/1.1"]),
                    ("<", [], ["HTTP/1.1 200 OK"]),
                ],
            ),
        ],
    )
    _key(
        c,
        y + 14,
        ["The certificate goes in the clear. ACKs that travel", "alone are left out."],
    )
    return c


def tls13() -> Canvas:
    c = Canvas(
        "tls13",
        "TLS 1.3: one round trip before the request",
        """After TCP's round trip: ClientHello with a key share; ServerHello with a key
        share, and from here on all is encrypted: EncryptedExtensions, Certificate,
        CertificateVerify and Finished. The client's Finished goes with the request. With
        a ticket of an earlier session the certificate is left out.""",
    )
    y = _run(
        c,
        64,
        [
            TCP,
            (
                ["2", "TLS"],
                [
                    (">", ["ClientHello, with a key share"], []),
                    (
                        "<",
                        ["ServerHello, with a key share"],
                        [
                            "EncryptedExtensions,",
                            "Certificate,",
                            "CertificateVerify,",
                            "Finished",
                        ],
                    ),
                ],
            ),
            (
                ["3", "HTTP"],
                [
                    (">", [], ["Finished, GET / HTTP/1.1"]),
                    ("<", [], ["NewSessionTicket,", "HTTP/1.1 200 OK"]),
                ],
            ),
        ],
    )
    c.text(
        MARGIN, y + 34, "Again, with the ticket (after TCP’s trip)", size=18, bold=True
    )
    y = _run(
        c,
        y + 64,
        [
            (
                ["2", "TLS"],
                [
                    (">", ["ClientHello, with a key share", "and the ticket"], []),
                    (
                        "<",
                        ["ServerHello, with a key share"],
                        ["EncryptedExtensions,", "Finished"],
                    ),
                ],
            ),
            (
                ["3", "HTTP"],
                [
                    (">", [], ["Finished, GET / HTTP/1.1"]),
                    ("<", [], ["HTTP/1.1 200 OK"]),
                ],
            ),
        ],
    )
    _key(
        c,
        y + 14,
        [
            "Again: as many trips, no certificate, and new keys by",
            "new key shares. Left out: ACKs that travel alone, and",
            "ChangeCipherSpec, sent for the sake of middleboxes.",
        ],
    )
    return c
