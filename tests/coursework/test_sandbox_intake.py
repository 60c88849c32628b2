"""What is taken of a submission, however it is packed, and what is refused."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from coursework import sandbox_unpack
from coursework.sandbox_intake import Intake, take

STEP = "03-fork"
EXPECTED = ["main.c", "workers.c", "workers.h"]
FILES = {name: f"/* {name} */\n".encode() for name in EXPECTED}


def look(path: Path) -> Intake:
    return take(path, STEP, EXPECTED)


def write(directory: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return directory


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return path


def tarred(path: Path, members: list[tarfile.TarInfo], data: bytes = b"x") -> Path:
    """An archive with entries of any kind."""
    mode = {".gz": "w:gz", ".tgz": "w:gz", ".xz": "w:xz"}.get(path.suffix, "w")
    with tarfile.open(path, mode) as archive:
        for member in members:
            member.size = len(data) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(data) if member.isreg() else None)
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


def bundle(path: Path, source: Path) -> Path:
    """What `git bundle create path HEAD` makes of a folder."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "work"]):
        subprocess.run(["git", *words], cwd=source, check=True)
    create = ["git", "bundle", "create", "-q", str(path), "HEAD"]
    subprocess.run(create, cwd=source, check=True)
    return path


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tgz", "tar.xz", "bundle"])
@pytest.mark.parametrize("below", ["", "alice/", "alice/03-fork/"])
def test_every_way_to_pack(tmp_path: Path, kind: str, below: str) -> None:
    plain = look(write(tmp_path / "plain", FILES))
    source = write(tmp_path / "source", {below + n: data for n, data in FILES.items()})
    archive = tmp_path / f"alice.{kind}"
    if kind == "bundle":
        if not shutil.which("git"):
            pytest.skip("there is no git here")
        bundle(archive, source)
    elif kind == "zip":
        zipped(archive, {below + n: data for n, data in FILES.items()})
    else:
        shape = {"tar": "tar", "tar.xz": "xztar"}.get(kind, "gztar")
        made = shutil.make_archive(str(tmp_path / "made"), shape, source)
        os.rename(made, archive)
    intake = look(archive)
    assert intake.files == FILES and intake.folder == below.rstrip("/")
    assert not intake.refused and not intake.missing and not intake.left_out
    assert intake.digest == plain.digest, "what was packed counts, not how"


def test_the_work_in_a_checkout_is_meant(tmp_path: Path) -> None:
    """Not the lesson beside it, and not another step."""
    files = {f"steps/03-fork/{name}": b"the lesson's" for name in EXPECTED}
    files |= {f"work/03-fork/{name}": data for name, data in FILES.items()}
    files |= {"work/01-tcp-echo/main.c": b"another", "common/io/net.c": b"given"}
    assert look(write(tmp_path, files)).files == FILES


def test_one_archive_in_a_folder(tmp_path: Path) -> None:
    """As learning platforms hand them out."""
    write(tmp_path / "alice", {"comment.html": b"<p>Here it is</p>"})
    zipped(tmp_path / "alice" / "work.zip", FILES)
    assert look(tmp_path / "alice").files == FILES
    zipped(tmp_path / "alice" / "work (1).zip", FILES)
    assert "several archives" in look(tmp_path / "alice").refused


def test_names_what_is_missing(tmp_path: Path) -> None:
    intake = look(write(tmp_path, {"main.c": b"int x;"}))
    assert intake.missing == ["workers.c", "workers.h"] and not intake.refused


def test_own_files_are_taken(tmp_path: Path) -> None:
    files = FILES | {"queue.c": b"", "queue.h": b"", "README.md": b"", "notes.txt": b""}
    intake = look(write(tmp_path, files))
    assert sorted(intake.files) == sorted([*FILES, "queue.c", "queue.h"])
    assert not intake.left_out


@pytest.mark.parametrize(
    "name, kind, link, said",
    [
        ("workers.c", tarfile.SYMTYPE, "/etc/passwd", "symbolic link"),
        ("workers.c", tarfile.LNKTYPE, "main.c", "hard link"),
        ("workers.c", tarfile.CHRTYPE, "", "device"),
        ("workers.c", tarfile.FIFOTYPE, "", "device"),
        ("Makefile", tarfile.REGTYPE, "", "only .c and .h"),
        ("GNUmakefile", tarfile.REGTYPE, "", "only .c and .h"),
        ("common.a", tarfile.REGTYPE, "", "only .c and .h"),
        ("$(shell touch x).c", tarfile.REGTYPE, "", "make a name"),
        ("a b.c", tarfile.REGTYPE, "", "make a name"),
        ("-o.c", tarfile.REGTYPE, "", "make a name"),
    ],
)
def test_left_out_with_a_word(
    tmp_path: Path, name: str, kind: bytes, link: str, said: str
) -> None:
    members = [member("03-fork/main.c"), member(f"03-fork/{name}", kind, link)]
    intake = look(tarred(tmp_path / "a.tar.gz", members))
    assert intake.files == {"main.c": b"x"} and not intake.refused
    assert len(intake.left_out) == 1 and said in intake.left_out[0]


@pytest.mark.parametrize("name", ["../main.c", "a/../../main.c", "a/..", "/tmp/main.c"])
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_name_that_leads_out_refuses_all(
    tmp_path: Path, name: str, kind: str
) -> None:
    inside = tmp_path / "deep" / "inside"
    inside.mkdir(parents=True)
    archive = inside / f"a.{kind}"
    if kind == "zip":
        zipped(archive, {"main.c": b"x", name: b"out"})
    else:
        tarred(archive, [member("main.c"), member(name)])
    intake = look(archive)
    assert not intake.files
    assert "leads out" in intake.refused or "absolute" in intake.refused
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "deep", inside, archive]


def test_links_and_pipes_in_a_folder(tmp_path: Path) -> None:
    secret = tmp_path / "secret.c"
    secret.write_text("secret")
    work = write(tmp_path / "work", {"main.c": b"x"})
    (work / "workers.c").symlink_to(secret)
    (work / "more").symlink_to(tmp_path)
    os.mkfifo(work / "pipe.c")
    intake = look(work)
    assert intake.files == {"main.c": b"x"}
    assert len(intake.left_out) == 3, intake.left_out


def test_what_systems_leave_is_passed_over(tmp_path: Path) -> None:
    files = {f"w/{n}": d for n, d in FILES.items()} | {"__MACOSX/w/._main.c": b"\0"}
    intake = look(zipped(tmp_path / "a.zip", files | {"w/._main.c": b"\0"}))
    assert intake.files == FILES and not intake.left_out


def test_a_huge_source_is_left_out(tmp_path: Path) -> None:
    """It is not unpacked to its end to find out."""
    bomb = zipped(tmp_path / "a.zip", {"main.c": b"x", "workers.c": bytes(300 << 20)})
    assert bomb.stat().st_size < 1 << 20
    intake = look(bomb)
    assert (
        intake.files == {"main.c": b"x"} and "larger than 1 MiB" in intake.left_out[0]
    )


def test_archives_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members = [member("main.c")] + [member(f"{n}.txt") for n in range(50)]
    archive = tarred(tmp_path / "a.tar.gz", members, bytes(10_000))
    assert look(archive).files
    for limit, value, said in [
        ("UNPACKED", 100_000, "unpacked it has more"),
        ("ENTRIES", 20, "more than 20 files"),
        ("PACKED", 100, "the archive has more"),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(sandbox_unpack, limit, value)
            assert said in look(archive).refused


def test_xz_may_not_take_all_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tarred(tmp_path / "a.tar.xz", [member("main.c")])
    assert look(archive).files
    monkeypatch.setattr(sandbox_unpack, "MEMORY", 1 << 16)
    assert "cannot be read" in look(archive).refused


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tar.xz", "a.tar", "a.bundle"])
@pytest.mark.parametrize("data", [b"", b"hello", bytes(5000), b"PK\3\4" + bytes(99)])
def test_noise_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert look(path).refused


def test_a_torn_archive_is_refused(tmp_path: Path) -> None:
    for name in ("a.tar.gz", "a.tar.xz"):
        whole = tarred(tmp_path / name, [member("main.c")], os.urandom(5000))
        whole.write_bytes(whole.read_bytes()[:-2000])
        assert look(whole).refused


def test_doubtful_sources_are_refused(tmp_path: Path) -> None:
    two = write(tmp_path / "two", {"a/main.c": b"1", "b/main.c": b"2"})
    assert "which sources are meant" in look(two).refused
    assert "no C source" in look(write(tmp_path / "none", {"README": b""})).refused
    twice = [member("main.c"), member("main.c")]
    assert "two files" in look(tarred(tmp_path / "a.tar", twice)).refused
    assert "neither a folder nor" in look(tmp_path / "nowhere").refused


def test_git_reads_without_hooks_and_filters(tmp_path: Path) -> None:
    """What a repository asks for by its attributes is not done."""
    if not shutil.which("git"):
        pytest.skip("there is no git here")
    proof = tmp_path / "proof"
    files = FILES | {".gitattributes": b"*.c filter=evil export-subst\n"}
    source = write(tmp_path / "source", files)
    subprocess.run(["git", "init", "-q"], cwd=source, check=True)
    for key in ("filter.evil.smudge", "filter.evil.clean"):
        value = f"touch {proof}; cat"
        subprocess.run(["git", "config", key, value], cwd=source, check=True)
    intake = look(bundle(tmp_path / "a.bundle", source))
    proof.unlink(missing_ok=True)  # made by the commit
    assert look(tmp_path / "a.bundle").files == FILES == intake.files
    assert not proof.exists()
