"""What a page can compute again when an input changes: its numbers, what is open in them, and what a proof gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cgraph.errors import CgraphError
from cgraph.graph.graph import Graph
from cgraph.graph.node import Node
from viz.asked import Proofs, proved_formulas, slopes, tolerances
from viz.graphs.formats.javascript import HELPERS, printed, program
from viz.graphs.formats.zeros import Question, Whole
from viz.graphs.words.steps import numbers
from viz.graphs.words.subject import Subject

LIVE = 400  # single numbers of a graph whose inputs can be changed in the page


@dataclass(frozen=True)
class Live:
    """`inputs` are the leaves with their values, `keys` name what `program` gives, each with the count of its numbers
    (0 for one that is no array), then the edges of which it says whether 0 met ∞ there. Without a program, `why` says
    why not."""

    inputs: tuple[dict[str, Any], ...] = ()
    keys: tuple[tuple[str, int], ...] = ()
    open: tuple[str, ...] = ()
    program: str = "null"
    why: str = ""


def live(subject: Subject) -> Live:
    """What a page of this graph computes again, or why it cannot."""
    if subject.numbers is None:
        return Live(why="Without a gradient of one number nothing is computed again here.")
    count = sum(np.size(value) for value in subject.numbers.forward.values)
    if count > LIVE:
        return Live(why=f"The graph has {count} numbers; inputs can be changed in a page of at most {LIVE}.")
    try:
        return _live(subject)
    except CgraphError as error:
        return Live(why=f"Inputs cannot be changed here: {error}")


def _live(subject: Subject) -> Live:
    assert subject.numbers is not None
    forward, found = subject.numbers.forward, subject.passes.elements
    arrays = {_key(subject, what, of): array for (what, of), array in found.items()}
    for edge, id_ in subject.edge_ids.items():
        rows = [array for (what, of), array in found.items() if what.startswith("jacobian") and of == edge]
        if rows:
            arrays[f"jacobian {id_}"] = np.concatenate([np.ravel(row) for row in rows])
    fixed = {f"value {subject.id(n)}" for n in subject.graph.nodes if n.kind == "constant"}
    known = {**numbers(subject), **jacobians(subject)}
    wanted = {key: (value, arrays[key]) for key, value in known.items() if key in arrays and key not in fixed}
    keys = tuple((key, np.size(array) if np.ndim(value) else 0) for key, (value, array) in wanted.items())
    outputs = [node for _, array in wanted.values() for node in np.ravel(array)]
    inputs = [n for n in subject.graph.inputs if ("value", n) in found]
    elements = [x for n in inputs for x in np.ravel(found["value", n])]
    questions = _questions(subject, found)
    forward_nodes = Graph([x for (what, _), array in found.items() if what == "value" for x in np.ravel(array)]).nodes
    kinked = {n: slopes(n) for n in forward_nodes if n.op is not None and n.op.kinked is not None and n.op.elementwise}
    told = tuple(
        {
            "id": subject.id(n),
            "name": subject.spelled(n),
            "shape": np.shape(forward[n]),
            "values": np.ravel(forward[n]).tolist(),
        }
        for n in inputs
    )
    text = program(outputs, elements, list(questions.values()), kinked)
    return Live(told, keys, tuple(questions), text)


def jacobians(subject: Subject) -> dict[str, Any]:
    """The local Jacobians of edges between arrays, as far as they are small enough to be read."""
    found: dict[str, Any] = {}
    for edge in subject.numbers.edges if subject.numbers is not None else ():
        id_ = subject.edge_ids.get((edge.result, edge.position))
        if id_ is not None and subject.passes.jacobian(edge.result, edge.operand):
            found[f"jacobian {id_}"] = np.reshape(edge.jacobian(), (np.size(edge.forward[edge.result]), -1))
    return found


def _key(subject: Subject, what: str, of: Any) -> str:
    return f"{what} {subject.id(of) if isinstance(of, Node) else subject.edge_ids.get(of, '')}"


def _questions(subject: Subject, found: Mapping[tuple[str, Any], Any]) -> dict[str, list[Question | Whole]]:
    """For each drawn edge along which a gradient flows, the products of which one may be 0·∞."""
    questions: dict[str, list[Question | Whole]] = {}
    for edge in subject.numbers.edges if subject.numbers is not None else ():
        at = edge.result, edge.position
        if at not in subject.edge_ids:
            continue
        up, down = found["upstream", at], found["downstream", at]
        ends = found["value", edge.operand], found["value", edge.result]
        local = found.get(("local", at))
        if local is None:
            values = [found["value", n] for n in (edge.result, *edge.result.operands)]
            others = (x for array in (up, *values) for x in np.ravel(array))
            questions[subject.edge_ids[at]] = [Whole(tuple(np.ravel(down)), tuple(others))]
        else:
            rows = np.broadcast_arrays(up, local, *ends, subok=True)
            questions[subject.edge_ids[at]] = [Question(*four) for four in zip(*(r.flat for r in rows), strict=True)]
    return questions


# Proofs --------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Checks:
    """What is proved, in JavaScript: `functions`, and for each id of a node or an edge which of them gives which
    element of which number, from which others. An id without any has words that no number changes. `tolerances` say how
    much a number may differ."""

    functions: str
    of: dict[str, dict[str, Any]]
    tolerances: dict[str, float]


def checks(subject: Subject, proofs: Proofs) -> Checks:
    """How a page compares its numbers with what is proved."""
    written: dict[str, int] = {}
    found: dict[str, dict[str, Any]] = {}
    for what, several in proved_formulas(subject.passes, proofs).items():
        id_ = subject.id(what) if isinstance(what, Node) else subject.edge_ids.get(what, "")
        terms = [key for key, _ in subject.terms.get(what, ())] if isinstance(what, Node) else []
        shown = f"gradient {id_}" if isinstance(what, Node) else f"local {id_}"
        tests = []
        for proved in several:
            function = _function([symbol for symbol, _, _ in proved.symbols], proved.formula)
            place = written.setdefault(function, len(written))
            tests.append([place, proved.element, [[f"value {subject.id(n)}", i] for _, n, i in proved.symbols]])
        found[id_] = {"shown": shown, "terms": terms, "tests": tests}
    if not written:
        return Checks("[]", found, {})
    return Checks(f"(() => {{\n{HELPERS}return [{', '.join(written)}];\n}})()", found, tolerances())


def _function(symbols: list[Any], formula: Any) -> str:
    """A formula as a function of its symbols; null where JavaScript has none."""
    import sympy

    letters = [sympy.Symbol(f"s{i}", real=True) for i in range(len(symbols))]
    try:
        text = printed(formula.xreplace(dict(zip(symbols, letters, strict=True))))
    except NotImplementedError:
        return "null"
    return "null" if "//" in text or "\n" in text else f"({', '.join(map(str, letters))}) => {text}"
