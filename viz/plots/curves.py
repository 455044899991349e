"""Plots of functions and of points in a plane: activations, decision boundaries, representations; by matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.functions.table import table
from cgraph.graph.node import variable
from cgraph.ops import TABLE
from viz.asked import forward_pass
from viz.ink.themes import TEXTBOOK, Theme, ThemeLike, theme_named
from viz.ink.typeset import italic
from viz.plots.training import Plot, plot

FILLED = 1
SIZE = TEXTBOOK.caption_size  # of captions, titles and names
AROUND = 0.5  # of the plane that is drawn around the points


@dataclass(frozen=True)
class Curve:
    """An op of the table over a range of z, from `low` to `high`; `y` is the range of its axis, `bounds` are dashed."""

    op: str
    low: float
    high: float
    y: tuple[float, float]
    title: str = ""
    bounds: tuple[float, ...] = ()


@dataclass(frozen=True)
class Points:
    """Points of two classes in a plane, with the line w·x + b = 0 that separates them, or a mark where none does.

    `names` stand beside the points; points in one place share theirs.
    """

    title: str
    points: tuple[tuple[float, float], ...]
    classes: tuple[int, ...]
    letter: str = "x"
    line: tuple[tuple[float, float], float] | None = None
    mark: str = ""
    names: tuple[str, ...] = ()


def activations(
    curves: Sequence[Curve], *, theme: ThemeLike = "textbook", caption: str = "", description: str = ""
) -> Plot:
    """Ops of the table as curves of z, one panel each; the values are those of a forward pass.

    Raises ValueRefusedError for an op that the table does not have, MissingPackageError without matplotlib.

    >>> activations([Curve("sigmoid", -8, 8, (0, 1))], caption="The sigmoid").caption
    'The sigmoid'
    """
    if not curves:
        raise ValueRefusedError("there are no curves to plot", fix='give one, such as Curve("tanh", -3, 3, (-1, 1))')
    for curve in curves:
        if curve.op not in table():
            raise ValueRefusedError(f"there is no op {curve.op!r}", fix='give one of the table, such as "sigmoid"')
    return _panels([partial(_curve, curve) for curve in curves], [1.0] * len(curves), theme, caption, description)


def scatter(
    panels: Sequence[Points], *, theme: ThemeLike = "textbook", caption: str = "", description: str = ""
) -> Plot:
    """Points of two classes, filled (1) and white (0), in one plane a panel, with the line that separates them.

    Raises MissingPackageError without matplotlib.

    >>> scatter([Points("AND", ((0, 0), (1, 1)), (0, 1), line=((1, 1), -1.5))]).caption
    ''
    """
    ratios = [max(x for x, _ in panel.points) + 2 * AROUND for panel in panels]
    return _panels([partial(_points, panel) for panel in panels], ratios, theme, caption, description)


def _panels(
    draw: Sequence[Callable[[Theme, Any], None]], ratios: Sequence[float], theme: ThemeLike, caption: str, said: str
) -> Plot:
    chosen = theme_named(theme)

    def figure() -> Any:
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        made = Figure(
            figsize=(0.6 + 3.0 * max(sum(ratios) / ratios[0], 1.5), 3.7),
            layout=ConstrainedLayoutEngine(w_pad=0.14, h_pad=0.14, compress=True),
        )
        grid = made.add_gridspec(1, len(draw), width_ratios=list(ratios))
        for i, paint in enumerate(draw):
            axes = made.add_subplot(grid[i])
            axes.set_facecolor(chosen.background)
            axes.tick_params(colors=chosen.text, length=3.5)
            for side in ("left", "bottom"):
                axes.spines[side].set_color(chosen.border)
            axes.spines["right"].set_visible(False)
            paint(chosen, axes)
        if caption:
            made.supxlabel(caption, color=chosen.faint, fontsize=SIZE)
        return made

    return plot(figure, background=chosen.background, caption=caption, description=said)


def _curve(curve: Curve, theme: Theme, axes: Any) -> None:
    z = variable("z", ("m",))
    grid = np.linspace(curve.low, curve.high, 401)
    y = forward_pass(table()[curve.op](z), {z: grid})
    low, high = curve.y
    axes.axhline(0.0, color=theme.constant_border, linewidth=0.8)
    for level in curve.bounds:
        axes.axhline(level, color=theme.constant_border, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.axvline(0.0, color=theme.constant_border, linewidth=0.8)
    axes.plot(grid, y[y.graph.output], color=theme.forward, linewidth=2.2)
    axes.set_xlim(curve.low, curve.high)
    axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    axes.set_xlabel(italic("z"), color=theme.text)
    axes.set_ylabel(f"{italic('y')} = {TABLE[curve.op].sign}({italic('z')})", color=theme.text)
    axes.set_title(curve.title, color=theme.text, fontsize=SIZE, pad=10.0)


def _points(panel: Points, theme: Theme, axes: Any) -> None:
    right, top = (max(at) + AROUND for at in zip(*panel.points, strict=True))
    axes.set_xlim(-AROUND, right)
    axes.set_ylim(-AROUND, top)
    axes.set_aspect("equal")
    if panel.line is not None:
        (w1, w2), b = panel.line
        across = np.array([-AROUND, right]) if w2 else np.full(2, -b / w1)
        up = -(w1 * across + b) / w2 if w2 else np.array([-AROUND, top])
        axes.plot(across, up, color=theme.backward, linewidth=1.6, linestyle=(0, (5, 3)))
    for (x, y), of in zip(panel.points, panel.classes, strict=True):
        fill = theme.forward if of == FILLED else theme.background
        axes.plot(x, y, "o", markersize=10.0, markerfacecolor=fill, markeredgecolor=theme.forward, markeredgewidth=1.6)
    for point in dict.fromkeys(panel.points) if panel.names else ():
        said = [name for name, at in zip(panel.names, panel.points, strict=True) if at == point]
        _beside(axes, " and ".join(said), point, panel.line, theme)
    if panel.mark:
        middle = (right - AROUND) / 2, (top - AROUND) / 2
        axes.text(*middle, panel.mark, color=theme.backward, fontsize=20.0, ha="center", va="center")
    axes.set_xticks(range(int(right) + 1))
    axes.set_yticks(range(int(top) + 1))
    axes.set_xlabel(f"{italic(panel.letter)}₁", color=theme.text)
    axes.set_ylabel(f"{italic(panel.letter)}₂", color=theme.text, rotation=0, labelpad=10.0)
    axes.set_title(panel.title, color=theme.text, fontsize=SIZE, pad=10.0)


def _beside(axes: Any, said: str, point: tuple[float, float], line: Any, theme: Theme) -> None:
    """Words beside a point, on the side that the line is not on."""
    (w1, w2), b = line or ((0.0, 1.0), 1.0)
    away = np.sign(w1 * point[0] + w2 * point[1] + b) * np.array([w1, w2]) / np.hypot(w1, w2)
    axes.annotate(
        said,
        point,
        xytext=tuple(16.0 * away),
        textcoords="offset points",
        ha="center",
        va="center",
        color=theme.faint,
        fontsize=SIZE,
    )
