"""Convolution and pooling over sliding windows: products and reductions of what each window sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from cgraph.errors import ShapeError
from cgraph.functions.apply import op
from cgraph.functions.einstein import einsum
from cgraph.graph.node import Node, Operand, as_node
from cgraph.ops.windows import whole_numbers
from cgraph.shapes import show

Sizes: TypeAlias = "int | Sequence[int]"
PLACES, OFFSETS = "ijk", "uvw"  # the letters of windows, and of what stands in one


def conv1d(
    x: Operand,
    w: Operand,
    b: Operand | None = None,
    *,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Node:
    """The cross-correlation of sequences x [...×C×n] with F kernels w [F×C/groups×k]: [...×F×o], plus b [F].

    o = (n + 2·padding - dilation·(k - 1) - 1)//stride + 1. The padding is zeros on both sides, or "same" for o = n
    (with stride 1). With groups, each part of the channels has kernels of its own.
    Raises ShapeError for shapes that do not fit.

    >>> import cgraph as cg
    >>> cg.forward(conv1d([[1.0, 2.0, 3.0, 4.0]], [[[1.0, -1.0]]])).values[-1].tolist()
    [[-1.0, -1.0, -1.0]]
    """
    return _convolved("conv1d", 1, x, w, b, stride, padding, dilation, groups)


def conv2d(
    x: Operand,
    w: Operand,
    b: Operand | None = None,
    *,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Node:
    """The cross-correlation of images x [...×C×H×W] with F kernels w [F×C/groups×k×l]: [...×F×o×p], plus b [F].

    Along each axis o = (H + 2·padding - dilation·(k - 1) - 1)//stride + 1. The padding is zeros on both sides, one
    number or one for each axis, or "same" for an image of the same size (with stride 1). With groups, each part of the
    channels has kernels of its own. (Goodfellow et al., Deep Learning, Eq. 9.6.)
    Raises ShapeError for shapes that do not fit.

    >>> import cgraph as cg
    >>> conv2d(cg.variable("x", ("m", 3, 28, 28)), cg.variable("w", (8, 3, 5, 5)), stride=2, padding=2).shape
    ('m', 8, 14, 14)
    """
    return _convolved("conv2d", 2, x, w, b, stride, padding, dilation, groups)


def max_pool1d(
    x: Operand, size: Sizes, *, stride: Sizes | None = None, padding: Sizes = 0, dilation: Sizes = 1
) -> Node:
    """The largest in each window of sequences x [...×n]; windows stand side by side unless a stride is given.

    Of equal elements the first gets the gradient. The padding is never the largest.
    """
    return _largest("max_pool1d", 1, x, size, stride, padding, dilation)


def max_pool2d(
    x: Operand, size: Sizes, *, stride: Sizes | None = None, padding: Sizes = 0, dilation: Sizes = 1
) -> Node:
    """The largest in each window of images x [...×H×W]; windows stand side by side unless a stride is given.

    Of equal elements the first gets the gradient. The padding is never the largest.
    Raises ShapeError where no window fits, and for a padding of more than half of a window.

    >>> import cgraph as cg
    >>> cg.forward(max_pool2d([[1.0, 2.0], [4.0, 3.0]], 2)).values[-1].tolist()
    [[4.0]]
    """
    return _largest("max_pool2d", 2, x, size, stride, padding, dilation)


def avg_pool1d(x: Operand, size: Sizes, *, stride: Sizes | None = None, padding: Sizes = 0) -> Node:
    """The mean of each window of sequences x [...×n], zeros of the padding counted; side by side unless a stride is."""
    return _mean("avg_pool1d", 1, x, size, stride, padding)


def avg_pool2d(x: Operand, size: Sizes, *, stride: Sizes | None = None, padding: Sizes = 0) -> Node:
    """The mean of each window of images x [...×H×W], zeros of the padding counted; side by side unless a stride is.

    >>> import cgraph as cg
    >>> cg.forward(avg_pool2d([[1.0, 2.0], [4.0, 5.0]], 2)).values[-1].tolist()
    [[3.0]]
    """
    return _mean("avg_pool2d", 2, x, size, stride, padding)


def _convolved(
    name: str,
    rank: int,
    x: Operand,
    w: Operand,
    b: Operand | None,
    stride: Sizes,
    padding: Sizes | str,
    dilation: Sizes,
    groups: int,
) -> Node:
    x, w = as_node(x), as_node(w)
    (groups,) = whole_numbers("groups", groups, 1)
    _check_kernels(name, rank, x, w, groups)
    size = tuple(int(k) for k in w.shape[2:])
    strides = whole_numbers("stride", stride, rank)
    dilations = whole_numbers("dilation", dilation, rank)
    x = _padded(x, _padding(name, padding, size, strides, dilations), 0.0)
    windows = op("windows", x, size=size, stride=strides, dilation=dilations)
    places, offsets = PLACES[:rank], OFFSETS[:rank]
    if groups == 1:
        z = einsum(f"...c{places}{offsets},fc{offsets}->...f{places}", windows, w)
    else:
        *outer, channels = windows.shape[: -2 * rank]
        rest = windows.shape[-2 * rank :]
        apart = op("reshape", windows, shape=(*outer, groups, int(channels) // groups, *rest))
        kernels = op("reshape", w, shape=(groups, int(w.shape[0]) // groups, *w.shape[1:]))
        z = einsum(f"...gc{places}{offsets},gfc{offsets}->...gf{places}", apart, kernels)
        z = op("reshape", z, shape=(*outer, w.shape[0], *z.shape[-rank:]))
    if b is None:
        return z
    b = as_node(b)
    if b.shape != w.shape[:1]:
        raise ShapeError(
            f"{name} with a bias {show(b.shape)}",
            where=b.where,
            why=f"the kernels {show(w.shape)} give {w.shape[0]} channel(s)",
            fix=f"give b the shape {show(w.shape[:1])}",
        )
    return z + op("expand_dims", b, axis=tuple(range(1, rank + 1)))


def _check_kernels(name: str, rank: int, x: Node, w: Node, groups: int) -> None:
    """Refuse shapes that do not fit each other, with both."""
    what = f"{name} of {show(x.shape)} with kernels {show(w.shape)}"
    axes = "×".join("HWD"[:rank]) if rank > 1 else "n"
    if len(w.shape) != rank + 2 or len(x.shape) < rank + 1 or any(isinstance(d, str) for d in w.shape):
        raise ShapeError(
            what, where=w.where, why=f"x is [...×C×{axes}] and kernels are [F×C/groups×{'×'.join('kl'[:rank])}]"
        )
    channels, kernels, depth = x.shape[-rank - 1], int(w.shape[0]), int(w.shape[1])
    if channels != depth * groups:
        raise ShapeError(
            f"{what}{f' in {groups} groups' if groups > 1 else ''}",
            where=w.where,
            why=f"x has {channels} channel(s), and the kernels see {depth}{' in each group' if groups > 1 else ''}",
            fix=f"give kernels of the shape {show((kernels, *_share(channels, groups), *w.shape[2:]))}",
        )
    if kernels % groups:
        raise ShapeError(what, where=w.where, why=f"{kernels} kernel(s) cannot be shared out among {groups} groups")


def _share(channels: Any, groups: int) -> tuple[Any]:
    return (channels // groups if isinstance(channels, int) and channels % groups == 0 else f"{channels}/{groups}",)


def _padding(
    name: str, padding: Sizes | str, size: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> list[tuple[int, int]]:
    """How much stands before and after each axis; what "same" cannot share out evenly stands after it."""
    if padding == "valid":
        padding = 0
    if padding != "same":
        return [(p, p) for p in whole_numbers("padding", padding, len(size), least=0)]
    if set(stride) != {1}:
        raise ShapeError(
            f'{name} with padding="same" and stride {show(tuple(stride))}',
            why="with a stride the result is smaller than x",
            fix="give the padding as a number",
        )
    spans = [d * (k - 1) for k, d in zip(size, dilation, strict=True)]
    return [(span // 2, span - span // 2) for span in spans]


def _padded(x: Node, pairs: Sequence[tuple[int, int]], value: float) -> Node:
    if not any(map(any, pairs)):
        return x
    return op("pad", x, width=(*((0, 0),) * (len(x.shape) - len(pairs)), *pairs), value=value)


def _pooled(
    name: str, rank: int, x: Operand, size: Sizes, stride: Sizes | None, padding: Sizes, dilation: Sizes, value: float
) -> Node:
    """What each window sees, in the last axes."""
    sizes = whole_numbers("size", size, rank)
    around = whole_numbers("padding", padding, rank, least=0)
    for p, k in zip(around, sizes, strict=True):
        if 2 * p > k:
            raise ShapeError(
                f"{name} of windows {show(sizes)} with padding {p}",
                why="a window would see nothing but padding",
                fix=f"pad by at most {k // 2}",
            )
    x = as_node(x)
    if len(x.shape) < rank:
        raise ShapeError(f"{name} of {show(x.shape)}", where=x.where, why=f"windows slide over the last {rank} axes")
    return op(
        "windows",
        _padded(x, [(p, p) for p in around], value),
        size=sizes,
        stride=whole_numbers("stride", sizes if stride is None else stride, rank),
        dilation=whole_numbers("dilation", dilation, rank),
    )


def _largest(
    name: str, rank: int, x: Operand, size: Sizes, stride: Sizes | None, padding: Sizes, dilation: Sizes
) -> Node:
    windows = _pooled(name, rank, x, size, stride, padding, dilation, -np.inf)
    largest: Node = op("max", windows, axis=tuple(range(-rank, 0)))
    return largest


def _mean(name: str, rank: int, x: Operand, size: Sizes, stride: Sizes | None, padding: Sizes) -> Node:
    mean: Node = op("mean", _pooled(name, rank, x, size, stride, padding, 1, 0.0), axis=tuple(range(-rank, 0)))
    return mean
