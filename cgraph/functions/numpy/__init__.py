"""NumPy's own functions on nodes: `np.sum(x, axis=0)` builds the node that `cg.sum(x, axis=0)` builds.

Functions of single elements (`np.tanh`) are NumPy's ufuncs, which the table's rows answer to by themselves; all others
stand here, by kind. This room is read when the first of them meets a node.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from cgraph.errors import CgraphError, ValueRefusedError
from cgraph.functions.numpy import elements, joining, matrices, ordering, reductions, shaping
from cgraph.functions.numpy.refused import REFUSED, called

FUNCTIONS: Mapping[Any, Callable[..., Any]] = {
    **elements.FUNCTIONS,
    **reductions.FUNCTIONS,
    **shaping.FUNCTIONS,
    **joining.FUNCTIONS,
    **matrices.FUNCTIONS,
    **ordering.FUNCTIONS,
}


def answer(function: Any, inputs: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """What one of NumPy's functions gives on nodes.

    Raises ValueRefusedError for arguments that nodes do not take, such as `out` and `dtype`, and CgraphError for a
    function that there is not, with what to write instead.
    """
    ours = FUNCTIONS.get(function)
    name = called(function)
    if ours is None:
        raise CgraphError(
            f"{name} does not work on nodes",
            why="no row of the table computes it, and nothing composed of rows",
            fix=REFUSED.get(name, "write it in functions of the table: docs/numpy.md lists NumPy's that work"),
        )
    parameters = _signature(ours)
    try:
        parameters.bind(*inputs, **options)
    except TypeError as error:
        known = ", ".join(parameters.parameters)
        raise ValueRefusedError(f"{name} on nodes: {error}", fix=f"it takes {known}") from None
    return ours(*inputs, **options)


_signature = cache(inspect.signature)  # when first called: it takes ten times as long as the call
