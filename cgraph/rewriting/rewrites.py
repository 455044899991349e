"""The rewrites that `simplify` makes: a table of pairs, each proved equal in the tests, and which may fit an op."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple, TypeAlias

from cgraph.graph.node import VARIABLE, Node, as_node, build, variable
from cgraph.ops import TABLE
from cgraph.ops.op import Op

Pair: TypeAlias = Callable[..., tuple[Node | float, Node | float]]  # from the variables: a formula, and what it becomes


def _op(name: str) -> Callable[..., Node]:
    return partial(build, TABLE[name])


neg, exp, log, log1p, scale = _op("neg"), _op("exp"), _op("log"), _op("log1p"), _op("scale")
sigmoid, log_sigmoid, softplus = _op("sigmoid"), _op("log_sigmoid"), _op("softplus")
softmax, log_softmax = _op("softmax"), _op("log_softmax")
binary_cross_entropy, sigmoid_cross_entropy = _op("binary_cross_entropy"), _op("sigmoid_cross_entropy")

# What changes nothing in exact arithmetic, nor in floating point for finite operands.
EQUAL: tuple[Pair, ...] = (
    lambda x: (x + 0, x),
    lambda x: (0 + x, x),
    lambda x: (x - 0, x),
    lambda x: (0 - x, -x),
    lambda x: (x * 1, x),
    lambda x: (1 * x, x),
    lambda x: (x * 0, 0),
    lambda x: (0 * x, 0),
    lambda x: (x * -1, -x),
    lambda x: (-1 * x, -x),
    lambda x: (scale(x, 1), x),
    lambda x: (scale(1, x), x),
    lambda x: (scale(x, 0), 0),
    lambda x: (scale(0, x), 0),
    lambda x: (scale(-1, x), -x),
    lambda x: (x / 1, x),
    lambda x: (x**1, x),
    lambda x: (neg(neg(x)), x),
)
# Equal too, but the left overflows or cancels in float64 and has no derivative there (SLP3 Eq. 6.42 at a = 1).
STABLE: tuple[Pair, ...] = (
    lambda x: (1 / (1 + exp(-x)), sigmoid(x)),
    lambda x: (1 / (exp(-x) + 1), sigmoid(x)),
    lambda x: (log(sigmoid(x)), log_sigmoid(x)),
    lambda x: (log(1 + exp(x)), softplus(x)),
    lambda x: (log(exp(x) + 1), softplus(x)),
    lambda x: (log1p(exp(x)), softplus(x)),
    lambda row: (log(softmax(row)), log_softmax(row)),
    lambda x, y: (binary_cross_entropy(sigmoid(x), y), sigmoid_cross_entropy(x, y)),
)
SHAPES = {"row": (2,)}  # of the variables that are no scalars; whatever their shape, they stand for any node


class Rewrite(NamedTuple):
    """`pattern` becomes `result`: graphs whose variables stand for any nodes. `heads` are the ops, or the
    numbers, that stand at some positions of the operands, by which most nodes are seen not to fit."""

    pattern: Node
    result: Node
    stable: bool
    heads: tuple[tuple[int, Op | float], ...]


@cache
def rewrites() -> tuple[Rewrite, ...]:
    """The table as graphs: built when the first node is simplified, once in a process."""
    return tuple(_rewrite(pair, stable) for stable, pairs in ((False, EQUAL), (True, STABLE)) for pair in pairs)


def _rewrite(pair: Pair, stable: bool) -> Rewrite:
    names = pair.__code__.co_varnames
    pattern, result = map(as_node, pair(*(variable(name, SHAPES.get(name, ())) for name in names)))
    heads = tuple((i, x.op or float(x.value)) for i, x in enumerate(pattern.operands) if x.kind != VARIABLE)
    return Rewrite(pattern, result, stable, heads)


@cache
def by_op() -> dict[Op, tuple[Rewrite, ...]]:
    """The rewrites that may fit a node, by its op."""
    table: dict[Op, tuple[Rewrite, ...]] = {}
    for rewrite in rewrites():
        row = rewrite.pattern.op
        assert row is not None
        table[row] = (*table.get(row, ()), rewrite)
    return table


@cache
def changing() -> tuple[frozenset[Op], dict[Op, frozenset[float]]]:
    """The rows that a rewrite may fit although no operand is a constant; for the others, the constants it asks for."""
    heads = {row: [[h for _, h in r.heads if not isinstance(h, Op)] for r in found] for row, found in by_op().items()}
    alone = frozenset(row for row, numbers in heads.items() if [] in numbers)
    alone |= {TABLE["broadcast_like"], TABLE["size"]}
    return alone, {row: frozenset(n for one in numbers for n in one) for row, numbers in heads.items()}


@cache
def quick() -> dict[Op, frozenset[float]]:
    """The elementwise rows without attributes that only constants may change, with those that rewrites ask for."""
    alone, numbers = changing()
    plain = [row for row in TABLE.values() if row.elementwise and not row.defaults and row not in alone]
    return {row: numbers.get(row, frozenset()) for row in plain}
