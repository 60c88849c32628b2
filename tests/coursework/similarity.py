"""Finds submissions that share code: with one another, and with the reference.

Winnowing, as MOSS does it (Schleimer, Wilkerson, Aiken: "Winnowing: Local
Algorithms for Document Fingerprinting", SIGMOD 2003). Sources become tokens in
which a work's own names are all one, and literals too, so that renaming, layout
and comments change nothing; every run of K tokens is hashed, and of each window
of hashes the least is kept. Works that share enough of these are compared token
by token. Order does not matter: functions may have moved.

What the starter gives does not count, and among students neither what many have:
that is the lesson's own idea. A share is no proof. It says where to look.

Of the tools that distributions package, similarity-tester (sim_c) works offline
as this does, but it cannot leave out a starter, and only Debian and Ubuntu have
it; MOSS sends students' work to somebody else.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from typing import Iterable, Mapping, Optional, Sequence
from zlib import crc32

K = 14  # tokens of a fingerprint: shorter ones are idioms
WINDOW = 8  # so every shared run of K + WINDOW - 1 tokens is seen
MANY = 9  # works that have it; then it is everybody's
SHARE = 0.25  # from here on a pair is worth a look
LEAST = 40  # tokens shared
PAIRS = 200  # that are kept
MOST = 20_000  # tokens of one work that are looked at
PLACES = 8  # of the same run in a work, of which the longest match is sought

TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?(?:\*/|\Z)|\\\n)
    |(?P<include>^[ \t]*\#[ \t]*(?:include|pragma)\b[^\n]*)
    |(?P<literal>L?"(?:\\.|[^"\\\n])*"?|L?'(?:\\.|[^'\\\n])*'?|\.?\d(?:[eEpP][+-]|[\w.])*)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign>->|\+\+|--|<<=?|>>=?|[-+*/%&|^<>=!]=|&&|\|\||\.\.\.|.)""",
    re.X | re.S | re.M,
)
KEYWORDS = frozenset(
    """auto break case char const continue default do double else enum extern
    float for goto if inline int long register return short signed sizeof static
    struct switch typedef union unsigned void volatile while define undef ifdef
    ifndef endif""".split()
)


@dataclass(frozen=True)
class Token:
    """A normalized token, and where it stands."""

    text: str
    file: int
    line: int


@dataclass
class Work:
    """One submission's sources, ready to be compared."""

    name: str
    files: list[tuple[str, str]]  # names and texts
    tokens: list[Token] = field(default_factory=list)
    grams: list[int] = field(default_factory=list)  # of the runs from each token on
    prints: set[int] = field(default_factory=set)  # those that winnowing keeps


@dataclass(frozen=True)
class Block:
    """Lines that both have: the file's number, the first line, the last."""

    one: tuple[int, int, int]
    other: tuple[int, int, int]


@dataclass
class Pair:
    """Two works and what they share."""

    one: Work
    other: Work
    share: float  # of what counts in the one that has less of it
    tokens: int
    blocks: list[Block] = field(default_factory=list)


# ---- From text to fingerprints ---------------------------------------------


def tokens_of(files: Iterable[tuple[str, str]]) -> list[Token]:
    """Normalized: names of a work's own are all one. What it calls and does not
    define (waitpid, http_request_parse) cannot be renamed, and stays."""
    raw: list[tuple[str, Token]] = []
    for number, (_, text) in enumerate(files):
        line, start = 1, 0
        for match in TOKEN.finditer(text):
            line += text.count("\n", start, match.start())
            start = match.start()
            kind = match.lastgroup or ""
            if len(raw) == MOST:
                break
            if kind in ("word", "literal", "sign"):
                raw.append((kind, Token(match[0], number, line)))
    own = _defined([token for _, token in raw])
    found = []
    for at, (kind, token) in enumerate(raw):
        text = token.text
        if kind == "literal":
            text = "literal"
        elif kind == "word" and text not in KEYWORDS:
            called = at + 1 < len(raw) and raw[at + 1][1].text == "("
            text = text if called and text not in own else "name"
        found.append(Token(text, token.file, token.line))
    return found


def _defined(tokens: list[Token]) -> set[str]:
    """The words before (...) and {: its functions."""
    found = set()
    opened: list[int] = []
    for at, token in enumerate(tokens):
        if token.text == "(":
            opened.append(at)
        elif token.text == ")" and opened:
            before = opened.pop() - 1
            if tokens[at + 1 : at + 2] and tokens[at + 1].text == "{" and before >= 0:
                found.add(tokens[before].text)
    return found


def work_of(name: str, files: Mapping[str, str]) -> Work:
    work = Work(name, sorted(files.items()))
    work.tokens = tokens_of(work.files)
    texts = [token.text for token in work.tokens]
    for at in range(len(texts) - K + 1):
        whole = work.tokens[at].file == work.tokens[at + K - 1].file
        # Over the end of a file there is no run: a hash that nobody else has.
        made = " ".join(texts[at : at + K]) if whole else f"{name}\0{at}"
        work.grams.append(crc32(made.encode("utf-8", "replace")))
    work.prints = winnow(work.grams)
    return work


def winnow(grams: list[int]) -> set[int]:
    """The least hash of each window."""
    if len(grams) <= WINDOW:
        return {min(grams)} if grams else set()
    return {min(grams[at : at + WINDOW]) for at in range(len(grams) - WINDOW + 1)}


# ---- Comparing -------------------------------------------------------------


def among(works: Sequence[Work], given: Iterable[Work] = ()) -> list[Pair]:
    """The pairs of works that share enough, the nearest first. given: what does
    not count, such as the starter."""
    common = _grams(given) | _everybodys(works)
    pairs = (compare(one, other, common) for one, other in combinations(works, 2))
    return _nearest(pair for pair in pairs if pair)


def against(
    reference: Work, works: Iterable[Work], given: Iterable[Work] = ()
) -> list[Pair]:
    """The works that share enough with a published solution, however many."""
    common = _grams(given)
    pairs = (compare(work, reference, common) for work in works)
    return _nearest(pair for pair in pairs if pair)


def _nearest(pairs: Iterable[Pair]) -> list[Pair]:
    def rank(pair: Pair) -> tuple[float, int, str, str]:
        return -pair.share, -pair.tokens, pair.one.name, pair.other.name

    found = sorted(pairs, key=rank)[:PAIRS]
    for pair in found:
        pair.blocks = _blocks(pair.one, pair.other)
    return found


def _grams(works: Iterable[Work]) -> set[int]:
    return {gram for work in works for gram in work.grams}


def _everybodys(works: Sequence[Work]) -> set[int]:
    """Runs that so many have that they tell nothing of any two."""
    count = Counter(gram for work in works for gram in set(work.grams))
    most = max(MANY, len(works) // 2)
    return {gram for gram, times in count.items() if times > most}


def compare(one: Work, other: Work, common: set[int]) -> Optional[Pair]:
    """What both have, of what counts; None where that is not worth a look."""
    first, second = one.prints - common, other.prints - common
    least = min(len(first), len(second))
    if not least or len(first & second) < SHARE / 2 * least:
        return None
    shared = (set(one.grams) & set(other.grams)) - common
    ways = []
    for work in (one, other):
        counts = [not given for given in covered(work, common)]
        hits = [hit and c for hit, c in zip(covered(work, shared), counts)]
        ways.append((sum(hits), sum(counts)))
    tokens = min(hits for hits, _ in ways)
    size = min(counts for _, counts in ways)
    share = min(1.0, tokens / size) if size else 0.0
    if tokens < LEAST or share < SHARE:
        return None
    return Pair(one, other, round(share, 3), tokens)


def covered(work: Work, runs: set[int]) -> list[bool]:
    """Which tokens lie in one of these runs."""
    found = [False] * len(work.tokens)
    until = 0
    for at, gram in enumerate(work.grams):
        if gram in runs:
            for token in range(max(at, until), at + K):
                found[token] = True
            until = at + K
    return found


def _blocks(one: Work, other: Work) -> list[Block]:
    """The longest runs that both have, from the beginning of `one` on."""
    where: dict[int, list[int]] = defaultdict(list)
    for at, gram in enumerate(other.grams):
        if len(where[gram]) < PLACES:
            where[gram].append(at)
    blocks = []
    at = 0
    while at < len(one.grams):
        runs = [(_run(one, at, other, to), -to) for to in where[one.grams[at]]]
        length, to = max(runs, default=(0, 0))
        if length >= K:
            blocks.append(Block(_lines(one, at, length), _lines(other, -to, length)))
        at += max(1, length)
    return blocks


def _run(one: Work, at: int, other: Work, to: int) -> int:
    """How many tokens are the same from here on, within a file."""
    length = 0
    first, second = one.tokens, other.tokens
    while at + length < len(first) and to + length < len(second):
        a, b = first[at + length], second[to + length]
        if a.text != b.text or a.file != first[at].file or b.file != second[to].file:
            break
        length += 1
    return length


def _lines(work: Work, at: int, length: int) -> tuple[int, int, int]:
    first, last = work.tokens[at], work.tokens[at + length - 1]
    return first.file, first.line, last.line
