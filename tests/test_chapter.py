"""The chapter's own cases (Jurafsky & Martin, SLP3, chapter 6): every value, every edge, every derivative.

The cases were made without this package: by SymPy, by reverse mode in mpmath, by central differences and by PyTorch.
`pytest --cases FILE` reads others of the same form. A case with an op that the table does not have yet is skipped.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from chapter_kinds import KINDS, LATER, Checker

import cgraph as cg
from cgraph.backward import backward
from cgraph.forward import forward

DIGITS = 30
POINTS = 4


def mean_of_rows(x: cg.Node) -> cg.Node:
    return cg.mean(x, axis=0, keepdims=True)


def mean_over_the_batch(losses: cg.Node) -> cg.Node:
    return cg.mean(losses) if losses.shape else losses


def cross_entropy(p: cg.Node, y: cg.Node, axis: int = -1) -> cg.Node:
    return mean_over_the_batch(-cg.sum(y * cg.log(p), axis=axis))


def cross_entropy_of_logits(z: cg.Node, y: cg.Node, axis: int = -1) -> cg.Node:
    rows = (z.T, y.T) if axis == 0 and len(z.shape) == 2 else (z, y)  # our classes stand along the last axis
    return mean_over_the_batch(cg.softmax_cross_entropy(*rows))


# The cases' words for ops. What is not here is looked up in the table under its own name.
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
    "mean_rows": mean_of_rows,
    "max_rows": lambda x: cg.max(x, axis=0, keepdims=True),
    "concat": lambda *x, axis: cg.concatenate(x, axis=axis),
    "lookup": cg.embedding,
    "mask": cg.dropout,
    "bce": lambda p, y: mean_over_the_batch(cg.binary_cross_entropy(p, y)),
    "bce_logits": lambda z, y: mean_over_the_batch(cg.sigmoid_cross_entropy(z, y)),
    "ce": cross_entropy,
    "ce_logits": cross_entropy_of_logits,
    **{
        name: getattr(cg, name)
        for name in ("add", "mul", "exp", "log", "sqrt", "tanh", "sigmoid", "relu", "softmax", "sum", "maximum")
    },
}


class Case:
    """A case of kind "graph" as a graph of ours."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.record, self.expected = record, record["expected"]
        self.rule = record["tolerance"]
        self.nodes: dict[str, cg.Node] = {}
        for entry in record["graph"]["nodes"]:
            name = entry["id"]
            if entry["op"] == "leaf":
                self.nodes[name] = cg.variable(name, tuple(entry["shape"]))
            else:
                operands = [self.nodes[i] for i in entry["inputs"]]
                self.nodes[name] = OPS[entry["op"]](*operands, **entry.get("attrs", {})).named(name)
                assert list(self.nodes[name].shape) == entry["shape"], name
        self.root = self.nodes[record["graph"]["output"]]
        self.checked: Counter[str] = Counter()

    @cached_property
    def forward(self) -> cg.Forward:
        return cg.forward(cg.Graph(self.root), {n: number(v) for n, v in self.record["inputs"].items()})

    @cached_property
    def backward(self) -> cg.Backward:
        return cg.backward(self.forward, upstream=np.ones(self.root.shape))

    @property
    def symbols(self) -> cg.Backward:
        return _symbols(json.dumps(self.record["graph"]))

    @cached_property
    def values(self) -> dict[sympy.Symbol, Any]:
        """The value of every scalar node, for formulas written in the names of nodes."""
        scalars = {n: v for n, v in self.nodes.items() if v.shape == ()}
        return {sympy.Symbol(n, real=True): sympy.Float(float(self.forward[v]), 20) for n, v in scalars.items()}

    def read(self, formula: str) -> Any:
        return sympy.sympify(formula, locals={s.name: s for s in self.values})

    def check(self, kind: str, what: str, got: Any, want: Any) -> None:
        expected = number(want)
        assert np.shape(got) == expected.shape, f"{what}: shape {np.shape(got)}, not {expected.shape}"
        error = np.abs(np.asarray(got, float) - expected)
        allowed = self.rule["abs"] + self.rule["rel"] * np.abs(expected)
        same = (np.asarray(got) == expected) | (error <= allowed)
        assert np.all(same), f"{what}: {got}, not {expected}"
        self.checked[kind] += 1


@cache
def _symbols(graph: str) -> cg.Backward:
    """The symbolic pass of a graph; several cases are of one graph at other points."""
    nodes = Case({"graph": json.loads(graph), "expected": {}, "tolerance": {}})
    return backward(forward(nodes.root, {}, cg.SYMPY))


def number(value: Any) -> np.ndarray:
    """Numbers may be written as strings: inf, -inf, or decimals outside of float64."""
    return np.array(value, dtype=object).astype(float)


def edges_of(case: Case, name: str, entry: dict[str, Any]) -> dict[int, cg.Edge | Any]:
    """What flows along each edge into a case's node, by slot; where we need several ops for it, downstream alone."""
    node = case.nodes[name]
    operands = [case.nodes[i] for i in entry["inputs"]]
    upstream = case.backward.gradient[node]
    if node.operands[: len(operands)] == tuple(operands):
        return {slot: case.backward.edge(node, operand, slot) for slot, operand in enumerate(operands)}
    apart = [cg.variable(f"slot{i}", x.shape) for i, x in enumerate(operands)]
    whole = OPS[entry["op"]](*apart, **entry.get("attrs", {}))
    fwd = cg.forward(whole, {v: case.forward[x] for v, x in zip(apart, operands, strict=True)})
    bwd = cg.backward(fwd, upstream=upstream)
    return {
        i: cg.Edge(node, i, x, upstream, None, bwd.gradient[v], case.forward)
        for i, (v, x) in enumerate(zip(apart, operands, strict=True))
    }


# The checks, one for each kind of thing that a case expects -----------------------------------------------------------
def check_values(case: Case) -> None:
    for name, want in case.expected["forward"].items():
        case.check("forward", f"value of {name}", case.forward[name], want)


def check_gradients(case: Case) -> None:
    for name, want in case.expected["grad"].items():
        case.check("grad", f"gradient of {name}", case.backward.gradient[name], want)


def check_edges(case: Case) -> None:
    entries = {e["id"]: e for e in case.record["graph"]["nodes"]}
    for want in case.expected["edges"]:
        edge = edges_of(case, want["to"], entries[want["to"]])[want["slot"]]
        arrow = f"{want['from']} → {want['to']}"
        assert edge.operand is case.nodes[want["from"]], arrow
        case.check("edges", f"upstream of {arrow}", edge.upstream, want["upstream"])
        case.check("edges", f"downstream of {arrow}", edge.downstream, want["downstream"])
        if want["local"] is not None and edge.local is not None:
            shape = np.shape(number(want["local"]))
            case.check("locals", f"local of {arrow}", np.broadcast_to(edge.local, shape), want["local"])
            if "local_symbolic" in want:
                formula = case.read(want["local_symbolic"]).subs(case.values)
                case.check("local formulas", f"{want['local_symbolic']} on {arrow}", edge.local, float(formula))


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
        output = case.symbols.forward[case.record["graph"]["output"]][()]
        assert same_expression(output, case.read(case.expected["symbolic_output"]))
        case.checked["symbolic"] += 1
    for key, formula in case.expected.get("symbolic", {}).items():
        leaf = key.split("/d", 1)[1]
        assert same_expression(case.symbols.gradient[leaf][()], case.read(formula)), key
        case.checked["symbolic"] += 1
    for key, formula in case.expected.get("symbolic_by_node", {}).items():
        name = key.split("/d", 1)[1]
        got = case.backward.gradient[name]
        case.check("symbolic", f"{key} = {formula}", got, float(case.read(formula).subs(case.values)))


# The test ------------------------------------------------------------------------------------------------------------
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "record" in metafunc.fixturenames:
        path: Path = metafunc.config.getoption("--cases")
        records = json.loads(path.read_text(encoding="utf-8"))["cases"]
        metafunc.parametrize("record", records, ids=[r["id"] for r in records])


def lacking(record: dict[str, Any]) -> list[str]:
    """The ops of a case that there are no rows for."""
    return sorted({e["op"] for e in record["graph"]["nodes"]} - {"leaf", *OPS})


def built(graph: dict[str, Any]) -> cg.Node:
    """The root of a graph whose records say the shapes of the leaves only."""
    nodes: dict[str, cg.Node] = {}
    for entry in graph["nodes"]:
        if entry["op"] == "leaf":
            nodes[entry["id"]] = cg.variable(entry["id"], tuple(entry["shape"]))
        else:
            nodes[entry["id"]] = OPS[entry["op"]](*(nodes[i] for i in entry["inputs"]), **entry.get("attrs", {}))
    return nodes[graph["output"]].named(graph["output"])


def _check_kind(record: dict[str, Any], path: Path) -> None:
    if record["kind"] not in KINDS:
        pytest.skip(f"a case of kind {record['kind']}: {LATER.get(record['kind'], 'a later issue')}")
    cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
    check = Checker(record, {c["id"]: c for c in cases})
    KINDS[record["kind"]](check, built)
    assert check.count


def test_a_case_of_the_chapter_comes_out_to_the_last_edge(
    record: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    if record["kind"] != "graph":
        _check_kind(record, request.config.getoption("--cases"))
        return
    if lacking(record):
        pytest.skip(f"the table has no row yet for: {', '.join(lacking(record))}")
    case = Case(record)
    check_values(case)
    check_gradients(case)
    check_edges(case)
    check_symbols(case)
    expected = record["expected"]
    assert case.checked["forward"] == len(expected["forward"])
    assert case.checked["grad"] == len(expected["grad"])
    assert case.checked["edges"] == 2 * len(expected["edges"])
    symbolic = len(expected.get("symbolic", {})) + len(expected.get("symbolic_by_node", {}))
    assert case.checked["symbolic"] == symbolic + ("symbolic_output" in expected)


def test_most_of_the_chapters_graphs_are_checked_today() -> None:
    records = json.loads(Path(__file__).with_name("chapter_cases.json").read_text(encoding="utf-8"))["cases"]
    graphs = [r for r in records if r["kind"] == "graph"]
    assert len(graphs) == 49
    assert not any(lacking(r) for r in graphs)
    assert {r["kind"] for r in records} == {"graph", *KINDS, *LATER}


def test_a_wrong_number_in_a_case_is_noticed() -> None:
    records = json.loads(Path(__file__).with_name("chapter_cases.json").read_text(encoding="utf-8"))["cases"]
    record = next(r for r in records if r["id"] == "c47-abc-fig-6.15-6.17")
    record["expected"]["edges"][4]["local"] = 2.001
    with pytest.raises(AssertionError, match="local of b → d"):
        check_edges(Case(record))
    record["expected"]["symbolic"]["dL/db"] = "-2*c"
    with pytest.raises(AssertionError, match="dL/db"):
        check_symbols(Case(record))
