"""Step 05: what must be refused, so that no request hides in another. The
cases themselves stand in cases/05-smuggling.md and cases/05-chunks.md."""

from __future__ import annotations

from grader.check import check
from grader.expect import expect
from grader.http import nothing_more, read_response
from grader.kept import Questions, answer, judge_last
from grader.lab import Lab, Server


@check("RFC 9112, sections 6.1, 6.3 and 11.2")
def test_smuggling_lengths(server: Server) -> None:
    """Your server may stand behind another one, which shares a connection
    among many clients. If the two do not agree where a request ends, one
    client can put a request before another's. It is called smuggling.

    1. Send the request that is shown: how many answers come?
    2. What is in doubt is refused, and the connection closes: nobody knows
       where the next request begins.
    3. One function that judges length and coding of a head; 400, close.
    """
    judge_last("smuggling-lengths", server)


@check("RFC 9112, sections 2.2, 5.1, 5.2 and 11.2")
def test_smuggling_heads(server: Server) -> None:
    """The same trick with a field that one server sees and the other does
    not: a space before the colon, a folded line, a CR or a NUL in the middle.

    1. Refused is not enough: what happens to the bytes behind it?
    2. After a fault of syntax nothing that follows can be trusted.
    3. 400 with Connection: close, and no look at the rest of the buffer.
    """
    judge_last("smuggling-heads", server)


@check("RFC 9112, section 2.2: respond with 400 and close")
def test_refused_is_last(lab: Lab) -> None:
    """Everything that step 02 refused has to end the connection now.

    1. In step 02 every answer was the last. Which are now?
    2. After 400 and 501 for framing the place of the next request is unknown.
    3. One flag, "this is the last", that every refusal sets.
    """
    server = lab.start("--timeout", "60")  # it is not the clock that ends it
    judge_last("request-line-syntax", server)
    judge_last("control-bytes", server)
    judge_last("field-syntax", server)
    judge_last("malformed-fields", server)
    judge_last("refused-is-last", server)
    judge_last("framing-refused", server)
    judge_last("framing-strict", server)
    judge_last("unknown-coding", server)


@check("RFC 9112, sections 7.1, 7.1.1, 7.1.2 and 11.2")
def test_smuggling_chunks(server: Server) -> None:
    """A chunk's line is as good a place to hide as a head: sizes that
    overflow, signs, line ends that one server takes and the other does not.

    1. Which library function reads your sizes, and what else does it accept?
    2. Digits, then an extension or CR LF; CR LF behind the bytes. Else 400.
    3. Read byte by byte: value = value * 16 + digit, checked before.
    """
    judge_last("smuggling-chunks", server)


@check("RFC 9112, sections 9.3.2 and 2.2")
def test_refused_between(server: Server) -> None:
    """Good, bad, good: the first is answered, the second refused, and the
    third not even looked at. The answers before still arrive.

    1. What is sent before your program closes?
    2. Answers that are waiting go out first, then the refusal, then the end.
    3. Append the refusal to them; close when all has been sent.
    """
    ask = Questions(server)
    good, other = ask.page(), ask.home()
    host = server.authority.encode()
    for bad in (
        b"GET / HTTP/1.1\r\nHost: %s\r\nContent-Length : 5\r\n\r\n" % host,
        b"GET / HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: x\r\n\r\n" % host,
        b"GET /\x01 HTTP/1.1\r\nHost: %s\r\n\r\n" % host,
        b"GET / HTTP/1.1\r\nHost: %s\r\nContent-Length: 5x\r\n\r\n" % host,
    ):
        wire = server.connect()
        wire.send(good.data + other.data + bad + good.data * 5)
        answer(wire, good)
        answer(wire, other)
        status = read_response(wire).status
        expect(status in (400, 501), "400 for the bad request", f"status {status}")
        nothing_more(wire)
        wire.close()


@check("RFC 9112, sections 7.1.1 and 7.1.2")
def test_chunk_lines_bounded(server: Server) -> None:
    """Extensions and trailers are ignored, but not for ever: a client that
    sends nothing else would never meet the limit of a body.

    1. What counts the bytes of an extension in your program?
    2. A chunk's line and the trailers need limits of their own.
    3. 400 for an extension beyond a few hundred bytes, 431 (or 400) for
       trailers beyond a few KiB.
    """
    ask = Questions(server)
    head = ask.page("Transfer-Encoding: chunked").data
    long = b"x" * 1_100_000
    for what, body in (
        ("an extension without end", b"5;" + long),
        ("zeros without end", b"0" * len(long)),
        ("a trailer without end", b"0\r\nX-Name: " + long),
        ("a trailer's name without end", b"0\r\n" + long),
        ("trailers without end", b"0\r\n" + b"X: y\r\n" * 200_000),
    ):
        wire = server.connect()
        wire.send(head + body)
        status = read_response(wire).status
        refused = status in (400, 413, 431)
        expect(refused, f"400 or 431 for {what}", f"status {status}", wire=wire)
        wire.close()
