"""What goes from layer to layer: numbers, the mask of their steps, and, in training, the state that layers keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeAlias, TypeVar

import numpy as np

from cgraph.errors import GraphError, ValueRefusedError
from cgraph.graph.node import PARAMETER, Node
from cgraph.nn.init import Array

L = TypeVar("L")
Draw: TypeAlias = Callable[[np.random.Generator, tuple[int, ...]], Array]


@dataclass(frozen=True)
class Flow:
    """`x`, and what is known beside it. A layer that needs more than x has `through(flow)`, which gives the next one.

    The `mask` [m×steps] has a 1 for each step of a sequence and a 0 where it has ended. In `training`, dropout takes
    part and a layer with state puts the new values of its leaves into `state`, as nodes.
    """

    x: Node
    mask: Node | None = None
    training: bool = False
    state: Mapping[Node, Node] = field(default_factory=dict)

    def to(self, x: Node, **changed: Any) -> Flow:
        """The flow after a layer that has made x."""
        return replace(self, x=x, **changed)


def through(layer: Any, flow: Flow) -> Flow:
    """The flow after a layer: its own `through`, or a call on x alone.

    Raises GraphError when a sequence has a mask and the layer brings steps together, so that it would be lost.
    """
    refuse_mask(layer, flow)
    own: Flow = layer.through(flow) if hasattr(layer, "through") else flow.to(layer(flow.x))
    return own


def refuse_mask(layer: Any, flow: Flow) -> None:
    """Refuse a mask before a layer that would mix what is there with what is not (`mixes_steps`)."""
    if flow.mask is not None and getattr(layer, "mixes_steps", False):
        raise GraphError(
            f"{type(layer).__name__} of sequences with a mask",
            where=flow.x.where,
            why="it would mix steps that are there with such as only fill the array up",
            fix='put a recurrent layer with last=True before it, or leave "padding" out of the embedding',
        )


def trained(layer: Any, x: Node) -> tuple[Node, dict[Node, Node]]:
    """What a layer makes of x in training, and the new value of each leaf of its state: mean[1]' for mean[1]."""
    flow = through(layer, Flow(x, training=True))
    return flow.x, {leaf: new.named(f"{leaf.name}'") for leaf, new in flow.state.items()}


# Records made of nodes and of other layers ---------------------------------------------------------------------------
def parameters_of(*parts: Any) -> tuple[Node, ...]:
    """The trainable leaves of nodes, layers and tuples of these, in order, each once: constants are not trained."""
    return tuple(dict.fromkeys(leaf for part in parts for leaf in _parameters(part)))


def _parameters(part: Any) -> Iterable[Node]:
    if isinstance(part, Node):
        return (part,) if part.kind == PARAMETER else ()
    if isinstance(part, (tuple, list)):
        return parameters_of(*part)
    return getattr(part, "parameters", ())


def state_of(*layers: Any) -> tuple[Node, ...]:
    """The leaves that layers keep from step to step and that are no parameters, such as running means, each once."""
    return tuple(dict.fromkeys(leaf for layer in layers for leaf in getattr(layer, "state", ())))


def noise_in(layers: Iterable[Any]) -> dict[str, Draw]:
    """How to draw each mask of dropout in some layers, by name."""
    return {name: draw for layer in layers for name, draw in getattr(layer, "noise", {}).items()}


def with_new(layer: L, new: Mapping[Node, Node]) -> L:
    """The same record with other nodes in the place of some of its leaves, and of those of the layers in it."""

    def changed(value: Any) -> Any:
        if isinstance(value, Node):
            return new.get(value, value)
        if isinstance(value, tuple):
            return tuple(map(changed, value))
        return value.replaced(new) if hasattr(value, "replaced") else value

    record: Any = layer
    made: L = replace(record, **{f.name: changed(getattr(layer, f.name)) for f in fields(record) if f.init})
    return made


def check_nodes(what: str, *given: Any) -> None:
    """Refuse what is no node in a field that holds one (or None). Raises ValueRefusedError."""
    for node in given:
        if node is not None and not isinstance(node, Node):
            raise ValueRefusedError(
                f"{what} is given a {type(node).__name__}",
                why="its fields are nodes",
                fix='make a parameter first: cg.parameter("W[1]", array), or use .random(...)',
            )
