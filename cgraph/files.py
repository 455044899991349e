"""The one writer of files: each is written whole or not at all, and an existing one is replaced only by a whole one."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias

from cgraph.errors import OutputError

if sys.platform != "win32":  # without flock, the file that a killed process was writing stays behind
    import fcntl

StrPath: TypeAlias = "str | os.PathLike[str]"
FIX = "choose a file in a folder you may write to"
_STREAM = re.compile(r"/dev/(stdout|stderr|fd/)|/proc/")  # links to files that this process has open
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_OLD = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def write(path: StrPath, content: bytes, *, mode: int | None = None, fix: str = FIX) -> Path:
    """Write a file whole, for which `replacing` has the particulars. Returns its path; raises OutputError.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(f"{folder}/a.txt", b"whole").read_text()
    'whole'
    """
    with replacing(path, mode=mode, fix=fix) as file:
        file.write(content)
    return Path(path)


@contextlib.contextmanager
def replacing(path: StrPath, *, mode: int | None = None, fix: str = FIX) -> Iterator[BinaryIO]:
    """A new file to write into, which takes the place of `path` when the block ends, once it is on the disk.

    It stands beside it under a name that nobody had. When the block fails or is interrupted it is removed, and what was
    at `path` is as it was; one that a killed process left is removed by the next writer. The permissions are `mode`,
    by default those of the file that is replaced, or what the umask leaves. Devices and pipes are written into, but
    replaced when a `mode` is given, which is for folders whose files must be ours.

    Raises OutputError, with the system's reason and `fix`, when it cannot be written.
    """
    target = Path(path)
    try:
        found = _found(target)
        if mode is not None or found is None or (stat.S_ISREG(found) and not _STREAM.match(os.fspath(target))):
            _tidy(target)
            with _part(target, found & 0o777 if mode is None and found is not None else mode) as file:
                yield file
        else:
            with target.open("wb") as file:
                yield file
    except OutputError:  # of another file, which was written in the block
        raise
    except OSError as error:
        raise not_written(target, error, fix) from None


def not_written(path: StrPath, error: OSError, fix: str = FIX) -> OutputError:
    """The error of a file that cannot be written: the system's reason, and the fix."""
    return OutputError(f"{os.fspath(path)} cannot be written", why=error.strerror or str(error), fix=fix)


def _found(target: Path) -> int | None:
    """Kind and permissions of what is there; None when nothing is. Raises IsADirectoryError for a folder."""
    try:
        found = target.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    return found


@contextlib.contextmanager
def _part(target: Path, mode: int | None) -> Iterator[BinaryIO]:
    """The new file beside its target: locked while it is written, renamed at the end, removed when something fails."""
    descriptor, part = _opened(target, 0o666 if mode is None else 0o600)  # private until it is whole
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
            if mode is not None:
                os.chmod(descriptor if os.chmod in os.supports_fd else part, mode)
            if sys.platform == "win32":
                file.close()  # Windows renames no open file; elsewhere the lock must last until it has its name
            os.replace(part, target)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def _opened(target: Path, mode: int) -> tuple[int, Path]:
    """A file that was not there, open and locked, and its name; what stands at a name already, a link too, is left."""
    for _ in range(100):
        part = target.with_name(f".{_short(target)}.{os.urandom(8).hex()}.part")
        try:
            descriptor = os.open(part, _NEW, mode)
        except FileExistsError:
            continue
        if _locked(descriptor, otherwise=True) and os.fstat(descriptor).st_nlink:
            return descriptor, part
        os.close(descriptor)  # another writer took it for one that was left, between our two calls
    raise FileExistsError(errno.EEXIST, "every temporary name beside it is taken")


def _tidy(target: Path) -> None:
    """Remove what killed processes left when they wrote this file: such files that nobody has locked."""
    left = re.compile(rf"\.{re.escape(_short(target))}\.[0-9a-f]{{16}}\.part")
    with os.scandir(target.parent) as entries:
        parts = [entry.path for entry in entries if left.fullmatch(entry.name)]
    for part in parts:
        with contextlib.suppress(OSError):
            descriptor = os.open(part, _OLD)
            try:
                if stat.S_ISREG(os.fstat(descriptor).st_mode) and _locked(descriptor, otherwise=False):
                    os.unlink(part)
            finally:
                os.close(descriptor)


def _short(target: Path) -> str:
    return target.name[:40]  # the temporary name is longer than this, and a file system may allow 255 bytes


def _locked(descriptor: int, *, otherwise: bool) -> bool:
    """Whether the file is now ours alone; where a file system has no locks, what is told."""
    if sys.platform == "win32":
        return otherwise
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return otherwise
    return True
