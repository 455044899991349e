"""The feedforward neural language model: the next word from the embeddings of those before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field

import numpy as np

from cgraph.errors import ShapeError, ValueRefusedError
from cgraph.functions.table import table
from cgraph.graph.node import Node, variable
from cgraph.nn.description import Reading
from cgraph.nn.embedding import Embedding, nearest
from cgraph.nn.init import generator
from cgraph.nn.language.embedding_net import Array, EmbeddingNet, random_layers, width_of
from cgraph.nn.text import Vocabulary
from cgraph.passes.numbers import forward
from cgraph.shapes import show


@dataclass(frozen=True)
class LanguageModel(EmbeddingNet):
    """P(next word | the `context` words before it), from their embeddings joined: e = [e1; e2; e3] (SLP3 Fig. 6.14).

    One E is shared by all places of the context, the first place being that of the earliest word; then follow h, z and
    ŷ (SLP3 Eq. 6.24).
    Raises ShapeError when W has not a row for each element of e, or U not a column for each word.

    >>> words = Vocabulary(("<unk>", "for", "all", "the", "fish"))
    >>> model = LanguageModel.random(words, width=2, hidden=3, seed=0)
    >>> [(p.name, p.shape) for p in model.parameters]
    [('E', (5, 2)), ('W', (6, 3)), ('b', (3,)), ('U', (3, 5))]
    >>> len(model.predict_next(["for", "all", "the"], 2))
    2
    """

    _: KW_ONLY
    vocabulary: Vocabulary = field(repr=False)
    context: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        V, e = len(self.vocabulary), self.context * width_of(self.embedding)
        for node, shape, why in (
            (self.embedding.E, (V, width_of(self.embedding)), "E has a row for each word"),
            (
                self.hidden.W,
                (e, *self.hidden.W.shape[1:]),
                f"W has a row for each element of e, {self.context}d",
            ),
            (self.output.W, (*self.output.W.shape[:1], V), "U has a column for each word"),
        ):
            if node.shape != shape:
                raise ShapeError(
                    f"{node.name} has shape {show(node.shape)}", where=node.where, why=why, fix=f"give it {show(shape)}"
                )

    @classmethod
    def random(
        cls,
        vocabulary: Vocabulary,
        *,
        width: int,
        hidden: int,
        seed: int | np.random.Generator,
        context: int = 3,
        activation: str = "tanh",
        dropout: float = 0.0,
        embedding: Embedding | None = None,
    ) -> LanguageModel:
        """A language model with random parameters; E [V×width] too, unless an embedding of the words is given."""
        rng = generator(seed)
        embedding = Embedding.random(len(vocabulary), width, seed=rng) if embedding is None else embedding
        W, U = random_layers(context * width_of(embedding), hidden, len(vocabulary), activation, rng)
        return cls(embedding, W, U, activation, dropout, vocabulary=vocabulary, context=context)

    def combined(self, ids: Node) -> Node:
        """e: the embeddings of the context one after the other, the earliest word first."""
        if ids.shape[-1] != self.context:
            raise ShapeError(
                f"contexts of shape {show(ids.shape)}",
                where=ids.where,
                why=f"the model reads the {self.context} words before the next one",
                fix=f"give {self.context} ids an example: nn.text.windows(ids, {self.context}).contexts",
            )
        rows = self.embedding(ids)
        width = self.context * width_of(self.embedding)
        return rows.reshape((*ids.shape[:-1], width)).named("e")

    def reading(self) -> Reading:
        """The words of the context, side by side."""
        return Reading(self.embedding.E, context=self.context, vocabulary=self.vocabulary)

    def predict_next(self, words: Sequence[str], count: int = 5) -> list[tuple[str, float]]:
        """The `count` most probable words after these, with their probabilities; the last `context` words decide.

        Words that the vocabulary does not have are read as `<unk>`.
        Raises ValueRefusedError when there are fewer words than the context has.
        """
        ids = variable("ids", (self.context,))
        chances = forward(self.probabilities(ids), {ids: self._context(words)}).values[-1]
        order = np.argsort(-chances, kind="stable")[:count]
        return [(self.vocabulary.words[i], float(chances[i])) for i in order]

    def sample(
        self, words: Sequence[str], count: int, *, seed: int | np.random.Generator, temperature: float = 1.0
    ) -> list[str]:
        """`count` words drawn one after the other, each from ŷ given those before it; never `<unk>`.

        A `temperature` below 1 prefers probable words: softmax(z / temperature) is drawn from.
        Raises ValueRefusedError when there are fewer words than the context has, or no temperature above 0.
        """
        if not temperature > 0:
            raise ValueRefusedError(f"the temperature is {temperature!r}", why="z is divided by it", fix="give 0.8")
        rng, ids = generator(seed), variable("ids", (self.context,))
        chances = table()["softmax"](self(ids) / float(temperature))
        said = list(words)
        for _ in range(count):
            p: Array = forward(chances, {ids: self._context(said)}).values[-1].copy()
            p[[i for i in (0, self.vocabulary.padding) if i is not None]] = 0.0
            said.append(self.vocabulary.words[rng.choice(len(p), p=p / p.sum())])
        return said[len(words) :]

    def near(self, word: str, count: int = 5) -> list[tuple[str, float]]:
        """The words whose embeddings have the largest cosine to that of `word`, and these cosines.

        Raises ValueRefusedError for a word that the vocabulary does not have.
        """
        if word not in self.vocabulary:
            raise ValueRefusedError(
                f"{word!r} is not in the vocabulary", why="it has no embedding of its own", fix="choose a frequent word"
            )
        found = nearest(self.embedding.E.value, int(self.vocabulary.ids([word])[0]), count)
        return [(self.vocabulary.words[i], cosine) for i, cosine in found]

    def _context(self, words: Sequence[str]) -> Array:
        if isinstance(words, str) or len(words) < self.context:
            raise ValueRefusedError(
                f"the words {words!r}",
                why=f"the model reads the last {self.context} words",
                fix=f"give a list of at least {self.context}",
            )
        return self.vocabulary.ids(words[-self.context :]).astype(float)
