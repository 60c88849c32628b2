"""The load client: right answers are counted, wrong ones are told apart."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

import pytest

import load
from grader.site import make_certificate

TOOL = Path(load.__file__)
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
LAST = GOOD.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
Answer = Callable[[int, bytes], Optional[bytes]]  # None: a reset


class Peer:
    """A server in threads that answers the n-th request with answer(n, head)
    and closes where that head or that answer says so."""

    def __init__(self, answer: Answer, tls: Optional[ssl.SSLContext] = None) -> None:
        self.answer, self.tls = answer, tls
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.asked = self.accepted = self.open = self.most_open = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.accepted += 1
                self.open += 1
                self.most_open = max(self.most_open, self.open)
            threading.Thread(target=self.serve, args=(plain,), daemon=True).start()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), on Linux
        self.listener.close()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def serve(self, plain: socket.socket) -> None:
        plain.settimeout(20)
        client = plain
        try:
            if self.tls:
                client = self.tls.wrap_socket(plain, server_side=True)
            self.talk(client)
            if self.tls:
                client = client.unwrap()  # type: ignore[attr-defined]
        except OSError:
            pass  # the client has gone, as some of the tests want
        finally:
            with self.lock:
                self.open -= 1
            client.close()

    def talk(self, client: socket.socket) -> None:
        came = b""
        while True:
            while b"\r\n\r\n" not in came:
                data = client.recv(1 << 16)
                if not data:
                    return
                came += data
            head, _, came = came.partition(b"\r\n\r\n")
            with self.lock:
                self.asked += 1
                number = self.asked
            answer = self.answer(number, head)
            if answer is None:
                linger = b"\1\0\0\0\0\0\0\0"
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return
            client.sendall(answer)
            if b"Connection: close" in head + answer:
                return


@dataclass
class Run:
    status: int
    out: str
    err: str

    @property
    def all(self) -> dict[str, str]:
        """The last line of the table, by column."""
        head, *rest = self.out.splitlines()
        line = next(line for line in rest if line.split()[0] == "all")
        return dict(zip(head.split(), line.split()))

    @property
    def kinds(self) -> dict[str, int]:
        """The failures: how many of each kind."""
        lines = [s for s in self.out.splitlines() if s.startswith("failed: ")]
        parts = [line.split(",")[0].split(maxsplit=2) for line in lines]
        return {part[2]: int(part[1]) for part in parts}


def run(url: str, *options: str) -> Run:
    done = subprocess.run(
        [sys.executable, str(TOOL), url, *options],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def ask(server: Peer, *options: str, scheme: str = "http") -> Run:
    return run(f"{scheme}://127.0.0.1:{server.port}/x?y", *options)


def few(clients: int, connections: int, requests: int = 1) -> list[str]:
    words = ["--clients", str(clients), "--connections", str(connections)]
    return [*words, "--requests-per-connection", str(requests)]


def test_five_clients_make_a_hundred_connections_each() -> None:
    with Peer(lambda number, head: GOOD) as server:
        result = ask(server)
    assert (result.status, result.err, result.kinds) == (0, "", {})
    assert len(result.out.splitlines()) == 1 + 5 + 1
    assert (server.accepted, server.asked) == (500, 500)
    assert result.all["connections"] == result.all["requests"] == "500"
    assert (result.all["failed"], result.all["bytes"]) == ("0", "2500")
    times = [float(result.all[name]) for name in ("min", "median", "p99", "max")]
    assert times == sorted(times) and times[0] > 0


def test_the_request_is_a_browser_s() -> None:
    heads: list[bytes] = []

    def answer(number: int, head: bytes) -> bytes:
        heads.append(head)
        return GOOD

    with Peer(answer) as server:
        result = ask(server, *few(1, 1, 2))
    first = f"GET /x?y HTTP/1.1\r\nHost: 127.0.0.1:{server.port}"
    assert heads == [first.encode(), first.encode() + b"\r\nConnection: close"]
    assert result.status == 0


class Batches(Peer):
    """Answers seven, seven and six requests, when all of these have come."""

    def talk(self, client: socket.socket) -> None:
        for size in (7, 7, 6):
            came = b""
            while came.count(b"\r\n\r\n") < size:
                came += client.recv(1 << 16)
            client.sendall(GOOD * size)
        client.recv(1)


def test_connections_are_kept_and_requests_pipelined() -> None:
    options = ["--keep-alive", "--pipeline", "7", "--timeout", "5"]
    with Batches(lambda number, head: GOOD) as server:
        result = ask(server, *few(2, 3, 20), *options)
    assert result.status == 0 and result.all["requests"] == "120"
    assert server.accepted == 6


def test_a_client_holds_several_connections_at_once() -> None:
    barrier = threading.Barrier(8)  # opens when eight requests wait

    def answer(number: int, head: bytes) -> bytes:
        barrier.wait(20)
        return GOOD

    with Peer(answer) as server:
        result = ask(server, *few(2, 4), "--at-once", "4")
    assert result.status == 0 and server.most_open == 8


def test_chunks_and_bodies_without_a_length_are_read() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    closed = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"
    answers = [GOOD, chunked + b"0\r\n\r\n", closed]
    with Peer(lambda number, head: answers[number - 1]) as server:
        result = ask(server, *few(1, 3))
    assert result.status == 0 and result.all["bytes"] == "15"


@pytest.mark.parametrize(
    "kind, wrong",
    [
        ("status", GOOD.replace(b"200 OK", b"503 Full")),
        ("length", GOOD.replace(b"5\r\n\r\nhello", b"4\r\n\r\nhell")),
        ("bytes", GOOD.replace(b"hello", b"hallo")),
        ("closed early", LAST[:-1]),
        ("closed early", b"HTTP/1.1 200 OK\r\nConnection: close\r\n"),
        ("surplus", LAST + b"!"),
        ("malformed", b"Connection: close\r\n\r\n"),
        ("malformed", LAST.replace(b"Content-Length:", b"Content-Length :")),
        ("malformed", LAST.replace(b"Length: 5", b"Length: x")),
        ("reset", None),
    ],
)
def test_a_wrong_answer_is_counted_by_its_kind(
    kind: str, wrong: Optional[bytes]
) -> None:
    with Peer(lambda number, head: wrong if number == 3 else GOOD) as server:
        result = ask(server, *few(1, 5))
    assert result.status == 1
    assert result.kinds == {kind: 1}
    assert (result.all["requests"], result.all["failed"]) == ("5", "1")
    assert "(client 1, connection 3, request 1)" in result.out


def test_a_byte_too_many_on_a_connection_that_is_kept() -> None:
    with Peer(lambda number, head: GOOD + b"!" * (number == 2)) as server:
        result = ask(server, *few(1, 1, 2), "--keep-alive")
    assert (result.status, result.kinds) == (1, {"surplus": 1})


def test_what_a_lost_connection_leaves_unsent_has_failed() -> None:
    with Peer(lambda number, head: None if number == 3 else GOOD) as server:
        result = ask(server, *few(1, 2, 5))
    assert result.kinds == {"reset": 1, "not sent": 2}
    assert result.all["requests"] == "10" and server.asked == 8


def test_an_expected_answer_and_status(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_bytes(b"hello")
    wrong.write_bytes(b"hella")
    missing = GOOD.replace(b"200 OK", b"404 Not Found")
    with Peer(lambda number, head: missing) as server:
        options = [*few(1, 2), "--status", "404", "--expect"]
        assert ask(server, *options, str(right)).status == 0
        result = ask(server, *options, str(wrong))
    assert result.status == 1 and result.kinds == {"bytes": 2}
    assert "byte 4 differs" in result.out


def test_a_server_that_stalls_is_waited_for_only_so_long() -> None:
    stalled = threading.Event()

    def answer(number: int, head: bytes) -> bytes:
        if number == 2:
            stalled.wait(20)
        return GOOD

    with Peer(answer) as server:
        result = ask(server, *few(1, 3), "--timeout", "2")
        stalled.set()
    assert result.kinds == {"timeout": 1} and result.all["requests"] == "3"


def test_a_server_that_does_not_close_when_asked_to() -> None:
    done = threading.Event()

    class Lazy(Peer):
        def talk(self, client: socket.socket) -> None:
            client.recv(1 << 16)
            client.sendall(GOOD)
            done.wait(20)

    with Lazy(lambda number, head: GOOD) as server:
        result = ask(server, *few(1, 1), "--timeout", "2")
        kept = ask(server, *few(1, 1), "--timeout", "2", "--keep-alive")
        done.set()
    assert (result.status, result.kinds) == (1, {"not closed": 1})
    assert (kept.status, kept.kinds) == (0, {})


def test_all_of_it_is_bounded() -> None:
    """A server that sends a byte in time, again and again, never ends."""
    done = threading.Event()

    class Endless(Peer):
        def talk(self, client: socket.socket) -> None:
            client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while not done.wait(0.05):
                client.sendall(b"1\r\nx\r\n")

    with Endless(lambda number, head: GOOD) as server:
        result = ask(server, *few(1, 2), "--limit", "1")
        done.set()
    assert result.status == 1 and result.kinds == {"out of time": 2}


def test_nobody_listens() -> None:
    with socket.socket() as bound:  # but it does not listen
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
        result = run(url, *few(1, 2))
    assert result.status == 1 and result.kinds == {"no connection": 2}
    assert result.all["connections"] == "0" and result.all["p99"] == "-"


def test_over_tls(tmp_path: Path) -> None:
    pair = make_certificate(tmp_path / "pair")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair / "cert.pem", pair / "key.pem")
    with Peer(lambda number, head: GOOD, context) as server:
        trusted = ["--cacert", str(pair / "cert.pem")]
        good = ask(server, *few(2, 3, 2), *trusted, scheme="https")
        stranger = ask(server, *few(1, 2), scheme="https")
    assert (good.status, good.kinds) == (0, {}) and good.all["requests"] == "12"
    assert stranger.status == 1 and stranger.kinds == {"no handshake": 2}
    assert "--cacert" in stranger.out and "--cacert" not in good.out


class Echo(Peer):
    """Sends back what comes, spoiled."""

    def __init__(self, spoil: Callable[[bytes], bytes] = bytes) -> None:
        self.spoil = spoil
        super().__init__(lambda number, head: None)

    def talk(self, client: socket.socket) -> None:
        while True:
            data = client.recv(1 << 16)
            if not data:
                return
            client.sendall(self.spoil(data))


@pytest.mark.parametrize(
    "spoil, kind",
    [
        (lambda data: data, ""),
        (lambda data: data[:-1] + b"?", "bytes"),
        (lambda data: data[:-1], "timeout"),
        (lambda data: data + b"?", "surplus"),
    ],
)
def test_an_echo_is_compared(spoil: Callable[[bytes], bytes], kind: str) -> None:
    with Echo(spoil) as server:
        options = [*few(2, 1), "--bytes", "300", "--timeout", "2"]
        result = ask(server, *options, scheme="tcp")
    assert result.kinds == ({kind: 2} if kind else {})
    assert result.status == (1 if kind else 0)


def test_a_large_echo_is_read_while_it_is_sent() -> None:
    size = str(16 << 20)
    with Echo() as server:
        result = ask(server, *few(1, 1), "--bytes", size, scheme="tcp")
    assert result.status == 0 and result.all["bytes"] == size


@pytest.mark.parametrize(
    "words, said",
    [
        (["http://192.0.2.1/"], "192.0.2.1 is not this machine"),
        (["http://[2001:db8::1]/"], "is not this machine"),
        (["ftp://127.0.0.1/"], "no http://, https:// or tcp:// URL"),
        (["http://127.0.0.1:99999/"], "ort"),
        (["http://127.0.0.1/", "--clients", "0"], "--clients must be more than 0"),
        (
            [
                "http://127.0.0.1/",
                "--clients",
                "9",
                "--at-once",
                "200",
                "--connections",
                "200",
            ],
            "at most 1000 connections",
        ),
        (["https://127.0.0.1/", "--cacert", "missing.pem"], "No such file"),
    ],
)
def test_a_command_line_that_makes_no_sense(words: list[str], said: str) -> None:
    result = run(*words)
    assert result.status == 2 and result.out == ""
    assert said in result.err and len(result.err.splitlines()) == 1


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(n) for n in range(1, 151)]
    assert load.rank(values, 0) == 1 and load.rank(values, 1) == 150
    assert load.rank(values, 0.5) == 75 and load.rank(values, 0.99) == 149
    assert load.rank([7.0], 0.99) == 7
