"""Reads what others have packed: folders, archives, git bundles.

Nothing is extracted. A submission becomes a list of entries, each with its
name and kind, and the bytes of C sources; what an archive claims is measured
while it is read. Links are never followed, and a name that leads out of its
archive refuses the whole of it: no honest tool writes one.
"""

from __future__ import annotations

import bz2
import lzma
import os
import re
import stat
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Iterator, Optional, Sequence

ENTRIES = 20_000  # that a submission may have
PACKED = 64 << 20  # bytes of an archive
UNPACKED = 512 << 20  # bytes of all that is in it
SOURCE = 1 << 20  # bytes of one source
DEPTH = 20  # directories below one another
MEMORY = 256 << 20  # bytes that xz may take
CHUNK = 1 << 16
GIT_SECONDS = 60.0

TAR = {".tar": "", ".tar.gz": "gz", ".tgz": "gz", ".tar.xz": "xz", ".txz": "xz"}
TAR.update({".tar.bz2": "bz2", ".tbz2": "bz2"})
ENDINGS = (*TAR, ".zip", ".bundle")  # of names of files that are submissions


class Refused(Exception):
    """A submission cannot be taken; the message says why, to its author."""


@dataclass(frozen=True)
class Entry:
    """Something in a submission."""

    path: str  # 03-fork/main.c
    kind: str  # "file", or in words what else it is
    data: Optional[bytes] = None  # of a source that is not too large
    size: int = 0

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]


def ending_of(name: str) -> str:
    """Which kind of archive the name says; "" for none."""
    low = name.lower()
    return max((e for e in ENDINGS if low.endswith(e)), key=len, default="")


def entries(path: Path) -> list[Entry]:
    """All that is in a folder, an archive or a git bundle."""
    if path.is_dir():
        return list(_folder(path))
    ending = ending_of(path.name)
    if not ending or not path.is_file():
        listed = " ".join(ENDINGS)
        raise Refused(f"it is neither a folder nor an archive: {listed}")
    if path.stat().st_size > PACKED:
        raise Refused(f"the archive has more than {PACKED >> 20} MiB")
    try:
        if ending == ".zip":
            return list(_zip(path))
        if ending == ".bundle":
            return list(_bundle(path))
        with path.open("rb") as file:
            return list(_tar(Unpacked(file, TAR[ending])))
    except (
        *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
        *(EOFError, OSError, ValueError, OverflowError, NotImplementedError),
        RuntimeError,
    ) as error:
        words = str(error) or type(error).__name__
        raise Refused(f"the archive cannot be read: {words}") from None


def wanted(path: str) -> bool:
    """Whether it may be a source: others are not read."""
    return path.endswith((".c", ".h"))


def _checked(name: str) -> str:
    """A name in an archive, made plain."""
    name = name.replace("\\", "/")
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        raise Refused(f"it has an absolute name: {name[:200]!r}")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise Refused(f'it has a name that leads out by "..": {name[:200]!r}')
    if "\0" in name or len(name) > 1000 or len(parts) > DEPTH:
        raise Refused(f"it has a name that is no name: {name[:80]!r}")
    return "/".join(parts)


def _counted(found: Iterator[Entry]) -> Iterator[Entry]:
    for number, entry in enumerate(found, 1):
        if number > ENTRIES:
            raise Refused(f"it has more than {ENTRIES} files")
        yield entry


# ---- Folders ---------------------------------------------------------------


def _folder(root: Path) -> Iterator[Entry]:
    return _counted(_walk(root, ""))


def _walk(root: Path, below: str) -> Iterator[Entry]:
    if below.count("/") >= DEPTH:
        raise Refused(f"it has more than {DEPTH} directories below one another")
    for item in sorted(os.scandir(root / below), key=lambda item: item.name):
        path = f"{below}/{item.name}" if below else item.name
        if item.is_symlink():
            yield Entry(path, "a symbolic link")
        elif item.is_dir():
            yield from _walk(root, path) if item.name != ".git" else ()
        elif item.is_file():
            yield _file(root / path, path)
        else:
            yield Entry(path, "a device, a pipe or a socket")


def _file(where: Path, path: str) -> Entry:
    """Opened without following a link or waiting for a pipe, whatever has
    become of it meanwhile."""
    if not wanted(path):
        return Entry(path, "file", size=where.lstat().st_size)
    fd = os.open(where, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return Entry(path, "no regular file")
        return _source(path, file)


def _source(path: str, file: IO[bytes]) -> Entry:
    data = file.read(SOURCE + 1)
    if len(data) > SOURCE:
        return Entry(path, f"larger than {SOURCE >> 20} MiB")
    return Entry(path, "file", data, len(data))


# ---- Archives --------------------------------------------------------------


def _zip(path: Path) -> Iterator[Entry]:
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        if len(infos) > ENTRIES:
            raise Refused(f"it has more than {ENTRIES} files")
        for info in infos:
            name = _checked(info.filename)
            mode = info.external_attr >> 16
            if info.is_dir() or not name:
                continue
            if stat.S_ISLNK(mode):
                yield Entry(name, "a symbolic link")
            elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                yield Entry(name, "a device, a pipe or a socket")
            elif not wanted(name):
                yield Entry(name, "file", size=info.file_size)
            elif info.flag_bits & 1:
                yield Entry(name, "encrypted")
            else:
                with archive.open(info) as file:
                    yield _source(name, file)


class Unpacked:
    """The bytes of a compressed file, no more than allowed."""

    def __init__(self, file: IO[bytes], how: str) -> None:
        self.chunks = _chunks(file, how)
        self.ready = b""
        self.total = 0

    def read(self, size: int) -> bytes:
        """So many bytes, fewer at the end alone."""
        out = bytearray()
        while len(out) < size:
            if not self.ready:
                chunk = next(self.chunks, None)
                if chunk is None:
                    break
                self.ready = chunk
                self.total += len(chunk)
                if self.total > UNPACKED:
                    raise Refused(f"unpacked it has more than {UNPACKED >> 20} MiB")
            room = size - len(out)
            out += self.ready[:room]
            self.ready = self.ready[room:]
        return bytes(out)


def _chunks(file: IO[bytes], how: str) -> Iterator[bytes]:
    if how == "gz":
        inflate = zlib.decompressobj(31)
        data = file.read(CHUNK)
        while data and not inflate.eof:
            yield inflate.decompress(data, CHUNK)
            data = inflate.unconsumed_tail or file.read(CHUNK)
        yield inflate.flush()
    elif how:
        machine: Any = bz2.BZ2Decompressor()
        if how == "xz":
            machine = lzma.LZMADecompressor(memlimit=MEMORY)
        while not machine.eof:
            data = file.read(CHUNK) if machine.needs_input else b""
            if machine.needs_input and not data:
                raise EOFError("it ends too early")
            yield machine.decompress(data, CHUNK)
    else:
        yield from iter(lambda: file.read(CHUNK), b"")


def _tar(file: Any) -> Iterator[Entry]:
    return _counted(_members(file))


def _members(file: Any) -> Iterator[Entry]:
    with tarfile.open(fileobj=file, mode="r|") as archive:
        for member in archive:
            name = _checked(member.name)
            if member.isdir() or not name:
                continue
            if member.issym():
                yield Entry(name, "a symbolic link")
            elif member.islnk():
                yield Entry(name, "a hard link")
            elif not member.isreg():
                yield Entry(name, "a device, a pipe or a socket")
            elif wanted(name):
                data = archive.extractfile(member)
                yield _source(name, data) if data else Entry(name, "no regular file")
            else:
                yield Entry(name, "file", size=member.size)


# ---- Git bundles -----------------------------------------------------------


def _git(words: Sequence[str], directory: Path) -> bytes:
    """Git reads what others have written: with limits, with nobody's settings
    or hooks, and where bubblewrap works with nothing else to write to."""
    limits = ["prlimit", f"--as={1 << 31}", f"--fsize={UNPACKED}", "--cpu=60"]
    settings = ["-c", "core.hooksPath=/dev/null", "-c", "transfer.fsckObjects=true"]
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(directory),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ALLOW_PROTOCOL": "file",
        "LC_ALL": "C.UTF-8",
    }
    try:
        done = subprocess.run(
            [*_confined(directory), *limits, "git", *settings, *words],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=GIT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise Refused(f"git was not done within {GIT_SECONDS:g} s") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
        raise Refused(f"git cannot read the bundle: {said[-1][:200]}")
    return done.stdout


def _confined(directory: Path) -> list[str]:
    """Words before a command that keep it from writing anywhere else."""
    words = ["bwrap", "--die-with-parent", "--unshare-all", "--cap-drop", "ALL"]
    words += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    words += ["--bind", str(directory), str(directory), "--chdir", str(directory)]
    return words if works((*words[:8], "--dev", "/dev", "true")) else []


@lru_cache(maxsize=None)
def works(command: tuple[str, ...]) -> bool:
    """Tries a command that does nothing."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=GIT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _bundle(path: Path) -> Iterator[Entry]:
    """What is checked in at the bundle's HEAD, or else on a branch of it."""
    with tempfile.TemporaryDirectory(prefix="bundle-") as name:
        directory, bundle = Path(name), str(path.resolve())
        heads = _git(["bundle", "list-heads", bundle], directory)
        head = _head(heads.decode(errors="replace"))
        _git(["init", "--quiet", "--bare", "--template=", "r"], directory)
        fetch = ["-C", "r", "fetch", "--quiet", "--no-tags", bundle]
        _git([*fetch, f"+{head}:refs/heads/taken"], directory)
        archive = ["-C", "r", "archive", "--format=tar", "-o", "../tar", "taken"]
        _git(archive, directory)
        with (directory / "tar").open("rb") as file:
            yield from _tar(Unpacked(file, ""))


def _head(listed: str) -> str:
    """The name to take, of lines such as `0123abcd refs/heads/main`."""
    names = [line.partition(" ")[2] for line in listed.splitlines()]
    branches = [name for name in names if name.startswith("refs/heads/")]
    for name in ("HEAD", "refs/heads/main", "refs/heads/master", *branches[:1]):
        if name in names:
            return name
    raise Refused("the bundle has no branch")
