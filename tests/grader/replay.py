"""Shell lines that make a site as a check has left it: who sees a failure can
make the same files, and see it again."""

from __future__ import annotations

import os
import shlex
import stat
import time
from pathlib import Path

MOST = 10  # files; those that changed last tell the most
LONG = 1000  # bytes that a command line may spell out
SPELLED = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"})
HOUR = 3600
MADE = {"site/hello.txt", "site/index.html"}  # by the grader, for every check
BESIDE = ("secret", "outside")  # the site, made by checks of what must not leak


def site_lines(root: Path, named: str = "") -> list[str]:
    """Makes the directory `site` like this one, and what a check put beside
    it. named: lines in which the names of those files stand that matter."""
    lines = ["mkdir -p site; echo Hello from the server >site/hello.txt"]
    above = root.parent
    tops = [path for path in above.iterdir() if path.name.startswith(BESIDE)]
    found = [path for top in [root, *tops] for path in [top, *top.rglob("*")]]
    found = [path for path in found if _tells(path.relative_to(root.parent), path)]
    found = [path for path in found if not named or path.name in named]
    found.sort(key=lambda path: (path.lstat().st_ctime_ns, str(path)))
    beside = [path for path in found if root not in (path, *path.parents)]
    within = [path for path in found if path not in beside]
    for path in beside[-MOST:] + within[-MOST:]:  # links may lead beside it
        name = str(path.relative_to(above))
        folder = os.path.dirname(name)
        line = _make(path, path.lstat(), shlex.quote(name), above)
        if folder not in ("", "site"):
            line = f"mkdir -p {shlex.quote(folder)}; {line}"
        lines.append(line)
    return lines


def _tells(name: Path, path: Path) -> bool:
    """Leaves out what is made anyway: full directories, and MADE."""
    full = path.is_dir() and not path.is_symlink() and any(path.iterdir())
    return not full and str(name) not in MADE


def _make(path: Path, what: os.stat_result, name: str, above: Path) -> str:
    """Makes one file of whatever kind."""
    if stat.S_ISDIR(what.st_mode):
        line = f"mkdir -p {name}"
    elif stat.S_ISLNK(what.st_mode):
        to = shlex.quote(os.readlink(path))
        if os.readlink(path).startswith(f"{above}/"):
            to = f'"$PWD"/{shlex.quote(os.path.relpath(os.readlink(path), above))}'
        line = f"ln -s {to} {name}"
    elif stat.S_ISFIFO(what.st_mode):
        line = f"mkfifo {name}"
    elif stat.S_ISCHR(what.st_mode):
        line = f"mknod {name} c {os.major(what.st_rdev)} {os.minor(what.st_rdev)}"
    elif stat.S_ISSOCK(what.st_mode):
        line = f"timeout 1 nc -lU {name}"
    else:
        line = _fill(path, what.st_size, name)
        if abs(what.st_mtime - time.time()) > HOUR:
            line += f"; touch -d @{what.st_mtime_ns // 10**9} {name}"
    if not stat.S_ISLNK(what.st_mode) and not what.st_mode & stat.S_IRUSR:
        line += f"; chmod 0 {name}"
    return line


def _fill(path: Path, size: int, name: str) -> str:
    """Makes a file of so many bytes, of the same ones where they are few."""
    if size == 0:
        return f": >{name}"
    if path.lstat().st_blocks * 512 < size // 2:
        return f"truncate -s {size} {name}"
    with path.open("rb") as file:
        text = file.read(4096).decode("latin-1")
    if size <= LONG and text.isascii() and text.translate(SPELLED).isprintable():
        text = text.translate(SPELLED)
        return f"printf %b {shlex.quote(text)} >{name}"
    if size <= LONG and text.isascii() and "\0" not in text:
        return f"printf %s {shlex.quote(text)} >{name}"
    bytes_ = "seq 99999999"  # of which no two parts are the same
    if "\0" in text:
        bytes_ = f"{{ printf '\\0'; {bytes_}; }}"
    return f"{bytes_} | head -c {size} >{name}"
