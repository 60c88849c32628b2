"""Console sessions: how a block is read, what agrees, and terminals that are real."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator, List

import pytest

from book import compare, script, sessions, terminal
from book.pages import TOP, Page

PLACE = TOP / os.environ.get("BUILD", "build")


def page(tmp_path: Path, text: str) -> Page:
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    return Page(path, "page.md")


def console(text: str, note: str = "") -> str:
    above = f"<!-- session {note} -->\n" if note else ""
    return f"{above}```console\n{text}```\n\n"


# ---- Reading -----------------------------------------------------------------------


def test_a_block_is_read(tmp_path: Path) -> None:
    text = console(
        "$ a \\\n  b\nc\n$ cat <<END\n> $ x\nEND\n^C\nd\n", "terminal=t varies 1"
    )
    (found,) = script.sessions(page(tmp_path, text))
    assert (found.terminal, found.varies) == ("t", ["1"])
    told = [(entry.typed, entry.shown) for entry in found.entries]
    assert told == [("a \\\n  b", ["c"]), ("cat <<END\n$ x\nEND", []), ("^C", ["d"])]


def test_what_is_only_shown_is_not_run(tmp_path: Path) -> None:
    text = console("$ sudo x\n", "shown: needs to be root")
    assert script.sessions(page(tmp_path, text)) == []


@pytest.mark.parametrize("note", ["shown:", "variies 1", "terminal=a 4711"])
def test_a_comment_that_is_wrong(tmp_path: Path, note: str) -> None:
    with pytest.raises(script.ScriptError):
        script.sessions(page(tmp_path, console("$ x\n", note)))


# ---- Comparing ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "shown, output",
    [
        ("a\n...\nz", "a\nb\nc\nz"),
        ("a\n...\nz", "a\nz"),
        (
            "Date: Sat, 21 Nov 2026 15:42:16 GMT",
            "Date: Sun, 01 Feb 2099 00:00:00 GMT\r",
        ),
        (
            '- [21/Nov/2026:15:42:16 +0000] "GET"',
            '- [01/Feb/2099:00:00:00 -0130] "GET"',
        ),
        ("Sat Nov 21 15:38:17 UTC 2026", "Sun Feb  1 00:00:00 CET 2099"),
        ("pid 4711 and 4711", "pid 99 and 99"),
        ("took 0.004 s", "took 12.5 s"),
        ("at 7ffe12 end", "at 55d0aa end"),
        ("a   b", "a b"),
        (" 4711 S", "65536 S"),
        ("bold", "\x1b[1mbold\x1b[0m"),
        ("x", "[1] 4242\nx\n[1]+  Done    sleep 1"),
    ],
)
def test_what_agrees(shown: str, output: str) -> None:
    varying = compare.Varying(["4711", "0.004", "7ffe12"])
    assert compare.agrees(shown.split("\n"), output, varying)


@pytest.mark.parametrize(
    "shown, output",
    [
        ("a", "b"),
        ("a", "a\nb"),
        ("a\nb", "a"),
        ("a\n...\nz", "a\nb"),
        ("a\n...\nz", "a\nz\ny"),
        ("pid 4711 and 4711", "pid 98 and 99"),
        ("pid 4711", "pid abc"),
        ("pid 4712", "pid 99"),
        ("Date: Sat, 21 Nov 2026 15:42:16 GMT", "Date: Sat, 21 Nov 2026 15:42:16 CET"),
        ("ab", "a b"),
        ("a.c", "abc"),
    ],
)
def test_what_does_not(shown: str, output: str) -> None:
    varying = compare.Varying(["4711"])
    lines = shown.split("\n")
    assert not compare.agrees(lines, output, varying)
    at, why = compare.difference(lines, output, varying)
    assert 0 <= at < len(lines) and "the terminal" in why


def test_a_word_stands_for_the_same_thing_on_the_whole_page() -> None:
    varying = compare.Varying(["4711"])
    assert compare.agrees(["pid 4711"], "pid 99", varying)
    assert varying.in_command("kill 4711 47110") == "kill 99 47110"
    assert not compare.agrees(["pid 4711"], "pid 98", varying)


# ---- Ports ---------------------------------------------------------------------------


def test_ports_are_free_ones() -> None:
    ports = sessions.Ports(4000)
    one = ports.of("8080")
    assert len(one) == 4 and one != "8080" and ports.of("8080") == one
    tls = ports.of("8443")
    for shown, typed in {
        "curl http://127.0.0.1:8080/ 80800": f"curl http://127.0.0.1:{one}/ 80800",
        "build/03-fork --quiet &": f"build/03-fork --port {one} --quiet &",
        "strace build/07-https": f"strace build/07-https --port {tls}",
        "ls -l build/03-fork": "ls -l build/03-fork",
        "build/03-fork --port 8080": f"build/03-fork --port {one}",
        "make run-03 QUIET=1": f"make run-03 PORT={one} QUIET=1",
        "make run": f"make run PORT={tls}",
        "make run-06 PORT=8080": f"make run-06 PORT={one}",
        "build/01-tcp-client 127.0.0.1 8080": f"build/01-tcp-client 127.0.0.1 {one}",
    }.items():
        assert ports.into(shown) == typed
    assert ports.back(f"http://127.0.0.1:{one}/") == "http://127.0.0.1:8080/"


# ---- Real terminals ------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "place"
    made.mkdir()
    yield made


def run(tmp_path: Path, place: Path, text: str) -> List[str]:
    runner = sessions.Runner(page(tmp_path, text), place, False)
    try:
        return [f"{fault.line}: {fault.wrong}" for fault in runner.run()]
    finally:
        runner.close()
        for one in runner.terminals.values():
            assert one.members() == []


def test_commands_are_run_in_order(tmp_path: Path, place: Path) -> None:
    text = console("$ x=5; echo to stderr >&2\nto stderr\n$ echo $x\n5\n")
    text += console("$ false\n$ echo $?\n1\n$ echo $x\n5\n")
    assert run(tmp_path, place, text) == []


def test_what_is_shown_and_does_not_come(tmp_path: Path, place: Path) -> None:
    text = console("$ echo a; echo b\na\nc\n$ true\nnothing\n")
    found = run(tmp_path, place, text)
    assert found[0].startswith("4: ") and "shows 'c', the terminal 'b'" in found[0]
    assert found[1].startswith("6: ") and "nothing more" in found[1]


# The blank line may come before or after the terminal is looked at.
SERVER = (
    "i=0; while read -r x; do [ $i = 1 ] || echo; i=$((i+1)); echo got $i; done <fifo; "
    "sleep 600"
)


def test_a_server_in_a_second_terminal(tmp_path: Path, place: Path) -> None:
    text = console("$ mkfifo fifo\n$ exec 7<>fifo\n")
    text += console(f"$ echo ready; {SERVER}\nready\n", "terminal=server")
    text += console("$ echo x >&7; echo y >&7\n")
    text += console("got 1\ngot 2\n^C\n$ echo $?\n130\n", "terminal=server")
    assert run(tmp_path, place, text) == []
    text = text.replace("got 2", "got 3")
    assert any("got 3" in wrong for wrong in run(tmp_path, place, text))


def test_an_interrupted_server_has_ended(tmp_path: Path, place: Path) -> None:
    slow = "trap 'sleep 0.5; rm here; exit' INT; touch here; echo ready; sleep 600"
    text = console(
        f"$ bash -c '{slow.replace(chr(39), chr(34))}'\nready\n", "terminal=s"
    )
    text += console("^C\n...\n", "terminal=s")
    text += console("$ ls here 2>/dev/null\n")
    assert run(tmp_path, place, text) == []


def test_nothing_stays_behind(tmp_path: Path, place: Path) -> None:
    """Not even what ignores the end of its terminal, or leaves its session."""
    text = console(
        "$ (trap '' HUP TERM; sleep 601) & setsid sleep 602 & true\n$ echo $$\n4711\n",
        "varies 4711",
    )
    assert run(tmp_path, place, text) == []
    left = []
    for pid in terminal.processes():
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if line in (b"sleep\x00601\x00", b"sleep\x00602\x00"):
            left.append(pid)
    assert left == []


def test_a_command_that_does_not_end(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "PATIENCE", 0.5)
    (wrong,) = run(tmp_path, place, console("$ sleep 600\n$ echo never\nnever\n"))
    assert "goes on running" in wrong


def test_in_a_copy_of_the_tree(tmp_path: Path) -> None:
    """As `make check-docs` does it: servers of the build, and nothing is changed."""
    if not (PLACE / "02-blocking-http").exists():
        pytest.skip("step 02 is not built")
    text = console(
        "$ build/02-blocking-http --quiet\nlistening on http://127.0.0.1:8080/\n",
        "terminal=s",
    )
    text += console("$ curl -s http://127.0.0.1:8080/hello\nHello from the server\n")
    text += console(
        "$ echo x > steps/new; ls steps/new\nsteps/new\n$ false; echo $?\n2\n"
    )
    (fault,) = sessions.check(page(tmp_path, text), TOP, PLACE.resolve())
    assert fault.line == 16 and "shows '2', the terminal '1'" in fault.wrong
    assert not (TOP / "steps" / "new").exists()
