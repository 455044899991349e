"""Where derivatives take a value for a constant, a bar stands across the edge: nothing comes back along it."""

from __future__ import annotations

import random
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from geometry import points_of
from paper import SVG
from sparse import sparse

import cgraph as cg
import viz
from viz.graphs.picture import Picture
from viz.ink.strokes import BAR, bar

CASES = [
    (seed, style, direction) for seed in range(12) for style in ("textbook", "circuit") for direction in ("LR", "TB")
]


def held_pass(seed: int) -> tuple[cg.Backward, int]:
    """Both passes of a random graph, and how many of its edges lead into an op that holds its operand."""
    chance, nodes, held = random.Random(seed), [cg.variable("x"), cg.parameter("w", 0.5)], 0
    for _ in range(chance.randint(2, 7)):
        a, b = chance.choice(nodes), nodes[-1]
        if chance.random() < 0.4 or not held:
            a, held = cg.stop_gradient(a), held + 1
        nodes.append(a * b if chance.random() < 0.5 else cg.tanh(a) + b)
    return cg.backward(cg.forward(nodes[-1] + nodes[0], x=0.3)), held


def bars(picture: Picture) -> list[np.ndarray]:
    """The two ends of each bar of a picture, without those of its legend."""
    graph = next(g for g in ElementTree.fromstring(picture.svg()).iter(f"{SVG}g") if g.get("data-role") == "graph")
    drawn = [p.get("d", "") for p in graph.iter(f"{SVG}path") if p.get("data-role") == "bar"]
    return [np.array(re.findall(r"-?[\d.]+", d), dtype=float).reshape(2, 2) for d in drawn]


@pytest.mark.parametrize(("seed", "style", "direction"), sparse(CASES, 9))
def test_each_edge_that_holds_its_value_has_a_bar_across_its_stroke_and_no_other_has(seed, style, direction):
    of, held = held_pass(seed)
    picture = viz.draw(of, style=style, direction=direction, detail="number")
    found = bars(picture)
    lines = {e.edge.id: points_of(e.forth) for e in picture.layout.edges}
    into = [e.edge.id for e in picture.layout.edges if e.edge.held]
    assert len(found) == len(into) == held
    assert not any(e.edge.flows for e in picture.layout.edges if e.edge.held)
    for ends, id_ in zip(found, into, strict=True):
        line, middle = lines[id_], ends.mean(axis=0)
        near = int(np.argmin(np.hypot(*(line - middle).T)))
        way, across = line[min(near + 1, len(line) - 1)] - line[max(near - 1, 0)], ends[1] - ends[0]
        way, off = way / np.hypot(*way), middle - line[near]
        assert abs(way[0] * off[1] - way[1] * off[0]) < 0.3 and abs(way @ off) < 4.0  # it is on its stroke,
        assert abs(way @ across) < 0.1 * np.hypot(*across)  # at a right angle,
        assert np.hypot(*across) == pytest.approx(2 * BAR, abs=0.03)
        for box in picture.layout.boxes:  # and off the boxes
            x, y = np.abs(ends - (box.x, box.y)).T
            inside = np.hypot(x, y) < box.width / 2 if box.box.round else (x < box.width / 2) & (y < box.height / 2)
            assert not inside.any()
        for other, points in lines.items():  # no other stroke is on it
            if other != id_:
                assert np.hypot(*(points[:, None] - ends[None]).transpose(2, 0, 1)).min() > 1.0


@pytest.mark.parametrize("show", ["forward", "backward", "both"])
def test_a_bar_is_in_every_format_where_gradients_are_shown_and_the_legend_says_what_it_is(show):
    of, held = held_pass(1)
    picture = viz.draw(of, show=show)
    shown = held if show != "forward" else 0
    assert len(bars(picture)) == shown
    assert picture.tikz().count(r"\draw[cgraph bar") == shown + (show != "forward")  # and that of the legend
    assert picture.dot.count("normaltee") == held
    assert ("no gradient passes the bar" in picture.tikz()) == (show != "forward")


def test_a_picture_without_gradients_or_without_such_an_op_has_no_bar():
    x = cg.variable("x")
    assert bars(viz.draw(cg.forward(cg.stop_gradient(x) * x, x=2.0))) == []
    assert bars(viz.draw(cg.backward(cg.forward(cg.tanh(x) * x, x=2.0)))) == []
    large = cg.stop_gradient(x)
    for _ in range(310):
        large = cg.tanh(large + x)
    picture = viz.draw(cg.backward(cg.forward(large, x=0.1)), fold=False, detail="outline")
    assert len(bars(picture)) == 1


def test_the_bar_of_a_stroke_that_is_shorter_than_its_distance_stands_at_its_begin():
    one, other = bar([(0.0, 0.0), (4.0, 0.0)])
    assert {one, other} == {(0.0, BAR), (0.0, -BAR)}
