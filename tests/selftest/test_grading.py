"""What becomes of servers that die, hang or lie, and of a grader that breaks."""

from __future__ import annotations

import importlib.util
import os
import random
import shlex
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from selftest.grading import HEAD, TESTS, run_grader

GOOD = """
import os, signal, socket, sys
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
listener = socket.create_server(("127.0.0.1", 0))
print("listening on http://127.0.0.1:%d/" % listener.getsockname()[1], flush=True)
print("a word to stderr", file=sys.stderr, flush=True)
while True:
    client, _ = listener.accept()
    data = client.recv(4096)
    if data == b"die":
        os._exit(7)
    if data == b"crash":
        os.abort()
    if data == b"report":
        path = os.environ["ASAN_OPTIONS"].split("log_path=")[1].split(":")[0]
        open(path + ".4711", "w").write("==1==ERROR: AddressSanitizer: heap-use")
    if data == b"child":
        if os.fork() == 0:
            os.setsid()
            client.close()
            signal.pause()
    client.sendall(b"answer")
    client.close()
"""
ASK = "wire = server.connect()\nwire.send(b'{}')\nequal(wire.rest(), b'answer', 'it')"
Grade = Callable[..., Any]


def test_a_good_server_passes(grade: Grade) -> None:
    run = grade(GOOD, {"first": ("server", ASK.format("x"))})
    assert run.status == 0 and run.results == {"first": "passed"}
    assert run.data["score"] == 100
    assert "1 passed, 0 failed" in run.text


def test_a_server_that_dies_fails_the_check_that_killed_it(grade: Grade) -> None:
    checks = {
        "before": ("server", ASK.format("x")),
        "killer": ("server", "server.connect().send(b'die')\nserver.wait(9)"),
        "after": ("server", ASK.format("x")),
    }
    run = grade(GOOD, checks)
    assert run.status == 1
    assert run.results == {"before": "passed", "killer": "failed", "after": "passed"}
    assert "exit status 7" in run.check("killer")["story"]["got"]


def test_a_crash_is_told_though_the_check_failed_first(grade: Grade) -> None:
    run = grade(GOOD, {"first": ("server", ASK.format("crash"))})
    story = run.check("first")["story"]
    assert story["expected"] == 'it: "answer"' and "SIGABRT" in story["report"][0]
    assert "stderr: a word to stderr" in story["printed"]
    assert story["sent"] == ["crash"] and story["received"] == ["nothing"]
    assert "printf 'crash'" in story["again"][-1]


def test_a_report_of_a_sanitizer_fails_the_check(grade: Grade) -> None:
    checks = {"first": ("server", ASK.format("report")), "next": ("server", "pass")}
    run = grade(GOOD, checks)
    assert run.results == {"first": "failed", "next": "passed"}
    story = run.check("first")["story"]
    assert "heap-use" in story["got"] and "heap-use" in story["report"][-1]


def test_a_program_that_ends_at_once(grade: Grade) -> None:
    server = "import sys; sys.exit('cannot do it')"
    run = grade(server, {"first": ("server", "pass")})
    story = run.check("first")["story"]
    assert run.status == 1 and run.results == {"first": "failed"}
    assert "exit status 1" in story["got"]
    assert "stderr: cannot do it" in story["printed"]


def test_a_program_that_is_not_there(grade: Grade) -> None:
    run = grade("", {"first": ("lab", "lab.command = '/no/such'\nlab.start()")})
    assert run.results == {"first": "failed"}
    assert "No such file" in run.check("first")["story"]["got"]


def test_a_server_that_never_becomes_ready(grade: Grade) -> None:
    server = "import signal; signal.pause()"
    body = "server = lab.start(wait=False)\nserver.wait_ready(0.3)"
    run = grade(server, {"first": ("lab", body)})
    assert run.status == 1
    assert "no line within 0.3 s" in run.check("first")["story"]["got"]


def test_a_server_that_says_something_else(grade: Grade) -> None:
    run = grade("print('hello', flush=True)", {"first": ("server", "pass")})
    assert '"hello"' in run.check("first")["story"]["got"]


def test_a_server_that_does_not_stop_is_ended(grade: Grade) -> None:
    server = GOOD.replace("lambda *_: os._exit(0)", "signal.SIG_IGN")
    body = "server.stop(patience=0.2)"
    checks = {"first": ("server", body), "second": ("server", "pass")}
    run = grade(server, checks)
    assert run.results == {"first": "passed", "second": "passed"}


def test_nothing_is_left_running(grade: Grade) -> None:
    body = ASK.format("child") + "\nequal(server.tree().pids, [], 'the pids')"
    run = grade(GOOD, {"first": ("server", body)})
    pids = [int(p) for p in run.check("first")["story"]["got"].split(", ")]
    assert len(pids) == 2
    for pid in pids:
        assert not os.path.exists(f"/proc/{pid}") or "Z" in state(pid)


def state(pid: int) -> str:
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


def test_a_broken_grader_is_no_ones_loss(grade: Grade) -> None:
    checks = {
        "first": ("server", "pass"),
        "broken": ("server", "assert 1 == 2"),
        "needy": ("server", "pass"),
    }
    run = grade(GOOD, checks, {"needy": "broken"})
    assert run.status == 3
    assert run.results == {
        "first": "passed",
        "broken": "broke",
        "needy": "not judged",
    }
    assert "THE GRADER BROKE in broken" in run.text and "assert 1 == 2" in run.text


SIDE_BY_SIDE = pytest.param(
    ("-n", "2"),
    id="xdist",
    marks=pytest.mark.skipif(
        importlib.util.find_spec("xdist") is None,
        reason="pytest-xdist, which nothing needs, is not installed",
    ),
)


@pytest.mark.parametrize("more", [pytest.param((), id="alone"), SIDE_BY_SIDE])
def test_what_needs_a_failed_check_is_not_judged(
    grade: Grade, more: tuple[str, ...]
) -> None:
    checks = {
        "first": ("server", "equal(1, 2, 'it')"),
        "second": ("server", "equal(1, 2, 'it')"),
        "third": ("server", "pass"),
        "fourth": ("server", "pass"),
    }
    needs = {"second": "first", "third": "second"}
    run = grade(GOOD, checks, needs, *more)
    assert run.status == 1
    assert run.results == {
        "first": "failed",
        "second": "not judged",
        "third": "not judged",
        "fourth": "passed",
    }
    assert run.check("second")["note"] == "needs first, which failed"


def test_not_judged_where_the_machine_cannot_tell(grade: Grade) -> None:
    body = "raise NotJudged('no such thing here')"
    run = grade(GOOD, {"first": ("server", body)})
    assert run.results == {"first": "not judged"}
    assert "no such thing here" in run.text
    assert run.check("first")["excused"]


def test_table_and_code_must_agree(grade: Grade) -> None:
    run = grade(GOOD, {"first": ("server", "pass")}, {"first": "nobody"})
    assert run.status == 3
    assert "first needs nobody, which no row above it has" in run.text


def test_the_seed_replays(grade: Grade) -> None:
    body = "raise Failure('luck', str(lab.random.random()))"
    run = grade(GOOD, {"first": ("lab", body)}, None, "--seed", "4711")
    assert run.data["seed"] == "4711" and "seed 4711" in run.text
    luck = str(random.Random("4711/first").random())
    assert run.check("first")["story"]["got"] == luck


def test_the_verdict_fits_eighty_columns(grade: Grade) -> None:
    checks = {
        "first": ("server", ASK.format("die" + "x" * 300)),
        "second": ("server", "expect(False, 'a ' * 200, b'\\0' * 300)"),
    }
    run = grade(GOOD, checks, None, "--full")
    commands = False
    for line in run.text.splitlines():
        commands = line == "  By hand" or (commands and line.startswith("    "))
        assert commands or len(line) <= 80, line


def test_the_example_in_the_readme_works(tmp_path: Path) -> None:
    text = (TESTS / "README.md").read_text()
    code = text.split("```python\n")[1].split("```")[0]
    row = next(line.strip() for line in text.splitlines() if "| head-has-no" in line)
    folder = tmp_path / "checks"
    folder.mkdir()
    (folder / "test_02_example.py").write_text(code)
    (tmp_path / "checks.md").write_text(HEAD + row.replace("| 10 |", "| 100 |"))
    peer = f"{shlex.quote(sys.executable)} {TESTS / 'peers' / 'peer.py'} --step 02"
    more = ("--step", "02", "--table", str(tmp_path / "checks.md"), "-k", "head")
    run = run_grader(tmp_path, folder, peer, *more)
    assert run.results == {"head-has-no-body": "passed"}, run.text
