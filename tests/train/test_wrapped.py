"""One step for several batches, running averages, rates that wait for a loss: against PyTorch's, and resumed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sparse import sparse
from trainings import blobs, net, quick

import cgraph as cg
from cgraph import nn, train
from cgraph.errors import ValueRefusedError
from cgraph.train.wrapped import Accumulated, Averaged

BACKENDS = ["numpy", pytest.param("native", marks=pytest.mark.slow)]
EXACT = {"rtol": 1e-10, "atol": 1e-12}
X, Y = blobs(28)
PARTS = [(X[i : i + 7], Y[i : i + 7]) for i in range(0, 28, 7)]  # four batches, in this order in each epoch


def ours(optimizer: Any, epochs: int, **options: Any) -> Any:
    return train.fit(net(), PARTS_OF(), nn.softmax_cross_entropy_loss, optimizer, epochs, **options)


def PARTS_OF() -> Any:  # noqa: N802 - the constant as a source of batches
    return lambda rng: PARTS


def theirs(torch: Any, model: nn.Sequential) -> Any:
    module = torch.nn.Sequential(torch.nn.Linear(2, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3)).double()
    values = model.values
    module.load_state_dict(
        {f"{place}.{kind}": torch.tensor(np.array(values[f"{letter}[{layer}]"].T)) for place, layer in ((0, 1), (2, 2))
         for kind, letter in (("weight", "W"), ("bias", "b"))}
    )  # fmt: skip
    return module


def same(values: Any, module: Any) -> None:
    state = module.state_dict()
    for place, layer in ((0, 1), (2, 2)):
        for kind, letter in (("weight", "W"), ("bias", "b")):
            np.testing.assert_allclose(values[f"{letter}[{layer}]"].T, state[f"{place}.{kind}"].numpy(), **EXACT)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("batches", sparse([2, 1, 3], 3))
def test_gradients_of_several_batches_make_one_step_as_in_pytorch(batches: int, backend: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    run = ours(Accumulated(train.Adam(train.schedules.ExponentialDecay(0.05, 0.9)), batches), 3, backend=backend)
    module = theirs(torch, net())
    optimizer = torch.optim.Adam(module.parameters(), lr=0.05)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    for i, (x, y) in enumerate(PARTS * 3, start=1):
        loss = torch.nn.functional.cross_entropy(module(torch.tensor(x)), torch.tensor(y)) / batches
        loss.backward()
        if i % batches == 0:
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    same(run.model.values, module)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_average_of_a_training_is_pytorchs(backend: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    steady = Averaged(train.Momentum(0.1), decay=0.8)
    run = ours(steady, 3, backend=backend)
    module = theirs(torch, net())
    averaged = torch.optim.swa_utils.AveragedModel(module, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.8))
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    for x, y in PARTS * 3:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(module(torch.tensor(x)), torch.tensor(y)).backward()
        optimizer.step()
        averaged.update_parameters(module)
    same(run.model.values, module)
    same(steady.average(run).values, averaged.module)


def test_a_training_without_averages_has_no_model_of_them() -> None:
    with pytest.raises(ValueRefusedError, match="without averages"):
        Averaged(train.SGD(0.1)).average(ours(train.SGD(0.1), 1))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("patience", "threshold", "floor"), [(0, 1e-4, 0.0), (2, 0.1, 0.0), (1, 0.0, 0.05)])
def test_the_rate_after_any_losses_is_pytorchs(seed: int, patience: int, threshold: float, floor: float) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    losses = np.abs(np.random.default_rng(seed).normal(size=30)) + np.linspace(2, 0, 30)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=patience, threshold=threshold, min_lr=floor
    )
    ours = train.schedules.Plateau(0.4, factor=0.5, patience=patience, threshold=threshold, floor=floor)
    rates = set()
    for count, loss in enumerate(losses, start=1):
        scheduler.step(loss)
        rates.add(optimizer.param_groups[0]["lr"])
        np.testing.assert_allclose(ours.after(losses[:count].tolist()), optimizer.param_groups[0]["lr"], rtol=1e-14)
    assert len(rates) > 2


@pytest.mark.parametrize("warm", [False, True])
def test_a_rate_that_waits_is_lower_in_the_epochs_after_and_is_resumed_with_the_training(
    tmp_path: Any, warm: bool
) -> None:
    waits = train.schedules.Plateau(0.5, factor=0.1, patience=0, threshold=0.5)
    rate = train.schedules.WarmUp(waits, total=3) if warm else waits
    options = {"optimizer": train.Momentum(rate), "checkpoint": tmp_path / "training.npz"}
    whole = quick(5, optimizer=train.Momentum(rate))
    assert float(whole.state["rate"]) == waits.of_epochs(whole.history) < 0.1
    quick(2, **options)
    again = quick(5, **options, resume=True)
    assert again.history == whole.history
    assert all((again.model.values[k] == v).all() for k, v in whole.model.values.items())
    never = quick(5, optimizer=train.Momentum(0.5 if not warm else train.schedules.WarmUp(0.5, total=3)))
    assert never.history[0] == whole.history[0], "the first epoch has the first rate"
    assert not np.allclose(never.model.values["W[1]"], whole.model.values["W[1]"])


@pytest.mark.parametrize("make", [lambda o: Accumulated(o, 3), Averaged], ids=["accumulated", "averaged"])
def test_what_stands_around_an_optimiser_is_resumed_to_the_same_bits(tmp_path: Any, make: Any) -> None:
    optimizer = make(train.Adam(0.05))
    whole = quick(4, optimizer=optimizer)
    quick(2, optimizer=optimizer, checkpoint=tmp_path / "training.npz", every=4)
    again = quick(4, optimizer=optimizer, checkpoint=tmp_path / "training.npz", every=4, resume=True)
    assert all(again.state[k].tobytes() == v.tobytes() for k, v in whole.state.items())
    assert all((again.model.values[k] == v).all() for k, v in whole.model.values.items())


def test_the_step_around_an_optimiser_is_a_graph_of_named_nodes() -> None:
    w = cg.parameter("w", 3.0)
    around = Averaged(Accumulated(train.Momentum(0.1), 2), 0.5)
    updates = around.updates([w], [cg.grad(w * w, w)])
    graph = cg.Graph(list(updates.new.values()))
    assert {"w' if due", "sum(w)'", "average(w)'", "due"} <= set(graph.names)
    assert cg.forward(graph)["w' if due"] == 3.0, "one batch of two is not enough"
