"""Words as a net reads them: one-hot rows times an embedding matrix, pooled or put side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cgraph import notation
from cgraph.node import Node
from cgraph.notation import Math, Named, Sym
from cgraph.shapes import Dimension
from viz.schematic.pieces import ABOVE, Block, Cells, Column, Link, Note, Piece, Schematic, Words, all_to_all, each
from viz.schematic.words import dimension, lines, shape, words

LEADING, TRAILING = 7, 4  # cells of a long row before and after its dots
DEPTH, HEIGHT = 5, 9  # cells of an embedding, rows of a matrix that is only hinted at
LENGTH = 8  # cells of an embedding that has a line of words below it
DOTS = Sym("…")


def one_hot(index: int, leading: int = LEADING, trailing: int = TRAILING) -> tuple[tuple[Math, ...], int]:
    """The cells of a one-hot row with a 1 at `index` (from 1; from the end when negative), and where the 1 stands.

    >>> " ".join(notation.text(cell) for cell in one_hot(3)[0]), one_hot(-2)[1]
    ('0 0 1 0 0 0 0 … 0 0 0 0', 10)
    """
    zero, one = Sym("0"), Sym("1")
    if index < 0 or index <= leading:
        cells = [*[zero] * leading, DOTS, *[zero] * trailing]
        place = len(cells) + index if index < 0 else index - 1
    else:
        cells = [*[zero] * (leading - 2), DOTS, zero, DOTS, *[zero] * trailing]
        place = leading - 1
    cells[place] = one
    return tuple(cells), place


def one_hots(indices: Sequence[int | None], size: Dimension, down: Math | None) -> Cells:
    """A matrix of one-hot rows; None is a row of dots. The index of a single row stands above it."""
    rows: list[tuple[Math | None, ...]] = []
    solid = set()
    marks: tuple[tuple[int, Math], ...] = ()
    for r, index in enumerate(indices):
        if index is None:
            width = LEADING + 1 + TRAILING
            rows.append(tuple(Named(Sym("⋮"), "…") if c == width // 2 else None for c in range(width)))
            continue
        cells, place = one_hot(index)
        rows.append(cells)
        solid.add((r, place))
        if len(indices) == 1:
            marks = ((place, Sym(str(index))),)
    return Cells(tuple(rows), words("one-hot"), frozenset(solid), across=dimension(size), down=down, marks=marks)


def lookup(E: Node, indices: Sequence[int | None], count: Dimension | None = None) -> Schematic:
    """One-hot rows times the embedding matrix E [|V|×d] give the rows of E (SLP3 Figs. 6.11 and 6.12).

    `indices` count from 1, from the end when negative; None stands for rows that are not drawn; `count` is how many
    rows there are, by default those that are given.
    """
    size, depth = E.shape
    down = dimension(len(indices) if count is None else count)
    single = indices[0] if len(indices) == 1 else None
    blank: tuple[Math | None, ...] = (None,) * DEPTH
    chosen = (
        {(single - 1, c) for c in range(DEPTH)} if single else {(r, c) for r in range(HEIGHT) for c in range(DEPTH)}
    )
    matrix = Cells(
        (blank,) * HEIGHT,
        notation.name(E.name or "E"),
        shaded=frozenset(chosen),
        across=dimension(depth),
        down=dimension(size),
        row_marks=((single - 1, Sym(str(single))),) if single else (),
        title=notation.name(E.name or "E"),
        role="parameter",
    )
    drawn = [r for r, index in enumerate(indices) if index is not None]
    rows: list[tuple[Math | None, ...]] = [
        blank if r in drawn else tuple(Named(Sym("⋮"), "…") if c == DEPTH // 2 else None for c in range(DEPTH))
        for r in range(len(indices))
    ]
    shaded = frozenset((r, c) for r in drawn for c in range(DEPTH))
    result = Cells(tuple(rows), words("embeddings"), shaded=shaded, across=dimension(depth), down=down)
    parts: list[Piece] = [one_hots(indices, size, down), _sign(Named(Sym("×"), "✕")), matrix, _sign(Sym("=")), result]
    return Schematic(tuple(Column((part,)) for part in parts), (Link(width=14.0),) * 4)


def _sign(sign: Math) -> Words:
    return Words((sign,), role="sign")


def reading(
    said: Sequence[str],
    indices: Sequence[int],
    E: Node,
    *,
    shared: Sequence[str],
    first: Column | None = None,
    at: Sequence[int] = (),
    layer: Sequence[str] = (),
) -> Schematic:
    """Words, their one-hot rows, the shared embedding matrix and the embeddings, one row a word.

    `shared` are the lines below the matrix, `layer` those above "one-hot vectors" at the foot. `first` is a column
    to begin with instead of the words themselves; the words stand in its rows `at`.
    """
    size, depth = E.shape
    rows = tuple(at) or tuple(range(len(said)))
    spoken = first or Column(
        tuple(Words((token(word, i),)) for word, i in zip(said, indices, strict=True)),
        foot=(None, words("Input words")),
        align="right",
    )
    cells = []
    for word, index in zip(said, indices, strict=True):
        row, place = one_hot(index, 4, 2)
        marks = ((0, Sym("1")), (place, Sym(str(index))), (len(row) - 1, dimension(size)))
        note = token(word, index) if first else None
        cells.append(Cells((row,), words("one-hot"), frozenset({(0, place)}), marks=marks, note=note, size=14.0))
    matrix = Block((notation.name(E.name or "E"),), role="parameter")
    panel = Schematic((replace(spoken, grid="words", gap=30.0, rows=spoken.rows or tuple(range(len(spoken.pieces)))),))
    panel = panel.then(
        Link(each(rows if first else range(len(said)), range(len(said))), width=30.0),
        Column(
            tuple(cells), (), (shape("N", size), *lines(*layer, "one-hot vectors")), grid="words", rows=rows, gap=30.0
        ),
        Link(each(range(len(said)), range(len(said))), width=34.0),
        Column((matrix,) * len(said), (), (shape(size, depth), *lines(*shared)), grid="words", rows=rows, gap=30.0),
    )
    return panel


def embedded(said: Sequence[str], rows: Sequence[int], depth: Dimension) -> Column:
    """The embedding of each word, on the word's own row."""
    cells = tuple(
        Cells(
            ((None,) * LENGTH,),
            words(f"embedding for “{word}”"),
            shaded=frozenset((0, c) for c in range(LENGTH)),
            size=14.0,
            note=words(f"embedding for “{word}”"),
        )
        for word in said
    )
    return Column(cells, (), (shape("N", depth), words("embeddings")), grid="words", rows=tuple(rows), gap=30.0)


def token(word: str, index: int) -> Math:
    """A word and its place in the vocabulary: “dessert” = V₃."""
    place = Named(notation.Script(Sym("V", italic=True), sub=Sym(str(index))), f"V{index}")
    return notation.row(f"“{word}”", notation.EQUALS, place)


def fed_by(panel: Schematic, column: Column) -> Schematic:
    """A net whose units of input are drawn as this column instead: as cells of a vector, say."""
    first, second = panel.links[0], panel.columns[1]
    heads = sorted({stroke.head for stroke in first.strokes})
    strokes = list(all_to_all(range(len(column.pieces)), heads))
    named = [note for stroke in first.strokes for note in stroke.notes if note.role == "matrix"]
    strokes[0] = replace(strokes[0], notes=tuple(Note(n.lines, ABOVE, "matrix") for n in named[:1]))
    link = replace(first, strokes=tuple(strokes))
    return Schematic((column, second, *panel.columns[2:]), (link, *panel.links[1:]), panel.tag)
