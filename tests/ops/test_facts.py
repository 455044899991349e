"""The facts of rows: each is what the row's own function does, for every row of the table that states it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy

from cgraph.errors import ValueRefusedError
from cgraph.graph.node import build
from cgraph.notation.written import STYLES
from cgraph.ops import TABLE
from cgraph.ops.facts import FACTS
from cgraph.ops.op import Op
from cgraph.rewriting.simplify import simplify
from cgraph.worlds.sympy import formula


def stating(holds: Callable[[Op], Any]) -> Any:
    """The rows of which something is stated, at least one."""
    found = [pytest.param(row, id=name) for name, row in TABLE.items() if holds(row)]
    assert found
    return pytest.mark.parametrize("row", found)


def samples(row: Op, seed: int = 0) -> list[tuple[list[Any], dict[str, Any]]]:
    """Operands and attributes in normal form: of an elementwise row three vectors, of others those of its proof."""
    random = np.random.default_rng(seed)
    if row.elementwise:
        return [([random.uniform(0.2, 0.9, 5) for _ in range(row.arity or 3)], dict(row.defaults))]
    found = []
    for given, attrs in row.examples:
        operands = [np.array(x, float) if isinstance(x, list) else random.uniform(-2, 2, x) for x in given]
        found.append((operands, dict(row.infer([x.shape for x in operands], {**row.defaults, **attrs})[0])))
    return found


@stating(lambda row: row.commutes or row.symmetric)
def test_the_order_of_its_operands_changes_no_value(row: Op) -> None:
    expression, (x, y) = formula(row, 2, row.defaults)
    assert sympy.simplify(expression - expression.subs({x: y, y: x}, simultaneous=True)) == 0
    (operands, attrs) = samples(row)[0]
    np.testing.assert_array_equal(row.numpy(*operands[:2], **attrs), row.numpy(*operands[1::-1], **attrs))


@stating(lambda row: row.elementwise and row.arity in (2, None))
def test_what_is_the_same_in_either_order_says_so_or_has_slopes_that_are_not(row: Op) -> None:
    expression, (x, y) = formula(row, 2, row.defaults)
    swapped = expression.subs({x: y, y: x}, simultaneous=True)
    if sympy.simplify(expression - swapped) == 0 and row.name not in ("hypot", "equal", "not_equal", "scale"):
        assert row.commutes or row.symmetric


@stating(lambda row: row.linear)
def test_a_factor_moves_through_the_operands_in_which_it_is_linear(row: Op) -> None:
    for given, attrs in samples(row):
        operands = given[:2] if row.arity is None else given
        plain = row.numpy(*operands, **attrs)
        for place in row.linear:
            scaled = [3.0 * x if i == place else x for i, x in enumerate(operands)]
            np.testing.assert_allclose(row.numpy(*scaled, **attrs), 3.0 * plain, rtol=1e-12, atol=1e-14)


@stating(lambda row: row.additive)
def test_a_sum_is_linear_in_all_of_its_operands_together(row: Op) -> None:
    for operands, attrs in samples(row):
        scaled = row.numpy(*(3.0 * x for x in operands), **attrs)
        np.testing.assert_allclose(scaled, 3.0 * row.numpy(*operands, **attrs), rtol=1e-12)


@stating(lambda row: row.bounds)
def test_what_squashes_rises_from_its_one_bound_to_the_other(row: Op) -> None:
    assert row.bounds is not None
    low, high = row.bounds
    values = row.numpy(np.linspace(-50, 50, 1001), **row.defaults)
    assert (np.diff(values) >= 0).all() and low <= values.min() and values.max() <= high
    np.testing.assert_allclose(row.numpy(np.array([-1e9, 1e9]), **row.defaults), [low, high], atol=1e-8)


def test_every_function_that_rises_between_two_bounds_says_which() -> None:
    rising = set()
    for name, row in TABLE.items():
        if row.elementwise and row.arity == 1 and row.rule(0) is not None:
            with np.errstate(all="ignore"):
                values = row.numpy(np.linspace(-1e4, 1e4, 20_001), **row.defaults)
            if (
                np.isfinite(values).all()
                and (np.diff(values) >= 0).all()
                and np.ptp(values) < 10
                and values[0] != values[-1]
            ):
                rising.add(name)
    assert rising == {name for name, row in TABLE.items() if row.bounds}


@stating(lambda row: row.pole)
def test_a_pole_is_where_the_row_says(row: Op) -> None:
    with np.errstate(all="ignore"):
        if row.pole == "summand":
            assert np.isinf(row.numpy(*[np.float64(np.inf), np.float64(1)][: row.arity or 2]))
        elif row.pole == "divisor":
            assert any(np.isinf(row.numpy(np.float64(x), np.float64(y))) for x, y in ((1, 0), (0, -1)))
            assert np.isfinite(row.numpy(np.float64(0), np.float64(2)))
        else:
            points = [[0.0, 1.0], [1.0, 0.0], [np.inf, 1.0], [0.0, 0.5]]
            assert any(np.isinf(row.numpy(*map(np.float64, p[: row.arity or 2]))) for p in points)


@stating(lambda row: row.exact)
def test_what_says_more_than_its_value_stays_as_it_is(row: Op) -> None:
    assert simplify(build(row, 2.0)).op is row
    assert simplify(build(row, 0.3)).op is None


@stating(lambda row: row.zero_wins)
def test_a_zero_wins_over_an_infinity(row: Op) -> None:
    with np.errstate(all="ignore"):
        assert row.numpy(np.float64(0), np.float64(np.inf)) == row.numpy(np.float64(np.inf), np.float64(0)) == 0


@stating(lambda row: row.view)
def test_a_view_has_the_elements_of_its_operand(row: Op) -> None:
    for operands, attrs in samples(row):
        x, found = operands[0], row.numpy(*operands, **attrs)
        if row.view == "same":
            np.testing.assert_array_equal(found.ravel(), x.ravel())
        assert set(found.ravel().tolist()) <= set(x.ravel().tolist())
        assert row.view in ("same", "moved", "copied", "repeated") and row.linear == (0,)
        assert found.size <= x.size or row.view in ("copied", "repeated") or "key" in attrs


@stating(lambda row: row.like is not None)
def test_of_an_operand_that_others_are_like_only_the_shape_counts(row: Op) -> None:
    for operands, attrs in samples(row):
        others = [x + 7.0 if i == row.like else x for i, x in enumerate(operands)]
        np.testing.assert_array_equal(row.numpy(*operands, **attrs), row.numpy(*others, **attrs))


@stating(lambda row: row.scattered)
def test_what_scatters_has_its_operands_elements_and_one_number_elsewhere(row: Op) -> None:
    for operands, attrs in samples(row):
        here, there = (row.numpy(x, **attrs) for x in (operands[0], operands[0] + 7.0))
        moved = np.isclose(there - here, 7.0)
        assert len(set(here[~moved].tolist())) <= 1
        assert set(here[moved].tolist()) <= set(operands[0].ravel().tolist())


@stating(lambda row: row.ids)
def test_ids_choose_among_as_many_rows_as_the_row_says(row: Op) -> None:
    assert row.ids is not None
    for operands, given in samples(row):
        attrs = {**given, "ignore": None} if "ignore" in given else given
        rows = row.ids.rows([x.shape for x in operands], attrs)
        for id_, good in ((rows - 1, True), (rows, False), (-1, False), (0.5, False)):
            chosen = [np.full_like(x, id_) if i == row.ids.place else x for i, x in enumerate(operands)]
            if good:
                row.numpy(*chosen, **attrs)
            else:
                with pytest.raises(ValueRefusedError):
                    row.numpy(*chosen, **attrs)
        assert row.rule(row.ids.place) is None


@pytest.mark.parametrize("name", ["det", "adjugate", "inv", "solve"])
def test_what_refuses_matrices_says_so(name: str) -> None:
    row = TABLE[name]
    singular = [np.zeros((2, 2)), np.ones(2)][: row.arity]
    if row.refuses:
        with pytest.raises(ValueRefusedError, match="singular"):
            row.numpy(*singular)
    else:
        assert np.isfinite(row.numpy(*singular)).all()


@stating(lambda row: row.reduction)
def test_a_reduction_joins_elements_by_its_universal_function(row: Op) -> None:
    assert row.reduction is not None
    for (x,), attrs in samples(row):
        want = getattr(np, row.reduction.ufunc).reduce(x, axis=attrs["axis"], keepdims=attrs["keepdims"])
        np.testing.assert_allclose(row.numpy(x, **attrs), want, rtol=1e-14)


@stating(lambda row: row.elementwise and row.universal(row.defaults))
def test_a_universal_function_computes_what_the_row_computes(row: Op) -> None:
    ufunc = row.universal(row.defaults)
    assert ufunc is not None
    values = np.array([-np.inf, -2.5, -0.0, 0.0, 0.5, 3.0, np.inf, np.nan])
    grid = [x.ravel() for x in np.meshgrid(*[values] * (row.arity or 2))]
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(ufunc(*grid).astype(float), row.numpy(*grid, **row.defaults))


def test_a_share_of_ties_is_no_universal_function() -> None:
    names = {ties: TABLE["above"].universal({"ties": ties}) for ties in (1, 0, 0.5)}
    assert names == {1: np.greater_equal, 0: np.greater, 0.5: None}
    assert TABLE["sign"].universal({"at_zero": 1}) is None


@stating(lambda row: True)
def test_every_row_is_written_in_a_style_that_there_is_and_elementwise_ones_in_c(row: Op) -> None:
    assert row.written == "" or row.written in STYLES
    assert bool(row.c) == row.elementwise


def test_a_default_is_what_most_rows_have_and_every_fact_is_stated_by_some_row() -> None:
    for fact in FACTS - {"adds_rows"}:
        default = getattr(Op, fact, None)
        stated = [row for row in TABLE.values() if getattr(row, fact) != default]
        assert len(stated) > 0
    assert [row.name for row in TABLE.values() if row.adds_rows] == ["scatter_add"]


def test_every_fact_is_explained() -> None:
    from cgraph.ops.facts import Facts

    words = inspect.getdoc(Facts) or ""
    assert [fact for fact in FACTS if f"\n{fact:<12}" not in words] == []


# Masks and kinks -----------------------------------------------------------------------------------------------------
@stating(lambda row: row.kink and row.name != "scale")
def test_what_has_a_kink_says_where_it_is(row: Op) -> None:
    assert row.kinked is not None


AT_KINK: dict[str, tuple[Any, ...]] = {
    "hard_sigmoid": (3.0,), "clip": (1.0, -1.0, 1.0), "logsumexp": ([-np.inf, -np.inf],),
    "softmax": ([-np.inf, -np.inf],), "maximum": (2.0, 2.0), "minimum": (2.0, 2.0), "max": ([1.0, 3.0, 3.0],),
    "min": ([3.0, 1.0, 1.0],), "max_share": ([1.0, 3.0, 3.0],), "above": (2.0, 2.0), "norm": ([0.0, 0.0],),
    "std": ([2.0, 2.0],), "mod": (2.0, 1.0), "sort_by": ([1.0, 2.0], [3.0, 3.0]), "unsort_by": ([1.0, 2.0], [3.0, 3.0]),
}  # fmt: skip
OFF_KINK: dict[str, tuple[Any, ...]] = {"clip": (0.5, -1.0, 1.0)}


@stating(lambda row: row.kinked)
def test_a_row_is_kinked_at_its_kink_and_nowhere_else(row: Op) -> None:
    assert row.kinked is not None
    count = row.arity or 2
    at = [np.array(x) for x in AT_KINK.get(row.name, (0.0,) * count)]
    off = [np.array(x) for x in OFF_KINK.get(row.name, ())] or [
        np.full(x.shape, 0.3 + 0.2 * i) for i, x in enumerate(at)
    ]
    off = [x if x.ndim == 0 else np.linspace(0.3, 1.0, x.size) for x in off]
    attrs, shape = row.infer([x.shape for x in at], row.defaults)
    assert np.any(row.kinked(*at, **attrs))
    assert not np.any(row.kinked(*off, **attrs))
    assert np.broadcast_shapes(np.shape(row.kinked(*at, **attrs)), shape) == shape


@stating(lambda row: row.elementwise and row.rule(0) is not None)
def test_off_the_kink_the_slopes_from_both_sides_agree(row: Op) -> None:
    """A kink that a row does not state would show: its slopes on both sides of a grid of points are compared."""
    for x in np.linspace(-4, 4, 33):
        operands = [np.float64(x), np.float64(0.75), np.float64(1.5)][: row.arity or 2]
        if row.kinked is not None and row.kinked(*operands, **row.defaults):
            continue
        with np.errstate(all="ignore"):
            left, here, right = (row.numpy(operands[0] + h, *operands[1:], **row.defaults) for h in (-1e-7, 0.0, 1e-7))
        if np.isfinite([left, here, right]).all():
            assert abs((right - here) - (here - left)) / 1e-7 < 1e-3 * max(1, abs(here)), x


@stating(lambda row: row.mask)
def test_a_mask_is_flat_between_its_steps(row: Op) -> None:
    assert not any(map(row.rule, range(row.arity or 2)))
    for given, attrs in samples(row):
        flexible = [x for x in given if x.dtype == float and np.any(x != np.round(x))]
        moved = [x + 1e-9 if any(x is y for y in flexible) else x for x in given]
        np.testing.assert_array_equal(row.numpy(*moved, **attrs), row.numpy(*given, **attrs))


@stating(lambda row: row.through or (row.linear and not row.elementwise))
def test_structural_zeros_go_through_as_zeros_that_stay_whatever_the_others_are(row: Op) -> None:
    random = np.random.default_rng(1)
    for given, attrs in samples(row):
        flows = [row.rule(i) is not None for i in range(len(given))]
        zeros = [random.random(x.shape) < 0.6 for x in given]
        alive = [np.where(zero, 0.0, 1.0) if flow else x for flow, zero, x in zip(flows, zeros, given, strict=True)]
        found = row.numpy(*alive, **attrs) == 0
        stays = np.ones(np.shape(found), bool)
        for _ in range(5):
            numbers = [np.where(zero, 0.0, random.normal(size=x.shape)) if flow else x
                       for flow, zero, x in zip(flows, zeros, given, strict=True)]  # fmt: skip
            stays &= row.numpy(*numbers, **attrs) == 0
        np.testing.assert_array_equal(found, stays)


def test_a_fact_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueRefusedError, match=r"'comutes' is no fact of an op.*did you mean 'commutes'"):
        TABLE["add"].replaced(comutes=True)
    with pytest.raises(AttributeError, match="an op is never changed"):
        TABLE["add"].name = "plus"
    assert TABLE["add"].replaced(commutes=False).commutes is False
    assert TABLE["add"].commutes
