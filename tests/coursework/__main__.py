"""python3 -m coursework VERB ARGUMENTS: runs the module of that name."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path


def verbs() -> list[str]:
    """The modules that can be run."""
    here = Path(__file__).parent
    return sorted(
        path.stem for path in here.glob("*.py") if "\ndef main(" in path.read_text()
    )


def run(words: list[str]) -> int:
    if not words or words[0] not in verbs():
        print(f"coursework: the verbs are {', '.join(verbs())}", file=sys.stderr)
        return 2
    module = importlib.import_module(f"{__package__}.{words[0]}")
    try:
        status: int = module.main(words[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read along has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
