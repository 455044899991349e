"""Any nodes as one program: a static schedule over buffers that are used again, or one C function.

`compile` is the only way in. What is to be computed is a `task`; `lowering` makes values of its nodes, `plan` steps and
memory of values, and a backend of `backends` what runs: `numpy` calls, `c` a function, `scalar` loops over flat arrays
when there is nothing but scalars. A `binding` is one such for the sizes of a call, a `program` what a user holds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cgraph.compile.program import Program
    from cgraph.graph.node import Node
    from cgraph.graph.parse import GraphLike

__all__ = ["compile"]


def compile(
    outputs: GraphLike,
    inputs: Iterable[Node | str] | None = None,
    updates: Mapping[Any, Node] | None = None,
    backend: str = "auto",
    dtype: str = "float64",
    threads: int | None = None,
    gradients: Iterable[Node | str] = (),
    simplify: bool = True,
) -> Program:
    """A program that computes `outputs` (a node, a graph or its formula, nodes): `f(a=3, b=1)` gives a list of arrays.

    `inputs` is the order of positional values (the variables, in the graph's order, by default). `updates` maps
    parameters to nodes: the program owns these parameters and replaces their values at the end of each call, all at
    once; `program.values` are copies of them. Named dimensions are bound by the values of a call, compiled once a
    binding and kept. `backend` is "auto", "numpy", "native", or, for a graph of scalars, "scalar" or "scalar-numpy";
    `threads` is for matrix products (None: as they are). With `gradients` the derivatives of the only output by these
    nodes follow it, as of `[L, *cg.grad(L, gradients)]`; of scalars they are made without a graph of nodes.
    Equal to `cg.forward` up to rounding: what is linear may be multiplied in another order, and formulas that float64
    would lose, such as log(1 + exp(x)) at 1000, are computed as `cg.simplify` writes them unless `simplify=False`.
    Raises ValueRefusedError for a backend, type or update that is not possible, NameUnknownError, and, for `gradients`,
    GraphError when there are several outputs and GradientError as `cg.grad` does.

    >>> f = compile("d = 2*b; e = a + d; L = c*e", backend="numpy", gradients=["a", "b"])
    >>> f(a=3, b=1, c=-2)
    [array(-10.), array(-2.), array(-4.)]
    """
    from cgraph.compile.program import Program

    return Program(outputs, inputs, updates, backend, dtype, threads, gradients, simplify)


class _Room(ModuleType):
    """This package as what it is called for, so that `cg.compile(...)` and `cgraph.compile.export` both are there."""

    __call__ = staticmethod(compile)
    __wrapped__ = staticmethod(compile)  # whose signature it has


sys.modules[__name__].__class__ = _Room
