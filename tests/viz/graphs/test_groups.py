"""Layers by scope: frames around those that are open, boxes for those that are folded, by call and at any depth."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree

import networkx
import numpy as np
import pytest
from geometry import collisions, off_frames, spills, together
from scoped_graphs import NAMES, residual, scattered, scoped_pass, twins, with_calls_by_name
from sparse import sparse

import cgraph as cg
import viz
from cgraph import nn
from cgraph.errors import ValueRefusedError
from cgraph.notation import text
from viz import asked
from viz.graphs.places import engine
from viz.graphs.places.layout import lay_out
from viz.graphs.words.annotate import AS_THEY_ARE, Layers, annotate
from viz.graphs.words.drawing import NUMBER, Drawing, Frame, nested
from viz.graphs.words.fold import folding
from viz.graphs.words.groups import groups
from viz.graphs.words.levels import untorn
from viz.graphs.words.subject import hidden
from viz.graphs.words.units import Fold, in_order, owners
from viz.graphs.words.units import drawn as units_drawn
from viz.ink.themes import TEXTBOOK

GRAPHS = {f"random {seed}": (lambda seed=seed: twins(seed)[1]) for seed in range(60)}
GRAPHS |= {f"scattered {seed}": (lambda seed=seed: scattered(seed)) for seed in range(60)}
GRAPHS |= {f"neurons {n}": (lambda n=n: cg.unroll(residual(n, 2), {"m": 1})) for n in (1, 3)}
GRAPHS |= {"gradients": lambda: cg.Graph([(g := residual(4)).output, *cg.grad(g, ["U[1]", "V[4]"])])}


def lines(picture: viz.Picture) -> dict[str, list[str]]:
    return {b.name: [text(label[0][1]) for _, label in b.lines] for b in picture.drawing.boxes if b.kind == "folded"}


def words(graph: cg.Graph, fold: str | bool | None, layers: Layers = AS_THEY_ARE) -> Drawing:
    """What is written on a picture, without the places, which take a hundred times as long."""
    return annotate(asked.passes(graph), "textbook", "hover", fold=fold, layers=layers)


# What stands where ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("name", sparse(GRAPHS, 12))
def test_each_node_is_in_one_box_and_edges_are_those_of_the_quotient_graph(name, depth):
    graph = GRAPHS[name]()
    found = folding(graph, "layers", depth)
    owner = owners(found.folds)
    assert sum(len(f.nodes) for f in found.folds) == len(owner)
    drawing = words(graph, "layers", Layers(depth))
    without = hidden(graph, "textbook")
    boxes = {f: f"f{i}" for i, f in enumerate(found.folds)}
    box = {n: boxes[owner[n]] if n in owner else f"n{graph.index[n]}" for n in graph if n in owner or n not in without}
    assert {b.id for b in drawing.boxes} == set(box.values())
    quotient = {(box[x], box[n]) for n in graph if n in box for x in n.operands if x in box and box[x] != box[n]}
    assert {(e.tail, e.head) for e in drawing.edges} == quotient
    assert networkx.is_directed_acyclic_graph(networkx.DiGraph(quotient))
    assert in_order(graph, found.folds) is not None


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("name", sparse(GRAPHS, 12))
def test_what_a_folded_box_says_is_of_its_own_nodes(name, depth):
    graph = GRAPHS[name]()
    found = folding(graph, "layers", depth, repeats=False)
    drawing = words(graph, "layers", Layers(depth, repeats=False))
    for fold, box in zip(found.folds, [b for b in drawing.boxes if b.kind == "folded"], strict=True):
        said = [text(label[0][1]) for _, label in box.lines]
        trained = sum(np.size(n.value) for n in fold.nodes if n.kind == "parameter")
        assert [int(s.split()[0]) for s in said if s.endswith(("parameter", "parameters"))] == [trained][: trained > 0]
        shapes = {
            cg.shapes.show(n.shape) or "number" for n in {*fold.nodes, *(x for n in fold.nodes for x in n.operands)}
        }
        assert all(s in shapes for line in said if "→" in line for s in re.findall(r"\[[^]]*\]", line))
        assert said[0] == fold.title
        assert box.title.startswith(f"{fold.name}, ")


@pytest.mark.parametrize("seed", sparse(range(60), 10))
def test_frames_nest_as_scopes_do_and_hold_the_boxes_of_their_nodes(seed):
    _, graph = twins(seed)
    drawing = words(graph, False)
    of_node = {f"n{i}": n for i, n in enumerate(graph.nodes)}
    known = {group.name: group for group in groups(graph).all}
    for frame in drawing.frames:
        inside = frame_boxes(drawing, frame.id)
        members = known[frame.name].nodes
        assert inside == [b.id for b in drawing.boxes if of_node[b.id] in members]
        assert len(inside) > 1
        assert frame.parent is None or set(inside) <= set(frame_boxes(drawing, frame.parent))
    assert Counter(f.id for f, _ in nested(drawing.frames)) == {f.id: 2 for f in drawing.frames}
    boxes = [box for frame in drawing.frames for box in frame.boxes]
    assert len(boxes) == len(set(boxes))


def frame_boxes(drawing: Drawing, id_: str) -> list[str]:
    """The boxes in a frame and in those that are in it, in the order of the drawing."""
    inside = {id_}
    for frame in drawing.frames:
        inside |= {frame.id} if frame.parent in inside else set()
    boxes = {box for frame in drawing.frames if frame.id in inside for box in frame.boxes}
    return [b.id for b in drawing.boxes if b.id in boxes]


# By call -------------------------------------------------------------------------------------------------------------
def test_a_part_that_is_called_twice_is_there_twice():
    found = folding(residual(2), "layers", 2)
    assert [f.name for f in found.folds] == [f"block[{i}].relu{c}" for i in (1, 2) for c in ("", " (2)")]
    assert [g.name for g in found.frames] == ["block[1]", "block[2]"]


@pytest.mark.parametrize("shared", [1, 2, 3])
@pytest.mark.parametrize("blocks", [3, 12])
def test_an_activation_that_every_block_calls_costs_no_block_its_fold(blocks, shared):
    graph = with_calls_by_name(blocks, shared)
    found = folding(graph, "layers", repeats=False)
    assert [f.name for f in found.folds] == [f"block{i}" for i in range(blocks)]
    assert all({n.name for n in f.nodes if n.name} >= {f"block{i}.z", f"act0.low{i}", f"block{i}.y"}
               for i, f in enumerate(found.folds))  # fmt: skip


def test_a_model_that_is_called_on_two_inputs_is_folded_for_each():
    model, (a, b) = nn.MLP([2, 3, 1], "tanh", seed=0), (cg.variable(n, ("m", 2)) for n in "ab")
    graph = cg.Graph((model(a, scope="left ") - model(b, scope="right ")).sum())
    assert [f.name for f in folding(graph, "layers", 2).folds] == [
        f"{side}.layer {i}" for side in ("left", "right") for i in (1, 2)
    ]
    assert [f.name for f in folding(graph, "layers", 1).folds] == ["left", "right"]


@pytest.mark.parametrize("name", sparse([n for n in GRAPHS if n.startswith("scattered")], 6))
def test_every_layer_by_name_keeps_what_is_on_no_cycle(name):
    graph = GRAPHS[name]()
    quotient = networkx.DiGraph()
    key = {n: groups(graph).of[n].around[0].name if n in groups(graph).of else n for n in graph}
    quotient.add_edges_from((key[x], key[n]) for n in graph for x in n.operands if key[x] != key[n])
    whole = {c.pop() for c in map(set, networkx.strongly_connected_components(quotient)) if len(c) == 1}
    found = {f.name: f for f in folding(graph, "layers", 1, repeats=False).folds}
    for group in groups(graph).all:
        if group.depth == 1 and group.name in whole and len(group.nodes) > 1:
            assert found[group.name].nodes == group.nodes


def test_layers_that_depend_on_each_other_are_cut_and_cost_no_other_layer():
    x = cg.variable("x")
    p, q = cg.exp(x).named("p.0"), cg.sin(x).named("q.0")
    for i in range(1, 5):
        p, q = (cg.tanh(p) * q).named(f"p.{i}"), (cg.tanh(q) + p).named(f"q.{i}")
    free = cg.tanh(cg.exp((p * q).named("z")).named("free.a")).named("free.b")
    graph = cg.Graph((free + 1).named("L"))
    found = {f.name: f for f in folding(graph, "layers").folds}
    assert [n.name for n in found["free"].nodes] == ["free.a", "free.b"]
    assert {name.split(",")[0] for name in found} == {"p", "q", "free"}
    assert in_order(graph, list(found.values())) is not None


# Repeats -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("count", [3, 12])
def test_the_same_block_many_times_is_one_box_that_says_how_often(count):
    picture = viz.draw(residual(count), fold="layers")
    name = f"block[1] to block[{count}]"
    assert lines(picture) == {name: [name, f"× {count}", "[m×3] → [m×3]", "18 parameters each"]}
    assert picture.folded == (f"{name}, {9 * count} nodes, {count} times the same",)
    assert len(viz.draw(residual(count), fold="layers", repeats=False).folded) == count


def test_a_repeated_block_can_be_open_beside_the_others():
    graph = residual(12)
    one, middle = (viz.draw(graph, open=name) for name in ("block[1]", "block[5]"))
    assert [f.split(",")[0] for f in one.folded] == ["block[1].relu", "block[1].relu (2)", "block[2] to block[12]"]
    assert [f.title for f in one.drawing.frames] == ["block[1]"]
    assert [n for n in lines(middle) if " to " in n] == ["block[1] to block[4]", "block[6] to block[12]"]
    both = viz.draw(graph, open=["block[5]", "block[5].relu"])
    assert [f.title for f in both.drawing.frames] == ["block[5]", "relu"]


@pytest.mark.parametrize("change", ["constant", "width", "wiring", "between"])
def test_blocks_that_differ_are_not_the_same(change):
    def block(i: int, h: cg.Node, first: cg.Node) -> cg.Node:
        odd = i == 2
        with cg.scope(f"block[{i}]"):
            inner = cg.tanh(h * (3.0 if odd and change == "constant" else 2.0))
            width = 4 if odd and change == "width" else 3
            inner = inner @ np.ones((3, width)) @ np.ones((width, 3)) + 1.0
        if odd and change == "between":
            inner = inner * h
        return inner + (first if odd and change == "wiring" else h)

    h = first = cg.variable("x", (2, 3))
    for i in range(5):
        h = block(i, h, first)
    found = [(f.name, f.times) for f in folding(cg.Graph(h.sum()), "layers").folds]
    assert ("block[0] to block[4]", 5) not in found
    assert sum(times for _, times in found) == 5


def test_blocks_that_take_other_things_from_outside_are_not_the_same():
    x, y, h = cg.variable("x", (2, 3)), cg.variable("y", (2, 3)), cg.variable("h", (2, 3))
    for i in range(8):
        with cg.scope(f"block[{i}]"):
            h = cg.tanh(h) * (y if i in (1, 2, 4) else x)
    rows = [(f.name, f.times) for f in folding(cg.Graph(h.sum()), "layers").folds if f.times > 1]
    assert rows == [("block[5] to block[7]", 3)]


def test_numbers_are_shown_of_each_block_unless_repeats_are_asked_for():
    graph = residual(4)
    bwd = cg.backward(cg.forward(graph, X=np.ones((1, 3))))
    assert len(viz.draw(bwd, fold="layers").folded) == 4
    assert len(viz.draw(bwd, fold="layers", repeats=True).folded) == 1


# Folded and opened again ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", sparse(range(40), 8))
def test_a_graph_whose_layers_are_all_open_has_the_boxes_and_edges_of_the_whole(seed):
    _, graph = twins(seed)
    names = [g.name for g in groups(graph).all]
    opened, whole = words(graph, None, Layers(opened=tuple(names))), words(graph, False)
    assert (opened.boxes, opened.edges, opened.frames) == (whole.boxes, whole.edges, whole.frames)


@pytest.mark.parametrize("name", sparse(GRAPHS, 12))
def test_edges_of_a_box_are_numbered_in_the_order_of_its_operands(name):
    graph = GRAPHS[name]()
    drawing = words(graph, "layers", Layers(1))
    found = folding(graph, "layers", 1)
    owner = {n: f"f{i}" for i, fold in enumerate(found.folds) for n in fold.nodes}
    for box in drawing.boxes:
        edges = [e for e in drawing.edges if e.head == box.id]
        assert [e.slot for e in edges] == list(range(len(edges)))
        (node,) = [n for i, n in enumerate(graph.nodes) if box.id == f"n{i}"] or [None]
        if node is not None and len(edges) == len({e.tail for e in edges}):
            tails = [owner.get(x, f"n{graph.index[x]}") for x in node.operands]
            order = [tails.index(e.tail) for e in edges]
            assert order == sorted(order)


def test_a_fold_that_tears_a_frame_costs_the_frame():
    x = cg.variable("x")
    with cg.scope("frame"):
        first = cg.tanh(x)
        second = cg.exp(x)
    with cg.scope("fold"):
        before, after = cg.sin(x), cg.cos(first)
    with cg.scope("frame"):
        last = second * before
    whole = (("g0", "frame", "frame", ("n1", "n2", "n5"), None),)
    frames = tuple(Frame(*of) for of in whole)
    edges = [("n0", "n1"), ("n0", "n2"), ("n0", "f0"), ("n1", "f0"), ("n2", "n5"), ("f0", "n5")]
    assert untorn(["n0", "n1", "n2", "f0", "n5"], edges, frames) == ()
    assert untorn(["n0", "n1", "n2", "f0", "n5"], [e for e in edges if e != ("f0", "n5")], frames) == frames
    picture = viz.draw(cg.Graph([last, after]), frames=True)
    assert faults(picture) == []


# Geometry ------------------------------------------------------------------------------------------------------------
def faults(picture: viz.Picture) -> list[str]:
    """What touches, runs on another or on a border, or stands on the wrong side of one."""
    return collisions(picture) + spills(picture) + together(picture) + off_frames(picture)


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("seed", sparse(range(60), 30))
def test_nothing_touches_where_there_are_frames(seed, direction):
    _, graph = twins(seed, 20)
    for choices in ({"frames": True}, {"fold": "layers", "depth": 2}):
        assert faults(viz.draw(graph, direction=direction, **choices)) == []


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("seed", sparse(range(12), 12))
def test_words_strokes_and_frames_keep_apart(seed, direction):
    style = ("textbook", "circuit")[seed % 2]
    picture = viz.draw(scoped_pass(seed), frames=True, detail=NUMBER, style=style, direction=direction, fold=False)
    assert faults(picture) == []


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("seed", sparse(range(40), 20))
def test_a_frame_is_as_large_as_its_title(seed, direction):
    drawing = words(scoped_pass(seed, names=("a layer whose name is longer than its frame", "b" * 40)).graph, False)
    layout = lay_out(drawing, TEXTBOOK, direction, None, 20.0)
    picture = replace(viz.draw("y = 2*x"), drawing=drawing, layout=layout)
    assert faults(picture) == []
    assert all(f.left < f.title.rect[0] and f.title.rect[2] < f.right for f in layout.frames)


@pytest.mark.parametrize("rows", sparse([2, 3], 2))
@pytest.mark.parametrize("seed", sparse(range(12), 12))
def test_a_frame_stands_in_one_row(seed, rows):
    picture = viz.draw(scoped_pass(seed), frames=True, detail=NUMBER, direction="LR", fold=False)
    layout = lay_out(picture.drawing, TEXTBOOK, "LR", None, 20.0, rows)
    assert faults(replace(picture, layout=layout)) == []


@pytest.mark.parametrize("of", [residual(2), residual(3, 2)], ids=["2", "3"])
def test_nothing_touches_the_frames_of_a_residual_net(of):
    for picture in (viz.draw(of, frames=True), viz.draw(of, open="block[1]")):
        assert picture.drawing.frames
        assert faults(picture) == []


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_what_no_edge_ties_to_the_rest_has_its_place_in_its_frame(direction):
    x, y, w, z = cg.variables("x y w z")
    for _ in range(4):
        x = cg.tanh(x)
    with cg.scope("A"):
        late, own, inputs = cg.exp(x) * 2, cg.sin(y) + cg.cos(y), cg.exp(w) * w
    with cg.scope("B"):
        apart = cg.sin(z) * z
    picture = viz.draw(cg.Graph([late, own, inputs, apart]), frames=True, direction=direction)
    assert {frame.title for frame in picture.drawing.frames} == {"A", "B"}
    assert faults(picture) == []


def test_a_stroke_beside_or_through_a_border_is_found():
    picture = viz.draw(residual(2), frames=True, direction="LR")
    frame = next(f for f in picture.layout.frames if f.frame.title == "block[1]")
    edge = next(e for e in picture.layout.edges if {e.edge.tail, e.edge.head} <= set(frame.frame.boxes))
    along = ((frame.left + 20, frame.top + 2), (frame.right - 20, frame.top + 2))
    through = ((frame.left - 20, frame.top + 60), (frame.right + 20, frame.top + 60))
    for stroke in (along, through):
        edges = [e._replace(forth=stroke) if e is edge else e for e in picture.layout.edges]
        assert off_frames(replace(picture, layout=replace(picture.layout, edges=tuple(edges))))
    assert off_frames(picture) == []


# Formats -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_titles_of_frames_are_only_words_in_every_format(name, tmp_path):
    with cg.scope(name):
        node = cg.tanh(cg.variable("x") * 2 + 1)
    picture = viz.draw(node, frames=True)
    frames = picture.drawing.frames
    assert [f.name for f in frames][-1] == name
    tree = ElementTree.fromstring(picture.svg())
    assert [g.get("data-frame") for g in tree.iter() if g.get("data-role") == "frame"] == [f.name for f in frames]
    assert engine.positions(picture.dot)["objects"]
    assert picture.dot.count("subgraph") == picture.mermaid().count("subgraph") == len(frames) == len(name.split("."))
    assert '"]; x [' not in picture.mermaid()
    assert picture.save(tmp_path / "frames.png").stat().st_size > 1000


# By name --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", sparse(GRAPHS, 12))
def test_a_layer_that_is_named_is_one_box_and_every_other_node_has_its_own(name):
    graph = GRAPHS[name]()
    without = hidden(graph, "textbook")
    for group in groups(graph).all[:8]:
        found = folding(graph, "layers", closed=(group.name,))
        inside = {n for fold in found.folds for n in fold.nodes}
        if units_drawn(group.nodes) > 1 and in_order(graph, [Fold(group.name, group.nodes, (), 1)]) is not None:
            assert [fold.nodes for fold in found.folds] == [group.nodes]
        drawing = words(graph, "layers", Layers(closed=(group.name,)))
        own = {f"n{graph.index[n]}" for n in graph if n not in without | inside}
        assert {b.id for b in drawing.boxes} == own | {f"f{i}" for i in range(len(found.folds))}
        assert bool(drawing.nothing) == (not found.folds)


def test_named_layers_fold_in_a_picture_and_the_others_have_frames():
    picture = viz.draw(residual(3), fold=["block[1]", "block[3]"])
    assert [b.name for b in picture.drawing.boxes if b.kind == "folded"] == ["block[1]", "block[3]"]
    assert "block[2]" in [f.name for f in picture.drawing.frames]
    assert viz.draw(residual(3), fold="block[2]").folded[0].startswith("block[2], ")


# Said ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("how", ["layers", "blocks", "copies"])
def test_a_fold_that_finds_nothing_says_why_and_what_would_help(how):
    (said,) = viz.draw("y = x*x + 1", fold=how).folded
    assert re.match(r"nothing: no .*; .*(cg\.scope|fold=\"layers\")", said)
    assert viz.draw("y = x*x + 1").folded == ()


def test_a_zoom_to_layers_that_are_not_there_says_what_would_help():
    with pytest.raises(ValueRefusedError, match=r"no layers to zoom to: no scope and no name.*Fix: `with cg.scope\("):
        viz.draw("y = x*x + 1", zoom="layers")


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"open": "blok[1]"}, r"no frame 'blok\[1\]'.*did you mean 'block\[1\]'"),
        ({"open": ["block[1]", ""]}, "no frame ''.*there are: block"),
        ({"fold": "layers", "depth": 0}, "depth is 0.*from 1 on"),
        ({"fold": "layers", "depth": -1}, "depth is -1"),
        ({"fold": "layers", "depth": 1.5}, "depth is 1.5"),
        ({"fold": "layers", "depth": "1"}, "depth is '1'"),
        ({"fold": "copies", "open": "block[1]"}, "fold='copies' has no depth"),
        ({"fold": False, "open": "block[1]"}, "fold=False has no depth"),
        ({"fold": "blok[1]"}, r"no frame 'blok\[1\]' to fold.*did you mean 'block\[1\]'"),
        ({"fold": "layer"}, r"no frame 'layer' to fold.*did you mean 'layers'"),
        ({"fold": ["block[1]", "nowhere"]}, "no frame 'nowhere'.*there are: layers, blocks, copies, block"),
        ({"fold": "block[1]", "depth": 1}, "depth without around"),
        ({"fold": "block[1]", "open": "block[2]"}, r"open beside block\[1\]"),
    ],
)
def test_frames_and_depths_that_there_are_not_are_refused(choices, said):
    with pytest.raises(ValueRefusedError, match=said):
        viz.draw(residual(2), **choices)
