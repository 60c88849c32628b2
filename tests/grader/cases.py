"""Requests and the answers that are right for them, kept as text.

A file in tests/checks/cases/ reads as a page of rules:

    # request-line-syntax

    ## two spaces before the target

    One space stands between the parts. RFC 9112, section 3.

    ```http
    GET {^} {page} HTTP/1.1
    Host: {host}

    ```

    -> 400

`#` names the check that feeds the cases below it, `##` a case, the paragraph
its rule. A line of the request ends in CRLF, unless it ends with \\n (LF
alone) or {+} (nothing: the next line goes on). Escapes are \\r \\n \\t \\0
\\xNN \\\\; {page} is a path that is there, {host} the server's address,
{scheme} http or https, {a*9000} nine thousand a, {^} marks the byte that the rule is about.

After -> stand the answers that are right: statuses, `page` for 200 with the
known page's bytes, `fields` for 200 without a body, `close` for an end
without an answer. One in parentheses, (400), is permitted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from . import http
from .expect import Failure, expect
from .lab import Server

LINGERING = 1 << 16  # a server need not take in more bytes than this unread
CASES = Path(__file__).resolve().parent.parent / "checks" / "cases"


@dataclass(frozen=True)
class Case:
    """One request and its answers."""

    check: str
    name: str
    rule: str
    text: str
    answers: tuple[str, ...]
    where: str


def render(text: str, names: dict[str, str]) -> tuple[bytes, Optional[int]]:
    """The bytes of a request, and the offset of the one that it is about."""
    out = bytearray()
    caret: Optional[int] = None
    for line in text.split("\n"):
        end = b"" if line.endswith((r"\n", "{+}")) else b"\r\n"
        for part in re.findall(r"\{[^}]*\}|\\x..|\\.|[^\\{]+", line):
            if part == "{^}":
                caret = len(out)
            elif part[1:-1] in names:
                out += names[part[1:-1]].encode()
            elif part == "{+}":
                pass
            elif part[0] == "{":
                what, _, times = part[1:-1].rpartition("*")
                out += unescape(what) * int(times)
            elif part[0] == "\\":
                out += unescape(part)
            else:
                out += part.encode()
        out += end
    return bytes(out), caret


def unescape(text: str) -> bytes:
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def parse(text: str, where: str) -> list[Case]:
    """All the cases of a file."""
    cases = []
    check = ""
    for block in re.split(r"(?m)^(?=#{1,2} )", text):
        if block.startswith("# "):
            check = block[2:].partition("\n")[0].strip()
        elif block.startswith("## "):
            cases.append(_case(block, check, where))
    return cases


def _case(block: str, check: str, where: str) -> Case:
    shape = r"## (.*)\n\n(.*?)\n\n```http\n(.*?)\n?```\n\n-> (.*?)\s*(\n\n.*)?"
    match = re.fullmatch(shape, block, re.DOTALL)
    if not match:
        raise ValueError(f"{where}: the case {block.splitlines()[0]!r} is ill-formed")
    answers = re.findall(r"\d{3}|page|fields|close", match[4])
    rule = " ".join(match[2].split())
    return Case(check, match[1], rule, match[3], tuple(answers), where)


def load(check: str, directory: Optional[Path] = None) -> list[Case]:
    """The cases of one check, in order, from whatever file has them."""
    found = []
    for path in sorted((directory or CASES).glob("*.md")):
        cases = parse(path.read_text(encoding="utf-8"), path.name)
        found += [case for case in cases if case.check == check]
    if not found:
        raise LookupError(f"no case for {check} in {directory or CASES}")
    return found


def judge(case: Case, server: Server) -> Optional[http.Response]:
    """Sends one case on a connection of its own and judges the answer."""
    scheme = server.site.scheme
    names = {"page": server.page, "host": server.authority, "scheme": scheme}
    names["SCHEME"] = scheme.upper()
    data, caret = render(case.text, names)
    wire = server.connect()
    told: dict[str, Any] = {
        "wire": wire,
        "caret": caret,
        "why": f"{case.name}: {case.rule}",
    }
    expected = "the answer " + " or ".join(case.answers)
    try:
        wire.send(data)
        if not wire.inbox and "close" in case.answers:
            first = wire.take(1)
            if not first:
                return None
            wire.inbox[:0] = first
        if len(data) <= LINGERING:
            response = server.read(wire, data)
        else:
            response = http.read_response(wire)
        got = accepts(case.answers, response, server.content)
        expect(not got, expected, got)
    except Failure as failure:
        raise Failure(failure.expected, failure.got, **told) from None
    wire.close()
    return response


def accepts(
    answers: tuple[str, ...], response: http.Response, content: bytes
) -> Optional[str]:
    """None where the response is one of these, else what is wrong."""
    if str(response.status) in answers:
        return None
    if response.status == 200 and "page" in answers:
        if response.body == content:
            return None
        return f"200 with {len(response.body)} other bytes than the page's"
    if response.status == 200 and "fields" in answers:
        return "a body" if response.body else None
    return f"status {response.status} {response.reason}"


def judge_all(check: str, server: Server) -> None:
    """Feeds all cases of a check; the first that fails is the failure."""
    for case in load(check):
        judge(case, server)
