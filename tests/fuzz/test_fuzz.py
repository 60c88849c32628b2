"""What the fuzzer has found holds, and a second reader agrees with the first."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import pytest

from . import corpus, strict
from .replay import replay
from .run import TARGETS

TREE = Path(__file__).resolve().parents[2]
PROGRAMS = TREE / os.environ.get("BUILD", "build") / "san" / "replay"


@pytest.mark.parametrize("target", TARGETS)
def test_corpus_holds(target: str) -> None:
    status, said = replay(target, PROGRAMS)
    assert status == 0, said
    assert said.endswith(f"{len(set(corpus.read(target)))} inputs\n")


def test_replay_finds(tmp_path: Path) -> None:
    """A replay that could not fail would prove nothing."""
    (tmp_path / "nothing").mkdir()
    program = str(PROGRAMS / "request")
    done = subprocess.run(
        [program, str(tmp_path / "nothing")], capture_output=True, check=False
    )
    assert done.returncode == 2 and b"0 inputs" in done.stderr
    done = subprocess.run(
        [program, str(tmp_path / "missing")], capture_output=True, check=False
    )
    assert done.returncode == 2 and b"missing" in done.stderr


# --- text and bytes -------------------------------------------------------------


def test_text_of_any_bytes() -> None:
    for data in (bytes(range(256)), b"#a\\x41\r\n\t\\", b"\\n", b"\x00\x0d"):
        line = corpus.text_of(data)
        assert line.isascii() and line.isprintable() and not line.startswith("#")
        assert corpus.data_of(line) == data


def test_collect_keeps_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "HERE", tmp_path)
    (tmp_path / "x.txt").write_text("# What it is.\nseed\\n\n")
    found = tmp_path / "found"
    found.mkdir()
    (found / "1").write_bytes(b"seed\n")
    (found / "2").write_bytes(b"longer")
    (found / "3").write_bytes(b"new")
    assert corpus.collect("x", found) == 2
    assert corpus.read("x") == [b"seed\n", b"new", b"longer"]
    assert corpus.path_of("x").read_text().startswith("# What it is.\nseed\\n\n")
    assert corpus.collect("x", found) == 2  # again: nothing changes
    assert corpus.expand("x", tmp_path / "out") == 3


# --- the second reader --------------------------------------------------------------


@dataclass
class Told:
    """A line of tell.c."""

    result: int
    pairs: "list[tuple[str, bytes]]"

    def get(self, name: str) -> Optional[bytes]:
        return next((value for n, value in self.pairs if n == name), None)


def told(kind: str, target: str, folder: Path) -> "dict[bytes, Told]":
    """What the machine makes of each input of a corpus."""
    corpus.expand(target, folder)
    done = subprocess.run(
        [str(PROGRAMS / "tell"), kind, str(folder)],
        capture_output=True,
        check=True,
        timeout=120,
    )
    found = {}
    for line in done.stdout.decode("ascii").splitlines():
        name, result, *rest = line.split("\t")
        pairs = [(k, corpus.data_of(v)) for k, _, v in (r.partition("=") for r in rest)]
        found[(folder / name).read_bytes()] = Told(int(result), pairs)
    return found


def expected(head: strict.Head) -> "list[tuple[str, bytes]]":
    pairs: "list[tuple[str, Any]]" = [
        ("method", head.method),
        ("target", head.target),
        ("host", head.host),
        ("path", head.path),
    ]
    if head.query is not None:
        pairs.append(("query", head.query))
    for name, number in (
        ("version", head.version),
        ("keep", head.keep),
        ("expect", head.expect),
        ("chunked", head.chunked),
        ("length", head.content_length),
    ):
        pairs.append((name, b"%d" % number))
    for field, value in head.fields:
        pairs += [("name", field), ("value", value)]
    return pairs


def behind_dice(data: bytes) -> bytes:
    return data[4:] if len(data) >= 4 else data  # fuzz.c


@pytest.mark.parametrize("target", ["request", "connection", "site"])
def test_second_reader_of_heads(target: str, tmp_path: Path) -> None:
    accepted = 0
    for data, machine in told("request", target, tmp_path).items():
        head = strict.read_head(behind_dice(data))
        length = head.length if head else 0
        assert max(machine.result, 0) == length, corpus.text_of(data)
        if head:
            accepted += 1
            assert machine.pairs == expected(head), corpus.text_of(data)
    assert accepted > 5


def test_second_reader_of_bodies(tmp_path: Path) -> None:
    accepted = 0
    for data, machine in told("framing", "framing", tmp_path).items():
        rest = behind_dice(data)
        kind = rest[0] if rest else 0
        read = strict.read_body(rest[1:], kind % 4 != 0, kind // 4 * 7)
        read = read if rest else None
        end = read[1] + 1 if read else 0
        assert max(machine.result, 0) == end, corpus.text_of(data)
        if read:
            accepted += 1
            assert machine.get("body") == read[0], corpus.text_of(data)
    assert accepted > 2
