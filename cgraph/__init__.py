"""cgraph: symbolic computation graphs that show, prove and train.

The functions of the table (`cgraph.tanh`, `cgraph.softmax`, ...) build nodes and stand here under their names:
`help(cgraph.tanh)` shows the formula of one, `cgraph.table()` lists them all. What is used rarely stands in its room:
`cgraph.worlds`, `cgraph.proof.Report`. Editors and type checkers read `__init__.pyi`, which is made from the table.
"""

from __future__ import annotations

from typing import Any

import cgraph.compile  # noqa: F401 - the room itself can be called
from cgraph import errors, worlds
from cgraph.errors import CgraphError, unknown_attribute
from cgraph.functions.table import op, table
from cgraph.graph.building import building
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node, constant, parameter, variable, variables
from cgraph.graph.scope import scope

__version__ = "0.1.0"
__all__ = [
    "Backward",
    "CgraphError",
    "Forward",
    "Graph",
    "Node",
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
    "scope",
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
    "worlds",
]

_LAZY = {  # what takes milliseconds to import, and SymPy 0.3 s
    **dict.fromkeys(("grad", "hessian", "jacobian", "jvp", "taylor", "vjp"), "cgraph.calculus.derivatives"),
    "Backward": "cgraph.passes.backward",
    "Forward": "cgraph.passes.forward",
    **dict.fromkeys(("backward", "forward"), "cgraph.passes.numbers"),
    "check_gradient": "cgraph.passes.differences",
    "derive": "cgraph.derivation",
    "from_sympy": "cgraph.interop.sympy",
    "parse": "cgraph.graph.parse",
    "prove": "cgraph.proof",
    "simplify": "cgraph.rewriting.simplify",
    "to_latex": "cgraph.derivation",
    "to_networkx": "cgraph.interop.networkx",
    "to_sympy": "cgraph.proof",
    "trace": "cgraph.interop.python",
    "unroll": "cgraph.rewriting.unroll",
    "with_conventions": "cgraph.rewriting.conventions",
}
_ROOMS = ("nn", "sklearn", "train")
_ELSEWHERE = {
    "Derivation": "cgraph.derivation.Derivation",
    "Edge": "cgraph.passes.backward.Edge",
    "GRAPH": "cg.worlds.GRAPH",
    "NUMPY": "cg.worlds.NUMPY",
    "NumpyWorld": "cg.worlds.NumpyWorld",
    "Parameter": "cg.parameter",
    "Report": "cgraph.proof.Report",
    "SYMPY": "cg.worlds.SYMPY",
    "Taylor": "cgraph.calculus.derivatives.Taylor",
    "Tensor": "cg.variable, cg.parameter or cg.constant",
    "Value": "cg.variable",
    "Variable": "cg.variable",
    "array": "cg.constant",
    "cholesky": "cg.slogdet and cg.solve, for densities: the factor itself is no node yet",
    "derivative": "cg.grad",
    "diff": "cg.grad",
    "draw": "viz.draw",
    "eigh": "cg.forward, then np.linalg.eigh of its values: no node, for equal eigenvalues have no slopes",
    "eigvalsh": "cg.forward, then np.linalg.eigvalsh of its values: no node, for equal eigenvalues have no slopes",
    "eval": "cg.forward",
    "evaluate": "cg.forward",
    "gammaln": "cg.lgamma",
    "gather": "cg.take_along, or cg.take for whole rows",
    "gradient": "cg.grad",
    "jit": "cg.compile",
    "lambdify": "cg.compile",
    "loggamma": "cg.lgamma",
    "optim": "cg.train: SGD, Adam and others are there",
    "pinv": "cg.solve(x.T @ x, x.T), where the rank is full: elsewhere it jumps",
    "placeholder": "cg.variable",
    "psi": "cg.digamma",
    "sympify": "cg.from_sympy",
    "svd": "cg.forward, then np.linalg.svd of its values: no node, for equal singular values have no slopes",
    "symbols": "cg.variables",
    "tensor": "cg.variable, cg.parameter or cg.constant",
    "trigamma": "cg.polygamma(1, x)",
    "value_and_grad": "cg.compile(L, gradients=[...])",
}


def __getattr__(name: str) -> Any:
    """What is imported only when it is used, the functions of the table, and where a name is that others have."""
    import importlib
    from importlib.util import find_spec

    from cgraph.functions.table import named

    if name in _ROOMS:
        return importlib.import_module(f"cgraph.{name}")
    if name in _LAZY:
        found = getattr(importlib.import_module(_LAZY[name]), name)
    elif (function := named(name)) is not None:
        found = function
    elif name.startswith("_"):
        raise unknown_attribute("cgraph", name, (), {})
    elif find_spec(f"cgraph.{name}") is not None:  # `from cgraph import notation` asks here first
        return importlib.import_module(f"cgraph.{name}")
    else:
        rooms = {f"cg.{room}": importlib.import_module(f"cgraph.{room}") for room in ("nn", "train")}
        inside = {known: f"{path}.{known}" for path, room in rooms.items() for known in room.__all__}
        raise unknown_attribute("cgraph", name, [*__all__, *table()], {**inside, **_ELSEWHERE})
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*__all__, *table()})
