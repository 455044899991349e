"""Figures of nets that read words: features, one-hot rows, pooled embeddings, a language model (SLP3 6.10 to 6.14)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cgraph import nn, notation
from cgraph.graph.node import Node, variable
from cgraph.notation import Math, Sym
from viz.ink.themes import ThemeLike
from viz.schematics.dense import COLUMNS, layers
from viz.schematics.embeddings import language_model, lookup, pooled
from viz.schematics.picture import SchematicPicture, picture
from viz.schematics.pieces import FAN, Block, Column, Link, Schematic, Words, all_to_all, each
from viz.schematics.words import lines, words

PLACES = {1: "aardvark", 34: "do", 35: "for", 42: "fish", 451: "the", 992: "all", 35_102: "zebra"}
REVIEW = ("dessert", "was", "great")
POSITIVE = frozenset({"great", "good", "delicious", "excellent"})
CLASSES = ("+", "−", "neut")


def hand_built_features(theme: ThemeLike, caption: str, description: str) -> SchematicPicture:
    """Fig. 6.10."""
    net = _classifier(variable("W", ("d", "d_h")), variable("U", ("d_h", 3)))
    panel = layers(
        net, letters=("x", "h", "ŷ"), shown={0: (1, 2, 3)}, shapes=COLUMNS, vectors=True,
        captions=("Input layer", "Hidden layer", "Output layer"),
    )  # fmt: skip
    inputs = panel.columns[0]
    level = Column(inputs.pieces, inputs.heading, (*inputs.foot, words("d=3 features")), grid="features", gap=34.0)
    spoken = Column(tuple(Block((words(w),)) for w in REVIEW), (), (None, words("Input words")), grid="features")
    known = Column(tuple(Block(said) for said in features(REVIEW)), grid="features")
    start = Schematic((spoken,)).then(
        Link(all_to_all(range(3), range(3), FAN), width=74.0), known, Link(each(range(3), range(3)), width=34.0)
    )
    net_part = Schematic((level, *panel.columns[1:]), panel.links)
    whole = Schematic((*start.columns, *net_part.columns), (*start.links, *net_part.links))
    return picture(_with_classes(whole), theme=theme, caption=caption, description=description)


def features(review: Sequence[str]) -> tuple[tuple[Math, ...], ...]:
    """The three features of a text, in words: how many words, how many positive ones, how often “no”."""
    count, positive, no = nn.text.features(" ".join(review), POSITIVE)
    return (
        lines(f"wordcount={count:.0f}"),
        lines("positive lexicon", f"words = {positive:.0f}"),
        lines(f"count of “no” = {no:.0f}"),
    )


def one_word(theme: ThemeLike, caption: str, description: str) -> SchematicPicture:
    """Fig. 6.11."""
    return picture(lookup(_embeddings(), [3]), theme=theme, caption=caption, description=description)


def many_words(theme: ThemeLike, caption: str, description: str) -> SchematicPicture:
    """Fig. 6.12."""
    panel = lookup(_embeddings(), [-2, 3, 1, None, 5], "N")
    return picture(panel, theme=theme, caption=caption, description=description)


def pooled_sentiment(theme: ThemeLike, caption: str, description: str) -> SchematicPicture:
    """Fig. 6.13: nn.language.PooledClassifier."""
    W, U = nn.Linear(variable("W", ("d", "d_h"))), nn.Linear(variable("U", ("d_h", 3)))
    net = nn.language.PooledClassifier(nn.Embedding(_embeddings()), W, U, "relu")
    whole = _with_classes(pooled(net, dict(zip(REVIEW, (3, 524, 902), strict=True))), "Output", "probabilities")
    return picture(whole, theme=theme, caption=caption, description=description)


def next_word(theme: ThemeLike, caption: str, description: str) -> SchematicPicture:
    """Fig. 6.14: nn.language.LanguageModel, with a vocabulary that has the chapter's words in the chapter's places."""
    listed = [f"word {i}" for i in range(36_000)]
    for place, word in {0: "<unk>", **PLACES}.items():
        listed[place] = word
    net = nn.language.LanguageModel.random(nn.text.Vocabulary(tuple(listed)), width=2, hidden=3, seed=0)
    told = [place for place, word in PLACES.items() if word in ("aardvark", "do", "fish", "zebra")]
    net = replace(net, hidden=nn.Linear(net.hidden.W))
    whole = language_model(net, ("and", "thanks", "for", "all", "the"), (*told, "V"), ("Nd", "d_h", "V"), "d")
    return picture(whole, theme=theme, caption=caption, description=description)


def _embeddings() -> Node:
    return variable("E", ("V", "d"))


def _classifier(W: Node, U: Node) -> nn.Sequential:
    return nn.Sequential([nn.Linear(W), nn.Activation("relu"), nn.Linear(U), nn.Activation("softmax")])


def _with_classes(panel: Schematic, *foot: str) -> Schematic:
    """The probabilities of the classes to the right of the outputs, each beside its own."""
    outputs = panel.columns[-1]
    level = Column(outputs.pieces, outputs.heading, outputs.foot, grid="output", gap=30.0)
    said = Column(
        tuple(Words((notation.row(Sym("p", italic=True), f"({c})"),)) for c in CLASSES),
        (),
        (None, *lines(*foot)),
        grid="output",
        align="left",
    )
    whole = Schematic((*panel.columns[:-1], level), panel.links)
    return whole.then(Link(each(range(3), range(3)), width=34.0), said)
