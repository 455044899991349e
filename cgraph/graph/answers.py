"""What an output says: which op made its numbers, above which number a single one is a yes, and what takes logits."""

from __future__ import annotations

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from cgraph.ops.op import Op


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
    """Above this number an output of one column is a yes: 0 for a logit, 0.5 for a probability."""
    row = made_by(output)
    return 0.0 if row is None else row.middle


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
