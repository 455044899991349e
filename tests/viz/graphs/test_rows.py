"""Rows, as text wraps: lines between them do not cross on their way, and a layer or a step of time stands in one."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
from geometry import crossings, points_of
from random_scalars import random_pass
from sparse import sparse

import cgraph as cg
from viz import asked
from viz.graphs.places import engine
from viz.graphs.places.layout import Layout, lay_out
from viz.graphs.places.measure import Measured, measured, roomy
from viz.graphs.words.annotate import annotate
from viz.graphs.words.drawing import HOVER, Drawing
from viz.ink.themes import TEXTBOOK

TIME = 20.0


def drawing(of: object) -> Drawing:
    return annotate(asked.passes(of), "textbook", HOVER, fold=False)


def placed(of: Drawing, rows: int) -> Layout:
    return lay_out(of, TEXTBOOK, "LR", None, TIME, rows)


def bands(layout: Layout) -> list[tuple[float, float]]:
    """From where to where each row reaches: boxes whose heights overlap are in one."""
    found: list[tuple[float, float]] = []
    for low, high in sorted((b.rect[1], b.rect[3]) for b in layout.boxes):
        if found and low < found[-1][1]:
            found[-1] = found[-1][0], max(high, found[-1][1])
        else:
            found.append((low, high))
    return found


@pytest.mark.parametrize("seed", sparse(range(30), 15))
def test_lines_between_two_rows_do_not_cross_there(seed):
    layout = placed(drawing(random_pass(seed)), 2)
    found = crossings([points_of(e.forth) for e in layout.edges])
    gaps = [(above[1] + 16, below[0] - 16) for above, below in zip(bands(layout), bands(layout)[1:], strict=False)]
    assert [(x, y) for x, y in found if any(low < y < high for low, high in gaps)] == []


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("rows", sparse([3, 2, 4], 3))
@pytest.mark.parametrize(("begin", "end"), [(1, 8), (2, 6), (3, 10), (4, 11)])
def test_a_value_that_is_used_again_rows_later_crosses_nothing(begin, end, rows, first):
    values = [cg.variable("x")]
    for place in range(1, 13):
        here = values[-1]
        values.append((values[begin] * here if first else here * values[begin]) if place == end else cg.tanh(here))
    layout = placed(drawing(cg.Graph(values[-1])), rows)
    assert len(bands(layout)) == rows
    assert len(crossings([points_of(e.forth) for e in layout.edges])) == 0


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(("ops", "begin", "rows"), [(24, 12, 2), (26, 13, 2), (36, 12, 3), (36, 24, 3)])
def test_no_row_ends_between_two_ops_that_use_one_input_where_it_can_end_beside_them(ops, begin, rows, first):
    w, h = cg.variable("w"), cg.variable("x")
    for place in range(1, ops + 1):
        product = w * h if first else h * w
        h = product.named(f"user{place}") if place in (begin, begin + 1) else cg.tanh(h)
    layout = placed(drawing(cg.Graph(h)), rows)
    users = [b.y for b in layout.boxes if b.box.name.startswith("user")]
    assert len(bands(layout)) == rows and len(users) == 2
    assert len({i for i, (a, z) in enumerate(bands(layout)) for y in users if a <= y <= z}) == 1


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(("ops", "rows"), [((7, 6), 2), ((8, 6), 2), ((6, 8), 2), ((9, 8, 7), 3), ((7, 8, 9), 3)])
def test_a_step_of_time_stands_in_one_row(ops, rows, named):
    h = cg.variable("h[0]" if named else "h0")
    for step, count in enumerate(ops, 1):
        with nullcontext() if named else cg.scope(f"step {step}"):
            for _ in range(count - 1):
                h = cg.tanh(h)
            h = cg.exp(h).named(f"h[{step}]" if named else f"h{step}")
    of = replace(drawing(cg.Graph(h)), frames=())
    layout = placed(of, rows)
    assert len(bands(layout)) == rows and len(of.together) == len(ops)
    row = {b.box.id: next(i for i, (a, z) in enumerate(bands(layout)) if a <= b.y <= z) for b in layout.boxes}
    for part in of.together:
        assert len({row[box] for box in part.boxes}) == 1


# Crossings ------------------------------------------------------------------------------------------------------------
def by_graphviz(sizes: Measured) -> list[np.ndarray]:
    """The lines of Graphviz's own picture, with inputs in one column and operands in order, as ours has them."""
    enter = Counter(e.head for e in sizes.drawing.edges)
    lines = [
        'digraph g { rankdir=LR splines=true; node [shape=box fixedsize=true label="" margin=0]; before [ordering=out]'
    ]
    for box in sizes.drawing.boxes:
        size, fields = sizes.boxes[box.id], "|".join(f"<h{i}>" for i in range(enter[box.id]))
        shape = f' shape=record label="{{{{{fields}}}}}"' if enter[box.id] > 1 else ""
        lines.append(f'"{box.id}" [width={size.width / 72:.4f} height={size.height / 72:.4f}{shape}]')
        lines += [] if enter[box.id] else [f'before -> "{box.id}" [weight=0 id=no]']
    for edge in sizes.drawing.edges:
        port = f":h{edge.slot}:w" if enter[edge.head] > 1 else ":w"
        lines.append(f'"{edge.tail}":e -> "{edge.head}"{port} [id="{edge.id}"]')
    found = engine.positions("\n".join([*lines, "}"]))["edges"]
    curves = [[tuple(map(float, p.split(","))) for p in e["pos"].split() if p[0] not in "es"]
              for e in found if e["id"] != "no"]  # fmt: skip
    return [points_of(curve)[::10] for curve in curves]


@pytest.mark.slow
@pytest.mark.parametrize("count", [60])
def test_lines_of_many_graphs_cross_no_more_often_than_graphvizs_own_in_the_same_order(count):
    ours = theirs = 0
    for seed in range(count):
        of = drawing(random_pass(seed))
        ours += len(crossings([points_of(e.forth) for e in placed(of, 1).edges]))
        theirs += len(crossings(by_graphviz(roomy(measured(of, TEXTBOOK), True))))
    assert 0 < ours <= theirs


def test_a_crossing_is_counted_once_and_a_meeting_is_none():
    across, up = np.array([[0.0, 5.0], [10.0, 5.0]]), np.array([[5.0, 0.0], [5.0, 10.0]])
    assert crossings([across, up]).tolist() == [[5.0, 5.0]]
    assert len(crossings([across, up[:, ::-1] + 5.0])) == 0
    assert len(crossings([across, np.array([[10.0, 5.0], [10.0, 10.0]])])) == 0
