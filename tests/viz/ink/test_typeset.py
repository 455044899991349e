"""Formulas set in glyphs."""

from __future__ import annotations

import runpy

import pytest
from project import ROOT

from cgraph.notation import Frac, Script, Sym, derivative, name, row
from viz.ink import font
from viz.ink.font import metrics, outline
from viz.ink.typeset import Glyph, Rule, typeset


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


def test_the_table_of_glyphs_says_what_the_font_says():
    made = runpy.run_path(str(ROOT / "docs" / "glyphs.py"))
    assert made["glyphs"]() == made["PLACE"].read_text(encoding="ascii"), "run python docs/glyphs.py"


def test_characters_that_are_not_in_the_table_are_read_from_the_font():
    known = font._table()["glyphs"]
    others = [chr(code) for code in range(0x100, 0x180) if font.read(chr(code)) is not None]
    assert others
    assert known.keys().isdisjoint(others)
    for char in others[::20]:
        assert outline(char) == font.read(char).path != ""
        assert metrics(char)[0] == font.read(char).advance / font.em()


def test_what_a_file_of_xml_cannot_hold_is_replaced_and_all_else_stays():
    from viz.ink.lines import clean

    for code in [*range(0x120), *range(0xD7F0, 0xE010), *range(0xFFF0, 0x10010), 0x10FFFF]:
        allowed = code in (9, 10) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
        assert clean(chr(code)) == (chr(code) if allowed else "\ufffd")
