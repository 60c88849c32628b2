"""What the figures take from the tree: a state that is new there must be drawn."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, List, Set, Tuple

TREE = Path(__file__).resolve().parents[3]


class Drift(Exception):
    """The tree says something else than the figure."""


def read(place: str) -> str:
    return (TREE / place).read_text(encoding="utf-8")


def found(pattern: str, place: str) -> str:
    """What the pattern's group is in that file, where it stands exactly once."""
    hits = re.findall(pattern, read(place), re.M | re.S)
    if len(hits) != 1:
        raise Drift(f"{place}: {len(hits)} times {pattern}")
    return str(hits[0])


def enum(place: str, name: str) -> Dict[str, str]:
    """The states of an enum and the phrase on each, in their order."""
    body = found(rf"\benum {name}\s*\{{(.*?)^\s*\}}", place)
    pairs = re.findall(
        r"^\s*(\w+)(?:\s*=[^,]*)?,[ \t]*(?:/\*(.*?)\*/)?", body, re.M | re.S
    )
    return {
        state: re.sub(r"\s*\*?\s+", " ", phrase).replace("`", "").strip()
        for state, phrase in pairs
    }


def functions(place: str) -> Dict[str, str]:
    """The functions that a C file defines, and their bodies without comments."""
    text = re.sub(r"/\*.*?\*/", "", read(place), flags=re.S)
    return dict(re.findall(r"^(\w+)\([^;{}]*?\)\n\{\n(.*?)^\}", text, re.M | re.S))


def need(place: str, *names: str) -> None:
    """The functions that a figure names are there, and used or defined."""
    text = read(place)
    for name in names:
        if not re.search(rf"\b{name}\(", text):
            raise Drift(f"{place} has no {name}()")


def assignments(place: str, member: str, states: Set[str]) -> Set[Tuple[str, str]]:
    """(function, state) for each state that a function puts into the member; one
    that it chooses with ?: is several."""
    pairs = set()
    for name, body in functions(place).items():
        for value in re.findall(rf"{member}\s*=(?!=)([^;]*);", body):
            pairs |= {
                (name, word) for word in re.findall(r"\w+", value) if word in states
            }
    return pairs


def switch(place: str, states: Set[str]) -> Set[Tuple[str, str]]:
    """(state, next state) for the cases of the switch over the states: what a case, or
    a function that it calls, assigns to `state` or names last in a call; the case that
    it falls through to, and the one that it goes to the label of."""
    bodies = functions(place)
    pairs = set()
    for function in bodies.values():
        parts = re.split(r"\bcase (\w+):", function)
        cases = list(zip(parts[1::2], parts[2::2]))
        labels = {
            label[1]: state
            for state, body in cases
            for label in [re.match(r"\s*(\w+):", body)]
            if label
        }
        for number, (state, body) in enumerate(cases):
            called = [bodies.get(name, "") for name in re.findall(r"\b(\w+)\(", body)]
            words = re.findall(r"\bstate = ([^;]*);", " ".join([body, *called]))
            words += re.findall(r", (\w+)\)", " ".join([body, *called]))
            words += [labels.get(word, "") for word in re.findall(r"goto (\w+)", body)]
            if number + 1 < len(cases) and _falls_through(body):
                words.append(cases[number + 1][0])
            named = set(re.findall(r"\w+", " ".join(words)))
            pairs |= {(state, other) for other in named & states if state in states}
    return pairs


def _falls_through(body: str) -> bool:
    last = body.rstrip("} \n;").rpartition(";")[2].strip()
    return not re.match(r"(return|break|goto|continue|assert)\b", last)


def same(what: str, drawn: Set[str], there: Set[str]) -> None:
    if drawn != there:
        raise Drift(
            f"{what}: not drawn: {sorted(there - drawn)};"
            f" drawn, but not there: {sorted(drawn - there)}"
        )


def modules() -> Dict[str, List[str]]:
    """The directories of common/ and the modules in each."""
    folders = sorted(p for p in (TREE / "common").iterdir() if p.is_dir())
    return {f.name: sorted({p.stem for p in f.glob("*.[ch]")}) for f in folders}


def includes() -> Dict[str, Set[str]]:
    """The directories whose headers a directory of common/, or `main`, includes."""
    owner = {p.name: p.parent.name for p in (TREE / "common").glob("*/*.h")}
    uses: Dict[str, Set[str]] = {"main": set()}
    files = [(p, p.parent.name) for p in (TREE / "common").glob("*/*.[ch]")]
    files += [(p, "main") for p in (TREE / "steps").glob("*/main.c")]
    for path, folder in files:
        text = path.read_text(encoding="utf-8")
        named = re.findall(r'^#include "([^"]+)"', text, re.M)
        uses.setdefault(folder, set()).update(owner[n] for n in named if n in owner)
        uses[folder].discard(folder)
    return uses


def steps() -> List[Tuple[str, str, str]]:
    """(number, name, new idea) of the table in README.md."""
    row = r"^\| \[(\d\d)-([\w-]+)\][^|]*\| ([^|]*?) \|"
    return re.findall(row, read("README.md"), re.M)
