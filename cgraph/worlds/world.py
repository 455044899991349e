"""What every world offers: leaves, seeds, and each op of the table under its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from cgraph.graph.node import Node
from cgraph.ops.op import Op, Rule
from cgraph.shapes import Shape


class World(Protocol):
    """A place where the table can be run: NUMPY, GRAPH, SYMPY."""

    @property
    def name(self) -> str:
        """What the world is called in messages."""

    def leaf(self, node: Node, value: Any | None, shape: Shape) -> Any:
        """The value of a leaf, from what the pass was given for it (None: nothing); `shape` has its sizes bound.

        Raises MissingValueError when it needs a value and has none.
        """

    def apply(self, row: Op, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        """The result of an op."""

    def seed(self, value: Any, upstream: Any | None) -> Any:
        """The upstream gradient with which a backward pass starts at `value`: 1 by default."""

    def zeros(self, shape: Shape, like: Any) -> Any:
        """The gradient of a node that nothing flows to."""

    def local(self, rule: Rule, result: Any, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        """The local derivative that an elementwise rule gives."""

    def pullback(self, rule: Rule, upstream: Any, result: Any, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        """The downstream gradient that a structural rule gives."""

    def times(self, upstream: Any, local: Any) -> Any:
        """The chain rule's product on one edge, in which 0·∞ is 0 (see `cgraph.backward`)."""

    def plus(self, gradient: Any, downstream: Any) -> Any:
        """The sum at a fan-out of two terms, or of a sum and one more; a world may only gather them here."""

    def total(self, gradient: Any) -> Any:
        """A gradient to which nothing will be added: what `plus` gathered is summed."""

    @property
    def pi(self) -> Any:
        """The number π."""

    def __getattr__(self, name: str) -> Any:
        """Each op of the table by its name, for the rules."""
