"""The Makefile: what it promises of a build, on a small tree made for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

MAKEFILE = Path(__file__).parent.parent.parent / "Makefile"
RULES = sorted(MAKEFILE.parent.glob("tests/*/rules.mk"))  # it includes them
NET_C = '#include "net.h"\nint\nnet_number(void)\n{\n    return %d;\n}\n'
MAIN_C = '#include "net.h"\nint\nmain(void)\n{\n    return net_number();\n}\n'


class Tree:
    """Step 01 teaches net, which 02 takes from common/. Each program's exit
    status tells which net it got."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copy(MAKEFILE, root)
        for rules in RULES:
            self.write(str(rules.relative_to(MAKEFILE.parent)), rules.read_text())
        for place, number in (("common/io", 1), ("steps/01-one", 2)):
            self.write(f"{place}/net.h", "int net_number(void);\n")
            self.write(f"{place}/net.c", NET_C % number)
        self.write("common/io/more.c", "typedef int nothing;\n")
        self.write("steps/01-one/main.c", MAIN_C)
        self.write("steps/02-two/main.c", MAIN_C)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def make(self, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        outside = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
        return subprocess.run(
            ["make", *words],
            cwd=self.root,
            env={**outside, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )

    def status(self, program: str, build: str = "build") -> int:
        return subprocess.run([str(self.root / build / program)]).returncode


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_a_step_links_its_own_file_and_later_ones_the_twin(tree: Tree) -> None:
    assert tree.make().returncode == 0
    assert tree.status("01-one") == 2
    assert tree.status("02-two") == 1


def test_what_a_step_leaves_out_is_missing(tree: Tree) -> None:
    tree.write("steps/01-one/net.c", '#include "net.h"\n')
    done = tree.make()
    assert done.returncode != 0 and "net_number" in done.stdout


def test_nothing_to_do(tree: Tree) -> None:
    tree.make()
    assert "compile" not in tree.make().stdout


def test_a_header_is_followed(tree: Tree) -> None:
    tree.make()
    time.sleep(0.01)  # file times are that coarse
    tree.write("common/io/net.h", "int net_number(void); /* new */\n")
    said = tree.make().stdout
    assert "compile common/io/net.c" in said
    assert "compile steps/02-two/main.c" in said
    assert "compile steps/01-one/main.c" not in said  # it has a net.h of its own


def test_a_removed_file_is_linked_no_more(tree: Tree) -> None:
    tree.make()
    (tree.root / "steps/01-one/net.c").unlink()
    assert tree.make().returncode == 0
    assert tree.status("01-one") == 1


def test_other_flags_build_anew(tree: Tree) -> None:
    tree.make()
    assert "compile common/io/net.c" in tree.make("CFLAGS=-DX").stdout


def test_a_warning_is_an_error(tree: Tree) -> None:
    tree.write("common/io/more.c", "static int unused;\n")
    assert tree.make().returncode != 0


def test_clean_comes_before_all(tree: Tree) -> None:
    tree.make()
    done = tree.make("clean", "all")
    assert done.returncode == 0 and tree.status("02-two") == 1


def test_another_place(tree: Tree, tmp_path: Path) -> None:
    assert tree.make("BUILD=else/where", "all", "san").returncode == 0
    assert tree.status("san/01-one", "else/where") == 2
    assert not (tree.root / "build").exists()


def test_options_pass_on(tree: Tree) -> None:
    tree.write(
        "steps/02-two/main.c",
        "#include <stdio.h>\nint\nmain(int n, char **word)\n{\n"
        "    for (int i = 1; i < n; i++)\n        puts(word[i]);\n}\n",
    )
    given = ["PORT=9", "HOST=::", "TIMEOUT=.5", "QUIET=1", "SHOW=1", "MAX_CHILDREN=2"]
    given += ["ROOT=a b", "HSTS=60", "ARGS=--x y"]
    said = tree.make("-s", "run-02", *given, TIMEOUT="4", CERT="no").stdout
    words = [w for w in said.splitlines() if not w.startswith("  ")]
    text = " ".join(words)
    for option in (
        "--port 9",
        "--host ::",
        "--timeout .5",
        "--quiet",
        "--show",
        "--max-children 2",
        "--root a b",
        "--hsts 60",
        "--x y",
    ):
        assert option in text
    assert "--cert" not in text


@pytest.mark.parametrize("verb", ["run", "test", "grade", "diff"])
def test_a_step_that_there_is_not(tree: Tree, verb: str) -> None:
    done = tree.make(f"{verb}-99")
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 1
    assert "There is no step" in done.stdout and " 99; " in done.stdout
    assert "are 01 02" in done.stdout


def test_help_is_the_head_of_the_makefile(tree: Tree) -> None:
    said = tree.make("help").stdout
    assert said.startswith("Staircase")
    for verb in "run test test-03 test-all unit check-tree diff-03 format lint".split():
        assert f"  make {verb} " in said


def test_without_openssl_only_step_07_asks_for_it(tree: Tree) -> None:
    """tls/ and what includes it wait for build/have/run, and nothing else."""
    tree.write("tests/tools/packages.sh", "#!/bin/sh\necho no openssl\nexit 1\n")
    (tree.root / "tests/tools/packages.sh").chmod(0o755)
    tree.write("common/tls/tls.h", "int tls_number(void);\n")
    tree.write("common/tls/tls.c", "#include <openssl/none.h>\n")
    tree.write("steps/03-three/main.c", '#include "tls.h"\n' + MAIN_C)
    done = tree.make("-k")
    assert done.returncode != 0 and "no openssl" in done.stdout
    assert "none.h" not in done.stdout
    assert tree.status("01-one") == 2 and tree.status("02-two") == 1


def hardening(program: Path) -> Any:
    told = subprocess.run(
        ["readelf", "-W", "-h", "-l", "-d", "-s", str(program)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    stack = [line for line in told.splitlines() if "GNU_STACK" in line]
    return {
        "position independent": "DYN (" in told,
        "read-only relocations": "GNU_RELRO" in told and "BIND_NOW" in told,
        "no executable stack": all("RWE" not in line for line in stack) and stack != [],
        "stack protector": "__stack_chk_fail" in told,
        "fortified": "_chk@" in told,
    }


def test_a_release_is_hardened(tree: Tree) -> None:
    tree.write(
        "steps/02-two/main.c",
        "#include <stdio.h>\n#include <string.h>\nint\nmain(int n, char **word)\n{\n"
        "    char text[80];\n    strcpy(text, word[n - 1]);\n"
        '    return printf("%s", text);\n}\n',
    )
    assert tree.make().returncode == 0
    found = hardening(tree.root / "build/02-two")
    assert found == dict.fromkeys(found, True)
