"""Diagrams of nets that read sequences: recurrent nets, attention, word vectors, a language model, a transformer."""

from __future__ import annotations

import cgraph as cg
from viz.figures.courses.gates import Draw
from viz.graphs.picture import Picture


def recurrent(draw: Draw) -> Picture:
    """One weight w at three steps: its gradient is the sum of what each step brings."""
    w, h = cg.parameter("w", 0.5), cg.variable("h0")
    for t, x in enumerate(cg.variables("x1 x2 x3"), 1):
        with cg.scope(f"step {t}"):
            h = cg.tanh(w * h + x).named(f"h{t}")
    return draw(h, h0=1, x1=1, x2=-0.5, x3=0.25, frames=True, style="circuit")


def lstm_cell(draw: Draw) -> Picture:
    """Three gates and a candidate: the cell state is only scaled and added to, so its gradient lasts."""
    h, x, c = cg.variable("h", (4,)), cg.variable("x", (4,)), cg.variable("c", (4,))
    v = cg.concatenate([h, x]).named("v")
    z = (v @ cg.variable("W", (8, 16))).named("z")
    f, i, g, o = z[0:4], z[4:8], z[8:12], z[12:16]
    f, i, o = (cg.sigmoid(z).named(k) for z, k in ((f, "f"), (i, "i"), (o, "o")))
    g = cg.tanh(g).named("g")
    c1 = (c * f + i * g).named("c'")
    return draw((cg.tanh(c1) * o).named("h'"))


def attention(draw: Draw) -> Picture:
    """A query asks, keys answer, values are mixed: each row of A says how much of each row of V it takes."""
    X = cg.variable("X", ("n", 2))
    Q = (X @ cg.parameter("W_Q", [[2, 0], [0, 1]])).named("Q")
    K = (X @ cg.parameter("W_K", [[0, 1], [2, 0]])).named("K")
    V = (X @ cg.parameter("W_V", [[1, 0], [0, 3]])).named("V")
    S = (Q @ K.T / 2**0.5).named("S")
    A = cg.softmax(S).named("A")
    return draw((A @ V).named("O"), X=[[1, 0], [0, 1], [1, 1]], show="forward", digits=2)


def two_heads(draw: Draw) -> Picture:
    """Two heads look at X each in its own way; what they find is put side by side and mixed."""
    X, heads = cg.variable("X", ("n", "d")), []
    for i in (1, 2):
        with cg.scope(f"head[{i}]"):
            Q, K, V = ((X @ cg.variable(f"W_{k}[{i}]", ("d", 32))).named(f"{k}[{i}]") for k in "QKV")
            A = cg.softmax(Q @ K.T / 8).named(f"A[{i}]")
            heads.append((A @ V).named(f"H[{i}]"))
    H = cg.concatenate(heads, axis=1).named("H")
    return draw((H @ cg.variable("W_O", (64, "d"))).named("O"), frames=True)


def skip_gram(draw: Draw) -> Picture:
    """A word is drawn to a word that stands near it, and pushed away from two that do not."""
    E, C = cg.variable("E", ("V", "d")), cg.variable("C", ("V", "d"))
    w = cg.embedding(E, 5).named("w")
    c, n = cg.embedding(C, 8).named("c"), cg.embedding(C, [2, 6]).named("n")
    near = cg.log_sigmoid((w @ c).named("s")).named("near")
    far = cg.sum(cg.log_sigmoid(-(n @ w))).named("far")
    return draw((-(near + far)).named("L"), detail="number")


def language_model(draw: Draw) -> Picture:
    """Three words pick their rows of one matrix E; side by side they are what a net reads to guess the next word."""
    E = cg.variable("E", ("V", 8))
    W, U = cg.variable("W", (24, "h")), cg.variable("U", ("h", "V"))
    e = [cg.embedding(E, i).named(f"e{k}") for k, i in enumerate((4, 7, 1), 1)]
    x = cg.concatenate(e).named("x")
    h = cg.relu(x @ W).named("h")
    z = (h @ U).named("z")
    p = cg.softmax(z).named("p")
    return draw((-cg.log(p[2])).named("L"))


def transformer(draw: Draw) -> Picture:
    """Twelve blocks, the first of them open: attention, then two layers, each with a way that goes around it."""
    h = cg.variable("X", ("n", 64))
    for k in range(1, 13):
        with cg.scope(f"block[{k}]", "transformer block"):
            with cg.scope("attention", "after a norm"):
                n = cg.layer_norm(h)
                Q, K, V = (n @ cg.variable(f"W_{m}[{k}]", (64, 64)) for m in "QKV")
                a = cg.softmax(Q @ K.T / 8) @ V
            h = a + h
            with cg.scope("feedforward", "after a norm"):
                n = cg.layer_norm(h)
                f = cg.relu(n @ cg.variable(f"U[{k}]", (64, 256))) @ cg.variable(f"D[{k}]", (256, 64))
            h = f + h
    return draw((h @ cg.variable("E", (64, "V"))).named("z"), open="block[1]")
