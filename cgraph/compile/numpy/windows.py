"""Sliding windows in the calls of NumPy that are quickest: place by place of a window, over all windows at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product
from math import prod
from typing import Any

import numpy as np

from cgraph.compile.lowering.values import Value
from cgraph.compile.numpy.calls import Call, Steps, by_the_row, copy
from cgraph.ops.named import ByOp
from cgraph.ops.windows import under

WINDOWS: ByOp[Steps] = ByOp()
MOST = 16  # places in a window up to which a call a place is quicker than a reduction
LEAST = 64  # windows from which it is


def places(x: Any, axis: Sequence[int]) -> list[Any]:
    """The parts of an array at each place along its last axes, where these are short and the others long; else none."""
    last = tuple(range(x.ndim - len(axis), x.ndim))
    many = prod(x.shape[a] for a in axis)
    if not axis or tuple(sorted(axis)) != last or not 1 < many <= MOST or x.size < many * LEAST:
        return []
    return [x[(..., *place)] for place in product(*(range(x.shape[a]) for a in last))]


def joined(ufunc: np.ufunc, parts: Sequence[Any], out: Any) -> list[Call]:
    """A reduction as a universal function of one part after the other."""
    first, second, *others = parts
    out = out.reshape(first.shape)
    return [partial(ufunc, first, second, out=out), *(partial(ufunc, out, part, out=out) for part in others)]


@WINDOWS
def _max_share(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    (x,) = operands
    parts = places(x, value.attrs["axis"])
    if not parts or value.attrs["ties"] != "first":
        assert value.op is not None
        return [partial(by_the_row, value.op.numpy, out, operands, dict(value.attrs))]
    shares = places(out, value.attrs["axis"])
    top, free, here, odd = (np.empty(parts[0].shape, t) for t in (x.dtype, bool, bool, bool))
    calls: list[Call] = [*joined(np.maximum, parts, top), partial(free.fill, True)]
    for part, share in zip(parts, shares, strict=True):
        calls += [
            partial(np.equal, part, top, here),
            partial(np.not_equal, part, part, odd),  # NaN is the largest
            partial(np.logical_or, here, odd, here),
            partial(np.logical_and, here, free, here),
            copy(share, here),
            partial(np.greater, free, here, free),
        ]
    return calls


@WINDOWS
def _windows_add(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    g, how = operands[0], value.attrs
    count = len(how["size"])
    counts = g.shape[g.ndim - 2 * count : g.ndim - count]
    calls: list[Call] = [partial(out.fill, 0)]
    for place in product(*map(range, how["size"])):
        there = out[under(place, counts, how["stride"], how["dilation"])]
        calls.append(partial(np.add, there, g[(..., *place)], there))
    return calls


@WINDOWS
def _pad(value: Value, out: Any, operands: list[Any]) -> list[Call]:
    (x,) = operands
    inner = tuple(slice(before, before + n) for n, (before, _) in zip(x.shape, value.attrs["width"], strict=True))
    return [partial(out.fill, value.attrs["value"]), copy(out[inner], x)]
