"""The one setting of threads: whatever computes a program, the products of matrices run with so many."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from trainings import blobs, net

import cgraph as cg
from cgraph import nn, train
from cgraph.compile.blas import Blas, blas
from cgraph.errors import ValueRefusedError
from cgraph.train import evaluation

BACKENDS = ["numpy", "native", "scalar", "scalar-numpy"]


@pytest.fixture
def library() -> Blas:
    """NumPy's OpenBLAS."""
    found = blas()
    assert found is not None, "this NumPy has no OpenBLAS of its own"
    return found


def program(backend: str, threads: int | None) -> tuple[Any, dict[str, Any]]:
    w = cg.parameter(
        "w", 0.5 if backend.startswith("scalar") else np.random.default_rng(0).normal(size=(200, 200)) / 20
    )
    x = cg.variable("x", w.shape)
    product = cg.tanh(x * w if not w.shape else x @ w)
    made = cg.compile(
        cg.sum(product) if w.shape else product, updates={w: w - 0.1 * product}, backend=backend, threads=threads
    )
    return made, {"x": np.random.default_rng(1).normal(size=w.shape)}


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("backend", BACKENDS)
def test_threads_are_set_for_the_calls_alone_in_every_backend(
    backend: str, threads: int, many: bool, library: Blas
) -> None:
    made, feed = program(backend, threads)
    made(**feed)
    binding, seen = made._last, []
    real = binding.run, binding.many

    def watched(function: Any) -> Any:
        return lambda *given: (seen.append(library.threads), function(*given))[1]

    binding.run, binding.many = watched(real[0]), real[1] and watched(real[1])
    before = library.threads
    library.set_threads(3)  # neither of the settings
    try:
        made.run(x=np.stack([feed["x"]] * 2)) if many else made(**feed)
        assert set(seen) == {threads}
        assert library.threads == 3
    finally:
        library.set_threads(before)


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_are_the_same_with_any_number_of_threads(backend: str) -> None:
    found = []
    for threads in (None, 1, 2):
        made, feed = program(backend, threads)
        losses = [made(**feed)[0] for _ in range(3)]
        found.append((losses, made.value("w")))
    for losses, w in found[1:]:
        np.testing.assert_allclose(losses, found[0][0], rtol=1e-12)
        np.testing.assert_allclose(w, found[0][1], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_training_and_its_measurements_take_the_setting(
    backend: str, library: Blas, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    real = type(library).set_threads
    monkeypatch.setattr(Blas, "set_threads", lambda self, number: (seen.append(number), real(self, number))[1])
    before = library.threads

    def trained(threads: int | None, **options: Any) -> tuple[Any, int]:
        seen.clear()
        run = train.fit(
            net(),
            blobs(),
            nn.softmax_cross_entropy_loss,
            train.SGD(0.1),
            2,
            backend=backend,
            threads=threads,
            **options,
        )
        assert seen == [before + 1, before] * (len(seen) // 2)
        return run, len(seen) // 2

    (plain, none), (_, steps), (run, all_calls) = (
        trained(None), trained(before + 1), trained(before + 1, devset=blobs())
    )  # fmt: skip
    assert none == 0 and steps >= 2 and all_calls == steps + 2 * -(-len(blobs()[1]) // evaluation.ROWS)
    assert library.threads == before
    for name, value in run.model.values.items():
        np.testing.assert_allclose(value, plain.model.values[name], rtol=1e-12)
    with pytest.raises(ValueRefusedError, match="threads=0: it counts threads"):
        train.fit(net(), blobs(), nn.softmax_cross_entropy_loss, train.SGD(0.1), 2, threads=0)
