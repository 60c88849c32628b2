"""Pictures of servers at work: that they tell what happened, all of it, once."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from demo import lessons, model, page, record, scenario, still, strace, text, trace
from demo.clients import unescape

TREE = Path(__file__).resolve().parents[2]
CLOSE = 5.0  # milliseconds by which picture and clients may differ
SLOWED = 5.0  # the factor by which recording may slow a server

needs_strace = pytest.mark.skipif(
    not strace.available(), reason="there is no strace here"
)


def program(step: int) -> str:
    """The server of a step, as built by make (BUILD says where)."""
    build = Path(os.environ.get("BUILD") or TREE / "build")
    found = next((TREE / "steps").glob(f"{step:02}-*")).name
    return str((build if build.is_absolute() else TREE / build) / found)


def taken(step: int, text: str) -> record.Take:
    played = scenario.parse("made-up", text)
    return record.take(step, f"{step:02}", program(step), played)


# --- scenarios ----------------------------------------------------------------


@pytest.mark.parametrize("name", scenario.names())
def test_every_scenario_can_be_read(name: str) -> None:
    found = scenario.load(name)
    assert found.title and found.see and found.clients
    lines = (scenario.FOLDER / f"{name}.txt").read_text().splitlines()
    assert len(lines) <= 10, "a scenario is ten lines"
    assert all(len(line) <= 180 for line in lines)


def test_a_scenario_as_data() -> None:
    found = scenario.parse(
        "x", "T\nsteps 03-05\noptions --timeout 2\nsee a\nsee b\nc 1..3 at 5 +10  get /"
    )
    assert (found.title, found.see, found.options) == ("T", "a b", ["--timeout", "2"])
    assert [c.name for c in found.clients] == ["c 1", "c 2", "c 3"]
    assert [round(c.at * 1000) for c in found.clients] == [5, 15, 25]
    assert [found.fits(n) for n in (2, 3, 5, 6)] == [False, True, True, False]
    assert str(found.clients[0].actions[0]) == "get /"


@pytest.mark.parametrize(
    "line, said",
    [
        ("a at 0 fly", "no client can 'fly'"),
        ("a at 0 wait long", "'long' is no number"),
        ("a at 0 pipeline 3", "it is `pipeline N PATH`"),
        ("steps 3", "not understood"),
    ],
)
def test_what_is_wrong_is_said_by_line(line: str, said: str) -> None:
    with pytest.raises(scenario.ScenarioError, match=re.escape(said)) as error:
        scenario.parse("x", f"Title\n{line}\n")
    assert "x.txt, line 2" in str(error.value)


def test_unknown_scenarios_name_the_known() -> None:
    with pytest.raises(scenario.ScenarioError, match="there are crash, echo"):
        scenario.load("nonsense")


def test_the_manual_has_every_action() -> None:
    manual = (Path(scenario.__file__).parent / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"(?m)^\| `(.+?)` \| (.+?) \|$", manual))
    assert rows == scenario.VERBS


def test_text_to_send() -> None:
    assert unescape(r"GET / \r\n\x00\\") == b"GET / \r\n\x00\\"


def test_options_only_for_steps_that_have_them() -> None:
    found = scenario.parse("x", "T\noptions --timeout 2\na at 0 get /\n")
    assert record.options_for(2, found) == []
    assert record.options_for(3, found) == ["--timeout", "2"]


# --- what strace writes -------------------------------------------------------

WRITTEN = """\
10 5.000000 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3 <0.000010>
10 5.000100 listen(3, 511) = 0 <0.000010>
10 5.100000 accept(3, {sa_family=AF_INET, sin_port=htons(4711), sin_addr=inet_addr("127.0.0.1")}, [16]) = 4 <0.050000>
 > /usr/lib/libc.so.6(accept+0xd) [0xf8]
 > /home/me/build/03-fork(net_accept+0x3b) [0x58]
10 5.160000 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 11 <0.000100>
10 5.160200 close(4)                    = 0 <0.000005>
10 5.160300 accept(3,  <unfinished ...>
11 5.160400 read(4, "GET / HTTP/1.1\\r\\n", 8192) = 16 <0.000400>
10 5.170000 <... accept resumed>{sa_family=AF_INET, sin_port=htons(4712), sin_addr=inet_addr("127.0.0.1")}, [16]) = 4 <0.009700>
11 5.171000 --- SIGTERM {si_signo=SIGTERM} ---
11 5.172000 exit_group(0)               = ?
11 5.172100 +++ exited with 0 +++
10 5.173000 read(4,  <unfinished ...>
10 5.200000 +++ killed by SIGSEGV (core dumped) +++
"""


def test_strace_is_understood() -> None:
    calls, fates = strace.read(WRITTEN)
    assert [c.name for c in calls if c.pid == 10] == (
        "socket listen accept clone close accept read".split()
    )
    assert len(calls) == 9
    first = calls[2]
    assert (first.peer, first.number, first.descriptor) == (4711, 4, 3)
    assert first.stack[1] == ("/home/me/build/03-fork", "net_accept")
    assert [(f.pid, f.what, f.last) for f in fates] == [
        (11, "SIGTERM", False),
        (11, "exit 0", True),
        (10, "killed by SIGSEGV", True),
    ]
    died_in = calls[-1]
    assert died_in.name == "read" and died_in.result == "?"
    assert died_in.end == pytest.approx(5.2)


def test_a_descriptor_stands_for_what_it_was_then() -> None:
    """The child's 4 is the first client, the parent's by now the second."""
    calls, _ = strace.read(WRITTEN)
    owner = model.Owner(calls)
    about = {(c.pid, c.name, c.result): owner.of(c) for c in calls}
    assert about[(11, "read", "16")] == "connection 4711"
    assert about[(10, "close", "0")] == "connection 4711"
    assert about[(10, "read", "?")] == "connection 4712"
    accepts = [owner.of(c) for c in calls if c.name == "accept"]
    assert accepts == ["connection 4711", "connection 4712"]


# --- lessons ------------------------------------------------------------------


def test_functions_have_their_lesson() -> None:
    known = lessons.places(3)
    assert known["net_accept"].file == "steps/01-tcp-echo/net.c"
    assert known["reap_children"].lesson == "steps/03-fork/README.md"
    assert known["reap_children"].heading == "Reap the dead"
    assert known["main"].file == "steps/03-fork/main.c"
    assert lessons.of_stack(3, [("libc.so.6", "accept"), ("x", "net_accept")])
    assert lessons.of_stack(3, [("libc.so.6", "accept")]) is None


# --- recordings ---------------------------------------------------------------

SILENT = "T\nsee S\nsilent at 0 connect; wait 400; close\nquick at 100 get /hello\n"


@needs_strace
@pytest.fixture(scope="module")
def runs() -> dict[int, tuple[record.Take, dict[str, Any]]]:
    """One silent client and a quick one, with 02, 03 and 04."""
    found = {}
    for step in (2, 3, 4):
        take = taken(step, SILENT)
        found[step] = (take, model.document([take]))
    return found


@needs_strace
def test_every_call_is_in_the_picture_once(runs: dict[int, Any]) -> None:
    """Counted anew, from the text that strace wrote."""
    wanted = set((strace.NETWORK + strace.PROCESSES).split())
    for step, (take, document) in runs.items():
        recorded = [c for c in take.watched.calls if c.name in wanted]
        lanes = document["runs"][0]["processes"]
        shown = [(c["name"], c["args"]) for lane in lanes for c in lane["calls"]]
        assert len(recorded) > 10
        for call in recorded:
            times = shown.count((call.name, call.args))
            like = [c for c in recorded if (c.name, c.args) == (call.name, call.args)]
            assert times == len(like), f"step {step}: {call.name}({call.args})"


@needs_strace
def test_lanes_say_what_clients_measured(runs: dict[int, Any]) -> None:
    for take, document in runs.values():
        for record_, client in zip(
            take.watched.records, document["runs"][0]["clients"]
        ):
            begin = record_.spans[0].start
            end = max(m.at for m in record_.moments)
            assert abs(client["total"] - (end - begin) * 1000) < CLOSE
            first = record_.first("received")
            if first:
                assert abs(client["first"] - (first - begin) * 1000) < CLOSE
            spans = client["spans"]
            assert abs(spans[0]["from"] - (begin - take.watched.begin) * 1000) < CLOSE
            assert abs(spans[-1]["to"] - (end - take.watched.begin) * 1000) < CLOSE
            assert all(a["to"] <= b["from"] + 0.001 for a, b in zip(spans, spans[1:]))


@needs_strace
def test_who_waits_for_whom(runs: dict[int, Any]) -> None:
    """The picture's whole point: behind a silent client the quick one waits in
    02, and neither in 03 nor in 04."""
    clients = {n: doc["runs"][0]["clients"] for n, (_, doc) in runs.items()}
    waits = {n: found[1]["first"] for n, found in clients.items()}
    assert waits[2] > 250 and waits[3] < 100 and waits[4] < 100
    states = {
        n: [s["state"] for s in found[1]["spans"]] for n, found in clients.items()
    }
    assert "backlog" in states[2]
    lanes = {n: doc["runs"][0]["processes"] for n, (_, doc) in runs.items()}
    assert [len(lanes[n]) for n in (2, 3, 4)] == [1, 3, 1]
    reads = [c for c in lanes[2][0]["calls"] if c["name"] == "read" and c["blocked"]]
    assert reads and reads[0]["client"] == 0 and reads[0]["ms"] > 300
    assert "read_head" in reads[0]["function"] or "serve" in reads[0]["function"]
    children = [lane for lane in lanes[3] if lane["kind"] == "child"]
    assert {c["client"] for c in children[0]["calls"] if c["client"] >= 0} == {0}
    sleeps = [c for c in lanes[4][0]["calls"] if c["blocked"]]
    assert {"pselect6", "select"} & {c["name"] for c in sleeps}


@needs_strace
def test_recording_slows_little(runs: dict[int, Any]) -> None:
    for step, (take, document) in runs.items():
        assert 1.0 <= document["runs"][0]["slowed"] < SLOWED, step


@needs_strace
def test_a_handshake_is_told_apart() -> None:
    document = model.document([taken(7, "T\nc at 0 get /hello; wait 30; get /hello\n")])
    run = document["runs"][0]
    moved = [
        call
        for call in run["processes"][0]["calls"]
        if call["client"] == 0 and call["name"] in ("read", "write")
    ]
    shaking = [call["handshake"] for call in moved]
    assert shaking[0] and not shaking[-1] and True in shaking and False in shaking
    assert run["clients"][0]["resumed"] == [False, True]
    assert "handshake" in [span["state"] for span in run["clients"][0]["spans"]]


@needs_strace
def test_a_crash_is_seen() -> None:
    crash = (
        "T\na at 0 connect; wait 100; crash; rest\nb at 20 connect; wait 1500; ask /\n"
    )
    with_children = model.document([taken(3, crash)])["runs"][0]
    ends = [lane["end"] for lane in with_children["processes"]]
    assert ends.count("killed by SIGSEGV") == 1 and ends[0] == "exit 0"
    assert [c["end"] for c in with_children["clients"]] == ["cut off", "done"]
    alone = model.document([taken(4, crash)])["runs"][0]
    assert [lane["end"] for lane in alone["processes"]] == ["killed by SIGSEGV"]
    assert "done" not in [c["end"] for c in alone["clients"]]


def test_without_strace_the_clients_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strace, "available", lambda: False)
    document = model.document([taken(2, "T\nc at 0 get /hello\n")])
    run = document["runs"][0]
    assert not run["watched"] and run["processes"] == []
    assert run["clients"][0]["received"] > 100
    assert "there is no strace here" in text.build(document)


# --- what is made of them -----------------------------------------------------


@needs_strace
def test_the_page_is_one_file(runs: dict[int, Any], tmp_path: Path) -> None:
    takes = [take for take, _ in runs.values()]
    made = page.build(model.document(takes))
    assert len(made) < 1 << 20
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?!data:)[a-z/.]", made)
    assert "http://" not in made.replace("http://www.w3.org/2000/svg", "").replace(
        "http://127.0.0.1", ""
    )
    data = re.search(r'id="data">(.*?)</script>', made, re.S)
    assert data and len(json.loads(data[1])["runs"]) == 3


def test_texts_of_clients_cannot_leave_their_place() -> None:
    made = page.build(
        {"title": "<b>", "see": "{program}", "runs": [], "x": "</script><script>"}
    )
    assert "<b>" not in made.partition("<main")[0]
    assert made.count("<script") == 2 and "{program}" in made


@needs_strace
def test_the_trace_can_be_opened(runs: dict[int, Any]) -> None:
    """https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU:
    what every event of the kinds X and M must have."""
    _, document = runs[3]
    events = json.loads(trace.build(document))["traceEvents"]
    calls = sum(len(p["calls"]) for p in document["runs"][0]["processes"])
    assert sum(e.get("cat") == "server" for e in events) == calls
    for event in events:
        assert {"name", "ph", "pid", "tid"} <= set(event)
        if event["ph"] == "X":
            assert event["ts"] >= 0 and event["dur"] >= 0
        else:
            assert event["ph"] == "M" and event["args"]["name"]


@needs_strace
def test_the_lanes_in_a_terminal(runs: dict[int, Any]) -> None:
    _, document = runs[2]
    shown = text.build(document)
    assert max(map(len, shown.splitlines())) <= text.WIDTH
    lines = [line for line in shown.splitlines() if line[:1].strip()]
    lanes = {line.split()[0]: line for line in lines}
    assert lanes["quick"].count("b") > 40 and lanes["silent"].count(".") > 60
    assert lanes["server"].count("-") > 70


@needs_strace
def test_nginx_can_be_watched() -> None:
    if not shutil.which("nginx"):
        pytest.skip("there is no nginx here")
    command = f"{sys.executable} {TREE / 'tests/peers/nginx.py'}"
    played = scenario.parse("x", "T\nc at 0 get /hello.txt\n")
    run = model.document([record.take(6, "nginx", command, played)])["runs"][0]
    assert run["clients"][0]["end"] == "done"
    names = {c["name"] for p in run["processes"] for c in p["calls"]}
    assert names & {"accept", "accept4"} and len(run["processes"]) >= 2


@needs_strace
@pytest.mark.slow
@pytest.mark.parametrize("step", sorted(still.LESSONS))
def test_the_lessons_picture_tells_what_happens(step: int) -> None:
    """A busy machine may make somebody wait who usually does not, so the
    scenario may be played again; what the picture tells must come true."""
    kept = still.kept_story(still.file(step))
    played = scenario.load(still.LESSONS[step])
    for _ in range(12):
        name = Path(program(step)).name
        made = record.take(step, name, program(step), played)
        told = still.story(model.document([made]))
        if told == kept:
            break
    assert told == kept, "make timelines draws it anew"


def test_every_lesson_shows_its_picture() -> None:
    for step in still.LESSONS:
        lesson = next((TREE / "steps").glob(f"{step:02}-*")) / "README.md"
        words = lesson.read_text(encoding="utf-8")
        inside = words.partition("## Look inside")[2].partition("\n## ")[0]
        assert f"(../../docs/figures/{still.file(step).name})" in inside
        scenario_ = still.LESSONS[step]
        assert f"make demo-{step:02} SCENARIO={scenario_}" in inside
