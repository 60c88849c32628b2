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


def test_a_caret_stays_below_its_byte() -> None:
    shown = report.block("Sent", ["a" * 70 + "X" + "a" * 70, " " * 70 + "^", "end"])
    assert [line[12:] for line in shown] == [
        "a" * 68,
        "aaX" + "a" * 65,
        "  ^",
        "aaaaa",
        "end",
    ]


def test_where_bytes_differ() -> None:
    assert expect.differ_at(b"abcd", b"abxd") == 2
    assert expect.differ_at(b"ab", b"abc") == 2
    with pytest.raises(Failure, match="from byte 3 on: nothing more"):
        expect.same_bytes(b"abc", b"abcd", "it")


@pytest.mark.parametrize(
    "data",
    [
        b"GET /%d 'x' \\ \" \r\n\0\xff\t",
        b"a" * 100 + b"\0" * 100 + b"\xff" * 50 + b"'" * 50 + b"\\" * 60 + b"%",
        b"-n 5",
    ],
)
def test_a_shell_prints_the_same_bytes(data: bytes) -> None:
    command = story.shell_bytes(data)
    for shell in ("sh", "bash"):
        done = subprocess.run([shell, "-c", command], stdout=subprocess.PIPE)
        assert done.stdout == data, command


def test_a_failure_is_told_at_eighty_columns() -> None:
    told = verdict.Story(
        why="word " * 60,
        sent=["x" * 200],
        expected="y" * 200,
        got="z",
        received=["nothing"],
        printed=["stderr: " + "w" * 100],
        again=["printf | nc"],
    )
    shown = report.failure(result("a", verdict.FAILED, story=told))
    assert max(map(len, shown)) <= 80
    for label in ("Why", "Rule", "Sent", "Expected", "Got", "Printed", "Hint"):
        assert any(line.startswith(f"  {label}") for line in shown)
