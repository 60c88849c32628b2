"""Copies are found however they are dressed; work of one's own is not."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from coursework import blank, csource, homework, similarity, similarity_page
from coursework.class_table import Class, Entry
from coursework.homework import find_step
from coursework.sandbox_kit import described
from coursework.sandbox_unpack import SOURCE
from coursework.similarity import Work, against, among, work_of

STEP = find_step("03")

# The homework of step 03 by somebody who has not seen the reference.
OWN = {
    "serve_in_child": """
    switch (workers_fork()) {
    case -1:
        log_error("no child for this client: %s", strerror(errno));
        break;
    case 0:
        (void)close(listener);
        serve(fd, address, timeout);
        _exit(0);
    default:
        break;
    }
    (void)close(fd);
""",
    "workers_fork": """
    sigset_t old;
    pid_t made;

    hold_signals(&old);
    made = fork();
    if (made < 0)
        goto out;
    if (made == 0) {
        children_count = 0;
        children_max = 0;
        goto out;
    }
    for (long k = children_max; k-- > 0;)
        if (!children[k]) {
            children[k] = made;
            break;
        }
    children_count += 1;
out:
    release_signals(&old);
    return made;
""",
    "reap_children": """
    const int kept = errno;

    (void)number;
    for (;;) {
        int how;
        const pid_t gone = waitpid((pid_t)-1, &how, WNOHANG);
        long k = 0;

        if (gone <= 0)
            break;
        while (k < children_max && children[k] != gone)
            ++k;
        if (k == children_max)
            continue;
        --children_count;
        children[k] = 0;
    }
    errno = kept;
""",
    "workers_wait_for_room": """
    bool room = false;
    sigset_t old;

    hold_signals(&old);
    for (room = children_count < children_max; !room; ) {
        if (stop_asked())
            break;
        (void)sigsuspend(&old);
        room = children_count < children_max;
    }
    release_signals(&old);
    return room ? !stop_asked() : false;
""",
    "read_head": """
    const uint64_t until = timeout + clock_now();
    size_t have = 0;

    http_request_init(request);
    do {
        const uint64_t t = clock_now();
        ssize_t got;
        long said;

        if (stop_asked())
            return 0;
        if (t >= until)
            break;
        blocking_limit(fd, SO_RCVTIMEO, until - t);
        got = recv(fd, &head[have], HTTP_HEAD_MAX - have, 0);
        if (got == 0)
            return 0;
        if (got < 0 && errno != EAGAIN && errno != EINTR && errno != EWOULDBLOCK)
            return 0;
        have += got > 0 ? (size_t)got : 0;
        said = http_request_parse(request, head, have);
        if (said)
            return said;
    } while (have < HTTP_HEAD_MAX);
    return have ? -408 : 0;
""",
    "workers_stop": """
    const uint64_t give_up = ms + clock_now();
    int what = SIGTERM;
    sigset_t old;

    hold_signals(&old);
    do {
        for (long k = 0; k != children_max; ++k)
            if (children[k])
                (void)kill(children[k], what);
        while (children_count && (what == SIGKILL || clock_now() < give_up))
            (void)sigsuspend(&old);
        what = SIGKILL;
    } while (children_count);
    release_signals(&old);
""",
}


def texts(step: Path = STEP) -> dict[str, str]:
    return {path.name: path.read_text() for path in step.glob("*.c")}


def starter() -> dict[str, str]:
    files = blank.starter(homework.read(STEP))
    return {name: text for name, text in files.items() if name.endswith(".c")}


def filled(bodies: dict[str, str]) -> dict[str, str]:
    """The starter with these bodies written."""
    files = starter()
    for name, text in files.items():
        for function in reversed(list(csource.functions(text).values())):
            if function.name in bodies:
                start, end = function.body_start, function.body_end
                text = text[:start] + bodies[function.name].lstrip("\n") + text[end:]
        files[name] = text
    return files


def dressed(files: dict[str, str]) -> dict[str, str]:
    """The same with other names, order, layout and comments."""
    found = {}
    for name, text in files.items():
        functions = list(csource.functions(text).values())
        head = text[: functions[0].start]
        parts = [text[f.start : f.end] for f in functions]
        text = head + "".join(reversed(parts))
        own = {f.name for f in functions} | set(csource.variables(text))
        own |= {"before", "place", "pid", "saved", "result", "now", "end", "len"}
        for at, word in enumerate(sorted(own)):
            text = re.sub(rf"\b{word}\b", f"my_{at}", text)
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        shaped = []
        for line in lines:
            shaped.append(line if line.startswith("#") else "\t" + line + " // mine")
        found["my_" + name] = "\n".join(shaped).replace("{", "\n{\n").replace(" (", "(")
    return found


def given() -> list[Work]:
    return [work_of("the starter", starter())]


def test_the_same_in_other_clothes_is_found() -> None:
    copy = dressed(texts())
    assert "my_" in copy["my_workers.c"] and "waitpid" in copy["my_workers.c"]
    pairs = among([work_of("ann", texts()), work_of("bob", copy)], given())
    assert len(pairs) == 1
    assert pairs[0].share > 0.8 and pairs[0].tokens > 300


def test_a_solution_of_ones_own_is_not() -> None:
    own, reference = work_of("own", filled(OWN)), work_of("reference", texts())
    assert len(own.tokens) > 1000 and "NOT_WRITTEN" not in str(filled(OWN))
    assert among([own, reference], given()) == []
    assert against(reference, [own], given()) == []


def test_the_reference_is_recognized() -> None:
    works = [work_of("own", filled(OWN)), work_of("copy", dressed(texts()))]
    pairs = against(work_of("reference", texts()), works, given())
    assert [(pair.one.name, pair.other.name) for pair in pairs] == [
        ("copy", "reference")
    ]


def test_what_the_starter_gives_does_not_count() -> None:
    works = [work_of("ann", starter()), work_of("bob", starter())]
    assert among(works, given()) == []
    pairs = among(works)
    assert len(pairs) == 1 and pairs[0].share == 1.0, "without a starter it does"


def test_one_function_of_many_is_found_and_shown() -> None:
    mine = dict(OWN)
    reference = csource.functions(texts()["workers.c"])["workers_stop"]
    body = texts()["workers.c"][reference.body_start : reference.body_end]
    mine["workers_stop"] = mine["reap_children"] = body
    other = dict(OWN, workers_stop=body)
    other["workers_fork"] = "    return -1;\n" * 3
    for name in ("serve_in_child", "read_head", "workers_wait_for_room"):
        other[name] = mine[name] = "    (void)name;\n"
    ann, bob = work_of("ann", filled(mine)), work_of("bob", filled(other))
    pairs = among([ann, bob], given())
    assert len(pairs) == 1 and 0.25 <= pairs[0].share <= 1
    text = filled(mine)["workers.c"].split("\n")
    wanted = next(
        n
        for n, line in enumerate(text, 1)
        if "kill" in line or "signal_children(SIGTERM)" in line
    )
    file = [name for name, _ in ann.files].index("workers.c")
    assert any(
        b.one[0] == file and b.one[1] <= wanted <= b.one[2] for b in pairs[0].blocks
    )


def test_what_everybody_has_tells_of_nobody() -> None:
    """But that all have copied the reference is told."""
    works = [work_of(f"student {n}", texts()) for n in range(similarity.MANY + 2)]
    assert among(works, given()) == []
    assert len(against(work_of("reference", texts()), works, given())) == len(works)


@pytest.mark.parametrize("part", ["a;", "(", "f(", '"', "/*", "x", "\\\n", "1", "f(){"])
def test_no_text_takes_long(part: str) -> None:
    text = part * (SOURCE // len(part))
    began = time.monotonic()
    works = [work_of(name, {"main.c": text}) for name in ("ann", "bob")]
    among(works)
    assert time.monotonic() - began < 20
    assert len(works[0].tokens) <= similarity.MOST


def test_the_report(tmp_path: Path) -> None:
    """Names and code are text, whatever they say."""
    entries = []
    evil = "<script>alert(1)</script>"
    for name, files in ((evil, texts()), ("bob", dressed(texts()))):
        entry = Entry(name)
        sources = tmp_path / "submissions" / entry.slug / "sources"
        sources.mkdir(parents=True)
        for file, text in files.items():
            (sources / file).write_text(text + f"// {evil}\n")
        entries.append(entry)
    section = similarity_page.write(
        Class(STEP.name, "1", entries), described("03"), tmp_path
    )
    listed = json.loads((tmp_path / "similarity.json").read_text())["pairs"]
    assert len(listed) == 3, "two with the reference, one with each other"
    assert {row["one"] for row in listed} == {evil, "bob"}
    pages = [(tmp_path / row["page"]).read_text() for row in listed]
    for page in [*pages, "\n".join(section)]:
        assert "<script" not in page and "&lt;script&gt;" in page
    assert 'id="one-1"' in pages[2] and 'href="#other-1"' in pages[2]
    assert 'class="given"' in pages[2]
