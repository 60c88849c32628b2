"""The rules of the tree that no compiler knows (see docs and README.md).

    check_tree.py [--root DIR] [--build DIR]

Reads the sources, and of a finished build the link maps, dependency files and
objects. Prints each fault as `rule: place: what is wrong`, then the count of
rules as `N passed, N failed, 0 skipped`.
"""

from __future__ import annotations

import argparse
import difflib
import re
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Set, Tuple

Faults = Iterator[str]

# A layer and those below it that it may use.
LAYERS: Dict[str, Set[str]] = {
    "base": set(),
    "http": {"base"},
    "io": {"base"},
    "files": {"base", "http", "io"},
    "tls": {"base", "io"},
    "web": {"base", "http", "io", "files", "tls"},
}
TOP = {"README.md", "LICENSE", "Makefile", "steps", "common", "tests", "docs"}
MADE = {"build", "work"}  # ignored by git
FIRST_WITH_OPENSSL = "07"

FUNCTION_LINES = 60
LONG_FUNCTIONS: Dict[Tuple[str, str], str] = {  # (file, function): why
    ("request.c", "step"): "the single switch of the parser's state machine",
}
MAIN_LINES = 199
NEW_MAIN_LINES = 90  # against the step before
NEW_MAIN_LINES_IN = {"04": 140}  # where 03 is turned inside out
TAUGHT_LINES = 375
TAUGHT_LINES_IN = {"connection.c": 400}
HEADER_LINES = 100

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
FUNCTION = re.compile(r"^(\w+)\([^;{]*?\)\n\{\n.*?^\}$", re.M | re.S)
MEMBER = re.compile(r"^\S*obj/[\w-]+\.a\(([\w-]+)\.o\)(?=\s)", re.M)


class Tree:
    """The sources and what a build made of them."""

    def __init__(self, root: Path, build: Path) -> None:
        self.root = root
        self.objects = build / "obj"
        self.steps = sorted(p.parent for p in root.glob("steps/*/main.c"))
        self.common = sorted(root.glob("common/*/*.[ch]"))

    @cached_property
    def by_name(self) -> Dict[str, Path]:
        return {path.name: path for path in self.common}

    @cached_property
    def sources(self) -> List[Path]:
        return self.common + sorted(self.root.glob("steps/*/*.[ch]"))

    def taught(self, step: Path) -> List[Path]:
        programs = ("main.c", "client.c")
        return sorted(p for p in step.glob("*.[ch]") if p.name not in programs)

    def place(self, path: Path) -> str:
        return str(path.relative_to(self.root))

    def includes(self, path: Path) -> List[Tuple[str, str]]:
        return INCLUDE.findall(path.read_text())

    def members(self, step: Path) -> List[str]:
        """The members of the archives of common/ that the step's programs link,
        as the link maps tell."""
        found: Set[str] = set()
        for path in self.objects.glob(f"{step.name[:2]}-*.map"):
            linked = path.read_text().split("\nMemory Configuration")[0]
            found.update(MEMBER.findall(linked))
        if not found and sys.platform != "darwin":  # whose linker writes others
            raise SystemExit(f"{step.name}: no link map tells what it links")
        return sorted(found)

    def depends(self, source: Path) -> Set[Path]:
        """The files of ours that an object was made from."""
        made = self.objects / source.relative_to(self.root).with_suffix(".d")
        rule = made.read_text().split("\n\n")[0].replace("\\\n", " ")
        words = rule.split(": ", 1)[1].split()
        paths = {(self.root / word.rstrip(":")) for word in words}
        return {path for path in paths if path.suffix in (".c", ".h")}


# ---- Rules: each yields what is wrong ---------------------------------------


def top_level(tree: Tree) -> Faults:
    """The top level is fixed."""
    for path in sorted(tree.root.iterdir()):
        if path.name[0] != "." and path.name not in TOP | MADE:
            yield f"{path.name}: does not belong at the top level"


def lessons(tree: Tree) -> Faults:
    """Steps are numbered without a gap and have their lesson."""
    for number, step in enumerate(tree.steps, 1):
        if not step.name.startswith(f"{number:02}-"):
            yield f"{tree.place(step)}: is not step {number:02}"
        if not (step / "README.md").is_file():
            yield f"{tree.place(step)}: has no README.md"


def twins(tree: Tree) -> Faults:
    """A taught file stands exactly twice, byte for byte the same."""
    seen: Dict[str, Path] = {}
    for step in tree.steps:
        for path in tree.taught(step):
            twin = tree.by_name.get(path.name)
            if path.name in seen:
                yield f"{tree.place(path)}: {tree.place(seen[path.name])} has it too"
            seen[path.name] = path
            if not twin:
                yield f"{tree.place(path)}: has no twin in common/"
            elif twin.read_bytes() != path.read_bytes():
                yield f"{tree.place(path)}: differs from {tree.place(twin)}"


def unique_names(tree: Tree) -> Faults:
    """A file's name is unique in common/."""
    for path in tree.common:
        if tree.by_name[path.name] != path:
            other = tree.place(tree.by_name[path.name])
            yield f"{tree.place(path)}: {other} has that name too"


def plain_includes(tree: Tree) -> Faults:
    """An #include of ours names no directory, and a file that there is."""
    tests = sorted(tree.root.glob("tests/unit/*.[ch]"))
    for path in tree.sources + tests:
        for kind, name in tree.includes(path):
            if kind == "<":
                continue
            if "/" in name:
                yield f'{tree.place(path)}: #include "{name}" names a directory'
            elif name not in tree.by_name and not (path.parent / name).exists():
                yield f'{tree.place(path)}: there is no "{name}"'


def layers(tree: Tree) -> Faults:
    """An arrow points down only."""
    for path in tree.common:
        layer = path.parent.name
        if layer not in LAYERS:
            yield f"{tree.place(path)}: {layer} is not a layer"
            continue
        for _, name in tree.includes(path):
            other = tree.by_name.get(name)
            if other and other.parent.name not in LAYERS[layer] | {layer}:
                yield f"{tree.place(path)}: may not include {tree.place(other)}"


def replaced(tree: Tree) -> Faults:
    """A step's file is linked instead of its twin."""
    for step in tree.steps:
        own = {path.stem for path in step.glob("*.c")}
        for name in own.intersection(tree.members(step)):
            yield f"{step.name}: links {name}.o of common/ beside its own"


def layouts(tree: Tree) -> Faults:
    """No file of common/ that a step links or includes knows a header that the
    step teaches: a student's struct may have another layout."""
    for step in tree.steps:
        taught = {path.name for path in tree.taught(step) if path.suffix == ".h"}
        linked = [tree.by_name[member + ".c"] for member in tree.members(step)]
        for source in sorted(step.glob("*.c")) + linked:
            for header in sorted(tree.depends(source)):
                if header.name in taught and header.parent != step:
                    place = tree.place(source)
                    yield f"{step.name}: {place} gets {tree.place(header)}"


def no_openssl(tree: Tree) -> Faults:
    """The steps before 07 need no header of OpenSSL."""
    for step in tree.steps:
        if step.name[:2] >= FIRST_WITH_OPENSSL:
            continue
        linked = [tree.by_name[member + ".c"] for member in tree.members(step)]
        files: Set[Path] = set()
        for source in sorted(step.glob("*.c")) + linked:
            files |= tree.depends(source)
        for path in sorted(files):
            if any(name.startswith("openssl/") for _, name in tree.includes(path)):
                yield f"{step.name}: uses {tree.place(path)}, which needs OpenSSL"


def function_sizes(tree: Tree) -> Faults:
    """A function has 60 lines at most, but for a state machine's one switch."""
    for path in tree.sources:
        for match in FUNCTION.finditer(path.read_text()):
            text, name = match.group(0), match.group(1)
            lines = text.count("\n") + 1
            one_switch = len(re.findall(r"\bswitch\b", text)) == 1
            excused = (path.name, name) in LONG_FUNCTIONS and one_switch
            if lines > FUNCTION_LINES and not excused:
                yield f"{tree.place(path)}: {name} has {lines} lines"


def file_sizes(tree: Tree) -> Faults:
    """main.c is wiring; a taught file and a header can be read in one sitting."""
    for step in tree.steps:
        limits = {step / "main.c": MAIN_LINES}
        for path in tree.taught(step):
            limits[path] = TAUGHT_LINES_IN.get(path.name, TAUGHT_LINES)
        for path, limit in limits.items():
            lines = len(path.read_text().splitlines())
            if lines > limit:
                yield f"{tree.place(path)}: has {lines} lines, {limit} at most"
    for path in tree.common:
        lines = len(path.read_text().splitlines())
        if path.suffix == ".h" and lines > HEADER_LINES:
            yield f"{tree.place(path)}: has {lines} lines, {HEADER_LINES} at most"


def new_in_main(tree: Tree) -> Faults:
    """main.c changes little from step to step."""
    for before, step in zip(tree.steps, tree.steps[1:]):
        old = (before / "main.c").read_text().splitlines()
        new = (step / "main.c").read_text().splitlines()
        delta = difflib.unified_diff(old, new, n=0, lineterm="")
        added = sum(x[:1] == "+" and not x.startswith("+++") for x in delta)
        limit = NEW_MAIN_LINES_IN.get(step.name[:2], NEW_MAIN_LINES)
        if added > limit:
            yield f"{step.name}/main.c: {added} new lines, {limit} at most"


def static_names(tree: Tree) -> Faults:
    """What is not in the module's own header is static."""
    for path in tree.sources:
        if path.suffix != ".c":
            continue
        made = tree.objects / path.relative_to(tree.root).with_suffix(".o")
        if not made.exists():
            continue
        header = path.with_suffix(".h")
        words = set(re.findall(r"\w+", header.read_text() if header.exists() else ""))
        listing = subprocess.run(
            ["nm", "-g", "-P", str(made)], check=True, capture_output=True, text=True
        )
        for line in listing.stdout.splitlines():
            name, kind = line.split()[:2]
            if kind in "TDBRCG" and name != "main" and name not in words:
                yield f"{tree.place(path)}: {name} is neither static nor in its header"


RULES: List[Callable[[Tree], Faults]] = [
    top_level,
    lessons,
    twins,
    unique_names,
    plain_includes,
    layers,
    replaced,
    layouts,
    no_openssl,
    function_sizes,
    file_sizes,
    new_in_main,
    static_names,
]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=Path, default=Path("."))
    parser.add_argument("--build", type=Path, default=Path("build"))
    arguments = parser.parse_args()
    tree = Tree(arguments.root.resolve(), arguments.build.resolve())
    if not tree.steps:
        print("check_tree.py: there are no steps here")
        return 1
    failed = 0
    for rule in RULES:
        faults = list(rule(tree))
        failed += bool(faults)
        for fault in faults:
            print(f"{rule.__name__}: {fault}")
    print(f"{len(RULES) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
