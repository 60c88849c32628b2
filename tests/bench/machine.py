"""Which machine a run was made on, and with which programs."""

from __future__ import annotations

import os
import platform
import re
import ssl
import subprocess
from pathlib import Path

VERSIONS = {
    "cc": ["cc", "--version"],
    "wrk": ["wrk", "-v"],
    "h2load": ["h2load", "--version"],
    "nginx": ["nginx", "-v"],
    "lighttpd": ["lighttpd", "-v"],
    "apache": ["apache2", "-v"],
    "h2o": ["h2o", "--version"],
    "valgrind": ["valgrind", "--version"],
    "strace": ["strace", "--version"],
}


def said(words: list[str]) -> str:
    """The first line with a number in it that a program says of itself."""
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    try:
        done = subprocess.run(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=10,
            env={**os.environ, "PATH": path},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = (line for line in done.stdout.splitlines() if re.search(r"\d", line))
    return " ".join(next(lines, "").split())[:100]


def processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    found = re.search(r"(?m)^(?:model name|Model)\s*:\s*(.+)$", text)
    return found[1] if found else platform.machine()


def memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20


def virtual() -> bool:
    try:
        return " hypervisor " in Path("/proc/cpuinfo").read_text().replace("\n", " ")
    except OSError:
        return False


def cores() -> list[int]:
    """Those that this process may use."""
    return sorted(os.sched_getaffinity(0))


def system() -> str:
    try:
        text = Path("/etc/os-release").read_text()
    except OSError:
        return platform.platform()
    found = re.search(r'(?m)^PRETTY_NAME="?([^"\n]+)', text)
    return found[1] if found else platform.platform()


def describe() -> dict[str, object]:
    return {
        "processor": processor(),
        "cores": len(cores()),
        "virtual": virtual(),
        "memory_mib": memory(),
        "system": system(),
        "kernel": f"{platform.system()} {platform.release()}",
    }


def versions() -> dict[str, str]:
    found = {name: said(words) for name, words in VERSIONS.items()}
    found["openssl"] = ssl.OPENSSL_VERSION
    found["libc"] = " ".join(platform.libc_ver())
    return {name: text for name, text in found.items() if text}
