"""Where 0 meets ∞ in the chain rule: the factors do not determine the product, which the passes set to 0.

A quick look at what has been computed says whether anything is not finite. Only then is the pass repeated with numbers
that know which of their zeros are structural (`cgraph.worlds.traced`): masks stop a branch, and that is no question.
Nor is it one where a leaf is infinite and the product is 0 at large finite numbers already, as x exp(-x) is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from cgraph.graph.node import Node
from cgraph.passes.forward import Forward, forward

if TYPE_CHECKING:
    from cgraph.worlds.world import World


LARGE = 1e15  # an upstream gradient that brings some slopes back which float64 rounds to 0
FAR = (1e4, 1e30)  # in place of infinity: where exp(-x) is 0, and where rounding alone does not make a 0


def traced(fwd: Forward, far: float = math.inf) -> Forward | None:
    """A forward pass once more, in the world that knows structural zeros; None where values are no numbers.

    Infinite leaves may get another value, which is as far as that on their side.
    """
    world: World | None = fwd.world.traced()
    if world is None:
        return None
    values = {leaf: fwd[leaf] for leaf in fwd.graph.leaves}
    if far != math.inf:
        values = {leaf: np.where(np.isinf(v), np.copysign(far, v), v) for leaf, v in values.items()}
    with np.errstate(all="ignore"):
        return forward(fwd.graph, values, world)


def before_infinity(fwd: Forward) -> list[Forward]:
    """The pass in that world with large numbers in place of infinite leaves; none where there are no such leaves."""
    if not any(np.isinf(fwd[leaf]).any() for leaf in fwd.graph.leaves):
        return []
    return [again for again in (traced(fwd, far) for far in FAR) if again is not None]


def _settled(products: Sequence[tuple[Any, Any]], world: Any) -> Any:
    """Where products are 0 before infinity, each of a determined 0."""
    zero = [np.equal(_number(x), 0) | np.equal(_number(y), 0) for x, y in products]
    known = [z & ~world.undetermined(x, y) for z, (x, y) in zip(zero, products, strict=True)]
    return reduce(np.logical_and, known) if known else np.bool_(False)


def suspicious(edges: Iterable[Any], root: Any) -> bool:
    """Whether a factor on some edge is not finite, or what a pullback gave, or the value of the root."""
    if not _finite(root):
        return True
    before, number, finite = None, np.float64, math.isfinite  # a pass asks this of each of its edges
    for _, _, _, upstream, local, downstream, _ in edges:
        if local.__class__ is int:
            continue
        if upstream.__class__ is local.__class__ is number:
            if not downstream and not (-LARGE < upstream < LARGE and finite(local)):  # a product of 0 and ∞ is 0
                return True
            continue
        if upstream is not before:
            before = upstream
            if not _finite(upstream):
                return True
        if not _finite(downstream if local is None else local):
            return True
    return False


def _finite(value: Any) -> bool:
    """Whether all is finite. Very large numbers may be taken for infinite ones: it is their squares that are summed."""
    if value.__class__ is np.float64:
        return math.isfinite(value)
    flat = value.ravel() if value.__class__ is np.ndarray else np.ravel(value)
    return math.isfinite(flat.dot(flat))


def undetermined(edge: Any, again: Any, before: Sequence[Any], world: Any) -> bool:
    """Whether 0 met ∞ on an edge, of which `again` is the same in the world that knows structural zeros; and `before`
    are the same with large numbers in place of infinite leaves."""
    if edge.local is not None:
        open_ = world.undetermined(again.upstream, again.local) | _overflown(edge, again, world) | _vanished(edge)
        return bool(np.any(open_ & ~_settled([(e.upstream, e.local) for e in before], world)))
    nodes = (edge.result, *edge.result.operands)
    return _nan(edge.downstream) and not (_nan(edge.upstream) or any(_nan(edge.forward[node]) for node in nodes))


def _overflown(edge: Any, again: Any, world: Any) -> Any:
    """Where a value that overflowed gives an infinite one with the slope 0, which is 1/∞: sqrt(z*z) at 1e200."""
    if edge.operand.op is None:
        return False
    infinite = np.isinf(edge.forward[edge.operand]) & np.isinf(edge.forward[edge.result])
    return infinite & np.not_equal(edge.upstream, 0) & world.rounded(again.local)


def _vanished(edge: Any) -> Any:
    """Where the slope of a quotient or of a power is below all numbers, and its upstream gradient is very large."""
    if edge.result.op.pole not in ("divisor", "always"):
        return False
    known = [edge.forward[x] for x in edge.result.operands]
    exact = reduce(np.logical_or, [np.equal(x, 0) | ~np.isfinite(x) for x in known])  # which has slopes of 0
    return np.equal(edge.local, 0) & (np.abs(edge.upstream) > LARGE) & ~exact


def shown(edge: Any) -> str:
    """What stands on an edge where 0 met ∞: the upstream gradient, then the local derivative."""
    if edge.local is None:
        return "0·∞ or ∞−∞"
    zero = np.equal(edge.local, 0)
    if np.any(np.isinf(edge.upstream) & zero):
        return "∞·0"
    if np.any(np.equal(edge.upstream, 0) & ~np.isfinite(edge.local)):
        return "0·∞"
    return "a slope that is rounded to 0" if np.any(_vanished(edge)) else "a slope of 1/∞"


def _nan(value: Any) -> bool:
    return bool(np.isnan(value).any())


def products(fwd: Forward) -> tuple[Node, ...]:
    """The products of the chain rule, in a pass over a graph of derivatives, in which 0 met ∞ outside of masks."""
    return tuple(node for node, _ in counted(fwd))


def sums(fwd: Forward) -> tuple[Node, ...]:
    """The sums, in a pass over a graph of derivatives, in which ∞ met -∞; none is looked for where no result is NaN."""
    if not any(_nan(fwd[output]) for output in fwd.graph.outputs):
        return ()
    added = [node for node in fwd.graph.nodes if node.op is not None and node.op.additive]
    return tuple(
        node
        for node in added
        if np.any(np.isnan(fwd[node]) & ~reduce(np.logical_or, [np.isnan(fwd[x]) for x in node.operands]))
    )


def counted(fwd: Forward) -> tuple[tuple[Node, int], ...]:
    """Each product in which 0 met ∞ outside of masks, and in how many elements."""
    doubtful = [node for node in fwd.graph.nodes if node.op is not None and node.op.zero_wins and _doubtful(fwd, node)]
    again = traced(fwd) if doubtful else None
    if again is None:
        return ()
    world: Any = again.world
    before = before_infinity(fwd)
    counts: list[tuple[Node, int]] = []
    for node in doubtful:
        x, y = node.operands
        settled = _settled([(near[x], near[y]) for near in before], world)
        counts.append((node, int(np.sum(world.undetermined(again[x], again[y]) & ~settled))))
    return tuple((node, count) for node, count in counts if count)


def _number(value: Any) -> Any:
    """A value of the world that knows structural zeros, without that."""
    return getattr(value, "value", value)


def _doubtful(fwd: Forward, node: Node) -> bool:
    return not all(_finite(fwd[operand]) for operand in node.operands)
