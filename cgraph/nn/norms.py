"""Normalising inside of a net: over the batch, with running statistics, and over the features of each example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.normalising import batch_norm
from cgraph.functions.table import table
from cgraph.graph.names import of_layer
from cgraph.graph.node import Node, parameter
from cgraph.graph.scope import scope
from cgraph.nn.description import Description
from cgraph.nn.flow import Flow, check_nodes, parameters_of, with_new
from cgraph.ops.windows import whole_numbers
from cgraph.shapes import normal_axes, show


@dataclass(frozen=True)
class BatchNorm:
    """x [m×C×...] with mean 0 and variance 1 for each channel, times gain [C], plus bias [C] (Ioffe and Szegedy, 2015).

    In training, `layer(x, training=True)`, the statistics are those of the batch; otherwise they are the layer's own,
    `mean` [C] and `var` [C]. These are no parameters but state: `train.fit` moves them on in each step,
    mean' = (1 - ρ) mean + ρ mean(x) and var' = (1 - ρ) var + ρ var(x), with ρ the `momentum` and the variance divided
    by one less than the number of elements, as in PyTorch. They are saved with the model, and in checkpoints.
    Raises ShapeError for fields of two shapes, and in training for a channel of one element, whose variance says
    nothing.

    >>> import cgraph as cg
    >>> layer = BatchNorm.of(2)
    >>> z = layer(cg.constant([[1.0, 4.0], [3.0, 8.0]]), training=True)
    >>> cg.forward(z)[z].round(3).tolist(), [leaf.name for leaf in layer.state]
    ([[-1.0, -1.0], [1.0, 1.0]], ['mean[1]', 'var[1]'])
    """

    gain: Node | None
    bias: Node | None
    mean: Node
    var: Node
    momentum: float = 0.1
    epsilon: float = 1e-5
    axis: int = 1
    mixes_steps: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_vectors("batch normalising", self.mean, self.var, self.gain, self.bias)
        known = isinstance(self.momentum, (int, float)) and not isinstance(self.momentum, bool)
        if not known or not 0 < self.momentum <= 1:
            raise ValueRefusedError(
                f"batch normalising with momentum={self.momentum!r}",
                why="it is the share of a batch in the running statistics",
                fix="give a number above 0 and at most 1, such as 0.1",
            )

    @classmethod
    def of(cls, channels: int, *, layer: int | str = 1, momentum: float = 0.1, epsilon: float = 1e-5) -> BatchNorm:
        """A layer for so many channels: gain[layer] 1, bias[layer] 0, mean[layer] 0 and var[layer] 1."""
        (channels,) = whole_numbers("channels", channels, 1)

        def leaf(name: str, value: float) -> Node:
            return parameter(of_layer(name, layer), np.full(channels, value))

        moments = leaf("mean", 0.0), leaf("var", 1.0)
        return cls(leaf("gain", 1.0), leaf("bias", 0.0), *moments, momentum=momentum, epsilon=epsilon)

    @property
    def parameters(self) -> tuple[Node, ...]:
        """Gain and bias."""
        return parameters_of(self.gain, self.bias)

    @property
    def state(self) -> tuple[Node, ...]:
        """The running mean and the running variance, as far as they move."""
        return parameters_of(self.mean, self.var)

    def replaced(self, new: Mapping[Node, Node]) -> Self:
        """The same layer with other nodes in the place of its leaves."""
        return with_new(self, new)

    def described(self) -> Description:
        """No column of units."""
        return Description(apart=(type(self).__name__,))

    def through(self, flow: Flow) -> Flow:
        """The normalised x; in training also the new running statistics."""
        x, op = flow.x, table()
        scaled = (self.gain, self.bias)
        with scope("batch norm"):
            if not flow.training:
                return flow.to(batch_norm(x, *scaled, mean=self.mean, var=self.var, axis=self.axis, eps=self.epsilon))
            normal = batch_norm(x, *scaled, axis=self.axis, eps=self.epsilon)
            (axis,) = normal_axes((self.axis,), len(x.shape))
            rest = tuple(i for i in range(len(x.shape)) if i != axis)
            of_batch = {self.mean: op["mean"](x, axis=rest), self.var: op["var"](x, axis=rest, ddof=1)}
            state = dict(flow.state)
            for leaf in self.state:
                before = state.get(leaf, leaf)
                state[leaf] = (1 - self.momentum) * before + self.momentum * of_batch[leaf]
            return flow.to(normal, state=state)

    def __call__(self, x: Node, /, training: bool = False) -> Node:
        return self.through(Flow(x, training=training)).x


@dataclass(frozen=True)
class LayerNorm:
    """x [...×d] with mean 0 and variance 1 over the features of each example, times gain [d], plus bias [d].

    Either may be None. Source: Ba, Kiros and Hinton (2016); see `cg.layer_norm`.
    Raises ShapeError when gain and bias are no vectors of one length.

    >>> import cgraph as cg
    >>> z = LayerNorm.of(2)(cg.constant([[1.0, 3.0]]))
    >>> cg.forward(z)[z].round(3).tolist()
    [[-1.0, 1.0]]
    """

    gain: Node | None = None
    bias: Node | None = None
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        _check_vectors("layer normalising", self.gain, self.bias)

    @classmethod
    def of(cls, width: int, *, layer: int | str = 1, epsilon: float = 1e-5, bias: bool = True) -> LayerNorm:
        """A layer for so many features: gain[layer] 1, and bias[layer] 0 or none."""
        (width,) = whole_numbers("width", width, 1)
        gain = parameter(of_layer("gain", layer), np.ones(width))
        return cls(gain, parameter(of_layer("bias", layer), np.zeros(width)) if bias else None, epsilon)

    @property
    def parameters(self) -> tuple[Node, ...]:
        """Gain and bias."""
        return parameters_of(self.gain, self.bias)

    def replaced(self, new: Mapping[Node, Node]) -> Self:
        """The same layer with other nodes in the place of gain and bias."""
        return with_new(self, new)

    def described(self) -> Description:
        """No column of units."""
        return Description(apart=(type(self).__name__,))

    def __call__(self, x: Node, /) -> Node:
        for leaf in (self.gain, self.bias):
            if leaf is not None and leaf.shape != x.shape[-1:]:
                raise ShapeError(
                    f"layer normalising {show(x.shape)} with {leaf.name} {show(leaf.shape)}",
                    where=leaf.where,
                    why="each feature, along the last axis, has one",
                    fix=f"give the shape {show(x.shape[-1:])}",
                )
        with scope("layer norm"):
            normal: Node = table()["layer_norm"](x, self.gain, self.bias, eps=self.epsilon)
            return normal


def _check_vectors(what: str, *given: Node | None) -> None:
    """Refuse fields that are no vectors of one length. Raises ShapeError, ValueRefusedError."""
    check_nodes(what, *given)
    leaves = [node for node in given if node is not None]
    if leaves and (len(leaves[0].shape) != 1 or len({node.shape for node in leaves}) > 1):
        raise ShapeError(
            f"{what} with {', '.join(f'{node.name} {show(node.shape)}' for node in leaves)}",
            where=leaves[-1].where,
            why="each has one number for each channel or feature",
            fix="give vectors of one length",
        )
