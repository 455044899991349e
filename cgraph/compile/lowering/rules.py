"""How the ops that know of factors become terms: sums, products and what is made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from cgraph import shapes
from cgraph.compile.lowering.class_ids import less_one_hot
from cgraph.compile.lowering.composites import log_likelihood
from cgraph.compile.lowering.table_rows import joined_rows
from cgraph.compile.lowering.terms import Term, moderate, solid
from cgraph.compile.lowering.values import Values
from cgraph.ops.named import ByOp

RULES: ByOp[Callable[[Values, list[Term], Mapping[str, Any]], Term]] = ByOp()


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
