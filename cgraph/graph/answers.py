"""What an output says: which op made its numbers, above which number a single one is a yes, and what takes logits."""

from __future__ import annotations

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import CONSTANT, Node
from cgraph.ops.op import Op

ANYTHING = (-np.inf, np.inf)
BETWEEN = (-np.inf, -1e6, -1e3, -10.0, -1.0, -0.1, 0.0, 0.1, 1.0, 10.0, 1e3, 1e6, np.inf)


def made_by(output: Node) -> Op | None:
    """The op that made the numbers of an output; what only moves numbers is looked through. None for a leaf.

    >>> from cgraph.graph.node import build, variable
    >>> from cgraph.ops import TABLE
    >>> made_by(build(TABLE["sigmoid"], variable("z", ("m", 1))).reshape("m", 1, 1))
    <op sigmoid: 1/(1 + exp(-x))>
    """
    while output.op is not None and output.op.view:
        output = output.operands[0]
    return output.op


def middle(output: Node) -> float:
    """Above this number an output of one column is a yes: 0 for a logit, 0.5 for what lies between 0 and 1."""
    low, high = span(output)
    if 0 <= low <= high <= 1:
        return 0.5
    row = made_by(output)
    return 0.0 if row is None else row.middle


def span(output: Node) -> tuple[float, float]:
    """Between which numbers an output lies, as far as the ops that made it tell, each by itself.

    An elementwise op is asked at the ends of what its operands can be, and between: 1/(1 + exp(-z)) is 0 to 1 too.

    >>> from cgraph.graph.node import build, variable
    >>> from cgraph.ops import TABLE
    >>> span((build(TABLE["tanh"], variable("z")) + 1) / 2), span(variable("z"))
    ((0.0, 1.0), (-inf, inf))
    """
    found: dict[Node, tuple[float, float]] = {}
    with np.errstate(all="ignore"):
        for node in Graph(output).nodes:
            found[node] = _span(node, [found[x] for x in node.operands])
    return found[output]


def _span(node: Node, operands: list[tuple[float, float]]) -> tuple[float, float]:
    row = node.op
    if row is None:
        known = node.kind == CONSTANT and node.value is not None and node.value.size and not np.isnan(node.value).any()
        return (float(np.min(node.value)), float(np.max(node.value))) if known else ANYTHING
    if row.probability:
        return 0.0, 1.0
    if row.bounds is not None:
        return row.bounds
    if row.elementwise and len(operands) <= len(row.operands):
        points = [np.unique(np.clip((*BETWEEN, *np.linspace(*_finite(s), 9)), *s)) for s in operands]
        values = np.ravel(row.numpy(*np.meshgrid(*points), **node.attrs))
        values = values[~np.isnan(values)]
        return (float(values.min()), float(values.max())) if values.size else ANYTHING
    if row.view or row.through:
        return min(low for low, _ in operands), max(high for _, high in operands)
    return ANYTHING


def _finite(ends: tuple[float, float]) -> tuple[float, float]:
    return float(np.clip(ends[0], -8, 8)), float(np.clip(ends[1], -8, 8))


def refuse_probabilities(what: str, logits: Node) -> None:
    """Refuse to take the logits of a loss from an op that made probabilities of them already, by that op's name."""
    row = made_by(logits)
    if row is not None and row.probability:
        raise ValueRefusedError(
            f"{what} of the probabilities of {row.name}",
            where=logits.where,
            why="it takes logits and applies the activation itself: it would be applied twice",
            fix="leave the model's last activation out, or take cg.binary_cross_entropy of one probability",
        )


def refuse_activated_twice(loss: Node) -> None:
    """Refuse a loss in which an op that takes logits is given probabilities. Raises ValueRefusedError."""
    for node in Graph(loss).nodes:
        if node.op is not None and node.op.of_logits:
            refuse_probabilities(node.op.name, node.operands[0])
