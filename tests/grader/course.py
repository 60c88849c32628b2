"""The teacher's file: points, hidden checks, checks left out, a deadline.

`--course FILE` names it; tests/course.example.ini shows all that can stand in
it. A section is an assignment: a step (`[03]`), a unit (`[parser]`), an exercise
(`[03-threads]`); `[03 points]` gives points. Mistakes are named with their line,
before anything runs.
"""

from __future__ import annotations

import configparser
import difflib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo
from fractions import Fraction
from pathlib import Path
from typing import Any, Iterable, Mapping, Optional
from zoneinfo import ZoneInfo

from .table import Row

KEYS = ("deadline", "late", "nothing after", "new", "hidden", "left out")
DAY = timedelta(days=1)
TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)\s*(\S+)")
FORM = "2026-11-14 23:59 Europe/Berlin, or +01:00 for the zone"


class CourseError(Exception):
    """The file cannot be used; the message names the file and the line."""


@dataclass
class Lateness:
    """When it was due, when it came, and what that costs."""

    deadline: datetime
    submitted: datetime
    days: int = 0  # begun after the deadline
    percent: Fraction = Fraction(0)

    def taken(self, tenths: int) -> int:
        """How much of so many tenths of a point goes; rounded up, once."""
        return tenths - int(tenths * (100 - self.percent) / 100)

    def to_json(self, taken: int) -> dict[str, Any]:
        percent = float(self.percent)
        return {
            "deadline": _utc(self.deadline),
            "submitted": _utc(self.submitted),
            "days": self.days,
            "percent": int(percent) if percent.is_integer() else round(percent, 2),
            "taken": taken / 10,
        }


@dataclass
class Course:
    """What a teacher overrides for one assignment; as made, nothing."""

    name: str = ""
    hidden: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    points: dict[str, Fraction] = field(default_factory=dict)
    new_weight: Fraction = Fraction(80)
    deadline: Optional[datetime] = None
    late: Fraction = Fraction(0)  # percent a day
    nothing_after: Optional[int] = None  # days
    submitted: Optional[datetime] = None

    def lateness(self) -> Optional[Lateness]:
        if not self.deadline:
            return None
        submitted = self.submitted or datetime.now(timezone.utc)
        days = max(0, -((self.deadline - submitted) // DAY))
        percent = min(Fraction(100), self.late * days)
        if self.nothing_after is not None and days > self.nothing_after:
            percent = Fraction(100)
        return Lateness(self.deadline, submitted, days, percent)


def load(
    path: Path,
    assignment: str,
    rows: Mapping[str, Row],
    step: int,
    submitted: Optional[datetime] = None,
    exercise: str = "",
) -> Course:
    """Reads the file for one assignment, whose checks are the rows that hold in
    this step, those of an exercise among them. Sections of other steps in the
    same table are read too: a mistake is found before it is their turn."""
    reader = _Reader(path)
    found = Course()
    for section in reader.parser.sections():
        name = section[: -len(" points")] if section.endswith(" points") else section
        if name == "course":
            continue
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
            raise reader.error(section, "", f"[{section}] is no assignment")
        reader.check_keys(section)
        number = step if name == assignment else _step(name)
        holding = {r.id: r for r in rows.values() if r.holds_in(number)}
        new = (number, exercise if name == assignment else "")
        if number and not any(row.is_new_in(*new) for row in holding.values()):
            raise reader.error(section, "", f"there is no step {name}")
        if number:
            course = reader.course(name, holding, new)
            found = course if name == assignment else found
    found.name = reader.parser.get("course", "name", fallback="")
    found.submitted = submitted
    return found


def _step(name: str) -> int:
    return int(name) if re.fullmatch(r"\d\d", name) else 0


def when(text: str) -> datetime:
    """A time with its zone, as FORM has it."""
    text = re.sub(r"(:\d\d)\.\d+", r"\1", text.strip())  # no parts of a second
    match = TIME.fullmatch(text)
    compact = re.fullmatch(r"(\S+?)([+-]\d\d:?\d\d|Z)", text)
    if not match and compact and "T" in compact[1]:
        match = TIME.fullmatch(f"{compact[1]} {compact[2]}")
    if not match:
        raise ValueError(f"{text!r} is no time with a zone: {FORM}")
    try:
        local = datetime.fromisoformat(f"{match[1]}T{match[2]}")
    except ValueError as error:
        raise ValueError(f"{text!r} is no time: {error}") from None
    return local.replace(tzinfo=_zone(match[3]))


def _zone(name: str) -> tzinfo:
    offset = re.fullmatch(r"([+-])(\d\d):?(\d\d)", name)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    if name in ("Z", "UTC"):
        return timezone.utc
    try:
        return ZoneInfo(name)
    except Exception:  # an unknown key, a bad one, or no tzdata: as many kinds
        raise ValueError(f"no time zone {name!r} is known here") from None


class _Parser(configparser.ConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return " ".join(optionstr.split())  # capitals stay


class _Reader:
    """The file, and where in it everything stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.parser = _Parser(
            delimiters=("=",), interpolation=None, default_section="\0"
        )
        try:
            self.text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise CourseError(f"{path}: cannot be read: {reason}") from None
        try:
            self.parser.read_string(self.text)
        except configparser.DuplicateSectionError as error:
            raise self.at(error.lineno, f"[{error.section}] stands twice") from None
        except configparser.DuplicateOptionError as error:
            raise self.at(error.lineno, f"{error.option} stands twice") from None
        except configparser.MissingSectionHeaderError as error:
            raise self.at(error.lineno, "a section such as [03] comes first") from None
        except configparser.ParsingError as error:
            raise self.at(error.errors[0][0], "this is not `name = value`") from None

    def at(self, line: Optional[int], problem: str) -> CourseError:
        return CourseError(f"{self.path}, line {line}: {problem}")

    def error(self, section: str, key: str, problem: str) -> CourseError:
        """Names the line where the key, or else the section, stands."""
        here, line = "", 1
        for number, text in enumerate(self.text.splitlines(), 1):
            if text.startswith("["):
                here = text.strip()[1:-1]
                line = number if here == section else line
            elif here == section and key and "=" in text:
                if " ".join(text.partition("=")[0].split()) == key:
                    line = number
        return self.at(line, problem)

    def check_keys(self, section: str) -> None:
        known = [] if section.endswith(" points") else list(KEYS)
        for key in self.parser[section] if known else ():
            if key not in known:
                raise self.error(section, key, f"{key!r} is none of {', '.join(KEYS)}")

    def course(
        self, name: str, rows: Mapping[str, Row], new: tuple[int, str]
    ) -> Course:
        """What the file says of one assignment. new: its step and exercise."""
        made = Course()
        if self.parser.has_section(name):
            value = self.parser[name].get
            made.hidden = self.names(name, "hidden", rows)
            made.left_out = self.names(name, "left out", rows)
            made.new_weight = self.number(name, "new", r"([\d.]+) ?%?", "80")
            made.late = self.number(name, "late", r"([\d.]+) ?%?(?: a day)?", "0")
            days = self.number(name, "nothing after", r"(\d+)(?: days?)?", "0")
            made.nothing_after = int(days) if value("nothing after") else None
            for key, share in (("new", made.new_weight), ("late", made.late)):
                if share > 100:
                    raise self.error(name, key, "no share is more than 100 percent")
            try:
                made.deadline = when(value("deadline")) if value("deadline") else None
            except ValueError as error:
                raise self.error(name, "deadline", str(error)) from None
            if not made.deadline and (made.late or made.nothing_after is not None):
                raise self.error(name, "late", "late, but there is no deadline")
        left = {r.id: r for r in rows.values() if r.id not in made.left_out}
        if not any(row.is_new_in(*new) for row in left.values()):
            raise self.error(name, "left out", "no new check is left")
        if self.parser.has_section(f"{name} points"):
            made.points = self.points(f"{name} points", left, new)
        return made

    def names(self, section: str, key: str, rows: Mapping[str, Row]) -> frozenset[str]:
        """A list of checks."""
        listed = re.split(r"[,\s]+", self.parser[section].get(key, "").strip())
        for name in filter(None, listed):
            if name not in rows:
                raise self.error(section, key, _unknown(name, rows))
        return frozenset(filter(None, listed))

    def number(self, section: str, key: str, form: str, unless: str) -> Fraction:
        text = self.parser[section].get(key, unless).strip()
        match = re.fullmatch(form, text)
        try:
            return Fraction(match[1] if match else text + "?")
        except ValueError:
            problem = f"{key} = {text!r} is no such number"
            raise self.error(section, key, problem) from None

    def points(
        self, section: str, rows: Mapping[str, Row], new: tuple[int, str]
    ) -> dict[str, Fraction]:
        """The points of checks and of milestones: what a milestone has beyond
        its checks that are named is shared by the others as before."""
        milestones: dict[str, list[Row]] = {}
        for row in rows.values():
            if row.is_new_in(*new):
                milestones.setdefault(row.milestone, []).append(row)
        given = {
            k: self.number(section, k, r"([\d.]+)", "") for k in self.parser[section]
        }
        for key in given:
            if key not in rows and key not in milestones:
                raise self.error(section, key, _unknown(key, [*milestones, *rows]))
            if key in rows and rows[key].mark == "permitted":
                problem = f"{key} is permitted, so it earns no points"
                raise self.error(section, key, problem)
        found = {key: value for key, value in given.items() if key in rows}
        for name in given.keys() & milestones.keys():
            others = [row for row in milestones[name] if row.id not in found]
            rest = given[name] - sum(found.get(r.id, 0) for r in milestones[name])
            whole = sum(row.points for row in others)
            if rest < 0 or (rest and not whole):
                problem = f"{given[name]} points do not fit the checks of {name}"
                raise self.error(section, name, problem)
            found.update({r.id: rest * r.points / whole for r in others if whole})
        counted = [row for rows in milestones.values() for row in rows]
        if not sum(found.get(row.id, row.points) for row in counted):
            raise self.error(section, "", "no check has points any more")
        return found


def _unknown(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f"there is no check or milestone {name!r} in this assignment" + (
        f"; {near[0]!r}?" if near else ""
    )


def _utc(at: datetime) -> str:
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
