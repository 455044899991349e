"""Schematics know their page: at 16 cm their text can be read, they are no wider than is well, and nothing touches."""

from __future__ import annotations

import random
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from paper import CM, size, smallest_text
from project import ROOT
from schematic_geometry import collisions
from sparse import sparse

import viz
from cgraph import nn
from cgraph.errors import ValueRefusedError
from viz.figures import FIGURES
from viz.ink.themes import theme_named
from viz.schematics import Circle, Column, Link, Schematic, SchematicPicture
from viz.schematics.fit import SQUEEZED
from viz.schematics.layout import lay_out
from viz.schematics.picture import picture
from viz.schematics.pieces import all_to_all, each
from viz.schematics.words import unit_name

CHAPTER = ("6.2", "6.4", "6.6", "6.8", "6.9", "6.10", "6.11", "6.12", "6.13", "6.14", "6.16")
COURSE = sorted(p for p in (ROOT / "docs" / "course").glob("*.svg") if 'data-role="hidden"' in p.read_text())


def measured(svg: str, points: float = 16 * CM) -> tuple[float, float]:
    """The size of the smallest glyph in an SVG at a width in points, and its ratio of width to height."""
    width, height, _ = size(svg)
    return smallest_text(svg, whole=True) * points / width, width / height


def random_net(seed: int) -> SchematicPicture:
    """A net of one to seven layers, with and without numbers, biases, shapes and captions."""
    chance = random.Random(seed)
    sizes = [chance.choice((1, 2, 3, 4, 5, 8, 64)) for _ in range(chance.randint(2, 8))]
    options: dict[str, Any] = {"bias": chance.choice(("unit", "dummy")), "shapes": chance.choice((None, "rows"))}
    options["captions"] = chance.random() < 0.5
    return viz.network(nn.MLP(sizes, seed=seed, bias=chance.random() < 0.7), **options)


def named(what: str, svg: str) -> set[str]:
    return set(re.findall(rf'data-{what}="([^"]*)"', svg))


@pytest.mark.parametrize("number", CHAPTER)
def test_the_schematics_of_the_chapter_are_read_on_a_page(number: str) -> None:
    figure = viz.figure(number)
    smallest, ratio = measured(figure.svg())
    assert smallest >= 7 and ratio <= 2.2
    assert collisions(figure) == []


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_the_schematics_of_the_course_are_read_on_a_page(path: Path) -> None:
    smallest, ratio = measured(path.read_text())
    assert smallest >= 6 and ratio <= 2.4


def test_all_schematics_of_the_chapter_and_some_of_the_course_are_looked_at() -> None:
    assert [n for n in FIGURES if isinstance(viz.figure(n), SchematicPicture)] == list(CHAPTER) and len(COURSE) >= 2


@pytest.mark.parametrize("seed", sparse(range(10, 110), 50))
def test_a_net_is_read_on_a_page_or_says_that_it_is_not_and_nothing_in_it_touches(seed: int) -> None:
    net = random_net(seed)
    smallest, ratio = measured(net.svg())
    assert net.fit.fits == (smallest >= 6) and ratio <= 2.4, str(net.fit)
    assert collisions(net) == []


@pytest.mark.slow
def test_nearly_all_nets_of_up_to_eight_columns_are_read_on_a_page() -> None:
    assert sum(random_net(seed).fit.fits for seed in range(10, 110)) >= 99


@pytest.mark.parametrize("seed", sparse(range(40), 20))
def test_what_a_schematic_says_of_its_fit_is_what_its_svg_has(seed: int) -> None:
    for width, points in (("16cm", 16 * CM), ("column", 8.4 * CM), (300, 300.0)):
        net = viz.network(nn.MLP([3, 2 + seed % 5, 2, 2], seed=seed), width=width)
        smallest, ratio = measured(net.svg(), points)
        shown = re.search(r'width="([\d.]+)pt"', net.svg())
        assert shown is not None and float(shown[1]) == pytest.approx(points, abs=0.01)
        assert net.fit.ratio == pytest.approx(ratio, rel=1e-3)
        assert net.fit.smallest == pytest.approx(smallest * min(1.0, ratio / 0.65), rel=1e-3)  # no higher than a sheet
        assert net.fit.fits == (net.fit.smallest >= 6)


@pytest.mark.parametrize("rows", sparse([2, 3, 4], 3))
def test_a_net_in_rows_has_all_its_units_and_all_its_strokes(rows: int) -> None:
    chance = random.Random(rows)
    layers = [tuple(Circle(unit_name(letter, j)) for j in range(chance.randint(1, 4))) for letter in "abcdefghij"]
    links = []
    for one, other in pairwise(layers):
        a, b = range(len(one)), range(len(other))
        links.append(Link(each(a[:1], b[:1]) if chance.random() < 0.3 else all_to_all(a, b)))
    panel = Schematic(tuple(map(Column, layers)), tuple(links))
    theme = theme_named("textbook")
    fit = picture(panel).fit
    whole = SchematicPicture(lay_out([panel], theme), theme, "", "", fit)
    for squeeze in (max(SQUEEZED), min(SQUEEZED)):
        scene = lay_out([panel], theme, squeeze, rows)
        again = SchematicPicture(scene, theme, "", "", fit)
        assert len(scene.turns) == rows - 1
        assert all(named(what, again.svg()) == named(what, whole.svg()) for what in ("edge", "node"))
        assert collisions(again) == []


def test_panels_stand_one_below_the_other_where_they_would_be_too_wide_side_by_side() -> None:
    def panel(units: int) -> Schematic:
        columns = tuple(Column(tuple(Circle(unit_name(letter, i)) for i in range(units))) for letter in "xy")
        return Schematic(columns, (Link(each(range(units), range(units))),))

    high, flat = picture([panel(4)] * 2), picture([panel(1)] * 3)
    assert len({p.y for p in high.scene.pieces}) == 4 and len({p.y for p in flat.scene.pieces}) == 3
    assert "in 3 rows" in flat.fit.gave and measured(flat.svg())[1] <= 2.4
    assert collisions(high) + collisions(flat) == []


@pytest.mark.slow
def test_a_net_that_cannot_be_read_says_what_would_help() -> None:
    net = viz.network(nn.MLP([6] * 12, seed=0), width="3cm")
    assert not net.fit.fits and "show fewer units" in str(net.fit)


@pytest.mark.parametrize("given", ["wide", "-3cm", 0, "16 miles"])
def test_what_is_no_width_is_refused(given: Any) -> None:
    with pytest.raises(ValueRefusedError, match=r"no width of a picture(.|\n)*Fix"):
        viz.network(nn.MLP([2, 2, 1], seed=0), width=given)
