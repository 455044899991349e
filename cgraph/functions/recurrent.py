"""Recurrent cells, one step each, and what they make of a sequence: the same cell at each step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cgraph.errors import NameUnknownError, ShapeError, did_you_mean
from cgraph.functions.apply import op
from cgraph.functions.joining import split, stack
from cgraph.graph.node import Node, Operand, as_node
from cgraph.graph.scope import scope
from cgraph.ops import TABLE
from cgraph.shapes import show

Step = Callable[[Node, tuple[Node, ...]], tuple[Node, ...]]


def rnn_cell(
    x: Operand, h: Operand, W: Operand, U: Operand, b: Operand | None = None, *, activation: str = "tanh"
) -> Node:
    """The next state of a simple recurrent net (Elman, 1990): g(xW + hU + b), from x [...×d] and the state h [...×n].

    W is [d×n], U [n×n], b [n].
    Raises ShapeError for shapes that do not fit, NameUnknownError for an activation that the table does not have.

    >>> import cgraph as cg
    >>> rnn_cell(cg.variable("x", ("m", 3)), cg.variable("h", ("m", 2)), np.ones((3, 2)), np.ones((2, 2))).shape
    ('m', 2)
    """
    if activation not in TABLE:
        raise NameUnknownError(f"the table has no op {activation!r}", fix=did_you_mean(activation, TABLE, "see cg.ops"))
    x, h = as_node(x), as_node(h)
    z = _mixed("rnn_cell", x, h, as_node(W), as_node(U), 1)
    state: Node = op(activation, z if b is None else z + b)
    return state


def lstm_cell(
    x: Operand, h: Operand, c: Operand, W: Operand, U: Operand, b: Operand | None = None
) -> tuple[Node, Node]:
    """The next state and memory (h, c), each [...×n], of a long short-term memory (Hochreiter and Schmidhuber, 1997).

    i, f, g, o are the four parts of xW + hU + b, with W [d×4n], U [n×4n], b [4n], in this order:
    c' = σ(f)c + σ(i)tanh(g), h' = σ(o)tanh(c').
    Raises ShapeError for shapes that do not fit.

    >>> import cgraph as cg
    >>> x, h, c = cg.variable("x", ("m", 3)), cg.variable("h", ("m", 2)), cg.variable("c", ("m", 2))
    >>> [state.shape for state in lstm_cell(x, h, c, np.ones((3, 8)), np.ones((2, 8)))]
    [('m', 2), ('m', 2)]
    """
    x, h, c = as_node(x), as_node(h), as_node(c)
    z = _mixed("lstm_cell", x, h, as_node(W), as_node(U), 4)
    i, f, g, o = split(z if b is None else z + b, 4, axis=-1)
    memory = op("sigmoid", f) * c + op("sigmoid", i) * op("tanh", g)
    return op("sigmoid", o) * op("tanh", memory), memory


def gru_cell(
    x: Operand, h: Operand, W: Operand, U: Operand, b: Operand | None = None, d: Operand | None = None
) -> Node:
    """The next state [...×n] of a gated recurrent unit (Cho et al., 2014), with the reset after the product.

    r, z, m are the three parts of xW + b, and r', z', m' those of hU + d, with W [d×3n], U [n×3n], b and d [3n]:
    h' = (1 - σ(z + z'))tanh(m + σ(r + r')m') + σ(z + z')h.
    Raises ShapeError for shapes that do not fit.

    >>> import cgraph as cg
    >>> gru_cell(cg.variable("x", ("m", 3)), cg.variable("h", ("m", 2)), np.ones((3, 6)), np.ones((2, 6))).shape
    ('m', 2)
    """
    x, h, W, U = as_node(x), as_node(h), as_node(W), as_node(U)
    _check("gru_cell", x, h, W, U, 3)
    of_input, of_state = x @ W, h @ U
    r, z, m = split(of_input if b is None else of_input + b, 3, axis=-1)
    s, t, n = split(of_state if d is None else of_state + d, 3, axis=-1)
    keep = op("sigmoid", z + t)
    return (1 - keep) * op("tanh", m + op("sigmoid", r + s) * n) + keep * h


def rnn(
    x: Operand,
    W: Operand,
    U: Operand,
    b: Operand | None = None,
    *,
    h: Operand | None = None,
    mask: Operand | None = None,
    activation: str = "tanh",
) -> tuple[Node, Node]:
    """`rnn_cell` at each step of x [...×steps×d]: all states [...×steps×n] and the last one [...×n].

    The first state is h, or 0. Where the mask [...×steps] is 0 a sequence has ended, and its state stays.
    Raises ShapeError for sequences of length 0 or of a named one.
    """
    states, last = _unrolled("rnn", x, U, (h,), mask, lambda x, s: (rnn_cell(x, s[0], W, U, b, activation=activation),))
    return states, last


def lstm(
    x: Operand,
    W: Operand,
    U: Operand,
    b: Operand | None = None,
    *,
    h: Operand | None = None,
    c: Operand | None = None,
    mask: Operand | None = None,
) -> tuple[Node, Node, Node]:
    """`lstm_cell` at each step of x [...×steps×d]: all states [...×steps×n], the last one [...×n], the last memory.

    The first state and memory are h and c, or 0. Where the mask [...×steps] is 0 a sequence has ended, and both stay.
    Raises ShapeError for sequences of length 0 or of a named one.

    >>> import cgraph as cg
    >>> states, last, memory = lstm(cg.variable("x", ("m", 5, 3)), np.ones((3, 8)), np.ones((2, 8)))
    >>> states.shape, last.shape
    (('m', 5, 2), ('m', 2))
    """
    states, last, memory = _unrolled("lstm", x, U, (h, c), mask, lambda x, s: lstm_cell(x, s[0], s[1], W, U, b))
    return states, last, memory


def gru(
    x: Operand,
    W: Operand,
    U: Operand,
    b: Operand | None = None,
    d: Operand | None = None,
    *,
    h: Operand | None = None,
    mask: Operand | None = None,
) -> tuple[Node, Node]:
    """`gru_cell` at each step of x [...×steps×d]: all states [...×steps×n] and the last one [...×n].

    The first state is h, or 0. Where the mask [...×steps] is 0 a sequence has ended, and its state stays.
    Raises ShapeError for sequences of length 0 or of a named one.
    """
    states, last = _unrolled("gru", x, U, (h,), mask, lambda x, s: (gru_cell(x, s[0], W, U, b, d),))
    return states, last


def _unrolled(
    name: str, x: Operand, U: Operand, first: tuple[Operand | None, ...], mask: Operand | None, step: Step
) -> tuple[Node, ...]:
    """All states, and the last of each part of the state, of a cell that is called once a step."""
    x, U = as_node(x), as_node(U)
    steps = x.shape[-2] if len(x.shape) > 1 else 0
    if isinstance(steps, str) or not steps:
        raise ShapeError(
            f"{name} over {show(x.shape)}",
            where=x.where,
            why="x is [...×steps×d], and how many steps there are must be known, at least one",
            fix="declare the sequences with a length that is a number; shorter ones have a mask",
        )
    if len(U.shape) != 2:
        raise ShapeError(f"{name} with U {show(U.shape)}", where=U.where, why="U is a matrix from state to state")
    given = None if mask is None else as_node(mask)
    if given is not None and given.shape != x.shape[:-1]:
        raise ShapeError(
            f"{name} over {show(x.shape)} with a mask {show(given.shape)}",
            where=given.where,
            why="each step of each sequence is there (1) or not (0)",
            fix=f"give the shape {show(x.shape[:-1])}",
        )
    at = (slice(None),) * (len(x.shape) - 2)
    now = tuple(_start(x[(*at, 0)], U) if one is None else as_node(one) for one in first)
    states = []
    for t in range(steps):
        with scope(f"step[{t + 1}]"):
            new = step(x[(*at, t)], now)
            if given is not None:
                there = op("expand_dims", given[(*at, t)], axis=len(at))
                new = tuple(op("where", there, one, before) for one, before in zip(new, now, strict=True))
        now = new
        states.append(now[0])
    return (stack(states, axis=len(at)), *now)


def _start(x: Node, U: Node) -> Node:
    """A state of zeros for each example."""
    zeros: Node = op("broadcast_like", 0.0, x @ np.zeros((int(x.shape[-1]), int(U.shape[0]))))
    return zeros


def _mixed(name: str, x: Node, h: Node, W: Node, U: Node, gates: int) -> Node:
    _check(name, x, h, W, U, gates)
    return x @ W + h @ U


def _check(name: str, x: Node, h: Node, W: Node, U: Node, gates: int) -> None:
    """Refuse shapes that do not fit, with all of them."""
    wide = h.shape[-1] if h.shape else 0
    columns = wide * gates if isinstance(wide, int) else f"{gates}{wide}"
    if not x.shape or not wide or W.shape != (x.shape[-1], columns) or U.shape != (wide, columns):
        raise ShapeError(
            f"{name} of x {show(x.shape)} and a state {show(h.shape)} with W {show(W.shape)} and U {show(U.shape)}",
            where=W.where,
            why=f"for x [...×d] and a state [...×n], W is [d×{gates if gates > 1 else ''}n] and U "
            f"[n×{gates if gates > 1 else ''}n]",
            fix=f"give W the shape {show((*x.shape[-1:], columns))} and U {show((wide, columns))}",
        )
