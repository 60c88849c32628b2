"""The model as one HTML file that needs nothing else."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

PARTS = Path(__file__).resolve().parent / "page"


def build(document: dict[str, Any]) -> str:
    """The page; functions are written once, and calls name them by number."""
    names: list[str] = []
    places: dict[str, int] = {"": -1}

    def number(name: str) -> int:
        if name not in places:
            places[name] = len(names)
            names.append(name)
        return places[name]

    data = json.loads(json.dumps(document))
    for run in data["runs"]:
        for process in run["processes"]:
            for call in process["calls"]:
                call["function"] = number(call["function"])
    data["functions"] = names
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return fill(
        (PARTS / "page.html").read_text(encoding="utf-8"),
        title=html.escape(document["title"]),
        see=html.escape(document["see"]),
        style=(PARTS / "page.css").read_text(encoding="utf-8").rstrip(),
        program=(PARTS / "page.js").read_text(encoding="utf-8").rstrip(),
        data=text.replace("<", "\\u003c"),
    )


def fill(template: str, **parts: str) -> str:
    """Puts each part in the places of its name, and looks into no part."""
    names = "|".join(parts)
    return re.sub(r"\{(%s)\}" % names, lambda match: parts[match[1]], template)
