"""Models as JSON and arrays: the kind of each layer by its name, its fields, and the leaves they are.

A layer is a frozen dataclass whose fields are leaves, plain values, other layers, or tuples of these. Only kinds of an
allow-list are ever built: the records that `cgraph.nn` exports, and those that the caller adds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from cgraph import nn
from cgraph.errors import CgraphError, CheckpointError, ValueRefusedError
from cgraph.graph.node import CONSTANT, PARAMETER, Node, constant, parameter, short

PLAIN = (str, int, float, bool, type(None))


def allowed_kinds(more: Iterable[type] = ()) -> dict[str, type]:
    """The layers that may be built, by name: what `cgraph.nn` and its rooms export, and more.

    >>> sorted(set(allowed_kinds()) & {"Activation", "Linear", "Sequential", "MLP"})
    ['Activation', 'Linear', 'Sequential']
    """
    things = [
        getattr(room, name)
        for room in (nn, nn.convolution, nn.sequences, nn.textbook, nn.language)
        for name in room.__all__
    ]
    known = [thing for thing in things if isinstance(thing, type) and is_dataclass(thing)]
    return {kind.__name__: kind for kind in [*known, *more]}


class Structure:
    """Turns a model into JSON; `arrays` collects the values of its leaves, each once."""

    def __init__(self, allowed: Mapping[str, type]) -> None:
        self.allowed = allowed
        self.places: dict[Node, int] = {}
        self.leaves: list[dict[str, Any]] = []
        self.arrays: dict[str, Any] = {}

    def layer(self, layer: Any) -> dict[str, Any]:
        """A layer with all that is in it. Raises ValueRefusedError for what has no form in JSON."""
        name = type(layer).__name__
        if self.allowed.get(name) is not type(layer):
            raise ValueRefusedError(
                f"a layer of the kind {name} cannot be saved",
                why=f"load builds only {', '.join(sorted(self.allowed))}",
                fix=f"give its class to both: save(..., kinds=[{name}]) and load(..., kinds=[{name}])",
            )
        return {"kind": name, "fields": self.fields(layer)}

    def fields(self, layer: Any) -> dict[str, Any]:
        """The fields that the layer is made from, each in its form."""
        names = [f.name for f in fields(layer) if f.init]
        return {name: self.value(getattr(layer, name), f"{type(layer).__name__}.{name}") for name in names}

    def value(self, value: Any, what: str) -> Any:
        if isinstance(value, Node) and value.kind in (PARAMETER, CONSTANT):
            return {"leaf": self.leaf(value)}
        if isinstance(value, PLAIN):
            return {"value": value}
        if isinstance(value, (tuple, list)):
            return {"list": [self.value(one, what) for one in value]}
        if is_dataclass(value) and not isinstance(value, type):
            return {"layer": self.layer(value)}
        raise ValueRefusedError(
            f"{what} is {short(value)} and cannot be saved",
            why="a field that is saved is a parameter, a constant, a number, a text, a layer, or a tuple of these",
            fix="save the values instead: np.savez(path, **model.values)",
        )

    def leaf(self, node: Node) -> int:
        """The number of a leaf; one that two layers share has one."""
        if node not in self.places:
            self.places[node] = place = len(self.leaves)
            self.leaves.append({"kind": node.kind, "name": node.name})
            self.arrays[str(place)] = node.value
        return self.places[node]


def rebuilt(record: Any, leaves: Any, arrays: Mapping[str, Any], allowed: Mapping[str, type]) -> Any:
    """The model from what a `Structure` made. Raises CheckpointError for a kind not allowed, or a wrong form."""
    try:
        nodes = [
            (parameter if leaf["kind"] == PARAMETER else constant)(name=leaf["name"], value=arrays[str(place)])
            for place, leaf in enumerate(leaves)
        ]
        return _layer(record, nodes, allowed)
    except CheckpointError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, CgraphError) as error:
        raise CheckpointError(
            "the file describes no model", why=str(error), fix="save the model anew with this cgraph"
        ) from None


def _layer(record: Any, nodes: list[Node], allowed: Mapping[str, type]) -> Any:
    kind = record["kind"]
    if kind not in allowed:
        raise CheckpointError(
            f"the file has a layer of the kind {short(kind)}",
            why=f"only {', '.join(sorted(allowed))} are built",
            fix="give its class: train.load(path, kinds=[...]), or use a newer cgraph",
        )
    return allowed[kind](**{name: _value(value, nodes, allowed) for name, value in record["fields"].items()})


def _value(record: Any, nodes: list[Node], allowed: Mapping[str, type]) -> Any:
    ((form, content),) = record.items()
    if form == "leaf":
        return nodes[content]
    if form == "list":
        return tuple(_value(one, nodes, allowed) for one in content)
    if form == "layer":
        return _layer(content, nodes, allowed)
    if form != "value" or not isinstance(content, PLAIN):
        raise ValueError(f"a field of the form {form!r}")
    return content
