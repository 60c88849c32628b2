"""python -m book VERB ...: see each verb's --help."""

from __future__ import annotations

import importlib
import sys

VERBS = {
    "weave": "put the fragments of the source, and the tables, into the pages",
    "check": "check all that the pages say",
    "sessions": "run the console sessions of one page",
    "site": "make the site",
}


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in VERBS:
        for verb, what in VERBS.items():
            print(f"python -m book {verb:8}{what}")
        return 2
    module = importlib.import_module(f"book.{sys.argv[1]}_verb")
    status: int = module.main(sys.argv[2:])
    return status


if __name__ == "__main__":
    sys.exit(main())
