"""TRACED: numbers that know which of their zeros are structural, for the few passes in which 0 meets ∞.

A zero is structural where it says that nothing depends on a branch: the zeros of masks (facts `mask`: comparisons, the
indicators of `relu`, `max` and `clip`), of constants, and of an upstream gradient that is given. It stays one in a
product with anything, in a sum with others of its kind, and where ops move elements or add them up, which are asked by
giving them 1 and 0 in place of their operands. Every other zero is a number: it may be a small one that was rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from cgraph.graph.node import CONSTANT, Node
from cgraph.ops import TABLE
from cgraph.ops.op import NONE, Op
from cgraph.shapes import Shape
from cgraph.worlds.world import World


def _operator(name: str, reflected: bool = False) -> Callable[[Any, Any], Any]:
    row = TABLE[name]
    if reflected:
        return lambda self, other: applied(row, (other, self), NONE)
    return lambda self, other: applied(row, (self, other), NONE)


class Traced:
    """A value, and `zero`: where it is structurally 0, as an array of truth values; None where it nowhere is.

    `exact` says that it is made of masks and constants alone, so that all of its zeros are structural.
    """

    __slots__ = ("exact", "value", "zero")
    __array_ufunc__ = None  # NumPy's numbers leave operators to this class

    def __init__(self, value: Any, zero: Any = None, exact: bool = False) -> None:
        self.value, self.exact = value, exact
        zero = np.equal(value, 0) if exact else zero
        self.zero = zero if zero is not None and np.any(zero) else None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return np.shape(self.value)

    __add__, __radd__ = _operator("add"), _operator("add", True)
    __sub__, __rsub__ = _operator("sub"), _operator("sub", True)
    __mul__, __rmul__ = _operator("mul"), _operator("mul", True)
    __truediv__, __rtruediv__ = _operator("div"), _operator("div", True)
    __pow__, __rpow__ = _operator("pow"), _operator("pow", True)
    __matmul__, __rmatmul__ = _operator("matmul"), _operator("matmul", True)

    def __neg__(self) -> Any:
        return applied(TABLE["neg"], (self,), NONE)


class TracedWorld(World):
    """Computes with NumPy as NumpyWorld does, and says which zeros are structural."""

    name = "NumPy, with structural zeros"
    pi = math.pi
    numeric = True

    def __init__(self, dtype: Any = np.float64) -> None:
        self.dtype = np.dtype(dtype)

    def leaf(self, node: Node, value: Any | None, shape: Shape) -> Any:
        found = np.asarray(node.value if value is None else value, self.dtype)[()]
        return Traced(found, exact=node.kind == CONSTANT)

    def function(self, row: Op) -> Callable[..., Any]:
        return lambda *operands, **attrs: applied(row, operands, attrs)

    def apply(self, row: Op, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        """The result of a node; where it is 0 and all of its slopes are structurally, as relu below 0, it is so too."""
        result = applied(row, operands, attrs)
        if row.kinked is None or not row.elementwise or result.zero is not None:
            return result
        rules = [rule for rule in map(row.rule, range(len(operands))) if rule is not None]
        flat = reduce(np.logical_and, [_structural(self.local(rule, result, operands, attrs)) for rule in rules], True)
        return Traced(result.value, flat & np.equal(result.value, 0), result.exact)

    def seed(self, value: Any, upstream: Any | None) -> Any:
        given = np.asarray(np.ones(value.shape) if upstream is None else upstream, self.dtype)[()]
        return Traced(given, given == 0)

    def zeros(self, shape: Shape, like: Any) -> Any:
        return Traced(np.zeros(like.shape, self.dtype)[()], exact=True)

    def times(self, upstream: Any, local: Any) -> Any:
        return applied(TABLE["scale"], (upstream, local), NONE)

    def undetermined(self, upstream: Any, local: Any) -> Any:
        """Where a product is 0·∞ or ∞·0, and its zero is no structural one."""
        up, by = (x.value if x.__class__ is Traced else x for x in (upstream, local))
        first = np.equal(up, 0) & ~np.isfinite(by) & ~_structural(upstream)
        return first | (np.isinf(up) & self.rounded(local))

    def rounded(self, local: Any) -> Any:
        """Where a local derivative is 0, and not structurally."""
        return np.equal(local.value if local.__class__ is Traced else local, 0) & ~_structural(local)


def applied(row: Op, operands: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
    """The result of an op on traced values and plain numbers; a plain number where there are only these."""
    traced = [x for x in operands if x.__class__ is Traced]
    if not traced:
        return float(row.numpy(*operands, **attrs))
    values = [x.value if x.__class__ is Traced else x for x in operands]
    result = row.numpy(*values, **attrs)
    if row.mask or all(x.exact for x in traced):
        return Traced(result, exact=True)
    if row.elementwise and all(x.zero is None for x in traced):
        return Traced(result)  # others may put zeros where they put nothing
    zeros = [x.zero if x.__class__ is Traced else np.equal(x, 0) for x in operands]
    found = _through(row, [False if zero is None else zero for zero in zeros], values, attrs)
    return Traced(result, found & np.equal(result, 0))


def _through(row: Op, zeros: Sequence[Any], values: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
    """Where a result is 0 because operands are, whatever the others are."""
    if row.elementwise and row.additive:
        return reduce(np.logical_and, zeros)
    if row.elementwise and row.linear:
        return reduce(np.logical_or, zeros if row.arity is None else [zeros[i] for i in row.linear])
    if row.linear or row.through:
        flows = [row.rule(position) is not None for position in range(len(values))]
        given = [
            np.where(np.broadcast_to(zero, np.shape(value)), 0.0, 1.0) if flow else value
            for flow, zero, value in zip(flows, zeros, values, strict=True)
        ]
        return np.equal(row.numpy(*given, **attrs), 0)
    return False


def _structural(value: Any) -> Any:
    if value.__class__ is not Traced:
        return np.equal(value, 0)
    return np.bool_(False) if value.zero is None else value.zero
