"""Step 06: a file that has not changed is not sent again."""

from __future__ import annotations

import os
import time
from datetime import datetime, timezone
from pathlib import Path

from grader.check import check
from grader.expect import equal, expect, same_bytes
from grader.http import DAYS, MONTHS, Response, read_date, read_response, request
from grader.lab import Lab, Server
from grader.site import Site

FULL = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
RFC_DATE = 784111777  # Sun, 06 Nov 1994 08:49:37 GMT


def parts(when: int) -> dict[str, str]:
    """The parts of a date; not from strftime(), which follows the locale."""
    date = datetime.fromtimestamp(when, timezone.utc)
    month, day = MONTHS[date.month - 1], f"{date.day:02}"
    found = {"www": DAYS[date.weekday()], "full": FULL[date.weekday()], "nnn": month}
    found.update(dd=day, d=f"{date.day:2}", yy=f"{date.year % 100:02}")
    found.update(yyyy=str(date.year), time=f"{date:%H:%M:%S}")
    return found


def fixdate(when: int) -> str:
    return "{www}, {dd} {nnn} {yyyy} {time} GMT".format(**parts(when))


def rfc850_date(when: int) -> str:
    return "{full}, {dd}-{nnn}-{yy} {time} GMT".format(**parts(when))


def asctime_date(when: int) -> str:
    return "{www} {nnn} {d} {time} {yyyy}".format(**parts(when))


def dated(site: Site, name: str, when: float) -> Path:
    """A file that was last changed then."""
    site.add(name, name.encode() * 3)
    assert site.root
    os.utime(site.root / name, (when, when))
    return site.root / name


def since(server: Server, name: str, *fields: str) -> Response:
    return server.get(f"/{name}", *fields)


def full(response: Response, name: str, why: str) -> None:
    equal(response.status, 200, f"the status {why}")
    same_bytes(response.body, name.encode() * 3, "the body")


@check("RFC 9110, sections 8.8.2 and 5.6.7; stat(2): st_mtime")
def test_last_modified(lab: Lab, site: Site) -> None:
    """The date of the file's last change goes with it, so that a browser can
    ask later whether there has been another.

    1. Which member of struct stat is it? Not st_ctime.
    2. The same form as Date has, and Greenwich time.
    3. The function that writes Date takes the time as a parameter.
    """
    lab.command = f"env TZ=ABC-5:30 {lab.command}"  # its local time is another
    server = lab.start()
    dates = [RFC_DATE, 951782400, 1709208000, 1]
    dates += [lab.random.randrange(10**6, 17 * 10**8) for _ in range(6)]
    if dated(site, "old.txt", -86400).stat().st_mtime == -86400:
        dates.append(-86400)  # not every file system keeps times before 1970
    for number, when in enumerate(dates):
        dated(site, f"{number}.txt", when + 0.75 * (when > 0))
        dated(site, f"{number}/index.html", when)
        for target in (f"/{number}.txt", f"/{number}/"):
            for method in ("GET", "HEAD"):
                response = server.ask(request(method, target, host=server.authority))
                got = response.get("Last-Modified")
                line = f"curl -sSI -m 3 http://127.0.0.1:8080{target} |"
                line += f" grep '{fixdate(when)}' || echo another date"
                what = f"Last-Modified of {method} {target}"
                equal(got, fixdate(when), what, again=line)


@check("RFC 9110, section 8.8.2.1: not later than the time of the answer")
def test_never_in_the_future(lab: Lab, server: Server, site: Site) -> None:
    """A file from a machine whose clock is ahead has not changed tomorrow.
    A cache that believed it would miss the next change.

    1. Compare the file's time with the clock's.
    2. What lies ahead is told as now.
    3. st_mtime < now ? st_mtime : now
    """
    ahead = [60, 86400, 10**9, lab.random.randrange(5, 10**6)]
    for seconds in ahead:
        dated(site, f"{seconds}.txt", time.time() + seconds)
        response = server.get(f"/{seconds}.txt")
        modified = response.get("Last-Modified")
        date = read_date(response.get("Date"))
        late = modified is not None and read_date(modified) > date
        expect(not late, f"no date after {response.get('Date')}", modified)


@check("RFC 9110, sections 13.1.3 and 15.4.5")
def test_not_modified(lab: Lab, server: Server, site: Site) -> None:
    """The browser has the picture already. "Not modified" is a hundred bytes
    instead of a million.

    1. Which field brings the date back to you that you have sent?
    2. Not changed since then: 304, the same Last-Modified, and no body.
    3. Compare seconds, mtime <= date; 304 has neither body nor a
       Content-Length of 0, and the connection goes on.
    """
    when = lab.random.randrange(10**9, 16 * 10**8)
    dated(site, "file.txt", when + 0.5)
    first = since(server, "file.txt")
    field = f"If-Modified-Since: {first.get('Last-Modified')}"
    wire = server.connect()
    for method in ("GET", "HEAD", "GET"):
        data = request(method, "/file.txt", field, host=server.authority)
        wire.send(data)
        response = read_response(wire, method)
        equal(response.status, 304, f"the status of {method} with {field}")
        equal(response.get("Last-Modified"), fixdate(when), "Last-Modified of 304")
        expect(response.get("Server"), "a field Server in 304", "none")
        read_date(response.get("Date"))
        length = response.get("Content-Length")
        same = length in (None, first.get("Content-Length"))
        expect(same, "no Content-Length, or the file's", length)
    data = request("GET", "/file.txt", host=server.authority)
    full(server.ask(data, wire=wire), "file.txt", "after a 304 on its connection")
    dated(site, "newer.txt", when + 1)
    full(since(server, "newer.txt", field), "newer.txt", "when it has changed")
    dated(site, "dir/index.html", when)
    status = since(server, "dir/", field).status
    equal(status, 304, f"the status of an index with {field}")
    fields = (field, "Content-Length: 0")
    data = request("POST", "/file.txt", *fields, host=server.authority)
    equal(server.ask(data).status, 405, f"the status of POST with {field}")


@check("RFC 9110, section 13.1.3; the contract")
def test_later_date(lab: Lab, server: Server, site: Site) -> None:
    """The question is "since then?", and not "at that time?": a program may
    ask with the time of its own last visit.

    1. Do you compare dates, or texts?
    2. Any date that is not before the file's says that it is known.
    3. A change is a time greater than the one in the field: both are time_t,
       and a date may lie ahead of the clock, behind the year 2038, too.
    """
    when = lab.random.randrange(10**9, 14 * 10**8)
    dated(site, "file.txt", when)
    for by, status in (
        (1, 304),
        (86400, 304),
        (10**8, 304),
        (10**9, 304),
        (2 * 10**9, 304),
        (-1, 200),
        (-(10**8), 200),
    ):
        field = f"If-Modified-Since: {fixdate(when + by)}"
        response = since(server, "file.txt", field)
        equal(response.status, status, f"the status {by} s off the file's date")
        equal(response.get("Last-Modified"), fixdate(when), "Last-Modified")
    for years, status in ((49, 304), (51.5, 200)):
        field = f"If-Modified-Since: {rfc850_date(ahead(years))}"
        response = since(server, "file.txt", field)
        why = f"the status with {field} (two digits, {years} years from now)"
        equal(response.status, status, why)


def ahead(years: float) -> int:
    """The time in so many years."""
    return int(time.time() + years * 365.25 * 86400)


@check("RFC 9110, section 5.6.7: a recipient accepts all three")
def test_date_formats(lab: Lab, server: Server, site: Site) -> None:
    """HTTP has had three ways to write a date. One is still sent; all three
    are still understood.

    1. Sunday, 06-Nov-94 08:49:37 GMT: which century?
    2. Sun Nov  6 08:49:37 1994: the day has a space in front.
    3. Tell them apart by the comma and its place, and read numbers digit by
       digit; two digits of a year mean the one at most 50 years ahead.
    """
    dates = [RFC_DATE, 951782400, 915148799, 1709251199]
    dates += [lab.random.randrange(8 * 10**8, 17 * 10**8) for _ in range(4)]
    for number, when in enumerate(dates):
        name = f"{number}.txt"
        dated(site, name, when)
        for form in (fixdate, rfc850_date, asctime_date):
            field = f"If-Modified-Since: {form(when)}"
            status = since(server, name, field).status
            equal(status, 304, f"the status with {field}")
            field = f"If-Modified-Since: {form(when - 1)}"
            full(since(server, name, field), name, f"with {field}")


NO_DATES = """yesterday|0|1600000000|2020|GMT|Sun,|,|*|2020-09-13T12:26:40Z
Sun, 13 Sep 2020|Sunday, 13-Sep-2020|Sun, 13 Foo 2020 12:26:40 GMT|Sun Sep 13
Sun, 13 Sep 20x0 12:26:40 GMT|Sun, 13 Sep 2020 12-26-40 GMT"""
IMPOSSIBLE = """Sun, 13 Sep 2020 25:26:40 GMT|Sun, 13 Sep 2020 12:61:40 GMT
Sun, 32 Sep 2020 12:26:40 GMT|Sun, 00 Sep 2020 12:26:40 GMT
Sun, 30 Feb 2020 12:26:40 GMT|Sun, 29 Feb 2019 12:26:40 GMT
Mon, 29 Feb 2100 12:26:40 GMT|Sun, 13 Sep 2020 24:26:40 GMT
Sun, 13 Sep 2020 12:60:40 GMT|Sun, 13 Sep 2020 12:26:61 GMT
Sun, 13 Sep 2020 12:26:40 EST
Sun, 13 Sep 2020 12:26:40|Sun, 13 Sep 2020 12:26:40 GMT, Sun, 13 Sep 2020 12:26:40 GMT"""


def ignored(lab: Lab, server: Server, site: Site, texts: str) -> None:
    """None of these, which look like a later time, keeps the file back."""
    dated(site, "file.txt", lab.random.randrange(10**9, 12 * 10**8))
    for text in texts.replace("\n", "|").split("|"):
        field = f"If-Modified-Since: {text}"
        full(since(server, "file.txt", field), "file.txt", f"with {field}")


@check("RFC 9110, section 13.1.3: must ignore what is no date")
def test_bad_dates(lab: Lab, server: Server, site: Site) -> None:
    """A field that you cannot read is a field that has not come. To answer
    304 then would leave a browser with nothing to show.

    1. What does your reader of dates return for "yesterday"?
    2. It has to say two things: whether it was a date, and which.
    3. No date: go on as without the field, 200 and the file.
    """
    ignored(lab, server, site, f"{NO_DATES}||{'x' * 4000}")


@check("RFC 9110, sections 5.6.7 and 13.1.3")
def test_impossible_dates(lab: Lab, server: Server, site: Site) -> None:
    """It has the form of a date, and there is no such day. What one program
    takes for the next day, another takes for garbage.

    1. What does your reader of dates say about the 30th of February?
    2. Every digit, every range, the end of the text: all or nothing.
    3. Days in a month, hours to 23, minutes to 59, seconds to 60; and behind
       GMT there is nothing.
    """
    ignored(lab, server, site, IMPOSSIBLE)


@check("RFC 9110, section 13.1.3: must ignore it beside If-None-Match")
def test_date_beside_tag(lab: Lab, server: Server, site: Site) -> None:
    """Who asks with If-None-Match asks by the content, which is more exact
    than a date: a file may change twice in a second.

    1. Which fields of the request does your program look at for 304?
    2. With If-None-Match the date does not count, even if you know no tags.
    3. 304 only where that field has not come.
    """
    when = lab.random.randrange(10**9, 14 * 10**8)
    dated(site, "file.txt", when)
    date = f"If-Modified-Since: {fixdate(when)}"
    equal(since(server, "file.txt", date).status, 304, "the status with the date")
    tag = f'If-None-Match: "{lab.random.random()}"'
    for fields in ((date, tag), (tag, date)):
        full(since(server, "file.txt", *fields), "file.txt", "with If-None-Match too")


@check("RFC 9110, section 13.1.3: must ignore more than one")
def test_two_dates(lab: Lab, server: Server, site: Site) -> None:
    """Who asks with two dates asks nothing: which of them would count?

    1. What does your program do with a field that comes twice?
    2. Neither the first nor the last: as if none had come.
    3. Count the fields of the name; more than one is not a date.
    """
    when = lab.random.randrange(10**9, 14 * 10**8)
    dated(site, "file.txt", when)
    date = f"If-Modified-Since: {fixdate(when)}"
    for other in (when, when + 10**6, when - 10**6):
        more = f"If-Modified-Since: {fixdate(other)}"
        for fields in ((date, more), (more, date)):
            response = since(server, "file.txt", *fields)
            right = response.status in (200, 400)
            expect(right, "200 with two dates", f"status {response.status}")
