"""Step 01, the other end: the client works against the server, and against
servers that it has never met."""

from __future__ import annotations

import subprocess

from grader.check import check
from grader.expect import Failure, NotJudged, equal, expect, same_bytes, shown
from grader.lab import Lab
from grader.program import Program, command_words
from grader.stranger import Stranger


CLIENT = "timeout 5 {client} 127.0.0.1 8080 %s; echo exit status $?"
HELLO = "{server} --port 8080 &\n" + CLIENT % "hello"
EMPTY = "{server} --port 8080 &\nsleep 9 | " + CLIENT % "''"
LINES = "{server} --port 8080 &\n{ echo one; sleep 2; echo two; } | " + CLIENT % ""
STRANGER = """python3 -c 'import socket, time
c, _ = socket.create_server(("127.0.0.1", 8080)).accept()
for n in range(4): c.send(b"piece %d\\n" % n); time.sleep(0.3)' &
"""
STRANGER += CLIENT % "question"
LATER = """python3 -c 'import socket
c, _ = socket.create_server(("127.0.0.1", 8080)).accept()
while c.recv(99): pass
c.send(b"the answer\\n")' &
echo the last line | """
LATER += CLIENT % ""


class Client:
    """The client as a process; what it prints, and how it ends."""

    def __init__(self, lab: Lab, port: int, *words: str, typed: bool = False) -> None:
        if not lab.client:
            raise NotJudged("no client: give --client 'COMMAND'", excused=False)
        command = [*command_words(lab.client), "127.0.0.1", str(port), *words]
        stdin = subprocess.PIPE if typed else subprocess.DEVNULL
        directory = lab.directory / f"client{len(lab.programs)}"
        self.program = Program(command, directory, stdin=stdin)
        lab.programs.append(self.program)
        self.patience = lab.patience

    def type(self, data: bytes) -> None:
        """What a person types, as far as a pipe can play one."""
        pipe = self.program.process.stdin
        assert pipe
        try:
            pipe.write(data)
            pipe.flush()
        except BrokenPipeError:
            raise Failure("the client reads what is typed", "it has ended") from None

    def end_of_input(self) -> None:
        assert self.program.process.stdin
        self.program.process.stdin.close()

    def finish(self, wanted: int = 0) -> bytes:
        """Waits for its end; what it printed on stdout."""
        status = self.program.wait(self.patience)
        self.program.stopped_by = 0
        ran = {"ran": self.program.line}
        got = f"it {self.program.how_ended(status)}"
        expect(status == wanted, f"the client ends with status {wanted}", got, **ran)
        self.program.out.take()  # all is there, though a child may hold the pipe
        return self.program.out.finish(1.0)


@check("connect(2); the contract: CLIENT HOST PORT TEXT")
def test_client_text(lab: Lab) -> None:
    """A client is a socket that connects instead of listening.

    1. socket(), connect(), write(): which of them fails?
    2. Text goes out as it is given, without the NUL at its end.
    3. write(fd, text, strlen(text)), shutdown(fd, SHUT_WR), then read() and
       print until read() returns 0.
    """
    server = lab.start()
    text = "hello, " + lab.random.choice(("world", "stream", "socket"))
    with shown(HELLO):
        client = Client(lab, server.port, text)
        same_bytes(client.finish(), text.encode(), "what the client prints")


@check("getline(3); the contract: line by line, each line's bytes awaited")
def test_client_lines(lab: Lab) -> None:
    """A line typed is sent at once, and its echo is seen before the next.

    1. Does the client send a line when it is typed, or at the end?
    2. fgets() or getline() brings one line, its \\n with it: send both.
    3. After each line read and print until as many bytes came back as were
       sent; they may come in pieces.
    """
    server = lab.start()
    client = Client(lab, server.port, typed=True)
    total = b""
    for line in (b"one\n", b"two words\n", b"a\0b\n", b"\n", b"x" * 3000 + b"\n"):
        total += line
        client.type(line)
        client.program.out.wait_size(len(total), lab.patience)
        with shown(LINES):
            printed = bytes(client.program.out.data)
            same_bytes(printed, total, "what the client has printed after a line")
    client.end_of_input()
    with shown(LINES):
        same_bytes(client.finish(), total, "what the client printed")


@check("tcp(7): a stream; read(2) returns what has come")
def test_client_stranger(lab: Lab) -> None:
    """Your client meets servers that you have not written. This one answers
    in pieces, says more than an echo would, and closes when it likes.

    1. Does the client stop reading after as many bytes as it sent?
    2. After the half-close everything is printed until read() returns 0.
    3. while ((n = read(fd, bytes, sizeof bytes)) > 0) fwrite(...) with n.
    """
    with Stranger(lab.patience) as stranger, shown(STRANGER):
        client = Client(lab, stranger.port, "question")
        wire = stranger.accept()
        same_bytes(wire.rest(), b"question", "what the server receives")
        answer = b""
        for piece in (b"an", b"swer", b"\0", lab.random.randbytes(70_000)):
            wire.send(piece)
            wire.quiet(0.02)  # so that it comes in pieces
            answer += piece
        wire.close()
        same_bytes(client.finish(), answer, "what the client prints")


@check("shutdown(2): SHUT_WR")
def test_client_half_closes(lab: Lab) -> None:
    """A server that waits for the end of the question waits for ever, unless
    the client says that no more will come, while it goes on to listen.

    1. close() ends both directions: then there is no answer to read.
    2. shutdown() ends one of them.
    3. shutdown(fd, SHUT_WR) after the last line, before the reading loop.
    """
    with Stranger(lab.patience) as stranger, shown(LATER):
        client = Client(lab, stranger.port, typed=True)
        wire = stranger.accept()
        client.type(b"last line without an end")
        client.end_of_input()
        said = wire.take(24)
        equal(said, b"last line without an end", "what the server reads")
        equal(wire.rest(), b"", "after the last line the server reads")
        equal(wire.ended, "end", "how the client's direction ends")
        wire.send(b"the answer comes after the end\n")
        wire.close()
        out = client.finish()
        equal(out, b"the answer comes after the end\n", "what the client prints")
    server = lab.start()
    with shown(EMPTY):  # a text all the same: nothing is read from stdin
        client = Client(lab, server.port, "", typed=True)
        equal(client.finish(), b"", "what it prints after an empty text")


@check("connect(2): ECONNREFUSED")
def test_client_refused(lab: Lab) -> None:
    """Nobody listens there. The client has to say so, and to say it in its
    exit status, which is all that a script sees.

    1. What does connect() return, and what is in errno?
    2. Messages about failures go to stderr: stdout is for the answer.
    3. One line with strerror(errno), then exit status 1.
    """
    with Stranger(lab.patience) as stranger:
        port = stranger.port
    with shown(CLIENT % "anybody?"):
        client = Client(lab, port, "anybody?")
        out = client.finish(wanted=1)
        err = client.program.err.finish(lab.patience)
        ran = client.program.line
        expect(not out, "nothing on stdout", out, ran=ran)
        expect(err.count(b"\n") == 1, "one line on stderr", err, ran=ran)
