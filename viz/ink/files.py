"""Pictures as files: the ending says what is written, whole or not at all.

A kind of picture has one table of endings and writers, which `save` reads; that of the images, which every kind has,
is `IMAGES`.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import floor, sqrt
from pathlib import Path
from typing import Any, Generic, TypeVar

from cgraph.errors import OutputError, ValueRefusedError
from cgraph.files import write
from viz.ink.font import FAMILY, font_file
from viz.ink.pdf import write as pages_of

__all__ = ["A4", "IMAGES", "images", "no_ending", "pages", "pdf", "png", "save", "write"]

A4 = (841.89, 595.28)  # points, the long side level
POINTS = 72.0  # to the inch
DPI = 144.0  # of a PNG: two pixels to the point
LEAST, MOST = 20.0, 2400.0  # dots to the inch that a PNG may have
MOST_PIXELS = 250_000_000  # of a PNG: a gigabyte while it is painted


def png(svg: str, dpi: float = DPI) -> bytes:
    """An SVG as a PNG of so many dots to the inch, which the file says too, so that it is as large as the SVG.

    Raises ValueRefusedError for dots that there cannot be.
    """
    import resvg_py

    head, tag, rest = svg.partition(">")
    scale = checked(dpi) / POINTS
    across, up = (scale * float(side) for _, side in _SIZE.findall(head))
    if across * up > MOST_PIXELS:
        most = floor(dpi * sqrt(MOST_PIXELS / (across * up)))
        raise ValueRefusedError(
            f"a PNG of {across:.0f}×{up:.0f} pixels",
            why=f"at {dpi:g} dots to the inch it has more than {MOST_PIXELS:,}",
            fix=f"give dpi={most}" if most >= LEAST else "write it as .svg",
        )
    fonts: dict[str, Any] = {"skip_system_fonts": True}
    if "<text" in rest:  # letters that our font lacks: of the machine's fonts, and an empty box where they lack it too
        fonts = {"font_files": [font_file()], "serif_family": FAMILY}
    pixels = iter((max(1, round(across)), max(1, round(up))))  # resvg takes numbers alone, and rounds before it zooms
    head = _SIZE.sub(lambda side: f' {side[1]}="{next(pixels)}"', head)
    made = resvg_py.svg_to_bytes(svg_string=head + _FILLED + tag + rest, **fonts)
    return _with_density(bytes(made), dpi)


def checked(dpi: float) -> float:
    """The same dots to the inch. Raises ValueRefusedError for what there cannot be."""
    if isinstance(dpi, bool) or not isinstance(dpi, (int, float)) or not LEAST <= dpi <= MOST:
        raise ValueRefusedError(
            f"a PNG of {dpi!r} dots to the inch",
            why=f"that is a number from {LEAST:g} to {MOST:g}",
            fix="give one such as dpi=300",
        )
    return dpi


_FILLED = ' preserveAspectRatio="none"'  # whole pixels are a little wider or narrower: no seam at the edge
_SIZE = re.compile(r' (width|height)="([\d.]+)pt"')
_AFTER_HEADER = 33  # bytes: the signature and the chunk IHDR


def _with_density(png: bytes, dpi: float) -> bytes:
    """A PNG that says how many of its pixels are a metre (the chunk pHYs, PNG specification 11.3.4.3)."""
    metre = round(dpi / 0.0254)
    body = b"pHYs" + struct.pack(">IIB", metre, metre, 1)
    chunk = struct.pack(">I", 9) + body + struct.pack(">I", zlib.crc32(body))
    return png[:_AFTER_HEADER] + chunk + png[_AFTER_HEADER:]


def pdf(svg: str) -> bytes:
    """An SVG as a PDF of one page, as large as the picture. Raises MissingPackageError without the extra `pdf`."""
    return pages_of([svg])


def pages(svgs: Sequence[str], size: tuple[float, float] = A4, margin: float = 36.0) -> bytes:
    """SVGs as the pages of one PDF, each as large as the paper lets it be. Raises MissingPackageError."""
    return pages_of(svgs, (*size, margin))


Kind = TypeVar("Kind")


class Dotted(Generic[Kind]):
    """A writer of a PNG, which takes dots to the inch as well."""

    def __init__(self, write: Callable[[Kind, float], bytes]) -> None:
        self._write = write

    def __call__(self, picture: Kind, dpi: float = DPI) -> bytes:
        return self._write(picture, dpi)


IMAGES: dict[str, Callable[[str], bytes]] = {".svg": str.encode, ".png": Dotted(png), ".pdf": pdf}  # of an SVG


def images(svg: Callable[[Kind], str]) -> dict[str, Callable[[Kind], bytes]]:
    """The table of a kind of picture that is an image and no more; `svg` gives its SVG.

    >>> list(images(str))
    ['.svg', '.png', '.pdf']
    """

    def of_kind(write: Callable[[str], bytes]) -> Callable[[Kind], bytes]:
        if isinstance(write, Dotted):
            of_svg: Dotted[str] = write
            return Dotted[Kind](lambda picture, dpi: of_svg(svg(picture), dpi))
        return lambda picture: write(svg(picture))

    return {ending: of_kind(write) for ending, write in IMAGES.items()}


def save(
    path: str | os.PathLike[str],
    picture: Kind,
    formats: Mapping[str, Callable[[Kind], bytes]],
    dpi: float | None = None,
) -> Path:
    """Write a picture as the ending of its file says, by the table of its kind; a PNG with so many dots to the inch.

    An existing file is replaced only when the new one is complete. Raises OutputError, and what a writer raises.
    """
    ending = Path(path).suffix.lower()
    make = formats.get(ending)
    if make is None:
        raise no_ending(path, formats)
    if dpi is None:
        return write(path, make(picture))
    if ending != ".png" or not isinstance(make, Dotted):
        raise ValueRefusedError(
            f"dpi for {os.fspath(path)}", why="only a .png is made of dots", fix="leave dpi out, or end it in .png"
        )
    return write(path, make(picture, dpi))


def no_ending(path: str | os.PathLike[str], endings: Iterable[str]) -> OutputError:
    """The error of a file name that does not say what to write."""
    return OutputError(
        f"{os.fspath(path)} has no ending that says what to write", fix=f"end it in {', '.join(endings)}"
    )
