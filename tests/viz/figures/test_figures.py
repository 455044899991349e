"""The chapter's figures: every label, node and stroke that the cases ask for, and that nothing touches."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from project import read_chapter
from rings import clearances
from schematic_geometry import collisions
from sparse import sparse

import viz
from viz.figures import FIGURES
from viz.ink import themes
from viz.ink.font import outline
from viz.ink.typeset import Glyph, typeset
from viz.plots.training import Plot
from viz.schematics.paint import ink

SVG = "{http://www.w3.org/2000/svg}"
CASES = {f["id"]: f for f in read_chapter()["figures"]}
SCHEMATICS = ["6.2", "6.4", "6.6", "6.8", "6.9", "6.10", "6.11", "6.12", "6.13", "6.14", "6.16"]
PLOTS = ["6.1", "6.3", "6.5", "6.7"]
LABELLED = [number for number, case in CASES.items() if "required_labels" in case]


@cache
def picture(number: str) -> Any:
    return viz.figure(number)


@cache
def drawn(number: str) -> ET.Element:
    return ET.fromstring(picture(number).svg())


def normal(label: str) -> str:
    """A label without spaces and script marks, with one minus and one product sign."""
    label = re.sub(r"[\s_]", "", label).replace("−", "-")
    return re.sub("[⨉✕×]", "x", label).replace("∗", "*")


def words(number: str) -> str:
    """All labels but the caption in the order of the SVG: of glyphs on schematics, titles on pictures of passes."""
    if number in SCHEMATICS:
        said = [g.get("data-label", "") for g in drawn(number).iter(f"{SVG}g")]
        return normal("\n".join(label for label in said if label != picture(number).caption))
    return normal("\n".join(t.text or "" for t in drawn(number).iter(f"{SVG}title")))


def nodes(number: str) -> list[str]:
    return [normal(g.get("data-node", "")) for g in drawn(number).iter(f"{SVG}g") if g.get("data-node")]


def edges(number: str) -> list[str]:
    return [normal(g.get("data-edge", "")) for g in drawn(number).iter(f"{SVG}g") if g.get("data-edge")]


def test_all_eighteen_figures_are_there():
    assert list(FIGURES) == [f"6.{i}" for i in range(1, 19)] == list(CASES)


@pytest.mark.parametrize("number", LABELLED)
def test_a_figure_has_every_label_that_its_case_asks_for(number):
    found = words(number)
    assert [label for label in CASES[number]["required_labels"] if normal(label) not in found] == []


def test_every_figure_without_required_labels_is_a_plot():
    assert sorted(set(CASES) - set(LABELLED)) == sorted(PLOTS)


def expected(case: dict[str, Any]) -> tuple[Counter[str], Counter[str]]:
    labels = {n["id"]: normal(n["label"]) for n in case["nodes"]}
    return Counter(labels.values()), Counter(f"{labels[e['from']]}->{labels[e['to']]}" for e in case["edges"])


@pytest.mark.parametrize("number", ["6.2", "6.6", "6.8"])
def test_a_net_has_exactly_the_units_and_the_strokes_of_its_case(number):
    units, strokes = expected(CASES[number])
    assert Counter(nodes(number)) == units
    assert Counter(edges(number)) == strokes


def test_the_perceptrons_have_the_units_and_weights_of_their_cases():
    wanted = Counter()
    for panel in CASES["6.4"]["panels"]:
        names = {n["id"]: n["label"] or "y" for n in panel["nodes"]}
        wanted += Counter(f"{names[e['from']]}->{names[e['to']]}: {e['label']}" for e in panel["edges"])
    titles = (t.text or "" for t in drawn("6.4").iter(f"{SVG}title"))
    assert Counter(t.replace("−", "-") for t in titles if "->" in t) == wanted


def test_the_weights_of_the_xor_net_stand_on_their_strokes():
    case = CASES["6.6"]
    names = {n["id"]: n["label"] for n in case["nodes"]}
    wanted = Counter(f"{names[e['from']]}->{names[e['to']]}: {e['label']}" for e in case["edges"])
    titles = [(t.text or "").replace("−", "-") for t in drawn("6.6").iter(f"{SVG}title")]
    assert Counter(t for t in titles if "->" in t) == wanted
    labels = [
        normal(g.get("data-label", ""))
        for g in drawn("6.6").iter(f"{SVG}g")
        if g.get("data-role") in WEIGHTS and g.get("data-label")
    ]
    assert Counter(label for label in labels if label != "+1") == Counter(case["edge_label_multiset"])


WEIGHTS = ("weight", "bias")


def test_bias_units_strokes_and_weights_are_grey():
    grey = {themes.TEXTBOOK.constant_border, themes.TEXTBOOK.faint}
    found = 0
    for group in drawn("6.6").iter(f"{SVG}g"):
        name = group.get("data-node") or group.get("data-edge") or ""
        if name.startswith("+1"):
            found += 1
            pens = {e.get("stroke") for e in group.iter() if e.get("stroke")}
            assert pens == {themes.TEXTBOOK.constant_border}
    assert found == 2 + 3
    for group in drawn("6.6").iter(f"{SVG}g"):
        if group.get("data-role") == "bias" and group.get("data-label"):
            assert group.get("fill") in grey


def test_the_bias_of_figure_6_9_becomes_an_input_that_is_always_1():
    found = nodes("6.9")
    assert Counter(found)["+1"] == Counter(found)["x0=1"] == 1
    assert Counter(edges("6.9"))["x0=1->h1"] == 1
    assert len(edges("6.9")) == 2 * len(CASES["6.8"]["edges"])


@pytest.mark.parametrize("number", ["6.11", "6.12"])
def test_one_hot_rows_are_those_of_the_case_with_their_1_drawn_solid(number):
    left = CASES[number]["left"]
    wanted = left["rows"] if "rows" in left else [left["row"]]
    rows = [g for g in drawn(number).iter(f"{SVG}g") if g.get("data-row")]
    assert [g.get("data-label") for g in rows][: len(wanted)] == wanted
    for group in rows:
        solid = [c.get("data-label") for c in group.iter(f"{SVG}g") if c.get("data-role") == "solid"]
        assert solid == (["1"] if "1" in group.get("data-label", "") else [])


def test_figure_6_13_has_the_strokes_of_its_case():
    case = CASES["6.13"]
    names = {n["id"]: normal(n["label"]) for n in case["nodes"]} | {"x": "x"}
    between = {"w1", "w2", "w3", "E1", "E2", "E3"}  # the one-hot rows stand between these two
    wanted = Counter(f"{names[e['from']]}->{names[e['to']]}" for e in case["edges"] if e["from"] not in between)
    found = Counter(edges("6.13"))
    assert wanted - found == Counter()
    assert found["one-hot->E"] == 3
    assert [found[normal(f"E->embedding for “{w}”")] for w in ("dessert", "was", "great")] == [1, 1, 1]


def test_figure_6_14_reads_three_words_in_their_order_and_joins_every_unit_to_every_unit():
    found = edges("6.14")
    firsts = [e for e in found if e.endswith("->one-hot")]
    assert firsts == ["forwt-3->one-hot", "allwt-2->one-hot", "thewt-1->one-hot"]
    hidden, outputs = ["h1", "h2", "h3", "hdh"], ["ŷ1", "ŷ34", "ŷ42", "ŷ35102", "ŷ|V|"]
    assert {f"{h}->{y}" for h in hidden for y in outputs} <= set(found)
    assert {e for e in found if e.endswith("fish|…)")} == {"ŷ42->p(wt=fish|…)"}


def test_figure_6_16_has_a_stroke_back_beside_each_stroke_forward():
    passes = [g for g in drawn("6.16").iter(f"{SVG}g") if g.get("data-role") == "pass"]
    assert [g.get("data-edge") for g in passes] == ["d->e", "e->L"]
    for group in passes:
        dashed = [p for p in group.iter(f"{SVG}path") if p.get("stroke-dasharray")]
        assert len(dashed) == 1


@pytest.mark.parametrize("number", SCHEMATICS)
def test_the_glyphs_of_a_label_are_those_that_its_words_need(number):
    scene = picture(number).scene
    texts = [*scene.texts, *(t for p in scene.pieces for t in p.inside)]
    painted = Counter(u.get("href") for u in drawn(number).iter(f"{SVG}use"))
    wanted: Counter[str] = Counter()
    for text in texts:
        marks = [m for m in typeset(text.label, 10.0).marks if isinstance(m, Glyph)]
        wanted += Counter(f"#g{ord(m.char):x}" for m in marks if outline(m.char))
    assert wanted - painted == Counter()
    caption = [c for c in picture(number).caption if outline(c)]
    assert sum(painted.values()) == sum(wanted.values()) + len(caption)


# Geometry and looks --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", SCHEMATICS)
def test_nothing_touches_on_a_schematic(number):
    assert collisions(picture(number)) == []


def test_the_check_for_touching_sees_labels_that_are_moved():
    good = picture("6.6")
    stroke = next(s for s in good.scene.strokes if s.stroke.notes)
    middle = (stroke.start[0] + stroke.end[0]) / 2, (stroke.start[1] + stroke.end[1]) / 2
    text = good.scene.texts[0]
    for x, y in (middle, (good.scene.pieces[0].x, good.scene.pieces[0].y), (-3.0, 50.0)):
        moved = text.moved(x - text.rect[0] - 2, y - text.rect[1] - 2)
        scene = replace(good.scene, texts=(moved, *good.scene.texts[1:]))
        assert collisions(replace(good, scene=scene))


@pytest.mark.parametrize("number", SCHEMATICS)
def test_units_of_a_column_are_level_with_each_other_and_evenly_apart(number):
    columns: dict[float, list[Any]] = {}
    for piece in picture(number).scene.pieces:
        columns.setdefault(round(piece.x, 3), []).append(piece)
    for column in columns.values():
        units = [p for p in column if p.piece.role in ("input", "hidden", "output", "bias")]
        gaps = {round(b.y - a.y, 3) for a, b in pairwise(units)}
        assert len(gaps) <= 2  # one, and one more across dots


@pytest.mark.parametrize("theme", sorted(themes.THEMES))
def test_words_on_schematics_have_a_contrast_of_4_5_or_better(theme):
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(a: str, b: str) -> float:
        low, high = sorted((luminance(a), luminance(b)))
        return (high + 0.05) / (low + 0.05)

    t = themes.theme_named(theme)
    pairs = [
        (ink(role, t), t.background) for role in ("bias", "shape", "note", "local", "backward", "matrix", "weight")
    ]
    pairs += [(ink(role, t), t.box) for role in ("bias", "input", "cell", "hidden")]
    pairs += [(ink("parameter", t), t.trainable), (ink("solid", t), t.text)]
    assert {pair: contrast(*pair) for pair in pairs if contrast(*pair) < 4.5} == {}


def test_every_figure_has_a_caption_and_alternative_text_of_its_own():
    captions = {picture(n).caption for n in FIGURES}
    descriptions = {picture(n).description for n in FIGURES}
    assert len(captions) == len(descriptions) == 18
    assert all(c.startswith(f"Fig. {n}: ") for n, c in ((n, picture(n).caption) for n in FIGURES))
    assert min(map(len, descriptions)) > 40


@pytest.mark.parametrize("number", sparse(FIGURES, 6))
def test_a_figure_says_what_it_is_in_its_svg(number):
    root = drawn(number)
    title = next(root.iter(f"{SVG}title"))
    assert title.text == picture(number).caption


@pytest.mark.slow
def test_the_same_bytes_come_out_in_every_process():
    code = (
        "import viz, hashlib; print(hashlib.sha256(''.join("
        "viz.figure(n).svg() for n in ('6.2', '6.3', '6.6', '6.12', '6.14', '6.16')).encode()).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "77")
    }
    assert len(seen) == 1


# Plots ---------------------------------------------------------------------------------------------------------------
def axes(number: str) -> list[Any]:
    assert isinstance(picture(number), Plot)
    return list(picture(number).draw().axes)


def curve(of: Any) -> tuple[np.ndarray, np.ndarray]:
    line = max(of.lines, key=lambda line: len(line.get_xdata()))
    return np.asarray(line.get_xdata()), np.asarray(line.get_ydata())


def test_the_sigmoid_goes_through_its_points_and_has_its_slope():
    x, y = curve(axes("6.1")[0])
    for at, value in CASES["6.1"]["curves"][0]["points"]:
        assert y[np.argmin(abs(x - at))] == pytest.approx(value, rel=1e-12)
    assert np.gradient(y, x)[200] == pytest.approx(0.25, abs=1e-3)
    assert 0 < y.min() < y.max() < 1


def test_tanh_and_relu_are_what_they_are_called():
    (x, tanh), (_, relu) = map(curve, axes("6.3"))
    assert np.allclose(tanh, np.tanh(x), atol=1e-14)
    assert np.array_equal(relu, np.maximum(x, 0))
    assert [a.get_title() for a in axes("6.3")] == ["(a)", "(b)"]


@pytest.mark.parametrize("number", ["6.5", "6.7"])
def test_points_are_filled_as_their_case_says_and_the_line_separates_them(number):
    for of, panel in zip(axes(number), CASES[number]["panels"], strict=True):
        dots = [line for line in of.lines if line.get_marker() == "o"]
        filled = {(d.get_xdata()[0], d.get_ydata()[0]) for d in dots if d.get_markerfacecolor() != "#ffffff"}
        white = {(d.get_xdata()[0], d.get_ydata()[0]) for d in dots if d.get_markerfacecolor() == "#ffffff"}
        assert filled == set(map(tuple, panel["filled"]))
        assert white == set(map(tuple, panel["open"]))
        lines = [line for line in of.lines if line.get_marker() != "o"]
        assert len(lines) == panel["line"]
        if lines:
            (x0, x1), (y0, y1) = lines[0].get_xdata(), lines[0].get_ydata()
            sides = [{np.sign((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) for x, y in s} for s in (filled, white)]
            assert len(sides[0]) == len(sides[1]) == 1 and sides[0] != sides[1] and 0 not in sides[0] | sides[1]
        texts = [t.get_text() for t in of.texts]
        assert ("?" in texts) == ("annotation" in panel)
        ticks = panel.get("axes", CASES[number].get("axes"))
        assert list(of.get_xticks()) == ticks.get("xticks", ticks.get("ticks"))
        assert list(of.get_yticks()) == ticks.get("yticks", ticks.get("ticks"))


def test_both_inputs_that_the_hidden_layer_merges_stand_at_their_point():
    texts = {t.get_text(): t.xy for t in axes("6.7")[1].texts}
    assert texts["01 and 10"] == (1.0, 0.0)


@pytest.mark.slow
def test_no_words_touch_on_the_plots():
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    for number in PLOTS:
        figure = picture(number).draw()
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        boxes = []
        for of in figure.axes:
            axis_and_range = ((of.xaxis, of.get_xlim()), (of.yaxis, of.get_ylim()))
            ticks = [
                t.label1
                for axis, (low, high) in axis_and_range
                for t in axis.get_major_ticks()
                if low <= t.get_loc() <= high
            ]
            shown = [t for t in (of.title, of.xaxis.label, of.yaxis.label, *ticks, *of.texts) if t.get_text()]
            boxes += [(t.get_text(), t.get_window_extent(renderer)) for t in shown]
        boxes.append(("caption", figure._supxlabel.get_window_extent(renderer)))
        width, height = canvas.get_width_height()
        for i, (a, box) in enumerate(boxes):
            assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, (number, a)
            assert [b for b, other in boxes[:i] if box.overlaps(other)] == [], (number, a)


@pytest.mark.parametrize("number", sparse([n for n in FIGURES if n not in ("6.1", "6.3", "6.5", "6.7")], 4))
def test_no_word_in_a_circle_comes_near_its_ring(number):
    assert [found for found in clearances(picture(number).svg()).items() if found[1] < 2] == []
