"""Exercise of step 02: a page that has moved."""

from __future__ import annotations

from urllib.parse import urljoin

from grader.check import check
from grader.expect import equal, expect, same_bytes
from grader.http import Response, request
from grader.lab import Lab, Server

OLD, NEW = "/old", "/hello"


def moved(server: Server, target: str, method: str = "GET") -> Response:
    """301 for this target."""
    response = server.ask(request(method, target, host=server.authority))
    equal(response.status, 301, f"the status for {method} {target}")
    return response


def leads_to(server: Server, response: Response, target: str) -> str:
    """Where a client goes, as it would stand in a browser's address bar."""
    place = response.get("Location")
    expect(place, "a field Location", place)
    return urljoin(f"http://{server.authority}{target}", str(place))


@check("RFC 9110, sections 10.2.2 and 15.4.2")
def test_moved(server: Server) -> None:
    """Others have links to the old name. 301 tells a browser where the page
    is now, and that it need not ask here again.

    1. What makes a browser go elsewhere: the status, a field, or both?
    2. Location has a URL; a path alone is one, seen from the old page.
    3. A row in the table of pages that has the new path instead of a text;
       http_response_error(response, 301), then http_response_add(response,
       "Location", ...).
    """
    response = moved(server, OLD)
    place = leads_to(server, response, OLD)
    equal(place, f"http://{server.authority}{NEW}", "where Location leads to")
    page = server.get(NEW)
    equal(page.status, 200, f"the status for {NEW}")
    same_bytes(page.body, server.content, "the page there")


@check("RFC 3986, section 3.4; the exercise: the query goes along")
def test_moved_query(lab: Lab, server: Server) -> None:
    """A link may have a query, which belongs to the page, wherever that is.

    1. Is /old?a=b still /old for your program?
    2. request->query is what follows the question mark; at == NULL: none.
    3. "%s?%.*s" with the new path, the length and the start of the query.
    """
    number = lab.random.randrange(10**6)
    for query in (f"?n={number}", "?a=b&c=%20d", "?"):
        response = moved(server, OLD + query)
        place = leads_to(server, response, OLD + query)
        wanted = f"http://{server.authority}{NEW}{query}"
        equal(place.rstrip("?"), wanted.rstrip("?"), "where Location leads to")


@check("RFC 9110, section 9.3.2")
def test_moved_head(server: Server) -> None:
    """HEAD asks what GET would say; a program that checks links asks so.

    1. Is the redirect decided before or after the method is looked at?
    2. The same head as for GET, and no body: http_response_has_body().
    3. Nothing to do, if your redirect is a response like any other.
    """
    by_get, by_head = moved(server, OLD), moved(server, OLD, "HEAD")
    for name in ("Location", "Content-Length", "Content-Type"):
        equal(by_head.get(name), by_get.get(name), f"the field {name} after HEAD")


@check("RFC 9110, section 15.4.2: a short note with a link")
def test_moved_told(server: Server) -> None:
    """Not everybody follows: curl without -L shows what it got. A line of
    text tells a person what has happened.

    1. What does `curl http://127.0.0.1:8080/old` print?
    2. Errors have a page of their own, and this looks like one.
    3. http_response_error() makes a page of any status.
    """
    response = moved(server, OLD)
    kind = response.get("Content-Type") or "none"
    expect(kind.startswith("text/html"), "text/html", kind)
    expect(response.body.strip(), "a page in the body", response.body)
    length = str(len(response.body))
    equal(response.get("Content-Length"), length, "Content-Length")


@check("RFC 9110, sections 10.2.1 and 15.5.6")
def test_moved_methods(server: Server) -> None:
    """What cannot be done with the new page cannot be done with the old name.

    1. What does POST /old get, and what does POST /hello get?
    2. The order of judging stays: is it there (404), then the method (405).
    3. Put the redirect behind these two.
    """
    for method in ("POST", "DELETE"):
        response = server.ask(request(method, OLD, host=server.authority))
        equal(response.status, 405, f"the status for {method} {OLD}")
        allowed = sorted(response.tokens("Allow"))
        expect("GET" in allowed, "Allow with GET and HEAD", response.get("Allow"))
    equal(server.get(OLD + "er").status, 404, f"the status for {OLD}er")
    equal(server.get(OLD + "/").status, 404, f"the status for {OLD}/")
