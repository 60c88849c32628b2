"""A swarm of hostile clients of one kind, in a process of its own.

    python3 -m attack.swarm '{"kind": "half-open", "count": 1000, ...}'

It says `ready` when all of them are at it (or have tried for long enough), and
goes on until its standard input ends. Then it leaves, says `gone`, and how many
connections there were. One thread, one poll(): a thousand clients cost no more
than the server that they attack.
"""

from __future__ import annotations

import json
import os
import random
import resource
import select
import socket
import ssl
import struct
import sys
import time
from typing import Any, Optional

from .kinds import KINDS, LARGE_SIZE, Kind, words

TRIES = 2.5  # seconds after which the swarm says that it is ready anyway
TICK = 0.05  # seconds
SMALL = 4096  # bytes of a slow reader's receive buffer
CHUNK = 1 << 18
LINGER = struct.pack("ii", 1, 0)  # close() resets
STALLS = 6  # places to stand still in: see Client.shake()
BOTH = (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2)


def context(certificate: str, version: ssl.TLSVersion) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(certificate)
    made.minimum_version = made.maximum_version = version
    return made


class Client:
    """One connection of the swarm, and what has become of it."""

    def __init__(self, swarm: "Swarm", number: int) -> None:
        self.swarm, self.number, self.kind = swarm, number, swarm.kind
        self.raw = b""  # for the kernel
        self.left = memoryview(
            words(self.kind.says, swarm.step, swarm.page, swarm.chance)
        )
        self.due = 0.0  # when it says, or takes, its next byte
        self.taken = 0
        self.opened = self.over = False
        self.flights = 0
        self.head = b""  # of a download, so far
        self.shaking = bool(swarm.contexts)
        self.tls: Optional[ssl.SSLObject] = None
        self.socket = socket.socket(swarm.family, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        if self.kind.takes >= 0:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        if swarm.contexts:
            self.inn, self.out = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = swarm.contexts[number // STALLS % 2].wrap_bio(
                self.inn, self.out, server_hostname="localhost"
            )
        self.connecting = self.socket.connect_ex(swarm.address) != 0
        if not self.connecting:
            self.connected()

    def connected(self) -> None:
        self.connecting = False
        if self.tls:
            self.shake()

    def shake(self) -> None:
        """Goes on with the handshake. A client that stalls has a place of its
        own: before the hello, within it, behind it, within the last flight,
        behind that, or within its first record of data."""
        assert self.tls
        place = self.number % STALLS if self.kind.stalls else STALLS
        try:
            self.tls.do_handshake()
            self.shaking = False
        except ssl.SSLWantReadError:
            pass
        flight = self.out.read()
        if flight:
            self.flights += 1
            half = len(flight) // 2
            cuts = {(0, 1): 0, (1, 1): half, (2, 2): 0, (3, 2): half}
            self.raw += flight[: cuts.get((place, self.flights), len(flight))]
        if not self.shaking and self.kind.stalls:
            self.tls.write(bytes(self.left))
            sealed = self.out.read()
            self.raw += sealed[: len(sealed) // 2] if place == 5 else b""
        if self.kind.stalls:
            self.left = memoryview(b"")
            self.opened = self.opened or self.flights > 0

    def mask(self) -> int:
        """What it waits for in poll()."""
        wants = bool(self.raw or self.left) and not self.kind.drip
        reads = self.shaking or self.kind.takes < 0
        return (select.POLLOUT if self.connecting or self.raw or wants else 0) | (
            select.POLLIN if reads and not self.connecting else 0
        )

    def go_on(self, now: float) -> None:
        """Says and takes what its kind does."""
        if self.connecting:
            error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise OSError(error, os.strerror(error))
            self.connected()
        if self.shaking or self.kind.takes < 0:
            self.take(CHUNK)
        elif self.kind.takes > 0 and now >= self.due:
            self.due = now + 1.0 / self.kind.takes
            self.take(1)
        self.say(now)
        if not self.raw and not self.left and not self.connecting:
            if not self.opened:
                self.opened = True
                if self.kind.leaves == "half-close":
                    self.socket.shutdown(socket.SHUT_WR)
                elif self.kind.leaves == "reset":
                    self.over = True
        elif not self.shaking and (self.kind.drip or self.kind.takes == 0):
            self.opened = True

    def say(self, now: float) -> None:
        if not self.raw and self.left and not self.shaking:
            some = 1 if self.kind.drip else CHUNK
            if self.kind.drip and now < self.due:
                return
            self.due = now + self.kind.drip if self.kind.drip else self.due
            some = min(some, 1 << 14) if self.tls else some
            part, self.left = bytes(self.left[:some]), self.left[some:]
            if self.tls:
                self.tls.write(part)
                part = self.out.read()
            self.raw = part
        if self.raw:
            try:
                self.raw = self.raw[self.socket.send(self.raw) :]
            except BlockingIOError:
                pass

    def take(self, count: int) -> None:
        try:
            data = self.socket.recv(count)
        except BlockingIOError:
            return
        if not data:
            self.over = True
        if self.tls and data:
            self.inn.write(data)
            if self.shaking:
                self.shake()
            else:
                self.unseal()
        elif self.kind.downloads:
            self.arrived(data)

    def unseal(self) -> None:
        assert self.tls
        try:
            while True:
                data = self.tls.read(1 << 14)
                if not data:
                    self.over = True
                    return
                if self.kind.downloads:
                    self.arrived(data)
        except ssl.SSLWantReadError:
            pass
        self.raw += self.out.read()

    def arrived(self, data: bytes) -> None:
        """Compares a download with the file, head aside: byte by byte."""
        if not self.head.endswith(b"\r\n\r\n"):
            head, mark, data = (self.head + data).partition(b"\r\n\r\n")
            self.head = head + mark
            if mark and not head.startswith(b"HTTP/1.1 200 "):
                self.swarm.wrong += 1
                self.over = True
        part = self.swarm.file[self.taken : self.taken + len(data)]
        self.swarm.wrong += part != data
        self.taken += len(data)
        if self.taken >= LARGE_SIZE:
            self.swarm.whole += 1
            self.over = True

    def leave(self) -> None:
        if self.kind.leaves == "reset":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
        self.socket.close()


class Swarm:
    """As many clients as there are to be, each replaced when it has ended."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.kind: Kind = KINDS[plan["kind"]]
        self.step, self.page, self.again = plan["step"], plan["page"], plan["again"]
        self.address = (plan["host"], plan["port"])
        self.family = socket.AF_INET6 if ":" in plan["host"] else socket.AF_INET
        self.chance = random.Random(plan["seed"])
        self.contexts: list[ssl.SSLContext] = []  # taken in turn
        if plan["tls"] and not self.kind.plain:
            self.contexts = [context(plan["tls"], version) for version in BOTH]
        self.file = open(plan["file"], "rb").read() if plan.get("file") else b""
        self.seen = self.wrong = self.whole = 0
        self.clients: list[Optional[Client]] = [None] * plan["count"]
        self.poll = select.poll()
        self.by_fd: dict[int, Client] = {}
        self.masks: dict[int, int] = {}

    def enter(self, number: int) -> None:
        try:
            client = Client(self, number)
        except OSError:
            return  # no descriptor or port, for a moment
        self.seen += 1
        self.clients[number] = client
        self.by_fd[client.socket.fileno()] = client
        self.watch(client)

    def watch(self, client: Client) -> None:
        fd, mask = client.socket.fileno(), client.mask()
        if self.masks.get(fd) != mask:
            self.poll.register(fd, mask)
            self.masks[fd] = mask

    def drop(self, client: Client) -> None:
        fd = client.socket.fileno()
        self.poll.unregister(fd)
        del self.by_fd[fd], self.masks[fd]
        client.leave()
        self.clients[client.number] = None

    def turn(self, client: Client, now: float, ended: bool) -> None:
        try:
            client.go_on(now)
        except (OSError, ssl.SSLError):
            client.over = True
        if client.over or ended:
            self.drop(client)
        else:
            self.watch(client)

    def run(self) -> None:
        timed = self.kind.drip or self.kind.takes > 0
        self.poll.register(sys.stdin.fileno(), select.POLLIN)
        began = time.monotonic()
        ready = looked = False
        opened: set[int] = set()
        while True:
            if self.again or not looked:
                for number, client in enumerate(self.clients):
                    if client is None:
                        self.enter(number)
            looked = True
            events = self.poll.poll(TICK * 1000)
            now = time.monotonic()
            for fd, event in events:
                if fd == sys.stdin.fileno():
                    return self.end(now - began)
                client = self.by_fd[fd]
                gone = event & (select.POLLHUP | select.POLLERR)
                self.turn(client, now, bool(gone and not event & select.POLLIN))
                if client.opened:
                    opened.add(client.number)
            for client in list(self.by_fd.values()) if timed else ():
                self.turn(client, now, False)
                if client.opened:
                    opened.add(client.number)
            if not ready and (len(opened) == len(self.clients) or now - began > TRIES):
                ready = True
                self.tell("ready", {"opened": len(opened)})

    def end(self, seconds: float) -> None:
        for client in list(self.by_fd.values()):
            self.drop(client)
        told = {"seen": self.seen, "wrong": self.wrong, "whole": self.whole}
        self.tell("gone", {**told, "seconds": seconds})

    def tell(self, word: str, more: dict[str, Any]) -> None:
        print(word, json.dumps(more), flush=True)


def main() -> None:
    plan = json.loads(sys.argv[1])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = plan["count"] + 100
    if hard == resource.RLIM_INFINITY or hard >= wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    Swarm(plan).run()


if __name__ == "__main__":
    main()
