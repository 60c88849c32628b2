"""A second, strict reading of request heads and chunked bodies, written from
the grammar in RFC 9110, 9112 and 3986 and from the limits that request.h and
framing.h name; not from the C code. Slow, whole inputs only, and short.

read_head() and read_body() return what was found, or None for what is not
accepted: refused, or not complete.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Optional

EMPTY_MOST, METHOD_MOST, TARGET_MOST = 8, 32, 8000
SECTION_MOST, FIELDS_MOST = 16384, 100
LINE_MOST, TRAILERS_MOST = 256, 8192
COUNT_MOST = 2**64 - 1

TCHAR = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"  # RFC 9110, section 5.6.2
VALUE = rb"[\t\x20-\x7e\x80-\xff]*"  # section 5.5, obs-text included
METHODS = b"GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH".split()
# RFC 9112, section 3; a target as browsers send it: visible, but for '#'
REQUEST_LINE = re.compile(
    rb"("
    + TCHAR
    + rb"{1,%d}) ([\x21\x22\x24-\x7e\x80-\xff]{1,%d}) HTTP/(\d)\.(\d)"
    % (METHOD_MOST, TARGET_MOST)
)
FIELD_LINE = re.compile(rb"(" + TCHAR + rb"+):(" + VALUE + rb")")
REG_NAME = re.compile(rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")
AUTHORITY = re.compile(rb"(\[[^\]]*\]|[^:\[\]]*)(?::(\d*))?")
ABSOLUTE = re.compile(rb"(?i:https?)://([^/?]*)(.*)", re.S)
# White space behind the size is not in the grammar; old servers pad it so.
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?")


@dataclass
class Head:
    length: int  # bytes, with the empty line
    method: bytes
    target: bytes
    version: int
    host: bytes = b""
    path: bytes = b""
    query: Optional[bytes] = None
    fields: list[tuple[bytes, bytes]] = field(default_factory=list)
    keep: bool = False
    expect: bool = False
    chunked: bool = False
    content_length: int = 0

    def all(self, name: bytes) -> list[bytes]:
        return [value for n, value in self.fields if n.lower() == name]

    def members(self, name: bytes) -> list[bytes]:
        parts = b",".join(self.all(name)).split(b",")
        return [part.strip(b" \t").lower() for part in parts if part.strip(b" \t")]


def _line(data: bytes, at: int) -> Optional[tuple[bytes, int]]:
    """The line that begins there, without its end, and where the next begins.
    LF alone ends one too (RFC 9112, section 2.2); a bare CR is in none."""
    end = data.find(b"\n", at)
    if end < 0:
        return None
    line = data[at:end]
    line = line[:-1] if line.endswith(b"\r") else line
    return None if b"\r" in line else (line, end + 1)


def _host_is_valid(host: bytes) -> bool:
    match = AUTHORITY.fullmatch(host)
    if not match or (match[2] and int(match[2]) > 65535):
        return False
    name = match[1]
    if not name.startswith(b"["):
        return bool(REG_NAME.fullmatch(name))
    try:
        text = name[1:-1].decode("ascii")
        return "%" not in text and bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False


def _split(head: Head, rest: bytes) -> None:
    path, mark, query = rest.partition(b"?")
    head.path, head.query = path or b"/", query if mark else None


def _target(head: Head) -> bool:
    """RFC 9112, section 3.2: each of the four forms."""
    target = head.target
    if head.method == b"CONNECT":
        head.host = target
        return _host_is_valid(target) and bool(re.search(rb":\d+\Z", target))
    if target.startswith(b"/"):
        _split(head, target)
        return True
    if target == b"*":
        return head.method == b"OPTIONS"
    match = ABSOLUTE.fullmatch(target)
    if not match:
        return False
    head.host = match[1]
    _split(head, match[2])
    return _host_is_valid(head.host)


def _fields(data: bytes, at: int, head: Head) -> Optional[int]:
    """The field lines; returns where the head ends."""
    section = at
    while True:
        found = _line(data, at)
        if not found or found[1] - section > SECTION_MOST:
            return None
        line, at = found
        if not line:
            return at
        match = FIELD_LINE.fullmatch(line)
        if not match or len(head.fields) == FIELDS_MOST:
            return None
        head.fields.append((match[1], match[2].strip(b" \t")))


def _framing(head: Head) -> bool:
    """RFC 9112, section 6.3, with nothing left for two readers to differ in."""
    lengths = head.all(b"content-length")
    codings = head.members(b"transfer-encoding")
    if lengths and not (len(lengths) == 1 and re.fullmatch(rb"\d+", lengths[0])):
        return False
    if lengths:
        head.content_length = int(lengths[0])
        if head.content_length > COUNT_MOST:
            return False
    if not head.all(b"transfer-encoding"):
        return True
    head.chunked = codings == [b"chunked"]
    return head.chunked and not lengths and head.version >= 11


def _judge(head: Head) -> bool:
    hosts = head.all(b"host")
    if not all(map(_host_is_valid, hosts)) or len(hosts) > 1:
        return False
    if head.version >= 11 and not hosts:
        return False
    head.host = head.host or (hosts[0] if hosts else b"")
    if not _framing(head) or head.method not in METHODS:
        return False
    expected = head.members(b"expect")
    if set(expected) - {b"100-continue"}:
        return False
    head.expect = bool(expected) and head.version >= 11
    options = head.members(b"connection")
    kept = head.version >= 11 or b"keep-alive" in options
    head.keep = kept and b"close" not in options
    return True


def read_head(data: bytes) -> Optional[Head]:
    at = 0
    while data[at : at + 1] in (b"\r", b"\n"):  # RFC 9112, section 2.2
        at += 1 if data[at : at + 1] == b"\n" else 2
        if data[at - 1 : at] != b"\n" or at > EMPTY_MOST + 1:
            return None
    found = _line(data, at)
    match = REQUEST_LINE.fullmatch(found[0]) if found else None
    if not found or not match or match[3] != b"1":
        return None
    head = Head(0, match[1], match[2], 10 if match[4] == b"0" else 11)
    end = _fields(data, found[1], head)
    if end is None or not _target(head) or not _judge(head):
        return None
    head.length = end
    return head


def _trailers(data: bytes, at: int) -> Optional[int]:
    """Lines of fields (RFC 9112, section 7.1.2), which nobody reads."""
    first = at
    while True:
        found = _line(data, at)
        if not found or found[1] - first > TRAILERS_MOST:
            return None
        line, at = found
        if not line:
            return at
        if not FIELD_LINE.fullmatch(line):
            return None


def read_chunked(data: bytes) -> Optional[tuple[bytes, int]]:
    """The body, and where it ends (RFC 9112, section 7.1). CR LF only."""
    body, at = b"", 0
    while True:
        end = data.find(b"\r\n", at)
        match = CHUNK_LINE.fullmatch(data[at:end]) if end >= 0 else None
        if not match or end + 2 - at > LINE_MOST or int(match[1], 16) > COUNT_MOST:
            return None
        size, at = int(match[1], 16), end + 2
        if size == 0:
            last = _trailers(data, at)
            return None if last is None else (body, last)
        if data[at + size : at + size + 2] != b"\r\n":
            return None
        body, at = body + data[at : at + size], at + size + 2


def read_body(data: bytes, chunked: bool, length: int) -> Optional[tuple[bytes, int]]:
    if chunked:
        return read_chunked(data)
    return (data[:length], length) if len(data) >= length else None
