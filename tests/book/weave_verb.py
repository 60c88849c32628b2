"""make weave: writes what changed, and tells what could not be found."""

from __future__ import annotations

import argparse

from .pages import TOP, Page, pages
from .tables import generate
from .weave import weave


def main(argv: list[str]) -> int:
    words = argparse.ArgumentParser(prog="book weave", description=__doc__)
    words.add_argument("page", nargs="*", help="only pages whose names contain this")
    given = words.parse_args(argv)
    failed = 0
    for page in pages(TOP, given.page):
        text, faults = weave(page, TOP)
        woven = Page(page.path, page.name)
        woven.__dict__["text"] = text  # what is not yet in the file
        text, more = generate(woven, TOP)
        faults += more
        if text != page.text:
            page.path.write_text(text, encoding="utf-8")
            print(f"woven: {page.name}")
        for fault in faults:
            print(fault)
        failed += len(faults)
    return 1 if failed else 0
