"""The table's ops as Python functions of nodes, made from the rows, and the compositions beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import update_wrapper
from types import MappingProxyType
from typing import Any

import cgraph.numpys  # noqa: F401 - NumPy's own functions on nodes
from cgraph.compositions import COMPOSITIONS
from cgraph.node import Node, build
from cgraph.ops import TABLE
from cgraph.ops.row import Row


class Function:
    """One op of the table as a function: nodes, numbers and arrays in, a node out."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.__name__ = self.__qualname__ = row.name
        operands = ", ".join(row.operands[: row.arity or 2]) + (", ..." if row.arity is None else "")
        attributes = "".join(f", {k}={v!r}" for k, v in row.defaults.items())
        kink = f" Convention: {row.convention({})}." if row.kink else ""
        axes = " Without an axis, or with an empty tuple, over all axes." if "keepdims" in row.defaults else ""
        self.__doc__ = f"{row.name}({operands}{attributes}) = {row.formula}, as a node.{axes}{kink}"

    def __call__(self, *operands: Any, **attrs: Any) -> Node:
        return build(self.row, *operands, **attrs)

    def __repr__(self) -> str:
        return f"<function {self.__doc__}>"


class Composition(Function):
    """A function of nodes that is written in ops of the table; `row` is the op that bears its name, if there is one."""

    def __init__(self, function: Callable[..., Any]) -> None:
        update_wrapper(self, function)
        self.row = TABLE.get(function.__name__)  # type: ignore[assignment]  # None: no row
        if self.row is not None:
            self.__doc__ = f"{function.__doc__}\n\n    The op of the table: {self.row.formula}."
        self._function = function

    def __call__(self, *operands: Any, **attrs: Any) -> Any:
        return self._function(*operands, **attrs)

    def __repr__(self) -> str:
        return f"<function {self._function.__name__}: {(self._function.__doc__ or '').splitlines()[0]}>"


_FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {name: Function(row) for name, row in TABLE.items()}
    | {name: Composition(function) for name, function in COMPOSITIONS.items()}
)


def functions() -> Mapping[str, Function]:
    """Every function by name, of the table and composed: `print(cg.functions()["tanh"].__doc__)`."""
    return _FUNCTIONS
