"""Code that stands in the pages alone, because it is an experiment or wrong: it is
compiled with the tree's warnings, and run.

    <!-- experiment program -->     a whole program; a ```text block that follows at
                                    once is what it prints
    <!-- experiment rejected -->    must not compile
    <!-- experiment replaces FILE FUNCTION fails CHECK -->
                                    in a copy of the step: compiles, and fails this
                                    check, while what the check needs still passes
    <!-- experiment proved FILE TEST -->    in Python: this test takes it from the page
"""

from __future__ import annotations

import difflib
import os
import shlex
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from grader import table
from mutants import proof
from mutants.workshop import BuildError, Workshop

from .compare import Varying, agrees, difference
from .fragments import FragmentError, find, fragment
from .pages import Block, Fault, Page

PATIENCE = 10
FORM = "program, rejected, replaces FILE FUNCTION fails CHECK, or proved FILE TEST"


@dataclass(frozen=True)
class Tools:
    """How the tree compiles."""

    top: Path
    build: Path
    compiler: str = "cc"
    flags: str = "-std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Werror"


def check(page: Page, tools: Tools) -> list[Fault]:
    faults = []
    for at, block in enumerate(page.blocks):
        if not block.note or block.note.kind != "experiment":
            continue
        after = page.blocks[at + 1] if at + 1 < len(page.blocks) else None
        if after and (after.language != "text" or not follows(page, block, after)):
            after = None
        faults += judge(page, block, after, tools)
    return faults


def follows(page: Page, block: Block, after: Block) -> bool:
    """Whether only one line of prose, or none, is between the two."""
    between = page.lines[block.end : after.line - 1]
    return sum(1 for line in between if line.strip()) <= 1


def judge(page: Page, block: Block, after: Block | None, tools: Tools) -> list[Fault]:
    assert block.note
    words = [word.text for word in block.note.words]
    if words == ["rejected"]:
        with tempfile.TemporaryDirectory() as place:
            if not compiled(block, tools, Path(place)):
                return []
        wrong = "it compiles, and is shown as what a compiler rejects"
        return [page.fault(block.line, wrong, "<!-- experiment program -->")]
    if words == ["program"]:
        return program(page, block, after, tools)
    if len(words) == 3 and words[0] == "proved":
        return proved(page, block, tools.top / words[1], words[2])
    if len(words) == 5 and words[0] == "replaces" and words[3] == "fails":
        return replaces(page, block, words, tools)
    return [page.fault(block.note.line, f"an experiment is {FORM}", "mend the comment")]


def proved(page: Page, block: Block, file: Path, name: str) -> list[Fault]:
    """By a test that names the page's file."""
    try:
        test = "\n".join(fragment(file, name, []))
    except FragmentError as error:
        return [page.fault(block.line, f"{name}: {error}", "name the test")]
    if page.path.name in test:
        return []
    return [page.fault(block.line, f"{name} does not read this page", "name another")]


def compiled(block: Block, tools: Tools, place: Path) -> str:
    """Compiles and links a program; what is wrong with it is in `errors`."""
    (place / "program.c").write_text(block.text, encoding="utf-8")
    include = [f"-I{path}" for path in sorted(tools.top.glob("common/*"))]
    objects = sorted((tools.build / "obj" / "common").glob("[!t]*/*.o"))
    command = [*shlex.split(tools.compiler), *shlex.split(tools.flags), *include]
    command += ["-g", "-O1", "-o", str(place / "program"), str(place / "program.c")]
    if '#include "' in block.text:  # of ours
        subprocess.run(["ar", "rc", str(place / "common.a"), *map(str, objects)])
        command.append(str(place / "common.a"))
    done = subprocess.run(
        [*command, "-pthread"], capture_output=True, text=True, timeout=60
    )
    (place / "errors").write_text(done.stderr, encoding="utf-8")
    return str(place / "program") if done.returncode == 0 else ""


def program(page: Page, block: Block, after: Block | None, tools: Tools) -> list[Fault]:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        made = compiled(block, tools, place)
        if not made:
            said = (place / "errors").read_text(encoding="utf-8")
            first = next((x for x in said.splitlines() if "error:" in x), said[:200])
            wrong = f"the program does not compile: {first.partition('program.c:')[2]}"
            return [page.fault(block.line, wrong, "mend it, or: experiment rejected")]
        try:
            done = subprocess.run(
                [made],
                cwd=place,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=PATIENCE,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            wrong = f"the program has not ended after {PATIENCE} s"
            return [page.fault(block.line, wrong, "bound it, by alarm() for example")]
    output = done.stdout.decode("utf-8", "replace")
    shown = list(after.lines) if after else []
    if after and not agrees(shown, output, Varying()):
        at, why = difference(shown, output, Varying())
        return [page.fault(after.line + 1 + at, why, "show what it prints")]
    return []


def replaces(page: Page, block: Block, words: list[str], tools: Tools) -> list[Fault]:
    """A function that is wrong, in the place of the right one."""
    file, function, name = words[1], words[2], words[4]
    source = tools.top / file
    step = source.parent.name
    if name not in table.load():
        return [page.fault(block.line, f"there is no check {name}", "tests/checks.md")]
    try:
        text = source.read_text(encoding="utf-8")
        start, end = find(source, text, function)
    except (OSError, FragmentError) as error:
        return [page.fault(block.line, f"{file} {function}: {error}", "name another")]
    lines = text.splitlines(keepends=True)
    wrong = [*lines[:start], block.text, *lines[end:]]
    wrong = "".join(wrong).splitlines(keepends=True)
    change = difflib.unified_diff(lines, wrong, f"a/{file}", f"b/{file}")
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as place:
        patch = Path(place) / "patch"
        patch.write_text("".join(change), encoding="utf-8")
        workshop = Workshop(tools.build, Path(place) / "workshop")
        try:
            made = workshop.patched("experiment", step, patch)
        except BuildError as error:
            said = [x for x in str(error).splitlines() if "error" in x] or [str(error)]
            text = f"it does not compile: {said[-1]}"
            return [page.fault(block.line, text, "mend it")]
        run = proof.grade(int(step[:2]), made, {name}, Path(place))
        if not run.data:
            tail = " ".join(run.text.splitlines()[-3:])
            return [
                page.fault(block.line, f"the grader broke: {tail}", "run it by hand")
            ]
        failed = [c["id"] for c in run.data["checks"] if c["result"] == "failed"]
    if failed != [name]:
        said_failed = ", ".join(failed) or "none"
        text = f"it should fail {name} alone; failed: {said_failed}"
        return [page.fault(block.line, text, "name the check that fails first")]
    return []
