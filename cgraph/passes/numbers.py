"""The passes as users call them: numbers unless another world is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cgraph.errors import NotFiniteError, ValueRefusedError
from cgraph.graph import building
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node, short
from cgraph.graph.parse import GraphLike, as_graph
from cgraph.passes.backward import Backward
from cgraph.passes.backward import backward as run_backward
from cgraph.passes.forward import Forward
from cgraph.passes.forward import forward as run_forward
from cgraph.passes.indeterminate import suspicious
from cgraph.passes.warned import warn_of_decisions, warn_of_edges, warn_of_products, warn_of_sums
from cgraph.quoting import decimal
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
    rules of IEEE 754, without warnings; with `check_finite`, the first node that has one is refused by name. A graph of
    derivatives warns as `cg.backward` does, by an IndeterminateWarning.
    Raises NameUnknownError, MissingValueError, ShapeError, ValueRefusedError, NotFiniteError.
    """
    given: dict[Any, Any] = {**(feed or {}), **values}
    with np.errstate(all="ignore"), building.paused():
        fwd = run_forward(as_graph(outputs, given), given, world)
        if world.numeric:
            if _refuse_targets(fwd):
                warn_of_products(fwd)
            if fwd.graph.order:
                warn_of_sums(fwd)
            if fwd.graph.order > 1:
                warn_of_decisions(fwd)
    if check_finite:
        _refuse_not_finite(fwd)
    return fwd


def _refuse_targets(fwd: Forward) -> bool:
    """Refuse leaves given as targets that are none. What is computed is its author's: a teacher's output, a sum.

    Says whether there are products of the chain rule among the nodes, as there may be in a graph of derivatives.
    """
    chained = False
    for node in fwd.graph.nodes:
        row = node.op
        if row is None:
            continue
        if row.zero_wins:
            chained = True
        elif row.check is not None and node.operands[-1].op is None:
            leaf = node.operands[-1]
            try:
                row.check(fwd[leaf])
            except ValueRefusedError as error:
                what = f"{fwd.graph.name(node)}: {error.what}"
                raise ValueRefusedError(what, where=node.where, why=error.why, fix=error.fix) from None
    return chained


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
    an IndeterminateWarning that names the edge, where 0 meets ∞ outside of masks (see `Backward.indeterminate`), and
    where a second derivative is taken at the kink of a first one.
    """
    fwd = _run(run, feed, values)
    with np.errstate(all="ignore"), building.paused():
        bwd = run_backward(fwd, of, upstream)
        if fwd.world.numeric:
            if suspicious(bwd.edges, fwd[bwd.of]):
                warn_of_edges(bwd)
            if fwd.graph.order:
                warn_of_decisions(fwd)
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
