"""viz: pictures of cgraph's graphs and passes.

>>> import cgraph as cg, viz
>>> fwd = cg.forward(cg.parse("d = 2*b; e = a + d; L = c*e"), a=3, b=1, c=-2)
>>> viz.draw(cg.backward(fwd)).caption
'Computation graph of L: forward pass and backward pass'
"""

from __future__ import annotations

from viz.diagnosis.diagnose import Diagnosis, diagnose
from viz.figures import figure
from viz.figures.gallery import gallery
from viz.films import Film, film
from viz.graphs.draw import draw
from viz.graphs.picture import Picture
from viz.notebook import step_through
from viz.schematics.network import network
from viz.watch import Watch
from viz.worksheets import worksheet

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


def __dir__() -> list[str]:
    return sorted(__all__)
