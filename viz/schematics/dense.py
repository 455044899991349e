"""Columns of units from a model's linear layers, and the strokes between them.

The sizes, the names and the weights on the strokes are those of the model; what is too large is left out by dots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cgraph import notation
from cgraph.errors import ValueRefusedError
from cgraph.graph.names import of_layer
from cgraph.notation import Group, Math, Sym
from cgraph.ops import TABLE
from cgraph.shapes import Dimension
from viz.models import Dense, layers_of
from viz.schematics.pieces import (
    ABOVE,
    BELOW,
    BIAS,
    EITHER,
    FLOW,
    HIDDEN,
    INPUT,
    OP,
    OUTPUT,
    WEIGHT,
    Circle,
    Column,
    Dots,
    Link,
    Note,
    Piece,
    Schematic,
    Stroke,
)
from viz.schematics.words import lines, shape, unit_name, vector, words

UNIT, DUMMY = "unit", "dummy"
ROWS, COLUMNS = "rows", "columns"
MOST_UNITS, MOST_WEIGHTS = 6, 16
CAPTIONS = ("input layer", "hidden layer", "output layer")


def layers(
    model: Any,
    *,
    letters: Sequence[str] | None = None,
    shown: Mapping[int, Sequence[int | str]] | None = None,
    weights: bool | None = None,
    bias: str = UNIT,
    shapes: str | None = None,
    captions: bool | Sequence[str] = True,
    vectors: bool = False,
    tag: str | None = None,
    sizes: Sequence[Dimension] = (),
    first: int = 1,
) -> Schematic:
    """The columns and links of a model's layers, to be drawn or continued; the options are those of `network`.

    `vectors` writes the letter of each layer above it, `sizes` says how the sizes of the layers are written,
    `first` is the number of the first output.
    """
    for what, given, allowed in (("bias", bias, (UNIT, DUMMY)), ("shapes", shapes or ROWS, (ROWS, COLUMNS))):
        if given not in allowed:
            raise ValueRefusedError(f"there is no {what} {given!r}", fix=f"choose one of {', '.join(allowed)}")
    dense = layers_of(model)
    sizes = list(sizes) or [dense[0].sizes[0], *(d.sizes[1] for d in dense)]
    spelled = list(letters) if letters is not None else _letters(len(sizes))
    if len(spelled) != len(sizes):
        raise ValueRefusedError(
            f"{len(spelled)} letter(s) for {len(sizes)} layers of units",
            why="each column of units has one, the inputs too",
            fix=f"give {len(sizes)}, such as {', '.join(_letters(len(sizes)))}",
        )
    wanted = dict(shown or {})
    for i, listed in wanted.items():
        _check_shown(i, listed, sizes, first if i == len(sizes) - 1 else 1)
    indices = [tuple(wanted.get(i) or _shown(size, 0 < i < len(sizes) - 1)) for i, size in enumerate(sizes)]
    said = _captions(captions, len(sizes))
    numbered = _numbered(dense, indices) if weights is None else weights
    for unknown in (n for d in dense for n in (d.W, d.b) if numbered and n is not None and n.value is None):
        raise ValueRefusedError(
            f"{unknown.name} has no value",
            where=unknown.where,
            why="weights stand on strokes as numbers",
            fix="make it a parameter with a value, or write weights=False",
        )
    columns = []
    for i, size in enumerate(sizes):
        role = INPUT if i == 0 else OUTPUT if i == len(sizes) - 1 else HIDDEN
        pieces = _units(spelled[i], indices[i], role, first if role == OUTPUT else 1)
        if i and len(dense[i - 1].W.shape) == 1:
            pieces = (Circle(vector(spelled[i]), role),)  # a unit alone needs no number
        if i < len(dense) and dense[i].b is not None:
            pieces += (_source(spelled[i], bias),)
        last = dense[i - 1].activation if i else None
        heading = (*((words("softmax"),) if last == "softmax" and vectors else ()),)
        if vectors:
            heading += (vector(spelled[i]),)
        measure = None if shapes is None else shape(1, size) if shapes == ROWS else shape(size, 1)
        foot = (*([measure] if shapes else []), *said[i])
        columns.append(Column(pieces, heading, foot, gap=40.0 if numbered else 16.0))
    links = []
    for i, d in enumerate(dense):
        measure = None if shapes is None else shape(*(sizes[i : i + 2] if shapes == ROWS else sizes[i : i + 2][::-1]))
        links.append(_dense(d, columns[i], columns[i + 1], indices[i : i + 2], numbered, bias, measure))
    return Schematic(tuple(columns), tuple(links), words(tag) if tag else None)


def unit(dense: Dense) -> Schematic:
    """One neural unit, its sum and its activation as circles, z and a on the strokes (SLP3 Fig. 6.2).

    Raises ValueRefusedError for a layer of several units.
    """
    size, count = dense.sizes
    if count != 1:
        raise ValueRefusedError(
            f"a layer of {count} units, drawn as one",
            why="only a single unit has one sum and one activation",
            fix="give an nn.textbook.Unit, or leave out expand=True",
        )
    inputs = _units("x", _shown(size, True), INPUT)
    name = dense.W.name or "w"
    strokes = [
        Stroke(i, 0, WEIGHT, (Note((_name(name, notation.text(piece.label)[1:]),), ABOVE),))
        for i, piece in enumerate(inputs)
        if isinstance(piece, Circle)
    ]
    if dense.b is not None:
        strokes.append(Stroke(len(inputs), 0, BIAS, (Note((notation.name(dense.b.name or "b"),), BELOW, BIAS),)))
        inputs += (Circle(_plus_one(), BIAS),)
    sign = TABLE[dense.activation].sign if dense.activation in TABLE else "id"
    columns = (
        Column(inputs, gap=22.0),
        Column((Circle(Sym("∑"), OP),)),
        Column((Circle(Sym(sign), OP),)),
        Column((Circle(vector("y"), OUTPUT),)),
    )
    flows = [Link((Stroke(0, 0, FLOW, (Note((vector(name),), ABOVE),)),), width=54.0) for name in "za"]
    return Schematic(columns, (Link(tuple(strokes), width=92.0), *flows))


# Columns -------------------------------------------------------------------------------------------------------------
def _letters(count: int) -> list[str]:
    """x, h, y; the activations a[1], a[2], ... between x and y when there is more than one hidden layer."""
    return ["x", *(["h"] if count == 3 else [of_layer("a", i) for i in range(1, count - 1)]), "y"]


def _captions(captions: bool | Sequence[str], count: int) -> list[tuple[Math, ...]]:
    if isinstance(captions, bool):
        if not captions:
            return [()] * count
        captions = [CAPTIONS[0], *[CAPTIONS[1]] * (count - 2), CAPTIONS[2]]
    if len(captions) != count:
        raise ValueRefusedError(
            f"{len(captions)} caption(s) for {count} layers of units",
            why="each column of units has one",
            fix=f"give {count}, empty ones too, or captions=False",
        )
    return [lines(*said.split("\n")) for said in captions]


def _shown(size: Dimension, hidden: bool) -> tuple[int | str, ...]:
    """The units of a layer that are drawn: all of a few, else the first ones and the last."""
    if isinstance(size, int) and size <= MOST_UNITS:
        return tuple(range(1, size + 1))
    return (*range(1, 4 if hidden else 3), size)


def _check_shown(layer: int, listed: Sequence[int | str], sizes: Sequence[Dimension], first: int) -> None:
    """Refuse units that a layer does not have."""
    size = sizes[layer] if 0 <= layer < len(sizes) else 0
    for index in listed:
        if isinstance(index, int) and isinstance(size, int) and not first <= index < size + first:
            raise ValueRefusedError(
                f"unit {index} of layer {layer} cannot be shown",
                why=f"its units are {first} to {size + first - 1}" if size else f"the layers are 0 to {len(sizes) - 1}",
                fix="count the layers from 0, the units from 1",
            )


def _units(letter: str, indices: Sequence[int | str], role: str, first: int = 1) -> tuple[Piece, ...]:
    """The units of these numbers, with dots where some are left out."""
    pieces: list[Piece] = []
    for before, index in zip((first - 1, *indices), indices, strict=False):
        if not (isinstance(index, int) and isinstance(before, int) and index == before + 1):
            pieces.append(Dots())
        pieces.append(Circle(_name(letter, index), role))
    return tuple(pieces)


def _name(letter: str, index: int | str) -> Math:
    """A unit or a weight by its number; layers with their number above have the unit's below."""
    return unit_name(letter, index) if len(letter) == 1 else notation.name(f"{letter}{index}")


def _plus_one() -> Math:
    return Sym("+1")


def _source(letter: str, bias: str) -> Circle:
    """Where a layer's biases come from: a grey unit +1, or a unit 0 of the layer that is always 1."""
    if bias == UNIT:
        return Circle(_plus_one(), BIAS)
    return Circle(Group((_name(letter, 0), Sym("=", space="thin"), Sym("1"))), INPUT)


# Links ---------------------------------------------------------------------------------------------------------------
def _numbered(dense: Sequence[Dense], indices: Sequence[Sequence[int | str]]) -> bool:
    """Whether the weights are known, and so few that each can stand on its stroke."""
    count = 0
    for i, d in enumerate(dense):
        if any(not isinstance(s, int) or s > MOST_UNITS for s in d.sizes):
            return False
        if d.W.value is None or (d.b is not None and d.b.value is None):
            return False
        count += (len(indices[i]) + (d.b is not None)) * len(indices[i + 1])
    return count <= MOST_WEIGHTS


def _dense(
    dense: Dense,
    left: Column,
    right: Column,
    indices: Sequence[Sequence[int | str]],
    numbered: bool,
    bias: str,
    measure: Math | None,
) -> Link:
    """The strokes of one layer, from every unit to every unit: with their numbers, or with the names W and b."""
    tails = [i for i, p in enumerate(left.pieces) if isinstance(p, Circle)]
    heads = [i for i, p in enumerate(right.pieces) if isinstance(p, Circle) and p.role != BIAS][: len(indices[1])]
    strokes = []
    for a, tail in enumerate(tails):
        is_bias = a == len(indices[0])
        role = BIAS if is_bias and bias == UNIT else WEIGHT
        for b, head in enumerate(heads):
            notes: tuple[Note, ...] = ()
            if numbered:
                value = dense.bias(b) if is_bias else dense.weight(a, b)
                notes = (Note((notation.number(value),), EITHER, role),)
            elif a == 0 and b == 0:
                notes = (Note((notation.name(dense.W.name or "W"),), ABOVE, "matrix"),)
            elif is_bias and bias == UNIT and head == heads[-1] and dense.b is not None:
                notes = (Note((notation.name(dense.b.name or "b"),), BELOW, BIAS),)
            strokes.append(Stroke(tail, head, role, notes))
    foot = () if measure is None else (measure,)
    return Link(tuple(strokes), foot, 132.0 if numbered else 66.0 + 8.0 * max(len(tails), len(heads)))
