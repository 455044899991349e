"""Ops of nets that must neither overflow nor cancel: softmax and the losses on logits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cgraph import shapes
from cgraph.errors import ShapeError
from cgraph.ops import maps, targets
from cgraph.ops.op import Attrs, Example, Op, lossless, structural
from cgraph.ops.reductions import rest_of
from cgraph.ops.stable import rest
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
    return e / (1 + rest(xp, e, axis))


def _log_softmax(xp: Any, x: Any, axis: Any = -1) -> Any:
    shifted = _shifted(xp, x, axis)
    return shifted - xp.log1p(rest(xp, xp.exp(shifted), axis))


def _softmax_residual(xp: Any, x: Any, y: Any, axis: Any = -1) -> Any:
    e, all_of = xp.exp(_shifted(xp, x, axis)), xp.sum(y, axis=axis, keepdims=True)
    others = rest(xp, e, axis)
    return (e * all_of - y - y * others) / (1 + others)


def _weighted_centre(xp: Any, x: Any, p: Any, axis: Any = -1) -> Any:
    top = p == xp.max(p, axis=axis, keepdims=True, initial=0)
    count = xp.sum(top, axis=axis, keepdims=True)
    x = x - xp.sum(xp.where(top, x, 0), axis=axis, keepdims=True) / xp.where(count == 0, 1, count).astype(x.dtype)
    all_of = xp.sum(p, axis=axis, keepdims=True)
    return p * (
        x * all_of - xp.sum(p * x, axis=axis, keepdims=True)
    )  # from where most of the weight is nothing cancels


def _cross_entropy(xp: Any, x: Any, y: Any) -> Any:
    return -xp.sum(xp.where(y == 0, 0.0, y * _log_softmax(xp, x)), axis=-1)


def _pair_with_axis(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    x, y = operands
    if x != y:
        raise ShapeError(
            f"operands {shapes.show(x)} and {shapes.show(y)}",
            why="both need one shape",
            fix="broadcast one to the other",
        )
    return _same_with_axis(operands[:1], attrs)


def _cross_entropy_shape(operands: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    x, y = operands
    if x != y or not x:
        raise ShapeError(
            f"softmax_cross_entropy of logits {shapes.show(x)} and targets {shapes.show(y)}",
            why="both need one shape, the classes along the last axis",
            fix="give each target as a distribution over the classes, such as a one-hot row",
        )
    return attrs, x[:-1]


# In single numbers, as the arrays' way has them -----------------------------------------------------------------------
def _from_top(w: Any, x: Any, axis: Any) -> tuple[Any, tuple[int, ...]]:
    axes = shapes.normal_axes(axis, x.ndim)
    top = w.max(x, axis=axes, keepdims=True)
    return x - w.where(w.equal(top, -np.inf), 0, top), axes


def _softmax_of(w: Any, x: Any, axis: Any) -> Any:
    shifted, axes = _from_top(w, x, axis)
    e = w.exp(shifted)
    return e / (1 + rest_of(w, e, axes))


def _log_softmax_of(w: Any, x: Any, axis: Any) -> Any:
    shifted, axes = _from_top(w, x, axis)
    return shifted - w.log1p(rest_of(w, w.exp(shifted), axes))


def _cross_entropy_of(w: Any, x: Any, y: Any) -> Any:
    return -w.sum(w.where(w.equal(y, 0), 0, y * w.log_softmax(x, axis=-1)), axis=-1)


def _residual_of(w: Any, x: Any, y: Any, axis: Any) -> Any:
    shifted, axes = _from_top(w, x, axis)
    e, all_of = w.exp(shifted), w.sum(y, axis=axes, keepdims=True)
    others = rest_of(w, e, axes)
    return (e * all_of - y - y * others) / (1 + others)


def _weighted_centre_of(w: Any, x: Any, p: Any, axis: Any) -> Any:
    axes = shapes.normal_axes(axis, x.ndim)
    top = w.equal(p, w.maximum(w.max(p, axis=axes, keepdims=True), 0))
    count = w.sum(top, axis=axes, keepdims=True)
    x = x - w.sum(w.where(top, x, 0), axis=axes, keepdims=True) / w.where(count, count, 1)
    return p * (x * w.sum(p, axis=axes, keepdims=True) - w.sum(p * x, axis=axes, keepdims=True))


# fmt: off
SLOPE = "{{g}}@ (diag({0}) − {0} {0}ᵀ)"
ALONG: tuple[Example, ...] = ((((2, 3),), {}), (((3, 2),), {"axis": 0}))
ROWS: tuple[Op, ...] = (
    structural("softmax", "softmax(x)", _softmax,
               (maps.of_rows(SLOPE.format("{z}@"), "{z} ⊙ ({g} − Σ%({g} ⊙ {z}$))"),
                lambda w, g, z, x, axis: w.weighted_centre(g, z, axis=axis)),
               infer=_same_with_axis, axis=-1, kink="of nothing but -inf it is 0, with slope 0", probability=True,
               kinked=lambda x, axis: np.all(x == -np.inf, axis=axis, keepdims=True),
               definition=lossless(_softmax_of, textbook=lambda w, x, axis:
                   w.exp(x) / w.sum(w.exp(x), axis=axis, keepdims=True)), examples=ALONG),
    structural("log_softmax", "log(softmax(x))", _log_softmax,
               (maps.of_rows("{g}@ − softmax({x}@) Σ {g}@", "{g} − softmax%({x}) ⊙ Σ%({g}$)"),
                lambda w, g, z, x, axis: -w.softmax_residual(x, g, axis=axis)),
               infer=_same_with_axis, axis=-1,
               definition=lossless(_log_softmax_of, textbook=lambda w, x, axis:
                   x - w.log(w.sum(w.exp(x), axis=axis, keepdims=True))),
               examples=ALONG),
    structural("softmax_cross_entropy", "-sum(y*log(softmax(x)))", _cross_entropy,
               (maps.of_loss("(softmax({x}) − {y})"), lambda w, g, z, x, y: w.expand_dims(g, axis=len(x.shape) - 1)
                   * w.softmax_residual(x, y, axis=-1)),
               (maps.of_loss("(−log(softmax({x})))"), lambda w, g, z, x, y:
                   -w.expand_dims(g, axis=len(x.shape) - 1) * w.log_softmax(x, axis=-1)),
               infer=_cross_entropy_shape, sign="CE", check=targets.distributions, of_logits=True, written="of softmax",
               definition=lossless(_cross_entropy_of, textbook=lambda w, x, y:
                   -w.sum(y * w.log_softmax(x, axis=-1), axis=-1)),
               examples=[(((2, 3), (2, 3)), {}), (((3,), (3,)), {})]),
    structural("softmax_residual", "sum(y)*softmax(x) - y", _softmax_residual,
               (maps.of_rows(f"(Σ {{y}}@) {SLOPE.format('p')}, p = softmax({{x}}@)",
                             "p ⊙ ({g} − Σ%({g} ⊙ p$)) ⊙ Σ%({y}$), p = softmax%({x})"), lambda w, g, z, x, y, axis:
                   w.sum(y, axis=axis, keepdims=True) * w.weighted_centre(g, w.softmax(x, axis=axis), axis=axis)),
               (maps.of_rows("Σ({g}@ ⊙ p) − {g}@, p = softmax({x}@)", "Σ%({g} ⊙ p$) − {g}, p = softmax%({x})"),
                lambda w, g, z, x, y, axis:
                   w.broadcast_like(w.sum(g * w.softmax(x, axis=axis), axis=axis, keepdims=True), g) - g),
               infer=_pair_with_axis, axis=-1,
               definition=lossless(_residual_of, textbook=lambda w, x, y, axis:
                   w.softmax(x, axis=axis) * w.sum(y, axis=axis, keepdims=True) - y),
               examples=[(((1, 2), (1, 2)), {}), (((2, 3), (2, 3)), {"axis": 0})]),
    structural("weighted_centre", "p*(x*sum(p) - sum(p*x))", _weighted_centre,
               (maps.of_rows("{g}@ ((Σ {y}@) diag({y}@) − {y}@ {y}@ᵀ)", "{y} ⊙ ({g} ⊙ Σ%({y}$) − Σ%({y} ⊙ {g}$))"),
                lambda w, g, z, x, p, axis: w.weighted_centre(g, p, axis=axis)),
               (maps.of_rows("{g}@ ⊙ ({x}@ Σ {y}@ − Σ({y}@ ⊙ {x}@)) + Σ({g}@ ⊙ {y}@ ⊙ {x}@) − {x}@ Σ({g}@ ⊙ {y}@)",
                             "{g} ⊙ ({x} ⊙ Σ%({y}$) − Σ%({y} ⊙ {x}$)) + Σ%({g} ⊙ {y} ⊙ {x}$) − {x} ⊙ Σ%({g} ⊙ {y}$)"),
                lambda w, g, z, x, p, axis:
                   g * (x * w.sum(p, axis=axis, keepdims=True) - w.sum(p * x, axis=axis, keepdims=True))
                   + w.sum(g * p * x, axis=axis, keepdims=True) - x * w.sum(g * p, axis=axis, keepdims=True)),
               infer=_pair_with_axis, axis=-1,
               definition=lossless(_weighted_centre_of, textbook=lambda w, x, p, axis:
                   p * (x * w.sum(p, axis=axis, keepdims=True) - w.sum(p * x, axis=axis, keepdims=True))),
               examples=[(((2, 3), (2, 3)), {}), (((3, 2), (3, 2)), {"axis": 0})]),
)
# fmt: on
