"""Nothing touches: on random graphs of up to 40 nodes, in both directions and styles, at every amount of detail."""

from __future__ import annotations

import pytest
from geometry import collisions, labels, off_borders, spills
from random_scalars import random_pass
from rings import clearances
from sparse import sparse

import viz
from viz.graphs.words.drawing import DETAILS, OUTLINE
from viz.ink.themes import THEMES


def touching(seed: int) -> list[str]:
    """What touches on the picture of one random graph; direction, style and detail follow from its number."""
    look = {"direction": "TB" if seed % 3 == 0 else "LR", "style": "circuit" if seed % 2 else "textbook"}
    detail = None if seed % 5 else [d for d in DETAILS if d != OUTLINE][seed // 5 % 4]
    picture = viz.draw(random_pass(seed), detail=detail, **look)
    return [f"graph {seed} {look} {detail}: {c}" for c in collisions(picture) + spills(picture)]


def test_nothing_touches_on_random_graphs(pictures):
    # Themes need no rounds of their own: the layout is the same in all of them, as the test below has it.
    assert [found for seed in range(pictures) for found in touching(seed)] == []


@pytest.mark.parametrize("seed", sparse(range(4), 4))
def test_every_theme_has_the_same_layout(seed):
    of = random_pass(seed)
    first, *others = [viz.draw(of, theme=theme).layout for theme in sorted(THEMES)]
    assert all(first == other for other in others)


def test_the_random_graphs_are_large_have_fan_outs_and_words():
    passes = [random_pass(seed) for seed in range(40)]
    assert max(len(bwd.graph) for bwd in passes) >= 30
    assert any(len(bwd.graph) < 10 for bwd in passes)
    picture = viz.draw(passes[3])
    assert labels(picture)


@pytest.mark.parametrize("look", ["textbook", "circuit"])
@pytest.mark.parametrize("direction", sparse(["LR", "TB"], 2))
def test_strokes_end_on_the_borders_of_their_boxes(direction, look, pictures):
    for seed in range(pictures // 5):
        picture = viz.draw(random_pass(seed), direction=direction, style=look)
        assert off_borders(picture) == [], seed


@pytest.mark.parametrize("seed", sparse(range(1, 81, 2), 20))
def test_the_ink_of_words_stays_off_the_rings_of_random_circuits(seed):
    """What `spills` says of the rectangles of words, said of their outlines in the SVG."""
    picture = viz.draw(random_pass(seed), style="circuit", detail=("full", "formula", "number")[seed % 3])
    found = clearances(picture.svg())
    assert found and [f"{way:.2f} in {circle}" for circle, way in found.items() if way < 2.4] == []
