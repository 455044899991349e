"""The page of a large picture: it opens whole, names appear as one zooms in, and a box is found by its name."""

from __future__ import annotations

from typing import Any

import pytest
from large_graphs import KINDS
from pages import open_in
from sparse import sparse

import cgraph as cg
import viz
from cgraph.graph.node import Node
from viz.graphs.picture import Picture

SEEN = """() => [...document.querySelectorAll(".picture [data-label]")]
  .filter(label => getComputedStyle(label).display !== "none").length"""
SIZE = """() => {
  const svg = document.querySelector(".picture svg").getBoundingClientRect();
  const frame = document.querySelector(".picture").getBoundingClientRect();
  return [svg.width, svg.height, frame.width, frame.height];
}"""


@pytest.mark.parametrize(
    ("kind", "count"), sparse([(kind, count) for count in (700, 3000) for kind in KINDS if kind != "star"], every=14)
)
def test_the_page_of_a_large_graph_opens_whole_and_its_names_appear_as_one_zooms_in(page, tmp_path, kind, count):
    picture = viz.draw(KINDS[kind](count), fold=False)
    shown(page, picture, tmp_path)
    width, height, *room = page.evaluate(SIZE)
    assert width <= room[0]
    assert height <= room[1]
    assert width / height == pytest.approx(picture.layout.width / picture.layout.height, rel=0.01)
    if 15 * width / picture.layout.width < 6:
        assert page.evaluate(SEEN) == 0
    last = picture.drawing.boxes[-1]
    page.fill("#wanted", last.name)
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.far') === null")
    assert page.evaluate(SEEN) >= len(picture.drawing.boxes)
    assert page.inner_text("#details") == last.title
    assert in_view(page, last.id)


def test_a_name_that_is_not_in_the_picture_is_said_to_be_none(page, tmp_path):
    shown(page, viz.draw(KINDS["chain"](400), fold=False), tmp_path)
    page.fill("#wanted", "nowhere")
    page.keyboard.press("Enter")
    assert page.inner_text("#details") == 'There is no box "nowhere" in this picture.'
    assert page.get_attribute("#wanted", "aria-invalid") == "true"


def test_a_graph_that_is_folded_opens_folded_and_says_what_its_boxes_stand_for(page, tmp_path):
    shown(page, viz.draw(layered(40)), tmp_path)
    assert "Folded: layer[0]" in page.inner_text("#details")
    page.click("[data-role=folded] rect")
    assert page.inner_text("#details").startswith("layer[0]")


def test_where_nothing_is_folded_the_page_says_why(page, tmp_path):
    picture = viz.draw(KINDS["dag"](400))
    shown(page, picture, tmp_path)
    assert f"Nothing is folded: {picture.drawing.nothing}" in page.inner_text("#details")


def test_names_from_users_are_only_names_in_the_page(page, tmp_path):
    node = cg.variable("</script><img src=x onerror=alert(1)>")
    for i in range(400):
        node = cg.tanh(node).named(f'"]; x [{i} <b>&')
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    shown(page, viz.draw(node, fold=False), tmp_path)
    assert page.evaluate("document.querySelectorAll('img, b, script').length") == 1
    page.fill("#wanted", '"]; x [7 <b>&')
    page.keyboard.press("Enter")
    assert page.inner_text("#details").startswith('"]; x [7 <b>& = tanh(')


# What the tests use --------------------------------------------------------------------------------------------------
def shown(page: Any, picture: Picture, folder: Any) -> None:
    """The page of a picture, opened."""
    open_in(page, picture, folder)
    page.wait_for_function("document.querySelector('.picture svg').style.width !== ''")


def in_view(page: Any, id_: str) -> bool:
    """Whether a box is in the window of the picture."""
    return page.evaluate(
        """id => {
          const box = document.querySelector(`[data-id="${id}"]`).getBoundingClientRect();
          const room = document.querySelector(".picture").getBoundingClientRect();
          return box.left >= room.left && box.right <= room.right && box.top >= room.top && box.bottom <= room.bottom;
        }""",
        id_,
    )


def layered(count: int) -> Node:
    """A net of layers in scopes, too large to be drawn whole."""
    h = cg.variable("h")
    for i in range(count):
        with cg.scope(f"layer[{i}]"):
            for j in range(5):
                h = cg.tanh(h) + cg.variable(f"x{5 * i + j}")
    return h
