"""Builds and grades a submission where it can do no harm.

In a place of its own (sandbox_place.py) the warden (sandbox_warden.py) builds it
and runs it as another user, who may enter neither the grader's directory nor
that of the results. Where there is less, what is missing is told with every
result.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional, Sequence

from .homework import ROOT
from .sandbox_group import group
from .sandbox_intake import Intake
from .sandbox_kit import WORK, Kit
from .sandbox_place import Isolation, bubblewrap, drop, isolation, user
from .sandbox_warden import GRACE, Limits, Order, Places, Status

PRIVATE = "/grader"  # in the sandbox: the grader, and what it writes
GRADER = 512 << 20  # bytes for the grader itself
LOOK = 0.2  # seconds between two looks at whether to stop
TESTS = ROOT / "tests"


class Stopped(Exception):
    """Somebody asked for the end."""


class GraderBroke(Exception):
    """The grader did not do its part; the message is what it said."""


@dataclass
class Settings:
    """How all submissions of an assignment are graded."""

    seed: str
    make: Sequence[str] = ("make",)
    course: Optional[Path] = None  # the teacher's file
    workers: int = 3  # checks at a time
    limits: Limits = field(default_factory=Limits)


@dataclass
class Graded:
    """What came of a submission."""

    status: Status
    document: dict[str, Any]  # the verdict
    verdict: str  # the same, to be read
    log: str  # the compiler's
    isolation: Isolation


def grade(
    kit: Kit,
    intake: Intake,
    settings: Settings,
    *,
    options: Sequence[str] = (),
    slot: int = 0,
    stop: Optional[threading.Event] = None,
) -> Graded:
    """Builds and grades one submission. options: more for the grader, such as
    whose it is; slot: a number that no other sandbox of this process has
    meanwhile; stop: when set, ends it, by Stopped."""
    kind = isolation()
    with tempfile.TemporaryDirectory(prefix="sandbox-") as name:
        directory = Path(name)
        if not kind.bubblewrap:
            directory.chmod(0o711)  # the other user passes through
        status, log = Status(problem=intake.refused), ""
        results = directory / "private" / "results"
        results.mkdir(parents=True)
        results.parent.chmod(0o700)
        if not intake.refused:
            _write(intake, directory / "sources")
            order = Order(
                places=_places(kind, kit, directory),
                step=kit.number,
                programs=kit.programs(intake.files),
                make=list(settings.make),
                options=[*options, *_workers(settings.workers)],
                seed=settings.seed,
                user=user(kind, slot),
                drop=drop(kind, user(kind, slot)),
                mounts=kind.bubblewrap,
                limits=settings.limits,
            )
            if settings.course:
                shutil.copy(settings.course, results / "course.ini")
                order.options += ["--course", f"{order.places.results}/course.ini"]
            with group(str(slot), *_bounds(settings.limits)) as words:
                command = [*words, *_command(kind, kit, directory)]
                status = _run(kind, command, order, directory, stop)
            log = _text(results / "build.log")
        if not (results / "report.json").exists():
            status.problem = status.problem or "the grader left no report"
            _not_judged(kit, settings, _reason(status, log), options, results)
        document = json.loads(_text(results / "report.json"))
        return Graded(status, document, _text(results / "verdict.txt"), log, kind)


def _write(intake: Intake, sources: Path) -> None:
    sources.mkdir()
    sources.chmod(0o755)
    for name, data in intake.files.items():
        (sources / name).write_bytes(data)
        (sources / name).chmod(0o644)


def _places(kind: Isolation, kit: Kit, directory: Path) -> Places:
    """Directories as the warden sees them."""
    if kind.bubblewrap:
        return Places(
            tree="/tree",
            lab="/lab",
            run="/run",
            private=PRIVATE,
            results=f"{PRIVATE}/results",
            source=f"{PRIVATE}/source",
        )
    tree = directory / "tree"
    shutil.copytree(kit.tree, tree, symlinks=True)
    own = tree / WORK / kit.name
    shutil.copytree(directory / "sources", own, dirs_exist_ok=True)
    for name in ("lab", "run"):
        (directory / name).mkdir()
    return Places(
        tree=str(tree),
        lab=str(directory / "lab"),
        run=str(directory / "run"),
        private=str(directory / "private"),
        results=str(directory / "private" / "results"),
        source=str(ROOT),
    )


def _workers(count: int) -> list[str]:
    """Checks side by side, where pytest can do that."""
    here = importlib.util.find_spec("xdist") is not None
    return ["-n", str(count)] if here and count > 1 else []


# ---- Running the warden ----------------------------------------------------


def _bounds(limits: Limits) -> tuple[int, int]:
    """Bytes and processes of all that is in a sandbox."""
    allowed = limits.allowed
    return 2 * allowed.memory + 6 * allowed.disk + GRADER, 4 * allowed.processes


def _run(
    kind: Isolation,
    command: list[str],
    order: Order,
    directory: Path,
    stop: Optional[threading.Event] = None,
) -> Status:
    """Runs the warden to its end."""
    said = directory / "said"
    with said.open("wb") as file:
        process = subprocess.Popen(
            command,
            env=_environment(kind, order),
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,
        )
    assert process.stdin
    try:
        with process.stdin:
            process.stdin.write(order.to_json().encode())
        _wait(process, order.limits, stop)
    except BrokenPipeError:
        process.wait(GRACE)
    finally:
        _end(process, order)
    status = directory / "private" / "results" / "status.json"
    if status.exists():
        return Status(**json.loads(_text(status)))
    last = _text(said).strip().splitlines()[-3:]
    return Status(problem="the sandbox ended early" + "".join(f": {x}" for x in last))


def _command(kind: Isolation, kit: Kit, directory: Path) -> list[str]:
    words = [sys.executable, "-m", "coursework.sandbox_warden"]
    if not kind.bubblewrap:
        return words
    place = bubblewrap(kind, directory)
    place += ["--tmpfs", PRIVATE, "--ro-bind", str(ROOT), f"{PRIVATE}/source"]
    place += ["--ro-bind", str(kit.pycache), f"{PRIVATE}/pycache"]
    place += ["--bind", str(directory / "private/results"), f"{PRIVATE}/results"]
    place += ["--ro-bind", str(kit.tree), "/tree", "--dir", "/lab", "--dir", "/run"]
    sources = str(directory / "sources")
    place += ["--ro-bind", sources, f"/tree/{WORK}/{kit.name}"]
    return [*place, "--remount-ro", "/", "--chdir", "/", *words]


def _environment(kind: Isolation, order: Order) -> dict[str, str]:
    """Nothing of the teacher's: tokens are kept there, too."""
    found = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/tmp",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": f"{order.places.source}/tests",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if kind.bubblewrap:
        found["PYTHONPYCACHEPREFIX"] = f"{PRIVATE}/pycache"
    elif "PYTHONPYCACHEPREFIX" in os.environ:
        found["PYTHONPYCACHEPREFIX"] = os.environ["PYTHONPYCACHEPREFIX"]
    return found


def _wait(
    process: "subprocess.Popen[bytes]", limits: Limits, stop: Optional[threading.Event]
) -> None:
    """Until its end, or until it should long have ended."""
    most = limits.seconds + limits.build_seconds + limits.check_seconds + 3 * GRACE
    deadline = time.monotonic() + most
    while time.monotonic() < deadline:
        try:
            process.wait(LOOK)
            return
        except subprocess.TimeoutExpired:
            if stop and stop.is_set():
                raise Stopped from None


def _end(process: "subprocess.Popen[bytes]", order: Order) -> None:
    """Nothing is left: with bubblewrap all dies with its first process, without
    it the warden is asked, and then the other user's processes are ended."""
    if not order.mounts and process.poll() is None:
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            pass  # it is killed below
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except OSError:
        pass  # it has ended
    process.wait()
    if order.user and not order.mounts:
        words = ["setpriv", *order.drop, "sh", "-c", "kill -KILL -1"]
        subprocess.run(words, stderr=subprocess.DEVNULL, timeout=60)


def warm(kit: Kit) -> None:
    """Compiles the grader's modules once for all sandboxes to come. In them
    they have other names than here."""
    kind = isolation()
    if not kind.bubblewrap:
        return
    tests = f"{PRIVATE}/source/tests"
    words = [*bubblewrap(kind, kit.path), "--tmpfs", PRIVATE]
    words += ["--ro-bind", str(ROOT), f"{PRIVATE}/source"]
    words += ["--bind", str(kit.pycache), f"{PRIVATE}/pycache", "--chdir", "/"]
    words += [sys.executable, "-m", "pytest", "-c", f"{tests}/pytest.ini", "-q"]
    words += [f"{tests}/checks", "--step", kit.number, "--server", "none"]
    words += ["--collect-only", "-p", "coursework.sandbox_warden"]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": tests}
    environment["PYTHONPYCACHEPREFIX"] = f"{PRIVATE}/pycache"
    subprocess.run(words, env=environment, capture_output=True, timeout=300)


# ---- Where there is no verdict ---------------------------------------------


def _reason(status: Status, log: str) -> str:
    """Why nothing was judged, with the compiler's first complaint."""
    errors = [line for line in log.splitlines() if "error" in line.lower()]
    more = f": {errors[0].strip()[:300]}" if errors and not status.built else ""
    return status.problem + more


def _not_judged(
    kit: Kit, settings: Settings, reason: str, options: Sequence[str], results: Path
) -> None:
    """A report in which every check is not judged, for this reason. No program
    is run: this is the grader alone."""
    words = [sys.executable, "-m", "pytest", "-c", str(TESTS / "pytest.ini")]
    words += [str(TESTS / "checks"), "--step", kit.number, "--not-judged", reason]
    words += ["--server", f"build/work/{kit.name}", f"--seed={settings.seed}"]
    words += ["--report", str(results / "report.json"), *options]
    words += ["--course", str(settings.course)] if settings.course else []
    done = subprocess.run(
        words,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(TESTS), "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
    )
    (results / "verdict.txt").write_bytes(done.stdout)
    if not (results / "report.json").exists():
        raise GraderBroke(done.stdout.decode(errors="replace")[-2000:])


def to_text(document: dict[str, Any]) -> str:
    """As it stands in a file."""
    return json.dumps(document, indent=1) + "\n"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
