"""The passes as users call them: numbers unless another world is asked for."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cgraph.errors import IndeterminateWarning, NotFiniteError, ValueRefusedError
from cgraph.graph import building
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node, short
from cgraph.graph.parse import GraphLike, as_graph
from cgraph.passes.backward import Backward
from cgraph.passes.backward import backward as run_backward
from cgraph.passes.forward import Forward
from cgraph.passes.forward import forward as run_forward
from cgraph.quoting import decimal, terminal
from cgraph.shapes import show
from cgraph.worlds.numpy import NUMPY

if TYPE_CHECKING:
    from cgraph.worlds.world import World


def forward(
    outputs: GraphLike,
    feed: Mapping[Any, Any] | None = None,
    /,
    *,
    world: World = NUMPY,
    check_finite: bool = False,
    **values: Any,
) -> Forward:
    """The forward pass: `cg.forward(L, a=3, b=1, c=-2)`, or `cg.forward(L, {"w[1]": 3, x: array})`.

    A formula is taken too, `cg.forward("L = c*(a + 2*b)", a=3, b=1, c=-2)`: arrays give its variables their shapes.
    Numbers and arrays are copied and computed as float64, or in the `world` given. Infinities and NaN follow the
    rules of IEEE 754, without warnings; with `check_finite`, the first node that has one is refused by name.
    Raises NameUnknownError, MissingValueError, ShapeError, ValueRefusedError, NotFiniteError.
    """
    given: dict[Any, Any] = {**(feed or {}), **values}
    with np.errstate(all="ignore"), building.paused():
        fwd = run_forward(as_graph(outputs, given), given, world)
    if world.numeric:
        _refuse_targets(fwd)
    if check_finite:
        _refuse_not_finite(fwd)
    return fwd


def _refuse_targets(fwd: Forward) -> None:
    """Refuse leaves given as targets that are none. What is computed is its author's: a teacher's output, a sum."""
    for node in fwd.graph.nodes:
        if node.op is not None and node.op.check is not None and node.operands[-1].op is None:
            leaf = node.operands[-1]
            try:
                node.op.check(fwd[leaf])
            except ValueRefusedError as error:
                what = f"{fwd.graph.name(node)}: {error.what}"
                raise ValueRefusedError(what, where=node.where, why=error.why, fix=error.fix) from None


def _refuse_not_finite(fwd: Forward) -> None:
    """The first node in order with a NaN or an infinity has made it itself: its operands come before it."""
    for node, value in zip(fwd.graph.nodes, fwd.values, strict=True):
        array = np.asarray(value)
        if array.dtype.kind != "f" or np.isfinite(array).all():
            continue
        kind = "NaN" if np.isnan(array).any() else "infinity"
        operands = dict.fromkeys(node.operands)
        if not operands:
            what, why = f"{fwd.graph.name(node)} is given {short(value)}", ""
        else:
            what = f"{fwd.graph.name(node)} = {node.op.name if node.op else ''} made {kind}"
            why = "from finite operands " + ", ".join(f"{fwd.graph.name(x)} = {_printed(fwd[x])}" for x in operands)
        raise NotFiniteError(what, where=node.where, why=why, fix="keep its operands where it is finite")


def _printed(value: Any) -> str:
    """A number, or an array with its range, for which the first entries may say nothing."""
    array = np.asarray(value)
    if array.ndim == 0:
        return decimal(array)
    limits = f", from {decimal(array.min())} to {decimal(array.max())}" if array.size else ""
    return f"array {show(array.shape)}{limits}"


def backward(
    run: Forward | GraphLike,
    feed: Mapping[Any, Any] | None = None,
    /,
    *,
    of: Node | str | None = None,
    upstream: Any | None = None,
    **values: Any,
) -> Backward:
    """The backward pass from the output, or from the node `of`: gradients of every node, and every edge.

    It goes back through a forward pass; a graph, nodes or a formula are run forward first, with the values given as in
    `cg.forward`: `cg.backward("L = c*(a + 2*b)", a=3, b=1, c=-2)`.
    Calling it again gives the same result: nothing is accumulated from call to call.
    Raises GradientError when `of` is no scalar and no `upstream` gradient is given; what `cg.forward` raises. Warns, by
    an IndeterminateWarning that names the edge, where an infinite gradient meets a local derivative of 0.
    """
    fwd = _run(run, feed, values)
    with np.errstate(all="ignore"), building.paused():
        bwd = run_backward(fwd, of, upstream)
        if fwd.world.numeric:
            _warn_of_indeterminate(bwd)
    return bwd


def _run(run: Forward | GraphLike, feed: Mapping[Any, Any] | None, values: Mapping[str, Any]) -> Forward:
    """The forward pass to go back through."""
    if isinstance(feed, (str, Node)):
        raise ValueRefusedError(
            f"backward is given {short(feed)} for values", fix="write of= before the node that is differentiated"
        )
    if not isinstance(run, (Forward, Graph, Node, str, list, tuple)):
        raise ValueRefusedError(
            f"backward is given {short(run)}",
            why="it goes back through a forward pass",
            fix="write cg.backward(cg.forward(...))",
        )
    if not isinstance(run, Forward):
        return forward(run, {**(feed or {}), **values})
    if feed or values:
        raise ValueRefusedError(
            "backward is given values beside a forward pass", why="the pass has its own", fix="give it the graph"
        )
    return run


def _warn_of_indeterminate(bwd: Backward) -> None:
    """Name the first edge on which ∞·0 was taken for 0: the true gradient there may be another."""
    for edge in bwd.edges:
        up = edge.upstream
        infinite = math.isinf(up) if up.__class__ is np.float64 else np.isinf(up).any()
        if infinite and edge.local is not None and np.any(np.isinf(up) & (np.asarray(edge.local) == 0)):
            result, operand = bwd.graph.name(edge.result), bwd.graph.name(edge.operand)
            where = terminal(f"∞·0 on the edge from {operand} to {result} ({edge.result.where})")
            warnings.warn(
                f"{where}: the gradient is set to 0 there and may be another. "
                "Fix: cg.simplify rewrites sums that saturate, such as cross-entropy of a sigmoid",
                IndeterminateWarning,
                stacklevel=3,
            )
            return
