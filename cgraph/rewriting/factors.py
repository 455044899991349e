"""The logarithm of products, quotients and powers as a sum of logarithms of what they are made of.

log(x*y) is infinite, and its slopes are 0 or infinite, where x*y leaves the range of float64 and neither x nor y does.
The sum is of log(abs(x)), since a product of two numbers below 0 has a logarithm too; where signs count, the logarithm
of the same product of signs, which is 0, infinite or NaN, stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from cgraph.graph.graph import in_order
from cgraph.graph.node import CONSTANT, Node, as_node, build
from cgraph.ops import TABLE
from cgraph.ops.op import Op
from cgraph.rewriting.guards import FEW, Bound, Made, Make

LOG, LOG_ABS, EXP, SIGN = TABLE["log"], TABLE["log_abs"], TABLE["exp"], TABLE["sign"]
POW, NEG, ABS, ROOT = TABLE["pow"], TABLE["neg"], TABLE["abs"], TABLE["sqrt"]
MODERATE = 1e8  # constant factors up to it, and down to its inverse, make nothing infinite that is not nearly so


def of_factors(logarithm: Op, form: Op) -> Make:
    """What makes the sum for a logarithm of a node of this op, whose operands a pattern binds."""
    return partial(_made, logarithm, form)


def _made(logarithm: Op, form: Op, made: Made, opaque: Callable[[Node], bool], bound: Bound) -> Node | None:
    top = build(form, *(bound[name] for name in ("x", "y") if name in bound))
    tree, exponents = _taken_apart(top, opaque)
    if not _worth(exponents):
        return None
    free = [x for x in exponents if not _positive(x)]
    signed = [x for x in free if exponents[x] % 2] if logarithm is not LOG_ABS else []
    turned = len(free) > 1 or any(node.op in (NEG, ABS) for node in tree)
    beside = any(map(_rooted, tree)) or (bool(signed) and turned)
    result: Node | None = None
    for base, power in exponents.items():
        alone = _positive(base) or (base in signed and not beside)
        result = _plus(made, result, _logarithm(made, logarithm, base, alone), power)
    return result if not beside or result is None else made("add", made(logarithm.name, _signs(made, tree)), result)


def _taken_apart(top: Node, opaque: Callable[[Node], bool]) -> tuple[list[Node], dict[Node, float]]:
    """The products that a product is made of, operands first, and its factors, each with its exponent.

    There are no factors where there are too many.
    """
    ends: dict[Node, int] = {}
    stack, seen = [top], {top}
    while stack and len(seen) <= FEW:
        node = stack.pop()
        inner = _factors(node, top, opaque)
        if not inner:
            ends[node] = 0
        new = [x for x in inner if x not in seen]
        ends |= dict.fromkeys(node.operands[1:] if inner and node.op is POW else (), 0)
        stack += new
        seen.update(new)
    if stack:
        return [], {}
    tree = in_order([top], ends)
    found: dict[Node, float] = {top: 1}
    for node in reversed(tree):
        powers = (float(node.operands[1].value),) if node.op is POW else node.op.powers if node.op else ()
        for i, x in enumerate(node.operands[:1] if node.op is POW else node.operands):
            found[x] = found.get(x, 0) + found[node] * powers[min(i, len(powers) - 1)]
    exponents = {x: p for x, p in found.items() if x in seen and x not in tree}
    return tree, exponents


def _factors(node: Node, top: Node, opaque: Callable[[Node], bool]) -> tuple[Node, ...]:
    """The operands that a product is made of; none where a node is a factor itself."""
    if node is not top and opaque(node):
        return ()
    if node.op is POW:
        exponent = node.operands[1]
        return node.operands[:1] if exponent.kind == CONSTANT and not exponent.shape and exponent.value else ()
    return node.operands if node.op is not None and node.op.powers else ()


def _worth(exponents: Mapping[Node, float]) -> bool:
    """Whether a product is of more than one number, beside moderate constants, or of a power, and not of signs."""
    constants = [np.abs(x.value) for x in exponents if x.kind == CONSTANT]
    others = {x: p for x, p in exponents.items() if x.kind != CONSTANT}
    if all(x.op is SIGN for x in others):
        return False
    moderate = all(bool(np.all((c <= MODERATE) & (c >= 1 / MODERATE))) for c in constants)
    return not moderate or len(others) > 1 or any(p != 1 for p in others.values())


def _positive(node: Node) -> bool:
    """Whether a node is nowhere below 0."""
    if node.kind == CONSTANT:
        return bool(np.all(node.value > 0))
    return node.op is not None and (node.op.positive or node.op.probability)


def _rooted(node: Node) -> bool:
    """Whether a node is no number where its operand is below 0."""
    return node.op is ROOT or (node.op is POW and bool(node.operands[1].value % 1))


def _logarithm(made: Made, logarithm: Op, base: Node, alone: bool) -> Node:
    """Of one factor; log2(exp(x)) is x/log(2)."""
    natural = logarithm.base == LOG.base
    if alone and not natural and base.op is not EXP:
        return made(logarithm.name, base)
    term = made((LOG if alone else LOG_ABS).name, base)
    return term if natural else made("div", term, made(LOG.name, as_node(logarithm.base, base.origin)))


def _plus(made: Made, total: Node | None, term: Node, power: float) -> Node:
    """A sum and one more logarithm times its exponent."""
    if abs(power) != 1:
        term = made("mul", as_node(abs(power), term.origin), term)
    if total is None:
        return term if power > 0 else made("neg", term)
    return made("add" if power > 0 else "sub", total, term)


def _signs(made: Made, tree: list[Node]) -> Node:
    """The same product of the signs of what it is made of."""
    done: dict[Node, Node] = {}
    for node in tree:
        assert node.op is not None
        kept = node.operands[1:] if node.op is POW else ()
        for x in node.operands[: len(node.operands) - len(kept)]:
            if x not in done:
                done[x] = as_node(1.0, x.origin) if _positive(x) else made("sign", x)
        done[node] = made(node.op.name, *(x if x in kept else done[x] for x in node.operands))
    return done[tree[-1]]
