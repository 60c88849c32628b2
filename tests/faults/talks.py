"""What the clients of a run say, step by step. Each notes what it got; whether
that is right is judged later, against a run without a fault."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Callable, List, Optional

from grader import tls
from grader.expect import Failure
from grader.http import read_response, request
from grader.lab import Server
from grader.wire import Wire

PATIENCE = 8.0  # seconds for what comes at once, on a busy machine
CLOSE = "Connection: close"
LARGE = 300_000  # bytes of a file: more than is read at once
RECORD = b"\x16"  # begins an answer in a handshake; random bytes follow
HALF = "breaks off in its handshake"
CHANGED = 784111777  # when the files did: Sun, 06 Nov 1994 08:49:37 GMT


@dataclass
class Talk:
    """One connection."""

    name: str
    methods: List[str] = field(default_factory=list)  # of its requests
    got: bytes = b""
    ended: Optional[str] = None
    trouble: str = ""  # what the client could not do


class Clients:
    """All clients of a run."""

    def __init__(self, server: Server, step: int) -> None:
        self.server, self.step = server, step
        self.talks: List[Talk] = []
        self.wires: List[Wire] = []

    def talk(
        self, name: str, methods: str, say: Callable[[Wire], None], **options: Any
    ) -> None:
        """One connection from its beginning to its end."""
        talk = Talk(name, methods.split())
        self.talks.append(talk)
        try:
            wire = self.server.connect(patience=PATIENCE, **options)
        except Failure as failure:
            talk.trouble = str(failure)
            return
        try:
            say(wire)
        except Failure as failure:
            talk.trouble = str(failure)
        talk.got, talk.ended = wire.transcript.side("<"), wire.ended
        if name == HALF:
            talk.got = talk.got[:1] if talk.got[:1] == RECORD else b""
        wire.close()

    def ask(self, name: str, *targets: str, fields: str = "") -> None:
        """A connection for each of these targets."""
        for target in targets or (self.server.page,):
            method, _, path = target.rpartition(" ")
            method = method or "GET"
            data = request(method, path, CLOSE, *filter(None, [fields]))
            self.talk(f"{name} {target}", method, partial(whole, data=data))


def whole(wire: Wire, data: bytes) -> None:
    wire.send(data)
    wire.rest()


def prepare(root: Path) -> None:
    """Files of a site beside those that each has."""
    files = {
        "large.bin": bytes(range(251)) * (LARGE // 251),
        "medium.css": b"p { color: black }\n" * 300,
        "sub/deeper/page.html": b"<p>below\n",
        "new.xyz": b"of a type that the site names\n",
        ".mime.types": b"application/x-new xyz\ntext/x-old abc def\n",
    }
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (root / "link.txt").symlink_to("hello.txt")
    (root / "links").symlink_to("sub")
    for path in root.rglob("*"):
        os.utime(path, (CHANGED, CHANGED), follow_symlinks=False)


# --- step by step -------------------------------------------------------------------


def in_turns(wire: Wire) -> None:
    for part in (b"one", b"two\0\xff", bytes(5000)):
        wire.send(part)
        wire.take(len(part))
    wire.half_close()
    wire.rest()


def echoes(clients: Clients) -> None:
    data = bytes(range(256)) * 400

    def all_of_it(wire: Wire) -> None:
        wire.send(data)
        wire.half_close()
        wire.rest()

    clients.talk("echo", "", all_of_it)
    clients.talk("echo in turns", "", in_turns)
    clients.talk("leaves", "", lambda wire: wire.send(b"never read"))
    clients.talk("resets", "", lambda wire: wire.reset())


def two_at_once(clients: Clients) -> None:
    """One has sent half of its request; another is served, at least behind it."""
    data = request("GET", clients.server.page, CLOSE)

    def half(wire: Wire) -> None:
        wire.send(data[:20])
        if clients.step >= 3:
            clients.ask("beside")
        whole(wire, data[20:])

    clients.talk("in two parts", "GET", half)
    clients.talk("leaves in its request", "GET", lambda wire: wire.send(data[:20]))


def pages(clients: Clients) -> None:
    page = clients.server.page
    clients.ask("page", page, "/", f"HEAD {page}", "/missing", f"POST {page}")
    bad = b"GET / HTTP/1.1\r\nHost: a\r\nbad field\r\n\r\n"
    clients.talk("bad", "GET", lambda wire: whole(wire, bad))


def kept(clients: Clients) -> None:
    page = clients.server.page

    def one_by_one(wire: Wire) -> None:
        wire.send(request("GET", page))
        read_response(wire)
        chunks = b"5\r\nhello\r\n0\r\n\r\n"
        wire.send(request("GET", page, "Transfer-Encoding: chunked") + chunks[:7])
        wire.send(chunks[7:])
        read_response(wire)
        expect = ("Expect: 100-continue", "Content-Length: 3", CLOSE)
        wire.send(request("GET", page, *expect))
        wire.take_until(b"100 Continue\r\n\r\n")
        whole(wire, b"abc")

    def pipelined(wire: Wire) -> None:
        wire.send(request("GET", page) * 20 + request("HEAD", page, CLOSE))
        wire.rest()

    clients.talk("kept", "GET GET 100 GET", one_by_one)
    clients.talk("pipelined", "GET " * 20 + "HEAD", pipelined)


def files(clients: Clients) -> None:
    clients.ask("file", "/large.bin", "/medium.css", "/new.xyz", "HEAD /large.bin")
    clients.ask("below", "/sub?q", "/sub/deeper/page.html", "/sub/", "/sub/no/page")
    clients.ask("links", "/link.txt", "/links/deeper/page.html")
    since = "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"
    clients.ask("since", "/medium.css", fields=since)


def hellos(clients: Clients) -> None:
    page = clients.server.page
    data = request("GET", page, CLOSE)
    site = clients.server.site
    hello = tls.hello_of(tls.client(site, tls.TLS13))

    def breaks_off(wire: Wire) -> None:
        wire.send(hello)
        wire.take(5)

    old = tls.client(site, tls.TLS12)
    clients.talk("TLS 1.2", "GET", lambda wire: whole(wire, data), tls=old)
    clients.talk("without TLS", "GET", lambda wire: whole(wire, data), plain=True)
    clients.talk(HALF, "", breaks_off, plain=True)


def converse(clients: Clients) -> None:
    """All that the step's clients say; of the last two at least one must be served
    whatever fails."""
    step = clients.step
    if step == 1:
        echoes(clients)
        clients.talk("after", "", in_turns)
        clients.talk("at last", "", in_turns)
        return
    pages(clients)
    two_at_once(clients)
    if step >= 5:
        kept(clients)
    if step >= 6:
        files(clients)
    if step >= 7:
        hellos(clients)
    clients.ask("after")
    clients.ask("at last")
