"""What is made for hosts of courses, run as they run it: in their directories,
by their entry script, as their user."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Sequence

import pytest

from coursework import handout, homework, hosts
from coursework.test_handout import leaks

STEP = homework.find_step("03")
NOBODY = "65534"
ROOM = """--ro-bind /usr /usr --ro-bind /etc /etc --symlink usr/bin /bin
    --symlink usr/sbin /sbin --symlink usr/lib /lib --symlink usr/lib64 /lib64
    --proc /proc --dev /dev --tmpfs /tmp --ro-bind-try /run /run""".split()


def made(host: str, to: Path, *options: str) -> Path:
    assert hosts.main([host, "03", "--out", str(to), *options]) == 0
    return to / f"{host}-03"


def submission(to: Path, whole: bool) -> Path:
    """The reference's files, or the starter's."""
    to.mkdir(parents=True, exist_ok=True)
    if whole:
        for path in STEP.glob("*.[ch]"):
            shutil.copy(path, to)
    else:
        for name, text in handout.blank.starter(homework.read(STEP)).items():
            (to / name).write_text(text)
    return to


def run(words: Sequence[str], **more: object) -> "subprocess.CompletedProcess[str]":
    outside = {
        k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "PYTE"))
    }
    for name in ("BUILD", "WORK", "PYTHONPATH"):
        outside.pop(name, None)
    outside.update(more.pop("env", {}))  # type: ignore[call-overload]
    return subprocess.run(
        list(words),
        env=outside,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        **more,  # type: ignore[call-overload]
    )


def test_no_answer_is_in_it(tmp_path: Path) -> None:
    files = hosts.bundle(STEP, None)
    assert leaks(files, "03") == []
    assert "tests/coursework/grade_submission.py" in files
    assert not any(name.startswith("tests/mutants") for name in files)


def test_the_forms_of_the_hosts(tmp_path: Path) -> None:
    course = tmp_path / "mine.ini"
    course.write_text("[course]\n")
    place = made("gradescope", tmp_path, "--course", str(course))
    with zipfile.ZipFile(place / "autograder.zip") as archive:
        names = archive.namelist()
        assert {"setup.sh", "run_autograder", "staircase/course.ini"} <= set(names)
        mode = archive.getinfo("run_autograder").external_attr >> 16
        assert mode & 0o111 and b"--course course.ini" in archive.read("run_autograder")
    place = made("autolab", tmp_path)
    assert sorted(p.name for p in place.iterdir()) == [
        "autograde-Makefile",
        "autograde.tar",
    ]
    assert "{" not in (place / "autograde-Makefile").read_text().replace("$${", "")
    place = made("classroom50", tmp_path)
    compile((place / "autograder.py").read_text(), "autograder.py", "exec")
    with tarfile.open(place / "staircase.tar.gz") as archive:
        assert all(name.startswith("staircase/") for name in archive.getnames())


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("bwrap"), reason="needs root")
@pytest.mark.parametrize("whole", [True, False])
def test_gradescope(tmp_path: Path, whole: bool) -> None:
    """/autograder with source, submission and results; run_autograder, as root."""
    place = tmp_path / "autograder"
    (place / "results").mkdir(parents=True)
    submission(place / "submission", whole)
    when = {"created_at": "2026-11-20T10:00:00.000000-05:00"}
    (place / "submission_metadata.json").write_text(json.dumps(when))
    source = place / "source"
    source.mkdir()
    archive = made("gradescope", tmp_path) / "autograder.zip"
    subprocess.run(["unzip", "-q", str(archive), "-d", str(source)], check=True)
    shutil.copy(source / "run_autograder", place)
    setup = (source / "setup.sh").read_text().splitlines()
    inside = [line for line in setup if line.startswith("YES=1")]  # without a network
    begin = (
        f"cd /autograder/source/staircase && {inside[0]} && /autograder/run_autograder"
    )
    room = ["bwrap", *ROOM, "--bind", str(place), "/autograder"]
    done = run([*room, "--die-with-parent", "sh", "-c", begin])
    said = done.stdout + done.stderr
    assert (place / "results" / "results.json").exists(), said
    results = json.loads((place / "results" / "results.json").read_text())
    assert done.returncode in (0, 1), said
    new = [test.get("score") for test in results["tests"] if test["number"] != "kept"]
    assert sum(filter(None, new)) == 0.0 or whole  # by luck a starter earns nothing
    assert results["score"] == 100.0 or not whole
    assert len(results["tests"]) > 25 and results["visibility"] == "visible"


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_autolab(tmp_path: Path) -> None:
    """A directory of the user autograde: Makefile, autograde.tar, the handin."""
    place = made("autolab", tmp_path)
    with tempfile.TemporaryDirectory(prefix="autolab-") as name:
        os.chmod(name, 0o755)  # pytest's own directories are root's alone
        home = Path(name) / "autograde"
        home.mkdir()
        shutil.copy(place / "autograde.tar", home)
        shutil.copy(place / "autograde-Makefile", home / "Makefile")
        with tarfile.open(home / "handin.tar.gz", "w:gz") as archive:
            archive.add(submission(tmp_path / "mine", True), "03-fork")
        for path in [home, *home.iterdir()]:
            os.chown(path, int(NOBODY), int(NOBODY))
        user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        done = run([*user, "make", "-s"], cwd=home, env={"HOME": str(home)})
    assert done.stdout, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert sum(last["scores"].values()) == pytest.approx(100.0), done.stderr
    assert "Reap the dead" in last["scores"]


@pytest.mark.slow
def test_classroom50(tmp_path: Path) -> None:
    """In the checkout of a student, with the runner's environment."""
    place = made("classroom50", tmp_path)
    checkout = submission(tmp_path / "checkout" / "03-fork", True).parent
    environment = {
        "CLASSROOM": "net-26",
        "ASSIGNMENT": "fork",
        "OWNER": "ada",
        "SUBMISSION_TAG": "submit/20261121T100000Z-abc1234",
        "COMMIT_URL": "https://example.org/c",
    }
    done = run(
        [sys.executable, str(place / "autograder.py")], cwd=checkout, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((checkout / "result.json").read_text())
    assert result["schema"] == "classroom50/result/v1"
    assert result["score"] == result["max-score"] == 1000
    assert (result["classroom"], result["owner"]) == ("net-26", "ada")
    assert "100" in (checkout / "release-body.md").read_text()
