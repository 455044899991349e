"""The parts of an expression, each once: SymPy shares them, and as a tree it may be exponentially larger."""

from __future__ import annotations

from typing import Any


def parts(*expressions: Any) -> list[Any]:
    """Every part of the expressions, the arguments of one before itself.

    >>> import sympy
    >>> x = sympy.Symbol("x")
    >>> parts(sympy.exp(x) + 1)
    [1, x, exp(x), exp(x) + 1]
    """
    done: dict[Any, None] = {}
    stack = [*reversed(expressions)]
    while stack:
        top = stack[-1]
        if top in done:
            stack.pop()
            continue
        waiting = [a for a in top.args if a not in done]
        if waiting:
            stack.extend(reversed(waiting))
        else:
            done[stack.pop()] = None
    return list(done)


def size(expression: Any) -> int:
    """How many parts it has when each is counted as often as it is written."""
    counted: dict[Any, int] = {}
    for part in parts(expression):
        counted[part] = 1 + sum(counted[a] for a in part.args)
    return counted[expression]
