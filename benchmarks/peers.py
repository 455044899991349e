"""The nets of nets.py, and a step of gradient descent of each as one writes it in other libraries."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from turns import THREADS, Candidate, LeftOutError, fed

import numpy as np  # isort: skip

RATE = 1e-3  # small: a net that is trained to the end meets denormal numbers, which are slow


class Net(NamedTuple):
    name: str
    sizes: tuple[int, ...]
    batch: int
    activation: str
    one_output: bool = False
    pool: int = 32  # batches, one after the other


NETS = [
    Net("XOR 2-2-1, batch 4", (2, 2, 1), 4, "tanh", True, pool=256),
    Net("64-32-10, batch 32", (64, 32, 10), 32, "relu"),
    Net("784-256-128-10, batch 128", (784, 256, 128, 10), 128, "relu"),
]
LARGE = Net("1024-4096-4096-1000, batch 256", (1024, 4096, 4096, 1000), 256, "relu", pool=2)


class Problem:
    """A net with its first weights, and a pool of batches."""

    def __init__(self, net: Net) -> None:
        self.net = net
        rng = np.random.default_rng(0)
        self.weights = [
            ((rng.standard_normal((i, o)) * np.sqrt(2 / i)).astype("f"), np.zeros(o, "f"))
            for i, o in zip(net.sizes, net.sizes[1:], strict=False)
        ]
        self.X = rng.standard_normal((net.pool, net.batch, net.sizes[0])).astype("f")
        if net.one_output:
            self.ids = rng.integers(0, 2, (net.pool, net.batch))
            self.Y = self.ids[..., None].astype("f")
        else:
            self.ids = rng.integers(0, net.sizes[-1], (net.pool, net.batch))
            self.Y = np.eye(net.sizes[-1], dtype="f")[self.ids]

    def copies(self) -> list[Any]:
        return [array.copy() for pair in self.weights for array in pair]


def by_hand(problem: Problem) -> Candidate:
    """What a person writes first in NumPy."""
    net, parameters = problem.net, problem.copies()
    Ws, bs = parameters[::2], parameters[1::2]

    def step(x: Any, y: Any) -> Any:
        inputs = [x]
        for i, (W, b) in enumerate(zip(Ws, bs, strict=True), 1):
            z = inputs[-1] @ W + b
            if i < len(Ws):
                inputs.append(np.maximum(z, 0) if net.activation == "relu" else np.tanh(z))
        if net.one_output:
            loss = np.mean(np.logaddexp(z, 0) - z * y)
            d = (1 / (1 + np.exp(-z)) - y) / len(x)
        else:
            e = np.exp(z - z.max(axis=1, keepdims=True))
            p = e / e.sum(axis=1, keepdims=True)
            loss = -np.mean(np.log(p[y > 0]))
            d = (p - y) / len(x)
        for i in reversed(range(len(Ws))):
            before, h = d, inputs[i]
            if i:
                d = d @ Ws[i].T * ((h > 0) if net.activation == "relu" else 1 - h * h)
            Ws[i] -= RATE * (h.T @ before)
            bs[i] -= RATE * before.sum(axis=0)
        return loss

    return Candidate(fed(step, problem.X, problem.Y), lambda: parameters)


def torch_eager(problem: Problem, compiled: bool = False) -> Candidate:
    import torch

    torch.set_num_threads(THREADS)
    net = problem.net
    layers: list[Any] = []
    for i, (W, b) in enumerate(problem.weights, 1):
        layer = torch.nn.Linear(*W.shape)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(W.T.copy()))
            layer.bias.copy_(torch.from_numpy(b))
        layers.append(layer)
        if i < len(problem.weights):
            layers.append(torch.nn.ReLU() if net.activation == "relu" else torch.nn.Tanh())
    model = torch.nn.Sequential(*layers)
    loss = torch.nn.BCEWithLogitsLoss() if net.one_output else torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    objective: Callable[[Any, Any], Any] = lambda x, y: loss(model(x), y)  # noqa: E731
    if compiled:
        objective = torch.compile(objective)

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        value = objective(x, y)
        value.backward()
        optimizer.step()
        return value

    def parameters() -> list[Any]:
        found = [(m.weight.detach().numpy().T, m.bias.detach().numpy()) for m in layers if hasattr(m, "weight")]
        return [a for pair in found for a in pair]

    return Candidate(
        fed(step, torch.from_numpy(problem.X), torch.from_numpy(problem.Y if net.one_output else problem.ids)),
        parameters,
    )


def has_cpp() -> bool:
    """Whether there is a C++ compiler, for torch.compile."""
    return any(map(shutil.which, (os.environ.get("CXX", "g++"), "clang++")))


def torch_compile(problem: Problem) -> Candidate:
    """The model and its loss compiled, which needs a C++ compiler; the loop around it is that of PyTorch eager."""
    if not has_cpp():
        raise LeftOutError("it needs a C++ compiler, and there is none on the path")
    return torch_eager(problem, compiled=True)


def jax_jit(problem: Problem) -> Candidate:
    import jax
    import jax.numpy as jnp

    net = problem.net

    def objective(parameters: Any, x: Any, y: Any) -> Any:
        for i, (W, b) in enumerate(parameters):
            x = x @ W + b
            if i < len(parameters) - 1:
                x = jnp.maximum(x, 0) if net.activation == "relu" else jnp.tanh(x)
        if net.one_output:
            return jnp.mean(jnp.logaddexp(x, 0) - x * y)
        return -jnp.mean(jnp.sum(y * jax.nn.log_softmax(x), axis=-1))

    def update(parameters: Any, x: Any, y: Any) -> Any:
        value, slopes = jax.value_and_grad(objective)(parameters, x, y)
        return jax.tree.map(lambda p, g: p - RATE * g, parameters, slopes), value

    jitted = jax.jit(update, donate_argnums=0)
    state = [[(jnp.array(W), jnp.array(b)) for W, b in problem.weights]]

    def step(x: Any, y: Any) -> Any:
        state[0], value = jitted(state[0], x, y)
        return value.block_until_ready()

    return Candidate(fed(step, problem.X, problem.Y), lambda: [np.asarray(a) for pair in state[0] for a in pair])


def stepped_by_autograd(objective: Callable[..., Any], parameters: list[Any], X: Any, Y: Any, rate: float) -> Candidate:
    """Gradient descent in place on an objective of (parameters, x, y), written in autograd's NumPy."""
    from autograd import value_and_grad

    slopes_of = value_and_grad(objective)

    def step(x: Any, y: Any) -> Any:
        value, slopes = slopes_of(parameters, x, y)
        for p, slope in zip(parameters, slopes, strict=True):
            np.subtract(p, rate * slope, out=p)
        return value

    return Candidate(fed(step, X, Y), lambda: parameters)


def autograd(problem: Problem) -> Candidate:
    import autograd.numpy as anp

    net, parameters = problem.net, problem.copies()

    def objective(parameters: Any, x: Any, y: Any) -> Any:
        for i in range(0, len(parameters), 2):
            x = anp.dot(x, parameters[i]) + parameters[i + 1]
            if i < len(parameters) - 2:
                x = anp.maximum(x, 0) if net.activation == "relu" else anp.tanh(x)
        if net.one_output:
            return anp.mean(anp.logaddexp(x, 0) - x * y)
        moved = x - anp.max(x, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(moved), axis=1)) - anp.sum(moved * y, axis=1))

    return stepped_by_autograd(objective, parameters, problem.X, problem.Y, RATE)


def mygrad(problem: Problem) -> Candidate:
    import mygrad as mg
    from mygrad.nnet.losses import softmax_crossentropy

    net, parameters = problem.net, [mg.tensor(p) for p in problem.copies()]

    def step(x: Any, y: Any) -> Any:
        for i in range(0, len(parameters), 2):
            x = mg.matmul(x, parameters[i]) + parameters[i + 1]
            if i < len(parameters) - 2:
                x = mg.maximum(x, 0) if net.activation == "relu" else mg.tanh(x)
        loss = mg.mean(mg.logaddexp(x, 0) - x * y) if net.one_output else softmax_crossentropy(x, y)
        loss.backward()
        for p in parameters:
            p.data -= RATE * p.grad
            p.null_grad()
        return loss

    return Candidate(
        fed(step, problem.X, problem.Y if net.one_output else problem.ids), lambda: [p.data for p in parameters]
    )


def scikit_learn(problem: Problem) -> Candidate:
    """`partial_fit` on one batch: the same step, and checks of its input, labels as columns and a curve of losses."""
    from sklearn.neural_network import MLPClassifier

    net = problem.net
    settings: dict[str, Any] = {"solver": "sgd", "alpha": 0.0, "momentum": 0.0, "nesterovs_momentum": False}
    settings |= {"batch_size": net.batch, "learning_rate_init": RATE, "activation": net.activation, "shuffle": False}
    model = MLPClassifier(net.sizes[1:-1], **settings)
    model.partial_fit(problem.X[0], problem.ids[0], classes=np.arange(2 if net.one_output else net.sizes[-1]))
    parameters = problem.copies()
    for own, first in zip([*model.coefs_, *model.intercepts_], parameters[::2] + parameters[1::2], strict=True):
        own[...] = first
    pairs: Callable[[], Any] = lambda: zip(model.coefs_, model.intercepts_, strict=True)  # noqa: E731
    return Candidate(fed(model.partial_fit, problem.X, problem.ids), lambda: [a for pair in pairs() for a in pair])


def scalars(problem: Problem, leaf: Callable[[float], Any], tanh: Callable[[Any], Any]) -> tuple[list[Any], Any]:
    """The parameters of a net of scalars, and its logit for a row of them."""
    if not problem.net.one_output:
        raise LeftOutError("it has a node for each scalar, and this net too many")
    arrays = [np.vectorize(leaf, otypes=[object])(a.astype(float)) for a in problem.copies()]

    def logit(x: Any) -> Any:
        for W, b in zip(arrays[::2], arrays[1::2], strict=True):
            z = [bias + sum(v * w for v, w in zip(x, unit, strict=True)) for bias, unit in zip(b, W.T, strict=True)]
            x = z if b is arrays[-1] else [tanh(v) for v in z]
        return x[0]

    return arrays, logit


def micrograd(problem: Problem) -> Candidate:
    import math

    from micrograd.engine import Value

    def elementwise(x: Any, value: float, slope: float) -> Any:
        out = Value(value, (x,))

        def back() -> None:
            x.grad += slope * out.grad

        out._backward = back
        return out

    def tanh(x: Any) -> Any:
        t = math.tanh(x.data)
        return elementwise(x, t, 1 - t * t)

    def softplus(x: Any) -> Any:
        return elementwise(x, math.log1p(math.exp(x.data)), 1 / (1 + math.exp(-x.data)))

    arrays, logit = scalars(problem, Value, tanh)
    leaves = [v for a in arrays for v in a.flat]

    def step(x: Any, y: Any) -> Any:
        logits = [logit(row) for row in x]
        loss = sum(softplus(z) - z * t for z, t in zip(logits, y, strict=True)) * (1 / len(x))
        for v in leaves:
            v.grad = 0
        loss.backward()
        for v in leaves:
            v.data -= RATE * v.grad
        return loss

    data = np.vectorize(lambda v: v.data, otypes=[float])
    return Candidate(fed(step, problem.X.tolist(), problem.ids.tolist()), lambda: [data(a) for a in arrays])


def casadi(problem: Problem) -> Candidate:
    """The step as one function of scalars, called on buffers."""
    import casadi as ca

    found: list[Any] = []
    arrays, logit = scalars(problem, lambda value: found.append(ca.SX.sym("p")) or found[-1], ca.tanh)
    x, y = ca.SX.sym("x", problem.net.batch, problem.net.sizes[0]), ca.SX.sym("y", problem.net.batch)
    logits = ca.vertcat(*(logit(ca.horzsplit(x[i, :])) for i in range(problem.net.batch)))
    loss = ca.sum1(ca.fmax(logits, 0) + ca.log1p(ca.exp(-ca.fabs(logits))) - logits * y) / problem.net.batch
    point = ca.vertcat(*found)
    function = ca.Function("step", [point, x, y], [loss, point - RATE * ca.densify(ca.gradient(loss, point))])
    buffer, call = function.buffer()
    values = np.concatenate([a.reshape(-1) for a in problem.copies()]).astype(float)
    given, labels, value, after = np.empty(x.shape, order="F"), np.empty(y.shape[0]), np.zeros(1), values.copy()
    for place, array in enumerate((values, given.T, labels)):
        buffer.set_arg(place, memoryview(array))
    for place, array in enumerate((value, after)):
        buffer.set_res(place, memoryview(array))

    def step(x: Any, y: Any) -> Any:
        given[...], labels[...] = x, y
        call()
        values[...] = after
        return value[0]

    ends = np.cumsum([a.size for a in arrays])[:-1]
    shaped: Callable[[], Any] = lambda: zip(np.split(values, ends), arrays, strict=True)  # noqa: E731
    keep = (function, buffer)  # CasADi keeps neither
    return Candidate(fed(step, problem.X, problem.ids), lambda keep=keep: [v.reshape(a.shape) for v, a in shaped()])


def products(problem: Problem) -> Candidate:
    """The step's matrix products alone, through NumPy: the floor of this BLAS.

    A step that adds the update inside a product writes no gradient, and may be a few percent below it.
    """
    Ws = [W for W, _ in problem.weights]
    rng = np.random.default_rng(1)
    acts = [problem.X[0], *(rng.standard_normal((problem.net.batch, W.shape[1])).astype("f") for W in Ws)]
    outs, slopes = [np.empty_like(a) for a in acts], [np.empty_like(W) for W in Ws]

    def step() -> None:
        for i, W in enumerate(Ws):
            np.dot(acts[i], W, outs[i + 1])
            np.dot(acts[i].T, acts[i + 1], slopes[i])
            if i:
                np.dot(acts[i + 1], W.T, outs[i])

    return Candidate(step)


PEERS: Mapping[str, Callable[[Problem], Candidate]] = {
    "NumPy by hand": by_hand,  # what the others are compared with
    "PyTorch eager": torch_eager,
    "torch.compile": torch_compile,
    "JAX jit": jax_jit,
    "autograd": autograd,
    "MyGrad": mygrad,
    "scikit-learn": scikit_learn,
    "micrograd": micrograd,
    "CasADi": casadi,
    "products alone": products,
}
