"""Compares what a terminal shows with what the page shows. What differs from run
to run is matched and not skipped: dates and times by their form, declared words
by their kind, the same one each time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .script import ANYTHING

DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
LONG_DAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
CLOCK = r"\d\d:\d\d:\d\d(?:\.\d+)?"
# Forms of dates and times, the longest first.
DATES = [
    rf"{DAY}, \d\d {MONTH} \d{{4}} {CLOCK} GMT",  # HTTP
    rf"{LONG_DAY}, \d\d-{MONTH}-\d\d {CLOCK} GMT",
    rf"\d\d/{MONTH}/\d{{4}}:{CLOCK} [+-]\d{{4}}",  # the access log
    rf"{DAY} {MONTH} {{1,2}}\d{{1,2}} {CLOCK}(?: [A-Z]{{2,5}})? \d{{4}}",  # date(1)
    rf"{MONTH} {{1,2}}\d{{1,2}} {CLOCK} \d{{4}}(?: GMT)?",  # openssl
    rf"{MONTH} {{1,2}}\d{{1,2}} (?:\d\d:\d\d| \d{{4}})",  # ls -l
    rf"\d{{4}}-\d\d-\d\d[T ]{CLOCK}(?:Z| ?[+-]\d\d:?\d\d)?",
    r"\d{4}-\d\d-\d\d(?: \d\d:\d\d)?",
    CLOCK,
]
ANY_DATE = re.compile("|".join(f"({form})" for form in DATES))
STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\]8;[^\x1b\a]*(?:\x1b\\|\a)")
JOB = re.compile(r"^\[\d+\][+-]? +(?:\d+$|(?:Done|Terminated|Exit|Killed)\b.*)")


@dataclass
class Varying:
    """The declared words of a page, and what each stands for once it was seen."""

    words: list[str] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)

    def declare(self, words: list[str]) -> None:
        self.words += [word for word in words if word not in self.words]

    def in_command(self, text: str) -> str:
        """A command in which `kill 4711` names the process that is there."""
        if not self.known:
            return text
        known = sorted(self.known, key=len, reverse=True)
        every = "|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in known)
        return re.sub(every, lambda m: self.known[m[0]], text)


def kind(word: str) -> str:
    """A pattern for words of the same kind."""
    if word.isdigit():
        return r"\d+"
    if re.fullmatch(r"[\d.,:]+", word):
        return r"[\d.,:]+"
    if re.fullmatch(r"(?:0x)?[0-9a-f]+", word):
        return r"(?:0x)?[0-9a-f]+"
    if re.fullmatch(r"(?:0x)?[0-9A-F]+", word):
        return r"(?:0x)?[0-9A-F]+"
    return r"\S+"


def line_pattern(line: str, varying: Varying, groups: dict[str, str]) -> str:
    """A pattern for one line that is shown. `groups` has the named groups so far,
    by their words: a word stands for the same thing each time."""
    words = sorted(varying.words, key=len, reverse=True)
    pieces = [rf"(?<![\w.]){re.escape(word)}(?!\w)" for word in words]
    cut = re.compile("|".join([*(f"(?:{p})" for p in pieces), ANY_DATE.pattern]))
    out, at = [], 0
    for match in cut.finditer(line):
        before = line[at : match.start()]
        # a first column that stands to the right
        out.append(plain(before) if at or before.strip() else " *")
        at, word = match.end(), match[0]
        if word in varying.known:
            out.append(re.escape(varying.known[word]))
        elif word in groups:
            out.append(f"(?P={groups[word]})")
        elif word in varying.words:
            groups[word] = f"v{len(groups)}"
            out.append(f"(?P<{groups[word]}>{kind(word)})")
        else:
            form = next(f for f in DATES if re.fullmatch(f, word))
            out.append(f"(?:{form})")
    return "".join(out) + plain(line[at:].rstrip())


def plain(text: str) -> str:
    """A run of blanks stands for any run: columns move with what varies."""
    return re.sub(r"(?:\\ |\\\t)+", " +", re.escape(text))


def pattern(shown: list[str], varying: Varying, groups: dict[str, str]) -> str:
    out = []
    for line in shown:
        if line.strip() == ANYTHING:
            out.append(r"(?:.*\n)*?")
        else:
            out.append(line_pattern(line, varying, groups) + r" *\n")
    return "".join(out)


def tidy(output: str) -> list[str]:
    """What a terminal has shown, as lines without their trailing blanks. Bold
    words and links (curl has them) are words."""
    text = STYLE.sub("", output).replace("\r", "")
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def agrees(shown: list[str], output: str, varying: Varying) -> bool:
    """Whether they agree; if so, words seen for the first time are learned. What
    the shell says of its jobs may be left out of the page."""
    groups: dict[str, str] = {}
    form = re.compile(pattern(shown, varying, groups))
    lines = tidy(output)
    quiet = [line for line in lines if not JOB.match(line)]
    for tried in (lines, quiet):
        match = form.fullmatch("".join(f"{line}\n" for line in tried))
        if match:
            varying.known.update({w: match[name] for w, name in groups.items()})
            return True
    return False


def difference(shown: list[str], output: str, varying: Varying) -> tuple[int, str]:
    """The first line of what is shown that cannot be, from 0, and why."""
    lines = tidy(output)
    text = "".join(f"{line}\n" for line in lines)
    for count in range(len(shown), -1, -1):
        form = re.compile(pattern(shown[:count], varying, {}))
        match = form.match(text)
        if match:
            at = text.count("\n", 0, match.end())
            break
    came = f"'{lines[at]}'" if at < len(lines) else "nothing more"
    if count < len(shown) and shown[count].strip() != ANYTHING:
        return count, f"the page shows '{shown[count]}', the terminal {came}"
    return max(0, count - 1), f"the page shows nothing more here, the terminal {came}"
