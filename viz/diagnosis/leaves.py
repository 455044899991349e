"""Where gradients stop: values that are not finite, parameters that get exactly zero, and parameters not used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cgraph.graph.node import PARAMETER, Node
from cgraph.passes.backward import Backward, Edge
from cgraph.passes.indeterminate import shown
from viz.diagnosis.finding import INDETERMINATE, NOT_FINITE, UNUSED, ZERO, Finding, listed
from viz.diagnosis.units import unit_name


def not_finite(bwd: Backward) -> Iterator[Finding]:
    """The first node that made NaN or infinity from finite operands; else the first that made such a gradient."""
    graph, fwd = bwd.graph, bwd.forward
    bad = {n for n in graph.nodes if not _finite(fwd[n])}
    makers = [n for n in graph.nodes if n in bad and not any(x in bad for x in n.operands)]
    if makers:
        node = makers[0]
        made = f"made {_kind(fwd[node])} from finite operands" if node.op else f"was given {_kind(fwd[node])}"
        others = f"; so did {listed([graph.name(n) for n in makers[1:]])}" if makers[1:] else ""
        after = len(bad) - len(makers)
        yield Finding(
            NOT_FINITE,
            node,
            graph.name(node),
            f"{_op(node)}{made}{others}; {after} more {'node has' if after == 1 else 'nodes have'} it from there",
            "every gradient that passes a NaN is NaN, and one step makes every parameter NaN",
            "keep the operands where the op is finite; cg.simplify or the losses on logits avoid log(0); "
            "cg.forward(..., check_finite=True) stops there",
            names=tuple(graph.name(n) for n in makers),
            numbers={"nodes": float(len(bad))},
        )
        return
    for edge in bwd.edges:
        if not _finite(edge.downstream) and _finite(edge.upstream):
            name = graph.name(edge.result)
            yield Finding(
                NOT_FINITE,
                edge.result,
                name,
                f"{_op(edge.result)}the values are finite, but its derivative by {graph.name(edge.operand)} gives "
                f"{_kind(edge.downstream)}",
                "one step makes the parameters below it NaN or infinite",
                "move the operand off the place where the op has no finite slope, such as sqrt(x + 1e-12)",
                names=(name, graph.name(edge.operand)),
            )
            return


def indeterminate(bwd: Backward) -> Iterator[Finding]:
    """The first edge on which 0 met ∞ and no mask says that nothing depends on it, and how many more there are."""
    if not bwd.indeterminate:
        return
    edge, *more = bwd.indeterminate
    graph, name = bwd.graph, bwd.graph.name(edge.result)
    others = f", and on {len(more)} more" if more else ""
    set_to = "the gradient is set to 0 there" if edge.local is not None else "the gradient is NaN there"
    yield Finding(
        INDETERMINATE,
        edge.result,
        name,
        f"{_op(edge.result)}{shown(edge)} on the edge from {graph.name(edge.operand)} to {name}{others}: {set_to}",
        "the upstream gradient and the local derivative do not determine their product; it may be any number",
        "cg.simplify rewrites what saturates, such as log(1 + exp(z)); cg.where leaves out a branch",
        names=(name, graph.name(edge.operand)),
        numbers={"edges": float(len(bwd.indeterminate))},
    )


def zero(bwd: Backward) -> Iterator[Finding]:
    """Parameters whose gradient is exactly 0 in every entry, with the ops at which the gradient stopped."""
    onward: dict[Node, list[Edge]] = {}
    for edge in bwd.edges:
        onward.setdefault(edge.operand, []).append(edge)
    groups: dict[tuple[str, ...], list[Node]] = {}
    for leaf in trainable(bwd):
        if bwd.gradient.reaches(leaf) and not np.any(bwd.gradient[leaf]):
            groups.setdefault(_stops(bwd, leaf, onward), []).append(leaf)
    for stops, leaves in groups.items():
        names = [bwd.graph.name(n) for n in leaves]
        yield Finding(
            ZERO,
            leaves[0],
            names[0],
            f"every entry of the gradient of {listed(names)} is exactly 0: it stopped at {listed(stops)}",
            "a step of plain gradient descent leaves " + ("it as it is" if len(names) == 1 else "them as they are"),
            "look there for units that are off, factors that are 0, or weights that all start at 0",
            names=tuple(names),
        )


def _stops(bwd: Backward, leaf: Node, onward: dict[Node, list[Edge]]) -> tuple[str, ...]:
    """The last ops that a gradient reached on its ways back to a leaf, in the graph's order."""
    stops: dict[Node, str] = {}
    seen, waiting = {leaf}, [leaf]
    while waiting:
        node = waiting.pop()
        for edge in onward.get(node, []):
            if np.any(edge.upstream):
                cancels = bool(np.any(edge.downstream))
                end = ", where the shares cancel" if cancels else ""
                stops[edge.result] = f"{unit_name(bwd.graph, edge.result)}{_sign(edge.result)}{end}"
            elif edge.result not in seen:
                seen.add(edge.result)
                waiting.append(edge.result)
    return tuple(dict.fromkeys(stops[n] for n in sorted(stops, key=bwd.graph.position)))


def unused(bwd: Backward) -> Iterator[Finding]:
    """Parameters of the graph that no gradient reaches."""
    above: set[Node] = {bwd.of}
    for node in reversed(bwd.graph.nodes):
        if node in above:
            above.update(node.operands)
    root = bwd.graph.name(bwd.of)
    for leaf in trainable(bwd):
        if bwd.gradient.reaches(leaf):
            continue
        name = bwd.graph.name(leaf)
        why = f"{root} does not depend on {name}"
        if leaf in above:
            why = f"{root} depends on {name} only through ops without a derivative, such as step"
        yield Finding(
            UNUSED,
            leaf,
            name,
            f"no gradient of {root} flows to {name}",
            why,
            "use it on the way to the loss, or leave it out of what is trained",
            names=(name,),
        )


def trainable(bwd: Backward) -> tuple[Node, ...]:
    """The parameters; of a graph that has none, its variables."""
    inputs = bwd.graph.inputs
    return tuple(n for n in inputs if n.kind == PARAMETER) or inputs


def _finite(value: Any) -> bool:
    return bool(np.isfinite(np.asarray(value)).all())


def _kind(value: Any) -> str:
    return "NaN" if np.isnan(np.asarray(value)).any() else "∞"


def _op(node: Node) -> str:
    return "" if node.op is None else f"{node.op.name}: "


def _sign(node: Node) -> str:
    return "" if node.op is None else f" = {node.op.name}"
