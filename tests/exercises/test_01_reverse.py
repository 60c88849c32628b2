"""Exercise of step 01: lines are turned around, which a stream does not have."""

from __future__ import annotations

from grader.check import check
from grader.expect import Failure, equal, expect, same_bytes, shown
from grader.lab import Lab, Server
from grader.wire import Wire

OPTION = "--reverse"
WORKS = 8000  # bytes of a line, which must work
MOST = 1 << 20  # bytes after which a line without end must be given up
MIB = 1 << 20
STREAM = """sleep 1; head -c 1000000 /dev/urandom | base64 -w 7000 >lines
nc -N 127.0.0.1 8080 <lines | rev | cmp - lines && echo the same"""
LONG = """sleep 1; { head -c 7999 /dev/zero | tr '\\0' x; echo; } |
nc -N 127.0.0.1 8080 | wc -c"""
ENDLESS = "sleep 1; head -c 2000000 /dev/zero | timeout 5 nc 127.0.0.1 8080; echo $?"


def turned(data: bytes) -> bytes:
    """Each line from its end to its beginning, the line feed where it was."""
    return b"\n".join(line[::-1] for line in data.split(b"\n"))


def comes_back(wire: Wire, data: bytes, wanted: bytes) -> None:
    wire.send(data)
    same_bytes(wire.take(len(wanted)), wanted, "what comes back")


@check("the exercise: --reverse")
def test_reverse_line(lab: Lab) -> None:
    """A line is what ends with a line feed. Your program has to find that end
    before it can say the first byte.

    1. Where is the end of the line in what read() has brought?
    2. memchr(bytes, '\\n', n); what is before it is the line.
    3. Swap first and last, second and last but one; the line feed stays.
    """
    server = lab.start(OPTION)
    wire = server.connect()
    comes_back(wire, b"hello\n", b"olleh\n")
    comes_back(wire, b"a\n", b"a\n")
    comes_back(wire, b"\n", b"\n")
    word = bytes(lab.random.choices(b"abcdefgh", k=lab.random.randrange(30, 60)))
    comes_back(wire, word + b"\n", turned(word) + b"\n")


@check("tcp(7): a stream, not messages; read(2)")
def test_reverse_pieces(lab: Lab) -> None:
    """One read() brings half a line, the next one its end, two more lines and
    a half. Your program has to remember what it could not use yet.

    1. What happens to the bytes behind the last line feed of a read()?
    2. Keep them at the start of the buffer, and read on behind them.
    3. memmove(bytes, bytes + used, kept); read(fd, bytes + kept, ...).
    """
    server = lab.start(OPTION)
    wire = server.connect()
    wire.send(b"hel")
    expect(wire.quiet(0.3), "nothing until the line has its end", bytes(wire.inbox))
    comes_back(wire, b"lo\nwor", b"olleh\n")
    expect(wire.quiet(0.1), "nothing until the line has its end", bytes(wire.inbox))
    comes_back(wire, b"ld\none\ntwo\n\nth", b"dlrow\neno\nowt\n\n")
    comes_back(wire, b"ree\n", b"eerht\n")
    for byte in b"byte by byte":
        wire.send(bytes([byte]))
        wire.quiet(0.01)
    comes_back(wire, b"\n", b"etyb yb etyb\n")


@check("the exercise: its bytes, whatever they are")
def test_reverse_bytes(lab: Lab) -> None:
    """A NUL is a byte like any other, and so is a CR. (What becomes of a word
    in UTF-8 when its bytes are turned around? That is how it is.)

    1. Which bytes does your program treat in a way of their own?
    2. strlen(), strchr() and strrev() end at a NUL.
    3. Count, do not look for an end: memchr() with the number of bytes.
    """
    server = lab.start(OPTION)
    wire = server.connect()
    others = bytes(byte for byte in range(256) if byte != 10)
    for line in (b"a\0b", b"\0\0\0x", b"line\r", b"\xff\xfe\x80", others):
        comes_back(wire, line + b"\n", turned(line) + b"\n")


@check("shutdown(2): SHUT_WR; the exercise: the rest is a line without end")
def test_reverse_rest(lab: Lab) -> None:
    """A client's last line may have no end. When no more can come, it has all
    come: now it can be turned around.

    1. What does your program do with what it has kept when read() returns 0?
    2. The half-close is the end of the last line.
    3. After the loop: turn around what is kept, send it, close.
    """
    server = lab.start(OPTION)
    for data in (b"the end", b"one\ntwo", b"whole\n", b""):
        wire = server.connect()
        wire.send(data)
        wire.half_close()
        same_bytes(wire.rest(), turned(data), "what comes back")
        equal(wire.ended, "end", "how the connection ends")
        wire.close()


@check("tcp(7): a stream; send(2): it may take fewer bytes than given")
def test_reverse_stream(lab: Lab) -> None:
    """Lines of every length in a row, sent and read at once: they end at
    every place of your buffer, the last one included.

    1. Which line is the first that is wrong, and how long is it?
    2. A line may end with the last byte of the buffer, or begin with it.
    3. Sizes: kept bytes at the start, room behind them, never a byte more.
    """
    lines = []
    size = 0
    while size < MIB:
        longest = lab.random.choice((3, 80, 2000, WORKS - 1))
        lines.append(lab.random.randbytes(lab.random.randrange(longest)))
        lines[-1] = lines[-1].replace(b"\n", b" ")
        size += len(lines[-1]) + 1
    data = b"\n".join(lines) + b"\n"
    server = lab.start(OPTION)
    wire = server.connect(patience=60.0)
    wire.send(data)
    wire.half_close()
    same_bytes(wire.rest(), turned(data), "what comes back", again=STREAM)


@check("the exercise: 8,000 bytes work, a mebibyte without end does not")
def test_reverse_endless(lab: Lab) -> None:
    """A line that never ends would fill any memory. There has to be a length
    at which your program gives it up, and nobody else notices.

    1. What happens when your buffer is full and has no line feed in it?
    2. read() with no room left returns 0, as at the end.
    3. If the buffer is full without a line: close this connection.
    """
    server = lab.start(OPTION)
    wire = server.connect()
    line = bytes(lab.random.choices(b"abcdefgh", k=WORKS - 1))
    with shown(LONG):
        comes_back(wire, line + b"\n", turned(line) + b"\n")
    wire.close()
    given_up(server)
    wire = server.connect()
    comes_back(wire, b"next\n", b"txen\n")


def given_up(server: Server) -> None:
    """A client whose line does not end loses its connection."""
    wire = server.connect()
    try:
        for _ in range(2 * MOST >> 14):
            wire.send(b"x" * (1 << 14))
            if wire.ended:
                break
        else:
            wire.rest(2.0)
    except Failure as failure:
        expected = "a line of a mebibyte without end ends the connection"
        raise Failure(expected, failure.got, wire=wire, again=ENDLESS) from None
    said = bytes(wire.inbox)
    expect(not said, "nothing of a line without end", said, again=ENDLESS)
