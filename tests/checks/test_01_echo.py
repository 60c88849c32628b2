"""Step 01: what you send comes back, byte for byte."""

from __future__ import annotations

import re
import socket

from grader import proc
from grader.check import check
from grader.expect import NotJudged, equal, expect, same_bytes, shown
from grader.http import ended, request
from grader.lab import Lab, Server
from grader.observe import observe

MIB = 1 << 20
NC = "nc -N 127.0.0.1 8080"
COMPARE = f"head -c %d /dev/urandom >sent; {NC} <sent | cmp - sent"
STILL = f"echo 'still there?' | {NC}"
TWENTY = f"for i in $(seq 20); do echo client $i | {NC}; done"
WAITING = """nc 127.0.0.1 8080 & sleep 1
for i in 1 2 3 4 5; do nc -zv -w 1 127.0.0.1 8080; done"""
RESET = f"""sleep 1; exec 3<>/dev/tcp/127.0.0.1/8080; echo hello >&3; sleep 1
exec 3>&-; {STILL}"""
VANISH = f"""nc 127.0.0.1 8080 & sleep 1
head -c 100000 /dev/zero >/dev/tcp/127.0.0.1/8080; kill $!; sleep 1; {STILL}"""
SHOW = f"{{this}} | cat &\nsleep 1; printf 'GET / HTTP/1.1\\r\\n\\r\\n' | {NC}"


def echoes(server: Server, data: bytes, again: str = "") -> None:
    """A new client sends this, half-closes, and gets it all back."""
    with shown(again):
        wire = server.connect()
        wire.send(data)
        wire.half_close()
        same_bytes(wire.rest(), data, "what comes back")
        equal(wire.ended, "end", "how the connection ends")
        wire.close()


@check("recv(2), send(2)")
def test_echo_one_byte(server: Server) -> None:
    """The smallest conversation: one byte there, the same byte back, while
    the connection stays open.

    1. accept() gives a second descriptor. Read from that one.
    2. read() returns how many bytes have come: send so many, no more.
    3. n = read(client, bytes, sizeof bytes); then write(client, bytes, n).
    """
    wire = server.connect()
    for byte in (b"x", b"\n", b"y"):
        wire.send(byte)
        equal(wire.take(1), byte, "the byte that comes back")


@check("send(2): the length is an argument")
def test_echo_every_byte(server: Server) -> None:
    """The net carries bytes, not strings: a NUL does not end them, and 0xFF
    is not the end of a file.

    1. Which bytes do not come back? Look at the first that differs.
    2. strlen(), printf("%s") and fgets() stop at a NUL or count wrong.
    3. Keep the bytes and their number together; char may be signed.
    """
    wire = server.connect()
    for data in (bytes(range(256)), b"\0\0\0", b"a\0b", b"\xff\xff", b"%s%n\r\n"):
        wire.send(data)
        same_bytes(wire.take(len(data)), data, "what comes back")


@check("tcp(7): a stream, not messages")
def test_echo_pieces(lab: Lab, server: Server) -> None:
    """TCP keeps the order of bytes, and forgets where a send() ended: one
    read() may return part of a message, or two at once.

    1. Does your program expect that one read() brings one line?
    2. Send back whatever has come, as soon as it has come.
    3. Loop: read(), send that many, until read() returns 0.
    """
    wire = server.connect()
    for _ in range(60):
        data = lab.random.randbytes(lab.random.choice((1, 2, 3, 17, 900, 5000)))
        with shown(COMPARE % 50000):
            wire.send(data)
            same_bytes(wire.take(len(data)), data, "what comes back")


@check("read(2): a buffer has an end")
def test_echo_mebibyte(lab: Lab, server: Server) -> None:
    """More than any buffer holds at once: it takes many rounds.

    1. How many bytes came back, and is that the size of your buffer?
    2. One read() and one write() are one round. Who starts the next?
    3. Loop until read() returns 0, and let write() finish what it left over.
    """
    data = lab.random.randbytes(MIB + lab.random.randrange(9999))
    echoes(server, data, COMPARE % len(data))


@check("send(2): it may take fewer bytes than given")
def test_echo_both_ways(lab: Lab, server: Server) -> None:
    """Sixteen mebibytes while the client sends and reads at once. Nothing may
    be lost where buffers fill up, and nothing may wait for its own end.

    1. Does your program read all before it sends? Memory has an end too.
    2. write() may return less than asked for; the rest is yours to send.
    3. A loop around write() that moves on by what it returned, inside the
       loop around read().
    """
    block = lab.random.randbytes(MIB)
    wire = server.connect(patience=60.0)
    with shown(COMPARE % (16 * MIB)):
        for _ in range(16):
            wire.send(block)  # takes in what comes meanwhile
        wire.half_close()
        got = wire.rest()
        equal(len(got), 16 * MIB, "the number of bytes that come back")
        for at in range(0, len(got), MIB):
            same_bytes(got[at : at + MIB], block, f"the mebibyte from byte {at} on")


@check("shutdown(2): SHUT_WR; read(2) returns 0")
def test_half_close(lab: Lab, server: Server) -> None:
    """A client that has said its last byte still wants to hear the rest. It
    half-closes: your read() returns 0, your write() still works.

    1. What does your program do when read() returns 0?
    2. Zero is not an error: it is the end, after the last byte.
    3. Leave the loop, all is sent by then, and close(): the client's own
       read() returns 0 in turn.
    """
    echoes(server, b"")
    echoes(server, b"the last words")
    wire = server.connect()
    wire.send(b"first")
    equal(wire.take(5), b"first", "what comes back")
    data = lab.random.randbytes(300_000)
    with shown(COMPARE % len(data)):
        wire.send(data)
        wire.half_close()
        same_bytes(wire.rest(), data, "what comes back after the half-close")
    equal(wire.ended, "end", "how the connection ends")


@check("accept(2)")
def test_next_client(server: Server) -> None:
    """A server outlives its first client.

    1. Does your program return to accept() after a client?
    2. The listening socket stays open; close the client's descriptor only.
    3. for (;;) { client = accept(...); echo(client); close(client); }
    """
    for turn in range(20):
        echoes(server, b"client %d" % turn, TWENTY)


@check("listen(2): the backlog")
def test_waiting_client(server: Server) -> None:
    """While one client is served others may connect: the system accepts them
    into a queue, and your program gets to them later.

    1. What is the second argument of listen()?
    2. With a backlog the next connect() succeeds though nobody calls accept().
    3. listen(fd, SOMAXCONN), or any number above ten.
    """
    first = server.connect()
    first.send(b"1")
    equal(first.take(1), b"1", "what the first client gets")
    with shown(WAITING):
        waiting = [server.connect() for _ in range(5)]
    for wire in waiting:
        wire.send(b"early")
    first.half_close()
    first.rest()
    first.close()
    for wire in waiting:
        equal(wire.take(5), b"early", "what a client gets that had to wait")
        wire.half_close()
        wire.rest()
        wire.close()


@check("tcp(7), read(2): ECONNRESET")
def test_survives_reset(server: Server) -> None:
    """A client that crashes sends a reset. That ends its connection, and must
    end nothing else.

    1. What does your program do when read() returns -1?
    2. perror() and exit() belong before the first accept(), not after it.
    3. On any error of a client: close its descriptor, accept the next.
    """
    for _ in range(5):
        wire = server.connect()
        wire.send(b"x")
        wire.take(1)
        wire.reset()
        echoes(server, b"still there?", RESET)


@check("signal(7): SIGPIPE; send(2): EPIPE")
def test_survives_vanished(lab: Lab, server: Server) -> None:
    """Writing to a client that has gone raises SIGPIPE, and SIGPIPE ends a
    program that has not said otherwise: silently, with no core.

    1. Your program ended without a word? Look at the signal.
    2. Ignore SIGPIPE: write() then returns -1 with EPIPE.
    3. sigaction() with SIG_IGN for SIGPIPE before the first accept().
    """
    data = lab.random.randbytes(4 * MIB)
    for _ in range(3):
        wire = server.connect(receive_buffer=4096)
        wire.try_send(data, 0.1)  # does not read: the server must wait to send
        wire.reset()
        echoes(server, b"still there?", VANISH)
    # While one client is served another says all and closes. The echo of its
    # first part is answered by a reset, so that of its second part meets EPIPE.
    # (An urgent byte between them makes any read() stop there.)
    first = server.connect()
    first.send(b"1")
    first.take(1)
    gone = server.connect()
    gone.send(b"one")
    gone.socket.send(b"!", socket.MSG_OOB)
    gone.send(b"two")
    gone.close()
    first.close()
    echoes(server, b"still there?", VANISH)


@check("close(2): descriptors are few")
def test_no_descriptor_left(server: Server) -> None:
    """A process may hold about a thousand descriptors. A server that forgets
    to close() one a client stops after a thousand clients.

    1. `ls -l /proc/PID/fd` shows what your program holds.
    2. Follow each way out of your echo function: is close() on all of them?
    3. One close(client) in the loop that accepts, after echo() returned.
    """
    if not proc.available():
        raise NotJudged("there is no /proc here to count descriptors with")
    echoes(server, b"warm up")
    before = server.tree().descriptors
    for turn in range(150):
        wire = server.connect()
        wire.send(b"x")
        wire.take(1)
        wire.reset() if turn % 3 == 0 else wire.close()
    echoes(server, b"the last")
    patience = server.lab.patience
    after = observe(lambda: server.tree().descriptors, lambda n: n <= before, patience)
    expected = f"{before} descriptors, as before 150 clients"
    expect(after <= before, expected, after, again=TWENTY + "; ls /proc/$!/fd")


@check("the contract: --show prints each byte received")
def test_show_request(lab: Lab) -> None:
    """Point a browser at an echo server and see what it says: the request is
    text, and each line ends with \\r\\n.

    1. Print to stdout what read() returned, before or after sending it back.
    2. No flush, no show: stdout into a pipe is kept back until it is full.
    3. Printable bytes and \\r, \\n as they are; fflush(stdout) each time.
    """
    server = lab.start("--show")
    line = bytes(server.out.data)
    head = request("GET", "/favicon.ico", "User-Agent: Mozilla/5.0", "Accept: */*")
    wire = server.connect()
    wire.send(head)
    same_bytes(wire.take(len(head)), head, "what comes back")
    server.out.wait(head, lab.patience)
    shows = bytes(server.out.data)[len(line) :]
    same_bytes(shows, head, "what stdout shows", again=SHOW)


@check("the contract: --show, others as \\xNN")
def test_show_bytes(lab: Lab) -> None:
    """Bytes that are no text would do strange things to a terminal.

    1. What does isprint() say of a byte above 127? And of a tab?
    2. Print such a byte as a backslash, an x and two hexadecimal digits.
    3. printf("\\\\x%02X", byte) with byte an unsigned char.
    """
    server = lab.start("--show")
    start = len(server.out.data)
    data = b"a\0b\xff\x1b[31m\x80\t~\x7f end\n"
    wanted = r"a\x00b\xff\x1b[31m\x80\x09~\x7f end" + "\n"
    wire = server.connect()
    wire.send(data)
    same_bytes(wire.take(len(data)), data, "what comes back")
    server.out.wait(b"end\n", lab.patience)
    shown = bytes(server.out.data)[start:]
    lower = re.sub(rb"\\x[0-9A-Fa-f]{2}", lambda m: m[0].lower(), shown)
    expect(lower == wanted.encode(), f'on stdout "{wanted[:-1]}"', shown)
    expect(not wire.ended, "the connection stays open", ended(wire))
