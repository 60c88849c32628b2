"""Makes the starter of a step: its files, with the bodies of the functions
that are homework taken out. Each is then one call that ends the program and
says what is missing. Helpers that only these functions call go too, with their
comments; the comments above the functions stay, as the specification.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterable

from . import csource
from .csource import Function
from .homework import Homework, Task

HEADER = "not_written.h"
STATUS = 90  # of a program that came to such a body
INCLUDE = re.compile(r"^#include ([<\"])[^\n]*\n", re.M)

HEADER_TEXT = f"""\
#ifndef NOT_WRITTEN_H
#define NOT_WRITTEN_H

#include <string.h>
#include <unistd.h>

/* The body of a function that you are to write. It ends the program and says
 * which one, by calls that are safe in a signal handler too. When no body is
 * left that needs it, this file can go, and its #include with it. */

#define NOT_WRITTEN_YET not_written_yet(__func__, __FILE__)

enum {{ NOT_WRITTEN_STATUS = {STATUS} }}; /* what the program exits with */

_Noreturn static inline void
not_written_yet(const char *function, const char *path)
{{
    const char *slash = strrchr(path, '/');
    const char *parts[] = {{"not written yet: ", function, ", ",
                           slash ? slash + 1 : path, "\\n"}};
    char line[200];
    size_t len = 0;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        for (const char *c = parts[i]; *c && len < sizeof line; c++)
            line[len++] = *c;
    if (write(STDERR_FILENO, line, len) < 0)
        _exit(NOT_WRITTEN_STATUS + 1);
    _exit(NOT_WRITTEN_STATUS);
}}

#endif
"""


class BlankError(Exception):
    """What is to be blanked is not there, or would leave the rest broken."""


class Source:
    """A file of a step, with what of it is homework."""

    def __init__(self, text: str, tasks: Iterable[Task], given: set[str]) -> None:
        self.text = text
        self.code = csource.code_of(text)
        self.tasks = {task.function: task for task in tasks}
        self.functions = csource.functions(text)
        self.variables = csource.variables(text)
        missing = (set(self.tasks) | given) - set(self.functions)
        if missing:
            raise BlankError(f"no function named {', '.join(sorted(missing))}")
        self.given = given
        self.removed = self._find_removed()
        self.mentions = {name: self._mentions_of(name) for name in self.tasks}

    # --- who uses what ----------------------------------------------------

    def _words_in(self, name: str) -> set[str]:
        """The words in a function's body."""
        function = self.functions[name]
        return csource.words_of(self.code[function.body_start : function.body_end])

    def _is_used(self, name: str, removed: set[str]) -> bool:
        """Whether what stays in the starter uses it: other functions' bodies,
        and what stands outside of any function."""
        outside = self.code
        for function in reversed(list(self.functions.values())):
            outside = outside[: function.start] + outside[function.end :]
        rest = outside.replace(self.variables.get(name, "\0"), "")
        bodies = set(self.functions) - set(self.tasks) - removed - {name}
        return name in csource.words_of(rest) or any(
            name in self._words_in(body) for body in bodies
        )

    def _find_removed(self) -> set[str]:
        """The helpers that nobody would call any more."""
        removed: set[str] = set()
        while True:
            more = {
                f.name
                for f in self.functions.values()
                if f.static
                and f.name not in self.given | set(self.tasks) | removed
                and not self._is_used(f.name, removed)
            }
            if not more:
                return removed
            removed |= more

    def _mentions_of(self, name: str) -> list[str]:
        """What stays and only bodies like this one used: the starter names it
        there, so that no compiler calls it unused."""
        words = self._reach(name)
        kept = [*self.variables, *(f.name for f in self.functions.values() if f.static)]
        return [
            word
            for word in kept
            if word in words - self.removed - {name}
            and not self._is_used(word, self.removed)
        ]

    def _reach(self, name: str) -> set[str]:
        """The words in a body, and in the helpers taken out that it calls."""
        words: set[str] = set()
        ahead = {name}
        while ahead:
            here = ahead.pop()
            new = self._words_in(here) - words
            words |= new
            ahead |= new & self.removed
        return words

    # --- what becomes of it -----------------------------------------------

    def blanked(self, keep: Iterable[str] = (), for_now: Iterable[str] = ()) -> str:
        """The starter's text. keep: functions that are written already, with
        their helpers; for_now: such whose first body is there."""
        kept = set(keep)
        back = set().union(*(self._reach(name) for name in kept)) & self.removed
        text = self.text
        for function in reversed(list(self.functions.values())):
            name = function.name
            if name in self.removed - back:
                text = _without(text, function)
            elif name in self.tasks and name not in kept:
                text = self._blank(text, function, name in for_now)
        return _include(text, HEADER) if "NOT_WRITTEN_YET" in text else text

    def _blank(self, text: str, function: Function, for_now: bool) -> str:
        comment = self.tasks[function.name].comment
        start = function.start if comment else function.signature
        return (
            text[:start]
            + "".join(f"{line}\n" for line in comment)
            + text[function.signature : function.body_start]
            + self._body(function, for_now)
            + text[function.body_end :]
        )

    def _body(self, function: Function, for_now: bool) -> str:
        task = self.tasks[function.name]
        names = (*function.parameters, *self.mentions[function.name])
        lines = [f"(void){name};" for name in names]
        if for_now and task.for_now:
            lines += task.for_now
        else:
            lines.insert(0, "NOT_WRITTEN_YET;")
            lines += _comment(task.for_now)
        return "".join(f"    {line}".rstrip() + "\n" for line in lines)

    def lines(self, names: Iterable[str]) -> int:
        """How many lines the reference has for these: code of the bodies, and
        the helpers taken out that they are the first to call."""
        wanted = list(names)
        total = sum(
            csource.code_lines(self.text[f.body_start : f.body_end])
            for f in map(self.functions.__getitem__, wanted)
        )
        before = list(self.tasks)[: list(self.tasks).index(wanted[0])]
        earlier = set().union(*(self._reach(name) for name in before))
        helpers = set().union(*(self._reach(name) for name in wanted)) - earlier
        for name in helpers & self.removed:
            function = self.functions[name]
            total += csource.code_lines(self.text[function.start : function.end])
        return total


def _comment(for_now: list[str]) -> list[str]:
    """A first body as a comment: without its marks it is code."""
    if len(for_now) <= 1:
        return [f"/* for now: {line} */" for line in for_now]
    return ["/* for now:", *for_now, "*/"]


def _without(text: str, function: Function) -> str:
    """The text without a function and the empty line behind it."""
    rest = text[function.end :]
    return text[: function.start] + (rest[1:] if rest[:1] == "\n" else rest)


def _include(text: str, header: str) -> str:
    """The text with one #include more, behind the others."""
    last = list(INCLUDE.finditer(text))[-1]
    line = f'#include "{header}"\n'
    apart = "" if last[1] == '"' else "\n"
    return text[: last.end()] + apart + line + text[last.end() :]


def sources(homework: Homework) -> dict[str, Source]:
    """The step's files that have something to be written in them."""
    found = {}
    for file in homework.files():
        text = (homework.step / file).read_text(encoding="utf-8")
        try:
            found[file] = Source(
                text, homework.tasks(file), homework.given.get(file, set())
            )
        except (BlankError, csource.StyleError) as error:
            raise BlankError(f"{homework.name}/{file}: {error}") from None
    return found


def is_handout(step: Path) -> bool:
    """Whether the step's own files are a starter, as in what a class is given:
    then nobody here knows the answers."""
    return (step / HEADER).exists()


def starter(homework: Homework) -> dict[str, str]:
    """All files of the starter, by name."""
    blank = {} if is_handout(homework.step) else sources(homework)
    files = {}
    for path in sorted(homework.step.glob("*.[ch]")):
        text = path.read_text(encoding="utf-8")
        files[path.name] = blank[path.name].blanked() if path.name in blank else text
    files[HEADER] = HEADER_TEXT
    return files


def count_lines(homework: Homework) -> dict[str, int]:
    """The lines of each milestone, as the reference has them, where it is
    there."""
    if is_handout(homework.step):
        return {}
    blank = sources(homework)
    every = [(task.file, task.function) for task in homework.tasks()]
    counts = {}
    for milestone, tasks in homework.milestones.items():
        names: dict[str, list[str]] = {}
        for task in tasks:
            names.setdefault(task.file, []).append(task.function)
        counts[milestone] = sum(blank[f].lines(n) for f, n in names.items())
        for task in tasks:  # one that is finished later has its lines in parts
            parts = every.count((task.file, task.function))
            body = blank[task.file].lines([task.function])
            counts[milestone] -= body * (parts - 1) // parts
    return counts
