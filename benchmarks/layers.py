"""One step of gradient descent of convolutional, recurrent and attention nets, beside PyTorch and JAX.

    python benchmarks/layers.py [--nets lenet gru] [--only cgraph] [--skip jax] [--json layers.json]

Each net is written once, in functions that cgraph, PyTorch and JAX are handed in their own words; data are float32, a
new batch each step. The parameters of all are compared after three steps. What compiling takes is printed at the end,
without the cache of compiled programs and with it. See turns.py for the clock.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from turns import THREADS, Candidate, LeftOutError, clock, fed, finish, measure, parser

import numpy as np  # isort: skip

import cgraph as cg  # isort: skip

RATE, POOL = 0.05, 8
Arrays = Mapping[str, Any]


class Net(NamedTuple):
    """A net: its parameters' shapes, its inputs' shape, what it computes in the words of a library, and its targets."""

    name: str
    shapes: Mapping[str, tuple[int, ...]]
    inputs: tuple[int, ...]
    logits: Callable[[Any, Arrays, Any], Any]  # of the words, the parameters and a batch
    classes: int = 10

    def parameters(self) -> dict[str, Any]:
        """First values, small enough for three steps."""
        random = np.random.default_rng(0)
        wide = {n: np.prod(s[1:]) if len(s) == 4 else s[0] if len(s) > 1 else 1e4 for n, s in self.shapes.items()}
        return {n: (random.normal(size=s) / wide[n] ** 0.5).astype("f4") for n, s in self.shapes.items()}

    def batches(self) -> tuple[Any, Any]:
        """A pool of batches: inputs, and class ids."""
        random = np.random.default_rng(1)
        X = random.normal(size=(POOL, *self.inputs)).astype("f4")
        return X, random.integers(0, self.classes, (POOL, self.inputs[0]))


def lenet(side: int, batch: int) -> Net:
    """Two convolutions of 3×3 with 8 and 16 channels, each with a ReLU and a pool of 2×2, and a linear layer."""

    def logits(w: Any, p: Arrays, x: Any) -> Any:
        h = w.pool(w.relu(w.conv(x, p["w1"], p["b1"])))
        h = w.pool(w.relu(w.conv(h, p["w2"], p["b2"])))
        return w.flat(h) @ p["w3"] + p["b3"]

    shapes = {"w1": (8, 1, 3, 3), "b1": (8,), "w2": (16, 8, 3, 3), "b2": (16,)}
    shapes |= {"w3": (16 * (side // 4) ** 2, 10), "b3": (10,)}
    return Net(f"LeNet, {side}×{side}, batch {batch}", shapes, (batch, 1, side, side), logits)


def recurrent(kind: str, steps: int = 32, units: int = 64, batch: int = 16) -> Net:
    """A GRU or an LSTM over inputs as wide as its state, and a linear layer on the last state."""
    gates = {"gru": 3, "lstm": 4}[kind]
    shapes = {"W": (units, gates * units), "U": (units, gates * units), "b": (gates * units,), "d": (gates * units,)}
    shapes |= {"V": (units, 10)}

    def logits(w: Any, p: Arrays, x: Any) -> Any:
        return getattr(w, kind)(x, p["W"], p["U"], p["b"], p["d"]) @ p["V"]

    return Net(f"{kind.upper()}, {steps} steps, {units} units, batch {batch}", shapes, (batch, steps, units), logits)


def transformer(wide: int = 64, heads: int = 4, tokens: int = 32, batch: int = 16) -> Net:
    """A block: attention and a layer of four times the width, each normalised before and added; the tokens' mean."""
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys("QKVO", (wide, wide))
    shapes |= {"A": (wide, 4 * wide), "a": (4 * wide,), "B": (4 * wide, wide), "b": (wide,), "C": (wide, 10)}

    def logits(w: Any, p: Arrays, x: Any) -> Any:
        x = x + w.attention(w.norm(x), p["Q"], p["K"], p["V"], p["O"], heads)
        x = x + w.relu(w.norm(x) @ p["A"] + p["a"]) @ p["B"] + p["b"]
        return w.mean(x) @ p["C"]

    return Net(f"transformer block, {wide} wide, {heads} heads, {tokens} tokens, batch {batch}", shapes,
               (batch, tokens, wide), logits)  # fmt: skip


NETS = (lenet(8, 32), lenet(28, 64), recurrent("gru"), recurrent("lstm"), transformer())


# In cgraph's words ---------------------------------------------------------------------------------------------------
class Ours:
    """The nets' words as functions of nodes."""

    relu = staticmethod(partial(cg.relu, at_zero=0))
    conv = staticmethod(partial(cg.conv2d, padding=1))
    pool = staticmethod(lambda x: cg.max_pool2d(x, 2))
    flat = staticmethod(lambda x: x.reshape(x.shape[0], -1))
    gru = staticmethod(lambda x, W, U, b, d: cg.gru(x, W, U, b, d)[1])
    lstm = staticmethod(lambda x, W, U, b, d: cg.lstm(x, W, U, b + d)[1])
    attention = staticmethod(cg.multi_head_attention)
    norm = staticmethod(cg.layer_norm)
    mean = staticmethod(partial(cg.mean, axis=1))


def program(net: Net, backend: str) -> cg.Program:
    parameters = {name: cg.parameter(name, value) for name, value in net.parameters().items()}
    x, y = cg.variable("x", net.inputs), cg.variable("y", net.inputs[:1])
    loss = cg.softmax_cross_entropy(net.logits(Ours, parameters, x), y, reduction="mean")
    leaves = list(parameters.values())
    updates = {p: p - RATE * g for p, g in zip(leaves, cg.grad(loss, leaves), strict=True)}
    return cg.compile(loss, [x, y], updates, backend, "float32")


def ours(net: Net, backend: str) -> Candidate:
    X, Y = net.batches()
    made = program(net, backend)
    return Candidate(fed(made, X, Y), lambda: [made.values[name] for name in net.shapes])


# In the words of PyTorch and of JAX -----------------------------------------------------------------------------------
def pytorch(net: Net) -> Candidate:
    try:
        import torch
    except ModuleNotFoundError as error:
        raise LeftOutError(f"{type(error).__name__}: {error}") from None
    torch.set_num_threads(THREADS)
    F = torch.nn.functional
    modules: dict[str, Any] = {"gru": torch.nn.GRU, "lstm": torch.nn.LSTM}

    def recurrence(kind: str) -> Callable[..., Any]:
        made: list[Any] = []

        def last(x: Any, W: Any, U: Any, b: Any, d: Any) -> Any:
            if not made:
                made.append(modules[kind](x.shape[-1], U.shape[0], batch_first=True))
            values = {"weight_ih_l0": W.T, "weight_hh_l0": U.T, "bias_ih_l0": b, "bias_hh_l0": d}
            return torch.func.functional_call(made[0], values, (x,))[0][:, -1]

        return last

    def attention(x: Any, Q: Any, K: Any, V: Any, O: Any, heads: int) -> Any:
        parts = [(x @ w).unflatten(-1, (heads, -1)).transpose(1, 2) for w in (Q, K, V)]
        return F.scaled_dot_product_attention(*parts).transpose(1, 2).flatten(2) @ O

    class Words:
        relu = staticmethod(F.relu)
        conv = staticmethod(partial(F.conv2d, padding=1))
        pool = staticmethod(lambda x: F.max_pool2d(x, 2))
        flat = staticmethod(lambda x: x.flatten(1))
        gru, lstm = staticmethod(recurrence("gru")), staticmethod(recurrence("lstm"))
        norm = staticmethod(lambda x: F.layer_norm(x, x.shape[-1:]))
        mean = staticmethod(lambda x: x.mean(1))

    Words.attention = staticmethod(attention)  # type: ignore[attr-defined]  # one of the words
    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in net.parameters().items()}

    def step(x: Any, y: Any) -> Any:
        loss = F.cross_entropy(net.logits(Words, leaves, x), y)
        slopes = torch.autograd.grad(loss, list(leaves.values()))
        with torch.no_grad():
            for leaf, slope in zip(leaves.values(), slopes, strict=True):
                leaf.sub_(slope, alpha=RATE)
        return loss

    X, Y = map(torch.tensor, net.batches())
    return Candidate(fed(step, X, Y), lambda: [leaf.detach().numpy() for leaf in leaves.values()])


def jax_jit(net: Net) -> Candidate:
    try:
        import jax
        import jax.numpy as jnp
    except ModuleNotFoundError as error:
        raise LeftOutError(f"{type(error).__name__}: {error}") from None

    def gru(x: Any, W: Any, U: Any, b: Any, d: Any) -> Any:
        def step(h: Any, z: Any) -> Any:
            (r, k, m), (s, t, n) = jnp.split(z, 3, -1), jnp.split(h @ U + d, 3, -1)
            keep = jax.nn.sigmoid(k + t)
            return (1 - keep) * jnp.tanh(m + jax.nn.sigmoid(r + s) * n) + keep * h, None

        return jax.lax.scan(step, jnp.zeros((x.shape[0], U.shape[0])), jnp.swapaxes(x @ W + b, 0, 1))[0]

    def lstm(x: Any, W: Any, U: Any, b: Any, d: Any) -> Any:
        def step(state: Any, z: Any) -> Any:
            i, f, g, o = jnp.split(z + state[0] @ U, 4, -1)
            c = jax.nn.sigmoid(f) * state[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        start = jnp.zeros((x.shape[0], U.shape[0]))
        return jax.lax.scan(step, (start, start), jnp.swapaxes(x @ W + b + d, 0, 1))[0][0]

    def attention(x: Any, Q: Any, K: Any, V: Any, O: Any, heads: int) -> Any:
        q, k, v = ((x @ w).reshape(*x.shape[:2], heads, -1).swapaxes(1, 2) for w in (Q, K, V))
        weights = jax.nn.softmax(q @ k.swapaxes(-1, -2) / q.shape[-1] ** 0.5)
        return (weights @ v).swapaxes(1, 2).reshape(x.shape) @ O

    def conv(x: Any, w: Any, b: Any) -> Any:
        return jax.lax.conv_general_dilated(x, w, (1, 1), "SAME") + b[:, None, None]

    def pool(x: Any) -> Any:
        return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    def norm(x: Any) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        return centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)

    class Words:
        relu = staticmethod(jax.nn.relu)
        flat = staticmethod(lambda x: x.reshape(x.shape[0], -1))
        mean = staticmethod(lambda x: x.mean(1))

    for word in (conv, pool, gru, lstm, attention, norm):
        setattr(Words, word.__name__, staticmethod(word))

    def loss(leaves: Any, x: Any, y: Any) -> Any:
        scores = jax.nn.log_softmax(net.logits(Words, leaves, x))
        return -jnp.take_along_axis(scores, y[:, None], 1).mean()

    @jax.jit
    def step(leaves: Any, x: Any, y: Any) -> Any:
        value, slopes = jax.value_and_grad(loss)(leaves, x, y)
        return value, jax.tree.map(lambda p, g: p - RATE * g, leaves, slopes)

    now = [{name: jnp.asarray(value) for name, value in net.parameters().items()}]

    def act(x: Any, y: Any) -> Any:
        value, now[0] = step(now[0], x, y)
        return value.block_until_ready()

    return Candidate(fed(act, *net.batches()), lambda: [np.asarray(now[0][name]) for name in net.shapes])


def compiling(net: Net) -> str:
    """Seconds to build and compile: without the cache of compiled programs, with it, and for NumPy."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get("CGRAPH_CACHE")
        os.environ["CGRAPH_CACHE"] = folder
        try:
            for backend in ("native", "native", "numpy"):
                X, Y = net.batches()
                start = clock() if backend == "numpy" else clock_of_children()
                program(net, backend)(X[0], Y[0])
                found.append((clock() if backend == "numpy" else clock_of_children()) - start)
        finally:
            os.environ.pop("CGRAPH_CACHE")
            if before is not None:
                os.environ["CGRAPH_CACHE"] = before
    cold, warm, numpy = found
    return f"{net.name}: to C {cold:.2f} s, from the cache {warm:.2f} s, NumPy {numpy:.2f} s"


def clock_of_children() -> float:
    """The CPU time of this process and of the compilers that it started."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--nets", nargs="+", default=[], metavar="WORD", help="nets with one of these in their names")
    given = options.parse_args()
    nets = [n for n in NETS if not given.nets or any(w.lower() in n.name.lower() for w in given.nets)]
    makers: dict[str, Callable[[Net], Candidate]] = {
        "PyTorch eager": pytorch,
        "cgraph native": lambda net: ours(net, "native"),
        "cgraph numpy": lambda net: ours(net, "numpy"),
        "JAX jit": jax_jit,
    }
    against = ("PyTorch eager", "JAX jit")
    tables = [measure(f"{n.name}, a step", {k: partial(m, n) for k, m in makers.items()}, against, given) for n in nets]
    print("\nBuilding and compiling, CPU time of all processes\n")
    for net in nets:
        print(compiling(net))
    finish(tables, given)


if __name__ == "__main__":
    main()
