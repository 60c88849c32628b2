"""The page of a report in a real browser: no request, no wide line, enough
contrast in light and dark, and all of it within the keyboard's reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser.driver import Browser
from browser.test_browser import LEAST_CONTRAST, PALE
from coursework import sample_documents
from coursework.exports import page, prepare

pytestmark = pytest.mark.slow
TAB, ENTER = "\ue004", "\ue007"

OPEN = "document.querySelectorAll('details').forEach((d) => d.open = true)"
FOCUSABLE = "[...document.querySelectorAll('a, pre, summary')]"


@pytest.fixture
def report(tmp_path: Path) -> str:
    """The address of a page with something of everything."""
    document = sample_documents.documents()["all of it"]
    for check in document["checks"]:
        if check["story"]:
            check["story"]["printed"].append("stderr: " + "a long line " * 30)
            check["story"]["got"] = "oneverylongword" * 20
    path = tmp_path / "report.html"
    path.write_text(page.text(prepare(document, reveal=True)), encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_can_be_read(browser: Browser, report: str, width: int, scheme: str) -> None:
    browser.look(width=width, height=800, scheme=scheme)
    browser.network()
    browser.open(report)
    browser.run(OPEN)
    assert browser.run("return document.documentElement.scrollWidth") <= width
    texts = browser.run(PALE, LEAST_CONTRAST)
    assert texts["pale"] == [] and texts["seen"] > 60
    dark = browser.run("return getComputedStyle(document.body).backgroundColor")
    assert (dark == "rgb(255, 255, 255)") == (scheme == "light")
    assert browser.console() == []
    asked = [
        about["request"]["url"]
        for name, about in browser.network()
        if name == "requestWillBeSent"
    ]
    assert {url for url in asked if not url.startswith("data:")} == {report}


def test_the_keyboard_reaches_all(browser: Browser, report: str) -> None:
    browser.open(report)
    browser.run(OPEN)
    wanted = browser.run(f"return {FOCUSABLE}.length")
    seen = set()
    for _ in range(wanted + 5):
        browser.press(TAB)
        seen.add(browser.run(f"return {FOCUSABLE}.indexOf(document.activeElement)"))
    assert set(range(wanted)) <= seen
    browser.run("document.querySelector('summary').focus()")
    browser.press(ENTER)
    assert browser.run("return document.querySelector('details').open") is False
