#!/usr/bin/env python3
"""Puts a server on this machine under load and checks every answer.

    load.py http://127.0.0.1:8080/hello
    load.py https://localhost:8443/ --cacert build/certificate/cert.pem
    load.py tcp://127.0.0.1:8080 --bytes 100000

Several clients work at the same time. Each opens its connections one after
the other, sends its requests, and reads every answer strictly: its syntax, its
status, its length, its bytes (those of the first answer, or of a file). So you
learn whether a server holds. How fast it could be at best, a client in Python
cannot tell.

The latency of a connection's first request includes the connecting, over https
the handshake too. Pipelined requests count from when their batch was begun.

The exit status is 0 when every answer was right, 1 when one was not, and 2 when
the command line makes no sense.
"""

from __future__ import annotations

import argparse
import ipaddress
import math
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional
from urllib.parse import urlsplit

from grader import http
from grader.expect import Failure, differ_at
from grader.wire import Wire

PORTS = {"http": 80, "https": 443, "tcp": 7}  # 7: the echo service of old
MOST_THREADS = 1000
COLUMNS = "client connections requests failed bytes seconds req/s min median p99 max"
WHY_LOOPBACK = """Only servers on this machine are taken: load on somebody else's
is an attack, and over a network it would measure the network."""


@dataclass
class Plan:
    """What every client does."""

    scheme: str
    name: str  # of the server, as in the URL
    address: tuple[str, int]
    target: str
    clients: int
    connections: int  # of each client
    at_once: int
    requests: int  # of each connection
    pipeline: int
    keep: bool
    timeout: float
    limit: float
    status: int
    payload: bytes  # of tcp://
    tls: Optional[ssl.SSLContext]

    def request(self, last: bool) -> bytes:
        if self.scheme == "tcp":
            return self.payload
        name = f"[{self.name}]" if ":" in self.name else self.name
        closing = ["Connection: close"] if last and not self.keep else []
        host = f"{name}:{self.address[1]}"
        return http.request("GET", self.target, *closing, host=host)


Verdict = Optional[tuple[str, str]]  # None: right; else its kind, and the detail


class Reference:
    """The bytes that every answer must have: the first one's, unless given."""

    def __init__(self, expected: Optional[bytes]) -> None:
        self.expected = expected
        self.lock = threading.Lock()

    def compare(self, body: bytes) -> Verdict:
        with self.lock:
            if self.expected is None:
                self.expected = body
        wanted = len(self.expected)
        if len(body) != wanted:
            return "length", f"{len(body)} bytes instead of {wanted}"
        if body != self.expected:
            return "bytes", f"byte {differ_at(body, self.expected)} differs"
        return None


@dataclass
class Tally:
    """What a connection, a client, or all of them saw."""

    connections: int = 0
    right: int = 0
    size: int = 0  # bytes of bodies
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        return sum(self.failures.values())

    def fail(self, kind: str, example: str, count: int = 1) -> None:
        self.failures[kind] += count
        self.examples.setdefault(kind, example)

    def add(self, other: Tally) -> None:
        self.connections += other.connections
        self.right += other.right
        self.size += other.size
        self.seconds = max(self.seconds, other.seconds)
        self.latencies += other.latencies
        self.failures.update(other.failures)
        self.examples = {**other.examples, **self.examples}


def kind_of(failure: Failure, wire: Optional[Wire], waited: bool) -> str:
    """One word or two for a failure that ends a connection."""
    if not wire:
        connecting = failure.expected.startswith("a connection")
        return "no connection" if connecting else "no handshake"
    if waited:
        closing = failure.expected.startswith("the server closes")
        return "not closed" if closing else "timeout"
    if failure.expected.startswith("nothing after"):
        return "surplus"
    early = "not a byte" in failure.got or " and then: " in failure.got
    if early or failure.expected.startswith("an end in order"):
        how = str(wire.ended).partition(":")[0]  # of "TLS: why"
        return "closed early" if how == "end" else how
    return "malformed"


class Conversation:
    """One connection, from opening to end."""

    def __init__(self, plan: Plan, reference: Reference, place: str) -> None:
        self.plan = plan
        self.reference = reference
        self.place = place
        self.tally = Tally()
        self.verdicts: list[Verdict] = []

    def run(self) -> Tally:
        plan, wire = self.plan, None
        self.asked = time.monotonic()
        try:
            wire = Wire(
                plan.address, tls=plan.tls, patience=plan.timeout, name=plan.name
            )
            self.tally.connections = 1
            while len(self.verdicts) < plan.requests:
                self.ask(wire)
            self.end(wire)
        except OSError as error:  # no descriptors, no ports
            self.verdicts.append(("system", str(error)))
        except Failure as failure:
            waited = time.monotonic() - self.asked >= plan.timeout
            if len(self.verdicts) == plan.requests:
                self.verdicts.pop()  # it is the last answer that ended wrongly
            self.verdicts.append((kind_of(failure, wire, waited), str(failure)))
        finally:
            if wire:
                wire.close()
        for number, verdict in enumerate(self.verdicts, 1):
            where = f"({self.place}, request {number})"
            if verdict:
                self.tally.fail(verdict[0], f"{verdict[1]} {where}")
            self.tally.right += not verdict
        lost = plan.requests - len(self.verdicts)
        if lost:
            self.tally.fail("not sent", f"no connection left ({self.place})", lost)
        return self.tally

    def ask(self, wire: Wire) -> None:
        """Sends a batch of requests and judges the answers."""
        done = len(self.verdicts)
        until = min(done + self.plan.pipeline, self.plan.requests)
        numbers = range(done + 1, until + 1)
        began = self.asked
        wire.send(b"".join(self.plan.request(n == self.plan.requests) for n in numbers))
        for _ in numbers:
            self.asked = time.monotonic()
            self.verdicts.append(self.judge(*self.read(wire)))
            self.tally.latencies.append(time.monotonic() - began)
        self.asked = time.monotonic()

    def read(self, wire: Wire) -> tuple[int, bytes]:
        if self.plan.scheme == "tcp":
            wanted = len(self.plan.payload)
            body = wire.take(wanted)
            if len(body) < wanted:
                got = f"{len(body)} bytes and then: {http.ended(wire)}"
                raise Failure(f"{wanted} bytes", got)
            return self.plan.status, body
        response = http.read_response(wire)
        return response.status, response.body

    def judge(self, status: int, body: bytes) -> Verdict:
        self.tally.size += len(body)
        if status != self.plan.status:
            return "status", f"{status} instead of {self.plan.status}"
        return self.reference.compare(body)

    def end(self, wire: Wire) -> None:
        """After the last answer nothing may come but, where asked for, the end."""
        echo = self.plan.scheme == "tcp"
        if echo:
            wire.half_close()
        if echo or not self.plan.keep:
            http.nothing_more(wire)
        elif wire.inbox:
            raise Failure("nothing after the response", f"{len(wire.inbox)} bytes")


class Client:
    """Opens its connections, up to `at_once` of them side by side."""

    def __init__(self, number: int, plan: Plan, reference: Reference) -> None:
        self.number = number
        self.plan = plan
        self.reference = reference
        self.tally = Tally()
        self.begun = 0
        self.lock = threading.Lock()
        self.began = time.monotonic()
        self.threads = [
            threading.Thread(target=self.work, daemon=True)
            for _ in range(min(plan.at_once, plan.connections))
        ]

    def work(self) -> None:
        while True:
            with self.lock:
                if self.begun == self.plan.connections:
                    return
                self.begun += 1
                place = f"client {self.number}, connection {self.begun}"
            seen = Conversation(self.plan, self.reference, place).run()
            seen.seconds = time.monotonic() - self.began
            with self.lock:
                self.tally.add(seen)

    def result(self) -> Tally:
        """What is known now; the rest has failed."""
        with self.lock:
            self.begun = self.plan.connections  # no more are opened
            tally = Tally()
            tally.add(self.tally)
        lost = self.plan.connections * self.plan.requests - tally.right - tally.failed
        if lost:
            text = f"not done within {self.plan.limit:g} s (client {self.number})"
            tally.fail("out of time", text, lost)
        return tally


def run(plan: Plan, reference: Reference) -> list[Tally]:
    """All clients at the same time, bounded; what each saw."""
    clients = [Client(n + 1, plan, reference) for n in range(plan.clients)]
    threads = [thread for client in clients for thread in client.threads]
    over = time.monotonic() + plan.limit
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, over - time.monotonic()))
    return [client.result() for client in clients]


def rank(values: list[float], share: float) -> float:
    """The value that this share of the sorted values does not exceed."""
    return values[max(0, math.ceil(share * len(values)) - 1)]


def row(name: str, tally: Tally) -> list[str]:
    cells = [name, tally.connections, tally.right + tally.failed, tally.failed]
    rate = tally.right / tally.seconds if tally.seconds else 0
    cells += [tally.size, f"{tally.seconds:.2f}", f"{rate:.0f}"]
    for share in (0, 0.5, 0.99, 1):
        times = sorted(tally.latencies)
        cells.append(f"{1000 * rank(times, share):.2f}" if times else "-")
    return [str(cell) for cell in cells]


def table(tallies: list[Tally]) -> str:
    """A line for each client and one for all; latencies in milliseconds."""
    total = Tally()
    for tally in tallies:
        total.add(tally)
    rows = [COLUMNS.split()] + [row(str(n), t) for n, t in enumerate(tallies, 1)]
    rows.append(row("all", total))
    widths = [max(len(cells[at]) for cells in rows) for at in range(len(rows[0]))]
    lines = ["  ".join(c.rjust(w) for c, w in zip(cells, widths)) for cells in rows]
    lines[0] += "  (latency, ms)"
    for kind, count in total.failures.most_common():
        lines.append(f"failed: {count} {kind}, as: {total.examples[kind]}")
    if total.failures["no handshake"]:
        lines.append("Is the server's certificate trusted? See --cacert.")
    return "\n".join(lines)


def loopback(name: str, port: int) -> tuple[str, int]:
    """The address of a server on this machine; IPv4 where a name has both."""
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    hosts = sorted((str(entry[4][0]) for entry in found), key=lambda h: ":" in h)
    for host in hosts:
        if not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
            raise ValueError(f"{name} is not this machine. {WHY_LOOPBACK}")
    return hosts[0], port


def read_arguments() -> tuple[Plan, Reference]:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        description=f"{__doc__}\n{WHY_LOOPBACK}", formatter_class=form
    )
    add = parser.add_argument
    add("url", help="http://, https:// or tcp:// (an echo server)")
    add("--clients", type=int, default=5, metavar="N")
    add("--connections", type=int, default=100, metavar="N", help="of each client")
    add("--at-once", type=int, default=1, metavar="N", help="of these, side by side")
    add("--requests-per-connection", type=int, default=1, metavar="N")
    add("--pipeline", type=int, default=1, metavar="N", help="sent before reading")
    add("--keep-alive", action="store_true", help="the client ends each connection")
    add("--close", dest="keep_alive", action="store_false", help="the server, asked to")
    add("--timeout", type=float, default=10, metavar="S", help="for an answer's part")
    add("--limit", type=float, default=60, metavar="S", help="for all together")
    add("--status", type=int, default=200, metavar="N", help="that is right")
    add("--expect", type=Path, metavar="FILE", help="the bytes that are right")
    add(
        "--bytes", type=int, default=1000, metavar="N", help="of a message, tcp:// only"
    )
    add("--cacert", type=Path, metavar="FILE", help="trusted for https://")
    given = parser.parse_args()
    try:
        return make_plan(given)
    except (ValueError, OSError) as error:
        parser.exit(2, f"load.py: {' '.join(str(error).split())}\n")


def make_plan(given: argparse.Namespace) -> tuple[Plan, Reference]:
    url = urlsplit(given.url)
    if url.scheme not in PORTS or not url.hostname:
        raise ValueError(f"no http://, https:// or tcp:// URL: {given.url}")
    counts = "clients connections at_once requests_per_connection pipeline bytes"
    for name in [*counts.split(), "timeout", "limit"]:
        if not 0 < getattr(given, name) < 1e9:
            raise ValueError(f"--{name.replace('_', '-')} must be more than 0")
    if given.clients * min(given.at_once, given.connections) > MOST_THREADS:
        raise ValueError(f"at most {MOST_THREADS} connections at the same time")
    tls = None
    if url.scheme == "https":
        tls = ssl.create_default_context(cafile=given.cacert)
    pattern = bytes(range(256)) * (given.bytes // 256 + 1)
    plan = Plan(
        scheme=url.scheme,
        name=url.hostname,
        address=loopback(url.hostname, url.port or PORTS[url.scheme]),
        target=(url.path or "/") + (f"?{url.query}" if url.query else ""),
        clients=given.clients,
        connections=given.connections,
        at_once=given.at_once,
        requests=given.requests_per_connection,
        pipeline=given.pipeline,
        keep=given.keep_alive,
        timeout=given.timeout,
        limit=given.limit,
        status=given.status,
        payload=pattern[: given.bytes],
        tls=tls,
    )
    expected = given.expect.read_bytes() if given.expect else None
    return plan, Reference(plan.payload if url.scheme == "tcp" else expected)


def main() -> int:
    tallies = run(*read_arguments())
    print(table(tallies))
    return 1 if any(tally.failed for tally in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())
