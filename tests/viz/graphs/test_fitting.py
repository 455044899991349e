"""Pictures fit their page: their text can be read at its width, inputs stand in one column, strokes keep apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from geometry import collisions, spills, together
from paper import CM, size, smallest_text
from random_scalars import random_pass
from sparse import sparse

import cgraph as cg
import viz
from cgraph.cli.main import main
from cgraph.errors import ValueRefusedError
from viz.asked import passes
from viz.figures.graphs import figure_6_17, figure_6_18
from viz.graphs.paint.paint import BOTH, FORWARD, size_of
from viz.graphs.places.channels import Piece, tracks
from viz.graphs.places.fit import Whole, fitted
from viz.graphs.places.fit import smallest_text as smallest_text_of
from viz.graphs.places.grid import spread
from viz.graphs.places.layers import Extent
from viz.graphs.places.layout import arranged, lay_out
from viz.graphs.places.measure import measured
from viz.graphs.places.rows import cut
from viz.graphs.words.annotate import annotate
from viz.graphs.words.drawing import HOVER, NUMBER, Drawing
from viz.graphs.words.wrapped import in_rows
from viz.ink.lines import BREAK, set_line, wrapped
from viz.ink.page import COMFORT, SHEET, SMALLEST, SQUARE, WIDEST, Page, page_of
from viz.ink.themes import TEXTBOOK


# The figures ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", ["6.15", "6.17", "6.18"])
def test_figures_are_read_at_16_cm_and_no_wider_than_a_page_wants(number: str) -> None:
    of, style = (figure_6_18(), "circuit") if number == "6.18" else (figure_6_17(), "textbook")
    svg = viz.draw(of, style=style, width="16cm", show=FORWARD if number == "6.15" else None).svg()
    width, height, _ = size(svg)
    assert width == pytest.approx(16 * CM, abs=0.01)
    assert width / height <= 2.2
    assert smallest_text(svg) >= 7.5


def test_the_picture_of_the_readme_is_read_at_16_cm() -> None:
    picture = viz.draw("d = 2*b; e = a + d; L = c*e", a=3, b=1, c=-2)
    svg = picture.svg()
    width, height, _ = size(svg)
    assert width / height <= 2.2
    assert smallest_text(svg) * 16 * CM / width >= 7.5


# Any graph -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", sparse(range(40), 8))
def test_what_a_picture_says_of_its_fit_is_what_its_svg_has(seed: int) -> None:
    picture = viz.draw(random_pass(seed), width="16cm", fold=False)
    svg = picture.svg()
    width, height, _ = size(svg)
    assert picture.fit is not None
    assert picture.fit.ratio == pytest.approx(width / height, rel=0.02)
    said, found = picture.fit.smallest, smallest_text(svg)
    assert said <= found + 0.01
    assert said == pytest.approx(found, rel=0.01) or width / height < 0.65  # it is no higher than a sheet is
    assert picture.fit.fits == (said >= SMALLEST)
    assert ("less than" in str(picture.fit)) == (not picture.fit.fits)


@pytest.mark.slow
def test_pictures_of_up_to_40_boxes_keep_their_text_at_16_cm(pictures: int) -> None:
    drawn = [viz.draw(random_pass(seed), style=("textbook", "circuit")[seed % 2]) for seed in range(pictures)]
    fits = [picture.fit is not None and picture.fit.smallest >= SMALLEST for picture in drawn]
    assert sum(fits) >= 0.93 * pictures
    assert sum(p.fit is not None and p.fit.ratio <= 2.4 for p in drawn) >= 0.98 * pictures
    assert sum(p.fit is not None and p.fit.ratio >= SHEET for p in drawn) >= 0.7 * pictures
    assert sum(p.drawing.detail != HOVER for p in drawn) >= 0.6 * pictures  # most say their numbers on edges


@pytest.mark.parametrize("seed", sparse(range(60), 60))
def test_no_two_strokes_run_on_top_of_each_other(seed: int) -> None:
    for style in ("textbook", "circuit"):
        assert together(viz.draw(random_pass(seed), style=style)) == []


def test_the_check_of_strokes_sees_two_that_run_together() -> None:
    picture = viz.draw(figure_6_17())
    first, *others = picture.layout.edges
    beside = others[0]._replace(forth=tuple((x, y + 2.0) for x, y in first.forth))
    worse = replace(picture, layout=replace(picture.layout, edges=(first, beside)))
    assert together(worse) != []


@pytest.mark.parametrize("seed", sparse(range(24), 6))
def test_inputs_stand_in_one_column_in_the_order_in_which_they_are_written(seed: int) -> None:
    drawing = viz.draw(random_pass(seed), detail=NUMBER, fold=False).drawing
    for direction, along, across in (("LR", 0, 1), ("TB", 1, 0)):
        layout = lay_out(drawing, TEXTBOOK, direction, None, 20.0)
        used = {e.edge.head for e in layout.edges}
        places = [(b.x, b.y) for b in layout.boxes if b.box.id not in used]
        assert len({place[along] for place in places}) == 1
        assert [p[across] for p in places] == sorted(p[across] for p in places)
        assert min(b.x if along == 0 else b.y for b in layout.boxes) == places[0][along]


@pytest.mark.parametrize("rows", sparse([3, 2, 5], 3))
@pytest.mark.parametrize("seed", sparse([1, 0, *range(2, 12)], 12))
def test_nothing_touches_in_rows_and_each_box_stands_in_one(seed: int, rows: int) -> None:
    picture = viz.draw(random_pass(seed), detail=NUMBER, direction="LR", fold=False)
    layout = lay_out(picture.drawing, TEXTBOOK, "LR", None, 20.0, rows)
    inside = replace(picture, layout=layout)
    assert collisions(inside) + spills(inside) + together(inside) == []
    sizes = measured(picture.drawing, TEXTBOOK)
    extents = {id_: Extent(*s[:2]) for id_, s in sizes.boxes.items()}
    found = cut(extents, picture.drawing.edges, {}, rows)
    boxes = [box for row in found for box in row.boxes if box in extents]
    assert sorted(boxes) == sorted(extents)
    for edge in picture.drawing.edges:
        parts = [part for row in found for part in row.parts if part.id == edge.id]
        assert (parts[0].tail, parts[-1].head) == (edge.tail, edge.head)


def one_rows(of: Drawing, page: Page, whole: Whole) -> list[str]:
    """The ways to draw it from left to right in one row whose text is as large as is asked and whose shape is good."""
    found = []
    for form in (of, in_rows(of, TEXTBOOK, boxes=False), in_rows(of, TEXTBOOK, boxes=True)):
        sizes = measured(form, TEXTBOOK)
        width, height = whole(form, arranged(sizes, "LR", None, 20.0).size)
        text = smallest_text_of(sizes) * min(page.width / width, (page.height or page.width / SHEET) / height)
        if text >= page.smallest and (page.height is not None or SQUARE <= width / height <= WIDEST):
            found.append(f"{text:.1f} points, {width / height:.1f} times as wide as high")
    return found


@pytest.mark.parametrize("medium", [None, "slide", "column"])
@pytest.mark.parametrize("seed", sparse(range(40), 20))
def test_what_is_read_in_one_row_stays_in_one_row(seed: int, medium: str | None) -> None:
    bwd, page = random_pass(seed, most=12), page_of(medium, None, None)
    drawing = annotate(passes(bwd), "textbook", NUMBER, fold=False)

    def whole(drawing: Drawing, size: tuple[float, float]) -> tuple[float, float]:
        return size_of(drawing, TEXTBOOK, BOTH, "a caption", size)

    found = fitted(drawing, TEXTBOOK, ("LR", "TB"), page, whole, None, 20.0)
    if any("rows" in gave and gave.startswith("in ") for gave in found.fit.gave):
        assert one_rows(drawing, page, whole) == []


def test_a_long_chain_goes_on_in_rows() -> None:
    node = cg.variable("x")
    for i in range(24):
        node = cg.tanh(node).named(f"a[{i}]")
    picture = viz.draw(cg.backward(cg.forward(node.named("L"), x=0.5)))
    assert picture.fit is not None and picture.fit.fits and picture.fit.ratio <= 2.4
    assert any("rows" in gave for gave in picture.fit.gave)
    assert collisions(picture) + spills(picture) + together(picture) == []


# Pages ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "width, points",
    [("16cm", 16 * CM), ("160 mm", 16 * CM), ("column", 8.4 * CM), ("page", 16 * CM), (300, 300.0), ("800px", 600.0)],
)
def test_a_picture_is_as_wide_as_it_was_asked_to_be(width: str | float, points: float) -> None:
    assert size(viz.draw(figure_6_17(), width=width).svg())[0] == pytest.approx(points, abs=0.01)


def test_a_slide_has_a_height_too() -> None:
    for of in (figure_6_17(), figure_6_18()):
        picture = viz.draw(of, width="slide")
        width, height, _ = size(picture.svg())
        assert width <= 960.01 and height <= 540.01  # 1280×720 pixels
        assert picture.fit is not None and picture.fit.fits and smallest_text(picture.svg()) >= 9.0
        assert "on a slide" in str(picture.fit)


def test_without_a_width_a_picture_has_its_own_size_and_says_how_it_would_fit() -> None:
    picture = viz.draw(figure_6_17())
    assert size(picture.svg())[2] == 1.0
    assert str(picture.fit).startswith("at a width of 16 cm its smallest text has")


def test_what_is_no_length_is_refused() -> None:
    for width in ("wide", "16 miles", "0cm", -3, "", "1e999cm", float("nan")):
        with pytest.raises(ValueRefusedError, match="no width of a picture"):
            viz.draw("y = 2*x", width=width)
    with pytest.raises(ValueRefusedError, match="no height of a picture"):
        viz.draw("y = 2*x", height="tall")
    with pytest.raises(ValueRefusedError, match="smallest"):
        page_of("16cm", None, -1.0)


def test_where_nothing_fits_the_picture_is_drawn_and_says_so(tmp_path, capsys) -> None:
    out = tmp_path / "x.svg"
    formula = "L = " + " + ".join(f"tanh(a{i}*b{i})" for i in range(12))
    values = [f"{n}{i}=0.{i + 1}" for i in range(12) for n in "ab"]
    assert main(["draw", formula, *values, "--width", "5cm", "-o", str(out)]) == 0
    said = capsys.readouterr()
    assert size(out.read_text("utf-8"))[0] == pytest.approx(5 * CM, abs=0.01)
    assert "less than 6" in said.err and "give it more width" in said.err


# Stages --------------------------------------------------------------------------------------------------------------
def test_places_side_by_side_are_those_of_least_squares() -> None:
    isotonic = pytest.importorskip("sklearn.isotonic", reason="scikit-learn is the oracle")
    rng = np.random.default_rng(3)
    for _ in range(60):
        count = int(rng.integers(1, 9))
        wanted, apart = rng.uniform(0, 50, count), float(rng.uniform(0, 8))
        steps = apart * np.arange(count)
        low, high = -20.0, 120.0
        fitted = isotonic.IsotonicRegression().fit_transform(np.arange(count), wanted - steps)
        right = np.clip(fitted, low, high - steps[-1]) + steps
        assert spread(list(wanted), apart, low, high) == pytest.approx(right)


def test_pieces_whose_ways_overlap_have_tracks_of_their_own() -> None:
    rng = np.random.default_rng(4)
    for _ in range(60):
        pieces = [Piece(*map(float, pair)) for pair in rng.uniform(0, 100, (int(rng.integers(1, 9)), 2))]
        found = tracks(pieces)
        for i, one in enumerate(pieces):
            for j in range(i):
                overlap = one.span[0] < pieces[j].span[1] and pieces[j].span[0] < one.span[1]
                assert not (overlap and found[i] == found[j])
    assert tracks([Piece(5.0, 5.0)]) == [-1]
    down = tracks([Piece(0.0, 50.0), Piece(15.0, 65.0)])
    assert down[1] < down[0]  # the lower one turns first, and they do not cross


def test_a_label_is_broken_before_a_sign_of_equality_where_that_makes_it_narrower() -> None:
    for edge in annotate(passes(figure_6_17()), "textbook", "full").edges:
        broken = wrapped(edge.downstream, 12.5)
        kept = [run for run in broken if run != BREAK]
        assert set_line("backward", broken, 12.5).width < set_line("backward", edge.downstream, 12.5).width
        assert "".join(map(repr, (m for _, m in kept))).count("∂") == repr(edge.downstream).count("∂")
        assert wrapped(broken, 12.5) == broken
    assert COMFORT > SMALLEST
