"""What a row of the table is, and the two ways to write one.

A row says everything about one op: its name, its formula (which is its label and its documentation too), how
arrays compute it, and its derivative rule, one rule per operand, so that a rule nobody asks for is never
computed (d(x**y)/dy does not exist for x < 0, and must not disturb d(x**y)/dx there). What else is known of it are
`facts`, which stand in the row by keyword.

The array function takes the namespace of its arrays first, `lambda xp, x: x / (1 + xp.abs(x))`, so that NumPy is one
column and another array library is another; a function that the namespace has itself is given by its name, "tanh".

Rules are functions of a world `w`, the result `z` and the operands, written with operators and names of `w`:

- an *elementwise* rule `(w, z, x, ...)` is the local derivative dz/dx;
- a *structural* rule `(w, g, z, x, ...)` is the pullback: from the upstream gradient `g` to the downstream one.

Attributes of the op and its facts follow by keyword.

A rule that is None says that nothing flows to that operand. Where a textbook's rule cancels in numbers (z(1 - z) is 0
where z is rounded to 1), `lossless` has a rule that does not and the textbook's, which pictures and derivations show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from inspect import CO_VARARGS
from operator import attrgetter
from types import MappingProxyType, MethodType
from typing import Any, Never, TypeAlias

import numpy as np

from cgraph import shapes
from cgraph.errors import ShapeError, ValueRefusedError, did_you_mean
from cgraph.ops.facts import FACTS, Facts, Sizes, an_element, an_operand, free, parted
from cgraph.ops.maps import Written, WrittenAt
from cgraph.shapes import Shape

Array: TypeAlias = "str | Callable[..., Any]"
Rule: TypeAlias = Callable[..., Any]
Attrs: TypeAlias = Mapping[str, Any]
Example: TypeAlias = "tuple[tuple[Any, ...], dict[str, Any]]"
NONE: Attrs = MappingProxyType({})


def lossless(rule: Rule, textbook: Rule) -> Rule:
    """A rule that loses no digits, and the same as a textbook writes it: numbers and gradients take the first,
    what is shown to a reader the second. Both are proved."""
    vars(rule)["textbook"] = textbook
    return rule


def as_written(rule: Rule) -> Rule:
    """A rule as a textbook writes it."""
    return getattr(rule, "textbook", rule)


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


class Op(Facts):
    """One op. Made by `elementwise` or `structural`, never changed. Its `Facts` stand by keyword.

    name        as it is called: `cgraph.tanh`
    formula     of the operands `x, y` (and the attributes), readable by SymPy where elementwise
    sign        as it stands on a node of a diagram: `+`, `σ`, `ReLU`
    array       the result from a namespace of arrays and its arrays, or the name of the namespace's own function
    rules       one per operand, or, for any number of operands, a function from the position to the rule
    maps        structural only: the pullback as it is written on an edge (see `ops.maps`), one per operand, or, for
                any number of operands, a function from the position
    infer       (shapes, attributes) -> (attributes in normal form, shape of the result)
    definition  the result written in other ops, where the arrays' way is not the definition itself; of two that are
                `lossless` together, pictures and proofs take the textbook's, pages that compute again the other
    kink        where a convention decides the derivative, in words, with the attributes that choose in braces
    check       refuses targets, the last operand, that are none; a pass in numbers runs it where they are a leaf
    operands    what the formula calls its operands: `x, y` unless the row says otherwise
    examples    the shapes of operands (each size another, so that a swapped axis shows) and the attributes with
                which the rules are proved; an operand that cannot be a symbol (ids) stands as a list of its values
    """

    name: str
    formula: str
    sign: str
    array: Array
    rules: tuple[Rule | None, ...] | Callable[[int], Rule]
    maps: tuple[Written, ...] | WrittenAt
    infer: Callable[[Sequence[Shape], Attrs], tuple[Attrs, Shape]]
    definition: Callable[..., Any] | None
    defaults: Attrs
    kink: str
    examples: tuple[Example, ...]
    operands: tuple[str, ...]
    check: Callable[[Any], None] | None

    elementwise: bool  # whether the rules are local derivatives; else they are pullbacks
    rule: Callable[[int], Rule | None]  # the derivative rule for the operand at a position
    arity: int | None  # the number of operands; None when it takes any number from two up
    numpy: Callable[..., Any]  # the array function on NumPy, bound once

    def __init__(  # by hand: to make a dataclass of so many fields would take a sixth of `import cgraph`
        self,
        name: str,
        formula: str,
        sign: str,
        array: Array,
        rules: tuple[Rule | None, ...] | Callable[[int], Rule],
        maps: tuple[Written, ...] | WrittenAt = (),
        infer: Callable[[Sequence[Shape], Attrs], tuple[Attrs, Shape]] = broadcast,
        definition: Callable[..., Any] | None = None,
        defaults: Attrs = NONE,
        kink: str = "",
        examples: tuple[Example, ...] = (),
        operands: tuple[str, ...] = ("x", "y"),
        check: Callable[[Any], None] | None = None,
        **facts: Any,
    ) -> None:
        for fact in facts.keys() - FACTS:
            raise ValueRefusedError(f"{fact!r} is no fact of an op", fix=did_you_mean(fact, FACTS, "see ops/facts.py"))
        arity = None if callable(rules) else len(rules)
        if not _takes_namespace(array, (arity or 2) + len(defaults)):
            raise ValueRefusedError(
                f"the array function of {name} takes too few arguments",
                why="it takes the namespace of the arrays, such as NumPy, before the operands and the attributes",
                fix='write lambda xp, x: xp.exp(x), or "exp" alone for what NumPy has itself',
            )
        given: dict[str, Any] = {
            "name": name, "formula": formula, "sign": sign, "array": array, "rules": rules, "maps": maps,
            "infer": infer, "definition": definition, "defaults": defaults, "kink": kink, "examples": examples,
            "operands": operands, "check": check, **facts,
        }  # fmt: skip
        self.__dict__.update(given, given=given, elementwise=not maps, arity=arity)
        self.__dict__["pole"] = self.pole  # asked on every edge, and found sooner here than in the class
        self.__dict__.update(rule=rules if callable(rules) else rules.__getitem__, numpy=self.on(np))

    def __setattr__(self, name: str, value: object) -> Never:
        raise AttributeError(f"an op is never changed: .replaced({name}=...) gives another")

    def replaced(self, **columns: Any) -> Op:
        """Another op, which is like this one but for these columns and facts."""
        return Op(**{**self.__dict__["given"], **columns})

    def __repr__(self) -> str:
        return f"<op {self.name}: {self.formula}>"

    def on(self, xp: Any) -> Callable[..., Any]:
        """The array function on a namespace of arrays, such as NumPy: one column of the table is made of these."""
        if isinstance(self.array, str):
            try:
                return attrgetter(self.array)(xp)  # type: ignore[no-any-return]  # of any namespace
            except AttributeError:
                what = f"{self.name} is the function {self.array!r} of {getattr(xp, '__name__', 'a namespace')}"
                raise ValueRefusedError(
                    what, why="there is none", fix="write lambda xp, x: ... with xp's own"
                ) from None
        return MethodType(self.array, xp)  # binds the first argument, for less than a partial costs in each call

    def universal(self, attrs: Attrs) -> np.ufunc | None:
        """NumPy's universal function that computes the op from its operands alone; None where there is none."""
        name = self.ufunc(**{**self.defaults, **attrs}) if callable(self.ufunc) else self.ufunc
        if name:
            return getattr(np, name)  # type: ignore[no-any-return]  # NumPy has it
        return self.numpy if isinstance(self.numpy, np.ufunc) else None

    def flops(self, result: Sizes, operands: Sequence[Sizes], attrs: Attrs) -> int:
        """The floating-point operations for these sizes, those of the formula, whatever a program makes of it."""
        cost = self.cost or (free if self.view else an_element if self.elementwise else an_operand)
        return cost(result, operands, attrs)

    @property
    def middle(self) -> float:
        """Above this an output of the op is a yes: 0.5 for a probability, 0 for a logit.

        Of any other function that rises it is what the logit 0 becomes: log(1/2) for log_sigmoid. It is 0 for the rest.
        """
        if self.probability or not self.elementwise or self.arity != 1:
            return 0.5 if self.probability else 0.0
        with np.errstate(all="ignore"):
            values = np.asarray(self.numpy(np.linspace(-8.0, 8.0, 33), **self.defaults))
        rises = bool(np.isfinite(values).all() and (np.diff(values) >= 0).all())
        return float(values[16]) if rises else 0.0

    def convention(self, attrs: Attrs) -> str:
        """The kink with the choices that these attributes make: `ReLU'(0) = 1`."""
        return self.kink.format(**{**self.defaults, **attrs})

    def map(self, position: int, operands: Sequence[Shape], attrs: Attrs) -> str:
        """The pullback to the operand at `position` as it is written on an edge, in the language of `ops.maps`.

        Nothing for an elementwise row, and where nothing flows.
        """
        if self.elementwise:
            return ""
        written = self.maps(position) if callable(self.maps) else self.maps[position]
        return written if isinstance(written, str) else written(operands, attrs)


def _takes_namespace(array: Array, given: int) -> bool:
    """Whether an array function has a place for the namespace before so many operands and attributes."""
    code = getattr(array, "__code__", None)
    if code is None or code.co_flags & CO_VARARGS:
        return not isinstance(array, np.ufunc)
    return bool(code.co_argcount + code.co_kwonlyargcount > given)


def elementwise(
    name: str,
    formula: str,
    array: Array,
    *rules: Rule | None,
    sign: str = "",
    kink: str = "",
    operands: tuple[str, ...] = ("x", "y"),
    check: Callable[[Any], None] | None = None,
    **given: Any,
) -> Op:
    """A row whose rules are local derivatives, one per operand. Keywords that are no `Facts` are attributes: numbers,
    which the formula or the kink names."""
    facts, defaults = parted(given)
    attrs = MappingProxyType(defaults)
    return Op(
        name, formula, sign or name, array, rules, defaults=attrs, kink=kink, operands=operands, check=check, **facts
    )


def variadic(
    name: str, formula: str, array: Array, rule_at: Callable[[int], Rule], *, sign: str = "", **facts: Any
) -> Op:
    """An elementwise row for any number of operands; `rule_at(i)` is the rule of operand i."""
    return Op(name, formula, sign or name, array, lru_cache(rule_at), **facts)  # one rule a position, as for few


def structural(
    name: str,
    formula: str,
    array: Array,
    *pullbacks: tuple[Written, Rule | None],
    infer: Callable[[Sequence[Shape], Attrs], tuple[Attrs, Shape]],
    examples: Sequence[Example],
    sign: str = "",
    kink: str = "",
    definition: Callable[..., Any] | None = None,
    check: Callable[[Any], None] | None = None,
    **given: Any,
) -> Op:
    """A row whose rules are pullbacks, each with the formula on its edge, as `ops.maps` writes it."""
    texts, rules = zip(*pullbacks, strict=True)
    facts, defaults = parted(given)
    attrs = MappingProxyType(defaults)
    return Op(
        name, formula, sign or name, array, (*rules,), (*texts,), infer, definition, attrs, kink, tuple(examples),
        check=check, **facts,
    )  # fmt: skip


def joining(
    name: str,
    formula: str,
    array: Array,
    text: str | WrittenAt,
    pullback_at: Callable[[int], Rule],
    *,
    infer: Callable[[Sequence[Shape], Attrs], tuple[Attrs, Shape]],
    examples: Sequence[Example],
    sign: str = "",
    definition: Callable[..., Any] | None = None,
    **given: Any,
) -> Op:
    """A structural row for any number of operands; `pullback_at(i)` is the rule of operand i, `text(i)` its map."""
    facts, defaults = parted(given)
    attrs = MappingProxyType(defaults)
    return Op(
        name, formula, sign or name, array, pullback_at, text if callable(text) else lambda _position: text, infer,
        definition, attrs, "", tuple(examples), **facts,
    )  # fmt: skip
