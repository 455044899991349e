"""The interactive page: its steps in words, and the page itself in a real browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cgraph as cg
import viz
from cgraph import notation
from viz.figures.graphs import figure_6_17, figure_6_18
from viz.graphs.formats.javascript import program
from viz.graphs.picture import Picture


def open_in(page: Any, picture: Picture, folder: Path) -> None:
    picture.save(folder / "page.html")
    page.goto((folder / "page.html").as_uri())


# Words ---------------------------------------------------------------------------------------------------------------
def test_the_steps_of_figure_6_17_are_the_chapters_sentences() -> None:
    walk = viz.draw(figure_6_17()).steps()
    assert [step.sentence(walk.numbers) for step in walk.steps] == [
        "Given: c = −2, a = 3, b = 1",
        "d = 2 · b = 2 · 1 = 2",
        "e = a + d = 3 + 2 = 5",
        "L = c · e = −2 · 5 = −10",
        "∂L/∂L = 1",
        "∂L/∂c = ∂L/∂L · ∂L/∂c = 1 · 5 = 5",
        "∂L/∂e = ∂L/∂L · ∂L/∂e = 1 · (−2) = −2",
        "∂L/∂a = ∂L/∂e · ∂e/∂a = −2 · 1 = −2",
        "∂L/∂d = ∂L/∂e · ∂e/∂d = −2 · 1 = −2",
        "∂L/∂b = ∂L/∂d · ∂d/∂b = −2 · 2 = −4",
    ]


def test_a_fan_out_adds_up_its_terms_in_a_step_of_its_own() -> None:
    x = cg.variable("x")
    walk = viz.draw(cg.backward(cg.forward((x * x + x).named("L"), x=-3))).steps()
    sentences = [step.sentence(walk.numbers) for step in walk.steps]
    assert sentences[-1] == "∂L/∂x = 1 + (−3) + (−3) = −5"
    assert [step.kind for step in walk.steps].count("sum") == 1
    place = walk.since["gradient n0"]
    assert walk.steps[place].kind == "sum"  # the gradient is there with its last term, not before


def test_symbols_alone_have_steps_without_numbers() -> None:
    walk = viz.draw(cg.parse("L = c*(a + 2*b)")).steps()
    assert walk.steps[0].sentence({}) == "Given: c, a, b"
    assert any("∂L/∂b" in step.sentence({}) for step in walk.steps)


def test_a_name_that_looks_like_the_place_of_a_number_is_only_a_name() -> None:
    x = cg.variable("\ue000value n0\ue001")
    walk = viz.draw(cg.backward(cg.forward((x * 2.0).named("L"), {x: 5}))).steps()
    assert "= 5" in walk.steps[0].sentence(walk.numbers)


# Frames --------------------------------------------------------------------------------------------------------------
def test_frames_differ_in_what_they_hide_alone(tmp_path: Path) -> None:
    picture = viz.draw(figure_6_17())
    frames = picture.frames()
    assert len(frames) == len(picture.steps().steps) == 10
    without = {frame[: frame.index("<style>")] + frame[frame.index("</style>") + 8 :] for frame in frames}
    assert without == {picture.svg().replace("</defs>", "</defs>\n", 1)}
    since = picture.steps().since
    for i, frame in enumerate(frames):
        rules = frame[frame.index("<style>") : frame.index("</style>")]
        for key, start in since.items():
            what, id_ = key.split()
            part = '[data-role="backward"]' if what == "edge" else f'[data-label="{what}"]'
            assert (f'[data-id="{id_}"] {part}' in rules) == (start > i), (key, i)
        assert ("stroke-width:3.2" in rules) == (i > 0)  # what is given at first has no box of its own
    written = picture.save_frames(tmp_path)
    assert [path.name for path in written] == [f"{i:03}.svg" for i in range(1, 11)]
    assert written[3].read_text("utf-8") == frames[3]


def test_the_animation_says_when_each_part_appears(page: Any, tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(viz.draw(figure_6_17()).animation(), encoding="utf-8")
    page.goto((tmp_path / "a.svg").as_uri())
    seen = """t => {
      for (const a of document.getAnimations()) { a.pause(); a.currentTime = t; }
      const boxes = [...document.querySelectorAll('[data-node]')];  // whose gradients stand in one row or in two
      const looks = e => [...e.querySelectorAll('[data-label="gradient"]')].map(g => getComputedStyle(g).visibility);
      return boxes.map(looks).filter(seen => seen.length).map(seen => [...new Set(seen)].join(" and "));
    }"""
    assert set(page.evaluate(seen, 100)) == {"hidden"}
    assert page.evaluate(seen, 1400 * 4 + 100).count("visible") == 1  # ∂L/∂L, the fifth step
    assert set(page.evaluate(seen, 1400 * 9 + 100)) == {"visible"}


def test_a_picture_of_many_nodes_has_no_steps() -> None:
    x = cg.variable("x")
    node = x
    for _ in range(400):
        node = cg.tanh(node)
    picture = viz.draw(cg.backward(cg.forward(node, x=0.5)))
    with pytest.raises(cg.errors.ValueRefusedError, match=r"has no steps.*Fix: draw a smaller graph"):
        picture.steps()


# The page ------------------------------------------------------------------------------------------------------------
def test_the_page_is_one_small_file() -> None:
    bwd = figure_6_18()
    html = viz.draw(bwd, style="circuit").html()
    assert len(html.encode()) < 300_000
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in html
    assert html == viz.draw(bwd, style="circuit").html()


@pytest.mark.slow
def test_keys_walk_the_passes_and_what_comes_later_is_blank(page: Any, tmp_path: Path) -> None:
    picture = viz.draw(figure_6_18(), style="circuit")
    walk = picture.steps()
    open_in(page, picture, tmp_path)
    for i, step in enumerate(walk.steps):
        assert page.inner_text("#sentence") == step.sentence(walk.numbers)
        for key, start in walk.since.items():
            what, id_ = key.split()
            part = '[data-role="backward"]' if what == "edge" else f'[data-label="{what}"]'
            shown = page.evaluate(f"""[...document.querySelectorAll('[data-id="{id_}"] {part}')]
                .map(e => getComputedStyle(e).display !== "none")""")
            assert shown and set(shown) == {i >= start}, (i, key)
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Home")
    assert page.inner_text("#count") == f"1 / {len(walk.steps)}"
    page.keyboard.press("End")
    assert page.inner_text("#count") == f"{len(walk.steps)} / {len(walk.steps)}"


SHOWN = """() => Object.fromEntries([...document.querySelectorAll('[data-number]')].map(g => [g.dataset.number,
  [...g.querySelectorAll('use')].map(u => u.getAttribute('href') ?
    String.fromCodePoint(parseInt(u.getAttribute('href').slice(2), 16)) : ' ').join('')]))"""


def test_another_input_gives_the_numbers_that_a_pass_gives(page: Any, tmp_path: Path) -> None:
    open_in(page, viz.draw(figure_6_17()), tmp_path)
    page.keyboard.press("End")
    page.fill("#number0", "-0.125")
    page.fill("#number1", "2.5")
    page.fill("#number2", "-7")
    page.keyboard.press("Tab")
    names = page.evaluate("() => JSON.parse(document.getElementById('data').textContent).inputs.map(i => i.name)")
    feed = dict(zip(names, (-0.125, 2.5, -7), strict=True))
    fwd = cg.forward(cg.parse("d = 2*b; e = a + d; L = c*e"), feed)
    bwd = cg.backward(fwd)
    shown = page.evaluate(SHOWN)
    for i, node in enumerate(bwd.graph.nodes):
        for what, value in (("value", fwd[node]), ("gradient", bwd.gradient[node])):
            if f"{what} n{i}" in shown:
                assert shown[f"{what} n{i}"] == notation.text(notation.number(value)), (what, node)
    assert shown["downstream e0"] == notation.text(notation.number(bwd.edge("d", "b").downstream))
    page.click("#reset")
    assert page.evaluate(SHOWN)["value n6"] == "−10"


@pytest.mark.slow
def test_every_number_of_figure_6_18_follows_an_input(page: Any, tmp_path: Path) -> None:
    open_in(page, viz.draw(figure_6_18(), style="circuit"), tmp_path)
    names = page.evaluate("() => JSON.parse(document.getElementById('data').textContent).inputs.map(i => i.name)")
    page.keyboard.press("End")
    page.fill(f"#number{names.index('x1')}", "-2.5")
    page.keyboard.press("Tab")
    bwd = figure_6_18(x1=-2.5)
    shown = page.evaluate(SHOWN)
    checked = 0
    for i, node in enumerate(bwd.graph.nodes):
        if f"value n{i}" in shown:
            assert shown[f"value n{i}"] == notation.text(notation.number(bwd.forward[node]))
            checked += 1
    edges = page.evaluate("() => JSON.parse(document.getElementById('data').textContent).edges")
    for key, edge in edges.items():
        result, operand = (bwd.graph.nodes[int(edge[end][1:])] for end in ("head", "tail"))
        if edge["flows"]:
            found = bwd.edge(result, operand)
            told = notation.text(notation.number(found.downstream))
            said = shown.get(f"downstream {key}")
            assert said == told or (said is None and result.op.name == "add")  # as the legend says of all sums
            dead = page.get_attribute(f'[data-id="{key}"]', "data-zero")
            assert dead == ("true" if found.downstream == 0 else None)
            checked += 1
    assert checked == 24 + 25


def test_a_box_and_an_edge_tell_about_themselves(page: Any, tmp_path: Path) -> None:
    open_in(page, viz.draw(figure_6_18(), style="circuit"), tmp_path)
    page.focus('[data-node="x1"]')
    page.keyboard.press("Enter")
    assert "∂L/∂x1: not computed yet" in page.inner_text("#details")
    page.keyboard.press("End")
    told = page.inner_text("#details")
    assert "∂L/∂x1 = −0.0472" in told
    assert "paths from L: 2" in told and told.count("L ← a[2] ← z[2]") == 2
    page.evaluate("document.querySelector('[data-edge=\"z[2]->a[2]\"]').dispatchEvent(new MouseEvent('click'))")
    assert "∂a[2]/∂z[2] = 0.235" in page.inner_text("#details")


def test_the_jacobian_of_an_edge_between_arrays_is_written_out(page: Any, tmp_path: Path) -> None:
    x = cg.variable("x", 2)
    bwd = cg.backward(cg.forward(cg.sum(cg.softmax(x).named("p") * [1.0, 2.0]).named("L"), x=[0.0, 0.0]))
    open_in(page, viz.draw(bwd), tmp_path)
    page.evaluate("document.querySelector('[data-edge=\"x->p\"]').dispatchEvent(new MouseEvent('click'))")
    assert "0.25" not in page.inner_text("#details")  # it is not computed yet
    page.keyboard.press("End")
    assert "0.25  −0.25" in page.inner_text("#details")


@pytest.mark.slow
def test_arrow_keys_and_a_drag_change_an_input(page: Any, tmp_path: Path) -> None:
    open_in(page, viz.draw(figure_6_17()), tmp_path)
    page.focus('[data-node="a"]')
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Shift+ArrowUp")
    assert page.evaluate(SHOWN)["value n1"] == "3.2"
    box = page.locator('[data-node="a"]').bounding_box()
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    page.mouse.down()
    page.mouse.move(box["x"] + 49, box["y"] + 9)
    page.mouse.up()
    assert page.evaluate(SHOWN)["value n1"] == "4.2"


def test_themes_details_and_a_screen_readers_words(page: Any, tmp_path: Path) -> None:
    open_in(page, viz.draw(figure_6_17(), theme="dark"), tmp_path)
    colour = "() => getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(colour) == "rgb(22, 24, 29)"
    page.select_option("#theme", "textbook")
    assert page.evaluate(colour) == "rgb(255, 255, 255)"
    page.keyboard.press("End")
    page.select_option("#detail", "bare")
    assert page.evaluate("() => getComputedStyle(document.querySelector('[data-label=local]')).visibility") == "hidden"
    assert page.get_attribute("#sentence", "aria-live") == "polite"
    assert "∂L/∂b" in page.get_attribute("#step", "aria-valuetext") or page.evaluate("location.hash") == ""
    labels = page.evaluate(
        "() => [...document.querySelectorAll('button, input, select')].map(e => "
        "e.getAttribute('aria-label') || e.textContent || e.labels[0]?.textContent)"
    )
    assert all(labels)


def test_names_cannot_leave_their_place_in_the_page(page: Any, tmp_path: Path) -> None:
    for name in ("</script><script>window.bad=1</script>", '"><img src=x onerror="window.bad=1">', "<!--", "]]>"):
        x = cg.variable(name)
        open_in(page, viz.draw(cg.backward(cg.forward((x * 2.0).named("L"), {x: 5}))), tmp_path)
        assert page.evaluate("() => window.bad") is None
        assert name in page.inner_text("#sentence")


# JavaScript ----------------------------------------------------------------------------------------------------------
def test_what_the_page_cannot_compute_is_refused() -> None:
    x = cg.variable("x", 3)
    with pytest.raises(cg.errors.ValueRefusedError, match=r"x is an array.*Fix: unroll the graph first"):
        program([cg.sum(x)], [x])
    y = cg.variable("y")
    with pytest.raises(cg.errors.ValueRefusedError, match=r"y has no value"):
        program([y * 2.0], [])
    assert json.loads("[" + program([y * 0.1], [y]).split("const v1 = ")[1].split(";")[0] + "]") == [0.1]
