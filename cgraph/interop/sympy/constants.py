"""SymPy's exact numbers as nodes from which symbols get the same numbers back."""

from __future__ import annotations

from typing import Any

import sympy

from cgraph.errors import FormulaError
from cgraph.functions.table import table
from cgraph.graph.node import Node, as_node
from cgraph.worlds.sympy import exact


def rational(number: Any) -> Node:
    """A rational number: a constant where symbols read its float as this number, else a quotient, or a sum, of such.

    >>> rational(sympy.Rational(2, 3)), rational(sympy.Rational(123456789, 987654321))
    (<0.666667>, <div(1.37174e+07, 1.09739e+08)>)
    """
    constant = _float(number)
    if exact(constant) == number:
        return as_node(constant)
    if number.q != 1:
        return table()["div"](rational(sympy.Integer(number.p)), rational(sympy.Integer(number.q)))
    parts, rest = [], number
    while rest:  # each float takes the first 16 digits of what is left
        parts.append(as_node(_float(rest)))
        rest -= exact(_float(rest))
    return table()["add"](*parts)


def floating(number: Any) -> Node:
    """A float of SymPy as the nearest float64."""
    nearest = float(number)
    if nearest in (float("inf"), float("-inf")) or (nearest == 0 and number != 0):
        raise out_of_range(number)
    return as_node(nearest)


def _float(number: Any) -> float:
    try:
        nearest: float = int(number.p) / int(number.q)  # rounded once, which SymPy's own float is not
    except OverflowError:
        raise out_of_range(number) from None
    if nearest == 0 and number != 0 and number.p == 1:
        raise out_of_range(number)
    return nearest


def out_of_range(number: Any) -> FormulaError:
    """What is said of a number that is larger than every float, or nearer to 0."""
    return FormulaError(
        f"{sympy.sstr(sympy.Float(number, 4))} ({type(number).__name__}) has no node",
        why="no float64 is so large or so small: its range is 2e-308 to 2e308",
        fix="scale it, or take its logarithm",
    )
