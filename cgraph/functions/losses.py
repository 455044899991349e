"""Losses, their targets checked and their examples brought together."""

from __future__ import annotations

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.apply import op
from cgraph.graph.node import CONSTANT, Node, Operand, as_node, short
from cgraph.ops.indexing import as_ids
from cgraph.ops.targets import distributions
from cgraph.shapes import show


def reduced(losses: Node, reduction: str, counts: Node | None = None, *, signed: bool = False) -> Node:
    """The losses of examples brought together: "mean" (over the sum of `counts`, or their number), "sum" or "none".

    Where every count is 0 there is nothing to count: the mean is 0, with gradient 0. Counts that are `signed` may also
    cancel; then the quotient is what IEEE 754 says of a division by 0.
    """
    if reduction == "none":
        return losses
    if reduction == "sum":
        return op("sum", losses)
    if reduction != "mean":
        raise ValueRefusedError(f"reduction={reduction!r}", fix='write "mean", "sum" or "none"')
    if counts is None:
        return op("mean", losses)
    total = op("sum", counts)
    nothing = op("equal", op("sum", op("abs", counts)) if signed else total, 0.0)
    return op("sum", losses) / (total + nothing)


def mse(x: Operand, y: Operand, reduction: str = "mean") -> Node:
    """The squared error (x - y)² of outputs and targets of one shape, brought together by `reduction`."""
    x, y = paired("mse", x, y)
    return reduced(op("square", x - y), reduction)


def softmax_cross_entropy(
    x: Operand,
    y: Operand,
    *,
    weights: Operand | None = None,
    ignore: int | None = None,
    smoothing: float = 0.0,
    reduction: str = "none",
) -> Node:
    """-sum(y*log(softmax(x))): the loss of each row of logits x [m×k], as a node.

    The targets y are a distribution for each row [m×k], or class ids [m] from 0 to k - 1. `weights` [k] are class
    weights, `ignore` is an id that marks rows without a target: their loss and gradient are 0. The "mean" divides
    by the sum of the targets' weights, whatever their signs (without weights, by the number of rows that have one);
    when every row is ignored or has the weight 0, loss and gradient are 0. `smoothing` shares out that part of each
    target evenly among the k classes, and the mean still divides by the weights of the targets themselves (Szegedy et
    al., 2016, Section 7).
    Raises ShapeError for other shapes; ValueRefusedError for constant targets that are no ids or no distribution.

    >>> import cgraph as cg
    >>> L = softmax_cross_entropy([[1.0, 2.0], [3.0, 4.0]], [-1, 1], ignore=-1, reduction="mean")
    >>> round(float(cg.forward(L).values[-1]), 4)
    0.3133
    """
    logits, targets = as_node(x), as_node(y)
    if logits.shape and targets.shape == logits.shape[:-1] and isinstance(logits.shape[-1], int):
        if targets.kind == CONSTANT:
            as_ids(targets.value, logits.shape[-1], ignore)
        targets = op("one_hot", targets, classes=logits.shape[-1], ignore=ignore)
    elif ignore is not None:
        raise ShapeError(
            f"softmax_cross_entropy of {show(logits.shape)} and targets {show(targets.shape)} with ignore={ignore}",
            where=targets.where,
            why="only class ids can be ignored",
            fix=f"give ids of the shape {show(logits.shape[:-1])}",
        )
    elif targets.kind == CONSTANT and logits.shape and targets.shape == logits.shape:
        _check_distributions(targets)
    signed, counts = False, targets
    if not isinstance(smoothing, (int, float)) or isinstance(smoothing, bool) or not 0 <= smoothing < 1:
        raise ValueRefusedError(
            f"softmax_cross_entropy with smoothing={smoothing!r}",
            why="it is the part of each target that all classes share",
            fix="give a number from 0 up and below 1, such as 0.1",
        )
    if smoothing:
        classes = logits.shape[-1] if logits.shape else 0
        if isinstance(classes, str) or targets.shape != logits.shape:
            raise ShapeError(
                f"softmax_cross_entropy of {show(logits.shape)} and targets {show(targets.shape)} with smoothing",
                where=targets.where,
                why="the classes must be counted, and each row of logits has a target",
            )
        targets = targets * (1.0 - smoothing) + op("sum", targets, axis=-1, keepdims=True) * (smoothing / classes)
    if weights is not None:
        weights = as_node(weights)
        if weights.shape != logits.shape[-1:]:
            raise ShapeError(
                f"class weights of the shape {show(weights.shape)}",
                where=weights.where,
                why=f"there are {logits.shape[-1] if logits.shape else 0} classes",
                fix="give one weight a class",
            )
        signed = weights.kind != CONSTANT or bool((weights.value < 0).any())
        targets, counts = targets * weights, counts * weights
    return reduced(op("softmax_cross_entropy", logits, targets), reduction, counts, signed=signed)


def _check_distributions(targets: Node) -> None:
    try:
        distributions(targets.value)
    except ValueRefusedError as error:
        raise ValueRefusedError(error.what, where=targets.where, why=error.why, fix=error.fix) from None


def huber(x: Operand, y: Operand, *, delta: float = 1.0, reduction: str = "mean") -> Node:
    """The loss of Huber (1964): (x - y)²/2 where |x - y| is at most delta, and delta·(|x - y| - delta/2) beyond.

    With delta = 1 it is the smooth L1 loss. Raises ShapeError for outputs and targets of two shapes.

    >>> import cgraph as cg
    >>> cg.forward(huber([0.5, 3.0], [0.0, 0.0], reduction="none")).values[-1].tolist()
    [0.125, 2.5]
    """
    x, y = paired("huber", x, y)
    if isinstance(delta, bool) or not isinstance(delta, (int, float)) or not 0 < delta < float("inf"):
        raise ValueRefusedError(f"huber with delta={delta!r}", why="it is where the loss turns straight", fix="delta=1")
    error = x - y
    near = op("clip", error, -float(delta), float(delta))  # whose slope is the loss's own: nothing decides at the bend
    return reduced(near * (error - near / 2), reduction)


def hinge(x: Operand, y: Operand, *, margin: float = 1.0, reduction: str = "mean") -> Node:
    """max(0, margin - y·x) of scores x and targets y, each -1 or 1, of one shape.

    >>> import cgraph as cg
    >>> cg.forward(hinge([0.5, -2.0], [1.0, -1.0], reduction="none")).values[-1].tolist()
    [0.5, 0.0]
    """
    x, y = paired("hinge", x, y)
    if y.kind == CONSTANT and not ((y.value == 1) | (y.value == -1)).all():
        raise ValueRefusedError(f"hinge with targets {short(y.value)}", where=y.where, why="they are -1 or 1")
    return reduced(op("relu", margin - y * x), reduction)


def kl_divergence(p: Operand, log_q: Operand, *, reduction: str = "none") -> Node:
    """sum(p·(log p - log q)) over the last axis: how far log-probabilities are from the distributions p.

    Where p is 0 the term is 0. "mean" is over the rows. (Kullback and Leibler, 1951.)

    >>> import cgraph as cg
    >>> round(float(cg.forward(kl_divergence([1.0, 0.0], cg.log_softmax([0.0, 0.0]))).values[-1]), 6)
    0.693147
    """
    p, log_q = paired("kl_divergence", p, log_q)
    there = op("not_equal", p, 0.0)
    term = op("where", there, p * (op("log", op("where", there, p, 1.0)) - log_q), 0.0)
    return reduced(op("sum", term, axis=-1), reduction)


def cosine_similarity(x: Operand, y: Operand, *, axis: int = -1) -> Node:
    """x·y/(|x||y|) along an axis (SLP3 Section 6.4); the operands broadcast.

    Of a vector of zeros it is nan: it has no direction.

    >>> import cgraph as cg
    >>> float(cg.forward(cosine_similarity([3.0, 4.0], [4.0, 3.0])).values[-1])
    0.96
    """
    x, y = as_node(x), as_node(y)
    product = op("sum", x * y, axis=axis)
    similarity: Node = product / (op("norm", x, axis=axis) * op("norm", y, axis=axis))
    return similarity


def paired(name: str, x: Operand, y: Operand) -> tuple[Node, Node]:
    """Outputs and targets as nodes of one shape. Raises ShapeError."""
    x, y = as_node(x), as_node(y)
    if x.shape != y.shape:
        raise ShapeError(
            f"{name} of {show(x.shape)} and targets {show(y.shape)}",
            where=x.where,
            why="both need one shape: broadcasting would compare every output with every target",
            fix="use .reshape(-1, 1) for a single output, cg.train.data.one_hot_rows(ids, classes) for class ids",
        )
    return x, y
