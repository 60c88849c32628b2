"""Kept connections: several requests on one, and what has to follow each.

A server may close between two responses where it says so, with an error, too
(RFC 9112, section 9.6). Then the questions that are left are asked on a new
connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional, Sequence

from . import http
from .cases import Case, accepts, load, render
from .expect import Failure, equal, expect, same_bytes
from .lab import Server
from .wire import Wire

# In a shell: one request after another, without end.
FLOOD = "yes $'GET /hello HTTP/1.1\\r\\nHost: a\\r\\n\\r'"


@dataclass(frozen=True)
class Question:
    """A request, and its answer."""

    data: bytes
    status: int = 200  # 0: whatever it is
    body: Optional[bytes] = None  # None: whatever it is
    method: str = "GET"


class Questions:
    """Makes questions whose answers differ."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._home: Optional[bytes] = None

    def ask(
        self, status: int, target: str, *fields: str, body: bytes = b""
    ) -> Question:
        data = http.request(
            "GET", target, *fields, host=self.server.authority, body=body
        )
        return Question(data, status)

    def page(self, *fields: str, query: str = "", body: bytes = b"") -> Question:
        asked = self.ask(200, self.server.page + query, *fields, body=body)
        return Question(asked.data, 200, self.server.content)

    def home(self, query: str = "") -> Question:
        if self._home is None:
            self._home = self.server.get("/").body
        return Question(self.ask(200, "/" + query).data, 200, self._home)

    def missing(self, query: str = "") -> Question:
        return self.ask(404, "/nowhere" + query)

    def head(self, target: Optional[str] = None) -> Question:
        target = self.server.page if target is None else target
        data = http.request("HEAD", target, host=self.server.authority)
        status = 404 if target.startswith("/nowhere") else 200
        return Question(data, status, b"", "HEAD")

    def method(self, name: str, *fields: str, body: bytes = b"") -> Question:
        """One that the page does not allow."""
        data = http.request(
            name, self.server.page, *fields, host=self.server.authority, body=body
        )
        return Question(data, 405)

    def mixed(self, count: int) -> list[Question]:
        """In an order that the check's seed gives."""
        kinds = [self.page(), self.home(), self.page(), self.home()]
        kinds += [self.head(), self.missing()]
        return self.server.lab.random.choices(kinds, k=count)


def answer(wire: Wire, asked: Question, which: str = "") -> http.Response:
    """Reads the next answer, which has to be the one to this question; which
    one that is, for a person."""
    try:
        response = http.read_response(wire, asked.method)
        if asked.status:
            equal(response.status, asked.status, "the status", wire=wire)
        if asked.body is not None:
            same_bytes(response.body, asked.body, "the body", wire=wire)
        return response
    except Failure as failure:
        failure.expected = f"{which}: " * bool(which) + failure.expected
        raise


def at_end(wire: Wire) -> bool:
    """Waits for a byte or the end: has the server closed in order?"""
    try:
        first = wire.take(1)
    except Failure:
        wanted = f"another answer, or an end, within {wire.patience:g} s"
        raise Failure(wanted, "neither, and the connection open", wire=wire) from None
    wire.inbox[:0] = first
    return not first and wire.ended == "end"


def answers(wire: Wire, asked: Sequence[Question]) -> list[http.Response]:
    """Reads the answers to these, in order. Fewer where the server closed
    as it may."""
    found: list[http.Response] = []
    for question in asked:
        if found and found[-1].status >= 400 and at_end(wire):
            expected = f"Connection: close with the {found[-1].status}"
            raise Failure(expected, "an end that was not announced", wire=wire)
        which = f"answer {len(found) + 1}" if len(asked) > 1 else ""
        found.append(answer(wire, question, which))
        if found[-1].says_close:
            http.nothing_more(wire)
            break
    return found


def converse(
    server: Server,
    asked: Sequence[Question],
    send: Callable[[Wire, bytes], None] = Wire.send,
) -> list[http.Response]:
    """Asks all at once (on new connections what a close left over), with
    send(wire, bytes), and reads all answers."""
    found: list[http.Response] = []
    while len(found) < len(asked):
        left = asked[len(found) :]
        wire = server.connect()
        send(wire, b"".join(question.data for question in left))
        found += answers(wire, left)
        wire.close()
    return found


def each_cut(server: Server, asked: Question) -> None:
    """Asks the same again and again. What is sent at once is the rest of one
    request and the beginning of the next, which ends at every byte in turn.
    The answer to the one tells that the other has been read."""
    wire, begun = server.connect(), 0
    try:
        for cut in range(1, len(asked.data)):
            wire.send(asked.data[begun:] * (begun > 0) + asked.data[:cut])
            if begun:
                response = answer(wire, asked)
                if response.says_close or (response.status >= 400 and at_end(wire)):
                    wire.close()
                    wire, begun = server.connect(), 0
                    wire.send(asked.data[:cut])
            begun = cut
        wire.send(asked.data[begun:])
        answer(wire, asked)
    except Failure:
        wire.close()
        cut_once(server, asked, begun)  # alone it is easier to see
        raise
    wire.close()


def cut_once(server: Server, asked: Question, cut: int) -> None:
    """Asks twice; the second request comes in two pieces."""
    wire = server.connect()
    wire.send(asked.data + asked.data[:cut])
    answer(wire, asked)
    wire.send(asked.data[cut:])
    answer(wire, asked)
    wire.close()


def nothing_inside(wire: Wire, body: bytes, behind: Question) -> None:
    """Sends a body that is not wanted, and a request behind it: the
    connection ends, or that request is answered; nothing else is."""
    wire.send(body + behind.data)
    wire.half_close()
    got = wire.rest()
    if got:
        wire.inbox[:0] = got
        answer(wire, behind)
        expect(not wire.inbox, "one answer at most", bytes(wire.inbox), wire=wire)
    wire.close()


def flood(wire: Wire, data: bytes, most: int, stop: Callable[[], object]) -> int:
    """Sends this again and again and never reads, until the server takes no
    more, so many bytes have gone, or stop(). Bytes that have gone; what has
    not goes later, when the wire is used again."""
    sent, patience = 0, wire.patience
    wire.patience = 0.3
    try:
        while sent < most and not wire.ended and not stop():
            wire.send(data, read=False)
            sent += len(data)
    except Failure:
        pass  # it takes no more
    wire.patience = patience
    return sent


# --- cases: one request, and what becomes of the one behind it ---------------


def judge(case: Case, server: Server, *, kept: bool, at_once: bool = True) -> None:
    """Sends a case and behind it, in one piece (at_once=False: after the first
    answer), a request for the known page. kept: both are answered. Else the
    first is the last, in whatever way it is answered, and the connection ends
    in order."""
    names = {"page": server.page, "host": server.authority}
    data, caret = render(case.text, names)
    behind = Questions(server).page(query="?behind")
    wire = server.connect()
    try:
        wire.send(data + (behind.data if at_once else b""))
        if "close" in case.answers:  # it may wait for what will never come
            wire.half_close()
            if at_end(wire):
                return
        method = "HEAD" if data[:5] == b"HEAD " else "GET"
        response = http.read_response(wire, method)
        wrong = accepts(case.answers, response, server.content)
        expect(not wrong, "the answer " + " or ".join(case.answers), wrong)
        if not kept:
            http.nothing_more(wire)
        elif not (response.status >= 400 and at_end(wire)):
            if not at_once:
                wire.send(behind.data)
            answer(wire, behind, "the answer to the request behind it")
    except Failure as failure:
        why = f"{case.name}: {case.rule}"
        raise Failure(
            failure.expected, failure.got, wire=wire, caret=caret, why=why
        ) from None
    wire.close()


def judge_kept(check: str, server: Server, at_once: bool = True) -> None:
    """Feeds all cases of a check: the connection goes on behind each."""
    for case in load(check):
        judge(case, server, kept=True, at_once=at_once)


def judge_last(check: str, server: Server) -> None:
    """Feeds all cases of a check: nothing behind one is answered."""
    for case in load(check):
        judge(case, server, kept=False)
