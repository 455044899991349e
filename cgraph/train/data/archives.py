"""Named members of an archive, read in memory: nothing is unpacked onto the disk."""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import IO

from cgraph.errors import DataError


def read_member(archive: Path | bytes, name: str) -> bytes:
    """The bytes of the regular file `name` in an archive, .tar.gz or zip, which may itself be a member's bytes.

    Raises DataError when the archive has no such file, or is damaged.
    """
    return read_members(archive, [name])[name]


def read_members(archive: Path | bytes, names: list[str]) -> dict[str, bytes]:
    """The bytes of each of these regular files, by name. Raises DataError as `read_member` does."""
    label = "an archive in it" if isinstance(archive, bytes) else archive.name
    try:
        with io.BytesIO(archive) if isinstance(archive, bytes) else archive.open("rb") as file:
            found = _from_zip(file, names) if zipfile.is_zipfile(file) else _from_tar(file, names)
    except (OSError, tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DataError(
            f"{label} cannot be read", why=str(error) or type(error).__name__, fix="delete it, and fetch it anew"
        ) from None
    for name in names:
        if name not in found:
            raise DataError(
                f"{label} has no file {name}", why="it is another archive", fix="delete it, and fetch it anew"
            )
    return found


def _from_tar(file: IO[bytes], names: list[str]) -> dict[str, bytes]:
    wanted, found = set(names), {}
    file.seek(0)
    with tarfile.open(fileobj=file, mode="r:gz") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() and member.name in wanted else None
            if content is not None:
                found[member.name] = content.read()
    return found


def _from_zip(file: IO[bytes], names: list[str]) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as zipped:
        return {name: zipped.read(name) for name in names if name in zipped.namelist()}
