"""Step 07: certificate and key. What cannot be used is said at the start."""

from __future__ import annotations

import os
import pty
import select
import shlex
import shutil
import subprocess
from pathlib import Path

from grader.check import check
from grader.clients import serves
from grader.expect import NotJudged, expect, same_bytes, shown
from grader.http import request
from grader.lab import Finished, Lab
from grader.pairs import chain, encrypted, openssl, pair, start_with
from grader.program import command_words
from grader.tls import BOTH, client


OTHER = "openssl genrsa -out other.pem 2048 2>/dev/null; --key other.pem"
LOCKED = """openssl ec -aes256 -passout pass:x -in key.pem -out encrypted.pem 2>/dev/null; \
--key encrypted.pem"""
CHAIN = """cat cert.pem cert.pem >chain.pem
{server} --port 8443 --cert chain.pem &
sleep 1; openssl s_client -showcerts -connect 127.0.0.1:8443 </dev/null 2>/dev/null |
grep -c BEGIN"""


def refused(
    lab: Lab, why: str, *options: str, names: str = "", again: str = ""
) -> Finished:
    """The server does not start, and says so in one line that names a file.
    again: to see it by hand, a line that makes that file, and the option."""
    words = ["--port", "0", "--root", str(lab.site.root), *options]
    run = lab.run(*words)
    make, _, option = again.rpartition("; ")
    line = f"timeout 3 {{server}} --port 8443 {option}; echo exit status $?"
    line = f"{make}\n{line}" if make else line
    ran = {"ran": run.line, "again": line if again else ""}
    wanted = f"exit status 2 for {why}"
    expect(run.status == 2, wanted, run.ended if run.ended else "it listens", **ran)
    lines = run.err.splitlines()
    one = len(lines) == 1 and run.err.endswith(b"\n") and lines[0].strip()
    expect(one, f"one clear line on stderr for {why}", run.err, **ran)
    expect(not run.out, "nothing on stdout", run.out, **ran)
    named = any(name.encode() in run.err for name in names.split("|"))
    wanted = f"a line that names the file, {names.replace('|', ' or ')}"
    expect(named, wanted, run.err, **ran)
    return run


def options(cert: Path, key: Path) -> "list[str]":
    return ["--cert", str(cert), "--key", str(key)]


@check("the contract: 07 without certificate and key, exit status 2")
def test_pair_needed(lab: Lab) -> None:
    """Without a certificate no browser would talk to you, and without the key
    the certificate is a picture of somebody else's passport.

    1. What does your program do when only one of the two is given?
    2. Judge it when all options are read, before anything listens.
    3. if (!cert || !key): one line that names --cert and --key, return 2.
    """
    cert, key = str(lab.site.cert), str(lab.site.key)
    refused(lab, "neither --cert nor --key", names="cert|key")
    refused(lab, "--cert alone", "--cert", cert, names="key")
    refused(lab, "--key alone", "--key", key, names="cert")


@check("SSL_CTX_use_certificate_chain_file(3), fopen(3)")
def test_pair_missing(lab: Lab) -> None:
    """A file may be missing, or not be for you to read. Whoever starts the
    server has to know which of the two it is.

    1. Which calls load the two files, and what do they return?
    2. 1 is good, all else is not. Each has its file: tell which.
    3. fprintf(stderr, "cannot use %s: %s\\n", file, ...) with the reason of
       ERR_peek_error(), and exit status 2.
    """
    assert lab.site.cert and lab.site.key
    cert, key = lab.site.cert, lab.site.key
    gone = lab.directory / "gone.pem"
    folder = lab.directory / "folder.pem"
    folder.mkdir()
    for bad in (gone, folder):
        what = "a directory" if bad == folder else "a missing file"
        given = {"names": bad.name, "again": f"mkdir folder.pem; --key {bad.name}"}
        refused(lab, f"{what} as certificate", *options(bad, key), **given)
        refused(lab, f"{what} as key", *options(cert, bad), **given)
    secret = lab.directory / "secret.pem"
    secret.write_bytes(key.read_bytes())
    secret.chmod(0)
    if os.geteuid() == 0:  # who may read everything, unless it gives that up
        if not shutil.which("setpriv"):
            raise NotJudged("root may read everything, and there is no setpriv")
        mine = "setpriv --bounding-set -dac_override,-dac_read_search --inh-caps -all"
        lab.command = f"{mine} {lab.command}"
    refused(lab, "a key nobody may read", *options(cert, secret), names="secret.pem")


@check("PEM_read_bio_PrivateKey(3); RFC 7468")
def test_pair_garbage(lab: Lab) -> None:
    """The files are mixed up, empty, or in another form than PEM.

    1. PEM is text: -----BEGIN CERTIFICATE-----, base64, -----END.
    2. A file that can be read may still hold nothing to use.
    3. The same line as for a missing file; the library has the reason.
    """
    assert lab.site.cert and lab.site.key
    cert, key = lab.site.cert, lab.site.key
    bad = lab.directory / "bad.pem"
    openssl(lab.directory, f"x509 -in {cert} -outform DER -out der.pem")
    text = cert.read_bytes()
    contents = {
        "an empty file": b"",
        "a file of noise": lab.random.randbytes(2000),
        "a certificate as DER": (lab.directory / "der.pem").read_bytes(),
        "half a certificate": text[: len(text) // 2],
        "a page of HTML": b"<!doctype html>\n<title>Not found</title>\n",
    }
    for what, content in contents.items():
        bad.write_bytes(content)
        given = {
            "names": bad.name,
            "again": "head -c 20 cert.pem >bad.pem; --key bad.pem",
        }
        refused(lab, f"{what} as certificate", *options(bad, key), **given)
        refused(lab, f"{what} as key", *options(cert, bad), **given)
    given = {"names": key.name, "again": "--cert key.pem --key cert.pem"}
    refused(lab, "key and certificate swapped", *options(key, cert), **given)


@check("SSL_CTX_check_private_key(3)")
def test_pair_mismatched(lab: Lab) -> None:
    """After a renewal the new certificate lies beside the old key. It must be
    noticed at the start, not in every client's handshake.

    1. What ties a certificate to a key? The public key stands in both.
    2. SSL_CTX_check_private_key() compares the two.
    3. Call it after both are loaded, and exit with 2 unless it returns 1.
    """
    assert lab.site.cert
    rsa_cert, rsa_key = pair(lab.directory / "rsa", "rsa")
    _, other = pair(lab.directory / "other")
    given = {"names": "cert.pem|key.pem", "again": OTHER}
    refused(lab, "another key", *options(lab.site.cert, other), **given)
    refused(lab, "an RSA key", *options(lab.site.cert, rsa_key), **given)
    refused(lab, "an RSA certificate", *options(rsa_cert, other), **given)


@check("SSL_CTX_set_default_passwd_cb(3); the contract: one clear line")
def test_key_encrypted(lab: Lab) -> None:
    """A key may be locked with a password. By default OpenSSL asks for it on
    the terminal, and a server that starts with the machine hangs there until
    somebody comes by.

    1. Start it with such a key in a terminal: does it wait for you?
    2. A callback provides the password; it may say that there is none.
    3. SSL_CTX_set_default_passwd_cb(ctx, f), where f returns -1.
    """
    assert lab.site.cert and lab.site.key
    for key in encrypted(lab.directory, lab.site.key):
        given = options(lab.site.cert, key)
        refused(lab, "an encrypted key", *given, names=key.name, again=LOCKED)
        asks_nothing(lab, given)


def asks_nothing(lab: Lab, given: "list[str]") -> None:
    """In a terminal, where somebody could type, it ends all the same."""
    words = command_words(lab.command) + ["--port", "0", *given]
    ours, theirs = pty.openpty()
    name = shlex.quote(os.ttyname(theirs))
    # The first terminal that a new session's leader opens becomes its own.
    script = f'exec "$@" <{name} 2>&1 >/dev/null'
    process = subprocess.Popen(
        ["sh", "-c", script, "sh", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=lab.directory,
    )
    try:
        said = process.communicate(timeout=lab.patience)[0]
        ended = f"exit status {process.returncode}: {said.decode(errors='replace')}"
        good = process.returncode == 2
    except subprocess.TimeoutExpired:
        good, ended = False, "it waits"
    finally:
        process.kill()
        process.communicate()
        os.close(theirs)
        asked = b""
        if select.select([ours], [], [], 0)[0]:
            try:
                asked = os.read(ours, 1000)
            except OSError:
                pass  # the end of a terminal that nobody has open
        os.close(ours)
    make = LOCKED.rpartition("; ")[0]
    line = f"{lab.command} --port 8443 --cert cert.pem --key encrypted.pem"
    again = f"{make}\ntimeout 3 script -qc {shlex.quote(line)} /dev/null"
    again += "; echo exit status $?  # {server}, in a terminal"
    expect(good, "exit status 2 in a terminal, too", ended, again=again)
    expect(not asked, "nothing asked in the terminal", asked, again=again)


@check("RFC 8446, section 4.4.2; SSL_CTX_use_certificate_chain_file(3)")
def test_chain_complete(lab: Lab) -> None:
    """A client knows a few dozen roots. Your certificate is signed by another
    one, and that by a root: whoever gets yours alone cannot find the way. Some
    browsers know the one in the middle from elsewhere, so you do not notice.

    1. How many certificates are in the file, and how many does a client get?
       openssl s_client -showcerts tells.
    2. SSL_CTX_use_certificate_file() reads the first one only.
    3. SSL_CTX_use_certificate_chain_file() reads them all.
    """
    whole, key, root = chain(lab.directory / "chain")
    server = start_with(lab, whole, key)
    with shown(CHAIN):
        for version in BOTH:
            context = client(lab.site, version, trust=str(root))
            wire = server.connect(tls=context)
            data = request("GET", server.page, host=server.authority)
            same_bytes(server.ask(data, wire=wire).body, server.content, "the page")
        lab.site.tls = client(lab.site, trust=str(root))
        serves(server)
