"""Ops that bring many elements together: sums, means, products, spreads and norms over axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from cgraph import shapes
from cgraph.errors import ShapeError
from cgraph.ops import maps
from cgraph.ops.facts import Reduction, free
from cgraph.ops.op import Attrs, Example, Op, lossless, structural
from cgraph.ops.stable import rest
from cgraph.shapes import Shape, is_integer


def reduced_axes(axis: Any, x: Shape) -> tuple[int, ...]:
    """The axes that a reduction goes over: all of them for None, and for an empty tuple too.

    An empty tuple is what a computed list of axes leaves when it finds none; a mean over it has the slope 1/n, as in
    PyTorch. (NumPy reduces over no axes then, which an identity says better.)
    """
    return shapes.normal_axes(None if isinstance(axis, (tuple, list)) and not axis else axis, len(x))


def reduction(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    """The shape rule of a reduction: `axis` as a sorted tuple, `keepdims` as a truth value."""
    (x,) = operands
    axes, keepdims = reduced_axes(attrs["axis"], x), bool(attrs["keepdims"])
    return {**attrs, "axis": axes, "keepdims": keepdims}, shapes.reduced(x, axes, keepdims)


def some(what: str, x: Sequence[Any], axes: Sequence[int]) -> None:
    """Refuse what has no value of nothing, such as a mean, along axes of size 0 of an operand of the shape x."""
    if any(x[a] == 0 for a in axes):
        raise ShapeError(
            f"{what} of no elements, {shapes.show(tuple(x))}",
            why="one of its axes has size 0, and of nothing it has no value (a sum has 0, a product 1)",
            fix="leave that axis out, or give at least one element",
        )


def _with_some(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    """The shape rule of a mean."""
    normal, shape = reduction(operands, attrs)
    some("a mean", operands[0], normal["axis"])
    return normal, shape


def spread(w: Any, g: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    """A gradient of a reduction, given back to every element that was reduced."""
    return w.broadcast_like(g if keepdims or not axis else w.expand_dims(g, axis=axis), x)


def _with_freedom(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    """The shape rule of var and std, which divide by n - ddof."""
    normal, shape = reduction(operands, attrs)
    ddof = attrs["ddof"]
    if isinstance(ddof, bool) or not isinstance(ddof, (int, float)):
        raise ShapeError(f"ddof={ddof!r}", why="ddof is a number", fix="write ddof=0 or ddof=1")
    _free(operands[0], normal["axis"], ddof)
    return normal, shape


def _free(x: Sequence[Any], axes: Sequence[int], ddof: float) -> None:
    """Refuse a spread of nothing, or of no more elements than `ddof`; sizes that are names are taken when they come."""
    some("a spread", x, axes)
    sizes = [x[a] for a in axes]
    if all(is_integer(d) for d in sizes) and prod(sizes) <= ddof:
        raise ShapeError(
            f"ddof={ddof} of {prod(sizes)} element(s)",
            why="it divides by their number minus ddof, which must be above 0",
            fix="write ddof=0, or reduce over more elements",
        )


def _scalar(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    return attrs, ()


def _same(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    return {"axis": reduced_axes(attrs["axis"], operands[0])}, operands[0]


def _spare(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    (x,) = operands
    (axis,) = shapes.normal_axes((attrs["axis"],), len(x))
    return {"axis": axis}, (*x[: axis + 1], *x[axis:])


def _all_but_one(xp: Any, x: Any, axis: int = 0) -> Any:
    n = xp.shape(x)[axis]
    ones = xp.eye(n, dtype=bool).reshape(n, n, *(1,) * (xp.ndim(x) - axis - 1))
    return xp.where(ones, xp.asarray(1, xp.result_type(x)), xp.expand_dims(x, axis))


def _to_factors(w: Any, g: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """What each factor gets: the product of the others, axis by axis, without a division by a factor that may be 0."""
    if not axes:
        return g
    first, rest = axes[:1], axes[1:]
    g = _to_factors(w, g, w.prod(x, axis=first, keepdims=True), rest)
    return w.scale(
        g, w.prod(w.all_but_one(x, axis=first[0]), axis=(first[0] + 1,))
    )  # where g is 0 that may be infinite


def _mean(xp: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if not xp.size(x):
        some("a mean", xp.shape(x), axis)
        return xp.sum(x, axis=axis, keepdims=keepdims)  # no elements either
    return xp.mean(x, axis=axis, keepdims=keepdims)


def _centre(xp: Any, x: Any, axis: Any = None) -> Any:
    if not xp.size(x):
        return x
    from_first = x - x[tuple(slice(0, 1) if i in axis else slice(None) for i in range(xp.ndim(x)))] if axis else x - x
    return from_first - xp.mean(from_first, axis=axis, keepdims=True)  # equal values give 0, not their rounding


def _var(xp: Any, x: Any, axis: Any = None, keepdims: bool = False, ddof: float = 0) -> Any:
    total = xp.sum(_centre(xp, x, axis) ** 2, axis=axis, keepdims=keepdims)
    return total / _freedom(xp, x, total, axis, ddof)


def _freedom(xp: Any, x: Any, total: Any, axis: Any, ddof: float) -> Any:
    number = xp.size(x) / max(xp.size(total), 1)
    if number <= ddof:
        _free(xp.shape(x), axis, ddof)
    return xp.result_type(x).type(number - ddof)


def _std(xp: Any, x: Any, axis: Any = None, keepdims: bool = False, ddof: float = 0) -> Any:
    size = _norm(xp, _centre(xp, x, axis), axis, keepdims)
    return size / xp.sqrt(_freedom(xp, x, size, axis, ddof))


def _prod(xp: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """A product whose partial products neither over- nor underflow: that of fractions, times a power of two."""
    if xp.result_type(x).kind == "O" or not axis:  # symbols neither over- nor underflow
        return xp.prod(x, axis=axis, keepdims=keepdims)
    found, power = xp.frexp(x)
    if xp.sum(xp.abs(power)) < 64:  # as almost always
        return xp.prod(x, axis=axis, keepdims=keepdims)
    for one in axis:  # halves: each product of two fractions is one of at least 1/4
        found, power = xp.moveaxis(found, one, -1), xp.moveaxis(power, one, -1)
        while xp.shape(found)[-1] > 1:
            odd = found[..., :1] if xp.shape(found)[-1] % 2 else found[..., :0]
            half = found[..., odd.shape[-1] :]
            found, more = xp.frexp(xp.concatenate([half[..., ::2] * half[..., 1::2], odd], axis=-1))
            sums = power[..., odd.shape[-1] :]
            power = xp.concatenate([sums[..., ::2] + sums[..., 1::2], power[..., : odd.shape[-1]]], axis=-1) + more
        found, power = xp.moveaxis(found, -1, one), xp.moveaxis(power, -1, one)
    whole = xp.ldexp(found, power)
    return whole if keepdims else xp.reshape(whole, shapes.reduced(xp.shape(x), axis, keepdims=False))[()]


def _norm(xp: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    largest = xp.max(xp.abs(x), axis=axis, keepdims=True, initial=0)
    scale = xp.where((largest == 0) | ~xp.isfinite(largest), xp.result_type(x).type(1), largest)
    root = xp.sqrt(xp.sum((x / scale) ** 2, axis=axis, keepdims=True)) * scale  # squares neither over- nor underflow
    return root if keepdims else xp.reshape(root, shapes.reduced(xp.shape(x), axis, keepdims=False))


def _logsumexp(xp: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    top = xp.max(x, axis=axis, keepdims=True, initial=-xp.inf)
    top = xp.where(xp.isfinite(top), top, xp.result_type(x).type(0))
    e = xp.exp(x - top)
    total = xp.log(xp.sum(e, axis=axis, keepdims=True))
    total = xp.where(xp.any(e == 1, axis=axis, keepdims=True), xp.log1p(rest(xp, e, axis)), total) + top
    return total if keepdims else xp.reshape(total, shapes.reduced(xp.shape(x), axis, keepdims=False))


def _variance(w: Any, x: Any, axis: Any, keepdims: bool, ddof: float) -> Any:
    total = w.sum(w.centre(x, axis=axis) ** 2, axis=axis, keepdims=keepdims)
    return total / (w.size(x) / w.size(total) - ddof)


# In single numbers, as the arrays' way has them: nothing over- or underflows that it keeps, and nothing cancels -------
def rest_of(w: Any, e: Any, axis: tuple[int, ...]) -> Any:
    """As `stable.rest`: the sum of numbers of which the largest is 1, without one that is 1."""
    top = w.equal(e, 1)
    return w.sum(e * (1 - top), axis=axis, keepdims=True) + w.maximum(w.sum(top, axis=axis, keepdims=True) - 1, 0)


def _centred(w: Any, x: Any, axis: tuple[int, ...]) -> Any:
    from_first = x - x[tuple(slice(0, 1) if i in axis else slice(None) for i in range(x.ndim))]
    return from_first - w.mean(from_first, axis=axis, keepdims=True)


def _deviation(w: Any, x: Any, axis: tuple[int, ...], keepdims: bool, ddof: float) -> Any:
    size = w.norm(w.centre(x, axis=axis), axis=axis, keepdims=keepdims)
    return size / w.sqrt(w.size(x) / w.size(size) - ddof)


def _length(w: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    largest = w.max(w.abs(x), axis=axis, keepdims=True)
    scale = w.where(w.equal(largest, 0) + w.equal(largest, np.inf), 1, largest)
    root = w.sqrt(w.sum((x / scale) ** 2, axis=axis, keepdims=True)) * scale
    return root if keepdims else np.squeeze(root, axis=axis)


def _log_of_sum(w: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    top = w.max(x, axis=axis, keepdims=True)
    top = w.where(w.equal(w.abs(top), np.inf), 0, top)
    e = w.exp(x - top)
    largest = w.sum(w.equal(e, 1), axis=axis, keepdims=True)
    total = w.where(largest, w.log1p(rest_of(w, e, axis)), w.log(w.sum(e, axis=axis, keepdims=True))) + top
    return total if keepdims else np.squeeze(total, axis=axis)


# fmt: off
OVER_AXES: tuple[Example, ...] = (
    (((2, 3),), {}),
    (((2, 3, 2),), {"axis": (1, 2)}),
    (((2, 3),), {"axis": 0, "keepdims": True}),
    (((2,),), {"axis": ()}),
)
SMALL: tuple[Example, ...] = (
    (((3,),), {}),
    (((2, 3),), {"axis": 0, "keepdims": True}),
    (((2, 1, 2),), {"axis": (0, 2)}),
)
ROWS: tuple[Op, ...] = (
    structural("sum", "sum(x)", "sum",
               (maps.of_sum, lambda w, g, z, x, axis, keepdims: spread(w, g, x, axis, keepdims)),
               infer=reduction, sign="Σ", axis=None, keepdims=False, examples=OVER_AXES,
               linear=(0,), reduction=Reduction("add", "0", "{0} += {1};")),
    structural("mean", "mean(x)", _mean,
               (maps.of_mean, lambda w, g, z, x, axis, keepdims:
                   spread(w, g * (w.size(z) / w.size(x)), x, axis, keepdims)),
               infer=_with_some, axis=None, keepdims=False, examples=OVER_AXES, through=True),
    structural("prod", "prod(x)", _prod,
               (maps.of_product, lambda w, g, z, x, axis, keepdims:
                   _to_factors(w, g if keepdims or not axis else w.expand_dims(g, axis=axis), x, axis)),
               infer=reduction, sign="Π", axis=None, keepdims=False, examples=OVER_AXES,
               reduction=Reduction("multiply", "1", "{0} *= {1};")),
    structural("all_but_one", "row i: x with element i set to 1", _all_but_one,
               (maps.of_all_but_one, lambda w, g, z, x, axis:  # the whole less the diagonal would cancel
                   w.sum(w.where(w.all_but_one(w.broadcast_like(0, x), axis=axis), 0, g), axis=(axis,))),
               infer=_spare, axis=0, examples=[(((3,),), {}), (((2, 3, 2),), {"axis": 1})],
               scattered=True, through=True),
    structural("centre", "x - mean(x)", _centre,
               (maps.of_centre, lambda w, g, z, x, axis: w.centre(g, axis=axis)),
               infer=_same, axis=None,
               definition=lossless(_centred, textbook=lambda w, x, axis: x - w.mean(x, axis=axis, keepdims=True)),
               examples=[(((2, 3),), {}), (((2, 3),), {"axis": 1})]),
    structural("var", "var(x)", _var,
               (maps.of_spread(2, ""), lambda w, g, z, x, axis, keepdims, ddof:
                   spread(w, g * (2 / (w.size(x) / w.size(z) - ddof)), x, axis, keepdims) * w.centre(x, axis=axis)),
               infer=_with_freedom, axis=None, keepdims=False, ddof=0, definition=_variance,
               examples=[*SMALL, (((2, 3),), {"axis": 1, "ddof": 1})]),
    structural("std", "std(x)", _std,
               (maps.of_spread(1, "{z}"), lambda w, g, z, x, axis, keepdims, ddof:
                   spread(w, g * (1 / (w.size(x) / w.size(z) - ddof)), x, axis, keepdims)
                   * w.ratio(w.centre(x, axis=axis), spread(w, z, x, axis, keepdims))),
               infer=_with_freedom, axis=None, keepdims=False, ddof=0, kink="the slope of std is 0 at equal values",
               kinked=lambda x, axis, keepdims, ddof: np.ptp(x, axis=axis, keepdims=keepdims) == 0,
               definition=lossless(_deviation, textbook=lambda w, x, axis, keepdims, ddof:
                   w.sqrt(_variance(w, x, axis, keepdims, ddof))),
               examples=[(((2,),), {}), (((2, 3),), {"axis": 0, "keepdims": True}), (((3,),), {"ddof": 1})]),
    structural("norm", "sqrt(sum(x**2))", _norm,
               (maps.of_norm, lambda w, g, z, x, axis, keepdims:
                   spread(w, g, x, axis, keepdims) * w.ratio(x, spread(w, z, x, axis, keepdims))),
               infer=reduction, sign="‖·‖", axis=None, keepdims=False, kink="the slope of the norm is 0 at 0",
               kinked=lambda x, axis, keepdims: ~np.any(x, axis=axis, keepdims=keepdims), written="bars",
               definition=lossless(_length, textbook=lambda w, x, axis, keepdims:
                   w.sqrt(w.sum(x**2, axis=axis, keepdims=keepdims))),
               examples=SMALL),
    structural("logsumexp", "log(sum(exp(x)))", _logsumexp,
               (maps.of_logsumexp, lambda w, g, z, x, axis, keepdims:
                   spread(w, g, x, axis, keepdims) * w.softmax(x, axis=axis)),
               infer=reduction, axis=None, keepdims=False, kink="of nothing but -inf it is -inf, with slope 0",
               kinked=lambda x, axis, keepdims: np.all(x == -np.inf, axis=axis, keepdims=keepdims),
               definition=lossless(_log_of_sum, textbook=lambda w, x, axis, keepdims:
                   w.log(w.sum(w.exp(x), axis=axis, keepdims=keepdims))),
               examples=SMALL),
    structural("size", "size(x)", lambda xp, x: xp.result_type(x).type(xp.size(x)), ("", None), infer=_scalar,
               examples=[(((2, 3),), {})], cost=free, mask=True),
)
# fmt: on
