"""No glyph is missing: every sign of the table, every word on an edge and in a box, in both styles, is in the font."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import cgraph as cg
from cgraph.graph.node import build
from cgraph.notation import Math, Sym
from cgraph.ops import TABLE
from cgraph.ops.op import Op
from viz import asked
from viz.graphs.words.annotate import annotate
from viz.ink.typeset import Glyph, has, typeset


def missing(math: Math) -> set[str]:
    """The characters of a formula that are drawn as an empty box."""
    return {mark.char for mark in typeset(math, 10.0).marks if isinstance(mark, Glyph) and not has(mark.char)}


def graphs_of(row: Op) -> Iterator[cg.Graph]:
    """The sum of a row's result on operands of the sizes of its examples, so that gradients flow."""
    examples = row.examples or ((((2,),) * (row.arity or 2), {}), (((),) * (row.arity or 2), {}))
    for sizes, attrs in examples:
        operands = [
            cg.constant(np.array(size)) if isinstance(size, list) else cg.variable(name, size)
            for name, size in zip("xyuv", sizes, strict=False)
        ]
        result = build(row, *operands, **attrs)
        yield cg.Graph(result if result.shape == () else cg.sum(result).named("L"))


@pytest.mark.parametrize("name", TABLE)
def test_every_word_of_an_op_is_in_the_font(name: str) -> None:
    assert missing(Sym(TABLE[name].sign)) == set()
    said = 0
    for graph in graphs_of(TABLE[name]):
        for style in ("textbook", "circuit"):
            drawing = annotate(asked.passes(graph), style, "full", asked.NO_PROOFS, False)
            labels = [label for box in drawing.boxes for _, label in box.lines]
            labels += [label for edge in drawing.edges for label in (edge.local, edge.downstream)]
            for label in labels:
                for _, math in label:
                    said += 1
                    assert missing(math) == set()
    assert said


def test_a_raised_letter_that_the_font_lacks_is_a_small_letter_above() -> None:
    assert not has("ᵀ")
    (mark,) = typeset(Sym("ᵀ"), 10.0).marks
    assert isinstance(mark, Glyph) and (mark.char, mark.size < 10.0, mark.y < 0.0) == ("T", True, True)
    assert typeset(Sym("ᵀ"), 10.0).ascent > typeset(Sym("x"), 10.0).ascent
    assert missing(Sym("語")) == {"語"}
