"""Exercise of step 05: so many requests on a connection, and no more."""

from __future__ import annotations

from typing import Optional

from grader.check import check
from grader.expect import expect, shown
from grader.http import nothing_more, request
from grader.kept import Question, Questions, answer
from grader.lab import Lab, Server
from grader.wire import Wire

OPTION = "--max-requests"
EACH = """sleep 1; for i in 1 2 3; do
curl -sv 127.0.0.1:8080/hello 127.0.0.1:8080/hello 2>&1 | grep -ci 'connection: close'; done"""
CHUNKED = "Transfer-Encoding: chunked"


def one(wire: Wire, asked: Question, number: int, most: int) -> bool:
    """Asks for one answer more, which says close if it is the last, and not
    before. False: the connection has ended as it may, after an error."""
    wire.send(asked.data)
    response = answer(wire, asked)
    said = response.get("Connection")
    if number == most:
        expected = f"Connection: close with answer {number} of {most}"
        expect(response.says_close, expected, said, wire=wire)
        nothing_more(wire)
        return True
    if response.says_close and asked.status >= 400:
        return False
    expected = f"no Connection: close with answer {number} of {most}"
    expect(not response.says_close, expected, said, wire=wire)
    return True


def all_of(server: Server, most: int, asked: Optional[list[Question]] = None) -> None:
    """A connection from its first answer to its last."""
    wire = server.connect()
    page = Questions(server).page()
    for number in range(1, most + 1):
        if not one(wire, asked[number - 1] if asked else page, number, most):
            return
    wire.close()


@check("RFC 9112, sections 9.3 and 9.6; the exercise: --max-requests N")
def test_requests_limited(lab: Lab) -> None:
    """A server that ends a connection now and then can be updated, and moved,
    and forgets what it has gathered. A client does not mind, if it is told
    before: with the last answer, so that it does not send another request
    into the void.

    1. When do you know that this answer is the last one?
    2. When its request has been read, before the answer is written.
    3. One variable decides already whether the answer says close and what
       follows it: c->last. Count in begin_exchange().
    """
    most = lab.random.randrange(3, 9)
    all_of(lab.start(OPTION, str(most)), most)
    all_of(lab.start(OPTION, "1"), 1)
    server = lab.start()
    wire, page = server.connect(), Questions(server).page()
    for number in range(1, 150):
        one(wire, page, number, 0)


@check("RFC 9112, sections 9.3.2 and 9.6")
def test_requests_in_pipeline(lab: Lab) -> None:
    """A client may have sent more than will be answered. It gets the answers
    that it was promised, all of them, and then the end; what lies behind is
    thrown away, and must not cost an answer before it.

    1. What does your program do with requests behind the last?
    2. Nothing; but closing with bytes unread sends a reset.
    3. c->last ends in ENDING, and the transport lingers.
    """
    most = lab.random.randrange(3, 9)
    server = lab.start(OPTION, str(most))
    asked = Questions(server).mixed(most + 30)
    asked = [question for question in asked if question.status < 400]
    asked += [asked[0]] * (most + 5)
    wire = server.connect()
    wire.send(b"".join(question.data for question in asked))
    for number, question in enumerate(asked[:most], 1):
        response = answer(wire, question)
        expected = f"close with the last answer, {most}, and not before"
        said = f"answer {number}: {response.get('Connection')}"
        expect(response.says_close == (number == most), expected, said, wire=wire)
    nothing_more(wire)


@check("the exercise: on each connection")
def test_requests_of_each(lab: Lab) -> None:
    """The limit is one of a connection, not of the server.

    1. Where is your count, and how many of it are there?
    2. In what belongs to the connection, not to the program.
    3. A field of struct connection; it begins with 0 as the others do.
    """
    most = 4
    server = lab.start(OPTION, str(most))
    page = Questions(server).page()
    wires = [server.connect() for _ in range(5)]
    with shown(EACH):
        for number in range(1, most + 1):
            lab.random.shuffle(wires)
            for wire in wires:
                one(wire, page, number, most)


@check("RFC 9112, section 9.3; the exercise: whatever the answer is")
def test_requests_of_any_kind(lab: Lab) -> None:
    """Whoever asks for what is not there, or sends a body that nobody wants,
    has asked too.

    1. Is there a way through your code on which nothing is counted?
    2. Each request has a head that was judged.
    3. Count where a head is complete, before anybody looks what it wants.
    """
    server = lab.start(OPTION, "6")
    ask = Questions(server)
    kinds = [
        ask.head(),
        ask.page("Content-Length: 5", body=b"hello"),
        ask.page(CHUNKED, body=b"5\r\nhello\r\n0\r\n\r\n"),
        ask.home("?query"),
    ]
    lab.random.shuffle(kinds)
    all_of(server, 6, [*kinds, ask.missing(), ask.page()])
    all_of(server, 6, [*kinds, ask.page(), ask.missing()])
    all_of(server, 6, [*kinds, ask.page(), ask.method("DELETE")])


@check("RFC 9112, section 9.3 and appendix C.2.2")
def test_requests_of_http10(lab: Lab) -> None:
    """A client of HTTP/1.0 that asked for the connection to stay is told with
    each answer that it does. With the last one it must not be told so.

    1. Which word does the last answer have, keep-alive or close?
    2. The two are decided in one place.
    3. add_connection_fields() looks at *last first.
    """
    server = lab.start(OPTION, "3")
    fields = ("Connection: keep-alive",)
    data = request(
        "GET", server.page, *fields, host=server.authority, version="HTTP/1.0"
    )
    all_of(server, 3, [Question(data, 200, server.content)] * 3)


@check("the contract: bad number, one clear line on stderr, exit status 2")
def test_refuses_bad_max_requests(lab: Lab) -> None:
    """A limit that is no number must not quietly become another one; 0 would
    be a server that answers nobody.

    1. What does your program make of --max-requests 0, and of "many"?
    2. Digits only, and one at least.
    3. A row in the table of options, OPTION_COUNT, does all of it.
    """
    for text in ("many", "", "0", "-1", "1.5", "8x", "9" * 30):
        run = lab.run("--port", "0", OPTION, text)
        expected = f"exit status 2 and one line on stderr for {OPTION} '{text}'"
        one_line = run.err.count(b"\n") == 1 and run.err.endswith(b"\n")
        got = f"it {run.ended}" if run.status != 2 else f"stderr: {run.err!r}"
        expect(run.status == 2 and one_line, expected, got, ran=run.line)
