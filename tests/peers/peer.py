"""A second server that keeps the contract, in another language.

It shows that the grader judges the contract and not one program:

    python3 tests/peers/peer.py --step 02 --port 8080

It is written to be read, with blocking sockets and the standard library.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from typing import NoReturn, Optional

import http_rules as rules

LINGER = 1.0  # seconds in which a client may still read its answer

HELLO = b"Hello from the server\n"
HOME = b"""<!DOCTYPE html>
<html lang="en">
<title>Hello</title>
<p>Hello from the server. There is a <a href="/hello">plain page</a> too.
</html>
"""


@dataclass
class Options:
    """What the command line says."""

    step: int
    host: str = "127.0.0.1"
    port: int = 8080
    show: bool = False
    quiet: bool = False


def usage(message: str) -> NoReturn:
    sys.stderr.write(f"peer: {message}\n")
    sys.exit(2)


def parse_options(words: list[str]) -> Options:
    """Reads the options of a step; anything else ends the program (2)."""
    if words[:1] != ["--step"] or not words[1:2]:
        usage("the first option is --step NN")
    options = Options(step=int(words[1]))
    valued, flags = {"--host", "--port"}, {"--help"}
    flags |= {"--show"} if options.step == 1 else {"--quiet"}
    rest = iter(words[2:])
    for word in rest:
        if word == "--help":
            print("usage: peer.py --step NN", *sorted(valued | flags))
            sys.exit(0)
        elif word in flags:
            setattr(options, word[2:], True)
        elif word in valued:
            value = next(rest, None)
            if value is None:
                usage(f"{word} wants a value")
            set_option(options, word[2:], value)
        else:
            usage(f"unknown option: {word}")
    return options


def set_option(options: Options, name: str, value: str) -> None:
    if name == "host":
        options.host = value
    elif name == "port":
        if not (value.isascii() and value.isdigit() and int(value) < 65536):
            usage(f"--port wants a number from 0 to 65535, not {value!r}")
        options.port = int(value)


def listen(options: Options) -> socket.socket:
    """A listening socket; a failure of the system ends the program (1)."""
    try:
        found = socket.getaddrinfo(
            options.host,
            options.port,
            type=socket.SOCK_STREAM,
            flags=socket.AI_PASSIVE,
        )
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except (OSError, UnicodeError) as error:  # a name may be no name at all
        reason = getattr(error, "strerror", None) or "not a host's name"
        sys.stderr.write(f"peer: {options.host} port {options.port}: {reason}\n")
        sys.exit(1)
    return listener


def say_listening(scheme: str, listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    host = f"[{host}]" if ":" in host else host
    print(f"listening on {scheme}://{host}:{port}/", flush=True)


# --- step 01: echo ------------------------------------------------------------


def echo(client: socket.socket, show: bool) -> None:
    """Sends back what comes, until the client has said its last byte."""
    while True:
        data = client.recv(1 << 16)
        if not data:
            return
        if show:
            sys.stdout.buffer.write(shown(data))
            sys.stdout.buffer.flush()
        client.sendall(data)


def shown(data: bytes) -> bytes:
    """Printable bytes and line ends as they are, others as \\xNN."""
    return b"".join(
        bytes([b]) if 32 <= b < 127 or b in b"\r\n" else b"\\x%02x" % b for b in data
    )


# --- step 02: one request a connection -----------------------------------------


def serve_request(client: socket.socket, address: str, quiet: bool) -> None:
    """Reads one head, answers it, closes."""
    request: Optional[rules.Request] = None
    try:
        head = read_head(client)
        if head is None:
            return
        request = rules.parse_head(head)
        answer = answer_page(request)
        line = request.line
    except rules.Refused as refused:
        answer, line = rules.error(refused.status), refused.line
    head_only = line.startswith("HEAD ")
    data = rules.render(answer, head_only=head_only, close=True)
    if not quiet:
        sent = 0 if head_only else len(answer.body)
        text = rules.access_line(address, line, answer.status, sent)
        os.write(2, text.encode("latin-1"))
    client.sendall(data)
    close_lingering(client)


def read_head(client: socket.socket) -> Optional[bytes]:
    """A head as it comes, in whatever pieces; None: the client left."""
    data = b""
    while True:
        more = client.recv(4096)
        if not more:
            return None
        data += more
        end = rules.head_end(data)
        if end:
            return data[:end]


def answer_page(request: rules.Request) -> rules.Answer:
    """The rest of the order of judging: method, expectation, path, method."""
    if request.method not in rules.METHODS:
        raise rules.Refused(501, request.line)
    if request.unknown_expectation:
        raise rules.Refused(417, request.line)
    if request.path not in ("/", "/hello"):
        raise rules.Refused(404, request.line)
    if request.method not in ("GET", "HEAD"):
        return rules.error(405, "Allow: GET, HEAD")
    if request.length > rules.BODY_MOST:
        raise rules.Refused(413, request.line)
    if request.path == "/":
        return rules.Answer(200, HOME, "text/html; charset=utf-8")
    return rules.Answer(200, HELLO)


def close_lingering(client: socket.socket) -> None:
    """Closes, yet lets the client read: bytes that it sent and nobody reads
    would make the system reset the connection and throw the answer away."""
    client.shutdown(socket.SHUT_WR)
    deadline = time.monotonic() + LINGER
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return
        client.settimeout(left)
        if not client.recv(1 << 16):
            return


# --- together -------------------------------------------------------------------


def serve_forever(listener: socket.socket, options: Options) -> NoReturn:
    """One client after another; what one does ends its connection only."""
    while True:
        client, address = listener.accept()
        with client:
            try:
                if options.step == 1:
                    echo(client, options.show)
                else:
                    serve_request(client, address[0], options.quiet)
            except OSError:
                pass  # it has reset the connection, or left, or waited too long


def main() -> None:
    options = parse_options(sys.argv[1:])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    listener = listen(options)
    say_listening("tcp" if options.step == 1 else "http", listener)
    serve_forever(listener, options)


if __name__ == "__main__":
    main()
