"""Optimisers, schedules and clipping: as nodes, against PyTorch's own over 100 steps, and against hand-made numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi
from typing import Any

import numpy as np
import pytest

import cgraph as cg
from cgraph import train
from cgraph.compile import compile as compiled
from cgraph.errors import ValueRefusedError

STEPS = 100
A = np.random.default_rng(0).normal(size=(6, 3))
START = {"W": np.random.default_rng(1).normal(size=(3, 2)), "b": np.array([0.3, -2.0])}


def objective(A: Any, W: Any, b: Any, tanh: Callable[[Any], Any]) -> Any:
    """A loss whose gradients change in size and sign from step to step."""
    return (tanh(A @ W + b) - 0.3).__pow__(2).sum() + 0.01 * (W * W).sum() * (b * b).sum()


def ours(optimizer: Any, steps: int = STEPS) -> list[dict[str, Any]]:
    """The values of the parameters after each step: the update as one graph, run again and again."""
    leaves = [cg.parameter(name, value) for name, value in START.items()]
    L = objective(A, *leaves, tanh=cg.tanh).named("L")
    updates = optimizer.updates(leaves, cg.grad(L, leaves))
    graph, values, seen = cg.Graph([L, *updates.new.values()]), {leaf: leaf.value for leaf in updates.new}, []
    for _ in range(steps):
        fwd = cg.forward(graph, values)
        values = {leaf: fwd[new] for leaf, new in updates.new.items()}
        seen.append({str(leaf.name): values[leaf] for leaf in leaves})
    return seen


def torchs(make: Callable[..., Any], schedule: Any = None, max_norm: float | None = None) -> list[dict[str, Any]]:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch==2.13.0 runs these tests")
    torch.set_default_dtype(torch.float64)  # in which some optimisers keep their products
    try:
        return _torchs(torch, make, schedule, max_norm)
    finally:
        torch.set_default_dtype(torch.float32)


def _torchs(torch: Any, make: Callable[..., Any], schedule: Any, max_norm: float | None) -> list[dict[str, Any]]:
    leaves = [torch.tensor(v, requires_grad=True) for v in START.values()]
    optimizer = make(torch.optim, leaves)
    scheduler = schedule(torch.optim.lr_scheduler, optimizer) if schedule else None
    data, seen = torch.tensor(A), []
    for _ in range(STEPS):
        optimizer.zero_grad()
        objective(data, *leaves, tanh=torch.tanh).backward()
        if max_norm is not None:
            torch.nn.utils.clip_grad_norm_(leaves, max_norm)
        optimizer.step()
        if scheduler:
            scheduler.step()
        seen.append(dict(zip(START, (x.detach().numpy().copy() for x in leaves), strict=True)))
    return seen


def assert_same(have: list[dict[str, Any]], want: list[dict[str, Any]]) -> None:
    assert len(have) == len(want) == STEPS
    for step, (mine, theirs) in enumerate(zip(have, want, strict=True), start=1):
        for name, value in theirs.items():
            assert np.allclose(mine[name], value, rtol=1e-12, atol=1e-13), f"{name} after step {step}"
    assert not np.allclose(have[-1]["W"], START["W"], rtol=1e-3), "nothing has moved"


PAIRS: dict[str, tuple[Any, Callable[..., Any]]] = {
    "SGD": (train.SGD(0.02), lambda o, p: o.SGD(p, lr=0.02)),
    "SGD, weight decay": (train.SGD(0.02, weight_decay=0.1), lambda o, p: o.SGD(p, lr=0.02, weight_decay=0.1)),
    "momentum": (train.Momentum(0.01, 0.8), lambda o, p: o.SGD(p, lr=0.01, momentum=0.8)),
    "momentum, weight decay": (
        train.Momentum(0.01, weight_decay=0.05),
        lambda o, p: o.SGD(p, lr=0.01, momentum=0.9, weight_decay=0.05),
    ),
    "Nesterov": (train.Nesterov(0.01, 0.7), lambda o, p: o.SGD(p, lr=0.01, momentum=0.7, nesterov=True)),
    "Adagrad": (train.Adagrad(0.05), lambda o, p: o.Adagrad(p, lr=0.05)),
    "Adagrad, weight decay": (
        train.Adagrad(0.05, weight_decay=0.1),
        lambda o, p: o.Adagrad(p, lr=0.05, weight_decay=0.1),
    ),
    "RMSProp": (train.RMSProp(0.01, rho=0.95), lambda o, p: o.RMSprop(p, lr=0.01, alpha=0.95)),
    "Adam": (train.Adam(0.02), lambda o, p: o.Adam(p, lr=0.02)),
    "Adam, other constants": (
        train.Adam(0.02, 0.8, 0.95, 1e-4, weight_decay=0.1),
        lambda o, p: o.Adam(p, lr=0.02, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.1),
    ),
    "AdamW": (train.AdamW(0.02), lambda o, p: o.AdamW(p, lr=0.02)),
    "AdamW, large decay": (train.AdamW(0.02, weight_decay=0.5), lambda o, p: o.AdamW(p, lr=0.02, weight_decay=0.5)),
    "AdamW without decay": (train.AdamW(0.02, weight_decay=0.0), lambda o, p: o.Adam(p, lr=0.02)),
    "AMSGrad": (train.optimizers.AMSGrad(0.02), lambda o, p: o.Adam(p, lr=0.02, amsgrad=True)),
    "AMSGrad, other constants": (
        train.optimizers.AMSGrad(0.02, 0.8, 0.9, 1e-4, weight_decay=0.1),
        lambda o, p: o.Adam(p, lr=0.02, betas=(0.8, 0.9), eps=1e-4, weight_decay=0.1, amsgrad=True),
    ),
    "Adamax": (train.optimizers.Adamax(0.02), lambda o, p: o.Adamax(p, lr=0.02)),
    "Adamax, other constants": (
        train.optimizers.Adamax(0.02, 0.8, 0.95, 1e-3, weight_decay=0.1),
        lambda o, p: o.Adamax(p, lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1),
    ),
    "NAdam": (train.optimizers.NAdam(0.02), lambda o, p: o.NAdam(p, lr=0.02)),
    "NAdam, other constants": (
        train.optimizers.NAdam(0.02, 0.8, 0.95, 1e-4, weight_decay=0.1, decay=0.1),
        lambda o, p: o.NAdam(p, lr=0.02, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.1, momentum_decay=0.1),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_hundred_steps_agree_with_pytorchs_own_optimiser(name: str) -> None:
    optimizer, make = PAIRS[name]
    assert_same(ours(optimizer), torchs(make))


SCHEDULES: dict[str, tuple[Any, Callable[..., Any]]] = {
    "step": (train.schedules.StepDecay(0.05, every=30, factor=0.3), lambda s, o: s.StepLR(o, step_size=30, gamma=0.3)),
    "exponential": (train.schedules.ExponentialDecay(0.05, factor=0.97), lambda s, o: s.ExponentialLR(o, gamma=0.97)),
    "cosine": (
        train.schedules.CosineDecay(0.05, total=100, floor=0.01),
        lambda s, o: s.CosineAnnealingLR(o, 100, eta_min=0.01),
    ),
    "one cycle": (
        train.schedules.OneCycle(0.05, total=101, up=0.25, first=10, last=100),
        lambda s, o: s.OneCycleLR(
            o, 0.05, total_steps=101, pct_start=0.25, div_factor=10, final_div_factor=100, cycle_momentum=False
        ),
    ),
    "one cycle, as others have it": (
        train.schedules.OneCycle(0.05, total=120),
        lambda s, o: s.OneCycleLR(o, 0.05, total_steps=120, cycle_momentum=False),
    ),
    "warm-up": (
        train.schedules.WarmUp(0.05, total=40, start=0.2),
        lambda s, o: s.LinearLR(o, start_factor=0.2, end_factor=1.0, total_iters=40),
    ),
    "warm-up, then step": (
        train.schedules.WarmUp(train.schedules.StepDecay(0.05, every=60, factor=0.5), total=20, start=0.1),
        lambda s, o: s.ChainedScheduler(
            [s.LinearLR(o, start_factor=0.1, end_factor=1.0, total_iters=20), s.StepLR(o, step_size=60, gamma=0.5)]
        ),
    ),
}


@pytest.mark.parametrize("method", ["SGD", "Adam"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_hundred_steps_agree_with_pytorchs_own_schedule(name: str, method: str) -> None:
    schedule, make = SCHEDULES[name]
    assert_same(ours(getattr(train, method)(schedule)), torchs(lambda o, p: getattr(o, method)(p, lr=0.05), make))


@pytest.mark.parametrize("max_norm", [0.5, 3.0, 1e6])
def test_a_hundred_steps_agree_with_pytorchs_own_clipping(max_norm: float) -> None:
    assert_same(
        ours(train.Momentum(0.05, max_norm=max_norm)),
        torchs(lambda o, p: o.SGD(p, lr=0.05, momentum=0.9), max_norm=max_norm),
    )


# Hand-made numbers ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (train.schedules.StepDecay(8.0, every=2, factor=0.5), [8, 8, 4, 4, 2]),
        (train.schedules.ExponentialDecay(8.0, 0.5), [8, 4, 2, 1, 0.5]),
        (train.schedules.CosineDecay(2.0, total=3), [2, 1 + cos(pi / 3), 1 + cos(2 * pi / 3), 0, 0]),
        (train.schedules.WarmUp(2.0, total=2, start=0.5), [1, 1.5, 2, 2, 2]),
        (train.schedules.OneCycle(8.0, total=4, up=0.5, first=4, last=2), [2, 8, 4.5, 1, 1]),
        (train.schedules.OneCycle(8.0, total=2, up=0.1, first=4, last=2), [8, 1, 1, 1, 1]),
        (
            train.schedules.WarmUp(train.schedules.ExponentialDecay(8.0, 0.5), total=4, start=0.2),
            [1.6, 1.6, 1.2, 0.8, 0.5],
        ),
    ],
)
def test_a_schedule_is_a_node_of_the_number_of_steps(schedule: Any, rates: list[float]) -> None:
    t = cg.variable("t")
    assert np.allclose([cg.forward(schedule(t), t=i).values[-1] for i in range(5)], rates, rtol=1e-14, atol=1e-15)


def test_the_norm_is_of_all_gradients_together() -> None:
    g, h = cg.variable("g", 2), cg.variable("h", (1, 2))
    clipped = train.updates.clip_by_norm([g, h], max_norm=6.5)

    fwd = cg.forward(cg.Graph(clipped), g=[3.0, 4.0], h=[[12.0, 0.0]])  # the norm of (3, 4, 12) is 13

    assert np.isclose(fwd["‖g‖"], 13.0)
    assert np.allclose(fwd[clipped[0]], [1.5, 2.0], rtol=1e-6) and np.allclose(fwd[clipped[1]], [[6, 0]], rtol=1e-6)


def test_gradients_that_are_small_or_zero_stay_as_they_are() -> None:
    g = cg.variable("g", 2)
    (clipped,) = train.updates.clip_by_norm([g], max_norm=5.0)
    for value in ([0.0, 0.0], [3.0, 3.9]):
        assert np.array_equal(cg.forward(clipped, g=value)[clipped], value)


# An update is a graph like any other ---------------------------------------------------------------------------------
def test_the_new_value_of_every_leaf_is_a_named_node_and_the_state_holds_its_first_values() -> None:
    w = cg.parameter("w", [1.0, 2.0])
    updates = train.Adam(0.1).updates([w], [cg.grad((w * w).sum(), w)])

    assert [leaf.name for leaf in updates.new] == ["w", "m(w)", "v(w)", "t"]
    assert [node.name for node in updates.new.values()] == ["w'", "m(w)'", "v(w)'", "t'"]
    assert [(leaf.name, leaf.value.tolist()) for leaf in updates.state] == [
        ("m(w)", [0, 0]),
        ("v(w)", [0, 0]),
        ("t", 0.0),
    ]


@pytest.mark.parametrize(
    ("optimizer", "state"),
    [
        (train.SGD(0.1), []),
        (train.SGD(train.schedules.ExponentialDecay(0.1, 0.9)), ["t"]),
        (train.Momentum(0.1), ["v(w)", "v(u)"]),
        (train.Adagrad(0.1), ["s(w)", "s(u)"]),
        (train.Adam(), ["m(w)", "v(w)", "m(u)", "v(u)", "t"]),
        (train.optimizers.NAdam(), ["m(w)", "v(w)", "M", "m(u)", "v(u)", "t"]),
        (train.SGD(train.schedules.Plateau(0.1)), ["rate"]),
        (train.wrapped.Accumulated(train.Momentum(0.1), 2), ["v(w)", "v(u)", "sum(w)", "sum(u)", "batches"]),
        (train.wrapped.Averaged(train.SGD(0.1)), ["average(w)", "average(u)", "first"]),
    ],
)
def test_an_optimiser_keeps_no_more_state_than_it_needs(optimizer: Any, state: list[str]) -> None:
    w, u = cg.parameter("w", 1.0), cg.parameter("u", 1.0)
    assert [leaf.name for leaf in optimizer.updates([w, u], [u, w]).state] == state


def test_what_all_parameters_share_is_one_node() -> None:
    leaves = [cg.parameter(f"w{i}", 1.0) for i in range(4)]
    one, four = (
        cg.Graph(train.Adam(train.schedules.WarmUp(0.1, 10)).updates(few, few).new.values())
        for few in (leaves[:1], leaves)
    )
    powers = [[n for n in graph if n.op and n.op.name == "pow"] for graph in (one, four)]
    assert len(powers[0]) == len(powers[1]) == 2


def test_an_update_is_drawn_and_differentiated_as_any_graph() -> None:
    viz = pytest.importorskip("viz")
    w = cg.parameter("w", 3.0)
    updates = train.Adam(0.1).updates([w], [cg.grad(w * w, w)])

    dot = viz.draw(cg.forward(cg.Graph(updates.new.values()))).dot

    assert "m(w)'" in dot and "w'" in dot
    slope = cg.forward(cg.grad(train.SGD(0.1).updates([w], [2 * w]).new[w], w)).values[-1]  # w' = w - 0.2 w
    assert np.isclose(slope, 0.8)


@pytest.mark.parametrize(
    "optimizer",
    [train.Nesterov(0.01), train.AdamW(train.schedules.CosineDecay(0.05, 80), max_norm=2.0), train.Adagrad(0.05)],
)
def test_an_update_is_compiled_with_the_loss_and_gives_the_same(optimizer: Any) -> None:
    leaves = [cg.parameter(name, value) for name, value in START.items()]
    L = objective(A, *leaves, tanh=cg.tanh).named("L")
    program = compiled(L, updates=optimizer.updates(leaves, cg.grad(L, leaves)).new, backend="numpy")

    for want in ours(optimizer):
        program()
        assert all(np.allclose(program.values[n], v, rtol=1e-11, atol=1e-12) for n, v in want.items())


@dataclass(frozen=True)
class SignDescent(train.optimizers.Descent):
    """An optimiser of one's own: only the sign of the gradient counts."""

    def rule(self, rate: cg.Node, count: cg.Node) -> Any:
        return lambda w, g: (w - rate * cg.sign(g), {})


def test_an_optimiser_of_ones_own_is_a_rule_and_gets_the_rest() -> None:
    w = cg.parameter("w", [3.0, -1.0])
    optimizer = SignDescent(train.schedules.ExponentialDecay(0.5, 0.5))
    updates = optimizer.updates([w], [cg.grad((w * w).sum(), w)])
    assert np.array_equal(cg.forward(updates.new[w])["w'"], [2.5, -0.5])
    assert np.array_equal(cg.forward(updates.new[w], t=1.0)["w'"], [2.75, -0.75])


def test_a_rate_may_be_any_number_of_numpy() -> None:
    for rate in (np.float32(0.25), np.float64(0.25), np.int64(1)):
        w = cg.parameter("w", 1.0)
        (new,) = train.SGD(rate).updates([w], [cg.constant(1.0)]).new.values()
        assert cg.forward(new)[new] == 1 - float(rate)


def test_weight_decay_of_the_gradient_is_the_gradient_of_half_the_squares() -> None:
    w = cg.parameter("w", [3.0, -1.0])
    decayed = train.SGD(0.1, weight_decay=0.4).updates([w], [cg.grad(w.sum(), w)]).new[w]
    penalised = train.SGD(0.1).updates([w], [cg.grad(w.sum() + 0.2 * (w * w).sum(), w)]).new[w]
    assert np.allclose(cg.forward(decayed)[decayed], cg.forward(penalised)[penalised], rtol=1e-15)


# What is refused -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: train.Adam(0.0), "the learning rate is 0.0: each step.*above zero"),
        (lambda: train.Momentum(0.1, 1.0), "the momentum is 1.0. Fix: give a number from 0 up and below 1"),
        (lambda: train.Momentum(0.1, -0.1), "the momentum is -0.1"),
        (lambda: train.Nesterov(0.1, float("nan")), "the momentum is nan"),
        (lambda: train.RMSProp(0.1, rho=1.5), "ρ is 1.5"),
        (lambda: train.RMSProp(0.1, epsilon=0), "ε is 0.*above zero"),
        (lambda: train.Adagrad(0.1, epsilon=-1), "ε is -1"),
        (lambda: train.Adam(0.1, 1.0), "β₁ is 1.0"),
        (lambda: train.Adam(0.1, beta2="x"), "β₂ is 'x'"),
        (lambda: train.AdamW(0.1, epsilon=0.0), "ε is 0.0"),
        (lambda: train.SGD(0.1, weight_decay=-1), "the weight decay is -1. Fix: give a number from 0 up"),
        (lambda: train.SGD(0.1, max_norm=0), "max_norm is 0"),
        (lambda: train.updates.clip_by_norm([cg.variable("g")], -1.0), "the largest norm of the gradients is -1.0"),
        (lambda: train.schedules.StepDecay(0.1, every=0), "every is 0"),
        (lambda: train.schedules.StepDecay(-0.1, every=5), "the learning rate is -0.1"),
        (lambda: train.schedules.StepDecay(0.1, every=5, factor=0), "the factor is 0.*above zero and at most 1"),
        (lambda: train.schedules.ExponentialDecay(0.1, 1.1), "the factor is 1.1"),
        (lambda: train.schedules.ExponentialDecay(float("inf"), 0.5), "the learning rate is inf"),
        (lambda: train.schedules.CosineDecay(0.1, total=1.5), "total is 1.5"),  # type: ignore[arg-type]
        (lambda: train.schedules.CosineDecay(0.1, total=10, floor=0.2), "the floor is 0.2.*at most 0.1"),
        (lambda: train.schedules.CosineDecay(0.0, total=10), "the learning rate is 0.0"),
        (lambda: train.schedules.WarmUp(0.1, total=0), "total is 0"),
        (lambda: train.schedules.WarmUp(0.1, total=5, start=0.0), "the start is 0.0"),
        (lambda: train.optimizers.NAdam(0.1, decay=-1.0), "the decay is -1.0"),
        (lambda: train.schedules.OneCycle(0.1, total=0), "total is 0"),
        (lambda: train.schedules.OneCycle(0.1, total=9, up=1.0), "the share of steps up is 1.0"),
        (lambda: train.schedules.OneCycle(0.1, total=9, first=0.5), "the first quotient is 0.5"),
        (lambda: train.schedules.Plateau(0.1, factor=1.0), "the factor is 1.0"),
        (lambda: train.schedules.Plateau(0.1, patience=-1), "it counts something"),
        (lambda: train.schedules.Plateau(0.1, patience=0.5), "it counts something"),  # type: ignore[arg-type]
        (lambda: train.schedules.Plateau(0.1, floor=0.2), "the floor is 0.2"),
        (lambda: train.wrapped.Accumulated(train.SGD(0.1), 0), "batches is 0"),
        (lambda: train.wrapped.Averaged(train.SGD(0.1), 1.0), "the decay is 1.0"),
        (lambda: train.schedules.WarmUp(-0.1, total=5), "the learning rate is -0.1"),
    ],
)
def test_settings_out_of_their_range_are_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueRefusedError, match=message):
        make()
