"""The chapter's cases that are no graphs with edges: tables, units, poolings, losses, optimisers, training, texts.

Each function checks one kind with this package as the subject, through its public names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import product
from typing import Any

import chapter_graphs
import numpy as np
import pytest
import sympy
from chapter_record import Checker, Record, matrix_formula, plain

import cgraph as cg
from cgraph import nn, train
from cgraph.errors import CgraphError
from cgraph.nn import text

Z = sympy.Symbol("z", real=True)
ROWS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]


def value(node: Any, feed: Mapping[str, Any] | None = None, /, **values: Any) -> Any:
    return cg.forward(node, {**(feed or {}), **values}).values[-1]


def formulas_agree(check: Checker, key: str, ours: Any, formula: str, **names: Any) -> None:
    """Two expressions in z, at points of both signs."""
    theirs = sympy.sympify(formula, locals={"z": Z, **names})
    points = [sympy.Rational(k, 7) for k in (-20, -9, -1, 0, 2, 11, 23)]
    same = all(abs(sympy.N((ours - theirs).subs(Z, p), 30)) < 1e-25 for p in points)
    check.that(same, f"{key} = {formula}, and not {ours}", "symbolic")


# Functions ------------------------------------------------------------------------------------------------------------
def function_table(check: Checker) -> None:
    node = getattr(cg, check.inputs["function"])(cg.variable("z"))
    points = check.expected["points"]
    check([p["z"] for p in points], check.inputs["z"], "the points are those of the inputs")
    for point in points:
        bwd = cg.backward(cg.forward(node, z=point["z"]))
        for key, want in point.items():
            if key != "z":
                got = {"value": bwd.forward[node], "derivative": bwd.gradient["z"]}[key.removesuffix("30")]
                check(got, want, f"{key} at {point['z']}")
    whole, slope = cg.to_sympy(node), cg.to_sympy(cg.grad(node, "z"))
    for key, formula in check.record.get("symbolic", Record({})).items():
        ours = {"f": whole, "df": slope, "df_by_value": slope, "df_alt": slope}[key]
        formulas_agree(check, key, ours, formula, s=whole)


def identity_table(check: Checker) -> None:
    points, z = check.expected["points"], cg.variable("z")
    pair = cg.variable("z", 2)
    nodes = {
        "tanh": cg.tanh(z),
        "two_sigmoid_2z_minus_1": 2 * cg.sigmoid(2 * z) - 1,
        "sigmoid_z": cg.sigmoid(z),
        "sigmoid_minus_z": cg.sigmoid(-z),
        "softmax": cg.softmax(pair),
        "sigmoid_of_difference": cg.sigmoid(pair[0] - pair[1]),
    }
    (given,) = check.inputs.values()
    check([p["z"] for p in points], given, "the points are those of the inputs")
    for point in points:
        for name, want in point.items():
            if name != "z":
                check(value(nodes[name], z=point["z"]), want, f"{name} at {point['z']}")
        if "sigmoid_minus_z" in point:  # the identities themselves
            check(value(1 - nodes["sigmoid_z"], z=point["z"]), point["sigmoid_minus_z"])
            check(value(nodes["tanh"], z=point["z"]), point["two_sigmoid_2z_minus_1"])
            check(-value(nodes["tanh"], z=-point["z"]), point["tanh"], "tanh is odd")


def function(check: Checker) -> None:
    given = check.inputs["z"]
    z = cg.variable("z", len(given))
    softmax = value(cg.softmax(z), z=given)
    check(softmax, check.expected["softmax"])
    check(softmax, check.expected["softmax30"])
    check(softmax.sum(), check.expected["sum"])
    for got, shown in zip(softmax, check.expected["display"], strict=True):
        check.that(f"{got:#.2g}" == shown, f"{got} is displayed as {shown}")
    jacobian = value(cg.jacobian(cg.softmax(z), z), z=given)
    check(jacobian, check.expected["jacobian"], "Jacobian")
    i, j, p = sympy.symbols("i j"), None, None
    for key, formula in check.record.get("symbolic", Record({})).items():
        assert key == "dp_i/dz_j", key
        i, j, p, q = (sympy.Symbol(s) for s in ("i", "j", "p_i", "p_j"))
        rule = sympy.lambdify((i, j, p, q), sympy.sympify(formula, locals={"i": i, "j": j, "p_i": p, "p_j": q}))
        places = range(len(given))
        check(jacobian, [[float(rule(a, b, softmax[a], softmax[b])) for b in places] for a in places], formula)


# Units ----------------------------------------------------------------------------------------------------------------
def perceptron_table(check: Checker) -> None:
    unit = nn.textbook.Perceptron(check.inputs["w"], check.inputs["b"])
    rows = check.expected["rows"]
    for row in rows:
        if "error" in row:
            with pytest.raises(CgraphError):
                unit(row["x"])
            check.that(row["error"], "an error")
            continue
        fwd = cg.forward(unit(row["x"]))
        check(fwd["z"], row["z"])
        check(fwd["a"], row["y"])
    known = {(0, 0, 0, 1): nn.textbook.AND, (0, 1, 1, 1): nn.textbook.OR}.get(tuple(row.get("y") for row in rows))
    if known is not None and [row["x"] for row in rows] == ROWS:
        check(cg.forward(known(ROWS))["a"], [row["y"] for row in rows], "nn.textbook.AND and nn.textbook.OR")
        check(known.w.value, check.inputs["w"])
        check(known.b.value, check.inputs["b"])
    if "boundary" in check.expected:
        line = nn.textbook.decision_line(unit)
        check.that(str(line) == check.expected["boundary"], f"the boundary is {line}")
        check(line.slope, check.expected["slope"])
        check(line.intercept, check.expected["intercept"])


def step_network(check: Checker) -> None:
    W, b, U = (np.array(check.inputs[k], float) for k in ("W", "b", "U"))
    after = nn.Activation(check.inputs["activation"])
    hidden = nn.Linear(cg.parameter("W", W.T), cg.parameter("b", b))
    output = nn.Linear(cg.parameter("U", U[:, None]), cg.parameter("c", [check.inputs["c"]]))
    steps = nn.Sequential([hidden, after, output, after]).layerwise(cg.variable("x", (1, W.shape[1])))
    for row in check.expected["rows"]:
        fwd = cg.forward(steps.output, x=[row["x"]])
        for node, name in ((steps.hidden, "h"), (steps.logits, "z"), (steps.output, "y")):
            check(fwd[node][0] if name == "h" else fwd[node][0, 0], row[name], name)


def hidden_points(check: Checker) -> None:
    W, b = np.array(check.inputs["W"], float), np.array(check.inputs["b"], float)
    layer = nn.Linear(cg.parameter("W[1]", W.T), cg.parameter("b[1]", b))
    net = nn.Sequential([layer, nn.Activation("relu"), nn.Linear.random(len(W), 1, layer=2, seed=0)])
    line = check.expected["separator"]
    unit = nn.textbook.Perceptron(line["w"], line["b"])
    points, answers = [], []
    for bits, want in check.expected["h"].items():
        x = [[float(c) for c in bits]]
        (h,) = net.hidden_representation(x)
        check(h, want)
        check(nn.Sequential([layer]).predict(x)[0], check.expected["pre_activation"][bits])
        check(cg.forward(unit(h))["a"], line["y"][bits])
        points.append(h)
        answers.append(line["y"][bits])
    check(np.unique(points, axis=0), check.expected["distinct_points"])
    check.that(nn.textbook.is_linearly_separable(points, answers), "the hidden points are linearly separable")


def separability(check: Checker) -> None:
    if "points" in check.inputs:
        result = nn.textbook.is_linearly_separable(check.inputs["points"], check.inputs["labels"])
        check.that(result.separable == check.expected["separable"], str(result))
        return
    inputs = check.inputs["n_inputs"]
    points = list(product((0, 1), repeat=inputs))
    key = "outputs_" + "_".join("".join(map(str, p)) for p in points)
    wrong = []
    for row in check.expected["functions"]:
        outputs, theirs = row[key], row["witness"]
        result = nn.textbook.is_linearly_separable(outputs)
        check.that(result.separable == row["separable"], f"{outputs} is separable: {row['separable']}")
        check.that((theirs is not None) == row["separable"], f"{outputs} has a witness")
        if result:
            check(cg.forward(result.unit(points))["a"], outputs, "our witness")
            check(
                cg.forward(nn.textbook.Perceptron(theirs["w"], theirs["b"])(points))["a"], outputs, "the case's witness"
            )
        else:
            check.that(result.certificate.holds(), f"the certificate of {outputs}")
            wrong.append(list(outputs))
    functions = check.expected["functions"]
    every = set(product((0, 1), repeat=2**inputs))
    check.that({tuple(row[key]) for row in functions} == every, "all functions are there")
    check(len(functions) - len(wrong), check.expected["n_separable"])
    names = {"XOR": [sum(p) % 2 for p in points], "XNOR": [1 - sum(p) % 2 for p in points]}
    if "not_separable" in check.expected:
        named = [names[n] if isinstance(n, str) else n for n in check.expected["not_separable"]]
        check.that(sorted(named) == sorted(wrong), f"not separable: {wrong}")
    if "xor_certificate" in check.expected:
        _xor_certificate(check, check.expected["xor_certificate"])


def _xor_certificate(check: Checker, theirs: Record) -> None:
    """Their four inequalities are ours at the four points, and their two sums say what our weights of 1/2 say."""
    w1, w2, b = sympy.symbols("w1 w2 b", real=True)
    local = {"w1": w1, "w2": w2, "b": b}
    points = [(0, 0), (0, 1), (1, 0), (1, 1)]
    given = [sympy.sympify(t, locals=local) for t in theirs["inequalities"]]
    wanted = [(w1 * x + w2 * y + b > 0) if x != y else (w1 * x + w2 * y + b <= 0) for x, y in points]
    check.that(given == wanted, f"the inequalities {given}")
    certificate = nn.textbook.is_linearly_separable([0, 1, 1, 0]).certificate
    half = Fraction(1, 2)
    check.that(all(w == half for _, w in (*certificate.ones, *certificate.zeros)), "each point has the weight 1/2")
    for side, key in ((certificate.ones, "sum_of_middle"), (certificate.zeros, "sum_of_outer")):
        total = sum(2 * w * (w1 * p[0] + w2 * p[1] + b) for p, w in side)
        claim = sympy.sympify(theirs[key], locals=local)
        check.that(sympy.simplify(claim.lhs - total) == 0 and claim.rhs == 0, f"{key}: {claim}")
        check.that(claim.func is (sympy.StrictGreaterThan if side is certificate.ones else sympy.LessThan), f"{claim}")


def boundary(check: Checker) -> None:
    for given, want in zip(check.inputs["lines"], check.expected["lines"], strict=True):
        weights, b = [given["w1"], given["w2"]], given["b"]
        if "error" in want:
            with pytest.raises(CgraphError, match="has no line"):
                nn.textbook.decision_line(weights, b)
            check.that(want["error"] == "degenerate", "an error for weights that are both 0")
            continue
        line = nn.textbook.decision_line(weights, b)
        for key in ("slope", "intercept", "vertical_at"):
            if key in want:
                check(getattr(line, key), want[key], key)
            else:
                check.that(getattr(line, key) is None, f"{line} has no {key}")


def linear_collapse(check: Checker) -> None:
    layers = [
        nn.Linear(cg.parameter(f"W[{i}]", np.transpose(W)), cg.parameter(f"b[{i}]", b))
        for i, (W, b) in enumerate(zip(check.inputs["W"], check.inputs["b"], strict=True), 1)
    ]
    net, x = nn.Sequential(layers), check.inputs["x"]
    one = nn.textbook.collapse_linear(net)
    weights = value(one.W).T
    check(weights, check.expected["W_prime"], "W'")
    check(value(one.b), check.expected["b_prime"], "b'")
    check(nn.Sequential([one]).predict([x])[0], check.expected["z_collapsed"])
    check(net.predict([x])[0], check.expected.get("z_last", check.expected["z_collapsed"]), "layer by layer")
    check.that(nn.textbook.prove_collapse(net).proved, "the collapse is proved", "symbolic")
    if "rank_W_prime" in check.expected:
        check(np.linalg.matrix_rank(weights), check.expected["rank_W_prime"], "rank")
    names = {f"W{i}": np.array(W) for i, W in enumerate(check.inputs["W"], 1)}
    names |= {f"b{i}": np.array(b) for i, b in enumerate(check.inputs["b"], 1)}
    for key, formula in check.record.get("symbolic", Record({})).items():
        ours = {"W_prime": weights, "b_prime": value(one.b)}[key]
        check(ours, matrix_formula(formula, names).tolist(), f"{key} = {formula}", "symbolic")


# Texts and embeddings -------------------------------------------------------------------------------------------------
def features(check: Checker) -> None:
    document, positive = check.inputs["text"], set(check.inputs["positive_lexicon"])
    check(text.features(document, positive), check.expected["count"])
    check(text.features(document, positive, binary=True), check.expected["binary"])


def windows(check: Checker) -> None:
    if not check.expected["pairs"]:  # too few tokens for one
        with pytest.raises(CgraphError):
            text.windows(check.inputs["tokens"], check.inputs["context"])
        check.that(True, "no windows")
        return
    pairs = text.windows(check.inputs["tokens"], check.inputs["context"])
    ours = [[list(context), target] for context, target in zip(pairs.contexts, pairs.targets, strict=True)]
    check.that(ours == check.expected["pairs"], f"the windows are {ours}")


def embedding_lookup_ids(check: Checker) -> None:
    """Three lists of ids that the chapter prints; the rows selected are those of the list that is looked up."""
    lists = {key: check.inputs[key] for key in ("index_list_in_text", "rows_named_in_text", "indices_in_Fig_6_13")}
    size = 1 + max(max(ids) for ids in lists.values())
    numbered = np.arange(float(size))[:, None]  # row i of this matrix is [i]
    for ids in lists.values():
        check(value(cg.embedding(numbered, ids)).ravel(), ids, "the rows selected are the ids given")
    chosen = value(cg.embedding(numbered, lists["index_list_in_text"])).ravel()
    check(chosen, check.expected["selected_rows_for_w"])


def embedding_lookup(check: Checker) -> None:
    E, ids = np.array(check.inputs["E"]), check.inputs["ids_0based"]
    check([i + 1 for i in ids], check.inputs["ids_1based"], "the ids from 1")
    hot = cg.one_hot(ids, classes=len(E))
    check(value(hot), check.expected["one_hot"])
    check(train.data.one_hot_rows(ids, len(E)), check.expected["one_hot"])
    check(value(hot @ cg.variable("E", E.shape), E=E), check.expected["result"])
    check(value(cg.embedding(cg.variable("E", E.shape), ids), E=E), check.expected["result"])


def pooling(check: Checker) -> None:
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
    for name in ("mean", "max"):
        check(value(nodes[name], x=rows[check.inputs["order_2"]]), check.expected[name], f"{name} in another order")


# Losses, dropout, normalisation ---------------------------------------------------------------------------------------
def loss_table(check: Checker) -> None:
    rows = check.expected["rows"]
    if "pairs" in check.inputs:
        check([[row["yhat"], row["y"]] for row in rows], check.inputs["pairs"], "the rows are those of the inputs")
    for row in [*rows, *check.expected.get("limits", [])]:
        several = np.ndim(row["yhat"]) > 0
        (_multinomial if several else _binary)(check, row)
    for key, formula in check.record.get("symbolic", Record({})).items():
        assert key == "dL/dyhat", key
        y, p = cg.variables("y yhat")
        ours = cg.to_sympy(cg.grad(cg.binary_cross_entropy(p, y), p))
        names = {s: sympy.Symbol(s, real=True) for s in ("y", "yhat")}
        check.that(sympy.simplify(ours - sympy.sympify(formula, locals=names)) == 0, formula, "symbolic")


def _binary(check: Checker, row: Record) -> None:
    bwd = cg.backward(cg.forward(cg.binary_cross_entropy(cg.variable("p"), row["y"]), p=row["yhat"]))
    for key in ("L", "L30"):
        if key in row:
            check(bwd.forward.values[-1], row[key], f"loss of {row['yhat']} for {row['y']}")
    if "dL_dyhat" in row:
        check(bwd.gradient["p"], row["dL_dyhat"], f"slope at {row['yhat']} for {row['y']}")


def _multinomial(check: Checker, row: Record) -> None:
    """As -Σ y log ŷ, as -log ŷ of the correct class, and from the logits log ŷ."""
    given, correct = row["yhat"], row["c_1based"] - 1
    hot = np.eye(len(given))[correct]
    if "y" in row:
        check(hot, row["y"], "the correct class")
    p = cg.variable("p", len(given))
    ways = {"-log": -cg.log(p)[correct], "logits": cg.softmax_cross_entropy(cg.log(p), hot)}
    if all(given) or given[correct] == 1:
        ways["-sum"] = -cg.sum(cg.where(hot, cg.log(p), 0.0))
    for name, node in ways.items():
        loss = value(node, p=given) + 0.0
        for key in ("L", "L30"):
            if key in row:
                check(loss, row[key], f"{name} of {given}")
        check.that(not np.isnan(loss) and loss >= 0, f"{name} of {given} is {loss}")


def dropout(check: Checker) -> None:
    h, mask, p = (check.inputs[k] for k in ("h", "mask", "p"))
    layer, x = nn.Dropout(p), cg.variable("x", len(h))
    kept = x * np.array(mask, float)
    readings = {
        "inverted_1_over_1_minus_p": layer(x, training=True),
        "inference": layer(x),
        "by_kept_count_n_over_kept": kept * (len(mask) / sum(mask)),
        "preserve_sum": kept * (cg.sum(x) / cg.sum(kept)),
    }
    for name, want in check.expected.items():
        feed = {"x": h, "mask": mask} if name.startswith("inverted") and p else {"x": h}
        check(value(readings[name], feed), want, name)
    check(value(cg.dropout(x, mask, p), x=h), check.expected["inverted_1_over_1_minus_p"])


def normalise(check: Checker) -> None:
    rows = np.array(check.inputs["X"])
    for ddof, want in ((0, check.expected), (1, check.expected.get("alt_ddof1"))):
        if want is not None:
            normal = nn.Normalise.fit(rows, ddof)
            check(normal.mean.value, check.expected["mean"])
            constant = np.ptp(rows, axis=0) == 0  # its variance is 0, and it is divided by 1
            check(np.where(constant, 0, normal.std.value**2), want["var"])
            check(normal.transform(rows), want["X_normalised"])
            check(value(normal(cg.variable("X", rows.shape)), X=rows), want["X_normalised"])
    for key in ("X_dev", "X_test", "dev", "test"):
        if key in check.inputs:
            want = check.expected[f"{key}_normalised"]
            check(nn.Normalise.fit(rows).transform(check.inputs[key]), want, f"{key} with the training statistics")


# Training -------------------------------------------------------------------------------------------------------------
OPTIMISERS: Mapping[str, type[train.optimizers.Descent]] = {
    "sgd": train.SGD,
    "momentum": train.Momentum,
    "sgd_momentum": train.Momentum,
    "nesterov": train.Nesterov,
    "adagrad": train.Adagrad,
    "rmsprop": train.RMSProp,
    "adam": train.Adam,
    "adamw": train.AdamW,
}
SETTINGS = {"mu": "momentum", "eps": "epsilon"}  # the cases' words for them


def optimiser(given: Record) -> train.optimizers.Descent:
    settings = {SETTINGS.get(k, k): v for k, v in given.items() if k not in ("algorithm", "lr", "param0", "grads")}
    method = OPTIMISERS[given["algorithm"]]
    if method is train.SGD and "momentum" in settings:
        method = train.Momentum
    return method(given["lr"], **settings)


def optimizer(check: Checker) -> None:
    method = optimiser(check.inputs)
    w, g = cg.parameter("w", check.inputs["param0"]), cg.variable("g", np.shape(check.inputs["param0"]))
    updates = method.updates([w], [g])
    step, values = cg.Graph(updates.new.values()), {leaf: leaf.value for leaf in updates.new}
    trajectory = check.expected["trajectory"]
    for number, (gradient, want) in enumerate(zip(check.inputs["grads"], trajectory, strict=True), 1):
        fwd = cg.forward(step, {**values, **({g: gradient} if g in step else {})})
        values = {leaf: fwd[new] for leaf, new in updates.new.items()}
        state = {str(leaf.name).split("(", maxsplit=1)[0]: values[leaf] for leaf in updates.state}
        for name, power in (("m", "beta1"), ("v", "beta2")):
            if isinstance(method, train.Adam):
                state[f"{name}_hat"] = state[name] / (1 - getattr(method, power) ** number)
        for key, numbers in want.items():
            name = {"velocity": "v", "step": "t"}.get(key, key)
            check(values[w] if name in ("param", "params") else state[name], numbers, f"{key} after step {number}")


def training(check: Checker) -> None:
    values: dict[str, Any] = check.inputs["leaves"].plain()
    root = chapter_graphs.Graph(check.inputs["graph"], {k: np.shape(v) for k, v in values.items()}).root
    names = check.inputs["params"]
    leaves = [cg.Graph(root)[n] for n in names]
    updates = optimiser(check.inputs["optimizer"]).updates(leaves, cg.grad(root, leaves))
    step = cg.Graph([root, *updates.new.values()])
    state = {leaf: leaf.value for leaf in updates.state}
    batches, steps = plain(check.inputs["batches"]), check.expected["steps"]
    check(len(steps), check.inputs["steps"], "steps")
    for i, want in enumerate(steps):
        check(i + 1, want["step"], "the number of the step")
        feed = {**values, **batches[i % len(batches)]}
        bwd = cg.backward(cg.forward(root, feed))
        check(bwd.forward.values[-1], want["loss_before"])
        fwd = cg.forward(step, {**feed, **state})
        check.that(set(want["grad"]) == set(want["params_after"]) == set(names), "every parameter is listed")
        for name, leaf in zip(names, leaves, strict=True):
            check(bwd.gradient[name], want["grad"][name], name)
            check(fwd[updates.new[leaf]], want["params_after"][name], f"{name} after")
        values.update({name: fwd[updates.new[leaf]] for name, leaf in zip(names, leaves, strict=True)})
        state = {leaf: fwd[updates.new[leaf]] for leaf in updates.state}
        check(value(root, {**values, **batches[i % len(batches)]}), want["loss_after_same_batch"])


def minibatch(check: Checker) -> None:
    batch = Record(check.cases[check.inputs["batch_case"]])
    root = chapter_graphs.Graph(batch["graph"]).root
    values = {k: np.array(v, float) for k, v in batch["inputs"].items()}

    def compare(feed: dict[str, Any], loss: float, gradients: Mapping[str, Any]) -> None:
        bwd = cg.backward(cg.forward(root, feed))
        check(bwd.forward.values[-1], loss)
        for name, want in gradients.items():
            check(bwd.gradient[name], want, name)

    each = check.expected["per_example"]
    check(len(each), len(values["X"]), "one for each example")
    for i, one in enumerate(each):
        alone = {k: np.repeat(values[k][i : i + 1], len(values[k]), 0) for k in ("X", "Y")}  # its mean is its own
        compare({**values, **alone}, one["loss"], {k[5:]: v for k, v in one.items() if k.startswith("grad_")})
    compare(values, check.expected["mean_loss"], check.expected["mean_grad"])
    for name, want in check.expected["mean_grad"].items():
        check(np.mean([one[f"grad_{name}"] for one in each], axis=0), want, "the mean of the examples")


def tune(check: Checker) -> None:
    def loss(data: str) -> cg.Node:
        z = w * np.array(check.inputs[f"{data}_x"], float) + b
        return cg.mean(cg.sigmoid_cross_entropy(z, np.array(check.inputs[f"{data}_y"], float)))

    w, b = cg.variables("w b")
    L, dev = loss("train"), loss("dev")
    losses = {}
    results = check.expected["results"]
    check([want["eta"] for want in results], check.inputs["etas"], "the rates that are tried")
    for want in results:
        updates = [*train.SGD(want["eta"]).updates([w, b], cg.grad(L, [w, b])).new.values()]
        graph = cg.Graph(updates)
        at = check.inputs["init"].plain()
        for _ in range(check.inputs["steps"]):
            fwd = cg.forward(graph, at)
            at = {"w": fwd[updates[0]], "b": fwd[updates[1]]}
        losses[want["eta"]] = value(dev, **at)
        for name in ("w", "b"):
            check(at[name], want[name], name)
        check(losses[want["eta"]], want["dev_loss"])
    check(min(losses, key=lambda eta: losses[eta]), check.expected["best_eta"])


def symbolic_identity(check: Checker) -> None:
    same: list[bool] = []

    def compare(node: cg.Node, formula: str, **local: Any) -> None:
        names = {s: sympy.Symbol(s, real=True) for s in ("y", "a", "z")} | local
        same.append(sympy.simplify(cg.to_sympy(node) - sympy.sympify(formula, locals=names)) == 0)
        check.that(same[-1], formula, "symbolic")

    logistic = 1 / (1 + sympy.exp(-sympy.Symbol("z", real=True)))
    loss, unit = (cg.parse(f"{name} = {check.inputs[name]}") for name in ("L", "a"))
    whole = cg.parse(f"L = {check.inputs['L'].replace('a', '(' + check.inputs['a'] + ')')}")
    compare(cg.grad(loss, "a"), check.expected["dL_da"])
    compare(cg.grad(unit, "z"), check.expected["da_dz"], a=logistic)
    compare(cg.grad(whole, "z"), check.expected["dL_dz"], a=logistic)
    check.that(all(same) == check.expected["printed_equations_correct"], "the printed equations are right")


KINDS: Mapping[str, Callable[[Checker], None]] = {"graph": chapter_graphs.graph, "train": training} | {
    f.__name__: f
    for f in (
        function_table, identity_table, function, linear_collapse, embedding_lookup, pooling, loss_table, dropout,
        hidden_points, perceptron_table, step_network, optimizer, tune, symbolic_identity, minibatch, separability,
        boundary, features, windows, embedding_lookup_ids, normalise,
    )
}  # fmt: skip


def run(record: dict[str, Any], cases: Mapping[str, Any]) -> Checker:
    """Check one case to its last key. A kind, a key or an op that nothing here knows fails."""
    case = Record(record)
    check = Checker(case, cases)
    assert case["kind"] in KINDS, f"nothing checks cases of the kind {case['kind']!r}"
    refused = [key for key in ("error", "raises") if key in check.expected]
    if refused:
        with pytest.raises(CgraphError) as caught:
            KINDS[case["kind"]](check)
        check.that(caught.value.why or caught.value.fix, f"an error that says why: {caught.value}")
        return check
    KINDS[case["kind"]](check)
    assert check.count, "nothing was compared"
    left = list(case.unread())
    assert not left, f"nothing was checked of: {', '.join(left)}"
    return check
