"""Requests from the grammar of RFC 9110 and 9112, and what people do to them.

A request is well-formed, and then gets a twist or none. A twist is a class of
requests about which servers may think differently; differences.md says who is
right. Hypothesis draws all that does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable

from hypothesis import strategies as st

NAMES = ["Accept", "Accept-Language", "Cookie", "Referer", "User-Agent", "X-Trace"]
VALUES = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20
)
PATHS = ["/", "/page.html", "/dir/", "/missing", "/page.html?q=1", "/%70age.html"]
BLANKS = st.sampled_from(["", " ", "\t", "  "])


CHUNKS = "Transfer-Encoding: chunked"
BODY = "5\r\nabcde\r\n0\r\n\r\n"


@dataclass
class Request:
    method: str = "GET"
    target: str = "/"
    version: str = "HTTP/1.1"
    spaces: "tuple[str, str, str]" = (" ", " ", "")  # in and behind the line
    before: str = ""
    end: str = "\r\n"  # of the lines
    lines: "list[str]" = field(default_factory=list)  # of fields
    body: str = ""

    def bytes(self) -> bytes:
        first, second, last = self.spaces
        line = f"{self.method}{first}{self.target}{second}{self.version}{last}"
        head = self.end.join([self.before + line, *self.lines, "", ""])
        return (head + self.body).encode("latin-1")

    def without(self, name: str) -> "list[str]":
        start = name.lower() + ":"
        return [line for line in self.lines if not line.lower().startswith(start)]


Draw = Callable[[Any], Any]
Twist = Callable[[Request, Draw], None]
TWISTS: "dict[str, Twist]" = {}
WELL_FORMED = "well-formed"


def twist(name: str) -> Callable[[Twist], Twist]:
    def add(function: Twist) -> Twist:
        TWISTS[name] = function
        return function

    return add


def simple(name: str, **changes: Any) -> None:
    """A twist that sets something, or one of several things."""

    def apply(r: Request, draw: Draw) -> None:
        for key, value in changes.items():
            chosen = draw(st.sampled_from(value)) if isinstance(value, list) else value
            setattr(r, key, chosen)

    twist(name)(apply)


def adds(name: str, *lines: str) -> None:
    """A twist that adds a field line somewhere, one of several."""

    def apply(r: Request, draw: Draw) -> None:
        line = draw(st.sampled_from(lines))
        r.lines.insert(draw(st.integers(0, len(r.lines))), line)

    twist(name)(apply)


def host(name: str, *values: str) -> None:
    """A twist that gives Host another value."""

    def apply(r: Request, draw: Draw) -> None:
        r.lines = r.without("host") + [f"Host: {draw(st.sampled_from(values))}"]

    twist(name)(apply)


def found(r: Request) -> None:
    """A target that exists: before a 404 not everybody waits for a body."""
    if r.target == "/missing":
        r.target = "/"


def framed(name: str, lines: "list[str]", body: str) -> None:
    """A twist that gives the request a body, framed so."""

    def apply(r: Request, draw: Draw) -> None:
        r.lines += draw(st.permutations(lines))
        r.body = body
        found(r)

    twist(name)(apply)


# --- the request line (RFC 9112, section 3) -----------------------------------------

simple("two spaces behind the method", spaces=("  ", " ", ""))
simple("two spaces behind the target", spaces=(" ", "  ", ""))
simple("tab between", spaces=[("\t", " ", ""), (" ", "\t", "")])
simple("space behind", spaces=(" ", " ", " "))
simple("version in lower case", version="http/1.1")
simple("version 1.2", version=["HTTP/1.2", "HTTP/1.9"])
simple("version 2 or 3", version=["HTTP/2.0", "HTTP/3.0"])
simple("version 1.10", version="HTTP/1.10")
simple("version 01.1", version="HTTP/01.1")
simple("another protocol", version=["HTTPS/1.1", "RTSP/1.0", "HTTP 1.1"])
simple("empty line before", before="\r\n")
simple("empty line before, of LF", before="\n")
simple("space before", before=[" ", "\t"])
simple("method in lower case", method=["get", "Get"])
simple("unknown method", method=["FETCH", "BREW"])
simple("method with a mark", method=["G!T", "G~"])
simple("method with a bad byte", method=["G(T", "GE\x01T", "G,T", "GÉT"])
simple("lines end in LF", end="\n")
simple("asterisk", target="*")
simple("fragment", target=["/#top", "/page.html#a"])
simple("control byte in target", target=["/a\x01b", "/\x7f", "/\x0b"])
simple("byte above ASCII in target", target=["/\xe4", "/?a=\xe4"])
simple("byte FF in target", target=["/a\xff/b", "/page.html?\xff"])
simple("space in target", target=["/a b", "/page.html?a b"])
simple("bad percent sign", target=["/%", "/%zz", "/a%4"])
simple("percent 00", target=["/%00", "/page.html%00"])
simple("above the root", target=["/../page.html", "/%2e%2e/page.html"])
simple("dots below the root", target=["/dir/../page.html", "/./page.html"])
simple("brackets and bars", target=["/?a[]=b|c", "/?{}", "/?<x>"])
simple("backslash", target=["/a\\b", "/dir\\..\\x"])
simple("no slash at all", target=["page.html", "x:y"])
simple("full URL", target=["http://localhost/page.html", "HTTP://LOCALHOST/"])
simple("full URL without a host", target=["http:///page.html", "http://"])
simple("full URL with a user", target="http://me@localhost/page.html")
simple("full URL of another scheme", target=["ftp://localhost/", "a://b/"])

# --- Host (RFC 9112, section 3.2) ---------------------------------------------------

host("host with port", "localhost:80", "127.0.0.1:8080", "[::1]:1")
host("host with an empty port", "localhost:")
host("host with a bad port", "localhost:http", "localhost:99999", "a:-1")
host("host with a user", "me@localhost")
host("host with a path", "localhost/x", "a/")
host("host with a query", "a?b")
host("host behind a tab", "\tlocalhost")
host("host with a space", "local host", "a\tb")
host("empty host", "")
host("open bracket", "[::1", "[1")
host("closing bracket", "a]")
host("no address in brackets", "[x]", "[]")


@twist("no host")
def no_host(r: Request, draw: Draw) -> None:
    r.lines = r.without("host")


@twist("two hosts, the same")
def same_host(r: Request, draw: Draw) -> None:
    r.lines += ["Host: localhost"]


@twist("two hosts")
def two_hosts(r: Request, draw: Draw) -> None:
    r.lines += ["Host: " + draw(st.sampled_from(["other", "localhost:81"]))]


# --- field lines (RFC 9112, section 5) ----------------------------------------------

adds("space before colon", "X-A : b", "X-A\t: b")
adds("line that goes on", "X-A: b\r\n c", "X-A: b\r\n\tc")
adds("line without colon", "X-A", "X")
adds("line of words", "hello there", "hello there: b")
adds("empty name", ": b")
adds("bad byte in name", "X(A: b", "X/A: b", '"X": b')
adds("control byte in name", "X\x01A: b", "X\x7fA: b")
adds("name above ASCII", "X\xe4: b")
adds("NUL in value", "X-A: b\0c")
adds("control byte in value", "X-A: b\x01c", "X-A: \x7f", "X-A: \x0b")
adds("CR in value", "X-A: b\rc", "X-A: \rb")
adds("CR before the end of a value", "X-A: \r", "X-A: b\r")
adds("byte above ASCII in value", "X-A: \xe4", "X-A: \xff\xfe")
adds("empty value", "X-A:", "X-A: ", "X-A:\t")
adds("blanks around value", "X-A: \t b \t", "X-A:b", "X-A:  b  ")
adds("sixty fields", "\r\n".join(f"X-{n}: {n}" for n in range(60)))


@twist("first line goes on")
def first_line_goes_on(r: Request, draw: Draw) -> None:
    r.lines.insert(0, draw(st.sampled_from([" x: y", "\tx: y"])))


# --- connection and expectation (RFC 9112, section 9; RFC 9110, section 10.1.1) -------

adds("close", "Connection: close", "connection: CLOSE")
adds("close in a list", "Connection: x, close", "Connection: close,x")
adds("keep-alive", "Connection: keep-alive", "Keep-Alive: timeout=5")
adds("upgrade", "Connection: Upgrade\r\nUpgrade: websocket")
adds("unknown expectation", "Expect: 200-ok", "Expect: magic")


@twist("expects 100")
def expects_100(r: Request, draw: Draw) -> None:
    r.lines.append(
        draw(st.sampled_from(["Expect: 100-continue", "expect: 100-Continue"]))
    )
    found(r)


simple("version 1.0", version="HTTP/1.0")


@twist("version 1.0 without a host")
def no_host_10(r: Request, draw: Draw) -> None:
    r.version, r.lines = "HTTP/1.0", r.without("host")


@twist("version 1.0, kept alive")
def kept_10(r: Request, draw: Draw) -> None:
    r.version = "HTTP/1.0"
    r.lines.append("Connection: keep-alive")


@twist("version 1.0 with chunks")
def chunks_10(r: Request, draw: Draw) -> None:
    r.version, r.body = "HTTP/1.0", BODY
    r.lines.append(CHUNKS)


@twist("close, then keep-alive in a second field")
def close_and_keep_alive(r: Request, draw: Draw) -> None:
    r.lines += ["Connection: close", "Connection: keep-alive"]


# --- where the body ends (RFC 9112, sections 6 and 7) -------------------------------

framed("length", ["Content-Length: 5"], "abcde")
framed("length with zeros", ["Content-Length: 0005"], "abcde")
framed("same length twice", ["Content-Length: 5", "Content-Length: 5"], "abcde")
framed("two lengths", ["Content-Length: 5", "Content-Length: 6"], "abcdef")
framed("list of lengths", ["Content-Length: 5, 5"], "abcde")
framed("length with a sign", ["Content-Length: +5"], "abcde")
framed("length below zero", ["Content-Length: -5"], "abcde")
framed("length in hex", ["Content-Length: 0x5"], "abcde")
framed("length with a space", ["Content-Length: 5 5"], "abcde")
framed("length without a digit", ["Content-Length:"], "")
framed("length beyond 64 bits", ["Content-Length: 18446744073709551621"], "abcde")
framed("chunks", [CHUNKS], BODY)
framed("chunks in capitals", ["TRANSFER-ENCODING: Chunked"], BODY)
framed("chunks and length", [CHUNKS, "Content-Length: 5"], BODY)
framed("chunked twice", ["Transfer-Encoding: chunked, chunked"], BODY)
framed("gzip, then chunked", ["Transfer-Encoding: gzip, chunked"], BODY)
framed("chunked, then gzip", ["Transfer-Encoding: chunked, gzip"], BODY)
framed("identity", ["Transfer-Encoding: identity"], "")
framed("xchunked", ["Transfer-Encoding: xchunked"], BODY)
framed("empty coding", ["Transfer-Encoding:"], "")
framed("chunk with extension", [CHUNKS], '5;a=b;c="d"\r\nabcde\r\n0;x\r\n\r\n')
framed("chunk with space", [CHUNKS], "5 \r\nabcde\r\n0\r\n\r\n")
framed("chunk with LF", [CHUNKS], "5\nabcde\n0\n\n")
framed("chunk with 0x", [CHUNKS], "0x5\r\nabcde\r\n0\r\n\r\n")
framed("chunk with a sign", [CHUNKS], "+5\r\nabcde\r\n0\r\n\r\n")
framed("chunk without a size", [CHUNKS], "\r\nabcde\r\n0\r\n\r\n")
framed("chunk beyond 64 bits", [CHUNKS], "10000000000000005\r\nabcde\r\n0\r\n\r\n")
framed("chunk longer than said", [CHUNKS], "3\r\nabcde\r\n0\r\n\r\n")
framed("trailer", [CHUNKS], "5\r\nabcde\r\n0\r\nX-T: u\r\n\r\n")
framed("bad trailer", [CHUNKS], "5\r\nabcde\r\n0\r\nX T u\r\n\r\n")


@st.composite
def well_formed(draw: Draw) -> Request:
    lines = [draw(st.sampled_from(["Host: localhost", "host:localhost"]))]
    for _ in range(draw(st.integers(0, 4))):
        name = draw(st.sampled_from(NAMES))
        name = draw(st.sampled_from([name, name.lower(), name.upper()]))
        lines.append(f"{name}:{draw(BLANKS)}{draw(VALUES)}{draw(BLANKS)}")
    r = Request(target=draw(st.sampled_from(PATHS)))
    r.lines = draw(st.permutations(lines))
    return r


@st.composite
def twisted(draw: Draw) -> "tuple[str, bytes]":
    """A request, and the name of its twist; the first is none at all."""
    name = draw(st.sampled_from([WELL_FORMED, *sorted(TWISTS)]))
    r = draw(well_formed())
    if name != WELL_FORMED:
        TWISTS[name](r, draw)
    return name, r.bytes()
