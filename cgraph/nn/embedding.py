"""The embedding matrix as a layer: a row of numbers for each word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.table import table
from cgraph.graph.node import PARAMETER, Node, as_node, constant, parameter
from cgraph.graph.scope import scope
from cgraph.nn.flow import Flow
from cgraph.nn.init import generator
from cgraph.shapes import is_integer, show


@dataclass(frozen=True)
class Embedding:
    """The rows of E [V×d] with the given ids: ids [...] give [...×d] (SLP3 Section 6.5, Fig. 6.11 and 6.12).

    Rows are looked up; with `one_hot` they are the product of one-hot rows and E, which gives the same values and the
    same gradients. E is trained when it is a parameter, and frozen when it is a constant.
    The id `padding` stands for no word and fills shorter texts up: it gives zeros, no gradient flows to its row, and
    the layers of a Sequential after this one know which steps are there (see `nn.sequences`).
    Raises ShapeError when E is no matrix. An id that has no row is refused when a pass meets it.

    >>> import cgraph as cg
    >>> layer = Embedding(cg.parameter("E", [[1.0, 2.0], [3.0, 4.0]]))
    >>> cg.forward(layer([1, 1, 0])).values[-1].tolist()
    [[3.0, 4.0], [3.0, 4.0], [1.0, 2.0]]
    """

    E: Node
    one_hot: bool = False
    padding: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.E, Node):
            raise ValueRefusedError(
                f"an embedding is given a {type(self.E).__name__}",
                why="its field is a node",
                fix="use Embedding.of(vectors)",
            )
        if len(self.E.shape) != 2:
            raise ShapeError(
                f"the embedding matrix has shape {show(self.E.shape)}",
                where=self.E.where,
                why="it has a row for each word",
                fix="give E two dimensions [V×d]",
            )
        rows = self.E.shape[0]
        if self.padding is not None and not (is_integer(self.padding) and 0 <= self.padding < int(rows)):
            raise ValueRefusedError(
                f"an embedding of {rows} row(s) with padding={self.padding!r}",
                why="the padding is an id, a row of its own",
                fix=f"give an integer from 0 to {int(rows) - 1}, such as Vocabulary.padding",
            )

    @classmethod
    def random(cls, rows: int, width: int, *, seed: int | np.random.Generator, padding: int | None = None) -> Embedding:
        """An embedding matrix of so many rows, normal with standard deviation 0.1.

        Raises ValueRefusedError for sizes below 1, and for a seed that is none.
        """
        if min(rows, width) < 1:
            raise ValueRefusedError(f"an embedding matrix of {rows} rows of {width}", why="both count something")
        return replace(cls.of(generator(seed).normal(0.0, 0.1, (rows, width))), padding=padding)

    @classmethod
    def of(cls, vectors: Any, *, frozen: bool = False) -> Embedding:
        """The embedding of given vectors [V×d], such as those of `train.data.glove`; `frozen` ones are not trained."""
        return cls(constant(vectors, name="E") if frozen else parameter("E", vectors))

    @property
    def parameters(self) -> tuple[Node, ...]:
        """E, unless it is frozen."""
        return (self.E,) if self.E.kind == PARAMETER else ()

    def replaced(self, new: Mapping[Node, Node]) -> Embedding:
        """The same layer with another node in the place of E."""
        return replace(self, E=new.get(self.E, self.E))

    def through(self, flow: Flow) -> Flow:
        """The rows, and with `padding` the mask of the steps that are there."""
        there = None if self.padding is None else table()["not_equal"](flow.x, float(self.padding))
        return flow.to(self(flow.x), mask=there)

    def __call__(self, ids: Any, /) -> Node:
        ids = as_node(ids)
        with scope("embedding"):
            if self.one_hot:
                rows: Node = table()["one_hot"](ids, classes=self.E.shape[0], ignore=self.padding) @ self.E
                return rows
            looked_up: Node = table()["embedding"](self.E, ids, padding=self.padding)
            return looked_up


def nearest(vectors: Any, row: int, count: int = 5) -> list[tuple[int, float]]:
    """The rows of vectors [V×d] with the largest cosine to one of them, itself left out: their ids and cosines.

    A row of zeros has cosine 0 to all. Source: SLP3 Eq. 5.10.
    Raises ValueRefusedError when there is no such row.

    >>> nearest([[1.0, 0.0], [0.0, 1.0], [2.0, 0.1]], 0, 1)
    [(2, 0.9987523388778446)]
    """
    matrix = np.asarray(vectors, dtype=float)
    if not 0 <= row < len(matrix):
        raise ValueRefusedError(f"row {row} of {len(matrix)} vectors", why=f"there are the rows 0 to {len(matrix) - 1}")
    lengths = np.linalg.norm(matrix, axis=1)
    cosines = matrix @ matrix[row] / np.maximum(lengths * lengths[row], np.finfo(float).tiny)
    order = np.argsort(-cosines, kind="stable")
    return [(int(i), float(cosines[i])) for i in order[order != row][:count]]
