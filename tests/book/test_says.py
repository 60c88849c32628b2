"""Each kind of thing that prose can get wrong is found, and what is right is not."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest

from book import links, names, spelling
from book.pages import TOP, Page


def page(tmp_path: Path, text: str, name: str = "docs/page.md") -> Page:
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    return Page(path, name)


def named(tmp_path: Path, text: str) -> List[str]:
    found = names.check(page(tmp_path, text), TOP)
    return [fault.wrong for fault in found]


@pytest.mark.parametrize(
    "text",
    [
        "`reap_children()`",
        "`waitpid()` and `printf()`",
        "`SSL_read()`",
        "`make run-03 PORT=9000`",
        "`make grade-NN EXERCISE=threads`",
        "`make start-parser`",
        "`--max-children`",
        "`curl --no-such-option x`",
        "`build/03-fork --timeout 3`",
        "`stuck-client`",
        "`workers.c`, `steps/03-fork/main.c`",
        "```text\n`nothing()`\n```",
    ],
)
def test_names_that_are_there(tmp_path: Path, text: str) -> None:
    assert named(tmp_path, text) == []


@pytest.mark.parametrize(
    "text, why",
    [
        ("`reap_childs()`", "no function"),
        ("`make grade-09`", "no verb"),
        ("`make run-03 PROT=9000`", "reads no PROT"),
        ("`--max-child`", "no option"),
        ("`build/03-fork --max-child 3`", "no option"),
        ("`stuck-clients`", "no check"),
        ("`worker.c`", "no file"),
        ("one line\n\n`steps/03-fork/worker.c`", "no file"),
    ],
)
def test_names_that_are_not(tmp_path: Path, text: str, why: str) -> None:
    (wrong,) = named(tmp_path, text)
    assert why in wrong


def test_milestones(tmp_path: Path) -> None:
    real = (TOP / "steps/03-fork/README.md").read_text(encoding="utf-8")
    name = "steps/03-fork/README.md"
    assert list(names.milestones(page(tmp_path, real, name))) == []
    other = real.replace("### A clock\n", "### The clock\n")
    wrong = [f.wrong for f in names.milestones(page(tmp_path, other, name))]
    assert len(wrong) == 2 and "'The clock' is no milestone" in wrong[0]


# ---- Links -----------------------------------------------------------------------


def led(tmp_path: Path, text: str) -> List[str]:
    (tmp_path / "there.md").write_text(
        "# A heading, `code` · two\n\n## Same\n## Same\n"
    )
    return [fault.wrong for fault in links.check(page(tmp_path, text), tmp_path)]


@pytest.mark.parametrize(
    "text",
    [
        "[a](there.md)",
        "[a](there.md#a-heading-code--two)",
        "[a](there.md#same-1)",
        "[a `b](c)` d](there.md)",
        "`[a](nowhere.md)`",
        "[a](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)",
        "RFC 9110, sections 5.6.7 and 15.5.22",
        "RFC 8446, appendix D.4",
        "read(2), signal-safety(7), strace(1), SSL_read(3)",
        "![A figure that shows something](there.md)",
    ],
)
def test_links_that_lead(tmp_path: Path, text: str) -> None:
    assert led(tmp_path, text) == []


@pytest.mark.parametrize(
    "text, why",
    [
        ("[a](nowhere.md)", "not there"),
        ("[a](there.md#b)", "no heading #b"),
        ("## One\n\n[a](#two)", "no heading #two"),
        ("[a](../..)", "out of the tree"),
        ("[a](http://example.org)", "not https"),
        ("[a](https://www.rfc-editor.org/rfc/rfc9112#section-6.4)", "no section 6.4"),
        ("RFC 9110, sections 5.6.7 and 15.5.23", "no section 15.5.23"),
        ("RFC 9110, appendix D", "no section D"),
        ("RFC 1, section 1", "not known here"),
        ("https://datatracker.ietf.org/doc/html/rfc9112", "linked at"),
        ("reed(2)", "no manual page reed(2)"),
        ("![A figure](there.md)", "does not say"),
        ("![what it shows here is lower](there.md)", "does not say"),
    ],
)
def test_links_that_do_not(tmp_path: Path, text: str, why: str) -> None:
    (wrong,) = led(tmp_path, text)
    assert why in wrong


# ---- Words -----------------------------------------------------------------------


def spelled(tmp_path: Path, text: str) -> List[str]:
    return [fault.wrong for fault in spelling.check([page(tmp_path, text)])]


@pytest.mark.parametrize(
    "text",
    [
        "A loopback address, don't you know; another's.",
        "EAGAIN and SIGCHLD, in TLS",
        "`strnge` and <!-- strnge --> and [a](strnge.md)",
        "```text\nstrnge\n```",
        "see http_request_parse and main.c",
    ],
)
def test_words_that_are_known(tmp_path: Path, text: str) -> None:
    assert spelled(tmp_path, text) == []


@pytest.mark.parametrize(
    "text", ["strnge", "the colour of it", "EAGIAN", "it's strnge's"]
)
def test_words_that_are_not(tmp_path: Path, text: str) -> None:
    assert len(spelled(tmp_path, text)) == 1


def test_the_list_is_sorted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert spelling.order() == []
    words = tmp_path / "words.txt"
    words.write_text("b\na\n")
    monkeypatch.setattr(spelling, "WORDS", words)
    assert "'a' stands after 'b'" in spelling.order()[0].wrong
