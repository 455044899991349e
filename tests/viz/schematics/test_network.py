"""Nets drawn from their models: units, weights, names and shapes are the model's, and nothing touches at any size."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schematic_geometry import collisions

import cgraph as cg
import viz
from cgraph import nn
from cgraph.errors import MissingPackageError, OutputError, ValueRefusedError
from viz.schematics import Block, Cells, Column, Link, Schematic, SchematicPicture, Words
from viz.schematics.embeddings import one_hot
from viz.schematics.picture import picture
from viz.schematics.pieces import all_to_all, each
from viz.schematics.words import shape, words

SVG = "{http://www.w3.org/2000/svg}"


def titles(of: SchematicPicture) -> list[str]:
    return [t.text or "" for t in ET.fromstring(of.svg()).iter(f"{SVG}title")]


def units(of: SchematicPicture) -> list[str]:
    return [g.get("data-node", "") for g in ET.fromstring(of.svg()).iter(f"{SVG}g") if g.get("data-node")]


def test_each_weight_of_a_small_net_stands_on_its_own_stroke():
    model = nn.MLP([2, 3, 1], "tanh", seed=3)
    found = Counter(t for t in titles(viz.network(model)) if "->" in t)
    W1, b1, W2, b2 = (p.value for p in model.parameters)
    wanted = [
        f"x{i + 1}->h{j + 1}: {cg.notation.text(cg.notation.number(W1[i, j]))}" for i in range(2) for j in range(3)
    ]
    wanted += [f"+1->h{j + 1}: {cg.notation.text(cg.notation.number(b1[j]))}" for j in range(3)]
    wanted += [f"h{j + 1}->y1: {cg.notation.text(cg.notation.number(W2[j, 0]))}" for j in range(3)]
    wanted.append(f"+1->y1: {cg.notation.text(cg.notation.number(b2[0]))}")
    assert found == Counter(wanted)


def test_other_weights_give_another_picture():
    one, two = (viz.network(nn.MLP([2, 2, 1], seed=seed)).svg() for seed in (0, 1))
    assert one != two


def test_a_large_net_has_the_names_of_its_matrices_and_dots_for_what_is_left_out():
    found = units(viz.network(nn.MLP([64, 32, 10], seed=0)))
    assert found == ["x1", "x2", "…", "x64", "+1", "h1", "h2", "h3", "…", "h32", "+1", "y1", "y2", "…", "y10"]
    said = titles(viz.network(nn.MLP([64, 32, 10], seed=0)))
    assert "x1->h1: W[1]" in said and "+1->h32: b[1]" in said


def test_sizes_may_be_names():
    layer = nn.Linear(cg.variable("W", ("n0", "d_h")))
    assert units(viz.network(layer)) == ["x1", "x2", "…", "xn0", "y1", "y2", "…", "yd_h"]


def test_a_layer_without_a_bias_has_no_source():
    assert "+1" not in units(viz.network(nn.MLP([2, 2, 1], seed=0, bias=False)))


def test_deep_nets_call_their_hidden_units_a():
    found = units(viz.network(nn.MLP([1, 2, 2, 1], seed=0), weights=False))
    assert found == ["x1", "+1", "a[1]1", "a[1]2", "+1", "a[2]1", "a[2]2", "+1", "y1"]


def test_units_can_be_chosen():
    found = units(viz.network(nn.MLP([2, 2, 50], seed=0), shown={2: (1, 2, 42, 50)}))
    assert found[-6:] == ["y1", "y2", "…", "y42", "…", "y50"]


def test_a_dummy_input_stands_for_the_bias():
    found = units(viz.network(nn.MLP([2, 2, 1], seed=0), bias="dummy", weights=False))
    assert "x0=1" in found and "h0=1" in found and "+1" not in found


@pytest.mark.parametrize(
    ("vectors", "wanted"),
    [
        ("rows", ["[1×2]", "[2×3]", "[1×3]", "[3×1]", "[1×1]"]),
        ("columns", ["[2×1]", "[3×2]", "[3×1]", "[1×3]", "[1×1]"]),
    ],
)
def test_shapes_stand_below_as_rows_or_as_columns(vectors, wanted):
    said = titles(viz.network(nn.MLP([2, 3, 1], seed=0), shapes=vectors))
    assert Counter(t for t in said if t.startswith("[")) == Counter(wanted)


def test_captions_can_be_words_or_none():
    model = nn.MLP([2, 3, 1], seed=0)
    assert "hidden layer" in titles(viz.network(model))
    assert "hidden layer" not in titles(viz.network(model, captions=False))
    assert "features" in titles(viz.network(model, captions=("features", "", "score")))


def test_a_unit_can_be_taken_apart():
    said = viz.network(nn.textbook.Unit([1.0, 2.0], 0.5, "tanh"), expand=True)
    assert units(said) == ["x1", "x2", "+1", "∑", "tanh", "y"]
    assert {"x1->∑: w1", "x2->∑: w2", "+1->∑: b", "∑->tanh: z", "tanh->y: a"} <= set(titles(said))
    assert collisions(said) == []


def test_a_unit_of_many_inputs_has_dots():
    said = viz.network(nn.textbook.Unit(np.ones(40)), expand=True)
    assert units(said)[:6] == ["x1", "x2", "x3", "…", "x40", "+1"]
    assert "x40->∑: w40" in titles(said)


def test_a_notebook_shows_a_net():
    shown = viz.network(nn.textbook.xor_net())
    assert shown._repr_svg_() == shown.svg()
    assert shown.caption == "A 2-2-1 net"
    assert "x1 to h2" in shown.description


# Nets on embeddings --------------------------------------------------------------------------------------------------
def language_model() -> nn.language.LanguageModel:
    vocabulary = nn.text.Vocabulary(("<unk>", "for", "all", "the", "fish", "thanks"))
    return nn.language.LanguageModel.random(vocabulary, width=2, hidden=4, seed=0)


def rows(of: SchematicPicture) -> list[str]:
    return [g.get("data-label", "") for g in ET.fromstring(of.svg()).iter(f"{SVG}g") if g.get("data-row")]


def test_a_language_model_reads_its_context_by_the_ids_of_its_vocabulary():
    model = language_model()
    shown = viz.network(model, words=["thanks", "for", "all", "the"])
    ids = model.vocabulary.ids(["for", "all", "the"])
    assert [row.split().index("1") for row in rows(shown)] == list(ids)
    assert {len(row.split()) for row in rows(shown)} == {len(model.vocabulary)}
    said = titles(shown)
    for i, word in enumerate(model.vocabulary.words[1:], 1):
        assert f"ŷ{i}->p(wt={word}|…)" in said
    for node in (model.embedding.E, model.hidden.W, model.output.W):
        assert f"[{node.shape[0]}×{node.shape[1]}]" in said
    assert collisions(shown) == []


@pytest.mark.parametrize(("pooling", "sign"), [("mean", "+"), ("max", "max")])
def test_a_pooled_classifier_shows_its_words_and_how_it_pools(pooling, sign):
    model = nn.language.PooledClassifier.random(
        nn.Embedding.random(20, 3, seed=0), hidden=4, classes=2, seed=0, pooling=pooling
    )
    shown = viz.network(model, words={"good": 3, "bad": 15})
    assert rows(shown) == ["0 0 1 0 … 0 0", "0 0 … 1 … 0 0"]
    assert [e for e in titles(shown) if e.endswith(f"->{sign}")] == [
        f"embedding for “good”->{sign}",
        f"embedding for “bad”->{sign}",
    ]
    assert units(shown)[-2:] == ["ŷ1", "ŷ2"]
    assert collisions(shown) == []


def test_words_that_a_net_cannot_read_are_refused():
    pooled = nn.language.PooledClassifier.random(nn.Embedding.random(8, 3, seed=0), hidden=4, classes=3, seed=0)
    with pytest.raises(ValueRefusedError, match=r"no vocabulary of its own.*words=\{"):
        viz.network(pooled, words=["good"])
    with pytest.raises(ValueRefusedError, match=r"reads the 3 words before.*at least 3"):
        viz.network(language_model(), words=["for", "all"])


# Geometry ------------------------------------------------------------------------------------------------------------
@given(
    st.lists(st.integers(1, 9), min_size=2, max_size=4),
    st.booleans(),
    st.sampled_from([None, "rows", "columns"]),
    st.integers(0, 99),
)
@settings(max_examples=20, deadline=None)
def test_nothing_touches_on_any_net(sizes, bias, shapes, seed):
    assert collisions(viz.network(nn.MLP(sizes, "tanh", seed=seed, bias=bias), shapes=shapes)) == []


@given(st.lists(st.text("abc mno", min_size=1, max_size=30), min_size=1, max_size=4), st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_nothing_touches_on_columns_of_words_boxes_and_cells(said, width):
    lines = [words(f"m{s}") for s in said]
    panel = Schematic((Column(tuple(Words((line,)) for line in lines), foot=(lines[0],), grid="g"),)).then(
        Link(each(range(len(said)), range(len(said)))),
        Column(tuple(Block((line, shape(1, "d"))) for line in lines), heading=(lines[-1],), grid="g"),
        Link(all_to_all(range(len(said)), (0,), "flow"), foot=(words("joined"),)),
        Column((Cells(((None,) * width,), words("x"), across=shape(1, width), down=shape("N", 1)),)),
    )
    assert collisions(picture(panel)) == []


def test_pieces_on_one_grid_are_level():
    panel = Schematic((Column(tuple(Words((words(w),)) for w in "abcd"), grid="g"),)).then(
        Link(), Column((Block((words("b"),)), Block((words("c"), words("tall")))), grid="g", rows=(1, 2))
    )
    a, b, c, d, box_b, box_c = picture(panel).scene.pieces
    assert (b.y, c.y) == (box_b.y, box_c.y)
    assert b.y - a.y == pytest.approx(c.y - b.y) == pytest.approx(d.y - c.y)


# Names, files and what is refused ------------------------------------------------------------------------------------
HOSTILE = [
    "<script>alert(1)</script>",
    '"]; x [',
    "a\nb",
    "&amp;",
    "]]>",
    "\u202eabc",
    "x" * 10_000,
    "a\x00b",
    "\ud800",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_name_is_only_a_name(name):
    layer = nn.Linear(cg.variable(name, ("n0", "n1")), cg.variable("b", ("n1",)))
    shown = viz.network(layer, caption=name, description=name)
    root = ET.fromstring(shown.svg())
    assert not list(root.iter(f"{SVG}script"))
    assert len(units(shown)) == 9


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_a_net_is_saved_as_its_ending_says(tmp_path, ending):
    path = viz.network(nn.textbook.xor_net()).save(tmp_path / f"net.{ending}")
    assert path.read_bytes().startswith({"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF"}[ending])


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(OutputError, match=r"no ending.*\.svg, \.png, \.pdf"):
        viz.network(nn.textbook.xor_net()).save(tmp_path / "net.dot")
    assert list(tmp_path.iterdir()) == []


def test_pdf_without_its_package_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "svglib.svglib", None)
    with pytest.raises(MissingPackageError, match=r"cgraph-engine\[pdf\]"):
        viz.network(nn.textbook.xor_net()).save(tmp_path / "net.pdf")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bias": "none"}, "there is no bias 'none'.*unit, dummy"),
        ({"shapes": "tall"}, "there is no shapes 'tall'.*rows, columns"),
        ({"letters": ("x", "y")}, r"2 letter\(s\) for 3 layers.*x, h, y"),
        ({"captions": ("a",)}, r"1 caption\(s\) for 3 layers"),
        ({"theme": "loud"}, "there is no theme 'loud'"),
        ({"shown": {1: (3,)}}, r"unit 3 of layer 1.*1 to 2"),
    ],
)
def test_other_choices_are_refused(options, message):
    with pytest.raises(ValueRefusedError, match=message):
        viz.network(nn.textbook.xor_net(), **options)


@pytest.mark.parametrize("model", [3, None, nn.Sequential([nn.Activation("tanh")]), cg.variable("x")])
def test_what_is_no_net_is_refused(model):
    with pytest.raises(ValueRefusedError, match=r"cannot be drawn as a net.*nn\.MLP"):
        viz.network(model)


def test_a_layer_of_several_units_is_not_taken_apart():
    with pytest.raises(ValueRefusedError, match=r"a layer of 2 units, drawn as one.*expand=True"):
        viz.network(nn.MLP([2, 2], seed=0), expand=True)


def test_weights_that_are_not_known_cannot_stand_on_strokes():
    with pytest.raises(ValueRefusedError, match=r"W has no value.*weights=False"):
        viz.network(nn.Linear(cg.variable("W", (2, 2))), weights=True)


@pytest.mark.parametrize(("index", "place"), [(1, 0), (3, 2), (7, 6), (-1, 11), (-2, 10), (99, 6)])
def test_the_1_of_a_one_hot_row_stands_where_it_belongs(index, place):
    cells, found = one_hot(index)
    assert found == place
    assert [cg.notation.text(c) for c in cells].count("1") == 1
    assert cg.notation.text(cells[place]) == "1"


def test_importing_viz_imports_no_plots():
    program = "import sys, viz; print([m for m in ('matplotlib', 'svglib', 'resvg_py') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
