"""cgraph: symbolic computation graphs that show, prove and train.

The functions of the table (`cgraph.tanh`, `cgraph.softmax`, ...) build nodes and stand here under their names:
`help(cgraph.tanh)` shows the formula of one, `cgraph.functions()` lists them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cgraph import errors
from cgraph.backward import Backward, Edge
from cgraph.collector import building
from cgraph.compile import compile
from cgraph.errors import CgraphError
from cgraph.forward import Forward
from cgraph.functions import functions, op
from cgraph.graph import Graph
from cgraph.node import Node, constant, parameter, variable, variables
from cgraph.parse import parse
from cgraph.passes import backward, forward
from cgraph.simplify import simplify
from cgraph.worlds.graph import GRAPH
from cgraph.worlds.numpy import NUMPY, NumpyWorld

if TYPE_CHECKING:
    from cgraph import nn, train
    from cgraph.calculus import Taylor, grad, hessian, jacobian, jvp, taylor, vjp
    from cgraph.check import check_gradient
    from cgraph.conventions import with_conventions
    from cgraph.derivation import Derivation, derive, to_latex
    from cgraph.proof import Report, prove, to_sympy
    from cgraph.symbols import from_sympy
    from cgraph.tracing import trace
    from cgraph.unrolling import unroll
    from cgraph.worlds.sympy import SYMPY

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
    "functions",
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
    "taylor",
    "to_latex",
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
    **dict.fromkeys(("Taylor", "grad", "hessian", "jacobian", "jvp", "taylor", "vjp"), "cgraph.calculus"),
    "SYMPY": "cgraph.worlds.sympy",
    "check_gradient": "cgraph.check",
    "prove": "cgraph.proof",
    "to_sympy": "cgraph.proof",
    "from_sympy": "cgraph.symbols",
    "derive": "cgraph.derivation",
    "to_latex": "cgraph.derivation",
    "trace": "cgraph.tracing",
    "unroll": "cgraph.unrolling",
    "with_conventions": "cgraph.conventions",
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
    elif name in functions():
        found = functions()[name]
    else:
        raise AttributeError(f"cgraph has no {name!r}; the functions of the table are {', '.join(functions())}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *functions()})
