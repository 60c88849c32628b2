"""What people read: bytes, differences, command lines, the verdict."""

from __future__ import annotations

import subprocess

import pytest

from grader import expect, report, story, verdict
from grader.expect import Failure
from selftest.grading import result

# --- what people read ------------------------------------------------------------


def test_bytes_as_lines() -> None:
    data = b"GET  / HTTP/1.1\r\nHost: \x00\xff\r\n\r\n"
    assert expect.lines(data, 4) == [
        "GET  / HTTP/1.1\\r\\n",
        "    ^",
        "Host: \\x00\\xff\\r\\n",
        "\\r\\n",
    ]
    assert expect.lines(b"\0a", 1) == ["\\x00a", "    ^"]
    many = expect.lines(b"GET /" + b"a" * 9000 + b" x", 9005)
    assert many == ["GET /aaa(... 9000 times)a x", " " * 25 + "^"]
    assert expect.lines(b"x\n" * 99)[-1] == "(198 bytes in all)"


def test_random_bytes_are_counted() -> None:
    noise = bytes(range(255, -1, -1)) * 9
    assert expect.lines(b"GET / HTTP/1.1\r\n" + noise) == [
        "GET / HTTP/1.1\\r\\n",
        "(2304 bytes that are no text)",
        "(2320 bytes in all)",
    ]


def test_a_caret_stays_below_its_byte() -> None:
    shown = report.block("Sent", ["a" * 80 + "X" + "a" * 70, " " * 80 + "^", "end"])
    assert shown == [
        "  Sent",
        "    " + "a" * 76,
        "    " + "aaaaX" + "a" * 70,
        "    " + "    ^",
        "    end",
    ]


def test_where_bytes_differ() -> None:
    assert expect.differ_at(b"abcd", b"abxd") == 2
    assert expect.differ_at(b"ab", b"abc") == 2
    with pytest.raises(Failure, match='it: "abcd"; got "abc"'):
        expect.same_bytes(b"abc", b"abcd", "it")
    with pytest.raises(Failure, match='it: none; got 3 bytes: "abc"'):
        expect.same_bytes(b"abc", b"", "it")
    with pytest.raises(Failure, match="it: 99 bytes; got 98 bytes, which are right"):
        expect.same_bytes(b"a" * 98, b"a" * 99, "it")
    with pytest.raises(Failure, match='from byte 98 on: "b"; got 99 bytes; from byte'):
        expect.same_bytes(b"a" * 99, b"a" * 98 + b"b", "it")


@pytest.mark.parametrize(
    "data",
    [
        b"GET /%d 'x' \\ \" \r\n\0\xff\t",
        b"a" * 100 + b"\0" * 100 + b"\xff" * 50 + b"'" * 50 + b"\\" * 60 + b"%",
        b"-n 5",
        b"GET / HTTP/1.1\r\n\r\n" * 90 + b"GET /x HTTP/1.0\r\nX: '%'\r\n\r\n",
        b"POST / HTTP/1.1\r\nTE: x\r\n\r\n" + (b"9c4\r\n" + b"x" * 2500 + b"\r\n") * 40,
    ],
)
def test_a_shell_prints_the_same_bytes(data: bytes) -> None:
    command = story.shell_bytes(data)
    for shell in ("sh", "bash"):
        done = subprocess.run([shell, "-c", command], stdout=subprocess.PIPE)
        assert done.stdout == data, command


def test_lines_for_a_later_step() -> None:
    lines = """printf 'GET /hello HTTP/1.1' | timeout 3 nc -N 127.0.0.1 8080
curl -sS http://127.0.0.1:8080/hello"""
    assert story.as_in_step(lines, 5) == lines
    over_tls = """printf 'GET /hello.txt HTTP/1.1' | \
timeout 3 openssl s_client -quiet -connect 127.0.0.1:8443
curl -k -sS https://127.0.0.1:8443/hello.txt"""
    assert story.as_in_step(lines, 7) == over_tls.replace("\\\n", "")


def test_a_failure_is_told_at_eighty_columns() -> None:
    told = verdict.Story(
        why="word " * 60,
        sent=["x" * 200],
        expected="y" * 200,
        got="z",
        received=["nothing"],
        printed=["stdout: v", "stderr: " + "w" * 100],
        report=["r" * 100],
        again=["printf | nc"],
        unwritten=["reap_children, workers.c"],
    )
    failed = result("a", verdict.FAILED, story=told, lesson="L.md", heading="H")
    shown = report.failure(failed)
    assert max(map(len, shown)) <= 80
    for label in LABELS:
        assert any(line.startswith(f"  {label}") for line in shown), label
    assert shown[3] == "  Not written yet: reap_children() in workers.c"
    assert shown[-1] == '  Lesson    L.md, "H"'


LABELS = [
    *("Why", "Rule", "Sent", "Expected", "Got", "Received", "Printed on stdout"),
    *("Printed on stderr", "Report", "By hand", "Hint", "Lesson"),
]


@pytest.mark.parametrize(
    "line",
    [
        "{ printf 'a; b | c%s' " + "'word' " * 20 + "; sleep 0; } | cat; printf '|'",
        "for i in 1 2 3; do printf '%s ' " + '"a b" ' * 12 + "; done; echo 'x y'",
        "printf 'it'\\''s %s' " + "a" * 90,
    ],
)
def test_a_folded_line_does_the_same(line: str) -> None:
    lines = report.folded(line)
    assert len(lines) > 1 and max(map(len, lines[:-1])) <= 76
    said = [
        subprocess.run(["sh", "-c", text], stdout=subprocess.PIPE, check=True).stdout
        for text in (line, "\n".join("    " + x for x in lines))
    ]
    assert said[0] and said[0] == said[1]


def test_what_is_typed_in_quotes_over_lines_stays_as_it_is() -> None:
    again = ["true", "python3 -c '", "if 1:", '  print("its")\'', "echo done"]
    shown = report.by_hand(again)
    assert shown[1:] == ["    true", "    python3 -c '", *again[2:4], "    echo done"]
    text = "\n".join(shown[1:])
    done = subprocess.run(["sh", "-c", text], stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"its\ndone\n"


def test_half_a_quote_is_not_folded() -> None:
    line = "printf 'begins here " + "and goes on " * 9
    assert report.folded(line) == [line]


def test_reports_of_sanitizers_are_for_reading() -> None:
    lines = [
        "it ended with exit status 1: ./server",
        "=" * 65,
        "==4711==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x1",
        "    #0 0x4711 in memcpy ../../../src/libsanitizer/asan/a.cpp:1",
        "    #1 0x4711 in serve main.c:53",
        "    #2 0x4711 in __libc_start_main ../csu/libc-start.c:360",
        "    #3 0x4711 in _start (/tmp/server+0x1)",
        "SUMMARY: AddressSanitizer: heap-buffer-overflow main.c:53 in serve",
        "Shadow bytes around the buggy address:",
        "  0x0c: fa fa",
    ]
    assert story.readable(lines) == [
        "it ended with exit status 1: ./server",
        "ERROR: AddressSanitizer: heap-buffer-overflow on address 0x1",
        "    #1 serve main.c:53",
    ]


def test_what_is_printed_again_and_again_stands_once() -> None:
    lines = ["stderr: a", *["stderr: b"] * 3, "stdout: b"]
    assert story.counted(lines) == [
        *("stderr: a", "stderr: b", "stderr: (3 such lines)", "stdout: b"),
    ]
    assert len(story.counted(["stdout: " + "x" * 10**6])[0]) < 500
