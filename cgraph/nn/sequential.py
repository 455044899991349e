"""Layers one after the other, with the chapter's names: z[1], a[1], z[2], ..."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cgraph.errors import GraphError, NameUnknownError, ShapeError, ValueRefusedError, did_you_mean
from cgraph.graph.display import mimebundle
from cgraph.graph.graph import Graph
from cgraph.graph.names import of_layer
from cgraph.graph.node import Node, as_array, as_node, parameter, variable
from cgraph.graph.scope import scope as scoped
from cgraph.nn.description import Description, in_a_row
from cgraph.nn.flow import Draw, Flow, noise_in, refuse_mask, state_of, through, trained
from cgraph.nn.layers import Activation, Layer, Linear
from cgraph.passes.numbers import forward
from cgraph.shapes import show

SHOWN = 16  # layers of a model that is not printed whole


@dataclass(frozen=True, repr=False)
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
    _repr_mimebundle_ = mimebundle

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
        for node in (*self.parameters, *self.state):
            if names.setdefault(node.name, node) is not node:
                raise GraphError(
                    f"two parameters are named {node.name!r}",
                    where=f"{names[node.name].where}; and {node.where}",
                    why="values are given and saved by name",
                    fix="give each layer a number of its own: Linear.random(..., layer=2)",
                )

    def __repr__(self) -> str:
        few = self.layers if len(self.layers) <= SHOWN else self.layers[: SHOWN - 1]
        more = f", and {len(self.layers) - len(few)} more" if len(few) < len(self.layers) else ""
        return f"Sequential(layers=({', '.join(map(repr, few))}{',' if len(self.layers) == 1 else ''}{more}))"

    @property
    def parameters(self) -> tuple[Node, ...]:
        """The trainable leaves, layer by layer: W[1], b[1], W[2], ...; one that two layers share stands once."""
        return tuple(dict.fromkeys(p for layer in self.layers for p in layer.parameters))

    @property
    def state(self) -> tuple[Node, ...]:
        """The leaves that are moved on in training and are no parameters, such as the running means of `BatchNorm`."""
        return state_of(*self.layers)

    @property
    def values(self) -> dict[str, Any]:
        """The value of each parameter, and then of the state, by name, read-only arrays: what `with_values` takes."""
        return {str(p.name): p.value for p in (*self.parameters, *self.state)}

    def with_values(self, values: Mapping[str, Any]) -> Sequential:
        """The same model with other values of some parameters, or of its state: a new record, of the same names.

        Raises NameUnknownError for a name that no parameter has, ShapeError for a value of another shape.

        >>> from cgraph.nn import MLP
        >>> model = MLP([1, 1], seed=0)
        >>> model.with_values({"W[1]": [[5.0]]}).values["W[1]"]
        array([[5.]])
        """
        named = {str(p.name): p for p in (*self.parameters, *self.state)}
        new: dict[Node, Node] = {}
        for name, value in values.items():
            if name not in named:
                raise NameUnknownError(
                    f"the model has no parameter {name!r}",
                    fix=did_you_mean(name, named, f"it has: {', '.join(named)}"),
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

    def described(self) -> Description:
        """The linear layers, each with the activation after it."""
        return in_a_row(self.layers)

    @property
    def noise(self) -> dict[str, Draw]:
        """How to draw each mask of its dropout layers, by name: what `train.fit` does for each step.

        >>> from cgraph.nn import MLP
        >>> list(MLP([2, 4, 1], dropout=0.5, seed=0).noise)
        ['mask[1]']
        """
        return noise_in(self.layers)

    def trained(self, x: Node, /) -> tuple[Node, dict[Node, Node]]:
        """The output in training, and the new value of each leaf of the state, as nodes: mean[1]' for mean[1]."""
        return trained(self, x)

    def through(self, flow: Flow) -> Flow:
        """What goes out after the last layer, of what comes in."""
        return self._flow(flow, "")[0]

    def without_activations(self) -> Sequential:
        """The linear layers alone: what the net would be without its activations (SLP3 Section 6.3.1).

        >>> from cgraph.nn import MLP
        >>> len(MLP([2, 4, 1], "tanh", seed=0).without_activations().layers)
        2
        """
        return Sequential(layer for layer in self.layers if not isinstance(layer, Activation))

    def __call__(self, x: Node, /, scope: str = "", training: bool = False) -> Node:
        """The output's node on x, X [m×d]; `scope` goes before the names, to use a model twice in one graph.

        In `training`, dropout takes part: its masks are variables.
        """
        return self.layerwise(x, scope, training).output

    def layerwise(self, x: Node, /, scope: str = "", training: bool = False) -> Layerwise:
        """What each layer computes on x (SLP3 Eq. 6.13): `.z[1]`, `.a[1]`, ..., `.logits`, `.hidden` and `.output`.

        >>> import cgraph as cg
        >>> steps = cg.nn.MLP([2, 4, 3], ("tanh", "softmax"), seed=0).layerwise(cg.variable("X", ("m", 2)))
        >>> steps.a[0], steps.logits is steps.z[2], steps.output is steps.a[2]
        (<X [m×2]>, True, True)
        """
        return self._flow(Flow(as_node(x), training=training), scope)[1]

    def _flow(self, flow: Flow, scope: str) -> tuple[Flow, Layerwise]:
        z: dict[int, Node] = {}
        a = {0: flow.x}
        before, *stages = self._stages
        around = [part.strip() for part in scope.split(".") if part.strip()]
        for layer in before:
            flow = through(layer, flow)
        for number, (linear, *after) in enumerate(stages, 1):
            refuse_mask(linear, flow)
            kind = "" if isinstance(linear, Linear) else type(linear).__name__
            with scoped(".".join([*around, f"layer {number}"]), kind):
                z[number] = a[number] = linear.affine(flow.x).named(of_layer("z", number, scope))
                flow = flow.to(z[number])
                for layer in after:
                    flow = through(layer, flow)
                    if isinstance(layer, Activation) and a[number] is z[number]:
                        a[number] = flow.x.named(of_layer("a", number, scope))
                        flow = flow.to(a[number])
        return flow, Layerwise(z, a, flow.x)

    @property
    def _stages(self) -> list[list[Any]]:
        """The layers before the first linear one, then each linear one, or convolution, with those after it."""
        stages: list[list[Any]] = [[]]
        for layer in self.layers:
            if hasattr(layer, "affine"):
                stages.append([])
            stages[-1].append(layer)
        return stages

    def predict(self, X: Any, layout: Literal["row", "column"] = "row") -> NDArray[np.float64]:
        """The output [m×k] on the rows of an array X [m×d] at once (SLP3 Eq. 6.20), without dropout.

        With layout="column" examples are columns (footnote to Eq. 6.20): X [d×m] gives [k×m].
        Raises ShapeError when X has another number of features than the model, ValueRefusedError for another layout.

        >>> import cgraph as cg
        >>> cg.nn.textbook.xor_net().predict([[0, 0], [0, 1], [1, 0], [1, 1]]).ravel()
        array([0., 1., 1., 0.])
        """
        return self._values(X, layout, lambda steps: steps.output)

    def hidden_representation(self, X: Any, layout: Literal["row", "column"] = "row") -> NDArray[np.float64]:
        """The last hidden layer's a[i] [m×dh] on the rows of an array X [m×d] (SLP3 Fig. 6.7), without dropout.

        Raises ValueRefusedError when there is no hidden layer, and what `predict` raises.

        >>> import cgraph as cg
        >>> cg.nn.textbook.xor_net().hidden_representation([[0, 0], [0, 1], [1, 0], [1, 1]])
        array([[0., 0.],
               [1., 0.],
               [1., 0.],
               [2., 1.]])
        """
        return self._values(X, layout, lambda steps: steps.hidden)

    def _values(self, X: Any, layout: str, wanted: Callable[[Layerwise], Node]) -> NDArray[np.float64]:
        if layout not in ("row", "column"):
            raise ValueRefusedError(
                f"the layout is {layout!r}", why="an example is a row or a column of X", fix='write "row" or "column"'
            )
        rows = np.asarray(as_array(X, "X"))
        rows = rows.T if layout == "column" else rows
        if rows.ndim < 2 or (rows.ndim > 2 and layout == "column"):
            raise ShapeError(
                f"X has the shape {show(rows.shape)}", why="examples stand in a matrix", fix="give it two axes"
            )
        x = variable("X", ("m", *rows.shape[1:]))
        node = wanted(self.layerwise(x))
        found: NDArray[np.float64] = forward(node, {x: rows} if x in Graph(node) else {})[node]
        return found.T if layout == "column" else found


@dataclass(frozen=True)
class Layerwise:
    """The nodes of a feedforward pass by layer, counted from 1: pre-activations `z[i]`, activations `a[i]`.

    `a[0]` is the input; without an activation after layer i, `a[i]` is `z[i]`.
    """

    z: Mapping[int, Node]
    a: Mapping[int, Node]
    output: Node

    @property
    def logits(self) -> Node:
        """The last layer's z: what softmax or sigmoid takes (SLP3 Section 6.3.1)."""
        return self.z[self._last(1, "linear layer")]

    @property
    def hidden(self) -> Node:
        """The last hidden layer's a."""
        return self.a[self._last(2, "hidden layer") - 1]

    def _last(self, least: int, what: str) -> int:
        if len(self.z) < least:
            raise ValueRefusedError(
                f"a model of {len(self.z)} linear layer(s) has no {what}",
                where=self.output.where,
                why="the last linear layer is the output's, those before it are hidden",
                fix="give the model more layers, such as nn.MLP([2, 4, 1], ...)",
            )
        return len(self.z)
