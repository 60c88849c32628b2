"""A second server that keeps the contract, in another language.

It shows that the grader judges the contract and not one program:

    python3 tests/peers/peer.py --step 02 --port 8080

It is written to be read, with the standard library alone. Each step builds on
those before it:

    blocking.py    01, 02: one client after another
    forking.py     03: a process for each client
    loop.py        04: one process, many clients
    one_request.py 04: a request and its answer, as a protocol
    kept.py        05: a connection outlives a request
    bodies.py      05: where a body ends
    site_files.py  06: names become files; with dates.py and media_types.py
    secure.py      07: TLS below the same HTTP; with client_hello.py

http_rules.py is HTTP itself, pages.py has the two pages of 02 to 05, and
answers.py tells how an answer goes to its client. Here is what comes before
the first client: the command line and the listening socket.
"""

from __future__ import annotations

import re
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Iterator, NoReturn, Optional, Protocol

from answers import AccessLog
from blocking import Clock, OneByOne, echo, serve_request
from pages import Find, find_page

if TYPE_CHECKING:
    from loop import Stream
    from site_files import Site


@dataclass
class Options:
    """What the command line says."""

    step: int
    host: str = "127.0.0.1"
    port: int = 8080
    show: bool = False
    quiet: bool = False
    timeout: float = 10.0
    max_children: int = 64
    root: str = "."
    cert: str = ""
    key: str = ""
    hsts: Optional[int] = None


@dataclass(frozen=True)
class Option:
    """An option: the steps that have it, and how its value is read. Without
    `read` it has no value."""

    steps: range
    read: Optional[Callable[[str], object]] = None
    wants: str = ""


def whole(least: int, most: int) -> Callable[[str], int]:
    """Reads digits and nothing else."""

    def read(text: str) -> int:
        if not re.fullmatch("[0-9]+", text) or not least <= int(text) <= most:
            raise ValueError(text)
        return int(text)

    return read


def seconds(text: str) -> float:
    """Reads a number of seconds, more than none."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) or not 0 < float(text) < 1e9:
        raise ValueError(text)
    return float(text)


OPTIONS = {
    "--help": Option(range(1, 8)),
    "--host": Option(range(1, 8), str, "a name or an address"),
    "--port": Option(range(1, 8), whole(0, 65535), "a number from 0 to 65535"),
    "--show": Option(range(1, 2)),
    "--quiet": Option(range(2, 8)),
    "--timeout": Option(range(3, 8), seconds, "a number of seconds above 0"),
    "--max-children": Option(range(3, 4), whole(1, 100_000), "a number above 0"),
    "--root": Option(range(6, 8), str, "a directory"),
    "--cert": Option(range(7, 8), str, "a file"),
    "--key": Option(range(7, 8), str, "a file"),
    "--hsts": Option(range(7, 8), whole(0, 1 << 31), "a number of seconds"),
}


def fail(message: str, status: int) -> NoReturn:
    """One clear line. 2: the command line is wrong; 1: the system refuses."""
    sys.stderr.write(f"peer: {message}\n")
    sys.exit(status)


def parse_options(words: list[str]) -> Options:
    """Reads the options of a step; anything else ends the program."""
    if words[:1] != ["--step"] or not re.fullmatch("0?[1-7]", "".join(words[1:2])):
        fail("the first option is --step NN, from 01 to 07", 2)
    options = Options(step=int(words[1]))
    options.port = 8443 if options.step == 7 else 8080
    there = {name: o for name, o in OPTIONS.items() if options.step in o.steps}
    rest = iter(words[2:])
    for word in rest:
        if word == "--help":
            print(f"usage: peer.py --step {options.step:02}", *there)
            sys.exit(0)
        if word not in there:
            fail(f"unknown option: {word}", 2)
        set_option(options, word, there[word], rest)
    return options


def set_option(
    options: Options, word: str, option: Option, rest: Iterator[str]
) -> None:
    value: object = True
    if option.read:
        text = next(rest, None)
        if text is None:
            fail(f"{word} wants {option.wants}", 2)
        try:
            value = option.read(text)
        except ValueError:
            fail(f"{word} wants {option.wants}, not {text!r}", 2)
    setattr(options, word[2:].replace("-", "_"), value)


def listen(options: Options) -> socket.socket:
    """A listening socket; a failure of the system ends the program."""
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
        fail(f"{options.host} port {options.port}: {reason}", 1)
    return listener


def say_listening(scheme: str, listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    host = f"[{host}]" if ":" in host else host
    print(f"listening on {scheme}://{host}:{port}/", flush=True)


class Server(Protocol):
    """What each step makes: signals are in its hands from then on."""

    def run(self, listener: socket.socket) -> None:
        ...


def server_for(options: Options) -> Server:
    """The server of a step, which loads no later step's file."""
    log = AccessLog(options.quiet)
    if options.step == 1:
        return OneByOne(lambda client, _: echo(client, options.show))
    if options.step == 2:
        return OneByOne(lambda client, who: serve_request(client, who, log, Clock()))
    if options.step == 3:
        from forking import Parent

        return Parent(options.timeout, options.max_children, log)
    from loop import Loop, Stream

    if options.step == 4:
        from one_request import OneRequest

        return Loop(options.timeout, lambda who: OneRequest(who, log), Stream)
    from kept import Kept

    find: Find = find_page if options.step == 5 else site_below(options.root).find
    stream: Callable[[socket.socket], Stream] = Stream
    if options.step == 7:
        stream = secured(options.cert, options.key)
    fields = []
    if options.hsts is not None:
        fields = [f"Strict-Transport-Security: max-age={options.hsts}"]
    return Loop(options.timeout, lambda who: Kept(who, log, find, fields), stream)


def site_below(root: str) -> Site:
    from site_files import Site

    try:
        return Site(root)
    except (OSError, ValueError) as error:
        fail(f"--root {root}: {getattr(error, 'strerror', error)}", 2)


def secured(cert: str, key: str) -> Callable[[socket.socket], Stream]:
    from secure import SecureStream, Unusable, context_for

    if not cert or not key:
        fail("--cert and --key are both needed", 2)
    try:
        context = context_for(cert, key)
    except Unusable as unusable:
        fail(str(unusable), 2)
    return lambda client: SecureStream(client, context)


def main() -> None:
    options = parse_options(sys.argv[1:])
    server = server_for(options)
    listener = listen(options)
    say_listening({1: "tcp", 7: "https"}.get(options.step, "http"), listener)
    server.run(listener)


if __name__ == "__main__":
    main()
