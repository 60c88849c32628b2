"""export: writes a report in the formats of others.

    python3 -m coursework export report.json --html F --junit F --csv F ...

F may be - for stdout. --all DIR writes every format there, under its usual name.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from .exports import FORMATS, Format, ReportError, prepare, read


def main(argv: list[str]) -> int:
    given = _parser().parse_args(argv)
    try:
        document = read(Path(given.report).read_text(encoding="utf-8"))
    except OSError as error:
        return _say(f"{given.report}: {error.strerror}")
    except (ReportError, UnicodeDecodeError) as error:
        return _say(f"{given.report}: {error}")
    document = prepare(document, given.reveal)
    wanted = {f: path for f in FORMATS if (path := getattr(given, _key(f)))}
    if given.all:
        Path(given.all).mkdir(parents=True, exist_ok=True)
        for made in FORMATS:
            wanted.setdefault(made, str(Path(given.all) / made.file))
    if not wanted:
        return _say("say which formats; --help lists them")
    try:
        for made, path in wanted.items():
            write(path, made.text(document))
    except OSError as error:
        return _say(f"{error.filename}: {error.strerror}")
    return 0


def write(path: str, text: str) -> None:
    """As it is: no line end is made into another."""
    data = text.encode("utf-8", "backslashreplace")
    if path == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        Path(path).write_bytes(data)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coursework export", description="Writes a report in other formats."
    )
    parser.add_argument("report", help="the file that --report wrote")
    for made in FORMATS:
        parser.add_argument(
            f"--{made.name}", metavar="F", nargs="?", const="-", help=made.about
        )
    parser.add_argument("--all", metavar="DIR", help="every format, in this directory")
    parser.add_argument(
        "--reveal", action="store_true", help="with what is hidden from students"
    )
    return parser


def _key(made: Format) -> str:
    return made.name.replace("-", "_")


def _say(problem: Any) -> int:
    print(f"export: {problem}", file=sys.stderr)
    return 2
