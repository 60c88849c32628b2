"""The three formats of a date (RFC 9110, section 5.6.7)."""

from __future__ import annotations

import re
import time
from calendar import timegm
from datetime import datetime
from typing import Optional

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
DAY, LONG = "|".join(day[:3] for day in DAYS), "|".join(DAYS)
MONTH, TIME = "|".join(MONTHS), r"(?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)"
FORMATS = [
    re.compile(text, re.ASCII)
    for text in (
        rf"(?:{DAY}), (?P<day>\d\d) (?P<month>{MONTH}) (?P<year>\d{{4}}) {TIME} GMT",
        rf"(?:{LONG}), (?P<day>\d\d)-(?P<month>{MONTH})-(?P<year>\d\d) {TIME} GMT",
        rf"(?:{DAY}) (?P<month>{MONTH}) (?P<day>\d\d| \d) {TIME} (?P<year>\d{{4}})",
    )
]


def parse_date(text: str, now: int) -> Optional[int]:
    """Seconds since 1970; None where it is no date."""
    match = next(filter(None, (form.fullmatch(text) for form in FORMATS)), None)
    if not match:
        return None
    year = int(match["year"])
    if len(match["year"]) == 2:
        year = whole_year(year, now)
    month = MONTHS.index(match["month"]) + 1
    leap = match["s"] == "60"  # a second that this calendar does not have
    try:
        found = datetime(
            *(year, month, int(match["day"])),
            *(int(match["h"]), int(match["m"]), 59 if leap else int(match["s"])),
        )
    except ValueError:
        return None
    return timegm(found.timetuple()) + leap


def whole_year(short: int, now: int) -> int:
    """More than fifty years ahead is meant to be in the past."""
    this = time.gmtime(now).tm_year
    year = this - this % 100 + short
    return year - 100 if year > this + 50 else year
