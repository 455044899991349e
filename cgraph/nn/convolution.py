"""Layers for images and sequences of channels: convolution, pooling, and rows of what is left."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np

from cgraph.errors import ShapeError
from cgraph.functions import convolution
from cgraph.functions.table import table
from cgraph.graph.names import layer_of, of_layer
from cgraph.graph.node import Node, parameter
from cgraph.graph.scope import scope
from cgraph.nn.description import Description
from cgraph.nn.flow import check_nodes, parameters_of, with_new
from cgraph.nn.init import Initialiser, generator, he_normal
from cgraph.ops.windows import whole_numbers
from cgraph.shapes import is_integer, show

__all__ = ["AvgPool", "Conv1d", "Conv2d", "Flatten", "MaxPool"]

Sizes: TypeAlias = "int | tuple[int, ...]"


@dataclass(frozen=True)
class Convolution(ABC):
    """What convolutions share: kernels W, a bias b (or None), and how the windows slide."""

    W: Node
    b: Node | None = None
    stride: Sizes = 1
    padding: Sizes | str = 0
    dilation: Sizes = 1
    groups: int = 1
    rank: ClassVar[int]
    mixes_steps: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_nodes("a convolution", self.W, self.b)
        if len(self.W.shape) != self.rank + 2:
            raise ShapeError(
                f"the kernels {self.W.name} have shape {show(self.W.shape)}",
                where=self.W.where,
                why=f"{type(self).__name__} takes kernels [F×C×{'×'.join('kl'[: self.rank])}]",
                fix=f"give W {self.rank + 2} axes, or use {type(self).__name__}.random(channels, kernels, size)",
            )
        if self.b is not None and self.b.shape != self.W.shape[:1]:
            raise ShapeError(
                f"the bias {self.b.name} has shape {show(self.b.shape)}",
                where=self.b.where,
                why=f"the kernels {self.W.name} {show(self.W.shape)} give {self.W.shape[0]} channel(s)",
                fix=f"give b the shape {show(self.W.shape[:1])}",
            )

    @classmethod
    def random(
        cls,
        channels: int,
        kernels: int,
        size: Sizes,
        *,
        layer: int | str = 1,
        seed: int | np.random.Generator,
        init: Initialiser = he_normal,
        bias: bool = True,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
    ) -> Self:
        """So many kernels on so many channels: W[layer] by `init`, whose fan in is a window's; bias zero or none.

        Raises ShapeError for sizes that are no whole numbers from 1 up, and for channels that cannot be shared out
        evenly among the groups.
        """
        (channels,), (kernels,) = whole_numbers("channels", channels, 1), whole_numbers("kernels", kernels, 1)
        (groups,) = whole_numbers("groups", groups, 1)
        if channels % groups or kernels % groups:
            raise ShapeError(f"{channels} channel(s) and {kernels} kernel(s) in {groups} groups", why="they are shared")
        shape = (channels // groups, *whole_numbers("size", size, cls.rank))
        W = init((prod(shape), kernels), generator(seed)).T.reshape(kernels, *shape)
        b = parameter(of_layer("b", layer), np.zeros(kernels)) if bias else None
        return cls(parameter(of_layer("W", layer), W), b, stride, padding, dilation, groups)

    @property
    def parameters(self) -> tuple[Node, ...]:
        """W and b, as far as they are parameters."""
        return parameters_of(self.W, self.b)

    def replaced(self, new: Mapping[Node, Node]) -> Self:
        """The same layer with other nodes in the place of W and b."""
        return with_new(self, new)

    def described(self) -> Description:
        """No column of units."""
        return Description(apart=(type(self).__name__,))

    def affine(self, x: Node, /) -> Node:
        """The convolution in the scope that is open; the layer itself, when it is called, is a scope of its own."""
        made: Any = getattr(convolution, type(self).__name__.lower())
        options = {"stride": self.stride, "padding": self.padding, "dilation": self.dilation, "groups": self.groups}
        z: Node = made(x, self.W, self.b, **options)
        return z

    def __call__(self, x: Node, /) -> Node:
        number = layer_of(self.W.name or "")
        with scope(f"layer {number}" if number else "convolution", type(self).__name__):
            return self.affine(x)


@dataclass(frozen=True)
class Conv1d(Convolution):
    """The cross-correlation of sequences x [m×C×n] with F kernels W [F×C/groups×k], plus b [F]: [m×F×o].

    o = (n + 2·padding - dilation·(k - 1) - 1)//stride + 1; see `cg.conv1d`, which it calls.
    Raises ShapeError when W is no kernel, or b has not one element for each.

    >>> import cgraph as cg
    >>> Conv1d.random(3, 8, 5, padding="same", seed=0)(cg.variable("x", ("m", 3, 20))).shape
    ('m', 8, 20)
    """

    rank: ClassVar[int] = 1


@dataclass(frozen=True)
class Conv2d(Convolution):
    """The cross-correlation of images x [m×C×H×W] with F kernels W [F×C/groups×k×l], plus b [F]: [m×F×o×p].

    Along each axis o = (H + 2·padding - dilation·(k - 1) - 1)//stride + 1; see `cg.conv2d`, which it calls.
    Raises ShapeError when W is no kernel, or b has not one element for each.

    >>> import cgraph as cg
    >>> layer = Conv2d.random(1, 6, 3, padding=1, seed=0)
    >>> layer(cg.variable("x", ("m", 1, 8, 8))).shape, layer.W.shape
    (('m', 6, 8, 8), (6, 1, 3, 3))
    """

    rank: ClassVar[int] = 2


@dataclass(frozen=True)
class Pool(ABC):
    """What pools share: the `size` of a window, how it slides, and over how many of the last `axes`."""

    size: Sizes
    stride: Sizes | None = None
    padding: Sizes = 0
    axes: int = 2
    kind: ClassVar[str]
    mixes_steps: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.axes not in (1, 2):
            raise ShapeError(f"{type(self).__name__} over {self.axes!r} axes", fix="axes=1 (sequences) or 2 (images)")
        whole_numbers("size", self.size, self.axes)

    @property
    def parameters(self) -> tuple[Node, ...]:
        """None: a pool has nothing to train."""
        return ()

    def replaced(self, new: Mapping[Node, Node]) -> Self:
        """The same pool: it has no parameters."""
        return self

    def described(self) -> Description:
        """No column of units."""
        return Description(apart=(type(self).__name__,))

    def __call__(self, x: Node, /) -> Node:
        pooled: Any = getattr(convolution, f"{self.kind}_pool{self.axes}d")
        with scope(f"{self.kind} pool"):
            z: Node = pooled(x, self.size, stride=self.stride, padding=self.padding)
            return z


@dataclass(frozen=True)
class MaxPool(Pool):
    """The largest in each window of images [m×C×H×W], or, with axes=1, of sequences [m×C×n]; see `cg.max_pool2d`.

    Windows stand side by side unless a stride is given. Raises ShapeError where no window fits.

    >>> import cgraph as cg
    >>> MaxPool(2)(cg.variable("x", ("m", 6, 8, 8))).shape
    ('m', 6, 4, 4)
    """

    kind: ClassVar[str] = "max"


@dataclass(frozen=True)
class AvgPool(Pool):
    """The mean of each window of images [m×C×H×W], or, with axes=1, of sequences [m×C×n]; see `cg.avg_pool2d`.

    Zeros of the padding count. Windows stand side by side unless a stride is given.

    >>> import cgraph as cg
    >>> AvgPool(4, stride=2, axes=1)(cg.variable("x", ("m", 6, 8))).shape
    ('m', 6, 3)
    """

    kind: ClassVar[str] = "avg"


@dataclass(frozen=True)
class Flatten:
    """All of an example in one row, such as [m×C×H×W] as [m×CHW], for a linear layer after it.

    Raises ShapeError when a dimension but the first has a name.

    >>> import cgraph as cg
    >>> Flatten()(cg.variable("x", ("m", 6, 4, 4))).shape
    ('m', 96)
    """

    mixes_steps: ClassVar[bool] = True

    @property
    def parameters(self) -> tuple[Node, ...]:
        """None."""
        return ()

    def replaced(self, new: Mapping[Node, Node]) -> Flatten:
        """The same layer: it has no parameters."""
        return self

    def __call__(self, x: Node, /) -> Node:
        if not x.shape or not all(map(is_integer, x.shape[1:])):
            raise ShapeError(
                f"flattening {show(x.shape)}",
                where=x.where,
                why="the first axis is the examples, and how much belongs to each must be known",
                fix="declare x with numbers behind its first axis",
            )
        row: Node = table()["reshape"](x, shape=(x.shape[0], prod(map(int, x.shape[1:]))))
        return row
