"""SymPy's expressions as nodes: `from_sympy`."""

from cgraph.interop.sympy.reader import from_sympy

__all__ = ["from_sympy"]
