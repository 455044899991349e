"""An op of one's own: one row, and everything that the table's ops can do, with nothing registered."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import sympy

import cgraph as cg
import viz
from cgraph import notation
from cgraph.compile.c.compiler import compiler
from cgraph.errors import ValueRefusedError
from cgraph.ops import TABLE
from cgraph.ops.op import elementwise, structural
from viz.graphs.formats.javascript import program


def bump() -> Any:
    """exp(-x²): its derivatives are known, and the table has no such op."""
    return elementwise("bump", "exp(-x**2)", lambda xp, x: xp.exp(-x * x), lambda w, z, x: -2 * x * z)


BUMP = cg.op(bump())
POINTS = np.array([[-2.0, -0.5], [0.0, 0.25], [1.0, 3.0]])


def test_values_and_gradients_of_any_order_are_those_of_the_formula() -> None:
    x, symbol = cg.variable("x"), sympy.Symbol("x", real=True)
    ours, theirs = BUMP(x) * x, sympy.exp(-(symbol**2)) * symbol
    for _ in range(3):
        for point in POINTS.flat:
            expected = float(theirs.subs(symbol, sympy.Float(point, 30)))
            assert float(cg.forward(ours, x=point)[ours]) == pytest.approx(expected, rel=1e-12, abs=1e-15)
        ours, theirs = cg.grad(ours, [x])[0], sympy.diff(theirs, symbol)


def test_it_broadcasts_and_its_gradient_agrees_with_central_differences() -> None:
    X, b = cg.variable("X", ("m", 2)), cg.parameter("b", [0.5, -0.25])
    loss = cg.sum(BUMP(X + b) * X)
    bwd = cg.backward(cg.forward(loss, X=POINTS))
    inside = POINTS + np.array([0.5, -0.25])
    expected = (-2 * inside * np.exp(-(inside**2)) * POINTS).sum(axis=0)
    np.testing.assert_allclose(bwd.gradient["b"], expected, rtol=1e-12)
    assert not cg.check_gradient(bwd).failures


def test_the_rule_and_a_graph_with_it_are_proved() -> None:
    assert cg.prove(BUMP).proved
    report = cg.prove((BUMP(cg.variable("x") * cg.variable("y")) + cg.tanh(BUMP(cg.variable("z")))).named("L"))
    assert report.proved, report
    assert len(report.checks) == 3


def test_a_wrong_rule_is_refused_in_the_op_and_in_a_graph() -> None:
    wrong = cg.op(elementwise("bump", "exp(-x**2)", lambda xp, x: xp.exp(-x * x), lambda w, z, x: -x * z))
    for report in (cg.prove(wrong), cg.prove(wrong(cg.variable("x")))):
        assert report.failures
        assert not report.proved


def test_sympy_reads_its_formula() -> None:
    assert cg.to_sympy(BUMP(cg.variable("x"))) == sympy.exp(-(sympy.Symbol("x", real=True) ** 2))


def test_one_row_is_a_function_a_proof_a_picture_a_page_and_programs_in_numpy_and_in_c() -> None:
    swell = cg.op(elementwise("swell", "x*exp(-rate*x**2)", lambda xp, x, rate: x * xp.exp(-rate * x * x),
                              lambda w, z, x, rate: (1 - 2 * rate * x**2) * w.gaussian(x, rate=rate), rate=0.5,
                              c="{0} * EXP(-{rate} * {0} * {0})"))  # fmt: skip
    x, w = cg.variable("x"), cg.parameter("w", 2.0)
    value, slope = 0.5 * np.exp(-0.125), 0.75 * np.exp(-0.125)  # at w·x = 1/2
    y = swell(w * x).named("y")

    bwd = cg.backward(cg.forward(y, x=0.25))
    assert bwd.forward["y"] == pytest.approx(value) and bwd.edge("y", y.operands[0]).local == pytest.approx(slope)
    assert cg.prove(swell).proved and cg.prove(y).proved
    assert "y = swell(v1); y = 0.441" in viz.draw(bwd).description
    page = program([y], [x, w])
    assert "=> x0*Math.exp(" in page
    assert "swell" in viz.draw(bwd).html()
    for backend in ("numpy", "native", "scalar", "scalar-numpy"):
        if backend in ("native", "scalar") and compiler() is None:
            continue
        compiled = cg.compile([y, *cg.grad(y, [w])], backend=backend)
        np.testing.assert_allclose(compiled(x=0.25), [value, slope * 0.25], rtol=1e-14)
        assert compiled.backend == backend
    X = cg.variable("X", ("m", 2))
    step = cg.compile(cg.sum(swell(X, rate=2.0)), backend="native" if compiler() else "numpy")
    assert step(X=POINTS)[0] == pytest.approx((POINTS * np.exp(-2 * POINTS**2)).sum(), rel=1e-14)
    if compiler():
        assert "* EXP(-(T)2.0 *" in step.source


def test_a_row_in_the_table_has_a_name_in_formulas_and_in_nets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLE, "bump", BUMP.row)
    y = cg.parse("y = bump(x)*2").output
    assert float(cg.forward(y, x=1.0)[y]) == pytest.approx(2 * np.exp(-1))
    assert y.operands[0].op is BUMP.row


def test_a_row_for_several_operands_says_what_is_known_of_it() -> None:
    blend = elementwise("blend", "x*y + x", lambda xp, x, y: x * y + x, lambda w, z, x, y: y + 1,
                        lambda w, z, x, y: x, written="times", bounds=(0, 1), js="({0}*{1} + {0})")  # fmt: skip
    x, y = cg.variables("x y")
    z = cg.op(blend)(x, y)
    assert notation.text(notation.formula(z, {x: notation.name("x"), y: notation.name("y")})) == "xy"  # as it says
    assert "const v2 = (v0*v1 + v0);" in program([z], [x, y])
    assert blend.bounds == (0, 1) and blend.defaults == {}


@pytest.mark.parametrize("array", [lambda x: x**3, np.exp2])
def test_an_array_function_without_a_namespace_is_refused_with_the_way_to_write_it(array: Any) -> None:
    with pytest.raises(ValueRefusedError, match=r"of cube takes too few arguments.*Fix: write lambda xp, x"):
        elementwise("cube", "x**3", array, lambda w, z, x: 3 * x**2)


def test_a_function_that_numpy_does_not_have_is_refused() -> None:
    with pytest.raises(ValueRefusedError, match=r"cube is the function 'cubed' of numpy.*there is none.*lambda xp, x"):
        elementwise("cube", "x**3", "cubed", lambda w, z, x: 3 * x**2)


@pytest.mark.parametrize("fact", ["written", "js", "c", "bounds"])
def test_a_fact_is_no_attribute(fact: str) -> None:
    row = elementwise("cube", "x**3", lambda xp, x: x**3, lambda w, z, x: 3 * x**2, **{fact: ()})
    assert row.defaults == {} and getattr(row, fact) == ()


@pytest.mark.parametrize("backend", ["numpy", "auto"])
def test_a_compiled_program_computes_the_same(backend: str) -> None:
    x = cg.variable("x")
    y = BUMP(x) + BUMP(2 * x)
    values = cg.compile([y, *cg.grad(y, [x])], backend=backend)(x=0.5)
    np.testing.assert_allclose(values, [np.exp(-0.25) + np.exp(-1), -np.exp(-0.25) - 4 * np.exp(-1)], rtol=1e-14)


def test_two_ops_of_the_same_name_are_two_ops() -> None:
    x = cg.variable("x")
    other = cg.op(elementwise("bump", "x**4", lambda xp, x: x**4, lambda w, z, x: 4 * x**3))
    both = [BUMP(x), other(x)]
    np.testing.assert_allclose(cg.compile(both, backend="numpy")(x=2.0), [np.exp(-4), 16], rtol=1e-14)
    page = viz.draw(cg.backward(cg.forward(both[0] + both[1], x=2))).html()
    functions = [line for line in page.replace("const op", "\nconst op").splitlines() if line.startswith("const op")]
    assert any("exp" in f for f in functions), functions
    assert any("pow(x0, 4)" in f for f in functions), functions


def test_neurons_are_unrolled() -> None:
    total = cg.sum(BUMP(cg.variable("x", 2)))
    neurons = cg.unroll(total)
    assert sum(n.op is BUMP.row for n in neurons.nodes) == 2
    values = cg.unroll(cg.forward(total, x=[0.5, 1.0])).values
    assert float(values[-1]) == pytest.approx(np.exp(-0.25) + np.exp(-1))


def test_it_is_drawn_and_derived_under_its_name() -> None:
    y = BUMP(cg.variable("x")).named("y")
    picture = viz.draw(cg.backward(cg.forward(y, x=1)))
    assert "bump" in picture.dot
    assert "bump(x)" in picture.description
    assert "y = bump(x)" in cg.derive(y, wrt="x").text
    assert r"\mathrm{bump}" in cg.to_latex(y)


def test_its_attributes_stand_in_its_formula_and_in_its_rule() -> None:
    power = cg.op(elementwise("warp", "x**n", lambda xp, x, n: x**n, lambda w, z, x, n: n * x ** (n - 1), n=2.0))
    x = cg.variable("x")
    assert cg.prove(power(x, n=3.0)).proved
    assert float(cg.backward(cg.forward(power(x, n=3.0), x=2)).gradient["x"]) == 12
    assert float(cg.backward(cg.forward(power(x), x=2)).gradient["x"]) == 4


def test_a_structural_row_is_an_op_as_well() -> None:
    row = structural(
        "turned",
        "x reversed along axis 0",
        lambda xp, x: x[::-1],
        ("reversed", lambda w, g, z, x: w.flip(g, axis=0)),
        infer=lambda shape, attrs: (attrs, shape[0]),
        examples=[(((3,),), {})],
    )
    turned, x = cg.op(row), cg.variable("x", 3)
    assert cg.prove(turned).proved
    assert cg.prove(cg.sum(turned(x) * np.array([1.0, 2.0, 3.0]))).proved
    loss = cg.sum(turned(x) * np.array([1.0, 2.0, 3.0]))
    assert cg.backward(cg.forward(loss, x=[0, 0, 0])).gradient["x"].tolist() == [3, 2, 1]


def test_nothing_is_registered() -> None:
    before = dict(TABLE)
    cg.op(elementwise("nowhere_else", "x", lambda xp, x: x, lambda w, z, x: 1))
    assert before == TABLE
    assert "nowhere_else" not in cg.table()


def test_a_name_of_the_table_is_refused() -> None:
    for name in ("tanh", "mse"):
        with pytest.raises(ValueRefusedError, match=r"cgraph has one of this name.*a name of its own"):
            cg.op(elementwise(name, "x", lambda xp, x: x, lambda w, z, x: 1))


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(ValueRefusedError, match="called like a function"):
        cg.op(elementwise("my op", "x", lambda xp, x: x, lambda w, z, x: 1))


def test_what_is_no_row_is_refused() -> None:
    with pytest.raises(ValueRefusedError, match=r"an op is made of a function.*elementwise"):
        cg.op(lambda x: x)  # type: ignore[arg-type]


def test_a_pickle_of_it_is_refused_and_names_it() -> None:
    with pytest.raises(ValueRefusedError, match=r"bump cannot be pickled.*op of your own.*build the graph anew"):
        pickle.dumps(BUMP(cg.variable("x")))
