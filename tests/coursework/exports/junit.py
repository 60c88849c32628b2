"""JUnit's XML, as Jenkins and GitLab read it: a test case for each check.

https://github.com/jenkinsci/xunit-plugin, junit-10.xsd, and
https://docs.gitlab.com/ci/testing/unit_test_reports/: the suite shown is the
class name, so that is the milestone. A failed check is a failure, one that was
not judged is skipped, and where the grader itself broke it is an error. The
total is a property of the suite.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

from .words import BROKE, FAILED, NOT_JUDGED, Result, detail, group_of, results, title


def text(document: dict[str, Any]) -> str:
    found = document["counts"]
    figures = {
        "tests": str(len(document["checks"])),
        "failures": str(found[FAILED]),
        "errors": str(found[BROKE]),
        "time": _seconds(document["seconds"]),
    }
    name = title(document)
    root = ElementTree.Element("testsuites", {"name": name, **figures})
    more = {"skipped": str(found[NOT_JUDGED]), "timestamp": document["when"][:-1]}
    suite = ElementTree.SubElement(root, "testsuite", {"name": name, **figures, **more})
    properties = ElementTree.SubElement(suite, "properties")
    for key in ("score", "earned", "assignment", "submission", "seed", "grader"):
        value = {"name": key, "value": str(document[key])}
        ElementTree.SubElement(properties, "property", value)
    for result in results(document):
        suite.append(_case(result, f"{name}.{group_of(result, document)}"))
    ElementTree.indent(root, " ")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        + ElementTree.tostring(root, encoding="unicode")
        + "\n"
    )


def _case(result: Result, suite: str) -> ElementTree.Element:
    name = f"{result.id}: {result.title}"
    about = {"classname": suite, "name": name, "time": _seconds(result.seconds)}
    case = ElementTree.Element("testcase", about)
    kinds = {FAILED: "failure", BROKE: "error", NOT_JUDGED: "skipped"}
    if result.result in kinds:
        why = {"message": _message(result)}
        kind = {} if result.result == NOT_JUDGED else {"type": result.mark}
        inside = ElementTree.SubElement(case, kinds[result.result], {**why, **kind})
        inside.text = detail(result)
    return case


def _message(result: Result) -> str:
    if result.result == FAILED and result.story:
        return f"expected {result.story.expected}; got {result.story.got}"
    return result.note.splitlines()[0] if result.note else result.title


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
