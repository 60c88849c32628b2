"""A starter compiles without a warning, fails its checks and earns nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from coursework import homework, stages
from coursework.blank import HEADER
from coursework.homework import Homework
from coursework.start import write_starter
from coursework.student import Student

STEPS = list(homework.read_all())
WARNINGS_ARE_ERRORS = "mistakes="
VARIANTS = {
    "gcc-sanitized": ["CC=gcc"],
    "gcc-release": ["CC=gcc", "sanitized=-O2"],
    "clang-sanitized": ["CC=clang"],
    "clang-release": ["CC=clang", "sanitized=-O2"],
}
QUICK = ("03", "gcc-sanitized")  # stands for all of them in a quick run


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("build")


def each(*choices: str) -> list[Any]:
    """Each step with each choice; all but one of them are slow."""
    return [
        pytest.param(
            step,
            choice,
            id=f"{step.number}-{choice}",
            marks=[] if (step.number, choice) == QUICK else [pytest.mark.slow],
        )
        for choice in choices
        for step in STEPS
    ]


@pytest.mark.parametrize("declared, variant", each(*VARIANTS))
def test_no_compiler_warns(
    declared: Homework, variant: str, build: Path, tmp_path: Path
) -> None:
    words = VARIANTS[variant]
    if not shutil.which(words[0][len("CC=") :]):
        pytest.skip(f"no {words[0]} here")
    make = ["make", WARNINGS_ARE_ERRORS, *words]
    student = Student(declared.step, tmp_path, build / variant, make)
    write_starter(declared, student.own)
    built = student.compile()
    assert built.returncode == 0 and "warning" not in built.stdout, built.stdout


@pytest.mark.parametrize("declared, variant", each("gcc-sanitized"))
def test_nothing_is_earned(
    declared: Homework, variant: str, build: Path, tmp_path: Path
) -> None:
    write_starter(declared, tmp_path / declared.name)
    results = stages.grade(declared, tmp_path, build / variant)
    earned = [
        name
        for name, one in results.items()
        if one["result"] == "passed" and one["mark"] != "permitted"
    ]
    assert results and not earned


@pytest.mark.slow
def test_a_body_that_only_the_end_comes_to_is_not_blamed(
    build: Path, tmp_path: Path
) -> None:
    """The parent keeps the connection: nobody shall be told to write
    workers_stop(), which runs when the grader stops the server."""
    declared = homework.read(homework.find_step("03"))
    own = tmp_path / declared.name
    stages.write(declared, 1, own)
    main, workers = own / "main.c", own / "workers.c"
    text = main.read_text()
    assert text.count("    close(fd);\n") == 1
    main.write_text(text.replace("    close(fd);\n", ""))
    text = workers.read_text()
    head, name, stop = text.partition("\nworkers_stop(uint64_t ms)\n{\n")
    assert name and "    return;\n" in stop and HEADER not in text
    include = f'#include "{HEADER}"\n\nvoid'
    head = head[: -len("\nvoid")] + "\n" + include
    workers.write_text(head + name + stop.replace("return;", "NOT_WRITTEN_YET;"))
    select = ["-k", "test_parent_lets_go"]
    results = stages.grade(declared, tmp_path, build / "blame", *select)
    failed = results["parent-lets-go"]
    assert failed["result"] == "failed" and not failed["story"]["unwritten"]
    assert "not written yet: workers_stop" in "".join(failed["story"]["printed"])
