"""packages.sh on machines made up for it: a directory of programs as the whole
PATH, and other release files. Nothing is really installed."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import time
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import pytest

SCRIPT = Path(__file__).parent / "packages.sh"
BORROWED = "sh sed cut grep sort tr uname env mkdir cat rm touch chmod dirname"
GOOD = "#!/bin/sh\nexit 0\n"
BAD = "#!/bin/sh\nexit 1\n"

# Notes how it was called, and brings the program that the package NEW holds.
APT_GET = """#!/bin/sh
echo "$DEBIAN_FRONTEND apt-get $*" >>"$LOG"
case "$*" in
*update*) rm -f "$BIN/no-lists" "$BIN/old-lists" ;;
*simulate*) [ ! -e "$BIN/no-lists" ] ;;
*install*) [ ! -e "$BIN/old-lists" ] && cp "$BIN/openssl" "$BIN/curl" ;;
esac
"""
SUDO = '#!/bin/sh\necho "sudo" >>"$LOG"\nexec "$@"\n'


class Machine:
    """Has what `make test` needs, but curl. Its user is not root."""

    def __init__(self, place: Path, release: str = "ID=debian\n") -> None:
        self.place = place
        self.bin = place / "bin"
        self.bin.mkdir()
        for name in BORROWED.split():
            found = shutil.which(name)
            assert found
            (self.bin / name).symlink_to(found)
        for name in (
            "cc",
            "openssl",
            "pkg-config",
            "python3",
            "bwrap",
            "nc",
            "strace",
            "patch",
        ):
            self.add(name, GOOD)
        self.add("id", "#!/bin/sh\necho 1000\n")
        self.add("cp", f"#!/bin/sh\nexec {shutil.which('cp')} \"$@\"\n")
        self.stamp = place / "have" / "test"
        (place / "release").write_text(release)
        self.env: Dict[str, str] = {
            "PATH": str(self.bin),
            "BIN": str(self.bin),
            "LOG": str(place / "log"),
            "OS_RELEASE": str(place / "release"),
            "SYSTEM": "Linux",
        }

    def add(self, name: str, text: str) -> None:
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def become_root(self) -> None:
        self.add("id", "#!/bin/sh\necho 0\n")

    def run(self, verb: str = "test") -> Tuple[int, str]:
        done = subprocess.run(
            ["sh", str(SCRIPT), verb, str(self.stamp)],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            start_new_session=True,  # without a terminal
        )
        assert self.stamp.exists() == (done.returncode == 0 and verb != "doctor")
        return done.returncode, done.stdout

    def run_on_terminal(self, answer: str) -> Tuple[int, str]:
        child, terminal = pty.fork()
        if child == 0:
            os.execve("/bin/sh", ["sh", str(SCRIPT), "test", str(self.stamp)], self.env)
        said, asked = b"", False
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                some = os.read(terminal, 1000)
            except OSError:  # it has ended
                break
            said += some
            if b"[y/N]" in said and not asked:
                os.write(terminal, answer.encode() + b"\n")
                asked = True
            if not some:
                break
        _, status = os.waitpid(child, 0)
        assert asked, said
        return os.waitstatus_to_exitcode(status), said.decode()

    @property
    def log(self) -> str:
        log = self.place / "log"
        return log.read_text() if log.exists() else ""


@pytest.fixture
def debian(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.add("apt-get", APT_GET)
    return machine


def called(machine: Machine) -> List[str]:
    """What apt-get was asked to do."""
    lines = machine.log.splitlines()
    return [
        next(word for word in ("simulate", "update", "install") if word in line)
        for line in lines
    ]


def test_nothing_missing(debian: Machine) -> None:
    debian.add("curl", GOOD)
    assert debian.run() == (0, "")
    assert debian.log == ""


def test_root_installs_at_once(debian: Machine) -> None:
    debian.become_root()
    status, said = debian.run()
    assert status == 0
    assert "make test needs what this machine lacks" in said
    assert "curl          a client of the suites" in said
    assert called(debian) == ["simulate", "install"]
    last = debian.log.splitlines()[-1]
    assert last.startswith("noninteractive apt-get")
    assert last.endswith(" install -y --no-install-recommends curl")


@pytest.mark.parametrize(
    "lists, calls",
    [
        ("no-lists", ["simulate", "update", "install"]),
        ("old-lists", ["simulate", "install", "update", "install"]),
    ],
)
def test_lists_are_renewed(debian: Machine, lists: str, calls: List[str]) -> None:
    debian.become_root()
    debian.add(lists, "")
    assert debian.run()[0] == 0
    assert called(debian) == calls


def test_a_package_that_does_not_help(debian: Machine) -> None:
    debian.become_root()
    debian.add("apt-get", GOOD)
    status, said = debian.run()
    assert status == 1 and "Still missing:" in said


def test_no_sudo(debian: Machine) -> None:
    status, said = debian.run()
    assert status == 1 and debian.log == ""
    assert "sudo apt-get install -y --no-install-recommends curl\n" in said


def test_sudo_without_a_terminal_or_a_yes(debian: Machine) -> None:
    debian.add("sudo", SUDO)
    status, said = debian.run()
    assert status == 1 and debian.log == ""
    assert "YES=1" in said


def test_sudo_with_yes(debian: Machine) -> None:
    debian.add("sudo", SUDO)
    debian.env["YES"] = "1"
    assert debian.run()[0] == 0
    assert debian.log.startswith("sudo\nnoninteractive apt-get")


def test_sudo_after_a_yes(debian: Machine) -> None:
    debian.add("sudo", SUDO)
    status, said = debian.run_on_terminal("y")
    assert status == 0 and "Installing: sudo apt-get" in said
    assert debian.log.startswith("sudo\n")


def test_sudo_after_a_no(debian: Machine) -> None:
    debian.add("sudo", SUDO)
    status, said = debian.run_on_terminal("n")
    assert status == 1 and debian.log == ""
    assert "Type this, then try again" in said


@pytest.mark.parametrize(
    "release, system, command",
    [
        ("ID=ubuntu\n", "Linux", "sudo apt-get install -y --no-install-recommends"),
        ("ID=mint\nID_LIKE='ubuntu debian'\n", "Linux", "gcc libc6-dev libssl-dev\n"),
        ("ID=fedora\n", "Linux", "sudo dnf install gcc openssl-devel\n"),
        ('ID="rocky"\nID_LIKE="rhel fedora"\n', "Linux", "sudo dnf install gcc op"),
        ("ID=arch\n", "Linux", "sudo pacman -S --needed gcc openssl\n"),
        ("ID=alpine\n", "Linux", "sudo apk add gcc musl-dev openssl-dev\n"),
        ("", "Darwin", "\n  brew install gcc openssl@3\n"),
        ("ID=plan9\n", "Linux", "in the way of this system"),
    ],
)
def test_elsewhere_it_prints_the_command(
    tmp_path: Path, release: str, system: str, command: str
) -> None:
    machine = Machine(tmp_path, release)
    machine.env["SYSTEM"] = system
    machine.add("cc", BAD)
    status, said = machine.run("run")
    assert status == 1 and command in said
    assert machine.log == ""


def test_another_python_is_found(debian: Machine) -> None:
    """One without pytest that is first in PATH, as in a virtual environment."""
    debian.add("curl", GOOD)
    debian.add("python3", BAD)
    debian.add("python3.12", GOOD)
    assert debian.run()[0] == 0
    python = (debian.place / "have" / "python").read_text().strip()
    assert python and python != str(debian.bin / "python3")


PYTEST_ALONE = """#!/bin/sh
case "$*" in *xdist* | *jsonschema*) exit 1 ;; esac
"""


def test_the_python_with_all_modules_is_best(debian: Machine) -> None:
    """pip has put pytest into a virtual environment, and nothing else."""
    debian.add("curl", GOOD)
    debian.add("python3", PYTEST_ALONE)
    debian.add("python3.12", GOOD)
    debian.env["PYTHON"] = "python3"
    assert debian.run()[0] == 0
    have = debian.place / "have"
    assert (have / "python").read_text() != f"{debian.bin / 'python3'}\n"
    assert (have / "workers").read_text() == "-n 3\n"


def test_a_system_without_a_package(tmp_path: Path) -> None:
    """Homebrew has no xdist: checks run one after the other there."""
    machine = Machine(tmp_path, "")
    machine.env["SYSTEM"] = "Darwin"
    machine.add("curl", GOOD)
    machine.add("python3", PYTEST_ALONE)
    machine.env["PYTHONS"] = ""
    assert "without  xdist" in machine.run("doctor")[1]
    assert machine.run() == (0, "")
    assert (machine.place / "have" / "workers").read_text() == "\n"


def test_python_of_the_caller(debian: Machine) -> None:
    debian.add("curl", GOOD)
    debian.add("mine", GOOD)
    debian.env["PYTHON"] = "mine"
    assert debian.run()[0] == 0
    python = (debian.place / "have" / "python").read_text().strip()
    assert python == str(debian.bin / "mine")


def test_run_needs_less_than_test(debian: Machine) -> None:
    debian.add("python3", BAD)
    assert debian.run("run") == (0, "")


@pytest.mark.parametrize(
    "release, names",
    [
        ("ID=debian\n", ["chromium", "chromium-driver"]),
        ("ID=ubuntu\nID_LIKE=debian\n", ["chromium-browser", "chromium-chromedriver"]),
        ("ID=fedora\n", ["chromium", "chromedriver"]),
    ],
)
def test_names_of_the_browser(tmp_path: Path, release: str, names: List[str]) -> None:
    _, said = Machine(tmp_path, release).run("doctor")
    rows = [line.split() for line in said.splitlines() if "browser" in line[:60]]
    assert [words[-1] for words in rows] == names
    command = said.split("This mends it:")[1].split()
    assert set(names) <= set(command)


@pytest.mark.parametrize("curl", [None, GOOD])
def test_doctor(debian: Machine, curl: Optional[str]) -> None:
    if curl:
        debian.add("curl", curl)
    status, said = debian.run("doctor")
    lines = [line.split() for line in said.splitlines()]
    states = {words[1]: words[0] for words in lines if len(words) > 4}
    assert status == 0
    assert states["curl"] == ("here" if curl else "missing")
    assert states["compiler"] == "here" and states["cppcheck"] == "missing"
    assert "sudo apt-get install" in said and debian.log == ""
