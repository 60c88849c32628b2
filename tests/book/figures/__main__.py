"""Draws the figures: python3 -m book.figures [NAME ...]; --css prints their colors."""

from __future__ import annotations

import argparse

from . import FIGURES, drawn, file
from .palette import page_css


def main() -> None:
    parser = argparse.ArgumentParser(prog="book.figures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="all unless given")
    parser.add_argument("--css", action="store_true", help="rules for a page's sheet")
    options = parser.parse_args()
    if options.css:
        print(page_css(), end="")
        return
    for name in options.names or FIGURES:
        file(name).write_text(drawn(name), encoding="utf-8")


main()
