"""What layers make of x, added to x: a way around them for values and for gradients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.graph.node import Node
from cgraph.graph.scope import scope
from cgraph.nn.description import Description
from cgraph.nn.flow import Draw, Flow, noise_in, parameters_of, state_of, through, with_new
from cgraph.nn.layers import Layer
from cgraph.nn.sequential import Sequential
from cgraph.shapes import show


@dataclass(frozen=True)
class Residual:
    """x + the layers on x (He, Zhang, Ren and Sun, 2016, Eq. 1), or shortcut(x) + the layers on x.

    A `shortcut`, such as a convolution of 1×1 with a stride, brings x into the shape of the sum.
    Raises ValueRefusedError without layers, ShapeError when the two shapes differ: nothing is broadcast.

    >>> import cgraph as cg
    >>> block = Residual([cg.nn.Linear.random(3, 3, seed=0), cg.nn.Activation("tanh")])
    >>> block(cg.variable("x", ("m", 3))).shape
    ('m', 3)
    """

    layers: tuple[Any, ...]
    shortcut: Any = None

    def __init__(self, layers: Iterable[Layer] | Layer, shortcut: Any = None) -> None:
        flat = Sequential(layers if isinstance(layers, Iterable) else [layers]).layers
        if shortcut is not None and not (callable(shortcut) and hasattr(shortcut, "parameters")):
            raise ValueRefusedError(
                f"{shortcut!r} is no layer", why="the shortcut is one", fix="leave it out for x itself"
            )
        object.__setattr__(self, "layers", flat)
        object.__setattr__(self, "shortcut", shortcut)

    @property
    def parts(self) -> tuple[Any, ...]:
        """The layers, then the shortcut if there is one."""
        return self.layers if self.shortcut is None else (*self.layers, self.shortcut)

    @property
    def parameters(self) -> tuple[Node, ...]:
        """Those of the layers, then of the shortcut."""
        return parameters_of(*self.parts)

    @property
    def state(self) -> tuple[Node, ...]:
        """The state of its layers."""
        return state_of(*self.parts)

    @property
    def noise(self) -> dict[str, Draw]:
        """How the masks of dropout in it are drawn."""
        return noise_in(self.parts)

    def replaced(self, new: Mapping[Node, Node]) -> Residual:
        """The same with other nodes in the place of parameters."""
        return with_new(self, new)

    def described(self) -> Description:
        """No column of units."""
        return Description(apart=(type(self).__name__,))

    def through(self, flow: Flow) -> Flow:
        """The sum."""
        with scope("residual"):
            made = flow
            for layer in self.layers:
                made = through(layer, made)
            around = flow.to(flow.x, state=made.state)
            around = around if self.shortcut is None else through(self.shortcut, around)
            if around.x.shape != made.x.shape:
                raise ShapeError(
                    f"a residual of {show(around.x.shape)} and {show(made.x.shape)}",
                    where=made.x.where,
                    why="what the layers make is added to x, element by element",
                    fix="give layers that keep the shape, or a shortcut that makes the same one",
                )
            return around.to(around.x + made.x)

    def __call__(self, x: Node, /, training: bool = False) -> Node:
        return self.through(Flow(x, training=training)).x
