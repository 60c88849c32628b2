"""Programs that the grader starts, and the sites that it tells how to make."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from grader.program import Program
from grader.replay import MOST, site_lines
from grader.tls import type_in


@pytest.mark.parametrize("flushed", (False, True))
def test_a_program_that_never_reads_breaks_nothing(
    flushed: bool, tmp_path: Path
) -> None:
    program = Program(["true"], tmp_path, stdin=subprocess.PIPE)
    assert program.process.stdin
    if not flushed:
        program.process.stdin.write(b"R\n")  # waits in our buffer
    assert program.wait(10.0) == 0
    if flushed:
        type_in(program, b"R\n")
    program.bury()
    assert program.process.stdin.closed


def make(lines: list[str], directory: Path) -> Path:
    """The site that these shell lines make."""
    directory.mkdir()
    for line in lines:
        subprocess.run(["sh", "-ec", line], cwd=directory, check=True)
    return directory / "site"


def test_a_text_is_made_again_byte_for_byte(tmp_path: Path) -> None:
    text = b"# a\ttype\r\n\n%d 'x' \\n " + b"image/x-new png\r\n" * 40
    site = tmp_path / "site"
    site.mkdir()
    (site / ".mime.types").write_bytes(text)
    lines = site_lines(site)
    assert not any("seq " in line or "\n" in line or "\r" in line for line in lines)
    assert (make(lines, tmp_path / "again") / ".mime.types").read_bytes() == text


def test_links_of_many_lead_somewhere(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    for number in range(MOST + 1):
        (site / f"{number}.txt").symlink_to(tmp_path / "secret.txt")
    made = make(site_lines(site), tmp_path / "again")
    links = [path for path in made.iterdir() if path.is_symlink()]
    assert len(links) == MOST
    assert all(path.read_text() == "secret" for path in links)


def test_a_time_before_1970_is_told_as_it_is(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    old = site / "old.txt"
    old.write_text("old")
    os.utime(old, ns=(0, -86400 * 10**9 + 5 * 10**8))
    if old.stat().st_mtime_ns >= 0:
        pytest.skip("this file system keeps no times before 1970")
    assert any("touch -d @-86400 " in line for line in site_lines(site))
