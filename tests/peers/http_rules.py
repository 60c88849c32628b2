"""HTTP/1.1 as the peer reads and writes it (RFC 9110, 9112). No sockets.

parse_head() judges a whole head in the order that the contract gives: syntax
and limits as the bytes come, then version, Host and framing; the method and
the path are judged by whoever answers.
"""

from __future__ import annotations

import ipaddress
import os
import re
import time
from dataclasses import dataclass, field
from typing import Optional, Union

TARGET_MOST = 8000
HEAD_MOST = 16 << 10
FIELDS_MOST = 100
BODY_MOST = 1 << 20
LINE_MOST = TARGET_MOST + 64

METHODS = "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH".split()
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
REG_NAME = r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
FIELD = re.compile(rf"({TOKEN}):([\t\x20-\x7e\x80-\xff]*)")
AUTHORITY = re.compile(rf"(\[[^\]]*\]|{REG_NAME})(?::([0-9]*))?")
ABSOLUTE = re.compile(r"(?i:https?)://([^/?#]*)([^#]*)")

REASONS = {
    200: "OK",
    301: "Moved Permanently",
    304: "Not Modified",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    414: "URI Too Long",
    417: "Expectation Failed",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}


class Refused(Exception):
    """A request that gets this status and the end of the connection."""

    def __init__(self, status: int, line: str = "-") -> None:
        super().__init__(status)
        self.status = status
        self.line = line


@dataclass
class Request:
    """A head that obeys the rules."""

    line: str
    method: str
    path: str  # without the query, as it was sent
    minor: int  # of HTTP/1.minor
    query: str = ""  # "?" and what follows it
    fields: list[tuple[str, str]] = field(default_factory=list)
    length: int = 0  # of the body...
    chunked: bool = False  # ...where it is not this
    expects_continue: bool = False
    unknown_expectation: bool = False

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    def tokens(self, name: str) -> list[str]:
        parts = ",".join(self.all(name)).split(",")
        return [part.strip(" \t").lower() for part in parts if part.strip(" \t")]


def head_end(data: Union[bytes, bytearray]) -> int:
    """Where the head ends, 0 while it is not whole. Refuses what is too long
    to be waited for, and what is wrong whatever will follow."""
    start = 0
    while data[start : start + 2] == b"\r\n" and start < 8:
        start += 2  # empty lines before a request (RFC 9112, section 2.2)
    match = re.compile(rb"\n\r?\n").search(data, start)
    end = match.end() if match else len(data)
    line_end = data.find(b"\n", start, end)
    if line_end < 0:
        if len(data) - start > LINE_MOST:
            raise Refused(414 if data.find(b" ", start) > 0 else 400)
        return 0
    if line_end - start > LINE_MOST:
        raise Refused(414)
    if end - line_end > HEAD_MOST:
        raise Refused(431, _text(data[start:line_end]))
    return match.end() if match else 0


def parse_head(data: bytes) -> Request:
    """Reads a whole head."""
    text = data.decode("latin-1").lstrip("\r\n")
    if not text:
        raise Refused(400)
    first, *lines = [line.removesuffix("\r") for line in text.split("\n")[:-2]]
    match = re.fullmatch(rf"({TOKEN}) ([\x21-\x7e]+) HTTP/(\d)\.(\d)", first)
    if not match:
        raise Refused(400)
    method, target, major, minor = match.groups()
    if len(target) > TARGET_MOST:
        raise Refused(414)
    request = Request(first, method, "", int(minor))
    host, request.path = _target(method, target, first)
    request.query = "".join(target.partition("?")[1:])
    for line in lines:
        request.fields.append(_field(line, first))
    if len(request.fields) > FIELDS_MOST:
        raise Refused(431, first)
    if major != "1":
        raise Refused(505, first)
    _judge_host(request, host)
    _judge_framing(request)
    expectations = request.tokens("expect")
    request.expects_continue = "100-continue" in expectations and minor != "0"
    request.unknown_expectation = any(e != "100-continue" for e in expectations)
    return request


def _target(method: str, target: str, line: str) -> tuple[Optional[str], str]:
    """The four forms of a target: its authority, if it has one, its path."""
    if method == "CONNECT":
        if not re.fullmatch(r"(\[[^\]]*\]|[^:/?#@]+):[0-9]+", target):
            raise Refused(400)
        return target, target
    if target == "*" and method == "OPTIONS":
        return None, "*"
    if "#" in target:
        raise Refused(400)
    absolute = ABSOLUTE.fullmatch(target)
    if absolute:
        if not absolute[1]:
            raise Refused(400)
        return absolute[1], absolute[2].partition("?")[0] or "/"
    if not target.startswith("/"):
        raise Refused(400)
    return None, target.partition("?")[0]


def _field(line: str, first: str) -> tuple[str, str]:
    match = FIELD.fullmatch(line)
    if not match:  # a folded line too: it begins with a space
        raise Refused(400, first)
    return match[1].lower(), match[2].strip(" \t")


def _judge_host(request: Request, host: Optional[str]) -> None:
    """RFC 9112, section 3.2."""
    hosts = request.all("host")
    if len(hosts) > 1 or (not hosts and request.minor > 0):
        raise Refused(400, request.line)
    for name in hosts + ([host] if host is not None else []):
        if not valid_authority(name):
            raise Refused(400, request.line)


def valid_authority(text: str) -> bool:
    """uri-host [":" port] of RFC 3986, section 3.2."""
    match = AUTHORITY.fullmatch(text)
    if not match or int(match[2] or 0) > 65535:
        return False
    if not match[1].startswith("["):
        return bool(match[1]) or not match[2]
    try:
        ipaddress.IPv6Address(match[1][1:-1])
        return "%" not in match[1]
    except ValueError:
        return False


def _judge_framing(request: Request) -> None:
    """RFC 9112, section 6.3: where the body ends must be beyond doubt."""
    lengths = request.all("content-length")
    codings = request.tokens("transfer-encoding")
    if request.all("transfer-encoding"):
        if lengths or request.minor == 0 or codings[-1:] != ["chunked"]:
            raise Refused(400, request.line)
        if codings.count("chunked") > 1:
            raise Refused(400, request.line)
        if len(codings) > 1:
            raise Refused(501, request.line)
        request.chunked = True
    elif lengths:
        if len(lengths) > 1 or not re.fullmatch("[0-9]+", lengths[0]):
            raise Refused(400, request.line)
        if int(lengths[0]) >= 1 << 63:
            raise Refused(400, request.line)
        request.length = int(lengths[0])


def _text(line: Union[bytes, bytearray]) -> str:
    return line.decode("latin-1").rstrip("\r")


# --- answers ----------------------------------------------------------------


@dataclass
class Answer:
    """A response. The body is in memory, but for what follows it in a file
    that is open until release()."""

    status: int
    body: bytes = b""
    kind: str = "text/plain; charset=utf-8"
    more: list[str] = field(default_factory=list)  # further field lines
    file: Optional[int] = None
    size: int = 0  # of the body, where there is a file

    @property
    def length(self) -> int:
        return len(self.body) if self.file is None else self.size

    def release(self) -> None:
        if self.file is not None:
            os.close(self.file)
            self.file, self.size = None, len(self.body)


def error(status: int, *more: str) -> Answer:
    text = f"{status} {REASONS[status]}\n"
    return Answer(status, text.encode(), more=list(more))


def http_date(now: Optional[float] = None) -> str:
    # strftime's names follow the locale, which this program never sets
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now))


def render(
    answer: Answer, *, head_only: bool, close: bool, stay: bool = False
) -> bytes:
    """The bytes of a response, as far as they are in memory. stay: the client
    has to be told that the connection stays (HTTP/1.0)."""
    lines = [f"HTTP/1.1 {answer.status} {REASONS[answer.status]}"]
    lines += [f"Date: {http_date()}", "Server: peer", *answer.more]
    if answer.status != 304:
        lines += [f"Content-Type: {answer.kind}", f"Content-Length: {answer.length}"]
    lines += ["Connection: close"] if close else []
    lines += ["Connection: keep-alive"] if stay and not close else []
    head = "".join(line + "\r\n" for line in lines) + "\r\n"
    return head.encode("latin-1") + (b"" if head_only else answer.body)


def access_line(client: str, line: str, status: int, sent: int) -> str:
    """Common Log Format; what the client chose cannot break out of it."""
    safe = re.sub(
        r'["\\\x00-\x1f\x7f-\xff]', lambda match: f"\\x{ord(match[0]):02x}", line
    )
    now = time.strftime("%d/%b/%Y:%H:%M:%S %z")
    return f'{client} - - [{now}] "{safe}" {status} {sent or "-"}\n'
