"""Each rule of check_tree.py fails where it should, on a small tree made up
for it and built by the Makefile of this one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict


import pytest

from tools import check_tree

TOOLS = Path(__file__).parent
MAKEFILE = TOOLS.parent.parent / "Makefile"
RULES = sorted(MAKEFILE.parent.glob("tests/*/rules.mk"))  # it includes them

NET_H = "int net_open(void);\n"
NET_C = '#include "net.h"\n#include "log.h"\nint\nnet_open(void)\n{\n    return log_say();\n}\n'
TEXT_H = (
    "#ifndef TEXT_H\n#define TEXT_H\nstruct text {\n    int n;\n};\n"
    "int text_len(struct text *t);\n#endif\n"
)
TEXT_C = '#include "text.h"\nint\ntext_len(struct text *t)\n{\n    return t->n;\n}\n'
LOG_H = "int log_say(void);\n"
LOG_C = '#include "log.h"\nint\nlog_say(void)\n{\n    return 0;\n}\n'
MAIN_1 = '#include "net.h"\nint\nmain(void)\n{\n    return net_open();\n}\n'
MAIN_2 = (
    '#include "net.h"\n#include "text.h"\nint\nmain(void)\n{\n'
    "    struct text t = {net_open()};\n    return text_len(&t);\n}\n"
)
FILES: Dict[str, str] = {
    "README.md": "",
    "common/base/log.h": LOG_H,
    "common/base/log.c": LOG_C,
    "common/http/text.h": TEXT_H,
    "common/http/text.c": TEXT_C,
    "common/io/net.h": NET_H,
    "common/io/net.c": NET_C,
    "steps/01-one/README.md": "",
    "steps/01-one/main.c": MAIN_1,
    "steps/01-one/net.h": NET_H,
    "steps/01-one/net.c": NET_C,
    "steps/02-two/README.md": "",
    "steps/02-two/main.c": MAIN_2,
    "steps/02-two/text.h": TEXT_H,
    "steps/02-two/text.c": TEXT_C,
}


class Small:
    """A small tree that can be changed, and then built and judged."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def edit(self, old: str, new: str, *names: str) -> None:
        for name in names:
            text = (self.root / name).read_text()
            assert old in text
            self.write(name, text.replace(old, new))

    def make(self) -> None:
        outside = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
        subprocess.run(
            ["make", "-k", "CFLAGS=-Wno-error"],
            cwd=self.root,
            env=outside,
            capture_output=True,
            timeout=60,
        )

    def judge(self) -> str:
        self.make()
        judged = subprocess.run(
            [sys.executable, str(TOOLS / "check_tree.py")],
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=60,
        )
        lines = judged.stdout.splitlines() or [judged.stderr]
        passed = lines[-1].endswith(" 0 failed, 0 skipped")
        assert passed == (judged.returncode == 0), judged
        return judged.stdout + judged.stderr


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree without a fault, built once."""
    small = Small(tmp_path_factory.mktemp("small"))
    for name, text in FILES.items():
        small.write(name, text)
    shutil.copy(MAKEFILE, small.root)
    for rules in RULES:
        small.write(str(rules.relative_to(MAKEFILE.parent)), rules.read_text())
    small.make()
    return small.root


@pytest.fixture
def small(built: Path, tmp_path: Path) -> Small:
    return Small(shutil.copytree(built, tmp_path / "tree"))


def test_good(small: Small) -> None:
    assert small.judge() == "13 passed, 0 failed, 0 skipped\n"


def stray(small: Small) -> None:
    small.write("notes.txt", "")


def no_lesson(small: Small) -> None:
    (small.root / "steps/02-two/README.md").unlink()


def gap(small: Small) -> None:
    (small.root / "steps/02-two").rename(small.root / "steps/03-two")


def no_twin(small: Small) -> None:
    small.write("steps/02-two/more.h", "")


def twins_differ(small: Small) -> None:
    small.edit("t->n", "(t->n)", "steps/02-two/text.c")


def taught_twice(small: Small) -> None:
    small.write("steps/02-two/net.h", NET_H)


def same_name(small: Small) -> None:
    small.write("common/web/log.h", LOG_H)


def directory(small: Small) -> None:
    small.edit('"log.h"', '"base/log.h"', "common/base/log.c")


def not_there(small: Small) -> None:
    small.edit('"log.h"', '"lost.h"', "common/base/log.c")


def upward(small: Small) -> None:
    small.edit('"log.h"', '"log.h"\n#include "net.h"', "common/base/log.c")


def sideways(small: Small) -> None:
    small.edit('"text.h"', '"text.h"\n#include "net.h"', "common/http/text.c")


def no_layer(small: Small) -> None:
    small.write("common/other/thing.h", "")


def stands_beside(small: Small) -> None:
    """A step's net.c that lacks a function, and a Makefile that lets it come
    from common/."""
    small.edit("addprefix %/", "addprefix none/", "Makefile")
    small.write("steps/01-one/net.c", "int net_unused;\n")


def layout_linked(small: Small) -> None:
    small.edit('"log.h"', '"log.h"\n#include "text.h"', "common/base/log.c")


def layout_included(small: Small) -> None:
    small.write("common/http/page.h", '#include "text.h"\n')
    small.edit('"net.h"', '"page.h"\n#include "net.h"', "steps/02-two/main.c")


def openssl(small: Small) -> None:
    small.write("common/base/openssl/ssl.h", "")
    small.edit('"log.h"', '"log.h"\n#include <openssl/ssl.h>', "common/base/log.c")


def long_function(small: Small) -> None:
    body = "{\n" + "    ;\n" * 57
    small.edit("{\n", body, "common/base/log.c")


def long_switches(small: Small) -> None:
    """The exception is for one switch."""
    body = "switch (n) {}\n" * 2 + "    ;\n" * 60
    small.write("common/http/request.c", f"int\nstep(int n)\n{{\n{body}}}\n")


def long_main(small: Small) -> None:
    small.edit(
        "#include", "\n" * check_tree.MAIN_LINES + "#include", "steps/01-one/main.c"
    )


def long_header(small: Small) -> None:
    small.edit("int", "\n" * check_tree.HEADER_LINES + "int", "common/base/log.h")


def long_taught(small: Small) -> None:
    names = ("steps/02-two/text.c", "common/http/text.c")
    small.edit("#include", "\n" * check_tree.TAUGHT_LINES + "#include", *names)


def much_new(small: Small) -> None:
    news = "".join(f"/* {n} */\n" for n in range(check_tree.NEW_MAIN_LINES + 1))
    small.edit("int\n", news + "int\n", "steps/02-two/main.c")


def extern_function(small: Small) -> None:
    small.write(
        "common/base/log.c", LOG_C + "int\nlog_more(void)\n{\n    return 0;\n}\n"
    )


def extern_variable(small: Small) -> None:
    small.write("common/base/log.c", LOG_C + "int log_level;\n")


@pytest.mark.parametrize(
    "fault, words",
    [
        (stray, "top_level: notes.txt"),
        (no_lesson, "lessons: steps/02-two: has no README.md"),
        (gap, "lessons: steps/03-two: is not step 02"),
        (no_twin, "twins: steps/02-two/more.h: has no twin"),
        (twins_differ, "twins: steps/02-two/text.c: differs from common/http/text.c"),
        (taught_twice, "twins: steps/02-two/net.h: steps/01-one/net.h has it too"),
        (same_name, "unique_names: common/base/log.h: common/web/log.h"),
        (directory, 'plain_includes: common/base/log.c: #include "base/log.h"'),
        (not_there, 'plain_includes: common/base/log.c: there is no "lost.h"'),
        (upward, "layers: common/base/log.c: may not include common/io/net.h"),
        (sideways, "layers: common/http/text.c: may not include common/io/net.h"),
        (no_layer, "layers: common/other/thing.h: other is not a layer"),
        (stands_beside, "replaced: 01-one: links net.o"),
        (layout_linked, "layouts: 02-two: common/base/log.c gets common/http/text.h"),
        (layout_included, "02-two: steps/02-two/main.c gets common/http/text.h"),
        (openssl, "no_openssl: 01-one: uses common/base/log.c"),
        (long_function, "function_sizes: common/base/log.c: log_say has 61 lines"),
        (long_switches, "function_sizes: common/http/request.c: step has 65 lines"),
        (long_main, "file_sizes: steps/01-one/main.c: has "),
        (long_header, "file_sizes: common/base/log.h: has "),
        (long_taught, "file_sizes: steps/02-two/text.c: has "),
        (much_new, "new_in_main: 02-two/main.c: "),
        (extern_function, "static_names: common/base/log.c: log_more"),
        (extern_variable, "static_names: common/base/log.c: log_level"),
    ],
)
def test_fault(small: Small, fault: Callable[[Small], None], words: str) -> None:
    fault(small)
    assert words in small.judge()
