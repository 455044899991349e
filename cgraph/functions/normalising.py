"""Normalising over the batch, over groups of channels, over each channel, and by the root of the mean square."""

from __future__ import annotations

from collections.abc import Sequence

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.apply import op
from cgraph.graph.node import Node, Operand, as_node
from cgraph.shapes import Shape, normal_axes, show


def batch_norm(
    x: Operand,
    gain: Operand | None = None,
    bias: Operand | None = None,
    *,
    mean: Operand | None = None,
    var: Operand | None = None,
    axis: int = 1,
    eps: float = 1e-5,
) -> Node:
    """(x - mean)/sqrt(var + eps) for each channel, times `gain` [C], plus `bias` [C] (Ioffe and Szegedy, 2015).

    x is [m×C] or [m×C×...], with its channels along `axis`. The mean [C] and the variance [C] are those of the batch,
    over all other axes, unless both are given: then x is normalised by these, as at inference.
    Raises ShapeError when a channel has one element only, whose variance says nothing.

    >>> import cgraph as cg
    >>> cg.forward(batch_norm([[1.0, 4.0], [3.0, 8.0]], eps=0)).values[-1].tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    """
    x = as_node(x)
    (axis,) = normal_axes((axis,), len(x.shape))
    rest = tuple(i for i in range(len(x.shape)) if i != axis)
    if (mean is None) != (var is None):
        raise ValueRefusedError("batch_norm with one of mean and var", why="both are given, or none", fix="give both")
    if mean is not None and var is not None:
        normal = (x - _along(mean, axis, x, "mean")) / op("sqrt", _along(var, axis, x, "var") + eps)
    else:
        if all(x.shape[i] == 1 for i in rest):
            raise ShapeError(
                f"batch_norm of {show(x.shape)}",
                where=x.where,
                why="each channel has one element, which is its own mean: nothing would be left of it",
                fix="give a larger batch, or mean= and var= of the training set",
            )
        normal = _normal(x, rest, eps)
    return _scaled(normal, gain, bias, axis)


def group_norm(
    x: Operand, groups: int, gain: Operand | None = None, bias: Operand | None = None, *, eps: float = 1e-5
) -> Node:
    """x [m×C×...] with mean 0 and variance 1 over each of so many groups of its channels.

    Then it is multiplied by gain [C], and bias [C] is added (Wu and He, 2018).
    Raises ShapeError when the channels cannot be shared out evenly.
    """
    x = as_node(x)
    channels = x.shape[1] if len(x.shape) > 1 else 0
    whole = isinstance(channels, int) and isinstance(groups, int) and not isinstance(groups, bool)
    if not whole or groups < 1 or not channels or int(channels) % groups:
        raise ShapeError(
            f"group_norm of {show(x.shape)} in {groups!r} groups",
            where=x.where,
            why="x is [m×C×...], and its channels are shared out evenly",
        )
    apart = op("reshape", x, shape=(x.shape[0], groups, int(channels) // groups, *x.shape[2:]))
    normal = op("reshape", _normal(apart, tuple(range(2, len(apart.shape))), eps), shape=x.shape)
    return _scaled(normal, gain, bias, 1)


def instance_norm(x: Operand, gain: Operand | None = None, bias: Operand | None = None, *, eps: float = 1e-5) -> Node:
    """x [m×C×...] with mean 0 and variance 1 over each channel of each example, times gain [C], plus bias [C]."""
    x = as_node(x)
    if len(x.shape) < 3:
        raise ShapeError(f"instance_norm of {show(x.shape)}", where=x.where, why="x is [m×C×...]: channels have places")
    return _scaled(_normal(x, tuple(range(2, len(x.shape))), eps), gain, bias, 1)


def rms_norm(x: Operand, gain: Operand | None = None, *, axis: int | Sequence[int] = -1, eps: float = 1e-5) -> Node:
    """x/sqrt(mean(x²) + eps) over `axis`, times `gain` (Zhang and Sennrich, 2019).

    >>> import cgraph as cg
    >>> cg.forward(rms_norm([3.0, 4.0], eps=0)).values[-1] * 12.5**0.5
    array([3., 4.])
    """
    x = as_node(x)
    normal = x / op("sqrt", op("mean", op("square", x), axis=axis, keepdims=True) + eps)
    return normal if gain is None else normal * gain


def _normal(x: Node, axis: tuple[int, ...], eps: float) -> Node:
    centred: Node = op("centre", x, axis=axis)
    normal: Node = centred / op("sqrt", op("mean", op("square", centred), axis=axis, keepdims=True) + eps)
    return normal


def _scaled(x: Node, gain: Operand | None, bias: Operand | None, axis: int) -> Node:
    scaled = x if gain is None else x * _along(gain, axis, x, "gain")
    return scaled if bias is None else scaled + _along(bias, axis, x, "bias")


def _along(given: Operand, axis: int, x: Node, what: str) -> Node:
    """One number a channel, with the axes that follow it."""
    node = as_node(given)
    wanted: Shape = (x.shape[axis],)
    if node.shape != wanted:
        raise ShapeError(
            f"the {what} of the shape {show(node.shape)} for {show(x.shape)}",
            where=node.where,
            why="it has one number for each channel",
            fix=f"give the shape {show(wanted)}",
        )
    after = len(x.shape) - axis - 1
    spread: Node = op("expand_dims", node, axis=tuple(range(1, after + 1))) if after else node
    return spread
