"""The feedforward net of the chapter: linear layers with activations between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.graph.node import parameter
from cgraph.nn.dropout import Dropout
from cgraph.nn.init import Initialiser, for_activation, generator
from cgraph.nn.layers import Activation, Layer, Linear
from cgraph.nn.sequential import Sequential
from cgraph.shapes import is_integer


def MLP(  # noqa: N802 - it makes a model, as a class would
    sizes: Sequence[int],
    activations: str | Sequence[str] = "relu",
    *,
    seed: int | np.random.Generator,
    bias: bool = True,
    init: Initialiser | None = None,
    dropout: float = 0.0,
) -> Sequential:
    """A feedforward net of units `sizes[0]`, `sizes[1]`, ...: X [m×sizes[0]] in, [m×sizes[-1]] out (SLP3 Eq. 6.13).

    `activations` is one name for every hidden layer, or a name each; with one more, the last is the output's,
    otherwise the output is the logits. Weights start by `init`, by default with He normal before relu, Glorot uniform
    otherwise; biases with zero. With `dropout`, that share of each hidden layer is dropped in training.
    Raises ValueRefusedError for fewer than two sizes, sizes below 1, and activations of a wrong name or number.

    >>> model = MLP([64, 32, 10], "relu", seed=0)
    >>> [p.name for p in model.parameters], [p.shape for p in model.parameters]
    (['W[1]', 'b[1]', 'W[2]', 'b[2]'], [(64, 32), (32,), (32, 10), (10,)])
    """
    _check_sizes(sizes)
    count = len(sizes) - 1
    names = [activations] * (count - 1) if isinstance(activations, str) else list(activations)
    if len(names) not in (count - 1, count):
        raise ValueRefusedError(
            f"{len(names)} activation(s) for {count} layer(s)",
            why=f"each of the {count - 1} hidden layer(s) has one, and the output may have one",
            fix=f"give one name for all, or {count - 1} (or {count}) of them",
        )
    after = [Activation(name) for name in names]
    rng = generator(seed)
    layers: list[Layer] = []
    for i in range(count):
        first = init or for_activation(names[i] if i < len(names) else None)
        layers.append(Linear.random(sizes[i], sizes[i + 1], layer=i + 1, seed=rng, init=first, bias=bias))
        layers.extend(after[i : i + 1])
        if dropout and i + 1 < count:
            layers.append(Dropout(dropout, f"mask[{i + 1}]"))
    return Sequential(layers)


def xor_net(activation: str = "relu") -> Sequential:
    """The net of Fig. 6.6 with its weights, which computes exclusive or: X [m×2] in, [m×1] out.

    Its three units are ReLUs; with "step" the same weights make it of perceptrons.

    >>> import cgraph as cg
    >>> cg.nn.textbook.xor_net("step").predict([[0, 0], [0, 1], [1, 0], [1, 1]]).ravel()
    array([0., 1., 1., 0.])
    """
    after = Activation(activation)
    hidden = Linear(parameter("W[1]", [[1, 1], [1, 1]]), parameter("b[1]", [0, -1]))
    output = Linear(parameter("W[2]", [[1], [-2]]), parameter("b[2]", [0]))
    return Sequential([hidden, after, output, after])


def _check_sizes(sizes: Sequence[int]) -> None:
    if isinstance(sizes, (str, bytes)) or not isinstance(sizes, Sequence) or len(sizes) < 2:
        raise ValueRefusedError(
            f"the sizes of the net are {sizes!r}",
            why="a net has an input and at least one layer",
            fix="give at least two, such as [64, 32, 10]",
        )
    for place, size in enumerate(sizes):
        if not is_integer(size) or size < 1:
            raise ValueRefusedError(
                f"size {place} of the net is {size!r}",
                why="a layer has a whole number of units, at least 1",
                fix="give integers, such as [64, 32, 10]",
            )
