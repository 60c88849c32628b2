"""Builds and grades one submission, inside of its sandbox.

It reads an order from stdin, as JSON, and leaves what came of it in the
directory of results, which no student's program can enter:

    status.json   what happened    build.log    what the compiler said
    report.json   the verdict      verdict.txt  the same, to be read

The submission is built, and its program run, by another user where there is
one; this process, the grader and its servers' watch stay what they are.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shlex
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Optional

from grader.program import Stream

from . import sandbox_kit
from .sandbox_watch import Allowed, Watch

ENOUGH = 10  # times that programs may be ended until no more are started
POLL = 0.1  # seconds between two looks
OWN = ("/tmp", "/dev/shm")  # places that programs alone write into
GRACE = 30.0  # seconds for the grader to come to its end
SUBREAPER = 36  # of prctl(2): orphans become children of this process
LAUNCHER = Path(__file__).with_name("sandbox_launch.sh")
PRIVATE = 0o700
PROGRAM_SIZE = 64 << 20  # bytes


@dataclass
class Limits:
    """What a submission may take."""

    seconds: float = 600.0  # in all
    build_seconds: float = 90.0
    check_seconds: float = 120.0
    allowed: Allowed = field(default_factory=Allowed)
    file: int = 64 << 20  # bytes of one that a compiler writes
    log: int = 64 << 10  # bytes of the compiler's that are kept


@dataclass
class Places:
    """The directories, as they are in here."""

    tree: str  # where it is built
    lab: str  # where checks work
    run: str  # where the program is found
    private: str  # what programs must not see: the grader, and...
    results: str  # ...what it writes
    source: str  # the checkout with the grader


@dataclass
class Order:
    """What is to be done."""

    places: Places
    step: str  # 03
    programs: list[str]  # 03-fork: the server, then the client
    make: list[str]
    options: list[str]  # of the grader
    seed: str
    user: int = 0  # whose programs are; 0: nobody else's
    mounts: bool = False  # whether these directories are nobody else's
    drop: list[str] = field(default_factory=list)  # options of setpriv
    limits: Limits = field(default_factory=Limits)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> "Order":
        values: dict[str, Any] = json.loads(text)
        limits = values.pop("limits")
        allowed = Allowed(**limits.pop("allowed"))
        places = Places(**values.pop("places"))
        return Order(places=places, **values, limits=Limits(**limits, allowed=allowed))


@dataclass
class Status:
    """What came of it."""

    problem: str = ""  # why it is not graded, or not to its end
    built: bool = False
    finished: bool = False  # the grader has said its last word
    exit: Optional[int] = None  # the grader's
    ended: dict[str, int] = field(default_factory=dict)  # reasons, and how often
    left: int = 0  # programs still running after the last check
    seconds: float = 0.0


class Warden:
    """One submission's."""

    def __init__(self, order: Order) -> None:
        self.order, self.limits = order, order.limits
        self.status = Status()
        self.began = time.monotonic()
        self.results = Path(order.places.results)
        self.enough = self.results / "enough"

    def work(self) -> Status:
        self.prepare()
        if self.build() and self.install():
            self.grade()
        self.status.seconds = round(time.monotonic() - self.began, 2)
        return self.status

    # --- the place ----------------------------------------------------------

    def prepare(self) -> None:
        """Bounds what can be bounded from here; all of it is inherited."""
        os.umask(0o022)
        ctypes.CDLL(None, use_errno=True).prctl(SUBREAPER, 1, 0, 0, 0)
        with suppress(OSError):  # it must have its turn, however many others run
            policy = os.SCHED_OTHER | os.SCHED_RESET_ON_FORK  # but not its children
            os.sched_setscheduler(0, policy, os.sched_param(0))
            os.setpriority(os.PRIO_PROCESS, 0, -19)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1024), min(hard, 8192)))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if self.order.user or self.order.mounts:  # else: of all that user's work
            most = 2 * self.limits.allowed.processes
            resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
        os.chmod(self.order.places.private, PRIVATE)
        if self.order.mounts:
            self._mount()
        elif self.order.user:
            made = Path(self.order.places.tree) / sandbox_kit.BUILD / "work"
            os.chown(made, self.order.user, self.order.user)
        for directory in (self.order.places.lab, self.order.places.run):
            os.chmod(directory, 0o755)

    def _mount(self) -> None:
        order = self.order
        # More than is allowed, so that it can be told who took too much before
        # the grader itself has no room.
        allowed = self.limits.allowed
        size = f"size={3 * allowed.disk},nr_inodes={3 * allowed.files}"
        made = f"{order.places.tree}/{sandbox_kit.BUILD}/work"
        _mount("tmpfs", made, f"{size},mode=755,uid={order.user},gid={order.user}")
        for place in OWN:
            _mount("tmpfs", place, f"{size},mode=1777")
        for place in (order.places.lab, order.places.run):
            _mount("tmpfs", place, f"{size},mode=755")
        with suppress(subprocess.CalledProcessError):  # Linux 5.8
            _mount("proc", "/proc", "remount,hidepid=invisible")

    # --- building -----------------------------------------------------------

    def build(self) -> bool:
        """Compiles it as the other user: a compiler can be made to read and
        run nearly anything."""
        order, limits = self.order, self.limits
        bounds = [f"--fsize={limits.file}", f"--cpu={int(limits.build_seconds)}"]
        words = [*self._as_student(), "prlimit", *bounds, "--", *order.make]
        words += ["--no-print-directory", "-j2"]
        words += sandbox_kit.build_words(order.step, Path(sandbox_kit.WORK))
        process = subprocess.Popen(
            words,
            cwd=order.places.tree,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdout
        said = Stream(process.stdout)
        watch = Watch(limits.allowed, user=order.user)
        watch.not_ours.add(process.pid)
        late = self._watch(process, watch, limits.build_seconds)
        watch.end_all()
        process.wait()
        log = said.finish(2.0)[: limits.log]
        (self.results / "build.log").write_bytes(log)
        self.status.ended.update(watch.ended)
        if late:
            self.status.problem = f"it was not built within {limits.build_seconds:g} s"
        elif watch.ended:
            reason = next(iter(watch.ended))
            self.status.problem = f"the build was ended: {reason}"
        elif process.returncode:
            self.status.problem = "it does not build"
        else:
            self.status.built = True
        return self.status.built

    def _as_student(self) -> list[str]:
        return ["setpriv", *self.order.drop]

    def install(self) -> bool:
        """Takes the programs out of the reach of whoever built them, and puts
        what launches them where they are expected."""
        order = self.order
        made = Path(order.places.tree) / sandbox_kit.BUILD / "work"
        target = Path(order.places.run)
        shown = target / sandbox_kit.BUILD / "work"
        shown.mkdir(parents=True)
        (target / "programs").mkdir()
        for name in order.programs:
            program = target / "programs" / name
            if not _copy(made / name, program):
                self.status.problem = f"what was built is no program: {name}"
                return False
            settings = {
                "program": str(program),
                "user": str(order.user) if order.user else "",
                "lab": order.places.lab,
                "cover": order.places.private
                if order.mounts and not order.user
                else "",
                "drop": " ".join(order.drop),
            }
            lines = [f"{key}={shlex.quote(text)}" for key, text in settings.items()]
            text = "\n".join(["#!/bin/sh", *lines, LAUNCHER.read_text()])
            (shown / name).write_text(text)
            (shown / name).chmod(0o755)
        return True

    # --- grading ------------------------------------------------------------

    def grade(self) -> None:
        order = self.order
        programs = [f"{sandbox_kit.BUILD}/work/{name}" for name in order.programs]
        tests = Path(order.places.source) / "tests"
        temporary = Path(order.places.private) / "tmp"
        temporary.mkdir(exist_ok=True)
        words = [sys.executable, "-m", "pytest", "-c", str(tests / "pytest.ini")]
        words += [str(tests / "checks"), "--step", order.step]
        words += ["--server", programs[0], "--basetemp", str(temporary / "pytest")]
        words += ["--client", programs[1]] if programs[1:] else []
        words += ["--report", str(self.results / "report.json"), *order.options]
        left = self.limits.seconds - (time.monotonic() - self.began)
        words += ["--limit", f"{self.limits.check_seconds:g}"]
        words += ["--within", f"{max(1.0, left):.0f}", "--enough", str(self.enough)]
        environment = {
            **os.environ,
            "TMPDIR": order.places.lab,
            "PYTEST_ADDOPTS": f"--seed={order.seed}",  # not where all can read it
            "COLUMNS": "80",
        }
        with (self.results / "verdict.txt").open("wb") as file:
            process = subprocess.Popen(
                words,
                cwd=order.places.run,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        mounts = self.order.mounts
        shared, own = ([order.places.lab], OWN) if mounts else ([], ())
        watch = Watch(self.limits.allowed, [process.pid], shared, own, order.user)
        watch.not_ours.add(process.pid)
        if self._watch(process, watch, left + GRACE + self.limits.check_seconds):
            self.status.problem = f"it was not graded within {self.limits.seconds:g} s"
            watch.end_all()
            os.killpg(process.pid, signal.SIGKILL)
        self.status.exit = process.wait()
        self.status.finished = not self.status.problem
        self.status.left = watch.end_all()
        for reason, count in watch.ended.items():
            self.status.ended[reason] = self.status.ended.get(reason, 0) + count

    def _watch(
        self, process: "subprocess.Popen[bytes]", watch: Watch, seconds: float
    ) -> bool:
        """Until it ends; True when the time was over before."""
        deadline = time.monotonic() + seconds
        while process.poll() is None:
            if time.monotonic() > deadline:
                return True
            watch.look()
            if sum(watch.ended.values()) >= ENOUGH:
                self.enough.write_text(f"its programs were ended {ENOUGH} times")
            with suppress(subprocess.TimeoutExpired):
                process.wait(POLL)
        return False


def _mount(kind: str, place: str, options: str) -> None:
    command = ["mount", "-t", kind, "-o", options, kind, place]
    subprocess.run(command, check=True, capture_output=True, timeout=30)


def _copy(made: Path, program: Path) -> bool:
    """A built program, if it is nothing else."""
    try:
        fd = os.open(made, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    with os.fdopen(fd, "rb") as file:
        about = os.fstat(fd)
        if not stat.S_ISREG(about.st_mode) or about.st_size > PROGRAM_SIZE:
            return False
        program.write_bytes(file.read())
        program.chmod(0o755)
    return True


def run() -> int:
    order = Order.from_json(sys.stdin.read())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        status = Warden(order).work()
    except Exception as error:  # the host tells it: no submission's fault
        status = Status(problem=f"the sandbox broke: {error!r}")
    finally:  # the grader, too, where somebody asks for the end
        Watch(order.limits.allowed, user=order.user).end_all()
    path = Path(order.places.results) / "status.json"
    path.with_suffix(".new").write_text(json.dumps(asdict(status)), encoding="utf-8")
    path.with_suffix(".new").rename(path)
    return 0


if __name__ == "__main__":
    sys.exit(run())
