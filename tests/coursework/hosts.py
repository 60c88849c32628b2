"""What the hosts of courses take: make gradescope-03, autolab-03, classroom50-03.

Each is the grader with all that it needs, and an entry script in the form of
that host. The reference is not in it: of the step there is the starter, as in a
handout, so that a program which finds its way around finds no answer.

    Gradescope   https://gradescope-autograders.readthedocs.io/en/latest/specs/
    Autolab      https://docs.autolabproject.com/lab/#writing-autograders
    Classroom 50 https://github.com/foundation50/classroom50/wiki/Advanced-Autograding
"""

from __future__ import annotations

import argparse
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Callable, Optional

from . import handout, homework
from .blank import BlankError
from .homework import ROOT, HomeworkError

SCRIPTS = Path(__file__).resolve().parent / "host_scripts"
VERBS = ("grade_submission", "export")
COURSE = "course.ini"  # the teacher's file, as it is named in a bundle
TREE = "staircase"
Files = dict[str, bytes]


def main(argv: list[str]) -> int:
    words = argparse.ArgumentParser(prog="coursework hosts", description=__doc__)
    words.add_argument("host", choices=sorted(HOSTS))
    words.add_argument("step", help="the step's number, as 03")
    words.add_argument("--out", default="build/hosts", help="where it goes")
    words.add_argument("--course", type=Path, help="the teacher's file")
    given = words.parse_args(argv)
    try:
        step = homework.find_step(given.step)
        files = bundle(step, given.course)
    except (HomeworkError, BlankError, OSError) as error:
        print(error)
        return 2
    place = Path(given.out) / f"{given.host}-{step.name[:2]}"
    place.mkdir(parents=True, exist_ok=True)
    option = f"--course {COURSE}" if given.course else ""

    def script(name: str) -> bytes:
        text = (SCRIPTS / name).read_text(encoding="utf-8")
        text = text.replace("{number}", step.name[:2])
        return (
            text.replace(" {course}", f" {option}").replace("{course}", option).encode()
        )

    for line in HOSTS[given.host](place, files, script):
        print(line)
    return 0


def bundle(step: Path, course: Optional[Path]) -> Files:
    """The tree that grades a step, by name."""
    files = handout.contents(step)
    for name in handout.modules(VERBS):
        path = f"tests/coursework/{name}"
        files[path] = (ROOT / path).read_bytes()
    for extra in sorted((ROOT / "tests" / "coursework").glob("sandbox_*")):
        files[f"tests/coursework/{extra.name}"] = extra.read_bytes()
    if course:
        files[COURSE] = course.read_bytes()
    return files


def tarball(files: Files, mode: str) -> bytes:
    """An archive with all of it below staircase/."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:
        for name, data in sorted(files.items()):
            member = tarfile.TarInfo(f"{TREE}/{name}")
            member.size, member.mode = len(data), mode_of(name)
            member.mtime = handout.newest()
            archive.addfile(member, io.BytesIO(data))
    return made.getvalue()


def mode_of(name: str) -> int:
    path = ROOT / name
    return 0o755 if path.is_file() and path.stat().st_mode & 0o100 else 0o644


def gradescope(place: Path, files: Files, script: Callable[[str], bytes]) -> list[str]:
    """A .zip: setup.sh, run_autograder, and the tree."""
    path = place / "autograder.zip"
    entries = {f"{TREE}/{name}": (data, mode_of(name)) for name, data in files.items()}
    entries["setup.sh"] = (script("gradescope_setup.sh"), 0o755)
    entries["run_autograder"] = (script("gradescope_run.sh"), 0o755)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (data, mode) in sorted(entries.items()):
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100000 | mode) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return [
        f"Made {path}.",
        "On Gradescope: Configure Autograder, Zip file upload, base image Ubuntu.",
        "Students hand in the files of their work/ directory.",
    ]


def autolab(place: Path, files: Files, script: Callable[[str], bytes]) -> list[str]:
    """autograde.tar and autograde-Makefile."""
    (place / "autograde.tar").write_bytes(tarball(files, "w"))
    (place / "autograde-Makefile").write_bytes(script("autolab.mk"))
    return [
        f"Made {place / 'autograde.tar'} and {place / 'autograde-Makefile'}.",
        "On Autolab: Autograder settings, upload both; the handin filename begins",
        "with handin (handin.tar.gz). The image needs the packages that",
        "`make doctor` names; the problems are the milestones, as named in tests/checks.md.",
    ]


def classroom50(place: Path, files: Files, script: Callable[[str], bytes]) -> list[str]:
    """autograder.py with its fixture, for autograders/ASSIGNMENT/."""
    (place / "staircase.tar.gz").write_bytes(tarball(files, "w:gz"))
    (place / "autograder.py").write_bytes(script("classroom50.py"))
    return [
        f"Made {place / 'autograder.py'} and {place / 'staircase.tar.gz'}.",
        "Both go to CLASSROOM/autograders/ASSIGNMENT/ of your organization's",
        "repository classroom50.",
    ]


HOSTS = {"gradescope": gradescope, "autolab": autolab, "classroom50": classroom50}
