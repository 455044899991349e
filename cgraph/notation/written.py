"""How ops are written where that is no call: `a + d`, `2b`, `x²`, `1[z ≥ 0]`. A row says in which of these styles.

A formula is written with its rank, by which what stands around it sees whether it needs brackets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from cgraph.errors import CgraphError
from cgraph.graph.node import Node
from cgraph.notation.math import DOT, MINUS, PLUS, TIMES, Group, Hat, Math, Named, Script, Sym, row
from cgraph.notation.numbers import constant
from cgraph.notation.render import text
from cgraph.ops.op import Op
from cgraph.shapes import show

Ranked: TypeAlias = tuple[Math, int]
Style: TypeAlias = "Callable[[Node, list[Ranked]], Ranked]"
SUM, INNER, PRODUCT, MATRIX, POWER, ATOM = range(6)  # what binds ever more tightly; INNER is u·v of vectors


def written(node: Node, operands: list[Ranked]) -> Ranked:
    """A node's op applied to operands, which stand for the node's own."""
    return STYLES.get(row_of(node).written, _call)(node, operands)


def sign(node: Node) -> Math:
    """The sign of a node's op with the attributes that are not as usual: `Σ₀`, `[1:3]`, `ReLU(at_zero=0)`."""
    called, extra = _sign_and_more(node)
    of = _LOGITS.get(row_of(node).written)
    called = called if of is None else row(called, "∘", of)
    return row(called, "(", *extra, ")") if extra else called


def in_circle(node: Node, inside: Sequence[Math | None]) -> Math:
    """What a circle says of an op: its sign, with what stands inside instead of being an operand: `+1`, `×−1`, `x³`.

    `inside` has a formula for each operand that is not drawn, and None for the others, which are upright letters: they
    are not the graph's own names.
    """
    if all(math is None for math in inside):
        return sign(node)
    style = row_of(node).written
    if len(inside) == 2 and style in _SHORT:
        left, right = inside
        if style in ("plus", "times") and right is None:
            left, right = right, left
        if left is None and right is not None:
            return row(_SHORT[style], right if style in ("times", "over") else bracketed(right))
        if style == "over" and left is not None and right is None:
            return row(left, "/", "x")
    letters = iter("xyzuvw")
    free = [(Sym(next(letters, "·")), ATOM) if m is None else (m, SUM if negative(m) else ATOM) for m in inside]
    return written(node, free)[0]


_SHORT = {"plus": "+", "times": "×", "minus": "−", "over": "/"}


def _sign_and_more(node: Node) -> tuple[Math, list[Math]]:
    """The sign with its axis or its key, and the other attributes that are not as usual."""
    given = _unusual(node)
    spelled = row_of(node).sign.replace("_", " ")
    if row_of(node).written == "times" and sum(bool(x.shape) for x in node.operands) > 1:
        spelled = TIMES.text
    math: Math = Sym(spelled.replace("[·]", str(given.pop("key", "[·]"))))
    axis = given.pop("axis", None)
    if axis is not None:
        axes = axis if isinstance(axis, tuple) else (axis,)
        math = Script(math, sub=Sym(",".join(map(str, axes)).replace("-", "−")))
    return math, _listed([Sym(_attribute(name, value)) for name, value in given.items()])


def _unusual(node: Node) -> dict[str, Any]:
    """The attributes of a node that are not what they would be if nothing was said."""
    op = row_of(node)
    if not node.attrs:
        return {}
    try:
        usual, _ = op.infer([x.shape for x in node.operands], op.defaults)
    except CgraphError:  # such as a reshape, which needs its shape
        usual = {}
    return {name: value for name, value in node.attrs.items() if name not in usual or usual[name] != value}


def _attribute(name: str, value: Any) -> str:
    """An attribute with its value: `keepdims`, `at_zero=0`, `[2×3]` of a shape, `ij,jk→ik` of an einsum."""
    if value is True:
        return name
    if name == "shape":
        return show(value)
    if name == "subscripts":
        return str(value).replace("->", "→")
    return f"{name}={value if isinstance(value, str) else _spelled(value)}"


def _spelled(value: Any) -> str:
    return text(constant(value)) if isinstance(value, float) else str(value).replace("-", "−")


def row_of(node: Node) -> Op:
    """The row of a node that is no leaf."""
    assert node.op is not None
    return node.op


def _call(node: Node, operands: list[Ranked]) -> Ranked:
    called, extra = _sign_and_more(node)
    between = arguments(node, [x for x, _ in operands])
    return row(called, "(", *between, *([Sym("; "), *extra] if extra else []), ")"), ATOM


def arguments(node: Node, operands: Sequence[Math]) -> list[Math]:
    """What stands in the brackets of a call; a loss on logits is that of their probabilities: BCE(σ(z), y)."""
    of = _LOGITS.get(row_of(node).written)
    first = operands[0] if of is None else row(of, "(", operands[0], ")")
    return _listed([first, *operands[1:]])


_LOGITS = {"of softmax": "softmax", "of sigmoid": "σ"}


def _listed(parts: Sequence[Math]) -> list[Math]:
    return [p for part in parts for p in (Sym(", "), part)][1:]


def _plus(node: Node, operands: list[Ranked]) -> Ranked:
    first, *more = operands
    return _joined(PLUS, [first[0], *(_wrapped(x, SUM, negative_too=True) for x in more)]), SUM


def _minus(node: Node, operands: list[Ranked]) -> Ranked:
    return _joined(MINUS, [operands[0][0], _wrapped(operands[1], INNER)]), SUM


def _negated(node: Node, operands: list[Ranked]) -> Ranked:
    return row("−", _wrapped(operands[0], INNER)), SUM


def _times(node: Node, operands: list[Ranked]) -> Ranked:
    """Numbers side by side, and before the arrays; arrays element by element: `2xy`, `c(u ⊙ v)` is written c·u ⊙ v."""
    arrays = [bool(x.shape) for x in node.operands]
    if sum(arrays) < 2:
        return product(_factors(operands)), PRODUCT
    factors = _factors(operands)
    parts: list[Math] = [factors[0]]
    for left, right, math in zip(arrays, arrays[1:], factors[1:], strict=False):
        parts += [TIMES if left and right else DOT, math]
    return Group(tuple(parts)), PRODUCT


def _matrix_product(node: Node, operands: list[Ranked]) -> Ranked:
    if all(len(x.shape) == 1 for x in node.operands):  # w·x, as the chapter has it
        return _joined(DOT, _factors(operands, MATRIX)), INNER
    return product(_factors(operands, MATRIX), apart=True), MATRIX


def _factors(operands: list[Ranked], least: int = PRODUCT) -> list[Math]:
    first, *more = operands
    leading = first[0] if is_number(first[0]) else _wrapped(first, least)
    return [leading, *(_wrapped(x, least, negative_too=True) for x in more)]


def _over(node: Node, operands: list[Ranked]) -> Ranked:
    x, y = operands
    return row(_wrapped(x, PRODUCT), Sym("/", space="thin"), _wrapped(y, POWER)), PRODUCT


def _inverted(node: Node, operands: list[Ranked]) -> Ranked:
    return _over(node, [(Sym("1"), ATOM), *operands])


def _raised(node: Node, operands: list[Ranked]) -> Ranked:
    (base, rank), exponent = operands
    matrix = len(node.operands[0].shape) > 1  # element by element: A² would be A·A
    return _script(base, rank, row("∘", exponent[0]) if matrix else exponent[0])


def _script(base: Math, rank: int, sup: Math) -> Ranked:
    twice = isinstance(base, Named) and isinstance(base.math, Script) and base.math.sup is not None
    return Script(_wrapped((base, SUM if twice else rank), ATOM), sup=sup), POWER


def _squared(node: Node, operands: list[Ranked]) -> Ranked:
    return _raised(node, [*operands, (Sym("2"), ATOM)])


def _inverse(node: Node, operands: list[Ranked]) -> Ranked:
    return _script(*operands[0], Sym("−1"))


def _turned(node: Node, operands: list[Ranked]) -> Ranked:
    axes = tuple(node.attrs.get("axes") or range(len(node.operands[0].shape))[::-1])
    plain_one = axes == tuple(range(len(axes)))[::-1]
    return _script(*operands[0], Sym("T" if plain_one else "T" + "".join(map(str, axes))))


def _bars(node: Node, operands: list[Ranked]) -> Ranked:
    return (_call if _unusual(node) else _between)(node, operands)


def _between(node: Node, operands: list[Ranked]) -> Ranked:
    left, right = row_of(node).sign[0], row_of(node).sign[-1]
    return row(left, operands[0][0], right), ATOM


def _picked(node: Node, operands: list[Ranked]) -> Ranked:
    """Some elements, as in NumPy: `A[1:3, ::2]`, and rows `E[ids]`."""
    inside = str(node.attrs["key"])[1:-1] if "key" in node.attrs else ""
    if len(operands) == 1:
        return row(_wrapped(operands[0], ATOM), f"[{inside}]"), ATOM
    before = ":, " * int(node.attrs["axis"])
    return row(_wrapped(operands[0], ATOM), f"[{before}", operands[1][0], "]"), ATOM


def _one_less_square(node: Node, operands: list[Ranked]) -> Ranked:
    return _joined(MINUS, [Sym("1"), _squared(node, operands)[0]]), SUM


def _residual(node: Node, operands: list[Ranked]) -> Ranked:
    z, y = operands
    return _joined(MINUS, [row("σ(", z[0], ")"), _wrapped(y, INNER)]), SUM


def _density_ratio(node: Node, operands: list[Ranked]) -> Ranked:
    if _unusual(node):
        return _call(node, operands)
    (x, _), *_ = operands
    return row("φ(", x, ")", Sym("/", space="thin"), "Φ(", x, ")"), PRODUCT


def _indicator(node: Node, operands: list[Ranked]) -> Ranked:
    (x, _), (y, _) = operands
    return _where(x, row_of(node).sign, y), ATOM


def _share(node: Node, operands: list[Ranked]) -> Ranked:
    """1 above, a share of it at a tie: 1[x ≥ y], 1[x > y], or the sum of both cases."""
    (x, _), (y, _), ties = *operands, node.attrs.get("ties", 1)
    if ties in (0, 1):
        return _where(x, "≥" if ties else ">", y), ATOM
    tie = product([constant(ties), _where(x, "=", y)])
    return _joined(PLUS, [_where(x, ">", y), _wrapped((tie, PRODUCT), PRODUCT, negative_too=True)]), SUM


STYLES: Mapping[str, Style] = {
    "plus": _plus, "minus": _minus, "negated": _negated, "times": _times, "dot": _matrix_product, "over": _over,
    "inverted": _inverted, "raised": _raised, "squared": _squared, "inverse": _inverse, "turned": _turned,
    "bars": _bars, "picked": _picked, "of softmax": _call, "of sigmoid": _call,
    "one less square": _one_less_square, "residual": _residual, "density ratio": _density_ratio,
    "indicator": _indicator, "share": _share,
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


def bracketed(math: Math) -> Math:
    """A formula as a factor: a sum, a difference or a negative number in brackets.

    >>> text(bracketed(row("1", MINUS, "x"))), text(bracketed(constant(-2))), text(bracketed(constant(2)))
    ('(1 − x)', '(−2)', '2')
    """
    flat = math.parts if isinstance(math, Group) else ()
    return row("(", math, ")") if negative(math) or any(p in (PLUS, MINUS) for p in flat) else math


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
