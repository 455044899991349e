"""The grammar of names: what is read in a name, and the names that are made can be read again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgraph.graph.names import Name, of_element, of_layer, of_one_unit, read, read_scoped


@pytest.mark.parametrize(
    "spelling, parts",
    [
        ("w", Name("w", False, None, None, None, 0)),
        ("w[1]21", Name("w", False, "1", None, "21", 0)),
        ("z[1](2)3", Name("z", False, "1", "2", "3", 0)),
        ("x12_1", Name("x", False, None, None, "12_1", 0)),
        ("y_hat", Name("y", True, None, None, None, 0)),
        ("x'", Name("x", False, None, None, None, 1)),
        ("left z[1]", None),
        ("2x", None),
        ("", None),
        ("x" * 33, None),
    ],
)
def test_the_parts_of_a_name(spelling: str, parts: Name | None) -> None:
    assert read(spelling) == parts


@given(
    st.sampled_from("WwbzaXxy"),
    st.integers(1, 999),
    st.lists(st.integers(1, 9), max_size=3),
    st.none() | st.integers(1, 999),
)
def test_a_name_that_is_made_is_read_again(base: str, layer: int, numbers: list[int], example: int | None) -> None:
    made = of_element(of_layer(base, layer), numbers, example=example)
    below = "".join(map(str, numbers)) or None
    want = Name(base, False, str(layer), None if example is None else str(example), below, 0)
    assert read(made) == read_scoped(f"left {made}") == want
    assert of_one_unit(made) == of_element(of_layer(base, layer), numbers)
