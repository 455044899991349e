"""Pictures: what stands on them, that nothing touches, and that their bytes never change."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from geometry import collisions, labels, spills
from project import read_chapter

import cgraph as cg
import viz
from cgraph.errors import LayoutError, MissingPackageError, OutputError, ValueRefusedError
from cgraph.notation import text
from viz.figures.graphs import figure_6_17, figure_6_18
from viz.graphs.paint.paint import BACKWARD, BOTH, FORWARD
from viz.ink import themes

SVG = "{http://www.w3.org/2000/svg}"
CASES = read_chapter()
FIGURES = {f["id"]: f for f in CASES["figures"]}


def figure(number: str) -> viz.Picture:
    if number == "6.15":
        return viz.draw(figure_6_17(), show=FORWARD)
    return viz.draw(figure_6_17()) if number == "6.17" else viz.draw(figure_6_18(), style="circuit")


def normal(text: str) -> str:
    """Text without spaces, with one minus and one product sign, and scripts as they are spelled."""
    text = re.sub(r"</?(SUP|SUB|I|FONT[^>]*)>", "", unescape(text))
    return re.sub(r"\s", "", text).replace("−", "-").replace("∗", "*")


def words(picture: viz.Picture) -> str:
    root = ET.fromstring(picture.svg())
    return normal("\n".join(t.text or "" for t in root.iter(f"{SVG}title")))


@pytest.mark.parametrize("number", ["6.15", "6.17", "6.18"])
def test_a_figure_of_the_chapter_has_every_label_that_its_case_asks_for(number):
    picture, wanted = figure(number), FIGURES[number]
    found = words(picture)
    assert [label for label in wanted["required_labels"] if normal(label) not in found] == []
    assert len(picture.drawing.boxes) == wanted["n_nodes"]
    assert len(picture.drawing.edges) == wanted["n_edges"]


@pytest.mark.parametrize("number", ["6.15", "6.17", "6.18"])
def test_the_dot_of_a_figure_has_the_labels_too(number):
    dot = normal(figure(number).dot)
    assert [label for label in FIGURES[number]["required_labels"] if normal(label) not in dot] == []


def test_figure_6_18_has_nine_trainable_leaves_and_six_products():
    picture = figure("6.18")
    trainable = [b.name for b in picture.drawing.boxes if b.kind == "parameter"]
    assert len(trainable) == 9
    wanted = {label for label in FIGURES["6.18"]["required_labels"] if label[0] in "wb"}
    assert set(trainable) == wanted
    signs = [
        text(math) for b in picture.drawing.boxes if b.round for role, ((_, math), *_) in b.lines if role == "name"
    ]
    assert signs.count("*") == FIGURES["6.18"]["n_star_nodes"]


@pytest.mark.parametrize("number", ["6.15", "6.17", "6.18"])
@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_nothing_touches_on_the_figures(number, direction):
    of, look = (figure_6_18(), "circuit") if number == "6.18" else (figure_6_17(), "textbook")
    show, detail = FORWARD if number == "6.15" else BOTH, "number" if number == "6.18" else "full"
    picture = viz.draw(of, style=look, direction=direction, show=show, detail=detail)
    assert bool(labels(picture)) == (show == BOTH)  # of a forward pass all words stand in the boxes
    assert collisions(picture) == []
    assert spills(picture) == []


def test_the_check_for_touching_sees_a_label_that_is_moved_onto_a_stroke():
    picture = figure("6.17")
    edge = picture.layout.edges[0]
    moved = edge._replace(local=edge.local._replace(y=edge.local.y + 12))
    worse = replace(picture, layout=replace(picture.layout, edges=(moved, *picture.layout.edges[1:])))
    assert any("stroke" in c for c in collisions(worse))


def test_forward_backward_and_combined_pictures_share_one_layout():
    bwd = figure_6_17()
    pictures = [viz.draw(bwd, show=show) for show in (FORWARD, BACKWARD, BOTH)]
    assert pictures[0].layout == pictures[1].layout == pictures[2].layout
    assert viz.draw(bwd.forward).layout == pictures[0].layout


def test_the_same_bytes_come_out_in_every_process():
    code = (
        "import viz, hashlib; from viz.figures.graphs import figure_6_18 as f;"
        "p = viz.draw(f(), style='circuit'); print(hashlib.sha256((p.svg() + p.dot).encode()).hexdigest())"
    )
    seen = set()
    for seed in ("0", "77"):
        run = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        seen.add(run.stdout)
    assert len(seen) == 1


def test_edges_say_the_chain_rule_as_formula_and_number():
    edge = next(e for e in figure("6.17").drawing.edges if e.name == "b->d")
    assert edge.title == "∂L/∂b = ∂L/∂d · ∂d/∂b = −4\n∂d/∂b = 2"


INK = {f"{SVG}{tag}" for tag in ("path", "rect", "circle", "use")}


@pytest.mark.parametrize("fold", [False, "layers"])
def test_every_element_carries_what_it_stands_for_and_a_title(fold):
    root = ET.fromstring(viz.draw(figure_6_18(), fold=fold, style="circuit").svg())
    root.remove(root.find(f"{SVG}defs"))
    stack: list[tuple[ET.Element, bool, bool]] = [(root, False, False)]
    ink = 0
    while stack:
        element, has_role, has_title = stack.pop()
        has_role |= element.get("data-role") is not None
        has_title |= element is not root and element.find(f"{SVG}title") is not None
        if element.tag in INK:
            ink += 1
            assert has_role, ET.tostring(element)
            assert has_title or element.get("data-role") == "background", ET.tostring(element)
        stack += [(child, has_role, has_title) for child in element]
    assert ink > 50


def test_nodes_and_edges_are_named_and_the_alternative_text_says_them():
    root = ET.fromstring(figure("6.17").svg())
    assert {g.get("data-node") for g in root.iter(f"{SVG}g") if g.get("data-node")} == set("abcdeL")
    edges = [g for g in root.iter(f"{SVG}g") if g.get("data-edge")]
    assert len(edges) == 5
    assert root.find(f"{SVG}desc").text.startswith("c; c = −2; ∂L/∂c = 5.")


def test_a_fan_out_shows_the_sum_of_its_contributions():
    picture = viz.draw(cg.backward(cg.forward(cg.parse("y = x*x"), x=3)))
    box = next(b for b in picture.drawing.boxes if b.name == "x")
    assert "∂y/∂x = 6 (the sum of 2 terms)" in box.title
    assert len(picture.drawing.edges) == 2


def test_what_was_not_computed_is_not_drawn_as_zero():
    graph = cg.Graph([cg.parse("e = a + 1").output, cg.parse("f = 2*b").output])
    bwd = cg.backward(cg.forward(graph, a=1, b=1), of="e")
    box = next(b for b in viz.draw(bwd).drawing.boxes if b.name == "b")
    edge = next(e for e in viz.draw(bwd).drawing.edges if e.name == "b->f")
    assert not any(role == "gradient" for role, _ in box.lines)
    assert not edge.flows


def test_a_zero_gradient_is_marked():
    edges = viz.draw(cg.backward(cg.forward(cg.parse("y = relu(x)*2"), x=-1))).drawing.edges
    assert [e.zero for e in edges] == [True, False]


def test_a_graph_without_values_shows_its_gradients_as_formulas():
    titles = {b.name: b.title for b in viz.draw(cg.parse("d = 2*b; e = a + d; L = c*e")).drawing.boxes}
    assert titles["b"] == "b\n∂L/∂b = 2c"


def test_tensors_show_shapes_and_linear_maps():
    X, W = cg.variable("X", ("m", 3)), cg.parameter("W", np.ones((3, 2)))
    bwd = cg.backward(cg.forward(cg.mean(X @ W).named("L"), X=np.ones((4, 3))))
    picture = viz.draw(bwd)
    assert "[m×3]" in next(b.title for b in picture.drawing.boxes if b.name == "X")
    assert "· Wᵀ" in next(e.title for e in picture.drawing.edges if e.name.startswith("X->"))
    assert collisions(picture) == []


RIGHT_TO_LEFT, COMBINING = "\u202eabc", "a\u0301\u0302"
HOSTILE = [
    "<script>alert(1)</script>",
    '"]; x [',
    "a\nb",
    "\\N",
    "&amp;",
    "]]>",
    RIGHT_TO_LEFT,
    COMBINING,
    "x" * 10_000,
]
HOSTILE += ["\u00e9\U0001f600", "{|<p>}", "a\x00b", "a\\", "\ud800"]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_name_is_only_a_name_in_svg_and_dot(name):
    x = cg.variable(name)
    picture = viz.draw(cg.backward(cg.forward((x * 2 + 1).named("y"), {x: 1.0})))
    root = ET.fromstring(picture.svg())
    assert not list(root.iter(f"{SVG}script"))
    assert len([g for g in root.iter(f"{SVG}g") if g.get("data-node")]) == 3
    from viz.graphs.places.engine import positions

    assert len([o for o in positions(picture.dot)["objects"] if o["name"].startswith("n")]) == 3


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", sorted(themes.THEMES))
def test_words_and_strokes_have_a_contrast_of_4_5_or_better(theme):
    t = themes.theme_named(theme)
    on_boxes = [(w, box) for w in (t.text, t.forward, t.backward, t.faint, t.proof) for box in (t.box, t.trainable)]
    beside = [(w, t.background) for w in (t.text, t.forward, t.backward, t.local, t.faint, t.proof)]
    borders = [(t.border, t.background), (t.constant_border, t.background), (t.constant_border, t.box)]
    pairs = [*on_boxes, *beside, *borders, (t.background, t.text)]
    assert {pair: contrast(*pair) for pair in pairs if contrast(*pair) < 4.5} == {}
    assert contrast(t.pale, t.background) < contrast(t.backward, t.background) / 2


def painted_colours(svg: str) -> set[str]:
    return set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', svg))


@pytest.mark.parametrize("theme", sorted(themes.THEMES))
def test_a_picture_is_painted_in_the_colours_of_its_theme_alone(theme):
    bwd = figure_6_18()
    svg = viz.draw(bwd, theme=theme, proof=cg.prove(bwd)).svg()
    ours = {v for v in vars(themes.theme_named(theme)).values() if isinstance(v, str) and v.startswith("#")}
    assert painted_colours(svg) <= ours


def test_the_grey_theme_is_grey_and_tells_passes_and_leaves_apart_without_colour():
    picture = viz.draw(figure_6_18(x1=-1.0), theme="print", style="circuit")
    assert all(c[1:3] == c[3:5] == c[5:7] for c in painted_colours(picture.svg()))
    groups = list(ET.fromstring(picture.svg()).iter(f"{SVG}g"))
    dashed = {g.get("data-role") for g in groups for p in g.findall(f"{SVG}path") if p.get("stroke-dasharray")}
    assert dashed == {"backward", "sample"}
    weight = {g.get("data-role"): g[1].get("stroke-width") for g in groups if g.get("data-node")}
    assert float(weight["parameter"]) > float(weight["variable"])


# Zero, NaN and proof -------------------------------------------------------------------------------------------------
def drawn_edges(picture: viz.Picture) -> dict[str, ET.Element]:
    return {g.get("data-edge"): g for g in ET.fromstring(picture.svg()).iter(f"{SVG}g") if g.get("data-edge")}


def test_a_zero_gradient_is_pale_and_thin_but_its_words_are_not():
    picture = viz.draw(cg.backward(cg.forward(cg.parse("z = 2*x; y = relu(z)*w"), x=-1, w=3)))
    edges = drawn_edges(picture)

    def back(name: str) -> ET.Element:
        (stroke,) = (g for g in edges[name].findall(f"{SVG}g") if g.get("data-role") == "backward")
        return next(path for path in stroke if path.get("data-role") != "casing")

    colours = themes.TEXTBOOK
    assert (back("x->z").get("stroke"), back("x->z").get("stroke-width")) == (colours.pale, "0.8")
    assert (back("v1->y").get("stroke"), back("v1->y").get("stroke-width")) == (colours.backward, "1.4")
    words = {g.get("fill") for g in edges["x->z"].iter(f"{SVG}g") if g.get("fill")}
    assert words == {colours.backward, colours.local}
    assert "gradient 0" in spoken(picture)


def spoken(picture: viz.Picture) -> str:
    """The words of the legend as they are set."""
    from viz.graphs.paint.legend import foot

    below = foot(picture.drawing, picture.theme, picture.show, picture.caption, picture.layout.width)
    return "; ".join(entry.words for row in below.legend for entry, _ in row)


def badges(picture: viz.Picture) -> dict[str, str]:
    lines = {b.name: [label for role, label in b.lines if role == "badge"] for b in picture.drawing.boxes}
    return {name: found[0][0][1].text for name, found in lines.items() if found}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("look", ["textbook", "circuit"])
def test_what_is_not_finite_carries_a_badge(look):
    with np.errstate(all="ignore"):
        picture = viz.draw(cg.backward(cg.forward(cg.parse("r = w/z"), w=2, z=0)), style=look)
        other = viz.draw(cg.backward(cg.forward(cg.parse("q = log(x)*w"), x=-1, w=2)), style=look)
    assert badges(picture)["r"] == "∞ in the value"
    assert badges(other)["w"] == "NaN in the gradient"
    assert "x" not in badges(other)
    assert collisions(other) + spills(other) == []


def test_an_array_says_how_many_of_its_numbers_are_not_finite():
    fwd = cg.forward(cg.sum(cg.variable("X", 4)), X=[1.0, np.nan, np.inf, np.nan])
    assert badges(viz.draw(fwd))["X"] == "2 NaN in the value"


def test_a_proof_marks_the_edges_whose_rules_and_the_leaves_whose_gradients_are_proved():
    bwd = figure_6_17()
    picture = viz.draw(bwd, proof=cg.prove(bwd))
    assert {e.name for e in picture.drawing.edges if e.proved} == {"b->d", "a->e", "d->e", "c->L", "e->L"}
    marked = {b.name for b in picture.drawing.boxes if "proved by SymPy" in b.title}
    assert marked == {"a", "b", "c"}
    assert {g.get("data-proved") for g in drawn_edges(picture).values()} == {"true"}
    assert "proved by SymPy" in spoken(picture)
    assert "proved" not in spoken(viz.draw(bwd))
    assert collisions(picture) + spills(picture) == []


def test_what_only_agrees_at_points_is_not_marked_as_proved():
    bwd = figure_6_17()
    report = cg.prove(bwd)
    doubtful = tuple(replace(c, verdict="agrees") if c.subject == "∂L/∂b" else c for c in report.checks)
    picture = viz.draw(bwd, proof=replace(report, checks=doubtful))
    assert {b.name for b in picture.drawing.boxes if "proved" in b.title} == {"a", "c"}


def test_an_edge_whose_rule_is_not_proved_is_not_marked(monkeypatch):
    from cgraph.proof import proved

    bwd = figure_6_17()
    report, honest = cg.prove(bwd), proved.prove_row

    def doubting(row, attrs=None, **given):
        found = honest(row, attrs, **given)
        second = tuple(replace(c, verdict="undecided") if c.subject == "∂add/∂y" else c for c in found.checks)
        return replace(found, checks=second)

    monkeypatch.setattr(proved, "prove_row", doubting)
    picture = viz.draw(bwd, proof=report)
    assert {e.name for e in picture.drawing.edges if not e.proved} == {"d->e"}


@pytest.mark.slow
def test_arrays_are_marked_when_every_element_is_proved():
    X, W = cg.variable("X", (1, 2)), cg.parameter("W", np.ones((2, 2)))
    bwd = cg.backward(cg.forward(cg.mean(cg.tanh(X @ W)).named("L"), X=np.ones((1, 2))))
    report = cg.prove(bwd)
    boxes = {b.name: b.title for b in viz.draw(bwd, proof=report).drawing.boxes}
    assert "proved by SymPy" in boxes["X"]
    assert "proved by SymPy" in boxes["W"]
    doubtful = (replace(report.checks[0], verdict="undecided"), *report.checks[1:])
    titles = [b.title for b in viz.draw(bwd, proof=replace(report, checks=doubtful)).drawing.boxes]
    assert sum("proved by SymPy" in t for t in titles) == 1


def test_the_proof_of_another_graph_is_refused():
    with pytest.raises(ValueRefusedError, match=r"about another graph.*Fix: give proof=cg\.prove"):
        viz.draw(figure_6_17(), proof=cg.prove(figure_6_17()))
    with pytest.raises(ValueRefusedError, match="about another graph"):
        viz.draw(figure_6_17(), proof=cg.prove("tanh"))


@pytest.mark.parametrize("count, said", [(2, "∂ 3 + 3 = 6"), (3, "∂ 9 + 9 + 9 = 27"), (4, "∂ Σ of 4 = 108")])
def test_a_node_says_how_many_terms_were_added(count, said):
    x = cg.variable("x")
    picture = viz.draw(cg.backward(cg.forward(cg.mul(*[x] * count).named("y"), {x: 3.0})), detail="number")
    gradient = next(dict(b.lines)["gradient"] for b in picture.drawing.boxes if b.name == "x")
    assert text(gradient[0][1]) == said


@pytest.mark.parametrize("ending", ["svg", "png", "dot", "pdf"])
def test_a_picture_is_saved_as_its_ending_says(tmp_path, ending):
    path = figure("6.17").save(tmp_path / f"figure.{ending}")
    start = {"svg": b"<svg", "png": b"\x89PNG", "dot": b"digraph", "pdf": b"%PDF"}[ending]
    assert path.read_bytes().startswith(start)


def test_a_png_shows_ink_where_the_boxes_are(tmp_path):
    from matplotlib import image

    picture = figure("6.17")
    pixels = image.imread(figure("6.17").save(tmp_path / "figure.png"))
    assert pixels.shape[1] == pytest.approx(2 * picture.layout.width, abs=2)
    dark = (pixels[..., :3] < 0.5).any(axis=2)
    assert dark.mean() > 0.01


def test_an_ending_that_says_nothing_is_refused(tmp_path):
    with pytest.raises(OutputError, match=r"no ending.*\.svg"):
        figure("6.17").save(tmp_path / "figure.bmp")


def test_a_file_that_cannot_be_written_leaves_what_was_there(tmp_path, monkeypatch):
    old = tmp_path / "figure.svg"
    old.write_text("old")

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cgraph.files.os.replace", full)
    with pytest.raises(OutputError, match="No space left"):
        figure("6.17").save(old)
    assert old.read_text() == "old"
    assert list(tmp_path.iterdir()) == [old]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(OutputError, match="nowhere"):
        figure("6.17").save(tmp_path / "nowhere" / "figure.svg")


def test_pdf_without_its_package_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "svglib.svglib", None)
    with pytest.raises(MissingPackageError, match=r"cgraph-engine\[pdf\]"):
        figure("6.17").save(tmp_path / "figure.pdf")


def test_a_layout_that_takes_too_long_is_stopped():
    with pytest.raises(LayoutError, match=r"more than 0\.0001 s"):
        viz.draw(figure_6_18(), time_limit=0.0001)


def test_a_large_graph_is_laid_out_in_layers_without_graphviz(monkeypatch):
    node = cg.variable("x")
    for _ in range(5_000):
        node = node + 1.0
    monkeypatch.setattr("viz.graphs.places.engine.positions", None)
    picture = viz.draw(cg.backward(cg.forward(node, x=0.0)), fold=False)
    assert picture.drawing.detail == "outline"
    assert len(picture.layout.edges) == 5_000
    assert picture.drawing.boxes[-1].title == "v5000 = v4999 + 1\nv5000 = 5000\n∂v5000/∂v5000 = 1"
    places = [(b.y, b.x) for b in picture.layout.boxes]
    assert places == sorted(places)  # as lines of text
    assert len({y for y, _ in places}) > 10


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_in_the_layered_layout_operands_come_first_and_no_boxes_touch(direction):
    picture = viz.draw(figure_6_18(), engine="layered", detail="hover", direction=direction)
    places = {b.box.id: (b.x, b.y)[direction == "TB"] for b in picture.layout.boxes}
    in_one_row = [e for e in picture.layout.edges if len(e.forth) == 2]
    assert len(in_one_row) > 15
    assert all(places[e.edge.tail] < places[e.edge.head] for e in in_one_row)
    assert [c for c in collisions(picture) if "stroke" not in c] == []


def test_graphviz_is_not_asked_where_no_two_boxes_share_a_rank(monkeypatch):
    monkeypatch.setattr("viz.graphs.places.engine.positions", None)
    monkeypatch.delenv("CGRAPH_ENGINE", raising=False)
    assert len(viz.draw("L = tanh(exp(sin(x)))", x=1.0).layout.edges) == 3


@pytest.mark.parametrize(
    "formula", ["L = tanh(exp(sin(x)))", "L = sin(x) + y", "L = x*y", "L = x*x + x", "L = tanh(exp(sin(x)) + y)"]
)
def test_what_is_placed_without_graphviz_stands_where_graphviz_places_it(formula):
    own, asked = (viz.draw(formula, engine=engine) for engine in (None, "graphviz-pure"))
    assert own.svg() == asked.svg()


def test_an_engine_that_is_not_there_is_named(monkeypatch):
    with pytest.raises(LayoutError, match="pip install graphviz-pure"):
        viz.draw(figure_6_17(), engine="nowhere")
    monkeypatch.setenv("CGRAPH_ENGINE", "elsewhere")
    with pytest.raises(LayoutError, match="elsewhere"):
        viz.draw(figure_6_17())


@pytest.mark.parametrize("wrong", [{"style": "s"}, {"theme": "t"}, {"detail": "d"}, {"show": "s"}, {"direction": "up"}])
def test_choices_that_are_not_there_are_refused_with_those_that_are(wrong):
    with pytest.raises(ValueRefusedError, match="choose one of"):
        viz.draw(figure_6_17(), **wrong)


def test_a_backward_picture_of_a_forward_pass_is_refused():
    with pytest.raises(ValueRefusedError, match="was not computed"):
        viz.draw(figure_6_17().forward, show=BACKWARD)


def test_notebooks_show_the_svg():
    picture = figure("6.17")
    assert picture._repr_svg_() == picture.svg()
