"""A graph with the frameworks' choices, or with the chapter's."""

from __future__ import annotations

import pytest

import cgraph as cg


def test_a_whole_graph_takes_the_frameworks_choices_at_once_and_gives_them_back() -> None:
    x, y = cg.variables("x y")
    a = cg.relu(x).named("a")
    graph = cg.Graph([(a + cg.maximum(x, y) * cg.max(cg.stack([x, y]))).named("L"), cg.leaky_relu(y, slope=0.5)])
    switched = cg.with_conventions(graph, "frameworks")
    assert switched.names == graph.names
    assert switched.inputs == graph.inputs
    assert [switched["a"].attrs["at_zero"], graph["a"].attrs["at_zero"]] == [0, 1]
    assert "ReLU'(0) = 0" in str(cg.prove(switched["a"]))
    assert {n.attrs["ties"] for n in switched if n.op and "ties" in n.attrs} == {0.5, "split"}
    assert switched.outputs[1].attrs == {"slope": 0.5, "at_zero": 0}
    assert switched["a"].where == graph["a"].where
    back = cg.with_conventions(switched, "chapter")
    assert [n.attrs for n in back] == [n.attrs for n in graph]
    assert cg.with_conventions(x, "frameworks") is x
    with pytest.raises(cg.errors.ValueRefusedError, match=r"'torch'.*\"chapter\" or \"frameworks\""):
        cg.with_conventions(graph, "torch")


def test_a_choice_that_is_neither_the_chapters_nor_the_frameworks_stays() -> None:
    x = cg.variable("x")
    own = cg.Graph([cg.clip(x, 0.0, 1.0, at_bounds=0), cg.relu(x, at_zero=0.5), cg.maximum(x, 0.0, ties=0.25)])
    for choice in ("frameworks", "chapter"):
        assert [n.attrs for n in cg.with_conventions(own, choice).outputs] == [n.attrs for n in own.outputs]
    default = cg.with_conventions(cg.Graph([cg.clip(x, 0.0, 1.0), cg.relu(x)]), "frameworks")
    assert [dict(n.attrs) for n in default.outputs] == [{"at_bounds": 1}, {"at_zero": 0}]
