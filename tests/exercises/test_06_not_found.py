"""Exercise of step 06: a page of one's own for what is not there."""

from __future__ import annotations

import os
from pathlib import Path

from grader.check import check
from grader.expect import equal, expect, same_bytes, shown
from grader.http import Response, request
from grader.lab import Lab, Server
from grader.site import Site

NAME = "404.html"
PAGE = b"<!doctype html>\n<title>Not here</title>\n<p>Try the <a href=/>start</a>.\n"
FRESH = """sleep 1; rm site/404.html; curl -s http://127.0.0.1:8080/nowhere
echo Mine >site/404.html; curl -s http://127.0.0.1:8080/nowhere
rm site/404.html; curl -s http://127.0.0.1:8080/nowhere"""
TODAY = "If-Modified-Since: Fri, 31 Dec 2999 23:59:59 GMT"


def missing(server: Server, target: str = "/nowhere", *fields: str) -> Response:
    """404 for this target."""
    response = server.get(target, *fields)
    equal(response.status, 404, f"the status for {target}")
    return response


def plain(server: Server, when: str) -> None:
    """404 without the site's own page."""
    response = missing(server)
    expected = f"the page that every server has, {when}"
    expect(PAGE not in response.body, expected, response.body)


@check("RFC 9110, section 15.5.5; the exercise: 404.html in the root")
def test_own_page(lab: Lab, server: Server, site: Site) -> None:
    """Nobody likes a bare "404 Not Found". A page of the site's own can help
    on; but the status must stay 404, or a search engine takes it for content.

    1. What decides the status, and what decides the body?
    2. Where answer_path() has come to 404, and before the page is made of it:
       look for 404.html in the root.
    3. Open it as any file, send_file(), and response->status = 404.
    """
    site.add(NAME, PAGE)
    site.add("sub/page.txt", b"page\n")
    number = lab.random.randrange(10**6)
    targets = ["/nowhere", f"/{number}", "/sub/nowhere.txt", "/sub/a/b/c", "/.hidden"]
    targets += ["/hello.txt/", "/nowhere?query", f"/sub/{NAME}"]
    for target in targets:
        response = missing(server, target)
        same_bytes(response.body, PAGE, f"the page for {target}")
        kind = response.get("Content-Type") or "none"
        expect(kind.startswith("text/html"), "text/html", kind)
    large = PAGE + b"<!-- " + b"x" * lab.random.randrange(50_000, 300_000) + b" -->\n"
    site.add(NAME, large)
    same_bytes(missing(server).body, large, "a large page")
    response = server.get("/" + NAME)
    equal(response.status, 200, f"the status for /{NAME}, which is there")
    same_bytes(server.get().body, server.content, "the page that is there")


@check("RFC 9110, sections 8.6 and 9.3.2")
def test_own_page_head(server: Server, site: Site) -> None:
    """HEAD for what is not there tells how long the page would be that says
    so.

    1. Which way does HEAD take through your code?
    2. The same, up to the last moment.
    3. Set the body for both; http_response_has_body() leaves it out.
    """
    site.add(NAME, PAGE)
    response = server.ask(request("HEAD", "/nowhere", host=server.authority))
    equal(response.status, 404, "the status for HEAD /nowhere")
    equal(response.get("Content-Length"), str(len(PAGE)), "Content-Length")
    response = server.ask(request("POST", "/nowhere", host=server.authority))
    equal(response.status, 404, "the status for POST /nowhere")
    same_bytes(response.body, PAGE, "the page for POST /nowhere")


@check("the exercise: the page as it is now")
def test_own_page_fresh(server: Server, site: Site) -> None:
    """The page is a file like the others: whoever changes it wants to see
    that, and need not start the server again.

    1. When do you open the file: at the start, or when it is needed?
    2. What if it is not there then?
    3. Look each time; where there is none, the page as without it.
    """
    assert site.root
    with shown(FRESH):
        plain(server, "where there is no 404.html")
        for text in (PAGE, PAGE * 2):
            site.add(NAME, text)
            same_bytes(missing(server).body, text, "the page")
        (site.root / NAME).unlink()
        plain(server, "when 404.html is gone")
        site.add(NAME, PAGE)
        same_bytes(missing(server).body, PAGE, "the page when it is there again")


@check("RFC 9110, sections 8.8.2 and 13.1.3: of the target, not of the page")
def test_own_page_no_date(server: Server, site: Site) -> None:
    """Last-Modified would be the date of something that is not there. A
    browser would keep it, ask whether it has changed, and be told: no.

    1. Which fields does a file's answer have besides its bytes?
    2. What is not there has no date, and cannot be unchanged.
    3. Do not go through answer_file(), which judges If-Modified-Since.
    """
    site.add(NAME, PAGE)
    response = missing(server, "/nowhere", TODAY)
    same_bytes(response.body, PAGE, "the page")
    told = response.get("Last-Modified")
    expect(told is None, "no Last-Modified with 404", told)


@check("open(2): O_NOFOLLOW; fifo(7); the contract: links are not followed")
def test_own_page_safe(lab: Lab, server: Server, site: Site) -> None:
    """A name that you have chosen yourself is not more trustworthy than one
    from a stranger: what it stands for may have been exchanged.

    1. What if 404.html is a link to /etc/passwd, or a named pipe?
    2. The rules for all other files hold here, too.
    3. fstatat() with AT_SYMLINK_NOFOLLOW: a regular file, or nothing; then
       openat() with O_NOFOLLOW.
    """
    assert site.root
    secret = lab.directory / "secret.html"
    secret.write_bytes(PAGE)
    name = site.root / NAME
    name.symlink_to(Path("..") / secret.name)
    plain(server, "where 404.html is a link")
    name.unlink()
    os.mkfifo(name)
    plain(server, "where 404.html is a fifo")
    name.unlink()
    name.mkdir()
    (name / "index.html").write_bytes(PAGE)
    plain(server, "where 404.html is a directory")
    unreadable(server, name)


def unreadable(server: Server, name: Path) -> None:
    """A page that nobody may read is no page."""
    (name / "index.html").unlink()
    name.rmdir()
    name.write_bytes(PAGE)
    name.chmod(0)
    response = missing(server)
    if os.geteuid() != 0:  # who may read everything
        expect(PAGE not in response.body, "nothing that may not be read", "it")
