"""Requests to send, and a strict reader of responses (RFC 9110, 9112).

A browser forgives; this reader does not: each byte of a response has to be
where the grammar has it, and nothing may follow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import NoReturn, Optional

from .expect import Failure, repr_bytes
from .wire import Wire

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9]) ([\t\x20-\x7e\x80-\xff]*)")
FIELD_LINE = re.compile(rb"(" + TOKEN + rb"):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
SINGLE = """content-length content-type date server location last-modified
transfer-encoding etag""".split()
HEAD_MOST = 1 << 16
DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@dataclass
class Response:
    """A response that obeys the grammar."""

    status: int
    reason: str
    version: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    framing: str = "length"  # length, chunked, close, none
    head: bytes = b""
    interim: list["Response"] = field(default_factory=list)  # the 1xx before it

    def all(self, name: str) -> list[str]:
        return [v for n, v in self.fields if n.lower() == name.lower()]

    def get(self, name: str) -> Optional[str]:
        """The field's value, None where it is missing."""
        values = self.all(name)
        return ", ".join(values) if values else None

    def tokens(self, name: str) -> list[str]:
        """The members of a list such as Connection or Allow; as they stand."""
        parts = (self.get(name) or "").split(",")
        return [part.strip() for part in parts if part.strip()]

    @property
    def says_close(self) -> bool:
        """Whether the server ends the connection after this response."""
        options = [token.lower() for token in self.tokens("Connection")]
        if self.version == "HTTP/1.0":
            return "keep-alive" not in options
        return "close" in options or self.framing == "close"


def request(
    method: str = "GET",
    target: str = "/",
    *fields: str,
    host: Optional[str] = "localhost",
    version: str = "HTTP/1.1",
    body: bytes = b"",
) -> bytes:
    """A request; fields as they go over the wire: "Accept: */*"."""
    lines = [f"{method} {target} {version}"]
    lines += [f"Host: {host}"] if host is not None else []
    lines += fields
    return "".join(line + "\r\n" for line in lines).encode("latin-1") + b"\r\n" + body


def read_response(wire: Wire, method: str = "GET") -> Response:
    """The next response on the connection, interim ones (1xx) taken along."""
    interim: list[Response] = []
    while True:
        response = read_head(wire)
        if response.status >= 200:
            break
        if response.status == 101 or len(interim) > 8:
            _bad(wire, "one final response", f"status {response.status}")
        interim.append(response)
    response.interim = interim
    _read_body(wire, response, method)
    return response


def read_head(wire: Wire) -> Response:
    """Reads a status line and its fields, and judges their syntax."""
    try:
        head = wire.take_until(b"\r\n\r\n", HEAD_MOST)
    except Failure as failure:
        what = "the rest of its head, up to an empty line," if wire.inbox else ""
        failure.expected = f"{what or 'a response'} within {wire.patience:g} s"
        raise
    if not head:
        _bad(wire, "a response", f"not a byte ({ended(wire)})")
    if not head.endswith(b"\r\n\r\n"):
        got = f"{repr_bytes(head[-40:])} and then: {ended(wire)}"
        _bad(wire, "a head that ends with an empty line, \\r\\n\\r\\n", got)
    first, *rest = head[:-4].split(b"\r\n")
    match = STATUS_LINE.fullmatch(first)
    if not match:
        _bad(wire, "a status line, as HTTP/1.1 200 OK", repr_bytes(first[:80]))
    response = Response(
        int(match[1]), match[2].decode("latin-1"), first[:8].decode(), head=head
    )
    for line in rest:
        response.fields.append(_field(wire, line))
    for name in SINGLE:
        if len(response.all(name)) > 1:
            _bad(wire, f"one field {name.title()} at most", response.all(name))
    return response


def _field(wire: Wire, line: bytes) -> tuple[str, str]:
    match = FIELD_LINE.fullmatch(line)
    if not match:
        _bad(wire, "a field line, as Name: value", repr_bytes(line[:80]))
    return match[1].decode("latin-1"), match[2].decode("latin-1").rstrip(" \t")


def _read_body(wire: Wire, response: Response, method: str) -> None:
    """RFC 9112, section 6.3, in its order."""
    length = response.get("Content-Length")
    coding = response.get("Transfer-Encoding")
    if length is not None and not re.fullmatch(r"[0-9]+", length):
        _bad(wire, "Content-Length in digits", length)
    if length is not None and coding is not None:
        _bad(wire, "Content-Length or Transfer-Encoding", "both")
    if method == "HEAD" or response.status in (204, 304):
        response.framing = "none"
        if response.status == 204 and (length is not None or coding is not None):
            _bad(wire, "204 without Content-Length", str(length or coding))
        return
    if coding is not None:
        if coding.lower() != "chunked" or response.version == "HTTP/1.0":
            _bad(wire, "Transfer-Encoding: chunked (HTTP/1.1)", coding)
        response.framing = "chunked"
        response.body = _read_chunks(wire)
    elif length is not None:
        try:
            response.body = wire.take(int(length))
        except Failure as failure:
            failure.expected = f"Content-Length: {length}, so {failure.expected}"
            raise
        if len(response.body) < int(length):
            got = f"{len(response.body)} bytes and then: {ended(wire)}"
            _bad(wire, f"Content-Length: {length}, so {length} bytes", got)
    else:
        response.framing = "close"
        response.body = wire.rest()
        if wire.ended != "end":
            _bad(wire, "a body that ends with the connection", ended(wire))


def _read_chunks(wire: Wire) -> bytes:
    body = bytearray()
    while True:
        line = wire.take_until(b"\r\n", 4096)
        match = re.fullmatch(rb"([0-9A-Fa-f]{1,16})(;[\t\x20-\x7e]*)?\r\n", line)
        if not match:
            _bad(wire, "a chunk's size in hexadecimal digits", repr_bytes(line))
        size = int(match[1], 16)
        if size == 0:
            break
        body += wire.take(size)
        end = wire.take(2)
        if end != b"\r\n":
            _bad(wire, "\\r\\n after a chunk's bytes", repr_bytes(end))
    while True:
        line = wire.take_until(b"\r\n", 8192)
        if line == b"\r\n":
            return bytes(body)
        _field(wire, line[:-2])


def nothing_more(wire: Wire, patience: Optional[float] = None) -> None:
    """Fails unless the server closes in order and sends nothing before."""
    extra = wire.rest(patience)
    if extra:
        _bad(wire, "nothing after the response", repr_bytes(extra[:80]))
    if wire.ended != "end":
        _bad(wire, "an end in order after the response", ended(wire))


def ended(wire: Wire) -> str:
    """How the connection stands, in words."""
    words = {
        None: "the connection is still open",
        "end": "the server closed",
        "reset": "the connection was reset",
        "cut": "the connection ended without TLS close_notify",
    }
    return words.get(wire.ended, str(wire.ended))


def read_date(text: Optional[str]) -> datetime:
    """An HTTP date in the one form that may be sent (RFC 9110, 5.6.7)."""
    shape = r"(\w{3}), (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT"
    match = re.fullmatch(shape, text or "")
    wanted = "a date such as Sun, 06 Nov 1994 08:49:37 GMT"
    if not match or match[3] not in MONTHS:
        raise Failure(wanted, text or "none")
    day, year = int(match[2]), int(match[4])
    hour, minute, second = (int(match[n]) for n in (5, 6, 7))
    try:
        month = MONTHS.index(match[3]) + 1
        date = datetime(
            year, month, day, hour, minute, min(second, 59), tzinfo=timezone.utc
        )
    except ValueError:
        raise Failure(wanted, str(text)) from None
    if DAYS[date.weekday()] != match[1]:
        raise Failure(f"{DAYS[date.weekday()]} for that day", str(text))
    return date


def _bad(wire: Wire, expected: str, got: object) -> NoReturn:
    text = ", ".join(got) if isinstance(got, list) else str(got)
    raise Failure(expected, text, wire=wire)
