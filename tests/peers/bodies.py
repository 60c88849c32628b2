"""Step 05: where a request's body ends (RFC 9112, sections 6 and 7.1).

The bytes themselves are thrown away. What matters is that not one of them is
taken for a request, and no request for one of them.
"""

from __future__ import annotations

import re
from typing import Optional

from http_rules import BODY_MOST, FIELD, HEAD_MOST, TOKEN, Refused, Request

QUOTED = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"'
EXTENSION = rf"[ \t]*;[ \t]*{TOKEN}(?:[ \t]*=[ \t]*(?:{TOKEN}|{QUOTED}))?"
CHUNK_LINE = re.compile(rf"([0-9A-Fa-f]+)(?:{EXTENSION})*")


class Body:
    """The body that a head announced."""

    def __init__(self, request: Request) -> None:
        self.line = request.line
        self.left = request.length  # of the body, or of this chunk
        self.next = self.chunk_line if request.chunked else self.end
        self.total = 0  # bytes in chunks so far
        self.around = 0  # bytes of chunk lines and trailers so far
        self.complete = not request.chunked and not self.left

    def take(self, inbox: bytearray) -> None:
        """Takes what belongs to the body out of the inbox. It is then
        complete, or more has to come; Refused where it is malformed."""
        while not self.complete:
            if self.left:
                count = min(self.left, len(inbox))
                self.left -= count
                del inbox[:count]
            if self.left or not self.next(inbox):
                return

    def end(self, inbox: bytearray) -> bool:
        self.complete = True
        return True

    def chunk_line(self, inbox: bytearray) -> bool:
        line = self.take_line(inbox)
        if line is None:
            return False
        match = CHUNK_LINE.fullmatch(line)
        if not match:
            raise Refused(400, self.line)
        self.left = int(match[1], 16)
        self.total += self.left
        if self.total > BODY_MOST:
            raise Refused(413, self.line)
        self.next = self.chunk_end if self.left else self.trailer
        return True

    def chunk_end(self, inbox: bytearray) -> bool:
        if not b"\r\n".startswith(inbox[:2]):
            raise Refused(400, self.line)
        if len(inbox) < 2:
            return False
        del inbox[:2]
        self.next = self.chunk_line
        return True

    def trailer(self, inbox: bytearray) -> bool:
        line = self.take_line(inbox)
        if line is None:
            return False
        if line == "":
            return self.end(inbox)
        if not FIELD.fullmatch(line):
            raise Refused(400, self.line)
        return True

    def take_line(self, inbox: bytearray) -> Optional[str]:
        """The next line. LF alone ends none: some would take what precedes it
        for data, and the two would see different requests."""
        end = inbox.find(b"\n")
        length = end + 1 if end >= 0 else len(inbox)
        if self.around + length > HEAD_MOST:
            raise Refused(400, self.line)
        if end < 0:
            return None
        if inbox[end - 1 : end] != b"\r":
            raise Refused(400, self.line)
        self.around += length
        line = inbox[: end - 1].decode("latin-1")
        del inbox[:length]
        return line
