"""SymPy's matrix expressions: what each is made of, and how the nodes of its parts make its node."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np
import sympy
from sympy.matrices.expressions.matexpr import MatrixElement

from cgraph.functions.joining import stack
from cgraph.functions.products import matrix_trace
from cgraph.functions.table import table
from cgraph.graph.node import Node, as_node, variable
from cgraph.interop.sympy.expressions import Reading, refuse

KINDS = (sympy.MatrixExpr, MatrixElement, sympy.Trace, sympy.Determinant, sympy.MatrixBase)


def reading(e: Any, given: Mapping[str, Node]) -> Reading:
    """The parts of a matrix expression, or of a number made of matrices. Raises FormulaError for other kinds."""
    op = table()
    if isinstance(e, sympy.MatrixSymbol):
        return (), lambda: given[e.name] if e.name in given else variable(e.name, tuple(map(_size, e.shape)))
    if isinstance(e, MatrixElement):
        if not (e.i.is_Integer and e.j.is_Integer):
            refuse(e, "its row and its column must be whole numbers")
        return (e.parent,), lambda x: x[int(e.i), int(e.j)]
    if isinstance(e, sympy.Trace):
        return (e.arg,), matrix_trace
    if isinstance(e, sympy.Determinant):
        return (e.arg,), op["det"]
    if isinstance(e, (sympy.MatAdd, sympy.HadamardProduct)):
        return e.args, op["add" if isinstance(e, sympy.MatAdd) else "mul"]
    if isinstance(e, sympy.MatMul):
        number, matrices = e.as_coeff_matrices()
        if number == 1:
            return tuple(matrices), _product
        return (number, *matrices), lambda x, *more: x * _product(*more)
    if isinstance(e, sympy.Inverse):
        return (e.arg,), op["inv"]
    if isinstance(e, sympy.MatPow) and e.exp.is_Integer and e.exp != 0:
        power = [e.base] * abs(int(e.exp))
        return tuple(power), lambda *xs: _product(*(xs if e.exp > 0 else map(op["inv"], xs)))
    if isinstance(e, (sympy.Transpose, sympy.Adjoint)):
        return (e.arg,), op["transpose"]
    if isinstance(e, (sympy.Identity, sympy.ZeroMatrix, sympy.OneMatrix)) and all(d.is_Integer for d in e.shape):
        rows, columns = map(int, e.shape)
        filled = np.eye(rows) if isinstance(e, sympy.Identity) else np.full((rows, columns), float(e[0, 0]))
        return (), lambda: as_node(filled)
    if isinstance(e, sympy.MatrixBase):
        return tuple(e.flat()), lambda *xs: stack(xs).reshape(tuple(map(int, e.shape)))
    refuse(e, "no row of the table computes it")


def _size(dimension: Any) -> int | str:
    if dimension.is_Integer:
        return int(dimension)
    if not dimension.is_Symbol:
        refuse(dimension, "the size of a matrix is a whole number or a symbol")
    return str(dimension)


def _product(*matrices: Node) -> Node:
    return reduce(table()["matmul"], matrices)
