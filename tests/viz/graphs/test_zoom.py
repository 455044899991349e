"""Three zooms of one net: the same numbers in a box a layer, a box a tensor, a box a neuron."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgraph as cg
import viz
from cgraph import nn
from viz.figures.graphs import figure_6_18


def passes() -> Any:
    model = nn.MLP([2, 2, 1], ["relu", "sigmoid"], seed=0)
    X, y = cg.variable("X", ("m", 2)), cg.constant([[1.0]], name="y")
    loss = cg.binary_cross_entropy(model(X), y).mean().named("L")
    return model, cg.backward(cg.forward(loss, X=[[1.0, 0.5]]))


def test_the_neurons_of_the_two_layer_net_are_the_boxes_of_figure_6_18() -> None:
    figure = viz.draw(figure_6_18(), style="circuit").drawing
    net = viz.draw(passes()[1], zoom="neurons", style="circuit").drawing
    said = [[(b.id, b.name, b.kind, b.round) for b in drawing.boxes] for drawing in (net, figure)]
    assert said[0] == said[1]
    assert [(e.tail, e.head, e.name) for e in net.edges] == [(e.tail, e.head, e.name) for e in figure.edges]
    assert (len(net.boxes), len(net.edges)) == (24, 25)


def test_layers_tensors_and_neurons_become_more_and_more_boxes() -> None:
    model, bwd = passes()
    for of in (model, bwd):
        layers, tensors, neurons = (viz.draw(of, zoom=zoom) for zoom in ("layers", "tensors", "neurons"))
        assert len(layers.drawing.boxes) < len(tensors.drawing.boxes) < len(neurons.drawing.boxes)
        assert layers.drawing.folded == ("layer 1, 5 nodes", "layer 2, 5 nodes")
        assert tensors.svg() == viz.draw(of).svg()


def test_every_zoom_says_the_same_of_the_input() -> None:
    _, bwd = passes()
    expected = [cg.notation.text(cg.notation.number(v)) for v in np.ravel(bwd.gradient["X"])]
    assert all(number in viz.draw(bwd, zoom="layers").description for number in expected)
    neurons = viz.draw(bwd, zoom="neurons").description
    for i, number in enumerate(expected, 1):
        assert f"∂L/∂x{i} = {number}" in neurons


def test_models_of_words_and_units_are_drawn_too() -> None:
    model = nn.language.PooledClassifier.random(nn.Embedding.random(8, 3, seed=0), hidden=4, classes=3, seed=0)
    assert {"E", "W", "U", "x", "h", "z"} <= {b.name for b in viz.draw(model).drawing.boxes}
    assert "w" in {b.name for b in viz.draw(nn.textbook.Unit([0.2, 0.3, 0.9], 0.5)).drawing.boxes}


@pytest.mark.parametrize(
    ("of", "choices", "message"),
    [
        (nn.MLP([2, 1], seed=0), {"zoom": "atoms"}, r"no zoom 'atoms'.*choose one of layers, tensors, neurons"),
        (3, {}, r"int cannot be drawn.*give a node, a graph, a formula, a pass, or a model"),
        (nn.Sequential([nn.Activation("tanh")]), {}, "no linear layers"),
    ],
)
def test_what_there_is_not_is_refused(of: Any, choices: dict[str, Any], message: str) -> None:
    with pytest.raises(cg.errors.ValueRefusedError, match=message):
        viz.draw(of, **choices)
