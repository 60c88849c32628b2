"""The book as a reader sees it, served by step 07: every page, on a phone and on a
desktop, in light and in dark; its search, its copy buttons, the way by keyboard."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable, Iterator

import pytest

from browser.driver import Browser
from browser.test_browser import LEAST_CONTRAST, PALE, SIZES, check_network
from grader.lab import Server

pytestmark = pytest.mark.slow
Start = Callable[..., Server]

HEAVIEST = 150_000  # bytes of a page with its figures, beside theme and search index
GROUND = "getComputedStyle(document.body).backgroundColor"
INK = "getComputedStyle(document.querySelector('article p')).color"
NAMELESS = """return [...document.querySelectorAll('img:not([alt]),'
    + 'a:empty:not([aria-label]), button:empty:not([aria-label]),'
    + 'svg[role=img]:not([aria-label], [aria-labelledby])')].map((e) => e.outerHTML)"""
ENTER = "\ue007"


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Path:
    """What `make book` has made."""
    made: Path = request.config.option.programs / "book" / "site"
    if not (made / "book" / "index.html").exists():
        pytest.skip("the book is not built: make book")
    return made


@pytest.fixture
def address(start: Start, site: Path) -> str:
    return f"https://localhost:{start('07-https', root=site).port}/"


def pages(site: Path) -> list[str]:
    """All pages of the book; of the sources, which are alike, a few."""
    every = sorted(p.relative_to(site).as_posix() for p in site.glob("book/**/*.html"))
    sources = [name for name in every if name.startswith("book/source/")]
    told = [name for name in every if name not in sources and "404" not in name]
    assert len(told) > 15
    return told + sources[:3]


@pytest.fixture
def fresh(browser: Browser, address: str) -> Iterator[Browser]:
    """As somebody who comes for the first time: no palette was chosen."""
    browser.open(address + "book/index.html")
    browser.run("localStorage.clear()")
    browser.console()
    browser.network()
    yield browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_whole(
    fresh: Browser, address: str, site: Path, size: str, scheme: str
) -> None:
    """Nothing fails, nothing sticks out, all words can be read."""
    width, height = SIZES[size]
    fresh.look(width=width, height=height, scheme=scheme)
    for page in pages(site):
        fresh.open(address + page)
        fresh.wait("document.readyState === 'complete'")
        across = fresh.run("return document.documentElement.scrollWidth")
        assert across <= width, f"{page} is {across} wide, the window {width}"
        broken = "[...document.images].filter((i) => i.complete && !i.naturalWidth)"
        assert fresh.run(f"return {broken}.map((i) => i.src)") == [], page
        seen = fresh.run(PALE, LEAST_CONTRAST)
        assert seen["pale"] == [] and seen["seen"] > 30, page
        assert fresh.run(NAMELESS) == [], page
        assert fresh.console() == [], page
        check_network(fresh, address)


def test_a_page_is_light(site: Path) -> None:
    for page in pages(site):
        text = (site / page).read_text(encoding="utf-8")
        figures = {name for name in re.findall(r'src="([^"]+\.svg)"', text)}
        size = len(text.encode())
        for name in figures:
            size += ((site / page).parent / name).resolve().stat().st_size
        assert size <= HEAVIEST, f"{page} has {size} bytes"


def test_the_palette_is_the_systems_until_one_is_chosen(
    fresh: Browser, address: str
) -> None:
    page = address + "book/03-fork.html"
    grounds = {}
    for scheme in ("light", "dark", "light"):
        fresh.look(width=1280, height=720, scheme=scheme)
        fresh.open(page)
        grounds[scheme] = fresh.run(f"return [{GROUND}, {INK}]")
    assert grounds["light"] != grounds["dark"]
    shown = "document.querySelector('label[for^=__palette]:not([hidden])')"
    fresh.run(f"{shown}.focus()")
    fresh.press(ENTER)
    for _ in range(2):  # at once, and when one comes again
        fresh.wait(f"[{GROUND}, {INK}].join() === '{','.join(grounds['dark'])}'")
        fresh.open(page)


def test_figures_follow_the_palette(fresh: Browser, address: str) -> None:
    fill = "getComputedStyle(document.querySelector('.drawing svg text')).fill"
    seen = set()
    for scheme in ("light", "dark"):
        fresh.look(width=1280, height=720, scheme=scheme)
        fresh.open(address + "book/index.html")
        seen.add(fresh.run(f"return {fill}"))
    assert len(seen) == 2


def test_search_finds_zombie(fresh: Browser, address: str) -> None:
    """By keyboard alone, to the page."""
    fresh.look(width=1280, height=720, scheme="light")
    fresh.open(address + "book/index.html")
    fresh.press("f")
    fresh.wait("document.activeElement.name === 'query'")
    fresh.press(*"zombie")
    links = "[...document.querySelectorAll('.md-search-result__link')]"
    fresh.wait(f"{links}.some((link) => link.href.includes('/03-fork.html'))")
    fresh.run(f"{links}.find((a) => a.href.includes('/03-fork.html')).focus()")
    fresh.press(ENTER)
    fresh.wait("location.pathname === '/book/03-fork.html'")
    assert fresh.console() == []


def copied(browser: Browser, kind: str) -> str:
    """Clicks the copy button of the first block of this language."""
    browser.devtools(
        "Browser.grantPermissions",
        permissions=["clipboardReadWrite", "clipboardSanitizedWrite"],
    )
    block = f"document.querySelector('.language-{kind} pre')"
    browser.run(f"{block}.scrollIntoView({{block: 'center'}})")
    button = f".language-{kind} button.md-clipboard"  # comes when it is seen
    assert browser.wait(f"document.querySelector('{button}')")
    browser.click(button)
    found: str = browser.wait("navigator.clipboard.readText()")
    return found


def test_the_copy_button_copies(fresh: Browser, address: str) -> None:
    fresh.look(width=1280, height=720, scheme="light")
    fresh.open(address + "book/04-select.html")
    block = fresh.run("return document.querySelector('.language-c code').textContent")
    assert copied(fresh, "c").strip() == block.strip() and "{" in block


def test_of_a_console_what_is_typed_is_copied(fresh: Browser, address: str) -> None:
    fresh.look(width=1280, height=720, scheme="light")
    fresh.open(address + "book/index.html")
    shown = fresh.run("return document.querySelector('.language-console').innerText")
    assert "$ make" in shown and "\n" in shown.strip()
    assert copied(fresh, "console") == "make --version | grep -o 'GNU Make'"


def test_the_welcome_page_leads_to_the_book(fresh: Browser, address: str) -> None:
    fresh.look(width=1280, height=720, scheme="light")
    fresh.open(address)
    fresh.click("nav a[href^=book]")
    fresh.wait("document.querySelector('h1')?.innerText.includes('HTTPS server')")


def test_previous_and_next(fresh: Browser, address: str) -> None:
    fresh.look(width=1280, height=720, scheme="light")
    fresh.open(address + "book/03-fork.html")
    names = "[...document.querySelectorAll('.md-footer__link')].map((a) => a.href)"
    before, after = fresh.run(f"return {names}")
    assert before.endswith("/02-blocking-http.html")
    assert after.endswith("/04-select.html")


def test_from_a_folder(browser: Browser, site: Path) -> None:
    """Without a server: the page has its looks and its links; only the search,
    which must fetch its index, asks for one."""
    browser.look(width=1280, height=720, scheme="light")
    browser.open((site / "book" / "03-fork.html").resolve().as_uri())
    assert browser.run(f"return {GROUND}") != "rgba(0, 0, 0, 0)"
    assert browser.run("return document.querySelectorAll('article pre').length") > 3
    search = ("search/search_index.json", "Failed to fetch")
    said = browser.console()
    assert all(any(part in line for part in search) for line in said), said
    assert not browser.run(
        "return document.querySelector('.md-search').checkVisibility()"
    )
    browser.click(".md-footer__link--next")
    browser.wait("document.title.startsWith('04')")
