"""The folder in which compiled programs are kept: one that belongs to the user and that nobody else can write.

What is in it is run. So its owner, its mode and those of all folders above it are looked at before anything in it is;
where one of them is somebody else's to change, the process has a folder of its own that goes with it.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
import time
import warnings
from functools import cache
from pathlib import Path

from cgraph.quoting import terminal

OTHERS = stat.S_IWGRP | stat.S_IWOTH


class CacheWarning(UserWarning):
    """Compiled programs cannot be kept, so that each process compiles its own."""


def wanted() -> Path:
    """The folder where libraries are to be kept; `CGRAPH_CACHE` names another one. Raises RuntimeError without a home.

    A relative XDG_CACHE_HOME counts for nothing, as its specification has it.
    """
    chosen = os.environ.get("CGRAPH_CACHE")
    if chosen:
        return Path(chosen).absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "cgraph"
    shared = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (shared if shared.is_absolute() else Path.home() / ".cache") / "cgraph"


def usable() -> Path:
    """The wanted folder, made where it is missing; else one of this process alone, with a warning that says why."""
    try:
        folder = wanted()
    except RuntimeError as error:
        return _private("", str(error))
    try:
        folder = Path(os.path.realpath(folder))
        _make(folder)
        why = refusal(folder)
    except OSError as error:
        why = error.strerror or str(error)
    return folder if not why else _private(str(folder), why)


def refusal(folder: Path) -> str:
    """Why others could put programs into a folder; nothing when they cannot."""
    if not hasattr(os, "geteuid"):  # Windows keeps others out of a user's folders by itself
        return ""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return "it is no folder"
    if found.st_uid != os.geteuid():
        return "it belongs to another user"
    if found.st_mode & OTHERS:
        return "others can write into it"
    for above in folder.parents:
        found = above.lstat()
        if found.st_uid not in (0, os.geteuid()):
            return f"{above} above it belongs to another user"
        if found.st_mode & OTHERS and not found.st_mode & stat.S_ISVTX:
            return f"others can write into {above} above it"
    return "" if os.access(folder, os.W_OK | os.X_OK) else "it cannot be written"


def own_content(path: Path) -> bytes | None:
    """What is in a file of the user's that nobody else can write; None for any other kind of file or link."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            return None
        if hasattr(os, "geteuid") and (found.st_uid != os.geteuid() or found.st_mode & OTHERS):
            return None
        return file.read()


def tidy(folder: Path, prefix: str, older: float) -> None:
    """Remove the folders that killed compilations left: those of this prefix that are older than some seconds."""
    for left in folder.glob(f"{prefix}*"):
        try:
            if time.time() - left.lstat().st_mtime > older:
                shutil.rmtree(left, ignore_errors=True)
        except OSError:  # another process was sooner
            continue


def _make(folder: Path) -> None:
    """Make a folder and those above it that are missing, each for the user alone, whatever the umask is."""
    for one in (*reversed(folder.parents), folder):
        if not one.is_dir():
            try:
                one.mkdir(mode=0o700)
            except FileExistsError:  # another process was sooner, or it is no folder, which is seen later
                continue


@cache
def _private(folder: str, why: str) -> Path:
    """A folder of this process, removed at its end; told once for each folder that is not used."""
    where = f" in {terminal(folder)}" if folder else ""
    warnings.warn(
        f"compiled programs are not kept{where}: {terminal(why)}. Each process compiles its own. "
        "Fix: name a folder that is yours alone in CGRAPH_CACHE",
        CacheWarning,
        stacklevel=2,
    )
    return Path(_temporary().name)


@cache
def _temporary() -> tempfile.TemporaryDirectory[str]:
    """Made on demand, for the user alone; Python removes it when the process ends."""
    return tempfile.TemporaryDirectory(prefix="cgraph-")
