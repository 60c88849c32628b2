"""What a person sees while a class is graded: a bar on a terminal, plain lines
anywhere else."""

from __future__ import annotations

import threading
from typing import TextIO

from grader.view import clean, number

from .class_table import Entry

BAR = 24  # columns
WIDTH = 78
CLEAR = "\r\x1b[K"


def shown(text: str) -> str:
    """On one line, whatever it is."""
    return " ".join(clean(text).split())


class Progress:
    """Counts submissions."""

    def __init__(self, of: int, out: TextIO, stop: threading.Event) -> None:
        self.of, self.out, self.stop = of, out, stop
        self.count = 0
        self.broken = 0
        self.terminal = out.isatty()
        self._draw("")

    def done(self, entry: Entry) -> None:
        self.count += 1
        self.broken += entry.state == "broke"
        state = "" if entry.state == "graded" else f", {entry.state}"
        self._tell(f"{shown(entry.name)}: {number(entry.score)}{state}")

    def broke(self, name: str, error: str) -> None:
        """The grader gave no result at all."""
        self.count += 1
        self.broken += 1
        self.say(f"{shown(name)}: the grader broke: {shown(error)[:500]}")
        self._draw("")

    def say(self, text: str) -> None:
        """A line that stays."""
        self.out.write((CLEAR if self.terminal else "") + text + "\n")
        self.out.flush()

    def end(self, text: str) -> None:
        self.say(text)

    def _tell(self, text: str) -> None:
        if self.terminal:
            self._draw(text)
        else:
            self.say(f"{self.count} of {self.of}  {text}")

    def _draw(self, text: str) -> None:
        if not self.terminal:
            return
        full = BAR * self.count // max(1, self.of)
        bar = "#" * full + "-" * (BAR - full)
        line = f"[{bar}] {self.count} of {self.of}  {text}"
        self.out.write(CLEAR + line[:WIDTH])
        self.out.flush()
