"""No glyph is missing: every sign of the table, every word on an edge and in a box, in both styles, is in the font."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from html import unescape
from typing import Any

import numpy as np
import pytest
from geometry import collisions, spills
from hostile_names import names
from sparse import sparse

import cgraph as cg
import viz
from cgraph.graph.node import build
from cgraph.notation import Math, Sym
from cgraph.ops import TABLE
from cgraph.ops.op import Op
from viz import asked
from viz.graphs.words.annotate import annotate
from viz.ink import files
from viz.ink.font import has, metrics
from viz.ink.typeset import Glyph, Letters, typeset


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


def shown(svg: str) -> str:
    """The characters that a picture draws, whether as outlines or as letters of the reader's fonts."""
    drawn = re.findall(r'<use href="#g([0-9a-f]+)"|<text [^>]*>([^<]*)</text>', svg)
    return "".join(chr(int(code, 16)) if code else unescape(letters) for code, letters in drawn)


NAMES = [n for n in names(140, seed=5) if len(n) < 30]


@pytest.mark.parametrize("name", sparse(NAMES, 6), ids=range(len(NAMES)))
def test_every_letter_of_a_name_is_drawn_whatever_its_script(name: str) -> None:
    picture = viz.draw(cg.variable(name) * cg.variable("x"))
    svg = picture.svg()
    box = next(part for part in picture.parts() if 'data-role="variable"' in part and 'data-node="x"' not in part)
    kept = [c for c in name if c.isprintable() and not c.isspace()]
    assert Counter(kept) - Counter(unicodedata.normalize("NFKC", shown(box)) + shown(box)) == Counter()
    assert all(has(c) for c in re.findall(r'<path id="g([0-9a-f]+)"', svg) for c in [chr(int(c, 16))])
    assert collisions(picture) + spills(picture) == []


def test_letters_that_the_font_lacks_stand_together_in_a_room_of_their_own() -> None:
    box = typeset(Sym("x日本y"), 10.0)
    _, letters, y = box.marks
    assert isinstance(letters, Letters) and letters.text == "日本" and letters.width >= 20.0
    assert (letters.x, y.x) == (pytest.approx(10 * metrics("x")[0]), pytest.approx(letters.x + letters.width))
    assert letters.text in shown(viz.draw(cg.variable("日本")).svg())
    assert typeset(Sym("日"), 10.0).ascent >= 8.8 and typeset(Sym("日"), 10.0).descent >= 1.2  # of a CJK em box
    joined = typeset(Sym("e\u0301"), 10.0)  # an accent takes no room of its own
    assert joined.width < 1.5 * typeset(Sym("e"), 10.0).width


def test_a_png_of_letters_that_the_font_lacks_shows_something_in_their_place() -> None:
    svg = viz.draw(cg.variable("אב")).svg()
    without = re.sub(r"<text.*?</text>", "", svg)
    assert svg != without and files.png(svg) != files.png(without)


@pytest.mark.slow
def test_letters_of_this_machines_fonts_fit_their_rooms(page: Any) -> None:
    svg = viz.draw(
        cg.sum(cg.stack([cg.variable(n) for n in ("日本語", "שלום", "مرحبا", "हिन्दी", "😀😀", "ไทย", "한국어")]))
    ).svg()
    page.set_content(svg)
    rooms = page.evaluate(
        "() => [...document.querySelectorAll('g[data-node] text')].map(t => {"
        " const box = t.closest('g[data-node]').querySelector('rect').getBBox(), own = t.getBBox();"
        " return [own.x - box.x, box.x + box.width - own.x - own.width]; })"
    )
    assert rooms and min(side for room in rooms for side in room) > 1
