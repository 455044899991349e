"""Ops that bring many elements together: sums and means over axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cgraph import shapes
from cgraph.ops.row import Attrs, Example, Row, structural
from cgraph.shapes import Shape


def _reduction(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    (x,) = operands
    axes, keepdims = shapes.normal_axes(attrs["axis"], len(x)), bool(attrs["keepdims"])
    return {"axis": axes, "keepdims": keepdims}, shapes.reduced(x, axes, keepdims)


def _spread(w: Any, g: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    """A gradient of a reduction, given back to every element that was reduced."""
    return w.broadcast_like(g if keepdims or not axis else w.expand_dims(g, axis=axis), x)


def _sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.sum(x, axis=axis, keepdims=keepdims)


def _mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.mean(x, axis=axis, keepdims=keepdims)


def _scalar(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    return attrs, ()


# fmt: off
OVER_AXES: tuple[Example, ...] = (
    (((2, 3),), {}),
    (((2, 3, 2),), {"axis": (1, 2)}),
    (((2, 3),), {"axis": 0, "keepdims": True}),
    (((2,),), {"axis": ()}),
)
ROWS: tuple[Row, ...] = (
    structural("sum", "sum(x)", _sum,
               ("to each", lambda w, g, z, x, axis, keepdims: _spread(w, g, x, axis, keepdims)),
               infer=_reduction, sign="Σ", axis=None, keepdims=False, examples=OVER_AXES),
    structural("mean", "mean(x)", _mean,
               ("÷ n to each", lambda w, g, z, x, axis, keepdims:
                   _spread(w, g * (w.size(z) / w.size(x)), x, axis, keepdims)),
               infer=_reduction, axis=None, keepdims=False, examples=OVER_AXES),
    structural("size", "size(x)", lambda x: np.result_type(x).type(np.size(x)), ("", None), infer=_scalar,
               examples=[(((2, 3),), {})]),
)
# fmt: on
