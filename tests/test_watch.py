"""Numbers as colour, and films of a training: one layout, one scale, the numbers that were computed."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from browser import opened
from geometry import collisions, spills
from random_scalars import random_pass

import cgraph as cg
import viz
from cgraph import nn, train
from cgraph.errors import CgraphError, NameUnknownError, OutputError, ValueRefusedError
from viz.graphs.words import heat
from viz.ink.themes import THEMES

ROWS = train.data.xor()


@cache
def watched(every: int = 20) -> viz.Watch:
    """A short training on XOR, in which unit 2 of the hidden layer is dead all along."""
    model = nn.MLP([2, 4, 1], seed=0).with_values({"b[1]": [0.5, -9.0, 0.2, 0.0]})
    L = nn.sigmoid_cross_entropy_loss(model(cg.variable("X", ("m", 2))), cg.variable("Y", ("m", 1)))
    watch = viz.Watch(L, {"X": ROWS.X, "Y": ROWS.Y}, every=every)
    train.fit(model, ROWS, nn.sigmoid_cross_entropy_loss, train.SGD(1.0), 60, batch_size=4, callbacks=[watch])
    return watch


def matrices() -> cg.Backward:
    """Gradients and values that are known: z = x W with x = (1, -2)."""
    W = cg.parameter("W", [[1.0, -2.0, 0.0], [0.5, 4.0, -0.25]])
    return cg.backward(cg.forward(cg.sum((cg.variable("x", (1, 2)) @ W).named("z")).named("L"), x=[[1.0, -2.0]]))


def box(picture: viz.Picture, name: str) -> str:
    """The SVG of one box."""
    (found,) = (part for part in picture.parts() if f'data-node="{name}"' in part)
    return found


def contrast(a: str, b: str) -> float:
    """The contrast of two colours by WCAG 2.2, written out again."""
    lights = []
    for c in (a, b):
        channels = [int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in channels]
        lights.append(float(np.dot([0.2126, 0.7152, 0.0722], linear)))
    return (max(lights) + 0.05) / (min(lights) + 0.05)


# Colours -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_words_and_bars_are_read_on_every_colour_of_the_scale(theme: Any) -> None:
    for tint in range(-heat.TINTS, heat.TINTS + 1):
        fill = heat.colour(tint, theme)
        words = heat.written_on(fill, theme)
        assert {contrast(fill, c) > 4.5 for c in (words.text, words.forward, words.backward, words.faint)} == {True}


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_the_size_of_a_number_is_read_in_grey_and_alike_for_both_signs(theme: Any) -> None:
    for sign in (-1, 1):
        lights = [heat.luminance(heat.colour(sign * t, theme)) for t in range(heat.TINTS + 1)]
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


# The coloured picture ------------------------------------------------------------------------------------------------
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
        picture = viz.draw(matrices(), colour="value")
        (placed,) = (b for b in picture.layout.boxes if b.box.name == name)
        (line,) = (part for part in placed.lines if part.line.role == "heat")
        left, top, right, bottom = line.rect
        assert (right - left, bottom - top) == pytest.approx((13.0 * shape[1], 13.0 * shape[0]))
        frame = f'x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}" fill="none"'
        assert re.sub(r"(\.\d\d)\d+", r"\1", frame) in box(picture, name)


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
    assert first == second


def test_what_is_not_a_number_is_grey_and_has_no_bar() -> None:
    bwd = cg.backward(cg.forward(cg.sum(cg.log(cg.variable("x", 3)).named("y")), x=[-1.0, 1.0, 2.0]))
    svg = box(viz.draw(bwd, colour="value"), "y")
    assert THEMES["textbook"].constant_border in svg and 'data-role="negative"' not in svg


def test_formats_without_colours_have_the_words_of_a_coloured_picture() -> None:
    coloured, plain = viz.draw(matrices(), colour="value"), viz.draw(matrices())
    nodes = [line for line in plain.tex().splitlines() if "node" in line]
    words = [line.partition("{")[2] for line in nodes]
    assert words and [line.partition("{")[2] for line in coloured.tex().splitlines() if "node" in line] == words
    assert coloured.dot == plain.dot and coloured.mermaid() == plain.mermaid()


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


# Watching ------------------------------------------------------------------------------------------------------------
def test_a_watch_records_the_start_and_every_so_many_epochs_and_leaves_the_training_as_it_is() -> None:
    assert watched().titles == ("start", "epoch 20", "epoch 40", "epoch 60")
    model = nn.MLP([2, 4, 1], seed=0).with_values({"b[1]": [0.5, -9.0, 0.2, 0.0]})
    alone = train.fit(model, ROWS, nn.sigmoid_cross_entropy_loss, train.SGD(1.0), 60, batch_size=4)
    *_, last = watched().passes()
    for name, value in alone.model.values.items():
        assert np.array_equal(last.forward[name], value)


def test_the_passes_are_those_of_the_recorded_parameters() -> None:
    for bwd in watched().passes():
        W, b, V, c = (bwd.forward[n] for n in ("W[1]", "b[1]", "W[2]", "b[2]"))
        p = 1 / (1 + np.exp(-(np.maximum(ROWS.X @ W + b, 0) @ V + c)))
        loss = -np.mean(ROWS.Y * np.log(p) + (1 - ROWS.Y) * np.log(1 - p))
        assert np.isclose(bwd.forward["L"], loss, rtol=1e-12)
    first, *_, last = watched().passes()
    assert last.forward["L"] < first.forward["L"]


@cache
def xor_film(colour: str = "value", neurons: bool = False) -> viz.Film:
    passes = list(watched().passes())
    if not neurons:
        return watched().film(colour=colour)
    return viz.film([cg.unroll(p) for p in passes], watched().titles, colour=colour, style="circuit", theme="dark")


@pytest.mark.parametrize("neurons", [False, True])
def test_a_film_has_one_layout_and_one_scale_and_nothing_touches_in_any_frame(neurons: bool) -> None:
    film = xor_film("gradient", neurons)
    assert len(film) == 4
    first = film.pictures[0].layout
    for picture in film.pictures:
        assert [b.rect for b in picture.layout.boxes] == [b.rect for b in first.boxes]
        assert [(e.forth, e.back) for e in picture.layout.edges] == [(e.forth, e.back) for e in first.edges]
        assert picture.drawing.heat.limit == film.pictures[0].drawing.heat.limit  # type: ignore[union-attr]
        assert collisions(picture) + spills(picture) == []
    assert len({svg.partition(" role=")[0] for svg in film.frames()}) == 1, "all frames are of one size"


def test_the_limit_of_a_film_is_that_of_all_its_passes() -> None:
    passes = list(watched().passes())
    film = xor_film()
    computed = [np.abs(p.forward[n]).max() for p in passes for n in p.graph.nodes if n.kind != "variable"]
    limit = film.pictures[0].drawing.heat.limit  # type: ignore[union-attr]
    assert max(computed) <= limit <= 1.1 * max(computed)


def test_a_later_pass_with_larger_numbers_sets_the_limit_too() -> None:
    L = cg.square(cg.parameter("w", 3.0)).named("L")
    film = viz.film([cg.forward(L, w=w) for w in (1.0, 3.0, 2.0)])
    assert {p.drawing.heat.limit for p in film.pictures} == {9.0}  # type: ignore[union-attr]


def test_zero_gradients_in_some_frames_are_explained_in_all_of_them() -> None:
    L = (cg.parameter("w", 2.0) * cg.parameter("v", 0.0)).named("L")
    film = viz.film([cg.backward(cg.forward(L, v=v)) for v in (0.0, 1.0)])
    legends = [[p for p in picture.parts() if p.startswith('<g data-role="legend">')] for picture in film.pictures]
    assert legends[0] == legends[1]
    assert 'data-zero="true"' in film.frames()[0] and 'data-zero="true"' not in film.frames()[1]


def visible(svg: str, frame: int) -> str:
    """What a reader of a strip sees of a frame, as a picture's own text: the other stretches cut out."""
    root = ElementTree.fromstring(svg)
    kept = []
    for element in root:
        if element.tag.endswith("style") or element.tag.endswith("title") or element.tag.endswith("desc"):
            continue
        kept += _shown(element, frame)
    return "".join(kept)


def _shown(element: Any, frame: int) -> list[str]:
    stretch = element.get("data-frames")
    if stretch is not None:
        first, last = map(int, stretch.split())
        return [t for child in element for t in _shown(child, frame)] if first <= frame <= last else []
    inside = "".join(t for child in element for t in _shown(child, frame))
    return [f"<{element.tag}{sorted(element.items())}>{(element.text or '').strip()}{inside}"]


def test_the_strip_shows_of_each_frame_exactly_its_picture() -> None:
    film = xor_film()
    strip = film.animation()
    for i, svg in enumerate(film.frames()):
        outlines = re.compile(r"<defs>.*?</defs>", re.S)  # those of all frames are in the strip
        assert visible(outlines.sub("", strip), i) == visible(outlines.sub("", svg), i)
    assert len(strip) < sum(map(len, film.frames())), "what stays is written once"


def test_a_reader_that_cannot_move_shows_the_last_frame() -> None:
    from viz.ink.files import png

    film = xor_film()
    still = re.sub(r"@keyframes \w+\{(?:[^{}]*\{[^{}]*\})*\}", "", film.animation())
    assert png(still) == png(film.frames()[-1])
    assert png(still) != png(film.frames()[0])


def test_titles_say_the_step_and_the_loss_and_findings_are_listed_for_each() -> None:
    film = xor_film()
    loss = next(watched().passes()).forward["L"]
    assert film.titles[0] == f"start: L = {loss:.3g}" and film.titles[-1].startswith("epoch 60: L = ")
    assert all("dead ReLU" in str(found) for found in film.diagnoses)


def test_a_film_is_saved_as_page_animation_and_numbered_frames(tmp_path: Any) -> None:
    film = xor_film()
    page = film.save(tmp_path / "training.html").read_text("utf-8")
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", page) == []
    ElementTree.fromstring(film.save(tmp_path / "training.svg").read_text("utf-8"))
    assert [p.name for p in film.save_frames(tmp_path)] == ["001.svg", "002.svg", "003.svg", "004.svg"]
    with pytest.raises(OutputError, match=r"no ending that says what to write. Fix: end it in \.html, \.svg"):
        film.save(tmp_path / "training.gif")


def test_names_in_titles_are_only_names() -> None:
    L = cg.square(cg.parameter("<script>alert(1)</script>", 3.0)).named("L</g>&")
    film = viz.film([cg.backward(cg.forward(L))] * 2, ["</script><b>", "two"], caption="</title><script>")
    ElementTree.fromstring(film.animation())
    page = film.html()
    assert "<script>alert" not in page and "</script><b>" not in page and page.count("<script>") == 1


def test_the_slider_walks_through_the_film(tmp_path: Any) -> None:
    film = xor_film()
    path = film.save(tmp_path / "training.html")
    with opened() as page:
        page.goto(path.as_uri())
        assert page.text_content("#now") == f"1 of 4: {film.titles[0]}"
        page.keyboard.press("ArrowRight")
        assert page.text_content("#now") == f"2 of 4: {film.titles[1]}"
        page.keyboard.press("End")
        assert page.text_content("#now") == f"4 of 4: {film.titles[3]}"
        assert "dead ReLU: a[1]" in page.text_content("#findings")
        shown = page.evaluate(
            "[...document.querySelectorAll('[data-frames]')].filter(g => getComputedStyle(g).display !== 'none')"
            ".map(g => g.dataset.frames)"
        )
        assert shown and all(span.split()[1] == "3" for span in shown)
        page.fill("#step", "0")
        assert page.get_attribute("#step", "aria-valuetext") == film.titles[0]
