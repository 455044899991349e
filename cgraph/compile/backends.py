"""The backends by name, and which one a program gets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from cgraph.compile.binding import Binding, Maker
from cgraph.compile.c.binding import native_binding
from cgraph.compile.c.compiler import compiler
from cgraph.compile.memory import Owned
from cgraph.compile.numpy.binding import numpy_binding
from cgraph.compile.scalar import runner as scalar
from cgraph.compile.task import Task
from cgraph.errors import CgraphError, ValueRefusedError


def chosen_binding(task: Task, owned: Owned, sizes: Mapping[str, int]) -> Binding:
    """C for what is called again and again, which is a program with updates; NumPy where C cannot be had."""
    if task.updates and compiler() is not None:
        try:
            return native_binding(task, owned, sizes)
        except CgraphError:
            return numpy_binding(task, owned, sizes)
    return numpy_binding(task, owned, sizes)


MAKERS: Mapping[str, Maker] = {"auto": chosen_binding, "numpy": numpy_binding, "native": native_binding}


def maker(name: str, task: Task) -> tuple[Maker, bool]:
    """How a backend of this name makes a binding of a task, and whether that differentiates by itself.

    Raises ValueRefusedError.
    """
    if scalar.chosen(name, task.graph):
        return partial(scalar.scalar_binding, name), True
    if name not in MAKERS:
        raise ValueRefusedError(f"backend={name!r}", why=f"the backends are {', '.join([*MAKERS, *scalar.BACKENDS])}")
    return MAKERS[name], False
