"""The computation graphs of Jurafsky & Martin, Speech and Language Processing (3rd ed.), chapter 6."""

from __future__ import annotations

from cgraph.backward import Backward
from cgraph.functions import functions
from cgraph.node import Node, constant, parameter, variable
from cgraph.parse import parse
from cgraph.passes import backward, forward


def figure_6_17() -> Backward:
    """L = c(a + 2b) at (3, 1, -2): the passes of Figs. 6.15 and 6.17.

    >>> figure_6_17().gradient["b"]
    np.float64(-4.0)
    """
    return backward(forward(parse("d = 2*b; e = a + d; L = c*e"), a=3, b=1, c=-2))


def figure_6_18(x1: float = 1.0, x2: float = 0.5, y: float = 1.0) -> Backward:
    """The 2-2-1 net of Fig. 6.18 (Eqs. 6.35 to 6.43), neuron by neuron, with the passes at one example.

    >>> round(float(figure_6_18().gradient["z[2]"]), 6)  # (6.43): a[2] - y
    -0.377541
    """
    op = functions()
    inputs = variable("x1"), variable("x2")
    first = [[0.5, -0.25], [0.75, 0.5]], [0.25, -0.5]
    second = [1.0, -0.5], 0.125
    hidden: list[Node] = []
    for j, (weights, bias) in enumerate(zip(*first, strict=True), 1):
        products = [parameter(f"w[1]{j}{i}", w) * x for i, (w, x) in enumerate(zip(weights, inputs, strict=True), 1)]
        z = op["add"](*products, parameter(f"b[1]{j}", bias)).named(f"z[1]{j}")
        hidden.append(op["relu"](z).named(f"a[1]{j}"))
    products = [parameter(f"w[2]1{j}", w) * a for j, (w, a) in enumerate(zip(second[0], hidden, strict=True), 1)]
    z2 = op["add"](*products, parameter("b[2]1", second[1])).named("z[2]")
    a2 = op["sigmoid"](z2).named("a[2]")
    loss = op["binary_cross_entropy"](a2, constant(y, name="y")).named("L")
    return backward(forward(loss, x1=x1, x2=x2))
