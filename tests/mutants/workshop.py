"""Builds mutants. Each gets a copy of the sources and of the reference's
objects, time stamps kept, so that make compiles what the patch touches, and
nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from .patches import TREE, Mutant

SOURCES = ("Makefile", "steps", "common")
RULES = ("tests/tools/packages.sh", "tests/*/rules.mk")  # that the Makefile reads
BUILD = "build"  # in a copy
PATCH = ("patch", "-p1", "-F0", "--no-backup-if-mismatch", "-i")
MADE = ("flags", "have", "san/0*", "san/obj/0*", "san/obj/common", "san/obj/steps")


class BuildError(Exception):
    """A mutant that cannot be made; the message has what was printed."""


@dataclass(frozen=True)
class Programs:
    """What a build has made; the client in step 01 alone."""

    server: Path
    client: Path

    @property
    def client_command(self) -> str:
        return str(self.client) if self.client.exists() else ""


class Workshop:
    """Copies the tree once, then makes mutants of the copy."""

    def __init__(self, build: Path, directory: Path) -> None:
        """build: where `make san` has made the reference."""
        self.directory = directory
        self.base = directory / "base"
        self.fresh: set[str] = set()  # steps whose reference is up to date
        self.lock = threading.Lock()
        self._copy_tree(build.resolve())

    def reference(self, directory: str) -> Programs:
        """The programs of a step, as they should be: 03-fork. Made here only
        if the sources have changed since the build."""
        with self.lock:
            if directory not in self.fresh:
                _make(self.base, directory)
                self.fresh.add(directory)
        return _programs(self.base, directory)

    def mutant(self, mutant: Mutant) -> Programs:
        """Builds a mutant in a tree of its own."""
        return self.patched(str(mutant), mutant.directory, mutant.path)

    def patched(
        self,
        name: str,
        directory: str,
        patch: Path,
        change: Callable[[Path], object] = str,
    ) -> Programs:
        """Builds a step, patched and then changed, in a tree of this name."""
        self.reference(directory)
        tree = self.directory / name
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(self.base, tree, symlinks=True)
        _run([*PATCH, str(patch)], tree)
        change(tree)
        _make(tree, directory)
        return _programs(tree, directory)

    def discard(self, name: object) -> None:
        shutil.rmtree(self.directory / str(name), ignore_errors=True)

    def _copy_tree(self, build: Path) -> None:
        self.base.mkdir(parents=True)
        for name in SOURCES:
            _copy(TREE / name, self.base / name)
        for pattern in RULES:
            for path in TREE.glob(pattern):
                _copy(path, self.base / path.relative_to(TREE))
        for pattern in MADE:
            for path in build.glob(pattern):
                _copy(path, self.base / BUILD / path.relative_to(build))
        for path in (self.base / BUILD).rglob("*.d"):  # they name their object
            text = re.sub(r"(?m)^\S*\bsan/obj/", f"{BUILD}/san/obj/", path.read_text())
            path.write_text(text)


def _make(tree: Path, directory: str) -> None:
    """Makes the programs of a step; what a compiler says is an error."""
    prefix = f"{BUILD}/san/"
    made = _programs(Path(), directory)
    names = [made.server.name]
    if (tree / "steps" / directory / "client.c").exists():
        names.append(made.client.name)
    goals = [prefix + name for name in names]
    said = _run(["make", "-j1", f"BUILD={BUILD}", *_overrides(), *goals], tree)
    if "warning:" in said:
        raise BuildError(said)


def _programs(tree: Path, directory: str) -> Programs:
    prefix = tree / BUILD / "san"
    number, kind = directory.split("-")[:2]
    return Programs(prefix / directory, prefix / f"{number}-{kind}-client")


def _copy(source: Path, target: Path) -> None:
    """As cp -a: make looks at the times."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)


def _overrides() -> list[str]:
    """The variables that were given to the make that runs this, CC=clang."""
    words = os.environ.get("MAKEFLAGS", "").partition("-- ")[2].split()
    return [w for w in words if re.match(r"(CC|CFLAGS)=", w)]


def _run(command: list[str], tree: Path) -> str:
    names = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "BUILD")
    environment = {k: v for k, v in os.environ.items() if k not in names}
    done = subprocess.run(
        command,
        cwd=tree,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    if done.returncode:
        raise BuildError(f"{' '.join(command)}:\n{done.stdout}")
    return done.stdout
