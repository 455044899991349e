"""PDFs: text that is found, in fonts that the file brings, at the places of the SVG, which is as large."""

from __future__ import annotations

import re
import unicodedata
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pypdf
import pytest
from random_scalars import random_pass
from sparse import sparse

import cgraph as cg
import viz
from cgraph.notation import text
from viz.figures import FIGURES
from viz.figures.graphs import figure_6_17, figure_6_18
from viz.ink import files
from viz.ink.font import metrics

FLAT = re.compile(r"[^ᵀ⁰¹²³⁴-⁹₀-₉/]+")  # words without fractions and scripts, which stand on lines of their own


def read(data: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(BytesIO(data))


def found(page: Any) -> str:
    """The text of a page without its spaces, which a reader guesses from gaps."""
    return re.sub(r"\s", "", page.extract_text())


def fonts(page: Any) -> dict[str, bool]:
    """The fonts of a page, and whether the file brings each."""
    brought = {}
    for font in (page["/Resources"].get("/Font") or {}).values():
        whole = font.get_object()
        inside = whole["/DescendantFonts"][0].get_object() if "/DescendantFonts" in whole else whole
        about = inside.get("/FontDescriptor", {})
        brought[whole["/BaseFont"]] = whole["/Subtype"] == "/Type3" or any("FontFile" in key for key in about)
        brought[whole["/BaseFont"]] &= "/ToUnicode" in whole
    return brought


PASSES = {
    "6.17": figure_6_17,
    "6.18": figure_6_18,
    **{f"random {seed}": lambda seed=seed: random_pass(seed, most=20) for seed in range(6)},
}


@pytest.mark.parametrize("detail", sparse(["full", "number"], 2))
@pytest.mark.parametrize("of", sparse(PASSES, 8))
def test_every_name_and_every_number_of_a_picture_is_found_in_its_pdf(of, detail):
    picture = viz.draw(PASSES[of](), detail=detail)
    page = read(files.pdf(picture.svg())).pages[0]
    words = found(page)
    drawn = [label for b in picture.drawing.boxes for _, label in b.lines]
    drawn += [label for e in picture.drawing.edges for label in (e.local, e.downstream)]
    for label in drawn:
        for part in FLAT.findall("".join(text(math) for _, math in label)):
            for number in re.findall(r"−?\d+(?:\.\d+)?|[A-Za-z]+", part):
                assert number in words
    assert set(fonts(page).values()) == {True}


def test_a_caption_and_a_word_are_found_as_they_are_typed():
    page = read(files.pdf(viz.draw(figure_6_17(), labels={"b": "learning rate"}).svg())).pages[0]
    said = " ".join(page.extract_text().split())
    assert "Computation graph of L: forward pass and backward pass" in said
    assert "learning rate" in said
    assert "e = a + d" in said  # in italic letters of mathematics, found as the letters that they are
    assert "∂L/∂b = −4" in said


@pytest.mark.parametrize("number", sparse([*FIGURES][3:] + [*FIGURES][:3], 18))
def test_a_figure_has_its_title_is_as_large_as_its_svg_and_brings_its_fonts(tmp_path: Path, number: str) -> None:
    figure = viz.figure(number)
    pdf = read(figure.save(tmp_path / "x.pdf").read_bytes())
    svg = ElementTree.fromstring(figure.svg())
    sides = [float(svg.get(side, "").removesuffix("pt")) for side in ("width", "height")]
    assert [float(side) for side in pdf.pages[0].mediabox[2:]] == pytest.approx(sides, abs=0.02)
    assert pdf.metadata is not None and pdf.metadata.title == figure.caption
    assert fonts(pdf.pages[0]) and set(fonts(pdf.pages[0]).values()) == {True}
    assert all(word in found(pdf.pages[0]) for word in figure.caption.split())


@pytest.mark.parametrize("number", ["6.1", "6.3", "6.5", "6.7"])
def test_letters_of_a_plot_are_found_as_they_are_typed(tmp_path: Path, number: str) -> None:
    page = read(viz.figure(number).save(tmp_path / "x.pdf").read_bytes()).pages[0]
    said = found(page)
    wanted = {"6.1": ["y=σ(z)"], "6.3": ["y=tanh(z)", "y=ReLU(z)"], "6.5": ["x₁XORx₂"], "6.7": ["h₁", "h₂", "inxspace"]}
    assert all(words in said for words in wanted[number])
    assert not any(unicodedata.name(char, "").startswith("MATHEMATICAL") or char == "ℎ" for char in said)


def placed(page: Any) -> dict[str, list[tuple[float, float, float]]]:
    """Where each text of a page begins, and its size."""
    where: dict[str, list[tuple[float, float, float]]] = {}

    def visit(said: str, matrix: Any, place: Any, _font: Any, size: float) -> None:
        if said.strip():
            x = matrix[0] * place[4] + matrix[4]
            y = matrix[3] * place[5] + matrix[5]
            where.setdefault(said.strip(), []).append((x, y, size))

    page.extract_text(visitor_text=visit)
    return where


def test_text_stands_where_the_svg_has_its_glyphs():
    picture = viz.draw(figure_6_17())
    page = read(files.pdf(picture.svg())).pages[0]
    height, where = float(page.mediabox[3]), placed(page)
    line = next(x for b in picture.layout.boxes if b.box.name == "L" for x in b.lines if x.line.role == "value")
    shift = (float(page.mediabox[2]) - picture.layout.width) / 2
    (run,) = line.line.runs
    assert any(
        (x, y) == (pytest.approx(shift + line.x + run[1][0].x, abs=0.05), pytest.approx(height - line.y, abs=0.05))
        and size == pytest.approx(run[1][0].size, abs=0.01)
        for x, y, size in where["−10"]
    )


def test_the_letters_of_a_font_are_as_wide_as_the_outlines_of_the_svg():
    from reportlab.pdfbase import pdfmetrics

    files.pdf(viz.draw(figure_6_17()).svg())
    for face, char, drawn in (
        ("STIXTwoMath", "w", "w"),
        ("STIXTwoMath-Italic", "w", "𝑤"),
        ("STIXTwoMath-Italic", "h", "ℎ"),
    ):
        assert pdfmetrics.stringWidth(char, face, 1000) == pytest.approx(1000 * metrics(drawn)[0], abs=0.6)


@pytest.mark.slow
def test_the_same_picture_gives_the_same_bytes_and_a_sheet_has_two_pages(tmp_path: Path) -> None:
    svg = viz.draw(figure_6_17()).svg()
    assert files.pdf(svg) == files.pdf(svg)
    (sheet,) = viz.worksheet(figure_6_17()).save(tmp_path / "sheet.pdf")
    pages = read(sheet.read_bytes()).pages
    assert ["−4" in found(p) for p in pages] == [False, True]


def test_a_name_that_is_hostile_to_pdf_is_only_a_name():
    x = cg.variable("(x) Tj ET <<")
    pdf = read(files.pdf(viz.draw((x * 2).named("y")).svg()))
    assert "(x)TjET<<" in found(pdf.pages[0])
