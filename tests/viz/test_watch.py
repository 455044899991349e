"""Numbers as colour, and films of a training: one layout, one scale, the numbers that were computed."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from geometry import collisions, spills
from pages import serious

import cgraph as cg
import viz
from cgraph import nn, train
from cgraph.errors import OutputError

ROWS = train.data.xor()


@cache
def watched(every: int = 20) -> viz.Watch:
    """A short training on XOR, in which unit 2 of the hidden layer is dead all along."""
    model = nn.MLP([2, 4, 1], seed=0).with_values({"b[1]": [0.5, -9.0, 0.2, 0.0]})
    L = nn.sigmoid_cross_entropy_loss(model(cg.variable("X", ("m", 2))), cg.variable("Y", ("m", 1)))
    watch = viz.Watch(L, {"X": ROWS.X, "Y": ROWS.Y}, every=every)
    train.fit(model, ROWS, nn.sigmoid_cross_entropy_loss, train.SGD(1.0), 60, batch_size=4, callbacks=[watch])
    return watch


# Watching ------------------------------------------------------------------------------------------------------------
def test_a_watch_records_the_start_and_every_so_many_epochs_and_leaves_the_training_as_it_is() -> None:
    assert watched().titles == ("start", "epoch 20", "epoch 40", "epoch 60")
    model = nn.MLP([2, 4, 1], seed=0).with_values({"b[1]": [0.5, -9.0, 0.2, 0.0]})
    alone = train.fit(model, ROWS, nn.sigmoid_cross_entropy_loss, train.SGD(1.0), 60, batch_size=4)
    *_, last = watched().passes()
    for name, value in alone.model.values.items():
        assert np.array_equal(last.forward[name], value)


def test_the_passes_are_those_of_the_recorded_parameters() -> None:
    for bwd in watched().passes():
        W, b, V, c = (bwd.forward[n] for n in ("W[1]", "b[1]", "W[2]", "b[2]"))
        p = 1 / (1 + np.exp(-(np.maximum(ROWS.X @ W + b, 0) @ V + c)))
        loss = -np.mean(ROWS.Y * np.log(p) + (1 - ROWS.Y) * np.log(1 - p))
        assert np.isclose(bwd.forward["L"], loss, rtol=1e-12)
    first, *_, last = watched().passes()
    assert last.forward["L"] < first.forward["L"]


@cache
def xor_film(colour: str = "value", neurons: bool = False) -> viz.Film:
    passes = list(watched().passes())
    if not neurons:
        return watched().film(colour=colour)
    return viz.film([cg.unroll(p) for p in passes], watched().titles, colour=colour, style="circuit", theme="dark")


@pytest.mark.slow
@pytest.mark.parametrize("neurons", [False, True])
def test_a_film_has_one_layout_and_one_scale_and_nothing_touches_in_any_frame(neurons: bool) -> None:
    film = xor_film("gradient", neurons)
    assert len(film) == 4
    first = film.pictures[0].layout
    for picture in film.pictures:
        assert [b.rect for b in picture.layout.boxes] == [b.rect for b in first.boxes]
        assert [(e.forth, e.back) for e in picture.layout.edges] == [(e.forth, e.back) for e in first.edges]
        assert picture.drawing.heat.limit == film.pictures[0].drawing.heat.limit  # type: ignore[union-attr]
        assert collisions(picture) + spills(picture) == []
    assert len({svg.partition(" role=")[0] for svg in film.frames()}) == 1, "all frames are of one size"


def test_the_limit_of_a_film_is_that_of_all_its_passes() -> None:
    passes = list(watched().passes())
    film = xor_film()
    computed = [np.abs(p.forward[n]).max() for p in passes for n in p.graph.nodes if n.kind != "variable"]
    limit = film.pictures[0].drawing.heat.limit  # type: ignore[union-attr]
    assert max(computed) <= limit <= 1.1 * max(computed)


def test_a_later_pass_with_larger_numbers_sets_the_limit_too() -> None:
    L = cg.square(cg.parameter("w", 3.0)).named("L")
    film = viz.film([cg.forward(L, w=w) for w in (1.0, 3.0, 2.0)])
    assert {p.drawing.heat.limit for p in film.pictures} == {9.0}  # type: ignore[union-attr]


def test_zero_gradients_in_some_frames_are_explained_in_all_of_them() -> None:
    L = (cg.parameter("w", 2.0) * cg.parameter("v", 0.0)).named("L")
    film = viz.film([cg.backward(cg.forward(L, v=v)) for v in (0.0, 1.0)])
    legends = [[p for p in picture.parts() if p.startswith('<g data-role="legend">')] for picture in film.pictures]
    assert legends[0] == legends[1]
    assert 'data-zero="true"' in film.frames()[0] and 'data-zero="true"' not in film.frames()[1]


def visible(svg: str, frame: int) -> str:
    """What a reader of a strip sees of a frame, as a picture's own text: the other stretches cut out."""
    root = ElementTree.fromstring(svg)
    kept = []
    for element in root:
        if element.tag.endswith("style") or element.tag.endswith("title") or element.tag.endswith("desc"):
            continue
        kept += _shown(element, frame)
    return "".join(kept)


def _shown(element: Any, frame: int) -> list[str]:
    stretch = element.get("data-frames")
    if stretch is not None:
        first, last = map(int, stretch.split())
        return [t for child in element for t in _shown(child, frame)] if first <= frame <= last else []
    inside = "".join(t for child in element for t in _shown(child, frame))
    return [f"<{element.tag}{sorted(element.items())}>{(element.text or '').strip()}{inside}"]


def test_the_strip_shows_of_each_frame_exactly_its_picture() -> None:
    film = xor_film()
    strip = film.animation()
    for i, svg in enumerate(film.frames()):
        outlines = re.compile(r"<defs>.*?</defs>", re.S)  # those of all frames are in the strip
        assert visible(outlines.sub("", strip), i) == visible(outlines.sub("", svg), i)
    assert len(strip) < sum(map(len, film.frames())), "what stays is written once"


@pytest.mark.slow
def test_a_reader_that_cannot_move_shows_the_last_frame() -> None:
    from viz.ink.files import png

    film = xor_film()
    still = re.sub(r"@keyframes \w+\{(?:[^{}]*\{[^{}]*\})*\}", "", film.animation())
    assert png(still) == png(film.frames()[-1])
    assert png(still) != png(film.frames()[0])


def test_titles_say_the_step_and_the_loss_and_findings_are_listed_for_each() -> None:
    film = xor_film()
    loss = next(watched().passes()).forward["L"]
    assert film.titles[0] == f"start: L = {loss:.3g}" and film.titles[-1].startswith("epoch 60: L = ")
    assert all("dead ReLU" in str(found) for found in film.diagnoses)


def test_a_film_is_saved_as_page_animation_and_numbered_frames(tmp_path: Any) -> None:
    film = xor_film()
    page = film.save(tmp_path / "training.html").read_text("utf-8")
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", page) == []
    ElementTree.fromstring(film.save(tmp_path / "training.svg").read_text("utf-8"))
    assert [p.name for p in film.save_frames(tmp_path)] == ["001.svg", "002.svg", "003.svg", "004.svg"]
    with pytest.raises(OutputError, match=r"no ending that says what to write. Fix: end it in \.html, \.svg"):
        film.save(tmp_path / "training.gif")


def test_names_in_titles_are_only_names() -> None:
    L = cg.square(cg.parameter("<script>alert(1)</script>", 3.0)).named("L</g>&")
    film = viz.film([cg.backward(cg.forward(L))] * 2, ["</script><b>", "two"], caption="</title><script>")
    ElementTree.fromstring(film.animation())
    page = film.html()
    assert "<script>alert" not in page and "</script><b>" not in page and page.count("<script>") == 1


@pytest.mark.slow
def test_the_slider_walks_through_the_film(page: Any, tmp_path: Any) -> None:
    film = xor_film()
    path = film.save(tmp_path / "training.html")
    page.goto("about:blank")
    page.goto(path.as_uri())
    assert page.text_content("#now") == f"1 of 4: {film.titles[0]}"
    page.keyboard.press("ArrowRight")
    assert page.text_content("#now") == f"2 of 4: {film.titles[1]}"
    page.keyboard.press("End")
    assert page.text_content("#now") == f"4 of 4: {film.titles[3]}"
    assert "dead ReLU: a[1]" in page.text_content("#findings")
    shown = page.evaluate(
        "[...document.querySelectorAll('[data-frames]')].filter(g => getComputedStyle(g).display !== 'none')"
        ".map(g => g.dataset.frames)"
    )
    assert shown and all(span.split()[1] == "3" for span in shown)
    page.fill("#step", "0")
    assert page.get_attribute("#step", "aria-valuetext") == film.titles[0]


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_a_film_is_read_with_keys_on_every_screen_and_axe_finds_nothing(width: int, page: Any, tmp_path: Any) -> None:
    film = xor_film()
    page.set_viewport_size({"width": width, "height": 720})
    page.goto(film.save(tmp_path / "training.html").as_uri() + "#step=2")
    assert page.text_content("#now") == f"2 of 4: {film.titles[1]}"
    for focus in ("#play", "#closer", "#print", "#step"):
        page.focus(focus)
        before = page.text_content("#now")
        page.keyboard.press("ArrowRight")
        assert page.text_content("#now") != before
        page.keyboard.press("ArrowLeft")
        assert page.text_content("#now") == before
    assert page.evaluate("location.hash") == "#step=2"
    picture = "document.querySelector('.picture svg').getBoundingClientRect().width"
    before = page.evaluate(picture)
    page.keyboard.press("Tab")
    page.keyboard.press("+")
    assert page.evaluate(picture) > before
    assert page.evaluate("document.documentElement.scrollWidth") == width
    if width == 1280:
        assert page.evaluate("document.documentElement.scrollHeight") == 720
    assert serious(page) == []
