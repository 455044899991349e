"""The chapter's cases that are no graphs with edges: tables, poolings, losses, optimisers, training.

Each function checks one kind with this package as the subject, and says how many numbers it compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy

import cgraph as cg
from cgraph.train import SGD, Adam

Record = dict[str, Any]
Build = Callable[[Record], Any]  # a case's graph -> its nodes by name, and its root


class Checker:
    """Compares with a case's tolerance, and counts."""

    def __init__(self, record: Record, cases: Mapping[str, Record]) -> None:
        self.cases = cases  # the other cases of the file, by id
        self.inputs, self.expected, self.rule = record["inputs"], record["expected"], record["tolerance"]
        self.count = 0

    def __call__(self, got: Any, want: Any, what: str = "") -> None:
        expected = np.array(want, dtype=object).astype(float)
        assert np.shape(got) == expected.shape, f"{what}: shape {np.shape(got)}, not {expected.shape}"
        error = np.abs(np.asarray(got, float) - expected)
        assert np.all(error <= self.rule["abs"] + self.rule["rel"] * np.abs(expected)), f"{what}: {got}, not {want}"
        self.count += expected.size


def value(node: Any, **feed: Any) -> Any:
    return cg.forward(node, **feed).values[-1]


def function_table(check: Checker, build: Build) -> None:
    node = getattr(cg, check.inputs["function"])(cg.variable("z"))
    for point in check.expected["points"]:
        bwd = cg.backward(cg.forward(node, z=point["z"]))
        check(bwd.forward[node], point["value"], f"at {point['z']}")
        check(bwd.gradient["z"], point["derivative"], f"slope at {point['z']}")


def identity_table(check: Checker, build: Build) -> None:
    z = cg.variable("z")
    scalars = {
        "tanh": cg.tanh(z),
        "two_sigmoid_2z_minus_1": 2 * cg.sigmoid(2 * z) - 1,
        "sigmoid_z": cg.sigmoid(z),
        "sigmoid_minus_z": cg.sigmoid(-z),
    }
    for point in check.expected["points"]:
        for name in point.keys() - {"z"}:
            if name == "softmax":
                check(value(cg.softmax(cg.variable("z", 2)), z=point["z"]), point[name])
            elif name == "sigmoid_of_difference":
                pair = cg.variable("z", 2)
                check(value(cg.sigmoid(pair[0] - pair[1]), z=point["z"]), point[name])
            else:
                check(value(scalars[name], z=point["z"]), point[name], name)


def function(check: Checker, build: Build) -> None:
    z = cg.variable("z", len(check.inputs["z"]))
    check(value(cg.softmax(z), z=check.inputs["z"]), check.expected["softmax"])
    (name,) = [k for k, v in check.expected.items() if np.ndim(v) == 2]
    check(value(cg.jacobian(cg.softmax(z), z), z=check.inputs["z"]), check.expected[name], "Jacobian")


def linear_collapse(check: Checker, build: Build) -> None:
    x = cg.variable("x", len(check.inputs["x"]))
    z: Any = x
    for W, b in zip(check.inputs["W"], check.inputs["b"], strict=True):
        z = np.array(W) @ z + np.array(b)
    check(value(z, x=check.inputs["x"]), check.expected["z_collapsed"])
    check(value(cg.jacobian(z, x)), check.expected["W_prime"], "W'")
    check(value(z, x=np.zeros(x.shape)), check.expected["b_prime"], "b'")


def embedding_lookup(check: Checker, build: Build) -> None:
    E, ids = np.array(check.inputs["E"]), check.inputs["ids_0based"]
    hot = cg.one_hot(ids, classes=len(E))
    check(value(hot), check.expected["one_hot"])
    check(value(hot @ cg.variable("E", E.shape), E=E), check.expected["result"])
    check(value(cg.embedding(cg.variable("E", E.shape), ids), E=E), check.expected["result"])


def pooling(check: Checker, build: Build) -> None:
    rows = np.array(check.inputs["embeddings"])
    x, mask = cg.variable("x", rows.shape), np.ones(len(rows))
    nodes = {
        "mean": cg.mean_pool(x, mask),
        "max": cg.max_pool(x, mask),
        "argmax_rows": cg.argmax(x, axis=0),
        "sum": cg.sum(x, axis=0),
        "concat": x.reshape(-1),
        "concat_order_2": cg.concatenate([x[i] for i in check.inputs["order_2"]]),
    }
    for name, want in check.expected.items():
        check(value(nodes[name], x=rows), want, name)


def loss_table(check: Checker, build: Build) -> None:
    for row in check.expected["rows"]:
        if np.ndim(row["yhat"]):
            losses = -cg.log(cg.variable("p", len(row["yhat"])))[row["c_1based"] - 1]
            check(value(losses, p=row["yhat"]), row["L"])
            continue
        bwd = cg.backward(cg.forward(cg.binary_cross_entropy(cg.variable("p"), row["y"]), p=row["yhat"]))
        check(bwd.forward.values[-1], row["L"])
        check(bwd.gradient["p"], row["dL_dyhat"])


def dropout(check: Checker, build: Build) -> None:
    h, mask, p = (check.inputs[k] for k in ("h", "mask", "p"))
    x = cg.variable("h", len(h))
    check(value(cg.dropout(x, mask, p), h=h), check.expected["inverted_1_over_1_minus_p"])
    check(value(cg.dropout(x, mask, p, training=False), h=h), check.expected["inference"])


def hidden_points(check: Checker, build: Build) -> None:
    W, b = np.array(check.inputs["W"], float), np.array(check.inputs["b"], float)
    z = W @ cg.variable("x", 2) + b
    line = check.expected["separator"]
    side = cg.step(cg.relu(z) @ np.array(line["w"], float) + line["b"])
    for bits, want in check.expected["h"].items():
        x = [float(c) for c in bits]
        check(value(cg.relu(z), x=x), want)
        check(value(z, x=x), check.expected["pre_activation"][bits])
        check(value(side, x=x), line["y"][bits])


def perceptron_table(check: Checker, build: Build) -> None:
    z = cg.variable("x", 2) @ np.array(check.inputs["w"], float) + check.inputs["b"]
    for row in check.expected["rows"]:
        check(value(z, x=row["x"]), row["z"])
        check(value(cg.step(z), x=row["x"]), row["y"])


def step_network(check: Checker, build: Build) -> None:
    W, b, U = (np.array(check.inputs[k], float) for k in ("W", "b", "U"))
    h = cg.step(W @ cg.variable("x", 2) + b)
    z = h @ U + check.inputs["c"]
    for row in check.expected["rows"]:
        for node, name in ((h, "h"), (z, "z"), (cg.step(z), "y")):
            check(value(node, x=row["x"]), row[name], name)


def optimizer(check: Checker, build: Build) -> None:
    given = {"beta1": "beta1", "beta2": "beta2", "eps": "epsilon"}
    settings = {ours: check.inputs[theirs] for theirs, ours in given.items() if theirs in check.inputs}
    method = {"sgd": SGD, "adam": Adam}[check.inputs["algorithm"]](check.inputs["lr"], **settings)
    w, g = cg.parameter("w", check.inputs["param0"]), cg.variable("g", len(check.inputs["param0"]))
    updates = method.updates([w], [g])
    step, values = cg.Graph(updates.new.values()), {leaf: leaf.value for leaf in updates.new}
    for gradient, want in zip(check.inputs["grads"], check.expected["trajectory"], strict=True):
        fwd = cg.forward(step, {**values, g: gradient})
        values = {leaf: fwd[new] for leaf, new in updates.new.items()}
        check(values[w], want["param"])
        for leaf in updates.state[:2]:
            name, power = str(leaf.name)[0], {"m": "beta1", "v": "beta2"}[str(leaf.name)[0]]
            check(values[leaf], want[name], name)
            corrected = values[leaf] / (1 - check.inputs[power] ** values[updates.state[-1]])
            check(corrected, want[f"{name}_hat"], f"{name}_hat")


def train(check: Checker, build: Build) -> None:
    values: dict[str, Any] = {**check.inputs["leaves"]}
    shapes = {k: np.shape(v) for k, v in values.items()}
    graph = check.inputs["graph"]
    root = build({**graph, "nodes": [{**e, "shape": shapes.get(e["id"], ())} for e in graph["nodes"]]})
    names = check.inputs["params"]
    leaves = [cg.Graph(root)[n] for n in names]
    updates = [*SGD(check.inputs["optimizer"]["lr"]).updates(leaves, cg.grad(root, leaves)).new.values()]
    batches = check.inputs["batches"]
    for i, want in enumerate(check.expected["steps"]):
        bwd = cg.backward(cg.forward(root, {**values, **batches[i % len(batches)]}))
        check(bwd.forward.values[-1], want["loss_before"])
        fwd = cg.forward(cg.Graph(updates), {**values, **batches[i % len(batches)]})
        for name, new in zip(names, updates, strict=True):
            check(bwd.gradient[name], want["grad"][name], name)
            check(fwd[new], want["params_after"][name], f"{name} after")
        values.update({name: fwd[new] for name, new in zip(names, updates, strict=True)})
        check(value(root, **{**values, **batches[i % len(batches)]}), want["loss_after_same_batch"])


def minibatch(check: Checker, build: Build) -> None:
    batch = check.cases[check.inputs["batch_case"]]
    root, values = build(batch["graph"]), {k: np.array(v, float) for k, v in batch["inputs"].items()}

    def compare(feed: dict[str, Any], loss: float, gradients: Mapping[str, Any]) -> None:
        bwd = cg.backward(cg.forward(root, feed))
        check(bwd.forward.values[-1], loss)
        for name, want in gradients.items():
            check(bwd.gradient[name], want, name)

    for i, one in enumerate(check.expected["per_example"]):
        alone = {k: np.repeat(values[k][i : i + 1], len(values[k]), 0) for k in ("X", "Y")}  # its mean is its own
        compare({**values, **alone}, one["loss"], {k[5:]: v for k, v in one.items() if k.startswith("grad_")})
    compare(values, check.expected["mean_loss"], check.expected["mean_grad"])


def tune(check: Checker, build: Build) -> None:
    def loss(data: str) -> cg.Node:
        z = w * np.array(check.inputs[f"{data}_x"], float) + b
        return cg.mean(cg.sigmoid_cross_entropy(z, np.array(check.inputs[f"{data}_y"], float)))

    w, b = cg.variables("w b")
    L, dev = loss("train"), loss("dev")
    losses = {}
    for want in check.expected["results"]:
        updates = [*SGD(want["eta"]).updates([w, b], cg.grad(L, [w, b])).new.values()]
        graph = cg.Graph(updates)
        at = dict(check.inputs["init"])
        for _ in range(check.inputs["steps"]):
            fwd = cg.forward(graph, at)
            at = {"w": fwd[updates[0]], "b": fwd[updates[1]]}
        losses[want["eta"]] = value(dev, **at)
        for name in ("w", "b"):
            check(at[name], want[name], name)
        check(losses[want["eta"]], want["dev_loss"])
    check(min(losses, key=lambda eta: losses[eta]), check.expected["best_eta"])


def symbolic_identity(check: Checker, build: Build) -> None:
    def same(node: cg.Node, formula: str, **local: Any) -> None:
        names = {s: sympy.Symbol(s, real=True) for s in ("y", "a", "z")} | local
        assert sympy.simplify(cg.to_sympy(node) - sympy.sympify(formula, locals=names)) == 0, formula
        check.count += 1

    logistic = 1 / (1 + sympy.exp(-sympy.Symbol("z", real=True)))
    loss, unit = (cg.parse(f"{name} = {check.inputs[name]}") for name in ("L", "a"))
    whole = cg.parse(f"L = {check.inputs['L'].replace('a', '(' + check.inputs['a'] + ')')}")
    same(cg.grad(loss, "a"), check.expected["dL_da"])
    same(cg.grad(unit, "z"), check.expected["da_dz"], a=logistic)
    same(cg.grad(whole, "z"), check.expected["dL_dz"], a=logistic)


KINDS: Mapping[str, Callable[[Checker, Build], None]] = {
    f.__name__: f
    for f in (
        function_table, identity_table, function, linear_collapse, embedding_lookup, pooling, loss_table, dropout,
        hidden_points, perceptron_table, step_network, optimizer, train, tune, symbolic_identity, minibatch,
    )
}  # fmt: skip
LATER = {  # what a later issue builds
    "features": "counting words in a text",
    "separability": "deciding whether a line separates",
    "boundary": "the line of a unit",
    "windows": "windows over tokens",
    "normalise": "normalising with the statistics of the training set",
    "embedding_lookup_ids": "a vocabulary",
}
