"""Data in arrays: ids as rows of zeros and a one, digits, and what is read only."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cgraph import train
from cgraph.errors import CgraphError, MissingPackageError

XOR = train.data.xor()


def test_one_hot_puts_a_one_in_the_column_of_each_id() -> None:
    assert np.array_equal(train.data.one_hot_rows([2, 0, 2], 3), np.eye(3)[[2, 0, 2]])
    assert train.data.one_hot_rows(np.array([], dtype=int), 3).shape == (0, 3)
    assert np.array_equal(train.data.one_hot_rows(np.array([1, 0], dtype=np.uint8), 2), np.eye(2)[[1, 0]])


@pytest.mark.parametrize(
    ("ids", "classes", "message"),
    [
        ([0, -1], 3, "id -1 at position 1 is no class.*ids 0 to 2"),
        ([0, 1, 3], 3, "id 3 at position 2 is no class"),
        ([0.0, 1.0], 3, "ids of type float64"),
        ([True], 3, "ids of type bool"),
        (["a"], 3, "ids of type <U1"),
        ([[0, 1]], 3, r"ids of shape \[1×2\]"),
        ([0], 0, "number of classes is 0"),
    ],
)
def test_one_hot_refuses_ids_out_of_range(ids: Any, classes: int, message: str) -> None:
    with pytest.raises(CgraphError, match=message):
        train.data.one_hot_rows(ids, classes)


def test_digits_are_split_into_all_examples_without_overlap() -> None:
    from sklearn.datasets import load_digits

    X, ids = load_digits(return_X_y=True)
    digits = train.data.digits(3)

    assert digits.train.X.shape == (1347, 64) and digits.test.Y.shape == (450, 10)
    both = np.vstack([np.hstack([part.X * 16, part.Y.argmax(1)[:, None]]) for part in (digits.train, digits.test)])
    assert np.array_equal(np.sort(both, axis=0), np.sort(np.column_stack([X, ids]), axis=0))
    assert {tuple(r) for r in both} == {tuple(r) for r in np.column_stack([X, ids])}
    assert digits.train.X.min() == 0.0 and digits.train.X.max() == 1.0


def test_the_split_depends_on_the_seed_only() -> None:
    first, again, other = (train.data.digits(s).test.Y for s in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_data_is_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        XOR.X[0, 0] = 5


def test_digits_without_scikit_learn_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("sklearn"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(
        MissingPackageError, match=r"scikit-learn is not installed.*pip install 'cgraph-engine\[data\]'"
    ):
        train.data.digits()
