"""What is given as a value: numbers of every kind that is real, and arrays of them, whoever's arrays they are."""

from __future__ import annotations

import sys
from numbers import Real
from typing import Any

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.graph.origin import one_line

REAL = "biuf"  # kinds of NumPy's types: truth values, integers, floats
INSTEAD = {  # what to do with a value that has this attribute
    "toarray": ".toarray() makes an array of a sparse matrix",
    "free_symbols": "cg.from_sympy makes nodes of an expression, float(...) a number of what has no symbols",
}


def short(value: Any) -> str:
    """A value as a message shows it: one line of at most 70 characters."""
    return one_line(repr(value))


def real(value: Any, what: str) -> Any:
    """An array of real numbers from what is given: an array as it is, anything else as a new one.

    Numbers are those of Python (fractions and decimals too), NumPy and SymPy; arrays are those of NumPy and of every
    library whose arrays say what they hold by the array protocol or DLPack.
    Raises ValueRefusedError for complex numbers, masked arrays, and what is no number.
    """
    if value.__class__ is np.ndarray:
        array = value
    else:
        _refuse_masked(value, what)
        array = _read(value, what)
    if array.dtype.kind in REAL:
        return array
    if array.dtype.kind == "O" and array.size and all(map(_is_real, array.flat)):
        try:
            floats = np.array(array, np.float64)
            if np.isinf(floats).any() and not all(map(_as_infinite, array.flat, floats.flat)):
                raise OverflowError
            return floats
        except OverflowError:
            raise ValueRefusedError(f"{what} is given {short(value)}", why="it is too large for a float") from None
        except (TypeError, ValueError):  # a signalling NaN
            pass
    raise ValueRefusedError(
        f"{what} is given {short(value)}",
        why="that is no real number and no array of real numbers",
        fix=next((fix for name, fix in INSTEAD.items() if hasattr(value, name)), ""),
    )


def _read(value: Any, what: str) -> Any:
    try:
        if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
            return np.from_dlpack(value)
        return np.asarray(value)
    except (TypeError, ValueError, AttributeError, RuntimeError, BufferError) as error:
        if not hasattr(value, "__array__") and not hasattr(value, "__dlpack__"):
            return np.empty((), object)
        fix = "give its values alone: .detach()" if getattr(value, "requires_grad", False) else "make it a NumPy array"
        if getattr(getattr(value, "device", None), "type", "cpu") != "cpu":
            fix = "bring it to the CPU: .detach().cpu()"
        raise ValueRefusedError(f"{what} is given {short(value)}", why=one_line(str(error)), fix=fix) from None


def _as_infinite(number: Any, nearest: float) -> bool:
    """Whether a number is infinite itself when its float is."""
    return bool(not np.isinf(nearest) or number == nearest)


def _is_real(number: Any) -> bool:
    return isinstance(number, (Real, getattr(sys.modules.get("decimal"), "Decimal", Real)))


def _refuse_masked(value: Any, what: str) -> None:
    """Refuse masked arrays, alone and in lists: which values stand behind a mask is nobody's business to guess."""
    masked = getattr(sys.modules.get("numpy.ma"), "MaskedArray", None)
    if masked is None:
        return
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, masked):
            raise ValueRefusedError(
                f"{what} is given a masked array, {short(one)}",
                why="its masked elements have no values, and would be taken as if they had",
                fix="say what stands there: .filled(0), or leave them out: .compressed()",
            )
        if one.__class__ in (list, tuple):
            stack.extend(x for x in one if x.__class__ is not float and x.__class__ is not int)
