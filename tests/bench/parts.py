"""What is measured: parts of a run, which `make bench PARTS="kept many"` selects."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .loads import Load

SLOW = ("apache",)  # with more threads than a core likes; not in QUICK=1
PEERS = ("nginx", "lighttpd", "apache", "h2o")
HELLO, SMALL = "/hello", "/1k.txt"
SIZES = {"/1k.txt": 1024, "/100k.bin": 100 * 1024, "/10m.bin": 10 << 20}
CONNECTIONS = (1, 4, 16, 64, 256, 900)
SILENT = (0, 1, 10, 100)


@dataclass(frozen=True)
class Part:
    name: str
    title: str
    load: Load
    servers: tuple[str, ...]
    base: str = "nginx"  # whose throughput is 1
    logs: bool = False
    silent: int = 0  # clients that say nothing meanwhile
    point: int = 0  # where it stands in a picture
    brief: bool = True  # in QUICK=1 too

    @property
    def key(self) -> str:
        return f"{self.name} {self.point}" if self.series else self.name

    @property
    def series(self) -> bool:
        return self.name in ("connections", "silent")


def wrk(target: str, connections: int, **more: object) -> Load:
    return Load("wrk", target, connections, **more)  # type: ignore[arg-type]


def own(target: str, connections: int, **more: object) -> Load:
    return Load("load", target, connections, **more)  # type: ignore[arg-type]


KEPT = wrk(SMALL, 64)
FILES = ("06", "floor", *PEERS)
TLS = ("07", *PEERS)
NEW_STEPS = ("02", "03", "04")
DEEP = ("06", "floor", "nginx-nopush-off", *PEERS)

SINGLE = [
    Part("new-hello", "/hello, a new connection each", own(HELLO, 16, new=True),
         (*NEW_STEPS, "05", "floor", "nginx")),
    Part("kept-hello", "/hello kept alive, 64 connections", wrk(HELLO, 64),
         ("05", "floor", "nginx")),
    Part("new", "1 KiB, a new connection each", own(SMALL, 16, new=True), FILES),
    Part("kept", "1 KiB kept alive, 64 connections", KEPT, FILES),
    Part("one", "1 KiB kept alive, one connection", wrk(SMALL, 1), FILES,
         brief=False),
    Part("many", "1 KiB kept alive, 900 connections", wrk(SMALL, 900), FILES,
         brief=False),
    Part("100k", "100 KiB kept alive, 16 connections", wrk("/100k.bin", 16), FILES,
         brief=False),
    Part("10m", "10 MiB kept alive, 4 connections", wrk("/10m.bin", 4), FILES),
    Part("pipelined", "1 KiB pipelined 16 deep, 16 connections",
         wrk(SMALL, 16, deep=16), DEEP, base="nginx-nopush-off"),
    Part("https-kept", "1 KiB over HTTPS kept alive, 64 connections",
         wrk(SMALL, 64, tls=True), TLS),
    Part("https-new", "1 KiB over HTTPS, a new session each",
         own(SMALL, 16, new=True, tls=True), TLS),
    Part("https-resumed", "1 KiB over HTTPS, resumed sessions",
         own(SMALL, 16, new=True, tls=True, resume=True), TLS),
    Part("logs", "1 KiB kept alive, 64 connections, access logs on", KEPT,
         ("06", *PEERS), logs=True, brief=False),
    Part("witness", "1 KiB kept alive, 64 connections, by h2load",
         Load("h2load", SMALL, 64), ("06", *PEERS), brief=False),
]  # fmt: skip


def connections(points: tuple[int, ...]) -> list[Part]:
    """Throughput of each step, in the way that it can: 02 to 04 with a new
    connection for each request."""
    out = []
    for point in points:
        title, brief = f"{point} connections at the same time", point in (16, 256)
        once = Part("connections", title, own(HELLO, point, new=True), NEW_STEPS,
                    point=point, brief=brief)  # fmt: skip
        hello = replace(once, load=wrk(HELLO, point), servers=("05",))
        kept = replace(once, load=wrk(SMALL, point), servers=("06", "floor", "nginx"))
        tls = replace(once, load=wrk(SMALL, point, tls=True), servers=("07",))
        out += [once, hello, kept, tls]
    return out


def silent(points: tuple[int, ...]) -> list[Part]:
    """The same few clients, while others are connected and say nothing."""
    return [
        Part("silent", f"/hello, a new connection each, beside {point} silent clients",
             own(HELLO, 4, new=True), (*NEW_STEPS, "05", "06", "nginx"),
             silent=point, point=point, brief=point != 10)
        for point in points
    ]  # fmt: skip


PARTS = [*SINGLE, *connections(CONNECTIONS), *silent(SILENT)]
OTHERS = ("memory", "start", "calls")
NAMES = [*dict.fromkeys(part.name for part in PARTS), *OTHERS]


def chosen(names: list[str], quick: bool) -> list[Part]:
    """Parts of these names, all of them where none is given."""
    for name in names:
        if name not in NAMES:
            raise KeyError(f"there is no part {name}; there are {' '.join(NAMES)}")
    return [
        replace(part, servers=tuple(s for s in part.servers if s not in SLOW * quick))
        for part in PARTS
        if part.name in (names or NAMES) and (part.brief or names or not quick)
    ]
