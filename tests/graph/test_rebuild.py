"""Graphs copied with a change: what does not stand on the change stays the very node, all else is built anew."""

from __future__ import annotations

import pytest

import cgraph as cg
from cgraph.graph.rebuild import rebuilt, standing_on


def test_only_what_stands_on_the_change_is_new_and_keeps_name_and_origin() -> None:
    a, b, c = cg.variables("a b c")
    d = (2 * b).named("d")
    e = (a + d).named("e")
    done = rebuilt(cg.Graph(e * d).nodes, lambda was, now: c if was is a else now)
    assert done[d] is d and done[b] is b
    assert done[e] is not e and done[e].operands == (c, d)
    assert (done[e].name, done[e].where) == (e.name, e.where)


def test_a_node_on_its_own_operands_is_itself() -> None:
    a, b = cg.variables("a b")
    node = a * b
    assert standing_on(node, (a, b)) is node
    assert standing_on(node, (b, a)) is not node


@pytest.mark.slow
def test_a_chain_of_100_000_nodes_is_rebuilt() -> None:
    x, y = cg.variables("x y")
    node = x
    for _ in range(100_000):
        node = -node
    graph = cg.Graph(node)
    assert cg.Graph(rebuilt(graph.nodes, lambda was, now: y if was is x else now)[node]).inputs == (y,)
