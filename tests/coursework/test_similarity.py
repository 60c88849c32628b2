"""Who has copied is found, whatever was renamed; who has not is left alone."""

from __future__ import annotations

import re

from coursework import blank, csource, homework, similarity

STEP = homework.find_step("03")
OWN = """
#include "workers.h"
struct slot { pid_t who; struct slot *next; };
static struct slot *busy, *idle;
static unsigned used, allowed;

static void
collect(int unused)
{
    int before = errno, status;
    for (;;) {
        pid_t gone = waitpid((pid_t)-1, &status, WNOHANG);
        if (gone == 0 || (gone < 0 && errno != EINTR))
            break;
        for (struct slot **link = &busy; *link; link = &(*link)->next)
            if ((*link)->who == gone) {
                struct slot *freed = *link;
                *link = freed->next;
                freed->next = idle;
                idle = freed;
                used -= 1;
                break;
            }
    }
    errno = before;
    (void)unused;
}

pid_t
workers_fork(void)
{
    sigset_t chld, old;
    struct slot *mine = idle;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &chld, &old) != 0)
        return -1;
    mine->who = fork();
    switch (mine->who) {
    case -1:
        break;
    case 0:
        busy = NULL;
        used = 0;
        break;
    default:
        idle = mine->next;
        mine->next = busy;
        busy = mine;
        ++used;
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    return mine->who;
}
"""


def files() -> dict[str, str]:
    return {path.name: path.read_text() for path in STEP.glob("*.c")}


def starter() -> list[similarity.Work]:
    texts = blank.starter(homework.read(STEP))
    return [similarity.work_of("the starter", texts)]


def disguised(text: str) -> str:
    """Other names, other comments, other layout, functions in reverse order."""
    parts = list(csource.functions(text).values())
    head = text[: parts[0].start]
    bodies = [text[f.start : f.end] for f in reversed(parts)]
    text = head + "\n".join(bodies)
    text = re.sub(r"/\*.*?\*/", "// mine", text, flags=re.S)
    for name in ("pid", "place", "before", "children", "children_count", "saved"):
        text = re.sub(rf"\b{name}\b", f"my_{name[::-1]}", text)
    return text.replace("    ", "\t").replace(" {\n", "\n{\n")


def test_a_disguised_copy_is_found() -> None:
    copied = {name: disguised(text) for name, text in files().items()}
    one = similarity.work_of("ada", files())
    other = similarity.work_of("eve", copied)
    pairs = similarity.among([one, other], starter())
    assert [{p.one.name, p.other.name} for p in pairs] == [{"ada", "eve"}]
    assert pairs[0].share > 0.8


def test_own_work_is_left_alone() -> None:
    own = {**blank.starter(homework.read(STEP)), "workers.c": OWN}
    works = [similarity.work_of("ada", files()), similarity.work_of("bob", own)]
    assert similarity.among(works, starter()) == []
    reference = similarity.work_of("the reference", files())
    found = similarity.against(reference, works[1:], starter())
    assert found == []


def test_what_the_starter_gives_does_not_count() -> None:
    texts = blank.starter(homework.read(STEP))
    works = [similarity.work_of(name, texts) for name in ("ada", "bob")]
    assert similarity.among(works, starter()) == []
    assert similarity.among(works)[0].share == 1.0
