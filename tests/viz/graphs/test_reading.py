"""A page in use: keys and Tab, zoom and small screens, fields of arrays, practice, links that keep the state, axe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pages import SAID, change, known, open_in, serious
from scoped_graphs import scoped_pass
from sparse import sparse

import cgraph as cg
import viz
from cgraph import nn
from viz.figures.graphs import figure_6_17, figure_6_18
from viz.graphs.words.fold import FEW

WIDE = {"width": 1280, "height": 720}


@pytest.fixture
def page(page: Any) -> Any:
    page.set_viewport_size(WIDE)
    page.emulate_media(media="screen", color_scheme="light", reduced_motion="reduce")
    return page


def net() -> cg.Backward:
    model = nn.MLP([2, 3, 1], "tanh", seed=0)
    L = nn.sigmoid_cross_entropy_loss(model(cg.variable("X", ("m", 2))), cg.variable("Y", ("m", 1)))
    return cg.backward(cg.forward(L, X=[[1, 2], [3, -4]], Y=[[0], [1]]))


def pictures() -> dict[str, viz.Picture]:
    return {
        "figure 6.17": viz.draw(figure_6_17()),
        "figure 6.18": viz.draw(figure_6_18(), style="circuit"),
        "a net of arrays": viz.draw(net()),
        "symbols": viz.draw("L = c*(a + 2*b)"),
    }


NAMES = ["figure 6.17", "figure 6.18", "a net of arrays", "symbols"]


def step(page: Any) -> int:
    return int(page.inner_text("#count").split(" / ")[0])


# Keys ----------------------------------------------------------------------------------------------------------------
def test_the_picture_is_one_stop_of_tab_and_arrows_go_from_box_to_box(page: Any, tmp_path: Path) -> None:
    open_in(page, pictures()["figure 6.17"], tmp_path)
    assert page.locator('[data-id][tabindex="0"]').count() == 1
    focused = "document.activeElement.getAttribute('data-node') ?? document.activeElement.getAttribute('data-edge')"
    page.focus('[data-node="b"]')
    before = step(page)
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == "b->d"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == "d"
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) in ("a", "a->e")
    assert step(page) == before
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('svg')") is None


@pytest.mark.slow
@pytest.mark.parametrize("focus", sparse(["#number0", "#range0", "#theme", "#step"], 4))
def test_in_a_field_the_arrows_belong_to_the_field_and_do_one_thing(focus: str, page: Any, tmp_path: Path) -> None:
    open_in(page, pictures()["figure 6.17"], tmp_path)
    state = "() => [document.getElementById('count').innerText, document.getElementById('number0').value]"
    page.focus(focus)
    count, value = page.evaluate(state)
    for key in ("ArrowRight", "ArrowUp"):
        before = page.evaluate(state)
        page.keyboard.press(key)
        changed = [x != y for x, y in zip(before, page.evaluate(state), strict=True)]
        assert sum(changed) <= 1, key
    after = page.evaluate(state)
    assert (after[0] != count) == (focus == "#step")
    assert (after[1] != value) == (focus in ("#number0", "#range0"))


def test_keys_step_from_buttons_and_after_a_click_into_the_picture(page: Any, tmp_path: Path) -> None:
    open_in(page, pictures()["figure 6.17"], tmp_path)
    for focus in ("#print", "#fit", "#practice"):
        before = step(page)
        page.focus(focus)
        page.keyboard.press("ArrowRight")
        assert step(page) == before + 1
    page.click('[data-node="d"] rect')
    page.keyboard.press("ArrowRight")
    assert step(page) == 5
    assert page.inner_text("#details").startswith("d = 2b")


# Sizes ---------------------------------------------------------------------------------------------------------------
def outside(page: Any, *selectors: str) -> list[str]:
    """Which of these is not whole inside the window."""
    inside = """s => { const r = document.querySelector(s).getBoundingClientRect();
      return r.width > 0 && r.top >= 0 && r.left >= 0 && r.right <= innerWidth && r.bottom <= innerHeight; }"""
    return [s for s in selectors if not page.evaluate(inside, s)]


@pytest.mark.slow
@pytest.mark.parametrize("name", sparse(NAMES, 4))
def test_a_projector_shows_picture_sentence_and_controls_without_scrolling(
    name: str, page: Any, tmp_path: Path
) -> None:
    open_in(page, pictures()[name], tmp_path)
    for key in ("Home", "End"):
        page.keyboard.press(key)
        assert outside(page, ".frame", "#sentence", ".steps", "#on", "#play", "h1", "aside") == []
        assert page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]") == [
            720,
            1280,
        ]


@pytest.mark.slow
@pytest.mark.parametrize("name", sparse(NAMES, 4))
def test_a_phone_shows_the_current_box_at_a_size_that_can_be_read(name: str, page: Any, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_in(page, pictures()[name], tmp_path)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    picture = "document.querySelector('.picture svg')"
    assert page.evaluate(f"{picture}.getBoundingClientRect().width/{picture}.viewBox.baseVal.width") >= 0.7
    count = int(page.inner_text("#count").split(" / ")[1])
    for _ in range(count - 1):
        page.keyboard.press("ArrowRight")
        assert page.evaluate("""() => { const f = document.querySelector('.picture').getBoundingClientRect();
          const r = document.querySelector('.now').getBoundingClientRect();
          return Math.min(r.right, f.right) - Math.max(r.left, f.left) > Math.min(r.width, f.width)/2
            && Math.min(r.bottom, f.bottom) - Math.max(r.top, f.top) > Math.min(r.height, f.height)/2; }""")


def phoned() -> dict[str, viz.Picture]:
    sigmoid = viz.draw("L = 1/(1 + exp(-(w*x + b)))", w=1, x=2, b=3)
    return {"figure 6.17": viz.draw(figure_6_17()), "a neuron": sigmoid, "a net of arrays": viz.draw(net())}


@pytest.mark.slow
@pytest.mark.parametrize("name", sparse(["figure 6.17", "a neuron", "a net of arrays"], 3))
def test_a_phone_has_the_picture_top_down_with_every_word_of_the_wide_one(name: str, page: Any, tmp_path: Path) -> None:
    picture = phoned()[name]
    said = []
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        open_in(page, picture, tmp_path, "#step=4")
        said.append(sorted(page.evaluate(SAID)))
        change(page, {known(page)["inputs"][0]["name"]: [0.5] * len(known(page)["inputs"][0]["values"])})
        page.keyboard.press("End")
        said[-1] += sorted(page.evaluate(SAID))
    assert said[0] == said[1]
    assert page.evaluate("document.querySelectorAll('.picture svg').length") == 1
    edge = picture.drawing.edges[0]  # which goes down
    top = "id => document.querySelector(`[data-id='${id}']`).getBoundingClientRect().top"
    assert page.evaluate(top, edge.tail) < page.evaluate(top, edge.head)
    assert page.evaluate("document.querySelector('.picture').scrollWidth") < picture.layout.width


@pytest.mark.slow
def test_wheel_keys_buttons_and_a_drag_zoom_and_move_the_picture(page: Any, tmp_path: Path) -> None:
    open_in(page, pictures()["figure 6.18"], tmp_path)
    width = "document.querySelector('.picture svg').getBoundingClientRect().width"
    first = page.evaluate(width)
    page.keyboard.press("+")
    assert page.evaluate(width) == pytest.approx(1.25 * first, rel=0.01)
    page.click("#closer")
    box = page.locator("[data-node='z[1]1'] circle").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    here = f"document.elementFromPoint({x}, {y}).closest('[data-id]')?.dataset.id"
    under = page.evaluate(here)
    page.mouse.wheel(0, -200)
    page.wait_for_function(f"{width} > {1.7 * first}")
    assert page.evaluate(here) == under  # what is under the pointer stays there
    for _ in range(4):
        page.click("#closer")
    left = page.evaluate("document.querySelector('.picture').scrollLeft")
    page.mouse.move(250, 480)
    page.mouse.down()
    page.mouse.move(200, 480)
    page.mouse.up()
    assert page.evaluate("document.querySelector('.picture').scrollLeft") == pytest.approx(left + 50, abs=1)
    page.click("#fit")
    assert page.evaluate(width) <= page.evaluate("document.querySelector('.picture').clientWidth")


@pytest.mark.slow
def test_paper_and_a_dark_screen_have_their_own_colours(page: Any, tmp_path: Path) -> None:
    open_in(page, pictures()["figure 6.17"], tmp_path)
    colour = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(colour) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(colour) == "rgb(22, 24, 29)"
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(colour) == "rgb(255, 255, 255)"
    gone = "s => getComputedStyle(document.querySelector(s)).display === 'none'"
    assert all(page.evaluate(gone, s) for s in (".steps", ".zoom", ".options", "aside"))
    assert outside(page, ".picture svg", "#sentence") == []


# Frames --------------------------------------------------------------------------------------------------------------
def framed() -> viz.Picture:
    x = cg.variable("x", ("m", 2))
    with cg.scope("encoder"):
        with cg.scope("layer[1]", "a gate"):
            h = cg.tanh(x @ cg.parameter("A", np.ones((2, 3))))
        with cg.scope("layer[2]"):
            h = cg.tanh(h @ cg.parameter("B", np.ones((3, 2))))
    bwd = cg.backward(cg.forward(cg.mean(h * h).named("L"), x=[[1.0, 2.0]]))
    return viz.draw(bwd, frames=True, direction="LR")


VISIBLE = """() => [...document.querySelectorAll('[data-id]')].filter(e => getComputedStyle(e).display !== 'none')
  .map(e => e.dataset.node ?? e.dataset.edge ?? e.dataset.frame)"""


@pytest.mark.slow
def test_a_click_on_a_frame_closes_it_to_a_box_that_says_what_it_is_and_opens_it(page: Any, tmp_path: Path) -> None:
    picture = framed()
    open_in(page, picture, tmp_path)
    everything = set(page.evaluate(VISIBLE))
    places = "() => [...document.querySelectorAll('[data-node]')].map(e => JSON.stringify(e.getBoundingClientRect()))"
    where = page.evaluate(places)
    page.click('[data-frame="encoder.layer[1]"] [data-role=handle]')
    shut = set(page.evaluate(VISIBLE))
    frames = {f.name: f for f in picture.drawing.frames}
    inside = set(frames["encoder.layer[1]"].boxes)
    gone = {b.name for b in picture.drawing.boxes if b.id in inside}
    gone |= {e.name for e in picture.drawing.edges if {e.tail, e.head} <= inside}
    assert everything - shut == gone and shut < everything
    lines = "() => [...document.querySelectorAll('[data-label=closed] text')].map(e => e.textContent)"
    assert page.evaluate(lines) == ["layer[1]", "a gate", "[m×2] → [m×3]", "6 parameters"]
    assert "opens it" in page.inner_text("#details")
    page.focus('[data-frame="encoder"]')
    page.keyboard.press("Enter")
    assert gone < everything - set(page.evaluate(VISIBLE))
    assert page.get_attribute('[data-frame="encoder"]', "aria-expanded") == "false"
    for _ in range(3):
        page.click("#on")  # the box that is computed is in a closed frame, which is marked in its place
    assert page.evaluate("document.querySelector('.now:not(.within)').dataset.frame") == "encoder"
    page.wait_for_function("location.hash.includes('closed=')")
    link, said = page.evaluate("location.hash"), page.evaluate(SAID)
    assert serious(page) == []
    open_in(page, picture, tmp_path, link)
    assert {*page.evaluate(SAID)} >= {line for line in said if not line.startswith("details")}
    page.keyboard.press("Home")
    for name in ("encoder", "encoder.layer[1]"):
        page.click(f'[data-frame="{name}"] [data-role=handle]')
    assert set(page.evaluate(VISIBLE)) == everything and page.evaluate(places) == where


def blocks(count: int) -> cg.Backward:
    """Blocks of two parts each in one net, by numbers."""
    h = cg.variable("x")
    with cg.scope("net"):
        for i in range(count):
            with cg.scope(f"block[{i}]", "a block"):
                with cg.scope("linear"):
                    z = cg.parameter(f"w{i}", 0.5) * h + cg.parameter(f"b{i}", 0.1)
                with cg.scope("act"):
                    z = cg.tanh(z) * 0.5
                h = h + z
    return cg.backward(cg.forward((h * h).named("L"), x=0.3))


SCOPED = {
    "blocks": lambda: blocks(2),
    "layers of a model": net,
    "many blocks": lambda: blocks(8),
    **{f"random scopes {seed}": lambda seed=seed: scoped_pass(seed) for seed in range(6)},
}
OPENED = """() => Object.fromEntries([...document.querySelectorAll('[data-frame]')]
  .map(e => [e.dataset.frame, e.getAttribute('aria-expanded') === 'true']))"""
AROUND = """() => { const data = JSON.parse(document.getElementById('data').textContent);
  return Object.values(data.frames).map(f => [f.name, f.boxes, data.frames[f.parent]?.name ?? null]); }"""
CLICK = "id => document.querySelector(`[data-frame=\"${CSS.escape(id)}\"]`).dispatchEvent(new MouseEvent('click'))"
INSIDE = """() => [...document.querySelectorAll('.picture [data-node]')]
  .filter(e => getComputedStyle(e).display !== 'none').map(e => e.dataset.id)"""


@pytest.mark.slow
@pytest.mark.parametrize("name", sparse(list(SCOPED), 9))
def test_every_frame_of_a_graph_with_scopes_closes_and_opens_in_its_page(name: str, page: Any, tmp_path: Path) -> None:
    picture = viz.draw(SCOPED[name]())
    asked = viz.draw(picture.of, frames=True, fold=False)
    open_in(page, picture, tmp_path)
    found = page.evaluate(AROUND)
    missing = {f.name for f in asked.drawing.frames} - {frame for frame, _, _ in found}
    assert missing <= {f.name for f in asked.drawing.frames if f.parent is None}  # where it would be too long
    assert found
    shut = {f for f, _, around in found if around is None and len(picture.drawing.boxes) > FEW}
    assert {f for f, expanded in page.evaluate(OPENED).items() if not expanded} == shut
    for frame in shut:
        page.evaluate(CLICK, frame)
    everything = set(page.evaluate(INSIDE))
    assert everything == {box.id for box in picture.drawing.boxes}
    above = {frame: around for frame, _, around in found}
    for frame in above:
        inside = set()
        for other, boxes, _ in found:
            at = other
            while at is not None and at != frame:
                at = above[at]
            inside |= set(boxes) if at == frame else set()
        page.evaluate(CLICK, frame)
        assert everything - set(page.evaluate(INSIDE)) == inside
        page.evaluate(CLICK, frame)
        assert set(page.evaluate(INSIDE)) == everything


@pytest.mark.slow
def test_a_link_keeps_which_frames_of_a_large_page_were_opened(page: Any, tmp_path: Path) -> None:
    picture = viz.draw(blocks(8))
    open_in(page, picture, tmp_path)
    shut = [name for name, expanded in page.evaluate(OPENED).items() if not expanded]
    assert shut and "closed" not in page.evaluate("location.hash")
    for name in shut:
        link = page.evaluate("location.hash")
        page.evaluate(CLICK, name)
        page.wait_for_function("link => location.hash !== link", arg=link)
        now = page.evaluate(OPENED)
        open_in(page, picture, tmp_path, page.evaluate("location.hash"))
        assert page.evaluate(OPENED) == now
    assert all(now.values())
    assert serious(page) == []


def test_pages_have_no_frames_where_they_are_not_wanted_and_pictures_none_of_their_own() -> None:
    picture = viz.draw(blocks(2))
    assert 'data-frame="' not in picture.svg()
    assert 'data-frame="' in picture.html()
    assert 'data-frame="' not in viz.draw(picture.of, frames=False).html()


# Arrays --------------------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_arrays_are_changed_in_a_table_or_as_rows_of_text(page: Any, tmp_path: Path) -> None:
    x, W = cg.variable("x", 2), cg.variable("W", (2, 5))
    bwd = cg.backward(cg.forward(cg.sum((x @ W) ** 2).named("L"), x=[1, 2], W=[[1] * 5, [0] * 5]))
    open_in(page, viz.draw(bwd), tmp_path)
    page.keyboard.press("End")
    page.fill('input[aria-label="x, entry 2"]', "-1")
    page.fill("#rows1", "1 2 3 4 5\n[0, 0, 0, 0, 1]")
    page.keyboard.press("Tab")
    new = cg.backward(cg.forward(bwd.graph, x=[1, -1], W=[[1, 2, 3, 4, 5], [0, 0, 0, 0, 1]]))
    assert f"L = {new.forward['L']:g}" in page.evaluate(f"({SAID})().join('\\n')")
    page.fill("#rows1", "1 2 3 4 5\n0 0 0 0")
    page.keyboard.press("Tab")
    assert page.inner_text("#said1") == "9 numbers, and W has 10"
    page.fill("#rows1", "1 2 3 4 5\n0 0 zero 0 0")
    page.keyboard.press("Tab")
    assert page.inner_text("#said1") == "zero is no number"
    assert f"L = {new.forward['L']:g}" in page.evaluate(f"({SAID})().join('\\n')")


@pytest.mark.slow
def test_a_page_that_cannot_compute_again_says_why(page: Any, tmp_path: Path) -> None:
    x = cg.variable("x", 500)
    open_in(page, viz.draw(cg.backward(cg.forward(cg.sum(x * x).named("L"), x=[0.5] * 500))), tmp_path)
    assert "has 1001 numbers; inputs can be changed in a page of at most 400" in page.inner_text("aside")


# Practice ------------------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_practice_asks_for_each_number_before_it_shows_it_and_counts(page: Any, tmp_path: Path) -> None:
    open_in(page, viz.draw(cg.backward(cg.forward("L = a*b", a=0.5, b=-3.0))), tmp_path)
    page.check("#practice")
    page.click("#on")
    assert page.inner_text("#sentence") == "L = a · b = ?"
    assert "−1.5" not in page.inner_text("body")
    page.fill("#answer", "-3/2")
    page.keyboard.press("Enter")
    assert page.inner_text("#reply") == "Right." and page.inner_text("#score") == "1 of 1"
    assert page.inner_text("#sentence") == "L = a · b = 0.5 · (−3) = −1.5"
    page.click("#on")
    page.fill("#answer", "7")
    page.click("#answering button:not([type])")
    assert page.inner_text("#reply") == "No: it is 1." and page.inner_text("#score") == "1 of 2"
    page.click("#on")
    page.click("#hint")
    assert page.inner_text("#sentence") == "∂L/∂a = ∂L/∂L · ∂L/∂a = 1 · (−3) = ?"
    page.fill("#answer", "−3.001")  # to the three digits that are shown
    page.keyboard.press("Enter")
    assert page.inner_text("#score") == "1.5 of 3"
    page.click("#on")
    page.fill("#answer", "zero")
    page.keyboard.press("Enter")
    assert "Write a number" in page.inner_text("#reply") and page.inner_text("#score") == "1.5 of 3"


# Links ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", sparse(["figure 6.17", "a net of arrays"], 2))
def test_a_link_keeps_step_inputs_theme_zoom_and_practice(name: str, page: Any, tmp_path: Path) -> None:
    values = {"c": 5.25, "a": -1} if name == "figure 6.17" else {"X": [1, 0, -2, 0.5]}
    open_in(page, pictures()[name], tmp_path)
    change(page, values)
    page.select_option("#theme", "dark")
    page.click("#closer")
    page.check("#practice")
    for _ in range(2):
        page.click("#on")
    page.wait_for_function("location.hash.includes('step=3')")
    link, said = page.evaluate("location.hash"), page.evaluate(SAID)
    width = page.evaluate("document.querySelector('.picture svg').getBoundingClientRect().width")
    open_in(page, pictures()[name], tmp_path, link)
    assert page.evaluate(SAID) == said
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    again = page.evaluate("document.querySelector('.picture svg').getBoundingClientRect().width")
    assert again == pytest.approx(width, rel=0.01)


@pytest.mark.slow
def test_a_link_that_says_nonsense_opens_the_page_as_it_is(page: Any, tmp_path: Path) -> None:
    open_in(page, pictures()["figure 6.17"], tmp_path)
    said = page.evaluate(SAID)
    for link in ("#step=x&n0=1,2&theme=none&zoom=no", "#%", "#n0=", "#n0=NaN&step=-4", "#<script>"):
        open_in(page, pictures()["figure 6.17"], tmp_path, link)
        assert page.evaluate(SAID) == said, link


# Readers -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("scheme", sparse(["light", "dark"], 2))
@pytest.mark.parametrize("name", sparse(NAMES, 4))
def test_axe_finds_nothing(name: str, scheme: str, page: Any, tmp_path: Path) -> None:
    page.emulate_media(color_scheme=scheme)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 720})
        open_in(page, pictures()[name], tmp_path, "#practice=on&step=4")
        assert serious(page) == []
