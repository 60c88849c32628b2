"""From one thing to the next that it vouches for: a path, a chain of certificates."""

from __future__ import annotations

from . import sources
from .canvas import LINE, MARGIN, WIDTH, Canvas

PATH = "common/files/path.c"
FILES = "common/files/files.c"


def path() -> Canvas:
    sources.need(PATH, "decode", "normalize", "path_hidden")
    sources.need(FILES, "path_read", "walk", "open_below", "openat", "fstatat")
    for flag in ("O_DIRECTORY", "O_NOFOLLOW"):
        if flag not in sources.read(FILES):
            raise sources.Drift(f"{FILES}: no {flag}")
    c = Canvas(
        "path",
        "From the path of a URL to an open file",
        """The path is decoded once, then normalized, and refused where it leads above the
        root or where a name begins with a dot. Then the walk opens one directory after
        the other, each below the one before, and no link, so that it cannot leave the
        root.""",
    )
    x, w, out = MARGIN, 350, 386

    def refusal(left: float, top: float, status: str) -> None:
        colors = ("packet", "packet-wash", "packet")
        c.box(left, top, 56, 30, status, *colors, corner=15, bold=True)

    def stage(
        y: float, words: str, what: str, note: str, refused: str, status: str
    ) -> None:
        c.arrow([(x + 40, y), (x + 40, y + 56)], "ink", "thick")
        c.text(x + 58, y + 24, what, mono=True, bold=True)
        c.text(x + 68 + 9.92 * len(what), y + 24, note, "soft")
        c.arrow([(x + w - 58, y + 28), (out, y + 28)], "packet", "dash")
        refusal(out, y + 13, status)
        c.text(out - 4, y + 62, refused, "packet")
        c.box(x, y + 56, w, 34, words, mono=True)

    c.box(
        x,
        50,
        w,
        34,
        "/docs/./old/%2e%2e/guide/a.html",
        "ink",
        "sea-wash",
        "sea",
        mono=True,
    )
    c.text(out - 4, 72, "as it came", "soft")
    stage(84, "/docs/./old/../guide/a.html", "decode()", "once", "%00, %2F, %xy", "400")
    stage(174, "/docs/guide/a.html", "normalize()", "no . nor ..", "above root", "400")
    stage(264, "/docs/guide/a.html", "path_hidden()", "", "/.git/x", "404")
    c.line([(x + 40, 354), (x + 40, 372)], "ink", "thick")
    c.text(MARGIN, 394, "The walk: each name below the directory before", bold=True)
    steps = [
        ("root", "open since the start", "leaf"),
        ("docs", 'openat(root, "docs")', "leaf"),
        ("guide", 'openat(docs, "guide")', "leaf"),
        ("a.html", 'openat(guide, "a.html")', "sea"),
    ]
    for place, (name, call, role) in enumerate(steps):
        y = 408 + place * 56
        left = MARGIN + 30 * place
        if place:
            c.arrow(
                [(left - 12, y - 20), (left - 12, y + 18), (left, y + 18)],
                "ink",
                "thick",
            )
        c.box(left, y, 84, 36, name, "ink", f"{role}-wash", role, mono=True, bold=True)
        c.text(
            left + 94, y + 23.5, call, "soft" if not place else "ink", mono=bool(place)
        )
    for y, words, status in ((474, "a link", "403"), (530, "none there", "404")):
        refusal(WIDTH - MARGIN - 56, y, status)
        c.text(WIDTH - MARGIN, y - 6, words, "packet", anchor="end")
    c.text(
        MARGIN,
        644,
        [
            "Directories: O_DIRECTORY and O_NOFOLLOW. The file:",
            "fstatat() first, for a device is never opened, then",
            "O_NOFOLLOW too. A link put there meanwhile fails.",
        ],
        "soft",
    )
    return c


def certificate_chain() -> Canvas:
    c = Canvas(
        "certificate-chain",
        "Why a browser believes a certificate",
        """The root certificate is in the browser's store and signs the intermediate's, which
        signs the server's. The server sends its own and the intermediate one, and shows
        by a signature on the handshake that it has the private key that belongs to its
        certificate.""",
    )

    def certificate(y: float, subject: str, issuer: str, key: str, role: str) -> None:
        c.rect(MARGIN, y, 300, 116, f"{role}-wash", role, corner=8)
        c.text(MARGIN + 12, y + 26, subject, bold=True)
        c.text(
            MARGIN + 12,
            y + 26 + LINE + 4,
            ["issuer: " + issuer, "public key " + key],
            "ink",
        )
        c.rect(MARGIN + 12, y + 80, 276, 28, "paper", role, "dash")

    certificate(48, "Root CA", "Root CA, itself", "R", "leaf")
    c.text(38, 147, "signed with R’s private key")
    certificate(206, "Intermediate CA", "Root CA", "I", "sea")
    c.text(38, 305, "signed with R’s private key")
    certificate(364, "www.example.org", "Intermediate CA", "S", "sea")
    c.text(38, 463, "signed with I’s private key")
    for y in (164, 322):
        c.arrow([(90, y), (90, y + 42)], "ink", "thick")
        c.text(104, y + 26, "vouches for", bold=True)
    c.text(
        330,
        78,
        ["in the browser’s", "store, before", "any connection"],
        "leaf",
        bold=True,
    )
    c.line([(322, 212), (328, 212), (328, 474), (322, 474)], "sea")
    c.text(
        340,
        322,
        ["sent by the", "server, in its", "Certificate", "message"],
        "sea",
        bold=True,
    )
    c.arrow([(90, 480), (90, 526)], "packet", "thick")
    c.text(104, 508, "has the key that belongs to S", "packet", bold=True)
    c.rect(
        MARGIN, 528, WIDTH - 2 * MARGIN, 66, "packet-wash", "packet", "thick", corner=8
    )
    c.text(
        MARGIN + 12,
        554,
        [
            "private key S, never sent: it signs this",
            "handshake (CertificateVerify in TLS 1.3)",
        ],
    )
    c.text(
        MARGIN,
        624,
        [
            "The browser checks every signature, the dates, and",
            "that the name is the one in the address bar.",
        ],
        "soft",
    )
    return c
