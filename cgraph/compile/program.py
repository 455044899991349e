"""A compiled program: what a user calls, and the parameters that it owns."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from functools import cached_property, partial
from typing import Any, cast

import numpy as np

from cgraph import shapes
from cgraph.compile.backends import maker
from cgraph.compile.binding import Binding, Stages
from cgraph.compile.blas import with_threads
from cgraph.compile.doubts import Doubts
from cgraph.compile.given import Given
from cgraph.compile.memory import owned
from cgraph.compile.numpy.biases import biases_of
from cgraph.compile.plan.plan import Plan
from cgraph.compile.scalar.groups import Groups
from cgraph.compile.stacks import Check, Stacks, checks_of, knows_all
from cgraph.compile.task import task_of
from cgraph.errors import MissingValueError, NameUnknownError, ShapeError, ValueRefusedError
from cgraph.graph.node import Node, as_array
from cgraph.graph.parse import GraphLike

NUMBERS = (float, np.float64)  # which fill a scalar as quickly as an array does


class Program:
    """A program made by `cg.compile`: call it with values for its inputs, by name, by node in a dict, or in order.

    A call returns new arrays (or, of flat scalars, numbers), one an output; they are the caller's own. Calls from
    several threads wait for each other: the buffers are shared.
    """

    def __init__(
        self,
        outputs: GraphLike,
        inputs: Iterable[Node | str] | None,
        updates: Mapping[Any, Node] | None,
        backend: str,
        dtype: str,
        threads: int | None,
        gradients: Iterable[Node | str] = (),
        simplify: bool = True,
    ) -> None:
        if threads is not None and (isinstance(threads, bool) or not isinstance(threads, int) or threads < 1):
            raise ValueRefusedError(f"threads={threads!r}", why="it counts threads", fix="give an integer from 1 up")
        task = task_of(outputs, updates, gradients, dtype, simplify)
        self._make, self._flat = maker(backend, task)
        self.task = (task if self._flat else task.differentiated()).taking(inputs)
        self.graph, self.inputs, self.outputs = self.task.graph, self.task.inputs, self.task.outputs
        self.updates, self.dtype, self.threads = self.task.updates, self.task.dtype, threads
        self._given = Given(self.task)
        self._owned = owned(self.updates, biases_of(self.task), self.dtype)
        self._bindings: dict[tuple[Any, ...], Binding] = {}
        self._last: Binding | None = None
        self._lock = threading.RLock()
        self._doubts = Doubts(self.task)

    # Calls -----------------------------------------------------------------------------------------------------------
    def __call__(self, *values: Any, **named: Any) -> list[Any]:
        """The outputs for these values: in the order of `inputs`, by name, or as one dict of nodes or names.

        Arrays of the program's own type whose shapes are those of the call before take the short way: their shapes
        are checked, and not whether targets of a loss are distributions.
        Raises MissingValueError, NameUnknownError, ShapeError, ValueRefusedError.
        """
        with self._lock:
            binding = self._last
            if binding is None or not self._filled(binding, values, named):
                binding = self._bound(values, named)
            results = binding.run() if self.threads is None else with_threads(self.threads, binding.run)
            if binding.doubtful:
                binding.doubtful = False
                self._doubts.look(lambda: binding.values(self._doubts.graph))
            return results

    def _filled(self, binding: Binding, values: tuple[Any, ...], named: Mapping[str, Any]) -> bool:
        """Copy the values into the buffers of the binding that was used last, if they are arrays that fit it.

        Not everything may have been copied when they do not: then all is copied again.
        """
        if len(values) + len(named) != len(binding.slots):
            named = self._given.needed(named)
            if len(values) + len(named) != len(binding.slots):
                return False
        dtype, array, ordered = self.dtype, np.ndarray, len(values)
        for place, (name, buffer, shape) in enumerate(binding.slots):
            value = values[place] if place < ordered else named.get(name)
            if value.__class__ is array:
                if value.dtype is not dtype or value.shape != shape:
                    return False
            elif value.__class__ not in NUMBERS or shape:
                return False
            buffer[...] = value
        if binding.changed:
            binding.restore()
        return True

    def _bound(self, values: tuple[Any, ...], named: Mapping[str, Any]) -> Binding:
        """Check the values as a pass does, find or make the binding of their sizes, and fill its buffers."""
        given = self._given.read(values, named)
        checked, leaves = self._given.checked(given), self._given.leaves.nodes
        sizes: dict[str, shapes.Dimension] = {}
        for node in leaves:
            shapes.match(node.shape, checked[node].shape, sizes)
        key = tuple(sorted(sizes.items()))
        binding = self._bindings.get(key)
        if binding is None:
            binding = self._bindings[key] = self._make(self.task, self._owned, {k: int(v) for k, v in sizes.items()})
        binding.fill({node: checked[node] for node in leaves}, {n for n in given if n not in self.inputs})
        self._last = binding if self._given.complete else None
        return binding

    # Many calls ------------------------------------------------------------------------------------------------------
    def run(self, rows: Any = None, /, **stacks: Any) -> list[Any]:
        """Many calls in one: call i gets element i of each stack, or, with `rows` [n×m], the rows `stack[rows[i]]`.

        Returns one array an output with the results of the calls along its first axis. Ids and targets are checked
        in all calls before the first one; when a call is refused, by whatever op, nothing is updated.
        Raises ShapeError when the stacks have different lengths, and what a call raises, with the call's number.
        """
        given = Stacks(self._given.needed(stacks), rows, self.dtype)
        with self._lock:
            wrong = given.first_refused(self._checks)
            if wrong is not None:
                with given.numbered(wrong):
                    self._bound((), given[wrong]).refuse()
            if self._checked_all:
                return self._ran(given)
            before = self.values
            try:
                return self._ran(given)
            except ValueRefusedError:
                self.set(before)
                try:
                    for call in range(given.calls):
                        with given.numbered(call):
                            self(given[call])
                finally:
                    self.set(before)
                raise

    def _ran(self, given: Stacks) -> list[Any]:
        if not given.calls:
            return []
        binding, first = self._last, given[0]
        if (
            binding is None
            or binding.changed
            or len(first) != len(binding.slots)
            or not all(n in first and first[n].shape == shape for n, _, shape in binding.slots)
        ):
            binding = self._bound((), first)
        if binding.many is None:
            results = [self(given[call]) for call in range(given.calls)]
            return [np.stack(column) for column in zip(*results, strict=True)]
        nodes = {self._given.leaves[name]: stack for name, stack in given.data.items()}
        work = partial(binding.many, given.calls, given.rows, nodes)
        results = work() if self.threads is None else with_threads(self.threads, work)
        if binding.doubtful:
            binding.doubtful = False
            for call in range(given.calls):
                self._doubts.look(partial(self._repeated, binding, given[call]))
        return results

    def _repeated(self, binding: Binding, given: Mapping[str, Any]) -> dict[Node, Any]:
        return binding.values(self._doubts.graph) | {self._given.leaves[name]: value for name, value in given.items()}

    @cached_property
    def _checks(self) -> list[tuple[Node, Check]]:
        return checks_of(self.graph)

    @cached_property
    def _checked_all(self) -> bool:
        return knows_all(self.graph, self.updates)

    # Parameters ------------------------------------------------------------------------------------------------------
    @property
    def values(self) -> dict[str, Any]:
        """Copies of the owned parameters' values, by name."""
        return {str(leaf.name): array.copy() for leaf, array in self._owned.arrays.items()}

    def value(self, leaf: Node | str) -> Any:
        """A copy of an owned parameter's value. Raises NameUnknownError."""
        return self._owned_array(leaf).copy()

    def set(self, values: Mapping[Any, Any] | None = None, /, **named: Any) -> None:
        """Give owned parameters other values, by name or by node. Raises NameUnknownError, ShapeError."""
        for key, value in {**(values or {}), **named}.items():
            target = self._owned_array(key)
            array = as_array(value, f"parameter {key}", self.dtype)
            if array.shape != target.shape:
                raise ShapeError(
                    f"the value of {self.graph.name(self.graph[key])} has shape {shapes.show(array.shape)}",
                    why=f"it was declared as {shapes.show(target.shape)}",
                )
            target[...] = array

    def _owned_array(self, key: Node | str) -> Any:
        node = self.graph[key]
        arrays = self._owned.arrays
        if node not in arrays:
            names = ", ".join(self.graph.name(n) for n in arrays) or "none"
            raise NameUnknownError(f"{self.graph.name(node)} is not owned by the program", fix=f"it owns {names}")
        return arrays[node]

    @property
    def indeterminate(self) -> int:
        """In how many products 0 met ∞, and no mask says that nothing depends on them: what is set to 0 there may be
        another number.

        Doubtful calls are repeated as passes to see it, in which owned parameters have the values that the call left;
        of many of them the first, the second, the fourth, and so on. 0 says that none was found.

        >>> import cgraph as cg
        >>> x = cg.variable("x")
        >>> slope = cg.compile(cg.grad(cg.log(1 + cg.exp(x)), x, simplify=False), backend="numpy", simplify=False)
        >>> slope(x=1.0), slope.indeterminate, slope(x=1000.0), slope.indeterminate
        ([array(0.73105858)], 0, [array(0.)], 1)
        """
        return self._doubts.count

    # What it does ----------------------------------------------------------------------------------------------------
    @property
    def plan(self) -> Plan | Groups:
        """The plan of the binding that was used last: steps, buffers, bytes and floating-point operations."""
        return cast("Plan | Groups", self._shown().plan)

    @property
    def source(self) -> str:
        """The program as text, in the names of the nodes: C for the native backend, to be read only for the other."""
        return self._shown().source

    @property
    def stages(self) -> Stages:
        """Each stage of the binding that was used last as text, by its name: the values, the plan, the calls or the C.

        The values stand there once more after each pass over them that changed something. Printed, all of them.

        >>> import cgraph as cg
        >>> print(cg.compile("e = a + 2*b", backend="numpy").stages["calls"])
        numpy.multiply(2, b, t3)
        numpy.add(a, t3, e)
        """
        return self._shown().stages()

    @property
    def backend(self) -> str:
        """The backend that was chosen: "numpy", "native", "scalar" (in C) or "scalar-numpy"."""
        return self._shown().backend

    def bind(self, backend: str | None = None, /, **sizes: int) -> Program:
        """Compile for these sizes of the named dimensions now, before the first call; returns the program itself.

        With `backend`, "numpy" or "native", these sizes get a backend of their own: what is rare need not be compiled.
        Raises MissingValueError for a dimension without a size, ValueRefusedError for a backend that is not possible.
        """
        names = {d for n in self.graph.leaves for d in n.shape if isinstance(d, str)}
        missing = sorted(names - set(sizes))
        if missing:
            raise MissingValueError(f"no size for the named dimension {missing[0]!r}", fix=f"give {missing[0]}=...")
        key = tuple(sorted((k, v) for k, v in sizes.items() if k in names))
        make, flat = (self._make, self._flat) if backend is None else maker(backend, self.task)
        if backend is not None and (flat or self._flat):
            raise ValueRefusedError(
                f"backend={backend!r} for some sizes", why="flat scalars have no sizes to choose by"
            )
        if key not in self._bindings:
            self._bindings[key] = make(self.task, self._owned, dict(key))
        return self

    def _shown(self) -> Binding:
        if not self._bindings:
            self.bind()
        return self._last or next(reversed(self._bindings.values()))
