"""make work-NN: how a student's program is made, on a small tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.test_make import MAIN_C, NET_C, Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Step 01 teaches net, whose number is 2; the student's is 3."""
    root = tmp_path / "tree"
    root.mkdir()
    made = Tree(root)
    begin(made, "work")
    return made


def begin(tree: Tree, work: str) -> None:
    tree.write(f"{work}/01-one/net.h", "int net_number(void);\n")
    tree.write(f"{work}/01-one/net.c", NET_C % 3)
    tree.write(f"{work}/01-one/main.c", MAIN_C)


def test_it_is_made_of_the_students_files(tree: Tree) -> None:
    assert tree.make("work-01").returncode == 0
    assert tree.status("work/01-one") == 3


def test_what_a_student_leaves_out_is_missing(tree: Tree) -> None:
    (tree.root / "work/01-one/net.c").unlink()
    made = tree.make("work-01")
    assert made.returncode != 0 and "net_number" in made.stdout


MORE_C = "int %s(void);\nint\n%s(void)\n{\n    return %d;\n}\n"


@pytest.mark.parametrize("name, made", [("more", True), ("less", False)])
def test_a_students_file_stands_for_the_whole_of_its_twin(
    tree: Tree, name: str, made: bool
) -> None:
    tree.write("common/io/more.c", MORE_C % ("more", "more", 1))
    tree.write("work/01-one/more.c", MORE_C % (name, name, 5))
    main = MAIN_C.replace("int\nmain", "int more(void);\nint\nmain")
    tree.write("work/01-one/main.c", main.replace("net_number();", "more();"))
    assert (tree.make("work-01").returncode == 0) == made
    assert not made or tree.status("work/01-one") == 5


def test_a_warning_is_shown_and_does_no_harm(tree: Tree) -> None:
    tree.write("work/01-one/main.c", MAIN_C.replace("{\n", "{\n    int unused;\n"))
    made = tree.make("work-01")
    assert made.returncode == 0 and "unused" in made.stdout
    assert tree.status("work/01-one") == 3


@pytest.mark.parametrize("line", ["unknown();", "int *wrong = main;"])
def test_what_is_always_a_mistake_is_an_error(tree: Tree, line: str) -> None:
    tree.write("work/01-one/main.c", MAIN_C.replace("{\n", "{\n    %s\n" % line))
    assert tree.make("work-01").returncode != 0


@pytest.mark.parametrize("work", ["../elsewhere", "somewhere/./else"])
def test_work_may_be_anywhere(tree: Tree, work: str) -> None:
    begin(tree, work)
    assert tree.make("work-01", f"WORK={work}").returncode == 0
    assert tree.make("work-01", f"WORK={tree.root / work}").returncode == 0
    assert tree.status("work/01-one") == 3
    made = {path.name for path in tree.root.iterdir()}
    assert made <= {
        "build",
        "common",
        "steps",
        "tests",
        "work",
        "Makefile",
        "somewhere",
    }


def test_without_work_make_says_how_to_begin(tree: Tree) -> None:
    made = tree.make("work-02")
    assert made.returncode != 0 and "make start-02" in made.stdout


def test_a_client_is_a_program_of_its_own(tree: Tree) -> None:
    tree.write("steps/01-one/client.c", MAIN_C)
    tree.write("work/01-one/client.c", MAIN_C.replace("();", "() + 1;"))
    assert tree.make("work-01").returncode == 0
    assert tree.status("work/01-one") == 3
    assert tree.status("work/01-one-client") == 4
