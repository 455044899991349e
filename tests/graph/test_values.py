"""What is a value, in every way in: whoever's numbers and arrays are taken; masks, complex numbers and others are not.

Python's own functions on nodes do what the table's ops do, or say what to write."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

import cgraph as cg
from cgraph.errors import CgraphError, NoValueError, ValueRefusedError

THIRD = Fraction(1, 3)


class Foreign:
    """Another library's array: it has NumPy's protocol and a dtype of its own, as PyTorch's tensors do."""

    dtype = "float64 of another library"
    requires_grad = False

    def __init__(self, values: Any) -> None:
        self.values = np.array(values)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.values if dtype is None else self.values.astype(dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    def __len__(self) -> int:
        return len(self.values)


class Differentiated(Foreign):
    """A tensor that records what is done with it, as PyTorch's with requires_grad=True."""

    requires_grad = True

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")


class Elsewhere(Foreign):
    """A tensor on another device."""

    device = type("Device", (), {"type": "cuda"})()

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first.")


class Capsule:
    """An array that has DLPack alone."""

    def __init__(self, values: Any) -> None:
        self.values = np.array(values, float)

    def __dlpack__(self, **how: Any) -> Any:
        return self.values.__dlpack__(**how)

    def __dlpack_device__(self) -> Any:
        return self.values.__dlpack_device__()

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    def __len__(self) -> int:
        return len(self.values)


def passed(x: Any) -> Any:
    return cg.forward(cg.variable("x", 2) * 1.0, x=x).values[-1]


def trained(X: Any, Y: Any) -> Any:
    model = cg.nn.Sequential([cg.nn.Linear.random(1, 1, seed=0)])
    run = cg.train.fit(model, (X, Y), cg.nn.mse_loss, cg.train.SGD(0.1), 1, batch_size=2, devset=(X, Y))
    score = cg.train.evaluate(run.model, (X, Y), cg.nn.mse_loss)
    return [run.history[0].loss, score.loss, *cg.train.predict(run.model, X).ravel()]


def stacked(x: Any) -> Any:
    return cg.compile(cg.variable("x") * 1.0).run(x=x)[0]


def again(x: Any) -> Any:
    program = cg.compile(cg.variable("x", 2) * 1.0)
    program(x=np.array([5.0, 6.0]))
    return program(x=x)[0]


def owned(x: Any) -> Any:
    w = cg.parameter("w", [0.0, 0.0])
    program = cg.compile(w * 1.0, updates={w: w * 1.0})
    program.set(w=x)
    return program.value("w")


WAYS: dict[str, Callable[[Any], Any]] = {
    "a variable's value": passed,
    "a parameter's": lambda x: cg.parameter("w", x).value,
    "a parameter's for one pass": lambda x: cg.forward(cg.parameter("w", [0.0, 0.0]) * 1.0, w=x).values[-1],
    "a constant": lambda x: cg.constant(x).value,
    "an operand": lambda x: cg.forward(cg.add(x, [0.0, 0.0])).values[-1],
    "on the right": lambda x: cg.forward(cg.constant([1.0, 1.0]) * x).values[-1],
    "a program's value": lambda x: cg.compile(cg.variable("x", 2) * 1.0)(x=x)[0],
    "in order": lambda x: cg.compile(cg.variable("x", 2) * 1.0)(x)[0],
    "in a dict": lambda x: cg.compile(cg.variable("x", 2) * 1.0)({"x": x})[0],
    "of a second call": again,
    "a stack": stacked,
    "a program's own parameter": owned,
    "a formula's value": lambda x: cg.forward("y = x*1", x=x)["y"],
    "an upstream gradient": lambda x: cg.backward(v := cg.variable("v", 2), v=[0.0, 0.0], upstream=x).gradient[v],
    "a tangent": lambda x: cg.forward(cg.jvp(v := cg.variable("v", 2), v, x)).values[-1],
    "a value of a model": lambda x: cg.nn.Sequential([cg.nn.Linear.random(1, 2, seed=0)])
    .with_values({"b[1]": x}).values["b[1]"],
}  # fmt: skip
ARRAYS: dict[str, tuple[Any, list[float]]] = {
    "fractions": ([THIRD, Fraction(-7, 2)], [1 / 3, -3.5]),
    "decimals": ([Decimal("0.1"), Decimal("-Infinity")], [0.1, -math.inf]),
    "SymPy's numbers": ([sympy.Rational(1, 3), sympy.Float("0.25")], [1 / 3, 0.25]),
    "all of them": ([THIRD, sympy.Integer(2)], [1 / 3, 2.0]),
    "NumPy's of objects": (np.array([THIRD, Decimal(2)], object), [1 / 3, 2.0]),
    "truth values": ([True, np.False_], [1.0, 0.0]),
    "small integers": (np.array([-3, 100], np.int8), [-3.0, 100.0]),
    "half precision": (np.array([0.5, 2.0], np.float16), [0.5, 2.0]),
    "another library's": (Foreign([0.5, -2.0]), [0.5, -2.0]),
    "another library's integers": (Foreign([3, 4]), [3.0, 4.0]),
    "DLPack's": (Capsule([0.5, -2.0]), [0.5, -2.0]),
}
DETACH, CPU = r"requires grad.*Fix: .*\.detach\(\)", r"cuda.*Fix: .*\.cpu\(\)"
REFUSED: dict[str, tuple[Any, str]] = {
    "a masked array": (np.ma.array([1.0, 2.0], mask=[0, 1]), r"masked array.*Fix: .*\.filled\(0\)"),
    "a masked array without a mask": (np.ma.array([1.0, 2.0]), r"masked array.*Fix: .*\.filled\(0\)"),
    "a masked element": ([1.0, np.ma.masked], r"masked array.*Fix: .*\.filled\(0\)"),
    "complex numbers": (np.array([1j, 2.0]), "no real number"),
    "a complex number": ([1.0, 1j], "no real number"),
    "SymPy's I": ([1.0, sympy.I], "no real number"),
    "a symbol": ([1.0, sympy.Symbol("q")], "no real number"),
    "text": (["1", "2"], "no real number"),
    "nothing": ([1.0, None], "no real number"),
    "rows of other lengths": ([[1.0], [1.0, 2.0]], "no real number"),
    "days": (np.array(["2020-01-01", "2020-01-02"], "datetime64[D]"), "no real number"),
    "a tensor with a gradient": (Differentiated([1.0, 2.0]), DETACH),
    "a tensor elsewhere": (Elsewhere([1.0, 2.0]), CPU),
}


@pytest.mark.parametrize("given, want", ARRAYS.values(), ids=ARRAYS.keys())
def test_real_numbers_of_every_kind_are_values_in_every_way_in(given: Any, want: list[float]) -> None:
    for name, way in WAYS.items():
        found = np.asarray(way(given))
        assert found.tolist() == want, name
        assert found.dtype == np.float64, name


@pytest.mark.parametrize("given, text", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_real_number_is_refused_in_every_way_in(given: Any, text: str) -> None:
    for name, way in WAYS.items():
        with pytest.raises(ValueRefusedError) as caught:
            way(given)
        assert re.search(text, str(caught.value)), name


def column(values: Any) -> Any:
    """The values as one column: of a foreign array one of the same kind."""
    if isinstance(values, (Foreign, Capsule)):
        return type(values)(values.values.reshape(2, 1))
    return [[x] for x in values] if isinstance(values, list) else values.reshape(2, 1)


@pytest.mark.parametrize("name", ARRAYS)
def test_all_kinds_of_numbers_are_data_to_train_on(name: str) -> None:
    given, want = ARRAYS[name]
    finite = [0.1, 2.0] if name == "decimals" else want
    given = [Decimal("0.1"), Decimal(2)] if name == "decimals" else given
    plain = np.array(finite).reshape(2, 1)
    assert trained(column(given), column(given)) == trained(plain, plain)


@pytest.mark.parametrize("name", [n for n in REFUSED if "other lengths" not in n])
def test_what_is_no_number_is_no_data_to_train_on(name: str) -> None:
    given, text = REFUSED[name]
    plain = np.ones((2, 1))
    for data in ((column(given), plain), (plain, column(given))):
        with pytest.raises(ValueRefusedError, match=text):
            trained(*data)


NUMBERS: dict[str, tuple[Any, float]] = {
    "a fraction": (THIRD, 1 / 3),
    "a decimal": (Decimal("0.1"), 0.1),
    "SymPy's": (sympy.Rational(1, 3), 1 / 3),
    "another library's": (Foreign(0.5), 0.5),
    "NumPy's": (np.float32(0.5), 0.5),
    "a truth value": (True, 1.0),
}


@pytest.mark.parametrize("number, want", NUMBERS.values(), ids=NUMBERS.keys())
def test_a_number_of_every_kind_is_an_operand_and_a_value(number: Any, want: float) -> None:
    x = cg.variable("x")
    assert cg.forward(x * number, x=1.0).values[-1] == want
    assert cg.forward(x * 1.0, x=number).values[-1] == want
    assert cg.compile(x * 1.0)(number) == [want]
    assert cg.forward(cg.add(number, x), x=0.0).values[-1] == want
    if not isinstance(number, Foreign):  # which has no operators
        assert cg.forward(number * x, x=1.0).values[-1] == want
        assert cg.forward(number - cg.grad(x * x, x), x=0.0).values[-1] == want  # of a derivative too


def test_a_number_too_large_for_a_float_is_refused() -> None:
    for value in (Fraction(10**400), [Fraction(10**400), 1], 10**400, sympy.Integer(10) ** 400, Decimal(10) ** 400):
        with pytest.raises(ValueRefusedError, match="too large for a float"):
            cg.constant(value)


def test_pytorchs_tensors_are_values_and_those_with_gradients_say_detach() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    for dtype in (torch.float64, torch.float32, torch.int64, torch.bool):
        tensor = torch.tensor([1, 0]).to(dtype)
        assert {tuple(np.asarray(way(tensor)).tolist()) for way in WAYS.values()} == {(1.0, 0.0)}
    with pytest.raises(ValueRefusedError, match=DETACH):
        cg.constant(torch.ones(2, requires_grad=True))


# Python's own functions ----------------------------------------------------------------------------------------------
def test_pythons_abs_is_the_tables() -> None:
    x = cg.variable("x", 3)
    node = abs(x - 1.0)
    assert node.op is cg.abs(x).op
    assert "test_values.py" in node.where
    bwd = cg.backward(cg.forward(cg.sum(node), x=[-1.0, 1.0, 3.0]))
    assert bwd.gradient["x"].tolist() == [-1, 0, 1]
    assert abs(cg.grad(x[0] * 2.0, x)).op is node.op  # of a derivative too


@pytest.mark.parametrize("name, function", [("round", round), ("floor", math.floor), ("ceil", math.ceil)])
def test_pythons_roundings_are_the_tables(name: str, function: Any) -> None:
    x = cg.variable("x")
    for node in (function(x), function(cg.grad(x * x, x))):
        assert node.op is cg.table()[name](x).op
    assert cg.forward(function(x), x=2.5).values[-1] == function(2.5)


def test_the_length_of_a_node_is_its_first_dimension() -> None:
    assert len(cg.variable("x", (3, 2))) == 3
    assert len(cg.grad(cg.sum(v := cg.variable("v", 4)), v)) == 4


WORDS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "max(x, 0)": (lambda x: max(x, 0), r"cg\.maximum\(x, y\)"),
    "max(0, x)": (lambda x: max(0, x), r"cg\.maximum\(x, y\)"),
    "min(x, 0)": (lambda x: min(x, 0), r"cg\.minimum"),
    "max(v)": (lambda x: max(cg.variable("v", 2)), r"cg\.max\(x\)"),
    "if x > 0": (lambda x: 1 if x > 0 else 0, r"cg\.where\(condition, x, y\)"),
    "not x": (lambda x: not x, r"cg\.where"),
    "x and x": (lambda x: x and x, "has no truth value"),
    "sorted": (lambda x: sorted([x, x]), r"has no truth value"),
    "len(x)": (len, r"scalar.*\.shape"),
    "len of a named dimension": (lambda x: len(cg.variable("v", ("m", 2))), r"m, is no number yet.*\.shape"),
    "float(x)": (float, r"cg\.forward"),
    "int(x)": (int, r"cg\.forward"),
    "math.sin(x)": (math.sin, r"cg\.sin\(x\)"),
    "a list's index": (lambda x: [1, 2][x], r"cg\.forward"),
    "x & x": (lambda x: (x > 0) & (x < 1), r"\(x > 0\)\*\(x < 1\)"),
    "True & x": (lambda x: True & x, r"\(x > 0\)\*\(x < 1\)"),
    "x | x": (lambda x: (x > 0) | (x < 1), r"cg\.maximum"),
    "~x": (lambda x: ~(x > 0), r"1 - \(x > 0\)"),
    "x^2": (lambda x: x ^ 2, r"x\*\*2"),
    "2^x": (lambda x: 2 ^ x, r"x\*\*2"),
    "x << 1": (lambda x: x << 1, r"x \* 2\*\*n"),
    "divmod": (lambda x: divmod(x, 2), r"x // y and x % y"),
    "2.0 in v": (lambda x: 2.0 in cg.variable("v", 3), r"cg\.max\(cg\.equal\(x, 2\.0\)\)"),
    "math.trunc": (math.trunc, r"np\.trunc"),
    "a format": (lambda x: f"{x:.2f}", r"cg\.forward"),
}


@pytest.mark.parametrize("call, text", WORDS.values(), ids=WORDS.keys())
def test_what_python_cannot_do_with_a_node_says_what_to_write(call: Callable[[Any], Any], text: str) -> None:
    x = cg.variable("x")
    for node in (x, cg.grad(x * x, x)):
        with pytest.raises(NoValueError, match=text) as caught:
            call(node)
        assert isinstance(caught.value, (CgraphError, TypeError))


def test_a_node_in_a_text_is_what_it_prints_and_a_scalar_has_no_rows() -> None:
    x = cg.variable("x")
    assert f"{x + 1}" == str(x + 1) == "<add(x, 1)>"
    with pytest.raises(CgraphError, match=r"it is a scalar.*Fix: .*cg\.variable\(\"x\", 3\)"):
        _a, _b = x


def test_sympys_functions_of_a_node_say_what_to_write() -> None:
    with pytest.raises(sympy.SympifyError, match=r"cg\.sin\(x\).*cg\.to_sympy\(x\)"):
        sympy.sin(cg.variable("x"))


def square(x: cg.Node) -> cg.Node:
    return cg.sum(x * x)


def model() -> Any:
    return cg.nn.Sequential([cg.nn.Linear.random(3, 1, seed=0)])


x = cg.variable("x", 3)
CALLS: dict[str, Callable[[Any], Any]] = {  # whatever takes numbers, given an array of three
    "forward": lambda t: cg.forward(square(x), x=t).values[-1],
    "a feed": lambda t: cg.forward(square(x), {x: t}).values[-1],
    "a formula": lambda t: cg.forward("L = sum(x**2)", x=t).values[-1],
    "backward": lambda t: cg.backward(square(x), x=t).gradient["x"],
    "upstream": lambda t: cg.backward(x * x, x=[1, 2, 3], upstream=t).gradient["x"],
    "vjp": lambda t: cg.forward(cg.vjp(x * x, x, t), x=[1, 2, 3]).values[-1],
    "jvp": lambda t: cg.forward(cg.jvp(x * x, x, t), x=[1, 2, 3]).values[-1],
    "a program": lambda t: cg.compile([square(x), cg.grad(square(x), x)], backend="numpy")(x=t)[1],
    "a program of many": lambda t: cg.compile(square(x)).run(x=np.stack([t, t]))[0],
    "parameter": lambda t: cg.parameter("w", t).value,
    "constant": lambda t: cg.constant(t).value,
    "an operand": lambda t: cg.forward(square(x * t), x=[1, 2, 3]).values[-1],
    "an operand on the left": lambda t: cg.forward(square(t * x), x=[1, 2, 3]).values[-1],
    "a function": lambda t: cg.forward(cg.mse(x, t), x=[1, 1, 1]).values[-1],
    "ids": lambda t: cg.forward(cg.take(cg.variable("E", 4), cg.variable("i", 3)), E=[1, 2, 3, 4], i=t).values[-1],
    "check_gradient": lambda t: [s.ours for s in cg.check_gradient(square(x), x=t).slopes],
    "predict": lambda t: model().predict(t.reshape(1, 3)),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_pytorchs_tensors_are_what_numpys_arrays_are_in_every_call(call: Callable[[Any], Any]) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    for dtype in (torch.float64, torch.float32, torch.float16, torch.int64, torch.int32):
        tensor = torch.tensor([1, 0, 2, 9, 3])[[0, 2, 4]].to(dtype)  # a stride of its own
        for given in (tensor, torch.stack([tensor, tensor], dim=1)[:, 0]):
            assert np.array_equal(call(given), call(given.numpy().copy()))
