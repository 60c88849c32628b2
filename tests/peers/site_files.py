"""Step 06: names become files, and nothing outside the root does.

A name is walked from the root down, one directory at a time, each opened
relative to the one before and never through a symbolic link. So there is no
path that somebody could change between a look at it and its use.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from urllib.parse import quote, unquote_to_bytes

from answers import CHUNK
from dates import parse_date
from http_rules import Answer, Refused, Request, error, http_date
from media_types import MediaTypes

PATH = getattr(os, "O_PATH", os.O_RDONLY)  # a way through, not to be read
DIRECTORY = PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
INDEX = (b"index.html", b"index.htm")
STATUS = {
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG), 404),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.ELOOP, errno.EMLINK), 403),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS), 503),
}


class Forbidden(Exception):
    """It is there, and not to be had."""


def segments(request: Request) -> list[bytes]:
    """The path's parts: decoded once, then without dots (RFC 3986, section
    5.2.4). The last one is empty where a directory is meant."""
    path = request.path
    if re.search("%(?![0-9A-Fa-f]{2})|%00|%2[Ff]", path):
        raise Refused(400, request.line)
    found: list[bytes] = []
    parts = unquote_to_bytes(path.encode("latin-1")).split(b"/")[1:]
    for part in parts:
        if part == b"..":
            if not found:
                raise Refused(400, request.line)
            found.pop()
        elif part != b".":
            found.append(part)
    whole = [part for part in found if part]  # a slash too many is forgiven
    is_name = parts and parts[-1] not in (b"", b".", b"..")
    return whole if is_name else whole + [b""]


class Site:
    """A directory, and what is below it."""

    def __init__(self, root: str) -> None:
        self.root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.types = MediaTypes(self.root)

    def find(self, request: Request) -> Answer:
        """The answer to GET."""
        if request.path == "*":
            return error(404)
        names = segments(request)
        if any(n.startswith(b".") and n != b".well-known" for n in names):
            return error(404)
        try:
            return self.walk(request, names)
        except Forbidden:
            return error(403)
        except OSError as problem:
            return error(STATUS.get(problem.errno or 0, 500))

    def walk(self, request: Request, names: list[bytes]) -> Answer:
        *directories, last = names
        here = os.dup(self.root)
        try:
            for name in directories:
                deeper = self.enter(here, name)
                os.close(here)
                here = deeper
            if not last:
                return self.index(request, here)
            if stat.S_ISDIR(self.look(here, last).st_mode):
                return redirect(request, names)
            return self.file(request, here, last)
        finally:
            os.close(here)

    def look(self, here: int, name: bytes) -> os.stat_result:
        """What it is, without opening it: opening a fifo would wait."""
        found = os.stat(name, dir_fd=here, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            raise Forbidden
        return found

    def enter(self, here: int, name: bytes) -> int:
        self.look(here, name)
        return os.open(name, DIRECTORY, dir_fd=here)

    def index(self, request: Request, here: int) -> Answer:
        for name in INDEX:
            try:
                found = self.look(here, name)
            except FileNotFoundError:
                continue
            if stat.S_ISREG(found.st_mode):
                return self.file(request, here, name)
        raise Forbidden  # no list

    def file(self, request: Request, here: int, name: bytes) -> Answer:
        if not stat.S_ISREG(self.look(here, name).st_mode):
            raise Forbidden
        file = os.open(name, FILE, dir_fd=here)
        try:
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode):
                raise Forbidden  # it was another a moment ago
            answer = self.answer(request, file, found, self.types.of(name))
        except BaseException:
            os.close(file)
            raise
        if answer.file is None:
            os.close(file)
        return answer

    def answer(
        self, request: Request, file: int, found: os.stat_result, kind: str
    ) -> Answer:
        """Its first bytes are read now, while an error can still be told."""
        now = int(time.time())
        changed = min(int(found.st_mtime), now)
        fields = [f"Last-Modified: {http_date(changed)}"]
        if not_modified(request, changed, now):
            return Answer(304, more=fields)
        first = os.read(file, CHUNK)
        if len(first) >= found.st_size:
            return Answer(200, first[: found.st_size], kind, fields)
        return Answer(200, first, kind, fields, file, found.st_size)


def not_modified(request: Request, changed: int, now: int) -> bool:
    """RFC 9110, section 13.1.3: one date, and it is one, and no tag."""
    given = request.all("if-modified-since")
    if len(given) != 1 or request.all("if-none-match"):
        return False
    date = parse_date(given[0], now)
    return date is not None and changed <= date


def redirect(request: Request, names: list[bytes]) -> Answer:
    """To the same name with a slash behind it: a path, so that it is on the
    same host, whatever a client says that this is."""
    path = "".join("/" + quote(name) for name in names) + "/"
    query = quote(request.query, safe="?/:@!$&'()*+,;=-._~%[]")
    return error(301, f"Location: {path}{query}")
