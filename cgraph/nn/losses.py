"""Losses as functions of nodes: the mean over the batch, a scalar node named L."""

from __future__ import annotations

from typing import Any

from cgraph.errors import ValueRefusedError
from cgraph.functions.losses import paired
from cgraph.functions.table import table
from cgraph.graph.answers import refuse_probabilities
from cgraph.graph.node import Node, as_node


def softmax_cross_entropy_loss(logits: Node, targets: Any, *, weights: Any = None, smoothing: float = 0.0) -> Node:
    """Mean cross-entropy of softmax(logits) [m×k] against targets: distributions [m×k], or class ids [m].

    Computed from the logits, so that nothing overflows (SLP3 Eq. 6.27 and 6.28). `weights` [k] are class weights, by
    which the mean divides too; `smoothing` shares out that part of each target among all classes (see
    `cg.softmax_cross_entropy`). In a training, give them with `partial(nn.softmax_cross_entropy_loss, smoothing=0.1)`.
    Raises ShapeError for targets of another shape, ValueRefusedError for what is a probability already.

    >>> import cgraph as cg
    >>> L = softmax_cross_entropy_loss(cg.constant([[0.0, 0.0]]), [[1.0, 0.0]])
    >>> float(cg.forward(L)["L"])  # log 2
    0.6931471805599453
    """
    logits, targets = _logits("softmax_cross_entropy_loss", logits), as_node(targets)
    ids = targets.shape and targets.shape == logits.shape[:-1] and logits.shape[-1] != 1  # of one class there are none
    if not ids:
        logits, targets = paired("softmax_cross_entropy_loss", logits, targets)
    if weights is None and not smoothing:
        return table()["softmax_cross_entropy"](logits, targets).mean().named("L")
    options = {"weights": weights, "smoothing": smoothing, "reduction": "mean"}
    loss: Node = table()["softmax_cross_entropy"](logits, targets, **options)
    return loss.named("L")


def sigmoid_cross_entropy_loss(logits: Node, targets: Any) -> Node:
    """Mean cross-entropy of sigmoid(logits) against targets: logits [m×1], targets [m×1] from 0 to 1.

    Computed from the logits, so that nothing overflows (SLP3 Eq. 6.25 and 6.26). With several columns, each a
    question of its own, it is the mean over the columns too.
    Raises ShapeError when the shapes differ, ValueRefusedError for what is a probability already.

    >>> import cgraph as cg
    >>> float(cg.forward(sigmoid_cross_entropy_loss(cg.constant([[0.0]]), [[1.0]]))["L"])
    0.6931471805599453
    """
    logits = _logits("sigmoid_cross_entropy_loss", logits)
    logits, targets = paired("sigmoid_cross_entropy_loss", logits, targets)
    return table()["sigmoid_cross_entropy"](logits, targets).mean().named("L")


def mse_loss(outputs: Node, targets: Any) -> Node:
    """Mean of (outputs - targets)² over the batch and the columns: outputs [m×k], targets [m×k].

    Raises ShapeError when the shapes differ.

    >>> import cgraph as cg
    >>> float(cg.forward(mse_loss(cg.constant([[1.0], [3.0]]), [[0.0], [0.0]]))["L"])
    5.0
    """
    outputs, targets = paired("mse_loss", outputs, targets)
    difference: Node = outputs - targets
    return (difference * difference).mean().named("L")


def weight_decay(model: Any, strength: float, *, biases: bool = False) -> Node:
    """The penalty strength/2 · Σ w² over a model's weights, a scalar to add to the loss; biases only if asked.

    Its gradient is strength · w, so that with SGD each step shrinks every weight by the factor 1 - η·strength.
    Raises ValueRefusedError for a strength that is not finite and 0 or above, and when there is nothing to decay.

    >>> import cgraph as cg
    >>> penalty = weight_decay(cg.nn.textbook.xor_net(), 0.1)
    >>> round(float(cg.forward(penalty)[penalty]), 12)  # 0.05 · (4·1² + 1² + 2²)
    0.45
    """
    if isinstance(strength, bool) or not isinstance(strength, (int, float)) or not 0 <= strength < float("inf"):
        raise ValueRefusedError(
            f"weight decay of strength {strength!r}", why="it multiplies squares", fix="give a number such as 1e-4"
        )
    weights = [p for p in model.parameters if biases or len(p.shape) > 1]
    if not weights:
        raise ValueRefusedError("the model has no weights to decay", why="it has no matrix", fix="give biases=True")
    op = table()
    total: Node = op["add"](*(op["square"](w).sum() for w in weights))
    return (strength / 2 * total).named("weight decay")


def _logits(loss: str, outputs: Any) -> Node:
    """What a loss on logits is given: the model's last op must not have made probabilities of them already."""
    node = as_node(outputs)
    refuse_probabilities(loss, node)
    return node
