"""Experiments are compiled and run, and one that lies is found."""

from __future__ import annotations

import os
from pathlib import Path
from typing import List

import pytest

from book import experiments
from book.experiments import Tools
from book.fragments import fragment
from book.pages import TOP, Page

PLACE = TOP / os.environ.get("BUILD", "build")
HELLO = '#include <stdio.h>\n\nint\nmain(void)\n{\n    puts("hello");\n}\n'


def judged(tmp_path: Path, kind: str, code: str, output: str = "") -> List[str]:
    text = f"<!-- experiment {kind} -->\n```c\n{code}```\n"
    if output:
        text += f"\nIt prints:\n\n```text\n{output}```\n"
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    tools = Tools(TOP, PLACE.resolve())
    return [f.wrong for f in experiments.check(Page(path, "page.md"), tools)]


def test_a_program(tmp_path: Path) -> None:
    assert judged(tmp_path, "program", HELLO, "hello\n") == []
    assert judged(tmp_path, "program", HELLO) == []


@pytest.mark.parametrize(
    "kind, code, output, why",
    [
        ("program", HELLO, "good-bye\n", "the page shows 'good-bye'"),
        ("program", HELLO.replace("puts", "x = puts"), "", "does not compile"),
        ("program", HELLO.replace("void", "int argc"), "", "does not compile"),
        ("rejected", HELLO, "", "it compiles"),
        ("replaces a b", HELLO, "", "an experiment is"),
        ("replaces steps/03-fork/workers.c no fails zombies", HELLO, "", "there is no"),
    ],
)
def test_one_that_lies(
    tmp_path: Path, kind: str, code: str, output: str, why: str
) -> None:
    (wrong,) = judged(tmp_path, kind, code, output)
    assert why in wrong


def test_one_that_is_rejected(tmp_path: Path) -> None:
    assert judged(tmp_path, "rejected", HELLO.replace(";", "")) == []


def test_one_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiments, "PATIENCE", 0.5)
    (wrong,) = judged(
        tmp_path, "program", HELLO.replace("puts", "for (;;)\n        puts")
    )
    assert "has not ended" in wrong


def test_one_that_a_test_proves(tmp_path: Path) -> None:
    test = "tests/book/test_experiments.py test_one_that_a_test_proves"  # of page.md
    assert judged(tmp_path, f"proved {test}", HELLO) == []
    (wrong,) = judged(tmp_path, f"proved {test}_not", HELLO)
    assert "there is no" in wrong
    other = "tests/book/test_experiments.py test_a_program"
    (wrong,) = judged(tmp_path, f"proved {other}", HELLO)
    assert "does not read this page" in wrong


@pytest.mark.skipif(
    not (PLACE / "san" / "01-tcp-echo").exists(), reason="step 01 is not built"
)
def test_a_function_that_is_replaced(tmp_path: Path) -> None:
    file = "steps/01-tcp-echo/main.c"
    lines = fragment(TOP / file, "send_back", [])
    body = lines.index("{")
    ignored = [f"(void){name};" for name in ("fd", "bytes", "n")]
    code = "\n".join([*lines[: body + 1], *ignored, "return true;", "}", ""])
    kind = f"replaces {file} send_back fails"
    assert judged(tmp_path, f"{kind} echo-one-byte", code) == []
    (wrong,) = judged(tmp_path, f"{kind} port-in-use", code)
    assert "should fail port-in-use alone; failed: none" in wrong
    (wrong,) = judged(tmp_path, f"{kind} port-in-use", code.replace("true", "!"))
    assert "does not compile" in wrong
