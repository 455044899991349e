"""The names that users type: few, each in one place, and a hint where another one was meant."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import re
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest

import cgraph as cg
import viz
from cgraph import nn, train
from cgraph.errors import AttributeUnknownError

FACES: dict[str, tuple[ModuleType, int]] = {
    "cgraph": (cg, 40),
    "cgraph.nn": (nn, 25),
    "cgraph.train": (train, 25),
    "viz": (viz, 12),
}
ROOMS = ["cgraph", "cgraph.nn", "cgraph.nn.textbook", "cgraph.nn.language", "cgraph.train", "cgraph.train.data", "viz"]
each = pytest.mark.parametrize("room, most", FACES.values(), ids=FACES.keys())


@each
def test_a_room_shows_few_names(room: ModuleType, most: int) -> None:
    assert len(room.__all__) <= most


@each
def test_dir_shows_what_is_offered_and_nothing_by_accident(room: ModuleType, most: int) -> None:
    assert set(dir(room)) == set(room.__all__) | (set(cg.table()) if room is cg else set())


@pytest.mark.parametrize("name", ROOMS)
def test_every_name_is_there_and_names_one_thing(name: str) -> None:
    room = importlib.import_module(name)
    assert list(room.__all__) == sorted(room.__all__, key=lambda n: (not n.isupper(), n[0].islower(), n))
    for offered in room.__all__:
        found = getattr(room, offered)
        hidden = importlib.util.find_spec(f"{name}.{offered}")
        # a function hides no module: `import cgraph.compile.export` is to find the room
        assert hidden is None or inspect.ismodule(found), f"{name}.{offered} hides a module"


def test_no_name_stands_for_two_things() -> None:
    places: dict[str, set[Any]] = {}
    for name in ROOMS:
        room = importlib.import_module(name)
        for offered in room.__all__:
            places.setdefault(offered, set()).add(id(getattr(room, offered)))
    for offered, function in cg.table().items():
        places.setdefault(offered, set()).add(id(function))
    assert {name for name, things in places.items() if len(things) > 1} == set()


MEANT = {
    (cg, "tahn"): "did you mean 'tanh'?",
    (cg, "Relu"): "did you mean 'relu'?",
    (cg, "grads"): "did you mean 'grad'?",
    (cg, "optim"): "write cg.train",
    (cg, "gradient"): "write cg.grad",
    (cg, "jit"): "write cg.compile",
    (cg, "MLP"): "write cg.nn.MLP",
    (cg, "gather"): "write cg.take_along",
    (cg, "gammaln"): "write cg.lgamma",
    (cg, "cholesky"): "write cg.slogdet and cg.solve",
    (cg, "svd"): "equal singular values have no slopes",
    (cg, "pinv"): "write cg.solve(x.T @ x, x.T)",
    (cg, "Adam"): "write cg.train.Adam",
    (cg, "GRAPH"): "write cg.worlds.GRAPH",
    (cg, "Report"): "write cgraph.proof.Report",
    (cg, "xyzzy"): "dir(cgraph)",
    (nn, "ReLU"): 'write nn.Activation("relu"), or cg.relu',
    (nn, "Softmax"): 'write nn.Activation("softmax")',
    (nn, "mean_squared_error"): "write nn.mse_loss",
    (nn, "softmax_cross_entropy"): "write nn.softmax_cross_entropy_loss",
    (nn, "Unit"): "write nn.textbook.Unit",
    (nn, "LanguageModel"): "write nn.language.LanguageModel",
    (nn, "Lineer"): "did you mean 'Linear'?",
    (train, "accuracy"): "write train.metrics.accuracy",
    (train, "WarmUp"): "write train.schedules.WarmUp",
    (train, "clip_by_norm"): "write train.updates.clip_by_norm",
    (train, "adam"): "did you mean 'Adam'?",
    (train, "DataLoader"): "write train.fit",
}


@pytest.mark.parametrize("room, name", MEANT, ids=lambda x: x if isinstance(x, str) else x.__name__)
def test_another_name_is_told_where_it_is(room: ModuleType, name: str) -> None:
    with pytest.raises(AttributeUnknownError) as caught:
        getattr(room, name)
    assert MEANT[room, name] in str(caught.value)
    assert f"{room.__name__} has no {name!r}" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


ROOTS = {"cg": "cgraph", "nn": "cgraph.nn", "train": "cgraph.train", "x": "cgraph.Node"}


@pytest.mark.parametrize("room", [cg, nn, train], ids=lambda room: room.__name__)
def test_where_a_hint_points_to_there_is_something(room: ModuleType) -> None:
    for hint in room._ELSEWHERE.values():
        path = re.match(r"[\w.]+", hint)[0]  # type: ignore[index]
        root, dot, rest = path.partition(".")
        assert pkgutil.resolve_name(ROOTS.get(root, root) + dot + rest) is not None


def test_a_name_that_is_not_there_is_an_attribute_error_as_python_expects() -> None:
    for room in (cg, nn, train):
        assert not hasattr(room, "nothing_of_this_name")
        assert not hasattr(room, "__wrapped__")
        assert getattr(room, "nothing_of_this_name", 3) == 3


def test_the_decorator_is_trace_and_the_sum_of_a_diagonal_matrix_trace() -> None:
    import numpy as np

    x = cg.variable("x", (2, 2))
    for node in (cg.matrix_trace(x), np.trace(x)):
        assert cg.forward(node, x=[[1.0, 2.0], [3.0, 4.0]]).values[-1] == 5.0
    with pytest.raises(cg.errors.ValueRefusedError, match="matrix_trace"):
        cg.trace(x)


def test_asking_for_a_name_of_python_imports_nothing() -> None:
    program = "import cgraph, sys; hasattr(cgraph, '__wrapped__'); print('cgraph.nn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
