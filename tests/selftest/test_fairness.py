"""Correct servers get all the points; real ones pass what every server must."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from selftest.grading import TESTS, Run, run_grader

from grader import table

PEERS = TESTS / "peers"
PYTHON = shlex.quote(sys.executable)
ROWS = table.load()
QUICK = (1, 2)  # steps whose suites take seconds
VERSIONS = {"nginx": "nginx -v", "lighttpd": "lighttpd -v", "apache": "apache2 -v"}
LONG = 900.0  # seconds that one suite may take on a busy machine
PATIENCE = "5"  # seconds; a real server that is silent stays so


def unlike(run: Run, wanted: str) -> dict[str, str]:
    """Checks with another result than this, and what the grader says."""
    checks = [c for c in run.data["checks"] if c["result"] != wanted]
    return {c["id"]: f"{c['result']} {c.get('note') or ''}" for c in checks}


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(step, marks=[] if step in QUICK else [pytest.mark.slow])
        for step in range(1, 8)
    ],
)
def test_a_peer_gets_every_point(step: int, tmp_path: Path) -> None:
    gets_every_point(step, f"{PYTHON} {PEERS / 'peer.py'} --step {step:02}", tmp_path)


def test_a_third_language_gets_every_point(tmp_path: Path) -> None:
    if not shutil.which("perl"):
        pytest.skip("perl is not installed")
    gets_every_point(1, f"perl {PEERS / 'echo.pl'}", tmp_path)


def gets_every_point(step: int, server: str, directory: Path) -> None:
    run = run_grader(
        directory,
        TESTS / "checks",
        server,
        *("--client", f"{PYTHON} {PEERS / 'client.py'}", "--step", str(step)),
        patience=LONG,
    )
    assert run.status == 0 and run.data["score"] == 100, run.text
    for name, why in unlike(run, "passed").items():
        # the machine may be unable to tell; no check may hang on another one
        assert why.startswith("not judged") and "needs" not in why, (name, run.text)


def test_the_contract_tells_the_options() -> None:
    """The table of contract.md and the --help of the peer agree."""
    text = (TESTS / "contract.md").read_text(encoding="utf-8")
    told = {}
    for cell, span in re.findall(r"^\| (`--.*?) \| (\d\d-?) \|", text, re.M):
        since = int(span[:2])
        steps = range(since, 8 if span.endswith("-") else since + 1)
        told.update(dict.fromkeys(re.findall("--[a-z-]+", cell), steps))
    for step in range(1, 8):
        command = [sys.executable, str(PEERS / "peer.py"), "--step", str(step)]
        done = subprocess.run([*command, "--help"], capture_output=True, timeout=60)
        has = set(re.findall("--[a-z-]+", done.stdout.decode())) - {"--step"}
        assert has == {name for name, steps in told.items() if step in steps}


# --- real servers ---------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """A row of peers/known.md."""

    server: str
    version: str
    since: int
    check: str
    rule: str


def read_known() -> list[Known]:
    found = []
    for line in (PEERS / "known.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 6 and cells[0] != "server":
            server, version, steps, check, _, rule = cells
            found.append(Known(server, version, int(steps[:2]), check, rule))
    return found


KNOWN = read_known()


def must_checks(step: int) -> set[str]:
    """What an RFC asks of a server of this step. In 06 only what is new: it
    talks as 05 does, and 07 asks for all of it once more, over TLS."""
    return {
        name
        for name, row in ROWS.items()
        if row.mark == "MUST" and row.holds_in(step) and (step != 6 or row.since == 6)
    }


def version_of(server: str, step: int) -> str:
    """Skips where the server is not installed."""
    program, option = VERSIONS[server].split()
    path = shutil.which(program, path="/usr/sbin:/usr/bin:/usr/local/sbin:/bin")
    if not path:
        pytest.skip(f"{program} is not installed")
    if step == 7 and server == "lighttpd":
        if not any(Path("/usr").glob("lib*/lighttpd/mod_openssl.so")):
            pytest.skip("lighttpd has no mod_openssl here")
    done = subprocess.run([path, option], capture_output=True, text=True, timeout=20)
    match = re.search(r"/([0-9.]+)", done.stdout + done.stderr)
    assert match, f"{path} {option} tells no version"
    return match[1]


def without_needs(directory: Path) -> Path:
    """The table, so that a contract check that a real server fails keeps none
    of the others from being judged."""
    lines = (TESTS / "checks.md").read_text(encoding="utf-8").splitlines()
    made = directory / "checks.md"
    text = ""
    for line in lines:
        cells = line.split("|")
        if len(cells) == 9 and cells[1].strip() in ROWS:
            cells[6] = " "
        text += "|".join(cells) + "\n"
    made.write_text(text, encoding="utf-8")
    return made


def test_known_faults_are_well_told() -> None:
    assert {row.server for row in KNOWN} == set(VERSIONS)
    assert len({(row.server, row.check) for row in KNOWN}) == len(KNOWN)
    for row in KNOWN:
        assert row.check in must_checks(row.since), f"{row.check} is no MUST"
        assert ROWS[row.check].since <= row.since <= 7
        assert re.match(r"RFC \d{4}, section \d", row.rule), row.rule


@pytest.mark.slow
@pytest.mark.parametrize("step", [5, 6, 7])
@pytest.mark.parametrize("server", VERSIONS)
def test_real_servers_do_what_every_server_must(
    server: str, step: int, tmp_path: Path
) -> None:
    version = version_of(server, step)
    must = must_checks(step)
    failed = failing(server, step, must, tmp_path, "--patience", PATIENCE)
    here = [row for row in KNOWN if row.server == server and row.since <= step]
    here = [row for row in here if row.check in must]
    known = {row.check for row in here}
    if failed - known:  # on a busy machine a server may be late once
        failed = failing(server, step, failed - known, tmp_path) | failed & known
    assert not failed - known, f"{server} {version}: neither passed nor in known.md"
    stale = {row.check for row in here if row.version == version} - failed
    assert not stale, f"known.md: {server} {version} passes {sorted(stale)}"


def failing(
    server: str, step: int, checks: set[str], directory: Path, *more: str
) -> set[str]:
    """Which of these checks the server fails."""
    names = " or ".join("test_" + name.replace("-", "_") for name in sorted(checks))
    run = run_grader(
        directory,
        TESTS / "checks",
        f"{PYTHON} {PEERS / (server + '.py')}",
        *("--step", str(step), "-k", names, *more),
        *("--table", str(without_needs(directory))),
        patience=LONG,
    )
    assert {c["id"] for c in run.data["checks"]} >= checks, run.text
    print(run.text)
    return checks & set(unlike(run, "passed"))
