"""Ops written in simpler ones, each as the row of the table computes it: nothing overflows or cancels that did not.

So what two of them have in common is computed once (softmax and cross-entropy share their exponentials), and every
backend has them from the simpler ops.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from math import prod
from typing import Any, TypeAlias

import numpy as np

from cgraph.compile.lowering.class_ids import AWAY, LESS_ONE_HOT, PICKED, RESIDUAL, REST, TOP, ids_of
from cgraph.compile.lowering.values import Values
from cgraph.ops.linear import read_subscripts
from cgraph.ops.named import ByOp

Composite: TypeAlias = Callable[..., int]
COMPOSITES: ByOp[Composite] = ByOp()


def _composite(rewrite: Composite) -> Composite:
    """How an op is written in others where its operands have elements; others are left to the row itself."""

    @wraps(rewrite)
    def chosen(v: Values, x: int, *more: int, **attrs: Any) -> int:
        if prod(v.shape(x)) == 0:
            return v.apply(chosen.__name__.strip("_"), x, *more, **attrs)
        return rewrite(v, x, *more, **attrs)

    return COMPOSITES(chosen)


def _largest(v: Values) -> int:
    return v.constant(np.finfo(v.dtype).max)


def _exponentials(v: Values, x: int, axis: Any) -> tuple[int, int, int]:
    """The largest element of x, exp(x less that), and the sum of these without one that is 1 (see `stable.rest`)."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    top = v.apply(TOP, x, axis=axes, keepdims=True)
    e = v.apply("exp", v.apply("sub", x, top))
    return top, e, v.apply(REST, e, axis=axes)


@_composite
def _softmax(v: Values, x: int, axis: Any) -> int:
    _, e, rest = _exponentials(v, x, axis)
    return v.apply("div", e, v.apply("add", rest, v.constant(1.0)))


@_composite
def _log_softmax(v: Values, x: int, axis: Any) -> int:
    top, _, rest = _exponentials(v, x, axis)
    return v.apply("sub", v.apply("sub", x, top), v.apply("log1p", rest))


@_composite
def _softmax_residual(v: Values, x: int, y: int, axis: Any) -> int:
    _, e, rest = _exponentials(v, x, axis)
    last = len(v.shape(x)) - 1
    ids = ids_of(v, y, x) if axis in (-1, last) else None
    if ids is not None:
        less = v.apply(LESS_ONE_HOT, e, ids, v.apply("squeeze", rest, axis=(last,)))
        return v.apply("div", less, v.apply("add", rest, v.constant(1.0)))
    of_all = v.apply("sum", y, axis=axis if isinstance(axis, tuple) else (axis,), keepdims=True)
    return v.apply(RESIDUAL, e, y, of_all, rest)


@_composite
def _weighted_centre(v: Values, x: int, p: int, axis: Any) -> int:
    axes = axis if isinstance(axis, tuple) else (axis,)
    top = v.apply("max_share", p, axis=axes)
    x = v.apply("sub", x, v.apply("sum", v.apply("mul", x, top), axis=axes, keepdims=True))
    all_of = v.apply("mul", x, v.apply("sum", p, axis=axes, keepdims=True))
    return v.apply("mul", p, v.apply("sub", all_of, v.apply("sum", v.apply("mul", p, x), axis=axes, keepdims=True)))


def log_likelihood(v: Values, x: int, y: int) -> int:
    """What softmax_cross_entropy is the negative of: the logarithm of the probability of the targets."""
    if prod(v.shape(x)) == 0:
        return v.apply("neg", v.apply("softmax_cross_entropy", x, y))
    last = len(v.shape(x)) - 1
    ids = ids_of(v, y, x)
    if ids is not None:
        right = v.apply(PICKED, x, ids)  # before x is written over
        top, rest = (v.apply("squeeze", one, axis=(last,)) for one in _exponentials(v, x, last)[::2])
        return v.apply("sub", v.apply("sub", right, top), v.apply("log1p", rest))
    top, _, rest = _exponentials(v, x, last)
    chosen = v.apply("sum", v.apply("scale", y, v.apply("sub", x, top)), axis=(last,))
    of_all = v.apply("sum", y, axis=(last,), keepdims=True)
    of_all, rest = (v.apply("squeeze", one, axis=(last,)) for one in (of_all, rest))
    return v.apply(AWAY, chosen, v.apply("scale", of_all, v.apply("log1p", rest)))


@_composite
def _logsumexp(v: Values, x: int, axis: tuple[int, ...], keepdims: bool) -> int:
    top = v.apply("max", x, axis=axis, keepdims=True)
    finite = v.apply("minimum", v.apply("maximum", top, v.apply("neg", _largest(v))), _largest(v))
    rest = v.apply(REST, v.apply("exp", v.apply("sub", x, finite)), axis=axis)
    found = v.apply("add", v.apply("log1p", rest), top)  # of nothing but -inf, log1p(0) less an infinity
    return found if keepdims else v.apply("squeeze", found, axis=axis)


@_composite
def _centre(v: Values, x: int, axis: tuple[int, ...]) -> int:
    shape = v.shape(x)
    key = tuple(slice(0, 1) if i in axis else slice(None) for i in range(len(shape)))
    moved = v.apply("sub", x, v.apply("index", x, key=key) if axis else x)
    total = v.apply("sum", moved, axis=axis, keepdims=True)
    return v.apply("sub", moved, v.apply("div", total, v.constant(float(prod(shape[a] for a in axis)))))


@_composite
def _var(v: Values, x: int, axis: tuple[int, ...], keepdims: bool, ddof: float) -> int:
    total = v.apply("sum", v.apply("square", _centre(v, x, axis)), axis=axis, keepdims=keepdims)
    return v.apply("div", total, v.constant(float(prod(v.shape(x)[a] for a in axis)) - ddof))


@_composite
def _std(v: Values, x: int, axis: tuple[int, ...], keepdims: bool, ddof: float) -> int:
    root = _norm(v, _centre(v, x, axis), axis, keepdims)
    return v.apply("div", root, v.constant((prod(v.shape(x)[a] for a in axis) - ddof) ** 0.5))


@_composite
def _norm(v: Values, x: int, axis: tuple[int, ...], keepdims: bool) -> int:
    largest = v.apply("max", v.apply("abs", x), axis=axis, keepdims=True)
    usable = v.apply("mul", v.apply("greater", largest, v.constant(0.0)), v.apply("less_equal", largest, _largest(v)))
    scale = v.apply("where", usable, largest, v.constant(1.0))
    squares = v.apply("square", v.apply("div", x, scale))
    root = v.apply("mul", v.apply("sqrt", v.apply("sum", squares, axis=axis, keepdims=True)), scale)
    return root if keepdims else v.apply("squeeze", root, axis=axis)


FEW = 3000  # products: a smaller sum of them is a loop, for turning its operands costs more


@_composite
def _einsum(v: Values, *operands: int, subscripts: str) -> int:
    """A sum of products of two operands as a product of matrices, or of stacks of them."""
    letters, result = read_subscripts(subscripts, len(operands))
    sizes = {c: n for text, x in zip(letters, operands, strict=True) for c, n in zip(text, v.shape(x), strict=True)}
    both = [c for c in letters[0] if len(letters) == 2 and c in letters[1]]
    summed = [c for c in both if c not in result]
    if not summed or prod(sizes.values()) < FEW or any(c not in result and c not in both for c in sizes):
        return v.apply("einsum", *operands, subscripts=subscripts)
    stack = [c for c in both if c in result]
    left, right = ([c for c in text if c not in both] for text in letters)

    def matrices(x: int, text: str, rows: list[str], columns: list[str]) -> int:
        turned = v.apply("transpose", x, axes=tuple(text.index(c) for c in (*stack, *rows, *columns)))
        shape = (prod(sizes[c] for c in part) for part in ([stack] if stack else []) + [rows, columns])
        return v.apply("reshape", turned, shape=tuple(shape))

    found = v.apply(
        "matmul", matrices(operands[0], letters[0], left, summed), matrices(operands[1], letters[1], summed, right)
    )
    order = [*stack, *left, *right]
    apart = v.apply("reshape", found, shape=tuple(sizes[c] for c in order))
    return v.apply("transpose", apart, axes=tuple(order.index(c) for c in result))


def _decay(v: Values, x: int) -> int:
    """exp(-|x|), which sigmoid and its cross-entropy share, and which never overflows."""
    return v.apply("exp", v.apply("neg", v.apply("abs", x)))


@_composite
def _sigmoid(v: Values, x: int) -> int:
    e = _decay(v, x)
    above = v.apply("maximum", e, v.apply("above", x, v.constant(0.0)))  # 1 from 0 up, for e is 1 at most
    return v.apply("div", above, v.apply("add", e, v.constant(1.0)))


@_composite
def _sigmoid_slope(v: Values, x: int) -> int:
    e = _decay(v, x)
    return v.apply("div", e, v.apply("square", v.apply("add", e, v.constant(1.0))))


@_composite
def _sigmoid_residual(v: Values, x: int, y: int) -> int:
    e, above = _decay(v, x), v.apply("above", x, v.constant(0.0))
    rest = v.apply("div", e, v.apply("add", e, v.constant(1.0)))
    return v.apply("sub", v.apply("sub", above, y), v.apply("where", above, rest, v.apply("neg", rest)))


@_composite
def _tanh_slope(v: Values, x: int) -> int:
    e = v.apply("exp", v.apply("mul", v.apply("abs", x), v.constant(-2.0)))
    square = v.apply("square", v.apply("add", e, v.constant(1.0)))
    return v.apply("div", v.apply("mul", e, v.constant(4.0)), square)


@_composite
def _sigmoid_cross_entropy(v: Values, x: int, y: int) -> int:
    linear = v.apply("mul", x, v.apply("sub", v.apply("above", x, v.constant(0.0)), y))
    return v.apply("add", linear, v.apply("log1p", _decay(v, x)))
