"""NumPy's functions on nodes: each that autograd's users type works, with NumPy's values and their slopes, or says what
to write instead. The calls stand in tests/support/numpy_calls.py."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy_calls import AUTOGRAD, BINARY, CASES, UNARY
from project import ROOT

import cgraph as cg
from cgraph.functions.numpy import FUNCTIONS
from cgraph.functions.numpy.refused import REFUSED, called
from cgraph.graph.node import Node

ALL = [
    pytest.param(*case, id=f"{name}-{i}", marks=[pytest.mark.slow] if i > 2 else [])
    for name, cases in CASES.items()
    for i, case in enumerate(cases)
]
STEP = 1e-6


def parts(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (list, tuple)) else [result]


def drawn(shapes: tuple[tuple[int, ...], ...], seed: int) -> list[np.ndarray]:
    return [np.random.default_rng(seed + i).uniform(-2, 2, shape) for i, shape in enumerate(shapes)]


def found(name: str) -> Any:
    """NumPy's function of this name; None where this NumPy has none."""
    here: Any = np
    for part in name.split("."):
        here = getattr(here, part, None)
    return here


@pytest.mark.parametrize("call, shapes", ALL)
def test_a_function_of_numpys_has_its_values_on_nodes_and_their_slopes(
    call: Callable[..., Any], shapes: tuple[tuple[int, ...], ...]
) -> None:
    leaves = [cg.variable(f"x{i}", shape) for i, shape in enumerate(shapes)]
    values = drawn(shapes, seed=len(shapes))
    nodes, wanted = parts(call(*leaves)), parts(call(*values))
    assert len(nodes) == len(wanted)
    weights = [np.random.default_rng(9).uniform(0.5, 1.5, np.shape(w)) for w in wanted]
    feed = dict(zip(leaves, values, strict=True))
    total: Any = 0.0
    for node, value, weight in zip(nodes, wanted, weights, strict=True):
        assert isinstance(node, Node) and node.shape == np.shape(value)
        mine = cg.forward(node, {x: v for x, v in feed.items() if x in cg.Graph(node)})[node]
        np.testing.assert_allclose(mine, np.asarray(value, float), rtol=1e-12, atol=1e-14)
        total = total + cg.sum(node * weight)
    bwd = cg.backward(cg.forward(total, {x: v for x, v in feed.items() if x in cg.Graph(total)}))

    def numpys(*operands: np.ndarray) -> float:
        return float(sum(np.sum(w * p) for w, p in zip(weights, parts(call(*operands)), strict=True)))

    for i, leaf in enumerate(leaves):
        slope = np.zeros(leaf.shape)
        for index in np.ndindex(*slope.shape):
            up, down = (values[i].copy() for _ in range(2))
            up[index] += STEP
            down[index] -= STEP
            sides = [numpys(*values[:i], moved, *values[i + 1 :]) for moved in (up, down)]
            slope[index] = (sides[0] - sides[1]) / (2 * STEP)
        got = bwd.gradient[leaf] if leaf in cg.Graph(total) else np.zeros(leaf.shape)
        np.testing.assert_allclose(got, slope, rtol=2e-6, atol=2e-7)


SPECIAL = [-np.inf, -2.0, -1.0, -0.0, 0.0, 5e-324, 0.5, 1.0, 3.0, 1e300, np.inf, np.nan]


@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_a_function_of_elements_has_numpys_values_at_zeros_ties_infinities_and_nan(name: str) -> None:
    function, count = found(name), 2 if name in BINARY else 1
    points = [g.ravel() for g in np.meshgrid(*[SPECIAL] * count)]
    leaves = [cg.variable(f"x{i}", points[0].shape) for i in range(count)]
    node = function(*leaves)
    with np.errstate(all="ignore"):
        mine = cg.forward(node, {x: v for x, v in zip(leaves, points, strict=True) if x in cg.Graph(node)})[node]
        wanted = function(*points).astype(float)
    if name == "sinc":  # whose limit is 0; NumPy says NaN
        wanted[np.isinf(points[0])] = 0.0
    np.testing.assert_allclose(mine, wanted, rtol=1e-13, atol=1e-16)


def programs(cases: Any, backend: str) -> None:
    """Nodes of many calls, and the gradients of each, compiled together: what the plain passes give."""
    outputs, feed = [], {}
    for call, shapes in cases:
        leaves = [cg.variable(f"x{len(feed)}_{i}", shape) for i, shape in enumerate(shapes)]
        made = [node for node in parts(call(*leaves)) if 0 not in node.shape]
        outputs += made
        for node in made:
            used = [x for x in leaves if x in cg.Graph(node)]
            try:
                outputs += cg.grad(cg.sum(node * cg.tanh(node)), used)
            except cg.errors.GradientError:
                continue  # nothing flows
        feed |= dict(zip(leaves, drawn(shapes, seed=3), strict=True))
    given = {x: v for x, v in feed.items() if x in cg.Graph(outputs)}
    fwd = cg.forward(outputs, given)
    program = cg.compile(outputs, backend=backend)
    for node, got in zip(outputs, program(given), strict=True):
        np.testing.assert_allclose(got, fwd[node], rtol=1e-10, atol=1e-11, err_msg=repr(node))


FEW = [cases[0] for cases in CASES.values()]


def test_compiled_numpy_computes_the_same() -> None:
    programs(FEW, "numpy")


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["numpy", "native"])
@pytest.mark.parametrize("part", range(8))
def test_compiled_programs_compute_the_same(backend: str, part: int) -> None:
    programs([case for cases in CASES.values() for case in cases][part::8], backend)


def _elements(case: Any) -> int:
    return sum(int(np.prod(shape)) for shape in case[1])


SMALL = [
    pytest.param(*min(cases, key=_elements), id=name)
    for name, cases in CASES.items()
    if not name.startswith("linalg.") or name == "linalg.norm"  # matrices have proofs of their own
]


@pytest.mark.slow
@pytest.mark.parametrize("call, shapes", SMALL)
def test_what_numpys_functions_build_is_nowhere_found_wrong_by_symbols(
    call: Callable[..., Any], shapes: tuple[tuple[int, ...], ...]
) -> None:
    leaves = [cg.variable(f"x{i}", shape) for i, shape in enumerate(shapes)]
    nodes = [node for node in parts(call(*leaves)) if 0 not in node.shape]
    total: Any = 0.0
    for node in nodes:
        total = total + cg.sum(node * np.arange(1.0, 1 + np.prod(node.shape)).reshape(node.shape))
    report = cg.prove(total, seconds=10)
    assert not report.failures, report
    assert len(report.checks) == sum(int(np.prod(leaf.shape)) for leaf in leaves if leaf in cg.Graph(total))


@pytest.mark.parametrize("name", AUTOGRAD)
def test_what_autograds_users_type_works_or_says_what_to_write(name: str) -> None:
    function = found(name)
    if name in CASES:
        assert function in FUNCTIONS or isinstance(function, np.ufunc)
        return
    if function is None:  # not of this NumPy
        return
    operands = [cg.variable("x", (4, 4)), 1, 2]
    refusals = []
    for count in (1, 2, 3):
        try:
            function(*operands[:count])
        except cg.CgraphError as error:
            refusals.append(str(error))
        except TypeError:
            continue  # another number of arguments
    says = rf"numpy\.{re.escape(name)} does not work on nodes.*Fix: {re.escape(REFUSED[f'numpy.{name}'])}"
    assert any(re.search(says, text, re.S) for text in refusals)


def test_every_function_that_works_is_called_here() -> None:
    untried = {called(f).removeprefix("numpy.") for f in FUNCTIONS} - set(CASES)
    assert untried <= {"absolute", "conjugate", "matrix_transpose", "vecdot", "unstack"} - set(CASES)


def test_a_function_is_refused_or_works_and_not_both() -> None:
    assert not {called(f) for f in FUNCTIONS} & set(REFUSED)


@pytest.mark.parametrize("name", [name for name in REFUSED if found(name.removeprefix("numpy.")) is not None])
def test_what_a_refusal_says_to_write_is_of_numpy_or_of_cgraph(name: str) -> None:
    for room, function in re.findall(r"\b(np|cg)\.([\w.]+\w)", REFUSED[name]):
        if room == "np":
            assert found(function) in FUNCTIONS or isinstance(found(function), np.ufunc), function
        else:
            assert getattr(cg, function.split(".")[0]) is not None


WRONG: dict[str, tuple[Callable[[Any], Any], str]] = {
    "moveaxis twice": (lambda x: np.moveaxis(x, (0, 0), (0, 1)), "given twice"),
    "moveaxis to too few places": (lambda x: np.moveaxis(x, (0, 1), 0), "one place to go to"),
    "an axis that is not there": (lambda x: np.sort(x, axis=2), "axis 2"),
    "a roll by half": (lambda x: np.roll(x, 0.5, axis=0), "whole number"),
    "a negative number of copies": (lambda x: np.tile(x, -1), "0 up"),
    "repeats for others": (lambda x: np.repeat(x, [1, 2], axis=1), "one for each of 3"),
    "half a difference": (lambda x: np.diff(x, 0.5), "whole number"),
    "a share above all": (lambda x: np.quantile(x, 1.5), "from 0 to 1"),
    "another quantile": (lambda x: np.quantile(x, 0.5, method="lower"), "linear"),
    "vectors of two": (lambda x: np.cross(x[:, :2], x[:, :2]), "three elements"),
    "a convolution of matrices": (lambda x: np.convolve(x[0], x[0], "valid") + cg.convolve(x, x), "two vectors"),
    "another mode": (lambda x: cg.convolve(x[0], x[1], "most"), "full"),
    "weights for others": (lambda x: np.average(x, axis=1, weights=[1.0, 2.0]), "weights along axis 1"),
    "a matrix norm of singular values": (lambda x: np.linalg.norm(x, 2), "singular values"),
    "half a power": (lambda x: np.linalg.matrix_power(x[:, :2], 0.5), "whole number"),
    "a diagonal of a vector": (lambda x: np.diagonal(x[0]), "two dimensions"),
    "axes of a tensordot": (lambda x: np.tensordot(x, x, 3), "2 and 2 dimension"),
    "axes in lists of two lengths": (lambda x: np.tensordot(x, x, ([0, 1], [0])), "as many"),
    "indices that are a node": (lambda x: np.take_along_axis(x, x[..., 0], 0), "each element has its own id"),
    "an argument that nodes do not take": (lambda x: np.cumprod(x, dtype=np.float32), "it takes a, axis"),
    "out": (lambda x: np.exp2(x, out=np.zeros((2, 3))), "numpy.exp2 on nodes"),
    "a distance for each": (lambda x: np.gradient(x, [1.0, 2.0], axis=0), "one number for all axes"),
    "sections that are none": (lambda x: np.array_split(x, 0), "at least one"),
    "a depth that is not there": (lambda x: np.dsplit(x, 1), "3 dimensions"),
    "grids in another order": (lambda x: np.meshgrid(x[0], x[1], indexing="yx"), "xy"),
    "padding by a mean": (lambda x: np.pad(x, 1, "mean"), "mode='mean'"),
}


@pytest.mark.parametrize("call, message", WRONG.values(), ids=WRONG.keys())
def test_what_does_not_fit_is_refused_by_an_error_of_ours(call: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(cg.CgraphError, match=message):
        call(cg.variable("x", (2, 3)))


NAMED: dict[str, Callable[[Any], Any]] = {
    "roll": lambda x: cg.roll(x, 1, 0),
    "repeat": lambda x: cg.repeat(x, 2, 0),
    "tile": lambda x: cg.tile(x, (2, 1)),
    "tril": cg.tril,
    "diff": lambda x: cg.diff(x, axis=0),
    "cumprod": lambda x: cg.cumprod(x, 0),
    "quantile": lambda x: cg.quantile(x, 0.5, axis=0),
    "kron": lambda x: cg.kron(x, x),
    "array_split": lambda x: np.array_split(x, 2),
}


@pytest.mark.parametrize("call", NAMED.values(), ids=NAMED.keys())
def test_a_size_that_must_be_known_is_asked_for_by_name(call: Callable[[Any], Any]) -> None:
    with pytest.raises(cg.errors.ShapeError, match=r"named dimension|no name|equal parts|above 0"):
        call(cg.variable("x", ("m", 3)))


def test_along_other_axes_a_named_dimension_goes_through() -> None:
    x = cg.variable("x", ("m", 3))
    nodes = [cg.roll(x, 1, 1), cg.sort(x), cg.argsort(x, axis=0), cg.cumprod(x, 1), cg.median(x, axis=1),
             cg.tile(x, (1, 2)), cg.repeat(x, 2, 1), cg.moveaxis(x, 0, 1), cg.diff(x), np.trace(x @ x.T)]  # fmt: skip
    value = np.random.default_rng(0).normal(size=(4, 3))
    wanted = [np.roll(value, 1, 1), np.sort(value), np.argsort(value, axis=0), np.cumprod(value, 1),
              np.median(value, axis=1), np.tile(value, (1, 2)), np.repeat(value, 2, 1), value.T, np.diff(value),
              np.trace(value @ value.T)]  # fmt: skip
    fwd = cg.forward(nodes, x=value)
    for node, right in zip(nodes, wanted, strict=True):
        np.testing.assert_allclose(fwd[node], right, rtol=1e-13)


def test_the_page_of_numpys_functions_is_what_its_script_makes() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "numpy_page.py"))
    assert made["page"]() == (ROOT / "docs" / "numpy.md").read_text(encoding="utf-8"), "run python docs/numpy_page.py"
