"""The computation graphs of Jurafsky & Martin, Speech and Language Processing (3rd ed.), chapter 6."""

from __future__ import annotations

from collections.abc import Sequence

from cgraph.functions.table import table
from cgraph.graph.node import Node, constant, parameter, variable, variables
from cgraph.graph.parse import parse
from cgraph.passes.backward import Backward
from cgraph.passes.numbers import backward, forward


def figure_6_17() -> Backward:
    """L = c(a + 2b) at (3, 1, -2): the passes of Figs. 6.15 and 6.17.

    >>> figure_6_17().gradient["b"]
    np.float64(-4.0)
    """
    return backward(forward(parse("d = 2*b; e = a + d; L = c*e"), a=3, b=1, c=-2))


def figure_6_2(activation: str = "sigmoid") -> Backward:
    """The neural unit of Fig. 6.2 with the numbers of Section 6.1, product by product, with the passes.

    >>> round(float(figure_6_2().forward["a"]), 2), round(float(figure_6_2().gradient["w3"]), 4)
    (0.7, 0.0208)
    """
    inputs = variables("x1 x2 x3")
    weights = [parameter(f"w{i}", w) for i, w in enumerate((0.2, 0.3, 0.9), 1)]
    a = _unit(inputs, weights, parameter("b", 0.5), activation, "z", "a")
    return backward(forward(a, x1=0.5, x2=0.6, x3=0.1))


def figure_6_6(x1: float = 1.0, x2: float = 1.0) -> Backward:
    """The XOR net of Fig. 6.6, unit by unit, three ReLUs with the weights of the figure, with the passes at one input.

    >>> [float(figure_6_6(*x).forward["y1"]) for x in ((0, 0), (0, 1), (1, 0), (1, 1))]
    [0.0, 1.0, 1.0, 0.0]
    """
    inputs = variable("x1"), variable("x2")
    hidden = []
    for j, bias in enumerate((0.0, -1.0), 1):
        weights = [parameter(f"w{j}{i}", 1.0) for i in (1, 2)]
        hidden.append(_unit(inputs, weights, parameter(f"b{j}", bias), "relu", f"z{j}", f"h{j}"))
    weights = [parameter("u1", 1.0), parameter("u2", -2.0)]
    y = _unit(hidden, weights, parameter("b", 0.0), "relu", "z", "y1")
    return backward(forward(y, x1=x1, x2=x2))


def figure_6_18(x1: float = 1.0, x2: float = 0.5, y: float = 1.0) -> Backward:
    """The 2-2-1 net of Fig. 6.18 (Eqs. 6.35 to 6.43), neuron by neuron, with the passes at one example.

    >>> round(float(figure_6_18().gradient["z[2]"]), 6)  # (6.43): a[2] - y
    -0.377541
    """
    inputs = variable("x1"), variable("x2")
    hidden = []
    for j, (row, bias) in enumerate((((0.5, -0.25), 0.25), ((0.75, 0.5), -0.5)), 1):
        weights = [parameter(f"w[1]{j}{i}", w) for i, w in enumerate(row, 1)]
        hidden.append(_unit(inputs, weights, parameter(f"b[1]{j}", bias), "relu", f"z[1]{j}", f"a[1]{j}"))
    weights = [parameter(f"w[2]1{j}", w) for j, w in enumerate((1.0, -0.5), 1)]
    a2 = _unit(hidden, weights, parameter("b[2]1", 0.125), "sigmoid", "z[2]", "a[2]")
    loss = table()["binary_cross_entropy"](a2, constant(y, name="y")).named("L")
    return backward(forward(loss, x1=x1, x2=x2))


def _unit(inputs: Sequence[Node], weights: Sequence[Node], bias: Node, activation: str, z: str, a: str) -> Node:
    """The weighted sum of a unit, product by product, and its activation (Eq. 6.1 to 6.4)."""
    products = [w * x for w, x in zip(weights, inputs, strict=True)]
    activated: Node = table()[activation](table()["add"](*products, bias).named(z)).named(a)
    return activated
