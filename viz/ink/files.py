"""Pictures as the bytes of files: png and pdf from svg; `write` puts them into a file, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from io import BytesIO

from cgraph.errors import OutputError, missing_package
from cgraph.files import write

__all__ = ["A4", "SCALE", "no_ending", "pages", "pdf", "png", "write"]

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


def no_ending(path: str | os.PathLike[str], endings: Iterable[str]) -> OutputError:
    """The error of a file name that does not say what to write."""
    return OutputError(
        f"{os.fspath(path)} has no ending that says what to write", fix=f"end it in {', '.join(endings)}"
    )
