"""The scalar backend: a graph of scalars as flat arrays, whatever its size, depth and shape.

The graph is written down on a tape by a forward pass, and its gradients by a backward pass, in the world of
`scalar_world`; the tape is put in order by level and op (`scalar_groups`), and run by C (`native`) or, without
a compiler, by NumPy and Python (`numpy`).
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from cgraph.calculus.derivatives import grad
from cgraph.compile.binding import Binding, Stages
from cgraph.compile.c.compiler import compiler
from cgraph.compile.memory import Ignored, Owned
from cgraph.compile.scalar import native, numpy
from cgraph.compile.scalar.backward import gradients
from cgraph.compile.scalar.groups import Groups, grouped
from cgraph.compile.scalar.listing import listing, tape_text
from cgraph.compile.scalar.world import Tape, misfit, refuse
from cgraph.compile.task import Task
from cgraph.errors import CgraphError
from cgraph.graph import building
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from cgraph.passes.forward import forward
from cgraph.quoting import c_comment

BACKENDS = ("scalar", "scalar-numpy")  # the second one without a compiler
SMALLEST = 64  # nodes: for fewer it matters little
LARGE = 10_000  # nodes: what is called once and is smaller is not worth a compiler's tenths of a second


def chosen(backend: str, graph: Graph) -> bool:
    """Whether a graph is to be computed as flat arrays. Raises ValueRefusedError when it must be and cannot."""
    if backend not in (*BACKENDS, "auto") or (backend == "auto" and len(graph) < SMALLEST):
        return False
    node = misfit(graph.nodes)
    if node is not None and backend != "auto":
        raise refuse(node, graph.name(node))
    return node is None


class Taped(NamedTuple):
    """A task on a tape: the slots of its outputs, those of its updates, and what slots are called."""

    tape: Tape
    outputs: list[int]
    updates: Mapping[Node, int]
    names: Mapping[int, str]


def taped(task: Task) -> Taped:
    """A task written down: its outputs, the gradients of the first one, and its updates."""
    tape = Tape()
    with building.paused():
        fwd = forward(task.graph, {}, tape)
        numbers = [tape.slot(fwd[x]) for x in task.outputs]
        if task.gradients:
            found = gradients(fwd, task.outputs[0], task.gradients, tape)
            if None in found:
                grad(task.outputs[0], list(task.gradients))  # says which one, and why
            numbers += [slot for slot in found if slot is not None]
    updates = {leaf: tape.slot(fwd[node]) for leaf, node in task.updates.items()}
    return Taped(tape, numbers, updates, {tape.slot(fwd[n]): n.name for n in task.graph.nodes if n.name is not None})


class Runner:
    """Groups with their array of values: `run` computes them and gives the outputs; `leaves` are parts of the array."""

    def __init__(self, groups: Groups, in_c: bool) -> None:
        self.groups, self.in_c = groups, in_c and not native.missing(groups)
        self._memory, self.values = numpy.values(groups.slots, groups.dtype)
        self.values[groups.literals[0]] = groups.literals[1]
        self.leaves = {leaf: self._at(slot) for leaf, slot in groups.leaves.items()}
        self._outputs = groups.outputs.astype(np.intp)
        self._replaced = np.array([groups.leaves[leaf] for leaf in groups.updates], np.intp)
        self._by = np.array(list(groups.updates.values()), np.intp)
        self._compute = self._computing()
        self.report: Callable[[], Any] = bool  # called where 0 met ∞

    def _at(self, slot: int) -> Any:
        return self.values[slot : slot + 1].reshape(())

    def _computing(self) -> Callable[[], Any]:
        if self.in_c:
            return native.runner(self.groups, self.values)
        # NumPy's warnings are off in a context of the program's own, which costs less than np.errstate in each call
        context = contextvars.copy_context()
        context.run(np.seterr, all="ignore")
        return partial(context.run, numpy.runner(self.groups, self._memory, self.values))

    def run(self) -> list[Any]:
        """One call: the outputs as numbers of NumPy; then updated leaves get their new values."""
        if self._compute():
            self.report()
        results = list(self.values.take(self._outputs))
        if len(self._by):
            self.values[self._replaced] = self.values[self._by]
        return results

    @property
    def text(self) -> str:
        """The groups as text, after the C that computes them where it does."""
        lines = listing(self.groups)
        if not self.in_c:
            return lines
        return "\n".join([native.source(self.groups), *map(c_comment, lines.split("\n"))])


def runner(task: Task, owned: Owned, backend: str) -> Runner:
    """A task's runner, in C where there is a compiler; its owned parameters live in the array of values."""
    groups = grouped(*taped(task), task.dtype)
    pays = backend == "scalar" or bool(task.updates) or len(task.graph) >= LARGE
    try:
        made = Runner(groups, pays and backend != "scalar-numpy" and compiler() is not None)
    except CgraphError:  # the compiler failed
        made = Runner(groups, False)
    for leaf in task.updates:
        made.leaves[leaf][...] = owned.arrays[leaf]
        owned.arrays[leaf] = made.leaves[leaf]
    return made


def scalar_binding(backend: str, task: Task, owned: Owned, sizes: Mapping[str, int]) -> Binding:
    """A program of scalars, which have no sizes, as flat arrays."""
    made = runner(task, owned, backend)
    leaves = {node: made.leaves.get(node, Ignored(())) for node in (*made.leaves, *task.inputs)}
    binding = Binding("scalar" if made.in_c else "scalar-numpy", task, owned, made.groups, leaves)
    made.report = binding.report
    binding.run, binding.text = made.run, lambda: made.text
    binding.stages = lambda: _stages(task, made)
    return binding


def _stages(task: Task, made: Runner) -> Stages:
    """The tape, its groups as the plan, and the C or the calls that compute them."""
    runs = {"C": native.source(made.groups)} if made.in_c else {"calls": numpy.text(made.groups)}
    return Stages(values=tape_text(*taped(task)), plan=f"{listing(made.groups)}\n# {made.groups}", **runs)
