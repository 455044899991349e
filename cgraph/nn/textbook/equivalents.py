"""Other nets that compute the same: biases as weights of a dummy node and back, linear layers as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.functions.table import table
from cgraph.graph.names import beside
from cgraph.graph.node import CONSTANT, OP, Node, constant, parameter, variable
from cgraph.nn.dropout import Dropout
from cgraph.nn.layers import Layer, Linear
from cgraph.nn.sequential import Sequential

if TYPE_CHECKING:
    from cgraph.proof import Report


@dataclass(frozen=True)
class DummyNode:
    """A column of ones in front of x: [m×d] gives [m×(d+1)], x0 = 1 (SLP3 Eq. 6.15 to 6.18, Fig. 6.9b).

    The dummy node has no input, and no activation is applied to it.

    >>> import cgraph as cg
    >>> cg.forward(DummyNode()(cg.constant([[5.0, 6.0]]))).values[-1]
    array([[1., 5., 6.]])
    """

    @property
    def parameters(self) -> tuple[Node, ...]:
        """None: it is always 1."""
        return ()

    def replaced(self, new: Mapping[Node, Node]) -> DummyNode:
        """The same layer: it has no parameters."""
        return self

    def __call__(self, x: Node, /) -> Node:
        op = table()
        one = op["broadcast_to"](constant(1.0), shape=(*x.shape[:-1], 1))
        joined: Node = op["concatenate"]((one, x), axis=-1)
        return joined


def fold_bias(model: Sequential) -> Sequential:
    """The same net without biases: before each layer that has one stands a dummy node, whose weights are the bias.

    W[i] [(d+1)×dh] gets b[i] as its row 0: the chapter's column 0, as weights here are [inputs×units] (SLP3 Eq. 6.18).
    Raises ValueRefusedError when a weight is computed and has no value of its own.

    >>> import cgraph as cg
    >>> cg.nn.textbook.fold_bias(cg.nn.textbook.xor_net()).values["W[1]"]
    array([[ 0., -1.],
           [ 1.,  1.],
           [ 1.,  1.]])
    """
    layers: list[Layer] = []
    for layer in model.layers:
        if isinstance(layer, Linear) and layer.b is not None:
            weights = np.vstack([_value(layer.b), _value(layer.W)])
            layers += [DummyNode(), Linear(_leaf(layer.W, weights))]
        else:
            layers.append(layer)
    return Sequential(layers)


def unfold_bias(model: Sequential) -> Sequential:
    """The inverse of `fold_bias`: row 0 of the weights after a dummy node becomes the bias b[i] of W[i].

    Raises ValueRefusedError when no linear layer without a bias stands after a dummy node.

    >>> import cgraph as cg
    >>> cg.nn.textbook.unfold_bias(cg.nn.textbook.fold_bias(cg.nn.textbook.xor_net())).values["b[1]"]
    array([ 0., -1.])
    """
    layers: list[Layer] = []
    folded = False
    for layer in model.layers:
        if folded:
            if not isinstance(layer, Linear) or layer.b is not None:
                raise ValueRefusedError(
                    f"after a dummy node stands {type(layer).__name__}",
                    why="its weights stand in row 0 of a linear layer that has no bias",
                    fix="give what nn.textbook.fold_bias returned",
                )
            weights, name = _value(layer.W), str(layer.W.name)
            bias = beside(name, "b") or f"{name} bias"
            leaf = constant if layer.W.kind == CONSTANT else parameter
            layers.append(Linear(_leaf(layer.W, weights[1:]), leaf(name=bias, value=weights[0])))
        elif not isinstance(layer, DummyNode):
            layers.append(layer)
        folded = isinstance(layer, DummyNode)
    if folded:
        raise ValueRefusedError(
            "the net ends with a dummy node", why="nothing weighs it", fix="give what nn.textbook.fold_bias returned"
        )
    return Sequential(layers)


def collapse_linear(model: Sequential) -> Linear:
    """Linear layers without activations as one: W' = W[1] @ W[2] @ ..., b' = (b[1] @ W[2] + b[2]) ... (SLP3 Eq. 6.14).

    W' and b' are nodes computed from the model's own parameters: they can be drawn, differentiated and proved equal
    (`prove_collapse`), and `cg.forward` gives their values. A narrow layer between limits the rank of W'.
    Raises ValueRefusedError when there is an activation: no linear layer computes what it computes.

    >>> import cgraph as cg
    >>> one = cg.nn.textbook.collapse_linear(cg.nn.MLP([3, 2, 4], "tanh", seed=0).without_activations())
    >>> one.W, one.b
    (<W' = matmul(W[1], W[2]) [3×4]>, <b' = add(…, b[2]) [4]>)
    """
    linear: list[Linear] = []
    for layer in model.layers:
        if isinstance(layer, Linear):
            linear.append(layer)
        elif not isinstance(layer, Dropout):
            raise ValueRefusedError(
                f"a net with {layer!r} does not collapse",
                why="only purely linear layers are together one linear layer",
                fix="collapse the linear layers between activations, or model.without_activations()",
            )
    if not linear:
        raise ValueRefusedError("a net without linear layers does not collapse", fix="give it a linear layer")
    one = reduce(_product, linear)
    W, b = (n.named(name) if n is not None and n.kind == OP else n for n, name in ((one.W, "W'"), (one.b, "b'")))
    return one if W is None else Linear(W, b)


def _product(first: Linear, second: Linear) -> Linear:
    """Eq. 6.14 for two layers."""
    b = second.b
    if first.b is not None:
        b = first.b @ second.W if b is None else first.b @ second.W + b
    return Linear(first.W @ second.W, b)


def prove_collapse(model: Sequential) -> Report:
    """Prove with SymPy that a purely linear net and its collapsed layer give the same outputs for any x and weights.

    Raises what `collapse_linear` raises.

    >>> import cgraph as cg
    >>> cg.nn.textbook.prove_collapse(cg.nn.MLP([2, 1, 2], "tanh", seed=0).without_activations()).proved
    True
    """
    from cgraph.proof import Report, compare, to_sympy

    collapsed = collapse_linear(model)
    x = variable("x", (1, int(model.parameters[0].shape[0])))
    layered, single = (to_sympy(net(x)) for net in (model, collapsed))
    checks = (
        compare(f"z[{i + 1}] in layers", ours, theirs)
        for i, (ours, theirs) in enumerate(zip(layered[0], single[0], strict=True))
    )
    return Report("x @ W' + b' is the net in layers", tuple(checks))


def _value(node: Node) -> np.ndarray:
    if node.value is None:
        raise ValueRefusedError(
            f"{node!r} has no value of its own",
            where=node.where,
            why="biases are folded into weights that are parameters or constants",
            fix="make it a parameter first: cg.parameter(name, array)",
        )
    return np.asarray(node.value)


def _leaf(like: Node, value: np.ndarray) -> Node:
    """A parameter or constant as `like` is one, under its name."""
    return constant(value, like.name) if like.kind == CONSTANT else parameter(str(like.name), value)
