"""Instructions and system calls of a request: what a change costs, told without a
clock. Each step has a short conversation and a longer one with a client that waits
for every answer; the difference, divided by the requests between them, is kept in
cost.json.

Instructions depend on the compiler and the libc, and are compared only where those
are the same; callgrind's processor has none of the newer one's special instructions
to choose from (PLAIN). OpenSSL's are not counted: they depend on the processor. What
the system does is not counted either: it is in the number of calls."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import socket
import ssl
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator

from grader import ends, proc
from grader.observe import observe

from . import calls, machine
from .parts import HELLO, SMALL
from .run import make_site
from .servers import STEPS, Place, Server, running

KEPT = Path(__file__).parent / "cost.json"
TOLERANCE = 0.03
FEW, MANY = 20, 120  # requests
PATIENCE = 60.0  # seconds, for a server under valgrind on a busy machine
PLAIN = "glibc.cpu.hwcaps=-AVX_Usable,-AVX2_Usable,-AVX2,-AVX512F,-AVX512VL,-ERMS,-FSRM"
LINE = b"x" * 63 + b"\n"
HEAD_END = b"\r\n\r\n"
NAMES = {**STEPS, "01": "01-tcp-echo"}
TOLD = {
    "01": "64 bytes, echoed",
    "02": "/hello, a new connection",
    "03": "/hello, a new connection",
    "04": "/hello, a new connection",
    "05": "/hello, kept alive",
    "06": "1 KiB, kept alive",
    "07": "1 KiB over HTTPS, kept alive",
}


class CostError(Exception):
    """A server that does not do what is to be counted."""


# ---- The conversations -------------------------------------------------------


Rest = Callable[[], None]  # waits until the server sleeps: so it does every time


def rest(pid: int) -> None:
    """Until all processes of a server sleep, or for a moment. Whether it is still at
    work when something comes would change the number of its wakes."""
    observe(lambda: all(asleep(pid) for _ in range(3)), bool, 2.0)


def asleep(pid: int) -> bool:
    return ends.sleeping(proc.family(pid))


def connect(port: int) -> socket.socket:
    found = socket.create_connection(("127.0.0.1", port), PATIENCE)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


def read_answer(client: socket.socket) -> None:
    """A 200, and all of it."""
    said = b""
    while HEAD_END not in said:
        part = client.recv(65536)
        if not part:
            raise CostError(f"it ended after {said!r}")
        said += part
    head, body = said.split(HEAD_END, 1)
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    if not head.startswith(b"HTTP/1.1 200") or not length:
        raise CostError(f"it said {head!r}")
    left = int(length[1]) - len(body)
    while left > 0:
        part = client.recv(left)
        if not part:
            raise CostError("it ended within an answer")
        left -= len(part)


def echoed(port: int, count: int, rest: Rest) -> None:
    with connect(port) as client:
        for _ in range(count):
            rest()
            client.sendall(LINE)
            got = b""
            while len(got) < len(LINE):
                got += client.recv(len(LINE)) or b"\0" * len(LINE)
            if got != LINE:
                raise CostError(f"it echoed {got!r}")


def asked_anew(port: int, count: int, rest: Rest) -> None:
    for _ in range(count):
        rest()
        with connect(port) as client:
            rest()
            client.sendall(request(HELLO))
            read_answer(client)
            if client.recv(1):
                raise CostError("it said more")
            rest()


def asked(port: int, count: int, rest: Rest, target: str, tls: bool) -> None:
    with connect(port) as plain:
        client = plain
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            client = context.wrap_socket(plain)
        with client:
            for _ in range(count):
                rest()
                client.sendall(request(target))
                read_answer(client)


def request(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def converse(step: str, server: Server, count: int) -> None:
    port, pause = server.port, lambda: rest(server.pid)
    if step == "01":
        echoed(port, count, pause)
    elif step in ("02", "03", "04"):
        asked_anew(port, count, pause)
    else:
        asked(port, count, pause, HELLO if step == "05" else SMALL, step == "07")


# ---- Counting ----------------------------------------------------------------


def self_cost(text: str) -> Counter[str]:
    """Instructions by object, of a file of callgrind's. A line after `calls=` has
    what the called function cost: that is counted where it stands itself."""
    names: dict[str, str] = {}
    found: Counter[str] = Counter()
    current, skip = "", False
    for line in text.splitlines():
        match = re.match(r"ob=(\(\d+\))(?: (.+))?$", line)
        if match:
            current = names.setdefault(match[1], match[2] or "?")
        elif line.startswith("calls="):
            skip = True
        elif re.match(r"[+*\-\d]", line):
            if not skip:
                found[os.path.basename(current)] += int(line.split()[1])
            skip = False
        else:  # cob= may name an object for the first time
            match = re.match(r"cob=(\(\d+\)) (.+)$", line)
            if match:
                names[match[1]] = match[2]
    return found


def instructions(
    step: str, program: Path, site: Place, count: int
) -> tuple[Counter[str], Counter[str]]:
    """Those of the first process, and those that its children tell of."""
    with tempfile.TemporaryDirectory(prefix="cost-") as made:
        words = ("valgrind", "--tool=callgrind", "--quiet", "--dump-line=no",
                 f"--callgrind-out-file={made}/out.%p")  # fmt: skip
        with started(step, program, site, words) as server:
            converse(step, server, count)
            first = Path(made) / f"out.{server.pid}"
        found = self_cost(first.read_text())
        others: Counter[str] = Counter()
        for file in Path(made).glob("out.*"):
            if file != first:
                others += self_cost(file.read_text())
    if not found[program.name]:
        raise CostError(f"callgrind has counted nothing of {program.name}: {found}")
    return kinds(found, program.name), kinds(others, program.name)


def kinds(found: Counter[str], program: str) -> Counter[str]:
    libc = sum(n for name, n in found.items() if name.startswith(("libc.", "libc-")))
    return Counter({"program": found[program], "libc": libc})


def of_a_request(
    few: tuple[Counter[str], Counter[str]], many: tuple[Counter[str], Counter[str]]
) -> dict[str, float]:
    """A child tells of what its parent had done before, too: of its start, and of the
    requests before this one. With that, the children of n requests have told of n
    starts and n (n - 1) / 2 requests more than is theirs."""
    count = MANY - FEW
    out = {}
    for name in few[0]:
        parent = (many[0][name] - few[0][name]) / count
        children = many[1][name] - few[1][name]
        if children:
            children -= round(count * (few[0][name] - FEW * parent))
            children -= round(parent * (MANY * (MANY - 1) - FEW * (FEW - 1)) / 2)
        out[name] = float(round(parent + children / count))
    return out


def system_calls(step: str, program: Path, site: Place, count: int) -> Counter[str]:
    with tempfile.TemporaryDirectory(prefix="cost-") as made:
        log = Path(made) / "calls"
        words = ("strace", "-f", "-o", str(log))
        with started(step, program, site, words) as server:
            converse(step, server, count)
        return calls.counted(log.read_text(errors="replace"))


@contextmanager
def started(
    step: str, program: Path, site: Place, wrapper: tuple[str, ...]
) -> Iterator[Server]:
    def words(port: int) -> list[str]:
        line = [str(program.resolve()), "--port", str(port)]
        line += ["--quiet"] * (step > "01")
        line += ["--timeout", str(PATIENCE)] * (step > "02")
        line += ["--root", str(site.site)] * (step > "05")
        if step == "07":
            line += ["--cert", str(site.certificate), "--key", str(site.key)]
        return line

    plain = {"GLIBC_TUNABLES": PLAIN}
    with running(step, site, words=words, wrapper=wrapper, env=plain) as server:
        yield server


def difference(count: Callable[[int], Counter[str]]) -> dict[str, float]:
    short, long = count(FEW), count(MANY)
    long.subtract(short)
    found = {name: each / (MANY - FEW) for name, each in long.most_common()}
    return {name: round(each, 2) for name, each in found.items() if each >= 0.05}


def measure(step: str, program: Path, site: Place, counts: bool) -> dict[str, Any]:
    """counts: instructions, too."""
    found: dict[str, Any] = {"what": TOLD[step]}
    found["calls"] = difference(lambda n: system_calls(step, program, site, n))
    if counts:
        few, many = (instructions(step, program, site, n) for n in (FEW, MANY))
        found["instructions"] = of_a_request(few, many)
    return found


# ---- Comparing ---------------------------------------------------------------


def counted_with(cc: str) -> dict[str, str]:
    return {
        "compiler": machine.said([*cc.split(), "--version"]),
        "libc": " ".join(platform.libc_ver()),
        "processor": platform.machine(),
    }


def off(kept: float, now: float) -> bool:
    return abs(now - kept) > TOLERANCE * kept


def faults(step: str, kept: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What has changed by more than the tolerance; less is a change too: then the
    kept figures are old."""
    out = []
    before, after = (sum(found["calls"].values()) for found in (kept, now))
    if off(before, after):
        names = sorted({*kept["calls"], *now["calls"]})
        pairs = ((n, kept["calls"].get(n, 0), now["calls"].get(n, 0)) for n in names)
        told = ", ".join(
            f"{n} {one:g} to {two:g}" for n, one, two in pairs if one != two
        )
        out.append(f"{step}: {before:g} system calls have become {after:g}: {told}")
    for name, each in now.get("instructions", {}).items():
        old = kept["instructions"][name]
        if off(old, each):
            where = "its own" if name == "program" else f"{name}'s"
            change = f"{(each - old) / old:+.1%}"
            out.append(f"{step}: {old:,.0f} of {where} instructions have become "
                       f"{each:,.0f} ({change})")  # fmt: skip
    return out


def line(step: str, found: dict[str, Any]) -> str:
    many = sum(found["calls"].values())
    counts = found.get("instructions", {})
    told = f"{counts['program']:8,.0f} {counts['libc']:8,.0f}" if counts else " " * 17
    which = " ".join(
        f"{n}" + (f"*{e:g}" if e != 1 else "") for n, e in found["calls"].items()
    )
    return f"{step}  {told} {many:6.2f}  {which}"


def run(given: argparse.Namespace) -> int:
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    here = counted_with(given.cc)
    same = here == kept.get("counted_with") or given.write
    steps = given.steps or sorted(NAMES)
    with tempfile.TemporaryDirectory(prefix="cost-") as made:
        make_site(Path(made) / "site")
        certificate = (given.build / "certificate/cert.pem").resolve()
        site = Place(given.build, Path(made) / "site", certificate,
                     certificate.with_name("key.pem"), -1)  # fmt: skip
        with ThreadPoolExecutor(len(machine.cores())) as pool:
            work = {
                step: pool.submit(measure, step, given.build / NAMES[step], site, same)
                for step in steps
            }
            found = {step: one.result() for step, one in work.items()}
    print("     program     libc  calls")
    for step in steps:
        print(line(step, found[step]))
    if given.write:
        found = {**kept.get("steps", {}), **found}
        text = json.dumps({"counted_with": here, "steps": found}, indent=1)
        KEPT.write_text(text + "\n", encoding="utf-8")
        return 0
    if not same:
        print(
            f"Only calls are compared: {kept['counted_with']} counted; here is {here}."
        )
    wrong = [f for s in steps for f in faults(s, kept["steps"][s], found[s])]
    for fault in wrong:
        print(fault, file=sys.stderr)
    if wrong:
        print("If that is meant: make test-cost WRITE=1", file=sys.stderr)
    return 1 if wrong else 0
