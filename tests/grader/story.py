"""Tells a failure: what went over the wire, and how to see it by hand."""

from __future__ import annotations

import itertools
import re
import shlex
from typing import Optional

from .expect import RUN, Failure, escape, lines
from .lab import Lab
from .replay import site_lines
from .results import Story
from .view import cut
from .wire import Wire

STATUS = "; echo exit status $?"  # behind a program that should end
LONG = 600  # bytes that a command line may spell out
WHOLE = 4000  # characters of such commands, one after another
KEPT = 5  # the step from which on connections are kept
HEAD = re.compile(
    rb"[A-Z]{3,7} [^\r\n]{1,400} HTTP/1\.[01]\r\n([^\r\n]{1,400}\r\n)*\r\n"
)
MOST = 1200  # characters of a sentence that came from outside
LINE = 400  # characters of a line that a program printed
REPORT = 30  # lines of a sanitizer's report
LIBRARY = re.compile(
    r"libsanitizer|__libc_start|#\d+ \S*_start\b|^SUMMARY: |: note: pointer points"
    r"|^( [0-9a-f]{2} *){8}|^a report by the sanitizer: "
)
UNWRITTEN = re.compile(rb"^not written yet: (\w{1,80}), ([\w.-]{1,80})$", re.M)


def tell(failure: Failure, lab: Optional[Lab], why: str) -> Story:
    """Makes a story of a failure with what the lab knows."""
    told = Story(
        why=failure.why or why,
        expected=cut(failure.expected, MOST),
        got=cut(failure.got, MOST),
    )
    if not lab:
        return told
    wire = failure.wire or (None if failure.ran else lab.last_wire())
    if wire:
        told.sent = lines(wire.transcript.side(">"), failure.caret)
        told.received = lines(wire.transcript.side("<")) or ["nothing"]
        told.sent = told.sent or ["nothing"]
        line = talk_line(wire, bool(wire.tls), lab.step)
        line += " | cat -v" if "\\r" in failure.expected else ""
        told.again = start_lines(lab) + [line]
    else:
        told.sent = ["nothing over the network"]
        told.again = start_lines(lab, STATUS if failure.ran else " &")
    if failure.again:
        told.again = again_lines(lab, failure.again)
    told.printed = counted((lab.printed() or "nothing").splitlines())
    told.report = readable(lab.reports().splitlines())
    told.unwritten = unwritten(lab)
    return told


def counted(lines: list[str]) -> list[str]:
    """Lines, the same one after another once."""
    found: list[str] = []
    for line, same in itertools.groupby(lines):
        times = len(list(same))
        found.append(cut(line, LINE))
        found += (
            [f"{line.partition(': ')[0]}: ({times} such lines)"] if times > 1 else []
        )
    return found


def readable(report: list[str]) -> list[str]:
    """What sanitizers said, without what tells nothing of the program: lines of
    marks, addresses, the insides of libraries, the bytes of shadow memory."""
    found: list[str] = []
    for line in report:
        if line.startswith("Shadow bytes"):
            break
        line = re.sub(r"^==\d+==", "", line)
        line = re.sub(r"^( *#\d+) 0x[0-9a-f]+ in ", r"\1 ", line)
        if not LIBRARY.search(line) and re.search(r"\w", line):
            found.append(cut(line, LINE))
    return found[:REPORT]


def unwritten(lab: Lab) -> list[str]:
    """The functions of a starter that the programs came to and that are not
    written yet, each with its file: `reap_children, workers.c`. What came when
    the grader stopped them has nothing to do with the failure."""
    found: dict[str, None] = {}
    for program in lab.programs:
        program.err.take()
        data = bytes(program.err.data)[: program.heard]
        for function, file in UNWRITTEN.findall(data):
            found[f"{function.decode()}, {file.decode()}"] = None
    return list(found)[:5]


def start_lines(lab: Lab, after: str = " &", named: str = "") -> list[str]:
    """Starts the server, and what its options name."""
    return site_needs(lab, named) + [line + after for line in lab.by_hand()]


def again_lines(lab: Lab, again: str) -> list[str]:
    """The lines that a check gives: behind the one that starts the server,
    unless they say themselves where programs start. {server} and {client} are
    the commands, {this} is the last one started, with all its options."""
    again = as_in_step(again, lab.step)
    if again.startswith("python3 -m pytest "):
        return again.splitlines()  # it starts servers itself
    if not any(word in again for word in ("{server}", "{client}", "{this}")):
        return start_lines(lab, named=again) + again.splitlines()
    again = again.replace("{this}", "".join(lab.by_hand()[:1]))
    typed = {"--root": "site", "--cert": "cert.pem", "--key": "key.pem"}
    options = [f" {name} {typed[name]}" for name in lab.site.options if name in typed]
    again = again.replace("{server}", lab.command + "".join(options))
    return site_needs(lab, again) + again.replace("{client}", lab.client).splitlines()


def as_in_step(again: str, step: int) -> str:
    """The same lines for a later step: its page has another name, and over
    TLS its clients are others."""
    if step >= 6:
        again = re.sub(r"(?<=[ 0])/hello(?=[ '\n]|$)", "/hello.txt", again)
    if step >= 7 and "8080" in again:
        talks = r"\|\s(timeout \S+ )?nc (-\w+ (\d+ )?)*127\.0\.0\.1 8080"
        client = "openssl s_client -quiet -connect 127.0.0.1:8443"
        again = re.sub(talks, rf"| \1{client}", again)
        again = again.replace("curl -", "curl -k -").replace("http://", "https://")
        again = again.replace("8080", "8443")
    return again


def site_needs(lab: Lab, named: str = "") -> list[str]:
    """Makes the files that the server's options name; of the site only those
    that are named, if any are."""
    found = []
    if lab.site.root:
        found += site_lines(lab.site.root, named)
    if lab.site.tls:
        found.append(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
            " -subj /CN=localhost -keyout key.pem -out cert.pem"
        )
    return found


def talk_line(wire: Wire, tls: bool, step: int) -> str:
    """A shell line that sends the same bytes with the same pauses. An echo
    server goes on until the client has said its last byte: nc -N. Where
    connections are kept, nobody else ends them: timeout."""
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
    waits = step >= KEPT and not wire.half_closed
    patience = f"timeout {steps.count('sleep 1') + 2} " if waits else ""
    if tls:
        client = f"{patience}openssl s_client -quiet -connect {host}:8443"
    else:
        end = "-N " if wire.half_closed or step == 1 else ""
        client = f"{patience}nc {end}{host} {'8443' if step >= 7 else '8080'}"
    return f"{sender} | {client}" if steps else f"{client} </dev/null"


def shell_bytes(data: bytes) -> str:
    """A command that prints these bytes (or as many, where they are many)."""
    if len(data) <= LONG:
        return together(spelled(data))
    parts = []
    at = 0
    for match in list(HEAD.finditer(data)) + [None]:
        parts += spelled(data[at : match.start() if match else len(data)])
        if match:
            parts.append("printf " + quote(match[0]))
            at = match.end()
    command = together(looped(parts))
    return command if len(command) <= WHOLE else together(spelled(data))


def spelled(data: bytes) -> list[str]:
    """Commands that print these bytes, runs of one byte by their length."""
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
    return parts


def looped(commands: list[str]) -> list[str]:
    """The same commands, those that come again and again as a loop."""
    found: list[str] = []
    at = 0
    while at < len(commands):
        size, times = 1, 1
        for size in (1, 2, 3, 4):
            unit = commands[at : at + size]
            times = 1
            while commands[at + times * size : at + (times + 1) * size] == unit:
                times += 1
            if times > 1:
                break
        if times > 1:
            found.append(f"for i in $(seq {times}); do {'; '.join(unit)}; done")
        else:
            found.append(commands[at])
        at += times * size if times > 1 else 1
    return found


def together(commands: list[str]) -> str:
    if len(commands) == 1 and "|" not in commands[0]:
        return commands[0]
    return "{ " + "; ".join(commands) + "; }" if commands else "true"


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
