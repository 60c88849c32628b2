"""Exercise of step 02: a page that shows the request."""

from __future__ import annotations

from grader.check import check
from grader.expect import equal, expect, same_bytes
from grader.http import Response, request
from grader.lab import Lab, Server

PAGE = "/request"
LARGE = "sleep 1; curl -s $(printf -- '-H X-%s:v ' $(seq 90)) 127.0.0.1:8080/request"


def shown(server: Server, data: bytes) -> Response:
    """Asks with these bytes, and gets them back as lines."""
    response = server.ask(data)
    equal(response.status, 200, "the status")
    return response


def as_page(data: bytes) -> bytes:
    """What a head looks like on the page, where no field has white space to
    lose: the target, and the fields."""
    line, *fields = data[:-4].split(b"\r\n")
    return b"".join(part + b"\n" for part in [line.split(b" ")[1], *fields])


@check("the exercise; RFC 9112, sections 3 and 5")
def test_request_shown(lab: Lab, server: Server) -> None:
    """What does a browser tell you of itself, unasked? Let the server say.

    1. Where are the target and the fields after the parser is done?
    2. request->target, and request->fields[0] to [field_count - 1], each a name
       and a value: slices, which do not end with a NUL.
    3. Collect them in response->text by buffer_add(), and make that the body.
    """
    number = lab.random.randrange(10**6)
    fields = [f"X-Number: {number}", "Accept: */*", "User-Agent: a/1 (b; c)"]
    for target in (PAGE, f"{PAGE}?n={number}"):
        lab.random.shuffle(fields)
        data = request("GET", target, *fields, host=server.authority)
        same_bytes(shown(server, data).body, as_page(data), "the page")
    data = f"GET {PAGE} HTTP/1.0\r\n\r\n".encode()
    same_bytes(shown(server, data).body, as_page(data), "the page")


@check("RFC 9110, sections 5.1 to 5.5; RFC 9112, section 5.1")
def test_request_as_sent(server: Server) -> None:
    """A name may stand there twice, in any case; a value may be empty, or
    hold bytes of an old encoding. White space around it is no part of it.

    1. Which of the lines is not as it was sent?
    2. A slice has a length: %s stops at a NUL that is not there.
    3. Name, ": ", value, "\\n", byte for byte, in the order they came.
    """
    host = f"Host: {server.authority}\r\n"
    lines = "x-name: one\r\nX-NAME:two\r\nEmpty:\r\nAgain: \t three \t\r\nX-Name: 100%s"
    data = f"GET {PAGE} HTTP/1.1\r\n{host}{lines}\r\n".encode() + b"Old: \xe9t\xe9\r\n"
    wanted = f"{PAGE}\nHost: {server.authority}\nx-name: one\n"
    wanted += "X-NAME: two\nEmpty: \nAgain: three\nX-Name: 100%s\n"
    page = wanted.encode() + b"Old: \xe9t\xe9\n"
    same_bytes(shown(server, data + b"\r\n").body, page, "the page")


@check("RFC 9110, section 8.3; CWE-79: cross-site scripting")
def test_request_as_text(server: Server) -> None:
    """What a client says may be anything. In a page of HTML a browser would
    take <script> for a part of it, and run it as if it were yours.

    1. What does the browser show for /request?<script>alert(1)</script>?
    2. It goes by Content-Type.
    3. text/plain, where nothing has a meaning.
    """
    data = request("GET", PAGE, "X: <script>alert(1)</script>", host=server.authority)
    kind = shown(server, data).get("Content-Type") or "none"
    expect(kind.split(";")[0].strip() == "text/plain", "text/plain", kind)


@check("RFC 9112, section 3; the contract: 8,000 bytes of target work")
def test_request_large(lab: Lab, server: Server) -> None:
    """The page is as long as the head. An array of a size that you thought
    would do is the oldest hole in the book.

    1. How long can a head be before the parser refuses it?
    2. A buffer grows; an array on the stack does not.
    3. buffer_add() for every part, and a look at .failed at the end.
    """
    target = PAGE + "?" + "q" * lab.random.randrange(6000, 7900)
    data = request("GET", target, host=server.authority)
    same_bytes(shown(server, data).body, as_page(data), "the page")
    fields = [f"X-{n}: {'v' * lab.random.randrange(1, 60)}" for n in range(90)]
    data = request("GET", PAGE, *fields, host=server.authority)
    same_bytes(shown(server, data).body, as_page(data), "the page", again=LARGE)


@check("RFC 9110, sections 8.6 and 9.3.2")
def test_request_by_head(server: Server) -> None:
    """HEAD tells the length that GET would bring. A page that is made anew for
    each request has to be made for HEAD, too, or nobody knows how long it is.

    1. Is the page made for HEAD? How else would you know its length?
    2. Make it always; http_response_whole() leaves it out.
    3. Put the new page behind the look at the method, not into it.
    """
    lengths = {}
    for method in ("GET", "HEAD"):
        data = request(method, PAGE, "X: y", host=server.authority)
        lengths[method] = shown(server, data).get("Content-Length")
    equal(lengths["HEAD"], lengths["GET"], "Content-Length after HEAD")
    response = server.ask(request("POST", PAGE, host=server.authority))
    equal(response.status, 405, f"the status for POST {PAGE}")
