"""The place where a submission is built and graded, as far as this machine
gives one. Bubblewrap makes it: its own network with loopback alone, its own
processes, a read-only system without homes, and of all that a teacher has the
grader and this one submission. What a machine cannot do is found by trying.
"""

from __future__ import annotations

import os
import shutil
import site
import sys
import tempfile
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from .homework import ROOT
from .sandbox_group import places
from .sandbox_unpack import works

SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix", "gnu")
ETC = """alternatives ld.so.cache ld.so.conf ld.so.conf.d localtime ssl pki
    crypto-policies passwd group nsswitch.conf protocols services host.conf""".split()
HOSTS = "127.0.0.1 localhost\n::1 localhost\n"
NEEDED = """chown dac_override dac_read_search fowner kill setgid setpcap setuid
    sys_admin sys_nice sys_ptrace sys_resource""".split()  # capabilities
USERS = 1 << 30  # from here on user numbers are free
SLOTS = 256  # sandboxes of one process at a time

NETWORK = "it shares this machine's network"
FILES = "it can read what every user can read here, and fill this machine's disk"
CHECKS = "it can read the checks: close their directory to others (chmod go=)"
MEMORY = "what the kernel holds for it is not bounded, only what its processes hold"
PROCESSES = "it sees this machine's processes; what it leaves is ended by search"
SAME_USER = "it runs as the grader's user: it can see and end it (its own loss)"
NO_USER = "it runs as the user who grades, and can read and change all of theirs"


@dataclass(frozen=True)
class Isolation:
    """How far programs can be kept apart here."""

    bubblewrap: bool
    other_user: bool
    mapped: bool = False  # by the ranges of /etc/subuid
    missing: tuple[str, ...] = ()  # what is not isolated

    @property
    def name(self) -> str:
        first = "bubblewrap" if self.bubblewrap else "no bubblewrap"
        return f"{first}, {'another' if self.other_user else 'the same'} user"


@lru_cache(maxsize=1)
def isolation() -> Isolation:
    """The best that works, found by trying."""
    root = os.geteuid() == 0
    candidates = [
        Isolation(True, True) if root else Isolation(True, True, mapped=True),
        Isolation(True, False, missing=(SAME_USER,)),
        Isolation(False, True, missing=(NETWORK, FILES, PROCESSES)),
    ]
    with tempfile.TemporaryDirectory(prefix="sandbox-") as name:
        Path(name).chmod(0o755)
        for candidate in candidates:
            if works(tuple(_trial(candidate, Path(name)))):
                break
        else:
            missing = (NO_USER, NETWORK, FILES, PROCESSES)
            candidate = Isolation(False, False, missing=missing)
    more = [MEMORY] * (not places()) + [CHECKS] * _reads_checks(candidate)
    return replace(candidate, missing=(*candidate.missing, *more))


def _reads_checks(kind: Isolation) -> bool:
    if kind.bubblewrap or not kind.other_user:
        return False  # it does not, or that has been said
    words = ["setpriv", *drop(kind, user(kind, 0)), "test", "-r"]
    return works((*words, str(ROOT / "tests" / "checks.md")))


def _trial(kind: Isolation, directory: Path) -> list[str]:
    """A command that does what the warden will do."""
    words = ["setpriv", *drop(kind, user(kind, 0)), "test", "-r", "/bin/sh"]
    if not kind.bubblewrap:
        return words
    script = 'mount -t tmpfs -o size=4k tmpfs /tmp && unshare --mount true && exec "$@"'
    return [*bubblewrap(kind, directory), "sh", "-c", script, "sh", *words]


def drop(kind: Isolation, user: int) -> list[str]:
    """Options of setpriv(1) that leave a program no privilege."""
    words = ["--no-new-privs", "--inh-caps=-all"]
    if kind.bubblewrap or kind.other_user:
        words.append("--bounding-set=-all")
    if kind.other_user:
        words += [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    return words


def user(kind: Isolation, slot: int) -> int:
    """A user number of this sandbox alone: its limit on processes counts all
    that the user has on this machine. 0: there is no other user."""
    if not kind.other_user:
        return 0
    if kind.mapped:  # numbers of its own
        return 1000 + slot
    free = USERS + os.getpid() * SLOTS + slot
    lines = Path("/proc/self/uid_map").read_text().splitlines()
    last = max(int(line.split()[0]) + int(line.split()[2]) for line in lines) - 1
    return free if free < last else max(1000, last - 1000 - slot)


def bubblewrap(kind: Isolation, directory: Path) -> list[str]:
    """The place without what is particular to a submission. directory: its own,
    outside."""
    words = ["unshare", "--user", "--map-root-user", "--map-auto"] * kind.mapped
    words += ["bwrap", "--die-with-parent", "--new-session", "--unshare-ipc"]
    words += ["--unshare-pid", "--unshare-net", "--unshare-uts"]
    words += ["--unshare-cgroup-try", "--hostname", "sandbox"]
    if not kind.other_user:
        words += ["--unshare-user", "--uid", "0", "--gid", "0"]
    words += ["--cap-drop", "ALL"]
    for name in NEEDED:
        words += ["--cap-add", f"CAP_{name.upper()}"]
    for name in SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            words += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            words += ["--ro-bind", str(path), str(path)]
    for path in _tools():
        words += ["--ro-bind", str(path), str(path)]
    words += ["--dir", "/etc"]  # else bwrap makes it for itself alone
    for name in ETC:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    (directory / "hosts").write_text(HOSTS)
    words += ["--ro-bind", str(directory / "hosts"), "/etc/hosts"]
    words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    return words


def _tools() -> list[Path]:
    """Where Python, pytest, make and the compiler are, if not in the system."""
    found = {Path(sys.prefix), Path(sys.base_prefix), Path(site.getusersitepackages())}
    for name in ("make", "cc", "gcc", "clang", "openssl"):
        where = shutil.which(name)
        if where:
            found.add(Path(where).resolve().parent.parent)
    system = tuple(f"/{name}" for name in SYSTEM)
    return sorted(
        path
        for path in found
        if path.is_dir() and not str(path).startswith(system) and path != Path("/")
    )
