"""A reader of linear maps as they are written on edges: the text of a map, evaluated with NumPy alone.

It knows the language that `cgraph/ops/maps.py` describes, and nothing of the table's rules.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from windows import added_by_windows, seen_by_windows

LETTERS = "ijklmnpqabcdefgh"
FUNCTIONS = ("softmax", "mean", "flip", "reshape", "adj", "diag", "log", "argsort", "windows")
_TOKEN = re.compile(
    r"\s*(einsum\([^;]*;[^)]*\)|⁻ᵀ|\^T\d+|_\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|_[a-z:]+|[₀-₉]+|[A-Za-z]+|\d+(?:\.\d+)?|\S)"
)
_FIGURES = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_COMPARED = {"≠": lambda a, b: a != b, "≥": lambda a, b: a >= b}


class Turned:
    """A vector that is transposed: a product with it is the outer one."""

    def __init__(self, vector: Any) -> None:
        self.vector = vector


def evaluated(text: str, arrays: Mapping[str, Any], like: Any) -> Any:
    """What the map makes of the upstream gradient "·" among the arrays, in the shape of the operand `like`."""
    main, _, where = text.partition(", p = ")
    free = sorted(_free(text))
    if not free:
        return _Reader(main, where, arrays, like, {}).value()
    result = np.full(like.shape, np.nan)
    for places in itertools.product(*(range(like.shape[LETTERS.index(c)]) for c in free)):
        at = dict(zip(free, places, strict=True))
        key = tuple(at.get(LETTERS[axis], slice(None)) for axis in range(like.ndim))
        value = _Reader(main, where, arrays, like, at).value()
        assert np.shape(value) == result[key].shape, text
        result[key] = value
    return result


def _free(text: str) -> set[str]:
    """The letters below that no sum and no product binds."""
    below = re.findall(r"[·xyzuvδ]_\(([^()]*)\)|[·xyzuvδ]_([a-z:]+)", text)
    letters = {c for pair in below for part in pair for c in part if c.isalpha()}
    heads = [
        part for pair in re.findall(r"[Σ∏]_\(([^()]*)\)|Σ_([a-z]+)", text) for part in pair if re.search("[a-z]", part)
    ]
    bound = {c for head in heads for c in _bound(head)}
    return (letters | {c for head in heads for c in head if c.isalpha()}) - bound


def _bound(condition: str) -> str:
    """Of `r≥i`, `rs≠ij`, `i<s≤r` and a bare `ij` the letters that run."""
    if "<" in condition:
        return condition[2]
    return re.split("[≠≥]", condition)[0]


class _Reader:
    """Reads one text at one place, from left to right: sums of products of what has scripts and keys."""

    def __init__(self, text: str, where: str, arrays: Mapping[str, Any], like: Any, at: Mapping[str, int]) -> None:
        self.tokens, self.arrays, self.like, self.at = _TOKEN.findall(text), dict(arrays), like, dict(at)
        self.place = 0
        if where:
            self.arrays["p"] = _Reader(where, "", arrays, like, at).value()

    def value(self) -> Any:
        found = self.sum()
        assert self.place == len(self.tokens), (self.tokens, self.place)
        return found

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        token = self.peek()
        assert not wanted or token in wanted, (token, wanted, self.tokens)
        self.place += 1
        return token

    def sum(self) -> Any:
        total = self.product()
        while self.peek() in ("+", "−"):
            sign = self.take()
            total = total + self.product() if sign == "+" else total - self.product()
        return total

    def product(self) -> Any:
        if self.peek() == "−":
            self.take()
            return -self.product()
        found = self.factor()
        while self.peek() and self.peek() not in (")", "]", ",", ";", "+", "−", "=", "at"):
            sign = self.take() if self.peek() in ("⊙", "⊗", "/") else ""
            found = _times(found, sign, self.factor())
        return found

    def factor(self) -> Any:
        """One factor: a sum over letters takes all the product that follows."""
        if self.peek() in ("Σ", "∏"):
            return self.gathered(self.take())
        found = self.atom()
        while True:
            token = self.peek()
            if token == "[":
                found = found[self.key()]
            elif token.startswith("_") or token[:1] in tuple("₀₁₂₃₄₅₆₇₈₉"):
                found = self.below(found, _script(self.take()))
            elif token in ("ᵀ", "⁻ᵀ") or token.startswith("^T"):
                found = _turned(found, self.take())
            else:
                return found

    def atom(self) -> Any:
        token = self.take()
        if token == "(":
            found = self.sum()
            self.take(")")
            return found
        if token.startswith("einsum"):
            return self.einsum(token)
        if token == "1" and self.peek() == "[":
            return self.indicator()
        if token == "1" and (self.peek().startswith("_") or self.peek()[:1] in tuple("₀₁₂₃₄₅₆₇₈₉")):
            return np.ones([int(d) for d in _script(self.take()).split("×")])
        if token == "δ":
            first, second = _script(self.take())
            return float(self.at[first] == self.at[second])
        if token == "e":
            return self.unit(_script(self.take()))
        if token == "[":
            self.place -= 1
            return np.array(self.listed())
        if token == "scatter":
            return self.scattered()
        if token == "D":
            return self.derivative()
        if token in FUNCTIONS:
            return self.called(token)
        return self.arrays[token] if token in self.arrays else float(token)

    # Names with brackets ---------------------------------------------------------------------------------------------
    def called(self, name: str) -> Any:
        if name == "windows":
            return self.windows()
        axes = self.axes()
        self.take("(")
        x, keep = self.sum(), False
        if self.peek() == ";":
            self.take()
            if name == "reshape":
                shape = "".join(iter(self.take, "]")).lstrip("[")
                self.take(")")
                return np.reshape(x, [int(d) for d in shape.split("×") if d])
            keep = self.take("keepdims") == "keepdims"
        self.take(")")
        if name == "softmax":
            over = axes if axes is not None else -1 if np.ndim(x) else ()
            e = np.exp(x)
            return e / np.sum(e, axis=over, keepdims=True)
        if name in ("mean", "flip"):
            return np.mean(x, axis=axes, keepdims=keep) if name == "mean" else np.flip(x, axes)
        return {"adj": _adjugate, "diag": np.diag, "log": np.log, "argsort": np.argsort}[name](x)

    def windows(self) -> Any:
        """What windows of a size see, or, transposed, what they say added up where they see it; loop by loop."""
        back = self.peek() == "ᵀ" and bool(self.take())
        self.take("(")
        x, given = self.sum(), {"stride": None, "dilation": None}
        self.take(";")
        size = self.sizes()
        while self.peek() == ";":
            self.take()
            what = self.take("stride", "dilation")
            given[what] = self.sizes()
        self.take(")")
        how = {name: found or [1] * len(size) for name, found in given.items()}
        return added_by_windows(x, self.like.shape, size, **how) if back else seen_by_windows(x, size, **how)

    def sizes(self) -> list[int]:
        found = [int(self.take())]
        while self.peek() == "×":
            self.take()
            found.append(int(self.take()))
        return found

    def axes(self) -> tuple[int, ...] | None:
        token = self.peek()
        if token.startswith("_") or token[:1] in tuple("₀₁₂₃₄₅₆₇₈₉"):
            return tuple(int(d) for d in _script(self.take()).split(","))
        return None

    def einsum(self, token: str) -> Any:
        what, _, letters = token[len("einsum(") : -1].partition("; ")
        operands = [_Reader(one, "", self.arrays, self.like, self.at).value() for one in what.split(", ")]
        return np.einsum(letters.replace("→", "->"), *operands)

    def unit(self, where: str) -> Any:
        name, _, inside = where.partition("(")
        x = _Reader(inside[:-1], "", self.arrays, self.like, self.at).value()
        found = np.zeros(np.shape(x))
        found.flat[{"argmax": np.argmax, "argmin": np.argmin}[name](x)] = 1
        return found

    def indicator(self) -> Any:
        self.take("[")
        left = self.sum()
        self.take("=")
        right = self.sum()
        self.take("]")
        return (left == right).astype(float)

    def scattered(self) -> Any:
        what = self.factor()
        self.take("at")
        here = tuple(self.at.get(LETTERS[axis], slice(None)) for axis in range(self.like.ndim))
        result = np.zeros(self.like[here].shape)
        np.add.at(result, self.key(), what)
        return result

    def derivative(self) -> Any:
        """D adj(x)[y, ...]: the coefficient of every direction once, of a polynomial, from its values at 0 and 1."""
        if self.peek() in ("²", "³"):
            self.take()
        self.take("adj")
        self.take("(")
        x = self.sum()
        self.take(")")
        self.take("[")
        along = [self.sum()]
        while self.peek() == ",":
            self.take()
            along.append(self.sum())
        self.take("]")
        h, result = 0.5, np.zeros(np.shape(x))
        for signs in itertools.product((-1, 1), repeat=len(along)):
            moved = x + sum(s * h * y for s, y in zip(signs, along, strict=True))
            result = result + np.prod(signs) * _adjugate(moved)
        return result / (2 * h) ** len(along) if x.shape[-1] < 4 else np.nan

    # Sums, products, keys --------------------------------------------------------------------------------------------
    def gathered(self, sign: str) -> Any:
        token = self.peek()
        script = _script(token) if token.startswith("_") else ""
        if not any(c.isalpha() for c in script):
            axes = self.axes()
            if self.peek() != "(":
                return np.sum(self.factor(), axis=axes)
            self.take("(")
            x = self.sum()
            keep = self.peek() == ";" and bool(self.take() and self.take("keepdims"))
            self.take(")")
            return np.sum(x, axis=axes, keepdims=keep)
        self.take()
        start, found = self.place, None
        for at in self.places(script):
            self.place, before = start, dict(self.at)
            self.at.update(at)
            value = self.product() if sign == "Σ" else self.factor()
            self.at = before
            found = value if found is None else found + value if sign == "Σ" else found * value
        if found is None:
            self.at.update(dict.fromkeys(_bound(script), 0))
            self.product() if sign == "Σ" else self.factor()  # to go on behind it
            return 0.0 if sign == "Σ" else 1.0
        return found

    def places(self, condition: str) -> Iterator[dict[str, int]]:
        """The places over which bound letters run."""
        bound = _bound(condition)
        if "<" in condition:
            low, high = self.at[condition[0]], self.at[condition[-1]]
            yield from ({bound: s} for s in range(low + 1, high + 1))
            return
        relation = re.search("[≠≥]", condition)
        if relation is None:
            yield from (dict(zip(bound, p, strict=True)) for p in np.ndindex(*self.arrays["x"].shape[: len(bound)]))
            return
        others = condition.partition(relation[0])[2]
        sizes = [self.like.shape[LETTERS.index(c)] for c in others]
        here = tuple(self.at[c] for c in others)
        for places in itertools.product(*map(range, sizes)):
            if _COMPARED[relation[0]](places, here):
                yield dict(zip(bound, places, strict=True))

    def below(self, array: Any, script: str) -> Any:
        parts = script.split(",") if "," in script else [script] if "−" in script else list(script)
        key: list[Any] = []
        for part in parts:
            letter, _, less = part.partition("−")
            place = slice(None) if part == ":" else int(part) if part.isdigit() else self.at[letter] - int(less or 0)
            if place == -1:
                return 0.0
            key.append(place)
        return array[tuple(key)]

    def key(self) -> tuple[Any, ...]:
        """What stands in the brackets of NumPy's indexing."""
        self.take("[")
        parts: list[Any] = []
        while self.peek() != "]":
            parts.append(self.part())
            if self.peek() == ",":
                self.take()
        self.take("]")
        return tuple(parts)

    def part(self) -> Any:
        if self.peek() == "None":
            self.take()
            return None
        if self.peek() == ".":
            self.take(), self.take(), self.take()
            return ...
        if self.peek() == "[":
            found = np.array(self.listed())
            return self.below(found, _script(self.take())).astype(int) if self.peek().startswith("_") else found
        if self.peek().isalpha():
            return np.asarray(self.factor()).astype(int)
        ends: list[int | None] = [None]
        colon = False
        while self.peek() not in (",", "]"):
            token = self.take()
            if token == ":":
                ends.append(None)
                colon = True
            elif token.startswith("_"):  # ids of one element are written as a number: a row of them has one, too
                return np.array(ends)
            else:
                ends[-1] = -int(self.take()) if token in ("-", "−") else int(token)
        return slice(*ends) if colon else ends[0]

    def listed(self) -> list[Any]:
        self.take("[")
        found: list[Any] = []
        while self.peek() != "]":
            if self.peek() == ",":
                self.take()
            elif self.peek() == "[":
                found.append(self.listed())
            else:
                found.append(int(self.take()))
        self.take("]")
        return found


def _script(token: str) -> str:
    """What stands below, without its sign."""
    token = token.translate(_FIGURES)
    return token[2:-1] if token.startswith("_(") else token.lstrip("_")


def _times(left: Any, sign: str, right: Any) -> Any:
    if sign == "⊗":
        return np.multiply.outer(left, right)
    if sign == "/":
        return left / right
    if isinstance(right, Turned):
        return np.outer(left, right.vector)
    return left * right if sign == "⊙" or np.ndim(left) == 0 or np.ndim(right) == 0 else left @ right


def _turned(x: Any, how: str) -> Any:
    if how == "⁻ᵀ":
        return np.swapaxes(np.linalg.inv(x), -1, -2)
    if how.startswith("^T"):
        return np.transpose(x, [int(c) for c in how[2:]])
    return Turned(x) if np.ndim(x) == 1 else np.swapaxes(x, -1, -2)


def _adjugate(x: Any) -> Any:
    """By cofactors."""
    n = x.shape[-1]
    result = np.ones(x.shape)
    for i, j in np.ndindex(n, n):
        minor = np.delete(np.delete(x, i, -2), j, -1)
        result[..., j, i] = (-1) ** (i + j) * np.linalg.det(minor)
    return result
