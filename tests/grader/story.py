"""Tells a failure: what went over the wire, and how to see it by hand."""

from __future__ import annotations

import shlex
from typing import Optional

from .expect import RUN, Failure, escape, lines
from .lab import Lab
from .verdict import Story
from .replay import site_lines
from .wire import Wire

LONG = 600  # bytes that a command line may spell out


def tell(failure: Failure, lab: Optional[Lab], why: str) -> Story:
    """Makes a story of a failure with what the lab knows."""
    told = Story(why=failure.why or why, expected=failure.expected, got=failure.got)
    if not lab:
        return told
    wire = failure.wire or (None if failure.ran else lab.last_wire())
    if wire:
        told.sent = lines(wire.transcript.side(">"), failure.caret)
        told.received = lines(wire.transcript.side("<")) or ["nothing"]
        told.sent = told.sent or ["nothing"]
        told.again = start_lines(lab) + [talk_line(wire, bool(wire.tls))]
    else:
        told.sent = ["nothing over the network"]
        told.again = start_lines(lab, "" if failure.ran else " &")
    if failure.again:
        told.again = start_lines(lab) + failure.again.splitlines()
    told.printed = (lab.printed() or "nothing").splitlines()
    told.report = lab.reports().splitlines()[:40]
    return told


def start_lines(lab: Lab, after: str = " &") -> list[str]:
    """Starts the server, and what its options name."""
    found = []
    if lab.site.root:
        found += site_lines(lab.site.root)
    if lab.site.tls:
        found.append(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
            " -subj /CN=localhost -keyout key.pem -out cert.pem"
        )
    return found + [line + after for line in lab.by_hand()]


def talk_line(wire: Wire, tls: bool) -> str:
    """A shell line that sends the same bytes with the same pauses."""
    host = wire.address[0]
    steps: list[str] = []
    way = ">"
    for _, direction, data in wire.transcript.parts:
        if direction == ">":
            if steps and (way == "<" or direction == way):
                steps.append("sleep 1")
            here = b":%d" % wire.address[1]  # in the field Host
            there = b":8443" if tls else b":8080"
            steps.append(shell_bytes(bytes(data.replace(here, there))))
        way = direction
    if not wire.half_closed and steps:
        steps.append("sleep 1")
    sender = steps[0] if len(steps) == 1 else "{ " + "; ".join(steps) + "; }"
    if tls:
        return f"{sender} | openssl s_client -quiet -connect {host}:8443"
    if not steps:
        return f"nc {host} 8080 </dev/null"
    return f"{sender} | nc {'-N ' if wire.half_closed else ''}{host} 8080"


def shell_bytes(data: bytes) -> str:
    """A command that prints these bytes (or as many, where they are many)."""
    parts = []
    at = 0
    for match in list(RUN.finditer(data)) + [None]:
        piece = data[at : match.start() if match else len(data)]
        if len(piece) > LONG:
            parts.append(f"head -c {len(piece)} /dev/urandom")
        elif piece:
            parts.append("printf " + quote(piece))
        if match:
            one = shlex.quote(octal(match[1]))
            parts.append(f"head -c {len(match[0])} /dev/zero | tr '\\0' {one}")
            at = match.end()
    if len(parts) == 1 and "|" not in parts[0]:
        return parts[0]
    return "{ " + "; ".join(parts) + "; }" if parts else "true"


def octal(one: bytes) -> str:
    return escape(one) if 32 < one[0] < 127 else f"\\{one[0]:03o}"


def quote(data: bytes) -> str:
    """Bytes as an argument of printf(1), in any shell."""
    text = ""
    for byte in data:
        if byte in b"\r\n\t":
            text += {13: "\\r", 10: "\\n", 9: "\\t"}[byte]
        elif byte == 37:
            text += "%%"
        elif byte == 92:
            text += "\\\\"
        else:
            text += chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"
    if text.startswith("-"):  # no option
        text = "\\055" + text[1:]
    return "'" + text.replace("'", "'\\''") + "'"
