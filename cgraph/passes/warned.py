"""What passes in numbers warn of: products that their factors do not determine, and derivatives at kinks."""

from __future__ import annotations

import warnings
from typing import Any

from cgraph.errors import IndeterminateWarning
from cgraph.passes.backward import Backward
from cgraph.passes.decisions import decided_before
from cgraph.passes.forward import Forward
from cgraph.passes.indeterminate import products, shown, sums
from cgraph.quoting import terminal

SATURATED = "cg.simplify rewrites what saturates, such as cross-entropy of a sigmoid; cg.where leaves out a branch"
KINKED = "write what is smooth as such, for example sum(v*v) for norm(v)**2, or move off the kink"


def warn_of_edges(bwd: Backward) -> None:
    """Name the first edge on which 0 met ∞: the true gradient there may be another."""
    if not bwd.indeterminate:
        return
    edge, *more = bwd.indeterminate
    result, operand = bwd.graph.name(edge.result), bwd.graph.name(edge.operand)
    what = "set to 0 there and may be another" if edge.local is not None else "NaN there"
    where = f"{shown(edge)} on the edge from {operand} to {result} ({edge.result.where}){_more('on', more)}"
    _warn(f"{where}: the gradient is {what}", SATURATED)


def warn_of_products(fwd: Forward) -> None:
    """Name the first product of a gradient graph in which 0 met ∞."""
    found = products(fwd)
    if found:
        node, *more = found
        where = f"0·∞ in {fwd.graph.name(node)}, a product of the chain rule ({node.where}){_more('in', more)}"
        _warn(f"{where}: it is set to 0 there and may be another number", SATURATED)


def warn_of_sums(fwd: Forward) -> None:
    """Name the first sum of a gradient graph in which ∞ met -∞."""
    found = sums(fwd)
    if found:
        node, *more = found
        where = f"∞−∞ in {fwd.graph.name(node)}, a sum of derivatives ({node.where}){_more('in', more)}"
        _warn(f"{where}: it is NaN there, and there may be a limit", SATURATED)


def warn_of_decisions(fwd: Forward) -> None:
    """Name the first kink of a first derivative at which a second one is computed."""
    found = decided_before(fwd)
    if found:
        decision, *more = found
        where = f"a second derivative where {fwd.graph.name(decision.node)} decides a first one by convention"
        _warn(f"{where}{_more('at', more)}, {decision}: it has no derivative there, and 0 is taken for it", KINKED)


def _more(where: str, others: list[Any]) -> str:
    return f" and {where} {len(others)} more" if others else ""


def _warn(what: str, fix: str) -> None:
    warnings.warn(f"{terminal(what)}. Fix: {fix}", IndeterminateWarning, stacklevel=4)
