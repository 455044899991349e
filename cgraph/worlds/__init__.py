"""Worlds: each one is a column of the table. A pass is handed a world and never asks which one it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cgraph.worlds.graph import GRAPH
from cgraph.worlds.numpy import NUMPY, NumpyWorld

if TYPE_CHECKING:
    from cgraph.worlds.sympy import SYMPY
else:

    def __getattr__(name: str) -> Any:
        """SYMPY is imported when it is used: it takes 0.3 s."""
        if name != "SYMPY":
            raise AttributeError(f"module 'cgraph.worlds' has no attribute {name!r}")
        from cgraph.worlds.sympy import SYMPY

        return SYMPY


__all__ = ["GRAPH", "NUMPY", "SYMPY", "NumpyWorld"]
