"""The gallery: each diagram fits its page, nothing touches, its code is short, and its numbers are those of NumPy."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from geometry import collisions, spills, together
from paper import CM, size, smallest_text
from random_scalars import random_pass
from rings import clearances
from sparse import sparse

import cgraph as cg
import viz
from cgraph.errors import ValueRefusedError
from viz.figures.gallery import GALLERY
from viz.graphs.picture import Picture
from viz.ink.page import SHEET, SMALLEST, WIDEST

NAMES = list(GALLERY)
LINES = 15
PAPER, ON_PAPER = 2.4, 1.5  # the least way from ink to a ring, in units of the drawing and in points on its page


@cache
def picture(name: str) -> Picture:
    return viz.gallery(name)


def faults(of: Picture) -> list[str]:
    """What is wrong with a picture at a width of 16 cm."""
    width, height, _ = size(of.svg())
    letter = smallest_text(of.svg(), whole=True) * min(16 * CM / width, 16 * CM / SHEET / height)
    found = [*collisions(of), *spills(of), *together(of)]
    scale = min(16 * CM / width, 16 * CM / SHEET / height)
    tight = {circle: way for circle, way in clearances(of.svg()).items() if way < PAPER or way * scale < ON_PAPER}
    found += [f"{way:.2f} from the words in {circle} to its ring" for circle, way in tight.items()]
    if letter < SMALLEST:
        found.append(f"its smallest letter has {letter:.2f} points")
    if not SHEET <= width / height <= WIDEST:
        found.append(f"it is {width / height:.2f} times as wide as high")
    used, there = set(re.findall(r'href="#(g\w+)"', of.svg())), set(re.findall(r'<path id="(g\w+)" d="M', of.svg()))
    if "<text" in of.svg():
        found.append("a letter is not of the font")
    return [*found, *(f"no outline of {glyph}" for glyph in sorted(used - there))]


def test_there_are_twenty_one_diagrams():
    assert len(GALLERY) == 21
    assert len({d.title for d in GALLERY.values()}) == len({d.remark for d in GALLERY.values()}) == 21


@pytest.mark.parametrize("name", sparse(NAMES, 7))
def test_a_diagram_fits_a_page_of_16_cm_and_nothing_in_it_touches(name):
    assert faults(picture(name)) == []
    assert picture(name).fit.smallest >= SMALLEST


@pytest.mark.slow
def test_a_diagram_that_does_not_fit_is_found():
    wide = viz.draw(random_pass(3), detail="full", fold=False)
    assert faults(wide)


@pytest.mark.parametrize("name", NAMES)
def test_the_code_of_a_diagram_is_short_and_its_remark_is_a_line(name):
    diagram = GALLERY[name]
    lines = diagram.code.strip().split("\n")
    assert 1 < len(lines) <= LINES
    assert lines[-1].startswith("draw(") and "return" not in diagram.code
    assert diagram.remark.endswith(".") and "\n" not in diagram.remark


@pytest.mark.slow
def test_the_same_bytes_come_out_in_every_process():
    code = (
        "import viz, hashlib; print(hashlib.sha256(''.join("
        "viz.gallery(n).svg() for n in ('gates', 'dropout')).encode()).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "77")
    }
    assert len(seen) == 1


def test_a_name_that_the_gallery_does_not_have_is_refused_with_the_one_that_was_meant():
    with pytest.raises(ValueRefusedError, match=r"no diagram 'lstm-cel'.*did you mean 'lstm-cell'"):
        viz.gallery("lstm-cel")


def test_a_diagram_is_drawn_in_every_theme():
    assert viz.gallery("gates", theme="dark").svg() != viz.gallery("Gates").svg()


# Numbers, beside NumPy ----------------------------------------------------------------------------------------------
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def micrograd(p):
    """The expression of micrograd's README, as it stands there."""
    a, b = p
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + max(b + a, 0)
    d += 3 * d + max(b - a, 0)
    e = c - d
    f = e**2
    return f / 2.0 + 10.0 / f


def normed(x, gamma, beta):
    return gamma * (x - x.mean()) / np.sqrt(x.var() + 1e-5) + beta


def unrolled(w, x):
    h = 1.0
    for input_ in x:
        h = np.tanh(w * h + input_)
    return h


ERROR = np.array([[1, 0], [2, 1], [0, 2]])
WANTED = {
    "gates": (lambda x: 2 * (x[0] * x[1] + max(x[2], x[3])), {"x": 0, "y": 1, "z": 2, "w": 3}, [3, -4, 2, -1]),
    "sigmoid-neuron": (
        lambda p: sigmoid(p[0] * p[1] + p[2] * p[3] + p[4]),
        {"w0": 0, "x0": 1, "w1": 2, "x1": 3, "w2": 4},
        [2, -1, -3, -2, -3],
    ),
    "neuron": (
        lambda p: max(p[0] * p[1] + p[2] * p[3] + p[4], 0),
        {"w1": 0, "x1": 1, "w2": 2, "x2": 3, "b": 4},
        [0.8, 1, -0.5, -2, 0.1],
    ),
    "expression": (micrograd, {"a": 0, "b": 1}, [-4, 2]),
    "linear-regression": (
        lambda p: np.mean((ERROR @ p[:2] + p[2] - [2, 0, -1]) ** 2),
        {"w": slice(0, 2), "b": 2},
        [0.5, -1, 0.5],
    ),
    "logistic-regression": (
        lambda p: -np.log(sigmoid(1.5 * p[0] + 0.5 * p[1] + p[2])),
        {"w1": 0, "w2": 1, "b": 2},
        [0.5, -1, 0.25],
    ),
    "softmax-cross-entropy": (
        lambda z: -np.log(np.exp(z[1]) / np.exp(z).sum()),
        {"z1": 0, "z2": 1, "z3": 2},
        [1, 2, 0],
    ),
    "batch-norm": (
        lambda p: normed(p[:3], p[3], p[4])[0],
        {"x": slice(0, 3), "gamma": 3, "beta": 4},
        [1, 2, 6, 2, 1],
    ),
    "residual-block": (
        lambda x: (x + np.maximum(x @ [[1, 0], [0, -1]], 0) @ [[2, 1], [1, 1]]).sum(),
        {"x": slice(0, 2)},
        [1, 2],
    ),
    "convolution": (
        lambda p: np.convolve(p[:3], p[:2:-1], "valid").sum(),
        {"x1": 0, "x2": 1, "x3": 2, "w1": 3, "w2": 4},
        [1, 2, 4, 1, -2],
    ),
    "dropout": (
        lambda p: p[3:] @ (p[:3] * [1, 0, 1] / 0.5),
        {"h": slice(0, 3), "w": slice(3, 6)},
        [1, 2, 3, 1, -1, 2],
    ),
    "recurrent": (lambda p: unrolled(p[0], p[1:]), {"w": 0, "x1": 1, "x2": 2, "x3": 3}, [0.5, 1, -0.5, 0.25]),
}


def slope(of, at, step=1e-6):
    """Central differences."""
    return np.array([(of(at + d) - of(at - d)) / (2 * step) for d in step * np.eye(len(at))])


@pytest.mark.parametrize("name", sparse(list(WANTED), 12))
def test_the_numbers_of_a_diagram_are_those_of_numpy(name):
    of, leaves, at = WANTED[name]
    at = np.array(at, dtype=float)
    bwd = picture(name).of
    assert np.allclose(bwd.forward[bwd.of], of(at), rtol=1e-12)
    expected = slope(of, at)
    for leaf, place in leaves.items():
        assert np.allclose(bwd.gradient[leaf], expected[place], rtol=1e-5, atol=1e-7), leaf


def test_layer_norm_is_numpys():
    fwd = viz.gallery("layer-norm").of
    assert np.allclose(fwd["y"], normed(np.array([1.0, 2, 6]), np.array([1, 1, 2]), np.array([0, 0, 1])), rtol=1e-12)


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attended(X, Q, K, V, scale):
    return softmax((X @ Q) @ (X @ K).T / scale) @ (X @ V)


def test_attention_is_numpys():
    X, Q, K, V = map(np.array, ([[1, 0], [0, 1], [1, 1]], [[2, 0], [0, 1]], [[0, 1], [2, 0]], [[1, 0], [0, 3]]))
    assert np.allclose(picture("attention").of["O"], attended(X, Q, K, V, 2**0.5), rtol=1e-12)


def lstm(h, x, c, W):
    f, i, g, o = np.split(np.concatenate([h, x]) @ W, 4)
    return np.tanh(sigmoid(f) * c + sigmoid(i) * np.tanh(g)) * sigmoid(o)


def decayed(X, y, W1, W2):
    return np.mean((np.maximum(X @ W1, 0) @ W2 - y) ** 2) + 0.01 * ((W1**2).sum() + (W2**2).sum())


def skip_gram(E, C):
    return -np.log(sigmoid(E[5] @ C[8])) - sum(np.log(sigmoid(-E[5] @ C[k])) for k in (2, 6))


def next_word(E, W, U):
    z = np.maximum(np.concatenate([E[4], E[7], E[1]]) @ W, 0) @ U
    return -np.log(softmax(z)[2])


def two_heads(X, Q1, K1, V1, Q2, K2, V2, O):
    return np.hstack([attended(X, Q1, K1, V1, 8), attended(X, Q2, K2, V2, 8)]) @ O


def deep(X, *weights):
    for W in weights:
        X = np.tanh(X @ W)
    return np.mean(X**2)


def transformed(X, E, *weights):
    for Q, K, V, U, D in zip(*[iter(weights)] * 5, strict=True):
        n = (X - X.mean(-1, keepdims=True)) / np.sqrt(X.var(-1, keepdims=True) + 1e-5)
        X = X + attended(n, Q, K, V, 8)
        n = (X - X.mean(-1, keepdims=True)) / np.sqrt(X.var(-1, keepdims=True) + 1e-5)
        X = X + np.maximum(n @ U, 0) @ D
    return X @ E


BLOCK = {"W_Q": (64, 64), "W_K": (64, 64), "W_V": (64, 64), "U": (64, 256), "D": (256, 64)}
BLOCKS = {f"{leaf}[{k}]": shape for k in range(1, 13) for leaf, shape in BLOCK.items()}
HEADS = {f"W_{k}[{i}]": (5, 32) for i in (1, 2) for k in "QKV"}
IN_NAMES = {  # what NumPy computes, and the shapes of the leaves in the order in which it takes them
    "lstm-cell": (lstm, {"h": (4,), "x": (4,), "c": (4,), "W": (8, 16)}),
    "weight-decay": (decayed, {"X": (3, 2), "y": (3, 2), "W[1]": (2, 4), "W[2]": (4, 2)}),
    "skip-gram": (skip_gram, {"E": (9, 3), "C": (9, 3)}),
    "language-model": (next_word, {"E": (9, 8), "W": (24, 5), "U": (5, 9)}),
    "two-heads": (two_heads, {"X": (3, 5), **HEADS, "W_O": (64, 5)}),
    "deep-mlp": (deep, {"X": (3, 8), **{f"W[{k}]": (8, 8) for k in range(1, 9)}}),
    "transformer": (transformed, {"X": (3, 64), "E": (64, 5), **BLOCKS}),
}


@pytest.mark.parametrize("name", sparse(IN_NAMES, 7))
def test_a_diagram_without_numbers_computes_what_numpy_does(name):
    of, shapes = IN_NAMES[name]
    rng = np.random.default_rng(7)
    values = {leaf: rng.normal(size=shape) for leaf, shape in shapes.items()}
    graph = picture(name).of
    assert np.allclose(cg.forward(graph, values)[graph.outputs[0]], of(*values.values()), rtol=1e-10)


def test_every_diagram_is_compared_with_numpy():
    assert set(WANTED) | set(IN_NAMES) | {"layer-norm", "attention"} == set(GALLERY)
