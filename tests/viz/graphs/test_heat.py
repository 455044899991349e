"""Numbers as colour: one scale, read in grey too, and nothing said by colour alone."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from geometry import collisions, spills
from random_scalars import random_pass

import cgraph as cg
import viz
from cgraph import nn, train
from cgraph.errors import CgraphError, NameUnknownError, ValueRefusedError
from viz.graphs.words import heat
from viz.ink.colours import luminance
from viz.ink.pen import number
from viz.ink.themes import THEMES


def matrices() -> cg.Backward:
    """Gradients and values that are known: z = x W with x = (1, -2)."""
    W = cg.parameter("W", [[1.0, -2.0, 0.0], [0.5, 4.0, -0.25]])
    return cg.backward(cg.forward(cg.sum((cg.variable("x", (1, 2)) @ W).named("z")).named("L"), x=[[1.0, -2.0]]))


def contrast(a: str, b: str) -> float:
    """The contrast of two colours by WCAG 2.2, written out again."""
    lights = []
    for c in (a, b):
        channels = [int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in channels]
        lights.append(float(np.dot([0.2126, 0.7152, 0.0722], linear)))
    return (max(lights) + 0.05) / (min(lights) + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_words_and_bars_are_read_on_every_colour_of_the_scale(theme: Any) -> None:
    for tint in range(-heat.TINTS, heat.TINTS + 1):
        fill = heat.colour(tint, theme)
        words = heat.written_on(fill, theme)
        assert {contrast(fill, c) > 4.5 for c in (words.text, words.forward, words.backward, words.faint)} == {True}


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_the_size_of_a_number_is_read_in_grey_and_alike_for_both_signs(theme: Any) -> None:
    for sign in (-1, 1):
        lights = [luminance(heat.colour(sign * t, theme)) for t in range(heat.TINTS + 1)]
        steps = {bool(b < a) for a, b in pairwise(lights)}
        assert len(steps) == 1, "lightness goes one way"
        assert contrast(heat.colour(0, theme), heat.colour(sign * heat.TINTS, theme)) > 4.5
    low, high = (heat.colour(sign * heat.TINTS, theme) for sign in (-1, 1))
    assert contrast(low, high) < 1.3


def test_the_limit_is_the_largest_number_but_for_inputs_rounded_up_to_two_digits() -> None:
    W = cg.parameter("W", [[0.0, 1.234]])
    fwd = cg.forward((cg.variable("x", (1, 1)) * W).named("L"), x=[[0.001]])
    assert heat.heat(fwd, "value").limit == 1.3
    big = cg.forward((cg.variable("x", (1, 1)) * W).named("L"), x=[[50.0]])
    assert heat.heat(big, "value").limit == 62  # 50 · 1.234 = 61.7
    assert heat.heat(matrices(), "gradient").limit == 2  # ∂L/∂W is 1 or -2; ∂L/∂x, of an input, has 4.25
    assert heat.heat(matrices(), "value", limit=2).limit == 2


def test_of_a_large_array_each_block_keeps_its_largest_number_with_its_sign() -> None:
    values = np.zeros((70, 5))
    values[4, 2], values[3, 2], values[69, 0] = -7.0, 6.0, 1.0
    found = heat.grid(cg.variable("X", ("m", 5)), values)
    assert found.shape == (24, 5) and found[1, 2] == -7.0 and found[23, 0] == 1.0
    assert np.count_nonzero(found) == 2
    assert heat.grid(cg.variable("y", ("m",)), np.ones(3)).shape == (3, 1)
    assert heat.grid(cg.variable("b", 3), np.ones(3)).shape == (1, 3)


ROWS = train.data.xor()


@cache
def watched(every: int = 20) -> viz.Watch:
    """A short training on XOR, in which unit 2 of the hidden layer is dead all along."""
    model = nn.MLP([2, 4, 1], seed=0).with_values({"b[1]": [0.5, -9.0, 0.2, 0.0]})
    L = nn.sigmoid_cross_entropy_loss(model(cg.variable("X", ("m", 2))), cg.variable("Y", ("m", 1)))
    watch = viz.Watch(L, {"X": ROWS.X, "Y": ROWS.Y}, every=every)
    train.fit(model, ROWS, nn.sigmoid_cross_entropy_loss, train.SGD(1.0), 60, batch_size=4, callbacks=[watch])
    return watch


def box(picture: viz.Picture, name: str) -> str:
    """The SVG of one box."""
    (found,) = (part for part in picture.parts() if f'data-node="{name}"' in part)
    return found


def test_each_cell_has_the_colour_of_its_number_and_each_negative_one_a_bar() -> None:
    theme = THEMES["textbook"]
    svg = box(viz.draw(matrices(), colour="value", limit=4.0), "W")
    side, at = 13.0, {}
    for fill, d in re.findall(r'<path fill="(#\w+)" d="([^"]*)"/>', svg.partition('data-role="negative"')[0]):
        for x, y, width in re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)", d):
            for k in range(round(float(width) / side)):
                at[float(y), float(x) + k * side] = fill
    painted = [at[key] for key in sorted(at)]
    tints = [4, -8, 0, 2, 16, -1]  # of 16: 1, -2, 0 and 0.5, 4, -0.25 of a limit of 4
    assert painted == [heat.colour(t, theme) for t in tints]
    bars = re.findall(r'data-role="negative" fill="\S+" d="([^"]*)"', svg)
    assert sum(d.count("M") for d in bars) == 2


def test_a_heat_map_fills_the_room_that_its_box_keeps_for_it() -> None:
    for name, shape in (("W", (2, 3)), ("x", (1, 2))):
        picture = viz.draw(matrices(), colour="value", limit=4.0)
        (placed,) = (b for b in picture.layout.boxes if b.box.name == name)
        (line,) = (part for part in placed.lines if part.line.role == "heat")
        left, top, right, bottom = line.rect
        assert (right - left, bottom - top) == pytest.approx((13.0 * shape[1], 13.0 * shape[0]))
        corner, size = (left, top), (right - left, bottom - top)
        (x, y), (width, height) = (map(number, pair) for pair in (corner, size))
        assert f'x="{x}" y="{y}" width="{width}" height="{height}" fill="none"' in box(picture, name)


def test_a_box_of_one_number_is_filled_and_its_words_are_read() -> None:
    bwd = cg.backward(cg.forward(cg.parse("d = 2*b; e = a + d; L = c*e"), a=3, b=1, c=-2))
    picture = viz.draw(bwd, colour="value", limit=10)
    assert heat.colour(-16, picture.theme) in box(picture, "L")  # L = -10
    assert 'fill="#ffffff" data-role="value"' in box(picture, "L")
    assert heat.colour(8, picture.theme) in box(picture, "e") and 'fill="#000000" data-role="value"' in box(
        picture, "e"
    )
    gradient = viz.draw(bwd, colour="gradient")
    assert gradient.theme.box in box(gradient, "L")  # ∂L/∂L is 1 by definition
    assert heat.colour(16, gradient.theme) in box(gradient, "c")  # 5, the largest
    assert picture.layout == viz.draw(bwd).layout == gradient.layout


def test_arrays_have_the_same_layout_for_values_and_gradients() -> None:
    first, second = (viz.draw(matrices(), colour=c).layout for c in heat.COLOURS)
    assert [b[1:5] for b in first.boxes] == [b[1:5] for b in second.boxes] and first.edges == second.edges


@pytest.mark.parametrize("shape", [("n", "n"), (3, "n"), ("n", 3), (3, 3)])
def test_a_heat_map_has_the_shape_of_the_value_whatever_is_named_in_it(shape: Any) -> None:
    X = cg.variable("X", shape)
    values = np.arange(9.0).reshape(3, 3)
    assert np.array_equal(heat.grid(X, values), values)
    picture = viz.draw(cg.sum(X).named("L"), X=values, colour="value", limit=8)
    (placed,) = (b for b in picture.layout.boxes if b.box.name == "X")
    (line,) = (part.line for part in placed.lines if part.line.role == "heat")
    assert (line.width, line.ascent) == (39.0, 39.0)


def test_each_array_has_a_scale_of_its_own_which_is_written_below_it() -> None:
    small, large = cg.variable("s", (1, 2)), cg.variable("l", (1, 2))
    fwd = cg.forward(cg.sum(small * large).named("L"), s=[[0.001, -0.002]], l=[[500.0, 250.0]])
    picture = viz.draw(fwd, colour="value")
    theme, (full, half) = picture.theme, (heat.colour(t, picture.theme) for t in (heat.TINTS, heat.TINTS // 2))
    assert full in box(picture, "l") and half in box(picture, "l")
    assert heat.colour(-heat.TINTS, theme) in box(picture, "s") and half in box(picture, "s")
    said = {b.box.name: [m.char for p in b.lines if p.line.role == "heat" for _, run in p.line.runs for m in run]
            for b in picture.layout.boxes}  # fmt: skip
    assert "".join(said["s"]) == "±0.002" and "".join(said["l"]) == "±500"
    assert collisions(picture) + spills(picture) == []
    common = viz.draw(fwd, colour="value", limit=500)
    assert full not in box(common, "s") and "own scale" not in common.svg()


def test_what_is_not_a_number_is_grey_and_has_no_bar() -> None:
    bwd = cg.backward(cg.forward(cg.sum(cg.log(cg.variable("x", 3)).named("y")), x=[-1.0, 1.0, 2.0]))
    svg = box(viz.draw(bwd, colour="value"), "y")
    assert THEMES["textbook"].constant_border in svg and 'data-role="negative"' not in svg


def test_formats_without_colours_have_the_words_of_a_coloured_picture() -> None:
    roomy = {"width": "100cm", "height": "100cm", "direction": "LR", "legend": False}  # no words need to be broken
    coloured, plain = viz.draw(matrices(), colour="value", **roomy), viz.draw(matrices(), **roomy)
    assert coloured.dot == plain.dot and coloured.mermaid() == plain.mermaid()
    inks = re.compile(r"\\color(\[HTML\])?\{\w+\}")
    words = [re.findall(r"\$(?!\\pm)(.*?)\$", inks.sub("", picture.tikz())) for picture in (coloured, plain)]
    assert words[0] == words[1] and len(words[0]) > 10  # TikZ has the heat maps too, and beside them their scale


@pytest.mark.slow
@pytest.mark.parametrize("colour", heat.COLOURS)
def test_nothing_touches_on_coloured_pictures_of_random_graphs_and_nets(colour: str) -> None:
    for seed in range(12):
        direction = "TB" if seed % 3 == 0 else "LR"
        picture = viz.draw(random_pass(seed), colour=colour, direction=direction, detail="hover")
        assert collisions(picture) + spills(picture) == [], seed
    for direction in ("LR", "TB"):
        (*_, bwd) = watched().passes()
        picture = viz.draw(bwd, colour=colour, direction=direction, diagnosis=viz.diagnose(bwd))
        assert collisions(picture) + spills(picture) == []


def test_a_diagnosis_is_written_on_the_boxes_and_in_their_titles() -> None:
    bwd = next(watched().passes())
    picture = viz.draw(bwd, diagnosis=viz.diagnose(bwd))
    assert 'data-role="badge"' in box(picture, "a[1]") and "dead ReLU: unit 2 of 4" in box(picture, "a[1]")
    assert 'data-role="badge"' not in box(picture, "z[1]")
    L = (cg.parameter("w", 0.0) * cg.parameter("v", 0.0)).named("L")
    zero = cg.backward(cg.forward(L))
    both = viz.draw(zero, diagnosis=viz.diagnose(zero))
    assert all("zero gradient" in box(both, name) for name in "wv")


def test_the_legend_shows_the_scale_with_its_numbers() -> None:
    picture = viz.draw(matrices(), colour="value")
    (legend,) = (p for p in picture.parts() if p.startswith('<g data-role="legend">') and 'data-role="heat"' in p)
    for end in (-heat.TINTS, heat.TINTS):
        assert heat.colour(end, picture.theme) in legend


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (lambda: viz.draw(matrices(), colour="size"), "no colour by 'size'. Fix: choose one of value, gradient"),
        (lambda: viz.draw(matrices().forward, colour="gradient"), "no gradients to colour"),
        (lambda: viz.draw(matrices().graph, colour="value"), "no values to colour"),
        (lambda: viz.draw(matrices(), colour="value", limit=0.0), "the limit of colours is 0.0"),
        (lambda: viz.draw(matrices(), colour="value", detail="outline"), "an outline has no colour by value"),
        (lambda: viz.draw(matrices(), colour="gradient", show="forward"), "the forward pass alone has no colour"),
        (lambda: viz.draw(matrices(), colour="value").html(), "a coloured picture has no steps"),
        (lambda: viz.draw(matrices(), diagnosis=viz.diagnose(next(watched().passes()))), "the diagnosis is of another"),
        (lambda: viz.film([]), "a film is made from passes"),
        (lambda: viz.film([matrices()], ["one", "two"]), "2 titles for 1 passes"),
        (lambda: viz.film([matrices(), next(watched().passes())]), "the passes of a film are of different graphs"),
        (lambda: viz.film([matrices(), matrices().forward]), "or some of them are only forward"),
        (lambda: viz.Watch(matrices().of, {"x": [[1.0, 2.0]]}, every=0), "every=0: it counts epochs"),
        (lambda: watched().record("other", {"V": 1.0}), r"has no parameter 'W\[1\]'"),
    ],
)
def test_what_cannot_be_coloured_or_watched_is_refused(asked: Any, says: str) -> None:
    with pytest.raises(ValueRefusedError, match=says):
        asked()


def test_a_feed_that_does_not_fit_is_refused_before_the_training() -> None:
    with pytest.raises(NameUnknownError):
        viz.Watch(matrices().of, {"X": [[1.0, 2.0]]})
    with pytest.raises(CgraphError):
        viz.Watch(matrices().of, {})
