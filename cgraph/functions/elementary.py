"""Functions of single elements that are written in others."""

from __future__ import annotations

from cgraph.functions.apply import op
from cgraph.graph.node import Node, Operand


def exp2(x: Operand) -> Node:
    """2 to the power x, exactly where x is a whole number.

    >>> import cgraph as cg
    >>> float(cg.forward(exp2(10.0)).values[-1])
    1024.0
    """
    return op("pow", 2.0, x)


def polygamma(order: int, x: Operand) -> Node:
    """The derivative of `digamma` of this order, the derivative of lgamma of one more; named as SciPy's and PyTorch's.

    >>> import cgraph as cg
    >>> round(float(cg.forward(polygamma(1, 1.0)).values[-1]), 12)  # π²/6
    1.644934066848
    """
    return op("digamma", x, order=order)
