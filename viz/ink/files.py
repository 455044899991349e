"""Pictures as files: the ending says what is written, whole or not at all.

A kind of picture has one table of endings and writers, which `save` reads; that of the images, which every kind has,
is `IMAGES`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TypeVar

from cgraph.errors import OutputError, missing_package
from cgraph.files import write

__all__ = ["A4", "IMAGES", "SCALE", "images", "no_ending", "pages", "pdf", "png", "save", "write"]

A4 = (841.89, 595.28)  # points, the long side level
SCALE = 2  # pixels of a PNG to a point


def png(svg: str) -> bytes:
    """An SVG as a PNG, two pixels to the point."""
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=SCALE, skip_system_fonts=True))


def pdf(svg: str) -> bytes:
    """An SVG as a PDF of one page, as large as the picture. Raises MissingPackageError without the extra `pdf`."""
    return _pdf([svg], None)


def pages(svgs: Sequence[str], size: tuple[float, float] = A4, margin: float = 36.0) -> bytes:
    """SVGs as the pages of one PDF, each as large as the paper lets it be. Raises MissingPackageError."""
    return _pdf(svgs, (*size, margin))


def _pdf(svgs: Sequence[str], paper: tuple[float, float, float] | None) -> bytes:
    try:
        from reportlab.graphics import renderPDF
        from reportlab.pdfgen.canvas import Canvas
        from svglib.svglib import svg2rlg
    except ImportError:
        raise missing_package("svglib", "pdf", "writing PDF") from None
    file = BytesIO()
    canvas = Canvas(file, invariant=1)  # no time and no random number in it
    for svg in svgs:
        drawing = svg2rlg(BytesIO(svg.encode()))
        assert drawing is not None, "our own SVG is well formed"
        width, height, margin = paper or (drawing.width, drawing.height, 0.0)
        canvas.setPageSize((width, height))
        scale = min((width - 2 * margin) / drawing.width, (height - 2 * margin) / drawing.height)
        canvas.translate((width - scale * drawing.width) / 2, height - margin - scale * drawing.height)
        canvas.scale(scale, scale)
        renderPDF.draw(drawing, canvas, 0, 0)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


IMAGES: dict[str, Callable[[str], bytes]] = {".svg": str.encode, ".png": png, ".pdf": pdf}  # of an SVG
Kind = TypeVar("Kind")


def images(svg: Callable[[Kind], str]) -> dict[str, Callable[[Kind], bytes]]:
    """The table of a kind of picture that is an image and no more; `svg` gives its SVG.

    >>> list(images(str))
    ['.svg', '.png', '.pdf']
    """

    def of_kind(write: Callable[[str], bytes]) -> Callable[[Kind], bytes]:
        return lambda picture: write(svg(picture))

    return {ending: of_kind(write) for ending, write in IMAGES.items()}


def save(path: str | os.PathLike[str], picture: Kind, formats: Mapping[str, Callable[[Kind], bytes]]) -> Path:
    """Write a picture as the ending of its file says, by the table of its kind.

    An existing file is replaced only when the new one is complete. Raises OutputError, and what a writer raises.
    """
    make = formats.get(Path(path).suffix.lower())
    if make is None:
        raise no_ending(path, formats)
    return write(path, make(picture))


def no_ending(path: str | os.PathLike[str], endings: Iterable[str]) -> OutputError:
    """The error of a file name that does not say what to write."""
    return OutputError(
        f"{os.fspath(path)} has no ending that says what to write", fix=f"end it in {', '.join(endings)}"
    )
