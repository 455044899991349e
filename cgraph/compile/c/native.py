"""The native backend: the whole step as one C function, compiled by the system's compiler, called through ctypes."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

import numpy as np

from cgraph.compile.blas import address, blas
from cgraph.compile.c.compiler import load
from cgraph.compile.c.fuse import fused
from cgraph.compile.c.writer import Writer
from cgraph.compile.lowering.class_ids import LESS_ONE_HOT
from cgraph.compile.lowering.lowered import Lowered
from cgraph.compile.lowering.values import Value
from cgraph.compile.plan.plan import Plan, make_plan
from cgraph.graph.node import Node


def in_place(value: Value) -> bool:
    """Whether a value may be written over an operand of its own shape."""
    return bool(value.c) or value.op is LESS_ONE_HOT


def accumulates(value: Value) -> bool:
    """A product is always added to its target in place."""
    return True


def plan_of(lowered: Lowered) -> Plan:
    """The plan of a program in C."""
    return make_plan(lowered, fused, in_place, accumulates)


class NativeProgram:
    """A compiled program on its memory: `step()` is one call, `many` are several.

    Both give 1 when a value was refused, and 2 when 0 met ∞ in a product of the chain rule.
    """

    def __init__(self, source: str, writer: Writer, memory: Any) -> None:
        self._library, self._memory, self._writer = load(source), memory, writer
        plan = writer.plan
        product = blas()
        gemm = address(product.gemm[plan.lowered.dtype.name]) if product is not None else None
        self._table = np.array(writer.table, np.dtype("l"))
        given = (memory.storages[s].ctypes.data for s in writer.pointers)
        pointers = [memory.buffer.ctypes.data, gemm, *given, self._table.ctypes.data]
        self._context = (ctypes.c_void_p * len(pointers))(*pointers)
        self._argument = ctypes.cast(self._context, ctypes.c_void_p)
        self._library.cgraph_step.restype = self._library.cgraph_run.restype = ctypes.c_int
        self.step: Callable[[], int] = partial(self._library.cgraph_step, self._argument)

    def many(self, calls: int, rows: Any, stacks: Mapping[Node, Any]) -> tuple[int, list[Any]]:
        """Do `calls` calls on stacks of values, or on the rows [calls×m] of them; the results, one array an output."""
        plan = self._writer.plan
        stack = [stacks.get(cast(Node, plan.values[plan.storages[s].value].leaf)) for s in self._writer.leaves]
        given = [None if x is None else x.ctypes.data for x in stack]
        shapes = [plan.values[x].shape for x in plan.lowered.outputs]
        results = [np.empty((calls, *shape), plan.lowered.dtype) for shape in shapes]
        failed = self._library.cgraph_run(
            self._argument,
            ctypes.c_long(calls),
            ctypes.c_long(1 if rows is None else rows.shape[1]),
            None if rows is None else ctypes.c_void_p(rows.ctypes.data),
            (ctypes.c_void_p * (len(given) + 1))(*given),
            (ctypes.c_void_p * (len(results) + 1))(*(r.ctypes.data for r in results)),
        )
        return failed, results
