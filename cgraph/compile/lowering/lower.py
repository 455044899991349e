"""From nodes to values: sizes bound, what is computed twice shared, constants folded, factors pushed together.

A node becomes a value and a factor: c·x is kept as (c, x) through everything that is linear in x, so that the learning
rate, the 1/m of a mean and every sign meet in one number, and are multiplied once, where a result needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import TypeAlias

from cgraph import shapes
from cgraph.compile.lowering.composites import COMPOSITES
from cgraph.compile.lowering.lowered import Lowered, changed
from cgraph.compile.lowering.rules import RULES
from cgraph.compile.lowering.terms import Term, moderate, solid
from cgraph.compile.lowering.values import Values
from cgraph.compile.task import Task
from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.graph.node import CONSTANT, OP, Node
from cgraph.ops import TABLE
from cgraph.ops.op import Attrs, Op

Composites: TypeAlias = Mapping[Op | None, Callable[..., int]]


def lower(task: Task, sizes: Mapping[str, int], composites: Composites = COMPOSITES) -> Lowered:
    """The values of a task whose named dimensions have these sizes; `composites` are ops written in simpler ones."""
    values = Values(task.dtype)
    terms: dict[Node, Term] = {}
    names: dict[int, str] = {}
    own: dict[Op, Op] = {}  # users' rows, under names by which no backend takes them for rows of ours
    for node, name in zip(task.graph.nodes, task.graph.names, strict=True):
        if node.op is not None:
            row = node.op
            if row.name not in TABLE:
                row = own.setdefault(row, row.replaced(name=f"own.{row.name}"))
            attrs = dict(node.attrs)
            if "shape" in attrs:
                attrs["shape"] = shapes.bind(attrs["shape"], sizes)
            try:
                term = _applied(values, row, [terms[x] for x in node.operands], attrs, composites)
            except (ShapeError, ValueRefusedError) as error:  # of these sizes, or of constants
                what = f"{name}: {error.what}"
                raise type(error)(what, where=error.where or node.where, why=error.why, fix=error.fix) from None
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


def _applied(values: Values, op: Op, terms: list[Term], attrs: Attrs, composites: Composites) -> Term:
    for way in WAYS:
        found = way(values, op, terms, attrs, composites)
        if found is not None:
            return found
    return Term(1.0, values.apply(op, *(solid(values, t) for t in terms), **attrs))


def by_rule(values: Values, op: Op, terms: list[Term], attrs: Attrs, composites: Composites) -> Term | None:
    """Sums and products know of factors."""
    rule = RULES.get(op)
    return None if rule is None else rule(values, terms, attrs)


def linear(values: Values, op: Op, terms: list[Term], attrs: Attrs, composites: Composites) -> Term | None:
    """What is linear in operands passes their factors on."""
    factor = prod(terms[i].factor for i in op.linear)
    if not op.linear or not moderate(factor):
        return None
    operands = [t.value if i in op.linear else solid(values, t) for i, t in enumerate(terms)]
    if op.like is not None and not op.view:  # of this operand only the shape is needed
        zero = values.apply("broadcast_to", values.constant(0.0), shape=values.shape(operands[op.like]))
        operands[op.like] = zero
    return Term(factor, values.apply(op, *operands, **attrs))


def composed(values: Values, op: Op, terms: list[Term], attrs: Attrs, composites: Composites) -> Term | None:
    """A composite is written in simpler ops."""
    made = composites.get(op)
    if made is None:
        return None
    operands = [solid(values, t) for t in terms]
    op.infer([values.shape(x) for x in operands], {**op.defaults, **attrs})  # refuses these sizes, where it does
    return Term(1.0, made(values, *operands, **attrs))


# How an op becomes a value and a factor: by the first of these that knows how, or as it is. What it then is as a value
# is said by the passes of `values`.
WAYS: tuple[Callable[[Values, Op, list[Term], Attrs, Composites], Term | None], ...] = (by_rule, linear, composed)
