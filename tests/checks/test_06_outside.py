"""Step 06: what is not served, however it is asked for."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import threading
from pathlib import Path

from grader.check import check
from grader.clients import by_grader
from grader.expect import NotJudged, equal, expect, same_bytes
from grader.http import Response, request
from grader.lab import Lab, Server
from grader.site import Site
from grader.targets import judge_targets

NO_PRIVILEGE = "setpriv --bounding-set -dac_override,-dac_read_search --inh-caps -all"


def hide_secret(lab: Lab) -> tuple[Path, bytes]:
    """A file outside of the root, and what must never be seen of it."""
    secret = f"secret {lab.random.random()}".encode()
    path = lab.directory / "secret.txt"
    path.write_bytes(secret)
    return path, secret


def keeps_it(secret: bytes, target: str, response: Response) -> None:
    leaked = secret in response.body or b"root:x:0:" in response.body
    wanted = f"nothing from outside of the root for {target}"
    expect(not leaked, wanted, response.body)


@check("CWE-22, CWE-36, CWE-41, CWE-158, CWE-174, CWE-176; RFC 3986, section 7.3")
def test_ways_out(lab: Lab, server: Server, site: Site) -> None:
    """Everything that the program may read lies one step beyond the root:
    keys, passwords, other people's files. Each of these tricks has worked
    somewhere.

    1. Which string do you check, and which one do you give to open()?
    2. Decode first, once; then normalize; then check; then open that.
    3. With ".." gone and every other name opened below its directory's
       descriptor, openat(), there is no name left that leads out.
    """
    path, secret = hide_secret(lab)
    site.add("sub/page.txt", b"page")
    for target, response in judge_targets("ways-out", server, secret=str(path)):
        keeps_it(secret, target, response)


@check("RFC 3986, section 5.2.4; the contract: above the root 400")
def test_above_the_root(server: Server, site: Site) -> None:
    """A path that leads above the root names nothing. To forgive it would
    hide the mistake, and to follow it would be the hole.

    1. What does your program do with ".." when there is nothing to take away?
    2. That is not "/": it is an error in the request.
    3. In the loop over the segments: ".." and nothing copied yet, so 400.
    """
    site.add("sub/page.txt", b"page")
    judge_targets("above-the-root", server)


@check("symlink(7), open(2): O_NOFOLLOW; CWE-59; the contract: 403")
def test_links(lab: Lab, server: Server, site: Site) -> None:
    """A symbolic link leads wherever its maker likes: out of the root too.
    Whoever may put a file there must not be able to show yours.

    1. Which of the two follows a link, stat() or lstat()?
    2. Every part of a path may be a link, not the last one alone.
    3. openat() with O_NOFOLLOW for each segment: ELOOP or ENOTDIR tell of a
       link, and that is 403.
    """
    path, secret = hide_secret(lab)
    assert site.root
    site.add("sub/page.txt", b"page")
    outside = lab.directory / "outside"
    (outside / "deep").mkdir(parents=True)
    for name in ("index.html", "page.txt", "deep/page.txt"):
        (outside / name).write_bytes(secret)
    (site.root / "file.txt").symlink_to(path)
    (site.root / "up").symlink_to("..")
    (site.root / "out").symlink_to(outside)
    (site.root / "sub" / "again.txt").symlink_to("page.txt")
    (site.root / "sub" / "out").symlink_to(outside)
    (site.root / "first").symlink_to("out")
    (site.root / "listed").mkdir()
    (site.root / "listed" / "index.html").symlink_to(path)
    targets = "/file.txt /out/page.txt /out/deep/page.txt /out/ /up/secret.txt"
    targets += " /sub/again.txt /sub/out/page.txt /first/page.txt /listed/ /out"
    for target in targets.split():
        response = server.get(target)
        keeps_it(secret, target, response)
        equal(response.status, 403, f"the status for the link {target}")
    same_bytes(server.get("/sub/page.txt").body, b"page", "the file beside the links")


@check("CWE-538; the contract: names that begin with a dot 404")
def test_hidden_names(server: Server, site: Site) -> None:
    """A whole repository with its history, an editor's copy of a password
    file: they lie in many a root, and scanners ask for them all day.

    1. What does your server answer for /.git/config ?
    2. The dot may stand at the beginning of any segment.
    3. After decoding and normalizing: 404 if a segment begins with a dot, but
       not where it is ".well-known".
    """
    names = ".hidden ..hidden .git/config sub/.htpasswd sub/.deep/page.txt"
    names += " .well-known/.hidden .well-known/x/.git/config"
    for name in names.split():
        site.add(name, b"hidden")
    site.add(".well-knownx/page.txt", b"hidden")
    site.add(".well-know/page.txt", b"hidden")
    judge_targets("hidden-names", server)


@check("RFC 8615, section 3; RFC 8555, section 8.3")
def test_well_known(server: Server, site: Site) -> None:
    """One name with a dot is public: under it certificates are obtained and
    contacts are found.

    1. Compare the whole segment, not its first bytes.
    2. It may stand in a path that is encoded, too.
    3. strcmp(segment, ".well-known") == 0, after decoding.
    """
    text = b"token"
    site.add(".well-known/acme-challenge/token", text)
    for start in (".well-known", "%2ewell-known", "%2Ewell%2dknown"):
        response = server.get(f"/{start}/acme-challenge/token")
        equal(response.status, 200, f"the status below /{start}/")
        same_bytes(response.body, text, f"the file below /{start}/")


def as_anybody(lab: Lab) -> Server:
    """A server that may not read everything."""
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            raise NotJudged("root may read every file, and there is no setpriv here")
        lab.command = f"{NO_PRIVILEGE} {lab.command}"
    return lab.start()


@check("access(2), open(2): EACCES; RFC 9110, section 15.5.4")
@by_grader
def test_unreadable(lab: Lab, site: Site) -> None:
    """The file is there, but not for you, says the system. That is neither
    "not found" nor "the server broke".

    1. What does errno say when open() fails?
    2. EACCES is 403, ENOENT is 404; look at errno before anything changes it.
    3. A switch over errno, in one place.
    """
    assert site.root
    for name in ("closed.txt", "closed/page.txt", "index/index.html", "open.txt"):
        site.add(name, b"page")
    server = as_anybody(lab)
    closed = [site.root / "closed.txt", site.root / "index" / "index.html"]
    for path in (*closed, site.root / "closed"):
        path.chmod(0)
    try:
        for target in ("/closed.txt", "/closed/page.txt", "/index/"):
            equal(server.get(target).status, 403, f"the status for {target}")
        same_bytes(server.get("/open.txt").body, b"page", "a file that may be read")
    finally:
        (site.root / "closed").chmod(0o755)


class Writer:
    """Waits to write into a fifo; `released` once somebody reads from it."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self.released = threading.Event()
        self.thread = threading.Thread(target=self._wait, daemon=True)
        self.thread.start()

    def _wait(self) -> None:
        end = os.open(self.path, os.O_WRONLY)
        self.released.set()
        os.close(end)

    def free(self) -> None:
        end = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.thread.join(10)
        os.close(end)


@check("fifo(7), open(2): ENXIO; stat(2): S_ISREG; the contract: 403")
@by_grader
def test_special_files(lab: Lab, server: Server, site: Site) -> None:
    """open() on a fifo waits for somebody at its other end, perhaps for
    ever; on a device it can rewind a tape. A server opens files only.

    1. What is in a directory besides files and directories? man 7 inode.
    2. Look before you open, and look again when it is open.
    3. fstatat() with AT_SYMLINK_NOFOLLOW: 403 unless S_ISREG or S_ISDIR;
       open with O_NONBLOCK, then fstat() the descriptor.
    """
    assert site.root
    paths = ["pipe.txt", "sub/pipe.txt", "listed/index.html"]
    for path in paths:
        (site.root / path).parent.mkdir(exist_ok=True)
    writers = [Writer(site.root / path) for path in paths]
    targets = ["/pipe.txt", "/sub/pipe.txt", "/listed/"]
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(str(site.root / "socket.txt"))
            targets.append("/socket.txt")
        except OSError:
            pass  # its name is too long for a socket's
        try:
            os.mknod(site.root / "null.txt", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
            targets.append("/null.txt")
        except OSError:
            pass  # only root makes devices, and not everywhere
        try:
            ask_for_special(server, writers, targets)
        finally:
            for writer in writers:
                writer.free()


def ask_for_special(server: Server, writers: list[Writer], targets: list[str]) -> None:
    for method in ("GET", "HEAD"):
        for target in targets:
            status = server.ask(request(method, target, host=server.authority)).status
            wanted = f"403 for {target}, which is no file"
            expect(status in (403, 404), wanted, f"status {status}")
    released = any(writer.released.wait(0.05) for writer in writers)
    expect(not released, "nobody opens the fifo for reading", "the writer goes on")
    same_bytes(server.get().body, server.content, "the page after that")
