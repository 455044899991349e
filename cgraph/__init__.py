"""cgraph: symbolic computation graphs that show, prove and train.

The functions of the table (`cgraph.tanh`, `cgraph.softmax`, ...) build nodes and stand here under their names:
`help(cgraph.tanh)` shows the formula of one, `cgraph.table()` lists them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cgraph import errors
from cgraph.errors import CgraphError
from cgraph.functions.table import op, table
from cgraph.graph.building import building
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node, constant, parameter, variable, variables
from cgraph.graph.parse import parse
from cgraph.passes.backward import Backward, Edge
from cgraph.passes.forward import Forward
from cgraph.passes.numbers import backward, forward
from cgraph.rewriting.simplify import simplify
from cgraph.worlds.graph import GRAPH
from cgraph.worlds.numpy import NUMPY, NumpyWorld

if TYPE_CHECKING:
    from cgraph import nn, train
    from cgraph.calculus.derivatives import Taylor, grad, hessian, jacobian, jvp, taylor, vjp
    from cgraph.compile import compile
    from cgraph.derivation import Derivation, derive, to_latex
    from cgraph.interop.networkx import to_networkx
    from cgraph.interop.python import trace
    from cgraph.interop.sympy import from_sympy
    from cgraph.passes.differences import check_gradient
    from cgraph.proof import Report, prove, to_sympy
    from cgraph.rewriting.conventions import with_conventions
    from cgraph.rewriting.unroll import unroll
    from cgraph.worlds.sympy import SYMPY

else:
    import cgraph.compile  # noqa: F401 - the room itself can be called

__version__ = "0.1.0"
__all__ = [
    "GRAPH",
    "NUMPY",
    "SYMPY",
    "Backward",
    "CgraphError",
    "Derivation",
    "Edge",
    "Forward",
    "Graph",
    "Node",
    "NumpyWorld",
    "Report",
    "Taylor",
    "backward",
    "building",
    "check_gradient",
    "compile",
    "constant",
    "derive",
    "errors",
    "forward",
    "from_sympy",
    "grad",
    "hessian",
    "jacobian",
    "jvp",
    "nn",
    "op",
    "parameter",
    "parse",
    "prove",
    "simplify",
    "table",
    "taylor",
    "to_latex",
    "to_networkx",
    "to_sympy",
    "trace",
    "train",
    "unroll",
    "variable",
    "variables",
    "vjp",
    "with_conventions",
]

_LAZY = {
    **dict.fromkeys(("Taylor", "grad", "hessian", "jacobian", "jvp", "taylor", "vjp"), "cgraph.calculus.derivatives"),
    "SYMPY": "cgraph.worlds.sympy",
    "check_gradient": "cgraph.passes.differences",
    "prove": "cgraph.proof",
    "to_sympy": "cgraph.proof",
    "from_sympy": "cgraph.interop.sympy",
    "derive": "cgraph.derivation",
    "to_latex": "cgraph.derivation",
    "to_networkx": "cgraph.interop.networkx",
    "trace": "cgraph.interop.python",
    "unroll": "cgraph.rewriting.unroll",
    "with_conventions": "cgraph.rewriting.conventions",
    "Derivation": "cgraph.derivation",
    "Report": "cgraph.proof",
}
_ROOMS = ("nn", "sklearn", "train")


def __getattr__(name: str) -> Any:
    """What is imported only when it is used (SymPy takes 0.3 s, calculus 2 ms), and the functions of the table."""
    import importlib

    if name in _ROOMS:
        return importlib.import_module(f"cgraph.{name}")
    if name in _LAZY:
        found = getattr(importlib.import_module(_LAZY[name]), name)
    elif name in table():
        found = table()[name]
    else:
        raise AttributeError(f"cgraph has no {name!r}; the functions of the table are {', '.join(table())}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *table()})
