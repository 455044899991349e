"""The table's ops as Python functions of nodes, made from the rows, and the compositions beside them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import cache, update_wrapper
from types import MappingProxyType
from typing import Any

from cgraph.errors import ValueRefusedError
from cgraph.functions.compositions import COMPOSED, composition
from cgraph.functions.signatures import signature
from cgraph.graph import scope as scopes
from cgraph.graph.node import ANSWERS, OP, Node, _Slots, build
from cgraph.ops import TABLE
from cgraph.ops.op import NONE, Op

_frame = sys._getframe


class Function:
    """One op of the table as a function: nodes, numbers and arrays in, a node out."""

    def __init__(self, row: Op) -> None:
        self.row = row
        self._plain = row.elementwise and row.arity == 1 and not row.defaults
        self.__name__ = self.__qualname__ = row.name
        operands = ", ".join(row.operands[: row.arity or 2]) + (", ..." if row.arity is None else "")
        attributes = "".join(f", {k}={v!r}" for k, v in row.defaults.items())
        kink = f" Convention: {row.convention({})}." if row.kink else ""
        axes = " Without an axis, or with an empty tuple, over all axes." if "keepdims" in row.defaults else ""
        self.__doc__ = f"{row.name}({operands}{attributes}) = {row.formula}, as a node.{axes}{kink}"

    def __getattr__(self, name: str) -> Any:
        """`__signature__`, by which `inspect` and editors know operands and attributes; made when it is asked for."""
        if name != "__signature__" or self.__class__ is not Function:  # a composition has that of its Python function
            raise AttributeError(f"{self.__class__.__name__!r} object has no attribute {name!r}")
        made = self.__dict__[name] = signature(self.row)
        return made

    def __call__(self, *operands: Any, **attrs: Any) -> Node:
        if self._plain and len(operands) == 1 and not attrs and operands[0].__class__ is Node:
            frame = _frame(1)
            code = frame.f_code
            if scopes.long_way not in code.co_filename:  # all on one level, as the operators of nodes
                node: Any = _Slots()
                node.kind = OP
                node.op = self.row
                node.operands = operands
                node.attrs = NONE
                node.shape = operands[0].shape
                node.name = node.value = node.scope = None
                node.code = code
                node.instruction = frame.f_lasti
                node.__class__ = Node
                return node  # type: ignore[no-any-return]  # a cast costs a call
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


@cache
def named(name: str) -> Function | None:
    """The function of this name, of the table or composed; None where there is none."""
    if name in COMPOSED:
        return Composition(composition(name))
    return Function(TABLE[name]) if name in TABLE else None


@cache
def table() -> Mapping[str, Function]:
    """Every function by name, of the table and composed: `print(cg.table()["tanh"].__doc__)`."""
    found = ((name, named(name)) for name in dict.fromkeys([*TABLE, *COMPOSED]))
    return MappingProxyType({name: function for name, function in found if function is not None})


def _answer(function: Any, inputs: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """NumPy's own functions on nodes: what they build is read when the first one meets a node."""
    from cgraph.functions.numpy import answer

    return answer(function, inputs, options)


ANSWERS["numpy"] = _answer


def op(row: Op) -> Function:
    """An op of your own from one row, made by `cgraph.ops.op.elementwise` or `structural`: a function of nodes.

    Nothing is registered: nodes hold their row, so that passes, derivatives of any order, proof, pictures and
    compiled programs treat it as one of the table. Its rules use the names of the table. With `c=`, its C for one
    element such as `c="EXP(-{0} * {0})"`, programs in C have it too. Formulas as text and pickles know the table only.
    Raises ValueRefusedError for what is no row, and for a name that is none or that is taken.

    >>> import cgraph as cg
    >>> from cgraph.ops.op import elementwise
    >>> cube = op(elementwise("cube", "x**3", lambda xp, x: x**3, lambda w, z, x: 3 * x**2))
    >>> print(cg.prove(cube).verdict, cg.to_sympy(cube(cg.variable("a"))))
    proved: 1 of 1 derivatives a**3
    """
    if not isinstance(row, Op):
        raise ValueRefusedError(
            f"an op is made of a {type(row).__name__}",
            why="a row says what it computes and its derivatives",
            fix="make one with cgraph.ops.op.elementwise",
        )
    if not row.name.isidentifier() or named(row.name) is not None:
        raise ValueRefusedError(
            f"an op of your own is called {row.name!r}",
            why="cgraph has one of this name" if row.name.isidentifier() else "it is called like a function",
            fix="give it a name of its own, of letters and digits",
        )
    return Function(row)
