"""The calls of a plan as text that a person reads: what NumPy is asked for, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from cgraph.compile.lowering.listing import names
from cgraph.compile.numpy.calls import Careful
from cgraph.compile.numpy.steps import steps
from cgraph.compile.plan.plan import Plan
from cgraph.quoting import decimal
from cgraph.shapes import show


def calls_text(plan: Plan, arrays: Mapping[int, Any]) -> str:
    """The calls, such as `numpy.add(a, d, e)`: an op in place writes into its operand, which is named as such.

    Arrays are named by the values of the step that are in them, with another shape behind it (`a as [6]`) where it is
    seen in one; those that a step has for itself are numbered.
    """
    name = names(plan.lowered)
    lines = []
    for touched, calls in steps(plan, arrays):
        known = {x: name[x] for x in touched}
        own: list[Any] = []
        lines += [_line(call, {x: (text, arrays[x]) for x, text in known.items()}, own) for call in calls]
    return "\n".join(lines)


Known = Mapping[int, tuple[str, Any]]


def _line(call: Callable[[], object], known: Known, own: list[Any]) -> str:
    if isinstance(call, Careful):
        return f"if isnan({_line(call.look, known, own)}): {_line(call.again, known, own)}"
    if not isinstance(call, partial):
        return f"{call.__name__}()"
    function, owner = call.func, getattr(call.func, "__self__", None)
    arguments = [_text(x, known, own) for x in call.args]
    arguments += [f"{k}={_text(x, known, own)}" for k, x in call.keywords.items()]
    if isinstance(owner, np.ndarray) and function.__name__ == "__setitem__":
        return f"{_text(owner, known, own)}[{arguments[0]}] = {arguments[1]}"
    if isinstance(owner, np.ndarray):
        return f"{_text(owner, known, own)}.{function.__name__}({', '.join(arguments)})"
    if isinstance(owner, np.ufunc):
        return f"numpy.{owner.__name__}.{function.__name__}({', '.join(arguments)})"
    return f"{_function(function)}({', '.join(arguments)})"


def _function(function: Any) -> str:
    of_numpy = isinstance(function, np.ufunc) or str(getattr(function, "__module__", "")).startswith("numpy")
    return f"{'numpy.' if of_numpy else ''}{function.__name__.lstrip('_')}"


def _text(x: Any, known: Known, own: list[Any]) -> str:
    if x is Ellipsis:
        return "..."
    if isinstance(x, (list, tuple)) and any(isinstance(one, np.ndarray) for one in x):
        return f"[{', '.join(_text(one, known, own) for one in x)}]"
    if isinstance(x, np.generic):
        return decimal(x)
    if callable(x):
        return _function(x)
    return _array(x, known, own) if isinstance(x, np.ndarray) else repr(x)


def _memory(x: Any) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """The same for two arrays that are the same part of memory, seen in the same shape."""
    return x.ctypes.data, x.shape, x.strides


def _array(x: Any, known: Known, own: list[Any]) -> str:
    for text, array in known.values():
        if _memory(array) == _memory(x):
            return text
    for text, array in known.values():
        if np.may_share_memory(array, x):
            return f"{text} as {show(x.shape)}"
    if x.size == 1 and not x.flags.writeable:
        return decimal(x.reshape(()))
    place = next((i for i, one in enumerate(own) if one is x), len(own))
    if place == len(own):
        own.append(x)
    return f"own{place + 1}{show(x.shape)}"
