"""The strict reader of responses, and the cases."""

from __future__ import annotations

import threading
from typing import Any, Optional

import pytest

from grader import cases, http
from grader.expect import Failure
from grader.stranger import Stranger
from grader.wire import Wire

OK = b"HTTP/1.1 200 OK\r\n"


def talk(answer: bytes, method: str = "GET", reset: bool = False) -> http.Response:
    """Reads this answer from a server that sends it and closes."""
    with Stranger(5.0) as stranger:
        wire = Wire(("127.0.0.1", stranger.port), patience=5.0)
        other = stranger.accept()
        other.send(answer)
        other.reset() if reset else other.close()
        try:
            response = http.read_response(wire, method)
            http.nothing_more(wire)
            return response
        finally:
            wire.close()


GOOD = {
    "length": (OK + b"Content-Length: 2\r\n\r\nhi", "GET", 200, b"hi"),
    "head": (OK + b"Content-Length: 2\r\n\r\n", "HEAD", 200, b""),
    "close": (OK + b"\r\nuntil the end", "GET", 200, b"until the end"),
    "304": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "GET", 304, b""),
    "no reason": (b"HTTP/1.1 204 \r\n\r\n", "GET", 204, b""),
    "chunked": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\nA\r\n0123456789\r\n"
        b"0\r\nTrailer: x\r\n\r\n",
        "GET",
        200,
        b"hi0123456789",
    ),
    "interim": (
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx",
        "GET",
        200,
        b"x",
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_response_is_read(name: str) -> None:
    answer, method, status, body = GOOD[name]
    response = talk(answer, method)
    assert (response.status, response.body) == (status, body)


BAD = {
    "nothing": b"",
    "no status line": b"Hello\r\n\r\n",
    "no reason's space": b"HTTP/1.1 200\r\n\r\n",
    "two spaces": b"HTTP/1.1  200 OK\r\n\r\n",
    "version": b"HTTP/2 200 OK\r\n\r\n",
    "status": b"HTTP/1.1 2000 OK\r\n\r\n",
    "LF alone": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "one LF": OK + b"A: b\nContent-Length: 0\r\n\r\n",
    "no empty line": OK + b"Content-Length: 0\r\n",
    "space before colon": OK + b"Content-Length : 0\r\n\r\n",
    "no colon": OK + b"Content-Length 0\r\n\r\n",
    "folded": OK + b"A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "NUL": OK + b"A: b\0c\r\nContent-Length: 0\r\n\r\n",
    "bare CR": OK + b"A: b\rc\r\nContent-Length: 0\r\n\r\n",
    "length twice": OK + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "date twice": OK + b"Date: a\r\nDate: a\r\nContent-Length: 0\r\n\r\n",
    "length in words": OK + b"Content-Length: two\r\n\r\nhi",
    "length and chunked": OK
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "body too short": OK + b"Content-Length: 3\r\n\r\nhi",
    "body too long": OK + b"Content-Length: 1\r\n\r\nhi",
    "two answers": (OK + b"Content-Length: 0\r\n\r\n") * 2,
    "chunk size": OK + b"Transfer-Encoding: chunked\r\n\r\nx\r\nhi\r\n0\r\n\r\n",
    "chunk end": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi!\r\n0\r\n\r\n",
    "chunk LF": OK + b"Transfer-Encoding: chunked\r\n\r\n2\nhi\r\n0\r\n\r\n",
    "no last chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
    "204 with length": b"HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n",
    "100 for ever": b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
}


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_response_is_refused(name: str) -> None:
    with pytest.raises(Failure):
        talk(BAD[name])


def test_a_body_after_head_is_refused() -> None:
    with pytest.raises(Failure, match="nothing after the response"):
        talk(OK + b"Content-Length: 2\r\n\r\nhi", "HEAD")


def test_a_reset_is_no_end() -> None:
    with pytest.raises(Failure, match="reset"):
        talk(OK + b"Content-Length: 2\r\n\r\nhi", reset=True)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Mon, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT",
    ],
)
def test_a_wrong_date_is_refused(text: Optional[str]) -> None:
    assert http.read_date("Sun, 06 Nov 1994 08:49:37 GMT").day == 6
    with pytest.raises(Failure):
        http.read_date(text)


# --- the cases ----------------------------------------------------------------

ALL_CASES = [
    case
    for path in sorted(cases.CASES.glob("*.md"))
    for case in cases.parse(path.read_text(), path.name)
]


class OneAnswer:
    """A stand-in for a server: whatever is asked, this is the answer."""

    page, content, authority = "/hello", b"Hello", "127.0.0.1:4711"

    def __init__(self, answer: bytes) -> None:
        self.stranger = Stranger(5.0)
        self.answer = answer
        self.site = type("Site", (), {"scheme": "http"})
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        wire = self.stranger.accept()
        wire.take(4)
        wire.send(self.answer)
        wire.half_close()
        wire.rest()
        wire.close()

    def connect(self) -> Wire:
        self.wire = Wire(("127.0.0.1", self.stranger.port), patience=5.0)
        return self.wire

    def read(self, wire: Wire, data: bytes) -> http.Response:
        return http.read_response(wire, "HEAD" if data[:4] == b"HEAD" else "GET")

    def finish(self) -> None:
        self.wire.close()
        self.thread.join()
        self.stranger.listener.close()


def feed(case: cases.Case, answer: bytes) -> Optional[str]:
    """Judges this answer to a case; None, or what was wrong."""
    server: Any = OneAnswer(answer)
    try:
        cases.judge(case, server)
        return None
    except Failure as failure:
        return str(failure)
    finally:
        server.finish()


def canned(status: str, body: bytes) -> bytes:
    fields = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n"
    return fields.encode() + body


@pytest.mark.parametrize("case", ALL_CASES, ids=lambda c: f"{c.check}: {c.name}")
def test_each_answer_that_a_case_allows_is_accepted(case: cases.Case) -> None:
    for answer in case.answers:
        status, body = ("200", b"Hello") if answer == "page" else (answer, b"x")
        reply = canned(status, body)
        if answer == "204":
            reply = b"HTTP/1.1 204 X\r\n\r\n"
        elif answer == "fields":
            reply = canned("200", b"")
        elif answer == "close":
            reply = b""
        assert feed(case, reply) is None, answer
    assert feed(case, canned("500", b"x")), "500 is never right"
    wrong = feed(case, canned("200", b"another page"))
    assert wrong or {"200", "fields"} & set(case.answers), "another page is never right"


def test_a_case_is_rendered() -> None:
    text = "GET {page}{^} {a*3}{\\x41\\n*2}\nHost: {host}\\n\n\nend{+}"
    data, caret = cases.render(text, {"page": "/p", "host": "h:1"})
    assert data == b"GET /p aaaA\nA\n\r\nHost: h:1\n\r\nend" and caret == 6
    data, caret = cases.render("a\\0\\x7f\\\\\\t", {})
    assert data == b"a\0\x7f\\\t\r\n" and caret is None


def test_limits_that_have_to_work_are_within_the_limits() -> None:
    for case in cases.load("limits-that-work"):
        names = {"page": "/hello.txt", "host": "127.0.0.1:65535"}
        data, _ = cases.render(case.text, names)
        line, _, fields = data.partition(b"\r\n")
        assert len(line) <= 8000 and len(fields) <= 8192, case.name
        assert data.endswith(b"\r\n\r\n") and b"\r\n\r\n" not in data[:-4]


def test_an_ill_formed_case_is_told() -> None:
    with pytest.raises(ValueError, match="ill-formed"):
        cases.parse("# check\n\n## name\n\nRule.\n\n-> 400\n", "file")
