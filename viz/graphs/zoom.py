"""One net at three zooms: a box a layer, a box a tensor, a box a neuron."""

from __future__ import annotations

from cgraph.errors import ValueRefusedError
from viz.asked import Subjects, unrolled
from viz.graphs.words.fold import LAYERS

NEURONS = "neurons"
ZOOMS = (LAYERS, "tensors", NEURONS)


def zoomed(subject: Subjects, zoom: str | None, fold: str | bool | None) -> tuple[Subjects, str | bool | None]:
    """What is drawn at a zoom, and how it is folded. Raises ValueRefusedError for a zoom that there is not."""
    if zoom is not None and zoom not in ZOOMS:
        raise ValueRefusedError(f"there is no zoom {zoom!r}", fix=f"choose one of {', '.join(ZOOMS)}")
    return unrolled(subject) if zoom == NEURONS else subject, LAYERS if zoom == LAYERS else fold
