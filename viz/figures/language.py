"""Figures of nets that read words: features, one-hot rows, pooled embeddings, a language model (SLP3 6.10 to 6.14)."""

from __future__ import annotations

from dataclasses import replace

from cgraph import nn, notation
from cgraph.node import Node, variable
from cgraph.notation import Math, Named, Row, Script, Sym
from viz.embeddings import LENGTH, embedded, fed_by, lookup, reading
from viz.network import COLUMNS, ROWS, layers
from viz.schematic.picture import SchematicPicture, picture
from viz.schematic.pieces import (
    FAN,
    FLOW,
    OP,
    Block,
    Cells,
    Column,
    Dots,
    Link,
    Schematic,
    Unit,
    Words,
    all_to_all,
    each,
)
from viz.schematic.words import lines, shape, unit_name, words

REVIEW = ("dessert", "was", "great")
POSITIVE = frozenset({"great", "good", "delicious", "excellent"})
CLASSES = ("+", "−", "neut")


def hand_built_features(theme: str, caption: str, description: str) -> SchematicPicture:
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


def features(tokens: tuple[str, ...]) -> tuple[tuple[Math, ...], ...]:
    """The three features of a text, in words: how many words, how many positive ones, how often “no”."""
    return (
        lines(f"wordcount={len(tokens)}"),
        lines("positive lexicon", f"words = {sum(t in POSITIVE for t in tokens)}"),
        lines(f"count of “no” = {tokens.count('no')}"),
    )


def one_word(theme: str, caption: str, description: str) -> SchematicPicture:
    """Fig. 6.11."""
    return picture(lookup(_embeddings(), [3]), theme=theme, caption=caption, description=description)


def many_words(theme: str, caption: str, description: str) -> SchematicPicture:
    """Fig. 6.12."""
    panel = lookup(_embeddings(), [-2, 3, 1, None, 5], "N")
    return picture(panel, theme=theme, caption=caption, description=description)


def pooled_sentiment(theme: str, caption: str, description: str) -> SchematicPicture:
    """Fig. 6.13."""
    E, ids = _embeddings(), (3, 524, 902)
    net = _classifier(variable("W", ("d", "d_h")), variable("U", ("d_h", 3)))
    names = ("", "Hidden layer", "Output layer")
    panel = layers(net, letters=("x", "h", "ŷ"), shapes=ROWS, captions=names, vectors=True)
    panel = _weighted(panel)
    pooled = Cells(
        ((None,) * LENGTH,),
        words("x"),
        shaded=frozenset((0, c) for c in range(LENGTH)),
        note=words("pooled embedding"),
        size=14.0,
    )
    vector = Column((pooled,), panel.columns[0].heading, (shape(1, "d"), words("Input layer")))
    pool = Column((Unit(Sym("+"), OP),), (), (None, words("pooling")))
    rows = (0, 1, 2)
    whole = reading(REVIEW, ids, E, shared=("E matrix shared", "across words")).then(
        Link(each(rows, rows), width=34.0),
        embedded(REVIEW, rows, "d"),
        Link(all_to_all(rows, (0,), FLOW), width=48.0),
        pool,
        Link(each((0,), (0,)), width=34.0),
        fed_by(panel, vector),
    )
    return picture(
        _with_classes(whole, "Output", "probabilities"), theme=theme, caption=caption, description=description
    )


def language_model(theme: str, caption: str, description: str) -> SchematicPicture:
    """Fig. 6.14."""
    E, ids = _embeddings(), (35, 992, 451)
    net = _classifier(variable("W", ("Nd", "d_h")), variable("U", ("d_h", "V")))
    names = ("", "hidden layer h", "output layer y")
    panel = layers(
        net, letters=("e", "h", "ŷ"), shown={2: (1, 34, 42, 35102, "V")}, shapes=ROWS, captions=names, vectors=True
    )
    text = ("and", "thanks", "for", "all", "the", "?")
    places: tuple[Math | None, ...] = (None, None, before(3), before(2), before(1), before(0))
    spoken = Column(
        tuple(
            Words((words(w),) if place is None else (words(w), place)) for w, place in zip(text, places, strict=True)
        ),
        foot=(None, words("words")),
    )
    rows, at = (0, 1, 2), (2, 3, 4)
    one = frozenset((r, 0) for r in range(3))
    parts = tuple(
        Cells(((None,),) * 3, words(f"embedding for “{w}”"), shaded=one, size=17.0) for w in ("for", "all", "the")
    )
    vector = Column(parts, panel.columns[0].heading, (shape(1, "Nd"), words("embedding layer e")), gap=0.0)
    whole = reading(
        ("for", "all", "the"),
        ids,
        E,
        shared=("E is shared", "across words"),
        first=spoken,
        at=at,
        layer=("Input layer",),
    ).then(Link(each(rows, rows), width=56.0), fed_by(panel, vector))
    return picture(_with_words(whole), theme=theme, caption=caption, description=description)


def _with_words(panel: Schematic) -> Schematic:
    """The probabilities of some words to the right of the outputs, each beside its own."""
    outputs = panel.columns[-1]
    said = {"ŷ1": words("aardvark"), "ŷ34": words("do"), "ŷ42": words("fish"), "ŷ35102": words("zebra")}
    said["ŷ|V|"] = _place("V")
    told = tuple(
        Words((probability(said[notation.text(p.label)], full=p is outputs.pieces[0]),))
        if isinstance(p, Unit)
        else Dots()
        for p in outputs.pieces
    )
    units = [i for i, piece in enumerate(outputs.pieces) if isinstance(piece, Unit)]
    whole = Schematic((*panel.columns[:-1], replace(outputs, grid="output")), panel.links)
    return whole.then(Link(each(units, units), width=30.0), Column(told, grid="output", align="left"))


def before(count: int) -> Math:
    """The word at a place before the next one: w with t − 3 below."""
    parts: tuple[Math, ...] = (Sym("t", italic=True), *((Sym("−"), Sym(str(count))) if count else ()))
    return Named(Script(Sym("w", italic=True), sub=Row(parts)), f"wt−{count}" if count else "wt")


def probability(word: Math, full: bool = False) -> Math:
    """The probability of the next word given the three before it; short without `full`."""
    given: list[Math] = [before(3), Sym(","), before(2), Sym(","), before(1)] if full else [Sym("…")]
    return notation.row(Sym("p", italic=True), "(", before(0), Sym("=", space="thin"), word, "|", *given, ")")


def _place(index: int | str) -> Math:
    """The word of the vocabulary in this place: V with its number below."""
    return unit_name("V", index)


def _embeddings() -> Node:
    return variable("E", ("V", "d"))


def _classifier(W: Node, U: Node) -> nn.Sequential:
    return nn.Sequential([nn.Linear(W), nn.Activation("relu"), nn.Linear(U), nn.Activation("softmax")])


def _weighted(panel: Schematic) -> Schematic:
    links = tuple(Link(link.strokes, (*link.foot, words("weights")), link.width) for link in panel.links)
    return Schematic(panel.columns, links, panel.tag)


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
