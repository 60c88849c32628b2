"""Exercise of step 06: a directory for each host."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from grader.check import check
from grader.expect import equal, expect, same_bytes
from grader.http import Response, request
from grader.lab import Lab, Server
from grader.site import Site

OPTION = "--hosts"
PAGE = "/page.txt"
NAMES = ("one.example", "two.example", "localhost", "127.0.0.1", "[::1]")


def text(host: str) -> bytes:
    return f"the page of {host}\n".encode()


def town(lab: Lab, *names: str) -> Server:
    """A server with a directory for each of these hosts."""
    for name in names:
        lab.site.add(name + PAGE, text(name))
    return lab.start(OPTION)


def ask(
    server: Server, host: Optional[str], target: str = PAGE, version: str = "HTTP/1.1"
) -> Response:
    data = request("GET", target, "Connection: close", host=host, version=version)
    return server.ask(data)


def page_of(server: Server, host: Optional[str], name: str, target: str = PAGE) -> None:
    """A request for this host gets the page from that directory."""
    response = ask(server, host, target)
    equal(response.status, 200, f"the status for {target} of host {host}")
    same_bytes(response.body, text(name), f"the page for host {host}")


@check("RFC 9110, section 7.2; the exercise: --hosts")
def test_hosts_apart(lab: Lab) -> None:
    """One address, one port, a thousand sites: the field Host tells which one
    is meant. That is why HTTP/1.1 insists on it.

    1. Where in the request does the host's name stand?
    2. request->host has it. The directory of that name below the root is the
       root for this request.
    3. openat(files->root, name, ...), walk() from there, and close it.
    """
    server = town(lab, *NAMES)
    for name in lab.random.sample(NAMES, len(NAMES)):
        page_of(server, name, name)
    lab.site.add("one.example/only.txt", b"only here\n")
    equal(ask(server, "one.example", "/only.txt").status, 200, "the status where it is")
    equal(ask(server, "two.example", "/only.txt").status, 404, "the status elsewhere")
    equal(ask(server, "one.example", "/hello.txt").status, 404, "the status of a file")
    plain = lab.start()
    response = ask(plain, "one.example", "/hello.txt")
    same_bytes(response.body, lab.site.content, f"the page without {OPTION}")


@check("RFC 9110, sections 4.2.3 and 7.2; RFC 9112, section 3.2.2")
def test_hosts_by_name(lab: Lab) -> None:
    """Names of hosts know no case, and a port is no part of a name. Where the
    request line has a whole URL, that counts, and not the field.

    1. What does a browser send for HTTP://ONE.Example:8080/page.txt?
    2. Small letters, and nothing from the colon on; but an address of IPv6 has
       colons inside its brackets.
    3. request->host is already that of the URL where there is one.
    """
    server = town(lab, *NAMES)
    for host in ("one.example:8080", "ONE.Example", "One.EXAMPLE:1", "one.example:"):
        page_of(server, host, "one.example")
    page_of(server, server.authority, "127.0.0.1")
    page_of(server, "[::1]:8080", "[::1]")
    url = f"http://two.example{PAGE}"
    page_of(server, "one.example", "two.example", url)
    page_of(server, "nobody.example", "two.example", url)


@check("RFC 9110, sections 7.2 and 15.5.5; the exercise: default, or 404")
def test_hosts_unknown(lab: Lab) -> None:
    """Somebody has pointed a name of his own at your address, or asks by the
    number, or comes with HTTP/1.0 and says no name at all.

    1. What is there for a host that has no directory?
    2. The directory named default, where there is one; else nothing: 404.
    3. After ENOENT for the name try the other one; what then fails is 404.
    """
    server = town(lab, "one.example", "default")
    for host in ("two.example", "example", "one.example.org", "xone.example"):
        page_of(server, host, "default")
    page_of(server, "o" * 300, "default")
    response = ask(server, None, version="HTTP/1.0")
    same_bytes(response.body, text("default"), "the page where no host is told")
    (lab.site.root or lab.directory).joinpath("default").rename(lab.directory / "away")
    for unknown in ("two.example", None):
        version = "HTTP/1.1" if unknown else "HTTP/1.0"
        response = ask(server, unknown, version=version)
        equal(response.status, 404, f"the status for host {unknown} without default")
    page_of(server, "one.example", "one.example")


@check("CWE-22, CWE-59; openat(2): O_NOFOLLOW")
def test_hosts_ways_out(lab: Lab) -> None:
    """The name of a host comes from a stranger, as a path does, and now it
    opens a directory. ".." is a name that a field Host may have.

    1. Which names could lead out of the root, and which to hidden things?
    2. What begins with a dot is no host; a link is not followed; there is no
       slash in a name.
    3. O_DIRECTORY | O_NOFOLLOW, as in open_below(); and a look at name[0].
    """
    site = lab.site
    assert site.root
    outside = site.root.parent / "outside"
    outside.mkdir()
    (outside / "page.txt").write_bytes(b"not to be seen\n")
    (site.root.parent / "page.txt").write_bytes(b"not to be seen\n")
    (site.root / "link.example").symlink_to(Path("..") / outside.name)
    site.add(".git/page.txt", b"not to be seen\n")
    site.add("page.txt", b"not to be seen\n")
    site.add("file.example", b"a file\n")
    server = town(lab, "one.example")
    refused(server, "..", "/outside/page.txt")
    for host in ("..", ".", "...", ".git", "%2e%2e", "..:80", "link.example"):
        refused(server, host, PAGE)
    for target in (f"http://..{PAGE}", f"http://.{PAGE}", f"http://.git{PAGE}"):
        refused(server, "one.example", target)
    refused(server, "file.example", "/")
    refused(server, "one.example", "/../page.txt")
    page_of(server, "one.example", "one.example")


def refused(server: Server, host: str, target: str) -> None:
    response = ask(server, host, target)
    expected = f"400, 403 or 404 for {target} of host {host}"
    expect(response.status in (400, 403, 404), expected, f"status {response.status}")
    expect(
        b"not to be seen" not in response.body, "nothing of what is not served", "it"
    )


@check("RFC 9110, section 10.2.2; the contract: the same host")
def test_hosts_directories(lab: Lab, site: Site) -> None:
    """A directory on one host is a directory there, and its index comes from
    there. The client knows the host already: Location need not name it.

    1. Where does /sub on one.example lead to: /sub/, or /one.example/sub/?
    2. What the client sees knows nothing of your directories.
    3. The path in Location is the request's, not that of the file.
    """
    site.add("one.example/sub/index.html", b"<p>one\n")
    site.add("two.example/sub/index.html", b"<p>two\n")
    site.add("two.example/index.html", b"<p>start of two\n")
    server = lab.start(OPTION)
    response = ask(server, "one.example", "/sub")
    expect(response.status in (301, 302, 307, 308), "301 for /sub", response.status)
    place = response.get("Location") or "none"
    places = ("/sub/", "http://one.example/sub/")
    expect(place in places, "Location: /sub/", place)
    for host, target, page in (
        ("one.example", "/sub/", b"<p>one\n"),
        ("two.example", "/sub/", b"<p>two\n"),
        ("two.example", "/", b"<p>start of two\n"),
    ):
        same_bytes(ask(server, host, target).body, page, f"{target} of {host}")
    equal(ask(server, "one.example", "/").status, 403, "the status without index")
