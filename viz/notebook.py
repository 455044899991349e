"""What a notebook shows: a graph, a pass or a model as its picture, and the passes step by step."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from cgraph.errors import CgraphError
from viz.graphs.draw import draw
from viz.graphs.picture import Picture


def mimebundle(shown: Any) -> dict[str, str]:
    """What a notebook shows of a record: its picture as SVG, and its text for a reader without pictures.

    cgraph, which knows nothing of pictures, finds it as the entry point `viz` of the group `cgraph.display`.
    What cannot be drawn, such as a layout that takes too long, is shown as text.
    """
    bundle = {"text/plain": repr(shown)}
    try:
        bundle["image/svg+xml"] = draw(shown).svg()
    except CgraphError as error:
        bundle["text/plain"] += f"\n(no picture: {error})"
    return bundle


class Stepper:
    """The stepper of a picture as a cell's output: a page in a frame of its own."""

    def __init__(self, picture: Picture, height: int = 720) -> None:
        self.page, self.height, self.caption = picture.html(), height, picture.caption

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{escape(self.page)}" title="{escape(self.caption)}" sandbox="allow-scripts allow-modals" '
            f'style="width:100%;height:{self.height}px;border:0"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<stepper: {self.caption}>"


def step_through(of: Any, values: Mapping[Any, Any] | None = None, /, *, height: int = 720, **choices: Any) -> Stepper:
    """The passes step by step in a notebook's cell; `height` in pixels, all else as for `viz.draw`.

    >>> step_through("L = c*(a + 2*b)", a=3, b=1, c=-2)
    <stepper: Computation graph of L: forward pass and backward pass>
    """
    return Stepper(draw(of, values, **choices), height)
