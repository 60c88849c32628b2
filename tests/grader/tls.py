"""TLS as bytes: records, alerts, hellos made by hand, stubborn clients.

Python's ssl module is a good client and cannot be a bad one. What a check
needs beyond it stands here. Nothing of it judges a server.
"""

from __future__ import annotations

import re
import ssl
import struct
import subprocess
from dataclasses import dataclass
from typing import Any, Optional, Sequence

from .expect import Failure, NotJudged
from .lab import Lab, Server
from .program import Program
from .site import Site
from .wire import Wire

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
BOTH = (TLS13, TLS12)
CHANGE, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23  # types of records
RECORD = 1 << 14  # bytes in a record, at most (RFC 8446, section 5.1)
OLD = {"SSL 3.0": 0x0300, "TLS 1.0": 0x0301, "TLS 1.1": 0x0302}
NAMES = {number: name for name, number in OLD.items()}
NAMES.update({0x0303: "TLS 1.2", 0x0304: "TLS 1.3"})
ALERTS = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    22: "record_overflow",
    40: "handshake_failure",
    47: "illegal_parameter",
    48: "unknown_ca",
    50: "decode_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    100: "no_renegotiation",
    120: "no_application_protocol",
}

# What each name stands for is told in the IANA's registry of cipher suites.
FORWARD_SECRET = (0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8)
ALL_OLD = (0xC009, 0xC00A, 0xC013, 0xC014, 0x0033, 0x0039, 0x002F, 0x0035, 0x000A)
WEAK = {
    "RSA key transport": (0x009C, 0x009D, 0x003C, 0x003D, 0x002F, 0x0035, 0x000A),
    "a fixed Diffie-Hellman key": (0xC02D, 0xC031, 0xC004, 0xC00E, 0x00A0, 0x0031),
    "no certificate": (0xC018, 0xC019, 0x00A6, 0x0034, 0x003A),
    "no encryption": (0xC006, 0xC010, 0x003B, 0x0002, 0x0001),
    "RC4": (0xC007, 0xC011, 0x0005, 0x0004),
}
ACCESS = re.compile(rb'.*" \d{3} (\d+|-)')
NAMED = re.compile(rb"(?i)tls|ssl|handshake|close_notify")

# Python makes OpenSSL 3 take an end without close_notify for a good one.
IGNORE_CUTS = getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)


def troubles(server: Server, after: int = 0) -> list[bytes]:
    """The lines on stderr, from that offset on, that are no access lines."""
    lines = bytes(server.err.data)[after:].split(b"\n")[:-1]
    return [line for line in lines if not ACCESS.fullmatch(line)]


class Client(ssl.SSLContext):
    """A client's settings; `resume` is the session to come again with."""

    resume: Optional[ssl.SSLSession] = None

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: Any = None,
        session: Optional[ssl.SSLSession] = None,
    ) -> ssl.SSLObject:
        session = session or self.resume
        return super().wrap_bio(
            incoming, outgoing, server_side, server_hostname, session
        )


def client(
    site: Site,
    version: Optional[ssl.TLSVersion] = None,
    *,
    alpn: Sequence[str] = (),
    trust: str = "",
) -> Client:
    """A client that trusts the site's certificate (or that file) and speaks
    this version only."""
    made = Client(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(trust or str(site.cert))
    made.options &= ~IGNORE_CUTS
    if version:
        made.minimum_version = made.maximum_version = version
    if alpn:
        made.set_alpn_protocols(list(alpn))
    return made


def s_client(lab: Lab, server: Server, *options: str) -> Program:
    """openssl s_client, for a check that types in its commands, at the end of
    its handshake, whatever that was."""
    words = ["openssl", "s_client", "-msg", *options]
    words += ["-connect", f"127.0.0.1:{server.port}"]
    tool = Program(words, lab.directory / "client", stdin=subprocess.PIPE)
    lab.programs.append(tool)
    tool.stopped_by = 0
    if not tool.out.wait(b"Verify return code", lab.patience):
        raise NotJudged("openssl s_client does not shake hands here")
    return tool


def type_in(tool: Program, text: bytes) -> None:
    """To a program that may have ended: what it has printed tells."""
    pipe = tool.process.stdin
    assert pipe
    try:
        pipe.write(text)
        pipe.flush()
    except OSError:
        pass


# --- records ----------------------------------------------------------------


def record(kind: int, body: bytes, version: int = 0x0303) -> bytes:
    return struct.pack(">BHH", kind, version, len(body)) + body


def alert(description: int, level: int = 2) -> bytes:
    return record(ALERT, bytes([level, description]))


@dataclass(frozen=True)
class Reply:
    """What a server says to a hello."""

    words: str
    alert: Optional[int] = None
    version: Optional[int] = None  # of a ServerHello
    suite: int = 0

    @property
    def refused(self) -> bool:
        return self.version is None


def read_reply(wire: Wire) -> Reply:
    """Reads a server's first record on a plain wire, or its end."""
    head = wire.take(5)
    if len(head) < 5:
        return Reply("the end of the connection")
    kind, _, length = struct.unpack(">BHH", head)
    body = wire.take(length)
    if kind == ALERT and len(body) == 2:
        name = ALERTS.get(body[1], "")
        return Reply(f"alert {body[1]} {name}".strip(), alert=body[1])
    if kind == HANDSHAKE and body[:1] == b"\x02" and len(body) >= 44:
        version, suite = _server_hello(body)
        name = NAMES.get(version, hex(version))
        words = f"a ServerHello: {name} with suite 0x{suite:04x}"
        return Reply(words, version=version, suite=suite)
    return Reply(f"{len(head) + len(body)} bytes that are no alert")


def _server_hello(body: bytes) -> tuple[int, int]:
    """Version and suite (RFC 8446, section 4.1.3)."""
    (version,) = struct.unpack_from(">H", body, 4)
    at = 38 + 1 + body[38]
    (suite,) = struct.unpack_from(">H", body, at)
    at += 3 + 2  # the compression method, the length of the extensions
    while at + 4 <= len(body):
        kind, length = struct.unpack_from(">HH", body, at)
        if kind == 43 and length == 2:
            (version,) = struct.unpack_from(">H", body, at + 4)
        at += 4 + length
    return version, suite


# --- hellos -----------------------------------------------------------------


def hello(version: int, suites: Sequence[int], random: bytes) -> bytes:
    """A ClientHello of this version and of no later one, as a record."""
    body = struct.pack(">H", version) + random[:32] + b"\0"
    body += struct.pack(f">H{len(suites)}H", 2 * len(suites), *suites) + b"\1\0"
    if version > 0x0300:
        extensions = extension(10, struct.pack(">4H", 6, 0x1D, 0x17, 0x18))
        extensions += extension(11, b"\1\0") + extension(0xFF01, b"\0")
        if version >= 0x0303:
            kinds = (0x0403, 0x0503, 0x0804, 0x0401, 0x0501)
            extensions += extension(13, struct.pack(">H5H", 10, *kinds))
        body += struct.pack(">H", len(extensions)) + extensions
    return record(HANDSHAKE, handshake(1, body), min(version, 0x0301))


def handshake(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def extension(kind: int, body: bytes) -> bytes:
    return struct.pack(">HH", kind, len(body)) + body


def sslv2_hello(random: bytes) -> bytes:
    """As clients sent it until about 2010 (RFC 6101, appendix E)."""
    suites = b"\x07\x00\xc0\x01\x00\x80\x00\x00\x2f"
    body = b"\x01\x00\x02" + struct.pack(">3H", len(suites), 0, 16)
    body += suites + random[:16]
    return struct.pack(">H", 0x8000 | len(body)) + body


def hello_of(context: ssl.SSLContext) -> bytes:
    """The ClientHello that the ssl module would send."""
    return Shaking(context).hello


class Shaking:
    """A client's handshake one flight at a time."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self.incoming, self.outgoing, server_hostname="localhost"
        )
        self.hello = self._go_on()

    def _go_on(self) -> bytes:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            raise Failure("a TLS handshake", str(error)) from None
        return self.outgoing.read()

    def last_flight(self, wire: Wire) -> bytes:
        """Reads the answer to the hello; what is then to be sent. Empty where
        the server ended instead."""
        flight = b""
        while not flight and not (wire.ended and not wire.inbox):
            try:
                self.incoming.write(wire.take(1) + bytes(wire.inbox))
            except Failure as failure:
                raise Failure("the handshake goes on", failure.got) from None
            wire.inbox.clear()
            flight = self._go_on()
        return flight

    def seal(self, data: bytes) -> bytes:
        """Records of these bytes, once the handshake is complete on this side."""
        self.tls.write(data)
        return self.outgoing.read()

    def take_until(self, wire: Wire, mark: bytes) -> bytes:
        """Decrypts up to the mark; without it where the server ended."""
        found = b""
        while mark not in found and not (wire.ended and not wire.inbox):
            self.incoming.write(wire.take(1) + bytes(wire.inbox))
            wire.inbox.clear()
            try:
                while True:
                    more = self.tls.read(RECORD)
                    found += more
                    if not more:
                        break
            except ssl.SSLError:
                pass  # it wants more, or there will be no more
        return found


# --- clients that choose what goes when -------------------------------------


class Sealer(Wire):
    """A connection over TLS whose records are made first and sent later."""

    def seal(self, data: bytes) -> bytes:
        """Records of these bytes, each as large as it can be."""
        assert self.tls
        self.transcript.add(">", data)
        for at in range(0, len(data), RECORD):
            self.tls.write(data[at : at + RECORD])
        return self._outgoing.read()

    def seal_each(self, data: bytes, size: int = 1) -> bytes:
        """The same in records of so many bytes each."""
        chunks = (data[at : at + size] for at in range(0, len(data), size))
        return b"".join(map(self.seal, chunks))

    def seal_goodbye(self) -> bytes:
        """A close_notify."""
        assert self.tls
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass  # it waits for the server's
        return self._outgoing.read()

    def push(self, raw: bytes) -> None:
        """Sends bytes as they are, reading meanwhile."""
        self._raw_out += raw
        self._pump(lambda: not self._raw_out, self.patience)


def sealer(
    server: Server, context: Optional[ssl.SSLContext] = None, receive_buffer: int = 0
) -> Sealer:
    made = Sealer(
        (server.host, server.port),
        tls=context or server.site.tls,
        patience=server.lab.patience,
        receive_buffer=receive_buffer,
    )
    server.lab.wires.append(made)
    return made


class Stalling:
    """Clients that stop in the middle of a handshake, in one of these ways."""

    WAYS = (
        "a client that sends nothing",
        "half a ClientHello",
        "a ClientHello and nothing more",
        "half of a TLS 1.2 client's last flight",
        "half of a TLS 1.3 client's last flight",
        "a handshake, then half a record",
    )

    def __init__(self, server: Server) -> None:
        self.server = server
        self.contexts = {version: client(server.site, version) for version in BOTH}
        self.hello = hello_of(self.contexts[TLS13])

    def stall(self, way: str) -> Wire:
        """A connection that stands still where `way` says."""
        server = self.server
        if way == self.WAYS[5]:
            wire = sealer(server)
            data = wire.seal(b"GET / HTTP/1.1\r\n")
            wire.push(data[: len(data) // 2])
            return wire
        plain = server.connect(plain=True)
        if way in self.WAYS[1:3]:
            cut = len(self.hello) // (2 if way == self.WAYS[1] else 1)
            plain.send(self.hello[:cut])
        elif way in self.WAYS[3:5]:
            version = TLS12 if way == self.WAYS[3] else TLS13
            shaking = Shaking(self.contexts[version])
            plain.send(shaking.hello)
            flight = shaking.last_flight(plain)
            plain.send(flight[: len(flight) // 2])
        return plain
