"""Mathematics as a small tree: symbols, groups, scripts, fractions, hats, matrices, and names as they were spelled.

A picture typesets these trees; a terminal prints their `text`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Sym:
    """Some characters: italic for variables, upright for numbers and op names; `space` around relations."""

    text: str
    italic: bool = False
    space: str = ""  # "rel" for =, "bin" for + and ·, "thin", "" for none


@dataclass(frozen=True)
class Group:
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
    """A base with a hat, or another mark above it: "tilde", "bar", "dot"."""

    base: Math
    mark: str = "hat"


@dataclass(frozen=True)
class Grid:
    """A matrix: rows of entries in square brackets."""

    rows: tuple[tuple[Math, ...], ...]


@dataclass(frozen=True)
class Blank:
    """A field to write in, so many points wide and high, on the height of a line; `inside` is its answer."""

    width: float
    height: float
    inside: Math | None = None


@dataclass(frozen=True)
class Named:
    """A name: printed as `math`, spelled as `spelling`; or a number, whose `key` says which quantity it is."""

    math: Math
    spelling: str
    key: str = ""


Math: TypeAlias = "Sym | Group | Script | Frac | Hat | Grid | Blank | Named"

EQUALS, PLUS, MINUS, DOT, TIMES = (
    Sym("=", space="rel"),
    Sym("+", space="bin"),
    Sym("−", space="bin"),
    Sym("·", space="bin"),
    Sym("⊙", space="bin"),
)


def row(*parts: Math | str) -> Group:
    """Parts side by side; strings are upright."""
    return Group(tuple(Sym(p) if isinstance(p, str) else p for p in parts))
