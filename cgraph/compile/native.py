"""The native backend: the whole step as one C function, compiled by the system's compiler, called through ctypes."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from typing import Any

from cgraph.compile.blas import address, blas
from cgraph.compile.c_table import EXPRESSIONS
from cgraph.compile.compiler import load
from cgraph.compile.emit import Emitter
from cgraph.compile.fuse import fused
from cgraph.compile.lower import Lowered
from cgraph.compile.plan import Plan, make_plan
from cgraph.compile.values import Value


def in_place(value: Value) -> bool:
    """Whether a value may be written over an operand of its own shape."""
    return value.name in EXPRESSIONS


def accumulates(value: Value) -> bool:
    """A product is always added to its target in place."""
    return True


def plan_of(lowered: Lowered) -> Plan:
    """The plan of a program in C."""
    return make_plan(lowered, fused, in_place, accumulates)


def step(source: str, emitter: Emitter, memory: Any) -> Callable[[], int]:
    """A call without arguments that does one step on this memory; 0 unless a value was refused."""
    library = load(source)
    plan = emitter.plan
    product = blas()
    gemm = address(product.gemm[plan.lowered.dtype.name]) if product is not None else None
    pointers = [memory.buffer.ctypes.data, gemm, *(memory.storages[s].ctypes.data for s in emitter.pointers)]
    context = (ctypes.c_void_p * len(pointers))(*pointers)
    function = library.step
    function.restype = ctypes.c_int
    argument = ctypes.cast(context, ctypes.c_void_p)
    keep: Mapping[str, Any] = {"memory": memory, "context": context, "library": library}

    def run(function: Any = function, argument: Any = argument, keep: Any = keep) -> int:
        found: int = function(argument)
        return found

    return run
