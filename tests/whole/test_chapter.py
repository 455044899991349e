"""The chapter's own cases (Jurafsky & Martin, SLP3, chapter 6): every value, every edge, every derivative.

The cases were made without this package: by SymPy, by reverse mode in mpmath, by central differences and by PyTorch.
`pytest tests/test_chapter.py --cases FILE` reads others of the same form and prints what it compared.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from chapter_kinds import KINDS, run
from chapter_record import Checker, Record, matrix_formula, number
from project import CASES_FILE
from sparse import sparse

OURS = CASES_FILE
COMPARED: Counter[str] = Counter()


@cache
def cases_of(path: Path) -> dict[str, Any]:
    return {c["id"]: c for c in json.loads(path.read_text(encoding="utf-8"))["cases"]}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "record" in metafunc.fixturenames:
        records = cases_of(metafunc.config.getoption("--cases"))
        metafunc.parametrize("record", list(records.values()), ids=list(records))


@pytest.fixture(scope="module", autouse=True)
def _summary(request: pytest.FixtureRequest) -> Any:
    """Say at the end what was compared in all cases together."""
    yield
    if COMPARED:
        capture = request.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            kinds = ", ".join(f"{n} {kind}" for kind, n in COMPARED.most_common())
            print(f"\ncompared {COMPARED.total()}: {kinds}")


def test_a_case_of_the_chapter_comes_out_to_the_last_key(
    record: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    cases = {**cases_of(OURS), **cases_of(request.config.getoption("--cases"))}
    COMPARED.update(run(record, cases).counts)


# The checks themselves -----------------------------------------------------------------------------------------------
def test_all_kinds_of_the_chapter_are_checked_and_no_graph_is_left_out() -> None:
    kinds = Counter(record["kind"] for record in cases_of(OURS).values())
    assert kinds.total() == 80 and kinds["graph"] == 49 and set(kinds) == set(KINDS)


# Points to compute at; a witness, of which there are many; what is given in words.
FREE = ("note", "x", "yhat", "y", "c_1based", "witness", "topological_order_ok", "classes")


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Any:
    """The places of all numbers and texts below a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield path
    else:
        for key, item in items:
            if key not in FREE:
                yield from leaves(item, (*path, key))


def changed(value: Any) -> Any:
    """Something else than the value."""
    if isinstance(value, bool) or value is None:
        return not value if value is not None else 17.0
    if isinstance(value, (int, float)):
        return value + 0.5 + abs(value)
    try:
        return "17" if number(value) != 17 else "18"
    except ValueError:
        return f"17 + {value}"


def damaged(record: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """The case with one expectation changed."""
    other = copy.deepcopy(record)
    place: Any = other
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = changed(place[path[-1]])
    return other


def expectations(record: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The places of what a case expects: in `expected`, in thirty digits, in the formulas beside them."""
    parts = ("expected", "expected_digits30", "symbolic")
    return [path for part in parts if part in record for path in leaves(record[part], (part,))]


def one_of_each(places: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The last place of each sort: such as a value, an upstream, a formula, a row's loss."""
    return list({tuple(k for k in path if not isinstance(k, int))[:3] + path[-1:]: path for path in places}.values())


GRAPHS = ["c19-n-layer-forward", "c29-vectorised-columns", "c34-pooled-mean-sentiment", "c47-abc-fig-6.15-6.17"]
OTHERS = [name for name, record in cases_of(OURS).items() if record["kind"] != "graph"]


@pytest.mark.parametrize("name", sparse(GRAPHS + OTHERS, 4))
def test_a_wrong_expectation_is_noticed_wherever_it_stands(name: str) -> None:
    record = cases_of(OURS)[name]
    for path in one_of_each(expectations(record))[:40]:
        try:
            run(damaged(record, path), cases_of(OURS))
        except (AssertionError, KeyError, ValueError, SyntaxError, TypeError, IndexError, pytest.fail.Exception):
            continue
        pytest.fail(f"not noticed: {path}")


def test_an_order_in_words_is_read() -> None:
    record = copy.deepcopy(cases_of(OURS)["c47-abc-fig-6.15-6.17"])
    record["expected"]["extra"]["topological_order_ok"] = "any with L before e"
    with pytest.raises(AssertionError, match="the order is"):
        run(record, {})


@pytest.mark.parametrize(
    "add",
    [
        lambda record: record["expected"].update(more=1.0),
        lambda record: record["expected"]["extra"].update(more=1.0),
        lambda record: record["expected"]["edges"][0].update(more=1.0),
        lambda record: record["graph"]["nodes"][3].update(more=1.0),
        lambda record: record.update(more=1.0),
        lambda record: record.update(kind="more"),
        lambda record: record["graph"]["nodes"][3].update(op="more"),
        lambda record: record["graph"]["nodes"][0].update(role="more"),
        lambda record: record["inputs"].update(more=1.0),
    ],
)
def test_what_nothing_checks_fails_instead_of_passing(add: Callable[[Any], None]) -> None:
    record = copy.deepcopy(cases_of(OURS)["c47-abc-fig-6.15-6.17"])
    run(record, {})
    add(record)
    with pytest.raises(AssertionError, match=r"nothing|more"):
        run(record, {})


def test_a_case_that_expects_an_error_passes_only_with_one() -> None:
    record = copy.deepcopy(cases_of(OURS)["c47-abc-fig-6.15-6.17"])
    record["expected"] = {"error": "shape"}
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        run(record, {})


LEAF = {"op": "leaf", "role": "input", "shape": [1, 2]}


def small(nodes: list[dict[str, Any]], expected: dict[str, Any], **inputs: Any) -> dict[str, Any]:
    """A case of a graph whose last node is its output."""
    shown = [{**node, "id": node.get("id", f"n{i}"), "label": ""} for i, node in enumerate(nodes)]
    graph = {"nodes": shown, "output": shown[-1]["id"]}
    rule = {"abs": 1e-12, "rel": 1e-10}
    return {"id": "small", "kind": "graph", "inputs": inputs, "graph": graph, "expected": expected, "tolerance": rule}


@pytest.mark.parametrize(
    "nodes",
    [
        [{**LEAF, "id": "x"}, {"op": "add", "inputs": ["x", "n2"]}, {"op": "tanh", "inputs": ["n1"]}],
        [{**LEAF, "id": "x"}, {"op": "add", "inputs": ["x", "n1"]}],
        [{**LEAF, "id": "x"}, {"op": "matmul", "inputs": ["x", "x"]}],
        [{**LEAF, "id": "x"}, {"op": "lookup", "inputs": ["x"], "attrs": {"ids": [0, 1]}}],
        [{**LEAF, "id": "x"}, {"op": "reshape", "inputs": ["x"], "attrs": {"shape": [3, 1]}}],
        [{**LEAF, "id": "x"}, {"op": "mask", "inputs": ["x"], "attrs": {"mask": [[1, 0]], "p": 1.5}}],
    ],
)
def test_cycles_shapes_ids_and_shares_that_cannot_be_are_refused_by_us(nodes: list[dict[str, Any]]) -> None:
    assert run(small(nodes, {"error": "refused"}, x=[[1.0, 2.0]]), {}).count == 1


def test_a_graph_that_hands_values_on_or_takes_the_logarithm_of_0_is_checked_like_any_other() -> None:
    two, y = {**LEAF, "id": "x"}, {**LEAF, "id": "y", "role": "label"}
    mask = {"op": "mask", "inputs": ["x"], "attrs": {"mask": [[1, 0]], "p": 0.0}, "shape": [1, 2]}
    edge = {"from": "x", "to": "n1", "slot": 0, "upstream": [[1, 1]], "local": None, "downstream": [[1, 1]]}
    expected = {"forward": {"n1": [[1, 2]]}, "grad": {"x": [[1, 1]]}, "edges": [edge]}
    assert run(small([two, mask], expected, x=[[1.0, 2.0]]), {}).count == 4
    loss = {"op": "ce", "inputs": ["x", "y"], "attrs": {"axis": 1}, "shape": []}
    expected = {"forward": {"n2": 0.0}, "grad": {"x": [[-1, 0]]}}
    assert run(small([two, y, loss], expected, x=[[1.0, 0.0]], y=[[1, 0]]), {}).count == 2
    larger = {"op": "max", "inputs": ["x", "y"], "shape": [1, 2]}
    edges = [
        {"from": "x", "to": "n2", "slot": 0, "upstream": [[1, 1]], "local": [[1, 0]], "downstream": [[1, 0]]},
        {"from": "y", "to": "n2", "slot": 1, "upstream": [[1, 1]], "local": [[0, 1]], "downstream": [[0, 1]]},
    ]
    assert run(small([two, y, larger], {"edges": edges}, x=[[3, 1]], y=[[3, 2]]), {}).count == 6


def test_infinities_and_signs_are_compared_as_they_are() -> None:
    check = Checker(Record({"expected": {}, "tolerance": {"abs": 1e-12, "rel": 1e-9}}))
    check(float("inf"), "inf")
    check(0.0, "1e-900")
    for got, want in ((float("nan"), 0.0), (float("nan"), "nan"), (1.0, "inf"), (float("inf"), 1.0), ([1.0], 1.0)):
        with pytest.raises(AssertionError):
            check(got, want)
    assert check.count == 2


def test_formulas_of_matrices_are_read_with_their_products() -> None:
    x, y = [[1.0], [2.0]], [[3.0], [4.0]]
    values = {"x": number(x), "y": number(y), "dL/dx": number(y), "dL/dxy": number(x)}
    assert matrix_formula("x*y.T", values).tolist() == [[3, 4], [6, 8]]
    assert matrix_formula("dL/dx .* x.*(1 - x)", values).tolist() == [[0], [-8]]
    assert matrix_formula("dL/dxy - -2", values).tolist() == [[3], [4]]
    with pytest.raises(AssertionError, match="print"):
        matrix_formula("print(1)", values)
