"""The writer of files: whole or not at all, whoever writes beside it, and whatever goes wrong."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cgraph import files
from cgraph.errors import OutputError

WRITERS, TIMES = 8, 200
posix = pytest.mark.skipif(os.name != "posix", reason="permissions and links as POSIX has them")


def writer(path: Path, letter: bytes, times: int = TIMES) -> None:
    """Write the file again and again, each time with one letter, in a length of this writer's own."""
    for _ in range(times):
        files.write(path, letter * (1000 * letter[0]))


def is_of_one_writer(content: bytes) -> bool:
    return len(set(content)) == 1 and len(content) == 1000 * content[0]


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


@pytest.mark.parametrize("times", [5, pytest.param(TIMES, marks=pytest.mark.slow)])
def test_eight_processes_that_write_one_file_leave_one_whole_file_and_nothing_else(times: int, tmp_path: Path) -> None:
    path, letters = tmp_path / "x.npz", [b"%c" % (65 + i) for i in range(WRITERS)]
    here = repr(str(Path(__file__).parent))
    program = f"import sys; sys.path.insert(0, {here}); from test_files import *"
    program += f"; writer(Path(sys.argv[1]), b'%c', {times})"
    running = [subprocess.Popen([sys.executable, "-c", program % x[0], str(path)]) for x in letters]
    while any(process.poll() is None for process in running):
        assert not path.exists() or is_of_one_writer(path.read_bytes())
    assert [process.returncode for process in running] == [0] * WRITERS
    assert is_of_one_writer(path.read_bytes())
    assert names(tmp_path) == ["x.npz"]


def test_threads_that_write_one_file_leave_one_whole_file_and_nothing_else(tmp_path: Path) -> None:
    path, failed = tmp_path / "x.npz", []

    def write(letter: bytes) -> None:
        try:
            writer(path, letter, 50)
        except OutputError as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(b"%c" % (65 + i),)) for i in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert is_of_one_writer(path.read_bytes())
    assert names(tmp_path) == ["x.npz"]


@posix
@pytest.mark.parametrize("plant", [os.symlink, os.link], ids=["a link to a file", "a second name of a file"])
def test_a_file_planted_at_a_temporary_name_is_not_written_into(
    plant: Callable[[Path, Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim, path = tmp_path / "victim", tmp_path / "x.npz"
    victim.write_bytes(b"precious")
    drawn = iter([b"\1" * 8, b"\2" * 8])
    plant(victim, tmp_path / f".x.npz.{'01' * 8}.part")
    monkeypatch.setattr("cgraph.files._tidy", lambda target: None)  # it comes between tidying and writing
    monkeypatch.setattr("cgraph.files.os.urandom", lambda size: next(drawn))
    files.write(path, b"new")
    assert (path.read_bytes(), victim.read_bytes()) == (b"new", b"precious")
    assert names(tmp_path) == [f".x.npz.{'01' * 8}.part", "victim", "x.npz"]


@posix
def test_tidying_follows_no_link_and_takes_only_what_a_writer_has_made(tmp_path: Path) -> None:
    victim, others = tmp_path / "victim", [".x.npz.part", f".x.npz.{'g' * 16}.part", f".xxnpz.{'0' * 16}.part"]
    victim.write_bytes(b"precious")
    link = tmp_path / f".x.npz.{'0' * 16}.part"
    link.symlink_to(victim)
    for name in others:
        (tmp_path / name).touch()
    files.write(tmp_path / "x.npz", b"new")
    assert victim.read_bytes() == b"precious" and link.is_symlink()
    assert names(tmp_path) == sorted([*others, link.name, "victim", "x.npz"])


@posix
@pytest.mark.parametrize("umask", [0, 0o022, 0o027, 0o077])
def test_a_new_file_has_what_the_umask_leaves(umask: int, tmp_path: Path) -> None:
    program = f"import os; os.umask({umask}); from cgraph import files; files.write('x', b'')"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, env={**os.environ})
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o666 & ~umask


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o666, 0o400, 0o755])
def test_a_file_that_is_replaced_keeps_its_permissions_and_is_never_more_open(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.touch()
    path.chmod(mode)
    with files.replacing(path) as file:
        assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == mode
    files.write(path, b"", mode=0o640)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, OSError(28, "No space left on device")])
def test_what_stops_the_writing_leaves_the_old_file_and_nothing_else(
    error: BaseException | type[BaseException], tmp_path: Path
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")

    def stopped() -> None:
        with files.replacing(path) as file:
            file.write(b"new")
            raise error

    with pytest.raises(OutputError if isinstance(error, OSError) else error):  # type: ignore[type-var]
        stopped()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["x"]


@posix
def test_a_disk_that_is_full_leaves_the_old_file_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"old")
    program = """
import resource
from cgraph import files
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    files.write("x", bytes(2000))
except files.OutputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == f"x cannot be written: File too large. Fix: {files.FIX}\n", done.stderr
    assert (tmp_path / "x").read_bytes() == b"old"
    assert names(tmp_path) == ["x"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_what_a_killed_writer_left_is_removed_by_the_next_one_and_what_a_living_one_writes_is_not(
    tmp_path: Path,
) -> None:
    program = """
import sys
from cgraph import files
with files.replacing("x") as file:
    print("open", flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        files.write(tmp_path / "x", b"1")
        assert len(names(tmp_path)) == 2
        process.kill()
    assert len(names(tmp_path)) == 2
    files.write(tmp_path / "x", b"2")
    assert names(tmp_path) == ["x"]


def test_a_folder_a_missing_folder_and_a_file_above_are_errors_with_their_reason(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for name, why in [
        ("folder", "it is a folder"),
        ("no/x", "No such file or directory"),
        ("file/x", "Not a directory"),
    ]:
        with pytest.raises(OutputError, match="cannot be written") as caught:
            files.write(tmp_path / name, b"")
        assert (caught.value.why, caught.value.fix) == (why, files.FIX)
    assert names(tmp_path) == ["file", "folder"]


@posix
def test_a_pipe_is_written_into_and_stays_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    files.write(tmp_path / "pipe", b"through")
    reader.join()
    assert read == [b"through"] and stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="this system has no /dev/stdout")
def test_standard_output_is_written_into_when_it_is_a_file_and_dev_stays_as_it_is(tmp_path: Path) -> None:
    program = "from cgraph import files; files.write('/dev/stdout', b'through')"
    with (tmp_path / "x").open("wb") as out:
        subprocess.run([sys.executable, "-c", program], stdout=out, check=True)
    assert (tmp_path / "x").read_bytes() == b"through" and os.path.islink("/dev/stdout")


def test_a_name_as_long_as_the_file_system_allows_can_be_written(tmp_path: Path) -> None:
    assert files.write(tmp_path / ("é" * 120), b"x").read_bytes() == b"x"
