"""The one writer of formulas: nodes, ops and derivatives as they are written, such as `a + d`, `2b`, `ReLU(z)`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from cgraph.graph.graph import Graph
from cgraph.graph.node import CONSTANT, OP, Node
from cgraph.notation.math import DOT, MINUS, PLUS, Frac, Group, Hat, Math, Named, Script, Sym, row
from cgraph.notation.names import name
from cgraph.notation.numbers import number, value
from cgraph.notation.render import text
from cgraph.ops import TABLE
from cgraph.ops.op import NONE, Op


def bracketed(math: Math) -> Math:
    """A formula as a factor: a sum, a difference or a negative number in brackets.

    >>> text(bracketed(row("1", MINUS, "x"))), text(bracketed(number(-2))), text(bracketed(number(2)))
    ('(1 − x)', '(−2)', '2')
    """
    flat = math.parts if isinstance(math, Group) else ()
    return row("(", math, ")") if _negative(math) or any(p in (PLUS, MINUS) for p in flat) else math


def derivative(of: Math, by: Math) -> Math:
    """The fraction ∂of/∂by."""
    return Frac(row("∂", of), row("∂", by))


# Formulas of nodes ---------------------------------------------------------------------------------------------------
_SUM, _PRODUCT, _POWER, _ATOM = range(4)
TOO_LONG = 60


def applied(op: Op, operands: Sequence[Math]) -> Math:
    """An op applied to operands, as a formula: `a + d`, `2b`, `ReLU(z)`."""
    return _apply(op, [(x, _ATOM if not _negative(x) else _SUM) for x in operands])[0]


def formula(node: Node, atoms: Mapping[Node, Math], longest: int = TOO_LONG) -> Math | None:
    """The formula of a node in terms of `atoms` (nodes that are written as they are given); None if it is too long."""
    if node in atoms:
        return atoms[node]
    done: dict[Node, tuple[Math, int]] = {n: (m, _ATOM) for n, m in atoms.items()}
    stack = [node]
    steps = 0
    while stack:
        top = stack[-1]
        waiting = [x for x in top.operands if x not in done]
        if top in done:
            stack.pop()
        elif waiting:
            stack.extend(waiting)
        else:
            steps += 1
            done[stack.pop()] = _step(top, [done[x] for x in top.operands])
            if steps > longest or len(text(done[top][0])) > longest:
                return None
    return done[node][0]


def _step(node: Node, operands: list[tuple[Math, int]]) -> tuple[Math, int]:
    if node.kind == OP and node.op is not None:
        if node.op.name in ("mul", "scale") and _is_number(operands[-1][0]) and not _is_number(operands[0][0]):
            operands = [operands[-1], *operands[:-1]]  # 2c, not c·2
        return _apply(node.op, operands, node.attrs)
    if node.kind == CONSTANT and node.name is None:
        shown = value(node.value) if node.value is not None else Sym("?")
        return shown, _SUM if _negative(shown) else _ATOM
    return name(node.name or "?"), _ATOM


_RELATIONS = {"greater": ">", "greater_equal": "≥", "less": "<", "less_equal": "≤", "equal": "=", "not_equal": "≠"}


def _indicator(x: Math, relation: str, y: Math) -> Math:
    return row("1[", x, Sym(relation, space="rel"), y, "]")


def _above(x: Math, y: Math, ties: float) -> tuple[Math, int]:
    """1 above, a share of it at a tie: 1[x ≥ y], 1[x > y], or the sum of both cases."""
    if ties in (0, 1):
        return _indicator(x, "≥" if ties else ">", y), _ATOM
    tie = _product([number(ties), _indicator(x, "=", y)])
    return _joined(PLUS, [_indicator(x, ">", y), _wrapped((tie, _PRODUCT), _PRODUCT, negative=True)]), _SUM


def _apply(applied: Op, operands: list[tuple[Math, int]], attrs: Mapping[str, Any] = NONE) -> tuple[Math, int]:
    op, (first, rank) = applied.name, operands[0]
    if op == "add":
        return _joined(PLUS, [first, *(_wrapped(x, _SUM, negative=True) for x in operands[1:])]), _SUM
    if op == "sub":
        return _joined(MINUS, [first, _wrapped(operands[1], _PRODUCT)]), _SUM
    if op == "neg":
        return row("−", _wrapped((first, rank), _PRODUCT)), _SUM
    if op in ("mul", "scale", "matmul"):
        leading = first if _is_number(first) else _wrapped(operands[0], _PRODUCT)
        factors = [leading, *(_wrapped(x, _PRODUCT, negative=True) for x in operands[1:])]
        return _product(factors, op), _PRODUCT
    if op in ("div", "ratio"):
        return row(_wrapped(operands[0], _PRODUCT), Sym("/", space="thin"), _wrapped(operands[1], _POWER)), _PRODUCT
    if op == "pow":
        raised = isinstance(first, Named) and isinstance(first.math, Script) and first.math.sup is not None
        return Script(_wrapped((first, _SUM if raised else rank), _ATOM), sup=operands[1][0]), _POWER
    if op == "transpose":
        return Script(_wrapped(operands[0], _ATOM), sup=Sym("T")), _POWER
    if op == "above":
        return _above(first, operands[1][0], attrs.get("ties", 1))
    if op in _RELATIONS:
        return _indicator(first, _RELATIONS[op], operands[1][0]), _ATOM
    if op == "square":
        return _apply(TABLE["pow"], [operands[0], (Sym("2"), _ATOM)])
    if op == "reciprocal":
        return _apply(TABLE["div"], [(Sym("1"), _ATOM), operands[0]])
    if op == "abs":
        return row("|", first, "|"), _ATOM
    if op == "broadcast_like":
        return first, rank
    inside: list[Math] = [first]
    for operand, _ in operands[1:]:
        inside += [Sym(", "), operand]
    return row(applied.sign.replace("_", " "), "(", *inside, ")"), _ATOM


def _product(factors: Sequence[Math], op: str = "mul") -> Math:
    parts: list[Math] = [factors[0]]
    for left, right in pairwise(factors):
        touching = _is_letter(right) and (_is_letter(left) or _is_number(left))
        space = "thin" if op == "matmul" or not (len(text(left)) == 1 or _is_number(left)) else ""
        parts += [*([Sym("", space=space)] if touching and space else [] if touching else [DOT]), right]
    return Group(tuple(parts))


def _is_letter(math: Math) -> bool:
    base: Math = math.math if isinstance(math, Named) else math
    while isinstance(base, (Script, Hat)):
        base = base.base
        base = base.math if isinstance(base, Named) else base
    return isinstance(base, Sym) and base.italic


def _is_number(math: Math) -> bool:
    return isinstance(math, Sym) and bool(re.fullmatch(r"−?[\d.]+", math.text))


def _negative(math: Math) -> bool:
    return text(math).startswith("−")


def _joined(sign: Math, parts: Sequence[Math]) -> Math:
    joined: list[Math] = [parts[0]]
    for part in parts[1:]:
        joined += [sign, part]
    return Group(tuple(joined))


def _wrapped(operand: tuple[Math, int], least: int, negative: bool = False) -> Math:
    math, rank = operand
    return row("(", math, ")") if rank < least or (negative and _negative(math)) else math


def names_of(graph: Graph) -> dict[Node, Math]:
    """Each node of a graph as it is written: its name, or the number of an unnamed constant."""
    return {
        node: value(node.value) if node.kind == CONSTANT and node.name is None else name(spelled)
        for node, spelled in zip(graph.nodes, graph.names, strict=True)
    }
