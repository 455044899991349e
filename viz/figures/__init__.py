"""The eighteen figures of the chapter, each drawn from a real model, a real pass or the table of ops.

Source of the numbering and of what each figure shows: Jurafsky and Martin, Speech and Language Processing (3rd ed.),
chapter 6.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cgraph.errors import ValueRefusedError
from viz.figures import language, passes, units
from viz.ink.themes import ThemeLike


class Savable(Protocol):
    """A picture or a plot."""

    @property
    def caption(self) -> str: ...

    @property
    def description(self) -> str: ...

    def svg(self) -> str: ...

    def save(self, path: str | os.PathLike[str], *, dpi: float | None = None) -> Path: ...


@dataclass(frozen=True)
class Figure:
    """One figure of the chapter: its number, the line below it, what it shows in words, how it is drawn.

    `remark` is what a reader may learn from it; `draw` takes the theme, the caption and the description. Without a
    description of its own a figure is described by what is computed in it.
    """

    number: str
    title: str
    remark: str
    description: str
    draw: Callable[[ThemeLike, str, str], Savable]

    @property
    def caption(self) -> str:
        """The line that stands below the figure."""
        return f"Fig. {self.number}: {self.title}"

    @property
    def stem(self) -> str:
        """The name of its files."""
        return f"fig-{self.number}"

    def picture(self, theme: ThemeLike = "textbook", *, numbered: bool = True) -> Savable:
        """The figure in a theme, its caption with the book's number or without.

        Raises ValueRefusedError for an unknown theme, MissingPackageError for plots.
        """
        caption = self.caption if numbered else self.title[:1].upper() + self.title[1:]
        return self.draw(theme, caption, self.description)


FIGURES = {
    figure.number: figure
    for figure in (
        Figure(
            "6.1",
            "the sigmoid squashes any number into (0, 1)",
            "Its slope is never more than 1/4, and almost nothing far from 0.",
            "A curve that rises from 0 on the left through 0.5 at z = 0 to 1 on the right: steepest, with slope 0.25, "
            "at 0, flat where |z| is large.",
            units.sigmoid_curve,
        ),
        Figure(
            "6.2",
            "one neural unit, from its inputs to its activation",
            "The weights 0.2, 0.3, 0.9 and the bias 0.5 turn the input 0.5, 0.6, 0.1 into z = 0.87 and a = 0.70.",
            "The inputs x1, x2, x3 and a grey source +1 lead by the weights w1, w2, w3 and b into a sum; its result z "
            "goes through the sigmoid, whose result a is the output y.",
            units.neural_unit,
        ),
        Figure(
            "6.3",
            "two more activations: (a) tanh, (b) ReLU",
            "Tanh is flat on both sides; the slope of ReLU is 1 wherever z is positive.",
            "Two curves. Tanh rises from −1 through 0 to 1. ReLU is 0 up to z = 0 and equal to z from there on.",
            units.tanh_and_relu,
        ),
        Figure(
            "6.4",
            "a perceptron each for (a) AND and (b) OR",
            "The unit answers 1 only where the sum is above 0: both gates meet a sum of exactly 0, and answer 0 there.",
            "Two units of the inputs x1 and x2, both with weight 1, and of a grey source +1: with the bias −1 the unit "
            "computes AND, with the bias 0 it computes OR.",
            units.perceptrons,
        ),
        Figure(
            "6.5",
            "a line separates AND, and OR, but not XOR",
            "Filled points are answers of 1. The lines are found in exact arithmetic, which proves that XOR has none.",
            "Three planes of x1 and x2 with the points 00, 01, 10 and 11. For AND a dashed line cuts off 11, for OR it "
            "cuts off 00. For XOR 01 and 10 are filled, and a question mark stands where no line can be.",
            units.separability,
        ),
        Figure(
            "6.6",
            "three ReLU units in two layers compute XOR",
            "The numbers on the strokes are the weights of nn.textbook.xor_net(), which answers 0, 1, 1, 0.",
            "Inputs x1, x2 lead to hidden units h1, h2 with weights 1; biases 0 and −1; h1 and h2 lead to y1 with "
            "weights 1 and −2, bias 0. The sources +1 of the biases are grey.",
            units.xor,
        ),
        Figure(
            "6.7",
            "XOR before and after the hidden layer",
            "The hidden units map 01 and 10 to one point, which a line cuts off from the other two.",
            "Two planes. In x space the filled points 01 and 10 lie across from each other. In h space both have "
            "become the one point (1, 0), and a dashed line separates it from (0, 0) and (2, 1).",
            units.hidden_space,
        ),
        Figure(
            "6.8",
            "a feedforward net of two layers",
            "Dots stand for units that are not drawn; the output layer has no bias.",
            "Columns of units from left to right: inputs x1 to xn0 and a grey +1, hidden units h1 to hn1, outputs y1 "
            "to yn2. Every input leads to every hidden unit by W, the +1 by b, every hidden unit to every output by U.",
            units.feedforward,
        ),
        Figure(
            "6.9",
            "(a) the bias as a source of +1, (b) the same as an input x0 that is always 1",
            "The biases are then the weights of unit 0, a column of W, and need no rule of their own.",
            "The net of Fig. 6.8 twice: in (b) the grey +1 with its bias b has become an input x0 = 1, whose weights "
            "are part of W.",
            units.dummy_input,
        ),
        Figure(
            "6.10",
            "sentiment from three features that were built by hand",
            "The features are counted from the words themselves; the net sees only three numbers.",
            "The words dessert, was, great give three features: wordcount 3, positive lexicon words 1, count of “no” "
            "0. They are the inputs of a net with a hidden layer and a softmax over positive, negative and neutral.",
            language.hand_built_features,
        ),
        Figure(
            "6.11",
            "a one-hot row times E is a row of E",
            "So a product with a one-hot row is a look-up.",
            "A row of zeros with a single 1 in place 3, times the matrix E of |V| rows and d columns, gives the third "
            "row of E.",
            language.one_word,
        ),
        Figure(
            "6.12",
            "N one-hot rows times E are N embeddings",
            "One row for each word, in the order of the text; the row of dots stands for the words between.",
            "A matrix of N one-hot rows, times the matrix E of |V| rows and d columns, gives N rows of E.",
            language.many_words,
        ),
        Figure(
            "6.13",
            "sentiment from the pooled embeddings of the words",
            "Pooling forgets the order of the words, and makes one vector of a text of any length.",
            "Each of the words dessert, was, great is a one-hot row that picks its embedding from the one matrix E. "
            "The three are pooled into one vector x, which a hidden layer and a softmax turn into p(+), p(−), p(neut).",
            language.pooled_sentiment,
        ),
        Figure(
            "6.14",
            "a language model with a window of three words",
            "Side by side, the embeddings keep the order of the words; only the last three words are read.",
            "The words for, all, the before the next word pick their embeddings from the one matrix E; put side by "
            "side they are the vector e, which a hidden layer and a softmax turn into a probability for every word "
            "of the vocabulary, among them aardvark, do, fish and zebra.",
            language.next_word,
        ),
        Figure(
            "6.15",
            "forward pass of L = c(a + 2b)",
            "Values flow from left to right along the edges.",
            "",
            passes.forward_pass,
        ),
        Figure(
            "6.16",
            "upstream gradient times local gradient is downstream gradient",
            "Each node needs only what comes from the right and its own derivative.",
            "Three nodes d, e, L in a row. Backward from L comes the upstream gradient ∂L/∂e; at e it is multiplied by "
            "the local gradient ∂e/∂d; the product ∂L/∂d is the downstream gradient that goes on to d.",
            passes.one_node,
        ),
        Figure(
            "6.17",
            "backward pass of L = c(a + 2b)",
            "On each edge stand the local gradient and the product that flows back to the left.",
            "",
            passes.backward_pass,
        ),
        Figure(
            "6.18",
            "a 2-2-1 net neuron by neuron, with both passes",
            "Trainable leaves are teal. Every value and every gradient is computed at x = (1, 0.5), y = 1.",
            "",
            passes.two_layer_net,
        ),
    )
}


def figure(number: str | float, theme: ThemeLike = "textbook", *, numbered: bool = True) -> Savable:
    """A figure of the chapter by its number, such as "6.6": with `.svg()` and `.save(...)`; notebooks show it.

    `numbered=False` leaves the book's number out of its caption.

    Raises ValueRefusedError for a number that the chapter does not have, MissingPackageError for a plot without
    matplotlib.

    >>> figure("6.6").svg()[:4]
    '<svg'
    """
    return found(number).picture(theme, numbered=numbered)


def found(number: str | float) -> Figure:
    """The record of a figure. Raises ValueRefusedError for a number that the chapter does not have."""
    wanted = str(number).strip().lower().removeprefix("fig").lstrip(". ")
    if wanted not in FIGURES:
        raise ValueRefusedError(
            f"the chapter has no figure {number!r}",
            fix='give a number from "6.1" to "6.18", as text: "6.10" is not 6.1',
        )
    return FIGURES[wanted]
