"""The gallery: twenty-one diagrams of well-known courses, each from a few lines of code that are shown beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from cgraph.errors import ValueRefusedError, did_you_mean
from viz.figures.courses import gates, nets, sequences
from viz.graphs.draw import draw
from viz.graphs.picture import Picture
from viz.ink.themes import ThemeLike


@dataclass(frozen=True)
class Diagram:
    """A diagram: what it is called, and the function that draws it, whose body is its code."""

    title: str
    build: Callable[[Callable[..., Picture]], Picture]

    @property
    def name(self) -> str:
        """Its name in calls, on the command line and of its files."""
        return self.build.__name__.replace("_", "-")

    @property
    def remark(self) -> str:
        """What a reader may learn from it."""
        return (self.build.__doc__ or "").strip()

    @property
    def code(self) -> str:
        """The code that draws it, after `import cgraph as cg` and `from viz import draw`."""
        import inspect
        from textwrap import dedent

        body = dedent(inspect.getsource(self.build).partition('"""\n')[2])
        return body.replace("return draw(", "draw(")

    @property
    def stem(self) -> str:
        """The name of its files."""
        return self.name

    def picture(self, theme: ThemeLike = "textbook", *, numbered: bool = True) -> Picture:
        """The diagram in a theme; it has no number. Raises ValueRefusedError for an unknown theme."""
        return self.build(partial(draw, theme=theme, caption=self.title))


GALLERY = {
    diagram.name: diagram
    for diagram in (
        Diagram("Gates: add, multiply and max", gates.gates),
        Diagram("A sigmoid neuron, step by step", gates.sigmoid_neuron),
        Diagram("A neuron", gates.neuron),
        Diagram("An expression that uses its inputs often", gates.expression),
        Diagram("Linear regression", gates.linear_regression),
        Diagram("Logistic regression", gates.logistic_regression),
        Diagram("Softmax and cross-entropy, number by number", gates.softmax_cross_entropy),
        Diagram("A perceptron of two layers with weight decay", nets.weight_decay),
        Diagram("Batch norm in its stages", nets.batch_norm),
        Diagram("Layer norm", nets.layer_norm),
        Diagram("A residual block", nets.residual_block),
        Diagram("A convolution", nets.convolution),
        Diagram("Dropout", nets.dropout),
        Diagram("A deep perceptron", nets.deep_mlp),
        Diagram("A recurrent net over three steps", sequences.recurrent),
        Diagram("An LSTM cell", sequences.lstm_cell),
        Diagram("Attention", sequences.attention),
        Diagram("Attention with two heads", sequences.two_heads),
        Diagram("Skip-gram with negative samples", sequences.skip_gram),
        Diagram("A language model of embeddings", sequences.language_model),
        Diagram("Twelve transformer blocks", sequences.transformer),
    )
}


def gallery(name: str, theme: ThemeLike = "textbook") -> Picture:
    """A diagram of the gallery by its name, such as "lstm-cell"; docs/gallery.md shows them all, with their code.

    Raises ValueRefusedError for a name that the gallery does not have, and for an unknown theme.

    >>> gallery("gates").caption
    'Gates: add, multiply and max'
    """
    return shown(name).picture(theme)


def shown(name: str) -> Diagram:
    """The record of a diagram. Raises ValueRefusedError for a name that the gallery does not have."""
    wanted = str(name).strip().lower().replace("_", "-").replace(" ", "-")
    if wanted not in GALLERY:
        near = did_you_mean(wanted, GALLERY, otherwise=f"choose one of {', '.join(GALLERY)}")
        raise ValueRefusedError(f"the gallery has no diagram {name!r}", fix=near)
    return GALLERY[wanted]
