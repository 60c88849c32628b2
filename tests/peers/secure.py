"""Step 07: TLS below the same HTTP.

An SSLObject is TLS without a socket: records go in and come out through two
buffers, and this stream moves them. Nothing in it waits for a client.

The first bytes of a client are looked at before TLS sees them, for two things
that the ssl module does not do: to answer whoever speaks HTTP without TLS, and
to refuse a client with which there is no common protocol (RFC 7301).
"""

from __future__ import annotations

import os
import socket
import ssl
import sys
from typing import NoReturn

import http_rules as rules
from client_hello import Incomplete, offered_protocols
from loop import MOST, Stream

RECORD = 1 << 14  # bytes that one record holds at most
PROTOCOL = b"http/1.1"
SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; those of 1.3 are all good
NO_PROTOCOL = bytes((21, 3, 3, 0, 2, 2, 120))  # alert: no_application_protocol


class Unusable(Exception):
    """The certificate or its key."""


def context_for(cert: str, key: str) -> ssl.SSLContext:
    """What all connections have in common."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_ciphers(SUITES)
    context.set_alpn_protocols([PROTOCOL.decode()])
    if os.environ.get("SSLKEYLOGFILE"):
        context.keylog_filename = os.environ["SSLKEYLOGFILE"]
    for name in (cert, key):
        try:
            open(name, "rb").close()
        except OSError as error:
            raise Unusable(f"{name}: {error.strerror}") from None

    def password() -> NoReturn:
        raise Unusable(f"{key}: the key is encrypted")

    try:
        context.load_cert_chain(cert, key, password)
    except ssl.SSLError as error:
        about = f"{cert}, {key}" if error.reason == "KEY_VALUES_MISMATCH" else ""
        raise Unusable(f"{about or at_fault(cert, key)}: {reason(error)}") from None
    return context


def at_fault(cert: str, key: str) -> str:
    """Which of two files OpenSSL could not read."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cert)
        return key
    except ssl.SSLError:
        return cert


def reason(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).replace("_", " ").lower()


class SecureStream(Stream):
    """Bytes over TLS. What the loop calls sent may be `pending`, encrypted,
    and then no more is taken."""

    open = False  # until the handshake is complete

    def __init__(self, client: socket.socket, context: ssl.SSLContext) -> None:
        super().__init__(client)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.first = b""  # what has come, until the ClientHello is whole
        self.hello_seen = False
        self.cut = False  # TCP has ended
        self.said_goodbye = False
        try:
            self.host = client.getpeername()[0]
        except OSError:
            self.host = "-"  # it has gone already

    def receive(self) -> bytes:
        try:
            raw = self.socket.recv(MOST)
        except BlockingIOError:
            return b""
        if self.failed:
            self.ended = not raw
            return b""
        self.cut = not raw
        if not self.hello_seen:
            raw = self.look_at_hello(raw)
        self.incoming.write(raw)
        data = b""
        try:
            if self.hello_seen and not self.open:
                self.tls.do_handshake()
                self.open = True
            if self.open:
                data = self.decrypt()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.fail(reason(error))
        self.pending += self.outgoing.read()
        if self.cut and not self.ended:
            self.ended = True
            if (self.hello_seen or self.first) and not self.said_goodbye:
                self.tell("cut off without close_notify")
        return data

    def decrypt(self) -> bytes:
        """All that is there; a record may hold many requests, and what was
        received many records."""
        found = []
        try:
            while True:
                data = self.tls.read(RECORD)
                if not data:
                    break
                found.append(data)
        except ssl.SSLWantReadError:
            return b"".join(found)
        except ssl.SSLZeroReturnError:
            pass
        self.ended = True  # close_notify
        return b"".join(found)

    def send(self, data: bytes) -> int:
        count = self.tls.write(data[:RECORD])
        self.pending += self.outgoing.read()
        self.flush()
        return count

    def say_goodbye(self) -> None:
        if self.open:
            self.said_goodbye = True
            try:
                self.tls.unwrap()
            except ssl.SSLError:
                pass  # it would like to have the client's close_notify
            self.pending += self.outgoing.read()

    # --- the first bytes ----------------------------------------------------------

    def look_at_hello(self, raw: bytes) -> bytes:
        """Holds the bytes back until they are a whole ClientHello."""
        self.first += raw
        if self.first[:1].isalpha():
            self.refuse("HTTP without TLS", self.plain_answer())
            return b""
        try:
            offered = offered_protocols(self.first)
        except Incomplete:
            return b""
        self.hello_seen = True
        if offered and PROTOCOL not in offered:
            self.refuse("no application protocol in common", NO_PROTOCOL)
            return b""
        whole, self.first = self.first, b""
        return whole

    def plain_answer(self) -> bytes:
        text = b"400 Bad Request: this port speaks HTTPS. Use https:// in the URL.\n"
        return rules.render(rules.Answer(400, text), head_only=False, close=True)

    def refuse(self, why: str, last_words: bytes) -> None:
        self.fail(why)
        self.pending += last_words

    def fail(self, why: str) -> None:
        self.failed, self.open = True, False
        self.tell(why)

    def tell(self, what: str) -> None:
        sys.stderr.write(f"peer: TLS: {self.host}: {what}\n")
        sys.stderr.flush()
