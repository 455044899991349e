"""A program as one C function, on its memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cgraph.compile.binding import Binding, Stages, copies_of
from cgraph.compile.blas import blas
from cgraph.compile.c.emit import source as source_of
from cgraph.compile.c.native import NativeProgram, plan_of
from cgraph.compile.c.writer import UnsupportedError, Writer
from cgraph.compile.lowering.listing import values_text
from cgraph.compile.lowering.lower import lower
from cgraph.compile.lowering.passes import joined
from cgraph.compile.memory import Memory, Owned
from cgraph.compile.plan.listing import plan_text
from cgraph.compile.task import Task
from cgraph.errors import ValueRefusedError
from cgraph.graph.node import Node


def native_binding(task: Task, owned: Owned, sizes: Mapping[str, int]) -> Binding:
    """A program for these sizes as one C function. Raises ValueRefusedError for an op that is not written in C."""
    low = joined(lower(task, sizes))
    plan = plan_of(low)
    writer = Writer(plan)
    try:
        source = source_of(writer)
    except UnsupportedError as error:
        raise ValueRefusedError(
            f"the native backend has no {error}",
            why="it is not written in C yet",
            fix='choose backend="auto", or give the row of an op of your own its C for one element: c="{0} * {0}"',
        ) from None
    if writer.gemm and blas() is None:
        raise ValueRefusedError(
            "the native backend finds no matrix product", why="NumPy's BLAS is no OpenBLAS here", fix='choose "numpy"'
        )
    memory = Memory(plan, task.inputs, owned)
    binding = Binding("native", task, owned, plan, memory.leaves)
    function = NativeProgram(source, writer, memory)
    step, copies = function.step, copies_of(memory.outputs(plan))

    def run() -> list[Any]:
        if code := step():
            _heed(binding, code)
        return copies()

    def many(calls: int, rows: Any, stacks: Mapping[Node, Any]) -> list[Any]:
        code, results = function.many(calls, rows, stacks)
        if code & 2:
            binding.report()
        if code & 1:
            raise ValueRefusedError("one of the calls refused a value", fix="call the program for each of them to see")
        return results

    binding.run, binding.many = run, many
    binding.text = lambda: source
    binding.stages = lambda: Stages(values=values_text(low), plan=plan_text(plan), C=source)
    return binding


def _heed(binding: Binding, code: int) -> None:
    """What a call says that was not as all others."""
    if code & 1:
        binding.refuse()
    binding.report()
