"""Formulas set in glyphs."""

from __future__ import annotations

import pytest

from cgraph.notation import Frac, Script, Sym, derivative, name, row
from viz.ink.typeset import Glyph, Rule, metrics, outline, typeset


def test_characters_stand_side_by_side_by_their_widths():
    box = typeset(Sym("12"), 10.0)
    first, second = box.marks
    assert (first.x, second.x) == (0.0, pytest.approx(10 * metrics("1")[0]))
    assert box.width == pytest.approx(10 * (metrics("1")[0] + metrics("2")[0]))


def test_a_fraction_has_its_bar_between_numerator_and_denominator():
    box = typeset(derivative(name("L"), name("e")), 10.0)
    (bar,) = [m for m in box.marks if isinstance(m, Rule)]
    above = [m for m in box.marks if isinstance(m, Glyph) and m.y < bar.y]
    below = [m for m in box.marks if isinstance(m, Glyph) and m.y > bar.y]
    assert "".join(m.char for m in above) == "∂𝐿"
    assert "".join(m.char for m in below) == "∂𝑒"
    assert bar.width < box.width


def test_superscripts_rise_and_subscripts_sink_and_both_are_smaller():
    base, *scripts = typeset(Script(Sym("w", italic=True), sup=Sym("1"), sub=Sym("2")), 10.0).marks
    up, down = scripts
    assert up.y < base.y < down.y
    assert up.size < base.size


def test_every_letter_of_a_name_is_italic_or_upright_as_the_field_has_it():
    assert [m.char for m in typeset(name("h"), 10.0).marks] == ["ℎ"]
    assert [m.char for m in typeset(name("alpha"), 10.0).marks] == ["𝛼"]
    assert [m.char for m in typeset(name("loss"), 10.0).marks] == list("loss")


def test_a_character_that_the_font_lacks_becomes_a_box():
    assert outline("\U0001f600") == outline("□") != ""


def test_the_box_holds_all_its_glyphs():
    box = typeset(row(Frac(Sym("1"), Sym("2")), "+", Script(Sym("x"), sup=Sym("2"))), 12.0)
    for mark in box.marks:
        if isinstance(mark, Glyph):
            _, low, high = metrics(mark.char)
            assert -box.ascent - 0.01 <= mark.y - high * mark.size
            assert mark.y - low * mark.size <= box.descent + 0.01
            assert 0 <= mark.x <= box.width
