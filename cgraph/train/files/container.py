"""The file format of models and checkpoints: arrays and JSON in one .npz file, sealed by a SHA-256 of all its bytes.

It is a zip archive of stored, uncompressed .npy members and `about.json`; the seal is the archive's comment. Nothing
that is read is run, and a file with a single other bit is refused.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from cgraph import files
from cgraph.errors import CheckpointError
from cgraph.files import StrPath

MARK = b"cgraph sha256 "
SEAL = len(MARK) + 64
ABOUT, VERSION = "about.json", 1


def write(path: StrPath, kind: str, about: Mapping[str, Any], arrays: Mapping[str, Any]) -> Path:
    """Write a file whole: an existing one is replaced only when the new one is on the disk. Raises OutputError."""
    return files.write(path, packed(kind, about, arrays))


def packed(kind: str, about: Mapping[str, Any], arrays: Mapping[str, Any]) -> bytes:
    """The bytes of a file: the same for the same content, whenever it is written."""
    head = {"format": "cgraph", "version": VERSION, "kind": kind, **about}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(ABOUT), json.dumps(head, ensure_ascii=False, allow_nan=False))
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue())
        archive.comment = MARK + b"0" * 64
    body = buffer.getvalue()[:-SEAL]
    return body + MARK + sha256(body).hexdigest().encode()


def read(path: StrPath, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a file of this kind says about itself, and its arrays, read-only.

    Raises CheckpointError for a file that cannot be read, is not ours, is damaged or cut off, or of another kind.
    """
    target = Path(path)
    try:
        content = target.read_bytes()
    except OSError as error:
        raise CheckpointError(
            f"{target} cannot be read", why=error.strerror or str(error), fix="give the path of a saved file"
        ) from None
    body, seal = content[:-SEAL], content[-SEAL:]
    if seal != MARK + sha256(body).hexdigest().encode():
        raise _damaged(target, ours=content.startswith(b"PK") and ABOUT.encode() in content[:64])
    try:
        about, arrays = _unpacked(content)
    # zipfile raises the last two for a method of packing that it does not know, and for a file with a password
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise _foreign(target, str(error)) from None
    if about.get("version") != VERSION:
        raise CheckpointError(
            f"{target} has the version {about.get('version')!r}",
            why=f"this cgraph reads version {VERSION}",
            fix="use the cgraph that wrote it, or save it anew",
        )
    if about.get("kind") != kind:
        raise _other_kind(target, about.get("kind"), kind)
    return about, arrays


def _unpacked(content: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    arrays: dict[str, Any] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in archive.infolist():
            if entry.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f"{entry.filename} is compressed")
        about = json.loads(archive.read(ABOUT))
        for name in archive.namelist():
            if name != ABOUT:
                array = np.lib.format.read_array(io.BytesIO(archive.read(name)), allow_pickle=False)
                array.flags.writeable = False
                arrays[name.removesuffix(".npy")] = array
    if not isinstance(about, dict) or about.get("format") != "cgraph":
        raise ValueError(f"{ABOUT} is of another program")
    return about, arrays


def _damaged(path: Path, ours: bool) -> CheckpointError:
    if not ours:
        return _foreign(path, "it has no seal of cgraph")
    return CheckpointError(
        f"{path} is damaged or cut off",
        why="its SHA-256 is not the one that was written at its end",
        fix="use an older copy; cgraph replaces a file only by a whole one, so the harm came later",
    )


def _foreign(path: Path, why: str) -> CheckpointError:
    return CheckpointError(
        f"{path} is no file of cgraph", why=why, fix="give a file that train.save or fit(..., checkpoint=...) wrote"
    )


def _other_kind(path: Path, have: Any, want: str) -> CheckpointError:
    fixes = {
        "model": "train.load(path) reads a model",
        "training": "fit(..., checkpoint=path, resume=True) goes on with a training",
    }
    return CheckpointError(
        f"{path} holds a {have}", why=f"a {want} is wanted", fix=fixes.get(str(have), "give another file")
    )
