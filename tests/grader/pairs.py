"""Certificates and keys of many kinds, made by the command openssl."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from .expect import NotJudged
from .lab import Lab, Server

KINDS = {
    "ecdsa": "-newkey ec -pkeyopt ec_paramgen_curve:P-256",
    "rsa": "-newkey rsa:2048",
}
NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"


def openssl(directory: Path, command: str) -> None:
    """Runs `openssl COMMAND` in a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    words = ["openssl", *shlex.split(command)]
    try:
        subprocess.run(
            words,
            cwd=directory,
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
    except FileNotFoundError:
        raise NotJudged("there is no openssl here to make certificates") from None


def pair(directory: Path, kind: str = "ecdsa") -> tuple[Path, Path]:
    """A self-signed certificate of localhost, and its key."""
    openssl(
        directory,
        f"req -x509 {KINDS[kind]} -nodes -days 30 -subj /CN=localhost"
        f" -addext {NAMES} -keyout key.pem -out cert.pem",
    )
    return directory / "cert.pem", directory / "key.pem"


def encrypted(directory: Path, key: Path) -> list[Path]:
    """The key twice, in the new and in the old form of an encrypted one."""
    word = "-passout pass:secret"
    new = f"pkcs8 -topk8 -v2 aes-256-cbc {word} -in {key} -out new.pem"
    old = f"ec -aes256 {word} -in {key} -out old.pem"
    for command in (new, old):
        openssl(directory, command)
    return [directory / "new.pem", directory / "old.pem"]


def chain(directory: Path) -> tuple[Path, Path, Path]:
    """A certificate of localhost that another signed, which a root signed:
    the file of both certificates, the key, and the root's certificate."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "ca").write_text("basicConstraints=critical,CA:TRUE\n")
    (directory / "leaf").write_text(NAMES + "\n")
    new = f"req -new {KINDS['ecdsa']} -nodes -keyout %s.key -out %s.csr -subj /CN=%s"
    for name in ("root", "middle", "localhost"):
        openssl(directory, new % (name, name, name))
    sign = "x509 -req -days 30 -in %s.csr -extfile %s -out %s.pem "
    root = sign % ("root", "ca", "root") + "-signkey root.key"
    openssl(directory, root)
    by = "-CA %s.pem -CAkey %s.key -set_serial %d"
    openssl(directory, sign % ("middle", "ca", "middle") + by % ("root", "root", 2))
    leaf = sign % ("localhost", "leaf", "localhost")
    openssl(directory, leaf + by % ("middle", "middle", 3))
    whole = directory / "chain.pem"
    leaf_and_middle = (directory / "localhost.pem", directory / "middle.pem")
    whole.write_bytes(b"".join(path.read_bytes() for path in leaf_and_middle))
    return whole, directory / "localhost.key", directory / "root.pem"


def start_with(lab: Lab, cert: Path, key: Path, *options: str) -> Server:
    """Starts a server of the site with another certificate and key."""
    root = ["--root", str(lab.site.root)]
    words = [*root, "--cert", str(cert), "--key", str(key), *options]
    return lab.start(*words, site=False)
