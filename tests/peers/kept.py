"""Steps 05 to 07: a conversation of many requests, as a protocol.

Requests are read one at a time: while an answer is on its way, what has come
after its request waits, and the loop reads no more. So answers keep their
order, and a client that does not read its answers costs no memory.
"""

from __future__ import annotations

from typing import Optional, Sequence

import http_rules as rules
from answers import AccessLog, Sending
from bodies import Body
from loop import Protocol
from pages import Find, judge

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Kept(Protocol):
    """What has come, the request that is being read, the answer that is on
    its way."""

    def __init__(
        self, client: str, log: AccessLog, find: Find, fields: Sequence[str] = ()
    ) -> None:
        self.client, self.log, self.find, self.fields = client, log, find, fields
        self.inbox = bytearray()
        self.request: Optional[rules.Request] = None  # its body still comes...
        self.body: Body
        self.line = "-"  # of the request, for the log
        self.answer: Optional[rules.Answer] = None  # ...and then this is sent
        self.sending: Optional[Sending] = None
        self.interim = b""
        self.last = False  # the connection ends after this answer
        self.ended = False  # the client will say no more

    @property
    def answering(self) -> bool:
        return bool(self.interim or self.sending)

    # --- what the loop tells -----------------------------------------------------

    def received(self, data: bytes) -> bool:
        self.inbox += data
        return self.go_on()

    def input_ended(self) -> None:
        self.ended = True
        self.finished = not self.answering

    def time_is_up(self) -> None:
        if self.inbox or self.request:
            self.refuse(rules.Refused(408, self.request.line if self.request else "-"))
        else:
            self.finished = True

    def stop(self) -> None:
        self.last = True
        self.finished = not self.sending

    def next_bytes(self) -> bytes:
        if self.interim:
            return self.interim
        return self.sending.next_bytes() if self.sending else b""

    def sent(self, count: int) -> None:
        if self.interim:
            self.interim = self.interim[count:]
            return
        assert self.sending
        self.sending.sent(count)
        if not self.sending.done:
            return
        self.tell()
        if self.last:
            self.finished = self.lingers = True
        else:
            self.go_on()
            self.finished = self.ended and not self.answering

    def lost(self) -> None:
        self.tell()
        if self.answer:
            self.answer.release()

    # --- requests ----------------------------------------------------------------

    def go_on(self) -> bool:
        """Reads in what has come, until there is an answer to send or more
        has to come. True where a head or some of a body was read."""
        moved = False
        try:
            if not self.request and self.read_head():
                moved = True
            if self.request and not self.sending:
                before = len(self.inbox)
                self.body.take(self.inbox)
                moved = moved or len(self.inbox) < before
                if self.body.complete:
                    self.send()
        except rules.Refused as refused:
            if refused.status == 413 and self.answer and self.answer.status >= 400:
                self.last = True  # path and method are judged before the size
                self.send()
            else:
                self.refuse(refused)
            moved = True
        return moved

    def read_head(self) -> bool:
        end = rules.head_end(self.inbox)
        if not end:
            return False
        request = rules.parse_head(bytes(self.inbox[:end]))
        del self.inbox[:end]
        self.request, self.line = request, request.line
        self.answer = judge(request, self.find)
        said = request.tokens("connection")
        stays = request.minor > 0 or "keep-alive" in said
        self.last = not stays or "close" in said
        self.body = Body(request)
        self.decide_on_body()
        return True

    def decide_on_body(self) -> None:
        """Sends an error without waiting for a body that is too large, or that
        the client holds back until it hears that it is wanted. It may come all
        the same: the connection ends."""
        assert self.request and self.answer
        asks = self.request.expects_continue and not self.body.complete
        if self.answer.status >= 400 and (
            asks or self.request.length > rules.BODY_MOST
        ):
            self.last = True
            self.send()
        elif asks and not self.inbox:
            self.interim = CONTINUE

    def send(self) -> None:
        """The answer, now that all of the request has been read."""
        assert self.request and self.answer
        self.start(self.answer, self.request)
        self.request = self.answer = None

    def start(self, answer: rules.Answer, request: Optional[rules.Request]) -> None:
        answer.more += self.fields
        self.sending = Sending(
            answer,
            method=request.method if request else "",
            close=self.last,
            stay=bool(request and request.minor == 0),
        )

    def refuse(self, refused: rules.Refused) -> None:
        """An error after which nobody knows where the next request begins."""
        self.lost()
        self.line, self.last = refused.line, True
        self.start(rules.error(refused.status), self.request)
        self.request = self.answer = None
        self.inbox.clear()

    def tell(self) -> None:
        """The answer is sent, or lost."""
        if self.sending:
            self.sending.finish(self.client, self.line, self.log)
        self.sending = None
