"""The sandbox's parts: what it builds with, what it starts, what it ends."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator

import pytest

from coursework import csource, grade_submission, homework, sandbox
from coursework import sandbox_group, sandbox_kit, sandbox_place
from coursework.homework import ROOT, find_step, step_directories
from coursework.sandbox import Settings
from coursework.sandbox_intake import Intake
from coursework.sandbox_place import Isolation
from coursework.sandbox_warden import LAUNCHER, Limits, Order, Places
from coursework.sandbox_watch import Allowed, Watch

STEPS = [step.name[:2] for step in step_directories()]
BUILD = ROOT / os.environ.get("BUILD", "build")
FEW = "listening_line or page_known or reap_all or limit_holds or stop_finishes"


# ---- What it builds with ---------------------------------------------------


@pytest.mark.parametrize("number", STEPS)
def test_the_kit_answers_nothing(number: str) -> None:
    """No function that is homework of this step or a later one is in it."""
    files = sandbox_kit._files(find_step(number))
    text = squeezed(b"\n".join(files.values()).decode())
    count = 0
    for step in step_directories():
        for task in homework.read(step).tasks() if step.name[:2] >= number else ():
            source = (step / task.file).read_text()
            function = csource.functions(source)[task.function]
            body = squeezed(source[function.body_start : function.body_end])
            assert body not in text, task.function
            count += 1
    assert count >= 4 and any(name.startswith("common/base/") for name in files)
    assert "steps/" + find_step(number).name + "/main.c" in files
    assert not any(name.startswith("tests/checks") for name in files)


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_what_is_withheld() -> None:
    assert {"workers.c", "workers.h"} <= sandbox_kit.withheld("03")
    assert "workers.c" not in sandbox_kit.withheld("04")
    assert "exchange.c" in sandbox_kit.withheld("01"), "it needs what 02 teaches"


# ---- What it starts --------------------------------------------------------


def order(**more: object) -> Order:
    places = Places("/tree", "/lab", "/run", "/p", "/p/results", "/p/source")
    return Order(places, "03", ["03-fork"], ["make"], ["-n", "2"], "17", **more)  # type: ignore[arg-type]


def test_an_order_survives_the_way() -> None:
    sent = order(user=5, drop=["--x"], limits=Limits(seconds=3, allowed=Allowed(7)))
    assert Order.from_json(sent.to_json()) == sent


def test_nothing_of_the_teachers_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    for kind in (Isolation(True, True), Isolation(False, False)):
        found = sandbox._environment(kind, order())
        assert "secret" not in str(found) and found["HOME"] == "/tmp"
    place = sandbox_place.bubblewrap(Isolation(True, True), Path("/nowhere").parent)
    binds = [place[at + 1] for at, word in enumerate(place) if word.endswith("bind")]
    assert "/usr" in binds and not {"/", "/home", "/root", "/etc", "/tmp"} & set(binds)


def launcher(directory: Path, program: Path) -> Path:
    settings = {"program": str(program), "user": "", "lab": str(directory)}
    settings.update(cover="", drop="--no-new-privs")
    lines = [f"{key}={shlex.quote(value)}" for key, value in settings.items()]
    path = directory / "launcher"
    path.write_text("\n".join(["#!/bin/sh", *lines, LAUNCHER.read_text()]))
    path.chmod(0o755)
    return path


def test_the_launcher_leaves_nothing_between(tmp_path: Path) -> None:
    """The program has the number that the grader started, its own status, its
    arguments, and no word of the check that runs it."""
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\necho $$ "$1" "$2"; env; exit 7\n')
    program.chmod(0o755)
    secrets = {"PYTEST_CURRENT_TEST": "test_x", "PYTEST_ADDOPTS": "--seed=4"}
    secrets.update(PYTEST_XDIST_WORKER="gw0", PYTHONPATH="/grader", KEPT="yes")
    process = subprocess.Popen(
        [str(launcher(tmp_path, program)), "a b", "$x"],
        env={**os.environ, **secrets},
        stdout=subprocess.PIPE,
        text=True,
    )
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 7
    assert said.splitlines()[0] == f"{process.pid} a b $x"
    assert "PYTEST" not in said and "/grader" not in said and "KEPT=yes" in said


# ---- What it ends ----------------------------------------------------------


@pytest.fixture
def program() -> Iterator["list[subprocess.Popen[bytes]]"]:
    """Programs, as the grader starts them; ended in any case."""
    started: "list[subprocess.Popen[bytes]]" = []
    yield started
    for process in started:
        try:
            os.killpg(process.pid, 9)
        except OSError:
            pass
        process.wait()


def start(started: "list[subprocess.Popen[bytes]]", code: str) -> int:
    """Runs this Python until it says that it is ready."""
    code = f"import os, time\n{code}\nprint('ready', flush=True)\ntime.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True
    )
    started.append(process)
    assert process.stdout and process.stdout.readline().startswith(b"ready")
    return process.pid


def watch(started: "list[subprocess.Popen[bytes]]", **allowed: int) -> Watch:
    made = Watch(Allowed(**allowed))
    made.not_ours |= {process.pid for process in started}
    return made


@pytest.mark.parametrize(
    "code, allowed, said",
    [
        ("x = bytearray(60 << 20)", {"memory": 40 << 20}, "more than 40 MiB"),
        ("[os.fork() for _ in range(4)]", {"processes": 8}, "more than 8 processes"),
        (
            "for _ in range(5):\n if not os.fork(): os.setsid(); time.sleep(60)",
            {"sessions": 3},
            "more than 3 daemons",
        ),
    ],
)
def test_ends_what_takes_too_much(
    program: "list[subprocess.Popen[bytes]]",
    code: str,
    allowed: "dict[str, int]",
    said: str,
) -> None:
    greedy, honest = start(program, code), start(program, "x = bytearray(9 << 20)")
    looking = watch(program, **allowed)
    assert {greedy, honest} <= set(looking.programs())
    looking.look()
    assert program[0].wait(10) == -9 and program[1].poll() is None
    assert len(looking.ended) == 1 and said in str(looking.ended)
    assert greedy not in looking.programs() and honest in looking.programs()
    assert looking.end_all() == 1 and program[1].wait(10) == -9


def test_shared_memory_counts_once(program: "list[subprocess.Popen[bytes]]") -> None:
    """Forty processes that share what one has are no forty times as large."""
    code = "x = os.urandom(20 << 20)\nfor _ in range(40):\n if not os.fork(): time.sleep(60)"
    pid = start(program, code)
    looking = watch(program, memory=200 << 20)
    seen = looking.programs()[pid]
    assert seen.rss > 400 << 20 and seen.memory < 200 << 20
    looking.look()
    assert not looking.ended and program[0].poll() is None


def test_the_grader_is_not_a_program(program: "list[subprocess.Popen[bytes]]") -> None:
    pid = start(program, "x = bytearray(60 << 20)")
    looking = Watch(Allowed(memory=10 << 20), grader=[pid])
    assert looking.programs() == {}
    looking.look()
    assert program[0].poll() is None and not looking.ended


def test_a_group_bounds_memory() -> None:
    if not sandbox_group.places():
        pytest.skip("no control group can be made here")
    command = [sys.executable, "-c", "x = bytearray(200 << 20)"]
    with sandbox_group.group("test", 100 << 20, 50) as words:
        assert subprocess.run([*words, *command]).returncode == -9
        assert subprocess.run([*words, "true"]).returncode == 0
    left = [p for place in sandbox_group.places() for p in place.glob("grading-*-test")]
    assert left == [] and subprocess.run(command).returncode == 0


# ---- Where there is less ---------------------------------------------------


@pytest.mark.parametrize(
    "bwrap, setpriv, root, said",
    [
        (True, True, True, set()),
        (True, False, False, {sandbox_place.SAME_USER}),
        (False, True, True, {sandbox_place.NETWORK, sandbox_place.CHECKS}),
        (False, False, False, {sandbox_place.NETWORK, sandbox_place.NO_USER}),
    ],
)
def test_what_is_missing_is_told(
    monkeypatch: pytest.MonkeyPatch,
    bwrap: bool,
    setpriv: bool,
    root: bool,
    said: set[str],
) -> None:
    def works(command: "tuple[str, ...]") -> bool:
        other = any(word.startswith("--reuid") for word in command)
        return (bwrap if "bwrap" in command else setpriv) and (setpriv or not other)

    monkeypatch.setattr(sandbox_place, "works", works)
    monkeypatch.setattr(sandbox_place, "places", lambda: (Path("/"),))
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)
    found = sandbox_place.isolation.__wrapped__()
    assert found.bubblewrap == bwrap and found.other_user == (setpriv and root)
    assert set(found.missing) >= said and bool(found.missing) == bool(said)
    monkeypatch.setattr(sandbox_place, "places", lambda: ())
    more = set(sandbox_place.isolation.__wrapped__().missing) - set(found.missing)
    assert more == {sandbox_place.MEMORY}


def reference(number: str) -> Intake:
    files = find_step(number).glob("*.[ch]")
    return Intake({path.name: path.read_bytes() for path in files})


@pytest.mark.slow
@pytest.mark.parametrize("bwrap", [True, False])
@pytest.mark.parametrize("other", [True, False])
def test_every_kind_grades_alike(
    monkeypatch: pytest.MonkeyPatch, bwrap: bool, other: bool
) -> None:
    """A right program gets all points whatever this machine can do."""
    if os.geteuid() != 0 or not sandbox.isolation().other_user:
        pytest.skip("what does less can be tried only by who can do all")
    kind = Isolation(bwrap, other)
    monkeypatch.setattr(sandbox, "isolation", lambda: kind)
    kit = sandbox_kit.prepare("03", BUILD)
    graded = sandbox.grade(kit, reference("03"), Settings("4"), options=["-k", FEW])
    assert graded.document["score"] == 100.0, graded.verdict
    assert graded.document["counts"]["passed"] == 5 and not graded.status.left


@pytest.mark.slow
def test_without_being_root(tmp_path: Path) -> None:
    """As a teacher who is no administrator."""
    if os.geteuid() != 0:
        pytest.skip("this is so in all tests then")
    home = Path("/tmp") / f"teacher-{os.getpid()}"
    home.mkdir()
    try:
        os.chown(home, 1234, 1234)
        words = ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups"]
        words += [
            sys.executable,
            "-m",
            "coursework",
            "grade_submission",
            "--step",
            "01",
        ]
        words += ["--submission", str(find_step("01")), "--build", str(home / "build")]
        words += ["--report", str(home / "report.json")]
        tests = str(ROOT / "tests")
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": tests,
            "HOME": str(home),
        }
        done = subprocess.run(words, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert json.loads((home / "report.json").read_text())["score"] == 100.0
        assert "it runs as the" in done.stdout, "what was missing is told"
    finally:
        subprocess.run(["rm", "-rf", str(home)])


# ---- The verb --------------------------------------------------------------


def test_a_refused_submission_has_a_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ann").mkdir()
    words = ["--step", "1", "--submission", str(tmp_path / "ann"), "--seed", "9"]
    words += ["--report", str(tmp_path / "r.json"), "--build", str(BUILD)]
    assert grade_submission.main(words) == 1
    document = json.loads((tmp_path / "r.json").read_text())
    assert document["score"] == 0.0 and document["submission"] == "ann"
    assert document["counts"]["not judged"] == len(document["checks"]) > 20
    assert "no C source" in document["checks"][0]["note"]
    assert "no C source" in capsys.readouterr().out
    assert document["seed"] == "9" and not document["partial"]


def test_time_is_bounded(tmp_path: Path) -> None:
    """A sandbox that says nothing ends when its time is over."""
    silent = order(limits=Limits(seconds=0.1, build_seconds=0.1, check_seconds=0.1))
    process = subprocess.Popen(["sleep", "100"], start_new_session=True)
    began = time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "GRACE", 0.1)
        sandbox._wait(process, silent.limits, None)
        sandbox._end(process, silent)
    assert time.monotonic() - began < 10 and process.returncode in (-9, -15)
