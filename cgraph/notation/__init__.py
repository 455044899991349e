"""Mathematics as it is written: names, numbers and formulas as small trees, with their text and LaTeX."""

from __future__ import annotations

from cgraph.notation.formulas import applied, bracketed, derivative, formula, names_of
from cgraph.notation.math import (
    DOT,
    EQUALS,
    MINUS,
    PLUS,
    TIMES,
    Frac,
    Group,
    Hat,
    Math,
    Named,
    Script,
    Sym,
    row,
)
from cgraph.notation.names import name
from cgraph.notation.numbers import number, plain, quantity, shape, value
from cgraph.notation.render import latex, text

__all__ = [
    "DOT",
    "EQUALS",
    "MINUS",
    "PLUS",
    "TIMES",
    "Frac",
    "Group",
    "Hat",
    "Math",
    "Named",
    "Script",
    "Sym",
    "applied",
    "bracketed",
    "derivative",
    "formula",
    "latex",
    "name",
    "names_of",
    "number",
    "plain",
    "quantity",
    "row",
    "shape",
    "text",
    "value",
]  # fmt: skip
