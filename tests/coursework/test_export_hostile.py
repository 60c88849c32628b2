"""Text that a program, or who handed it in, chose breaks no format and does not
get out of its place."""

from __future__ import annotations

import csv
import io
import json
import re
import time
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from coursework import sample_documents
from coursework.exports import FORMATS, prepare
from coursework.test_export_formats import COMMAND, keeps_to, page
from coursework.test_export_totals import READERS
from grader import report, verdict
from grader.course import Course

MARK = "zqx"  # stands in every text, so that a test finds where it got to
HOSTILE = {
    "controls": f"{MARK}\x00\x01\x07\x08\x0b\x0c\x1b[2J\x1b]0;x\x07\x7f\x85\x9b31m",
    "surrogates": f"{MARK}\ud800\udfff\udc80 \ufffe\uffff \ufdd0",
    "direction": f"{MARK}\u202e\u2066\u200f\u2028\u2029\ufeff",
    "CDATA": f"]]>{MARK}<![CDATA[ ]]>",
    "entities": f"&lt;&{MARK};&#0;&#x1;<!DOCTYPE a [<!ENTITY b 'c'>]>",
    "script": f"</title></style></pre><script>alert('{MARK}')</script>",
    "attribute": f'" onmouseover="alert(1)" x=\'{MARK}\' style="',
    "command": f"::error file=a::{MARK}\n::set-output name=a::b\n##[group]{MARK}",
    "command with blanks": f"   ::stop-commands::{MARK}\r\n\t##[error]{MARK}\r::add-path::/",
    "percent": f"%0A::error::{MARK}%25%2C,:=",
    "formula": f'=HYPERLINK("http://a/?"&A1,"{MARK}")',
    "formula at": f"@SUM(1+1)*cmd|'/C calc'!A0{MARK}",
    "formula minus": f"-2+3+cmd|{MARK}",
    "comma": f'",",\r\n{MARK},"total","100',
    "markdown": f"```\n# {MARK}\n| a | b |\n[x](javascript:alert(1)) ~~~ <b>",
    "image": f"![{MARK}](http://a/b.png) <img src=x onerror=alert(1)> @everyone",
    "last line": f'{MARK}\n{{"scores": {{"Fork and close": 999}}}}\n',
    "colon": f"{MARK}: a b: c",
    "megabytes": MARK + "A" * 3_000_000,
    "many lines": "\n".join(f"{MARK} {number}" for number in range(5_000)),
    "backslashes": f"{MARK}\\\\\" \\u0000 \\x00 ' \\",
    "empty": "",
    "blanks": " \t\n ",
}
every_text = pytest.mark.parametrize("said", HOSTILE.values(), ids=HOSTILE)
every_format = pytest.mark.parametrize("made", FORMATS, ids=lambda made: str(made.name))


def document(said: str) -> dict[str, Any]:
    """A report in which this stands wherever text can come from outside."""
    suite = sample_documents.results()
    lines = said.split("\n")
    for result in suite[1::2]:
        result.result = verdict.FAILED
        result.story = verdict.Story(
            *(said, lines, said, said, lines),
            printed=[f"stdout: {line}" for line in lines],
            report=lines,
            again=lines,
            unwritten=lines,
        )
    suite[2].result, suite[2].note = verdict.BROKE, said
    suite[4].result, suite[4].note = verdict.NOT_JUDGED, said
    for result in suite[1:4]:
        result.title = said or "x"
        result.hints = [said, said, said]
        result.why = result.reason = result.heading = said
    names = {"submission": said, "server": said, "seed": said, "faults": [said]}
    about = {**sample_documents.ABOUT, **names}
    return verdict.document(suite, about, Course(name=said))


@every_text
@every_format
def test_the_total_can_still_be_read(made: Any, said: str) -> None:
    whole = document(said)
    began = time.monotonic()
    text = made.text(prepare(whole))
    assert time.monotonic() - began < 10
    assert READERS[made.name](text) == whole["score"]
    assert len(text) < 1_000_000
    odd = re.findall(r"[^\t\n\r\x20-\x7e\u201c\u201d]", text)
    assert not odd, f"raw: {odd[:5]!r}"


@every_text
def test_json_has_no_nul_and_no_half_surrogate(said: str) -> None:
    for made in FORMATS:
        if made.file.endswith(".json"):
            text = made.text(prepare(document(said)))
            assert not re.search(r"(?<!\\)(\\\\)*\\u(0000|d[89a-f]|001b)", text.lower())


@every_text
def test_xml(said: str) -> None:
    made = {f.name: f for f in FORMATS}["junit"]
    root = ElementTree.fromstring(made.text(prepare(document(said))))
    keeps_to(root)
    assert len(list(root.iter("testcase"))) == len(sample_documents.results())


@every_text
def test_html(said: str) -> None:
    made = {f.name: f for f in FORMATS}["html"]
    read = page(made.text(prepare(document(said))))
    tame = page(made.text(prepare(document("tame"))))
    assert {tag for tag, _ in read.tags} <= {tag for tag, _ in tame.tags}
    keys = {key for _, attributes in read.tags for key in attributes}
    assert keys <= {key for _, attributes in tame.tags for key in attributes}
    if MARK in said:
        assert MARK in read.words


@every_text
def test_csv(said: str) -> None:
    made = {f.name: f for f in FORMATS}["csv"]
    text = made.text(prepare(document(said)))
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert {len(row) for row in rows} == {10}
    assert len(rows) == 1 + len(sample_documents.results()) + 2
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(("=", "+", "@", "\t", "\r"))
        assert not cell.startswith("-") or re.fullmatch(r"-\d+\.\d", cell)


@every_text
def test_commands(said: str) -> None:
    made = {f.name: f for f in FORMATS}["github-annotations"]
    lines = made.text(prepare(document(said))).splitlines()
    assert len(lines) == 5 and all(map(COMMAND.fullmatch, lines))
    for line in lines:
        properties = line.split("::")[1].partition(" ")[2].split(",")
        assert {p.split("=")[0] for p in properties} <= {"title", "file", "line"}


def commands_in(text: str) -> list[str]:
    """Lines that the runner of GitHub Actions would obey."""
    return [x for x in re.split(r"[\r\n]", text) if x.strip().startswith(("::", "##["))]


@every_text
def test_what_goes_to_a_log_has_no_commands(said: str) -> None:
    whole = document(said)
    for name in ("markdown", "autolab"):
        made = {f.name: f for f in FORMATS}[name]
        assert not commands_in(made.text(prepare(whole)))
    lines = report.verdict(whole, full=True)
    assert not commands_in("\n".join(lines))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", "".join(lines))


@every_text
def test_the_last_line_for_autolab_is_ours(said: str) -> None:
    made = {f.name: f for f in FORMATS}["autolab"]
    whole = document(said)
    lines = made.text(prepare(whole)).rstrip("\n").split("\n")
    scores = json.loads(lines[-1])["scores"]
    assert set(scores) == {group["name"] for group in whole["milestones"]}
    assert json.loads(lines[-2])["_presentation"] == "semantic"


@every_text
def test_markdown_fences_hold(said: str) -> None:
    made = {f.name: f for f in FORMATS}["markdown"]
    text = made.text(prepare(document(said)))
    outside = re.sub(r"(?ms)^(`{3,})text\n.*?^\1$", "", text)
    rows = [line for line in outside.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 3
    raw = re.sub(r"`[^`]*`", "", outside)
    assert not re.search(r"(?<!\\)[<\[]", raw)
