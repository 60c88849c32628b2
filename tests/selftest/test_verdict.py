"""The verdict on a terminal: what stands where, in color or without, and nothing
that pytest says of itself."""

from __future__ import annotations

import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from coursework import sample_documents as samples
from grader import observe, report, verdict
from grader.course import Course
from selftest.grading import TESTS
from selftest.test_grading import GOOD, SIDE_BY_SIDE

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def told(document: dict[str, Any], **more: Any) -> str:
    return "\n".join(report.verdict(document, **more))


def test_a_verdict_from_top_to_bottom() -> None:
    failed, unjudged = verdict.FAILED, verdict.NOT_JUDGED
    become = {"quiet": failed, "child-ends": failed, "no-zombies": unjudged}
    assert (
        told(samples.made(become))
        == """\
Step 03, alice, build/work/03-fork, seed 4711

  failed      Kept from earlier steps  1 of 2  15.5 of 20 points
  failed      Fork and close           1 of 2  33.9 of 58.5 points
  not judged  Reap the dead            1 of 2  21.5 of 21.5 points

FAILED: child-ends (24.6 points, contract)
  The title of child-ends

  Why       A zombie keeps its place in the process table.
  Rule      wait(2)
  Sent
    GET /hello HTTP/1.1\\r\\n
          ^
    \\r\\n
  Expected  no zombie
  Got       9 are left
  Received  HTTP/1.1 200 OK\\r\\n
  Printed on stdout
    listening on http://127.0.0.1:8080/
  Printed on stderr
    a word
  Report    it ended with exit status 1: build/work/03-fork
  By hand
    build/work/03-fork --port 8080 &
    nc 127.0.0.1 8080
  Hint      One.
  Lesson    steps/03-fork/README.md, "Fork and close"

Also failed:
  quiet: The title of quiet

Not judged:
  1 check: this machine cannot tell
    no-zombies

Score 70.9 of 100: 3 passed, 2 failed, 1 not judged"""
    )


def test_what_waits_for_a_failed_check_is_counted() -> None:
    text = told(samples.made({"page-known": verdict.FAILED}))
    assert "FAILED: page-known (kept from step 02, contract)" in text
    assert '  Lesson    steps/02-blocking-http/README.md, "A fixed answer"' in text
    assert "Not judged:\n  5 checks: page-known failed\n\nScore" in text
    full = told(samples.made({"page-known": verdict.FAILED}), full=True)
    assert "quiet, stuck-client, child-ends, no-zombies, reap-all" in full


def test_the_graders_own_fault_is_said_to_be_that() -> None:
    text = told(samples.made({"child-ends": verdict.BROKE}, faults=["no such row"]))
    assert "THE GRADER BROKE in child-ends: no fault of the server" in text
    assert "  AssertionError: 1 == 2" in text
    assert "THE GRADER BROKE: no fault of the server\n  no such row" in text
    assert "5 passed, 0 failed, grader broke in 1" in text


def test_what_is_hidden_is_not_told_first() -> None:
    course = Course(hidden=frozenset({"stuck-client"}))
    become = {"stuck-client": verdict.FAILED, "reap-all": verdict.FAILED}
    text = told(samples.made(become, course))
    assert "FAILED: reap-all" in text and "stuck-client" not in text
    assert "Also failed:\n  hidden-1: A hidden check (26.4 points)" in text
    assert "FAILED: stuck-client" in told(samples.made(become, course), reveal=True)


def test_a_late_submission_is_told() -> None:
    text = told(samples.made({"reap-all": verdict.FAILED}, samples.course()))
    assert (
        "Handed in 2 days late: 20 percent less, 66.5 points instead of 83.2." in text
    )
    assert "Score 66.5 of 100" in text


def test_a_part_of_the_suite_has_no_score() -> None:
    text = told(samples.made({}, of=31))
    assert "Only 6 of 31 checks ran, so there is no score: 6 passed, 0 failed" in text
    assert "points" not in text.replace("Printed", "")


@pytest.mark.parametrize("name", samples.documents())
def test_color_only_repeats_what_words_say(name: str) -> None:
    document = samples.documents()[name]
    plain = told(document, full=True)
    colored = told(document, full=True, color=True)
    assert ESCAPE.search(colored) and not ESCAPE.search(plain)
    assert ESCAPE.sub("", colored) == plain
    assert plain.isascii() and max(map(len, plain.splitlines())) <= 80


# --- run as a person runs it ----------------------------------------------------


def command(directory: Path, *more: str) -> list[str]:
    """Grades the peer with one check."""
    peer = f"{shlex.quote(sys.executable)} {TESTS / 'peers' / 'peer.py'} --step 02"
    line = [sys.executable, "-m", "pytest", "-c", str(TESTS / "pytest.ini")]
    line += [str(TESTS / "checks"), "--step", "02", "--server", peer]
    return [*line, "-k", "page_known", *more]


def on_a_terminal(directory: Path, *more: str, **environment: str) -> str:
    """What a terminal gets."""
    ours, theirs = pty.openpty()
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
    process = subprocess.Popen(
        command(directory, *more),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.STDOUT,
        env={**kept, "TERM": "xterm", **environment},
    )
    os.close(theirs)
    said = b""
    try:
        while True:
            said += os.read(ours, 4096)
    except OSError:  # nobody has it open any more
        pass
    os.close(ours)
    assert process.wait(60) == 0, said
    return said.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("more", [pytest.param((), id="alone"), SIDE_BY_SIDE])
def test_a_terminal_gets_color(tmp_path: Path, more: tuple[str, ...]) -> None:
    said = on_a_terminal(tmp_path, *more)
    assert "\x1b[32mpassed    \x1b[0m  A fixed answer" in said
    shown = ESCAPE.sub("", re.sub(r"(?m)^.*\r\x1b\[K", "", said))
    assert shown.strip().splitlines()[0].startswith("Step 02, ")
    assert shown.strip().splitlines()[-1].startswith("Only 1 of ")


@pytest.mark.parametrize("name, value", [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_may_refuse_color(tmp_path: Path, name: str, value: str) -> None:
    said = on_a_terminal(tmp_path, **{name: value})
    assert "\x1b" not in said and "\r" not in said
    assert "  passed      A fixed answer  1 of 1\n" in said


@pytest.mark.parametrize("more", [pytest.param((), id="alone"), SIDE_BY_SIDE])
def test_a_pipe_gets_the_verdict_alone(tmp_path: Path, more: tuple[str, ...]) -> None:
    done = subprocess.run(
        command(tmp_path, *more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    lines = [line for line in done.stdout.decode().splitlines() if line.strip()]
    assert lines[0].startswith("Step 02, ")
    assert lines[-1].startswith("Only 1 of ") and lines[-1].endswith("0 failed")


def test_an_interrupted_run_says_so(tmp_path: Path) -> None:
    report_file = tmp_path / "report.json"
    slow = tmp_path / "slow.py"
    slow.write_text("import signal, sys\nopen(sys.argv[1], 'w')\nsignal.pause()\n")
    started = tmp_path / "started"
    line = command(tmp_path, "--report", str(report_file))
    line[line.index("--server") + 1] = f"{sys.executable} {slow} {started}"
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    observe.observe(started.exists, bool, 30)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[0].decode()
    assert process.returncode == 2
    assert said.strip().endswith("Stopped; no report was written.")
    assert "KeyboardInterrupt" not in said and not report_file.exists()


UNWRITTEN = GOOD.replace(
    "    client.sendall",
    "    sys.stderr.write('not written yet: serve_in_child, main.c\\n'); os._exit(90)\n"
    "    client.sendall",
)


def test_what_is_not_written_yet_is_said_first(grade: Callable[..., Any]) -> None:
    ask = "wire = server.connect()\nwire.send(b'x')\nequal(wire.rest(), b'y', 'it')"
    run = grade(UNWRITTEN, {"first": ("server", ask)})
    assert run.check("first")["story"]["unwritten"] == ["serve_in_child, main.c"]
    body = run.text.partition("FAILED: first")[2].splitlines()
    assert body[3] == "  Not written yet: serve_in_child() in main.c"


UNDEFINED = GOOD.replace(
    "    client.sendall",
    "    if os.fork() == 0:\n"
    "        sys.stderr.write('main.c:7:5: runtime error: it is undefined\\n'\n"
    "                         '    #0 0x1 in serve main.c:7\\n\\n')\n"
    "        os._exit(1)\n"
    "    os.wait()\n"
    "    client.sendall",
)


def test_undefined_behavior_in_a_child_fails_the_check(
    grade: Callable[..., Any]
) -> None:
    """gcc's UBSan beside ASan prints to stderr, whatever log_path says."""
    ask = (
        "wire = server.connect()\nwire.send(b'x')\nequal(wire.rest(), b'answer', 'it')"
    )
    run = grade(UNDEFINED, {"first": ("server", ask), "next": ("server", "pass")})
    assert run.results == {"first": "failed", "next": "passed"}
    story = run.check("first")["story"]
    assert story["report"] == [
        "main.c:7:5: runtime error: it is undefined",
        "    #0 serve main.c:7",
    ]
    assert not any("runtime error" in line for line in story["printed"])


def test_a_check_that_cannot_be_read_is_the_graders_fault(
    grade: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "test_02_other.py").write_text("import no_such_module\n")
    os.rename(tmp_path / "checks", tmp_path / "other")
    run = grade(GOOD, {"first": ("server", "pass")}, None, str(tmp_path / "other"))
    assert run.status == 3 and run.data["status"] == "broke"
    assert run.results == {"first": "passed"}
    assert "no_such_module" in run.data["faults"][0]
    assert "Traceback" not in run.text and "!!!" not in run.text
