"""What a class's files say, whoever handed in whatever under what name."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from grader import table, verdict
from grader.course import Course, load, when
from grader.observe import observe
from selftest.grading import result

from coursework import class_table, grade_class, merge_class, sandbox
from coursework.class_progress import Progress
from coursework.class_table import Entry
from coursework.homework import ROOT, find_step
from coursework.sandbox import Graded, Settings
from coursework.sandbox_intake import Intake
from coursework.sandbox_kit import Kit, described
from coursework.sandbox_place import Isolation
from coursework.sandbox_warden import Status

EVIL = "=cmd|'calc'!A1 <script>alert(1)<"
STEP = find_step("01")
EXAMPLES = ROOT / "docs" / "teaching" / "examples"


def fake(kit: Kit, intake: Intake, settings: Settings, **more: Any) -> Graded:
    """What a sandbox does has its own tests. This one gives half of the points,
    and all of them where main.c says so."""
    options = dict(zip(more["options"][::2], more["options"][1::2]))
    results = [result("first", "passed", 50), result("second", "passed", 50)]
    if not intake.files:
        results = [result(one.id, "not judged", 50) for one in results]
    elif b"all" not in intake.files["main.c"]:
        results[1] = result("second", "failed", 50, story=verdict.Story(got=EVIL))
    course = Course()
    if settings.course:
        rows = {r.id: table.Row(r.id, 1, 99, "M", 50, "MUST", (), "T") for r in results}
        submitted = options.get("--submitted")
        handed_in = when(submitted) if submitted else None
        course = load(settings.course, "01", rows, 1, handed_in)
    about = {"step": 1, "seed": settings.seed, "server": "s", "of": 2}
    document = verdict.document(
        results, {**about, "submission": options["--submission"]}, course
    )
    status = Status(intake.refused, built=not intake.refused, finished=True)
    return Graded(status, document, "the verdict", "", Isolation(True, True))


@pytest.fixture
def graded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whose work was graded, by fake()."""
    names: list[str] = []

    def grade(kit: Kit, intake: Intake, settings: Settings, **more: Any) -> Graded:
        names.append(more["options"][1])
        return fake(kit, intake, settings, **more)

    monkeypatch.setattr(sandbox, "grade", grade)
    monkeypatch.setattr(grade_class, "kit_of", lambda *_: described("01"))
    return names


@pytest.fixture
def four(tmp_path: Path) -> Path:
    """Four submissions and what is none."""
    place = tmp_path / "submissions"
    for name, text in ((EVIL, "half"), ("Zoë", "all of it"), ("empty", "")):
        (place / name).mkdir(parents=True)
        if text:
            (place / name / "main.c").write_text(f"/* {text} {EVIL} */\n")
    with zipfile.ZipFile(place / "out.zip", "w") as archive:
        archive.writestr("../../main.c", "int main(void) { return 0; }")
    (place / "grades.csv").write_text("no submission")
    (place / ".hidden").mkdir()
    return place


def run(submissions: Path, out: Path, *more: str) -> int:
    build = str(ROOT / os.environ.get("BUILD", "build"))
    words = ["--step", "01", "--submissions", str(submissions), "--out", str(out)]
    return grade_class.main([*words, "--build", build, *more])


def merge(out: Path, *parts: Path) -> int:
    return merge_class.main(["--step", "01", "--out", str(out), *map(str, parts)])


class Page(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.links += [value for key, value in attrs if key in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_names_are_text(four: Path, tmp_path: Path, graded: list[str]) -> None:
    out = tmp_path / "out"
    assert run(four, out, "--jobs", "2") == 0
    rows = list(csv.DictReader(io.StringIO((out / "class.csv").read_text("utf-8"))))
    assert [row["name"] for row in rows] == ["'" + EVIL, "empty", "out", "Zoë"]
    assert [row["score"] for row in rows] == ["50.0", "0.0", "0.0", "100.0"]
    assert [row["state"] for row in rows] == ["graded", *["refused"] * 2, "graded"]
    listed = json.loads((out / "class.json").read_text())["submissions"]
    assert [row["name"] for row in listed] == [EVIL, "empty", "out", "Zoë"]
    assert listed[0]["checks"] == {"first": "passed", "second": "failed"}
    assert sorted(graded) == sorted([EVIL, "empty", "out", "Zoë"])


def test_pages_are_harmless_and_whole(
    four: Path, tmp_path: Path, graded: list[str]
) -> None:
    out = tmp_path / "out"
    assert run(four, out) == 0
    paths = [out / "index.html", *sorted(out.glob("submissions/*/index.html"))]
    assert len(paths) == 5
    for path in paths:
        page = Page(path)
        assert "script" not in page.tags and "style" in page.tags
        for link in page.links:
            file = path.parent / link.partition("#")[0]
            assert link.startswith("data:") or file.exists(), link
    whole = Page(paths[0])
    assert EVIL in whole.text and "Zoë" in whole.text
    assert 'leads out by ".."' in whole.text, "what a person should look at"
    assert "37.5 of 100 points on average" in " ".join(whole.text.split())
    assert any(link.endswith("#check-second") for link in whole.links)
    own = Page(out / "submissions" / class_table.slug_of("out") / "index.html")
    assert 'leads out by ".."' in own.text and "Zoë" not in own.text


def test_graded_again_only_when_it_changed(
    four: Path, tmp_path: Path, graded: list[str]
) -> None:
    out = tmp_path / "out"
    assert run(four, out) == 0 and len(graded) == 4
    assert run(four, out) == 0 and len(graded) == 4
    (four / "Zoë" / "main.c").write_text("half")
    (four / "empty" / "notes.txt").write_text("not graded, so nothing changes")
    assert run(four, out) == 0 and graded[4:] == ["Zoë"]
    assert {e.name: e.score for e in class_table.load_all(out)}["Zoë"] == 50
    shutil.rmtree(out / "submissions" / class_table.slug_of("out"))
    assert run(four, out) == 0 and graded[5:] == ["out"], "a lost page is made again"
    seed = (out / "seed").read_text()
    assert run(four, out, "--seed", "5") == 0 and len(graded) == 10
    assert seed != (out / "seed").read_text() == "5\n"
    assert run(four, out) == 0 and len(graded) == 10, "the seed stays"


def test_parts_are_fixed_and_join(
    four: Path, tmp_path: Path, graded: list[str]
) -> None:
    found, others = grade_class.find(four)
    assert others == ["grades.csv"] and len(found) == 4
    parts = [grade_class.part_of(found, f"{part}/3") for part in (1, 2, 3)]
    assert sorted(name for part in parts for name in part) == sorted(found)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    whole, joined = tmp_path / "whole", tmp_path / "joined"
    assert run(four, whole, "--seed", "7") == 0
    for part in ("1", "2"):
        assert run(four, tmp_path / part, "--seed", "7", "--shard", f"{part}/2") == 0
        assert not (tmp_path / part / "index.html").exists()
    assert merge(joined, tmp_path / "1", tmp_path / "2") == 0
    for name in ("class.csv", "class.json", "similarity.json", "index.html"):
        assert (joined / name).read_text() == (whole / name).read_text()
    for path in whole.glob("submissions/**/*"):
        assert (joined / path.relative_to(whole)).exists()
    assert merge(joined) == 0, "where all parts came to one place"


def test_parts_that_differ_are_refused(
    four: Path, tmp_path: Path, graded: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(four, tmp_path / "0", "--shard", "1/2") == 2
    assert "SEED" in capsys.readouterr().err, "parts must draw alike"
    for shard in ("0/2", "3/2", "x"):
        assert run(four, tmp_path / "0", "--seed", "1", "--shard", shard) == 2
    for part, seed in (("1", "7"), ("2", "8")):
        out = tmp_path / part
        assert run(four, out, "--seed", seed, "--shard", f"{part}/2") == 0
    capsys.readouterr()
    assert merge(tmp_path / "all", tmp_path / "1", tmp_path / "2") == 2
    assert "differ in their seed: 7, 8" in capsys.readouterr().err
    assert merge(tmp_path / "all", tmp_path / "nothing") == 2
    assert run(tmp_path / "nowhere", tmp_path / "0") == 2


def test_a_deadline_counts_for_known_times(
    four: Path, tmp_path: Path, graded: list[str]
) -> None:
    """Nobody is late because the grading is."""
    course = tmp_path / "course.ini"
    text = "[course]\nname = Networks\n\n[01]\ndeadline = 2026-01-10 23:59 +00:00\n"
    course.write_text(text + "late = 10%\n")
    times = tmp_path / "times.csv"
    times.write_text("Zoë,2026-01-12T10:00Z\nempty,2026-01-10T10:00Z\n")
    out = tmp_path / "out"
    assert run(four, out, "--course", str(course), "--times", str(times)) == 0
    entries = {entry.name: entry for entry in class_table.load_all(out)}
    assert entries["Zoë"].document["late"]["days"] == 2
    assert entries["Zoë"].score == 80 and entries["Zoë"].document["earned"] == 100
    assert entries["empty"].document["late"]["days"] == 0
    assert entries[EVIL].document["late"] is None and entries[EVIL].score == 50
    assert {e.document["course"] for e in entries.values()} == {"Networks"}


def test_every_name_has_its_own_directory() -> None:
    names = ["ann", "Ann", "ann.", "a/n", "a n", "..", "", "Zoë", "Zoe\u0308", "ann-1"]
    slugs = [class_table.slug_of(name) for name in names]
    assert len(set(slugs)) == len(names) and slugs[0] == "ann"
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) for slug in slugs)


def test_a_torn_result_is_none(tmp_path: Path) -> None:
    entry = Entry("ann", document={"score": 1.0}, key="k")
    class_table.store(entry, tmp_path)
    path = class_table.path_of(entry, tmp_path)
    assert class_table.load(path) == entry
    for text in ("", "{", "[]", path.read_text()[:-20], '{"version": 0}'):
        path.write_text(text)
        assert class_table.load(path) is None


@pytest.mark.parametrize("terminal", [True, False])
def test_progress(terminal: bool) -> None:
    class Out(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    out = Out()
    progress = Progress(2, out, threading.Event())
    progress.done(Entry("a\x1b[31mb\n", document={"score": 50.0}))
    progress.done(Entry("c" * 200, document={"score": 0.0}, state="not built"))
    progress.end("Open it")
    said = out.getvalue()
    assert "\x1b[31m" not in said and said.endswith("Open it\n")
    if terminal:
        lines = said.replace("\x1b[K", "").split("\r")
        assert "[############------------] 1 of 2" in said
        assert max(map(len, lines)) <= 80
    else:
        assert "\x1b" not in said and "\r" not in said
        assert said.splitlines()[1].startswith("2 of 2  ccc")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_and_started_again(tmp_path: Path, number: int) -> None:
    """Nothing runs on, what was done stays, and the end is the same."""
    submissions, out = tmp_path / "submissions", tmp_path / "out"
    for name in ("ann", "bob", "cleo"):
        shutil.copytree(STEP, submissions / name)
    build = str(ROOT / os.environ.get("BUILD", "build"))
    words = [sys.executable, "-m", "coursework", "grade_class", "--step", "01"]
    words += ["--submissions", str(submissions), "--out", str(out), "--jobs", "1"]
    words += ["--build", build, "--seed", "3"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    process = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE)
    observe(lambda: list(out.glob("results/*.json")), bool, 200)
    time.sleep(1.0)  # the second one is under way
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    graded = {path.name for path in out.glob("results/*.json")}
    assert 1 <= len(graded) < 3 and not (out / "index.html").exists()
    if number != signal.SIGKILL:
        assert process.returncode == grade_class.INTERRUPTED
        assert b"goes on from here" in said
    gone = time.monotonic() + 10
    while children(process.pid) and time.monotonic() < gone:
        time.sleep(0.1)
    assert not children(process.pid), "no sandbox survives its starter"
    times = {name: (out / "results" / name).stat().st_mtime_ns for name in graded}
    assert run(submissions, out, "--seed", "3") == 0
    assert {entry.score for entry in class_table.load_all(out)} == {100.0}
    for name, at in times.items():
        assert (out / "results" / name).stat().st_mtime_ns == at


def children(starter: int) -> list[str]:
    """Processes in groups or with files that this starter has made."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            status = (path / "status").read_text()
        except OSError:
            continue
        users = re.search(r"(?m)^Uid:\s+(\d+)", status)
        first = (1 << 30) + starter * 256
        if users and first <= int(users[1]) < first + 256:
            found.append(status.splitlines()[0])
    return found


def test_the_examples_for_the_teacher() -> None:
    """They are shell and YAML, and use what the Makefile knows."""
    rules = (ROOT / "tests" / "coursework" / "rules.mk").read_text()
    paths = sorted(EXAMPLES.iterdir())
    assert {path.suffix for path in paths} == {".sh", ".yml"} and len(paths) >= 3
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert "make grade-class" in text and "make merge-class" in text
        words = set(re.findall(r"\b([A-Z]{3,})=", text)) - {"IFS", "YES"}
        assert {"STEP", "SUBMISSIONS", "SEED", "SHARD", "OUT", "PARTS"} <= words
        unknown = [w for w in words if f"$({w})" not in rules and w != "BUILD"]
        assert not unknown, f"{path.name}: {unknown}"
        if path.suffix == ".sh":
            subprocess.run(["bash", "-n", str(path)], check=True)
            if shutil.which("shellcheck"):
                subprocess.run(["shellcheck", str(path)], check=True)
        else:
            yaml = pytest.importorskip("yaml")
            jobs = yaml.safe_load(text)["jobs"]
            steps = [step for job in jobs.values() for step in job["steps"]]
            assert all("uses" in step or "run" in step for step in steps)
            assert jobs["all"]["needs"] == "part"
