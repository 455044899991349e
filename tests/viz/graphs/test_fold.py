"""Folding: layers by name, blocks in a row, copies side by side; what is folded is said and can be unfolded."""

from __future__ import annotations

import numpy as np
import pytest
from geometry import collisions, spills
from random_scalars import random_graph

import cgraph as cg
import viz
from cgraph import nn
from cgraph.errors import ValueRefusedError
from cgraph.notation import text
from viz.figures.graphs import figure_6_18
from viz.graphs.words.fold import WAYS, folds, in_order


def net(layers: int) -> cg.Graph:
    model = nn.MLP([2, *[4] * (layers - 1), 1], "relu", seed=0)
    loss = nn.sigmoid_cross_entropy_loss(model(cg.variable("X", ("m", 2))), cg.variable("Y", ("m", 1)))
    return cg.Graph(loss)


def chain(links: int) -> cg.Graph:
    node = cg.variable("x")
    for i in range(links):
        node = cg.tanh(cg.parameter(f"w{i}", 0.5) * node + cg.parameter(f"b{i}", 0.1)) + node
    return cg.Graph((node * node).named("L"))


def tree(leaves: int) -> cg.Graph:
    level = [cg.variable(f"x{i}") for i in range(leaves)]
    while len(level) > 1:
        level = [x * y for x, y in zip(level[::2], level[1::2], strict=True)]
    return cg.Graph(level[0])


def headings(picture: viz.Picture) -> dict[str, list[str]]:
    """The lines of the folded boxes."""
    return {b.name: [text(label[0][1]) for _, label in b.lines] for b in picture.drawing.boxes if b.kind == "folded"}


def test_a_layer_is_one_box_with_its_formula_and_its_shape():
    picture = viz.draw(net(2), fold="layers")
    assert headings(picture) == {
        "layer 1": ["layer 1", "ReLU(XW[1] + b[1])", "[m×2] → [m×4]", "12 parameters"],
        "layer 2": ["layer 2", "a[1]W[2] + b[2]", "[m×4] → [m×1]", "5 parameters"],
    }
    assert [b.name for b in picture.drawing.boxes if b.kind != "folded"] == ["X", "Y", "v3", "L"]
    assert picture.folded == ("layer 1, 5 nodes", "layer 2, 4 nodes")
    assert picture.caption.endswith("Folded: layer 1, 5 nodes; layer 2, 4 nodes. fold=False draws every node.")


def test_a_folded_layer_has_the_value_and_the_gradient_of_the_node_that_leaves_it():
    graph = net(2)
    bwd = cg.backward(cg.forward(graph, X=np.ones((1, 2)), Y=np.ones((1, 1))))
    titles = {b.name: b.title for b in viz.draw(bwd, fold="layers").drawing.boxes}
    value, gradient = bwd.forward["z[2]"][0, 0], bwd.gradient["z[2]"][0, 0]
    assert f"z[2] = [{value:.3g}]".replace("-", "−") in titles["layer 2"]
    assert f"∂L/∂z[2] = [{gradient:.3g}]".replace("-", "−") in titles["layer 2"]


def test_neurons_fold_into_their_layers_and_all_nodes_are_accounted_for():
    bwd = figure_6_18()
    found = folds(bwd.graph, "layers")
    assert {f.name: len(f.nodes) for f in found} == {"layer 1": 14, "layer 2": 7}
    assert [b.name for b in viz.draw(bwd, fold="layers").drawing.boxes] == ["x1", "x2", "layer 1", "layer 2", "y", "L"]


def test_scopes_are_layers_too():
    x, w, v = cg.variable("x"), cg.parameter("encoder.w", 1.0), cg.parameter("decoder.w", 1.0)
    h = (cg.tanh(x * w)).named("encoder.h")
    assert [f.name for f in folds(cg.Graph((h * v).named("decoder.y")), "layers")] == ["encoder", "decoder"]


def test_a_block_that_stands_many_times_in_a_row_is_one_box_that_says_how_often():
    graph = chain(200)
    picture = viz.draw(graph, fold="blocks")
    (lines,) = headings(picture).values()
    assert lines[-1] == "× 199"
    (fold,) = folds(graph, "blocks")
    assert len(fold.first) == 6
    assert len(fold.nodes) == 199 * 6


def test_blocks_of_several_ops_are_found_with_their_period():
    node = cg.variable("x")
    for _ in range(10):
        node = cg.exp(cg.tanh(-node))
    (fold,) = folds(cg.Graph(cg.sqrt(node)), "blocks")
    assert [n.op.name for n in fold.first if n.op] in (
        ["neg", "tanh", "exp"],
        ["tanh", "exp", "neg"],
        ["exp", "neg", "tanh"],
    )
    assert fold.times in (9, 10)


def test_blocks_with_other_constants_are_not_the_same():
    node = cg.variable("x")
    for i in range(12):
        node = cg.tanh(node * float(i + 2))
    assert folds(cg.Graph(node), "blocks") == ()


def test_copies_side_by_side_are_one_box():
    picture = viz.draw(tree(512))
    times = [int(lines[-1].removeprefix("× ")) for lines in headings(picture).values()]
    assert picture.caption.endswith("; and 5 more. fold=False draws every node.")
    assert times == [512, 256, 128, 64, 32, 16, 8, 4]
    assert len(picture.drawing.boxes) == 8 + 3


def test_nodes_that_differ_in_what_uses_them_are_no_copies():
    x = cg.variables(" ".join(f"x{i}" for i in range(6)))
    graph = cg.Graph(cg.add(*(cg.tanh(v) for v in x[:3]), *(cg.exp(v) for v in x[3:])))
    assert sorted(len(f.nodes) for f in folds(graph, "copies")) == [3, 3, 3, 3]


def test_a_small_graph_is_not_folded_by_itself_and_fold_false_draws_every_node():
    assert viz.draw(net(2)).folded == ()
    graph = chain(100)
    assert viz.draw(graph).folded
    whole = viz.draw(graph, fold=False)
    assert whole.folded == ()
    assert len(whole.drawing.boxes) == len(graph)


def test_a_graph_that_no_fold_makes_smaller_is_drawn_whole():
    graph = random_graph(7, 39)
    (said,) = viz.draw(graph, fold="layers").folded
    assert said.startswith("nothing: no scope and no name says which nodes are of one layer; `with cg.scope(")
    assert len(viz.draw(graph, fold="layers").drawing.boxes) == len(viz.draw(graph).drawing.boxes)


def test_a_fold_that_would_depend_on_itself_is_left_out():
    x = cg.variable("x")
    first = cg.tanh(x).named("a[1]")
    outside = cg.exp(first).named("middle")
    graph = cg.Graph((first * outside).named("z[1]"))
    assert folds(graph, "layers") == ()


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("how", WAYS)
def test_folds_share_no_node_and_keep_operands_before_results(seed, how):
    graph = random_graph(seed)
    found = folds(graph, how)
    inside = [n for f in found for n in f.nodes]
    assert len(inside) == len(set(inside))
    assert all(len(f.nodes) % f.times == 0 for f in found)
    order = in_order(graph, found)
    assert order is not None
    place = {n: i for i, unit in enumerate(order) for n in (unit.nodes if unit in found else (unit,))}
    assert all(place[x] <= place[n] for n in graph for x in n.operands)


@pytest.mark.parametrize("of", [net(3), chain(120), tree(512)], ids=["net", "chain", "tree"])
def test_nothing_touches_on_folded_pictures(of):
    picture = viz.draw(of, fold="layers" if len(of) < 50 else None)
    assert picture.folded
    assert collisions(picture) + spills(picture) == []


def test_a_way_to_fold_that_is_not_there_is_refused():
    with pytest.raises(ValueRefusedError, match=r"no frame 'rows' to fold.*there are: layers, blocks, copies, layer 1"):
        viz.draw(net(2), fold="rows")


def test_a_fold_says_zero_only_where_every_edge_in_it_is_zero():
    bwd = figure_6_18(x1=-1.0, x2=0.0)
    zero = {e.name: e.zero for e in viz.draw(bwd, fold="layers").drawing.edges}
    assert {name.split("->")[0]: z for name, z in zero.items()} == {
        "x1": True,
        "x2": True,
        "a[1]1": False,
        "a[2]": False,
        "y": False,
    }
