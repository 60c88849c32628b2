"""Step 02: the access log."""

from __future__ import annotations

import re
import socket
from datetime import datetime, timedelta, timezone
from pathlib import Path

from grader.check import check
from grader.expect import Failure, equal, expect, shown
from grader.http import request
from grader.lab import Lab, Server
from grader.wire import Wire

LINE = re.compile(
    r"(\S+) - - \[(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "
    r'"((?:[^"\\]|\\x[0-9A-Fa-f]{2})*)" (\d{3}) (\d+|-)'
)


ELSEWHERE = "curl -sS -m 3 --interface 127.0.0.2 http://127.0.0.1:8080/hello"
FORGED = """printf 'GET /a"b HTTP/1.0\\r\\n\\r\\n' | nc 127.0.0.1 8080
printf 'GET /a\\033[31mb HTTP/1.0\\r\\n\\r\\n' | nc 127.0.0.1 8080"""


def read_line(line: str) -> "re.Match[str]":
    match = LINE.fullmatch(line)
    if not match:
        form = '127.0.0.1 - - [21/Nov/2026:09:03:21 +0000] "GET / HTTP/1.1" 200 312'
        raise Failure(f"an access line such as {form}", line)
    return match


def lines(server: Server, count: int) -> "list[re.Match[str]]":
    """So many access lines; fewer are a failure."""
    found = [line for line in server.access_lines(count) if '"' in line]
    equal(len(found), count, "the number of access lines on stderr")
    return [read_line(line) for line in found]


def zone() -> str:
    """Local time is five and a half hours ahead; not all know POSIX's form."""
    name = "Asia/Kolkata"
    return name if Path("/usr/share/zoneinfo", name).exists() else "IST-5:30"


def from_elsewhere(server: Server, address: str) -> bool:
    """GET with another address of this machine, if it has it."""
    door = (server.host, server.port)
    try:
        made = socket.create_connection(door, server.lab.patience, (address, 0))
    except OSError:
        return False
    wire = Wire(door, accepted=made, tls=server.site.tls, patience=server.lab.patience)
    server.lab.wires.append(wire)
    server.ask(request("GET", server.page, host=server.authority), wire=wire)
    wire.close()
    return True


@check("the contract: Common Log Format, local time with its offset")
def test_access_line(lab: Lab) -> None:
    """Every tool that reads web logs knows this line: client, time, request,
    status, size.

    1. Which of its parts do you know when the answer is sent?
    2. localtime_r() and strftime() with "%d/%b/%Y:%H:%M:%S %z" for the time.
    3. "%s - - [%s] \\"%.*s\\" %d %zu\\n" on stderr, in one write().
    """
    lab.command = f"env TZ={zone()} {lab.command}"
    server = lab.start()
    before = datetime.now(timezone.utc) - timedelta(seconds=2)
    body = server.get().body
    server.get("/nowhere?x=1")
    first, second = lines(server, 2)
    client, when, asked, status, size = first.groups()
    equal(client, "127.0.0.1", "the client's address in the line")
    equal(asked, f"GET {server.page} HTTP/1.1", "the request line in the line")
    equal((status, size), ("200", str(len(body))), "status and size in the line")
    date = datetime.strptime(when, "%d/%b/%Y:%H:%M:%S %z")
    after = datetime.now(timezone.utc) + timedelta(seconds=1)
    expect(before <= date <= after, "the time now, with its offset", when)
    expect(when.endswith("+0530"), f"local time, where TZ={zone()}: +0530", when)
    equal(second[4], "404", "the status of what is not there")
    equal(second[3], "GET /nowhere?x=1 HTTP/1.1", "the second request line")
    page, version = server.page, "HTTP/1.1\r\n"
    for number, data in enumerate(
        (
            f"PUT {page} {version}Host: a\r\nContent-Length: 0\r\n\r\n",
            f"GET {page} {version}\r\n",  # without Host
            f"GET {page}?{'x' * 2000} {version}Host: a\r\n\r\n",
        )
    ):
        response = server.ask(data.encode())
        match = lines(server, number + 3)[-1]
        equal(match[4], str(response.status), "the status in the line, as answered")
        if response.status == 200:
            line = data.partition("\r\n")[0]
            equal(match[3][:99], line[:99], "the start of the request line")
    if from_elsewhere(server, "127.0.0.2"):
        with shown(ELSEWHERE if not server.site.tls else ""):
            client = lines(server, 6)[-1][1]
            equal(client, "127.0.0.2", "the client's address in the line")


@check("the contract: - where no body was sent, - for an unreadable line")
def test_access_line_dash(server: Server) -> None:
    """Where there is nothing to tell, the line has a hyphen.

    1. How many bytes of body does HEAD bring?
    2. What came instead of a request line may be anything: it is not shown.
    3. "-" for the size after HEAD; "-" in quotes for the line after a 400
       that the request line itself has caused.
    """
    server.ask(request("HEAD", server.page, host=server.authority))
    wire = server.connect()
    wire.send(b"GET  two spaces\r\n\r\n")
    wire.half_close()
    wire.rest()
    first, second = lines(server, 2)
    equal((first[4], first[5]), ("200", "-"), "status and size after HEAD")
    equal(first[3], f"HEAD {server.page} HTTP/1.1", "the request line")
    equal((second[3], second[4]), ("-", "400"), "line and status, unreadable")


@check("the contract: quotes, backslashes and controls as \\xNN")
def test_access_line_escapes(lab: Lab, server: Server) -> None:
    """A client chooses the request line. It must not be able to end the
    quotes and forge a line of its own in your log.

    1. What does your log show for the path /a"b\\c?
    2. Quote, backslash and whatever is not visible get another form.
    3. \\x22 for the quote, \\x5c for the backslash, for each byte in turn.
    """
    word = f"w{lab.random.randrange(10**6)}"
    sent = [f'/{word}"b', f"/{word}\\x22", f'/{word}" 200 5', f"/{word}\x1b[2J"]
    for target in sent:
        wire = server.connect()
        wire.send(request("GET", target, host=server.authority))
        wire.rest() if lab.step <= 4 else wire.take_until(b"\r\n\r\n")
        wire.close()
    with shown(FORGED if not server.site.tls else ""):
        found = lines(server, len(sent))
        for target, match in zip(sent, found):
            line = re.sub(r"\\x(\w\w)", lambda m: chr(int(m[1], 16)), match[3])
            whole = (f"GET {target} HTTP/1.1", "-")
            expect(line in whole, f"the request line of {target!r}, or -", match[3])


@check("the contract: --quiet, no access lines")
def test_quiet(lab: Lab) -> None:
    """Where speed is measured, or another log is kept, the lines disturb.

    1. An option without a value: it only says yes.
    2. It is about access lines; a failure of the system is still told.
    3. Look at it where the line is written.
    """
    server = lab.start("--quiet")
    server.get()
    server.get("/nowhere")
    server.stop()
    err = server.err.finish(lab.patience)
    expect(b'"' not in err, "no access line on stderr", err)
    out = server.out.finish(lab.patience)
    expect(out.count(b"\n") == 1, "on stdout the listening line alone", out)
