"""A program as calls of NumPy, on its memory."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from cgraph.compile.binding import Binding, Stages, copies_of
from cgraph.compile.lowering.listing import values_text
from cgraph.compile.lowering.lower import lower
from cgraph.compile.memory import Memory, Owned
from cgraph.compile.numpy.biases import inputs_beside_ones
from cgraph.compile.numpy.calls import Careful
from cgraph.compile.numpy.factors import accumulates
from cgraph.compile.numpy.listing import calls_text
from cgraph.compile.numpy.passes import PASSES, shortened
from cgraph.compile.numpy.small import SMALL_COMPOSITES
from cgraph.compile.numpy.steps import calls, in_place, one_by_one
from cgraph.compile.plan.listing import listing, plan_text
from cgraph.compile.plan.plan import Plan, make_plan
from cgraph.compile.task import Task
from cgraph.errors import ValueRefusedError
from cgraph.graph.node import Node


def plan_of(task: Task, sizes: Mapping[str, int]) -> Plan:
    """The plan of a program for these sizes."""
    short = shortened(lower(task, sizes, SMALL_COMPOSITES))
    return make_plan(short, one_by_one, in_place, accumulates)


def numpy_binding(task: Task, owned: Owned, sizes: Mapping[str, int]) -> Binding:
    """A program for these sizes as calls of NumPy."""
    plan = plan_of(task, sizes)
    memory = Memory(plan, task.inputs, owned, inputs_beside_ones(plan))
    binding = Binding("numpy", task, owned, plan, memory.leaves)
    steps, outputs = calls(plan, memory.arrays), memory.outputs(plan)
    for step in steps:
        if step.__class__ is Careful:
            step.report = binding.report
    # NumPy's warnings are off in a context of the program's own, which costs less than np.errstate in each call
    context = contextvars.copy_context()
    context.run(np.seterr, all="ignore")
    many = _many(binding, steps, outputs)
    binding.run = partial(context.run, _one(binding, steps, outputs))
    binding.many = lambda count, rows, stacks: context.run(many, count, rows, stacks)
    binding.text = partial(listing, plan)
    binding.stages = lambda: _stages(task, sizes, plan, memory)
    return binding


def _stages(task: Task, sizes: Mapping[str, int], plan: Plan, memory: Memory) -> Stages:
    """The values, also after each pass that changed something, the plan and the calls."""
    now = lower(task, sizes, SMALL_COMPOSITES)
    found = Stages(values=values_text(now))
    for one in PASSES:
        before, now = now, one(now)
        if values_text(now) != values_text(before):
            found[f"values {one.__name__.replace('_', ' ')}"] = values_text(now)
    found |= {"plan": plan_text(plan), "calls": calls_text(plan, memory.arrays)}
    return found


def _one(binding: Binding, steps: Sequence[Callable[[], Any]], outputs: list[Any]) -> Callable[[], list[Any]]:
    copies = copies_of(outputs)

    def run() -> list[Any]:
        try:
            for step in steps:
                step()
        except ValueRefusedError:
            binding.refuse()
        return copies()

    return run


def _many(binding: Binding, steps: Sequence[Callable[[], Any]], outputs: list[Any]) -> Callable[..., list[Any]]:
    leaves = binding.leaves

    def many(count: int, rows: Any, stacks: Mapping[Node, Any]) -> list[Any]:
        results = [np.empty((count, *x.shape), x.dtype) for x in outputs]
        found, kept = [(leaves[n], stack) for n, stack in stacks.items()], list(zip(results, outputs, strict=True))
        try:
            for i in range(count):
                pick = i if rows is None else rows[i]
                for buffer, stack in found:
                    buffer[...] = stack[pick]
                for step in steps:
                    step()
                for result, output in kept:
                    result[i] = output
        except ValueRefusedError:
            binding.refuse()
        return results

    return many
