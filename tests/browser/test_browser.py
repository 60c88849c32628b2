"""What a person sees who types `make run` and opens the address in Chromium."""

from __future__ import annotations

from typing import Any, Callable
from urllib.parse import urljoin

import pytest

from browser.driver import Browser
from grader.lab import Server

pytestmark = pytest.mark.slow
Start = Callable[..., Server]

PAGES = ("", "opened.html", "served.html")
SIZES = {"desktop": (1280, 720), "phone": (390, 844)}
SHOWN = "document.documentElement.dataset.shown === 'yes'"
WITHIN = ("data:", "about:", "chrome")  # the browser asks itself
LEAST_CONTRAST = 4.5  # WCAG 2, level AA

IMAGES = """return [...document.images].map(
    (image) => [image.currentSrc, image.complete && image.naturalWidth])"""
NAMED = """return [...document.querySelectorAll('[href], [src], [srcset]')].map(
    (e) => e.getAttribute('href') ?? e.getAttribute('src') ?? e.getAttribute('srcset'))"""
NAMELESS = """return [...document.querySelectorAll(
    'img:not([alt]), a:empty:not([aria-label]), button:empty, video:not([controls])')]
    .map((element) => element.outerHTML)"""
# The words of a page that are hard to read: the contrast of each text with the
# nearest ground that is painted behind it.
PALE = """
const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
const light = (color) => {
    const [r, g, b] = numbers(color).map((v) => v / 255).map(
        (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
        const color = getComputedStyle(e).backgroundColor;
        if (numbers(color)[3] !== 0) return color;
    }
    return 'rgb(255, 255, 255)';
};
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const pale = [];
let seen = 0;
while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const words = texts.currentNode.data.trim();
    if (!words || !element.checkVisibility() || element.closest('noscript')) continue;
    const pair = [light(getComputedStyle(element).color), light(ground(element))];
    const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (contrast < arguments[0]) pale.push(`${contrast.toFixed(2)}: ${words}`);
    seen += 1;
}
return {pale, seen};
"""


def visit(browser: Browser, url: str) -> None:
    """Opens a page and waits until its script has done its work."""
    browser.open(url)
    assert browser.wait(SHOWN), "the script has not come to its end"


def check_network(browser: Browser, site: str) -> set[str]:
    """Every request since the last look went to this site and was answered in
    full, by the protocol that was asked for; the addresses."""
    asked: dict[str, str] = {}
    for name, event in browser.network():
        url = asked.get(event.get("requestId", ""), "")
        if name == "requestWillBeSent":
            url = event["request"]["url"]
            if not url.startswith(WITHIN):
                asked[event["requestId"]] = url
        elif url and name == "responseReceived":
            answer = event["response"]
            assert answer["status"] in (200, 304), url
            assert answer["protocol"] == "http/1.1", url
            assert answer["securityDetails"]["protocol"] == "TLS 1.3", url
        elif url and name == "loadingFailed":
            # a player may take up a video's download and leave it again
            left = event.get("canceled") and event["type"] == "Media"
            assert left, f"{url}: {event['errorText']}"
    assert asked and all(url.startswith(site) for url in asked.values()), asked
    return set(asked.values())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_whole(
    browser: Browser, welcome: str, size: str, scheme: str
) -> None:
    """No image lacks, nothing sticks out, all words can be read, nothing fails."""
    width, height = SIZES[size]
    browser.look(width=width, height=height, scheme=scheme)
    for page in PAGES:
        visit(browser, welcome + page)
        images = browser.run(IMAGES)
        assert all(width for _, width in images), f"{page}: {images}"
        across = browser.run("return document.documentElement.scrollWidth")
        assert across <= width, f"{page} is {across} wide, the window {width}"
        seen = browser.run(PALE, LEAST_CONTRAST)
        assert seen["pale"] == [] and seen["seen"] > 30, page
        assert browser.run(NAMELESS) == [], page
        assert browser.console() == [], page
        check_network(browser, welcome)


def test_the_schemes_differ(browser: Browser, welcome: str) -> None:
    """A dark page is dark, and has the picture made for it."""
    grounds, pictures = set(), set()
    for scheme in ("light", "dark"):
        browser.look(width=1280, height=720, scheme=scheme)
        visit(browser, welcome)
        ground = "getComputedStyle(document.documentElement).backgroundColor"
        grounds.add(browser.run(f"return {ground}"))
        pictures.add(browser.run(IMAGES)[0][0])
    assert len(grounds) == 2
    assert pictures == {welcome + "day.webp", welcome + "night.webp"}


def test_the_page_came_over_tls_and_http_1_1(browser: Browser, welcome: str) -> None:
    visit(browser, welcome)
    said = browser.run("return document.querySelector('.hero').innerText")
    assert "the top step" in said and "below" not in said
    protocols = "performance.getEntries().map((e) => e.nextHopProtocol).filter(Boolean)"
    assert set(browser.run(f"return {protocols}")) == {"http/1.1"}
    assert browser.run("return isSecureContext && location.protocol") == "https:"
    assert welcome in check_network(browser, welcome)


def test_a_stranger_s_certificate_is_refused(browser: Browser, start: Start) -> None:
    """So the browser of these tests does look at certificates."""
    url = f"https://localhost:{start('07-https', pair='stranger').port}/"
    try:
        browser.open(url)
    except RuntimeError:
        pass  # how a driver tells it; what the network says decides
    failures = {e["errorText"] for n, e in browser.network() if n == "loadingFailed"}
    assert "net::ERR_CERT_AUTHORITY_INVALID" in failures
    assert "Staircase" not in browser.run("return document.title")


def test_the_script_shows_what_the_server_said(browser: Browser, welcome: str) -> None:
    visit(browser, welcome)
    places = "[...document.querySelectorAll('[data-field], [data-status]')]"
    pairs = f"{places}.map((e) => [e.dataset.field ?? 'Status', e.textContent])"
    shown = dict(browser.run(f"return {pairs}"))
    assert shown.pop("Status") == "200 OK"
    assert shown["Content-Type"].startswith("text/html")
    assert int(shown["Content-Length"]) > 1000
    assert shown["Date"].endswith("GMT") and shown["Last-Modified"].endswith("GMT")
    assert len(shown) == 5 and "not sent" not in shown.values()


def test_a_link_leads_to_the_next_page(browser: Browser, welcome: str) -> None:
    """With the mouse, then with the keyboard alone."""
    visit(browser, welcome)
    browser.click("nav a[href='served.html']")
    assert browser.wait(f"location.pathname === '/served.html' && {SHOWN}")
    visit(browser, welcome)
    tab, enter = "\ue004", "\ue007"
    browser.press(tab)
    focused = "document.activeElement.getAttribute('href')"
    assert browser.run(f"return {focused}") == "#main", "first, past the links"
    browser.press(tab, tab)
    assert browser.run(f"return {focused}") == "opened.html"
    browser.press(enter)
    assert browser.wait(f"location.pathname === '/opened.html' && {SHOWN}")
    check_network(browser, welcome)


def test_every_name_on_the_pages_is_served(browser: Browser, welcome: str) -> None:
    """And the table of the files has all of them, each with a type of its own."""
    named = set()
    for page in PAGES:
        visit(browser, welcome + page)
        named |= {urljoin(welcome + page, name) for name in browser.run(NAMED)}
    browser.network()
    named = {url.partition("#")[0] for url in named}
    assert len(named) > 10 and all(url.startswith(welcome) for url in named)
    fetch = (
        "return Promise.all(arguments[0].map((u) => fetch(u).then((a) => a.status)))"
    )
    assert set(browser.run(fetch, sorted(named))) == {200}
    visit(browser, welcome + "served.html")
    rows = browser.run(
        "return [...document.querySelectorAll('[data-file]')].map((row) =>"
        " [row.dataset.file, ...[...row.cells].slice(2).map((c) => c.textContent)])"
    )
    assert {welcome + row[0] for row in rows} == named - {welcome}
    kinds = dict(html="text/html", css="text/css", js="text/javascript")
    kinds.update(
        svg="image/svg+xml", webp="image/webp", webm="video/webm", ico="image/"
    )
    for name, kind, length, date in rows:
        assert kind.startswith(kinds[name.rpartition(".")[2]]), name
        assert int(length) > 0 and date.endswith("GMT"), name


def test_the_video_plays(browser: Browser, welcome: str) -> None:
    visit(browser, welcome + "served.html")
    video = "document.querySelector('video')"
    browser.run(f"return {video}.play()")
    assert browser.wait(f"{video}.currentTime > 0.2"), "it does not start"
    at = browser.run(f"return {video}.currentTime")
    assert browser.wait(f"{video}.currentTime > {at} + 0.5"), "it does not go on"
    facts = f"return [{video}.videoWidth, {video}.duration, {video}.error]"
    width, duration, error = browser.run(facts)
    assert width > 300 and 3 < duration < 8 and error is None
    assert welcome + "climb.webm" in check_network(browser, welcome)
    assert browser.console() == []


def test_what_has_not_changed_is_not_sent_again(browser: Browser, welcome: str) -> None:
    visit(browser, welcome + "served.html")
    browser.click("[data-ask]")
    answer = "document.querySelector('[data-answer]').textContent"
    assert browser.wait(f"{answer}.includes('HTTP/1.1 304 Not Modified')")
    assert browser.run(f"return {answer}").endswith("\n0 bytes of body")


def test_the_times_of_a_visit_are_shown(browser: Browser, welcome: str) -> None:
    """First with a new connection, which the browser may have opened ahead of
    the request, then with one that is open."""
    times = "[...document.querySelectorAll('.time')].map((e) => e.textContent)"
    visit(browser, welcome + "opened.html")
    first = browser.run(f"return {times}")
    spared = [time.startswith("not needed") for time in first]
    assert spared in ([False] * 5, [True] * 3 + [False] * 2)
    browser.click("[data-again]")
    assert browser.wait(f"{times}[0]?.startsWith('not needed')")
    again = browser.run(f"return {times}")
    assert [time.endswith(" ms") for time in again] == [False] * 3 + [True] * 2


def test_step_06_serves_the_same_pages(browser: Browser, start: Start) -> None:
    """They then do not claim to have come over https."""
    site = f"http://localhost:{start('06-static-files').port}/"
    visit(browser, site)
    assert browser.run(IMAGES) and all(width for _, width in browser.run(IMAGES))
    said = browser.run("return document.querySelector('.hero').innerText")
    assert "one step below the top" in said and "It speaks https" not in said
    here = "return document.querySelector('tr.here').cells[0].innerText"
    assert browser.run(here) == "06 static-files"
    visit(browser, site + "opened.html")
    times = "return document.querySelector('[data-phase=tls] .time').textContent"
    assert browser.run(times).startswith("not done")
    assert browser.console() == []


@pytest.mark.parametrize("program", ["02-blocking-http", "05-keep-alive"])
def test_the_pages_of_the_early_steps(
    browser: Browser, start: Start, program: str
) -> None:
    """And from 05 on they share connections."""
    site = f"http://localhost:{start(program).port}/"
    browser.open(site)
    assert browser.run("return document.contentType") == "text/html"
    assert browser.run("return document.title && document.body.innerText")
    for number in range(5):
        browser.open(f"{site}hello?{number}")
    assert browser.run("return document.contentType") == "text/plain"
    said = browser.run("return document.body.innerText")
    assert said == "Hello from the server\n"
    answers = [e["response"] for n, e in browser.network() if n == "responseReceived"]
    used = [a["connectionId"] for a in answers if a["url"].startswith(site + "hello")]
    assert len(used) == 5
    # a browser may open one more ahead of time
    assert len(set(used)) == 5 if program < "05" else len(set(used)) <= 3
    unasked = [line for line in browser.console() if "/favicon.ico" not in line]
    assert unasked == []
