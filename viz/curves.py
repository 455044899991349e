"""Plots of functions and of points in a plane: activations, decision boundaries, representations; by matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.functions import functions
from cgraph.node import variable
from cgraph.passes import forward
from viz.plots import Plot, plot
from viz.style import Theme, theme_named

FILLED, OPEN = 1, 0


@dataclass(frozen=True)
class Curve:
    """An op of the table over a range of z, from `low` to `high`; `y` is the range of its axis."""

    op: str
    low: float
    high: float
    y: tuple[float, float]
    title: str = ""


@dataclass(frozen=True)
class Points:
    """Points of two classes in a plane, with the line w·x + b = 0 that separates them, or a mark where none does."""

    title: str
    points: tuple[tuple[float, float], ...]
    classes: tuple[int, ...]
    letter: str = "x"
    line: tuple[tuple[float, float], float] | None = None
    mark: str = ""


def activations(curves: Sequence[Curve], *, theme: str = "textbook", caption: str = "", description: str = "") -> Plot:
    """Ops of the table as curves of z, one panel each; the values are those of a forward pass.

    Raises ValueRefusedError for an op that the table does not have, MissingPackageError without matplotlib.

    >>> activations([Curve("sigmoid", -8, 8, (0, 1))], caption="The sigmoid").caption
    'The sigmoid'
    """
    if not curves:
        raise ValueRefusedError("there are no curves to plot", fix='give one, such as Curve("tanh", -3, 3, (-1, 1))')
    for curve in curves:
        if curve.op not in functions():
            raise ValueRefusedError(f"there is no op {curve.op!r}", fix='give one of the table, such as "sigmoid"')
    return _panels([partial(_curve, curve) for curve in curves], theme, caption, description, 3.0)


def scatter(panels: Sequence[Points], *, theme: str = "textbook", caption: str = "", description: str = "") -> Plot:
    """Points of two classes, filled (1) and white (0), in one plane a panel, with the line that separates them.

    Raises MissingPackageError without matplotlib.

    >>> scatter([Points("AND", ((0, 0), (1, 1)), (0, 1), line=((1, 1), -1.5))]).caption
    ''
    """
    return _panels([partial(_points, panel) for panel in panels], theme, caption, description, 2.6)


def _panels(draw: Sequence[Callable[[Theme, Any], None]], theme: str, caption: str, said: str, size: float) -> Plot:
    chosen = theme_named(theme)

    def figure() -> Any:
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        made = Figure(
            figsize=(0.6 + (size + 0.5) * max(len(draw), 1.4), size + 0.8),
            layout=ConstrainedLayoutEngine(w_pad=0.14, h_pad=0.1),
        )
        for i, paint in enumerate(draw):
            axes = made.add_subplot(1, len(draw), i + 1)
            axes.set_facecolor(chosen.background)
            axes.tick_params(colors=chosen.text, length=3.5)
            for side in ("left", "bottom"):
                axes.spines[side].set_color(chosen.border)
            axes.spines["right"].set_visible(False)
            paint(chosen, axes)
        if caption:
            made.supxlabel(caption, color=chosen.faint, fontsize=12.0)
        return made

    return plot(figure, background=chosen.background, caption=caption, description=said)


def _curve(curve: Curve, theme: Theme, axes: Any) -> None:
    z = variable("z", ("m",))
    grid = np.linspace(curve.low, curve.high, 401)
    y = forward(functions()[curve.op](z), {z: grid})
    axes.axhline(0.0, color=theme.constant_border, linewidth=0.8)
    axes.axvline(0.0, color=theme.constant_border, linewidth=0.8)
    axes.plot(grid, y[y.graph.output], color=theme.forward, linewidth=2.2, clip_on=False)
    axes.set_xlim(curve.low, curve.high)
    axes.set_ylim(*curve.y)
    axes.set_xlabel("$z$", color=theme.text)
    axes.set_ylabel(rf"$y = \mathrm{{{curve.op if curve.op != 'relu' else 'ReLU'}}}(z)$", color=theme.text)
    axes.set_title(curve.title, color=theme.text, fontsize=12.0, y=-0.32)


def _points(panel: Points, theme: Theme, axes: Any) -> None:
    xs, ys = zip(*panel.points, strict=True)
    high_x, high_y = max(xs), max(ys)
    axes.set_xlim(-0.45, high_x + 0.55)
    axes.set_ylim(-0.45, high_y + 0.55)
    axes.set_aspect("equal")
    if panel.line is not None:
        (w1, w2), b = panel.line
        ends = np.array([-0.45, high_x + 0.55]) if w2 else np.full(2, -b / w1)
        heights = -(w1 * ends + b) / w2 if w2 else np.array([-0.45, high_y + 0.55])
        axes.plot(ends, heights, color=theme.backward, linewidth=1.6, linestyle=(0, (5, 3)))
    for (x, y), of in zip(panel.points, panel.classes, strict=True):
        fill = theme.forward if of == FILLED else theme.background
        axes.plot(x, y, "o", markersize=10.0, markerfacecolor=fill, markeredgecolor=theme.forward, markeredgewidth=1.6)
    if panel.mark:
        axes.text(high_x / 2, high_y / 2, panel.mark, color=theme.backward, fontsize=20.0, ha="center", va="center")
    axes.set_xticks(range(int(high_x) + 1))
    axes.set_yticks(range(int(high_y) + 1))
    axes.set_xlabel(f"${panel.letter}_1$", color=theme.text)
    axes.set_ylabel(f"${panel.letter}_2$", color=theme.text, rotation=0, labelpad=10.0)
    axes.set_title(panel.title, color=theme.text, fontsize=12.0, pad=10.0)
