"""Plots of training: the learning curve, by matplotlib, in bytes that are the same each time."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cgraph.errors import ValueRefusedError, missing_package
from viz.ink.colours import mixed
from viz.ink.files import DPI, IMAGES, Dotted, checked, save
from viz.ink.font import font_file
from viz.ink.pdf import found_as_letters
from viz.ink.themes import TEXTBOOK, Theme, ThemeLike, theme_named

if TYPE_CHECKING:
    from cgraph.train import Epoch

FACE = "STIX Two Math"  # as in all other pictures
_STAMPS = {  # what each format would otherwise stamp with the time or the version of its maker
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
_SETTINGS = {
    "svg.hashsalt": "cgraph",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "pdf.compression": 0,  # so that it can be said which letters its italic ones are
    "font.family": FACE,
    "mathtext.fontset": "custom",
    **{f"mathtext.{kind}": FACE for kind in ("rm", "it", "bf", "bfit", "cal", "sf", "tt")},
    "font.size": TEXTBOOK.value_size,
    "axes.spines.top": False,
    "axes.labelsize": TEXTBOOK.label_size,
}


@dataclass(frozen=True)
class Plot:
    """A plot that is drawn anew each time it is asked for: `.svg()`, `.save("curve.png")`; notebooks show it."""

    draw: Callable[[], Any] = field(repr=False)  # -> matplotlib.figure.Figure
    background: str = "white"
    caption: str = ""
    description: str = ""

    def svg(self) -> str:
        """The plot as SVG text, letters as paths, without a time stamp."""
        return self._bytes("svg").decode()

    def save(self, path: str | os.PathLike[str], *, dpi: float | None = None) -> Path:
        """Write the plot; the suffix says whether as svg, png or pdf. A file is replaced only by a whole one.

        `dpi` are the dots to the inch of a .png. Raises OutputError when the suffix is another, or the path cannot be
        written, ValueRefusedError for dots that there cannot be.
        """
        return save(path, self, FORMATS, dpi)

    def _repr_svg_(self) -> str:
        return self.svg()

    def _bytes(self, suffix: str, dpi: float = DPI) -> bytes:
        matplotlib = _matplotlib()
        buffer = io.BytesIO()
        metadata = {**_STAMPS[suffix], **({"Title": self.caption} if self.caption else {})}
        if self.description and suffix != "pdf":
            metadata["Description"] = self.description
        with matplotlib.rc_context(_SETTINGS):
            self.draw().savefig(buffer, format=suffix, dpi=dpi, facecolor=self.background, metadata=metadata)
        return found_as_letters(buffer.getvalue()) if suffix == "pdf" else buffer.getvalue()


def _written(suffix: str) -> Callable[[Plot], bytes]:
    if suffix == "png":
        return Dotted[Plot](lambda plot, dpi: plot._bytes(suffix, checked(dpi)))
    return lambda plot: plot._bytes(suffix)


FORMATS = {ending: _written(ending[1:]) for ending in IMAGES}


def plot(draw: Callable[[], Any], *, background: str = "white", caption: str = "", description: str = "") -> Plot:
    """A plot from a function that makes its figure. Raises MissingPackageError without matplotlib."""
    _matplotlib()
    return Plot(partial(_in_our_face, draw), background, caption, description)


def _in_our_face(draw: Callable[[], Any]) -> Any:
    _face()
    with _matplotlib().rc_context(_SETTINGS):
        return draw()


def learning_curve(
    history: Sequence[Epoch], metric: str = "accuracy on the devset", *, theme: ThemeLike = "textbook"
) -> Plot:
    """The loss of each epoch (solid, left axis) and, where it was measured, the metric (dashed, right axis).

    `history` is that of `cg.train.fit`; `metric` is what the right axis is called.
    Raises ValueRefusedError when there is no epoch to draw, MissingPackageError without matplotlib.
    """
    epochs = tuple(history) if isinstance(history, Sequence) else ()
    if not epochs:
        raise ValueRefusedError(
            f"a learning curve of {type(history).__name__ if history else 'no epochs'}",
            why="it draws the epochs of a training",
            fix="give the history of cg.train.fit(...): learning_curve(run.history)",
        )
    chosen = theme_named(theme)
    return plot(lambda: _curves(epochs, metric, chosen), background=chosen.background)


def _curves(epochs: Sequence[Epoch], metric: str, theme: Theme) -> Any:
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(6.4, 3.8), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.05))
    left = figure.add_subplot()
    lines = [_curve(left, [(e.number, e.loss) for e in epochs], "loss", theme.backward, "-", "o")]
    left.set_ylim(bottom=min(0.0, *(e.loss for e in epochs)))
    left.set_xlabel("epoch", color=theme.text)
    left.set_xlim(min(e.number for e in epochs) - 0.5, max(e.number for e in epochs) + 0.5)
    left.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    left.grid(axis="y", color=mixed(theme.text, theme.background, 0.85), linewidth=0.8)
    left.spines["right"].set_visible(False)
    measured = [(e.number, e.metric) for e in epochs if e.metric is not None]
    if measured:
        right = left.twinx()
        lines.append(_curve(right, measured, metric, theme.forward, "--", "s"))
        right.spines["left"].set_visible(False)
    for axes in figure.axes:
        axes.set_facecolor(theme.background)
        for spine in axes.spines.values():
            spine.set_color(theme.border)
    left.tick_params(axis="x", colors=theme.text)
    figure.legend(
        labelcolor=theme.text, handles=lines, loc="outside upper center", ncols=2, frameon=False, handlelength=2.6
    )
    return figure


def _curve(axes: Any, points: Sequence[tuple[int, float]], name: str, colour: str, dashes: str, marker: str) -> Any:
    """One line with its axis in its colour; few points are marked, so that a single epoch is seen too."""
    label = f"{name} (last {points[-1][1]:.3g})"
    marks = {"marker": marker, "markersize": 4} if len(points) <= 20 else {}
    (line,) = axes.plot(*zip(*points, strict=True), color=colour, linestyle=dashes, linewidth=1.8, label=label, **marks)
    axes.set_ylabel(name, color=colour)
    axes.tick_params(axis="y", colors=colour)
    return line


@cache
def _face() -> None:
    """Make the face of all our pictures known to matplotlib, once."""
    from matplotlib import font_manager

    font_manager.fontManager.addfont(font_file())


def _matplotlib() -> Any:
    try:
        import matplotlib
    except ImportError:
        raise missing_package("matplotlib", "plots", "viz.plots") from None
    return matplotlib
