"""What a process has and where it waits: fork(), select(), and states instead."""

from __future__ import annotations

from typing import List, Tuple

from . import sources
from .canvas import LINE, MARGIN, WIDTH, Canvas

STEP_03 = "steps/03-fork/main.c"
STEP_04 = "steps/04-select/main.c"


def fork() -> Canvas:
    sources.need(STEP_03, "serve_in_child", "serve", "workers_fork", "close")
    c = Canvas(
        "fork",
        "After fork(): two tables, the same open files",
        """The parent has a child for each client. Parent and child each have a table of
        descriptors, and both tables point to the same open files. The child closes the
        listening socket and the parent closes the connection, which ends only when its
        last descriptor is closed.""",
    )
    c.box(170, 48, 180, 34, "server, the parent", "ink", "leaf-wash", "leaf", bold=True)
    children = [(30, "child for A"), (195, "child for B"), (360, "child for C")]
    for x, name in children:
        c.arrow([(260, 82), (260, 100), (x + 65, 100), (x + 65, 122)])
        here = name.endswith("A")
        c.box(
            x, 122, 130, 34, name, "ink", "sea-wash" if here else "raised",
            "sea" if here else "line", bold=here,
        )  # fmt: skip
    c.label(260, 100, "fork()", mono=True)
    c.text(MARGIN, 196, "parent’s table", "leaf", bold=True)
    c.text(WIDTH - MARGIN, 196, "table of child A", "sea", anchor="end", bold=True)
    c.text(WIDTH / 2, 196, "kernel", "soft", anchor="middle", bold=True)
    c.rect(194, 206, 132, 258, "stone", "line", corner=8)
    rows = [
        (214, "0 1 2", "terminal", "", ""),
        (304, "listener", "listening\nsocket", "", "child"),
        (394, "fd", "connection\nto A", "parent", ""),
    ]
    for y, name, thing, by_parent, by_child in rows:
        c.box(204, y, 112, 60, thing.split("\n"), corner=16)
        for x, start, end, role, closed in (
            (MARGIN, 122, 202, "leaf", by_parent),
            (398, 398, 318, "sea", by_child),
        ):
            c.box(
                x, y + 13, 108, 34, name, "soft" if closed else "ink",
                "stone" if closed else f"{role}-wash",
                "line" if closed else role, "dash" if closed else "", mono=True,
            )  # fmt: skip
            color, form = ("packet", "dash") if closed else ("ink", "thick")
            c.arrow([(start, y + 30), (end, y + 30)], color, form)
            if closed:
                c.cross((start + end) / 2, y + 30)
                edge = x if x < 200 else WIDTH - MARGIN
                anchor = "start" if x < 200 else "end"
                words = f"close({name})"
                c.text(edge, y + 68, words, "packet", anchor=anchor, mono=True)
    c.text(
        MARGIN,
        504,
        [
            "Each cross is a close(). A connection ends when its",
            "last descriptor is closed: a parent that keeps its own",
            "has one more for each client, until it may have none.",
        ],
    )
    return c


def select() -> Canvas:
    place = "common/io/loop.c"
    sources.need(
        place, "select", "loop_ready", "call_due_timers", "time_left", "select_wait"
    )
    sources.found(
        r"(select\(ready\.end, &ready\.readable, &ready\.writable, NULL,)", place
    )
    c = Canvas(
        "select",
        "One round of the loop",
        """The loop keeps two sets: descriptors that somebody wants to read, and those that
        somebody wants to write; the third, for exceptions, is NULL. select() gets copies
        and a time limit, sleeps, and leaves in the copies only what is ready. Then the
        callbacks of those run, then the timers that are due, and the next round begins.""",
    )
    fds = [
        ("3", "stop"),
        ("4", ""),
        ("5", "listen"),
        ("6", "A"),
        ("7", "B"),
        ("8", "C"),
    ]
    before = [("readable", "3 5 6 8"), ("writable", "7"), ("except", "")]
    after = [("readable", "6"), ("writable", "7"), ("except", "")]
    left, cell = 132, 56

    def table(y: float, rows: List[Tuple[str, str]], color: str) -> None:
        for number, (name, members) in enumerate(rows):
            at = y + number * 36
            c.text(122, at + 20.5, name, anchor="end", mono=True)
            if name == "except":
                c.box(
                    left,
                    at,
                    6 * cell - 4,
                    30,
                    "NULL",
                    "soft",
                    "paper",
                    "line",
                    "dash",
                    mono=True,
                )
                continue
            for column, (fd, _) in enumerate(fds):
                full = fd in members.split()
                c.box(
                    left + column * cell, at, cell - 4, 30, fd if full else "·",
                    color if full else "soft", f"{color}-wash" if full else "paper",
                    color if full else "line", bold=full,
                )  # fmt: skip

    c.badge(28, 60, "1", "ink")
    c.text(50, 65.5, "What is waited for")
    for column, (_, who) in enumerate(fds):
        c.text(left + column * cell + 26, 92, who, "soft", anchor="middle")
    table(100, before, "sea")
    c.text(MARGIN + 36, 232, "and until when: the earliest timer, B’s, in 4.2 s", "sea")
    c.arrow([(280, 240), (280, 262)], "ink")
    c.text(292, 257, "copies", "soft")
    c.badge(28, 290, "2", "packet")
    c.waits(
        50,
        266,
        440,
        48,
        ["select(9, copies, limit 4.2 s)", "waits: the only place that does"],
    )
    c.arrow([(280, 316), (280, 340)], "ink")
    c.badge(28, 356, "3", "ink")
    c.text(50, 361.5, "What is ready: all else has been cleared")
    table(376, after, "packet")
    c.arrow([(280, 484), (280, 508)], "ink")
    c.badge(28, 530, "4", "leaf")
    c.box(
        50,
        512,
        440,
        36,
        "6: read what A sent.  7: write to B.",
        "ink",
        "leaf-wash",
        "leaf",
    )
    c.arrow([(280, 548), (280, 570)], "ink")
    c.badge(28, 592, "5", "leaf")
    c.box(
        50,
        574,
        440,
        36,
        "timers that are due: time is up for them",
        "ink",
        "leaf-wash",
        "leaf",
    )
    c.arrow([(490, 592), (507, 592), (507, 60), (250, 60)], "ink", "thick")
    c.text(
        MARGIN,
        642,
        [
            "9 is one more than the highest descriptor.",
            "No timer: the limit is NULL, and it may sleep for ever.",
        ],
        "soft",
    )
    return c


def inside_out() -> Canvas:
    sources.need(STEP_03, "read_head", "serve", "read", "pages_answer")
    sources.need(STEP_03, "net_send_all", "blocking_hang_up")
    sources.need("common/io/net.c", "write")
    sources.need("common/io/blocking.c", "read")
    sources.need(STEP_04, "receive", "answer", "sent", "wants")
    sources.found(r"(TRANSPORT_LINGERING,)", "common/io/transport.h")
    states = sources.found(r"struct conversation \{\s*enum \{(.*?)\} state;", STEP_04)
    names = [line.split(",")[0].strip() for line in states.strip().split("\n")]
    sources.same("step 04's states", {"READING", "SENDING", "ENDED"}, set(names))
    c = Canvas(
        "inside-out",
        "Where 03 waits, 04 has a state",
        """On the left step 03's serve(): it waits in read() for the head, in write() for
        room, and in read() again for the client to close. On the right step 04: each
        wait has become a state, and each piece of code between two waits a function
        that the loop calls and that returns at once.""",
    )
    c.text(MARGIN, 64, "03: the place in the code", "sea", bold=True)
    c.text(WIDTH - MARGIN, 64, "04: a state", "leaf", anchor="end", bold=True)
    x, w = MARGIN, 240
    c.rect(x, 78, w, 508, "raised", "sea", corner=8)
    c.text(x + 12, 104, "serve(fd)", mono=True, bold=True)

    def calls(y: float, lines: List[str]) -> None:
        for number, line in enumerate(lines):
            inward = 9.6 * (len(line) - len(line.lstrip()))
            c.text(x + 12 + inward, y + LINE * number, line.lstrip(), mono=True)

    def waits(y: float, words: str, state: str, note: str) -> None:
        c.waits(x + 36, y, 176, 48, [words, "waits"])
        c.arrow([(x + 212, y + 24), (318, y + 24)], "packet", "dash")
        c.rect(318, y - 18, 188, 84, "leaf-wash", "leaf", corner=22)
        c.text(412, y + 15, state, anchor="middle", mono=True, bold=True)
        c.text(412, y + 40, note, "ink", anchor="middle")

    def between(y: float, words: str, h: float) -> None:
        c.arrow([(412, y), (412, y + h)], "ink", "thick")
        c.label(412, y + h / 2 - 4, words, mono=True)

    calls(132, ["  read_head()", "    until it is whole:"])
    waits(166, "read()", "READING", "bytes are welcome")
    between(234, "answer()", 84)
    calls(248, ["  pages_answer()", "  net_send_all()", "    until all is sent:"])
    waits(338, "write()", "SENDING", "room is welcome")
    between(406, "sent()", 52)
    calls(420, ["  blocking_hang_up()", "    until the end:"])
    waits(478, "read()", "ENDED", "transport lingers")
    c.text(
        MARGIN,
        618,
        [
            "A waiting process keeps its place on its stack: one",
            "process a client. A state is a number in a struct:",
            "one process for all clients.",
        ],
    )
    return c
