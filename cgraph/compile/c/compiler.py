"""The system's C compiler, and a folder of what it made: a program is compiled once on a machine.

A library is kept under the hash of its source, of the flags and of the processor, with a checksum at its end: what is
damaged is compiled again. It is written whole, so that two processes never see half of one. Code is run
only from a folder and a file that nobody but the user can write: see `cache_folder`.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from cgraph.compile.c import cache_folder
from cgraph.errors import CgraphError
from cgraph.files import write

FLAGS = ("-march=native", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd", "-shared", "-fPIC", "-w")
LONG = 2000  # lines of C: a longer program is one of many small steps, and would take minutes at -O3
WAYS = (("-lmvec", "-lm"), ("-DNO_VECTORS", "-lm"))  # with glibc's vector functions, and without
SUM = 32  # bytes of a SHA-256
SECONDS = 300
WORK = "work-"  # how folders begin in which the compiler works


def compiler() -> str | None:
    """The C compiler of this system: the one that the environment's CC names, or cc, gcc, clang; None without."""
    for name in (os.environ.get("CC", ""), "cc", "gcc", "clang"):
        found = shutil.which(name) if name else None
        if found:
            return found
    return None


@cache
def _processor() -> str:
    """What this processor can do: a library for one may not run on another that shares the folder."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            lines = file.read(1 << 14).split("\n\n")[0].splitlines()
        return "\n".join(line for line in lines if line.split("\t")[0].strip() in ("model name", "flags", "Features"))
    except OSError:
        return platform.processor() + platform.machine()


def load(source: str) -> Any:
    """The library of a source, compiled if it is not there yet. Raises CgraphError when the compiler fails."""
    found = compiler()
    if found is None:
        raise missing()
    flags = ("-O1" if source.count("\n") > LONG else "-O3", *FLAGS)
    key = hashlib.sha256("\0".join([source, found, *flags, _processor(), sys.platform]).encode()).hexdigest()
    try:
        folder = cache_folder.usable()
        name = f"{key[:32]}.so"
        library = _opened(folder / name)
        if library is not None:
            return library
        cache_folder.tidy(folder, WORK, older=2 * SECONDS * len(WAYS))
        with tempfile.TemporaryDirectory(prefix=WORK, dir=folder) as work:
            return _made((found, *flags), source, Path(work), folder / name)
    except OSError as error:
        raise _failed(f"there is no folder for its result: {error}") from None


def _failed(why: str) -> CgraphError:
    return CgraphError("the C compiler failed", why=why, fix='choose backend="numpy"')


def missing() -> CgraphError:
    """The error of a machine without a compiler."""
    return CgraphError(
        "the native backend needs a C compiler",
        why="there is no cc, gcc or clang on the path",
        fix='install one, or choose backend="numpy"',
    )


def _opened(path: Path) -> Any:
    """A library that is there, whole, and that only its user can have written; None otherwise."""
    try:
        content = cache_folder.own_content(path)
        if content is None or hashlib.sha256(content[:-SUM]).digest() != content[-SUM:]:
            return None
        return ctypes.CDLL(str(path))
    except OSError:
        return None


def _made(command: Sequence[str], source: str, work: Path, path: Path) -> Any:
    """Compile, add the checksum, put the library in its place and open it."""
    text, made = work / "program.c", work / "program.so"
    text.write_text(source, encoding="utf-8")
    for way in WAYS:
        whole = [*command, "-o", str(made), str(text), *way]
        try:
            done = subprocess.run(whole, capture_output=True, text=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _failed(str(error)) from None
        if done.returncode == 0:
            break
    else:
        raise _failed(" ".join(done.stderr.split())[:300])
    content = made.read_bytes()
    # whatever the umask is and was: what others could write is not opened again
    write(path, content + hashlib.sha256(content).digest(), mode=0o600, fix="")
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise _failed(str(error)) from None
