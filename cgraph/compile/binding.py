"""A program for one binding of its sizes: the plan, its memory, and the calls that run it."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from cgraph.compile.blas import blas
from cgraph.compile.c import native
from cgraph.compile.c.compiler import compiler
from cgraph.compile.c.emit import source as source_of
from cgraph.compile.c.writer import UnsupportedError, Writer
from cgraph.compile.lowering.composites import COMPOSITES
from cgraph.compile.lowering.lower import Lowered, lower
from cgraph.compile.numpy import steps as backend_numpy
from cgraph.compile.numpy.biases import inputs_beside_ones
from cgraph.compile.numpy.small import SMALL_COMPOSITES
from cgraph.compile.plan.listing import listing
from cgraph.compile.plan.places import CONSTANT, LEAF
from cgraph.compile.plan.plan import Plan, make_plan
from cgraph.compile.scalar import runner as scalar
from cgraph.compile.scalar.groups import Groups
from cgraph.errors import CgraphError, ValueRefusedError
from cgraph.graph.node import PARAMETER, Node
from cgraph.passes.forward import forward
from cgraph.worlds.numpy import NumpyWorld

if TYPE_CHECKING:
    from cgraph.compile.program import Program

Maker: TypeAlias = "Callable[[Program, Mapping[str, int]], Binding]"


class Binding:
    """A plan with its memory. `inputs` are the buffers of the program's inputs, in order; `run` does one call."""

    def __init__(self, backend: str, program: Program, plan: Plan | Groups, leaves: Mapping[Node, Any]) -> None:
        self.backend, self.plan, self.leaves = backend, plan, leaves
        self.inputs = [leaves[n] for n in program.inputs]
        self.slots = [
            (str(node.name), buffer, buffer.shape) for node, buffer in zip(program.inputs, self.inputs, strict=True)
        ]
        self.changed: set[Node] = set()
        self.text: Callable[[], str] = str
        self.run: Callable[[], list[Any]] = list
        self.many: Callable[[int, Any, Mapping[Node, Any]], list[Any]] | None = None

    @property
    def source(self) -> str:
        """The program as text."""
        return self.text()

    def fill(self, values: Mapping[Node, Any], replaced: Iterable[Node]) -> None:
        """Copy the values of leaves into their buffers; those of `replaced` parameters are for one call."""
        for node, buffer in self.leaves.items():
            if node in values:
                buffer[...] = values[node]
        self.changed = {n for n in replaced if n.kind == PARAMETER}

    def refuse(self, program: Program) -> None:
        """Say what a call refused, as the plain pass says it."""
        feed = {n: buffer for n, buffer in self.leaves.items() if n in program.graph} | dict(program._owned)
        with np.errstate(all="ignore"):
            forward(program.graph, feed, NumpyWorld(program.dtype))
        raise ValueRefusedError(
            "the program refused a value",
            why="a matrix that it inverts is singular, up to rounding",
            fix="change the matrix, for example by adding a small multiple of the identity",
        )

    def restore(self) -> None:
        """Give parameters that had another value for one call their own again."""
        for node in self.changed:
            self.leaves[node][...] = node.value
        self.changed = set()


class Memory:
    """One array a value of a plan: views into the shared buffer, leaves and constants."""

    def __init__(self, plan: Plan, inputs: Iterable[Node], owned: Mapping[Node, Any], both: Mapping[Node, Any]) -> None:
        dtype = plan.lowered.dtype
        self.buffer = aligned(plan.elements, dtype)
        self.storages: list[Any] = []
        self.leaves: dict[Node, Any] = {}
        for number, storage in enumerate(plan.storages):
            value = plan.values[storage.value]
            if storage.kind == LEAF and value.leaf is None:  # a matrix and its bias
                self.storages.append(both[cast(Node, plan.values[value.operands[0]].leaf)])
            elif storage.kind == LEAF:
                assert value.leaf is not None
                array = owned[value.leaf] if value.leaf in owned else aligned(storage.size, dtype).reshape(value.shape)
                if value.leaf not in owned:
                    self.leaves[value.leaf] = array
                self.storages.append(array)
            elif storage.kind == CONSTANT:
                self.storages.append(np.ascontiguousarray(value.constant))
            else:
                start = plan.offsets.get(number)
                self.storages.append(None if start is None else self.buffer[start : start + max(storage.size, 1)])
        for node in inputs:  # an input that nothing depends on takes its values all the same
            if node not in self.leaves:
                shape = tuple(d if isinstance(d, int) else -1 for d in node.shape)
                self.leaves[node] = Ignored(shape)
        self._views: dict[Any, Any] = {}
        self.arrays = {number: self._array(plan, number) for number in plan.places}
        for leaf, (number, beside) in inputs_beside_ones(plan).items():
            if leaf in self.leaves:
                self.leaves[leaf] = self.arrays[number] = self.arrays[beside][:, :-1]

    def outputs(self, plan: Plan) -> list[Any]:
        """The arrays of the plan's outputs, in order."""
        return [self.arrays[x] for x in plan.lowered.outputs]

    def _array(self, plan: Plan, number: int) -> Any:
        """A view; the same memory is the same object, by which NumPy sees at once that an op is in place."""
        place, value = plan.places[number], plan.values[number]
        memory = self.storages[place.storage]
        if memory is None:
            return None
        size = memory.itemsize
        steps = tuple(s * size for s in place.strides)
        if not memory.size or not all(value.shape):
            return np.empty(value.shape, memory.dtype)
        found = np.ndarray(value.shape, memory.dtype, memory.reshape(-1), place.offset * size, steps)
        found.flags.writeable = plan.storages[place.storage].kind != CONSTANT
        return self._views.setdefault((found.ctypes.data, value.shape, steps), found)


class Ignored:
    """The buffer of an input that no output depends on."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def __setitem__(self, key: Any, value: Any) -> None:
        """Nothing is kept."""


def aligned(elements: int, dtype: Any) -> Any:
    """An array of zeros that begins at a multiple of 64 bytes."""
    size = np.dtype(dtype).itemsize
    raw = np.zeros(elements * size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + elements * size].view(dtype)


def aligned_copy(value: Any, dtype: Any) -> Any:
    """A copy of a parameter's value that begins at a multiple of 64 bytes: products read it a few percent sooner."""
    copy = aligned(np.size(value), dtype).reshape(np.shape(value))
    copy[...] = value
    return copy


def copies_of(outputs: list[Any]) -> Callable[[], list[Any]]:
    """What gives the caller copies of the outputs; of one, which steps of training have, without a loop."""
    if len(outputs) == 1:
        (only,) = outputs
        return lambda: [only.copy()]
    return lambda: [x.copy() for x in outputs]


def lowered(
    program: Program, sizes: Mapping[str, int], composites: Mapping[str, Callable[..., int]] = COMPOSITES
) -> Lowered:
    """The values of a program for these sizes."""
    return lower(program.graph, program.outputs, program.updates, sizes, program.dtype, composites)


def numpy_binding(program: Program, sizes: Mapping[str, int]) -> Binding:
    """A program for these sizes as calls of NumPy."""
    chosen = backend_numpy
    short = chosen.shortened(lowered(program, sizes, SMALL_COMPOSITES), program._biases)
    plan = make_plan(short, chosen.one_by_one, chosen.in_place, chosen.accumulates)
    memory = Memory(plan, program.inputs, program._owned, program._both)
    binding = Binding("numpy", program, plan, memory.leaves)
    calls, outputs = chosen.calls(plan, memory.arrays), memory.outputs(plan)
    copies = copies_of(outputs)

    def run() -> list[Any]:
        try:
            for call in calls:
                call()
        except ValueRefusedError:
            binding.refuse(program)
        return copies()

    def many(count: int, rows: Any, stacks: Mapping[Node, Any]) -> list[Any]:
        results = [np.empty((count, *x.shape), plan.lowered.dtype) for x in outputs]
        found, kept = (
            [(memory.leaves[n], stack) for n, stack in stacks.items()],
            list(zip(results, outputs, strict=True)),
        )
        try:
            for i in range(count):
                pick = i if rows is None else rows[i]
                for buffer, stack in found:
                    buffer[...] = stack[pick]
                for call in calls:
                    call()
                for result, output in kept:
                    result[i] = output
        except ValueRefusedError:
            binding.refuse(program)
        return results

    # NumPy's warnings are off in a context of the program's own, which costs less than np.errstate in each call
    context = contextvars.copy_context()
    context.run(np.seterr, all="ignore")
    binding.run = partial(context.run, run)
    binding.many = lambda count, rows, stacks: context.run(many, count, rows, stacks)
    binding.text = partial(listing, plan)
    return binding


def native_binding(program: Program, sizes: Mapping[str, int]) -> Binding:
    """A program for these sizes as one C function. Raises ValueRefusedError for an op that is not written in C."""
    plan = native.plan_of(lowered(program, sizes))
    writer = Writer(plan)
    try:
        source = source_of(writer)
    except UnsupportedError as error:
        raise ValueRefusedError(
            f"the native backend has no {error}", why="it is not written in C yet", fix='choose backend="auto"'
        ) from None
    if writer.gemm and blas() is None:
        raise ValueRefusedError(
            "the native backend finds no matrix product", why="NumPy's BLAS is no OpenBLAS here", fix='choose "numpy"'
        )
    memory = Memory(plan, program.inputs, program._owned, program._both)
    binding = Binding("native", program, plan, memory.leaves)
    function = native.Function(source, writer, memory)
    step, copies = function.step, copies_of(memory.outputs(plan))

    def run() -> list[Any]:
        if step():
            binding.refuse(program)
        return copies()

    def many(calls: int, rows: Any, stacks: Mapping[Node, Any]) -> list[Any]:
        failed, results = function.many(calls, rows, stacks)
        if failed:
            raise ValueRefusedError("one of the calls refused a value", fix="call the program for each of them to see")
        return results

    binding.run, binding.many = run, many
    binding.text = lambda: source
    return binding


def scalar_binding(program: Program, backend: str) -> Binding:
    """A program of scalars as flat arrays."""
    runner = scalar.runner(program, backend)
    name = "scalar" if runner.in_c else "scalar-numpy"
    ignored = {node: Ignored(()) for node in program.inputs if node not in runner.leaves}
    binding = Binding(name, program, runner.groups, {**runner.leaves, **ignored})
    binding.run, binding.text = runner.run, lambda: runner.text
    return binding


def chosen_binding(program: Program, sizes: Mapping[str, int]) -> Binding:
    """C for what is called again and again, which is a program with updates; NumPy where C cannot be had."""
    if program.updates and compiler() is not None:
        try:
            return native_binding(program, sizes)
        except CgraphError:
            return numpy_binding(program, sizes)
    return numpy_binding(program, sizes)


def maker(name: str, program: Program) -> tuple[Maker, bool]:
    """How a backend of this name makes a binding of a program, and whether that differentiates by itself.

    Raises ValueRefusedError.
    """
    if scalar.chosen(name, program.graph):
        return lambda program, sizes: scalar_binding(program, name), True
    makers: Mapping[str, Maker] = {"auto": chosen_binding, "numpy": numpy_binding, "native": native_binding}
    if name not in makers:
        raise ValueRefusedError(f"backend={name!r}", why=f"the backends are {', '.join([*makers, *scalar.BACKENDS])}")
    return makers[name], False
