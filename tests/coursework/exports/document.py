"""The report as JSON, as tests/grader/result.schema.json has it."""

from __future__ import annotations

import json
from typing import Any


def text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1) + "\n"
