"""From nodes to values: sizes bound, what is computed twice shared, constants folded, factors pushed together.

A node becomes a value and a factor: c·x is kept as (c, x) through everything that is linear in x, so that the learning
rate, the 1/m of a mean and every sign meet in one number, and are multiplied once, where a result needs them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import prod
from types import MappingProxyType
from typing import Any, NamedTuple

from cgraph import shapes
from cgraph.compile.lowering.class_ids import less_one_hot
from cgraph.compile.lowering.composites import COMPOSITES, log_likelihood
from cgraph.compile.lowering.table_rows import joined_rows
from cgraph.compile.lowering.values import Value, Values
from cgraph.compile.task import Task
from cgraph.graph.node import CONSTANT, OP, Node
from cgraph.ops import TABLE
from cgraph.ops.named import Named
from cgraph.ops.op import Op

LARGEST_FACTOR = 2.0**40  # a factor that is held back must not make a product over- or underflow
NOTHING: Mapping[int, int] = MappingProxyType({})


class Term(NamedTuple):
    """factor · value."""

    factor: float
    value: int


@dataclass(frozen=True)
class Lowered:
    """The values in order, those that are asked for, the new values of owned leaves, and what values are called."""

    values: Sequence[Value]
    outputs: tuple[int, ...]
    updates: Mapping[Node, int]
    names: Mapping[int, str]
    task: Task

    @property
    def dtype(self) -> Any:
        """The floating-point type of all values."""
        return self.task.dtype


def lower(
    task: Task,
    sizes: Mapping[str, int],
    composites: Mapping[Op | None, Callable[..., int]] = COMPOSITES,
) -> Lowered:
    """The values of a task whose named dimensions have these sizes; `composites` are ops written in simpler ones."""
    values = Values(task.dtype)
    terms: dict[Node, Term] = {}
    names: dict[int, str] = {}
    own: dict[Op, Op] = {}  # users' rows, under names by which no backend takes them for rows of ours
    for node, name in zip(task.graph.nodes, task.graph.names, strict=True):
        if node.op is not None:
            row = node.op
            if row.name not in TABLE:
                row = own.setdefault(row, replace(row, name=f"own.{row.name}"))
            attrs = dict(node.attrs)
            if "shape" in attrs:
                attrs["shape"] = shapes.bind(attrs["shape"], sizes)
            term = _applied(values, row, [terms[x] for x in node.operands], attrs, composites)
        elif node.kind == CONSTANT:
            term = Term(1.0, values.constant(node.value))
        else:
            term = Term(1.0, values.leaf(node, tuple(map(int, shapes.bind(node.shape, sizes)))))
        terms[node] = term
        if term.factor == 1.0 and (node.name is not None or node.kind == OP):
            names.setdefault(term.value, name)
    found = tuple(solid(values, terms[node]) for node in task.outputs)
    new = {leaf: solid(values, terms[node]) for leaf, node in task.updates.items()}
    for node, term in terms.items():
        if node.name is not None and term.factor != 1.0:
            names.setdefault(solid(values, term), node.name)
    return changed(Lowered((), found, new, names, task), values.list)


def solid(values: Values, term: Term) -> int:
    """A term as one value: the product is computed."""
    if term.factor == 1.0:
        return term.value
    if term.factor == -1.0:
        return values.apply("neg", term.value)
    return values.apply("mul", values.constant(term.factor), term.value)


def _applied(
    values: Values,
    row: Op,
    terms: list[Term],
    attrs: Mapping[str, Any],
    composites: Mapping[Op | None, Callable[..., int]],
) -> Term:
    rule = RULES.get(row)
    if rule is not None:
        return rule(values, terms, attrs)
    if row.linear:
        factor = prod(terms[i].factor for i in row.linear)
        if moderate(factor):
            operands = [t.value if i in row.linear else solid(values, t) for i, t in enumerate(terms)]
            if row.like is not None and not row.view:
                zero = values.apply("broadcast_to", values.constant(0.0), shape=values.shape(operands[row.like]))
                operands[row.like] = zero
            return Term(factor, values.apply(row, *operands, **attrs))
    operands = [solid(values, t) for t in terms]
    if row in composites:
        return Term(1.0, composites[row](values, *operands, **attrs))
    return Term(1.0, values.apply(row, *operands, **attrs))


def moderate(factor: float) -> bool:
    """Whether a factor may be held back, or be moved, without over- or underflow."""
    return 1 / LARGEST_FACTOR < abs(factor) < LARGEST_FACTOR


# Rules of the ops that know of factors -------------------------------------------------------------------------------
RULES: Named[Callable[[Values, list[Term], Mapping[str, Any]], Term]] = Named()


@RULES
def _mul(values: Values, terms: list[Term], attrs: Mapping[str, Any]) -> Term:
    total = terms[0]
    for term in terms[1:]:
        total = _times(values, "mul", total, term)
    return total


def _times(values: Values, name: str, left: Term, right: Term) -> Term:
    """x·y, with every number among the operands (and their factors) in front."""
    shape = shapes.broadcast([values.shape(left.value), values.shape(right.value)])
    factor = left.factor * right.factor
    for one, other in ((left, right), (right, left)):
        number = values.number(one.value)
        if number is not None and moderate(number * factor) and values.shape(other.value) == shape:
            return Term(number * factor, other.value)
    if not moderate(factor):
        return Term(1.0, values.apply(name, solid(values, left), solid(values, right)))
    return Term(factor, values.apply(name, left.value, right.value))


@RULES
def _scale(values: Values, terms: list[Term], attrs: Mapping[str, Any]) -> Term:
    return _times(values, "scale", *terms)


@RULES
def _div(values: Values, terms: list[Term], attrs: Mapping[str, Any]) -> Term:
    left, right = terms
    number = values.number(right.value)
    shape = values.shape(left.value)
    if number and shapes.broadcast([shape, values.shape(right.value)]) == shape:
        factor = left.factor / (right.factor * number)
        if moderate(factor):
            return Term(factor, left.value)
    factor = left.factor / right.factor
    if not moderate(factor):
        return Term(1.0, values.apply("div", solid(values, left), solid(values, right)))
    return Term(factor, values.apply("div", left.value, right.value))


@RULES
def _neg(values: Values, terms: list[Term], attrs: Mapping[str, Any]) -> Term:
    return Term(-terms[0].factor, terms[0].value)


@RULES
def _add(values: Values, terms: list[Term], attrs: Mapping[str, Any]) -> Term:
    total = terms[0]
    for term in terms[1:]:
        total = _plus(values, total, term)
    return total


@RULES
def _sub(values: Values, terms: list[Term], attrs: Mapping[str, Any]) -> Term:
    return _plus(values, terms[0], _neg(values, terms[1:], attrs))


def _plus(values: Values, left: Term, right: Term) -> Term:
    """x + y, with a factor that both have in front, and without a product for a sign."""
    table = joined_rows(values, left.value, right.value, right.factor / left.factor)
    if table is not None:
        return Term(left.factor, table)
    if left.factor == right.factor:
        return Term(left.factor, values.apply("add", left.value, right.value))
    if left.factor == -right.factor:
        rows = less_one_hot(values, left.value, right.value)
        if rows is not None:
            return Term(left.factor, rows)
        return Term(left.factor, values.apply("sub", left.value, right.value))
    if right.factor < 0:
        return Term(1.0, values.apply("sub", solid(values, left), solid(values, Term(-right.factor, right.value))))
    if left.factor < 0:
        return Term(1.0, values.apply("sub", solid(values, right), solid(values, Term(-left.factor, left.value))))
    return Term(1.0, values.apply("add", solid(values, left), solid(values, right)))


@RULES
def _softmax_cross_entropy(values: Values, terms: list[Term], attrs: Mapping[str, Any]) -> Term:
    x, y = (solid(values, t) for t in terms)
    return Term(-1.0, log_likelihood(values, x, y))


@RULES
def _mean(values: Values, terms: list[Term], attrs: Mapping[str, Any]) -> Term:
    shape = values.shape(terms[0].value)
    count = prod(shape[a] for a in attrs["axis"])
    if not count:
        return Term(1.0, values.apply("mean", solid(values, terms[0]), **attrs))
    factor = terms[0].factor / count
    if not moderate(factor):
        return Term(1 / count, values.apply("sum", solid(values, terms[0]), **attrs))
    return Term(factor, values.apply("sum", terms[0].value, **attrs))


@RULES
def _size(values: Values, terms: list[Term], attrs: Mapping[str, Any]) -> Term:
    return Term(1.0, values.constant(float(prod(values.shape(terms[0].value)))))


@RULES
def _pow(values: Values, terms: list[Term], attrs: Mapping[str, Any]) -> Term:
    base, exponent = (solid(values, t) for t in terms)
    number = values.number(exponent)
    same = shapes.broadcast([values.shape(base), values.shape(exponent)]) == values.shape(base)
    if number == 2.0 and same:
        return Term(1.0, values.apply("square", base))
    if number == 1.0 and same:
        return Term(1.0, base)
    return Term(1.0, values.apply("pow", base, exponent))


# What is left -------------------------------------------------------------------------------------------------------
def changed(
    lowered: Lowered,
    values: Sequence[Value],
    instead: Mapping[int, int] = NOTHING,
    after: Mapping[int, int] = NOTHING,
) -> Lowered:
    """Only those of these values that an output or an update needs, numbered anew.

    What `instead` names is replaced by another value; a new value comes right after the one that `after` names.
    """
    now: Callable[[int], int] = lambda x: instead.get(x, x)  # noqa: E731
    read = [tuple(map(now, v.operands)) if instead else v.operands for v in values]
    alive = sorted(
        _reached(read, map(now, (*lowered.outputs, *lowered.updates.values()))),
        key=lambda x: (after.get(x, x), x in after, x),
    )
    number = {old: new for new, old in enumerate(alive)}
    return Lowered(
        [values[i]._replace(operands=tuple(number[x] for x in read[i])) if read[i] else values[i] for i in alive],
        tuple(number[now(x)] for x in lowered.outputs),
        {leaf: number[now(x)] for leaf, x in lowered.updates.items()},
        {number[now(x)]: name for x, name in lowered.names.items() if now(x) in number},
        lowered.task,
    )


def uses(lowered: Lowered) -> Mapping[int, int]:
    """How often each value is needed: by others, as an output, as an update."""
    return Counter(chain(*(v.operands for v in lowered.values), lowered.outputs, lowered.updates.values()))


def _reached(read: Sequence[tuple[int, ...]], roots: Iterable[int]) -> set[int]:
    alive, stack = set[int](), list(roots)
    while stack:
        number = stack.pop()
        if number not in alive:
            alive.add(number)
            stack.extend(read[number])
    return alive
