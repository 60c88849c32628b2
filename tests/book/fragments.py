"""Finds a fragment of a source: what has a name (a function, a declaration, a
struct, a macro, a rule of make, a def of Python), or a few lines by what they
contain. What is not found says so; nothing is guessed."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

from coursework.csource import code_of


class FragmentError(Exception):
    """There is no such fragment."""


Span = tuple[int, int]  # lines, from 0, the end excluded


def fragment(path: Path, name: str, texts: list[str]) -> list[str]:
    """The lines of a fragment, dedented. `name` may be empty."""
    if not path.is_file():
        raise FragmentError("there is no such file")
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    start, end = find(path, text, name) if name else (0, len(lines))
    if texts:
        start, end = between(lines, (start, end), texts)
    return textwrap.dedent("\n".join(lines[start:end])).splitlines()


def between(lines: list[str], span: Span, texts: list[str]) -> Span:
    """From the first line that contains the first text to the next one that
    contains the second; of one text, that line alone."""
    first = next((n for n in range(*span) if texts[0] in lines[n]), -1)
    if first < 0:
        raise FragmentError(f'no line contains "{texts[0]}"')
    if len(texts) == 1:
        return first, first + 1
    last = next((n for n in range(first + 1, span[1]) if texts[1] in lines[n]), -1)
    if last < 0:
        raise FragmentError(f'no line after "{texts[0]}" contains "{texts[1]}"')
    return first, last + 1


def find(path: Path, text: str, name: str) -> Span:
    if path.suffix in (".c", ".h"):
        spans = c_items(text)
    elif path.suffix == ".py":
        spans = python_items(text)
    elif path.suffix == ".mk" or path.name == "Makefile":
        spans = make_items(text)
    elif path.suffix == ".sh":
        spans = shell_items(text)
    else:
        raise FragmentError("names are known in C, Python, make and sh only")
    if name not in spans:
        raise FragmentError(f"there is no {name} in it")
    return spans[name]


# ---- C -----------------------------------------------------------------------

DIRECTIVE = re.compile(r"^#(?:[^\n]*\\\n)*[^\n]*", re.M)


def blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def c_items(text: str) -> dict[str, Span]:
    """What stands at the top of a C file, by name. A definition wins over a
    declaration of the same name."""
    code = code_of(text)
    found: dict[str, Span] = {}
    for match in DIRECTIVE.finditer(code):
        macro = re.match(r"#\s*define\s+(\w+)", match[0])
        if macro:
            first = code.count("\n", 0, match.start())
            found[macro[1]] = (first, first + match[0].count("\n") + 1)
    code = DIRECTIVE.sub(blank, code)
    defined: set[str] = set(found)
    for start, end in c_spans(code):
        item = code[start:end]
        name = c_name(item)
        if name and name not in defined:
            first = code.count("\n", 0, start)
            found[name] = (first, code.count("\n", 0, end - 1) + 1)
            if "{" in item:
                defined.add(name)
            if "enum" in item.partition("{")[0].split():
                for constant in re.findall(r"[{,]\s*(\w+)", item):
                    found.setdefault(constant, found[name])
    found.pop("enum", None)
    return found


def c_spans(code: str) -> list[Span]:
    """Where the items begin and end, as offsets: each ends with a `;` outside
    of braces, or with the `}` of a function."""
    spans, depth, start = [], 0, -1
    for at, c in enumerate(code):
        if start < 0:
            if c.isspace():
                continue
            start = at
        depth += (c in "{(") - (c in ")}")
        body = c == "}" and depth == 0 and is_function(code[start:at])
        if depth == 0 and (c == ";" or body):
            spans.append((start, at + 1))
            start = -1
    return spans


def is_function(item: str) -> bool:
    head = item.partition("{")[0]
    return head.rstrip().endswith(")") and "=" not in head


def c_name(item: str) -> str:
    """Its name; that of an enum without one is `enum`, which nobody asks for."""
    head = re.split(r"[={]", item)[0]
    variable = re.search(r"\}\s*(\w+)[\[\]\s\w]*(=|;$)", item)
    if variable and re.search(r"\b(struct|union|enum)\s*$", head):
        return variable[1]
    call = re.search(r"(\w+)\s*\(", head)
    if call and call[1].isupper():  # START_TEST(name)
        inside = re.search(r"\(\s*(\w+)", head)
        return inside[1] if inside else ""
    if call:
        return call[1]
    tag = re.match(r"\s*(?:typedef\s+)?(?:struct|union|enum)\s+(\w+)\s*$", head)
    if tag:
        return tag[1]
    last = re.search(r"(\w+)\s*(?:\[[^\]]*\]\s*)*;?\s*$", head)
    return last[1] if last else ""


# ---- Python, make, sh ----------------------------------------------------------


def python_items(text: str) -> dict[str, Span]:
    """Functions and classes (a method is Class.name), and what is assigned."""
    found: dict[str, Span] = {}

    def visit(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            end = node.end_lineno or node.lineno
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                found[prefix + node.name] = (first - 1, end)
                if isinstance(node, ast.ClassDef):
                    visit(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found[prefix + node.targets[0].id] = (node.lineno - 1, end)

    visit(ast.parse(text).body, "")
    return found


def make_items(text: str) -> dict[str, Span]:
    """Rules with their recipes, variables, and what `define` defines."""
    lines = text.splitlines()
    found: dict[str, Span] = {}
    for at, line in enumerate(lines):
        define = re.match(r"define (\S+)", line)
        variable = re.match(r"([\w-]+) *[:?+]?=", line)
        rule = re.match(r"([^\s#=:][^#=:]*):(?![=])", line)
        end = at + 1
        while end <= len(lines) and lines[end - 1].endswith("\\"):
            end += 1
        if define:
            end = next(n for n in range(at, len(lines)) if lines[n] == "endef") + 1
        elif rule and not variable:
            while end < len(lines) and lines[end].startswith("\t"):
                end += 1
        if define:
            found.setdefault(define[1], (at, end))
        elif variable:
            found.setdefault(variable[1], (at, end))
        elif rule:
            for name in rule[1].split():
                span = found.get(name)
                # `x: v = 1` may come before the rule that has the recipe
                if not span or (span[1] - span[0] == 1 and end - at > 1):
                    found[name] = (at, end)
    return found


def shell_items(text: str) -> dict[str, Span]:
    lines = text.splitlines()
    found: dict[str, Span] = {}
    for at, line in enumerate(lines):
        head = re.match(r"(\w+)\(\) \{", line)
        if head:
            ends = (n for n in range(at, len(lines)) if lines[n] == "}")
            found[head[1]] = (at, next(ends, at) + 1)
    return found
