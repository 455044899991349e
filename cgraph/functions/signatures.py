"""The signatures of the table's functions, made from their rows: for editors, for `help`, and for type checkers."""

from __future__ import annotations

import inspect
from typing import Any

from cgraph.errors import ShapeError
from cgraph.ops.op import Op

OPERAND, RESULT = "Operand", "Node"
AXES = "int | Sequence[int] | None"
TYPES = {  # of attributes, by their names; of all others, which are numbers, float
    "axes": "Sequence[int] | None",
    "classes": "int",
    "ignore": "int | None",
    "keepdims": "bool",
    "key": "Any",
    "shape": "int | str | Sequence[int | str]",
    "subscripts": "str",
    "width": "int | Sequence[Any]",
}


def signature(row: Op) -> inspect.Signature:
    """How a row's function is called: operands in order, attributes by name. Annotations are text, as in a stub.

    >>> from cgraph.ops import TABLE
    >>> str(signature(TABLE["softmax"])), str(signature(TABLE["add"])).replace("'", "")
    ("(x: 'Operand', /, *, axis: 'int | Sequence[int] | None' = -1) -> 'Node'", '(*operands: Operand) -> Node')
    """
    if row.arity is None:
        operands = [inspect.Parameter("operands", inspect.Parameter.VAR_POSITIONAL, annotation=OPERAND)]
    else:
        operands = [
            inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY, annotation=OPERAND)
            for name in (*row.operands, "u", "v")[: row.arity]
        ]
    attributes = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=_type(row, name, default))
        for name, default in row.defaults.items()
    ]
    return inspect.Signature([*operands, *attributes], return_annotation=RESULT)


def _type(row: Op, name: str, default: Any) -> str:
    if name == "axis":
        return AXES if _takes_axes(row) else "int" if default is not None else "int | None"
    return TYPES.get(name, "str" if isinstance(default, str) else "float")


def _takes_axes(row: Op) -> bool:
    """Whether a row goes over several axes at once: its shape rule says so of operands [1×1×1], which fit all rules."""
    try:
        row.infer([(1, 1, 1)] * (row.arity or 2), {**row.defaults, "axis": (0, 1)})
    except (ShapeError, TypeError):
        return False
    return True
