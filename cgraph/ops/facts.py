"""What else is known of an op: facts that passes, programs, formulas and pictures ask its row for.

Every fact has the default that suits most ops, so that a row says what is special about it and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple, TypeAlias

from cgraph.shapes import Dimension, Shape

Sizes: TypeAlias = tuple[int, ...]
Cost: TypeAlias = "Callable[[Sizes, Sequence[Sizes], Mapping[str, Any]], int]"


class Reduction(NamedTuple):
    """How a reduction brings elements together one by one: NumPy's universal function that joins two of them.

    `start` and `step` are the same in C, for a total {0} and an element {1}.
    """

    ufunc: str
    start: str
    step: str


class Ids(NamedTuple):
    """Which operand are ids, and from how many rows they choose, by the operands' shapes and the attributes."""

    place: int
    rows: Callable[[Sequence[Shape], Mapping[str, Any]], Dimension]


def free(result: Sizes, operands: Sequence[Sizes], attrs: Mapping[str, Any]) -> int:
    """The cost of an op that only moves numbers, or writes down which ones are there."""
    return 0


def an_element(result: Sizes, operands: Sequence[Sizes], attrs: Mapping[str, Any]) -> int:
    """The cost of an op that does one operation an element of its result."""
    return prod(result)


def an_operand(result: Sizes, operands: Sequence[Sizes], attrs: Mapping[str, Any]) -> int:
    """The cost of an op that does one operation an element of its first operand."""
    return prod(operands[0])


class Facts:
    """Facts of one op, given in its row by keyword.

    As it is written
    written     how formulas write it where that is no call, such as "plus" or "over" (see `notation.formulas`)
    also        what else formulas call it: ln for log
    exact       of whole numbers it says more than its value, and stays as it is: log(2)

    As mathematics
    commutes    the order of the operands changes nothing at all
    symmetric   it changes no value, though a convention may favour the first operand (of ties)
    additive    a sum of its operands, each with a sign: linear in all of them together
    linear      the operands through which programs move factors: it is linear in each, the others held fixed
    powers      of a product of powers of its operands, but for signs, the exponents
    base        of a logarithm, its base
    positive    it is nowhere 0 or below
    bounds      the two numbers between which it rises, flat on both sides: it squashes
    probability its results are probabilities: above 0.5 one is a yes
    of_logits   it applies the activation to its first operand itself: probabilities there are activated twice
    activation  a layer of a net may end in it
    pole        where it may be infinite: "always", where its last operand is 0 ("divisor"), as a summand is ("summand")
    zero_wins   a product in which an exact 0 wins over an infinity
    mask        flat wherever it is smooth: where it is 0, nothing depends on what it multiplies
    through     structural zeros go through it: given 0 for them and 1 for all else, it is 0 where its result is one
    kinked      of operands and attributes: where they are at the kink, so that its convention decides
    held        derivatives take it for a constant, though it is none: nothing flows through it
    decides     rules choose by it: at its own kink a convention has decided a derivative

    As memory
    view        its elements are those of its first operand: "same" in the same order, "moved", "copied" along axes, or
                "repeated" where windows see one of them
    like        the operand of which only the shape counts
    scattered   its elements are those of its operand at places known from the shapes, and one number elsewhere
    adds_rows   it adds to rows of a table: its last operands are the ids of these, and the table of zeros
    ids         the operand whose values choose rows, and are checked
    refuses     it refuses operands when they are computed, and only then

    As programs
    ufunc       NumPy's universal function of the operands alone that it is: a name, or a function from the attributes
    reduction   how it brings elements together, one by one
    c           its C for one element, where {0}, {1} are operands and attributes stand under their names
    quick       so quick that loops over vectors do not pay for elements that stand here and there
    c_alone     its C for such a loop, where it is another
    js          its JavaScript where the formula is not enough, such as times({0}, {1})
    cost        how many floating-point operations it does, by the sizes of the result and of the operands
    """

    written: str = ""
    also: tuple[str, ...] = ()
    exact: bool = False
    commutes: bool = False
    symmetric: bool = False
    additive: bool = False
    linear: tuple[int, ...] = ()
    powers: tuple[float, ...] = ()
    base: float = 0
    positive: bool = False
    bounds: tuple[float, float] | None = None
    probability: bool = False
    of_logits: bool = False
    activation: bool = False
    pole: str = ""
    zero_wins: bool = False
    mask: bool = False
    through: bool = False
    kinked: Callable[..., Any] | None = None
    held: bool = False
    decides: bool = False
    view: str = ""
    like: int | None = None
    scattered: bool = False
    adds_rows: bool = False
    ids: Ids | None = None
    refuses: bool = False
    ufunc: str | Callable[..., str] = ""
    reduction: Reduction | None = None
    c: str = ""
    quick: bool = False
    c_alone: str = ""
    js: str = ""
    cost: Cost | None = None


FACTS = frozenset(Facts.__annotations__)


def parted(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The keywords of a row: facts, and the defaults of its attributes, which are all others."""
    facts = {name: value for name, value in given.items() if name in FACTS}
    return facts, {name: value for name, value in given.items() if name not in FACTS}
