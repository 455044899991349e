"""viz: pictures of cgraph's graphs and passes.

>>> import cgraph as cg, viz
>>> fwd = cg.forward(cg.parse("d = 2*b; e = a + d; L = c*e"), a=3, b=1, c=-2)
>>> viz.draw(cg.backward(fwd)).caption
'Computation graph of L: forward pass and backward pass'
"""

from __future__ import annotations

from viz.diagnose import Diagnosis, diagnose
from viz.figures import figure
from viz.film import Film, film
from viz.network import network
from viz.notebook import Stepper, step_through, teach
from viz.picture import Picture, draw
from viz.schematic import SchematicPicture
from viz.watch import Watch
from viz.worksheet import Worksheet, worksheet

__all__ = [
    "Diagnosis",
    "Film",
    "Picture",
    "SchematicPicture",
    "Stepper",
    "Watch",
    "Worksheet",
    "diagnose",
    "draw",
    "figure",
    "film",
    "network",
    "step_through",
    "worksheet",
]

teach()
