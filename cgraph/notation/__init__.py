"""Mathematics as it is written: names, numbers and formulas as small trees, with their text and LaTeX."""

from __future__ import annotations

from cgraph.notation.formulas import applied, derivative, formula, names_of
from cgraph.notation.maps import PLACE, elementwise_map, linear_map
from cgraph.notation.math import (
    DOT,
    EQUALS,
    MINUS,
    PLUS,
    TIMES,
    Blank,
    Frac,
    Grid,
    Group,
    Hat,
    Math,
    Named,
    Script,
    Sym,
    row,
)
from cgraph.notation.names import name
from cgraph.notation.numbers import SIDE, constant, matrix, number, plain, quantity, shape, value
from cgraph.notation.render import latex, spellings, text
from cgraph.notation.written import arguments, bracketed, in_circle, sign

__all__ = [
    "DOT",
    "EQUALS",
    "MINUS",
    "PLACE",
    "PLUS",
    "SIDE",
    "TIMES",
    "Blank",
    "Frac",
    "Grid",
    "Group",
    "Hat",
    "Math",
    "Named",
    "Script",
    "Sym",
    "applied",
    "arguments",
    "bracketed",
    "constant",
    "derivative",
    "elementwise_map",
    "formula",
    "in_circle",
    "latex",
    "linear_map",
    "matrix",
    "name",
    "names_of",
    "number",
    "plain",
    "quantity",
    "row",
    "shape",
    "sign",
    "spellings",
    "text",
    "value",
]  # fmt: skip
