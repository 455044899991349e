"""Ops of nets that must neither overflow nor cancel: softmax and the losses on logits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cgraph import shapes
from cgraph.errors import ShapeError
from cgraph.ops import targets
from cgraph.ops.op import Attrs, Example, Op, structural
from cgraph.shapes import Shape


def _same_with_axis(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    if attrs["axis"] is None:
        raise ShapeError("softmax over no axis in particular", why="it needs one axis or several", fix="write axis=-1")
    axes = shapes.normal_axes(attrs["axis"], len(operands[0]))
    if not axes and operands[0]:
        raise ShapeError("softmax over no axes", why="each element alone has the probability 1", fix="write axis=-1")
    return {"axis": axes[0] if len(axes) == 1 else axes}, operands[0]


def _shifted(xp: Any, x: Any, axis: Any) -> Any:
    """x with 0 for the largest element; nothing but -inf stays as it is."""
    top = xp.max(x, axis=axis, keepdims=True, initial=-xp.inf)
    return x - xp.where(top == -xp.inf, xp.result_type(x).type(0), top)


def _softmax(xp: Any, x: Any, axis: Any = -1) -> Any:
    e = xp.exp(_shifted(xp, x, axis))
    total = xp.sum(e, axis=axis, keepdims=True)
    return e / xp.where(total == 0, xp.result_type(x).type(1), total)


def _log_softmax(xp: Any, x: Any, axis: Any = -1) -> Any:
    shifted = _shifted(xp, x, axis)
    total = xp.sum(xp.exp(shifted), axis=axis, keepdims=True)
    return shifted - xp.log(xp.where(total == 0, xp.result_type(x).type(1), total))


def _cross_entropy(xp: Any, x: Any, y: Any) -> Any:
    return -xp.sum(xp.where(y == 0, 0.0, y * _log_softmax(xp, x)), axis=-1)


def _cross_entropy_shape(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    x, y = operands
    if x != y or not x:
        raise ShapeError(
            f"softmax_cross_entropy of logits {shapes.show(x)} and targets {shapes.show(y)}",
            why="both need one shape, the classes along the last axis",
            fix="give each target as a distribution over the classes, such as a one-hot row",
        )
    return attrs, x[:-1]


# fmt: off
ALONG: tuple[Example, ...] = ((((2, 3),), {}), (((3, 2),), {"axis": 0}))
ROWS: tuple[Op, ...] = (
    structural("softmax", "softmax(x)", _softmax,
               ("softmax'", lambda w, g, z, x, axis: z * (g - w.sum(g * z, axis=axis, keepdims=True))),
               infer=_same_with_axis, axis=-1, kink="of nothing but -inf it is 0, with slope 0", probability=True,
               kinked=lambda x, axis: np.all(x == -np.inf, axis=axis, keepdims=True),
               definition=lambda w, x, axis: w.exp(x) / w.sum(w.exp(x), axis=axis, keepdims=True), examples=ALONG),
    structural("log_softmax", "log(softmax(x))", _log_softmax,
               ("· (I − softmax)", lambda w, g, z, x, axis:
                   g - w.softmax(x, axis=axis) * w.sum(g, axis=axis, keepdims=True)),
               infer=_same_with_axis, axis=-1,
               definition=lambda w, x, axis: x - w.log(w.sum(w.exp(x), axis=axis, keepdims=True)),
               examples=ALONG),
    structural("softmax_cross_entropy", "-sum(y*log(softmax(x)))", _cross_entropy,
               ("· (softmax({x}) − {y})", lambda w, g, z, x, y: w.expand_dims(g, axis=len(x.shape) - 1)
                   * (w.softmax(x, axis=-1) * w.sum(y, axis=-1, keepdims=True) - y)),
               ("· (−log softmax({x}))", lambda w, g, z, x, y:
                   -w.expand_dims(g, axis=len(x.shape) - 1) * w.log_softmax(x, axis=-1)),
               infer=_cross_entropy_shape, sign="CE", check=targets.distributions, of_logits=True, written="of softmax",
               definition=lambda w, x, y: -w.sum(y * w.log_softmax(x, axis=-1), axis=-1),
               examples=[(((2, 3), (2, 3)), {}), (((3,), (3,)), {})]),
)
# fmt: on
