"""PDFs: the lines of an SVG as lines, its glyphs as text in fonts that the file brings, so that it can be searched.

The outlines of the SVG are those of STIX Two Math, and so are the two faces here: upright letters, and the italic ones
of mathematics, which a reader finds as the letters that they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from typing import Any, NamedTuple

from cgraph.errors import missing_package
from viz.ink.font import MISSING, font_file, metrics

UPRIGHT, ITALIC = "STIXTwoMath", "STIXTwoMath-Italic"
SVG = "{http://www.w3.org/2000/svg}"
_MATRIX = re.compile(r"matrix\(([-\d.e]+) 0 0 [-\d.e]+ ([-\d.e]+) ([-\d.e]+)\)")
_SHIFT = re.compile(r"translate\(([-\d.e]+) ([-\d.e]+)\)(?: scale\(([\d.e]+)\))?")


class Letter(NamedTuple):
    """One glyph of a picture: its character, the left end of its baseline in points from above, its size and colour."""

    char: str
    x: float
    y: float
    size: float
    fill: str


def write(svgs: Sequence[str], paper: tuple[float, float, float] | None = None) -> bytes:
    """SVGs as the pages of one PDF: each page as large as its picture, or paper of a width, a height and a margin.

    Raises MissingPackageError without the extra `pdf`.
    """
    try:
        from lxml import etree
        from reportlab.graphics import renderPDF
        from reportlab.pdfgen.canvas import Canvas
        from svglib.svglib import svg2rlg
    except ImportError:
        raise missing_package("svglib", "pdf", "writing PDF") from None
    _faces()
    file = BytesIO()
    canvas = Canvas(file, invariant=1, initialFontName=UPRIGHT, lang="en")  # no time and no random number in it
    for svg in svgs:
        root = etree.fromstring(svg.encode())
        letters = list(_taken(root, Place(0.0, 0.0, 1.0), "#000000"))
        drawing = svg2rlg(BytesIO(etree.tostring(root)))
        assert drawing is not None, "our own SVG is well formed"
        drawing.initialFontName = UPRIGHT  # not the reader's own, which no file brings
        width, height, margin = paper or (drawing.width, drawing.height, 0.0)
        canvas.setPageSize((width, height))
        scale = min((width - 2 * margin) / drawing.width, (height - 2 * margin) / drawing.height)
        canvas.translate((width - scale * drawing.width) / 2, height - margin - scale * drawing.height)
        canvas.scale(scale, scale)
        renderPDF.draw(drawing, canvas, 0, 0)
        for run in _runs(letters):
            _set(run, canvas, drawing.height)
        canvas.showPage()
    title, description = (etree.fromstring(svgs[0].encode()).findtext(f"{SVG}{tag}") or "" for tag in ("title", "desc"))
    canvas.setTitle(title)
    canvas.setSubject(description)
    canvas.setCreator("cgraph")
    canvas.save()
    return file.getvalue()


class Place(NamedTuple):
    """Where the origin of an element is, and how large its unit is."""

    x: float
    y: float
    scale: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A point of the element on the page."""
        return self.x + self.scale * x, self.y + self.scale * y


def _taken(of: Any, origin: Place, fill: str) -> Iterator[Letter]:
    """The glyphs of an element, which it has no longer. Its depth is that of our own SVG, not of a graph."""
    for child in list(of):
        if not isinstance(child.tag, str):
            continue
        colour = child.get("fill", fill)
        place = _MATRIX.fullmatch(child.get("transform", ""))
        if child.tag == f"{SVG}use" and place is not None:
            size, x, y = map(float, place.groups())
            char = chr(int(child.get("href")[2:], 16))
            yield Letter(char, *origin.at(x, y), 1000 * size * origin.scale, colour)
            of.remove(child)
        elif child.tag == f"{SVG}text":  # letters that our font lacks: no font that may be brought has them
            yield from _boxes(child, origin, colour)
            of.remove(child)
        else:
            shift = _SHIFT.fullmatch(child.get("transform", ""))
            x, y, scale = map(float, (shift[1], shift[2], shift[3] or 1)) if shift is not None else (0.0, 0.0, 1.0)
            yield from _taken(child, Place(*origin.at(x, y), origin.scale * scale), colour)


def _boxes(text: Any, origin: Place, fill: str) -> Iterator[Letter]:
    """An empty box for each letter of a text, about its middle."""
    size, words = float(text.get("font-size")), [c for c in text.text or "" if not unicodedata.combining(c)]
    width = size * metrics(MISSING)[0]
    start = float(text.get("x")) - width * len(words) / 2
    for i, _ in enumerate(words):
        yield Letter(MISSING, *origin.at(start + i * width, float(text.get("y"))), size * origin.scale, fill)


def _runs(letters: Sequence[Letter]) -> Iterator[list[Letter]]:
    """Letters that stand side by side without a gap, of one size and colour, from one face."""
    run: list[Letter] = []
    for letter in letters:
        if run:
            last = run[-1]
            same = (letter.y, letter.size, letter.fill) == (last.y, last.size, last.fill)
            gap = letter.x - last.x - metrics(last.char)[0] * last.size
            if not same or abs(gap) > 0.02 or _face(letter.char) != _face(last.char):
                yield run
                run = []
        run.append(letter)
    if run:
        yield run


def _set(run: Sequence[Letter], canvas: Any, height: float) -> None:
    first = run[0]
    face = _face(first.char)
    words = canvas.beginText(first.x, height - first.y)
    words.setFont(face, first.size)
    words.setFillColor(first.fill)
    words.textOut("".join(_plain(letter.char) if face == ITALIC else letter.char for letter in run))
    canvas.drawText(words)


def found_as_letters(pdf: bytes) -> bytes:
    """An uncompressed PDF in which a reader finds italic letters of mathematics as the letters that they are.

    Its tables of characters (ToUnicode, PDF 32000-1, 9.10.3) are changed in their places, so that no other moves.
    """

    def letter(found: re.Match[bytes]) -> bytes:
        char = bytes.fromhex(found[1].decode()).decode("utf-16-be", "replace")
        plain = _plain(char) if len(char) == 1 and _face(char) == ITALIC else char
        return (
            b"<" + plain.encode("utf-16-be").hex().encode().rjust(len(found[1])) + b">" if plain != char else found[0]
        )

    return _TABLE.sub(lambda table: re.sub(rb"<([0-9a-f]{4}|[0-9a-f]{8})>", letter, table[0]), pdf)


_TABLE = re.compile(rb"(?<=beginbfrange\n).*?(?=\nendbfrange)", re.DOTALL)


# Faces ---------------------------------------------------------------------------------------------------------------
def _plain(char: str) -> str:
    """The letter that an italic letter of mathematics is."""
    return unicodedata.normalize("NFKC", char)


def _face(char: str) -> str:
    return ITALIC if char == "ℎ" or "MATHEMATICAL ITALIC" in unicodedata.name(char, "") else UPRIGHT


@cache
def _faces() -> None:
    """Make the two faces known to ReportLab, once."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    path = font_file()
    upright, italic = TTFont(UPRIGHT, path), TTFont(ITALIC, path)
    face = italic.face
    letters = [c for c in map(chr, face.charToGlyph) if _face(c) == ITALIC]
    glyphs = {ord(_plain(c)): face.charToGlyph[ord(c)] for c in letters if len(_plain(c)) == 1}
    widths = {ord(_plain(c)): face.charWidths[ord(c)] for c in letters if len(_plain(c)) == 1}
    kept = {ord(" "): face.charToGlyph[ord(" ")]}
    face.charToGlyph, face.charWidths = {**kept, **glyphs}, {ord(" "): face.charWidths[ord(" ")], **widths}
    face.name = ITALIC.encode()
    for font in (upright, italic):
        pdfmetrics.registerFont(font)


__all__ = ["found_as_letters", "write"]
