"""Step 05: requests that are sent before the answer to the last has come."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Callable, Optional

from grader.check import check
from grader.clients import by_grader
from grader.expect import Failure, equal, expect, shown
from grader.http import read_date, read_response
from grader.kept import Questions, answer, answers, converse, each_cut
from grader.lab import Lab, Server
from grader.linux import peak, stall
from grader.observe import observe
from grader.wire import Wire

MANY, AT_ONCE = 10_000, 500
MIB = 1 << 20
WINDOW = 40_000  # bytes that a client takes without reading
MIXED = """for i in $(seq 100); do for what in 'GET /hello' 'GET /x' 'HEAD /' 'GET /'
do printf "$what HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"; done; done |
timeout 3 nc 127.0.0.1 8080 | grep ^HTTP"""
TWO_SECONDS = """{ for i in 1 2; do printf 'GET /hello HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'
sleep 2; done; } | timeout 5 nc 127.0.0.1 8080 | grep Date | uniq | wc -l"""
GROWN = """ASAN_OPTIONS=quarantine_size_mb=8 {this} --quiet &
server=$!; sleep 1; head='GET /hello HTTP/1.1\\r\\nHost: a\\r\\nCookie: '
yes "$(printf "$head%03500d\\r\\n\\r" 0)" | head -c 36000000 | nc -N 127.0.0.1 8080 |
tail -n 1; awk '/VmHWM/ { print "MiB:", int($2 / 32768) * 32 }' /proc/$server/status"""


@check("RFC 9112, section 9.3.2")
def test_two_at_once(server: Server) -> None:
    """A client need not wait for an answer before it asks again. Both
    requests then come in one read().

    1. What happens to the bytes behind the first request's empty line?
    2. They are the next request, or a part of it: keep them.
    3. Parse, answer, take the request off the buffer's front, parse again;
       only when a request is not whole go and read.
    """
    ask = Questions(server)
    asked = [ask.page(), ask.home(), ask.page()]
    wire = server.connect()
    wire.send(b"".join(question.data for question in asked))
    for question in asked:
        response = answer(wire, question)
        said = response.get("Connection")
        expect(not response.says_close, "a connection that stays", said)


@check("RFC 9112, section 9.3.2")
def test_answers_in_order(lab: Lab, server: Server) -> None:
    """A client tells answers apart by their order alone.

    1. Is the order kept when one of them is an error, or has no body?
    2. Each answer has to be whole before the next begins.
    3. One buffer for what is to be sent, and each answer appended to it.
    """
    ask = Questions(server)
    with shown(MIXED):
        converse(server, ask.mixed(400))
    converse(server, ask.mixed(60), in_pieces(lab))


def in_pieces(lab: Lab) -> Callable[[Wire, bytes], None]:
    """A way to send: in pieces of random sizes."""

    def send(wire: Wire, data: bytes) -> None:
        while data:
            size = lab.random.randint(1, lab.random.choice((1, 9, 90, 900)))
            wire.send(data[:size])
            data = data[size:]

    return send


@check("RFC 9112, section 9.3.2")
def test_answer_at_once(server: Server) -> None:
    """A client may send one and a half requests and wait. The answer to the
    one must not wait for the other half.

    1. When does your program send: when it has nothing left to parse?
    2. Half a request is no reason to hold back an answer.
    3. Send what is ready before you wait for more.
    """
    ask = Questions(server)
    one, two = ask.page(), ask.home()
    wire = server.connect()
    for cut in (1, len(two.data) // 2, len(two.data) - 1):
        wire.send(one.data + two.data[:cut])
        answer(wire, one)
        wire.send(two.data[cut:])
        answer(wire, two)


@check("RFC 9112, sections 2.2 and 9.3.2; tcp(7): a stream, not messages")
def test_cut_anywhere(server: Server) -> None:
    """A read() ends in the middle of a request, of a name, between \\r and
    \\n; and what it brings begins with the rest of an earlier one.

    1. What does your parser still point to when the buffer has moved?
    2. After a request has been taken off, the rest of the bytes lies
       elsewhere: every pointer into them has to move along.
    3. Keep offsets and not pointers, or parse a partial head anew.
    """
    each_cut(server, Questions(server).page("X-Name: some value", "Accept:*/*"))


@check("RFC 9110, section 9.3.2; RFC 9112, section 6.3")
def test_head_in_pipeline(server: Server) -> None:
    """A body behind the answer to HEAD is read as the next answer. So is the
    next answer when a body is missing.

    1. What does the client take for the next status line?
    2. The answer to HEAD ends with its empty line, an error's too.
    3. Decide about the body from the request that is being answered, not
       from the one that was read last.
    """
    ask = Questions(server)
    head, missing = ask.head(), ask.head("/nowhere")
    asked = [head, ask.page(), head, head, ask.home(), ask.head("/"), ask.page()]
    converse(server, asked + [missing, ask.page(), missing, missing, ask.missing()])


@check("RFC 9110, section 6.6.1")
def test_date_in_each(server: Server) -> None:
    """Each answer tells when it was made: the tenth, an error, and the one
    to HEAD too; and a later one tells a later time.

    1. Which of your answers lack it, and when did you last ask for the time?
    2. Date belongs to every head, so it is written where heads are written.
    3. One function makes all heads; it asks for the time.
    """
    before = datetime.now(timezone.utc) - timedelta(seconds=2)
    for response in converse(server, Questions(server).mixed(30)):
        date = read_date(response.get("Date"))
        after = datetime.now(timezone.utc) + timedelta(seconds=1)
        now = f"the time now, about {after:%H:%M:%S} GMT"
        expect(before <= date <= after, now, response.get("Date"))
    page = Questions(server).page()
    wire = server.connect()

    def date_of_another() -> Optional[str]:
        wire.send(page.data)
        return answer(wire, page).get("Date")

    first = date_of_another()
    later = observe(date_of_another, lambda date: date != first, 3.0)
    wanted = "another Date on the same connection when a second has passed"
    got = f"{later} for 3 s"
    expect(later != first, wanted, got, wire=wire, again=TWO_SECONDS)


@check("the contract: an access line a request")
def test_log_in_order(server: Server) -> None:
    """The log tells of each request, not of each connection.

    1. Where is the line written: where the connection ends?
    2. Each answer that has been sent has its line, in the same order.
    3. Log where an answer is complete, with that request's own line.
    """
    ask = Questions(server)
    choose = server.lab.random.choice
    asked = []
    for number in range(30):
        query = f"?{number}"
        kinds = (ask.page(query=query), ask.home(query), ask.missing(query))
        asked.append(choose(kinds))
    wanted = []
    for question, response in zip(asked, converse(server, asked)):
        line = question.data.partition(b"\r\n")[0].decode()
        wanted.append(f'"{line}" {question.status} {len(response.body)}')

    def logged() -> list[str]:
        lines = server.access_lines(0)
        return [line[line.find('"') :] for line in lines if "?" in line]

    found = observe(logged, lambda lines: len(lines) >= 30, server.lab.patience)
    for number, (want, got) in enumerate(zip(wanted, found), 1):
        equal(got, want, f"access line {number}")
    equal(len(found), 30, "the number of access lines")
    wire = server.connect()
    wire.send(b"GET / HTTP/1.1\r\nHost : a\r\n\r\n")
    body = read_response(wire).body
    server.err.wait_lines(1, server.lab.patience, b'" 400 ')
    refused = [line for line in server.access_lines(0) if '" 400 ' in line]
    sizes = [line.rpartition(" ")[2] for line in refused]
    equal(sizes, [str(len(body))], "the sizes in the lines with 400", wire=wire)


@check("RFC 9112, section 9.3.2; getrusage(2): memory")
def test_ten_thousand(server: Server) -> None:
    """Ten thousand requests in a row are no reason to grow: each one's
    memory is free again when its answer has gone.

    1. Does your buffer shrink when requests are taken off it?
    2. Read no more than you have room for, and only when what you have read
       before is answered and sent.
    3. A buffer of fixed size for requests, one for answers; while the second
       is full, do not read into the first.
    """
    ask = Questions(server)
    page = ask.page("Cookie: " + "c" * 3500)
    wire = server.connect()
    wire.send(ask.page().data)
    answer(wire, ask.page())
    before = peak(server)
    many = MANY if server.lab.step == 5 else MANY // 2
    asked = [page] * many
    for _ in range(many // AT_ONCE):  # each with its own patience
        wire.send(page.data * AT_ONCE)
    while asked:
        asked = asked[len(answers(wire, asked)) :]
        if asked:
            wire.close()
            wire = server.connect()
            wire.send(page.data * len(asked))
    grown = peak(server) - before
    most = f"at most 16 MiB more for {len(page.data) * many / MIB:.0f} MiB of requests"
    got = f"{grown / MIB:.0f} MiB more"
    expect(grown < 16 * MIB, most, got, wire=wire, again=GROWN)


@check("RFC 9293, section 3.7.4; tcp(7): TCP_NODELAY")
@by_grader
def test_no_delay(lab: Lab, server: Server) -> None:
    """TCP holds back a small segment while an earlier one is not acknowledged
    (Nagle's algorithm), and the client's system holds back its
    acknowledgment, hoping for data to send along. Together they cost 40
    milliseconds, at every second answer.

    1. How long does the second of two answers take, with two writes?
    2. A server that writes whole answers has no use for Nagle's algorithm.
    3. setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, ...) for each connection.
    """
    page = Questions(server).page()
    shortest = 1.0
    for _ in range(16):  # a busy machine may delay some
        wire = server.connect()
        wire.send(page.data)
        size = len(answer(wire, page).head) + len(server.content)
        count = WINDOW // size
        shortest = min(shortest, stall(wire, page.data * count, size * count))
        wire.close()
        if shortest < 0.03:
            return
    wanted = "pipelined answers of which none waits for an acknowledgment"
    got = f"a silence of {shortest * 1000:.0f} ms among them, 16 times"
    raise Failure(wanted, got)
