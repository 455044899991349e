"""What a row of the table is, and the two ways to write one.

A row says everything about one op: its name, its formula (which is its label and its documentation too), how
NumPy computes it, and its derivative rule, one rule per operand, so that a rule nobody asks for is never
computed (d(x**y)/dy does not exist for x < 0, and must not disturb d(x**y)/dx there).

Rules are functions of a world `w`, the result `z` and the operands, written with operators and names of `w`:

- an *elementwise* rule `(w, z, x, ...)` is the local derivative dz/dx;
- a *structural* rule `(w, g, z, x, ...)` is the pullback: from the upstream gradient `g` to the downstream one.

Attributes of the op follow by keyword.

A rule that is None says that nothing flows to that operand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

from cgraph import shapes
from cgraph.errors import ShapeError
from cgraph.shapes import Shape

Rule: TypeAlias = Callable[..., Any]
Attrs: TypeAlias = Mapping[str, Any]
Example: TypeAlias = "tuple[tuple[Any, ...], dict[str, Any]]"
NONE: Attrs = MappingProxyType({})


def unbroadcast(w: Any, gradient: Any, like: Any) -> Any:
    """Sum a gradient over the axes along which `like` was broadcast, so that it has `like`'s shape."""
    have, want = gradient.shape, like.shape
    if have == want:
        return gradient
    extra = len(have) - len(want)
    if extra:
        gradient = w.sum(gradient, axis=tuple(range(extra)))
    stretched = tuple(i for i, (h, s) in enumerate(zip(have[extra:], want, strict=True)) if h != s)
    return w.sum(gradient, axis=stretched, keepdims=True) if stretched else gradient


def broadcast(shape: Sequence[Shape], attrs: Attrs) -> tuple[Attrs, Shape]:
    """The shape rule of elementwise ops: the operands broadcast; attributes are numbers."""
    for name, value in attrs.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ShapeError(f"{name}={value!r}", why=f"{name} is a number", fix=f"write {name}=1")
    return attrs, shapes.broadcast(shape)


@dataclass(frozen=True, eq=False)
class Op:
    """One op. Made by `elementwise` or `structural`, never changed.

    name        as it is called: `cgraph.tanh`
    formula     of the operands `x, y` (and the attributes), readable by SymPy where elementwise
    sign        as it stands on a node of a diagram: `+`, `σ`, `ReLU`
    numpy       the result from arrays
    rules       one per operand, or, for any number of operands, a function from the position to the rule
    maps        structural only: the pullback as it is written on an edge, one per operand (one for all of any number)
    infer       (shapes, attributes) -> (attributes in normal form, shape of the result)
    definition  the result written in other ops, where NumPy's way is not the definition itself
    kink        where a convention decides the derivative, in words, with the attributes that choose in braces
    check       refuses targets, the last operand, that are none; a pass in numbers runs it where they are a leaf
    operands    what the formula calls its operands: `x, y` unless the row says otherwise
    examples    the shapes of operands (each size another, so that a swapped axis shows) and the attributes with
                which the rules are proved; an operand that cannot be a symbol (ids) stands as a list of its values
    """

    name: str
    formula: str
    sign: str
    numpy: Callable[..., Any]
    rules: tuple[Rule | None, ...] | Callable[[int], Rule]
    maps: tuple[str, ...] = ()
    infer: Callable[[Sequence[Shape], Attrs], tuple[Attrs, Shape]] = broadcast
    definition: Callable[..., Any] | None = None
    defaults: Attrs = field(default_factory=lambda: NONE)
    kink: str = ""
    examples: tuple[Example, ...] = ()
    operands: tuple[str, ...] = ("x", "y")
    check: Callable[[Any], None] | None = None

    elementwise: bool = field(init=False)  # whether the rules are local derivatives; else they are pullbacks
    rule: Callable[[int], Rule | None] = field(init=False)  # the derivative rule for the operand at a position
    arity: int | None = field(init=False)  # the number of operands; None when it takes any number from two up

    def __post_init__(self) -> None:
        object.__setattr__(self, "elementwise", not self.maps)
        object.__setattr__(self, "rule", self.rules if callable(self.rules) else self.rules.__getitem__)
        object.__setattr__(self, "arity", None if callable(self.rules) else len(self.rules))

    def convention(self, attrs: Attrs) -> str:
        """The kink with the choices that these attributes make: `ReLU'(0) = 1`."""
        return self.kink.format(**{**self.defaults, **attrs})

    def map(self, position: int) -> str:
        """The pullback to the operand at `position` as it is written on an edge; nothing for an elementwise row."""
        return "" if self.elementwise else self.maps[position if self.arity is not None else 0]


def elementwise(
    name: str,
    formula: str,
    numpy: Callable[..., Any],
    *rules: Rule | None,
    sign: str = "",
    kink: str = "",
    operands: tuple[str, ...] = ("x", "y"),
    check: Callable[[Any], None] | None = None,
    **defaults: float,
) -> Op:
    """A row whose rules are local derivatives, one per operand. Attributes are numbers: the formula or the kink
    names them."""
    given = MappingProxyType(defaults)
    return Op(name, formula, sign or name, numpy, rules, defaults=given, kink=kink, operands=operands, check=check)


def variadic(name: str, formula: str, numpy: Callable[..., Any], rule_at: Callable[[int], Rule], sign: str) -> Op:
    """An elementwise row for any number of operands; `rule_at(i)` is the rule of operand i."""
    return Op(name, formula, sign, numpy, lru_cache(rule_at))  # one rule a position, as in rows of few operands


def structural(
    name: str,
    formula: str,
    numpy: Callable[..., Any],
    *pullbacks: tuple[str, Rule | None],
    infer: Callable[[Sequence[Shape], Attrs], tuple[Attrs, Shape]],
    examples: Sequence[Example],
    sign: str = "",
    kink: str = "",
    definition: Callable[..., Any] | None = None,
    check: Callable[[Any], None] | None = None,
    **defaults: Any,
) -> Op:
    """A row whose rules are pullbacks, each with the text drawn on its edge."""
    texts, rules = zip(*pullbacks, strict=True)
    given = MappingProxyType(defaults)
    return Op(
        name, formula, sign or name, numpy, (*rules,), (*texts,), infer, definition, given, kink, tuple(examples),
        check=check,
    )  # fmt: skip


def joining(
    name: str,
    formula: str,
    numpy: Callable[..., Any],
    text: str,
    pullback_at: Callable[[int], Rule],
    *,
    infer: Callable[[Sequence[Shape], Attrs], tuple[Attrs, Shape]],
    examples: Sequence[Example],
    sign: str = "",
    **defaults: Any,
) -> Op:
    """A structural row for any number of operands; `pullback_at(i)` is the rule of operand i."""
    given = MappingProxyType(defaults)
    return Op(name, formula, sign or name, numpy, pullback_at, (text,), infer, None, given, "", tuple(examples))
