"""What the clients of a picture do, kept as text.

    A silent client, then two quick ones
    steps 02-
    see In 02 the quick ones wait until the silent one has gone.

    silent     at 0     connect; wait 1000; close
    quick 1..2 at 100   get /hello

The first line is the title. `steps` says for which it is meant, `options` what
the server gets besides. Then a client a line: its name (1..20: so many of
them), when it begins (milliseconds; `at 0 +50`: each 50 later than the one before),
and what it does, separated by semicolons. VERBS lists what it can do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

FOLDER = Path(__file__).resolve().parent / "scenarios"
VERBS = {
    "connect": "connects; from 07 on with the handshake",
    "tcp": "connects, without a handshake",
    "half-handshake": "connects, and sends half of a ClientHello",
    "send TEXT": "sends this, \\r \\n \\xNN as in C",
    "ask PATH": "sends GET, and reads the answer; connects first if need be",
    "get PATH": "the same, then closes",
    "pipeline N PATH": "sends so many GET at once, and reads all answers",
    "drip PATH MS": "sends GET in pieces, so that it takes that long",
    "sip PATH MS": "sends GET, and reads so slowly that it takes that long",
    "read N": "reads so many bytes",
    "rest": "reads until the server closes",
    "wait MS": "does nothing",
    "half-close": "says that it will send no more",
    "close": "closes",
    "reset": "closes with a reset, as if it had crashed",
    "crash": "ends the process that serves this client by SIGSEGV",
}
LINE = re.compile(r"(\S.*?)\s+at\s+(\d+)(?:\s+\+(\d+))?\s+(\S.*)")


class ScenarioError(Exception):
    """A file that cannot be read as a scenario; says where and why."""


@dataclass
class Action:
    verb: str
    words: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return " ".join([self.verb, *self.words])


@dataclass
class Script:
    """What one client does."""

    name: str
    at: float  # seconds after the beginning
    actions: list[Action]


@dataclass
class Scenario:
    name: str
    title: str = ""
    see: str = ""
    first: int = 2  # step
    last: int = 99
    options: list[str] = field(default_factory=list)
    clients: list[Script] = field(default_factory=list)

    def fits(self, step: int) -> bool:
        return self.first <= step <= self.last


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def load(name: str) -> Scenario:
    """The scenario of that name, or in that file."""
    path = Path(name) if name.endswith(".txt") else FOLDER / f"{name}.txt"
    if not path.exists():
        known = ", ".join(names())
        raise ScenarioError(f"there is no scenario {name}; there are {known}")
    return parse(path.stem, path.read_text(encoding="utf-8"))


def parse(name: str, text: str) -> Scenario:
    found = Scenario(name)
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{name}.txt, line {number}"
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if not found.title:
            found.title = line
        elif client := LINE.fullmatch(line):
            found.clients += _clients(client, where)
        elif line.startswith("see "):
            found.see = f"{found.see} {line[4:].strip()}".strip()
        elif line.startswith("options "):
            found.options += line.split()[1:]
        elif steps := re.fullmatch(r"steps (\d\d)(-(\d\d)?)?", line):
            found.first = int(steps[1])
            found.last = int(steps[3] or (99 if steps[2] else steps[1]))
        else:
            raise ScenarioError(f"{where}: not understood: {line}")
    if not found.clients:
        raise ScenarioError(f"{name}.txt has no client")
    return found


def _clients(match: "re.Match[str]", where: str) -> list[Script]:
    name, at, later, what = match.groups()
    actions = [_action(part.strip(), where) for part in what.split(";")]
    span = re.search(r"(\d+)\.\.(\d+)", name)
    if not span:
        return [Script(name, int(at) / 1000, actions)]
    found = []
    for place, number in enumerate(range(int(span[1]), int(span[2]) + 1)):
        begins = (int(at) + place * int(later or 0)) / 1000
        found.append(Script(name.replace(span[0], str(number)), begins, actions))
    return found


def _action(text: str, where: str) -> Action:
    verb, _, rest = text.partition(" ")
    form: Optional[str] = next((v for v in VERBS if v.split()[0] == verb), None)
    if not form:
        raise ScenarioError(f"{where}: no client can {verb!r}")
    words = [rest.strip()] if verb == "send" else rest.split()
    wanted = form.split()[1:]
    if len(words) != len(wanted) or "" in words:
        raise ScenarioError(f"{where}: it is `{form}`, not `{text}`")
    for word, meaning in zip(words, wanted):
        if meaning in ("N", "MS") and not word.isdigit():
            raise ScenarioError(f"{where}: {word!r} is no number in `{text}`")
    return Action(verb, words)
