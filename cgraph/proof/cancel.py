"""Whether two large expressions are equal, decided in parts: functions of the same arguments cancel as symbols do."""

from __future__ import annotations

from typing import Any

import sympy

LARGEST = 4000  # operations of a numerator that is multiplied out


def cancels(difference: Any) -> bool:
    """Whether an expression is 0 for any values whatever of the functions in it: then it is 0.

    Each exp, log, tanh, step ... in it becomes a symbol of its own, the outermost first, and what is left is a
    quotient of polynomials. False says only that this does not show it.

    >>> x, y = sympy.symbols("x y")
    >>> f = sympy.exp(sympy.tanh(x) * y)
    >>> cancels(f / (1 + f) - 1 + 1 / (1 + f)), cancels(sympy.sin(x) ** 2 + sympy.cos(x) ** 2 - 1)
    (True, False)
    """
    stand_ins: dict[Any, Any] = {}

    def symbol(part: Any) -> Any:
        return stand_ins.setdefault(part, sympy.Dummy())

    def is_opaque(part: Any) -> bool:
        power = part.is_Pow and not part.exp.is_Integer
        return bool(part.is_Function or isinstance(part, sympy.exp) or power)

    done: dict[Any, Any] = {}
    stack = [difference]
    while stack:
        top = stack[-1]
        if top in done:
            stack.pop()
        elif is_opaque(top):
            done[stack.pop()] = _exponential(top, symbol) if isinstance(top, sympy.exp) else symbol(top)
        elif not top.args:
            done[stack.pop()] = top
        else:
            waiting = [a for a in top.args if a not in done]
            if waiting:
                stack.extend(waiting)
            else:
                done[stack.pop()] = top.func(*(done[a] for a in top.args))
    rational = done[difference]
    if rational == 0:
        return True
    numerator = sympy.numer(sympy.together(rational))
    return bool(sympy.count_ops(numerator) <= LARGEST and sympy.expand(numerator) == 0)


def _exponential(part: Any, symbol: Any) -> Any:
    """exp(-u) as 1/exp(u): one symbol for both."""
    argument = part.args[0]
    return 1 / symbol(sympy.exp(-argument)) if argument.could_extract_minus_sign() else symbol(part)
