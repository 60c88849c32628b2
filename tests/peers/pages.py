"""The two pages of steps 02 to 05, and the end of the order of judging."""

from __future__ import annotations

from typing import Callable

from http_rules import BODY_MOST, METHODS, Answer, Refused, Request, error

HELLO = b"Hello from the server\n"
HOME = b"""<!DOCTYPE html>
<html lang="en">
<title>Hello</title>
<p>Hello from the server. There is a <a href="/hello">plain page</a> too.
</html>
"""

Find = Callable[[Request], Answer]  # the answer to GET, errors too


def find_page(request: Request) -> Answer:
    if request.path == "/":
        return Answer(200, HOME, "text/html; charset=utf-8")
    if request.path == "/hello":
        return Answer(200, HELLO)
    return error(404)


def judge(request: Request, find: Find) -> Answer:
    """What is left when the head is sound: method, expectation, path, then
    whether the path has the method, and whether the body is too large."""
    if request.method not in METHODS:
        raise Refused(501, request.line)
    if request.unknown_expectation:
        raise Refused(417, request.line)
    answer = find(request)
    if answer.status >= 400:
        return answer
    if request.method not in ("GET", "HEAD"):
        answer.release()
        return error(405, "Allow: GET, HEAD")
    if request.length > BODY_MOST:
        answer.release()
        raise Refused(413, request.line)
    return answer
