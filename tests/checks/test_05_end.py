"""Step 05: how a kept connection ends."""

from __future__ import annotations

import signal

from grader.check import check
from grader.clients import by_grader
from grader.expect import equal, expect, same_bytes, shown
from grader.http import ended, nothing_more, read_response
from grader.kept import FLOOD, Questions, answer, at_end, flood
from grader.lab import Lab, Server
from grader.linux import peak, suspended
from grader.observe import observe
from grader.program import LATE, STOP

MIB = 1 << 20
AT_ONCE = 3.5  # seconds in which a server stops that has nothing to finish
ONE = "printf 'GET /hello HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'"
THREE = f"""server=$!; sleep 1; kill -STOP $server
for i in 1 2 3; do {ONE}; done | nc -N 127.0.0.1 8080 & sleep 1
kill -CONT $server; wait %2"""
UNREAD = f"""{{ for i in $(seq 499); do {ONE}; done
printf 'GET /hello HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n'
head -c 300000 /dev/zero; }} | nc -I 4096 127.0.0.1 8080 | {{ sleep 1; grep -c Hello; }}"""
HOG = f"""ASAN_OPTIONS=quarantine_size_mb=8 {{this}} --quiet &
server=$!; sleep 1; {FLOOD} | nc -I 4096 127.0.0.1 8080 | sleep 9 &
sleep 5; awk '/VmHWM/ {{ print "MiB:", int($2 / 16384) * 16 }}' /proc/$server/status"""
IDLE = f"""server=$!; {{ {ONE}; sleep 9; }} | nc 127.0.0.1 8080 & sleep 1
kill $server; time wait $server"""
LEAVE = """server=$!; sleep 1; head='GET / HTTP/1.1\\r\\nHost: a\\r\\n'
for text in GE "$head" "${head}Content-Length: 9\\r\\n\\r\\nx"
do exec 3<>/dev/tcp/127.0.0.1/8080; printf "$head\\r\\n$text" >&3
sleep 0.5; exec 3>&-; done
sleep 1; ls /proc/$server/fd; kill $server; wait $server; echo exit status $?"""


@check("RFC 9112, section 9.6; shutdown(2)")
def test_half_close_answers(server: Server) -> None:
    """A client that has asked all that it wants may end its direction at
    once. read() then returns 0, though it waits for answers.

    1. What does your program do when read() returns 0?
    2. No more requests will come; those that came are still to be answered.
    3. Remember it, go on with what is in the buffers, close when all is sent.
    """
    ask = Questions(server)
    for asked in ([ask.page(), ask.home(), ask.page()], [ask.page()] * 1000):
        wire = server.connect()
        with suspended(server):
            wire.send(b"".join(question.data for question in asked), read=False)
            wire.half_close()
        with shown(THREE):
            for question in asked:
                answer(wire, question)
            nothing_more(wire)
        wire.close()


@check("RFC 9112, sections 8 and 9.6")
def test_half_close_in_half(server: Server) -> None:
    """The client ends in the middle of a request. What came whole is
    answered; the rest will never come.

    1. Does your program wait for the rest, until its time is up?
    2. A request that is not whole when the end comes never will be.
    3. Answer what is whole; then close. (400 or 408 may be said, and a page
       needs no body.)
    """
    ask = Questions(server)
    body = ask.page("Content-Length: 10", body=b"hello").data
    chunk = ask.page("Transfer-Encoding: chunked", body=b"5\r\nhel").data
    for half in (b"GET", ask.page().data[:-2], body, chunk):
        wire = server.connect()
        wire.send(ask.page().data + half)
        wire.half_close()
        answer(wire, ask.page())
        if not at_end(wire):
            response = read_response(wire)
            said = response.status
            right = said in (400, 408) or (said == 200 and half in (body, chunk))
            expect(right, "an end, or 400, or 408", f"status {said}", wire=wire)
            nothing_more(wire)
        wire.close()


@check("RFC 9112, section 9.6: a lingering close; close(2)")
def test_answers_before_close(server: Server) -> None:
    """Many answers are on their way when you close, and the client has sent
    more than you will read. close() now resets the connection and throws away
    every answer that has not arrived.

    1. Which bytes lie in the socket, unread, when close() is called?
    2. End your direction, then read and forget until the client closes, for a
       second at most.
    3. shutdown(fd, SHUT_WR) when the last byte is written; close() when
       read() returns 0.
    """
    ask = Questions(server)
    page, last = ask.page(), ask.page("Connection: close")
    wire = server.connect(receive_buffer=4096)
    junk = page.data * 4000
    wire.send(page.data * 499 + last.data + junk, read=False)
    server.err.wait_lines(500, 0.3)  # they are answered, and wait to be read
    with shown(UNREAD):
        for number in range(1, 501):
            response = read_response(wire)
            same_bytes(response.body, server.content, f"the body of answer {number}")
        nothing_more(wire)


@check("RFC 9112, section 9.3.2; send(2): EAGAIN")
def test_never_reads(server: Server) -> None:
    """A client sends requests and never reads an answer. A server that goes
    on reading keeps all these answers somewhere.

    1. What does your program do with an answer that send() does not take?
    2. While answers wait, more requests must wait too: in the kernel, and
       then at the client. TCP does the rest.
    3. Ask for readability only while less than a few KiB wait to be sent.
    """
    ask = Questions(server)
    page = ask.page()
    wire = server.connect(receive_buffer=4096)
    wire.send(page.data)
    answer(wire, page)
    before = peak(server)

    def grown() -> int:
        return peak(server) - before

    data = page.data * 1000
    sent = flood(wire, data, 48 * MIB, lambda: grown() > 16 * MIB)
    more = grown()
    got = f"{more / MIB:.0f} MiB more for {sent / MIB:.0f} MiB of requests"
    expect(more <= 16 * MIB, "memory as before", got, wire=wire, again=HOG)
    same_bytes(server.get().body, server.content, "the page for another client")


@check("RFC 9112, section 9.3; the contract: SIGTERM")
def test_stop_closes_idle(server: Server) -> None:
    """Nothing is under way on an idle connection, and its client may never
    come back: it must not keep the server from stopping.

    1. What does your program wait for when it has been told to stop?
    2. Connections without a whole request are closed at once.
    3. Go over all connections; close those that wait for a request.
    """
    ask = Questions(server)
    idle = [server.connect() for _ in range(3)]
    begun, sending = server.connect(), server.connect()
    more = {begun: ask.page().data[:20]}
    more[sending] = ask.page("Content-Length: 9", body=b"hello").data
    for wire in [*idle, begun, sending]:
        wire.send(ask.page().data + more.get(wire, b""))
        answer(wire, ask.page())
    status = server.stop(signal.SIGTERM)
    equal(status, 0, "the exit status after SIGTERM", again=IDLE)
    took = server.stop_took
    expect(took < AT_ONCE, "an end at once", f"an end after {took:.1f} s", again=IDLE)
    for wire in idle:
        same_bytes(wire.rest(), b"", "bytes on an idle connection")
        equal(ended(wire), "the server closed", "the idle connection", wire=wire)
    same_bytes(begun.rest(), b"", "bytes after half a request")


@check("the contract: SIGTERM, responses under way are finished")
@by_grader
def test_stop_finishes_answers(lab: Lab, server: Server) -> None:
    """A server is replaced by a newer one while clients download. They notice
    nothing if what has begun is finished.

    1. What becomes of bytes that send() has not taken when you stop?
    2. A response that has begun goes out to its last byte; a request that
       has not been read is not.
    3. Stop reading, go on writing, close where nothing is left; 5 s at most.
    """
    ask = Questions(server)
    page = ask.page()
    wire = server.connect(receive_buffer=4096)
    flood(wire, page.data * 1000, 8 * MIB, lambda: False)
    server.send_signal(signal.SIGTERM)
    wire.inbox[:0] = wire.rest()
    number = 0
    while wire.inbox:
        number += 1
        response = read_response(wire)
        same_bytes(response.body, server.content, f"the body of answer {number}")
    expect(number > 0, "whole answers", "none", wire=wire)
    equal(ended(wire), "the server closed", "the end", wire=wire)
    wire.close()
    equal(server.wait(STOP + LATE), 0, "the exit status after SIGTERM")


@check("close(2), free(3); the contract: a server runs for months")
def test_kept_no_leak(lab: Lab, server: Server) -> None:
    """Clients leave kept connections in every way: after an answer, in a
    head, in a body, with answers unread, by a reset.

    1. Which memory belongs to a connection, and which to its request?
    2. What is under way when a client leaves has to be given back too.
    3. One function that frees a connection and all that hangs on it.
    """
    ask = Questions(server)
    page = ask.page().data
    ways = [
        page,
        page * 3 + page[:30],
        page + ask.page("Content-Length: 9", body=b"x").data,
        page + ask.page("Transfer-Encoding: chunked", body=b"9\r\nx").data,
        page + ask.page("Expect: 100-continue", "Content-Length: 9").data,
        page + b"GET / HTTP/1.1\r\nHost : a\r\n\r\n" + page,
        page * 200,
    ]

    def visit() -> None:
        wire = server.connect()
        wire.send(lab.random.choice(ways))
        answer(wire, ask.page())
        lab.random.choice((wire.close, wire.reset))()

    lab.again = LEAVE
    idle = server.tree().processes
    for _ in range(30):
        visit()
    before = observe(server.tree, lambda tree: tree.processes <= idle, 3.0)
    for _ in range(150):
        visit()
    after = observe(server.tree, lambda tree: tree.descriptors <= before.descriptors)
    most = f"{before.descriptors} descriptors, as before"
    expect(
        after.descriptors <= before.descriptors, most, after.descriptors, again=LEAVE
    )
    room = 24 * MIB if server.sanitized() else 2 * MIB
    got = f"{after.rss} bytes"
    expect(after.rss - before.rss < room, "memory as before", got, again=LEAVE)
