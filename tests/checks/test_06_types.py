"""Step 06: what kind of thing a file is."""

from __future__ import annotations

import re

from grader.check import check
from grader.expect import Failure, equal, expect
from grader.http import Response, request
from grader.lab import Lab, Server
from grader.site import Site

USUAL = {
    "html": "text/html",
    "htm": "text/html",
    "css": "text/css",
    "js": "text/javascript application/javascript",
    "mjs": "text/javascript application/javascript",
    "txt": "text/plain",
    "xml": "text/xml application/xml",
    "json": "application/json",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "ico": "image/vnd.microsoft.icon image/x-icon",
    "woff2": "font/woff2 application/font-woff2",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
}
BYTES = "application/octet-stream"
KIND = re.compile(r"([\w.+-]+/[\w.+-]+)\s*(?:;\s*charset=\"?([\w-]+)\"?)?", re.ASCII)


def kind_of(response: Response) -> tuple[str, str]:
    """The media type, and the character set or nothing; in small letters."""
    kind = response.get("Content-Type")
    match = KIND.fullmatch(kind or "")
    if not match:
        raise Failure("a media type in Content-Type, as image/png", str(kind))
    return match[1].lower(), (match[2] or "").lower()


def ask_kind(server: Server, site: Site, name: str) -> tuple[str, str]:
    response = server.get(site.add(name, b"a few bytes\n"))
    equal(response.status, 200, f"the status for /{name}")
    return kind_of(response)


@check("RFC 9110, section 8.3; WHATWG MIME Sniffing, section 3")
def test_types_usual(server: Server, site: Site) -> None:
    """A style sheet that does not come as text/css is ignored, a script as
    text/plain is not run, a picture as text is a screen of rubbish.

    1. Where does a browser learn what a file is? Not from its name.
    2. A table: extension, type. Twenty rows are enough for most sites.
    3. strrchr() for the last dot, and a loop over the table.
    """
    for extension, kinds in USUAL.items():
        kind, _ = ask_kind(server, site, f"file.{extension}")
        expect(kind in kinds.split(), f"{kinds.split()[0]} for .{extension}", kind)


@check("RFC 9110, section 8.3.2; RFC 6657, section 4")
def test_types_charset(server: Server, site: Site) -> None:
    """Text is bytes and a way to read them. Where you do not tell which, a
    browser guesses, and shows GrÃ¼ÃŸe.

    1. Which of the types in your table begin with text/ ?
    2. Those, and no picture, have a parameter.
    3. Content-Type: text/html; charset=utf-8
    """
    for extension in USUAL:
        kind, charset = ask_kind(server, site, f"file.{extension}")
        if kind.startswith("text/"):
            equal(charset or "none", "utf-8", f"the charset of .{extension}, {kind}")
        elif kind.startswith(("image/png", "audio/", "video/", "font/")):
            equal(charset or "none", "none", f"the charset of .{extension}, {kind}")


@check("RFC 9110, section 8.3.1; the contract: in any case")
def test_types_capitals(lab: Lab, server: Server, site: Site) -> None:
    """Cameras and old systems write PHOTO.JPG.

    1. Is JPG in your table?
    2. Do not add rows: compare without regard to case.
    3. strcasecmp(); the name of the file itself is looked up as it is.
    """
    for extension, kinds in USUAL.items():
        mixed = "".join(lab.random.choice((c.upper(), c)) for c in extension)
        for shown in (extension.upper(), extension.title(), mixed):
            kind, _ = ask_kind(server, site, f"Name-{shown}.{shown}")
            expect(kind in kinds.split(), f"{kinds.split()[0]} for .{shown}", kind)


@check("RFC 9110, section 8.3; RFC 2046, section 4.5.1")
def test_types_unknown(lab: Lab, server: Server, site: Site) -> None:
    """What you do not know is bytes: a browser will save it, and not show or
    run it.

    1. What does your program send for a name without a dot?
    2. Only the last dot counts, and only one in the name itself: a directory
       may have one too.
    3. strrchr() on what stands behind the last slash; NULL, or not in the
       table: application/octet-stream.
    """
    word = "".join(lab.random.choice("bcdfghjklmnpqrstvwxz") for _ in range(7))
    names = [
        f"file.{word}",
        "README",
        "html",
        "png",
        "file.",
        "file.html.",
        f"a.{'x' * 90}",
    ]
    names += ["site.html/README", "site.png/LICENSE", "file.htmlx", "file.xhtm l", "%"]
    for name in names:
        path = site.add(name, b"a few bytes\n").replace("%", "%25").replace(" ", "%20")
        response = server.get(path)
        equal(response.status, 200, f"the status for {path}")
        equal(kind_of(response), (BYTES, ""), f"the type of {path}")
    for name, kind in (("a.html.txt", "text/plain"), ("a.txt.png", "image/png")):
        equal(ask_kind(server, site, name)[0], kind, f"the type of {name}")


@check("the contract: an optional file .mime.types in the root")
def test_types_file(lab: Lab, site: Site) -> None:
    """No table is ever complete. Its owner can add to it, in the format that
    other servers have: a type, and the extensions that it is for.

    1. Read it once, at the start, and look there before the built-in table.
    2. A line may have several extensions, or none; # begins a comment; tabs
       and spaces separate.
    3. getline() and strtok_r(line, " \\t\\r\\n"); a name that begins with a dot
       is not served, so this file is not.
    """
    word = "".join(lab.random.choice("bcdfghjklmnpqrstvwxz") for _ in range(7))
    lines = f"""# comment application/x-comment html

application/x-{word}\t{word} {word}two   {word}three
application/x-alone
 \t
image/x-new png\t# not gif
text/x-{word} {word}text
application/x-crlf {word}crlf\r
application/x-last {word}last"""
    site.add(".mime.types", lines.encode())
    server = lab.start()
    wanted = {word: f"application/x-{word}", f"{word}two": f"application/x-{word}"}
    wanted[f"{word}three"] = wanted[f"{word.upper()}"] = wanted[word]
    wanted.update(png="image/x-new", html="text/html", gif="image/gif")
    wanted[f"{word}text"] = f"text/x-{word}"
    wanted[f"{word}crlf"] = "application/x-crlf"
    wanted[f"{word}last"] = "application/x-last"
    for extension, kind in wanted.items():
        got = ask_kind(server, site, f"file.{extension}")[0]
        equal(got, kind, f"the type of .{extension} with this .mime.types")
    hidden = server.ask(request("GET", "/.mime.types", host=server.authority))
    equal(hidden.status, 404, "the status for /.mime.types")
