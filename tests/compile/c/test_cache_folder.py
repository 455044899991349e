"""Compiled programs are code: they are kept in, and run from, a folder that only their user can write."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sparse import sparse

import cgraph as cg
from cgraph.compile.c import cache_folder, compiler

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has no modes of folders"),
    pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler here"),
]
NOBODY = 65534
PROGRAM = "import cgraph as cg; x = cg.variable('x'); print(cg.compile(2*x, backend='native')(x=4.0)[0])"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for compiled programs that is not there yet; no other one has been told of yet."""
    tmp_path.chmod(0o700)
    monkeypatch.setenv("CGRAPH_CACHE", str(tmp_path / "cache"))
    cache_folder._private.cache_clear()
    yield tmp_path / "cache"
    cache_folder._private.cache_clear()


def double() -> float:
    x = cg.variable("x")
    return float(cg.compile(2 * x, backend="native")(x=4.0)[0])


def python(cache: Path) -> subprocess.CompletedProcess[str]:
    """The program of `double` in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(Path(cg.__file__).parents[1]), "CGRAPH_CACHE": str(cache)}
    return subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def name(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Under which a process keeps the program of `double`."""
    cache = tmp_path_factory.mktemp("named") / "cache"
    cache.parent.chmod(0o700)
    assert python(cache).stdout.strip() == "8.0"
    return next(p.name for p in cache.iterdir() if p.suffix == ".so")


def planted(kept: Path, marker: Path) -> Path:
    """A library under the name, and with the checksum, of the program of `double`, which leaves a file when loaded."""
    folder = kept.parent
    folder.mkdir(mode=0o700)
    source, made = folder / "evil.c", folder / "evil.so"
    source.write_text(
        f'#include <stdio.h>\n__attribute__((constructor)) void run(void) {{ fclose(fopen("{marker}", "w")); }}\n'
        "int cgraph_step(void **p) { (void)p; return 0; }\nint cgraph_run(void) { return 0; }\n"
        "void cgraph_scalars(void) {}\n",
        encoding="utf-8",
    )
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(made), str(source)], check=True)
    content = made.read_bytes()
    source.unlink()
    made.unlink()
    kept.write_bytes(content + hashlib.sha256(content).digest())
    kept.chmod(0o600)
    return kept


def open_to_all(folder: Path, kept: Path) -> None:
    folder.chmod(0o777)


def sticky_and_shared(folder: Path, kept: Path) -> None:
    folder.chmod(0o1777)


def open_to_the_group(folder: Path, kept: Path) -> None:
    folder.chmod(0o770)


def of_another_user(folder: Path, kept: Path) -> None:
    os.chown(folder, NOBODY, NOBODY)


def below_an_open_one(folder: Path, kept: Path) -> None:
    folder.parent.chmod(0o777)


def below_one_of_another_user(folder: Path, kept: Path) -> None:
    os.chown(folder.parent, NOBODY, NOBODY)


def file_of_another_user(folder: Path, kept: Path) -> None:
    os.chown(kept, NOBODY, NOBODY)


def file_open_to_all(folder: Path, kept: Path) -> None:
    kept.chmod(0o666)


def file_is_a_link(folder: Path, kept: Path) -> None:
    elsewhere = folder.parent / "elsewhere.so"
    kept.rename(elsewhere)
    kept.symlink_to(elsewhere)


FOLDERS = [open_to_all, sticky_and_shared, open_to_the_group, of_another_user, below_an_open_one]
FOLDERS += [below_one_of_another_user]
FILES = [file_of_another_user, file_open_to_all, file_is_a_link]
NEEDS_ROOT = {of_another_user, below_one_of_another_user, file_of_another_user}


def test_the_plant_of_these_tests_is_run_where_nothing_is_open(name: str, cache: Path, tmp_path: Path) -> None:
    planted(cache / name, tmp_path / "ran")
    before = python(cache)
    assert (tmp_path / "ran").exists(), f"the next test shows nothing: {before.stderr}"


@pytest.mark.parametrize("opened", sparse([*FOLDERS, *FILES], 3), ids=lambda f: f.__name__)
def test_planted_code_is_not_run(opened: Callable[[Path, Path], None], name: str, cache: Path, tmp_path: Path) -> None:
    if opened in NEEDS_ROOT and os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    marker = tmp_path / "ran"
    opened(cache, planted(cache / name, marker))
    done = python(cache)
    assert done.stdout.strip() == "8.0", done.stderr
    assert not marker.exists()
    said = [line for line in done.stderr.splitlines() if "CacheWarning" in line]
    assert len(said) == (opened in FOLDERS), done.stderr
    if said:
        assert "Each process compiles its own. Fix: name a folder that is yours alone in CGRAPH_CACHE" in said[0]


@pytest.mark.parametrize("opened", FOLDERS, ids=lambda f: f.__name__)
def test_a_folder_that_others_can_write_is_left_as_it_is(
    opened: Callable[[Path, Path], None], cache: Path, tmp_path: Path
) -> None:
    if opened in NEEDS_ROOT and os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    cache.mkdir(mode=0o700)
    opened(cache, cache)
    with pytest.warns(cache_folder.CacheWarning, match="not kept in .*(others can write|another user)"):
        assert double() == 8
    assert list(cache.iterdir()) == []
    assert double() == 8  # said once


def test_the_process_compiles_once_in_the_folder_of_its_own(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.mkdir(mode=0o700)
    cache.chmod(0o777)
    with pytest.warns(cache_folder.CacheWarning):
        assert double() == 8
    monkeypatch.setattr("subprocess.run", lambda *a, **k: pytest.fail("compiled again"))
    assert double() == 8


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_whatever_the_umask_is_the_folder_and_what_is_in_it_are_the_users_alone(umask: int, cache: Path) -> None:
    program = f"import os; os.umask({umask}); os.environ['CGRAPH_CACHE'] += '/deep/er'; {PROGRAM}"
    environment = {**os.environ, "PYTHONPATH": str(Path(cg.__file__).parents[1])}
    subprocess.run([sys.executable, "-W", "error", "-c", program], env=environment, check=True, capture_output=True)
    made = [cache, *cache.rglob("*")]
    assert {(p.is_dir(), oct(p.stat().st_mode & 0o777)) for p in made} == {(True, "0o700"), (False, "0o600")}


def test_work_folders_of_killed_compilations_are_removed_and_those_of_running_ones_stay(cache: Path) -> None:
    cache.mkdir(mode=0o700)
    for name, age in (("work-old", 2 * compiler.SECONDS * len(compiler.WAYS) + 60), ("work-new", 5), ("other", 10**6)):
        (cache / name).mkdir()
        (cache / name / "program.c").write_text("", encoding="utf-8")
        os.utime(cache / name, (time.time() - age, time.time() - age))
    assert double() == 8
    assert {p.name for p in cache.iterdir() if p.is_dir()} == {"work-new", "other"}


def test_a_killed_compilation_leaves_nothing_that_is_taken_for_a_program(cache: Path, tmp_path: Path) -> None:
    slow = tmp_path / "cc"
    slow.write_text('#!/bin/sh\nkill -9 "$PPID"\n', encoding="utf-8")
    slow.chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": str(Path(cg.__file__).parents[1]), "CC": str(slow)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=False, capture_output=True)
    assert done.returncode == -9
    assert [p.name.startswith(compiler.WORK) for p in cache.iterdir()] == [True]
    assert double() == 8


def test_a_relative_folder_is_one_of_where_the_process_began(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.mkdir(mode=0o700)
    monkeypatch.chdir(cache)
    monkeypatch.setenv("CGRAPH_CACHE", "kept")
    assert double() == 8
    assert [p.suffix for p in (cache / "kept").iterdir()] == [".so"]
    monkeypatch.delenv("CGRAPH_CACHE")
    monkeypatch.setenv("HOME", str(cache))
    monkeypatch.setenv("XDG_CACHE_HOME", "somewhere")
    assert cache_folder.wanted() == cache / ".cache" / "cgraph"


def test_a_link_is_followed_to_a_folder_of_the_users_own(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir(mode=0o700)
    cache.symlink_to(tmp_path / "disk")
    assert double() == 8
    assert [p.suffix for p in (tmp_path / "disk").iterdir()] == [".so"]
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    cache.unlink()
    cache.symlink_to(shared)
    with pytest.warns(cache_folder.CacheWarning, match="others can write into it"):
        assert double() == 8
    assert list(shared.iterdir()) == []


def test_a_pipe_in_the_place_of_a_program_is_not_waited_for(cache: Path) -> None:
    assert double() == 8
    (kept,) = cache.iterdir()
    kept.unlink()
    os.mkfifo(kept, 0o600)
    assert cache_folder.own_content(kept) is None
    assert double() == 8
    assert ctypes.CDLL(str(kept))
