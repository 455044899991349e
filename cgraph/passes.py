"""The passes as users call them: numbers unless another world is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from cgraph.backward import Backward
from cgraph.backward import backward as run_backward
from cgraph.forward import Forward
from cgraph.forward import forward as run_forward
from cgraph.graph import Graph
from cgraph.node import Node
from cgraph.worlds.numpy import NUMPY
from cgraph.worlds.world import World


def forward(
    outputs: Node | Graph | Iterable[Node],
    feed: Mapping[Any, Any] | None = None,
    /,
    *,
    world: World = NUMPY,
    **values: Any,
) -> Forward:
    """The forward pass: `cg.forward(L, a=3, b=1, c=-2)`, or `cg.forward(L, {"w[1]": 3, x: array})`.

    Numbers and arrays are copied and computed as float64, or in the `world` given. Infinities and NaN follow the
    rules of IEEE 754, without warnings.
    Raises NameUnknownError, MissingValueError, ShapeError, ValueRefusedError.
    """
    given: dict[Any, Any] = {**(feed or {}), **values}
    with np.errstate(all="ignore"):
        return run_forward(outputs, given, world)


def backward(fwd: Forward, of: Node | str | None = None, upstream: Any | None = None) -> Backward:
    """The backward pass from the output, or from the node `of`: gradients of every node, and every edge.

    Calling it again gives the same result: nothing is accumulated from call to call.
    Raises GradientError when `of` is no scalar and no `upstream` gradient is given.
    """
    with np.errstate(all="ignore"):
        return run_backward(fwd, of, upstream)
