"""Each format is as its host documents it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Optional

import jsonschema
import pytest

from coursework import export, sample_documents
from coursework.exports import FORMATS, classroom50, prepare

HERE = Path(__file__).resolve().parent
DOCUMENTS = sample_documents.documents()
TEXTS = {made.name: made.text for made in FORMATS}
every_document = pytest.mark.parametrize("name", DOCUMENTS)


def made(name: str, of: str, reveal: bool = False) -> str:
    return TEXTS[of](prepare(DOCUMENTS[name], reveal))


def valid(data: Any, schema: Path) -> None:
    found = json.loads(schema.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(found).validate(data)


# --- JSON ---------------------------------------------------------------------


@every_document
def test_the_report_keeps_its_schema(name: str) -> None:
    schema = HERE.parent / "grader" / "result.schema.json"
    valid(DOCUMENTS[name], schema)
    valid(json.loads(made(name, "json")), schema)


@every_document
def test_gradescope(name: str) -> None:
    data = json.loads(made(name, "gradescope"))
    valid(data, HERE / "formats" / "gradescope.schema.json")
    assert data["stdout_visibility"] == "hidden"
    for test in data["tests"]:
        assert 0 <= test.get("score", 0) <= test.get("max_score", 0)


@every_document
def test_autolab(name: str) -> None:
    text = made(name, "autolab")
    assert text.endswith("\n")
    *_, feedback, autoresult = text.splitlines()
    pair = [json.loads(feedback), json.loads(autoresult)]
    valid(pair, HERE / "formats" / "autolab.schema.json")
    assert set(pair[0]["stages"]) == set(pair[1]["scores"])
    assert set(pair[0]) - {"_presentation", "stages"} == set(pair[0]["stages"])
    # What Autolab does to the line before it parses it (autograde.rb).
    assert re.sub(r"([a-zA-Z0-9]+):", r'"\1":', autoresult) == autoresult


@every_document
def test_classroom50(name: str) -> None:
    data = json.loads(made(name, "classroom50"))
    valid(data, HERE / "formats" / "classroom50.schema.json")
    new = [check for check in DOCUMENTS[name]["checks"] if check["new"]]
    assert len(data["tests"]) == len(new) + 1
    for test in [*data["tests"], data]:
        assert test["score"] <= test["max-score"]
        assert (
            test is data
            or test["passed"]
            or test["score"] < test["max-score"]
            or (test["max-score"] == 0)
        )


def test_classroom50_takes_who_it_is_from_the_runner() -> None:
    environment = {
        "CLASSROOM": "networks",
        "ASSIGNMENT": "fork",
        "USERNAME": "bob",
        "ASSIGNMENT_TYPE": "group",
        "SUBMISSION_TAG": "submit/2026-11-14T22-00-00Z-a1b2c3d",
        "COMMIT_URL": "https://host/commit/1",
        "RELEASE_URL": "https://host/release/1",
        "REVIEW_URL": "https://host/compare/0...1",
    }
    data = json.loads(classroom50.text(DOCUMENTS["late"], environment))
    valid(data, HERE / "formats" / "classroom50.schema.json")
    names = ["classroom", "assignment", "owner", "assignment_type", "submission"]
    names += ["commit", "release", "review"]
    assert [data[name] for name in names] == list(environment.values())
    assert data["datetime"] == "2026-11-16T09:00:00Z"


# --- XML ----------------------------------------------------------------------

# Elements, their attributes and what may stand in them: junit-10.xsd of Jenkins'
# xunit plugin, and what GitLab's unit test reports parse, which both have `error`.
# https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
# https://docs.gitlab.com/ci/testing/unit_test_reports/
FIGURES = {"name", "time", "tests", "failures", "errors"}
ELEMENTS: dict[str, tuple[set[str], set[str], set[str]]] = {
    # element: required attributes, optional ones, children
    "testsuites": (set(), FIGURES, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"time", "skipped", "timestamp", "hostname", "id", "package", "file"},
        {"properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": (
        {"name"},
        {"time", "classname", "group"},
        {"skipped", "failure", "error", "system-out", "system-err"},
    ),
    "skipped": (set(), {"type", "message"}, set()),
    "failure": (set(), {"type", "message"}, set()),
    "error": (set(), {"type", "message"}, set()),
}
SECONDS = re.compile(r"\d+\.\d{1,3}")


def keeps_to(element: ElementTree.Element) -> None:
    required, optional, children = ELEMENTS[element.tag]
    assert required <= set(element.attrib) <= required | optional
    if "time" in element.attrib:
        assert SECONDS.fullmatch(element.attrib["time"])
    for child in element:
        assert child.tag in children, f"{child.tag} in {element.tag}"
        keeps_to(child)


@every_document
def test_junit(name: str) -> None:
    text = made(name, "junit")
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    root = ElementTree.fromstring(text)
    assert root.tag == "testsuites"
    keeps_to(root)
    (suite,) = root.findall("testsuite")
    cases = suite.findall("testcase")
    found = DOCUMENTS[name]["counts"]
    kinds = {"failures": "failed", "errors": "broke", "skipped": "not judged"}
    inside = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    assert int(suite.attrib["tests"]) == len(cases) == len(DOCUMENTS[name]["checks"])
    for attribute, state in kinds.items():
        counted = sum(case.find(inside[attribute]) is not None for case in cases)
        assert int(suite.attrib[attribute]) == counted == found[state]
    names = [(case.get("classname"), case.get("name")) for case in cases]
    assert len(set(names)) == len(names)  # GitLab takes the first of each alone


# --- HTML ---------------------------------------------------------------------

VOID = {"meta", "link", "br"}
REFERENCES = ("src", "href", "action", "data", "poster", "srcset")


class Page(HTMLParser):
    """Reads a page and minds its nesting."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, Optional[str]]]] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Optional[str]]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}>"

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, Optional[str]]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page(text: str) -> Page:
    read = Page()
    read.feed(text)
    read.close()
    assert not read.open
    return read


@every_document
def test_html(name: str) -> None:
    read = page(made(name, "html"))
    ids = [a["id"] for _, a in read.tags if "id" in a]
    assert len(ids) == len(set(ids))
    for tag, attributes in read.tags:
        assert tag not in ("script", "img", "iframe", "object", "embed", "form")
        assert not any(key.startswith("on") for key in attributes)
        for key in set(REFERENCES) & set(attributes):
            value = attributes[key] or ""
            inside = value[:1] == "#" and value[1:] in ids
            assert inside or value == "data:,", f"{tag} {key}={value}"
    policy = [a["content"] for a in read.all("meta") if "http-equiv" in a]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    assert read.all("html") == [{"lang": "en"}] and len(read.all("h1")) == 1
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch("h[1-6]", tag)]
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:])), "a level is left out"
    assert len(read.all("caption")) == len(read.all("table")) > 0
    assert all(a.get("scope") in ("row", "col") for a in read.all("th"))
    assert all(a.get("tabindex") == "0" and a["aria-label"] for a in read.all("pre"))


# --- text -----------------------------------------------------------------------


@every_document
def test_markdown(name: str) -> None:
    text = made(name, "markdown")
    outside = re.sub(r"(?ms)^(`{3,})text\n.*?^\1$", "", text)
    assert "```" not in outside
    rows = [line for line in outside.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(DOCUMENTS[name]["milestones"])
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)
    levels = [len(m) for m in re.findall(r"(?m)^(#+) ", outside)]
    assert levels[0] == 1 and all(b <= a + 1 for a, b in zip(levels, levels[1:]))


# https://docs.github.com/actions/reference/workflow-commands-for-github-actions
COMMAND = re.compile(r"::(notice|error|warning) ((?:\w+=[^,:\r\n]*,?)+)::([^\r\n]*)")


@every_document
def test_annotations(name: str) -> None:
    lines = made(name, "github-annotations").splitlines()
    read = [COMMAND.fullmatch(line) for line in lines]
    assert all(read) and lines[0].startswith("::notice ")
    kinds = [match[1] for match in read if match]
    found = DOCUMENTS[name]["counts"]
    assert kinds.count("error") == min(10, found["failed"])
    assert kinds.count("warning") == min(10, found["broke"])


def test_an_annotation_stands_where_the_program_died() -> None:
    document = json.loads(json.dumps(DOCUMENTS["some failed"]))
    frames = ["ERROR: AddressSanitizer", "    #1 serve work/03-fork/main.c:53"]
    for check in document["checks"]:
        if check["story"]:
            check["story"]["report"] = frames
    lines = TEXTS["github-annotations"](prepare(document)).splitlines()
    assert lines[1].startswith("::error file=work/03-fork/main.c,line=53,title=")


# --- what is hidden, and the verb ----------------------------------------------


@pytest.mark.parametrize("of", TEXTS)
def test_what_is_hidden_stays_hidden(of: str) -> None:
    for name in ("hidden", "all of it"):
        text = made(name, of)
        for told in ("reap-all", "title of reap", "stuck-client", "title of quiet"):
            assert told not in text, told
        assert "child-ends" in made(name, of)
    shown = made("hidden", of, reveal=True)
    assert of == "csv" or "reap-all" in shown
    if of not in ("autolab", "json"):
        assert "idden check" in made("hidden", of)


def test_the_verb_writes_all(tmp_path: Path, capfd: Any) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps(DOCUMENTS["late"]), encoding="utf-8")
    out = tmp_path / "out" / "all"
    assert export.main([str(report), "--all", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {f.file for f in FORMATS}
    assert export.main([str(report), "--csv", str(tmp_path / "a.csv")]) == 0
    assert (tmp_path / "a.csv").read_bytes().count(b"\r\n") == 10
    assert export.main([str(report), "--github-annotations"]) == 0
    assert capfd.readouterr().out == (out / "annotations.txt").read_text()


@pytest.mark.parametrize(
    "text, said",
    [
        ("{}", "no report"),
        ("x", "no report"),
        ('{"version": 1, "checks": []}', "not 2"),
    ],
)
def test_what_is_no_report_is_told(
    tmp_path: Path, capfd: Any, text: str, said: str
) -> None:
    report = tmp_path / "report.json"
    report.write_text(text)
    assert export.main([str(report), "--csv", "-"]) == 2
    assert said in capfd.readouterr().err
    assert export.main([str(tmp_path / "none"), "--csv", "-"]) == 2
