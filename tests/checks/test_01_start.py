"""Step 01 and all that follow: the program starts, says where it listens,
and refuses what it cannot do."""

from __future__ import annotations

import re
import socket

from grader import ends
from grader.check import check
from grader.expect import Failure, NotJudged, equal, expect, shown
from grader.lab import Finished, Lab
from grader.wire import Wire

# from which step to which the contract has an option, and a value for it
OPTIONS = {
    "--show": (1, 1, None),
    "--quiet": (2, 99, None),
    "--timeout": (3, 99, "5"),
    "--max-children": (3, 3, "5"),
    "--root": (6, 99, "."),
    "--cert": (7, 99, "cert.pem"),
    "--key": (7, 99, "key.pem"),
    "--hsts": (7, 99, "60"),
}


TWICE = """{server} --port 8080 &
timeout 2 {server} --port 8080; echo exit status $?"""
RESTART = """{server} --port 8080 &
server=$!; sleep 1; nc 127.0.0.1 8080 & sleep 1; kill $server; sleep 1
timeout 2 {server} --port 8080; echo exit status $?"""


def refused(lab: Lab, status: int, *options: str) -> Finished:
    """Runs the server with options that it must refuse with this status and
    one line on stderr."""
    run = lab.run(*options)
    ran = {"ran": run.line}
    words = " ".join(options)
    expect(run.status is not None, f"an end: {words} is refused", "it listens", **ran)
    expect(run.status == status, f"exit status {status} for {words}", run.ended, **ran)
    lines = run.err.splitlines()
    one = len(lines) == 1 and run.err.endswith(b"\n") and lines[0].strip()
    got = f"{len(lines)} lines" if lines else "nothing"
    expect(one, f"one clear line on stderr for {words}", got, **ran)
    expect(not run.out, "nothing on stdout", run.out, **ran)
    return run


@check("listen(2); the contract: ready to accept, one line on stdout")
def test_listening_line(lab: Lab) -> None:
    """Port 0 lets the system choose a port that is free. Whoever starts your
    server learns it from this line, and that it may connect now.

    1. Print the line after listen() and before the first accept().
    2. getsockname() tells the port that the system chose. Is stdout flushed?
       Into a pipe it is not, at the end of a line.
    3. printf("listening on tcp://%s:%u/\\n", ...) with ntohs(sin_port), then
       fflush(stdout). From step 02 on it says http://, in 07 https://.
    """
    server = lab.start()
    ran = {"ran": server.line}
    equal(server.scheme, lab.site.scheme, "the scheme in the line", **ran)
    equal(server.host, "127.0.0.1", "the address, unless --host is given", **ran)
    expect(server.port > 0, "the port that the system chose", server.port, **ran)
    server.connect().close()
    ends.asleep(server)  # it has seen that
    line = bytes(server.out.data)
    expect(line.count(b"\n") == 1, "this line and nothing else", line, **ran)


@check("the contract: --help, stdout, exit status 0")
def test_help(lab: Lab) -> None:
    """Someone who meets your program for the first time asks it for help.

    1. --help is an option like the others, but the program ends after it.
    2. The text goes to stdout, since it was asked for.
    3. Print a line for each option, --port among them, and return 0.
    """
    run = lab.run("--help")
    equal(run.status, 0, "the exit status after --help", ran=run.line)
    expect(b"--port" in run.out, "--port explained on stdout", run.out, ran=run.line)
    expect(not run.err, "nothing on stderr", run.err, ran=run.line)


@check("the contract: unknown option, one clear line on stderr, exit status 2")
def test_refuses_options(lab: Lab) -> None:
    """A mistyped option that is silently ignored costs an hour of search.

    1. Which options does this step have? Everything else is a mistake.
    2. Look at what is left in argv when the options have been read, too.
    3. getopt_long() returns '?' for what it does not know, and has printed a
       line; after the loop optind < argc means a stray word. Exit with 2.
    """
    base = ["--port", "0", *lab.site.options]
    refused(lab, 2, *base, "--colour")
    refused(lab, 2, *base, "stray")
    refused(lab, 2, *lab.site.options, "--port")
    for option, (since, until, value) in OPTIONS.items():
        if not since <= lab.step <= until:
            refused(lab, 2, *base, option, *([value] if value else []))


@check("the contract: bad number, one clear line on stderr, exit status 2")
def test_refuses_bad_port(lab: Lab) -> None:
    """atoi() makes 0 of a word and 80 of "80x", and the program then listens
    where nobody looks for it.

    1. What does your program make of --port 80x?
    2. A port is digits only, and at most 65535.
    3. strtol() with an end pointer: it must point to the final NUL, the text
       must not be empty nor begin with a sign or a space. Exit with 2.
    """
    for text in ("http", "80x", "65536", "-1", "", " 80", "4294967376"):
        refused(lab, 2, *lab.site.options, "--port", text)


@check("bind(2): EADDRINUSE; the contract: exit status 1")
def test_port_in_use(lab: Lab) -> None:
    """Another program may have the port. The reader of the message has to
    know which port it was, and why it failed.

    1. Which calls between socket() and listen() can fail? Look at each result.
    2. errno tells why; strerror() puts it into words.
    3. One line on stderr with address or port and strerror(errno), as
       "cannot listen on 127.0.0.1 port 8080: Address already in use"; exit 1.
    """
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = str(taken.getsockname()[1])
        with shown(TWICE):
            run = refused(lab, 1, "--port", port, *lab.site.options)
            named = port.encode() in run.err or b"bind" in run.err
            said, ran = run.err, {"ran": run.line}
            expect(named, f"a line that names the port, {port}", said, **ran)
            expect(b"in use" in said.lower(), "... and the reason", said, **ran)
    server = lab.start()  # it may share its port with no other one
    with shown(TWICE):
        refused(lab, 1, "--port", str(server.port), *lab.site.options)
    usual = 8443 if lab.site.tls else 8080
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", usual))
            taken.listen(1)
        except OSError:
            pass  # somebody else has it, perhaps not for long
        run = lab.run(*lab.site.options)
    said = run.out if run.status is None else run.err
    named = str(usual).encode() in said or b"bind" in said
    expect(named, f"port {usual} unless --port is given", said, ran=run.line)


@check("getaddrinfo(3), bind(2): EADDRNOTAVAIL; exit status 1")
def test_unusable_address(lab: Lab) -> None:
    """A name that nobody knows, an address of another machine: the options
    are well-formed, yet the system cannot do it.

    1. What does getaddrinfo() return for a name that does not exist?
    2. Its errors are not errno: gai_strerror() has the words.
    3. One line on stderr that names the host and the reason; exit 1.
    """
    base = ["--port", "0", *lab.site.options]
    nobody = "x" * 70 + ".invalid"  # too long for a label: no server is asked
    for host in (nobody, "192.0.2.1"):
        run = refused(lab, 1, *base, "--host", host)
        expect(
            host.encode()[:40] in run.err,
            f"a line that names {host[:40]}",
            run.err,
            ran=run.line,
        )


@check("ipv6(7)")
def test_ipv6(lab: Lab) -> None:
    """Half of the net speaks IPv6. A program that asks getaddrinfo() for its
    address gets it almost for free.

    1. --host ::1 is the loopback address of IPv6.
    2. The family of socket() has to fit the address: take both from
       getaddrinfo(), and a struct sockaddr_storage for getsockname().
    3. In the listening line the address stands in brackets: [::1].
    """
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        raise NotJudged("this machine has no IPv6 loopback address") from None
    server = lab.start("--host", "::1")
    equal(server.host, "::1", "the address in the line", ran=server.line)
    shown = bytes(server.out.data)
    expect(b"//[::1]:" in shown, "the address in brackets", shown, ran=server.line)
    works(lab, server.connect())
    if lab.step > 1:
        server.get()
        for line in server.access_lines(1):
            if '"' in line:
                expect(line.startswith("::1 - "), "the client ::1 in the log", line)


@check("getaddrinfo(3); the contract: a name works, the line has a number")
def test_host_by_name(lab: Lab) -> None:
    """People know names, sockets know numbers; 0.0.0.0 means every interface.

    1. Try --host localhost, and --host 0.0.0.0.
    2. inet_pton() knows numbers only, getaddrinfo() knows both.
    3. getnameinfo() with NI_NUMERICHOST makes the number for the line.
    """
    server = lab.start("--host", "localhost")
    number = re.fullmatch(r"127\.[0-9.]+|::1", server.host)
    expect(number, "a number of the loopback", server.host, ran=server.line)
    works(lab, server.connect())
    server = lab.start("--host", "0.0.0.0")
    equal(server.host, "0.0.0.0", "the address in the line", ran=server.line)
    works(lab, server.connect())


def works(lab: Lab, wire: Wire) -> None:
    """The server answers on this connection, whatever its step is."""
    if lab.step == 1:
        wire.send(b"works?")
        equal(wire.take(6), b"works?", "the bytes that come back")
    else:
        wire.send(f"GET {lab.site.page} HTTP/1.0\r\n\r\n".encode())
        equal(wire.take(5), b"HTTP/", "the start of an answer")
    wire.close()


@check("socket(7), SO_REUSEADDR; tcp(7)")
def test_restart_at_once(lab: Lab) -> None:
    """After a stop the system keeps the port for a minute where the server
    closed a connection first (TIME_WAIT). Without SO_REUSEADDR the restart
    fails with "Address already in use", just when you are in a hurry.

    1. Start, connect, stop with Ctrl-C, start again on the same port.
    2. An option of the socket allows it: see socket(7).
    3. setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) between
       socket() and bind().
    """
    failure = None
    for _ in range(3):  # between the two starts another program may take it
        server = lab.start()
        wire = server.connect()
        if lab.step == 1:  # the server has surely accepted it
            wire.send(b"x")
            wire.take(1)
        server.stop()
        server.bury()
        wire.rest()
        wire.close()
        try:
            again = lab.start(port=server.port)
        except Failure as failed:
            failure = failed
            continue
        equal(again.port, server.port, "the same port again", ran=again.line)
        works(lab, again.connect())
        return
    got = failure.got if failure else ""
    raise Failure("a second start on the same port", got, again=RESTART)
