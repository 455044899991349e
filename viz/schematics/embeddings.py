"""Words as a net reads them: one-hot rows times an embedding matrix, pooled or put side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cgraph import notation
from cgraph.errors import ValueRefusedError
from cgraph.graph.node import Node
from cgraph.notation import Group, Math, Named, Script, Sym
from cgraph.shapes import Dimension
from viz.models import layers_of, reading_of
from viz.schematics.dense import ROWS, layers
from viz.schematics.pieces import (
    ABOVE,
    FLOW,
    OP,
    Block,
    Cells,
    Circle,
    Column,
    Dots,
    Link,
    Note,
    Piece,
    Schematic,
    Words,
    all_to_all,
    each,
)
from viz.schematics.words import VOCABULARY, dimension, lines, shape, unit_name, words

LEADING, TRAILING = 7, 4  # cells of a long row before and after its dots
DEPTH, HEIGHT = 5, 11  # cells of an embedding, rows of a matrix that is only hinted at
LENGTH = 8  # cells of an embedding that has a line of words below it
DOTS = Sym("…")


def one_hot(
    index: int, leading: int = LEADING, trailing: int = TRAILING, size: Dimension = VOCABULARY
) -> tuple[tuple[Math, ...], int]:
    """The cells of a one-hot row with a 1 at `index` (from 1; from the end when negative), and where the 1 stands.

    A row of known `size` that is short enough has no dots.

    >>> " ".join(notation.text(cell) for cell in one_hot(3)[0]), one_hot(-2)[1]
    ('0 0 1 0 0 0 0 … 0 0 0 0', 10)
    """
    zero, one = Sym("0"), Sym("1")
    if isinstance(size, int) and size <= leading + trailing + 1:
        cells, place = [zero] * size, index % size if index < 0 else index - 1
    elif index < 0 or index <= leading:
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
    matrix_shape: tuple[Dimension, Dimension],
    *,
    shared: Sequence[str],
    first: Column | None = None,
    at: Sequence[int] = (),
    layer: Sequence[str] = (),
    start: int = 1,
) -> Schematic:
    """Words, their one-hot rows, the shared embedding matrix and the embeddings, one row a word.

    `shared` are the lines below the matrix, `layer` those above "one-hot vectors" at the foot; the places in the
    vocabulary count from `start`. `first` is a column to begin with instead of the words themselves, which stand in
    its rows `at`.
    """
    size, depth = matrix_shape
    rows = tuple(at) or tuple(range(len(said)))
    spoken = first or Column(
        tuple(Words((token(word, i),)) for word, i in zip(said, indices, strict=True)),
        foot=(None, words("Input words")),
        align="right",
    )
    cells = []
    for word, index in zip(said, indices, strict=True):
        row, place = one_hot(index - start + 1, 4, 2, size)
        final = size - 1 + start if isinstance(size, int) else size
        ends = [(at, mark) for at, mark in ((0, start), (len(row) - 1, final)) if at != place]
        marks = ((place, Sym(str(index))), *((at, dimension(mark)) for at, mark in ends))
        note = token(word, index) if first else None
        cells.append(Cells((row,), words("one-hot"), frozenset({(0, place)}), marks=marks, note=note, size=13.2))
    matrix = Block((notation.name("E"),), role="parameter")
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


def embedding_net(model: Any, said: Sequence[str] | Mapping[str, int]) -> Schematic:
    """A net on embeddings reading some words, from the words to the outputs.

    Raises ValueRefusedError when the words are not what the model reads.
    """
    if reading_of(model).vocabulary is not None:
        return language_model(model, list(said))
    if not isinstance(said, Mapping) or not said:
        raise ValueRefusedError(
            f"{type(model).__name__} is drawn reading {said!r}",
            why="it has no vocabulary of its own",
            fix='give words with their places in the vocabulary: words={"dessert": 3, "was": 524}',
        )
    return pooled(model, said)


def pooled(model: Any, said: Mapping[str, int]) -> Schematic:
    """An nn.language.PooledClassifier reading words in their places of the vocabulary (SLP3 Fig. 6.13)."""
    told, rows = reading_of(model), tuple(range(len(said)))
    E = told.E
    names = ("", "Hidden layer", "Output layer")
    panel = layers(model, letters=("x", "h", "ŷ"), shapes=ROWS, captions=names, vectors=True, weights=False)
    links = tuple(replace(link, foot=(*link.foot, words("weights"))) for link in panel.links)
    vector = Cells(
        ((None,) * LENGTH,),
        words("x"),
        shaded=frozenset((0, c) for c in range(LENGTH)),
        note=words("pooled embedding"),
        size=14.0,
    )
    x = Column((vector,), panel.columns[0].heading, (shape(1, E.shape[1]), words("Input layer")))
    op = Circle(Sym(told.pooling if told.pooling == "max" else "+"), OP)
    return reading(
        list(said), list(said.values()), (E.shape[0], E.shape[1]), shared=("E matrix shared", "across words")
    ).then(
        Link(each(rows, rows), width=34.0),
        embedded(list(said), rows, E.shape[1]),
        Link(all_to_all(rows, (0,), FLOW), width=48.0),
        Column((op,), (), (None, words("pooling"))),
        Link(each((0,), (0,)), width=34.0),
        fed_by(replace(panel, links=links), x),
    )


def language_model(
    model: Any,
    said: Sequence[str],
    shown: Sequence[int | str] | None = None,
    sizes: Sequence[Dimension] = (),
    depth: Dimension | None = None,
) -> Schematic:
    """An nn.language.LanguageModel reading the last of these words (SLP3 Fig. 6.14).

    Places in the vocabulary are the model's ids: from 0, or from 1 where names are written for the `sizes` of e, h and
    ŷ, with `depth` for that of an embedding. `shown` are the places of the words whose probabilities are drawn.
    Raises ValueRefusedError when the words are too few.
    """
    told, dense = reading_of(model), layers_of(model)
    vocabulary, count = told.vocabulary, told.context
    assert vocabulary is not None and count is not None, "a language model knows its words and how many it reads"
    if len(said) < count:
        raise ValueRefusedError(
            f"a language model reading {list(said)!r}",
            why=f"it reads the {count} words before the next one",
            fix=f"give words=[...] of at least {count}",
        )
    start = 1 if sizes else 0
    rest = len(vocabulary) - 1
    shown = shown or ((*range(3), rest) if rest > 5 else tuple(range(rest + 1)))
    last, first = list(said[-count:]), len(said) - count
    panel = layers(
        model,
        letters=("e", "h", "ŷ"),
        shown={2: tuple(shown)},
        shapes=ROWS,
        captions=("", "hidden\nlayer h", "output\nlayer y"),
        vectors=True,
        weights=False,
        sizes=sizes,
        first=start,
    )
    spoken = Column(
        (
            *(Words((words(word),)) for word in said[:first]),
            *(Words((words(word), before(count - i))) for i, word in enumerate(last)),
            Words((words("?"), before(0))),
        ),
        foot=(None, words("words")),
    )
    shades = frozenset((r, 0) for r in range(3))
    parts = tuple(Cells(((None,),) * 3, words(f"embedding for “{w}”"), shaded=shades, size=17.0) for w in last)
    written = [*sizes] or [d for layer in dense for d in layer.sizes][::3]
    e = Column(parts, panel.columns[0].heading, (shape(1, written[0]), *lines("embedding", "layer e")), gap=0.0)
    matrix_shape = written[-1], depth or told.E.shape[1]
    at = tuple(range(first, first + count))
    ids = [int(i) for i in vocabulary.ids(last)]
    read = reading(
        last,
        ids,
        matrix_shape,
        shared=("E is shared", "across words"),
        first=spoken,
        at=at,
        layer=("Input layer",),
        start=start,
    )
    whole = read.then(Link(each(range(count), range(count)), width=56.0), fed_by(panel, e))
    return _with_words(whole, vocabulary.words, count)


def _with_words(panel: Schematic, vocabulary: Sequence[str], context: int) -> Schematic:
    """The probabilities of words to the right of the outputs, each beside its own."""
    outputs = panel.columns[-1]
    told: list[Piece] = []
    for piece in outputs.pieces:
        place = notation.text(piece.label).removeprefix("ŷ")
        said = words(vocabulary[int(place)]) if place.isdigit() else unit_name("V", VOCABULARY)
        lines_ = probability(said, 0 if told else context)
        told.append(Words(lines_) if isinstance(piece, Circle) else Dots())
    units = [i for i, piece in enumerate(outputs.pieces) if isinstance(piece, Circle)]
    whole = Schematic((*panel.columns[:-1], replace(outputs, grid="output")), panel.links)
    return whole.then(Link(each(units, units), width=30.0), Column(tuple(told), grid="output", align="left"))


def before(count: int) -> Math:
    """The word at a place before the next one: w with t − 3 below."""
    parts: tuple[Math, ...] = (Sym("t", italic=True), *((Sym("−"), Sym(str(count))) if count else ()))
    return Named(Script(Sym("w", italic=True), sub=Group(parts)), f"wt−{count}" if count else "wt")


def probability(word: Math, context: int = 0) -> tuple[Math, ...]:
    """The probability of the next word given so many before it, in two lines; dots for them when it is 0.

    >>> [notation.text(line) for line in probability(words("fish"), 2)]
    ['p(wt=fish|', 'wt−2,wt−1)']
    >>> [notation.text(line) for line in probability(words("fish"))]
    ['p(wt=fish|…)']
    """
    start = Sym("p", italic=True), "(", before(0), Sym("=", space="thin"), word, "|"
    if not context:
        return (notation.row(*start, "…", ")"),)
    given = [part for i in range(context, 0, -1) for part in (before(i), Sym(","))][:-1]
    return notation.row(*start), notation.row(*given, ")")


def fed_by(panel: Schematic, column: Column) -> Schematic:
    """A net whose units of input are drawn as this column instead: as cells of a vector, say."""
    first, second = panel.links[0], panel.columns[1]
    heads = sorted({stroke.head for stroke in first.strokes})
    strokes = list(all_to_all(range(len(column.pieces)), heads))
    named = [note for stroke in first.strokes for note in stroke.notes if note.role == "matrix"]
    strokes[0] = replace(strokes[0], notes=tuple(Note(n.lines, ABOVE, "matrix") for n in named[:1]))
    link = replace(first, strokes=tuple(strokes))
    return Schematic((column, second, *panel.columns[2:]), (link, *panel.links[1:]), panel.tag)
