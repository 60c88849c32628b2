"""The corpora as text: corpus/NAME.txt holds every input of a target, one a
line, and what the seeds among them are for.

    python -m fuzz.corpus expand request DIR    a file for each input
    python -m fuzz.corpus collect request DIR   what is new there, into the text

Printable ASCII stands for itself, \\r, \\n, \\t and \\\\ for what they are in C,
every other byte as \\xNN. Lines that begin with # and empty ones are for people.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path
from typing import Optional

HERE = Path(__file__).resolve().parent / "corpus"
FOUND = "# ---- Found by the fuzzer"
SHORT = {"\\r": 13, "\\n": 10, "\\t": 9, "\\\\": 92}
ESCAPE = re.compile(r"\\x[0-9a-f]{2}|\\.")


def text_of(data: bytes) -> str:
    """One line. A '#' at its beginning would look like a comment."""
    told = []
    for place, byte in enumerate(data):
        short = next((text for text, value in SHORT.items() if value == byte), "")
        plain = 0x20 <= byte < 0x7F and not (place == 0 and byte == 0x23)
        told.append(short or (chr(byte) if plain else f"\\x{byte:02x}"))
    return "".join(told)


def data_of(line: str) -> bytes:
    def byte(match: "re.Match[str]") -> str:
        text = match[0]
        return chr(SHORT[text] if text in SHORT else int(text[2:], 16))

    return ESCAPE.sub(byte, line).encode("latin-1")


def path_of(target: str) -> Path:
    return HERE / f"{target}.txt"


def read(target: str) -> list[bytes]:
    lines = path_of(target).read_text(encoding="ascii").split("\n")
    return [data_of(line) for line in lines if line and not line.startswith("#")]


def expand(target: str, to: Path) -> int:
    """A file for each input, named by its content; returns how many."""
    to.mkdir(parents=True, exist_ok=True)
    inputs = read(target)
    for data in inputs:
        (to / hashlib.sha1(data).hexdigest()).write_bytes(data)
    return len(inputs)


def collect(target: str, directory: Path) -> int:
    """Keeps the seeds, and behind them what else is there; returns its number."""
    path = path_of(target)
    seeds = path.read_text(encoding="ascii").split(FOUND)[0].rstrip("\n")
    known = {line for line in seeds.split("\n") if not line.startswith("#")}
    found = {text_of(file.read_bytes()) for file in directory.iterdir()}
    new = sorted(found - known - {""}, key=lambda line: (len(line), line))
    path.write_text("\n".join([seeds, "", FOUND, *new, ""]), encoding="ascii")
    return len(new)


def main(argv: Optional[list[str]] = None) -> int:
    words = sys.argv[1:] if argv is None else argv
    verbs = {"expand": expand, "collect": collect}
    if len(words) != 3 or words[0] not in verbs:
        print(__doc__, file=sys.stderr)
        return 2
    print(verbs[words[0]](words[1], Path(words[2])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
