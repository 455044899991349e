"""What derivatives take for a constant: stop_gradient, against PyTorch's detach and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

import cgraph as cg

FUNCTIONS: dict[str, Any] = {
    "straight through": lambda w, x, y: (x + w.stop_gradient(w.floor(x) - x)) * y,
    "a factor": lambda w, x, y: x * w.stop_gradient(x) * y,
    "inside": lambda w, x, y: w.sin(w.stop_gradient(x * y) + x),
    "all of it": lambda w, x, y: w.stop_gradient(x * y),
    "twice": lambda w, x, y: w.stop_gradient(w.stop_gradient(x) * x) * y * x,
    "less a maximum": lambda w, x, y: w.exp(x - w.stop_gradient(w.maximum(x, y))) * y,
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_gradients_of_two_orders_are_those_of_detach(function: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")

    class Words:
        stop_gradient = staticmethod(lambda v: v.detach())
        floor, sin, exp, maximum = torch.floor, torch.sin, torch.exp, torch.maximum

    at = {"x": 2.3, "y": 1.7}
    leaves = cg.variables("x y")
    tensors = [torch.tensor(v, requires_grad=True, dtype=torch.float64) for v in at.values()]
    ours, theirs = function(cg, *leaves), function(Words, *tensors)
    assert float(cg.forward(ours, at)[ours]) == pytest.approx(theirs.item(), rel=1e-14)
    for leaf, tensor in zip(leaves, tensors, strict=True):
        slope, wanted = slopes(ours, leaf), their_slopes(theirs, tensor)
        assert value(slope, at) == pytest.approx(0.0 if wanted is None else wanted.item(), rel=1e-13), leaf.name
        for other, by in zip(leaves, tensors, strict=True):
            again, expected = slopes(slope, other), their_slopes(wanted, by)
            assert value(again, at) == pytest.approx(0.0 if expected is None else expected.item(), rel=1e-12)

    bwd = cg.backward(cg.forward(cg.Graph([ours, *leaves]), at), of=ours)
    for leaf, tensor in zip(leaves, tensors, strict=True):
        wanted = their_slopes(theirs, tensor)
        assert float(bwd.gradient[leaf]) == pytest.approx(0.0 if wanted is None else wanted.item(), rel=1e-13)


def slopes(of: Any, leaf: cg.Node) -> Any:
    """The derivative as a node; None where no gradient flows."""
    try:
        return None if of is None else cg.grad(of, leaf)
    except cg.errors.GradientError:
        return None


def their_slopes(of: Any, tensor: Any) -> Any:
    import torch

    if of is None or not of.requires_grad:
        return None
    return torch.autograd.grad(of, tensor, create_graph=True, allow_unused=True)[0]


def value(node: Any, at: dict[str, float]) -> float:
    return 0.0 if node is None else float(cg.forward(node, at).values[-1])


@pytest.mark.parametrize("function", list(FUNCTIONS.values())[:3], ids=list(FUNCTIONS)[:3])
def test_what_is_held_is_held_by_proofs_and_by_differences(function: Any) -> None:
    x, y = cg.variables("x y")
    L = function(cg, x, y)
    flowing = [leaf for leaf in (x, y) if slopes(L, leaf) is not None]
    assert cg.prove(L, wrt=flowing).proved
    check = cg.check_gradient(L, x=2.3, y=1.7)
    assert check.agrees and len(check.slopes) == 2
    at = {"x": 2.3, "y": 1.7}
    expected = [float(cg.backward(L, at).gradient[leaf]) for leaf in flowing]
    for backend in ("numpy", "native", "scalar"):
        found = cg.compile(cg.grad(L, flowing), inputs=[x, y], backend=backend)(2.3, 1.7)
        assert list(map(float, found)) == pytest.approx(expected)
    assert cg.simplify(L).op is not None and cg.prove(cg.simplify(L), wrt=flowing).proved


def test_its_expression_is_a_constant_to_sympy_and_comes_back() -> None:
    x = cg.variable("x")
    e = cg.to_sympy(cg.stop_gradient(x**2) * x)
    symbol = sympy.Symbol("x", real=True)
    assert sympy.diff(e, symbol).subs(symbol, 3) == 9 and e.subs(symbol, 3) == 27
    again = cg.from_sympy(e)
    assert float(cg.backward(again, x=3.0).gradient["x"]) == 9.0
    assert np.isclose(float(cg.forward(again, x=3.0).values[-1]), 27.0)


def test_a_gradient_that_only_held_values_have_is_0() -> None:
    x = cg.variable("x", 2)
    bwd = cg.backward(cg.sum(x + cg.stop_gradient(x * x)), x=[1.0, 2.0])
    assert bwd.gradient["x"].tolist() == [1.0, 1.0]
    assert all(edge.local is None for edge in bwd.edges if edge.operand is x and edge.result.op.name == "stop_gradient")
