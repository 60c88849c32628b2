"""The programs are hardened: what a compiler and a linker can do so that a
mistake in them is harder to use. Read from the programs, by readelf."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
STEPS = sorted(path.parent.name for path in TREE.glob("steps/*/main.c"))
GOOD = "-O2 -fPIE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"
LINK = "-pie -Wl,-z,relro,-z,now,-z,noexecstack"
# A buffer whose size the compiler knows, and a length that it does not.
TEXT = """#include <string.h>
int main(int argc, char **argv)
{
    char text[64];
    strcpy(text, argv[argc - 1]);
    return text[0];
}
"""

pytestmark = pytest.mark.skipif(
    not shutil.which("readelf"), reason="there is no readelf here"
)


def faults(program: Path, static: bool = False) -> list[str]:
    """What it lacks. static: the C library is in it, and is musl, which has
    neither position-independent programs by musl-gcc nor checked calls."""
    words = ["readelf", "-W", "-h", "-l", "-d", "-s", str(program)]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    relro = re.search(r"^ +GNU_RELRO ", text, re.M)
    stack = re.search(r"^ +GNU_STACK .* (R\w?E?) +0x", text, re.M)
    symbols = set(re.findall(r" (__\w+_chk)(?:@|$)", text, re.M))
    found: dict[str, object] = {
        "a stack that cannot be executed": stack and "E" not in stack[1],
        "RELRO": relro,
        "a stack protector": "__stack_chk_fail" in text,
    }
    if not static:
        now = re.search(r"FLAGS(_1)?\)? .*NOW", text)
        found["PIE"] = re.search(r"^ +Type: +DYN", text, re.M)
        found["full RELRO (BIND_NOW)"] = relro and now
        found["FORTIFY"] = symbols
    return [name for name, there in found.items() if not there]


def programs(variant: str) -> list[Path]:
    build = Path(os.environ.get("BUILD") or "build")
    place = (build if build.is_absolute() else TREE / build) / variant
    found = [place / name for name in [*STEPS, "01-tcp-client"]]
    return [path for path in found if path.exists()]


@pytest.mark.parametrize("variant", ["", "clang", "musl"])
def test_programs_are_hardened(variant: str) -> None:
    found = programs(variant)
    if variant and not found:
        pytest.skip(f"make {variant} has not been run")
    assert len(found) >= len(STEPS) - (variant == "musl")
    bad = {path.name: faults(path, variant == "musl") for path in found}
    assert not any(bad.values()), bad


def made(place: Path, without: str, instead: str = "") -> Path:
    """A program made with all the flags but one."""
    source, program = place / "text.c", place / "program"
    source.write_text(TEXT)
    words = f"{GOOD} {LINK}".replace(without, instead) if without else f"{GOOD} {LINK}"
    compiler = os.environ.get("CC") or "cc"
    subprocess.run(
        [compiler, str(source), "-o", str(program), *words.split()], check=True
    )
    return program


def test_the_flags_do_it(tmp_path: Path) -> None:
    assert faults(made(tmp_path, "")) == []


@pytest.mark.parametrize(
    "without, instead, lacks",
    [
        ("-pie ", "-no-pie ", "PIE"),
        ("now", "lazy", "full RELRO (BIND_NOW)"),
        ("relro", "norelro", "RELRO"),
        ("noexecstack", "execstack", "a stack that cannot be executed"),
        ("-fstack-protector-strong", "-fno-stack-protector", "a stack protector"),
        ("-D_FORTIFY_SOURCE=2", "", "FORTIFY"),
    ],
)
def test_what_is_left_out_is_seen(
    tmp_path: Path, without: str, instead: str, lacks: str
) -> None:
    assert lacks in faults(made(tmp_path, without, instead))
