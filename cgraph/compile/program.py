"""A compiled program: what a user calls, and the parameters that it owns."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from typing import Any

import numpy as np

from cgraph import shapes
from cgraph.calculus.derivatives import grad
from cgraph.compile.binding import Binding, aligned_copy, maker
from cgraph.compile.blas import blas
from cgraph.compile.numpy.biases import biases_of, with_neighbours
from cgraph.compile.plan.plan import Plan
from cgraph.compile.scalar.groups import Groups
from cgraph.compile.stacks import Check, Stacks, checks_of, knows_all
from cgraph.errors import MissingValueError, NameUnknownError, ShapeError, ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import OP, PARAMETER, VARIABLE, Node, as_array
from cgraph.graph.parse import GraphLike, as_graph
from cgraph.passes.forward import Forward, forward
from cgraph.worlds.numpy import NumpyWorld

NUMBERS = (float, np.float64)  # which fill a scalar as quickly as an array does
DTYPES = ("float64", "float32")


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
    ) -> None:
        if np.dtype(dtype).name not in DTYPES:
            raise ValueRefusedError(f"dtype={dtype!r}", why=f"programs compute in {' or '.join(DTYPES)}")
        if threads is not None and (isinstance(threads, bool) or not isinstance(threads, int) or threads < 1):
            raise ValueRefusedError(f"threads={threads!r}", why="it counts threads", fix="give an integer from 1 up")
        graph = self._given_graph = as_graph(outputs)
        self.outputs, self.gradients = graph.outputs, tuple(graph[x] for x in gradients)
        of = graph.output if self.gradients else None
        self.updates: Mapping[Node, Node] = _by_node(graph, updates or {})
        self.graph = self._graph() if self.updates else graph
        _check_updates(self.graph, self.updates)
        self.dtype, self.threads = np.dtype(dtype), threads
        self._make, self._flat = maker(backend, self)
        if of is not None and not self._flat:
            self.outputs += tuple(x.itself for x in grad(of, list(self.gradients)))
            self.graph = self._graph()
        self.inputs: tuple[Node, ...] = self._inputs(inputs)
        self._leaves = Graph(dict.fromkeys([*[n for n in self.graph.leaves if n not in self.updates], *self.inputs]))
        self._needless = {
            leaf.name for leaf in self.graph.beyond if leaf not in self._leaves
        }  # but taken: see `Derived`
        self._world = NumpyWorld(self.dtype)
        self._biases = biases_of(self.graph, self.updates)
        self._owned, self._both = with_neighbours(self.updates, self._biases, partial(aligned_copy, dtype=self.dtype))
        self._bindings: dict[tuple[Any, ...], Binding] = {}
        self._last: Binding | None = None
        self._lock = threading.Lock()

    def _graph(self) -> Graph:
        outputs = self._given_graph.derived(self.outputs) if self._given_graph.beyond else self.outputs
        return Graph([*outputs, *self.updates.values(), *self.updates])

    def _inputs(self, given: Iterable[Node | str] | None) -> tuple[Node, ...]:
        if given is None:
            return tuple(n for n in self.graph.inputs if n.kind == VARIABLE)
        found = tuple(self.graph.taking(x) for x in given)
        for node in found:
            if node.kind == OP or node in self.updates:
                why = "it is computed" if node.kind == OP else "the program owns it and updates it"
                raise ValueRefusedError(
                    f"{self.graph.name(node)} cannot be an input",
                    where=node.where,
                    why=why,
                    fix=f"inputs are among {', '.join(self.graph.name(n) for n in self._free())}",
                )
        return found

    def _free(self) -> list[Node]:
        return [n for n in self.graph.inputs if n not in self.updates]

    # Calls -----------------------------------------------------------------------------------------------------------
    def __call__(self, *values: Any, **named: Any) -> list[Any]:
        """The outputs for these values: in the order of `inputs`, by name, or as one dict of nodes or names.

        Arrays of the program's own type whose shapes are those of the call before take the short way: their shapes
        are checked, and not whether targets of a loss are distributions.
        Raises MissingValueError, NameUnknownError, ShapeError, ValueRefusedError.
        """
        with self._lock:
            return self._called(values, named)

    def _called(self, values: tuple[Any, ...], named: Mapping[str, Any]) -> list[Any]:
        binding = self._last
        if self._needless:
            named = {name: value for name, value in named.items() if name not in self._needless}
        if binding is None or not self._filled(binding, values, named):
            binding = self._bound(values, named)
        return binding.run() if self.threads is None else self._with_threads(binding.run)

    def _filled(self, binding: Binding, values: tuple[Any, ...], named: Mapping[str, Any]) -> bool:
        """Copy the values into the buffers of the binding that was used last, if they are arrays that fit it.

        Not everything may have been copied when they do not: then all is copied again.
        """
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
        given = self._given(values, named)
        checked = forward(self._leaves, given, self._world)
        self._check_targets(checked)
        sizes: dict[str, shapes.Dimension] = {}
        for node in self._leaves.nodes:
            shapes.match(node.shape, checked[node].shape, sizes)
        key = tuple(sorted(sizes.items()))
        binding = self._bindings.get(key)
        if binding is None:
            binding = self._bindings[key] = self._make(self, {k: int(v) for k, v in sizes.items()})
        binding.fill({node: checked[node] for node in self._leaves.nodes}, {n for n in given if n not in self.inputs})
        complete = all(n.kind == PARAMETER or n in self.inputs for n in self._leaves.inputs)
        self._last = binding if complete else None
        return binding

    def _check_targets(self, leaves: Forward) -> None:
        for node in self.graph.nodes:
            if node.op is not None and node.op.check is not None and node.operands[-1] in leaves.graph:
                try:
                    node.op.check(leaves[node.operands[-1]])
                except ValueRefusedError as error:
                    what = f"{self.graph.name(node)}: {error.what}"
                    raise ValueRefusedError(what, where=node.where, why=error.why, fix=error.fix) from None

    def _given(self, values: tuple[Any, ...], named: Mapping[str, Any]) -> dict[Node, Any]:
        feed: dict[Any, Any] = dict(named)
        if len(values) == 1 and isinstance(values[0], Mapping):
            feed = {**values[0], **named}
        elif len(values) > len(self.inputs):
            raise ValueRefusedError(
                f"{len(values)} values for {len(self.inputs)} inputs",
                fix=f"the inputs are, in order, {', '.join(self.graph.name(n) for n in self.inputs) or 'none'}",
            )
        else:
            for node, value in zip(self.inputs, values, strict=False):
                if node.name in named:
                    raise ValueRefusedError(f"{node.name} is given twice", why="in order, and by its name")
                feed[node] = value
        given: dict[Node, Any] = {}
        for key, value in feed.items():
            node = self.graph.taking(key)
            if node.name in self._needless and node not in self.graph:
                continue
            if node in self.updates:
                raise ValueRefusedError(
                    f"{node.name} is owned by the program",
                    where=node.where,
                    why="it is replaced at the end of each call",
                    fix="program.set gives it another value",
                )
            if node.kind == OP:
                names = ", ".join(self.graph.name(n) for n in self._free())
                raise NameUnknownError(
                    f"{self.graph.name(node)} is computed and takes no value",
                    where=node.where,
                    fix=f"give values to the leaves: {names}",
                )
            given[node] = value
        return given

    def _with_threads(self, run: Callable[[], list[Any]]) -> list[Any]:
        library = blas()
        if library is None or library.threads == self.threads:
            return run()
        before = library.threads
        library.set_threads(self.threads or before)
        try:
            return run()
        finally:
            library.set_threads(before)

    # Many calls ------------------------------------------------------------------------------------------------------
    def run(self, rows: Any = None, /, **stacks: Any) -> list[Any]:
        """Many calls in one: call i gets element i of each stack, or, with `rows` [n×m], the rows `stack[rows[i]]`.

        Returns one array an output with the results of the calls along its first axis. Ids and targets are checked
        in all calls before the first one; when a call is refused, by whatever op, nothing is updated.
        Raises ShapeError when the stacks have different lengths, and what a call raises, with the call's number.
        """
        given = Stacks({n: stack for n, stack in stacks.items() if n not in self._needless}, rows, self.dtype)
        with self._lock:
            wrong = given.first_refused(self._checks)
            if wrong is not None:
                with given.numbered(wrong):
                    self._bound((), given[wrong]).refuse(self)
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
                            self._called((), given[call])
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
            results = [self._called((), given[call]) for call in range(given.calls)]
            return [np.stack(column) for column in zip(*results, strict=True)]
        nodes = {self._leaves[name]: stack for name, stack in given.data.items()}
        work = partial(binding.many, given.calls, given.rows, nodes)
        return work() if self.threads is None else self._with_threads(work)

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
        return {str(leaf.name): array.copy() for leaf, array in self._owned.items()}

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
        if node not in self._owned:
            owned = ", ".join(self.graph.name(n) for n in self._owned) or "none"
            raise NameUnknownError(f"{self.graph.name(node)} is not owned by the program", fix=f"it owns {owned}")
        return self._owned[node]

    # What it does ----------------------------------------------------------------------------------------------------
    @property
    def plan(self) -> Plan | Groups:
        """The plan of the binding that was used last: steps, buffers, bytes and floating-point operations."""
        return self._shown().plan

    @property
    def source(self) -> str:
        """The program as text, in the names of the nodes: C for the native backend, to be read only for the other."""
        return self._shown().source

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
        make, flat = (self._make, self._flat) if backend is None else maker(backend, self)
        if backend is not None and (flat or self._flat):
            raise ValueRefusedError(
                f"backend={backend!r} for some sizes", why="flat scalars have no sizes to choose by"
            )
        if key not in self._bindings:
            self._bindings[key] = make(self, dict(key))
        return self

    def _shown(self) -> Binding:
        if not self._bindings:
            self.bind()
        return self._last or next(reversed(self._bindings.values()))


def _by_node(graph: Graph, updates: Mapping[Any, Node]) -> dict[Node, Node]:
    """The updates of parameters that are given by themselves or by their names."""
    known = Graph([*graph.outputs, *updates.values()]) if any(isinstance(key, str) for key in updates) else graph
    return {known[key] if isinstance(key, str) else key.itself: node.itself for key, node in updates.items()}


def _check_updates(graph: Graph, updates: Mapping[Node, Node]) -> None:
    for leaf, node in updates.items():
        if leaf.kind != PARAMETER:
            raise ValueRefusedError(
                f"{graph.name(leaf)} cannot be updated",
                where=leaf.where,
                why="only a parameter has a value of its own that a program can keep",
                fix="make it with cg.parameter",
            )
        if node.shape != leaf.shape:
            raise ShapeError(
                f"the update of {leaf.name} has shape {shapes.show(node.shape)}",
                where=node.where,
                why=f"{leaf.name} has shape {shapes.show(leaf.shape)}",
            )
