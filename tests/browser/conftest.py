"""Servers with the welcome site, and a Chromium that looks at it."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from pathlib import Path
from typing import Callable, Iterator

import pytest

from browser.driver import Browser, missing
from grader.lab import Lab, Server
from grader.site import Site, make_certificate

TOP = Path(__file__).resolve().parents[2]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("browser", "what a browser sees")
    welcome = TOP / "docs" / "welcome"
    group.addoption("--root", type=Path, default=welcome, help="the site to look at")
    group.addoption("--programs", type=Path, default=TOP / "build", help="their place")


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two certificates with their keys: one that the browser trusts."""
    made = tmp_path_factory.mktemp("pairs")
    return {name: make_certificate(made / name) for name in ("known", "stranger")}


def key_hash(pair: Path) -> str:
    """How Chromium names a key: SHA-256 of its SubjectPublicKeyInfo."""
    public = "openssl pkey -pubout -outform der -in".split()
    done = subprocess.run(
        [*public, str(pair / "key.pem")], capture_output=True, check=True, timeout=60
    )
    return base64.b64encode(hashlib.sha256(done.stdout).digest()).decode()


@pytest.fixture(scope="session")
def chromium(
    tmp_path_factory: pytest.TempPathFactory, pairs: dict[str, Path]
) -> Iterator[Browser]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    browser = Browser(tmp_path_factory.mktemp("chromium"), [key_hash(pairs["known"])])
    yield browser
    browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """The browser with an empty page, nothing kept and nothing logged."""
    chromium.open("about:blank")
    chromium.look(width=1280, height=720, scheme="light")
    chromium.devtools("Network.clearBrowserCache")
    chromium.console()
    chromium.network()
    return chromium


Start = Callable[..., Server]


@pytest.fixture
def start(
    request: pytest.FixtureRequest, tmp_path: Path, pairs: dict[str, Path]
) -> Iterator[Start]:
    """start("05-keep-alive"), start("07-https", pair="stranger", root=site): a
    server, stopped and judged at the end of the test."""
    option = request.config.option
    labs: list[Lab] = []

    def run(name: str, pair: str = "known", root: Path = option.root) -> Server:
        command = str(option.programs / name)
        site = Site(scheme="http")
        if name >= "06":
            site.options = ["--root", str(root.resolve())]
        if name >= "07":
            command = option.server or command
            files = {"--cert": "cert.pem", "--key": "key.pem"}
            for word, file in files.items():
                site.options += [word, str(pairs[pair] / file)]
        lab = Lab(
            request.node.name,
            step=int(name[:2]),
            command=command,
            client="",
            site=site,
            seed=option.seed,
            directory=tmp_path / f"lab{len(labs)}",
        )
        labs.append(lab)
        return lab.start()

    yield run
    problems = [lab.finish([]) for lab in labs]
    assert problems == [None] * len(labs)


@pytest.fixture
def welcome(start: Start) -> str:
    """The address of the welcome site, over https."""
    return f"https://localhost:{start('07-https').port}/"
