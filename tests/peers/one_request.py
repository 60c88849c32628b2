"""Step 04: one request and its answer, as a protocol."""

from __future__ import annotations

from typing import Optional

import http_rules as rules
from answers import AccessLog, Sending
from loop import Protocol
from pages import find_page, judge


class OneRequest(Protocol):
    """What step 02 does from top to bottom, turned inside out: each method is
    a moment at which it would have waited."""

    def __init__(self, client: str, log: AccessLog) -> None:
        self.client, self.log = client, log
        self.inbox = bytearray()
        self.sending: Optional[Sending] = None
        self.line = "-"

    @property
    def answering(self) -> bool:
        return self.sending is not None

    def received(self, data: bytes) -> bool:
        self.inbox += data
        try:
            end = rules.head_end(self.inbox)
            if not end:
                return False
            request = rules.parse_head(bytes(self.inbox[:end]))
            answer = judge(request, find_page)
            self.answer(answer, request.method, request.line)
        except rules.Refused as refused:
            self.answer(rules.error(refused.status), "", refused.line)
        return True

    def answer(self, answer: rules.Answer, method: str, line: str) -> None:
        self.line = line
        self.inbox.clear()
        self.sending = Sending(answer, method=method, close=True)
        self.lingers = True

    def input_ended(self) -> None:
        self.finished = True

    def time_is_up(self) -> None:
        self.finished = True
        if self.inbox:
            self.answer(rules.error(408), "", "-")

    def stop(self) -> None:
        self.finished = True

    def next_bytes(self) -> bytes:
        return self.sending.next_bytes() if self.sending else b""

    def sent(self, count: int) -> None:
        assert self.sending
        self.sending.sent(count)
        if self.sending.done:
            self.lost()
            self.finished = True

    def lost(self) -> None:
        if self.sending:
            self.sending.finish(self.client, self.line, self.log)
        self.sending = None
