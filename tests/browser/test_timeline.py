"""The page of `make demo` in Chromium: pointed at, played, stepped, zoomed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from browser.driver import Browser
from demo import model, page, record, scenario, strace

pytestmark = pytest.mark.slow
COMPARED = {2: "02-blocking-http", 3: "03-fork", 4: "04-select"}
CLOSE = 5.0  # milliseconds by which the page and the clients may differ
MARKS = "return document.querySelectorAll('[data-event]').length"
WIDTHS = "return document.documentElement.scrollWidth - window.innerWidth"
NOW = "return document.getElementById('time').textContent"
DETAIL = "return document.getElementById('detail').innerText"
# The middle of the first mark that is wide enough to be hit, of a kind of text.
PLACE = """
const marks = [...document.querySelectorAll('[data-event]')];
const found = marks.find((mark) => {
    const label = mark.nextElementSibling;
    return label && label.textContent.includes(arguments[0])
        && mark.style.display !== 'none' && mark.getBoundingClientRect().width > 4;
});
found.scrollIntoView({block: 'center'});
const box = found.getBoundingClientRect();
return [Math.round(box.left + box.width / 2), Math.round(box.top + box.height / 2)];
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, request: Any) -> tuple[Path, Any]:
    """The silent client with three servers: the page, and what it shows."""
    if not strace.available():
        pytest.skip("there is no strace here")
    played = scenario.load("silent")
    programs = request.config.option.programs
    takes = [
        record.take(step, name, str(programs / name), played)
        for step, name in COMPARED.items()
    ]
    document = model.document(takes)
    path = tmp_path_factory.mktemp("demo") / "page.html"
    path.write_text(page.build(document), encoding="utf-8")
    return path, document


@pytest.fixture
def timeline(browser: Browser, made: tuple[Path, Any]) -> Browser:
    browser.open(f"file://{made[0]}")
    return browser


def point_at(browser: Browser, x: int, y: int) -> None:
    move = {"type": "pointerMove", "duration": 0, "x": x, "y": y}
    actions = [{"type": "pointer", "id": "m", "actions": [move]}]
    browser.command("actions", actions=actions)


def milliseconds(text: str) -> float:
    return float(text.split()[0])


def test_every_event_has_one_mark(timeline: Browser, made: tuple[Path, Any]) -> None:
    wanted = 0
    for run in made[1]["runs"]:
        wanted += sum(len(client["spans"]) for client in run["clients"])
        for process in run["processes"]:
            wanted += len(process["calls"])
            wanted += sum(s["what"].startswith("SIG") for s in process["signals"])
    assert timeline.run(MARKS) == wanted > 100
    assert timeline.console() == []
    asked = [event for name, event in timeline.network() if name == "requestWillBeSent"]
    assert all(e["request"]["url"].startswith(("file:", "data:")) for e in asked)


def test_numbers_are_the_clients(timeline: Browser, made: tuple[Path, Any]) -> None:
    rows = timeline.run(
        "return [...document.querySelectorAll('tbody tr')].map("
        "(row) => [...row.cells].map((cell) => cell.textContent))"
    )
    clients = [client for run in made[1]["runs"] for client in run["clients"]]
    assert len(rows) == len(clients) == 12
    for row, client in zip(rows, clients):
        assert client["name"] in row[0] and row[-1] == client["end"]
        assert abs(milliseconds(row[2]) - client["total"]) < CLOSE
        if client["first"] is None:
            assert row[1] == "none"
        else:
            assert abs(milliseconds(row[1]) - client["first"]) < CLOSE


def test_lanes_stand_at_their_times(timeline: Browser, made: tuple[Path, Any]) -> None:
    """From the pixels back to milliseconds: what the clients measured."""
    found = timeline.run(
        "return [...document.querySelectorAll('[data-event]')].map((mark) => {"
        " const event = events[mark.dataset.event], picture = pictures[event.run];"
        " const scale = (view.to - view.from) / (picture.x1 - picture.x0);"
        " return [event.at, view.from + (mark.getAttribute('x') - picture.x0) * scale,"
        "  event.kind === 'span', mark.style.display]; })"
    )
    spans = [row for row in found if row[2] and row[3] != "none"]
    assert len(spans) > 20
    assert all(abs(at - drawn) < CLOSE for at, drawn, _, _ in spans)


def test_pointing_tells_the_call(timeline: Browser) -> None:
    point_at(timeline, *timeline.run(PLACE, "read A waits"))
    said = timeline.wait("document.getElementById('detail').innerText")
    assert "read(" in said and "for client A (silent)" in said
    assert "steps/02-blocking-http/main.c" in said
    point_at(timeline, *timeline.run(PLACE, "in the backlog"))
    assert "waits in the backlog" in timeline.run(DETAIL)


def test_steps_and_keys(timeline: Browser) -> None:
    timeline.press("\ue014", "\ue014", "\ue014")  # right
    third = timeline.run(NOW), timeline.run(DETAIL)
    timeline.press("\ue014")
    assert timeline.run(DETAIL) != third[1]
    timeline.press("\ue012")  # left
    assert (timeline.run(NOW), timeline.run(DETAIL)) == third
    timeline.click("#next")
    assert timeline.run(DETAIL) != third[1]


def test_playing_and_pausing(timeline: Browser) -> None:
    shown = "parseFloat(document.getElementById('time').textContent)"
    timeline.run("document.getElementById('speed').value = '0.1'")
    timeline.press(" ")
    assert timeline.wait(f"{shown} > 5 && {shown} < 900") is True
    timeline.press(" ")
    stopped = timeline.run(NOW)
    assert timeline.run(NOW) == stopped and milliseconds(stopped) < 900
    assert timeline.run("return pictures[2].future.style.display") == ""
    timeline.run("document.getElementById('speed').value = '1'")
    timeline.click("#play")
    assert timeline.wait("now === null") is True, "it plays to the end"


def test_zooming(timeline: Browser) -> None:
    span = "return view.to - view.from"
    whole = timeline.run(span)
    timeline.press("+", "+", "+")
    near = timeline.run(span)
    assert near < whole / 4
    timeline.click("#out")
    assert near < timeline.run(span) < whole
    timeline.press("0")
    assert timeline.run(span) == pytest.approx(whole)


def test_one_axis_for_all(timeline: Browser) -> None:
    titles = "return [...document.querySelectorAll('h2')].map((h) => h.innerText)"
    assert [t.split()[0] for t in timeline.run(titles)] == list(COMPARED.values())
    places = "return pictures.map((picture) => [picture.x(0), picture.x(500)])"
    timeline.press("+")
    assert len({tuple(row) for row in timeline.run(places)}) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_it_fits(
    browser: Browser, made: tuple[Path, Any], size: tuple[int, int], scheme: str
) -> None:
    browser.look(width=size[0], height=size[1], scheme=scheme)
    browser.open(f"file://{made[0]}")
    assert browser.run(WIDTHS) <= 0, "the page is wider than the window"
    small = browser.run(
        "return [...document.querySelectorAll('button, select')]"
        ".map((b) => b.getBoundingClientRect())"
        ".filter((box) => box.width < 44 || box.height < 44).length"
    )
    assert small == 0, "a button is smaller than a finger"
    dark = browser.run("return document.documentElement.classList.contains('dark')")
    assert dark == (scheme == "dark")
    assert browser.run(MARKS) > 100 and browser.console() == []
