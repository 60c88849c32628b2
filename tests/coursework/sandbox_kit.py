"""What a submission is built with: a small tree that holds nothing to copy from.

Whoever compiles can include. So a submission of step 03 is built in a tree
without the sources that step 03 or a later one teaches: the Makefile, what is
left of common/, and of the step itself names and #include lines alone, since
the Makefile goes by these. The objects are made once, here.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Iterator, Sequence

from .homework import ROOT, find_step, step_directories

INCLUDED = re.compile(r'^#include "([^"]+)"', re.M)
INCLUDE_LINE = re.compile(r"^#include .*\n", re.M)
RULES = ("Makefile", "tests/tools/packages.sh", "tests/*/rules.mk", "tests/units.md")
WORK = "work"  # in the tree: where a submission's files come
BUILD = "build"
MAKE_SETTINGS = ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "BUILD", "WORK")


class KitError(Exception):
    """The reference itself cannot be built: no submission is to blame."""


@dataclass(frozen=True)
class Kit:
    """Ready to build submissions of one step."""

    step: Path  # steps/03-fork, in the checkout
    path: Path
    digest: str  # names what it is made of

    @property
    def name(self) -> str:
        return self.step.name

    @property
    def number(self) -> str:
        return self.name[:2]

    @property
    def tree(self) -> Path:
        return self.path / "tree"

    @property
    def pycache(self) -> Path:
        """Of the grader's modules, as they are named in a sandbox."""
        return self.path / "pycache"

    @property
    def expected(self) -> list[str]:
        """The files of the step."""
        return sorted(path.name for path in self.step.glob("*.[ch]"))

    def programs(self, files: Iterable[str]) -> list[str]:
        """What is built of these: the server, then the client where there is
        one, which a submission may lack."""
        first, second = self.name.split("-")[:2]
        client = [f"{first}-{second}-client"] * ("client.c" in files)
        return [self.name, *client]


def withheld(number: str, root: Path = ROOT) -> set[str]:
    """The files of common/ that answer this step or a later one, and those
    that cannot be compiled without them."""
    gone = {
        path.name
        for step in step_directories(root)
        if step.name[:2] >= number
        for path in step.glob("*.[ch]")
    }
    includes = {
        path.name: set(INCLUDED.findall(path.read_text(encoding="utf-8")))
        for path in root.glob("common/*/*.[ch]")
    }
    while True:
        more = {n for n, of in includes.items() if n not in gone and of & gone}
        if not more:
            return gone & set(includes)
        gone |= more


def described(number: str) -> Kit:
    """A kit that is only talked about."""
    return Kit(find_step(number), Path(), "")


def prepare(number: str, build: Path, make: Sequence[str] = ("make",)) -> Kit:
    """Makes the kit of a step in build/kit/, unless it is there."""
    step = find_step(number)
    files = _files(step)
    kept = hashlib.sha256(repr(list(make)).encode())
    for name, data in sorted(files.items()):
        kept.update(f"{name}\0{len(data)}\0".encode() + data)
    digest = kept.hexdigest()[:16]
    kit = Kit(step, (build / "kit" / f"{step.name}-{digest}").resolve(), digest)
    kit.path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(kit.path.parent / "lock"):
        if not (kit.path / "made").exists():
            shutil.rmtree(kit.path, ignore_errors=True)
            _write(kit, files, build)
            _try(kit, make)
            (kit.path / "made").touch()
    return kit


def _files(step: Path) -> dict[str, bytes]:
    """All files of the tree, by name."""
    found = {}
    for pattern in RULES:
        for path in ROOT.glob(pattern):
            found[str(path.relative_to(ROOT))] = path.read_bytes()
    gone = withheld(step.name[:2])
    for path in ROOT.glob("common/*/*.[ch]"):
        if path.name not in gone:
            found[str(path.relative_to(ROOT))] = path.read_bytes()
    for path in step.glob("*.[ch]"):
        lines = INCLUDE_LINE.findall(path.read_text(encoding="utf-8"))
        found[f"steps/{step.name}/{path.name}"] = "".join(lines).encode()
    return found


def _write(kit: Kit, files: dict[str, bytes], build: Path) -> None:
    for name, data in files.items():
        path = kit.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o755 if path.suffix == ".sh" else 0o644)
    for path in (build / "have").glob("*"):  # found out already
        (kit.tree / BUILD / "have").mkdir(parents=True, exist_ok=True)
        shutil.copy(path, kit.tree / BUILD / "have")
    (kit.tree / WORK / kit.name).mkdir(parents=True)
    kit.pycache.mkdir()


def _try(kit: Kit, make: Sequence[str]) -> None:
    """Builds the reference with it: that leaves the objects of common/, and
    shows that what fails later is a submission's own."""
    reference = kit.path / "reference"
    shutil.copytree(kit.step, reference / kit.name)
    words = [*make, "--no-print-directory", *build_words(kit.number, reference)]
    outside = {k: v for k, v in os.environ.items() if k not in MAKE_SETTINGS}
    done = subprocess.run(
        words,
        cwd=kit.tree,
        env=outside,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    made = kit.tree / BUILD / "work"
    if done.returncode or not all(
        (made / name).exists() for name in kit.programs(kit.expected)
    ):
        raise KitError(f"the reference of {kit.name} does not build:\n{done.stdout}")
    shutil.rmtree(made)
    shutil.rmtree(reference)
    made.mkdir()  # where a sandbox puts what it makes
    for path in (kit.tree, *kit.tree.rglob("*")):  # another user builds here
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))


def build_words(number: str, work: Path) -> list[str]:
    """What is told to make in the tree."""
    return [f"BUILD={BUILD}", f"WORK={work}", f"work-{number}"]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One after the other, whatever process."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
