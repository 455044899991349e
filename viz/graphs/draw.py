"""`viz.draw`: from a graph, a formula, a pass or a model to its picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from cgraph.errors import ValueRefusedError
from cgraph.graph.building import paused
from cgraph.graph.node import Node
from cgraph.passes.forward import Forward
from cgraph.shapes import is_integer
from viz import asked
from viz.graphs.paint import paint
from viz.graphs.picture import TOP_DOWN, Picture
from viz.graphs.places.engine import TIME_LIMIT
from viz.graphs.places.fit import Fitted, fitted
from viz.graphs.places.layout import Layout
from viz.graphs.words.annotate import Layers, annotate
from viz.graphs.words.chosen import Choices
from viz.graphs.words.drawing import DIGITS, FORMULA, FULL, HOVER, NUMBER, OUTLINE, Drawing
from viz.graphs.words.fold import LAYERS, WAYS
from viz.graphs.words.heat import GRADIENT, Heat, heat
from viz.graphs.words.highlight import Highlight
from viz.graphs.words.levels import with_fewer
from viz.graphs.zoom import zoomed
from viz.ink.lines import clean
from viz.ink.page import page_of
from viz.ink.themes import ThemeLike, theme_named

if TYPE_CHECKING:
    from cgraph.proof import Report
    from viz.diagnosis.diagnose import Diagnosis

SHOWS = (paint.FORWARD, paint.BACKWARD, paint.BOTH)
LESS = (FULL, FORMULA, NUMBER, HOVER)  # from many words to few
WIDER = 2.5  # times, a picture with frames may be: a page leaves out the outermost ones where it would be more
DIRECTIONS = {"LR": "left to right", "TB": "top down"}


def draw(
    of: Any,
    values: Mapping[Any, Any] | None = None,
    /,
    *,
    show: str | None = None,
    style: str = "textbook",
    detail: str | None = None,
    theme: ThemeLike = "textbook",
    direction: str | None = None,
    width: str | float | None = None,
    height: str | float | None = None,
    smallest: float | None = None,
    caption: str | None = None,
    proof: Report | None = None,
    zoom: str | None = None,
    fold: str | bool | Iterable[str] | None = None,
    open: str | Iterable[str] = (),
    repeats: bool | None = None,
    frames: bool | None = None,
    colour: str | None = None,
    limit: float | None = None,
    diagnosis: Diagnosis | None = None,
    highlight: Highlight | None = None,
    colours: Mapping[Any, str] | None = None,
    labels: Mapping[Any, str] | None = None,
    legend: bool = True,
    transparent: bool = False,
    digits: int = DIGITS,
    around: Node | str | None = None,
    depth: int | None = None,
    engine: str | None = None,
    time_limit: float = TIME_LIMIT,
    **named: Any,
) -> Picture:
    """A picture of a graph (with symbolic gradients), of a forward pass, of a backward pass, or of a model.

    of          a node, a graph, its formula as text, a pass, or a model such as nn.MLP([2, 2, 1], seed=0)
    values      with a graph: the values of its leaves, `viz.draw("L = c*(a + 2*b)", a=3, b=1, c=-2)` or in a dict as
                for cg.forward; the passes are computed and drawn
    show        "forward", "backward" or "both": a backward pass shows both by default; the layout is the same
    style       "textbook" (d = 2b in a box) or "circuit" (each op's sign in a circle, its name where it leaves)
    detail      "full", "formula", "number", "hover" or "outline": how much is written; by default it follows from
                the size, and what is not written stands in the titles (on hover)
    theme       "textbook", "dark" or "print", or your own, {"base": "dark", "forward": "#8fbdf2"}, with the names
                of viz.ink.themes.Theme; a warning says which of its colours are hard to read
    caption     the words below; by default they say what is drawn, and "" is no caption
    direction   "LR" (left to right) or "TB" (top down); by default the one that fits its page better
    width       where it goes: "16cm" (by default: a page), "8.4cm" or "column", "slide" (1280×720 pixels), "454pt";
                words, direction, rows and detail are chosen such that the smallest text there has at least `smallest`
                points (6; 9 on a slide) and, with `height`, that it is no higher. `picture.fit` says what had to give
    proof       the report of cg.prove on the same graph: marks the derivatives that are proved
    zoom        "layers" (a box a layer), "tensors" or "neurons" (a box a number, as cg.unroll makes them)
    fold        "layers" (by scopes, see cg.scope, and by names such as z[1] or encoder.W), "blocks" (one after the
                other) or "copies" (side by side) puts many nodes into one box; False draws every node; by default more
                than 300 boxes are folded, in the first way that halves them. The name of a layer, or several, folds
                these alone: "encoder.layer[1]". `picture.folded` says what was folded
    open        the name of a layer, or several, to draw open beside those that are folded: "block[1]"
    repeats     of layers: whether those that compute the same, three times or more in a row, are one box (× 12); by
                default scopes are, where there are no numbers for each
    frames      True for a frame around each scope; by default pictures have them around open layers where others
                fold, and pages around every layer, to be opened and closed by a click; False for none
    colour      "value" or "gradient": the numbers as colour, of an array as a small heat map (svg, png and pdf);
                `limit` is the size that has the full colour, by default the largest that is computed or trained
    diagnosis   viz.diagnose of the same pass: a badge on each box of which it has a finding
    highlight   a node, or ("b", "L") or "b->L" for all ways from one to another, or ("b", "e", "L") for those through
                a third, or a list of all these; the rest is dimmed
    colours     a colour for some boxes, {"a": "#ffd54f"}; labels: words of your own in some boxes,
                or beside circles, {"a": "weight"}: the graph and its names stay as they are
    legend      False leaves it out; transparent=True leaves out the background
    digits      significant digits of numbers, 3 by default
    around      a node: only what is at most `depth` edges from it (2 by default) is drawn
    depth       with around=, how many edges; with fold="layers", how far down: 1 folds the outermost layers, 2 those in
                them; by default the first depth at which there are several
    engine      the Graphviz to use, or "layered" for the layout of large graphs (without words on edges); Graphviz
                has `time_limit` seconds

    Raises LayoutError when the layout takes too long or there is no engine, NameUnknownError for a node that there is
    not, ValueRefusedError for other choices.
    """
    options = {name: value for name, value in locals().items() if name in (draw.__kwdefaults__ or {})}
    opened, (way, closed) = _names(open), _folding(fold)
    if closed and opened:
        raise ValueRefusedError(
            f"{', '.join(opened)} open beside {', '.join(closed)}",
            why="fold= with the names of layers folds these and leaves all others open",
            fix='leave out open=, or fold="layers"',
        )
    of_layers = around is None and not closed and (bool(opened) or LAYERS in (way, zoom))
    edges = None if of_layers else depth
    choices = Choices(highlight, colours, labels, legend, transparent, digits, around, edges)
    whole_subject = asked.subject(of, {**(values or {}), **named}, options)
    subject, way = zoomed(whole_subject, zoom, way)
    if show is None:
        show = paint.FORWARD if isinstance(subject, Forward) else paint.BOTH
    for what, given, allowed in (("pass", show, SHOWS), ("direction", direction, (None, *DIRECTIONS))):
        if given not in allowed:
            raise ValueRefusedError(
                f"there is no {what} {given!r} to show", fix=f"choose one of {', '.join(filter(None, allowed))}"
            )
    page = page_of(width, height, smallest)
    if isinstance(subject, Forward) and show != paint.FORWARD:
        raise ValueRefusedError(
            "the backward pass was not computed", why="this is a forward pass", fix="draw cg.backward(fwd)"
        )
    chosen = theme_named(theme)
    passes = asked.passes(subject)
    proofs = asked.proofs(passes, proof)
    layers = Layers(_depth(depth) if of_layers else None, opened, repeats, closed)

    def drawn(wanted: str | None, how: str | bool | None = way, frames: bool | None = frames) -> Drawing:
        drawing = annotate(passes, style, wanted, proofs, how, choices.digits, choices.part, layers)
        if zoom == LAYERS and drawing.nothing:
            why, _, fix = drawing.nothing.partition("; ")
            raise ValueRefusedError("there are no layers to zoom to", why=why, fix=fix)
        if frames is False or (frames is None and not drawing.folded and not opened):
            drawing = replace(drawing, frames=())
        if diagnosis is not None:
            from viz.graphs.badges import badged

            drawing = badged(drawing, passes.graph, diagnosis)
        if colour is not None:
            drawing = coloured(drawing, heat(subject, colour, limit), show)
        return choices.on(drawing, passes.graph)

    def title(drawing: Drawing, show: str) -> str:
        first = _caption(drawing, show) if caption is None else clean(caption)
        notes = ([drawing.part] if drawing.part else []) + ([_folded(drawing)] if drawing.folded else [])
        return "\n".join([first, *notes]) if first else ""

    def whole(drawing: Drawing, size: tuple[float, float]) -> tuple[float, float]:
        return paint.size_of(drawing, chosen, paint.BOTH, title(drawing, paint.BOTH), size)  # one layout for all passes

    def fit(drawing: Drawing) -> Fitted:
        directions = tuple(DIRECTIONS) if direction is None else (direction,)
        return fitted(drawing, chosen, directions, page, whole, engine, time_limit)

    with paused():  # of 10,000 nodes, an eighth of the time
        best = _fitted(drawn, fit, detail, WAYS if fold is None and page.asked else ())
    words = title(best.drawing, show), alternative_text(best.drawing, show), best.direction
    again = partial(draw, whole_subject, **options)

    def bare(drawing: Drawing, size: tuple[float, float]) -> tuple[float, float]:
        return paint.size_of(drawing, chosen, paint.BOTH, "", size)

    def narrow(drawing: Drawing, width: str) -> Layout:
        screen = page_of(width, None, None)
        return fitted(drawing, chosen, (TOP_DOWN,), screen, bare, engine, time_limit).layout()

    picture = Picture(passes, style, best.drawing, best.layout(), chosen, show, *words, proofs, best.fit, again, narrow)
    if frames is not None or best.drawing.folded or best.drawing.detail == OUTLINE:
        return picture

    def framed() -> Picture:
        with_frames = drawn(best.drawing.detail, frames=True)
        plain = best.layout()
        for drawing in with_fewer(with_frames):
            found = fit(drawing).layout()
            if max(found.width / plain.width, found.height / plain.height) < WIDER:
                return replace(picture, drawing=drawing, layout=found, framed=None)
        return picture

    return replace(picture, framed=framed)


def _fitted(
    drawn: Callable[..., Drawing], fit: Callable[[Drawing], Fitted], detail: str | None, ways: Sequence[str]
) -> Fitted:
    """The picture with the most words that fits its page; when none does, the one with the largest text."""
    first = drawn(detail)
    best = fit(first)
    less = LESS[LESS.index(first.detail) + 1 :] if detail is None and first.detail in LESS else ()
    others = chain(((what, False) for what in less), ((detail, way) for way in ways))
    for wanted, way in others:
        if best.fit.fits:
            return best
        drawing = drawn(wanted, way) if way else drawn(wanted)
        if drawing.folded and 2 * len(drawing.boxes) > len(first.boxes):
            continue
        found = fit(drawing)
        if found.fit.smallest > best.fit.smallest:
            gave = f"detail: {drawing.detail}" if drawing.detail != first.detail else ""
            folded = "folded" if drawing.folded and not first.folded else ""
            best = found.that_gave(*filter(None, (gave, folded)))
    return best


def coloured(drawing: Drawing, heat: Heat, show: str) -> Drawing:
    """A drawing with its numbers as colour. Raises ValueRefusedError where the numbers, and so their signs, are not."""
    if drawing.detail == OUTLINE or (heat.what == GRADIENT and show == paint.FORWARD):
        what = "an outline" if drawing.detail == OUTLINE else "the forward pass alone"
        raise ValueRefusedError(
            f"{what} has no colour by {heat.what}",
            why="its numbers are not shown, and nothing is said by colour alone",
            fix='draw it with detail="hover"' if drawing.detail == OUTLINE else 'choose colour="value"',
        )
    return replace(drawing, heat=heat)


def _folding(fold: str | bool | Iterable[str] | None) -> tuple[str | bool | None, tuple[str, ...]]:
    """A way to fold, and the names of the layers that alone are folded."""
    if fold is None or isinstance(fold, bool) or (isinstance(fold, str) and fold in WAYS):
        return fold, ()
    return LAYERS, _names(fold)


def _names(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _depth(depth: int | None) -> int | None:
    if depth is not None and (not is_integer(depth) or depth < 1):
        raise ValueRefusedError(
            f"the depth is {depth!r}", why="the outermost layers are at depth 1", fix="give a whole number from 1 on"
        )
    return depth


def _folded(drawing: Drawing) -> str:
    few = "; ".join(drawing.folded[:3]) + (f"; and {len(drawing.folded) - 3} more" if len(drawing.folded) > 3 else "")
    return f"Folded: {few}. fold=False draws every node."


def _caption(drawing: Drawing, show: str) -> str:
    if not drawing.has_values:
        return f"Computation graph of {drawing.root}" + (" with its gradients" if drawing.has_gradients else "")
    passes = {"forward": "forward pass", "backward": "backward pass", "both": "forward pass and backward pass"}[show]
    return f"Computation graph of {drawing.root}: {passes}"


def alternative_text(drawing: Drawing, show: str) -> str:
    """Alternative text: every node and, where gradients are shown, every edge, in words."""
    if drawing.detail == OUTLINE:
        return f"A graph of {len(drawing.boxes)} boxes and {len(drawing.edges)} edges; each says its own in its title."
    hide = show == paint.FORWARD
    bright = [b.name for b in drawing.boxes if b.id not in drawing.look.dimmed]
    sentences = [f"Highlighted: {', '.join(bright)}"] if drawing.look.dimmed else []
    sentences += ["; ".join(t for t in b.title.split("\n") if not (hide and t.startswith("∂"))) for b in drawing.boxes]
    if not hide:
        sentences += ["; ".join(e.title.split("\n")) for e in drawing.edges]
    else:
        sentences.append("edges: " + ", ".join(e.name for e in drawing.edges))
    return ". ".join(sentences) + "."
