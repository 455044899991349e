"""The compiler: run once a program, quoted when it fails, and done without where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from project import SUPPORT
from sparse import sparse

import cgraph as cg
from cgraph.compile.c import cache_folder, compiler


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for compiled programs."""
    monkeypatch.setenv("CGRAPH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


PROGRAM = "import cgraph as cg; x = cg.variable('x'); print(cg.compile(2*x, backend='native')(x=4.0)[0])"


def native_double() -> float:
    x = cg.variable("x")
    return float(cg.compile(2 * x, backend="native")(x=4.0)[0])


def test_a_program_is_compiled_once_and_then_taken_from_the_folder(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert native_double() == 8
    (kept,) = cache.iterdir()
    monkeypatch.setattr("subprocess.run", lambda *a, **k: pytest.fail("compiled again"))
    assert native_double() == 8
    assert list(cache.iterdir()) == [kept]


@pytest.mark.parametrize("damage", sparse([b"no library at all", b"", None], 3))
def test_a_damaged_file_in_the_folder_is_compiled_again(cache: Path, damage: bytes | None) -> None:
    run = [sys.executable, "-c", PROGRAM]
    here = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(SUPPORT), str(Path(cg.__file__).parents[1])]),
    }
    assert subprocess.run(run, env=here, capture_output=True, text=True, check=True).stdout.strip() == "8.0"
    (kept,) = cache.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert subprocess.run(run, env=here, capture_output=True, text=True, check=True).stdout.strip() == "8.0"
    assert len(kept.read_bytes()) == len(whole)


def test_several_processes_may_compile_the_same_program_at_once(cache: Path) -> None:
    here = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(SUPPORT), str(Path(cg.__file__).parents[1])]),
    }
    start = [subprocess.Popen([sys.executable, "-c", PROGRAM], env=here, stdout=subprocess.PIPE) for _ in range(4)]
    assert [p.communicate()[0].strip() for p in start] == [b"8.0"] * 4
    assert len(list(cache.iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("CGRAPH_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.warns(cache_folder.CacheWarning, match=r"not kept in .*file.cache: Not a directory"):
        assert native_double() == 8


def test_without_a_compiler_the_native_backend_says_so_and_auto_takes_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(cg.CgraphError, match=r"the native backend needs a C compiler: there is no cc, gcc or clang"):
        native_double()
    w = cg.parameter("w", 1.0)
    assert cg.compile(w, updates={w: w + 1}).backend == "numpy"


def test_a_compiler_that_fails_is_quoted(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "cc"
    broken.write_text("#!/bin/sh\necho out of order >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setenv("CC", str(broken))
    with pytest.raises(cg.CgraphError, match=r'the C compiler failed: out of order. Fix: choose backend="numpy"'):
        native_double()


@pytest.mark.parametrize(
    ("script", "message"), [("no program", "Exec format error"), ("#!/bin/sh\nsleep 9\n", "timed out after 0.1 s")]
)
def test_a_compiler_that_cannot_run_or_does_not_end_is_one_that_fails(
    script: str, message: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "cc"
    broken.write_text(script, encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setenv("CC", str(broken))
    monkeypatch.setattr(compiler, "SECONDS", 0.1)
    with pytest.raises(cg.CgraphError, match=f"the C compiler failed: .*{message}.*Fix: choose backend"):
        native_double()
    w = cg.parameter("w", 1.0)
    assert cg.compile(w, updates={w: w + 1}).backend == "numpy"


def test_a_user_without_a_home_compiles_for_the_process_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("CGRAPH_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    cache_folder._private.cache_clear()
    with monkeypatch.context() as there, tempfile.TemporaryDirectory(dir=tmp_path) as made:
        kept = SimpleNamespace(name=made)
        there.setattr(cache_folder, "_temporary", lambda: kept)
        with pytest.warns(cache_folder.CacheWarning, match="compiled programs are not kept: Could not determine"):
            assert native_double() == 8
        cache_folder._private.cache_clear()
        there.setattr(cache_folder, "_temporary", lambda: tempfile.TemporaryDirectory(dir=tmp_path / "none"))
        with pytest.warns(cache_folder.CacheWarning), pytest.raises(cg.CgraphError, match="there is no folder for its"):
            native_double()
    cache_folder._private.cache_clear()
    assert capfd.readouterr() == ("", "")


def test_names_of_nodes_cannot_leave_the_comments_of_c() -> None:
    x = cg.variable("x */ #error")
    assert cg.compile((x + 1).named("y */ }\n#error \\"), backend="native")({x: 1.0})[0] == 2
