"""Mathematics as it is written: names, numbers and formulas as small trees, with their text and LaTeX.

A picture typesets these trees; a terminal prints their `text`. A name keeps the user's spelling as its text and
gets real superscripts and subscripts in print: `w[1]11` is w with [1] above and 11 below, `x(2)1` is x with (2)
above (the second example) and 1 below, `yhat` is y with a hat.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from cgraph import quoting
from cgraph.graph import Graph
from cgraph.node import CONSTANT, OP, Node
from cgraph.ops import TABLE
from cgraph.ops.row import NONE
from cgraph.ops.row import Row as Op
from cgraph.quoting import GREEK
from cgraph.shapes import Shape


@dataclass(frozen=True)
class Sym:
    """Some characters: italic for variables, upright for numbers and op names; `space` around relations."""

    text: str
    italic: bool = False
    space: str = ""  # "rel" for =, "bin" for + and ·, "thin", "" for none


@dataclass(frozen=True)
class Row:
    """Parts side by side."""

    parts: tuple[Math, ...]


@dataclass(frozen=True)
class Script:
    """A base with a superscript and a subscript."""

    base: Math
    sup: Math | None = None
    sub: Math | None = None


@dataclass(frozen=True)
class Frac:
    """A stacked fraction."""

    top: Math
    bottom: Math


@dataclass(frozen=True)
class Hat:
    """A base with a hat."""

    base: Math


@dataclass(frozen=True)
class Named:
    """A name: printed as `math`, spelled as `spelling`; or a number, whose `key` says which quantity it is."""

    math: Math
    spelling: str
    key: str = ""


Math: TypeAlias = "Sym | Row | Script | Frac | Hat | Named"

EQUALS, PLUS, MINUS, DOT, TIMES = (
    Sym("=", space="rel"),
    Sym("+", space="bin"),
    Sym("−", space="bin"),
    Sym("·", space="bin"),
    Sym("⊙", space="bin"),
)
LONGEST_NAME = 32

_NAME = re.compile(
    r"(?P<base>[^\W\d_]+?)(?:_?(?P<hat>hat))?(?:\[(?P<sup>[\w+−-]{1,6})\])?(?P<example>\(\d{1,6}\))?_?"
    r"(?P<sub>(?<![^\W\d])[^\W_]+|\d+(?:_\w+)?|(?<=_)\w+)?(?P<prime>'*)"
)


def row(*parts: Math | str) -> Row:
    """Parts side by side; strings are upright."""
    return Row(tuple(Sym(p) if isinstance(p, str) else p for p in parts))


@cache
def name(spelling: str) -> Math:
    """A name as it is printed.

    >>> latex(name("w[1]11")), latex(name("yhat")), latex(name("x2")), latex(name("loss"))
    ('w^{[1]}_{11}', '\\\\hat{y}', 'x_{2}', '\\\\mathrm{loss}')
    """
    found = _NAME.fullmatch(spelling) if len(spelling) <= LONGEST_NAME else None
    if found is None:
        shown = "".join(c if c.isprintable() else "□" for c in spelling)
        return Named(Sym(shown if len(shown) <= LONGEST_NAME else shown[: LONGEST_NAME - 1] + "…"), spelling)
    base, sup, sub = found["base"], found["sup"], found["sub"]
    letter = GREEK.get(base, base)
    math: Math = Sym(letter, italic=len(letter) == 1)
    if found["hat"]:
        math = Hat(math)
    raised = (f"[{sup}]" if sup else "") + (found["example"] or "") + "′" * len(found["prime"])
    if raised or sub:
        math = Script(math, Sym(raised) if raised else None, Sym(sub.replace("_", ",")) if sub else None)
    return Named(math, spelling)


def number(value: Any, digits: int = 3) -> Math:
    """A number to some significant digits: exact integers as they are, a true minus sign, never -0.

    >>> [text(number(x)) for x in (-2.0, 0.47407, -0.0, 1e-9, 123456.0, 1234567.8, float("inf"))]
    ['−2', '0.474', '0', '1×10⁻⁹', '123456', '1.23×10⁶', '∞']
    """
    x = float(value)
    if np.isnan(x):
        return Sym("NaN")
    sign = "−" if x < 0 else ""
    if np.isinf(x):
        return Sym(f"{sign}∞")
    if x == int(x) and abs(x) < 1e6:
        return Sym(f"{sign}{abs(int(x))}")
    exponent = int(f"{abs(x):.{digits - 1}e}".split("e")[1])
    if -4 <= exponent < 6:
        return Sym(sign + f"{abs(x):.{max(digits - 1 - exponent, 0)}f}".rstrip("0").rstrip("."))
    mantissa = f"{abs(x):.{digits - 1}e}".split("e")[0].rstrip("0").rstrip(".")
    return row(f"{sign}{mantissa}×", Script(Sym("10"), sup=Sym(str(exponent).replace("-", "−"))))


def value(array: Any, digits: int = 3) -> Math:
    """A value: a number, the entries of a small array, or the first entries of a large one."""
    entries = np.asarray(array)
    if entries.ndim == 0:
        return number(entries, digits)
    few = entries.ravel()[: 3 if entries.size <= 3 else 2]
    parts: list[Math] = [Sym("[")]
    for i, entry in enumerate(few):
        parts += [*([Sym(", ")] if i else []), number(entry, digits)]
    return Row((*parts, Sym(", …]" if entries.size > len(few) else "]")))


def shape(dimensions: Shape) -> Math:
    """A shape such as `[m×3]`."""
    return Sym("[" + "×".join(map(str, dimensions)) + "]")


def quantity(math: Math, key: str) -> Math:
    """A number that a picture can find again by its key, such as `local e4`."""
    return Named(math, text(math), key)


def bracketed(math: Math) -> Math:
    """A formula as a factor: a sum, a difference or a negative number in brackets.

    >>> text(bracketed(row("1", MINUS, "x"))), text(bracketed(number(-2))), text(bracketed(number(2)))
    ('(1 − x)', '(−2)', '2')
    """
    flat = math.parts if isinstance(math, Row) else ()
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
    return Row(tuple(parts))


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
    return Row(tuple(joined))


def _wrapped(operand: tuple[Math, int], least: int, negative: bool = False) -> Math:
    math, rank = operand
    return row("(", math, ")") if rank < least or (negative and _negative(math)) else math


# As text and as LaTeX ------------------------------------------------------------------------------------------------
_SUPERSCRIPTS = str.maketrans("0123456789−+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺")
_SPACE = {"rel": " ", "bin": " ", "thin": "", "": ""}


def text(math: Math) -> str:
    """Plain text: fractions with a slash, names as they were spelled."""
    if isinstance(math, Named):
        return quoting.terminal(math.spelling)
    if isinstance(math, Sym):
        return f"{_SPACE[math.space]}{math.text}{_SPACE[math.space]}"
    if isinstance(math, Row):
        return "".join(map(text, math.parts))
    if isinstance(math, Frac):
        return f"{text(math.top)}/{text(math.bottom)}"
    if isinstance(math, Hat):
        return f"{text(math.base)}hat"
    sup = "" if math.sup is None else text(math.sup)
    raised = "ᵀ" if sup == "T" else sup.translate(_SUPERSCRIPTS) if sup.strip("0123456789−") == "" else f"^{sup}"
    return text(math.base) + raised + ("" if math.sub is None else f"_{text(math.sub)}")


def latex(math: Math) -> str:
    """LaTeX for math mode, in ASCII: plain pdflatex and MathJax take it."""
    if isinstance(math, Named):
        return latex(math.math)
    if isinstance(math, Sym):
        escaped = quoting.latex(math.text)
        return rf"\mathrm{{{escaped}}}" if len(math.text) > 1 and math.text.isalpha() else escaped.strip()
    if isinstance(math, Row):
        return " ".join(filter(None, map(latex, math.parts)))
    if isinstance(math, Frac):
        return rf"\frac{{{latex(math.top)}}}{{{latex(math.bottom)}}}"
    if isinstance(math, Hat):
        return rf"\hat{{{latex(math.base)}}}"
    sup = "" if math.sup is None else f"^{{{latex(math.sup)}}}"
    return latex(math.base) + sup + ("" if math.sub is None else f"_{{{latex(math.sub)}}}")


def names_of(graph: Graph) -> dict[Node, Math]:
    """Each node of a graph as it is written: its name, or the number of an unnamed constant."""
    return {
        node: value(node.value) if node.kind == CONSTANT and node.name is None else name(spelled)
        for node, spelled in zip(graph.nodes, graph.names, strict=True)
    }
