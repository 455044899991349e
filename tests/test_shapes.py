"""Shapes: NumPy's rules for sizes, and named dimensions that never let through what could fail later."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgraph import shapes
from cgraph.errors import ShapeError

SIZES = st.lists(st.integers(1, 3), max_size=4).map(tuple)


@pytest.mark.parametrize(
    "given, expected",
    [
        ((), ()),
        (3, (3,)),
        ("m", ("m",)),
        (("m", 3), ("m", 3)),
        (["m", 3], ("m", 3)),
        ((np.int64(2), 0), (2, 0)),
        (("größe",), ("größe",)),
    ],
)
def test_a_shape_is_made_of_sizes_and_names(given: Any, expected: shapes.Shape) -> None:
    assert shapes.as_shape(given) == expected


BAD = [-1, 2.5, None, True, "", "2m", ("m", "a b"), ((2,),), 1j, np.array([2, 3]), np.array([[1]])]


@pytest.mark.parametrize("bad", BAD, ids=repr)
def test_what_is_no_dimension_is_refused(bad: Any) -> None:
    with pytest.raises(ShapeError, match="no dimension"):
        shapes.as_shape(bad)


@given(st.lists(SIZES, min_size=1, max_size=4))
def test_broadcasting_is_numpys(operands: list[tuple[int, ...]]) -> None:
    try:
        expected = np.broadcast_shapes(*operands)
    except ValueError:
        with pytest.raises(ShapeError, match="do not broadcast"):
            shapes.broadcast(operands)
    else:
        assert shapes.broadcast(operands) == expected


@given(SIZES, SIZES)
def test_the_shape_of_a_matrix_product_is_numpys(x: tuple[int, ...], y: tuple[int, ...]) -> None:
    try:
        expected = np.matmul(np.zeros(x), np.zeros(y)).shape
    except ValueError:
        with pytest.raises(ShapeError):
            shapes.matmul(x, y)
    else:
        assert shapes.matmul(x, y) == expected


@given(SIZES, st.lists(st.sampled_from([-1, 1, 2, 3, 4, 6]), max_size=3).map(tuple))
def test_the_shape_of_a_reshape_is_numpys(shape: tuple[int, ...], target: tuple[int, ...]) -> None:
    try:
        expected = np.zeros(shape).reshape(target).shape
    except ValueError:
        with pytest.raises(ShapeError):
            shapes.reshape(shape, target)
    else:
        assert shapes.reshape(shape, target) == expected


@given(SIZES, st.booleans(), st.data())
def test_the_shape_of_a_reduction_is_numpys(shape: tuple[int, ...], keepdims: bool, data: st.DataObject) -> None:
    rank = len(shape)
    axis = data.draw(st.none() | st.sets(st.integers(-rank, rank - 1)).map(tuple) if rank else st.none())
    try:
        expected = np.zeros(shape).sum(axis=axis, keepdims=keepdims).shape
    except ValueError:  # one axis named from both ends
        with pytest.raises(ShapeError, match="twice"):
            shapes.normal_axes(axis, rank)
    else:
        assert shapes.reduced(shape, shapes.normal_axes(axis, rank), keepdims) == expected


@pytest.mark.parametrize(
    "operands, expected",
    [
        ([("m", 3), (3,)], ("m", 3)),
        ([("m", 1), (1, "n")], ("m", "n")),
        ([("m",), ("m",)], ("m",)),
        ([("m",), ()], ("m",)),
        ([("m", 3), ("m", 1), (1,)], ("m", 3)),
    ],
)
def test_names_broadcast_with_themselves_and_with_one(operands: list[shapes.Shape], expected: shapes.Shape) -> None:
    assert shapes.broadcast(operands) == expected


@pytest.mark.parametrize("operands", [[("m",), ("n",)], [("m",), (3,)], [("m", 3), (3, 3)], [("m", 2), ("m", 3)]])
def test_a_name_never_fits_another_name_or_a_size(operands: list[shapes.Shape]) -> None:
    with pytest.raises(ShapeError) as caught:
        shapes.broadcast(operands)
    assert all(shapes.show(s) in str(caught.value) for s in operands)


@pytest.mark.parametrize(
    "x, y, expected",
    [
        (("m", 3), (3, 4), ("m", 4)),
        (("m", "d"), ("d", "h"), ("m", "h")),
        (("k", 2, 3), (3,), ("k", 2)),
        (("d",), ("d",), ()),
    ],
)
def test_matrix_products_keep_names(x: shapes.Shape, y: shapes.Shape, expected: shapes.Shape) -> None:
    assert shapes.matmul(x, y) == expected


@pytest.mark.parametrize("x, y", [(("m", "d"), ("e", 2)), (("m", 3), ("m", 3)), (("m", "d"), (3, 2)), ((), (2,))])
def test_matrix_products_of_what_does_not_fit_are_refused(x: shapes.Shape, y: shapes.Shape) -> None:
    with pytest.raises(ShapeError) as caught:
        shapes.matmul(x, y)
    assert shapes.show(x) in str(caught.value)
    assert shapes.show(y) in str(caught.value)


@pytest.mark.parametrize(
    "shape, target, expected",
    [
        (("m", 2, 3), ("m", -1), ("m", 6)),
        (("m", 6), ("m", 2, 3), ("m", 2, 3)),
        (("m", 3), (-1, 3), ("m", 3)),
        (("m",), ("m", 1), ("m", 1)),
        ((), (1, 1), (1, 1)),
        ((0, 3), (3, 0), (3, 0)),
    ],
)
def test_reshapes_keep_names(shape: shapes.Shape, target: shapes.Shape, expected: shapes.Shape) -> None:
    assert shapes.reshape(shape, target) == expected


@pytest.mark.parametrize(
    "shape, target", [(("m", 3), (6,)), (("m", 3), ("n", 3)), (("m", 3), (-1,)), ((2, 3), (4, -1)), (("m",), ())]
)
def test_reshapes_that_lose_a_name_or_an_element_are_refused(shape: shapes.Shape, target: shapes.Shape) -> None:
    with pytest.raises(ShapeError, match="reshape of"):
        shapes.reshape(shape, target)


def test_one_name_is_bound_to_one_size() -> None:
    sizes: dict[str, shapes.Dimension] = {}
    assert shapes.match(("m", 3), (4, 3), sizes)
    assert sizes == {"m": 4}
    assert shapes.match(("m",), (4,), sizes)
    assert not shapes.match(("m",), (5,), sizes)
    assert not shapes.match(("m",), (4, 1), sizes)


def test_shapes_are_shown_as_the_chapter_writes_them() -> None:
    assert [shapes.show(s) for s in [("m", 3), (4,), ()]] == ["[m×3]", "[4]", "[]"]


@pytest.mark.parametrize("axis", [2, -3, 1.5, "a", (0, 0), (1, -1), True, np.array([0, 1])], ids=repr)
def test_axes_that_are_not_there_are_refused(axis: Any) -> None:
    with pytest.raises(ShapeError, match="axis"):
        shapes.normal_axes(axis, 2)
