"""State machines: their states from the enum, their arrows from the code."""

from __future__ import annotations

from . import measure, sources
from .canvas import LINE, MARGIN, WIDTH, Canvas

CONNECTION = "common/http/connection.c"

# (function, state that it leads to): the arrows of the figure, and what it leaves out
ARROWS = {
    ("step", "HEAD"),
    ("begin_exchange", "BODY"),
    ("step", "THINKING"),
    ("step", "SENDING"),
    ("refuse", "THINKING"),
    ("refuse_body", "THINKING"),
    ("begin_exchange", "THINKING"),
    ("end_response", "IDLE"),
    ("end_response", "ENDING"),
    ("end_response", "HANDED_OVER"),
    ("abandon", "ENDING"),
}
LEFT_OUT = {
    ("take_head", "HEAD"),  # it stays there while more is to come
    ("step", "ENDING"),  # no memory for a new exchange
}


def connection() -> Canvas:
    states = sources.enum(CONNECTION, "state")
    path = ["IDLE", "HEAD", "BODY", "THINKING", "SENDING"]
    ends = ["ENDING", "HANDED_OVER"]
    sources.same(f"states of {CONNECTION}", set(path + ends), set(states))
    there = sources.assignments(CONNECTION, "c->state", set(states))
    sources.same(
        f"arrows of {CONNECTION}",
        {f"{name}: {state}" for name, state in ARROWS | LEFT_OUT},
        {f"{name}: {state}" for name, state in there},
    )
    c = Canvas(
        "connection",
        "The states of a connection",
        """IDLE, HEAD, BODY, THINKING, SENDING, and then IDLE again for the next request,
        ENDING after the last, or HANDED_OVER to another protocol. What is wrong or late
        goes from HEAD or BODY to THINKING, with its answer ready. Where a request will
        never be complete, the connection goes to ENDING.""",
    )
    x, w, h, gap = 118, 244, 76, 42
    top = {state: 48 + place * (h + gap) for place, state in enumerate(path)}
    middle = x + w / 2
    downs = [
        "a byte has come",
        "the head is whole",
        "the body is whole",
        "the answer is ready",
    ]
    for state, words in zip(path, downs):
        y = top[state] + h
        c.arrow([(middle, y), (middle, y + gap)], "ink", "thick")
        c.label(middle, y + gap / 2 - 4, words)
    bottom = top["SENDING"] + h
    right = x + w
    refuse, over = right + 26, WIDTH - MARGIN - 10
    end = bottom + 74
    for state in ("HEAD", "BODY"):
        y = top[state] + 22
        c.line([(right, y), (refuse, y)], "packet")
    c.arrow(
        [
            (refuse, top["HEAD"] + 22),
            (refuse, top["THINKING"] + 38),
            (right, top["THINKING"] + 38),
        ],
        "packet",
    )
    for state in ("IDLE", "HEAD", "BODY"):
        y = top[state] + 56
        c.line([(right, y), (over, y)], "soft", "dash")
    c.arrow(
        [(over, top["IDLE"] + 56), (over, end + 56), (MARGIN + 262, end + 56)],
        "soft",
        "dash",
    )
    c.arrow(
        [
            (x, top["SENDING"] + 38),
            (64, top["SENDING"] + 38),
            (64, top["IDLE"] + 38),
            (x, top["IDLE"] + 38),
        ],
        "leaf",
        "thick",
    )
    c.label(64, top["BODY"] + 38, ["sent:", "the next", "request"], "leaf", bold=True)
    c.label(
        refuse + 4, top["BODY"] + 98, ["wrong or late:", "refused"], "packet", bold=True
    )
    c.label(over + 12, top["IDLE"] + 100, ["never", "complete"], "soft", anchor="end")
    for state in path:
        _state(c, x, top[state], w, h, state, states[state], "sea")
    c.arrow([(160, bottom), (160, end)], "ink", "thick")
    c.label(150, bottom + 34, "sent: it was the last")
    c.arrow([(340, bottom), (340, end + 108)], "ink", "thick")
    c.label(352, bottom + 34, "sent: 101")
    _state(c, MARGIN, end, 262, h, "ENDING", states["ENDING"], "leaf")
    said = "the last is said, and another protocol goes on"
    _state(c, MARGIN + 60, end + 108, 432, 56, "HANDED_OVER", said, "leaf")
    c.text(
        MARGIN,
        end + 194,
        [
            "From any state to ENDING: the client takes nothing",
            "in time, or there is no memory.",
        ],
        "soft",
    )
    return c


def _state(
    c: Canvas, x: float, y: float, w: float, h: float, name: str, phrase: str, role: str
) -> None:
    lines = measure.wrap(phrase, w - 20)
    c.rect(x, y, w, h, f"{role}-wash", role, corner=16)
    first = y + h / 2 - LINE * len(lines) / 2 + 5.5
    c.text(x + w / 2, first, name, anchor="middle", mono=True, bold=True)
    c.text(x + w / 2, first + LINE, lines, anchor="middle")


PARSER = "common/http/request.c"
# state: the byte that leads to the one below it, and what is read in it, say
DOWN = {
    "START": ("any other", ""),
    "METHOD": ("SP", "GET"),
    "TARGET": ("SP", "/hello"),
    "VERSION": ("the 8th byte", "HTTP/1.1"),
    "LINE_END": ("CR", ""),
    "LINE_LF": ("LF", ""),
    "FIELD": ("any other", ""),
    "NAME": ("colon", "Host"),
    "SPACE": ("no space", ""),
    "VALUE": ("CR", "localhost"),
    "FIELD_LF": ("", ""),
    "LAST_LF": ("LF", ""),
    "DONE": ("", ""),
}
ASIDE = {
    ("START", "START_LF"),
    ("START_LF", "START"),
    ("FIELD", "LAST_LF"),
    ("FIELD_LF", "FIELD"),
}


def parser() -> Canvas:
    states = sources.enum(PARSER, "state")
    column = list(DOWN)
    sources.same(f"states of {PARSER}", {*column, "START_LF"}, set(states))
    arrows = {(one, other) for one, other in zip(column, column[1:]) if DOWN[one][0]}
    sources.same(
        f"arrows of {PARSER}",
        {f"{one} to {other}" for one, other in arrows | ASIDE},
        {f"{one} to {other}" for one, other in sources.switch(PARSER, set(states))},
    )
    sources.need(PARSER, "http_judge_head")
    c = Canvas(
        "parser",
        "The states of the parser",
        """START, METHOD, TARGET, VERSION, LINE_END and LINE_LF read the request line. FIELD,
        NAME, SPACE, VALUE and FIELD_LF read a field line, and go back to FIELD for the
        next. A line end in FIELD is the empty line: LAST_LF, and DONE.""",
    )
    x, w, h, gap = 124, 118, 36, 28
    top = {state: 84 + place * (h + gap) for place, state in enumerate(column)}
    for state in column:
        y = top[state]
        byte, example = DOWN[state]
        role = "leaf" if state == "DONE" else "sea"
        c.box(
            x,
            y,
            w,
            h,
            state,
            "ink",
            f"{role}-wash",
            role,
            mono=True,
            bold=True,
            corner=14,
        )
        phrase = states[state] or "whole, and judged"
        lines = measure.wrap(phrase, WIDTH - MARGIN - 286)
        c.text(286, y + 23.5 - (LINE / 2) * (len(lines) - 1), lines, "soft")
        if example:
            c.text(100, y + 23.5, example, "packet", anchor="end", mono=True)
        if byte:
            c.arrow([(x + 34, y + h), (x + 34, y + h + gap)], "ink", "thick")
            c.text(x + 48, y + h + 20, byte, bold=True)
    c.box(MARGIN, 84, 86, h, "START_LF", "ink", "sea-wash", "sea", mono=True, corner=14)
    c.arrow([(x, 94), (MARGIN + 86, 94)], "ink")
    c.arrow([(MARGIN + 86, 110), (x, 110)], "ink")
    c.text(MARGIN, 70, "CR, and back by LF", "ink", bold=True)
    back, skip = 110, x + w + 24
    below, field = top["FIELD_LF"] + 18, top["FIELD"] + 18
    c.arrow([(x, below), (back, below), (back, field), (x, field)], "leaf", "thick")
    c.label(back - 8, field + 32, "LF", "leaf", anchor="end", bold=True)
    last = top["LAST_LF"] + 18
    c.arrow(
        [(x + w, field), (skip, field), (skip, last), (x + w, last)], "ink", "thick"
    )
    c.label(skip, last - 32, "CR", bold=True)
    c.text(
        MARGIN,
        c.bottom + 30,
        [
            "Where CR leads on, LF alone does too. A byte that may",
            "not stand there: 400. Any state can be the one in",
            "which the input so far ends.",
        ],
        "soft",
    )
    return c
