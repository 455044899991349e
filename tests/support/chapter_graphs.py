"""The chapter's cases that are graphs: every value, every gradient, every edge, every formula."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property, reduce
from typing import Any

import mpmath
import numpy as np
import sympy
from chapter_record import Checker, Record, matrix_formula, number

import cgraph as cg
from cgraph.passes.backward import backward
from cgraph.passes.forward import forward

DIGITS = 30
POINTS = 4


def mean_of_rows(x: cg.Node) -> cg.Node:
    return cg.mean(x, axis=0, keepdims=True)


def mean_over_the_batch(losses: cg.Node) -> cg.Node:
    return cg.mean(losses) if losses.shape else losses


def cross_entropy(p: cg.Node, y: cg.Node, axis: int = -1) -> cg.Node:
    return mean_over_the_batch(-cg.sum(cg.where(y, y * cg.log(p), 0.0), axis=axis))  # 0·log 0 is 0


def cross_entropy_of_logits(z: cg.Node, y: cg.Node, axis: int = -1) -> cg.Node:
    rows = (z.T, y.T) if axis == 0 and len(z.shape) == 2 else (z, y)  # our classes stand along the last axis
    return mean_over_the_batch(cg.softmax_cross_entropy(*rows))


# The cases' words for ops. What has the table's own name stands at the end.
OPS: dict[str, Callable[..., cg.Node]] = {
    "sub": lambda x, y: x - y,
    "div": lambda x, y: x / y,
    "neg": lambda x: -x,
    "scale": lambda x, k: x * k,
    "pow": lambda x, k: x**k,
    "matmul": lambda x, y: x @ y,
    "transpose": lambda x: x.T,
    "reshape": lambda x, shape: x.reshape(tuple(shape)),
    "identity": lambda x: x * 1,
    "max": lambda *x: reduce(cg.maximum, x),
    "mean_rows": mean_of_rows,
    "max_rows": lambda x: cg.max(x, axis=0, keepdims=True),
    "concat": lambda *x, axis: cg.concatenate(x, axis=axis),
    "lookup": cg.embedding,
    "mask": cg.dropout,
    "bce": lambda p, y: mean_over_the_batch(cg.binary_cross_entropy(p, y)),
    "bce_logits": lambda z, y: mean_over_the_batch(cg.sigmoid_cross_entropy(z, y)),
    "ce": cross_entropy,
    "ce_logits": cross_entropy_of_logits,
    **{name: getattr(cg, name) for name in ("exp", "log", "sqrt", "tanh", "sigmoid", "relu", "softmax", "sum", "step")},
    **{name: getattr(cg, name) for name in ("add", "mul", "maximum", "minimum", "abs", "mean", "softplus", "gelu")},
}


def applied(entry: Mapping[str, Any], operands: Sequence[cg.Node]) -> cg.Node:
    """The op of an entry on its operands; what only hands one on, as dropout with p = 0, is a node of its own."""
    attrs = entry.get("attrs", {})
    node = OPS[entry["op"]](*operands, **(attrs.plain() if isinstance(attrs, Record) else attrs))
    return node * 1 if any(node is x for x in operands) else node


def refuse_cycles(entries: Sequence[Mapping[str, Any]]) -> None:
    """Where an entry needs a later one, or itself, there is a cycle: written as formulas, our language refuses it."""
    names = {e["id"]: f"n{i}" for i, e in enumerate(entries)}
    inputs = {e["id"]: e.get("inputs", []) for e in entries}
    places = {name: i for i, name in enumerate(names)}
    if any(places[i] >= places[name] for name in names for i in inputs[name]):
        lines = [f"{names[name]} = {' + '.join(names[i] for i in inputs[name])}" for name in names if inputs[name]]
        cg.parse("; ".join(lines))


ELEMENTWISE = frozenset(
    ("sub", "div", "neg", "scale", "pow", "identity", "max", "bce", "bce_logits")
)  # each element has a slope


class Graph:
    """The nodes of a case by name, and its root."""

    def __init__(self, graph: Mapping[str, Any], shapes: Mapping[str, Any] | None = None) -> None:
        self.nodes: dict[str, cg.Node] = {}
        self.entries: dict[str, Any] = {}
        refuse_cycles(graph["nodes"])
        for entry in graph["nodes"]:
            name, op = entry["id"], entry["op"]
            self.entries[name] = entry
            assert set(entry) <= {"id", "op", "label", "shape", "role", "inputs", "attrs"}, f"{name} has {set(entry)}"
            shape = tuple(entry["shape"]) if "shape" in entry else (shapes or {}).get(name, ())
            if op == "leaf":
                assert entry.get("role") in ("input", "param", "const", "label"), f"{name} is a {entry.get('role')}"
                self.nodes[name] = cg.variable(name, shape)
            else:
                assert op in OPS, f"the op {op} is not known here"
                operands = [self.nodes[i] for i in entry["inputs"]]
                self.nodes[name] = applied(entry, operands).named(name)
                if "shape" in entry:
                    assert self.nodes[name].shape == shape, name
        self.root = self.nodes[graph["output"]]


class Case(Graph):
    """A case of kind "graph" with its passes."""

    def __init__(self, check: Checker) -> None:
        self.check, self.record, self.expected = check, check.record, check.expected
        super().__init__(self.record["graph"])
        self.feed = {n: number(v) for n, v in check.inputs.items()}
        assert set(self.feed) <= set(self.nodes), f"nothing takes the inputs {set(self.feed) - set(self.nodes)}"
        self.plain = json.dumps(self.record["graph"].plain())

    @cached_property
    def forward(self) -> cg.Forward:
        return cg.forward(cg.Graph(self.root), {n: v for n, v in self.feed.items() if n in cg.Graph(self.root)})

    @cached_property
    def backward(self) -> cg.Backward:
        return self.differentiated(self.root.name)

    @cache  # noqa: B019 - a case lives as long as its test
    def differentiated(self, of: Any) -> cg.Backward:
        """The backward pass from a node."""
        return cg.backward(self.forward, of=of, upstream=np.ones(self.nodes[of].shape))

    @property
    def symbols(self) -> cg.Backward:
        return _symbols(self.plain)

    @cached_property
    def values(self) -> dict[sympy.Symbol, Any]:
        """The value of every scalar node, for formulas written in the names of nodes."""
        scalars = {n: v for n, v in self.nodes.items() if v.shape == ()}
        return {sympy.Symbol(n, real=True): sympy.Float(float(self.forward[v]), 20) for n, v in scalars.items()}

    def read(self, formula: str) -> Any:
        return sympy.sympify(formula, locals={s.name: s for s in self.values})


@cache
def _symbols(graph: str) -> cg.Backward:
    """The symbolic pass of a graph; several cases are of one graph at other points."""
    return backward(forward(Graph(json.loads(graph)).root, {}, cg.worlds.SYMPY))


def edges_of(case: Case, name: str) -> dict[int, tuple[Any, Any, Any, cg.Node]]:
    """What flows along each edge into a case's node, by slot: upstream, local, downstream, operand."""
    node, entry = case.nodes[name], case.entries[name]
    operands = [case.nodes[i] for i in entry["inputs"]]
    upstream = case.backward.gradient[node]
    if node.operands[: len(operands)] == tuple(operands) and (
        len(operands) == len(node.operands) or len(operands) == 1
    ):
        edges = [case.backward.edge(node, operand, slot) for slot, operand in enumerate(operands)]
        return {e.position: (e.upstream, e.local, e.downstream, e.operand) for e in edges}
    # Where we need several ops for it, they are a graph of their own.
    apart = [cg.variable(f"slot{i}", x.shape) for i, x in enumerate(operands)]
    whole = applied(entry, apart)
    fwd = cg.forward(whole, {v: case.forward[x] for v, x in zip(apart, operands, strict=True)})
    bwd, ones = cg.backward(fwd, upstream=upstream), cg.backward(fwd, upstream=np.ones(whole.shape))
    slopes = entry["op"] in ELEMENTWISE
    return {
        i: (upstream, ones.gradient[v] if slopes and v.shape == whole.shape else None, bwd.gradient[v], x)
        for i, (v, x) in enumerate(zip(apart, operands, strict=True))
    }


# The checks, one for each kind of thing that a case expects -----------------------------------------------------------
def check_values(case: Case) -> None:
    for name, want in case.expected.get("forward", Record({})).items():
        case.check(case.forward[name], want, f"value of {name}", "forward")


def check_gradients(case: Case) -> None:
    for name, want in case.expected.get("grad", Record({})).items():
        case.check(case.backward.gradient[name], want, f"gradient of {name}", "grad")


def check_edges(case: Case) -> None:
    flows = {name: edges_of(case, name) for name in {want["to"] for want in case.expected.get("edges", [])}}
    for want in case.expected.get("edges", []):
        upstream, local, downstream, operand = flows[want["to"]][want["slot"]]
        arrow = f"{want['from']} → {want['to']}"
        assert operand is case.nodes[want["from"]], arrow
        case.check(upstream, want["upstream"], f"upstream of {arrow}", "upstream")
        case.check(downstream, want["downstream"], f"downstream of {arrow}", "downstream")
        if want["local"] is not None:
            shape = number(want["local"]).shape
            assert local is not None, f"the local derivative of {arrow} is {want['local']}, and we have none"
            case.check(np.broadcast_to(local, shape), want["local"], f"local of {arrow}", "locals")
        if "local_symbolic" in want:
            value = case.read(want["local_symbolic"]).subs(case.values)
            case.check(local, float(value), f"{want['local_symbolic']} on {arrow}", "local formulas")


@cache
def same_expression(ours: Any, theirs: Any) -> bool:
    """Whether two expressions have the same value at rational points, to thirty digits."""
    difference = ours - theirs
    if difference == 0:
        return True
    random = np.random.default_rng(0)
    free = sorted(difference.free_symbols, key=str)
    step = {"Heaviside": lambda x, at_zero: at_zero if x == 0 else mpmath.mpf(x > 0)}
    value = sympy.lambdify(free, difference, [step, "mpmath"], cse=True)
    with mpmath.workdps(2 * DIGITS):
        points = [[mpmath.mpf(int(k)) / 23 for k in random.integers(-30, 31, len(free))] for _ in range(POINTS)]
        return all(abs(value(*point)) < mpmath.mpf(10) ** -DIGITS for point in points)


def check_symbols(case: Case) -> None:
    if "symbolic_output" in case.expected:
        output = case.symbols.forward[case.root.name][()]
        case.check.that(
            same_expression(output, case.read(case.expected["symbolic_output"])), "symbolic_output", "symbolic"
        )
    for key, formula in case.expected.get("symbolic", Record({})).items():
        of, leaf = derivative(key)
        assert of == case.root.name, key
        case.check.that(same_expression(case.symbols.gradient[leaf][()], case.read(formula)), key, "symbolic")
    for key, formula in case.expected.get("symbolic_by_node", Record({})).items():
        of, name = derivative(key)
        got = case.differentiated(of).gradient[name]
        case.check(got, float(case.read(formula).subs(case.values)), f"{key} = {formula}", "symbolic")


def derivative(key: str) -> tuple[str, str]:
    """The two names in "dL/dw"."""
    found = re.fullmatch(r"d(\S+?)/d(\S+)", key)
    assert found, f"{key} is no derivative"
    return found[1], found[2]


def check_matrix_formulas(case: Case) -> None:
    values = {n: case.forward[n] for n in cg.Graph(case.root).names if n in case.nodes}
    values |= {f"d{case.root.name}/d{n}": case.backward.gradient[n] for n in values}
    for key, formula in case.expected.get("formulas", Record({})).items():
        of, name = derivative(key)
        assert of == case.root.name, key
        if formula.startswith("(count of i in ids)/N * "):
            name = name.removesuffix("[i]")
            (ids,) = (n.operands[1].value for n in lookups(case) if n.operands[0] is case.nodes[name])
            counts = np.bincount(ids.astype(int).ravel(), minlength=int(case.nodes[name].shape[0])) / ids.size
            want = counts[:, None] * values[formula.removeprefix("(count of i in ids)/N * ")]
        else:
            want = matrix_formula(formula, values)
        case.check(case.backward.gradient[name], np.asarray(want).tolist(), f"{key} = {formula}", "formulas")


def lookups(case: Case) -> list[cg.Node]:
    return [case.nodes[n] for n, entry in case.entries.items() if entry["op"] == "lookup"]


def check_digits(case: Case) -> None:
    """Thirty digits: our formulas in the world of symbols, on the case's decimals with twice as many digits."""
    digits = case.record.get("expected_digits30", Record({}))
    decimal = np.vectorize(lambda v: sympy.Float(str(float(v)), 2 * DIGITS), otypes=[object])
    root = case.nodes[case.root.name]
    fwd = forward(root, {n: decimal(v) for n, v in case.feed.items() if n in cg.Graph(root)}, cg.worlds.SYMPY)
    bwd = backward(fwd, upstream=np.ones(root.shape, int))
    for part, ours in (("forward", fwd), ("grad", bwd.gradient)):
        for name, want in digits.get(part, Record({})).items():
            expected = np.vectorize(lambda v: sympy.Float(v, 2 * DIGITS), otypes=[object])(np.array(want, object))
            assert np.shape(ours[name]) == expected.shape, name
            for got, exact in zip(np.ravel(ours[name]), expected.ravel(), strict=True):
                if not exact.is_finite:
                    continue  # infinities are compared as floats
                close = abs(got - exact) <= sympy.Float(10) ** (2 - DIGITS) * max(abs(exact), 1)
                assert close, f"{part} of {name} is {got}, not {exact}"
            case.check(np.array(ours[name]).astype(float), want, f"{part} of {name}", "thirty digits")


# What else a case says ------------------------------------------------------------------------------------------------
def other_case(case: Case, name: str) -> Case:
    return Case(Checker(Record(case.check.cases[name])))


def same_loss_and_gradients(case: Case, name: str, transposed: bool) -> None:
    """The other case's output, and for each node of the same name and size its gradient, perhaps transposed."""
    other, found = other_case(case, name), 0
    case.check(
        case.forward[case.root].ravel(), other.forward[other.root].ravel().tolist(), f"output of {name}", "other"
    )
    for node in cg.Graph(case.root):
        label = node.name in case.entries and case.entries[node.name].get("role") == "label"
        if label or node.name not in other.nodes or other.nodes[node.name] not in cg.Graph(other.root):
            continue  # nothing flows to labels
        mine, theirs = case.backward.gradient[node], other.backward.gradient[node.name]
        if np.shape(mine) != np.shape(theirs) or (transposed and not np.allclose(mine, theirs)):
            theirs = np.transpose(theirs)
        if np.shape(mine) == np.shape(theirs):
            case.check(mine, theirs.tolist(), f"gradient of {node.name} in {name}", "other")
            found += 1
    assert found, f"{name} has no node in common"


def display(case: Case, want: Record, digits: int) -> None:
    for name, text in want.items():
        case.check.that(f"{float(case.forward[name]):.{digits}f}" == text, f"{name} is displayed as {text}")


def elementwise(case: Case, want: Record) -> None:
    for name, formula in want.items():
        node, place = name.rstrip("0123456789"), int(re.search(r"\d+$", name)[0]) - 1  # type: ignore[index]  # it ends in digits
        case.check(case.forward[node].ravel()[place], matrix_formula(formula, {}), f"{name} = {formula}")


def shapes(case: Case, want: Record) -> None:
    for name, shape in want.items():
        case.check.that(list(case.nodes[name].shape) == shape, f"the shape of {name} is {shape}")


def logits_node(case: Case, name: str) -> None:
    takers = [e for e in case.entries.values() if e["op"] in ("softmax", "sigmoid", "ce_logits", "bce_logits")]
    case.check.that(any(e["inputs"][0] == name for e in takers), f"{name} holds the logits")


def classes(case: Case, names: list[str]) -> None:
    (entry,) = (e for e in case.entries.values() if e["op"] == "softmax")
    node = case.nodes[entry["id"]]
    case.check.that(node.shape[entry["attrs"]["axis"]] == len(names), f"classes {names}")


def edge_labels(case: Case, labels: Record) -> None:
    """Labels such as {"d->e": {"local": "de/dd=1", "downstream": "dL/dd=dL/de*de/dd=-2"}}."""
    root = case.root.name
    for arrow, texts in labels.items():
        operand, result = arrow.split("->")
        edge = case.backward.edge(result, operand)
        step, whole, above = f"d{result}/d{operand}", f"d{root}/d{operand}", f"d{root}/d{result}"
        for kind, value, left in (("local", edge.local, step), ("downstream", edge.downstream, whole)):
            name, *factors, last = texts[kind].split("=")
            case.check(value, float(last), f"{kind} of {arrow}")
            case.check.that(name == left and factors in ([], [f"{above}*{step}"]), f"{texts[kind]} on {arrow}")


def drawn(case: Case) -> list[cg.Node]:
    return [n for n in cg.Graph(case.root) if n.kind != "constant"]


def topological_order(case: Case, text: str) -> None:
    names = [w for w in re.findall(r"\w+", text) if w in case.nodes]
    places = [cg.Graph(case.root).position(name) for name in names]
    case.check.that(len(names) > 1 and places == sorted(places), f"the order is {text}")


EXTRAS: Mapping[str, Callable[[Case, Any], None]] = {
    "y": lambda case, want: case.check(case.forward[case.root], want, "y"),
    "elementwise": elementwise,
    "shapes": shapes,
    "logits_node": logits_node,
    "classes": classes,
    "equal_to_case": lambda case, name: same_loss_and_gradients(case, name, transposed=False),
    "transpose_of_case": lambda case, name: same_loss_and_gradients(case, name, transposed=True),
    "edge_labels_fig_6_17": edge_labels,
    "topological_order_ok": topological_order,
    "n_nodes": lambda case, want: case.check(len(drawn(case)), want, "nodes"),
    "n_edges": lambda case, want: case.check(
        sum(x.kind != "constant" for n in drawn(case) for x in n.operands), want, "edges"
    ),
}


def check_extras(case: Case) -> None:
    for key, want in case.expected.get("extra", Record({})).items():
        digits = re.fullmatch(r"display_(\d+)dp", key)
        if digits:
            display(case, want, int(digits[1]))
        else:
            assert key in EXTRAS, f"nothing checks expected.extra.{key}"
            EXTRAS[key](case, want)


def graph(check: Checker) -> None:
    """All that a case of kind "graph" expects."""
    case = Case(check)
    assert case.forward.graph is not None  # a case may expect no more than an error of the pass
    check_values(case)
    check_gradients(case)
    check_edges(case)
    check_symbols(case)
    check_matrix_formulas(case)
    check_digits(case)
    check_extras(case)
