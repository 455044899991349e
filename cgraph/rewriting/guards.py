"""What a rewrite asks of the nodes that it would be made of, and results that depend on what these are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from math import log
from typing import Any, TypeAlias

from cgraph.graph.node import CONSTANT, OP, Node, as_node
from cgraph.ops import TABLE

Bound: TypeAlias = Mapping[Any, Node]
Attributes: TypeAlias = Mapping[str, Any]
Fit: TypeAlias = (
    "Callable[[Bound, Attributes], Attributes | None]"  # the attributes of the result; None: it does not fit
)
Made: TypeAlias = "Callable[..., Node]"  # a node from the name of an op, operands and attributes
Make: TypeAlias = "Callable[[Made, Callable[[Node], bool], Bound], Node | None]"

FEW = 64  # nodes that are looked at below one, and terms of a sum
EXP, ADD, SUM, SIGN = TABLE["exp"], TABLE["add"], TABLE["sum"], TABLE["sign"]


def finite(bound: Bound, attrs: Attributes) -> Attributes | None:
    """Whether x is finite for all finite values of the leaves: 0*log(x) is nan at 0, and no 0."""
    seen: set[Node] = set()
    stack = [bound["x"]]
    while stack and len(seen) < FEW:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        row = node.op
        if row is not None and not (row.additive or row.bounds or row.activation or row.view or row.commutes):
            return None
        stack += node.operands
    return None if stack else attrs


def one_axis(bound: Bound, attrs: Attributes) -> Attributes | None:
    """Whether a sum goes over one axis and stands where softmax divides by it."""
    axes = attrs["axis"]
    return {"axis": axes[0]} if len(axes) == 1 and (attrs["keepdims"] or axes == (0,)) else None


def free_of_signs(bound: Bound, attrs: Attributes) -> Attributes | None:
    """Whether factors are more than signs: the product of their signs is in the result."""
    return None if bound["row"].op is SIGN else attrs


def whole_halves(bound: Bound, attrs: Attributes) -> Attributes | None:
    """Whether the exponent is an even number above 0."""
    return attrs if _multiple(bound["y"], 2) else None


def thirds(bound: Bound, attrs: Attributes) -> Attributes | None:
    """Whether the exponent is a multiple of 3 above 0."""
    return attrs if _multiple(bound["y"], 3) else None


def _multiple(exponent: Node, of: int) -> bool:
    plain = exponent.kind == CONSTANT and not exponent.shape
    return plain and exponent.value > 0 and exponent.value % of == 0


# Sums of exponentials ------------------------------------------------------------------------------------------------
def total_log(made: Made, opaque: Callable[[Node], bool], bound: Bound) -> Node | None:
    """log(exp(x) + y) where y is a sum of exponentials too."""
    terms = _logarithms(made, opaque, [bound["y"]])
    return _joined(made, [bound["x"], *terms]) if terms else None


def quotient(made: Made, opaque: Callable[[Node], bool], bound: Bound) -> Node | None:
    """exp(x)/y where y is a sum of exponentials (SLP3 Eq. 6.9 with its numbers written out): exp(x - log(y))."""
    terms = _logarithms(made, opaque, [bound["y"]])
    return made("exp", made("sub", bound["x"], _joined(made, terms))) if terms else None


def _logarithms(made: Made, opaque: Callable[[Node], bool], stack: list[Node]) -> list[Node]:
    """The logarithms of the terms of a sum of exponentials and numbers above 0; none for anything else."""
    terms: list[Node] = []
    while stack:
        node = stack.pop()
        inner = node.operands[0] if node.operands else node
        if node.kind == CONSTANT and not node.shape and node.value > 0:
            terms.append(as_node(log(node.value), node.origin))
        elif node.kind != OP or opaque(node) or len(terms) > FEW:
            return []
        elif node.op is ADD:
            stack += node.operands[::-1]
        elif node.op is EXP:
            terms.append(inner)
        elif node.op is SUM and inner.op is EXP and not opaque(inner):
            terms.append(made("logsumexp", inner.operands[0], **node.attrs))
        else:
            return []
    return terms


def _joined(made: Made, terms: list[Node]) -> Node:
    """log(exp(x) + exp(y) + ...) of these."""
    return reduce(lambda total, term: made("logaddexp", total, term), terms)
