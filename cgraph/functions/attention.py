"""Attention, and where tokens stand: each query takes a mean of the values, weighted by how well their keys match."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.apply import op
from cgraph.graph.node import Node, Operand, as_node, constant
from cgraph.shapes import Shape, broadcast, is_integer, show


def attention(
    q: Operand,
    k: Operand,
    v: Operand,
    mask: Operand | None = None,
    *,
    causal: bool = False,
    scale: float | None = None,
) -> Node:
    """softmax(q kᵀ·scale) v: queries q [...×n×d], keys k [...×s×d] and values v [...×s×e] give [...×n×e].

    The scale is 1/√d unless it is given (Vaswani et al., 2017, Eq. 1). A query sees what the mask [...×n×s] says, 1 for
    a key that it sees and 0 for one that it does not, and with `causal` no key after its own place. One that sees
    nothing gets 0, with gradient 0.
    Raises ShapeError for shapes that do not fit.

    >>> import cgraph as cg
    >>> q, k, v = cg.variable("q", ("m", 5, 8)), cg.variable("k", ("m", 7, 8)), cg.variable("v", ("m", 7, 4))
    >>> attention(q, k, v).shape
    ('m', 5, 4)
    """
    q, k, v = as_node(q), as_node(k), as_node(v)
    _check(q, k, v)
    width = q.shape[-1]
    if scale is None:
        if isinstance(width, str) or not width:
            raise ShapeError(
                f"attention of queries {show(q.shape)}", where=q.where, why="1/√d needs a number d", fix="give scale="
            )
        scale = 1 / float(width) ** 0.5
    scores = q @ op("transpose", k, axes=(*range(len(k.shape) - 2), len(k.shape) - 1, len(k.shape) - 2)) * scale
    seen = _seen(mask, causal, scores)
    if seen is None:
        return op("softmax", scores) @ v
    if causal and mask is None and _some(scores.shape[-2:]):  # the first key is seen by each
        return op("softmax", op("where", seen, scores, -np.inf)) @ v
    sees = op("max", op("broadcast_like", seen, scores), axis=-1, keepdims=True)
    kept = op("where", seen, scores, op("where", sees, -np.inf, 0.0))  # no row of nothing but -inf
    return op("where", sees, op("softmax", kept), 0.0) @ v


def multi_head_attention(
    x: Operand,
    W_Q: Operand,
    W_K: Operand,
    W_V: Operand,
    W_O: Operand,
    heads: int,
    mask: Operand | None = None,
    *,
    context: Operand | None = None,
    causal: bool = False,
    biases: Sequence[Operand | None] | None = None,
) -> Node:
    """Attention in several heads side by side: x [...×n×d] gives [...×n×d'] (Vaswani et al., 2017, Section 3.2.2).

    W_Q and W_K are [d×a], W_V [d×c], W_O [c×d']; a and c are shared out among the heads. Keys and values come from x
    itself, or from a `context` [...×s×d]. The mask [...×n×s] is the same for each head. `biases` are those after the
    products with W_Q, W_K, W_V and W_O; None stands for none.
    Raises ShapeError when the widths cannot be shared out evenly.
    """
    x = as_node(x)
    source = x if context is None else as_node(context)
    if not is_integer(heads) or heads < 1:
        raise ValueRefusedError(f"{heads!r} heads", why="a whole number from 1 up", fix="write heads=4")
    if biases is not None and len(biases) != 4:
        raise ValueRefusedError(f"{len(biases)} biases of attention", fix="give four, or None in the place of one")
    b_Q, b_K, b_V, b_O = biases or (None,) * 4
    of = ((x, W_Q, b_Q), (source, W_K, b_K), (source, W_V, b_V))
    q, k, v = (_in_heads(_affine(one, W, b), heads) for one, W, b in of)
    if mask is not None:
        mask = as_node(mask)
        if len(mask.shape) > 2:
            mask = op("expand_dims", mask, axis=len(mask.shape) - 2)
    found = attention(q, k, v, mask, causal=causal)
    rank = len(found.shape)
    beside = op("transpose", found, axes=(*range(rank - 3), rank - 2, rank - 3, rank - 1))
    joined = op("reshape", beside, shape=(*beside.shape[:-2], heads * int(beside.shape[-1])))
    return _affine(joined, W_O, b_O)


def positional_encoding(tokens: int, width: int, *, base: float = 10_000.0) -> Node:
    """The sines and cosines [tokens×width] that say where a token stands (Vaswani et al., 2017, Section 3.5).

    Row p has sin(p/base^(2i/width)) in column 2i and the cosine of the same in column 2i + 1.

    >>> import cgraph as cg
    >>> cg.forward(positional_encoding(2, 2)).values[-1].round(4).tolist()
    [[0.0, 1.0], [0.8415, 0.5403]]
    """
    if not all(is_integer(n) and n > 0 for n in (tokens, width)):
        raise ValueRefusedError(
            f"positions of {tokens!r} tokens, {width!r} wide", why="whole numbers from 1 up", fix="write (32, 64)"
        )
    columns = np.arange(width)
    angles = np.arange(tokens)[:, None] / base ** (2 * (columns // 2) / width)
    return constant(np.where(columns % 2, np.cos(angles), np.sin(angles)), "positions")


def _affine(x: Node, W: Operand, b: Operand | None) -> Node:
    product: Node = x @ as_node(W)
    return product if b is None else product + b


def _check(q: Node, k: Node, v: Node) -> None:
    ranks = min(len(x.shape) for x in (q, k, v))
    if ranks < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ShapeError(
            f"attention of queries {show(q.shape)}, keys {show(k.shape)} and values {show(v.shape)}",
            where=q.where,
            why="they are [...×n×d], [...×s×d] and [...×s×e]: each query is compared with keys of its width, "
            "and each key has a value",
        )


def _seen(mask: Operand | None, causal: bool, scores: Node) -> Node | None:
    """1 for each key that a query sees, as a mask that broadcasts to the scores; None where each sees all."""
    seen = None if mask is None else as_node(mask)
    if seen is not None and not _fits(seen.shape, scores.shape):
        raise ShapeError(
            f"a mask {show(seen.shape)} for scores {show(scores.shape)}",
            where=seen.where,
            why="it has a 1 or a 0 for each query and each key, or broadcasts to that",
        )
    if not causal:
        return seen
    queries, keys = scores.shape[-2:]
    if isinstance(queries, str) or isinstance(keys, str):
        raise ShapeError(
            f"causal attention over {show(scores.shape[-2:])} places",
            where=scores.where,
            why="how many there are must be known",
            fix="declare the sequence with a length that is a number, or give a mask",
        )
    past = constant(np.tril(np.ones((queries, keys))), "past")
    return past if seen is None else seen * past


def _fits(mask: Shape, scores: Shape) -> bool:
    try:
        return broadcast([mask, scores]) == scores
    except ShapeError:
        return False


def _some(places: Shape) -> bool:
    return all(isinstance(n, int) and n > 0 for n in places)


def _in_heads(x: Node, heads: int) -> Node:
    """[...×n×(heads·d)] as [...×heads×n×d]."""
    width = x.shape[-1]
    if isinstance(width, str) or width % heads:
        raise ShapeError(
            f"{show(x.shape)} in {heads} heads", where=x.where, why=f"{width} cannot be shared out evenly among them"
        )
    apart = op("reshape", x, shape=(*x.shape[:-1], heads, width // heads))
    rank = len(apart.shape)
    turned: Node = op("transpose", apart, axes=(*range(rank - 3), rank - 2, rank - 3, rank - 1))
    return turned
