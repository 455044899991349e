"""How ops are written where that is no call: `a + d`, `2b`, `x²`, `1[z ≥ 0]`. A row says in which of these styles.

A formula is written with its rank, by which what stands around it sees whether it needs brackets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from cgraph.notation.math import DOT, MINUS, PLUS, Group, Hat, Math, Named, Script, Sym, row
from cgraph.notation.numbers import number
from cgraph.notation.render import text
from cgraph.ops.op import Op

Ranked: TypeAlias = tuple[Math, int]
Style: TypeAlias = "Callable[[Op, list[Ranked], Mapping[str, Any]], Ranked]"
SUM, PRODUCT, POWER, ATOM = range(4)


def written(op: Op, operands: list[Ranked], attrs: Mapping[str, Any]) -> Ranked:
    """An op applied to operands."""
    return STYLES.get(op.written, _call)(op, operands, attrs)


def _call(op: Op, operands: list[Ranked], attrs: Mapping[str, Any]) -> Ranked:
    inside: list[Math] = [operands[0][0]]
    for operand, _ in operands[1:]:
        inside += [Sym(", "), operand]
    return row(op.sign.replace("_", " "), "(", *inside, ")"), ATOM


def _plus(op: Op, operands: list[Ranked], attrs: Mapping[str, Any]) -> Ranked:
    first, *more = operands
    return _joined(PLUS, [first[0], *(_wrapped(x, SUM, negative_too=True) for x in more)]), SUM


def _minus(op: Op, operands: list[Ranked], attrs: Mapping[str, Any]) -> Ranked:
    return _joined(MINUS, [operands[0][0], _wrapped(operands[1], PRODUCT)]), SUM


def _negated(op: Op, operands: list[Ranked], attrs: Mapping[str, Any]) -> Ranked:
    return row("−", _wrapped(operands[0], PRODUCT)), SUM


def _times(op: Op, operands: list[Ranked], attrs: Mapping[str, Any]) -> Ranked:
    return product(_factors(operands)), PRODUCT


def _dot(op: Op, operands: list[Ranked], attrs: Mapping[str, Any]) -> Ranked:
    return product(_factors(operands), apart=True), PRODUCT


def _factors(operands: list[Ranked]) -> list[Math]:
    first, *more = operands
    leading = first[0] if is_number(first[0]) else _wrapped(first, PRODUCT)
    return [leading, *(_wrapped(x, PRODUCT, negative_too=True) for x in more)]


def _over(op: Op, operands: list[Ranked], attrs: Mapping[str, Any]) -> Ranked:
    x, y = operands
    return row(_wrapped(x, PRODUCT), Sym("/", space="thin"), _wrapped(y, POWER)), PRODUCT


def _inverted(op: Op, operands: list[Ranked], attrs: Mapping[str, Any]) -> Ranked:
    return _over(op, [(Sym("1"), ATOM), *operands], attrs)


def _raised(op: Op, operands: list[Ranked], attrs: Mapping[str, Any]) -> Ranked:
    (base, rank), exponent = operands
    twice = isinstance(base, Named) and isinstance(base.math, Script) and base.math.sup is not None
    return Script(_wrapped((base, SUM if twice else rank), ATOM), sup=exponent[0]), POWER


def _squared(op: Op, operands: list[Ranked], attrs: Mapping[str, Any]) -> Ranked:
    return _raised(op, [*operands, (Sym("2"), ATOM)], attrs)


def _turned(op: Op, operands: list[Ranked], attrs: Mapping[str, Any]) -> Ranked:
    return Script(_wrapped(operands[0], ATOM), sup=Sym("T")), POWER


def _bars(op: Op, operands: list[Ranked], attrs: Mapping[str, Any]) -> Ranked:
    return row("|", operands[0][0], "|"), ATOM


def _itself(op: Op, operands: list[Ranked], attrs: Mapping[str, Any]) -> Ranked:
    return operands[0]


def _indicator(op: Op, operands: list[Ranked], attrs: Mapping[str, Any]) -> Ranked:
    (x, _), (y, _) = operands
    return _where(x, op.sign, y), ATOM


def _share(op: Op, operands: list[Ranked], attrs: Mapping[str, Any]) -> Ranked:
    """1 above, a share of it at a tie: 1[x ≥ y], 1[x > y], or the sum of both cases."""
    (x, _), (y, _), ties = *operands, attrs.get("ties", 1)
    if ties in (0, 1):
        return _where(x, "≥" if ties else ">", y), ATOM
    tie = product([number(ties), _where(x, "=", y)])
    return _joined(PLUS, [_where(x, ">", y), _wrapped((tie, PRODUCT), PRODUCT, negative_too=True)]), SUM


STYLES: Mapping[str, Style] = {
    "plus": _plus, "minus": _minus, "negated": _negated, "times": _times, "dot": _dot, "over": _over,
    "inverted": _inverted, "raised": _raised, "squared": _squared, "turned": _turned, "bars": _bars,
    "itself": _itself, "indicator": _indicator, "share": _share,
}  # fmt: skip


# Parts ---------------------------------------------------------------------------------------------------------------
def product(factors: Sequence[Math], apart: bool = False) -> Math:
    """Factors side by side where they cannot be misread (`apart`: with a thin space), else with a dot between."""
    parts: list[Math] = [factors[0]]
    for left, right in pairwise(factors):
        touching = _is_letter(right) and (_is_letter(left) or is_number(left))
        space = "thin" if apart or not (len(text(left)) == 1 or is_number(left)) else ""
        parts += [*([Sym("", space=space)] if touching and space else [] if touching else [DOT]), right]
    return Group(tuple(parts))


def is_number(math: Math) -> bool:
    """Whether a formula is a number in figures."""
    return isinstance(math, Sym) and bool(re.fullmatch(r"−?[\d.]+", math.text))


def negative(math: Math) -> bool:
    """Whether a formula begins with a minus sign."""
    return text(math).startswith("−")


def _where(x: Math, relation: str, y: Math) -> Math:
    return row("1[", x, Sym(relation, space="rel"), y, "]")


def _is_letter(math: Math) -> bool:
    base: Math = math.math if isinstance(math, Named) else math
    while isinstance(base, (Script, Hat)):
        base = base.base
        base = base.math if isinstance(base, Named) else base
    return isinstance(base, Sym) and base.italic


def _joined(sign: Math, parts: Sequence[Math]) -> Math:
    joined: list[Math] = [parts[0]]
    for part in parts[1:]:
        joined += [sign, part]
    return Group(tuple(joined))


def _wrapped(operand: Ranked, least: int, negative_too: bool = False) -> Math:
    math, rank = operand
    return row("(", math, ")") if rank < least or (negative_too and negative(math)) else math
