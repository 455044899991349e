"""The rewrites that `simplify` makes: a table of pairs, each proved equal in the tests, and which may fit an op.

A pattern stands for its other spellings too: a product or a sum of two in either order, and a square as x*x or x**2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from itertools import product
from typing import Any, NamedTuple, TypeAlias

from cgraph.graph.graph import Graph
from cgraph.graph.node import VARIABLE, Node, as_node, build, variable
from cgraph.graph.rebuild import standing_on
from cgraph.ops import TABLE
from cgraph.ops.op import Op
from cgraph.rewriting.factors import of_factors
from cgraph.rewriting.guards import (
    Fit,
    Make,
    finite,
    free_of_signs,
    one_axis,
    quotient,
    thirds,
    total_log,
    whole_halves,
)

Pair: TypeAlias = Callable[..., "tuple[Node | float, Node | float | Make]"]  # from the variables: a formula, its result
Entry: TypeAlias = "Pair | tuple[Pair, Fit]"  # with what is to be asked of the nodes that the variables stand for


def _op(name: str) -> Callable[..., Node]:
    return partial(build, TABLE[name])


neg, reciprocal, scale, square, sqrt, cbrt = (
    _op("neg"),
    _op("reciprocal"),
    _op("scale"),
    _op("square"),
    _op("sqrt"),
    _op("cbrt"),
)
exp, expm1, log, log1p, sinh, cosh, tanh = (
    _op("exp"),
    _op("expm1"),
    _op("log"),
    _op("log1p"),
    _op("sinh"),
    _op("cosh"),
    _op("tanh"),
)
size, log_abs, sign, hypot, relu, maximum, index = (
    _op("abs"),
    _op("log_abs"),
    _op("sign"),
    _op("hypot"),
    _op("relu"),
    _op("maximum"),
    _op("index"),
)
power_slope = _op("power_slope")
sigmoid, log_sigmoid, softplus = _op("sigmoid"), _op("log_sigmoid"), _op("softplus")
softmax, log_softmax, logsumexp, logaddexp = _op("softmax"), _op("log_softmax"), _op("logsumexp"), _op("logaddexp")
total, factors, norm, var, std = _op("sum"), _op("prod"), _op("norm"), _op("var"), _op("std")
det, logabsdet, det_sign = _op("det"), _op("logabsdet"), _op("det_sign")
binary_cross_entropy, sigmoid_cross_entropy = _op("binary_cross_entropy"), _op("sigmoid_cross_entropy")

# What changes nothing in exact arithmetic, nor in floating point for finite operands.
EQUAL: tuple[Entry, ...] = (
    lambda x: (x + 0, x),
    lambda x: (x - 0, x),
    lambda x: (0 - x, -x),
    lambda x: (x * 1, x),
    (lambda x: (x * 0, 0), finite),
    lambda x: (x * -1, -x),
    lambda x: (scale(x, 1), x),
    lambda x: (scale(1, x), x),
    (lambda x: (scale(x, 0), 0), finite),
    lambda x: (scale(0, x), 0),
    lambda x: (scale(-1, x), -x),
    lambda x: (x / 1, x),
    lambda x: (x**1, x),
    lambda x: (neg(neg(x)), x),
)
# Equal too, but the left overflows or cancels in float64 and loses its value or its derivative there (SLP3 Eq. 6.42 at
# a = 1). The first that fits is made: special ones stand before general ones, and operands are rewritten before.
STABLE: tuple[Entry, ...] = (
    lambda x: (1 / (1 + exp(-x)), sigmoid(x)),
    lambda x: (reciprocal(1 + exp(-x)), sigmoid(x)),
    lambda x: (1 / (1 + exp(x)), sigmoid(-x)),
    lambda x: (exp(x) / (1 + exp(x)), sigmoid(x)),
    lambda x: (1 - sigmoid(x), sigmoid(-x)),
    lambda x: ((exp(x) - exp(-x)) / (exp(x) + exp(-x)), tanh(x)),
    lambda x: (sinh(x) / cosh(x), tanh(x)),
    lambda x: (expm1(x) / (1 + exp(x)), tanh(x / 2)),
    lambda x: (-expm1(x) / (1 + exp(x)), tanh(-x / 2)),
    lambda x: (2 * sigmoid(x) - 1, tanh(x / 2)),
    lambda x, y: (y / (1 + exp(-x)), y * sigmoid(x)),
    lambda x, y: (y / (1 + exp(x)), y * sigmoid(-x)),
    lambda x: (log(sigmoid(x)), log_sigmoid(x)),
    lambda x: (log(1 + exp(x)), softplus(x)),
    lambda x: (log1p(exp(x)), softplus(x)),
    lambda x: (maximum(x, 0) + softplus(-size(x)), softplus(x)),
    lambda x: (relu(x) + softplus(-size(x)), softplus(x)),
    lambda x, y: (maximum(x, 0) - y + softplus(-size(x)), softplus(x) - y),
    lambda x, y: (relu(x) - y + softplus(-size(x)), softplus(x) - y),
    lambda x, y: (binary_cross_entropy(sigmoid(x), y), sigmoid_cross_entropy(x, y)),
    (lambda row: (exp(row) / total(exp(row)), softmax(row)), one_axis),
    lambda row: (log(softmax(row)), log_softmax(row)),
    lambda row: (log(index(softmax(row), key=0)), index(log_softmax(row), key=0)),
    lambda row: (log(total(exp(row))), logsumexp(row)),
    lambda x: (log(exp(x)), x),
    lambda x, y: (log(exp(x) + exp(y)), logaddexp(x, y)),
    lambda x, y: (log(exp(x) + y), total_log),
    lambda x, y: (exp(x) / y, quotient),
    lambda x: (log(cosh(x)), logaddexp(x, -x) - log(2)),
    lambda x: (log(1 - square(tanh(x))), 2 * (log(2) - logaddexp(x, -x))),
    lambda matrix: (log(det(matrix)), log(det_sign(matrix)) + logabsdet(matrix)),
    lambda matrix: (log(size(det(matrix))), logabsdet(matrix)),
    (lambda row: (log(factors(row)), log(factors(sign(row))) + total(log_abs(row))), free_of_signs),
    lambda x: (log(1 + x), log1p(x)),
    lambda x: (log(1 - x), log1p(-x)),
    lambda x: (exp(x) - 1, expm1(x)),
    lambda x: (exp(x) + -1, expm1(x)),
    lambda x: (1 - exp(x), -expm1(x)),
    lambda x, y: (sqrt(square(x) + square(y)), hypot(x, y)),
    lambda row: (sqrt(total(square(row))), norm(row)),
    lambda row: (sqrt(var(row)), std(row)),
)
# The logarithm of a product, quotient or power, which is infinite where what it is made of has logarithms and slopes.
FORMS = tuple(row for row in TABLE.values() if row.powers or row is TABLE["pow"])
LOGARITHMS = tuple(row for row in TABLE.values() if row.base)


def _logarithm(logarithm: Op, form: Op) -> Pair:
    """The pair of a logarithm and of the op under it."""
    made = of_factors(logarithm, form)
    if form.arity == 1:
        return lambda x: (build(logarithm, build(form, x)), made)
    return lambda x, y: (build(logarithm, build(form, x, y)), made)


# What is differentiated or compiled is rewritten by these too, and what is shown is not: books write the left, whose
# derivatives are ∞ - ∞ where those of the right have a limit (at x = 0); and log(x*y).
BEFORE: tuple[Entry, ...] = (
    lambda x, y: (scale(y, x ** (y - 1)), power_slope(x, y)),
    *(_logarithm(row, form) for row in LOGARITHMS for form in FORMS),
)
# The same function too, but the left meets a kink on its way, and its second derivative there is another one's.
SMOOTH: tuple[Entry, ...] = (
    lambda x: (sqrt(square(x)), size(x)),
    lambda x: (square(size(x)), square(x)),
    (lambda x, y: (size(x) ** y, x**y), whole_halves),
    lambda row: (square(norm(row)), total(square(row))),
    (lambda row, y: (norm(row) ** y, total(square(row)) ** (y / 2)), whole_halves),
    lambda x, y: (square(hypot(x, y)), square(x) + square(y)),
    (lambda x, y, row: (hypot(x, row) ** y, (square(x) + square(row)) ** (y / 2)), whole_halves),
    lambda row: (square(std(row)), var(row)),
    (lambda row, y: (std(row) ** y, var(row) ** (y / 2)), whole_halves),
    lambda x: (cbrt(x) ** 3, x),
    (lambda x, y: (cbrt(x) ** y, x ** (y / 3)), thirds),
    lambda x: (square(cbrt(x)) * cbrt(x), x),
    lambda x: (square(relu(x)) + square(relu(-x)), square(x)),
    lambda x: (relu(x) - relu(-x), x),
)
if "log_normal_cdf" in TABLE:
    normal_cdf, log_normal_cdf = _op("normal_cdf"), _op("log_normal_cdf")
    STABLE = (lambda x: (log(normal_cdf(x)), log_normal_cdf(x)), *STABLE)
_SQUARE = TABLE["square"]
SHAPES = {"row": (2,), "matrix": (2, 2)}  # of the variables that are no scalars; they stand for nodes of any shape


class Rewrite(NamedTuple):
    """`pattern` becomes `result`: graphs whose variables stand for any nodes, or a function that makes it.

    `fit` is asked whether it may, and with which attributes. `stable` ones look through names. `heads` are the ops, or
    the numbers, that stand at some positions of the operands, by which most nodes are seen not to fit.
    """

    place: int
    pattern: Node
    result: Node | Make
    fit: Fit | None
    stable: bool
    heads: tuple[tuple[int, Op | float], ...]
    parts: tuple[Node, ...]  # the nodes of a result that is a graph, in order


class Rewrites:
    """Some of the table, by what stands there: the op, and the op (or None for a number) of one of its operands.

    Where they are made, constants are computed with, unless they do not `fold`.
    """

    def __init__(self, rewrites: Iterable[Rewrite], folds: bool = True) -> None:
        self.all, self.folds = tuple(rewrites), folds
        self.by_head: dict[tuple[Op, int, Op | None], list[Rewrite]] = {}
        asked: dict[Op, list[list[float]]] = {}  # for each op, the numbers that each of its rewrites asks for
        for rewrite in self.all:
            position, head = rewrite.heads[0]
            assert rewrite.pattern.op is not None
            key = (rewrite.pattern.op, position, head if isinstance(head, Op) else None)
            self.by_head.setdefault(key, []).append(rewrite)
            numbers = [h for _, h in rewrite.heads if not isinstance(h, Op)]
            asked.setdefault(rewrite.pattern.op, []).append(numbers)
        self.alone = frozenset(row for row, found in asked.items() if [] in found)
        self.alone |= {TABLE["broadcast_like"], TABLE["size"]}
        self.numbers = {row: frozenset(n for one in found for n in one) for row, found in asked.items()}
        plain = [row for row in TABLE.values() if row.elementwise and not row.defaults and row not in self.alone]
        self.quick: Mapping[Op, frozenset[float]] = {row: self.numbers.get(row, frozenset()) for row in plain}

    def of(self, node: Node) -> list[Rewrite]:
        """The rewrites whose first head stands where they want it, in the order of the table."""
        row, found, lists = node.op, self.by_head, []
        assert row is not None
        for position, operand in enumerate(node.operands[:2]):
            lists += [x for x in (found.get((row, position, operand.op)),) if x]
        return lists[0] if len(lists) == 1 else sorted([r for x in lists for r in x], key=lambda r: r.place)


@cache
def equal() -> Rewrites:
    """Those that leave out what changes nothing: built when the first gradient is made, once in a process."""
    return Rewrites(r for place, entry in enumerate(EQUAL) for r in _rewrites(entry, False, place))


@cache
def stabilising() -> Rewrites:
    """Those that keep values and derivatives which the graph as it is written would lose."""
    entries = enumerate(BEFORE, start=len((*EQUAL, *STABLE, *SMOOTH)))
    return Rewrites((*_stable().all, *(r for place, e in entries for r in _rewrites(e, True, place))), folds=False)


@cache
def _stable() -> Rewrites:
    entries = enumerate((*STABLE, *SMOOTH), start=len(EQUAL))
    return Rewrites((r for place, entry in entries for r in _rewrites(entry, True, place)), folds=False)


@cache
def asked_by_stabilising() -> frozenset[frozenset[Op]]:
    """The ops without which one of them fits nothing, for each: known before the table of them is built."""
    found: set[frozenset[Op]] = set()
    for entry in (*STABLE, *SMOOTH, *BEFORE):
        own = _ops(_sides(entry)[0])
        found.add(own)
        if _SQUARE in own:  # which has other spellings; orders of operands change nothing
            found |= {own - {_SQUARE} | _ops(spelt) for spelt in spellings(square(variable("x")))}
    return frozenset(found)


@cache
def everything() -> Rewrites:
    """The whole table, for what is shown and computed."""
    return Rewrites((*equal().all, *_stable().all))


def _rewrites(entry: Entry, stable: bool, place: int) -> list[Rewrite]:
    """A pair of the table, in every spelling of its pattern."""
    fit = entry[1] if isinstance(entry, tuple) else None
    pattern, right = _sides(entry)
    result = right if callable(right) and not isinstance(right, Node) else as_node(right)
    parts = Graph(result).nodes if isinstance(result, Node) else ()
    return [Rewrite(place, p, result, fit, stable, _heads(p), parts) for p in spellings(pattern)]


def _sides(entry: Entry) -> tuple[Node, Node | float | Make]:
    """The two sides of a pair, of variables of its own."""
    pair = entry[0] if isinstance(entry, tuple) else entry
    left, right = pair(*(variable(name, SHAPES.get(name, ())) for name in pair.__code__.co_varnames))
    return as_node(left), right


def _ops(pattern: Node) -> frozenset[Op]:
    return frozenset(op for op in Graph(pattern).ops if op is not None)


def _heads(pattern: Node) -> tuple[tuple[int, Op | float], ...]:
    return tuple((i, x.op or float(x.value)) for i, x in enumerate(pattern.operands) if x.kind != VARIABLE)


def spellings(pattern: Node) -> list[Node]:
    """A pattern with its sums and products in either order, and its squares in three ways."""
    found: dict[Node, dict[Any, Node]] = {}  # by what two spellings that are the same one have in common
    for node in Graph(pattern).nodes:
        own = found[node] = {}
        row = node.op
        if row is None:
            own[node.name if node.kind == VARIABLE else float(node.value)] = node
            continue
        for chosen in product(*(found[x].items() for x in node.operands)):
            keys, operands = zip(*chosen, strict=True)
            own[row, *keys] = standing_on(node, operands)
            if row.commutes or row.symmetric:
                own.setdefault((row, *keys[::-1]), build(row, *operands[::-1], **node.attrs))
            elif row is _SQUARE:
                own[TABLE["mul"], *keys, *keys] = operands[0] * operands[0]
                own[TABLE["pow"], *keys, 2.0] = operands[0] ** 2
    return list(found[pattern].values())
