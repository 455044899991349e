"""The table's ops as Python functions of nodes, made from the rows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

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
        self.__doc__ = f"{row.name}({operands}{attributes}) = {row.formula}, as a node.{kink}"

    def __call__(self, *operands: Any, **attrs: Any) -> Node:
        return build(self.row, *operands, **attrs)

    def __repr__(self) -> str:
        return f"<function {self.__doc__}>"


_FUNCTIONS: Mapping[str, Function] = MappingProxyType({name: Function(row) for name, row in TABLE.items()})


def functions() -> Mapping[str, Function]:
    """Every function of the table by name: `print(cg.functions()["tanh"].__doc__)`."""
    return _FUNCTIONS
