"""Step 06: what the name of a directory is answered with."""

from __future__ import annotations

import re
from typing import Optional
from urllib.parse import quote, unquote, urljoin, urlsplit

from grader.check import check
from grader.expect import Failure, equal, expect, same_bytes
from grader.http import Response, request
from grader.lab import Server
from grader.site import Site

MOVED = (301, 302, 307, 308)
URI = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")


def destination(response: Response, base: str) -> tuple[str, str, Optional[str]]:
    """Where a browser would go: the origin, the decoded path, the query. Like
    a browser it takes a backslash for a slash, and any number of slashes
    behind a scheme, or at the front of a name with two, for two."""
    place = response.get("Location")
    if place is None:
        raise Failure("a field Location", "none")
    if not URI.fullmatch(place):
        raise Failure("a URI in Location (RFC 3986)", place)
    place = re.sub(r"^((?i:https?:)?)[/\\]{2,}", r"\1//", place.replace("\\", "/"))
    parts = urlsplit(urljoin(base, place))
    query = parts.query if "?" in place else None
    return f"{parts.scheme}://{parts.netloc}", unquote(parts.path), query


def moved(server: Server, target: str, path: str, *fields: str) -> Response:
    """Asks, and expects to be sent to this path on the same server."""
    response = server.get(target, *fields)
    wanted = f"301 for {target}"
    expect(response.status in MOVED, wanted, f"status {response.status}")
    origin = f"{server.site.scheme}://{server.authority}"
    where, there, _ = destination(response, origin + target)
    equal(where, origin, f"the server that Location leads to, for {target}")
    equal(there, path, f"the path that Location leads to, for {target}")
    return response


@check("the contract: index.html or index.htm for a directory")
def test_index(server: Server, site: Site) -> None:
    """Nobody types index.html. The name of a directory is enough, and the
    page in it is found.

    1. What is left of the path "/sub/" behind its last slash?
    2. Look for index.html there, and if that is missing, for index.htm.
    3. A loop over the two names; its type goes by that name, not by "/".
    """
    site.add("both/index.html", b"<p>html\n")
    site.add("both/index.htm", b"<p>htm\n")
    site.add("htm/index.htm", b"<p>htm\n")
    site.add("deep/er/index.html", b"<p>deeper\n")
    site.add("other/page.html", b"<p>page\n")
    wanted = {"/both/": b"<p>html\n", "/htm/": b"<p>htm\n", "/htm/?x=y": b"<p>htm\n"}
    wanted["/deep/er/"] = b"<p>deeper\n"
    for target, text in wanted.items():
        response = server.get(target)
        equal(response.status, 200, f"the status for {target}")
        same_bytes(response.body, text, f"the index of {target}")
        kind = response.get("Content-Type") or "none"
        html = kind.startswith("text/html")
        expect(html, f"Content-Type: text/html for {target}", kind)
        equal(response.get("Content-Length"), str(len(text)), "Content-Length")


@check("RFC 9110, section 15.5.4; CWE-548; the contract: 403 without index")
def test_no_index(server: Server, site: Site) -> None:
    """A directory without an index is no page. To list what is in it is a
    feature that some servers have; this one keeps its owner's secrets.

    1. What does open() and read() say for a directory?
    2. The directory is there, so it is not 404; you do not show it: 403.
    3. When neither name is found, 403; not what errno said last.
    """
    for name in ("bare/page.txt", "deep/er/page.txt", "named/index.txt"):
        site.add(name, b"page")
    site.add("upper/INDEX.HTML", b"page")
    assert site.root
    (site.root / "empty").mkdir()
    (site.root / "folder" / "index.html").mkdir(parents=True)
    for target in ("/bare/", "/deep/", "/named/", "/empty/", "/folder/"):
        response = server.get(target)
        right = response.status in (403, 404)
        if target == "/folder/":  # its index.html is a directory: to its name
            right = right or response.status in MOVED
        expect(right, f"403 for {target}", f"status {response.status}")
        listed = b"page.txt" in response.body
        expect(not listed, "no list of what is in it", response.body)


@check("RFC 9110, section 15.4.2; RFC 3986, section 5.2")
def test_redirect(server: Server, site: Site) -> None:
    """For the page /sub a link to style.css means /style.css; for /sub/ it
    means /sub/style.css. So a directory has to be asked for with its slash.

    1. What does a browser make of relative links in the page of "/sub"?
    2. Do not send the index there: send the browser to the same name with a
       slash behind it, and what followed the question mark.
    3. 301, and Location: path, "/", and "?" with the query if there was one.
    """
    site.add("sub/index.html", b"<p>index\n")
    site.add("deep/er/page.txt", b"page")
    moved(server, "/sub", "/sub/")
    moved(server, "/deep", "/deep/")
    moved(server, "/deep/er", "/deep/er/")
    moved(server, "/deep/../sub", "/sub/")
    head = server.ask(request("HEAD", "/sub", host=server.authority))
    expect(head.status in MOVED, "301 for HEAD", f"status {head.status}")
    for query in ("a=b&c=%2F%20+d", "", "x?y", "/../", "//evil.example/"):
        response = moved(server, f"/sub?{query}", "/sub/")
        place = response.get("Location") or ""
        wanted = f"Location with ?{query} at its end, as it was sent"
        expect(place.endswith(f"/?{query}") or not query, wanted, place)
    again = urljoin("/sub", moved(server, "/sub", "/sub/").get("Location") or "")
    response = server.get(urlsplit(again).path)
    same_bytes(response.body, b"<p>index\n", "the page that Location leads to")


@check("RFC 9110, section 10.2.2; RFC 3986, section 2.1")
def test_redirect_encoded(server: Server, site: Site) -> None:
    """You have decoded the name to find the directory. In Location it stands
    in a URL again.

    1. What does a browser make of Location: /two words/ ?
    2. What had to be encoded in the request has to be encoded here.
    3. Each byte that is not a letter, a digit or one of /-._~!$&'()*+,;=:@
       becomes % and two digits.
    """
    for name in ("two words", "Grüße", "100%", "a?b", "a#b", "%41", '"', "<b>", "a;b"):
        site.add(f"{name}/index.html", name.encode())
        response = moved(server, f"/{quote(name)}", f"/{name}/")
        place = urlsplit(urljoin("/", response.get("Location") or "")).path
        same_bytes(server.get(place).body, name.encode(), f"the index at {place}")


@check("CWE-601; RFC 3986, section 4.2; RFC 9112, section 3.2.2")
def test_redirect_same_host(server: Server, site: Site) -> None:
    """A link to your server that ends on another one is what a phisher looks
    for. "Location: //evil.example/" names no path: it names a host.

    1. What does your server send for //evil.example when there is a
       directory of that name?
    2. Make Location from the path that you have normalized, not from the
       bytes that were sent; and browsers take \\ for a slash.
    3. One slash in front, exactly; a backslash as %5C; never a name without a
       slash in front, since "javascript:" is a scheme.
    """
    for name in ("evil.example/dir", "\\evil.example", "javascript:alert(1)", "@evil"):
        site.add(f"{name}/index.html", b"<p>index\n")
    targets = "//evil.example ///evil.example //evil.example/dir /%5Cevil.example"
    targets += " /\\evil.example //%5Cevil.example /./evil.example /.//evil.example"
    targets += " /evil.example/..//evil.example /javascript:alert(1) /@evil"
    targets += " //evil.example/%2e%2e/evil.example /evil.example?//evil.example"
    origin = f"{site.scheme}://{server.authority}"
    for target in targets.split():
        response = server.get(target)
        if response.status in MOVED:
            # the target itself is a path, whatever it looks like
            where, _, _ = destination(response, f"{origin}/")
            equal(where, origin, f"where Location leads, for {target}")
        else:
            right = response.status in (400, 403, 404)
            expect(right, f"301 or a refusal for {target}", response.status)
    moved(server, "/evil.example", "/evil.example/", "X-Forwarded-Host: evil.example")


@check("RFC 9112, section 3.2.2; RFC 9110, section 7.2")
def test_redirect_host(server: Server, site: Site) -> None:
    """A whole URL in the request line says which host is meant, and then the
    field Host says nothing.

    1. Do you need the host in Location at all?
    2. A path is enough: a browser stays where it is.
    3. Location: /sub/
    """
    site.add("sub/index.html", b"<p>index\n")
    base = f"{site.scheme}://one.example"
    for target, host in (
        ("/sub", "one.example"),
        (f"{base}/sub", "one.example"),
        (f"{base}/sub", "two.example"),
    ):
        response = server.ask(request("GET", target, host=host))
        if host == "two.example" and response.status == 400:
            continue  # who refuses it cannot be deceived
        expect(response.status in MOVED, "301", f"status {response.status}")
        where, path, _ = destination(response, f"{base}/sub")
        where = where.removesuffix(f":{server.port}")  # its own: as good as none
        equal((where, path), (base, "/sub/"), "where Location leads")


@check("CWE-113; RFC 9110, section 5.5")
def test_redirect_one_field(server: Server, site: Site) -> None:
    """A line end that gets into Location ends the field, and what follows is
    a field of the attacker's, or a whole answer.

    1. A directory's name may hold any byte but two: a line end, too.
    2. %0D%0A is decoded for the file system and must not stay so for HTTP.
    3. Encoding by a list of the bytes that may stay leaves no control byte.
    """
    name = "x\r\nSet-Cookie: a=b\r\n\r\n<script>"
    site.add(f"{name}/index.html", b"<p>index\n")
    for target in ("/" + quote(name), "/sub?x%0D%0ASet-Cookie:%20a=b"):
        response = server.get(target)
        expect(not response.get("Set-Cookie"), "no field but yours", response.head)
        if response.status in MOVED:
            place = response.get("Location") or ""
            expect(URI.fullmatch(place), "a URI in Location", place)
