"""What a program says of itself: operations counted by hand, steps in the names of the nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph import nn, train
from cgraph.compile.plan.flops import flops

X32, IDS = cg.variable("X", (3, 2)), cg.variable("ids", (4,))
SQUARE = cg.variable("S", (5, 3, 3))
COUNTED = {
    "a product of matrices": (X32 @ np.ones((2, 5)), 2 * 3 * 2 * 5),
    "a sum": (cg.sum(X32, axis=0), 6),
    "a function": (cg.tanh(X32), 6),
    "einsum": (cg.einsum("ij,ik->jk", X32, X32), 2 * 3 * 2 * 2),
    "moved rows": (cg.take(X32, IDS), 0),
    "one-hot rows": (cg.one_hot(IDS, classes=3), 0),
    "joined": (cg.concatenate([X32, X32]), 0),
    "views": (X32.T.reshape(6)[::2], 0),
    "rows that are added up": (cg.grad(cg.sum(cg.take(X32, IDS) * np.arange(8.0).reshape(4, 2)), X32), 8),
    "determinants": (cg.det(SQUARE), 5 * 18),
    "inverses": (cg.inv(SQUARE), 5 * 54),
    "a system": (cg.solve(SQUARE, np.ones(3)), 5 * 18 + 5 * 2 * 9),
}


@pytest.mark.parametrize("backend", ["numpy", "native"])
@pytest.mark.parametrize("case", COUNTED, ids=COUNTED)
def test_operations_are_those_of_the_formula(case: str, backend: str) -> None:
    node, count = COUNTED[case]
    assert cg.compile(node, backend=backend).bind().plan.flops == count


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_a_step_of_a_language_model_does_what_its_formulas_do(backend: str) -> None:
    """m=5, context 3, d=4, hidden 8, V=10: each product of the way up has two of its size on the way down."""
    words = nn.Vocabulary(("<unk>", *"abcdefghi"))
    model = nn.language.LanguageModel.random(words, width=4, hidden=8, seed=0)
    X, Y = cg.variable("X", ("m", 3)), cg.variable("Y", ("m",))
    loss = nn.softmax_cross_entropy_loss(model(X), Y)
    updates = train.SGD(0.1).updates(model.parameters, cg.grad(loss, model.parameters)).new
    plan = cg.compile(loss, updates=updates, backend=backend).bind(m=5).plan
    products = 3 * 2 * 5 * 12 * 8 + 3 * 2 * 5 * 8 * 10
    assert products < plan.flops < 1.2 * products
    assert plan.flops - cg.compile(loss, updates=updates, backend=backend).bind(m=1).plan.flops > 0.79 * products


def test_taking_1_from_one_element_of_a_row_is_one_operation_a_row() -> None:
    z, Y = cg.variable("z", (4, 3)), cg.variable("Y", (4,))
    plan = cg.compile(cg.grad(nn.softmax_cross_entropy_loss(z, Y), z), backend="numpy").plan
    (number,) = [i for i, value in enumerate(plan.values) if value.name == "less_one_hot"]
    assert flops(plan.values, number) == 4


def test_one_of_a_kind_is_no_plural() -> None:
    x, v = cg.variable("x"), cg.variable("v", (2,))
    assert str(cg.compile(x + 1).plan) == "1 step, 1 buffer in 128 bytes, 1 floating-point operation"
    assert str(cg.compile(cg.sum(v) + 1).plan).startswith("2 steps, ")
    assert str(cg.compile(x + 1, backend="scalar-numpy").plan).startswith("3 scalars, 1 group by level and op in")


def test_steps_in_c_stand_under_their_formulas_and_leaves_beside_their_names() -> None:
    model = nn.MLP([64, 32, 10], "tanh", seed=0)
    program = cg.compile(model(cg.variable("X", (32, 64))).named("z"), backend="native")
    lines = [line.strip() for line in program.source.splitlines()]
    first = lines.index("/* v1 = matmul(X, W[1]) */")
    assert lines[first + 1].startswith("gemm(") and lines[first + 2 : first + 4] == [
        "/* z[1] = add(v1, b[1]) */",
        "/* a[1] = tanh(z[1]) */",
    ]
    assert [line.split("/* ")[1] for line in lines if "= (T *)p[" in line and "/*" in line] == [
        f"{name} */" for name in ("X", "W[1]", "b[1]", "W[2]", "b[2]")
    ]


USED: dict[str, Any] = {"normal_cdf": cg.gelu, "scaled": cg.gelu, "softplus": cg.softplus, "elu": cg.elu}


@pytest.mark.parametrize("name", USED)
def test_only_functions_in_use_are_in_the_c(name: str) -> None:
    x = cg.variable("x", (3,))
    assert f"static inline T {name}(" in cg.compile(USED[name](x), backend="native").source
    plain = cg.compile(x + 1, backend="native").source
    assert "static inline" not in plain and "exp" not in plain


def test_flat_scalars_are_shown_by_name_and_numbers_as_numbers() -> None:
    a, b, w = cg.variable("a"), cg.variable("b"), cg.parameter("w", 1.0)
    L = (cg.tanh(a) * cg.tanh(b) * 0.5).named("L")
    program = cg.compile(L, updates={w: w + L}, backend="scalar-numpy")
    assert program.source.splitlines() == [
        "v[4:6] = tanh([a, b])",
        "v[6] = mul(v[4], v[5])",
        "L = mul(v[6], 0.5)",
        "v[8] = add(w, L)",
        "w = v[8]  # in place",
        "return L",
    ]
