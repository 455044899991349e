"""The interactive page of a picture: one file that walks the passes step by step and computes again in the browser."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from html import escape
from importlib import resources
from string import Template
from typing import Any

import numpy as np

from cgraph import notation
from cgraph.graph.node import Node, as_node
from cgraph.notation import text
from cgraph.shapes import show
from viz.graphs.formats.javascript import program
from viz.graphs.words.drawing import Drawing, EdgeText
from viz.graphs.words.steps import Number, Walk, spelled, walk
from viz.graphs.words.subject import Subject
from viz.ink.themes import THEMES, Theme
from viz.ink.typeset import metrics

LIVE = 400  # nodes of a graph whose inputs can be changed in the page
DIGITS = "0123456789−+.×∞Na()"  # the glyphs of numbers that the page itself may write
JACOBIAN = 64  # entries of a local Jacobian that are written out


def page_theme(theme: Theme) -> Theme:
    """The theme with the page's variables for its colours, so that a reader can choose another."""
    return replace(theme, name="page", **{name: f"var(--{name})" for name in _colours(theme)})  # type: ignore[arg-type]


def page(subject: Subject, drawing: Drawing, svg: str, caption: str, theme: Theme) -> str:
    """The page as HTML text: no network, no fonts, nothing from outside.

    `svg` is the picture of both passes, painted with `page_theme`.
    """
    steps = walk(subject, drawing)
    live = _live(subject, drawing, steps)
    data = {**_data(subject, drawing, steps), **(live[0] if live else {"inputs": [], "keys": []})}
    folder = resources.files("viz.graphs.formats") / "page"
    return Template((folder / "stepper.html").read_text("utf-8")).substitute(
        theme=escape(theme.name),
        title=escape(caption),
        style=_variables() + (folder / "stepper.css").read_text("utf-8"),
        svg=svg,
        themes="".join(f"<option{' selected' * (n == theme.name)}>{escape(n)}</option>" for n in THEMES),
        inputs=_inputs(data["inputs"]),
        data=json.dumps(data, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c"),
        program=live[1] if live else "() => []",
        script=(folder / "stepper.js").read_text("utf-8"),
    )


def _colours(theme: Theme) -> dict[str, str]:
    return {name: value for name, value in asdict(theme).items() if isinstance(value, str) and value.startswith("#")}


def _variables() -> str:
    """Each theme's colours as variables of the page."""
    return "".join(
        f':root[data-theme="{theme.name}"] {{ '
        + " ".join(f"--{name}: {value};" for name, value in _colours(theme).items())
        + " }\n"
        for theme in THEMES.values()
    )


def _data(subject: Subject, drawing: Drawing, steps: Walk) -> dict[str, Any]:
    """What the page knows of the graph."""
    by_id = {subject.id(n): n for n in subject.graph.nodes}
    jacobians = _jacobians(subject)
    return {
        "root": subject.id(subject.root),
        "flows": drawing.has_gradients,
        "nodes": {
            b.id: {"name": b.name, "formula": b.title.split("\n")[0], "facts": _facts(by_id[b.id])}
            for b in drawing.boxes
        },
        "edges": {
            e.id: {"tail": e.tail, "head": e.head, "flows": e.flows, "facts": _edge_facts(e, jacobians)}
            for e in drawing.edges
        },
        "steps": [
            {
                "kind": s.kind,
                "node": s.node,
                "edge": s.edge,
                "parts": [list(p) if isinstance(p, Number) else p for p in s.parts],
            }
            for s in steps.steps
        ],
        "since": dict(steps.since),
        "numbers": {key: _number(value) for key, value in steps.numbers.items()},
        "advance": {" ": 200, **{c: round(1000 * metrics(c)[0]) for c in DIGITS}},
    }


def _number(value: Any) -> float | str:
    """A number for the page, or the entries of an array as they are written."""
    if np.ndim(value):
        return spelled(value)
    number = float(value)
    return number if np.isfinite(number) else spelled(number)


def _facts(node: Node) -> list[str]:
    """What is known of a node without a pass."""
    facts = [
        {"variable": "a variable", "parameter": "a trainable parameter", "constant": "a constant"}.get(node.kind, "")
    ]
    if node.op is not None:
        facts = [f"{node.op.name}: {node.op.formula}", *([node.op.convention(node.attrs)] if node.op.kink else [])]
    return [f for f in (*facts, show(node.shape) if node.shape else "", f"built at {node.where}") if f]


def _edge_facts(edge: EdgeText, jacobians: Mapping[str, Any]) -> list[str]:
    facts = edge.title.split("\n")
    if edge.id in jacobians:
        rows = np.atleast_2d(jacobians[edge.id])
        facts += ["local Jacobian:", *("  " + "  ".join(text(notation.number(x)) for x in row) for row in rows)]
    return facts


def _live(subject: Subject, drawing: Drawing, steps: Walk) -> tuple[dict[str, Any], str] | None:
    """The inputs that the page can change, and the program that computes all numbers again; None for arrays."""
    graph, bwd = subject.graph, subject.numbers
    if bwd is None or len(graph) > LIVE or any(n.shape for n in graph.nodes):
        return None
    symbols = subject.passes.symbols.bwd
    nodes = {f"value {subject.id(n)}": n for n in graph.nodes}
    nodes |= {f"gradient {subject.id(n)}": symbols.gradient[n] for n in graph.nodes}
    for edge in symbols.edges:
        key = subject.edge_ids.get((edge.result, edge.position), "")
        nodes |= {f"local {key}": edge.local, f"downstream {key}": edge.downstream}
    wanted = {key: as_node(node) for key, node in nodes.items() if key in steps.numbers}
    inputs = [n for n in graph.inputs if subject.id(n) in {b.id for b in drawing.boxes}]
    values = bwd.forward
    fixed = [n for n in graph.inputs if n not in inputs]
    told = [{"id": subject.id(n), "name": subject.spelled(n), "value": float(values[n])} for n in (*inputs, *fixed)]
    return {"inputs": told, "keys": list(wanted)}, program(list(wanted.values()), [*inputs, *fixed])


def _jacobians(subject: Subject) -> dict[str, Any]:
    """The local Jacobians of edges between arrays, as far as they are small enough to be read."""
    if subject.numbers is None:
        return {}
    bwd = subject.numbers
    found: dict[str, Any] = {}
    for edge in bwd.edges:
        result, operand = bwd.forward[edge.result], bwd.forward[edge.operand]
        key = subject.edge_ids.get((edge.result, edge.position))
        if key is not None and 1 < np.size(result) * np.size(operand) <= JACOBIAN:
            found[key] = np.reshape(edge.jacobian(), (np.size(result), -1))
    return found


def _inputs(inputs: list[dict[str, Any]]) -> str:
    """A number and a slider for each input."""
    if not inputs:
        return '<p class="hint">Inputs of arrays cannot be changed here; cg.unroll makes a graph of single numbers.</p>'
    rows = []
    for i, leaf in enumerate(inputs):
        name, value = escape(leaf["name"]), leaf["value"]
        reach = max(4.0, 2 * abs(value))
        box = f'value="{value!r}" step="0.1" aria-label="{name}"'
        rows.append(
            f'<div class="input"><span>{name}</span><input type="number" id="number{i}" {box}>'
            f'<input type="range" id="range{i}" min="{value - reach!r}" max="{value + reach!r}" {box}></div>'
        )
    return "".join(rows) + '<button id="reset">reset</button>'
