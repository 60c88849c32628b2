"""What the pages about a class share: one file each that asks for nothing else,
in the look of a student's page (exports/page.css). No script. Every text that
comes from outside goes through escape()."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Sequence

from grader.view import clean

from .exports.page import POLICY, STYLE

MORE = Path(__file__).with_name("class_page.css")


def escape(text: str) -> str:
    """Harmless in a page, and on a person's screen."""
    return html.escape(clean(text), quote=True)


def page(title: str, body: Sequence[str], kind: str = "class") -> str:
    """The whole page; kind: a class of its <body>, for class_page.css."""
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(POLICY)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        '<link rel="icon" href="data:,">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{STYLE.read_text(encoding='utf-8')}",
        f"{MORE.read_text(encoding='utf-8')}</style>",
        "</head>",
        f'<body class="{kind}">',
        *body,
        "</body>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def section(heading: str, inside: Sequence[str]) -> list[str]:
    return ["<section>", f"<h2>{escape(heading)}</h2>", *inside, "</section>"]


def table(caption: str, names: Sequence[str], rows: Sequence[str]) -> list[str]:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    return [
        '<div class="wide"><table>',
        f"<caption>{escape(caption)}</caption>",
        f"<thead><tr>{head}</tr></thead>",
        "<tbody>",
        *rows,
        "</tbody>",
        "</table></div>",
    ]


def bar(share: float) -> str:
    """How much of a whole; a number beside it says the same."""
    width = f"width:{100 * min(1.0, max(0.0, share)):.0f}%"
    return f'<span class="bar" aria-hidden="true"><i style="{width}"></i></span>'


def link(address: str, text: str) -> str:
    return f'<a href="{html.escape(address, quote=True)}">{escape(text)}</a>'


def items(lines: Sequence[str]) -> list[str]:
    return ["<ul>", *(f"<li>{line}</li>" for line in lines), "</ul>"]
