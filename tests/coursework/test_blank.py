"""Taking bodies out of C source."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from coursework import csource
from coursework.blank import HEADER, HEADER_TEXT, STATUS, BlankError, Source
from coursework.csource import StyleError
from coursework.homework import Task

SOURCE = """\
/* What the file is. */

#include "own.h"

#include <string.h>

enum { MOST = 3 };

static int count;
static const struct pair {
    const char *name; /* { */
    int number;
} pairs[] = {
    {"one", 1},
};

/* Is kept: main calls it. */
static int
kept(void)
{
    return 1;
}

/* Goes: only written() calls it. */
static int
helper(const char *a, int (*call)(int, int), char b[MOST])
{
    return call(a[0], b[0]) + count; /* } */
}

/* What it does. */
static int
second(void)
{
    return count;
}

/* What it does,
 * in two lines. */
int
written(const char *text, int n)
{
    int most = MOST;

    return helper(text, NULL, NULL) + second() + pairs[0].number + n + most;
}

int
main(void)
{
    return kept() + written("{", 1);
}
"""


def source(for_now: "list[str] | None" = None, given: "set[str]" = set()) -> Source:
    tasks = [Task("M", "a.c", "written", for_now or []), Task("M", "a.c", "second")]
    return Source(SOURCE, tasks, given)


def test_a_body_is_one_call_and_its_comment_stays() -> None:
    text = source().blanked()
    assert (
        """\
/* What it does,
 * in two lines. */
int
written(const char *text, int n)
{
    NOT_WRITTEN_YET;
    (void)text;
    (void)n;
    (void)count;
    (void)pairs;
    (void)second;
}
"""
        in text
    )
    assert 'return kept() + written("{", 1);' in text
    assert f'#include <string.h>\n\n#include "{HEADER}"\n\nenum' in text


def test_helpers_go_with_their_comments_unless_they_are_given() -> None:
    assert "helper" not in source().blanked() and "Goes" not in source().blanked()
    text = source(given={"helper"}).blanked()
    assert "return call(a[0], b[0]) + count;" in text and "(void)helper;" in text


def test_a_first_body_stands_as_a_comment() -> None:
    assert "    /* for now: return 0; */\n}" in source(["return 0;"]).blanked()
    text = source(["int x;", "", "return 0;"]).blanked()
    assert "    /* for now:\n    int x;\n\n    return 0;\n    */\n}" in text
    text = source(["return 0;"]).blanked(for_now=["written"])
    assert "    return 0;\n}" in text and text.count("NOT_WRITTEN_YET") == 1


def test_what_is_written_has_its_helpers_back() -> None:
    assert source().blanked(keep=["written", "second"]) == SOURCE
    text = source().blanked(keep=["written"])
    assert "helper(const char" in text and text.count("NOT_WRITTEN_YET") == 1


def test_lines_are_counted_without_comments() -> None:
    blanked = source()
    assert blanked.lines(["written"]) == 2 + 5  # its body, and the whole helper
    assert blanked.lines(["second"]) == 1


def test_the_names_of_parameters() -> None:
    found = csource.functions(SOURCE)["helper"]
    assert found.parameters == ("a", "call", "b")
    assert csource.parameter_names("void") == ()
    assert csource.parameter_names("const char *format, ...") == ("format",)


def test_static_variables_are_found() -> None:
    assert set(csource.variables(SOURCE)) == {"count", "pairs"}


@pytest.mark.parametrize(
    "text",
    [
        "int f(void)\n{\n    return 1;\n}\n",
        "int\nf(void) {\n    return 1;\n}\n",
        "int\nf(void) { return 1; }\n",
        "int\nf(a)\nint a;\n{\n    return 1;\n}\n",
    ],
    ids=["type beside name", "brace beside name", "one line", "old style"],
)
def test_what_is_not_in_the_house_style_is_refused(text: str) -> None:
    with pytest.raises(StyleError):
        csource.functions(text)


def test_a_function_that_is_not_there_is_refused() -> None:
    with pytest.raises(BlankError, match="no function named absent"):
        Source(SOURCE, [Task("M", "a.c", "absent")], set())


def test_an_unwritten_body_says_so_and_ends_the_program(tmp_path: Path) -> None:
    (tmp_path / HEADER).write_text(HEADER_TEXT)
    (tmp_path / "own.h").write_text("int written(const char *text, int n);\n")
    (tmp_path / "a.c").write_text(source().blanked())
    compiler = ["cc", "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra"]
    subprocess.run(
        [*compiler, "-Wpedantic", "-Werror", "-o", "a", "a.c"], cwd=tmp_path, check=True
    )
    ran = subprocess.run(tmp_path / "a", stderr=subprocess.PIPE, text=True)
    assert ran.returncode == STATUS
    assert ran.stderr == "not written yet: written, a.c\n"
