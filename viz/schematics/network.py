"""Nets as the textbook draws them: `viz.network(model)` makes a picture of a model's own layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from viz.ink.themes import ThemeLike
from viz.models import described
from viz.schematics.dense import UNIT, layers, unit
from viz.schematics.embeddings import embedding_net
from viz.schematics.picture import SchematicPicture, picture


def network(
    model: Any,
    *,
    letters: Sequence[str] | None = None,
    shown: Mapping[int, Sequence[int | str]] | None = None,
    weights: bool | None = None,
    bias: str = UNIT,
    shapes: str | None = None,
    captions: bool | Sequence[str] = True,
    expand: bool = False,
    words: Sequence[str] | Mapping[str, int] = (),
    theme: ThemeLike = "textbook",
    caption: str | None = None,
    description: str = "",
    width: str | float | None = None,
    height: str | float | None = None,
    smallest: float | None = None,
) -> SchematicPicture:
    """A net as columns of units: inputs left, outputs right, biases as grey units +1.

    model       a net (nn.MLP, nn.Sequential), one layer (nn.Linear), one unit (nn.textbook.Unit), or a net on
                embeddings (nn.language.PooledClassifier, nn.language.LanguageModel); its sizes may have names
    letters     the letter of each layer, x, h and y by default; ŷ has its hat
    shown       which units of a layer (counted from 0) are drawn, such as {2: [1, 42, "V"]}; by default those of a
                small layer, the first and the last of a large one
    weights     whether numbers stand on the strokes; by default when they are few
    bias        "unit" (a source of +1), or "dummy" (a unit 0 whose value is 1; SLP3 Eq. 6.18)
    shapes      "rows" ([1×d] and W [d×dh]) or "columns" ([d×1] and W [dh×d]) writes the shapes below
    captions    whether "input layer" and so on stand below, or the words for each layer
    words       what a net on embeddings reads: the words of a language model, or words with their places in the
                vocabulary, such as {"dessert": 3, "was": 524}
    width       where it goes, as in viz.draw: "16cm" (by default), "column", "slide", "454pt"; gaps and rows are chosen
                such that the smallest text there has at least `smallest` points (6; 9 on a slide) and, with `height`,
                that it is no higher. `picture.fit` says what had to give
    expand      for a single unit: its sum and its activation as two circles (SLP3 Fig. 6.2)

    Raises ValueRefusedError for what is no model, and for other choices.

    >>> from cgraph import nn
    >>> network(nn.MLP([2, 2, 1], seed=0)).caption
    'A 2-2-1 net'
    """
    told = described(model)
    dense = told.dense
    if told.reading is not None:
        panel = embedding_net(model, words)
    elif expand:
        panel = unit(dense[0])
    else:
        panel = layers(
            model, letters=letters, shown=shown, weights=weights, bias=bias, shapes=shapes, captions=captions
        )
    sizes = "-".join(str(s) for s in (dense[0].sizes[0], *(d.sizes[1] for d in dense)))
    words_below = f"A {sizes} net" if caption is None else caption
    page = width, height, smallest
    return picture(panel, *page, theme=theme, caption=words_below, description=description)
