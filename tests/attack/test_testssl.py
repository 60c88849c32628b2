"""What testssl.sh says of step 07, the certificate's authority given: nothing
at LOW or above, but what testssl.md gives a reason for."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from grader.lab import Lab
from grader.pairs import NAMES, openssl
from grader.program import Program

NAME = shutil.which("testssl") or shutil.which("testssl.sh")
TABLE = Path(__file__).with_name("testssl.md")
SECTIONS = "-p -s -f -S -h -U"  # protocols, suites, secrecy, answers, known holes
QUIET = "--quiet --color 0 --warnings off --ip 127.0.0.1"
BAD = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
SEEN = ("TLS1_2", "TLS1_3", "cipherlist_NULL", "heartbleed", "secure_client_renego")
MOST = 300.0  # seconds, on a busy machine
LEAF = (
    "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth"
)


def certificates(place: Path) -> None:
    """An authority of our own, and a certificate that it gives the server."""
    curve = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    use = "-addext keyUsage=critical,keyCertSign"
    made = "-days 365 -subj '/CN=A test' -keyout ca-key.pem -out ca.pem"
    openssl(place, f"req -x509 {curve} {made} {use}")
    openssl(place, f"req {curve} -subj /CN=localhost -keyout key.pem -out leaf.csr")
    (place / "leaf.txt").write_text(f"{NAMES}\n{LEAF}\n")
    signed = "-CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 365"
    openssl(place, f"x509 -req -in leaf.csr {signed} -extfile leaf.txt -out cert.pem")


def excused() -> set[str]:
    rows = re.findall(r"^\| (\w+) \| \S", TABLE.read_text(), re.M)
    return set(rows) - {"finding"}


@pytest.mark.slow
@pytest.mark.skipif(not NAME, reason="there is no testssl.sh here")
@pytest.mark.steps(7, 7)
def test_testssl(lab: Lab) -> None:
    place = lab.directory / "authority"
    certificates(place)
    for name in ("cert.pem", "key.pem"):
        shutil.copy(place / name, (lab.site.cert or place).parent / name)
    server = lab.start("--hsts", "31536000")
    report = lab.directory / "report.json"
    words = [str(NAME), *SECTIONS.split(), *QUIET.split(), "--jsonfile", str(report)]
    words += ["--add-ca", str(place / "ca.pem"), f"localhost:{server.port}"]
    program = Program(words, lab.directory / "testssl")
    try:
        status = program.wait(MOST)
    finally:
        program.stopped_by = 0
        program.bury()
    assert status is not None, "testssl.sh does not end"
    found = json.loads(report.read_text())
    good = {one["id"] for one in found if one["severity"] in ("OK", "INFO")}
    assert good.issuperset(SEEN), f"it has not looked at {set(SEEN) - good}"
    trust = [one["finding"] for one in found if one["id"] == "cert_chain_of_trust"]
    assert trust == ["passed."], trust
    bad = {one["id"]: one["finding"] for one in found if one["severity"] in BAD}
    unexcused = {name: said for name, said in bad.items() if name not in excused()}
    assert not unexcused, unexcused
    assert excused() <= set(bad), f"no longer found: {excused() - set(bad)}"
