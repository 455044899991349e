"""Formulas as people type and paste them, written as the small language of `parse` has them.

`2x`, `2(x + 1)`, `x²`, `x·y`, `√x`, `|x|`, `x^2`: what has one meaning is read; what has several is refused, and the
error says how to write each of them. Every character of the result knows the character that it came from.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple, NoReturn

from cgraph.errors import FormulaError
from cgraph.graph.language import PRINTED

_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_SUB = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SIGNS = {
    **dict.fromkeys("·⋅×∗⊙\u2062", "*"),
    **dict.fromkeys("÷∕⁄", "/"),
    **dict.fromkeys("−–—‐‑", "-"),
    **{"≥": ">=", "≤": "<=", "≠": "!=", "^": "**", "＝": "="},
}
_UNSEEN = "\u200b\u200c\u200d\u2060\u2061\ufeff\u00ad"  # pasted with a formula, and not to be seen in it
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<text>'[^'\n]*'|\"[^\"\n]*\")"
    r"|(?P<number>0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?j?)"
    r"|(?P<fraction>[¼-¾⅐-⅞])"
    r"|(?P<power>[⁰¹²³⁴-⁹⁺⁻]+)"
    r"|(?P<transposed>ᵀ)"
    r"|(?P<root>[√∛])"
    rf"|(?P<printed>(?<!\w)(?:{'|'.join(map(re.escape, sorted(PRINTED, key=len, reverse=True)))})(?=\s*\())"
    r"|(?P<name>[^\W\d](?:(?![⁰¹²³⁴-⁹ᵀ])\w)*)"
    r"|(?P<bar>\|+)"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])"
    r"|(?P<sign>\*\*|//|==|!=|>=|<=|:=|->|[^\s\w])"
    r"|(?P<other>.)",
    re.S,
)
_STRANGE = re.compile(
    r"[^\x00-\x7f]|[\^|\\]"  # signs that Python has no such meaning for
    r"|\d\s*\(|[)\]]\s*[\w(]|\d[^\W\d]|\w[^\S\n]+[\w(]"  # side by side: a product, or a mistake
)
_ROOTS = {"√": "sqrt", "∛": "cbrt"}
_ENDS = frozenset({"number", "fraction", "name", "close", "power", "transposed"})
_WORDS = frozenset(keyword.kwlist)
_NEAR = 12


class Token(NamedTuple):
    """A piece of a formula: what it is, its text, and the character where it begins."""

    kind: str
    text: str
    at: int


class Typed(NamedTuple):
    """A formula in the small language, and for each of its characters the one that it came from."""

    text: str
    places: Sequence[int]  # empty: each character stands where it was typed


def as_typed(text: str, functions: frozenset[str] | set[str]) -> Typed:
    """A formula as `parse` reads it; `functions` are the names that can be called.

    Raises FormulaError for what has several meanings.

    >>> as_typed("L = 2x² + |c|·√b", {"sqrt"}).text
    'L = 2*x**2 + abs(c)*sqrt(b)'
    """
    if not _STRANGE.search(text):
        return Typed(text, ())
    return _Writer(text, functions).typed()


class _Writer:
    """Writes one formula anew, token by token, each with its place."""

    def __init__(self, text: str, functions: frozenset[str] | set[str]) -> None:
        self.source, self.functions = text, functions
        self.tokens = [t for t in _tokens(text) if t.text]
        self.written: list[str] = []
        self.places: list[int] = []
        self.last: Token | None = None  # the one before, blanks left out
        self.spaced = False  # whether blanks stand between it and the next
        self.slash = False  # whether a division came last on this level, so that a product by a neighbour is unclear
        self.raised = False  # whether the operand before is the exponent of a power sign
        self.rooted = False  # whether the operand before stands under a root without brackets
        self.levels: list[tuple[str, bool, bool]] = []  # open brackets and bars, and what held outside of each
        self.assigned = set(re.findall(r"([^\W\d]\w*)\s*=(?!=)", text))

    def typed(self) -> Typed:
        for i, token in enumerate(self.tokens):
            if token.kind == "space":
                self._put(re.sub(r"[^\S\n]", " ", token.text), token.at)
                self.spaced = True
                continue
            following = next((t for t in self.tokens[i + 1 : i + 3] if t.kind != "space"), None)
            under = bool(self.levels) and self.levels[-1][0] == "√"
            self._token(token, following)
            self.last, self.spaced = token, False
            self.rooted = under and token.kind in ("number", "name", "fraction")
        if any(kind in "|√" for kind, *_ in self.levels):
            self._refuse("a bar | is never closed", self.tokens[-1], "write abs(x) for |x|")
        return Typed("".join(self.written), self.places)

    def _token(self, token: Token, following: Token | None) -> None:
        kind, text = token.kind, token.text
        starts = kind in ("number", "fraction", "name", "root") or (kind == "open" and text == "(")
        empty = kind == "open" and following is not None and following.text == ")"
        if starts and not empty and self._after_operand():
            self._beside(token)
        if kind == "sign":
            self._sign(token)
        elif kind == "power":
            self._power(token)
        elif kind == "transposed":
            self._put(".T", token.at)
        elif kind == "fraction":
            self._fraction(token)
        elif kind == "root":
            self._root(token, following)
        elif kind == "bar":
            self._bar(token)
        elif kind == "open":
            self.levels.append((text, self.slash, self.raised))
            self.slash = self.raised = False
            self._put(text, token.at)
        elif kind == "close":
            self._close(token)
        elif kind == "name":
            self._name(token, following)
        else:
            self._put(text, token.at)
        called = following is not None and following.text == "(" and kind == "name"
        if kind in ("number", "name", "fraction") and self.levels and self.levels[-1][0] == "√" and not called:
            self._end_root(token)

    # Neighbours ------------------------------------------------------------------------------------------------------
    def _after_operand(self) -> bool:
        return self.last is not None and (self.last.kind in _ENDS or self._is_closed_bar(self.last))

    def _is_closed_bar(self, token: Token) -> bool:
        return token.kind == "bar" and bool(self.written) and self.written[-1] == ")"

    def _beside(self, token: Token) -> None:
        """Two operands side by side: a product where that is the one thing that it can be."""
        last = self.last
        assert last is not None
        if last.kind == "name" and (last.text in _WORDS or token.text in _WORDS):
            return
        if token.text in _WORDS:
            return
        if token.kind == "open" and last.kind == "name":
            return  # a call, of which `parse` says whether there is such a function
        if last.kind == "close" and last.text == "}":
            return
        shown = f"{last.text} {token.text}" if self.spaced else f"{last.text}{token.text}"
        if last.kind == "name" and last.text in self.functions:
            self._refuse(f"{shown} is no call", token, f"write {last.text}({token.text})")
        if last.kind == "name" or (self.spaced and token.kind == "number"):
            self._refuse(
                f"{shown!r} is not read as a product",
                token,
                f"write {last.text}*{token.text}, or separate the two by a semicolon",
            )
        if self.rooted and not self.spaced:
            self._refuse(f"√{shown} can mean two things", token, f"write √({shown}) or sqrt({last.text})*{token.text}")
        if self.slash:
            self._refuse(
                f"a division before {shown!r} can mean two things", token, "write 1/(2*x) or (1/2)*x, as it is meant"
            )
        if self.raised:
            self._refuse(
                f"an exponent before {shown!r} can mean two things", token, "write x**2*y or x**(2*y), as it is meant"
            )
        self._put("*", token.at)

    # Kinds of token --------------------------------------------------------------------------------------------------
    def _sign(self, token: Token) -> None:
        text = _SIGNS.get(token.text, token.text)
        if token.text == "∂":
            self._refuse("a derivative is no part of a formula", token, "ask for it: cg.grad, cg.derive, cgraph derive")
        if token.text == "\\":
            self._refuse("LaTeX is not read", token, "write a/b for a fraction, sqrt(x), x**2, and names without \\")
        if token.text == "!":
            self._refuse("! is no sign of a formula", token, "factorials are not computed here")
        if token.text == "∞":
            self._refuse("∞ is no number", token, "a node computes finite real numbers")
        if token.text == "·" and self.last is None:
            self._refuse("a formula begins with ·", token, "write x*y")
        operand = self._after_operand()
        if text in ("/", "//", "%"):
            self.slash, self.raised = True, False
        elif text in ("**",):
            self.raised = True
        elif operand or text not in ("+", "-"):  # a sign of its own keeps what stands before it
            self.slash = self.raised = False
        self._put(text, token.at)

    def _power(self, token: Token) -> None:
        if not self._after_operand():
            self._refuse(f"{token.text} stands above nothing", token, "write x**2")
        assert self.last is not None
        if self.last.kind == "name" and self.last.text in self.functions:
            exponent = token.text.translate(_SUPER)
            self._refuse(
                f"{self.last.text}{token.text} can mean two things", token, f"write {self.last.text}(x)**{exponent}"
            )
        if self.rooted:
            self._refuse("a power below a root can mean two things", token, "write sqrt(x**2) or sqrt(x)**2")
        exponent = token.text.translate(_SUPER)
        if not re.fullmatch(r"[+-]?\d+", exponent):
            self._refuse(f"{token.text} is no exponent", token, "write x**2")
        self._put(f"**{exponent}" if exponent.isdigit() else f"**({exponent})", token.at)

    def _fraction(self, token: Token) -> None:
        top, _, bottom = unicodedata.normalize("NFKC", token.text).partition("⁄")
        self._put(f"({top}/{bottom})", token.at)

    def _root(self, token: Token, following: Token | None) -> None:
        if following is None or not (following.kind in ("number", "name") or following.text == "("):
            self._refuse(f"{token.text} stands before nothing", token, f"write {_ROOTS[token.text]}(x)")
        self._put(_ROOTS[token.text], token.at)
        if following.text != "(":
            self._put("(", token.at)
            self.levels.append(("√", self.slash, self.raised))
            self.slash = self.raised = False

    def _end_root(self, token: Token) -> None:
        _, self.slash, self.raised = self.levels.pop()
        self._put(")", token.at + len(token.text) - 1)

    def _bar(self, token: Token) -> None:
        if len(token.text) > 1:
            self._refuse(f"{token.text[:4]} can mean several things", token, "write norm(x) for ‖x‖, abs(x) for |x|")
        inside = bool(self.levels) and self.levels[-1][0] == "|"
        if not inside and self._after_operand():
            if self.last is None or self.last.kind == "name":
                self._refuse("| is not allowed in a formula", token, "write abs(x) for |x|, 2*abs(x) for 2|x|")
            self._beside(token)
        if inside and self._after_operand():
            _, self.slash, self.raised = self.levels.pop()
            self._put(")", token.at)
        else:
            self.levels.append(("|", self.slash, self.raised))
            self.slash = self.raised = False
            self._put("abs(", token.at)

    def _close(self, token: Token) -> None:
        if self.levels and self.levels[-1][0] == "|":
            self._refuse("a bar | is not closed before the bracket", token, "write abs(x) for |x|")
        if self.levels:
            _, self.slash, self.raised = self.levels.pop()
        self._put(token.text, token.at)
        if token.text == ")" and self.levels and self.levels[-1][0] == "√":
            self._end_root(token)

    def _name(self, token: Token, following: Token | None) -> None:
        name = token.text.translate(_SUB)
        power = following is not None and following.text == "^"
        if power and name == "e" and name not in self.assigned:
            self._refuse("e^ can mean two things", token, "write exp(x) for the function, e**x for a variable e")
        if power and name in self.functions:
            self._refuse(f"{name}^ can mean two things", token, f"write {name}(x)**2")
        if name == "T" and name not in self.assigned and self.last is not None and self.last.text == "^":
            self._refuse("^T can mean two things", token, "write transpose(x), or x**T for a variable T")
        self._put(name, token.at)

    # Writing ---------------------------------------------------------------------------------------------------------
    def _put(self, text: str, at: int) -> None:
        self.written.append(text)
        own = self.source.startswith(text, at)
        self.places.extend(range(at, at + len(text)) if own else [at] * len(text))

    def _refuse(self, what: str, token: Token, fix: str) -> NoReturn:
        at = token.at
        near = self.source[max(0, at - 8) : at + _NEAR]
        raise FormulaError(what, where=f"character {at + 1}, near {near!r}", fix=fix)


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    for found in _TOKEN.finditer("".join(map(_plain, text))):
        kind = str(found.lastgroup)
        piece = found[0]
        if kind == "printed":
            yield Token("name", PRINTED[piece], found.start())
        elif kind == "space" or piece not in _UNSEEN:
            yield Token(kind, piece, found.start())
        at = found.end()
    assert at == len(text)


def _plain(c: str) -> str:
    """A full-width character as the narrow one: the same character, as Chinese and Japanese keyboards give it."""
    return chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c
