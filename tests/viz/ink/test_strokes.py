"""Strokes beside a centre line: they keep their distance to it, whichever way it goes."""

from __future__ import annotations

import math
from itertools import product

import pytest

from viz.ink.strokes import BETWEEN, Size, both

WAYS = [(1, 0), (0, 1), (-1, 0), (0, -1)]


def turning(way, rest, lengths):
    """Straight pieces along `way` and aside, of these lengths, from the origin; where they end."""
    (dx, dy), here, curve = way, (0.0, 0.0), [(0.0, 0.0)]
    for i, length in enumerate(lengths):
        x, y = (dx, dy) if i % 2 == 0 else (-dy * rest, dx * rest)
        far = here[0] + x * length, here[1] + y * length
        curve += [
            (here[0] + x * length / 3, here[1] + y * length / 3),
            (far[0] - x * length / 3, far[1] - y * length / 3),
        ]
        curve.append(far)
        here = far
    return curve


@pytest.mark.parametrize(("way", "rest"), list(product(WAYS, (1, -1))))
@pytest.mark.parametrize("tiny", [0.0, 1e-12, 0.01, -0.01])
@pytest.mark.parametrize("place", range(4))
def test_a_piece_of_no_length_changes_no_stroke(way, rest, tiny, place):
    lengths = [60.0, 40.0, 60.0]
    plain = turning(way, rest, lengths)
    cut = plain[: 3 * place + 1]
    x, y = cut[-1]
    nothing = [(x + tiny * way[0], y + tiny * way[1])] * 3
    line = [*cut, *nothing, *plain[3 * place + 1 :]]
    ends = (plain[0], Size(20, 20)), (plain[-1], Size(20, 20))
    for one, other in zip(both(plain, *ends), both(line, *ends), strict=True):
        assert len(one) == len(other)
        assert all(math.dist(p, q) < 0.1 for p, q in zip(one, other, strict=True))


@pytest.mark.parametrize("way", WAYS)
def test_the_two_strokes_are_on_both_sides_of_a_straight_line(way):
    line = turning(way, 1, [100.0])
    forth, back = both(line, (line[0], Size(10, 10)), (line[-1], Size(10, 10)))
    aside = [{round(-way[1] * x + way[0] * y, 6) for x, y in stroke} for stroke in (forth, back)]
    assert aside == [{-BETWEEN}, {BETWEEN}]
