"""A case as a record that knows what was read of it, and the comparison by its own tolerance.

A case may list an expectation that no check asks for. So a case counts as checked only when every key of it was read.
"""

from __future__ import annotations

import ast
import operator
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

TEXTS = frozenset(  # what describes a case and expects nothing
    ("id", "section", "refs", "kind", "description", "conventions", "verified_by", "kink", "torch", "label", "note")
)


class Record(dict[str, Any]):
    """A JSON object that knows which of its keys were read. Lists of numbers count as one value."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__({key: tracked(value) for key, value in data.items()})
        self.read = set(self) & TEXTS

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        if key not in self:
            return default
        return self[key]

    def items(self) -> Any:
        return [(key, self[key]) for key in self if key != "note"]

    def values(self) -> Any:
        return [value for _, value in self.items()]

    def plain(self) -> dict[str, Any]:
        """Everything of it as a dictionary, which counts as read."""
        return {key: plain(value) for key, value in self.items()}

    def unread(self, path: str = "") -> Iterator[str]:
        """The paths of what nobody asked for."""
        for key, value in super().items():
            place = f"{path}.{key}" if path else key
            if key not in self.read:
                yield place
            elif key not in TEXTS:
                yield from _unread(value, place)


def _unread(value: Any, place: str) -> Iterator[str]:
    if isinstance(value, Record):
        yield from value.unread(place)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _unread(item, f"{place}[{i}]")


def tracked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Record(value)
    return [tracked(v) for v in value] if isinstance(value, list) else value


def plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.plain()
    return [plain(v) for v in value] if isinstance(value, list) else value


def number(value: Any) -> np.ndarray:
    """Numbers may be written as strings: inf, -inf, or decimals outside of float64."""
    return np.array(value, dtype=object).astype(float)


class Checker:
    """Compares with a case's tolerance, and counts what it compared."""

    def __init__(self, record: Record, cases: Mapping[str, Any] | None = None) -> None:
        self.cases = cases or {}  # the other cases of the file, by id, for those that point to one
        self.record = record
        self.inputs, self.expected = record.get("inputs", Record({})), record["expected"]
        self.rule = plain(record["tolerance"])
        self.counts: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """How many things were compared."""
        return sum(self.counts.values())

    def __call__(self, got: Any, want: Any, what: str = "", kind: str = "values") -> None:
        expected = number(want)
        assert np.shape(got) == expected.shape, f"{what}: shape {np.shape(got)}, not {expected.shape}"
        value = np.asarray(got, float)
        with np.errstate(invalid="ignore"):
            error = np.abs(value - expected)
        near = error <= self.rule["abs"] + self.rule["rel"] * np.abs(expected)
        same = np.where(np.isfinite(expected), near & np.isfinite(value), value == expected)
        assert np.all(same), f"{what}: {got}, not {want}"
        self.counts[kind] += 1

    def that(self, true: Any, what: str, kind: str = "facts") -> None:
        """Something that is true or false."""
        assert true, what
        self.counts[kind] += 1


# Formulas of matrices -------------------------------------------------------------------------------------------------
_OPERATORS: Mapping[type, Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Div: operator.truediv,
    ast.Mod: operator.mul,  # stands for .*
    ast.Mult: lambda x, y: x @ y if np.ndim(x) and np.ndim(y) else x * y,
}


def softmax(z: Any) -> Any:
    """Of a vector that is written as a row or a column."""
    powers = np.exp(z - np.max(z))
    return powers / powers.sum()


def matrix_formula(text: str, values: Mapping[str, Any]) -> Any:
    """The value of a formula such as "(yhat - y)*x.T" or "dL/dh .* h.*(1 - h)", where * is the product of matrices.

    `values` has the names, and gradients under names such as "dL/dh".
    """
    names: dict[str, Any] = {}
    for i, name in enumerate(sorted((n for n in values if "/" in n), key=len, reverse=True)):
        text, names[f"_{i}"] = text.replace(name, f"_{i}"), values[name]
    tree = ast.parse(text.replace(".*", "%").replace(" .T", ".T"), mode="eval").body

    def value(node: ast.expr) -> Any:
        if isinstance(node, ast.BinOp):
            return _OPERATORS[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.Attribute) and node.attr == "T":
            return np.transpose(value(node.value))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "softmax":
            return softmax(value(node.args[0]))
        if isinstance(node, ast.Name):
            return names[node.id] if node.id in names else values[node.id]
        assert isinstance(node, ast.Constant), f"{ast.unparse(node)!r} in the formula {text!r}"
        return node.value

    return value(tree)
