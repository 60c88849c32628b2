"""What must hold of a run, whatever failed in it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Iterator, List, Optional, Tuple

from .kinds import Fault
from .session import Session
from .talks import HALF, Talk

STOPS = 7.0  # seconds: the contract's five, and what is tolerated
DATE = re.compile(rb"Date: [^\r\n]*")
BODILESS = (100, 204, 304)
HONEST = re.compile(rb"HTTP/1\.1 50[03] ")
LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n")
# How lines on stderr begin, but for access lines.
CLEAR = re.compile(rb"[ -~]*\w[ -~]*: [ -~]*[a-zA-Z][ -~]*|\S+ (connected|is gone)")
# ...and where they tell that what an option names cannot be used: exit status 2.
OPTION = re.compile(rb"cannot (serve|read|use|write|set up|configure) ")
# A frame of a report that is not the server's own.
FOREIGN = re.compile(
    r" +#\d+ 0x\w+ +(in __interceptor_|in (malloc|calloc|realloc) tests/faults/"
    r"|.*\(\S*/lib(crypto|ssl)\.so)"
)
LEAKED = re.compile(r"SUMMARY: AddressSanitizer: (\d+) byte\(s\) leaked")
HANDSHAKE = "expected a TLS handshake"
LEAKY = 99  # the exit status, then
LEAKS = 1024  # bytes that OpenSSL may lose: less than an object of ours there has
RIGHT, LESS, TOLD = "right", "less", "told"


def one_answer(data: bytes, method: str) -> Optional[int]:
    """How long the first answer is; None: it is not whole."""
    end = data.find(b"\r\n\r\n") + 4
    if end < 4:
        return None
    length = LENGTH.search(data[:end])
    status = int(data[9:12]) if data[9:12].isdigit() else 0
    if length and method != "HEAD" and status not in BODILESS:
        end += int(length[1])
    return end if end <= len(data) else None


def masked(data: bytes) -> bytes:
    return DATE.sub(b"Date:", data)


def is_start(got: bytes, right: bytes) -> bool:
    """Is it the beginning of that, the date aside?"""
    at = got.rfind(b"\r\nDate: ")
    if at >= 0 and b"\r" not in got[at + 8 :]:
        got = got[: at + 7]
        return masked(right).startswith(masked(got).rstrip(b" "))
    return masked(right).startswith(masked(got))


def is_bare(got: bytes, right: bytes) -> bool:
    """Is it the right redirection or error, but for its page?"""
    status = right[9:12]
    return status >= b"300" and got[9:12] == status and b"\r\nContent-Length: 0" in got


def compare(talk: Talk, right: Talk) -> str:
    """RIGHT, LESS (cut off) or TOLD (an honest error); else what is wrong."""
    got, want = talk.got, right.got
    if masked(got) == masked(want):
        return RIGHT
    result = LESS
    for method in talk.methods:
        if is_start(got, want):
            return result
        length = one_answer(want, method)
        answer = want[:length]
        if length and masked(got).startswith(masked(answer)):
            got = got[one_answer(got, method) or 0 :]
        elif HONEST.match(got) or is_bare(got, answer):
            result = TOLD
            end = one_answer(got, method)
            if end is None:
                return result
            got = got[end:]
        else:
            break
        want = want[length or len(want) :]
    if is_start(got, want):
        return result
    return f"wrong bytes: {got[:80]!r} instead of {want[:80]!r}"


def verdicts(session: Session, right: Session) -> "List[Tuple[Talk, str]]":
    known = {talk.name: talk for talk in right.talks}
    return [
        (talk, compare(talk, known[talk.name])) if talk.name in known else (talk, LESS)
        for talk in session.talks
    ]


def leaks_of_openssl(session: Session, fault: Fault) -> bool:
    """OpenSSL 3.0 loses a little where an allocation inside it fails."""
    found = [int(n) for n in LEAKED.findall(session.reports)]
    frames = [line for line in session.reports.splitlines() if re.match(" +#", line)]
    return (
        fault.in_openssl
        and len(found) == session.reports.count("ERROR:") == 1
        and sum(found) < LEAKS
        and all(map(FOREIGN.match, frames))
    )


def handshakes_of_openssl(session: Session, fault: Fault) -> bool:
    """...and does not try again to get an algorithm that it once could not: then
    no handshake succeeds until the server is started again, and it says so."""
    return fault.in_openssl and any(line[:5] == b"TLS: " for line in session.lines)


def judge(session: Session, right: Session, fault: Fault) -> Iterator[str]:
    """What is wrong with a run."""
    leaks = leaks_of_openssl(session, fault)
    if session.reports and not leaks:
        yield "a sanitizer reports:\n" + session.reports
    if session.aborted:
        yield session.aborted
    if not session.listened or ended_early(session):
        yield from judge_refusal(session, fault, leaks)
        return
    shaky = handshakes_of_openssl(session, fault)
    hurt = 0
    for talk, verdict in verdicts(session, right):
        if verdict == RIGHT:
            continue
        shown = f"{talk.name}: {verdict}, then {talk.ended}; {talk.trouble}"
        if verdict not in (LESS, TOLD):
            yield shown
        elif shaky and (HANDSHAKE in talk.trouble or talk.name == HALF):
            hurt += 1
        elif fault.harmless:
            yield f"a client notices: {shown}"
        else:
            hurt += 1
            if hurt > 1:
                yield f"another client is hurt: {shown}"
    yield from judge_end(session, right, LEAKY if leaks else 0)
    yield from judge_lines(session, right, fault, hurt)


def ended_early(session: Session) -> bool:
    """Did it end before the first client, though the line was out?"""
    return session.status == 1 and not any(talk.got for talk in session.talks)


def judge_refusal(session: Session, fault: Fault, leaks: bool) -> Iterator[str]:
    """It did not serve: it must say why, and that the system is at fault."""
    named = bool(session.lines and OPTION.match(session.lines[0]))
    wanted = LEAKY if leaks else 2 if named else 1
    if session.status != wanted:
        yield f"exit status {session.status} instead of {wanted}"
    if session.out and not session.listened:
        yield f"it prints {session.out[:80]!r}"
    if fault.hidden or fault.harmless:
        yield "it does not start"
    if len(session.lines) != 1 or not CLEAR.fullmatch(session.lines[0]):
        yield f"not one clear line on stderr: {session.lines[:5]}"


def judge_end(session: Session, right: Session, status: int) -> Iterator[str]:
    if session.status != status:
        yield f"exit status {session.status} after SIGTERM"
    if session.stop_took > STOPS:
        yield f"it took {session.stop_took:.1f} s to stop"
    if session.processes != 1:
        yield f"{session.processes} processes are left"
    if session.descriptors > right.descriptors:
        more = session.descriptors - right.descriptors
        yield f"{more} descriptors more than without a fault"


def judge_lines(
    session: Session, right: Session, fault: Fault, hurt: int
) -> Iterator[str]:
    """The log: the same, where nobody may notice; else what failed is told."""
    lines, wanted = Counter(session.lines), Counter(right.lines)
    more, less = lines - wanted, wanted - lines
    if fault.hidden and (more or less):
        yield f"the log differs: {list(more)[:3]} instead of {list(less)[:3]}"
    for line in more:
        if fault.call != "log" and not CLEAR.fullmatch(line) and b'"' not in line:
            yield f"no clear line: {line!r}"
    if hurt and fault.ours and not more:
        yield "a client is hurt, and no line tells"
    if fault.call == "accept" and not fault.hidden and not more:
        yield "clients wait, and no line tells"
