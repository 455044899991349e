"""What every world offers: leaves, seeds, and each op of the table under its name. The bodies that worlds share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.graph.node import Node
from cgraph.ops import TABLE
from cgraph.ops.op import Op, Rule
from cgraph.shapes import Shape, show


def cells(value: Any, cell: Callable[[Any], Any], kind: type[Any]) -> Any:
    """An object array of this kind whose elements are `cell` of those of an array, or of one object.

    NumPy puts an array without dimensions into a single place of an object array as it is: it counts as its element.
    Raises ValueRefusedError for a larger array inside an array.
    """
    array: Any = np.empty((), dtype=object)
    if isinstance(value, Node):  # NumPy would ask it for its array
        array[()] = value
    else:
        array = np.asarray(value, dtype=object)
    result: Any = np.empty(array.shape, dtype=object).view(kind)
    for index in np.ndindex(*array.shape):
        element = array[index]
        while isinstance(element, np.ndarray) and element.ndim == 0:
            element = element[()]
        if isinstance(element, np.ndarray):
            raise ValueRefusedError(
                f"an array {show(element.shape)} inside an array",
                why="in symbols, as in numbers, each element is one expression",
                fix="write result[key, ...] = values in the array function of an op of your own",
            )
        result[index] = cell(element)
    return result


class Column(ABC):
    """One column of the table: how each op is done, by `function`, and under its name, for the rules and definitions.

    `name` is what it is called in messages, `pi` its number π.
    """

    name: str
    pi: Any

    @abstractmethod
    def function(self, row: Op) -> Callable[..., Any]:
        """How this op is done here: a function of values of this column, and of attributes by keyword."""

    def apply(self, row: Op, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        """The result of an op."""
        return self.function(row)(*operands, **attrs)

    def __getattr__(self, name: str) -> Any:
        """An op of the table by its name; looked up once."""
        row = TABLE.get(name)
        if row is None:
            raise AttributeError(f"the table has no op named {name!r}")
        found = self.function(row)
        setattr(self, name, found)
        return found


class World(Column):
    """A column in which both passes can be run: NUMPY, GRAPH, SYMPY. A pass asks it for what follows, and no more.

    `numeric` says whether its values are numbers, which can be checked, judged and coloured.
    """

    numeric: bool = False

    @abstractmethod
    def leaf(self, node: Node, value: Any | None, shape: Shape) -> Any:
        """The value of a leaf, from what the pass was given for it (None: nothing); `shape` has its sizes bound.

        Raises MissingValueError when it needs a value and has none.
        """

    @abstractmethod
    def seed(self, value: Any, upstream: Any | None) -> Any:
        """The upstream gradient with which a backward pass starts at `value`: 1 by default."""

    @abstractmethod
    def zeros(self, shape: Shape, like: Any) -> Any:
        """The gradient of a node that nothing flows to."""

    def local(self, rule: Rule, result: Any, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        """The local derivative that an elementwise rule gives."""
        return rule(self, result, *operands, **attrs) if attrs else rule(self, result, *operands)

    def pullback(self, rule: Rule, upstream: Any, result: Any, operands: list[Any], attrs: Mapping[str, Any]) -> Any:
        """The downstream gradient that a structural rule gives."""
        return rule(self, upstream, result, *operands, **attrs)

    def times(self, upstream: Any, local: Any) -> Any:
        """The chain rule's product on one edge, in which 0·∞ is 0 (see `cgraph.backward`)."""
        return upstream * local

    def plus(self, gradient: Any, downstream: Any) -> Any:
        """The sum at a fan-out of two terms, or of a sum and one more; a world may only gather them here."""
        return gradient + downstream

    def traced(self) -> Any:
        """The world in which the same numbers know which of their zeros are structural; None where there is none."""
        return None

    def total(self, gradient: Any) -> Any:
        """A gradient to which nothing will be added: what `plus` gathered is summed."""
        return gradient
