"""Step 06: the names in URLs become the names of files."""

from __future__ import annotations

import os
from urllib.parse import quote

from grader.check import check
from grader.expect import equal, expect, same_bytes, shown
from grader.http import request
from grader.lab import Lab, Server
from grader.site import Site
from grader.targets import judge_targets

NAMES = [f"{mark}.txt" for mark in "%;&#?'\"\\:*~,()[]{}^`$@!=+<>|"]
NAMES += ["two words", "Grüße, 10 €", "日本語", "100%", "a+b", "a;b=c", "a?b=c", "a#b"]
NAMES += ["two..dots", "dot.", "-dash", " ", "CON", "Index.HTML"]
HERE = """echo here >here.txt
{this} &
sleep 1; curl -sS -m 3 http://127.0.0.1:8080/here.txt"""
PLAIN = "-._~!$&'()*+,;=:@"  # needs no encoding in a path (RFC 3986, section 3.3)


@check("RFC 3986, sections 2.1, 2.4 and 3.3")
def test_names_decoded(lab: Lab, server: Server, site: Site) -> None:
    """Not every byte of a name can stand in a URL: a space would end it, a
    question mark begin the query. Such bytes come as % and two digits.

    1. Which name does your program look for when %20 is asked for?
    2. Decode each %XX to one byte, whatever byte that is; leave + alone.
    3. Two hexadecimal digits, capital or small: 16 * high + low, into an
       unsigned char; then go on three bytes later.
    """
    assert site.root
    for name in NAMES:
        text = f"{name}: {lab.random.random()}".encode()
        (site.root / name).write_bytes(text)
        every = "".join(f"%{byte:02x}" for byte in name.encode())
        wire = server.connect()
        for form in (quote(name, safe=PLAIN), quote(name, safe=""), every):
            data = request("GET", f"/{form}", host=server.authority)
            response = server.ask(data, wire=wire)
            equal(response.status, 200, f"the status for /{form}")
            same_bytes(response.body, text, f"the bytes of the file {name!r}")
        wire.close()


@check("RFC 3986, section 2.4: not more than once")
def test_decoded_once(lab: Lab, server: Server, site: Site) -> None:
    """What comes out of decoding is a name. It may look as if it were
    encoded; decode it again, and it is the name of another file.

    1. Which file do you send for /%2541.txt: "%41.txt", or "A.txt"?
    2. Decode in one place, and do not decode what has been decoded.
    3. One pass over the bytes: what was written is not read again.
    """
    pairs = {"A.txt": "%41.txt", "a b.txt": "a%20b.txt", "a+b.txt": "a%2Bb.txt"}
    for name, looks in pairs.items():
        site.add(name, b"plain")
        target = f"/{quote(looks)}"
        status = server.get(target).status
        equal(status, 404, f"the status for {target}, a file {looks!r}")
        site.add(looks, b"looks encoded")
        same_bytes(server.get(target).body, b"looks encoded", f"the file {looks!r}")
    site.add("c d.txt", b"a space")
    equal(server.get("/c+d.txt").status, 404, "the status for /c+d.txt")


@check("RFC 3986, section 2.1; RFC 9110, section 15.5.1")
def test_bad_escapes(server: Server, site: Site) -> None:
    """A % that is no encoding can be read in two ways. Where two programs
    read a name differently, one of them lets through what it should not.

    1. What does your program do with %zz, and with a % at the very end?
    2. Look how many bytes are left before you look at them.
    3. 400 unless both are hexadecimal digits; strtol() takes too much.
    """
    site.add("sub/page.txt", b"page")
    judge_targets("bad-escapes", server)


@check("CWE-158; RFC 3986, section 2.2; the contract: 400")
def test_no_such_byte(server: Server, site: Site) -> None:
    """Two bytes cannot stand in a file's name: NUL, which ends it, and the
    slash, which separates names.

    1. What does open() make of "hello.txt\\0.png"?
    2. Both can come encoded, and only then.
    3. After decoding a %XX compare the byte with '\\0' and '/': 400.
    """
    site.add("sub/page.txt", b"page")
    judge_targets("no-such-byte", server)


@check("RFC 3986, section 3.4")
def test_query_is_no_name(server: Server, site: Site) -> None:
    """The query belongs to whoever makes pages; it does not choose a file.

    1. Which comes first in your program, cutting or decoding?
    2. Cut off the query while the question mark is one byte that was sent.
    3. memchr(target, '?', length) first; decode what stands before it.
    """
    site.add("sub/page.txt", b"page")
    judge_targets("query-is-no-name", server)


@check("RFC 3986, sections 5.2.4 and 6.2.2.3")
def test_dot_segments(server: Server, site: Site) -> None:
    """Links such as ../style.css are put together by browsers, and now and
    then by a program that leaves the dots to you.

    1. What is left of /a/./b/../c?
    2. Take the dots out of the decoded path, segment by segment, before any
       file is looked at.
    3. Copy the segments one after another; "." is not copied, and ".." takes
       away the last one copied.
    """
    site.add("sub/deep/page.txt", b"page")
    judge_targets("dot-segments", server)


@check("path_resolution(7); the contract")
def test_slashes(server: Server, site: Site) -> None:
    """A slash too many is a common mistake in a link. It may be forgiven; it
    must not become something else.

    1. What does your program send for /hello.txt/ ?
    2. A slash at the end says: this is a directory.
    3. open() with O_DIRECTORY says ENOTDIR for a file: 404.
    """
    site.add("sub/page.txt", b"page")
    judge_targets("slashes", server)


@check("pathconf(3): NAME_MAX, PATH_MAX; open(2): ENAMETOOLONG")
def test_long_names(lab: Lab, server: Server, site: Site) -> None:
    """A name may have 255 bytes, a path may be deep; what is longer than the
    system takes is not there.

    1. How large is the buffer into which you put a name?
    2. The longest path that comes fits into the longest target you accept.
    3. ENAMETOOLONG from open() means what ENOENT means: 404.
    """
    assert site.root
    most = os.pathconf(site.root, "PC_NAME_MAX")
    name = "n" * (most - 4) + ".txt"
    deep = "/".join(f"d{n}" for n in range(60)) + "/page.txt"
    for path in (name, deep):
        text = f"{lab.random.random()}".encode()
        site.add(path, text)
        same_bytes(server.get(f"/{path}").body, text, f"the file /{path[:40]}...")
    long = [f"/{'n' * size}" for size in (most + 1, 1000, 4095, 4096, 4097, 7900)]
    long += ["/n" * 2500, "/" + "%41" * 2500, "/sub/.." * 1000 + "/nowhere"]
    for target in long:
        status = server.get(target).status
        wanted = f"404 for a path of {len(target)} bytes that is not there"
        expect(status in (404, 403, 400, 414), wanted, f"status {status}")
    same_bytes(server.get("/d0/.." * 1000 + server.page).body, server.content, "page")


@check("open(2); the contract: .  unless --root is given")
def test_root_by_default(lab: Lab) -> None:
    """Started without --root, the server shows the directory that it was
    started in.

    1. Which directory is "." for a program?
    2. It is a default like the others: no special case.
    3. const char *root = "."; before the options are read.
    """
    options = lab.site.options
    at = options.index("--root")
    server = lab.start(*options[:at], *options[at + 2 :], site=False)
    (server.work / "here.txt").write_bytes(b"here")
    with shown(HERE):
        found = server.get("/here.txt").body
        same_bytes(found, b"here", "a file where it was started")


@check("open(2): ENOENT, ENOTDIR; the contract: exit status 2, or a link works")
def test_root_option(lab: Lab, site: Site) -> None:
    """A wrong --root is a slip of whoever types it: tell at once, not with a
    404 an hour later.

    1. When does your program look at the directory for the first time?
    2. Open it at the start; what comes before the listening line is seen.
    3. open(root, O_DIRECTORY), else a line with strerror() and exit status 2;
       O_NOFOLLOW is not for this one: its owner may name a link.
    """
    assert site.root
    at = site.options.index("--root")
    others = site.options[:at] + site.options[at + 2 :]
    file = site.root / "hello.txt"
    for wrong in (site.root / "nowhere", file, file / "x"):
        run = lab.run("--port", "0", "--root", str(wrong), *others)
        told = {"ran": run.line}
        got = run.ended if run.status is not None else "it listens"
        expect(run.status == 2, "exit status 2", got, **told)
        lines = run.err.splitlines()
        wanted = "one clear line on stderr"
        expect(len(lines) == 1 and lines[0].strip(), wanted, run.err, **told)
        expect(not run.out, "nothing on stdout", run.out, **told)
    link = lab.directory / "link"
    link.symlink_to(site.root, target_is_directory=True)
    for right in (str(link), str(site.root) + "/", os.path.join(link, ".")):
        server = lab.start("--root", right, *others, site=False)
        same_bytes(server.get().body, server.content, f"the page below {right}")
        server.stop()
