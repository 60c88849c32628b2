"""What a server of each step serves, and the options that it needs for it.

Checks ask here for a page that they know, so that a check written for the
two fixed pages of step 02 goes on to judge files and TLS.
"""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional

from .expect import NotJudged

HELLO = b"Hello from the server\n"
HOME = (
    b"<!DOCTYPE html>\n<html lang=en><title>Home</title>\n"
    b"<p>Gr\xc3\xbc\xc3\x9fe, \xe2\x82\xac 1: more bytes than characters.</p>\n"
)


@dataclass
class Site:
    """What a check may count on."""

    scheme: str = "http"
    page: str = "/hello"  # a URL path that is there...
    content: bytes = HELLO  # ...and its bytes
    kind: str = "text/plain"  # the start of its Content-Type
    options: list[str] = field(default_factory=list)  # --root, --cert, --key
    root: Optional[Path] = None  # from 06 on: the check's own directory
    cert: Optional[Path] = None  # 07: PEM
    key: Optional[Path] = None
    tls: Optional[ssl.SSLContext] = None  # the client's side

    def add(self, name: str, content: bytes) -> str:
        """Puts a file below the root (from 06 on); its URL path."""
        assert self.root
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return "/" + name


def site_for(step: int, directory: Path, certificate: Callable[[], Path]) -> Site:
    """The site of a step; certificate() gives the directory of a pair."""
    if step == 1:
        return Site(scheme="tcp", page="", content=b"", kind="")
    if step <= 5:
        return Site()
    root = directory / "site"
    root.mkdir(parents=True)
    site = Site(page="/hello.txt", root=root, options=["--root", str(root)])
    site.add("hello.txt", HELLO)
    site.add("index.html", HOME)
    if step >= 7:
        pair = directory / "certificate"  # the check's own, as all that it serves
        shutil.copytree(certificate(), pair)
        site.scheme = "https"
        site.cert, site.key = pair / "cert.pem", pair / "key.pem"
        site.options += ["--cert", str(site.cert), "--key", str(site.key)]
        site.tls = ssl.create_default_context(cafile=str(site.cert))
        # An end without close_notify is told, and not taken for an end.
        site.tls.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    return site


def make_certificate(directory: Path, *more: str) -> Path:
    """A self-signed pair for localhost, 127.0.0.1 and ::1 (ECDSA, P-256):
    cert.pem and key.pem in the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256"
    command += " -nodes -days 30 -subj /CN=localhost -keyout key.pem -out cert.pem"
    command += " -addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
    try:
        subprocess.run(
            [*command.split(), *more],
            cwd=directory,
            check=True,
            capture_output=True,
            timeout=60,
        )
    except FileNotFoundError:
        raise NotJudged("there is no openssl here to make a certificate") from None
    return directory
