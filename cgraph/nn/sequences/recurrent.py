"""Recurrent layers: the same cell at each step of a sequence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from cgraph.errors import ShapeError
from cgraph.functions.recurrent import gru, lstm, rnn
from cgraph.graph.names import layer_of, of_layer
from cgraph.graph.node import Node, parameter
from cgraph.graph.scope import scope
from cgraph.nn.description import Description
from cgraph.nn.flow import Flow, check_nodes, parameters_of, with_new
from cgraph.nn.init import Array, generator, glorot_uniform, orthogonal
from cgraph.ops.windows import whole_numbers
from cgraph.shapes import show


@dataclass(frozen=True)
class Recurrent(ABC):
    """What recurrent layers share: W from the input, U from the state before, a bias b (or None).

    The layer gives the state after each step [m×steps×n], or, with `last`, after the last one [m×n]. Where a mask
    [m×steps] is 0 a sequence has ended, and its state stays.
    """

    W: Node
    U: Node
    b: Node | None = None
    last: bool = False
    gates: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_nodes(type(self).__name__, *self.leaves)
        what = f"{type(self).__name__} with W {show(self.W.shape)} and U {show(self.U.shape)}"
        n = self.U.shape[0] if self.U.shape else 0
        columns = f"{self.gates if self.gates > 1 else ''}n"
        wide = int(n) * self.gates
        if len(self.W.shape) != 2 or self.U.shape != (n, wide) or self.W.shape[1] != wide:
            raise ShapeError(
                what,
                where=self.U.where,
                why=f"for inputs of d features and n units W is [d×{columns}], U [n×{columns}]",
            )
        for leaf in self.leaves[2:]:
            if leaf.shape != (wide,):
                raise ShapeError(
                    f"{what} and {leaf.name} {show(leaf.shape)}", where=leaf.where, fix=f"give it the shape [{wide}]"
                )

    @classmethod
    def random(
        cls,
        inputs: int,
        units: int,
        *,
        layer: int | str = 1,
        seed: int | np.random.Generator,
        bias: bool = True,
        last: bool = False,
        **options: Any,
    ) -> Self:
        """A layer from so many features to so many units: W[layer] Glorot uniform, U[layer] orthogonal, gate by gate.

        The bias is 0 at first, or there is none. Raises ShapeError for sizes below 1.
        """
        (inputs,), (units,) = whole_numbers("inputs", inputs, 1), whole_numbers("units", units, 1)
        rng = generator(seed)
        W, U = (
            np.concatenate([init((rows, units), rng) for _ in range(cls.gates)], axis=1)
            for init, rows in ((glorot_uniform, inputs), (orthogonal, units))
        )
        fields = {"W": W, "U": U, **(cls.biases(units) if bias else {})}
        leaves: dict[str, Any] = {name: parameter(of_layer(name, layer), value) for name, value in fields.items()}
        return cls(**leaves, last=last, **options)

    @classmethod
    def biases(cls, units: int) -> dict[str, Array]:
        """The first values of the biases, by field."""
        return {"b": np.zeros(cls.gates * units)}

    @property
    def leaves(self) -> tuple[Node, ...]:
        """The matrices, then the biases that there are."""
        return tuple(node for node in (self.W, self.U, self.b, getattr(self, "d", None)) if node is not None)

    @property
    def parameters(self) -> tuple[Node, ...]:
        """Those of its leaves that are trained."""
        return parameters_of(*self.leaves)

    def replaced(self, new: Mapping[Node, Node]) -> Self:
        """The same layer with other nodes in the place of its leaves."""
        return with_new(self, new)

    def described(self) -> Description:
        """No column of units."""
        return Description(apart=(type(self).__name__,))

    @abstractmethod
    def unrolled(self, x: Node, mask: Node | None) -> tuple[Node, ...]:
        """The states after each step, and the last one."""

    def through(self, flow: Flow) -> Flow:
        """The states, or the last one, which has no steps any more and no mask."""
        return flow.to(self(flow.x, flow.mask), mask=None if self.last else flow.mask)

    def __call__(self, x: Node, /, mask: Node | None = None) -> Node:
        number = layer_of(self.W.name or "")
        with scope(f"layer {number}" if number else type(self).__name__.lower(), type(self).__name__):
            states, last, *_ = self.unrolled(x, mask)
            return last if self.last else states


@dataclass(frozen=True)
class RNN(Recurrent):
    """A simple recurrent layer: h' = g(xW + hU + b) at each step of x [m×steps×d] (Elman, 1990), g by its name.

    W is [d×n], U [n×n], b [n]; see `cg.rnn`. Raises ShapeError for others, and for sequences of length 0.

    >>> import cgraph as cg
    >>> RNN.random(3, 5, seed=0)(cg.variable("x", ("m", 7, 3))).shape
    ('m', 7, 5)
    """

    activation: str = "tanh"

    def unrolled(self, x: Node, mask: Node | None) -> tuple[Node, ...]:
        return rnn(x, self.W, self.U, self.b, mask=mask, activation=self.activation)


@dataclass(frozen=True)
class LSTM(Recurrent):
    """Long short-term memory at each step of x [m×steps×d] (Hochreiter and Schmidhuber, 1997).

    W is [d×4n], U [n×4n], b [4n], with the gates i, f, g, o in this order; see `cg.lstm`. The forget gates' biases are
    1 at first, so that nothing is forgotten before something is learned (Jozefowicz et al., 2015).
    Raises ShapeError for other shapes, and for sequences of length 0.

    >>> import cgraph as cg
    >>> LSTM.random(3, 5, last=True, seed=0)(cg.variable("x", ("m", 7, 3))).shape
    ('m', 5)
    """

    gates: ClassVar[int] = 4

    @classmethod
    def biases(cls, units: int) -> dict[str, Array]:
        return {"b": np.repeat([0.0, 1.0, 0.0, 0.0], units)}

    def unrolled(self, x: Node, mask: Node | None) -> tuple[Node, ...]:
        return lstm(x, self.W, self.U, self.b, mask=mask)


@dataclass(frozen=True)
class GRU(Recurrent):
    """A gated recurrent unit at each step of x [m×steps×d] (Cho et al., 2014), with a second bias d beside U.

    W is [d×3n], U [n×3n], b and d [3n], with the gates r, z and the candidate in this order; see `cg.gru`.
    Raises ShapeError for other shapes, and for sequences of length 0.

    >>> import cgraph as cg
    >>> layer = GRU.random(3, 5, layer=2, seed=0)
    >>> [p.name for p in layer.parameters], layer(cg.variable("x", ("m", 7, 3))).shape
    (['W[2]', 'U[2]', 'b[2]', 'd[2]'], ('m', 7, 5))
    """

    d: Node | None = None
    gates: ClassVar[int] = 3

    @classmethod
    def biases(cls, units: int) -> dict[str, Array]:
        return {"b": np.zeros(3 * units), "d": np.zeros(3 * units)}

    def unrolled(self, x: Node, mask: Node | None) -> tuple[Node, ...]:
        return gru(x, self.W, self.U, self.b, self.d, mask=mask)
