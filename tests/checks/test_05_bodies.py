"""Step 05: bodies that nobody wants, and the request behind them."""

from __future__ import annotations

from grader.check import check
from grader.expect import equal, shown
from grader.http import read_response
from grader.kept import Question, Questions, answer, at_end, converse, each_cut
from grader.kept import judge_kept, nothing_inside
from grader.lab import Lab, Server

MOST = 1 << 20  # bytes of a body, as the contract has it
CHUNKED = "Transfer-Encoding: chunked"
WHOLE = """{ for i in 1 2; do
printf 'GET /hello HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 1048576\\r\\n\\r\\n'
head -c 1048576 /dev/zero; done; sleep 1; } | timeout 5 nc 127.0.0.1 8080"""
CHUNKS = """{ printf 'GET %s HTTP/1.1\\r\\nHost: a\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n'
for i in $(seq 18); do printf '10000\\r\\n'; head -c 65536 /dev/zero; printf '\\r\\n'; done
sleep 1; } | timeout 5 nc 127.0.0.1 8080"""


def chunks(data: bytes, size: int = 1 << 16) -> bytes:
    """A body in chunks, without the last one."""
    parts = (data[at : at + size] for at in range(0, len(data), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)


@check("RFC 9112, sections 6.3 and 9.3")
def test_body_is_no_request(server: Server) -> None:
    """The bytes behind a head that announces a body are the body. A server
    that takes them for requests executes what a stranger has uploaded.

    1. Which bytes does your program parse as the second request?
    2. Whoever does not want a body reads it nevertheless, or closes; an
       error is no exception.
    3. Until you can skip a body: Connection: close after every request that
       has one.
    """
    ask = Questions(server)
    body = ask.missing().data * 3
    length = f"Content-Length: {len(body)}"
    last = chunks(body, 7) + b"0\r\n\r\n"
    for question in (
        ask.page(length, body=body),
        ask.page(CHUNKED, body=last),
        ask.method("POST", length, body=body),
        ask.method("PUT", CHUNKED, body=last),
        ask.method("DELETE", length, body=body),
        ask.method("OPTIONS", CHUNKED, body=last),
        ask.ask(0, "/nowhere", length, body=body),
        ask.ask(0, "/nowhere", CHUNKED, body=last),
    ):
        wire = server.connect()
        wire.send(question.data + ask.page().data)
        read_response(wire)
        if not at_end(wire):
            answer(wire, ask.page(), "the answer to the request behind the body")
        wire.close()


@check("RFC 9112, section 6.3; the contract: bodies are skipped")
def test_body_by_length(server: Server) -> None:
    """To find the next request, a server must know where this one ends: a
    body that it has no use for has to be read all the same.

    1. Where does your program look for the next request?
    2. Content-Length tells how many bytes stand between the two heads.
    3. Count them down as they come; parse again when none is left.
    """
    judge_kept("body-by-length", server)


@check("RFC 9112, section 7.1; the contract: bodies are skipped")
def test_body_in_chunks(server: Server) -> None:
    """A client that does not know the length beforehand sends chunks, each
    with its size. The end is a chunk of size zero, trailers, an empty line.

    1. Is a size "10" ten bytes? And where does its line end?
    2. Hexadecimal, both cases; behind it may be extensions, behind the last
       chunk fields. Ignore them, but go over them byte by byte.
    3. A state for each part: size, extension, LF, bytes, CR, LF, trailer.
    """
    judge_kept("body-in-chunks", server)


@check("RFC 9112, sections 2.2 and 6.3; tcp(7): a stream, not messages")
def test_body_cut_anywhere(server: Server) -> None:
    """A body arrives in whatever pieces the network makes of it; a chunk's
    size in two halves, its CR now and its LF then.

    1. What does your program know at the end of a read(), and forget?
    2. Where it is in the body must outlive the call: a state, a count.
    3. Feed bytes to a machine whose whole memory is its struct.
    """
    ask = Questions(server)
    inner = b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
    length = f"Content-Length: {len(inner)}"
    each_cut(server, ask.page(length, body=inner))
    body = b"5;x\r\nhello\r\n%x\r\n%s\r\n0\r\nX-Name: y\r\n\r\n" % (len(inner), inner)
    each_cut(server, ask.page(CHUNKED, body=body))


@check("RFC 9112, section 6.3; the contract: bodies are skipped")
def test_bodies_in_pipeline(lab: Lab, server: Server) -> None:
    """Large and small bodies, by length and in chunks, in a row: one byte too
    many or too few, and nothing behind it is understood.

    1. Print where each body ends, and compare with what was sent.
    2. One read() may bring the end of a body, and a request, and half of the
       next body.
    3. Take from the buffer what the body needs and no more; leave the rest.
    """
    ask = Questions(server)
    asked: list[Question] = []
    for _ in range(12):
        body = lab.random.randbytes(lab.random.choice((1, 2, 99, 5000, 70_000)))
        size = lab.random.choice((1, 16, 4096, 1 << 20)) if len(body) < 5000 else 9999
        asked.append(ask.page(f"Content-Length: {len(body)}", body=body))
        body = chunks(body, size) + b"0\r\n\r\n"
        asked.append(ask.page(CHUNKED, body=body))
        asked.append(lab.random.choice((ask.home, ask.head))())
    converse(server, asked)


@check("the contract: a body of 1 MiB")
def test_body_that_works(lab: Lab, server: Server) -> None:
    """A limit is for what is beyond it; up to it all has to work, for each
    request anew.

    1. Is your limit a limit of the body, or of a buffer, or of all bodies?
    2. A body that is thrown away needs no room: read it piece by piece.
    3. Compare with >, not >=.
    """
    ask = Questions(server)
    body = lab.random.randbytes(MOST)
    whole = ask.page(f"Content-Length: {MOST}", body=body)
    pieces = ask.page(CHUNKED, body=chunks(body) + b"0\r\n\r\n")
    with shown(WHOLE):
        converse(server, [whole, ask.home(), pieces, ask.home()])


@check("RFC 9110, section 15.5.14; the contract: 413 beyond 1 MiB, at once")
def test_body_beyond_length(server: Server) -> None:
    """A length beyond the limit is known before the body comes, and the
    client waits for nothing. What it may send nevertheless is no request.

    1. When does your program know that the body is too large?
    2. Answer at once; and since nobody wants to read it all, close.
    3. 413 with Connection: close, then read and forget (lingering close).
    """
    ask = Questions(server)
    wire = server.connect()
    too_large = ask.page(f"Content-Length: {MOST + 1}")
    wire.send(too_large.data)
    equal(read_response(wire).status, 413, "the status, before a byte of the body")
    inner = ask.missing().data
    body = (inner * (MOST // len(inner) + 1))[: MOST + 1]
    nothing_inside(wire, body, ask.page())


@check("RFC 9110, section 15.5.14; the contract: 413 when it passes 1 MiB")
def test_body_beyond_chunks(server: Server) -> None:
    """With chunks nobody knows beforehand. The limit holds all the same, or
    a client could send for ever.

    1. Does your program add up the chunks?
    2. Not a chunk is too large, but their sum.
    3. Count the bytes of the body as they come; 413 beyond 1 MiB, and close.
    """
    ask = Questions(server)
    for size in (1 << 16, 1000):
        wire = server.connect()
        wire.send(ask.page(CHUNKED).data)
        wire.send(chunks(b"x" * (MOST + (1 << 17)), size))
        with shown(CHUNKS % "/hello"):
            status = read_response(wire).status
            equal(status, 413, "the status, while chunks still come")
        wire.close()


@check("the contract: order of judging, 404 and 405 before 413")
def test_body_beyond_order(server: Server) -> None:
    """Where path or method are wrong, that is the answer, however large the
    body is: a smaller one would not help.

    1. Which is judged first in your program?
    2. With chunks, the other fault is known long before the size is.
    3. When the limit is passed, look whether an error is waiting already.
    """
    ask = Questions(server)
    missing = ask.missing().data[:-2] + b"Transfer-Encoding: chunked\r\n\r\n"
    for data, status in ((missing, 404), (ask.method("PUT", CHUNKED).data, 405)):
        wire = server.connect()
        wire.send(data)
        wire.send(chunks(b"x" * (MOST + (1 << 17))))
        with shown(CHUNKS % "/nowhere" if status == 404 else ""):
            equal(read_response(wire).status, status, "the status", wire=wire)
        wire.close()
