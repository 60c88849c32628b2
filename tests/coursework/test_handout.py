"""What a class is given: nothing that answers it, and all that it needs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Iterator

import pytest

from coursework import blank, handout, homework

STEPS = [step.name[:2] for step in homework.step_directories()]
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[A-Za-z_]\w*|\d\w*|[^\s\w]')
WORDS = set("if else while for return switch case break continue do sizeof".split())
PLAIN = 40  # tokens from which on a body is known without its names
LEAST = 12  # tokens that can be an answer


def tokens(text: str, names: bool) -> str:
    """C as a row of tokens: without comments and white space, and without the
    names of things where they do not matter."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    found = []
    for token in TOKEN.findall(text):
        if not names and token not in WORDS:
            token = "n" if re.match(r"\w", token) else token
        found.append(token)
    return " ".join(found)


def answers(first: str) -> Iterator[tuple[str, str]]:
    """The bodies of all homework functions from this step on."""
    for step in homework.step_directories():
        if step.name[:2] >= first:
            for source in blank.sources(homework.read(step)).values():
                for name in source.tasks:
                    function = source.functions[name]
                    yield name, source.text[function.body_start : function.body_end]


def leaks(files: dict[str, bytes], first: str) -> list[str]:
    """The homework functions from this step on whose bodies are in the files."""
    texts = [data.decode(errors="replace") for data in files.values()]
    rows = {names: [tokens(t, names) for t in texts] for names in (True, False)}
    found = []
    for name, body in answers(first):
        size = len(tokens(body, True).split())
        if size < LEAST:
            continue  # `return r->status;`: no secret
        exact = size < PLAIN
        wanted = tokens(body, exact)
        found += [name] if any(wanted in row for row in rows[exact]) else []
    return found


@pytest.mark.parametrize("number", STEPS)
def test_no_answer_is_handed_out(number: str) -> None:
    assert leaks(handout.contents(homework.find_step(number)), number) == []


def test_an_answer_would_be_found() -> None:
    """Under other names, and on other lines."""
    step = homework.find_step("03")
    text = (step / "workers.c").read_text()
    changed = re.sub(r"\bpid\b", "kid", text).replace("\n", "\n\n   ")
    assert "workers_fork" in leaks({"x.c": changed.encode()}, "03")
    assert leaks({"x.c": text.encode()}, "04") == []


def test_nothing_else_that_tells() -> None:
    files = handout.contents(homework.find_step("03"))
    for name in files:
        assert not name.endswith(".patch"), name
        assert not name.startswith(("tests/mutants", "tests/peers", "tests/selftest"))
        assert "docs/teaching" not in name and "steps/04" not in name
    assert "common/io/workers.c" not in files and "common/io/loop.h" not in files
    assert b"reap" not in files["tests/checks.md"].partition(b"## 04")[2]
    hints = files["tests/checks/test_03_reap.py"].decode()
    reference = (homework.ROOT / "tests/checks/test_03_reap.py").read_text()
    assert reference.count("    3. ") == hints.count(handout.ASK) > 0
    assert hints.count("    2. ") == reference.count("    2. ")


def test_a_lesson_shows_no_homework() -> None:
    declared = homework.read(homework.find_step("03"))
    body = next(body for name, body in answers("03") if name == "workers_fork")
    lesson = f"Text.\n\n```c\npid_t\nworkers_fork(void)\n{{\n{body}}}\n```\n\nMore.\n"
    closed = handout.close(lesson, declared)
    assert handout.YOURS in closed and "fork();" not in closed
    assert "workers_fork(void)" in closed and closed.endswith("More.\n")
    assert leaks({"README.md": closed.encode()}, "03") == []
    assert leaks({"README.md": lesson.encode()}, "03") == ["workers_fork"]


def test_one_archive_for_each_part(tmp_path: Path) -> None:
    assert handout.main(["01-03", "--out", str(tmp_path)]) == 0
    made = sorted(path.name for path in tmp_path.iterdir())
    assert made == [f"staircase-{n}.tar.gz" for n in _names(("01", "02", "03"))]
    assert handout.main(["09", "--out", str(tmp_path)]) == 2
    assert handout.main(["first", "--out", str(tmp_path)]) == 2


def _names(numbers: tuple[str, ...]) -> list[str]:
    return [homework.find_step(number).name for number in numbers]


def unpack(number: str, to: Path) -> Path:
    archive = handout.write(homework.find_step(number), to)
    with tarfile.open(archive) as opened:
        for member in opened.getmembers():  # no name leads out
            assert not member.name.startswith("/") and ".." not in member.name
        opened.extractall(to)
    return to / f"staircase-{number}"


def make(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    outside = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    for name in ("BUILD", "WORK", "PYTHONPATH"):
        outside.pop(name, None)
    return subprocess.run(
        ["make", *words],
        cwd=tree,
        env=outside,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )


def graded(tree: Path, number: str) -> dict[str, str]:
    """The results of `make grade-03` in a handout: of the new checks."""
    make(tree, f"grade-{number}")
    name = homework.find_step(number).name
    report = json.loads((tree / "build" / "work" / f"{name}.json").read_text())
    return {c["id"]: c["result"] for c in report["checks"] if c["new"]}


@pytest.mark.slow
@pytest.mark.parametrize("number", ["03", "07"])  # plain, and with OpenSSL
def test_it_stands_alone(number: str, tmp_path: Path) -> None:
    """In an empty place it builds, and grades: the starter with nothing, the
    reference's files with everything."""
    tree = unpack(number, tmp_path)
    step = homework.find_step(number)
    begun = make(tree, f"start-{number}")
    assert begun.returncode == 0, begun.stderr
    assert "passed" not in graded(tree, number).values()
    work = tree / "work" / step.name
    for path in step.glob("*.[ch]"):
        shutil.copy(path, work)
    results = graded(tree, number)
    assert set(results.values()) == {"passed"}, results
    refused = make(tree, f"solution-{number}", "FORCE=1")
    assert refused.returncode != 0 and "Your teacher" in refused.stderr
