"""Attention as a layer, and the block that transformers are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.attention import multi_head_attention
from cgraph.functions.table import table
from cgraph.graph.names import of_layer
from cgraph.graph.node import Node, parameter
from cgraph.graph.scope import scope
from cgraph.nn.description import Description
from cgraph.nn.dropout import Dropout
from cgraph.nn.flow import Draw, Flow, check_nodes, noise_in, parameters_of, through, with_new
from cgraph.nn.init import for_activation, generator, glorot_uniform
from cgraph.nn.layers import Activation, Linear
from cgraph.nn.norms import LayerNorm
from cgraph.ops.windows import whole_numbers
from cgraph.shapes import show

LETTERS = "QKVO"
PARTS = ("attention", "net")  # of a block, in the names of their norms and masks


@dataclass(frozen=True)
class MultiHeadAttention:
    """Self-attention in several heads: x [m×steps×d] gives [m×steps×d'] (Vaswani et al., 2017, Section 3.2.2).

    Each step takes a mean of all steps, weighted by how well their keys match its query; with `causal` only of itself
    and those before it. W_Q and W_K are [d×a], W_V [d×c], W_O [c×d'], and the four biases, which may be None, have one
    element for each column. A mask [m×steps] has a 0 for steps that no other looks at.
    Raises ShapeError for widths that the heads cannot share out evenly.

    >>> import cgraph as cg
    >>> layer = MultiHeadAttention.random(8, heads=2, seed=0)
    >>> layer(cg.variable("x", ("m", 5, 8))).shape, len(layer.parameters)
    (('m', 5, 8), 8)
    """

    W_Q: Node
    W_K: Node
    W_V: Node
    W_O: Node
    heads: int
    biases: tuple[Node | None, ...] = (None, None, None, None)
    causal: bool = False

    def __post_init__(self) -> None:
        check_nodes("attention", *self.weights, *self.biases)
        if len(self.biases) != 4:
            raise ValueRefusedError(f"attention with {len(self.biases)} biases", fix="give four, or None for one")
        (heads,) = whole_numbers("heads", self.heads, 1)
        for letter, W, b in zip(LETTERS, self.weights, self.biases, strict=True):
            if len(W.shape) != 2 or (b is not None and b.shape != W.shape[1:]):
                raise ShapeError(
                    f"attention with W_{letter} {show(W.shape)}" + (f" and b_{letter} {show(b.shape)}" if b else ""),
                    where=W.where,
                    why="W is a matrix, and b has one element for each of its columns",
                )
            if letter != "O" and int(W.shape[1]) % heads:
                raise ShapeError(
                    f"attention in {heads} heads with W_{letter} {show(W.shape)}",
                    where=W.where,
                    why=f"{W.shape[1]} column(s) cannot be shared out evenly among them",
                    fix="give a width that the number of heads divides",
                )

    @classmethod
    def random(
        cls,
        width: int,
        *,
        heads: int,
        layer: int | str = 1,
        seed: int | np.random.Generator,
        bias: bool = True,
        causal: bool = False,
    ) -> MultiHeadAttention:
        """A layer from `width` features to as many: W_Q[layer] and the others Glorot uniform, biases 0 or none."""
        (width,) = whole_numbers("width", width, 1)
        rng = generator(seed)
        first = {f"W_{c}": glorot_uniform((width, width), rng) for c in LETTERS}
        leaves: dict[str, Any] = {name: parameter(of_layer(name, layer), value) for name, value in first.items()}
        biases = tuple(parameter(of_layer(f"b_{c}", layer), np.zeros(width)) if bias else None for c in LETTERS)
        return cls(**leaves, heads=heads, biases=biases, causal=causal)

    @property
    def weights(self) -> tuple[Node, Node, Node, Node]:
        """W_Q, W_K, W_V and W_O."""
        return self.W_Q, self.W_K, self.W_V, self.W_O

    @property
    def parameters(self) -> tuple[Node, ...]:
        """The matrices, then the biases."""
        return parameters_of(*self.weights, *self.biases)

    def replaced(self, new: Mapping[Node, Node]) -> Self:
        """The same layer with other nodes in the place of its leaves."""
        return with_new(self, new)

    def described(self) -> Description:
        """No column of units."""
        return Description(apart=(type(self).__name__,))

    def through(self, flow: Flow) -> Flow:
        """What each step takes from those that are there."""
        return flow.to(self(flow.x, flow.mask))

    def __call__(self, x: Node, /, mask: Node | None = None) -> Node:
        with scope("attention", type(self).__name__):
            if mask is not None and mask.shape != x.shape[:-1]:
                raise ShapeError(
                    f"attention over {show(x.shape)} with a mask {show(mask.shape)}",
                    where=mask.where,
                    why="each step of each sequence is there (1) or not (0)",
                    fix=f"give the shape {show(x.shape[:-1])}",
                )
            keys = None if mask is None else table()["expand_dims"](mask, axis=-2)
            return multi_head_attention(x, *self.weights, self.heads, mask=keys, causal=self.causal, biases=self.biases)


@dataclass(frozen=True)
class TransformerBlock:
    """Attention and a net for each step, each added to what goes in: x [m×steps×d] gives [m×steps×d].

    h = x + attention(norm(x)), then h + down(g(up(norm(h)))): the order of Xiong et al. (2020), norm first. With
    `norm_first=False` each sum is normalised instead, as in Vaswani et al. (2017). `drops` are the dropouts before the
    two sums, if there are any.

    >>> import cgraph as cg
    >>> block = TransformerBlock.random(8, heads=2, hidden=16, causal=True, seed=0)
    >>> block(cg.variable("x", ("m", 5, 8))).shape, block.parameters[0].name
    (('m', 5, 8), 'W_Q[1]')
    """

    attention: MultiHeadAttention
    up: Linear
    down: Linear
    norms: tuple[LayerNorm, ...]
    activation: str = "gelu"
    norm_first: bool = True
    drops: tuple[Dropout, ...] = ()

    def __post_init__(self) -> None:
        Activation(self.activation)
        wide = self.attention.W_O.shape[1]
        if self.attention.W_Q.shape[0] != wide or self.up.W.shape[0] != wide or self.down.W.shape[1] != wide:
            raise ShapeError(
                f"a block of attention from {self.attention.W_Q.shape[0]} to {wide} features, "
                f"up {show(self.up.W.shape)} and down {show(self.down.W.shape)}",
                where=self.up.W.where,
                why="what each part makes is added to what it was made of",
                fix="give all the same width, as TransformerBlock.random does",
            )
        if len(self.norms) != 2 or len(self.drops) not in (0, 2):
            raise ValueRefusedError(
                f"a block with {len(self.norms)} norm(s) and {len(self.drops)} dropout(s)",
                why="it has two sums, each with a norm and, if there are any, a dropout",
                fix="give two of each",
            )

    @classmethod
    def random(
        cls,
        width: int,
        *,
        heads: int,
        hidden: int,
        layer: int | str = 1,
        seed: int | np.random.Generator,
        activation: str = "gelu",
        norm_first: bool = True,
        causal: bool = False,
        dropout: float = 0.0,
    ) -> TransformerBlock:
        """A block of so many features with `hidden` units for each step, its parameters named after the layer."""
        rng = generator(seed)
        attention = MultiHeadAttention.random(width, heads=heads, layer=layer, seed=rng, causal=causal)
        (hidden,) = whole_numbers("hidden", hidden, 1)
        of_parts = (
            ("up", for_activation(activation)((width, hidden), rng)),
            ("down", glorot_uniform((hidden, width), rng)),
        )
        up, down = (
            Linear(
                parameter(of_layer(f"W_{part}", layer), W), parameter(of_layer(f"b_{part}", layer), np.zeros(len(W.T)))
            )
            for part, W in of_parts
        )
        norms = tuple(
            LayerNorm(
                parameter(of_layer(f"gain_{name}", layer), np.ones(width)),
                parameter(of_layer(f"bias_{name}", layer), np.zeros(width)),
            )
            for name in PARTS
        )
        drops = tuple(Dropout(dropout, of_layer(f"mask_{name}", layer)) for name in PARTS) if dropout else ()
        return cls(attention, up, down, norms, activation, norm_first, drops)

    @property
    def parameters(self) -> tuple[Node, ...]:
        """Those of the attention, of both linear layers and of both norms."""
        return parameters_of(self.attention, self.up, self.down, self.norms)

    @property
    def noise(self) -> dict[str, Draw]:
        """How the masks of its dropouts are drawn."""
        return noise_in(self.drops)

    def replaced(self, new: Mapping[Node, Node]) -> Self:
        """The same block with other nodes in the place of its leaves."""
        return with_new(self, new)

    def described(self) -> Description:
        """No column of units."""
        return Description(apart=(type(self).__name__,))

    def through(self, flow: Flow) -> Flow:
        """Both sums, one after the other."""
        with scope("transformer block"):
            flow = self._added(flow, 0, self.attention.through)
            return self._added(flow, 1, self._each_step)

    def _each_step(self, flow: Flow) -> Flow:
        """The net that sees one step at a time."""
        with scope("feed-forward"):
            return flow.to(self.down.affine(Activation(self.activation)(self.up.affine(flow.x))))

    def _added(self, flow: Flow, place: int, part: Callable[[Flow], Flow]) -> Flow:
        """x plus what a part makes of it, with the norm before or after, and dropout before the sum."""
        norm = self.norms[place]
        made = part(through(norm, flow) if self.norm_first else flow)
        for drop in self.drops[place : place + 1]:
            made = through(drop, made)
        added = made.to(flow.x + made.x)
        return added if self.norm_first else through(norm, added)

    def __call__(self, x: Node, /, mask: Node | None = None, training: bool = False) -> Node:
        return self.through(Flow(x, mask, training)).x
