"""Step 02: the answers to ordinary questions."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from grader.check import check
from grader.expect import equal, expect, same_bytes
from grader.http import nothing_more, read_date, read_response, request
from grader.lab import Lab, Server


@check("RFC 9112, sections 4 and 6.3")
def test_page_known(server: Server) -> None:
    """A browser shows a page when a status line, fields, an empty line and
    the page's bytes come, in this order.

    1. "Hello" alone is no answer: what does a browser expect first?
    2. Each line of the head ends with \\r\\n, and an empty line ends the head.
    3. "HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\n" and Content-Length,
       then "\\r\\n", then the body.
    """
    response = server.get()
    equal(response.status, 200, "the status")
    same_bytes(response.body, server.content, "the body")


@check("RFC 9110, section 8.3")
def test_content_type(server: Server) -> None:
    """The Content-Type tells a browser whether to show markup or text. It
    goes by the page, and a name's ending says nothing.

    1. What does the browser show for /hello if you call it text/html?
    2. "/" is text/html; the plain page is text/plain.
    3. Keep the type with the page, and write both into the answer.
    """
    kind = server.get().get("Content-Type")
    expect((kind or "").startswith(server.site.kind), server.site.kind, kind)


@check("RFC 9110, sections 8.3 and 8.6")
def test_home_page(server: Server) -> None:
    """Whoever types the address alone asks for the path "/".

    1. Which path stands in the request line then?
    2. It is a page of its own, in HTML.
    3. Content-Type: text/html; charset=utf-8.
    """
    response = server.get("/")
    equal(response.status, 200, "the status")
    kind = response.get("Content-Type") or "none"
    expect(kind.lower().startswith("text/html"), "Content-Type: text/html", kind)
    expect(b"<" in response.body, "a page in HTML", response.body)


@check("RFC 9110, section 8.6: octets; RFC 9112, section 6.3")
def test_length_in_bytes(server: Server) -> None:
    """A browser takes as many bytes as Content-Length says: one too few cuts
    the page, one too many and it waits for a byte that never comes.

    1. Count the bytes that follow the empty line.
    2. In UTF-8 a character may have several bytes; a NUL at the end of a
       string is not sent.
    3. strlen() of the body, or sizeof minus 1 for a literal; not of the head.
    """
    for target in (server.page, "/", "/nowhere"):
        wire = server.connect()
        fields = ("Connection: close",)
        wire.send(request("GET", target, *fields, host=server.authority))
        head = wire.take_until(b"\r\n\r\n").lower()
        body = wire.rest()
        length = str(len(body)).encode()
        wanted = f"Content-Length: {len(body)}, the bytes that follow the head"
        expect(b"\r\ncontent-length: " + length + b"\r\n" in head, wanted, head)
        wire.close()


@check("RFC 9110, sections 6.6.1 and 10.2.4")
def test_date_and_server(server: Server) -> None:
    """Date lets a cache tell the age of an answer; it is in Greenwich time,
    in one form only. Server says who answers.

    1. strftime() makes the form; which function gives Greenwich time?
    2. The names of days and months are English whatever the locale is.
    3. gmtime_r(), then strftime() with "%a, %d %b %Y %H:%M:%S GMT".
    """
    before = datetime.now(timezone.utc) - timedelta(seconds=2)
    for target in (server.page, "/nowhere"):
        response = server.get(target)
        date = read_date(response.get("Date"))
        after = datetime.now(timezone.utc) + timedelta(seconds=1)
        now = f"the time now, about {after:%H:%M:%S} GMT"
        expect(before <= date <= after, now, response.get("Date"))
        name = response.get("Server")
        expect(name, "a field Server", "none" if name is None else "an empty one")


@check("RFC 9110, section 4.1; the contract: a query ignored")
def test_query_ignored(lab: Lab, server: Server) -> None:
    """What follows a question mark is for the page, not for finding it.

    1. Is the query part of the path that you compare?
    2. The path ends at the first question mark.
    3. memchr(target, '?', length), and compare what stands before it.
    """
    word = f"x{lab.random.randrange(10**6)}"
    for query in ("?", f"?{word}", f"?a={word}&b=/", "?x?y", "?../.."):
        response = server.get(server.page + query)
        equal(response.status, 200, f"the status for {server.page}{query}")
        same_bytes(response.body, server.content, "the body")


@check("RFC 9110, section 9.3.2")
def test_head_has_no_body(server: Server) -> None:
    """A body after HEAD would be taken for the start of the next answer.

    1. Where does your program decide whether it sends the body?
    2. The method must reach the place that sends.
    3. Send the same head as for GET, Content-Length too, then stop.
    """
    for target, status in ((server.page, 200), ("/", 200), ("/nowhere", 404)):
        data = request("HEAD", target, "Connection: close", host=server.authority)
        wire = server.connect()
        wire.send(data)
        equal(read_response(wire, "HEAD").status, status, f"the status for {target}")
        nothing_more(wire)
        wire.close()


@check("RFC 9110, section 9.3.2")
def test_head_same_fields(server: Server) -> None:
    """HEAD asks what GET would say: a client plans a download by it.

    1. Compare the two heads of your server, line by line.
    2. Content-Length tells the size of the body that GET would bring.
    3. Build one head for both methods; leave out the body at the very end.
    """
    for target in (server.page, "/"):
        get = server.get(target)
        head = server.ask(request("HEAD", target, host=server.authority))
        for name in ("Content-Length", "Content-Type"):
            equal(head.get(name), get.get(name), f"{name} of HEAD, as of GET")


@check("RFC 9110, section 15.5.5")
def test_not_found(lab: Lab, server: Server) -> None:
    """A path that names nothing gets 404, and a page that says so.

    1. Does your program compare the whole path, or only its beginning?
    2. "/hello" is the page, "/hellooo" and "/hell" are not.
    3. Compare the lengths first, then the bytes.
    """
    word = "".join(lab.random.choice("bcdfgh") for _ in range(8))
    paths = [f"/{word}", f"/{word}/{word}", server.page + "x", server.page[:-1]]
    if lab.step <= 5:  # from 06 on the files decide
        paths.append(server.page.upper())
    for path in paths:
        response = server.get(path)
        equal(response.status, 404, f"the status for {path}")
        expect(response.body, "a body that says what is wrong", response.body)
        expect(response.get("Content-Type"), "its Content-Type", "none")


@check("RFC 9110, sections 15.5.6 and 10.2.1")
def test_method_not_allowed(server: Server) -> None:
    """The page is there, yet this method is not for it. The answer must say
    which ones are.

    1. Which methods does the page have?
    2. 405 comes with a field Allow, in HEAD's name too.
    3. Allow: GET, HEAD
    """
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE"):
        fields = () if method == "TRACE" else ("Content-Length: 0",)
        response = server.ask(
            request(method, server.page, *fields, host=server.authority)
        )
        equal(response.status, 405, f"the status for {method}")
        allowed = response.tokens("Allow")
        wanted = "the field Allow: GET, HEAD"
        expect({"GET", "HEAD"} <= set(allowed), wanted, response.get("Allow"))
        expect(method not in allowed, f"{method} not in Allow", allowed)
        expect(response.get("Content-Type"), "the body's Content-Type", "none")


@check("RFC 9112, section 9.6; the contract: one request a connection")
def test_close_announced(server: Server) -> None:
    """Without this word an HTTP/1.1 client expects that the connection stays.

    1. What does a browser do with a connection that is closed unannounced?
    2. The announcement is a field of the answer, of an error's too.
    3. Connection: close, and close() after the answer.
    """
    for target in (server.page, "/nowhere"):
        response = server.get(target, "Connection: keep-alive")
        options = [option.lower() for option in response.tokens("Connection")]
        expect("close" in options, "Connection: close", response.get("Connection"))


@check("the contract: one request a connection")
def test_one_answer(server: Server) -> None:
    """Two requests come in one piece. This step answers the first and closes.

    1. What happens to the bytes behind the first head?
    2. The server that says "close" must not answer what follows.
    3. Answer, close. (They still have to be read: lingering close.)
    """
    first = request("GET", server.page, host=server.authority)
    wire = server.connect()
    wire.send(first + request("GET", "/", host=server.authority))
    response = read_response(wire)
    same_bytes(response.body, server.content, "the body")
    nothing_more(wire)
