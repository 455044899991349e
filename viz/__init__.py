"""viz: pictures of cgraph's graphs and passes.

>>> import cgraph as cg, viz
>>> fwd = cg.forward(cg.parse("d = 2*b; e = a + d; L = c*e"), a=3, b=1, c=-2)
>>> viz.draw(cg.backward(fwd)).caption
'Computation graph of L: forward pass and backward pass'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cgraph.errors import unknown_attribute

if TYPE_CHECKING:
    from viz.diagnosis.diagnose import Diagnosis, diagnose
    from viz.figures import figure
    from viz.figures.gallery import gallery
    from viz.films import Film, film
    from viz.graphs.draw import draw
    from viz.graphs.picture import Picture
    from viz.notebook import step_through
    from viz.schematics.network import network
    from viz.watch import Watch
    from viz.worksheets.worksheet import worksheet

__all__ = [
    "Diagnosis",
    "Film",
    "Picture",
    "Watch",
    "diagnose",
    "draw",
    "figure",
    "film",
    "gallery",
    "network",
    "step_through",
    "worksheet",
]


_WHERE = {  # what is not used is not imported: a picture needs a third of it
    **dict.fromkeys(("Diagnosis", "diagnose"), "viz.diagnosis.diagnose"),
    **dict.fromkeys(("Film", "film"), "viz.films"),
    "Picture": "viz.graphs.picture",
    "Watch": "viz.watch",
    "draw": "viz.graphs.draw",
    "figure": "viz.figures",
    "gallery": "viz.figures.gallery",
    "network": "viz.schematics.network",
    "step_through": "viz.notebook",
    "worksheet": "viz.worksheets.worksheet",
}
_ROOMS = ("diagnosis", "figures", "films", "graphs", "ink", "notebook", "plots", "schematics", "watch", "worksheets")


def __getattr__(name: str) -> Any:
    """A name of the face or a room, imported when it is first used."""
    from importlib import import_module

    if name in _ROOMS:
        return import_module(f"viz.{name}")
    if name not in _WHERE:
        raise unknown_attribute("viz", name, __all__, {})
    found = globals()[name] = getattr(import_module(_WHERE[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
