"""Linear separability: every small boolean function, random points against linear programming, and the proofs."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

import cgraph as cg
from cgraph import nn
from cgraph.errors import CgraphError


def assert_proof_holds(result: nn.textbook.Separability, points: Any, labels: Any) -> None:
    """The witness or the certificate, checked here from its numbers alone."""
    exact = [tuple(map(Fraction, map(float, p))) for p in points]
    if result.separable:
        assert result.certificate is None
        for point, label in zip(exact, labels, strict=True):
            z = sum(w * v for w, v in zip(result.w, point, strict=True)) + result.b
            assert z > 0 if label else z < 0
        return
    assert result.w is None and result.unit is None
    sides = ((result.certificate.ones, 1), (result.certificate.zeros, 0))
    known = {(p, int(label)) for p, label in zip(exact, labels, strict=True)}
    sums = []
    for shares, label in sides:
        assert all(w > 0 and (p, label) in known for p, w in shares) and sum(w for _, w in shares) == 1
        sums.append([sum(w * p[k] for p, w in shares) for k in range(len(exact[0]))])
    assert sums[0] == sums[1] == list(result.certificate.point) and result.certificate.holds()


@pytest.mark.parametrize(("inputs", "separable"), [(1, 4), (2, 14), (3, 104)])
def test_how_many_boolean_functions_are_linearly_separable(inputs: int, separable: int) -> None:
    points = list(product((0, 1), repeat=inputs))
    found = 0
    for outputs in product((0, 1), repeat=2**inputs):
        result = nn.textbook.is_linearly_separable(outputs)
        assert_proof_holds(result, points, outputs)
        found += bool(result)
    assert found == separable


def test_of_two_inputs_only_exclusive_or_and_its_negation_are_not() -> None:
    wrong = [outputs for outputs in product((0, 1), repeat=4) if not nn.textbook.is_linearly_separable(outputs)]
    assert wrong == [(0, 1, 1, 0), (1, 0, 0, 1)]


def test_the_witness_is_a_perceptron_that_computes_the_function() -> None:
    for outputs in product((0, 1), repeat=4):
        result = nn.textbook.is_linearly_separable(outputs)
        if result:
            assert cg.forward(result.unit([[0, 0], [0, 1], [1, 0], [1, 1]]))["a"].tolist() == list(outputs)


@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(2, 12), st.booleans())
def test_points_are_decided_as_linear_programming_decides(seed: int, size: int, count: int, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    points = rng.integers(-3, 4, (count, size)).astype(float) if whole else rng.normal(size=(count, size))
    labels = rng.integers(0, 2, count)
    signs = np.where(labels, -1.0, 1.0)
    rows = signs[:, None] * np.hstack([points, np.ones((count, 1))])
    peer = linprog(np.zeros(size + 1), A_ub=rows, b_ub=-np.ones(count), bounds=(None, None))

    result = nn.textbook.is_linearly_separable(points, labels)

    assert result.separable == (peer.status == 0)
    assert_proof_holds(result, points, labels)


def test_a_margin_that_floats_would_lose_is_still_seen() -> None:
    points = [[0.0], [1.0], [np.nextafter(1.0, 2.0)]]
    assert_proof_holds(nn.textbook.is_linearly_separable(points, [0, 0, 1]), points, [0, 0, 1])
    assert nn.textbook.is_linearly_separable(points, [0, 0, 1]) and not nn.textbook.is_linearly_separable(
        points, [0, 1, 0]
    )


def test_one_point_with_both_labels_is_its_own_certificate() -> None:
    result = nn.textbook.is_linearly_separable([[1, 2], [1, 2], [0, 0]], [1, 0, 0])
    assert str(result) == "not linearly separable: 1·(1, 2) = 1·(1, 2) = (1, 2)"


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_is_separable_by_the_bias(label: int) -> None:
    result = nn.textbook.is_linearly_separable([[5.0, 1.0], [2.0, 2.0]], [label, label])
    assert_proof_holds(result, [[5.0, 1.0], [2.0, 2.0]], [label, label])


def test_a_wrong_certificate_does_not_hold() -> None:
    certificate = nn.textbook.is_linearly_separable([0, 1, 1, 0]).certificate
    half, third = Fraction(1, 2), Fraction(1, 3)
    (first, _), (second, _) = certificate.ones
    for ones in (((first, third), (second, 1 - third)), ((first, half),), ((first, 2 * half), (second, 0 * half))):
        assert not type(certificate)(ones, certificate.zeros).holds()


@pytest.mark.slow
def test_a_thousand_points_are_decided() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(1000, 5))
    labels = (points @ [1, 2, -1, 0.5, 3] > 0.2).astype(int)
    assert_proof_holds(nn.textbook.is_linearly_separable(points, labels), points, labels)
    labels[0] = 1 - labels[0]
    assert_proof_holds(nn.textbook.is_linearly_separable(points, labels), points, labels)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 1, 1],), r"a truth table of the shape \[3\].*2ⁿ rows"),
        (([1],), r"a truth table of the shape \[1\]"),
        (([],), r"a truth table of the shape \[0\]"),
        (([[0, 1], [1, 0]],), r"a truth table of the shape \[2×2\]"),
        (([0, 1, 1, 2],), "labels other than 0 and 1"),
        (([[0, 1], [1, 0]], [1]), r"labels y \[1\]"),
        (([[0, np.inf]], [1]), "not finite"),
    ],
)
def test_what_is_no_table_and_no_set_of_points_is_refused(arguments: Any, message: str) -> None:
    with pytest.raises(CgraphError, match=message) as caught:
        nn.textbook.is_linearly_separable(*arguments)
    assert caught.value.why and caught.value.fix
