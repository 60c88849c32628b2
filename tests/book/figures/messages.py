"""A URL, a request, a response: every group of bytes and its name."""

from __future__ import annotations

import re
from typing import List, Tuple

from . import measure, sources
from .canvas import LINE, MARGIN, Canvas

Cell = Tuple[str, str, str]

# RFC 3986, section 3: (bytes, term, color, what it says, where it goes)
URL = [
    ("https", "scheme", "leaf", "how to ask: HTTP, inside TLS", "connects with TLS"),
    ("://", "", "", "", ""),
    ("example.org", "host", "sea", "whom to ask: DNS finds its address", "Host field"),
    (":", "", "", "", ""),
    ("8443", "port", "sea", "which program there; 443 if left out", "Host field"),
    ("/a/b.html", "path", "packet", "what to ask for", "request line"),
    ("?", "", "", "", ""),
    ("q=tcp", "query", "packet", "the details", "request line"),
    ("#", "", "", "", ""),
    ("top", "fragment", "ink", "a place on the page", "not sent at all"),
]


def url() -> Canvas:
    c = Canvas(
        "url",
        "A URL, and where its parts go",
        """The URL https://example.org:8443/a/b.html?q=tcp#top has a scheme, an authority
        of host and port, a path, a query and a fragment. Path and query go into the
        request line, host and port into the Host field; the scheme decides how to
        connect, and the fragment stays in the browser.""",
    )
    x = 16.0
    y = 66.0
    number = 0
    spans = {}
    rows = []
    for words, term, color, says, goes in URL:
        wide = measure.width(words, 16, mono=True) + (8 if term else 4)
        if term:
            number += 1
            fill = f"{color}-wash" if color != "ink" else "stone"
            c.rect(x, y, wide, 30, fill, color, "dash" if color == "ink" else "")
            c.badge(x + wide / 2, y + 52, str(number), color)
            spans[term] = (x, wide)
            rows.append((str(number), words, term, color, says, goes))
        c.text(x + wide / 2, y + 20.5, words, anchor="middle", mono=True)
        x += wide
    left, right = spans["host"][0], sum(spans["port"])
    c.bracket(left, y + 76, right - left, "sea")
    c.text((left + right) / 2, y + 96, "authority", "sea", anchor="middle")
    y = 190
    for place, words, term, color, says, goes in rows:
        c.badge(28, y, place, color)
        c.text(52, y + 5.5, term, color, bold=True)
        c.text(150, y + 5.5, words, mono=True)
        c.text(52, y + 5.5 + LINE, says, "soft")
        c.text(520 - MARGIN, y + 5.5, goes, color, anchor="end")
        y += 56
    c.text(MARGIN, y + 6, "What the browser sends", bold=True)
    c.cells(
        MARGIN,
        y + 20,
        [
            ("GET", "soft", ""),
            ("/a/b.html?q=tcp", "packet", "4 and 5"),
            ("HTTP/1.1", "soft", ""),
        ],
    )
    c.cells(
        MARGIN, y + 82, [("Host:", "soft", ""), ("example.org:8443", "sea", "2 and 3")]
    )
    return c


SP: Cell = ("SP", "soft", "")
END: Cell = ("CR LF", "soft", "")


def _fields(c: Canvas, y: float, rows: List[Tuple[str, str]]) -> float:
    """Field lines, the first of them with the names of its parts."""
    for place, (name, value) in enumerate(rows):
        named = place == 0
        c.cells(
            MARGIN,
            y,
            [
                (name, "sea", "name" if named else ""),
                (":", "soft", ""),
                SP,
                (value, "packet", "value" if named else ""),
                END,
            ],
        )
        y += 62 if named else 36
    return y


def _size(rows: List[Tuple[str, str]]) -> int:
    return sum(len(f"{name}: {value}\r\n") for name, value in rows)


def request() -> Canvas:
    fields = [("Host", "localhost:8080"), ("Accept", "*/*")]
    c = Canvas(
        "request",
        "A request, byte by byte",
        """A request line of method, space, request target, space and version, ended by
        CR LF; field lines, each a name, a colon, a space, a value and CR LF; and an
        empty line, CR LF alone, which ends the head.""",
    )
    c.text(MARGIN, 66, "Request line", bold=True)
    c.cells(
        MARGIN,
        80,
        [
            ("GET", "leaf", "method"),
            SP,
            ("/hello", "packet", "target"),
            SP,
            ("HTTP/1.1", "sea", "version"),
            ("CR LF", "soft", "line end"),
        ],
    )
    c.text(MARGIN, 166, "Field lines, as many as there are", bold=True)
    y = _fields(c, 180, fields)
    c.text(MARGIN, y + 28, "Empty line: the head ends here", bold=True)
    c.cells(MARGIN, y + 42, [END])
    c.text(MARGIN + 80, y + 62.5, "SP is byte 32, CR is 13, LF is 10", "soft")
    size = len("GET /hello HTTP/1.1\r\n\r\n") + _size(fields)
    c.text(MARGIN, y + 104, "Body", bold=True)
    c.text(
        MARGIN,
        y + 104 + LINE,
        [
            "None: no Content-Length, no Transfer-Encoding.",
            f"{size} bytes are all that was asked.",
        ],
    )
    return c


def _hello() -> Tuple[str, str]:
    """The type and the text of /hello, from the source."""
    place = "common/http/pages.c"
    page = sources.found(r'(\{"/hello", "[^"]*", "[^"]*"\})', place)
    kind, text = re.findall(r'"([^"]*)"', page)[1:]
    return str(kind), str(text).replace("\\n", "\n")


def response() -> Canvas:
    kind, text = _hello()
    name = sources.found(r'#define SERVER_NAME "(\w+)"', "common/http/response.c")
    fields = [
        ("Server", name),
        ("Date", "Sat, 14 Nov 2026 09:30:00 GMT"),
        ("Content-Type", kind),
        ("Content-Length", str(len(text))),
        ("Connection", "close"),
    ]
    c = Canvas(
        "response",
        "A response, byte by byte",
        f"""A status line of version, status code and reason phrase, ended by CR LF; field
        lines; an empty line, which ends the head; and the body, as many bytes as
        Content-Length says: {len(text)}.""",
    )
    c.text(MARGIN, 66, "Status line", bold=True)
    c.cells(
        MARGIN,
        80,
        [
            ("HTTP/1.1", "sea", "version"),
            SP,
            ("200", "leaf", "status code"),
            SP,
            ("OK", "packet", "reason"),
            ("CR LF", "soft", "line end"),
        ],
    )
    c.text(MARGIN, 166, "Field lines", bold=True)
    y = _fields(c, 180, fields)
    c.text(MARGIN, y + 28, "Empty line: the head ends here", bold=True)
    c.cells(MARGIN, y + 42, [END])
    c.text(
        MARGIN, y + 108, f"Body: {len(text)} bytes, as Content-Length says", bold=True
    )
    c.cells(
        MARGIN,
        y + 122,
        [
            (text.rstrip("\n"), "leaf", f"{len(text) - 1} bytes"),
            ("LF", "leaf", "1 byte"),
        ],
    )
    return c
