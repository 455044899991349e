"""The shapes with which a structural row is proved: its own examples, and others made from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from math import prod
from typing import Any, TypeAlias

import numpy as np

from cgraph.ops.op import Example, Op

Shapes: TypeAlias = "tuple[Any, ...]"  # of operands; one that is no symbol stands as a list of its values
SIZES = ((2, 3), (2, 2), (3,), (2,), (1, 2), (1,), (), (2, 1, 2))  # tried where a row has no example
MOST = 8  # elements of the operands together
TRIED = 200  # candidates


def examples(row: Op) -> tuple[Example, ...]:
    """The row's examples, and one more for each feature that none of them has and that its shape rule allows.

    The features are: a size of 1, two sizes that differ, three axes, a result without axes, the attributes left
    as they are. What the shape rule refuses, or the array function fails on, is no example. Without one of its own a
    row gets those of some usual shapes.
    """
    own = row.examples
    found = list(own)
    known = set().union(*(_features(row, shapes, attrs) or set() for shapes, attrs in own))
    for shapes, attrs in islice(_candidates(row), TRIED):
        if known >= ALL:
            break
        if sum(map(prod, _sizes(shapes))) > MOST:
            continue
        features = _features(row, shapes, attrs)
        if features and features - known and computes(row, shapes, attrs):
            known |= features
            found.append((shapes, dict(attrs)))
    return tuple(found)


ALL = {"one", "uneven", "deep", "scalar", "plain"}


def _features(row: Op, shapes: Shapes, attrs: Mapping[str, Any]) -> set[str] | None:
    """What an example shows; None when the shape rule refuses it."""
    sizes = _sizes(shapes)
    try:
        _, result = row.infer(sizes, {**row.defaults, **attrs})
    except Exception:  # whatever a rule of a user's own raises: this is no example
        return None
    flat = [d for s in (*sizes, result) for d in s]
    if not all(isinstance(d, (int, np.integer)) and d > 0 for d in flat):
        return None
    shown = {
        "one": any(1 in s for s in sizes),
        "uneven": any(len({d for d in s if d > 1}) > 1 for s in sizes),
        "deep": any(len(s) > 2 for s in sizes),
        "scalar": tuple(result) == (),
        "plain": not attrs,
    }
    return {name for name, present in shown.items() if present}


def _sizes(shapes: Shapes) -> list[tuple[int, ...]]:
    return [tuple(np.shape(s)) if isinstance(s, list) else tuple(s) for s in shapes]


def _candidates(row: Op) -> Iterator[tuple[Shapes, Mapping[str, Any]]]:
    """Other shapes: an example's with other sizes, with an axis more or less, and those of no example at all."""
    for shapes, attrs in row.examples:
        for given in ({}, attrs) if attrs else ({},):
            yield from ((other, given) for other in _resized(shapes))
    count = {len(shapes) for shapes, _ in row.examples} or {row.arity or 2}
    if not any(isinstance(s, list) for shapes, _ in row.examples for s in shapes):
        for n in sorted(count):
            yield from ((shapes, {}) for shapes in product(SIZES, repeat=n))


def _resized(shapes: Shapes) -> Iterator[Shapes]:
    """Shapes in which equal sizes stay equal: others, then all of them 1; then with one axis more, and one less."""
    sizes = sorted({d for s in shapes if not isinstance(s, list) for d in s})
    for new in ({d: 3 - (i % 2) for i, d in enumerate(sizes)}, dict.fromkeys(sizes, 1)):
        yield tuple(s if isinstance(s, list) else tuple(new[d] for d in s) for s in shapes)
    for place, shape in enumerate(shapes):
        if not isinstance(shape, list):
            others = [s for s in ((2, *shape), (*shape, 3), shape[1:]) if s != shape]
            yield from ((*shapes[:place], other, *shapes[place + 1 :]) for other in others)
    for more in ((2,), (1,)):
        yield tuple(s if isinstance(s, list) else (*more, *s) for s in shapes)
    ranks = [range(len(s)) if not isinstance(s, list) else () for s in shapes]
    if len(shapes) == 1:  # sizes that differ, each axis by itself
        yield from (tuple(c) for c in [((2, 3, 1, 2)[: len(ranks[0])],), ((3, 2, 2)[: len(ranks[0])],)])


def computes(row: Op, shapes: Sequence[Any], attrs: Mapping[str, Any]) -> bool:
    """Whether the array function takes such operands and gives a result of the shape that the shape rule says."""
    random = np.random.default_rng(0)
    operands = [np.array(s, float) if isinstance(s, list) else random.uniform(0.1, 0.9, s) for s in shapes]
    try:
        with np.errstate(all="ignore"):
            given, shape = row.infer([x.shape for x in operands], {**row.defaults, **attrs})
            return bool(np.shape(row.numpy(*operands, **given)) == tuple(shape))
    except Exception:  # as above
        return False
