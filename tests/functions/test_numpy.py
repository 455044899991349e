"""NumPy's own functions on nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cgraph as cg

FORMS = [np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std, np.linalg.norm]


def value_of(node: Any, **feed: Any) -> Any:
    return cg.forward(node, **feed).values[-1]


CALLS: dict[str, Callable[[Any], Any]] = {
    **{f.__name__: f for f in FORMS},
    "sum over axis 0": lambda x: np.sum(x, 0),
    "max keepdims": lambda x: np.max(x, axis=1, keepdims=True),
    "var ddof": lambda x: np.var(x, axis=0, ddof=1),
    "concatenate": lambda x: np.concatenate([x, np.ones((1, 3)), x]),
    "concatenate, array first": lambda x: np.concatenate([np.ones((1, 3)), x]),
    "stack": lambda x: np.stack([x, x], axis=-1),
    "vstack": lambda x: np.vstack([x, np.ones(3)]),
    "hstack": lambda x: np.hstack([x, x]),
    "reshape": lambda x: np.reshape(x, (3, -1)),
    "ravel": np.ravel,
    "transpose": np.transpose,
    "swapaxes": lambda x: np.swapaxes(x, 0, 1),
    "where": lambda x: np.where(x > 0, x, 0.0),
    "einsum": lambda x: np.einsum("ij,kj->ik", x, np.ones((4, 3))),
    "einsum of one": lambda x: np.einsum("ij->j", x),
    "einsum of a diagonal": lambda x: np.einsum("ii->i", x[:, :2]),
    "einsum of a trace": lambda x: np.einsum("ii", x[:, 1:]),
    "einsum of a far diagonal": lambda x: np.einsum("iji->ij", x[:, None, :2] * np.ones((1, 3, 1))),
    "einsum of three axes": lambda x: np.einsum("iii,ij->j", x[:, :2, None] * x[0, :2], x),
    "einsum with dots": lambda x: np.einsum("...ij,...jk->...ik", np.ones((4, 1, 3, 2)), x),
    "einsum with dots that broadcast": lambda x: np.einsum("...i,...i->...", x, np.ones((5, 1, 3))),
    "einsum with dots to the right": lambda x: np.einsum("i...->...i", x),
    "einsum with dots and no arrow": lambda x: np.einsum("...j,jk", x, np.arange(6.0).reshape(3, 2)),
    "einsum with dots and a diagonal": lambda x: np.einsum("ii...->...", x[:, :2, None] * np.arange(3.0)),
    "dot": lambda x: np.dot(np.ones((4, 2)), x),
    "matmul": lambda x: np.matmul(x, np.ones(3)),
    "outer": lambda x: np.outer(x[0], np.arange(2.0)),
    "trace": lambda x: np.trace(x[:, :2]),
    "det": lambda x: np.linalg.det(x[:, :2]),
    "inv": lambda x: np.linalg.inv(x[:, 1:]),
    "solve": lambda x: np.linalg.solve(x[:, :2], np.ones(2)),
    "norm over axis 1": lambda x: np.linalg.norm(x, axis=1),
    "clip": lambda x: np.clip(x, -1, 1),
    "cumsum": lambda x: np.cumsum(x, axis=1),
    "cumsum of all": np.cumsum,
    "take": lambda x: np.take(x, [2, 0, 2], axis=1),
    "squeeze": lambda x: np.squeeze(x[:1]),
    "expand_dims": lambda x: np.expand_dims(x, (0, -1)),
    "broadcast_to": lambda x: np.broadcast_to(x, (4, 2, 3)),
    "flip": lambda x: np.flip(x, 1),
    "pad": lambda x: np.pad(x, 1),
    "split": lambda x: np.split(x, 3, axis=1)[1],
    "argmin": lambda x: np.argmin(x, axis=1),
    "an array on the left": lambda x: np.ones((2, 3)) * x - np.float64(2) / x,
}


def test_numpy_reads_the_shape_of_a_node_and_python_no_number_from_it() -> None:
    x = cg.variable("x", ("m", 3))
    assert (np.shape(x), np.ndim(x), np.ndim(cg.variable("s"))) == (("m", 3), 2, 0)
    for number in (float, int, range):
        with pytest.raises(cg.CgraphError, match=r"has no value.*Fix: cg\.forward"):
            number(cg.variable("s"))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_numpys_functions_build_nodes_that_compute_what_numpy_computes(call: Callable[[Any], Any]) -> None:
    x = np.array([[0.5, -1.5, 2.0], [1.0, 3.0, -0.25]])
    node = call(cg.variable("x", (2, 3)))
    assert isinstance(node, cg.Node)
    assert node.shape == np.shape(call(x))
    assert value_of(node, x=x) == pytest.approx(call(x))


NUMPY_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "tanh": np.tanh,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "negative": np.negative,
    "add": lambda x: np.add(x, 2.0),
    "multiply": lambda x: np.multiply(2.0, x),
    "subtract": lambda x: np.subtract(2.0, x),
    "divide": lambda x: np.divide(x, 2.0),
    "power": lambda x: np.power(x, 2.0),
    "maximum": lambda x: np.maximum(x, 2.0),
    "matmul": lambda x: np.matmul(x, np.ones((3, 2))),
    "sum": np.sum,
    "sum over an axis": lambda x: np.sum(x, axis=0),
    "mean": lambda x: np.mean(x, axis=1, keepdims=True),
    "transpose": np.transpose,
    "reshape": lambda x: np.reshape(x, (3, 2)),
}


@pytest.mark.parametrize("function", NUMPY_FUNCTIONS.values(), ids=NUMPY_FUNCTIONS.keys())
def test_numpys_functions_work_on_nodes(function: Callable[[Any], Any]) -> None:
    value = np.array([[1.0, 2.0, 3.0], [0.5, 1.5, 2.5]])
    node = function(cg.variable("x", (2, 3)))
    assert isinstance(node, cg.Node)
    assert cg.forward(node, x=value)[node] == pytest.approx(function(value), rel=1e-15)


@pytest.mark.parametrize(
    "call",
    [
        np.frexp,
        np.add.reduce,
        lambda x: np.add(x, 1, out=np.zeros(3)),
        lambda x: np.fmod(x, 1, dtype=float),
        lambda x: np.sort(x, order="a"),
    ],
)
def test_numpy_functions_without_a_row_are_refused(call: Callable[[Any], Any]) -> None:
    with pytest.raises(cg.CgraphError):
        call(cg.variable("x", 3))
