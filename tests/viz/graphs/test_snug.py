"""A picture of the forward pass alone: boxes are as high as what stands in them, and nothing else moves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from geometry import collisions, off_borders, spills
from random_scalars import random_pass
from sparse import sparse

import viz
from viz.graphs.paint.paint import FORWARD
from viz.graphs.places.snug import snug
from viz.ink.pen import number


@pytest.mark.parametrize("style", ["textbook", "circuit"])
@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("seed", sparse(range(16), 16))
def test_without_gradients_boxes_keep_no_room_for_them(seed, direction, style):
    of = random_pass(seed)
    both, alone = (viz.draw(of, direction=direction, style=style, show=show) for show in (None, FORWARD))
    assert alone.layout == both.layout
    shown = replace(alone, layout=snug(alone.layout))
    assert collisions(shown) + spills(shown) + [f for f in off_borders(shown) if "forward" in f] == []
    for before, after in zip(alone.layout.boxes, shown.layout.boxes, strict=True):
        assert (after.x, after.y, after.width) == (before.x, before.y, before.width) and after.height <= before.height
        lines = [line for line in after.lines if line.line.role not in ("gradient", "outside")]
        assert len(lines) == len([x for x in after.lines if x.line.role != "outside"])
        if lines and not after.box.round:
            middle = (lines[0].rect[1] + lines[-1].rect[3]) / 2
            assert middle == pytest.approx(after.y, abs=0.1)


def test_a_box_that_edges_meet_in_its_middle_is_as_high_as_its_words():
    picture = viz.draw("d = 2*b; e = tanh(d)", b=1, show=FORWARD, direction="LR")
    gone = {b.box.name: before.height - b.height
            for before, b in zip(picture.layout.boxes, snug(picture.layout).boxes, strict=True)}  # fmt: skip
    assert all(gone[name] > 10 for name in "bd")
    height = snug(picture.layout).boxes[0].height
    assert f'height="{number(height)}"' in picture.svg()
