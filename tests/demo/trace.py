"""The model as Chrome's trace events, which Perfetto and chrome://tracing open.

https://perfetto.dev/docs/getting-started/other-formats: an array of events
with name, ph (X: from ts on for dur; M: a name for a lane), ts and dur in
microseconds, pid and tid.
"""

from __future__ import annotations

import json
from typing import Any

CLIENTS = 1  # the pid under which a run's clients stand; each run adds MANY
MANY = 10_000_000


def build(document: dict[str, Any]) -> str:
    events: list[dict[str, Any]] = []
    first = document["from"]
    for number, run in enumerate(document["runs"]):
        base = number * MANY
        events += _clients(run, base + CLIENTS, first)
        events += _processes(run, base, first)
    return json.dumps({"displayTimeUnit": "ms", "traceEvents": events}, indent=0)


def _clients(run: dict[str, Any], pid: int, first: float) -> list[dict[str, Any]]:
    events = [_name("process_name", pid, 0, f"{run['name']}: clients")]
    for place, client in enumerate(run["clients"], 1):
        events.append(_name("thread_name", pid, place, client["name"]))
        for span in client["spans"]:
            lasts = span["to"] - span["from"]
            events.append(
                _event(span["state"], "client", pid, place, span["from"], lasts, first)
            )
    return events


def _processes(run: dict[str, Any], base: int, first: float) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    for process in run["processes"]:
        pid = base + process["pid"]
        name = f"{run['name']}: {process['kind']} {process['pid']}"
        events.append(_name("process_name", pid, pid, name))
        for call in process["calls"]:
            event = _event(
                call["name"], "server", pid, pid, call["at"], call["ms"], first
            )
            event["args"] = {
                "arguments": call["args"],
                "result": call["result"],
                "function": call["function"],
            }
            if call["client"] >= 0:
                event["args"]["client"] = run["clients"][call["client"]]["name"]
            events.append(event)
    return events


def _event(
    name: str, kind: str, pid: int, tid: int, at: float, ms: float, first: float
) -> dict[str, Any]:
    """A stretch of time. No time stamp is negative."""
    return {
        "name": name,
        "cat": kind,
        "ph": "X",
        "ts": round((at - first) * 1000, 1),
        "dur": round(ms * 1000, 1),
        "pid": pid,
        "tid": tid,
    }


def _name(what: str, pid: int, tid: int, name: str) -> dict[str, Any]:
    return {"name": what, "ph": "M", "pid": pid, "tid": tid, "args": {"name": name}}
