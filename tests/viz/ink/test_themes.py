"""Themes: what is read on what, without colour too, and palettes of your own."""

from __future__ import annotations

import warnings
from dataclasses import fields
from xml.etree import ElementTree

import pytest
from colour_vision import NORMAL, SEEN, contrast
from random_scalars import random_pass

import cgraph as cg
import viz
from cgraph.errors import ContrastWarning, ValueRefusedError
from viz.figures.graphs import figure_6_17
from viz.graphs.words.drawing import DETAILS, OUTLINE, STYLES
from viz.ink.colours import ink, mixed
from viz.ink.themes import THEMES, Theme, faded, theme_named

SVG = "{http://www.w3.org/2000/svg}"
MARKS = {f"#g{ord(c):x}" for c in "∂Σ="}  # what a gradient in a box begins with, and its second row
COLOURS = [f.name for f in fields(Theme) if f.type == "str" and f.name != "name"]
WORDS = {
    **dict.fromkeys(("text", "forward", "backward", "faint", "proof"), ("background", "box", "trainable")),
    "local": ("background", "tag"),
    "background": ("text",),  # a badge on its plate
}
STROKES = {"border": ("background",), "constant_border": ("background", "box"), "local": ("background",)}


@pytest.mark.parametrize("eyes", SEEN)
@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_words_and_strokes_are_read_by_all_eyes(theme, eyes):
    poor = {
        (mark, on): contrast(getattr(theme, mark), getattr(theme, on), eyes)
        for least, pairs in ((4.5, WORDS), (3.0, STROKES))
        for mark, grounds in pairs.items()
        for on in grounds
        if contrast(getattr(theme, mark), getattr(theme, on), eyes) < least
    }
    assert poor == {}


# Without colour ------------------------------------------------------------------------------------------------------
def marks(svg: str) -> dict[str, set[str]]:
    """Of each role the signs, other than colours, that its words and strokes on a picture have."""
    found: dict[str, set[str]] = {}
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        role, painted = group.get("data-role"), list(group)
        if role in ("forward", "backward") and group.find(f"{SVG}path") is not None:
            dashed = any(p.get("stroke-dasharray") for p in painted)
            found.setdefault(f"{role} stroke", set()).add("dashed" if dashed else "solid")
        if group.get("fill") and role and painted:
            plate = painted[0].get("data-role") == "tag"
            first = next((u.get("href") for u in group.iter(f"{SVG}use")), "")
            sign = "tagged" if plate else "marked" if first in MARKS else "bare"
            found.setdefault(f"{role} words", set()).add(sign)
    return found


def read_apart(svg: str) -> None:
    """Local derivatives, gradients in boxes and the two passes are told apart without any colour."""
    seen = marks(svg)
    assert seen.get("local words", {"tagged"}) == {"tagged"}
    assert "tagged" not in set().union(*(signs for role, signs in seen.items() if role != "local words"))
    assert seen.get("gradient words", {"marked"}) == {"marked"}
    assert "marked" not in seen.get("value words", set())
    assert seen.get("forward stroke", {"solid"}) == {"solid"}
    assert seen.get("backward stroke", {"dashed"}) == {"dashed"}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("detail", [d for d in DETAILS if d != OUTLINE])
def test_upstream_local_and_downstream_differ_without_colour(detail, style):
    read_apart(viz.draw(figure_6_17(), detail=detail, style=style).svg())
    read_apart(viz.draw(cg.parse("d = 2*b; L = c*d*d"), detail=detail, style=style).svg())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(16))
def test_roles_differ_without_colour_on_random_graphs(seed):
    style, detail = STYLES[seed % 2], (*DETAILS[:-1], None)[seed // 2 % len(DETAILS)]
    svg = viz.draw(random_pass(seed), detail=detail, style=style).svg()
    read_apart(svg)
    assert "name words" in marks(svg)


def test_a_folded_box_marks_its_gradient_too():
    node = cg.variable("x")
    for i in range(6):
        node = cg.tanh(node * cg.variable(f"w[{i}]")).named(f"a[{i}]")
    svg = viz.draw(cg.backward(cg.forward(node, dict.fromkeys(cg.Graph(node).inputs, 0.5))), fold="layers").svg()
    assert 'data-role="folded"' in svg
    read_apart(svg)


def test_the_check_for_marks_sees_pictures_without_them(monkeypatch):
    svg = viz.draw(figure_6_17(), detail="number").svg()
    read_apart(svg)
    for missing in (svg.replace('data-role="tag"', 'data-role="plate"'), svg.replace("#g2202", "#g61")):
        with pytest.raises(AssertionError):
            read_apart(missing)
    with pytest.raises(AssertionError):
        read_apart(svg.replace("stroke-dasharray", "data-dashes"))


@pytest.mark.parametrize("eyes", SEEN)
@pytest.mark.parametrize("theme", THEMES)
def test_roles_whose_greys_are_alike_have_marks_of_their_own(theme, eyes):
    look = THEMES[theme]
    seen = marks(viz.draw(figure_6_17(), theme=theme, detail="number").svg())
    for one, other in (
        ("forward stroke", "backward stroke"),
        ("value words", "gradient words"),
        ("local words", "backward words"),
    ):
        colours = [
            getattr(look, role.split()[0].replace("value", "forward").replace("gradient", "backward"))
            for role in (one, other)
        ]
        assert contrast(*colours, eyes) > 1.5 or not seen[one] & seen[other]


# Palettes of your own ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", COLOURS)
def test_each_colour_of_a_theme_can_be_ones_own(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ContrastWarning)
        own = theme_named({name: "#123456"})
    assert getattr(own, name) == "#123456"
    assert all(getattr(own, other) == getattr(THEMES["textbook"], other) for other in COLOURS if other != name)


def test_a_palette_stands_on_the_theme_that_it_names_and_paints_the_picture():
    svg = viz.draw(figure_6_17(), theme={"base": "dark", "forward": "#ACE"}).svg()
    assert "#aaccee" in svg and THEMES["dark"].background in svg and THEMES["dark"].forward not in svg


@pytest.mark.parametrize("mark, ground", [(m, g) for m, grounds in WORDS.items() for g in grounds])
def test_a_pair_that_is_hard_to_read_is_told_by_its_name(mark, ground):
    with pytest.warns(ContrastWarning, match=rf"{mark} #777777 on {ground} #888888 \(1\.26:1, less"):
        theme_named({mark: "#777777", ground: "#888888"})


def test_a_palette_that_can_be_read_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for theme in THEMES.values():
            assert theme_named(theme) == theme


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"foreward": "#000000"}, r"no 'foreward'. Fix: did you mean 'forward'"),
        ({"forward": "blue"}, r"colour of forward in a theme is 'blue'.*#"),
        ({"forward": "#12345"}, r"is '#12345'"),
        ({"forward": '#000"/><script>'}, r"is '#000"),
        ({"forward": 3}, r"is '3'"),
        ({"title_size": "big"}, r"title_size of a theme is 'big'"),
        ({"title_size": float("nan")}, r"title_size of a theme is nan"),
        ({"title_size": True}, r"title_size of a theme is True"),
        ({"base": "drak"}, r"no theme 'drak'. Fix: choose one of .*did you mean 'dark'"),
        (3, r"int is no theme"),
    ],
)
def test_what_is_no_palette_is_refused_with_its_nearest(wrong, said):
    with pytest.raises(ValueRefusedError, match=said):
        viz.draw(figure_6_17(), theme=wrong)


@pytest.mark.slow
def test_every_kind_of_picture_takes_a_palette():
    own = {"background": "#fffef8"}
    pictures = [viz.film([figure_6_17()], theme=own).html(), viz.figure("6.6", own).svg(), viz.figure("6.1", own).svg()]
    pictures += [viz.network(cg.nn.MLP([2, 1], seed=0), theme=own).svg(), viz.worksheet(figure_6_17(), theme=own).sheet]
    assert ["#fffef8" in svg for svg in pictures] == [True] * len(pictures)


def test_what_is_not_highlighted_is_three_quarters_background():
    pale = faded(THEMES["textbook"])
    assert pale.background == "#ffffff"
    assert contrast(pale.text, pale.background) < 2.5
    assert pale.forward == mixed(THEMES["textbook"].forward, "#ffffff", 0.76)


@pytest.mark.parametrize("fill", ["#000000", "#ffffff", "#ff0000", "#767676", "#0000ff", "#ffd54f"])
def test_words_on_a_colour_are_black_or_white_whichever_is_read_better(fill):
    assert contrast(ink(fill), fill, NORMAL) >= 4.5
