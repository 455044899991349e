"""Controls of an author: highlights, colours, labels, digits, legend, caption, background, the part near a node."""

from __future__ import annotations

import json
import re
from collections import Counter
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest
from colour_vision import contrast
from geometry import collisions, spills
from hostile_names import names
from random_scalars import random_pass
from sparse import sparse

import cgraph as cg
import viz
from cgraph.cli import main
from cgraph.errors import NameUnknownError, ValueRefusedError
from cgraph.notation import number, plain, text
from viz.figures.graphs import figure_6_17, figure_6_18
from viz.graphs.paint.legend import foot
from viz.ink.themes import THEMES, faded

SVG = "{http://www.w3.org/2000/svg}"
FORMULA = "d = 2*b; e = a + d; L = c*e"
VALUES = ("a=3", "b=1", "c=-2")
FAST = {"engine": "layered", "detail": "hover"}  # where places do not matter


def parts(picture: viz.Picture) -> dict[str, ElementTree.Element]:
    """The groups of boxes and edges of a picture by their ids."""
    return {g.get("data-id", ""): g for g in ElementTree.fromstring(picture.svg()).iter() if g.get("data-id")}


def bright(picture: viz.Picture) -> tuple[set[str], set[str]]:
    """The names of the boxes and of the edges that are not dimmed, as the colours of their strokes say it."""
    look = picture.theme
    pale = faded(look)
    inks = {c for n in ("border", "constant_border", "forward") for c in (getattr(look, n),)}
    found: tuple[set[str], set[str]] = (set(), set())
    for group in parts(picture).values():
        painted = [e for e in group.iter() if e.get("data-role") not in ("tag", "casing")]
        strokes = {e.get("stroke") for e in painted} - {None, "none"}
        assert (strokes <= inks | {look.backward, look.pale}) or strokes <= set(vars(pale).values())
        if strokes & inks:
            found[group.get("data-edge") is not None].add(group.get("data-node") or group.get("data-edge") or "")
    return found


# Highlights ----------------------------------------------------------------------------------------------------------
def drawn_graph(picture: viz.Picture) -> nx.MultiDiGraph:
    made = nx.MultiDiGraph()
    names_ = {b.id: b.name for b in picture.drawing.boxes}
    made.add_nodes_from(names_.values())
    made.add_edges_from((names_[e.tail], names_[e.head]) for e in picture.drawing.edges)
    return made


@pytest.mark.parametrize("seed", sparse(range(8), 4))
def test_a_path_is_all_that_lies_between_its_ends_and_no_more(seed):
    bwd = random_pass(seed, most=20)
    whole = drawn_graph(viz.draw(bwd, **FAST))
    root = bwd.graph.name(bwd.of)
    for leaf in [n for n in whole if whole.in_degree(n) == 0 and nx.has_path(whole, n, root)][:3]:
        expected = {n for n in whole if nx.has_path(whole, leaf, n) and nx.has_path(whole, n, root)}
        for written in ((leaf, root), f"{leaf}->{root}", f"{leaf} → {root}", f"∂{root}/∂{leaf}"):
            boxes, edges = bright(viz.draw(bwd, highlight=written, **FAST))
            assert boxes == expected
            assert edges == {f"{a}->{b}" for a, b in whole.edges() if a in expected and b in expected}


def test_a_node_several_nodes_a_path_through_a_third_and_a_list_of_them():
    bwd = figure_6_17()
    assert bright(viz.draw(bwd, highlight="e")) == ({"e"}, set())
    assert bright(viz.draw(bwd, highlight=bwd.graph["e"])) == ({"e"}, set())
    assert bright(viz.draw(bwd, highlight=["a", "e"])) == ({"a", "e"}, {"a->e"})
    assert bright(viz.draw(bwd, highlight=("b", "d", "L")))[0] == {"b", "d", "e", "L"}
    assert bright(viz.draw(bwd, highlight=["b->d", "c"])) == ({"b", "d", "c"}, {"b->d"})


def test_a_highlight_is_told_in_words_and_moves_nothing():
    plain_, shown = (viz.draw(figure_6_17(), **look) for look in ({}, {"highlight": ("b", "L")}))
    assert shown.layout == plain_.layout
    assert shown.description.startswith("Highlighted: b, d, e, L. ")
    assert "Highlighted" not in plain_.description


def test_what_is_dimmed_is_dimmed_in_every_format():
    picture = viz.draw(figure_6_17(), highlight=("b", "L"), **FAST)
    assert picture.dot.count(faded(THEMES["textbook"]).forward) > 1
    assert re.search(r"class n\d+,n\d+ dimmed", picture.mermaid())
    assert re.search(r"linkStyle \d+(,\d+){3} opacity", picture.mermaid())
    assert "color-mix(in srgb, var(--forward) 24%, var(--background))" in picture.html()


def test_a_box_of_many_nodes_is_highlighted_by_its_name_and_its_members_are_not():
    node = cg.variable("x")
    for i in range(4):
        node = cg.tanh(node * cg.variable(f"w[{i}]")).named(f"a[{i}]")
    picture = viz.draw(node, fold="layers", highlight="layer 2")
    assert len(picture.drawing.look.dimmed) == len(picture.drawing.boxes) + len(picture.drawing.edges) - 1
    with pytest.raises(ValueRefusedError, match=r"a\[2\] has no box of its own"):
        viz.draw(node, fold="layers", highlight="a[2]")


@pytest.mark.parametrize(
    "wrong, error, said",
    [
        ("q", NameUnknownError, "no node named 'q'"),
        ("weigth", NameUnknownError, "did you mean 'weight'"),
        (("e", "b"), ValueRefusedError, r"no path from e to b.*other way round, \(\"b\", \"e\"\)"),
        ("weight->b", ValueRefusedError, r"no path from weight to b.*one uses the other"),
        ([], ValueRefusedError, "nothing is highlighted"),
        ((), ValueRefusedError, "nothing is highlighted"),
        (3, ValueRefusedError, "a highlight of int"),
        ([3.5], ValueRefusedError, "a highlight of float"),
        (np.nan, ValueRefusedError, "a highlight of float"),
        (cg.variable("other"), NameUnknownError, "other"),
    ],
)
def test_a_highlight_that_cannot_be_is_refused_and_says_what_is_near(wrong, error, said):
    with pytest.raises(error, match=said):
        viz.draw("d = 2*b; e = weight + d", {"weight": 1, "b": 2}, highlight=wrong)


# Colours and labels --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("fill", sparse(["#767676", "#ffd54f", "#4a148c", "#000000", "#ffffff", "#ff0000"], 6))
def test_words_are_read_on_every_colour_that_a_box_is_given(theme, fill):
    picture = viz.draw(figure_6_17(), theme=theme, colours={"a": fill, "L": fill}, **FAST)
    for group in parts(picture).values():
        if group.get("data-node") in ("a", "L"):
            assert group[1].get("fill") == fill
            for words in group.iter(f"{SVG}g"):
                if words.get("fill"):
                    assert contrast(words.get("fill"), fill) >= 4.5


@pytest.mark.parametrize("name", sparse(names(40, seed=5)[:40], 10), ids=range(40))
def test_a_label_is_only_words_in_every_format(name):
    picture = viz.draw(figure_6_17(), labels={"a": name}, colours={"a": "#FD5"}, **FAST)
    assert {e.tag.rpartition("}")[2] for e in ElementTree.fromstring(picture.svg()).iter()} <= {
        "svg", "title", "desc", "defs", "path", "rect", "g", "use", "text"
    }  # fmt: skip
    assert {g.get("data-node") for g in parts(picture).values()} >= set("abcdeL")
    assert picture.tex().isascii()
    assert "#ffdd55" in picture.dot and "fill:#ffdd55" in picture.mermaid()


def test_a_label_stands_in_the_box_and_its_title_keeps_the_formula():
    picture = viz.draw(figure_6_17(), labels={"d": "twice  b", "a": "weight"})
    box = {b.name: b for b in picture.drawing.boxes}
    assert [text(math) for _, math in dict(box["d"].lines)["name"]] == ["twice b"]
    assert box["d"].title.startswith("twice b: d = 2b\n")
    assert collisions(picture) + spills(picture) == []


@pytest.mark.parametrize("colour", ["red", "#12", "#12345g", "", None, 3, '#000"><script>', "#１２３４５６"])
def test_what_is_no_colour_is_refused(colour):
    with pytest.raises(ValueRefusedError, match=r"the colour of the box a is .*# and six digits"):
        viz.draw(figure_6_17(), colours={"a": colour})


@pytest.mark.parametrize(
    "wrong, error",
    [
        ({"colours": {"q": "#000000"}}, NameUnknownError),
        ({"labels": {"q": "x"}}, NameUnknownError),
        ({"labels": {"a": 3}}, ValueRefusedError),
        ({"labels": ["a"]}, ValueRefusedError),
        ({"colours": "#000000"}, ValueRefusedError),
        ({"legend": "no"}, ValueRefusedError),
        ({"transparent": 1}, ValueRefusedError),
    ],
)
def test_choices_of_another_kind_are_refused(wrong, error):
    with pytest.raises(error):
        viz.draw(figure_6_17(), **wrong)


# Legend, caption, background -----------------------------------------------------------------------------------------
def below(picture: viz.Picture) -> Counter[str]:
    return Counter(g.get("data-role", "") for g in ElementTree.fromstring(picture.svg()).iter(f"{SVG}g"))


def test_the_legend_and_the_caption_can_be_left_out_and_take_no_room():
    usual = viz.draw(figure_6_17())
    bare = viz.draw(figure_6_17(), legend=False, caption="")
    assert below(usual)["legend"] == 3 and below(usual)["caption"] == 2
    assert below(bare)["legend"] == below(bare)["caption"] == 0
    heights = [float(ElementTree.fromstring(p.svg()).get("height", "").removesuffix("pt")) for p in (usual, bare)]
    assert heights[0] - heights[1] == pytest.approx(18 + 20)
    empty = foot(bare.drawing, bare.theme, bare.show, bare.caption, bare.layout.width)
    assert empty.lines == [] and "caption" not in below(viz.draw(figure_6_17(), caption=""))
    assert ElementTree.fromstring(bare.svg()).get("aria-label") == "Computation graph of L"


def test_a_caption_of_none_is_the_usual_one_and_of_nothing_is_none_even_for_a_part():
    assert viz.draw(figure_6_17(), caption=None).caption.startswith("Computation graph of L")
    assert viz.draw(figure_6_17(), caption="", around="e").caption == ""


def test_a_transparent_picture_has_no_background():
    from matplotlib import image

    picture = viz.draw(figure_6_17(), transparent=True, **FAST)
    grounds = [e for e in ElementTree.fromstring(picture.svg()).iter() if e.get("data-role") == "background"]
    assert [g.get("fill") for g in grounds] == ["none"]
    import io

    from viz.ink.files import png

    pixels = image.imread(io.BytesIO(png(picture.svg(), 72)))
    solid = image.imread(io.BytesIO(png(viz.draw(figure_6_17(), **FAST).svg(), 72)))
    assert pixels[0, 0, 3] == 0 and solid[..., 3].min() == 1
    assert (pixels[..., 3] == 1).any()


def test_figures_have_captions_with_the_number_of_the_book_or_without():
    assert viz.figure("6.6").caption.startswith("Fig. 6.6: three")
    assert viz.figure("6.6", numbered=False).caption.startswith("Three ReLU")


# Digits --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("digits", sparse([4, 1, 2, 7, 12], 5))
@pytest.mark.parametrize("detail", ["full", "number", "hover", "outline"])
def test_all_numbers_of_a_picture_have_as_many_digits_as_were_asked_for(digits, detail):
    bwd = figure_6_18()
    picture = viz.draw(bwd, digits=digits, detail=detail, engine="layered")
    for node in bwd.graph.nodes:
        box = next((b for b in picture.drawing.boxes if b.name == bwd.graph.name(node)), None)
        if box is not None:
            said = box.title.split("\n")
            assert f"{box.name} = {text(number(bwd.forward[node], digits))}" in said
            assert not bwd.gradient.reaches(node) or any(
                line.startswith(f"∂L/∂{box.name} = {text(number(bwd.gradient[node], digits))}") for line in said
            )
    words = [text(m) for e in picture.drawing.edges for label in (e.local, e.downstream) for _, m in label]
    words += [text(m) for b in picture.drawing.boxes for _, label in b.lines for _, m in label]
    most = max(len(re.sub(r"^0\.0*|[.−]", "", n)) for w in words for n in re.findall(r"\d+\.\d+", w) or ["0"])
    assert most <= digits


@pytest.mark.parametrize("digits", sparse(range(1, 16), 5))
def test_plain_numbers_are_those_of_the_one_writer_at_all_digits(digits):
    drawn = np.random.default_rng(digits)
    sample = drawn.normal(size=400) * 10.0 ** drawn.integers(-12, 12, 400)
    for x in [*sample, *np.round(sample), 0.0, -0.0, 999999.5, 1e6, 123456.0, 1e-5, 0.99999, np.inf, np.nan]:
        assert plain(x, digits) == text(number(x, digits))


@pytest.mark.parametrize("digits", [0, -1, 16, 2.5, "4", True, None, float("nan")])
def test_digits_that_there_cannot_be_are_refused(digits):
    with pytest.raises(ValueRefusedError, match="a number from 1 to 15"):
        viz.draw(figure_6_17(), digits=digits)


# The part near a node ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("style", sparse(["circuit", "textbook"], 2))
@pytest.mark.parametrize("seed", sparse(range(6), 6))
def test_the_part_around_a_node_is_what_is_so_many_edges_from_it(seed, style):
    bwd = random_pass(seed, most=20)
    whole = drawn_graph(viz.draw(bwd, style=style, **FAST))
    for name in list(whole)[::4]:
        for depth in (0, 1, 2, 5):
            near = set(nx.single_source_shortest_path_length(whole.to_undirected(), name, depth))
            part = viz.draw(bwd, style=style, around=name, depth=depth, **FAST)
            assert set(drawn_graph(part)) == near
            assert Counter(drawn_graph(part).edges()) == Counter(whole.subgraph(near).edges())
            assert f"The part around {name}: {len(near)} of {len(whole)} boxes" in part.caption


@pytest.mark.slow
def test_a_part_has_the_words_of_its_own_size_and_touches_nothing():
    for seed in range(5):
        bwd = random_pass(seed)
        part = viz.draw(bwd, around=bwd.of, depth=2)
        assert part.drawing.detail != "outline"
        assert collisions(part) + spills(part) == []


@pytest.mark.parametrize("detail", sparse(["outline", "hover"], 2))
def test_a_part_of_a_large_graph_is_drawn_at_once(detail):
    node = cg.variable("x")
    for i in range(5_000):
        node = cg.tanh(node).named(f"h[{i}]") * 0.5
    part = viz.draw(node, around="h[900]", depth=4, detail=detail, style="circuit")
    assert len(part.drawing.boxes) == 9


def test_a_part_of_a_folded_picture_counts_its_boxes():
    node = cg.variable("x")
    for i in range(6):
        node = cg.tanh(node * cg.variable(f"w[{i}]")).named(f"a[{i}]")
    part = viz.draw(node, fold="layers", around="layer 3", depth=1)
    assert {b.name for b in part.drawing.boxes} == {"layer 2", "layer 3", "layer 4"}


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"around": "q"}, "no node named"),
        ({"around": 3}, "around is int"),
        ({"around": "e", "depth": -1}, "depth is -1"),
        ({"around": "e", "depth": 1.5}, "depth is 1.5"),
        ({"around": "e", "depth": True}, "depth is True"),
        ({"around": "e", "depth": float("nan")}, "depth is nan"),
        ({"depth": 2}, "depth without around"),
        ({"around": "2"}, "2 has no box"),
    ],
)
def test_a_part_that_cannot_be_is_refused(wrong, said):
    with pytest.raises(cg.errors.CgraphError, match=said):
        viz.draw(figure_6_17(), **wrong)


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("of", sparse(["e", "b", "L", "d"], 4))
def test_a_part_walks_through_what_it_draws_with_the_sentences_of_the_whole(of, depth):
    bwd = cg.backward(cg.forward("d = 2*b; e = a + d; L = c*e + d", a=3, b=1, c=-2))
    whole, part = (viz.draw(bwd, **choices) for choices in ({}, {"around": of, "depth": depth}))
    said = {step.sentence(whole.steps().numbers) for step in whole.steps().steps}
    walk, shown = part.steps(), {b.id for b in part.drawing.boxes}
    for step in walk.steps[1:]:
        words = step.sentence(walk.numbers)
        assert words in said or "a part that is not drawn" in words or "is the sum of" in words
        assert step.node in shown
    known = {f"{what} {id_}" for what in ("value", "gradient") for id_ in shown}
    assert known | {f"edge {e.id}" for e in part.drawing.edges} == set(walk.since)
    assert part.html().count("<title>") > len(shown)


# On the command line -------------------------------------------------------------------------------------------------
def drawn(tmp_path, *options: str) -> bytes:
    out = tmp_path / ("fig.png" if "--dpi" in options else "fig.svg")
    assert main(["draw", FORMULA, *VALUES, *options, "-o", str(out)]) == 0
    return out.read_bytes()


@pytest.mark.parametrize(
    "options, choices",
    [
        (["--highlight", "a"], {"highlight": ["a"]}),
        (["--highlight", "b->L", "--highlight", "a"], {"highlight": ["b->L", "a"]}),
        (["--label", "a=the weight=w"], {"labels": {"a": "the weight=w"}}),
        (["--colour-of", "a=#ffd54f"], {"colours": {"a": "#ffd54f"}}),
        (["--no-legend"], {"legend": False}),
        (["--caption", ""], {"caption": ""}),
        (["--caption", "One"], {"caption": "One"}),
        (["--transparent"], {"transparent": True}),
        (["--digits", "5"], {"digits": 5}),
        (["--around", "e", "--depth", "1"], {"around": "e", "depth": 1}),
        (["--around", "e"], {"around": "e"}),
    ],
)
def test_each_control_is_an_option_of_the_command(tmp_path, options, choices):
    assert drawn(tmp_path, *options).decode() == viz.draw(figure_6_17(), **choices).svg()


def test_a_palette_is_a_file_of_json_and_warns_in_one_line(tmp_path, capsys):
    own = tmp_path / "my.json"
    own.write_text(json.dumps({"forward": "#bbbbbb"}))
    svg = drawn(tmp_path, "--palette", str(own), "--theme", "dark").decode()
    assert "#bbbbbb" in svg and THEMES["dark"].background in svg
    assert capsys.readouterr().err == ""
    drawn(tmp_path, "--palette", str(own))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("cgraph: hard to read in this theme: forward #bbbbbb on background #ffffff (1.91:1")


@pytest.mark.parametrize(
    "options, said",
    [
        (["--highligt", "a"], "did you mean '--highlight'?"),
        (["--transparnt"], "did you mean '--transparent'?"),
        (["--theme", "drak"], "did you mean 'dark'?"),
        (["--highlight", "q"], "no node named 'q'"),
        (["--highlight", "L->a"], 'the other way round, ("a", "L")'),
        (["--colour-of", "a=red"], "six digits"),
        (["--colour-of", "a"], "write NODE=..."),
        (["--label", "=x"], "write NODE=..."),
        (["--digits", "0"], "from 1 to 15"),
        (["--digits", "nan"], "invalid int value"),
        (["--dpi", "300"], "only a .png is made of dots"),
        (["--depth", "2"], "add around="),
        (["--palette", "nowhere.json"], "cannot be read"),
        (["--around", "q"], "no node named 'q'"),
    ],
)
def test_a_wrong_option_is_one_line_that_names_the_fix(tmp_path, capsys, options, said):
    assert main(["draw", FORMULA, *VALUES, *options, "-o", str(tmp_path / "x.svg")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("cgraph: ") and said in line


@pytest.mark.parametrize(
    "content", ["", "{", "[1]", "3", '"dark"x', '{"forwrd": "#000000"}', '{"forward": null}', "[" * 9999]
)
def test_a_file_that_is_no_palette_is_refused(tmp_path, capsys, content):
    own = tmp_path / "my.json"
    own.write_text(content)
    assert main(["draw", FORMULA, *VALUES, "--palette", str(own), "-o", str(tmp_path / "x.svg")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
