"""An answer on its way to the client, and its line in the access log."""

from __future__ import annotations

import os

import http_rules as rules

CHUNK = 1 << 16  # bytes of a file that are in memory at once


class AccessLog:
    """Writes a line for each request, whole, in one write."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet

    def tell(self, client: str, line: str, status: int, sent: int) -> None:
        if not self.quiet:
            text = rules.access_line(client, line, status, sent)
            os.write(2, text.encode("latin-1"))


class Sending:
    """One answer: the bytes to send next, and how many of them went. It never
    has more of a file than CHUNK bytes in memory."""

    def __init__(
        self, answer: rules.Answer, *, method: str, close: bool, stay: bool = False
    ) -> None:
        self.answer = answer
        head_only = method == "HEAD" or answer.status == 304
        self.waiting = rules.render(answer, head_only=head_only, close=close, stay=stay)
        self.body = 0 if head_only else answer.length
        self.head = len(self.waiting) - (0 if head_only else len(answer.body))
        self.left = 0 if head_only else answer.length - len(answer.body)
        self.went = 0  # bytes, head and body
        if head_only:
            answer.release()

    def next_bytes(self) -> bytes:
        """What has to go next; empty once all is sent. Raises OSError where a
        file has become shorter than the head promised."""
        if not self.waiting and self.left:
            assert self.answer.file is not None
            at = self.answer.length - self.left
            size = min(CHUNK, self.left)
            self.waiting = os.pread(self.answer.file, size, at)
            if not self.waiting:
                raise OSError("the file was cut short")
            self.left -= len(self.waiting)
        return self.waiting

    def sent(self, count: int) -> None:
        self.went += count
        self.waiting = self.waiting[count:]

    @property
    def done(self) -> bool:
        return not self.waiting and not self.left

    def finish(self, client: str, line: str, log: AccessLog) -> None:
        """The answer is sent, or its client is lost: closes and tells."""
        self.answer.release()
        body = max(0, self.went - self.head)
        log.tell(client, line, self.answer.status, body)
