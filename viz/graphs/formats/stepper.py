"""The interactive page of a picture: one file that walks the passes step by step and computes again in the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import escape
from typing import Any

import numpy as np

from cgraph.graph.node import Node
from cgraph.notation import Grid, text
from cgraph.notation import value as written
from cgraph.shapes import show
from viz.asked import Proofs
from viz.graphs.formats import pages
from viz.graphs.formats.live import Checks, Live, checks, jacobians, live
from viz.graphs.words.boxes import box_text
from viz.graphs.words.drawing import NOT_DETERMINED, BoxText, Drawing
from viz.graphs.words.fold import FEW
from viz.graphs.words.folded import facts_of
from viz.graphs.words.groups import groups
from viz.graphs.words.marks import Line, Number, Parts, titles
from viz.graphs.words.steps import FORWARD as COMPUTED
from viz.graphs.words.steps import GIVEN, Walk, numbers, walk
from viz.graphs.words.subject import Subject, not_finite
from viz.ink.font import metrics
from viz.ink.lines import clean
from viz.ink.themes import Theme
from viz.ink.typeset import COLUMN, LINE

GLYPHS = "".join(sorted({*"0123456789−+.×∞()[],…·✓NaNinthevaluegradient"}))  # that a page itself may write
MOST = 4096  # entries of an array that a page has; of a larger one, its words
GRID = 4  # rows and columns of an array with a field for each entry
MODULES = ("numbers", "words", "drawing", "frames", "view", "keys", "practice")


def page(
    subject: Subject, drawing: Drawing, svg: str, caption: str, theme: Theme, show: str, legend: str, phone: str = ""
) -> str:
    """The page as HTML text: no network, no fonts, nothing from outside.

    `svg` is the picture without its caption and legend, painted with `pages.page_theme`, `phone` the same on a layout
    for a narrow screen, and `legend` its list; they are of the forward pass alone, when that is what `show` says.
    """
    steps, found, proofs = walk(subject, drawing), live(subject), subject.proofs
    if show == "forward":
        drawing = replace(drawing, has_gradients=False, edges=tuple(e._replace(flows=False) for e in drawing.edges))
        steps = replace(steps, steps=tuple(s for s in steps.steps if s.kind in (GIVEN, COMPUTED)))
    proved = checks(subject, proofs)
    chosen, themes = pages.theme_choice(theme)
    data = {**_data(subject, drawing, steps), **_followed(subject, found, proved, proofs), "theme": chosen}
    other = f'<template id="phone">{_DEFS.sub("", pages.grouped(phone))}</template>' if phone else ""
    return pages.page(
        "stepper",
        caption,
        pages.grouped(svg) + other,
        theme,
        chosen,
        MODULES,
        themes=themes,
        legend=legend,
        inputs=_inputs(found),
        data=pages.data(data),
        before=f"const program = {found.program};\nconst formulas = {proved.functions};\n",
    )


_DEFS = re.compile("<defs>.*?</defs>", re.DOTALL)  # of the outlines, which the other layout has as well


# What the page knows -------------------------------------------------------------------------------------------------
def _data(subject: Subject, drawing: Drawing, steps: Walk) -> dict[str, Any]:
    """The graph in words, with places for what depends on numbers."""
    by_id = {subject.id(n): n for n in subject.graph.nodes}
    headings = {b.id: Line("", (b.title.partition("\n")[0],)) for b in drawing.boxes}  # an author may have chosen it
    words = {id_: (headings.get(id_, lines[0]), *lines[1:]) for id_, lines in titles(subject).items()}
    bright = [b.name for b in drawing.boxes if b.id not in drawing.look.dimmed]
    return {
        "root": subject.id(subject.root),
        "rootName": subject.spelled(subject.root),
        "whole": not drawing.part,
        "flows": drawing.has_gradients,
        "titles": {
            id_: [{"since": line.since, "parts": _places(line.parts)} for line in lines] for id_, lines in words.items()
        },
        "findings": {b.id: lines for b in drawing.boxes if (lines := _findings(b, subject, by_id[b.id]))},
        "nodes": {b.id: {"name": b.name, "facts": _facts(by_id[b.id])} for b in drawing.boxes},
        "edges": {e.id: {"tail": e.tail, "head": e.head, "flows": e.flows, "name": e.name} for e in drawing.edges},
        "steps": [{"kind": s.kind, "node": s.node, "edge": s.edge, "parts": _places(s.parts)} for s in steps.steps],
        "since": dict(steps.since),
        "frames": _frames(subject, drawing),
        "closed": sorted(f.id for f in drawing.frames if f.parent is None and len(drawing.boxes) > FEW),
        "grids": dict(_grids(subject)),
        "grid": [LINE, COLUMN],
        "digits": subject.digits,
        "words": {
            "open": NOT_DETERMINED,
            "before": f"Highlighted: {', '.join(bright)}. " if drawing.look.dimmed else "",
        },
        "advance": {" ": 200, **{c: round(1000 * metrics(c)[0]) for c in GLYPHS}},
    }


def _frames(subject: Subject, drawing: Drawing) -> dict[str, dict[str, Any]]:
    """The layers that have frames, with the words that stand in the place of what is in a closed one."""
    known = {clean(group.name): group for group in groups(subject.graph).all} if drawing.frames else {}
    return {
        f.id: {**f._asdict(), "facts": facts_of(subject, known[f.name]) if f.name in known else []}
        for f in drawing.frames
    }


def _grids(subject: Subject) -> Iterator[tuple[str, int]]:
    """The arrays that are drawn as matrices, by their keys, with how many columns they have."""
    if subject.forward is not None:
        for node in subject.graph.nodes:
            grid = subject.grid(subject.forward[node])
            if isinstance(grid, Grid):
                yield from ((f"{what} {subject.id(node)}", len(grid.rows[0])) for what in ("value", "gradient"))


def _places(parts: Parts) -> list[Any]:
    return [[p.key, p.inside] if isinstance(p, Number) else p for p in parts]


def _followed(subject: Subject, found: Live, proved: Checks, proofs: Proofs) -> dict[str, Any]:
    """What changes with the inputs, at the inputs that were given."""
    known = {key: _sent(key, value, subject.digits) for key, value in numbers(subject).items()}
    tables = jacobians(subject)
    known |= {key: _sent(key, value, subject.digits) for key, value in tables.items()}
    known |= {f"open {id_}": at in subject.undetermined for at, id_ in subject.edge_ids.items()}
    ids: dict[Any, str] = {**{n: subject.id(n) for n in subject.graph.nodes}, **subject.edge_ids}
    marked = dict.fromkeys((*proofs.edges, *proofs.leaves), "") | dict(proofs.at_odds)
    return {
        "numbers": known,
        "rows": {key: len(value) for key, value in tables.items()},
        "inputs": [{**leaf, "values": [_one(x) for x in leaf["values"]]} for leaf in found.inputs],
        "keys": found.keys,
        "open": found.open,
        "proofs": {ids[what]: why for what, why in marked.items() if what in ids},
        "checks": proved.of,
        **proved.tolerances,
    }


def _sent(key: str, value: Any, digits: int) -> Any:
    """A number, the entries of an array in a row, or of a large one its words; what is not finite is text in JSON."""
    if np.size(value) > MOST:
        return {"text": text(written(value, digits)), "infinite": not_finite(key.partition(" ")[0], value)}
    return [_one(x) for x in np.ravel(value)] if np.ndim(value) else _one(value)


def _one(value: Any) -> float | str:
    number = float(value)
    return number if np.isfinite(number) else "NaN" if np.isnan(number) else f"{'-' * (number < 0)}Infinity"


def _facts(node: Node) -> list[str]:
    """What is known of a node without a pass."""
    facts = [
        {"variable": "a variable", "parameter": "a trainable parameter", "constant": "a constant"}.get(node.kind, "")
    ]
    if node.op is not None:
        facts = [f"{node.op.name}: {node.op.formula}", *([node.op.convention(node.attrs)] if node.op.kink else [])]
    return [f for f in (*facts, f"built at {node.where}") if f]


def _findings(box: BoxText, subject: Subject, node: Node) -> list[str]:
    """What a diagnosis says of a box, in lines: it is about the numbers that were given, and no others."""
    return box.title.split("\n")[1 + box_text(subject, node).title.count("\n") :]


# What the page shows beside the picture ------------------------------------------------------------------------------
def _inputs(found: Live) -> str:
    """The fields of each input: a number and a slider, a table, or rows of text."""
    if not found.inputs:
        return f'<p class="hint">{escape(found.why)}</p>'
    return "".join(_fields(i, leaf) for i, leaf in enumerate(found.inputs)) + '<button id="reset">reset</button>'


def _fields(i: int, leaf: Mapping[str, Any]) -> str:
    name, shape, values = escape(leaf["name"]), leaf["shape"], leaf["values"]
    if not shape:
        reach = max(4.0, 2 * abs(values[0])) if np.isfinite(values[0]) else 4.0
        box = f'data-input="{i}" value="{values[0]!r}" aria-label="{name}"'
        span = f'min="{values[0] - reach!r}" max="{values[0] + reach!r}" step="any"'
        return (
            f'<div class="input"><span>{name}</span><input type="number" id="number{i}" step="any" {box}>'
            f'<input type="range" id="range{i}" {span} {box}></div>'
        )
    of = f"{name} {escape(show(shape))}"
    if len(shape) <= 2 and max(shape) <= GRID:
        return f'<div class="entries"><div>{of}</div><table>{"".join(_rows(i, name, shape, values))}</table></div>'
    return (
        f'<div class="entries"><label for="rows{i}">{of}: rows of numbers</label><textarea id="rows{i}" rows="4" '
        f'spellcheck="false"></textarea><p class="said" id="said{i}" aria-live="polite"></p></div>'
    )


def _rows(i: int, name: str, shape: tuple[int, ...], values: list[float]) -> Iterator[str]:
    width = shape[-1]
    for row in range(len(values) // width):
        cells = []
        for column in range(width):
            at = row * width + column
            place = f"{row + 1}, {column + 1}" if len(shape) == 2 else f"{column + 1}"
            field = f'data-input="{i}" data-entry="{at}" value="{values[at]!r}" aria-label="{name}, entry {place}"'
            cells.append(f'<td><input type="number" step="any" {field}></td>')
        yield f"<tr>{''.join(cells)}</tr>"
