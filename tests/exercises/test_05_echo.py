"""Exercise of step 05: POST /echo."""

from __future__ import annotations

from grader import ends
from grader.check import check
from grader.expect import equal, expect, same_bytes, shown
from grader.http import Response, nothing_more, read_head, read_response, request
from grader.kept import Question, Questions, answer, converse
from grader.lab import Lab, Server

PAGE = "/echo"
CHUNKED = "Transfer-Encoding: chunked"
MOST = 1 << 20  # bytes of a body, as the contract has it
BOTH = """sleep 1; for word in one two; do
{ printf 'POST /echo HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 12\\r\\n\\r\\n'
for i in 1 2 3; do sleep 0.3; printf "$word "; done; sleep 1; } | nc 127.0.0.1 8080 &
done; sleep 4"""


def post(server: Server, body: bytes, *fields: str, size: int = 0) -> Question:
    """A body by its length, or in chunks of this size; it comes back."""
    sent = body
    field = f"Content-Length: {len(body)}"
    if size:
        parts = (body[at : at + size] for at in range(0, len(body), size))
        sent = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
        sent, field = sent + b"0\r\n\r\n", CHUNKED
    data = request("POST", PAGE, field, *fields, host=server.authority, body=sent)
    return Question(data, 200, body)


def posted(server: Server, asked: Question) -> Response:
    """Asks on a connection of its own."""
    wire = server.connect()
    wire.send(asked.data)
    response = answer(wire, asked)
    wire.close()
    return response


@check("RFC 9110, section 9.3.3; the exercise: POST /echo")
def test_post_comes_back(lab: Lab, server: Server) -> None:
    """Until now a body was thrown away. This handler wants it: it is called
    for each part as it comes, and answers when all is there.

    1. Who is told that bytes of a body have come?
    2. The handler's body(); a part of length 0 is the end. What request() does
       not answer is answered later.
    3. buffer_add(&x->response.text, part.at, part.len) and return part.len; at
       the end http_response_body() with that memory, http_exchange_send().
    """
    for body in (b"hello", b"a=1&b=2\r\n\r\n", bytes(range(256)), b"\0"):
        response = posted(server, post(server, body))
        length = response.get("Content-Length")
        if response.framing == "length":
            equal(length, str(len(body)), "Content-Length")
    body = lab.random.randbytes(lab.random.randrange(20_000, 90_000))
    posted(server, post(server, body))


@check("RFC 9112, section 7.1")
def test_post_in_chunks(lab: Lab, server: Server) -> None:
    """The same body in chunks. Their sizes and line ends are how it travels,
    not what it is.

    1. What comes back: the body, or what was on the wire?
    2. What body() is given has been taken out of its chunks.
    3. Do not look at the length in the head: there is none.
    """
    posted(server, post(server, b"hello", size=2))
    posted(server, post(server, b"0\r\n\r\n", size=3))
    for _ in range(4):
        body = lab.random.randbytes(lab.random.randrange(1, 30_000))
        posted(server, post(server, body, size=lab.random.randrange(1, 5000)))


@check("RFC 9110, section 15.5.14; the contract: up to 1 MiB")
def test_post_sizes(lab: Lab, server: Server) -> None:
    """Nothing is a body, too, and comes back as nothing. A mebibyte is the
    most that step 05 takes; of more it says so.

    1. What is called when there is no body at all?
    2. body() with a part of length 0; and then the memory is not there.
    3. x->body_max guards you already: do not make it larger.
    """
    posted(server, post(server, b""))
    posted(server, post(server, b"", size=1))
    data = request("POST", PAGE, host=server.authority)
    posted(server, Question(data, 200, b""))
    body = lab.random.randbytes(MOST)
    posted(server, post(server, body))
    posted(server, post(server, body, size=60_000))
    for asked in (post(server, body + b"x"), post(server, body + b"x", size=99_999)):
        wire = server.connect()
        wire.send(asked.data)
        equal(read_response(wire).status, 413, "the status for a byte too many")
        nothing_more(wire)
        wire.close()


@check("RFC 9112, sections 6.3 and 9.3.2")
def test_post_in_pipeline(lab: Lab, server: Server) -> None:
    """Bodies and other requests in a row, sent at once: each answer has what
    its own request has brought, and they come in order.

    1. Is anything left in the buffer from the body before?
    2. What belongs to an exchange must be part of it, and go with it.
    3. No static buffer: response.text is new with each response.
    """
    ask = Questions(server)
    asked: list[Question] = []
    for _ in range(10):
        body = lab.random.randbytes(lab.random.choice((0, 1, 7, 3000, 40_000)))
        asked.append(post(server, body, size=lab.random.choice((0, 1 + len(body)))))
        asked += ask.mixed(lab.random.randrange(3))
    converse(server, asked)
    wires = [server.connect() for _ in range(2)]
    questions = [post(server, b"one " * 5000), post(server, b"two " * 5000)]
    with shown(BOTH):
        for at in range(0, len(questions[0].data), 3000):
            for wire, question in zip(wires, questions):
                wire.send(question.data[at : at + 3000])
            ends.digested(server)
        for wire, question in zip(wires, questions):
            answer(wire, question)


@check("RFC 9110, section 10.1.1")
def test_post_continue(server: Server) -> None:
    """Who asks first is told that the body is wanted.

    1. What does `curl -d @file -H 'Expect: 100-continue'` wait for?
    2. The connection says 100 by itself, unless you have answered already.
    3. request() must not answer what body() will answer.
    """
    body = b"as it was announced"
    asked = post(server, body, "Expect: 100-continue")
    wire = server.connect()
    wire.send(asked.data[: -len(body)])
    first = read_head(wire)
    equal(first.status, 100, "the status before the body")
    wire.send(body)
    answer(wire, asked)


@check("RFC 9110, sections 10.2.1 and 15.5.6")
def test_post_only(server: Server) -> None:
    """What can be done with a name is said by its own Allow.

    1. What does GET /echo get, and which methods does it tell of?
    2. Pages allow GET and HEAD, this one POST.
    3. 405 with Allow: POST, at once; other paths are answered as ever.
    """
    for method in ("GET", "HEAD", "DELETE"):
        response = server.ask(request(method, PAGE, host=server.authority))
        equal(response.status, 405, f"the status for {method} {PAGE}")
        allowed = response.tokens("Allow")
        equal(allowed, ["POST"], f"Allow for {PAGE}")
    length = "Content-Length: 5"
    for path, status in ((server.page, 405), ("/nowhere", 404), (PAGE + "/", 404)):
        data = request("POST", path, length, host=server.authority, body=b"hello")
        equal(server.ask(data).status, status, f"the status for POST {path}")
    data = request("POST", PAGE + "?a=b", length, host=server.authority, body=b"hello")
    same_bytes(server.ask(data).body, b"hello", f"what comes back from {PAGE}?a=b")


@check("CWE-79: cross-site scripting; the exercise: application/octet-stream")
def test_post_no_page(server: Server) -> None:
    """A form on another site can send what its author likes, by the hand of
    your visitor. If the answer were a page, it would be one of yours, with
    all the rights that yours have.

    1. Who decides what comes back, and who decides what type it has?
    2. A type that a browser shows would be the sender's choice.
    3. application/octet-stream: bytes, of which nobody knows what they are.
    """
    body = b"<script>alert(1)</script>"
    response = posted(server, post(server, body, "Content-Type: text/html"))
    kind = (response.get("Content-Type") or "none").split(";")[0].strip()
    expect(kind == "application/octet-stream", "application/octet-stream", kind)
