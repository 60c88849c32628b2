"""Step 05: Expect: 100-continue."""

from __future__ import annotations

from grader.check import check
from grader.expect import equal, expect
from grader.http import read_head, read_response, request
from grader.kept import Questions, answer, answers, at_end, nothing_inside
from grader.lab import Server

EXPECT = "Expect: 100-continue"


@check("RFC 9110, section 10.1.1")
def test_continue_first(server: Server) -> None:
    """Before a large body a client may ask whether it is wanted at all, and
    wait. curl does so for a second; then it has lost a second.

    1. What does your program wait for, and what does the client wait for?
    2. If the body will be read, say so with a line and an empty line; the
       answer itself comes later.
    3. "HTTP/1.1 100 Continue\\r\\n\\r\\n" once, when the head is judged and the
       body has not begun.
    """
    ask = Questions(server)
    five = ask.page(EXPECT, "Content-Length: 5")
    chunked = ask.page("EXPECT: 100-Continue", "Transfer-Encoding: chunked")
    asked = ((five, b"hello"), (chunked, b"5\r\nhello\r\n0\r\n\r\n"))
    for question, body, second in [(*one, turn) for one in asked for turn in (0, 1)]:
        wire = server.connect()
        if second:  # a connection that has answered before
            wire.send(ask.page().data)
            if answer(wire, ask.page()).says_close:
                continue
        wire.send(question.data)
        first = read_head(wire)
        if first.status != 100:  # the body is not needed: that is allowed too
            wire.inbox[:0] = first.head
            answer(wire, question)
            nothing_inside(wire, body, ask.home())
            continue
        wire.send(body + ask.home().data)
        response = answer(wire, question)
        once = "100 once, before the body"
        expect(not response.interim, once, "another 100 behind it", wire=wire)
        if not response.says_close:
            answer(wire, ask.home())
        wire.close()


@check("RFC 9110, section 10.1.1; the contract: 100 only for what is read")
def test_continue_refused(server: Server) -> None:
    """The whole point is to learn of a refusal before the body is sent. 100
    and then 404 would make the client send it for nothing.

    1. When does your program say 100: before path and method are judged?
    2. First everything that can be known from the head, then 100.
    3. The error at once, and close: the body may follow, or not.
    """
    ask = Questions(server)
    body = ask.missing().data
    length = f"Content-Length: {len(body)}"
    large = f"Content-Length: {(1 << 20) + 1}"
    for question, status in (
        (ask.missing(), 404),
        (ask.method("POST"), 405),
        (ask.page(), 413),
    ):
        wire = server.connect()
        field = large if status == 413 else length
        wire.send(question.data[:-2] + f"{EXPECT}\r\n{field}\r\n\r\n".encode())
        response = read_response(wire)
        if status == 405 and response.status == 200:
            continue  # it has this method: another check judges that
        equal(response.status, status, "the status, before the body")
        expect(not response.interim, f"{status} at once", "100 before it")
        if status != 413:
            nothing_inside(wire, body, ask.page())
        wire.close()


@check("RFC 9110, section 10.1.1")
def test_continue_not_needed(server: Server) -> None:
    """The client may not wait at all, or have nothing to send.

    1. Does your program wait for bytes that have come already?
    2. Without a body the answer comes at once.
    3. 100 can be left out where the body has begun or there is none; it
       changes nothing else.
    """
    ask = Questions(server)
    body = b"5\r\nhello\r\n0\r\n\r\n"
    for question in (
        ask.page(EXPECT),
        ask.page(EXPECT, "Content-Length: 0"),
        ask.page(EXPECT, "Content-Length: 5", body=b"hello"),
        ask.page(EXPECT, "Transfer-Encoding: chunked", body=body),
    ):
        wire = server.connect()
        wire.send(question.data)
        if not answers(wire, [question])[0].says_close:
            wire.send(ask.home().data)
            answer(wire, ask.home())
        wire.close()


@check("RFC 9110, sections 10.1.1 and 15.2")
def test_continue_http10(server: Server) -> None:
    """HTTP/1.0 knows no interim answers: its clients would take 100 for the
    answer itself.

    1. Which version does the request have?
    2. In HTTP/1.0 the expectation is ignored, whatever it is.
    3. Forget it where the version is judged.
    """
    for fields in ((), ("Connection: keep-alive",)):
        fields += (EXPECT, "Content-Length: 5")
        wire = server.connect()
        wire.send(
            request(
                "GET", server.page, *fields, host=server.authority, version="HTTP/1.0"
            )
        )
        wire.quiet(0.05)  # a 100 would come here
        wire.send(b"hello")
        response = read_response(wire)
        equal(response.status, 200, "the status", wire=wire)
        expect(not response.interim, "no 100 in HTTP/1.0", "100", wire=wire)
        wire.close()


@check("RFC 9110, section 10.1.1")
def test_continue_others(server: Server) -> None:
    """Where one of two expectations is unknown, the whole cannot be met.

    1. Expect is a list. Which of its members do you look at?
    2. 100-continue has no case; anything else is 417.
    3. 417 for each member that is not 100-continue, and no 100 before it.
    """
    for value in ("100-continue, miracles", "miracles", "100-continues"):
        data = request(
            "GET",
            server.page,
            f"Expect: {value}",
            "Content-Length: 5",
            host=server.authority,
        )
        wire = server.connect()
        wire.send(data)
        response = read_response(wire)
        equal(response.status, 417, f"the status for {value}")
        expect(not response.interim, "417 at once", "100 before it")
        if not response.says_close:
            wire.send(b"hello")
            wire.half_close()
            expect(at_end(wire), "no further answer", "one", wire=wire)
        wire.close()
