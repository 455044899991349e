"""The linear map on an edge between arrays as mathematics, such as `· Wᵀ`, from what the op's row says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cgraph.graph.node import Node
from cgraph.notation.math import DOT, EQUALS, Frac, Group, Math, Script, Sym
from cgraph.notation.render import text
from cgraph.notation.written import bracketed, is_number, negative, row_of
from cgraph.ops.maps import summed

PLACE = Sym("·")  # stands for the upstream gradient
SAME = "1 {g}"  # the map that changes nothing
_BASE = re.compile(r" ([⊙⊗−+=→]) |\{(\w+)\}|([A-Za-z]+|\d+|.)", re.DOTALL)
_BELOW, _ABOVE = re.compile(r"_([0-9a-z:]+|(?=\())"), re.compile(r"⁻ᵀ|ᵀ\d*")
_RAISED = {"⁻ᵀ": "−T"}


def linear_map(
    node: Node, position: int, operands: Sequence[Math], result: Math, upstream: Math = PLACE
) -> tuple[tuple[bool, Math], ...]:
    """The map from an upstream gradient to that of the operand at a position, in parts side by side; of each whether it
    is the upstream gradient. Nothing for an elementwise op.

    >>> import cgraph as cg
    >>> from cgraph.notation import name, row, text
    >>> z = cg.variable("X", (2, 3)) @ cg.variable("W", (3, 4))
    >>> text(row(*[math for _, math in linear_map(z, 0, [name("X"), name("W")], name("z"))]))
    '· Wᵀ'
    """
    written = row_of(node).map(position, [x.shape for x in node.operands], node.attrs)
    if written == "{g}" and upstream is PLACE:
        written = SAME
    return _parts(written, _names(operands, result, upstream)) if written else ()


def elementwise_map(
    node: Node, position: int, local: Math, number: bool, upstream: Math = PLACE
) -> tuple[tuple[bool, Math], ...]:
    """The same of an elementwise op whose local derivative is `local`, maybe a number: `⊙ 2x`, `2 ·`, `Σ₀ ·`."""
    what = "{g}" if text(local) == "1" else "{local} {g}" if number else "{g} ⊙ {local}"
    written = summed(what, node.shape, node.operands[position].shape)
    if upstream is PLACE:  # an operator, which has its place at its end
        written = {"{g}": SAME, "{g} ⊙ {local}": " ⊙ {local}"}.get(written, written)
    plain = number and negative(local) and is_number(local) and written.startswith("{local}")
    return _parts(written, {"g": upstream, "local": local if plain else bracketed(local)})


def _names(operands: Sequence[Math], result: Math, upstream: Math) -> dict[str, Math]:
    numbered = {str(i): math for i, math in enumerate(operands)}
    return {**numbered, **dict(zip("xy", operands, strict=False)), "z": result, "g": upstream}


def _parts(written: str, names: Mapping[str, Math]) -> tuple[tuple[bool, Math], ...]:
    """A text in the language of `ops.maps`, cut into bases with what stands below and above them."""
    found: list[tuple[bool, Math]] = []
    end = 0
    while end < len(written):
        base = _BASE.match(written, end)
        assert base is not None
        relation, name, word = base.groups()
        end = base.end()
        math = names[name] if name else _sign(relation) if relation else _word(word)
        below = _BELOW.match(written, end)
        sub: Math | None = None
        if below is not None and not relation:
            end = below.end() if below[1] else _closing(written, below.end())
            sub = _below(below[1] or written[below.end() + 1 : end - 1], names)
        above = _ABOVE.match(written, end)
        sup = None if above is None else Sym(_RAISED.get(above[0]) or above[0].replace("ᵀ", "T"))
        end = end if above is None else above.end()
        if sub is not None:
            math = Script(_one(math), sub=sub)
        if sup is not None:
            math = Script(_one(math), sup)
        found.append((name == "g", math))
    return _with_dots(found) if names["g"] is not PLACE else tuple(found)


def _with_dots(parts: list[tuple[bool, Math]]) -> tuple[tuple[bool, Math], ...]:
    """A product with the upstream gradient has its dot."""
    last = len(parts) - 1
    for i, (_, math) in enumerate(parts):
        beside = 0 < i < last and (parts[i - 1][0] or parts[i + 1][0])
        if math == _BLANK and beside and not _is_word(parts[i - 1][1]) and parts[i + 1][1] != Sym("at"):
            parts[i] = (False, DOT)
    return tuple(parts)


def _is_word(math: Math) -> bool:
    """Whether it is a sign that takes what follows, such as Σ or `scatter`."""
    while isinstance(math, Script):
        math = math.base
    return isinstance(math, Sym) and math.text in ("Σ", "scatter", ";")


def _one(math: Math) -> Math:
    """A base that scripts stand on: a fraction in brackets."""
    return Group((Sym("("), math, Sym(")"))) if isinstance(math, Frac) else math


def _closing(written: str, start: int) -> int:
    """Where the bracket that opens at a place is closed, and one further."""
    depth = 0
    for end in range(start, len(written)):
        depth += {"(": 1, ")": -1}.get(written[end], 0)
        if depth == 0:
            return end + 1
    return len(written)


def _below(written: str, names: Mapping[str, Math]) -> Math:
    if "{" not in written:
        return Sym(written, italic=not written[:1].isdigit() and len(written) == 1)
    parts = _parts(written, names)
    return Group(tuple(math for _, math in parts))


_BLANK = Sym(" ")


def _sign(relation: str) -> Math:
    return EQUALS if relation == "=" else Sym(relation, space="rel" if relation == "→" else "bin")


def _word(word: str) -> Math:
    """The one letter that a map gives a meaning is italic; all else is a function or a sign."""
    return Sym(word, italic=word == "p")
