"""Layers one after the other, with the chapter's names: z[1], a[1], z[2], ..."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cgraph.errors import GraphError, NameUnknownError, ShapeError, ValueRefusedError
from cgraph.nn.layers import Activation, Layer, Linear
from cgraph.node import Node, as_node, parameter
from cgraph.shapes import show


@dataclass(frozen=True)
class Sequential:
    """Layers applied in order (SLP3 Eq. 6.13). A Sequential among them stands for its own layers.

    Calling it names the pre-activation of the i-th linear layer `z[i]` and its activation `a[i]`; without an
    activation at the end, the last `z[i]` is the logits.
    Raises ValueRefusedError when there are no layers, GraphError when two parameters have one name.

    >>> import cgraph as cg
    >>> model = cg.nn.MLP([2, 4, 1], "tanh", seed=0)
    >>> logits = model(cg.variable("X", ("m", 2)))
    >>> logits, [n for n in cg.Graph(logits).names if n[0] in "za"]
    (<z[2] = add(…, b[2]) [m×1]>, ['z[1]', 'a[1]', 'z[2]'])
    """

    layers: tuple[Layer, ...]

    def __init__(self, layers: Iterable[Layer]) -> None:
        flat: list[Layer] = []
        for layer in layers:
            flat.extend(layer.layers if isinstance(layer, Sequential) else (layer,))
        if not flat:
            raise ValueRefusedError("a Sequential without layers", why="it computes nothing", fix="give a layer")
        for layer in flat:
            if not callable(layer) or not hasattr(layer, "parameters"):
                raise ValueRefusedError(
                    f"{layer!r} is no layer",
                    why="a layer has parameters and can be called on a node",
                    fix='give records such as nn.Linear(W, b) and nn.Activation("tanh")',
                )
        object.__setattr__(self, "layers", tuple(flat))
        names: dict[str | None, Node] = {}
        for node in self.parameters:
            if names.setdefault(node.name, node) is not node:
                raise GraphError(
                    f"two parameters are named {node.name!r}",
                    where=f"{names[node.name].where}; and {node.where}",
                    why="values are given and saved by name",
                    fix="give each layer a number of its own: Linear.random(..., layer=2)",
                )

    @property
    def parameters(self) -> tuple[Node, ...]:
        """The trainable leaves, layer by layer: W[1], b[1], W[2], ...; one that two layers share stands once."""
        return tuple(dict.fromkeys(p for layer in self.layers for p in layer.parameters))

    @property
    def values(self) -> dict[str, Any]:
        """The value of each parameter by name, read-only arrays: what `with_values` takes, and what to save."""
        return {str(p.name): p.value for p in self.parameters}

    def with_values(self, values: Mapping[str, Any]) -> Sequential:
        """The same model with other values of some parameters, as a new record with new nodes of the same names.

        Raises NameUnknownError for a name that no parameter has, ShapeError for a value of another shape.

        >>> from cgraph.nn import MLP
        >>> model = MLP([1, 1], seed=0)
        >>> model.with_values({"W[1]": [[5.0]]}).values["W[1]"]
        array([[5.]])
        """
        named = {str(p.name): p for p in self.parameters}
        new: dict[Node, Node] = {}
        for name, value in values.items():
            if name not in named:
                near = difflib.get_close_matches(str(name), named, 1)
                raise NameUnknownError(
                    f"the model has no parameter {name!r}",
                    fix=f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(named)}",
                )
            fresh = parameter(name, value)
            if fresh.shape != named[name].shape:
                raise ShapeError(
                    f"the value of {name} has shape {show(fresh.shape)}",
                    why=f"the parameter has shape {show(named[name].shape)}",
                    fix="give an array of that shape",
                )
            new[named[name]] = fresh
        return self.replaced(new)

    def replaced(self, new: Mapping[Node, Node]) -> Sequential:
        """The same model with other nodes in the place of some parameters."""
        return Sequential(layer.replaced(new) for layer in self.layers)

    def __call__(self, x: Node, /, scope: str = "") -> Node:
        """The output's node on x, X [m×d]; `scope` goes before the names, to use a model twice in one graph."""
        x, count, named = as_node(x), 0, True
        for layer in self.layers:
            x = layer(x)
            if isinstance(layer, Linear):
                count, named = count + 1, False
                x = x.named(f"{scope}z[{count}]")
            elif isinstance(layer, Activation) and not named:
                named = True
                x = x.named(f"{scope}a[{count}]")
        return x
