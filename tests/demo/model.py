"""Joins what the clients saw with what the server did: lanes and numbers.

The model is plain data, as it stands in the page. Times are milliseconds after
the beginning of the scenario; what the server did before has negative ones.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Optional

from . import lessons, strace
from .clients import RECEIVING, SENDING, SILENT, Record
from .record import Recording, Take

VERSION = 1
BLOCKED = 0.0003  # seconds in a call from which on it has waited
SHORT = 0.00005  # seconds of a client's state that nobody can see
BACKLOG = "backlog"
NO_DESCRIPTOR = (
    strace.FORKS
    | strace.SLEEPERS - {"accept", "accept4"}
    | set(
        "socket pipe pipe2 open openat execve exit exit_group kill tkill tgkill "
        "socketpair epoll_create epoll_create1".split()
    )
)
READS = set("read readv recv recvfrom recvmsg".split())
WRITES = set("write writev send sendto sendmsg sendfile splice".split())
# Functions of servers and of OpenSSL below which a handshake's bytes move.
SHAKES = {"tls_start", "ngx_ssl_handshake", "SSL_do_handshake", "SSL_accept"}

Key = tuple[str, str, bool, str]


class Owner:
    """What each descriptor of each process stands for, call by call. A call
    uses a descriptor when it begins, and opens or closes one when it ends."""

    def __init__(self, calls: list[strace.Call]) -> None:
        self.made_by = {
            call.number: call
            for call in calls
            if call.name in strace.FORKS and call.number > 0
        }
        self.tables: dict[int, dict[int, str]] = {}
        self.about: dict[int, str] = {}  # by the id of the call
        begins = [(call.start, 0, n) for n, call in enumerate(calls)]
        ends = [(call.end, 1, n) for n, call in enumerate(calls)]
        for _, ended, number in sorted(begins + ends):
            call = calls[number]
            (self._end if ended else self._begin)(call)

    def of(self, call: strace.Call) -> str:
        """`connection 40312`, `listener`, a file's name, or nothing."""
        return self.about.get(id(call), "")

    def _table(self, pid: int) -> dict[int, str]:
        return self.tables.setdefault(pid, {})

    def _begin(self, call: strace.Call) -> None:
        table = self._table(call.pid)
        if call.name in strace.FORKS and call.number > 0:
            shares = "CLONE_FILES" in call.args  # as threads do
            self.tables[call.number] = table if shares else dict(table)
        elif call.name == "epoll_ctl":
            match = re.match(r"\d+, \w+, (\d+)", call.args)
            self.about[id(call)] = table.get(int(match[1]), "") if match else ""
        elif call.name not in NO_DESCRIPTOR:
            self.about[id(call)] = table.get(call.descriptor, "")

    def _end(self, call: strace.Call) -> None:
        table = self._table(call.pid)
        if call.number < 0:
            return
        if call.name in ("accept", "accept4"):
            table[call.number] = self.about[id(call)] = f"connection {call.peer}"
        elif call.name in ("open", "openat"):
            name = next(strace.text_of(call.args), "")
            table[call.number] = name
            self.about[id(call)] = name
        elif call.name == "listen":
            table[call.descriptor] = self.about[id(call)] = "listener"
        elif call.name.startswith("dup") or "F_DUPFD" in call.args:
            table[call.number] = self.of(call)
        elif call.name in ("pipe", "pipe2"):
            for number in re.findall(r"\d+", call.args.partition("]")[0]):
                table[int(number)] = "pipe"
        elif call.name == "close":
            table.pop(call.descriptor, None)


# --- the server's side ------------------------------------------------------


def _key(call: strace.Call, about: str, handshake: bool) -> Key:
    """Calls with one key are made by one function."""
    shape = re.sub(r'"(?:[^"\\]|\\.)*"|\{.*?\}|\[.*?\]|0x\w+|\d+', "", call.args)
    return call.name, about.partition(" ")[0], handshake, shape


class Behind:
    """What the run with stacks tells: the function behind each call, and which
    bytes belong to a handshake."""

    def __init__(self, take: Take) -> None:
        exact: dict[Key, Counter[str]] = {}
        rough: dict[str, Counter[str]] = {}
        moved: Counter[str] = Counter()
        shaken: dict[str, int] = {}
        calls = take.stacked.calls if take.stacked else []
        owner = Owner(calls)
        for call in calls:
            about = owner.of(call)
            shakes = bool(SHAKES & {function for _, function in call.stack})
            if is_accepted(call):
                shaken[about] = 0
            elif call.name in READS | WRITES and about in shaken and call.number > 0:
                moved[about] += 1
                shaken[about] = moved[about] if shakes else shaken[about]
            place = lessons.of_stack(take.step, call.stack)
            if place:
                key = _key(call, about, shakes and call.name in READS | WRITES)
                exact.setdefault(key, Counter())[str(place)] += 1
                rough.setdefault(call.name, Counter())[str(place)] += 1
        self.exact = {key: found.most_common(1)[0][0] for key, found in exact.items()}
        self.rough = {name: found.most_common(1)[0][0] for name, found in rough.items()}
        self.handshakes = list(shaken.values())  # reads and writes, by accept

    def function(self, call: strace.Call, about: str, handshake: bool) -> str:
        key = _key(call, about, handshake)
        return self.exact.get(key, self.rough.get(call.name, ""))


def is_accepted(call: strace.Call) -> bool:
    return call.name in ("accept", "accept4") and call.number >= 0


def worth_showing(calls: list[strace.Call]) -> list[strace.Call]:
    """Without the loader's and the libraries' reading of files, before the
    server has a socket: it concerns neither the network nor processes."""
    begins = next((c.start for c in calls if c.name == "socket"), 0.0)
    shown = set((strace.NETWORK + strace.PROCESSES).split())
    return [call for call in calls if call.start >= begins or call.name in shown]


def _processes(take: Take, ports: dict[int, int]) -> list[dict[str, Any]]:
    """A lane for each process, in the order of their beginning."""
    recording = take.shown
    zero = recording.begin
    owner = Owner(recording.calls)
    behind = Behind(take)
    shaking = iter(behind.handshakes)
    left: dict[str, int] = {}
    lanes: dict[int, dict[str, Any]] = {}
    for call in worth_showing(recording.calls):
        about = owner.of(call)
        lane = lanes.get(call.pid) or _lane(call, lanes, owner, zero)
        handshake = False
        if is_accepted(call):
            left[about] = next(shaking, 0)
        elif call.name in READS | WRITES and left.get(about, 0) > 0:
            left[about] -= call.number > 0
            handshake = True
        port = int(about.split()[1]) if about.startswith("connection ") else 0
        lane["calls"].append(
            {
                "at": _ms(call.start - zero),
                "ms": _ms(call.seconds),
                "name": call.name,
                "args": call.args,
                "result": call.result,
                "about": about.partition(" ")[0] if port else about,
                "client": ports.get(port, -1),
                "blocked": call.seconds >= BLOCKED,
                "handshake": handshake,
                "function": behind.function(call, about, handshake),
            }
        )
        lane["to"] = max(lane["to"], _ms(call.end - zero))
    for fate in recording.fates:
        known = lanes.get(fate.pid)
        if known:
            known["signals"].append({"at": _ms(fate.at - zero), "what": fate.what})
            if fate.last:
                known["to"], known["end"] = _ms(fate.at - zero), fate.what
    return list(lanes.values())


def _lane(
    call: strace.Call, lanes: dict[int, dict[str, Any]], owner: Owner, zero: float
) -> dict[str, Any]:
    made = owner.made_by.get(call.pid)
    thread = bool(made and "CLONE_THREAD" in made.args)
    lane: dict[str, Any] = {
        "pid": call.pid,
        "parent": made.pid if made else 0,
        "kind": "thread" if thread else "child" if made else "server",
        "from": _ms((made.start if made else call.start) - zero),
        "to": _ms(call.end - zero),
        "end": "",
        "calls": [],
        "signals": [],
    }
    lanes[call.pid] = lane
    return lane


# --- the clients' side ------------------------------------------------------


def _accepts(recording: Recording) -> dict[int, float]:
    """When the server took each client's connection, by the client's port."""
    return {call.peer: call.end for call in recording.calls if is_accepted(call)}


def _client(
    record: Record, begin: float, zero: float, accepted: dict[int, float], watched: bool
) -> dict[str, Any]:
    spans: list[dict[str, Any]] = []
    for span in record.spans:
        if span.end - span.start >= SHORT or span.state in (SENDING, RECEIVING):
            spans.append(
                {
                    "state": span.state,
                    "from": _ms(span.start - zero),
                    "to": _ms(span.end - zero),
                }
            )
    connected = [m.at for m in record.moments if m.what == "connected"]
    for port, at in zip(record.ports, connected):
        if watched:
            until = accepted.get(port, max(s.end for s in record.spans))
            _put_backlog(spans, _ms(at - zero), _ms(until - zero))
    first = record.first("received")
    end = max([m.at for m in record.moments] + [s.end for s in record.spans])
    return {
        "name": record.name,
        "spans": spans,
        "moments": [
            {
                "at": _ms(m.at - zero),
                "what": m.what,
                "bytes": m.count,
                "text": m.text.decode("latin-1"),
            }
            for m in record.moments
        ],
        "start": _ms(begin - zero),
        "first": None if first is None else _ms(first - begin),
        "total": _ms(end - begin),
        "sent": record.count("sent"),
        "received": record.count("received"),
        "answers": sum(m.what == "answered" for m in record.moments),
        "resumed": record.resumed,
        "end": record.end,
    }


def _put_backlog(spans: list[dict[str, Any]], start: float, end: float) -> None:
    """The time in which the system has the connection and the server has not
    covers what the client did meanwhile."""
    if end - start < SHORT * 1000:
        return
    kept = []
    for span in spans:
        before = {**span, "to": min(span["to"], start)}
        after = {**span, "from": max(span["from"], end)}
        kept += [part for part in (before, after) if part["to"] > part["from"]]
    kept.append({"state": BACKLOG, "from": start, "to": end})
    spans[:] = sorted(kept, key=lambda span: (span["from"], span["to"]))


# --- all of it --------------------------------------------------------------


def build(take: Take) -> dict[str, Any]:
    """One run as data."""
    recording = take.shown
    zero = recording.begin
    ports = {
        port: place
        for place, record in enumerate(recording.records)
        for port in record.ports
    }
    accepted = _accepts(recording)
    watched = take.watched is not None
    clients = []
    for record, script in zip(recording.records, take.scenario.clients):
        begin = record.spans[0].start if record.spans else zero + script.at
        clients.append(_client(record, begin, zero, accepted, watched))
    processes = _processes(take, ports) if watched else []
    return {
        "step": take.step,
        "name": take.name,
        "command": take.command,
        "watched": watched,
        "slowed": round(take.slowed, 2),
        "clients": clients,
        "processes": processes,
        "numbers": _numbers(clients, processes),
    }


def _numbers(
    clients: list[dict[str, Any]], processes: list[dict[str, Any]]
) -> dict[str, Any]:
    """What the picture adds up to; calls and wake-ups from the first client on."""
    calls = [c for p in processes for c in p["calls"] if c["at"] + c["ms"] >= 0]
    counted = Counter(call["name"] for call in calls)
    sleeps = strace.SLEEPERS | READS | WRITES
    return {
        "processes": len(processes),
        "calls": len(calls),
        "by_name": dict(counted.most_common()),
        "wakeups": sum(c["blocked"] and c["name"] in sleeps for c in calls),
        "received": sum(client["received"] for client in clients),
        "sent": sum(client["sent"] for client in clients),
    }


def document(takes: list[Take], made: Optional[str] = None) -> dict[str, Any]:
    """What the page shows: one run, or several of the same scenario."""
    runs = [build(take) for take in takes]
    scenario = takes[0].scenario
    ends = [span["to"] for r in runs for c in r["clients"] for span in c["spans"]]
    starts = [call["at"] for r in runs for p in r["processes"] for call in p["calls"]]
    return {
        "version": VERSION,
        "title": scenario.title,
        "see": scenario.see,
        "scenario": scenario.name,
        "script": [
            {"name": s.name, "at": s.at * 1000, "does": "; ".join(map(str, s.actions))}
            for s in scenario.clients
        ],
        "made": made or "",
        "from": min([0.0, *starts]),
        "to": max([1.0, *ends]),
        "runs": runs,
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
