"""Layers for images and sequences: values, gradients and one step of training against PyTorch's own modules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sparse import sparse

import cgraph as cg
from cgraph import nn, train
from cgraph.errors import CgraphError, GraphError, ShapeError, ValueRefusedError
from cgraph.nn import convolution, sequences

torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
pytestmark = pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel:UserWarning")
BACKENDS = ["numpy", pytest.param("native", marks=pytest.mark.slow)]
RATE = 0.3


def numbers(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def scattered(layer: Any, seed: int = 5) -> Any:
    """The layer with every leaf, and every leaf of its state, away from where it starts; variances above zero."""
    leaves = [*layer.parameters, *getattr(layer, "state", ())]
    new = {}
    for i, leaf in enumerate(leaves):
        value = numbers(*leaf.shape, seed=seed + i) / 2
        new[leaf] = cg.parameter(str(leaf.name), np.abs(value) + 0.5 if leaf.name.startswith("var") else value)
    return layer.replaced(new)


@dataclass(frozen=True)
class Pair:
    """A layer, the shape of an example, PyTorch's module, and what our leaves are called there (`t` transposes)."""

    layer: Any
    shape: tuple[int, ...]
    module: Callable[[], Any]
    names: dict[str, Callable[[dict[str, Any]], Any]]
    call: Callable[[Any, Any], Any] = lambda module, x: module(x)

    def loaded(self, layer: Any) -> Any:
        """PyTorch's module with our values."""
        values = {str(leaf.name): leaf.value for leaf in [*layer.parameters, *getattr(layer, "state", ())]}
        module = self.module().double()
        theirs = {name: torch.tensor(np.array(of(values))) for name, of in self.names.items()}
        missing, unexpected = module.load_state_dict(theirs, strict=False)
        assert not unexpected and all("num_batches" in name for name in missing), missing
        return module


def same(ours: str) -> Callable[[dict[str, Any]], Any]:
    return lambda values: values[ours]


def turned(ours: str) -> Callable[[dict[str, Any]], Any]:
    return lambda values: values[ours].T


KERNELS = {"weight": same("W[1]"), "bias": same("b[1]")}
CHANNELS = {"weight": same("gain[1]"), "bias": same("bias[1]")}
RUNNING = {**CHANNELS, "running_mean": same("mean[1]"), "running_var": same("var[1]")}
ATTENTION = {
    "in_proj_weight": lambda v: np.concatenate([v[f"W_{c}[1]"].T for c in "QKV"]),
    "in_proj_bias": lambda v: np.concatenate([v[f"b_{c}[1]"] for c in "QKV"]),
    "out_proj.weight": turned("W_O[1]"),
    "out_proj.bias": same("b_O[1]"),
}
BLOCK = {
    **{f"self_attn.{name}": of for name, of in ATTENTION.items()},
    "linear1.weight": turned("W_up[1]"),
    "linear1.bias": same("b_up[1]"),
    "linear2.weight": turned("W_down[1]"),
    "linear2.bias": same("b_down[1]"),
    "norm1.weight": same("gain_attention[1]"),
    "norm1.bias": same("bias_attention[1]"),
    "norm2.weight": same("gain_net[1]"),
    "norm2.bias": same("bias_net[1]"),
}
STEPS = {"weight_ih_l0": turned("W[1]"), "weight_hh_l0": turned("U[1]"), "bias_ih_l0": same("b[1]")}


def past(steps: int) -> Any:
    return torch.triu(torch.ones(steps, steps, dtype=torch.bool), 1)


def conv(kind: str, size: Any, **how: Any) -> Pair:
    ours, theirs = getattr(convolution, kind), getattr(torch.nn, kind)
    shape = (4, 9) if kind == "Conv1d" else (4, 7, 6)
    return Pair(ours.random(4, 6, size, seed=0, **how), shape, lambda: theirs(4, 6, size, **how), KERNELS)


def pool(kind: str, axes: int, size: Any, **how: Any) -> Pair:
    theirs = getattr(torch.nn, f"{kind}{axes}d")
    shape = (3, 9) if axes == 1 else (3, 7, 6)
    return Pair(getattr(convolution, kind)(size, axes=axes, **how), shape, lambda: theirs(size, **how), {})


def recurrent(kind: str, steps: int, last: bool, **how: Any) -> Pair:
    second = same("d[1]") if kind == "GRU" else lambda values: 0 * values["b[1]"]
    theirs = getattr(torch.nn, kind)
    activation = {"nonlinearity": how["activation"]} if how else {}
    return Pair(
        getattr(sequences, kind).random(3, 4, last=last, seed=0, **how),
        (steps, 3),
        lambda: theirs(3, 4, batch_first=True, **activation),
        {**STEPS, "bias_hh_l0": second},
        lambda module, x: module(x)[0][:, -1] if last else module(x)[0],
    )


def attention(heads: int, causal: bool) -> Pair:
    return Pair(
        sequences.MultiHeadAttention.random(8, heads=heads, causal=causal, seed=0),
        (5, 8),
        lambda: torch.nn.MultiheadAttention(8, heads, batch_first=True),
        ATTENTION,
        lambda module, x: module(x, x, x, attn_mask=past(5) if causal else None, need_weights=False)[0],
    )


def block(activation: str, first: bool, causal: bool) -> Pair:
    return Pair(
        sequences.TransformerBlock.random(
            8, heads=2, hidden=12, activation=activation, norm_first=first, causal=causal, seed=0
        ),
        (5, 8),
        lambda: torch.nn.TransformerEncoderLayer(8, 2, 12, 0.0, activation, batch_first=True, norm_first=first),
        BLOCK,
        lambda module, x: module(x, src_mask=past(5) if causal else None),
    )


class Around(torch.nn.Module):  # type: ignore[misc,name-defined]
    """x, or a convolution of it, plus a convolution and its tanh."""

    def __init__(self, shortcut: bool) -> None:
        super().__init__()
        self.inner = torch.nn.Conv2d(3, 5 if shortcut else 3, 3, padding=1, stride=2 if shortcut else 1)
        self.shortcut = torch.nn.Conv2d(3, 5, 1, stride=2) if shortcut else torch.nn.Identity()

    def forward(self, x: Any) -> Any:
        return self.shortcut(x) + torch.tanh(self.inner(x))


def residual(shortcut: bool) -> Pair:
    how = {"stride": 2} if shortcut else {}
    inner = convolution.Conv2d.random(3, 5 if shortcut else 3, 3, padding=1, seed=0, **how)
    around = convolution.Conv2d.random(3, 5, 1, stride=2, layer=2, seed=1) if shortcut else None
    names = {"inner.weight": same("W[1]"), "inner.bias": same("b[1]")}
    names |= {"shortcut.weight": same("W[2]"), "shortcut.bias": same("b[2]")} if shortcut else {}
    return Pair(nn.Residual([inner, nn.Activation("tanh")], around), (3, 5, 6), lambda: Around(shortcut), names)


def norm(shape: tuple[int, ...], momentum: float = 0.1) -> Pair:
    theirs = torch.nn.BatchNorm2d if len(shape) == 3 else torch.nn.BatchNorm1d
    return Pair(
        nn.BatchNorm.of(shape[0], momentum=momentum), shape, lambda: theirs(shape[0], momentum=momentum), RUNNING
    )


PAIRS = {
    "Conv1d": conv("Conv1d", 3),
    "Conv1d, stride": conv("Conv1d", 2, stride=2, padding=1, dilation=2),
    "Conv1d, same": conv("Conv1d", 4, padding="same"),
    "Conv2d": conv("Conv2d", 3),
    "Conv2d, uneven": conv("Conv2d", (2, 3), stride=(2, 1), padding=(0, 2), dilation=(1, 2)),
    "Conv2d, groups": conv("Conv2d", 3, groups=2, padding=1),
    "MaxPool": pool("MaxPool", 2, 2),
    "MaxPool, stride": pool("MaxPool", 2, 3, stride=2, padding=1),
    "MaxPool, sequences": pool("MaxPool", 1, 2),
    "AvgPool": pool("AvgPool", 2, (2, 3)),
    "AvgPool, sequences": pool("AvgPool", 1, 3, stride=2, padding=1),
    "Flatten": Pair(convolution.Flatten(), (3, 4, 2), torch.nn.Flatten, {}),
    "BatchNorm, features": norm((4,)),
    "BatchNorm, sequences": norm((4, 5), momentum=0.3),
    "BatchNorm, images": norm((4, 3, 2)),
    "LayerNorm": Pair(nn.LayerNorm.of(5), (3, 5), lambda: torch.nn.LayerNorm(5), CHANNELS),
    "RNN": recurrent("RNN", 4, last=False),
    "RNN, relu, last": recurrent("RNN", 4, last=True, activation="relu"),
    "LSTM": recurrent("LSTM", 4, last=False),
    "LSTM, last": recurrent("LSTM", 3, last=True),
    "LSTM, one step": recurrent("LSTM", 1, last=True),
    "GRU": recurrent("GRU", 4, last=False),
    "GRU, last": recurrent("GRU", 3, last=True),
    "attention": attention(2, causal=False),
    "attention, causal": attention(4, causal=True),
    "block": block("gelu", first=True, causal=False),
    "block, norm last, causal": block("relu", first=False, causal=True),
    "residual": residual(shortcut=False),
    "residual, shortcut": residual(shortcut=True),
}
EXACT = {"rtol": 1e-9, "atol": 1e-11}
pairs = pytest.mark.parametrize("name", sparse(PAIRS, 5))


@pytest.mark.parametrize("training", [False, True])
@pairs
def test_values_and_gradients_of_a_layer_are_pytorchs(name: str, training: bool) -> None:
    pair = PAIRS[name]
    layer = scattered(pair.layer)
    module = pair.loaded(layer).train(training)
    X = numbers(6, *pair.shape, seed=9)
    x, tensor = cg.variable("x", ("m", *pair.shape)), torch.tensor(X, requires_grad=True)
    out = nn.Sequential([layer])(x, training=training)
    expected = pair.call(module, tensor)
    weights = numbers(*expected.shape, seed=1)
    (expected * torch.tensor(weights)).sum().backward()
    loss = cg.sum(out * cg.variable("w", ("m", *expected.shape[1:])))
    leaves = [x, *layer.parameters]
    program = cg.compile([out, *cg.grad(loss, leaves)], inputs=cg.Graph(loss).inputs, backend="numpy")
    given = {"x": X, "w": weights, **{str(p.name): p.value for p in [*layer.parameters, *getattr(layer, "state", ())]}}
    found = program({leaf: given[str(leaf.name)] for leaf in program.inputs})
    np.testing.assert_allclose(found[0], expected.detach().numpy(), **EXACT)
    np.testing.assert_allclose(found[1], tensor.grad.numpy(), **EXACT)
    slopes = {name: p.grad.numpy() for name, p in module.named_parameters()}
    mine = {str(p.name): slope for p, slope in zip(layer.parameters, found[2:], strict=True)}
    for theirs, of in pair.names.items():
        if theirs in slopes and not (theirs == "bias_hh_l0" and "d[1]" not in mine):
            np.testing.assert_allclose(np.array(of(mine)), slopes[theirs], **EXACT, err_msg=theirs)


@pytest.mark.parametrize("backend", BACKENDS)  # in C as well, of which functions alone are compared elsewhere
@pytest.mark.parametrize("name", sparse([n for n, p in PAIRS.items() if p.layer.parameters], 6))
def test_two_steps_of_training_move_parameters_and_state_as_pytorch_does(name: str, backend: str) -> None:
    pair = PAIRS[name]
    model = nn.Sequential([scattered(pair.layer)])
    module = pair.loaded(model).train()
    X = numbers(5, *pair.shape, seed=9)
    with torch.no_grad():
        Y = numbers(*pair.call(pair.loaded(model).eval(), torch.tensor(X)).shape, seed=2)
    run = train.fit(model, (X, Y), nn.mse_loss, train.SGD(RATE), 2, batch_size=5, backend=backend)
    moved = [p for n, p in module.named_parameters() if not (n == "bias_hh_l0" and not name.startswith("GRU"))]
    optimizer = torch.optim.SGD(moved, lr=RATE)
    for _ in range(2):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(pair.call(module, torch.tensor(X)), torch.tensor(Y)).backward()
        optimizer.step()
    values, theirs = run.model.values, module.state_dict()
    for key, of in pair.names.items():
        np.testing.assert_allclose(np.array(of(values)), theirs[key].numpy(), **EXACT, err_msg=key)
    still = [k for k, v in model.values.items() if np.allclose(values[k], v)]
    idle = {"b_K[1]"} | (
        {"U[1]"} if "one step" in name else set()
    )  # it shifts a row's scores alike; the first state is 0
    assert set(still) <= idle, "all others have moved"
    with torch.no_grad():
        np.testing.assert_allclose(
            train.predict(run.model, X), pair.call(module.eval(), torch.tensor(X)).numpy(), **EXACT
        )


# Masks ---------------------------------------------------------------------------------------------------------------
IDS = np.array([[3, 1, 4, 2], [2, 5, 0, 0], [1, 0, 0, 0], [4, 4, 3, 0]])  # 0 fills up


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU", "block"])
def test_a_padded_text_gives_what_the_text_alone_gives(kind: str) -> None:
    embedding = nn.Embedding.random(6, 4, seed=0, padding=0)
    inner = [sequences.TransformerBlock.random(4, heads=2, hidden=6, layer=3, seed=1)] if kind == "block" else []
    last = getattr(sequences, "LSTM" if kind == "block" else kind).random(4, 3, seed=2, last=True)
    model = nn.Sequential([embedding, *inner, last, nn.Linear.random(3, 2, layer=2, seed=3)])
    together = train.predict(model, IDS)
    for row, length in enumerate([4, 2, 1, 3]):
        alone = train.predict(model, IDS[row : row + 1, :length])
        np.testing.assert_allclose(together[row], alone[0], rtol=1e-12)


def test_no_gradient_flows_to_the_row_that_fills_up() -> None:
    embedding = nn.Embedding.random(6, 4, seed=0, padding=0)
    model = nn.Sequential([embedding, sequences.GRU.random(4, 3, seed=2, last=True)])
    x = cg.variable("x", ("m", 4))
    slope = cg.backward(cg.sum(model(x) ** 2), x=IDS).gradient[embedding.E]
    assert not slope[0].any() and all(slope[1:].any(axis=1))


def test_a_mask_that_leaves_nothing_gives_the_first_state_and_no_gradient() -> None:
    model = nn.Sequential(
        [nn.Embedding.random(6, 4, seed=0, padding=0), sequences.LSTM.random(4, 3, seed=2, last=True)]
    )
    x = cg.variable("x", ("m", 3))
    output = model(x)
    bwd = cg.backward(cg.sum(output + 0.0), x=np.zeros((2, 3)))
    assert not bwd.forward[output].any()
    assert not any(bwd.gradient[p].any() for p in model.parameters)


@pytest.mark.parametrize(
    "layer", [convolution.Conv1d.random(4, 2, 2, seed=0), convolution.MaxPool(2, axes=1), convolution.Flatten(),
              nn.BatchNorm.of(4)], ids=lambda layer: type(layer).__name__,
)  # fmt: skip
def test_a_layer_that_would_mix_steps_refuses_a_mask(layer: Any) -> None:
    model = nn.Sequential([nn.Embedding.random(6, 4, seed=0, padding=0), layer])
    with pytest.raises(GraphError, match=r"sequences with a mask.*only fill the array up.*last=True"):
        model(cg.variable("x", ("m", 4)))


# State ---------------------------------------------------------------------------------------------------------------
def normed(dropout: float = 0.0) -> nn.Sequential:
    inner = nn.Residual([nn.BatchNorm.of(4, layer="in"), nn.Linear.random(4, 4, layer=2, seed=1), nn.Dropout(dropout)])
    return nn.Sequential(
        [nn.Linear.random(3, 4, seed=0), nn.BatchNorm.of(4), inner, nn.Linear.random(4, 2, layer=3, seed=2)]
    )


DATA = (numbers(23, 3), np.eye(2)[np.arange(23) % 2])


def trained(epochs: int, **options: Any) -> Any:
    settings = {"batch_size": 7, "seed": 3, **options}
    model = settings.pop("model", None) or normed(0.2)
    return train.fit(model, DATA, nn.softmax_cross_entropy_loss, train.Adam(0.01), epochs, **settings)


def test_state_is_no_parameter_and_stands_in_the_step_under_its_name() -> None:
    run = trained(2)
    assert [leaf.name for leaf in run.model.state] == ["mean[1]", "var[1]", "mean[in]", "var[in]"]
    assert not {"mean[1]", "var[in]"} & {p.name for p in run.model.parameters}
    assert {"mean[1]'", "var[in]'"} <= set(run.step.names)
    assert "mean[1]" not in run.state, "which are the optimiser's own leaves"
    assert not np.allclose(run.model.values["mean[in]"], 0)


def test_the_devset_is_measured_with_the_state_that_the_model_has_by_then() -> None:
    run = trained(2, devset=DATA)
    score = train.evaluate(run.model, DATA, nn.softmax_cross_entropy_loss)
    assert (run.history[-1].dev_loss, run.history[-1].metric) == (score.loss, score.metric)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("patience", [None, 2])
def test_a_training_with_state_goes_on_to_the_same_bits(tmp_path: Any, backend: str, patience: Any) -> None:
    more = {"backend": backend, "devset": DATA, "patience": patience}
    whole = trained(4, **more)
    path = tmp_path / "training.npz"
    trained(2, checkpoint=path, every=3, **more)
    again = trained(4, checkpoint=path, every=3, resume=True, **more)
    assert {k: v.tobytes() for k, v in again.model.values.items()} == {
        k: v.tobytes() for k, v in whole.model.values.items()
    }
    assert again.history == whole.history


def test_a_model_with_state_is_saved_and_loaded_to_the_last_bit(tmp_path: Any) -> None:
    run = trained(2)
    again = train.load(train.save(run.model, tmp_path / "model.npz"))
    assert train.predict(again, DATA[0]).tobytes() == train.predict(run.model, DATA[0]).tobytes()
    assert [leaf.name for leaf in again.state] == [leaf.name for leaf in run.model.state]


def test_a_layer_that_stands_twice_moves_its_state_twice_as_in_pytorch() -> None:
    shared = nn.BatchNorm.of(3)
    X = numbers(5, 3) * 2 + 1
    model = nn.Sequential([shared, nn.Activation("tanh"), shared])
    run = train.fit(model, (X, X), nn.mse_loss, train.SGD(RATE), 1, batch_size=5)
    theirs = torch.nn.BatchNorm1d(3).double()
    optimizer = torch.optim.SGD(theirs.parameters(), lr=RATE)
    torch.nn.functional.mse_loss(theirs(torch.tanh(theirs(torch.tensor(X)))), torch.tensor(X)).backward()
    optimizer.step()
    for ours, name in (("mean[1]", "running_mean"), ("var[1]", "running_var"), ("gain[1]", "weight")):
        np.testing.assert_allclose(run.model.values[ours], theirs.state_dict()[name].numpy(), **EXACT)


def test_two_layers_may_share_their_weights() -> None:
    shared = nn.Linear.random(3, 3, seed=0)
    cell = sequences.RNN.random(3, 3, layer=2, seed=1)
    model = nn.Sequential([shared, nn.Activation("tanh"), shared, nn.Activation("tanh"), shared])
    assert model.parameters == shared.parameters
    twice = nn.Sequential([cell, cell])
    X = numbers(4, 5, 3)
    run = train.fit(twice, (X, X), nn.mse_loss, train.SGD(RATE), 1, batch_size=4)
    theirs = torch.nn.RNN(3, 3, batch_first=True).double()
    values = {str(p.name).replace("[2]", "[1]"): torch.tensor(p.value) for p in cell.parameters}
    theirs.load_state_dict({**{k: of(values) for k, of in STEPS.items()}, "bias_hh_l0": 0 * values["b[1]"]})
    optimizer = torch.optim.SGD([p for n, p in theirs.named_parameters() if n != "bias_hh_l0"], lr=RATE)
    torch.nn.functional.mse_loss(theirs(theirs(torch.tensor(X))[0])[0], torch.tensor(X)).backward()
    optimizer.step()
    np.testing.assert_allclose(run.model.values["U[2]"], theirs.weight_hh_l0.detach().numpy().T, **EXACT)


def test_dropout_inside_of_blocks_is_drawn_and_is_off_in_prediction() -> None:
    still = sequences.TransformerBlock.random(4, heads=2, hidden=6, seed=0)
    block = sequences.TransformerBlock.random(4, heads=2, hidden=6, seed=0, dropout=0.5)
    model, X = nn.Sequential([block]), numbers(6, 3, 4)
    assert list(model.noise) == ["mask_attention[1]", "mask_net[1]"]
    np.testing.assert_array_equal(train.predict(model, X), train.predict(nn.Sequential([still]), X))
    x, ones = cg.variable("x", ("m", 3, 4)), np.ones((6, 3, 4))
    seen = cg.forward(model(x, training=True), {"x": X, "mask_attention[1]": 0 * ones, "mask_net[1]": 0 * ones})
    np.testing.assert_array_equal(seen.values[-1], X)  # both parts are dropped, and x goes around them


# Pictures and proofs -------------------------------------------------------------------------------------------------
def test_what_is_no_column_of_units_says_so_and_its_graph_is_drawn() -> None:
    import viz
    from viz.models import described

    model = nn.Sequential(
        [convolution.Conv2d.random(1, 2, 2, seed=0), convolution.MaxPool(2), convolution.Flatten(),
         nn.Linear.random(2, 1, layer=2, seed=1)]
    )  # fmt: skip
    with pytest.raises(ValueRefusedError, match=r"Conv2d, MaxPool.*viz.draw"):
        described(model)
    output = model(cg.variable("X", ("m", 1, 3, 3)))
    boxes = viz.draw(output, fold="layers").description
    assert "layer 1, 9 nodes; [m×1×3×3] → [m×2]; 10 parameters" in boxes
    assert "max pool, 2 nodes" in viz.draw(output, fold="layers", open="layer 1").description


@pytest.mark.slow
def test_a_small_net_of_each_kind_is_proved() -> None:
    image = nn.Sequential([convolution.Conv2d.random(1, 1, 2, seed=0), nn.Activation("tanh"), convolution.AvgPool(2)])
    assert cg.prove(image, inputs=(1, 1, 3, 3)).proved
    assert cg.prove(sequences.RNN.random(1, 1, last=True, seed=0), inputs=(1, 2, 1)).proved


# Bad input -----------------------------------------------------------------------------------------------------------
x = cg.variable("x", ("m", 4, 6, 6))
steps = cg.variable("s", ("m", 5, 4))
P = cg.parameter
WRONG: dict[str, tuple[Callable[[], Any], type[CgraphError], str]] = {
    "kernels": (lambda: convolution.Conv2d(P("W", np.ones((2, 4, 3)))), ShapeError, r"\[2×4×3\].*\[F×C×k×l\].*4 axes"),
    "an array": (lambda: convolution.Conv2d(np.ones((2, 4, 3, 3))), ValueRefusedError, "fields are nodes"),  # type: ignore[arg-type]
    "a bias": (
        lambda: convolution.Conv1d(P("W", np.ones((2, 4, 3))), P("b", np.ones(3))), ShapeError, r"\[3\].*shape \[2\]"
    ),
    "channels": (
        lambda: convolution.Conv2d.random(3, 2, 3, seed=0)(x), ShapeError, r"\[m×4×6×6\].*\[2×3×3×3\].*4 channel"
    ),
    "a kernel too large": (
        lambda: convolution.Conv2d.random(4, 2, 7, seed=0)(x), ShapeError, r"no window fits.*//stride \+ 1"
    ),
    "groups": (lambda: convolution.Conv2d.random(4, 3, 3, groups=2, seed=0), ShapeError, "in 2 groups"),
    "no kernels": (lambda: convolution.Conv2d.random(4, 0, 3, seed=0), ShapeError, "kernels=0"),
    "a pool's axes": (lambda: convolution.MaxPool(2, axes=3), ShapeError, "over 3 axes"),
    "a pool's size": (lambda: convolution.MaxPool(0), ShapeError, "size=0"),
    "a pool too large": (lambda: convolution.AvgPool(7)(x), ShapeError, "no window fits"),
    "unknown rows": (lambda: convolution.Flatten()(cg.variable("x", ("m", "n", 2))), ShapeError, "flattening"),
    "channels of a norm": (lambda: nn.BatchNorm.of(3)(x), ShapeError, "one number for each channel"),
    "a norm's fields": (
        lambda: nn.BatchNorm(None, None, P("mean", np.ones(3)), P("var", np.ones(2))), ShapeError, "one length"
    ),
    "momentum": (lambda: nn.BatchNorm.of(3, momentum=1.5), ValueRefusedError, "momentum=1.5"),
    "features of a norm": (lambda: nn.LayerNorm.of(3)(x), ShapeError, r"gain\[1\] \[3\].*shape \[6\]"),
    "recurrent weights": (
        lambda: sequences.LSTM(P("W", np.ones((4, 8))), P("U", np.ones((2, 6)))), ShapeError, r"\[4×8\].*\[2×6\].*4n"
    ),
    "a recurrent bias": (
        lambda: sequences.RNN(P("W", np.ones((4, 2))), P("U", np.ones((2, 2))), P("b", np.ones(3))),
        ShapeError, r"b \[3\].*\[2\]",
    ),
    "no steps": (lambda: sequences.GRU.random(4, 2, seed=0)(cg.variable("x", ("m", 0, 4))), ShapeError, "at least one"),
    "unknown steps": (
        lambda: sequences.GRU.random(4, 2, seed=0)(cg.variable("x", ("m", "n", 4))), ShapeError, "must be known"
    ),
    "features": (lambda: sequences.RNN.random(3, 2, seed=0)(steps), ShapeError, r"\[m×4\]"),
    "a mask of steps": (
        lambda: sequences.RNN.random(4, 2, seed=0)(steps, cg.variable("k", ("m", 4))), ShapeError, r"\[m×5\]"
    ),
    "heads": (lambda: sequences.MultiHeadAttention.random(6, heads=4, seed=0), ShapeError, "4 heads"),
    "no heads": (lambda: sequences.MultiHeadAttention.random(6, heads=0, seed=0), ShapeError, "heads=0"),
    "a mask of attention": (
        lambda: sequences.MultiHeadAttention.random(4, heads=2, seed=0)(steps, cg.variable("k", ("m", 4))),
        ShapeError, r"\[m×5\]",
    ),
    "a block's activation": (
        lambda: sequences.TransformerBlock.random(4, heads=2, hidden=3, activation="gelo", seed=0),
        ValueRefusedError, "gelu",
    ),
    "a residual's shape": (
        lambda: nn.Residual([nn.Linear.random(4, 3, seed=0)])(steps), ShapeError, r"\[m×5×4\].*\[m×5×3\].*shortcut"
    ),
    "an empty residual": (lambda: nn.Residual([]), ValueRefusedError, "without layers"),
    "a shortcut": (lambda: nn.Residual([nn.Activation("tanh")], shortcut=3), ValueRefusedError, "no layer"),
    "padding": (lambda: nn.Embedding.random(4, 2, seed=0, padding=4), ValueRefusedError, "0 to 3"),
    "an empty batch": (
        lambda: train.fit(nn.Sequential([nn.BatchNorm.of(3)]), (np.ones((0, 3)), np.ones((0, 3))), nn.mse_loss,
                          train.SGD(0.1), 1),
        ValueRefusedError, "empty",
    ),
    "a name that others have": (lambda: nn.Conv2d, AttributeError, "nn.convolution.Conv2d"),  # type: ignore[attr-defined,dict-item]
    "another": (lambda: nn.MultiheadAttention, AttributeError, "nn.sequences.MultiHeadAttention"),  # type: ignore[attr-defined,dict-item]
}  # fmt: skip


@pytest.mark.parametrize("call, kind, words", WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_refused_with_its_shapes(call: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        call()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("rows", [1, 9])
def test_a_batch_of_one_is_refused_before_batch_norm_divides_by_nothing(rows: int, backend: str) -> None:
    model = nn.Sequential([nn.BatchNorm.of(3), nn.Linear.random(3, 1, seed=0)])
    data = numbers(rows, 3), numbers(rows, 1)
    with pytest.raises(CgraphError, match=r"1 element|one element"):
        train.fit(model, data, nn.mse_loss, train.SGD(0.1), 2, batch_size=8, backend=backend)
