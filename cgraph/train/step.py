"""One step of training as a program: the only place that runs steps.

The graph of a step has the loss and every new value as its outputs, and can be drawn like any other. Compiled, the
program owns the values and replaces them in place; many steps are one call of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from cgraph.compile import compile as compiled
from cgraph.compile.c.compiler import compiler
from cgraph.errors import CgraphError, ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import VARIABLE, Node
from cgraph.passes.forward import Forward
from cgraph.passes.numbers import forward
from cgraph.worlds.numpy import NumpyWorld

if TYPE_CHECKING:
    from cgraph.compile.plan.plan import Plan
    from cgraph.compile.program import Program

Values: TypeAlias = Mapping[Node, Any]
BACKENDS = ("auto", "numpy", "native")
# Seconds that C saves: for each call of NumPy, and for each element that it writes. Rough: they only decide a choice.
A_CALL, AN_ELEMENT = 0.5e-6, 0.1e-9
WORTH_COMPILING = 0.02  # seconds that an epoch must save: a compiler takes some tenths of one, and epochs are several


class TrainingStep:
    """The program of a step: `step(batch)` gives the loss and moves the values on; `many` does several steps at once.

    `backend` is "numpy", "native", or "auto": native where there is a compiler and an epoch is long enough to pay for
    it, whatever else is in the cache, so that every process on a machine chooses the same.
    Raises ValueRefusedError for another backend, or dtype.
    """

    def __init__(
        self,
        loss: Node,
        new: Mapping[Node, Node],
        backend: str = "auto",
        dtype: str = "float64",
        threads: int | None = None,
        simplify: bool = True,
    ) -> None:
        if backend not in BACKENDS:
            raise ValueRefusedError(f"backend={backend!r}", why=f"the backends are {', '.join(BACKENDS)}")
        self.graph = Graph([loss, *new.values()])
        self.loss, self.new = loss, new
        self.backend, self.dtype, self.threads, self.simplify = backend, dtype, threads, simplify
        self._rows = 0
        self._program = self._compiled("numpy")

    def _compiled(self, backend: str) -> Program:
        inputs = [leaf for leaf in self.graph.inputs if leaf not in self.new and leaf.kind == VARIABLE]
        new, how = self.new, (self.dtype, self.threads)
        return compiled(self.loss, inputs, new, backend, *how, simplify=self.simplify)

    def choose(self, backend: str | None, rows: int, steps: int | None) -> None:
        """Settle the backend: the given one, or, by the rows of a batch and the steps of an epoch, what pays.

        C is for batches of so many rows; others, such as the last one of an epoch, go through NumPy, on the same
        parameters: another program in C would cost more than it could save.
        """
        self.backend, self._rows = backend or self.backend, rows
        if self.backend == "auto":
            program = None if steps is None else self._worth_compiling(rows, steps)
            self.backend, self._program = "native" if program else "numpy", program or self._program
        else:
            self._program = self._compiled(self.backend)

    def _worth_compiling(self, rows: int, steps: int) -> Program | None:
        """The program in C, if there can be one and it pays."""
        if compiler() is None:
            return None
        try:
            plan = cast("Plan", self._program.bind(m=rows).plan)  # that of the numpy backend
            saved = sum(A_CALL + AN_ELEMENT * prod(plan.values[x].shape) for group in plan.groups for x in group)
            return self._compiled("native").bind(m=rows) if saved * steps >= WORTH_COMPILING else None
        except CgraphError:  # an op that is not written in C, or a dimension that only the data knows
            return None

    @property
    def indeterminate(self) -> int:
        """In how many products of the chain rule 0 met ∞, as `Program.indeterminate` counts them."""
        return self._program.indeterminate

    # Values ----------------------------------------------------------------------------------------------------------
    def load(self, values: Values) -> None:
        """Go on from these values of the leaves that change."""
        self._program.set({leaf: values[leaf] for leaf in self.new})

    def values(self) -> dict[Node, Any]:
        """Copies of the values now."""
        return {leaf: self._program.value(leaf) for leaf in self.new}

    # Steps -----------------------------------------------------------------------------------------------------------
    def __call__(self, batch: Values) -> float:
        """Make a step: the loss before it. After an error the values may be anything."""
        return float(self.many(None, {leaf: value[None] for leaf, value in self.stacked(batch).items()})[0])

    def many(self, rows: Any, stacks: Values) -> Any:
        """Make a step for each line of `rows` [n×m], on these rows of the stacks (None: for each element of them).

        The losses before the steps [n]. Nothing has changed when a step refuses a value.
        """
        if self.backend == "native":
            sizes = (stack.shape[1] for leaf, stack in stacks.items() if leaf.shape[:1] == ("m",))
            size = next(sizes, self._rows) if rows is None else rows.shape[1]
            if size != self._rows:
                self._program.bind("numpy", m=size)
        (losses,) = self._program.run(rows, **{str(leaf.name): stack for leaf, stack in stacks.items()})
        return losses

    def stacked(self, batch: Values) -> dict[Node, Any]:
        """Values for all rows as `many` takes them: those that the program reads, in its type."""
        inputs = set(self._program.inputs)
        return {leaf: np.ascontiguousarray(v, self.dtype) for leaf, v in batch.items() if leaf in inputs}

    def trace(self, values: Values, batch: Values) -> Forward:
        """The value of every node of the step, to see where something went wrong."""
        feed = {leaf: v for leaf, v in {**values, **batch}.items() if leaf in self.graph}
        return forward(self.graph, feed, world=NumpyWorld(np.dtype(self.dtype)))


def finite(values: Values) -> bool:
    """Whether all values are finite."""
    return all(np.isfinite(v).all() for v in values.values())
