"""What models tell of themselves: their linear layers in order, and how they read words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

import cgraph as cg
import viz
from cgraph import nn
from cgraph.errors import ValueRefusedError
from cgraph.nn.description import Dense, Described, Description


@dataclass(frozen=True)
class Scale:
    """A layer of one's own, which says that it is a linear layer."""

    linear: nn.Linear

    @property
    def parameters(self) -> tuple[cg.Node, ...]:
        return self.linear.parameters

    def replaced(self, new: Mapping[cg.Node, cg.Node]) -> Scale:
        return Scale(self.linear.replaced(new))

    def described(self) -> Description:
        return self.linear.described()

    def __call__(self, x: cg.Node, /) -> cg.Node:
        return 2 * self.linear(x)


def test_an_activation_is_that_of_the_linear_layer_before_it() -> None:
    model = nn.MLP([3, 4, 4, 2], ("tanh", "relu", "softmax"), seed=0, dropout=0.5)
    dense = model.described().dense
    assert [d.activation for d in dense] == ["tanh", "relu", "softmax"]
    assert [d.sizes for d in dense] == [(3, 4), (4, 4), (4, 2)]
    assert [(d.W, d.b) for d in dense] == [(x.W, x.b) for x in model.layers if isinstance(x, nn.Linear)]
    assert model.described().input.shape == ("m", 3)


def test_a_unit_is_a_layer_of_one() -> None:
    unit = nn.textbook.Unit([0.2, 0.3, 0.9], 0.5, "sigmoid")
    assert unit.described().dense == (Dense(unit.w, unit.b, "sigmoid"),)
    assert unit.described().dense[0].sizes == (3, 1)


def test_nets_on_embeddings_say_how_they_read() -> None:
    pooled = nn.language.PooledClassifier.random(nn.Embedding.random(8, 3, seed=0), hidden=4, classes=3, seed=0)
    assert pooled.described().reading == pooled.reading()
    assert (pooled.reading().pooling, pooled.reading().context) == ("mean", None)
    assert pooled.described().input.shape == ("m", "n")
    words = nn.text.Vocabulary(("<unk>", "for", "all", "the"))
    model = nn.language.LanguageModel.random(words, width=2, hidden=3, seed=0)
    assert (model.reading().vocabulary, model.reading().context) == (words, 3)
    assert [d.activation for d in model.described().dense] == ["tanh", "softmax"]


def test_a_layer_of_ones_own_is_drawn_when_it_says_what_it_is() -> None:
    own = Scale(nn.Linear.random(2, 3, seed=0))
    model = nn.Sequential([own, nn.Activation("tanh"), nn.Linear.random(3, 1, layer=2, seed=1)])
    assert isinstance(own, Described)
    assert [d.activation for d in model.described().dense] == ["tanh", None]
    assert viz.network(model).caption == "A 2-3-1 net"


@pytest.mark.parametrize("model", [nn.Sequential([nn.Activation("tanh")]), nn.Embedding.random(4, 2, seed=0), 3])
def test_what_has_no_linear_layers_is_no_net(model: Any) -> None:
    with pytest.raises(ValueRefusedError, match=r"cannot be drawn as a net.*it has no linear layers"):
        viz.network(model)
