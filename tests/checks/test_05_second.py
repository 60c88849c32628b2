"""Step 05: a second request on the same connection."""

from __future__ import annotations

from dataclasses import replace

from grader.check import check
from grader.expect import equal, expect, same_bytes, shown
from grader.http import nothing_more, read_response, request
from grader.kept import Questions, answer, answers, judge_kept, judge_last
from grader.lab import Lab, Server

CHANGING = ("date", "connection", "keep-alive")
BESIDE = """{ printf 'GET /hello HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'; sleep 9; } |
nc 127.0.0.1 8080 & sleep 1; curl -sS -m 3 http://127.0.0.1:8080/hello"""


@check("RFC 9112, section 9.3")
def test_second_request(lab: Lab, server: Server) -> None:
    """A connection costs a round trip before the first byte of a request,
    over TLS two. A page with fifty pictures should pay that once.

    1. What does your program do when the answer has been sent?
    2. It goes back to where it waited for a request, with nothing left of
       the one before; and nothing in the answer says "close".
    3. A loop around read, parse, answer, which ends when the client closes.
    """
    ask = Questions(server)
    page, home = ask.page(), ask.home()
    wire = server.connect()
    for question in [page, home, page, *lab.random.choices([page, home], k=10)]:
        wire.send(question.data)
        response = answer(wire, question)
        said = response.get("Connection")
        expect(not response.says_close, "a connection that stays", said)


@check("RFC 9112, sections 9.3 and 9.6")
def test_connection_closes(server: Server) -> None:
    """A client that wants no more says so, and then waits for the end. What
    it sends behind that request is not to be answered.

    1. Which field tells, and what does HTTP/1.0 mean without it?
    2. Connection is a list of words without case, and may stand there twice.
    3. Go over all Connection fields, part each at its commas, trim, compare
       each whole word with "close"; it wins over keep-alive.
    """
    judge_last("connection-closes", server)


@check("RFC 9112, section 9.3")
def test_connection_stays(server: Server) -> None:
    """An HTTP/1.1 connection stays open unless one side says close.

    1. Which requests does your program take for the last one?
    2. Without the field, with an empty one, with other words: it stays.
    3. Start from "it stays" for HTTP/1.1, and change that at close alone.
    """
    judge_kept("connection-stays", server, at_once=False)


@check("RFC 9110, section 7.6.1; the contract: a list of tokens")
def test_connection_words(server: Server) -> None:
    """A word is compared as a whole. To close without need is no catastrophe;
    to take one word for another is the kind of thing that becomes one.

    1. Do you look for "close" anywhere in the value?
    2. "closed" and "not-close" are other words.
    3. Compare length and bytes of one member at a time.
    """
    judge_kept("connection-words", server, at_once=False)


@check("RFC 9112, section 9.3; RFC 9112, appendix C.2.2")
def test_keep_alive_http10(server: Server) -> None:
    """An HTTP/1.0 client closes unless it is told otherwise: it must ask for
    the connection to stay, and the server must say that it does.

    1. What does `ab -k` send, and what does it wait for?
    2. The word is keep-alive, in the request and in the answer.
    3. If the version is 1.0 and the connection stays: Connection: keep-alive.
    """
    for value in ("keep-alive", "Keep-Alive", "TE, keep-alive"):
        field = f"Connection: {value}"
        data = request(
            "GET", server.page, field, host=server.authority, version="HTTP/1.0"
        )
        wire = server.connect()
        for _ in range(3):
            wire.send(data)
            response = read_response(wire)
            same_bytes(response.body, server.content, "the body", wire=wire)
            options = [option.lower() for option in response.tokens("Connection")]
            wanted = "Connection: keep-alive, for a client of HTTP/1.0"
            expect("keep-alive" in options, wanted, response.get("Connection"))
        missing = request(
            "GET", "/nowhere", field, host=server.authority, version="HTTP/1.0"
        )
        wire.send(missing + data)
        response = read_response(wire)
        equal(response.status, 404, "the status", wire=wire)
        options = [option.lower() for option in response.tokens("Connection")]
        if "keep-alive" not in options:  # then it closes
            nothing_more(wire)
            wire.close()
            continue
        same_bytes(read_response(wire).body, server.content, "the body", wire=wire)
        wire.send(request(host=server.authority, version="HTTP/1.0"))
        equal(read_response(wire).status, 200, "the status", wire=wire)
        nothing_more(wire)
        wire.close()


@check("RFC 9112, section 9.3; RFC 9110, section 3.3: stateless")
def test_nothing_is_left(server: Server) -> None:
    """Each request stands for itself. What the last one has left behind in
    your variables must not show in the next answer.

    1. Which of your variables are set for one request, and who resets them?
    2. Allow after 405, the body left out after HEAD, the error's type.
    3. One struct for all that belongs to a request, made anew for each.
    """
    ask = Questions(server)
    page = ask.page()
    first = [f for f in server.get().fields if f[0].lower() not in CHANGING]
    others = [
        ask.missing(),
        ask.method("DELETE"),
        ask.head(),
        ask.head("/nowhere"),
        ask.home(),
        ask.method("POST", "Content-Length: 0"),
        ask.page("X-Name: value", "Accept: */*", query="?query"),
    ]
    for other in (replace(question, status=0) for question in others):
        wire = server.connect()
        wire.send(other.data + page.data)
        found = answers(wire, [other, page])
        wire.close()
        if len(found) < 2:
            continue  # it may close behind an error
        fields = [f for f in found[1].fields if f[0].lower() not in CHANGING]
        equal(fields, first, "the fields as in a first answer", wire=wire)


@check("RFC 9112, section 9.3; the contract: nobody waits for another")
def test_idle_blocks_nobody(lab: Lab) -> None:
    """Kept connections are idle most of the time. A browser keeps six.

    1. Where does your program wait while a client thinks?
    2. A read() that waits for one client's next request keeps all others out.
    3. Go back to select() after each answer; read only where it says so.
    """
    server = lab.start("--timeout", "60")
    ask = Questions(server)
    asked = ask.page(), ask.home()
    idle = [server.connect() for _ in range(6)]
    with shown(BESIDE):
        for question in asked:
            for wire in idle:
                wire.send(question.data)
                answer(wire, question)
        same_bytes(server.get().body, server.content, "another client's page")
