"""Text as numbers: tokens, vocabularies, ids, windows, and features made by hand."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cgraph.errors import ValueRefusedError

Array = NDArray[np.float64]
Ids = NDArray[np.int64]
UNKNOWN, PADDING = "<unk>", "<pad>"
NEGATIONS = frozenset("no not never nor neither none nothing nobody nowhere hardly without cannot".split())  # noqa: SIM905
_WORDS_AND_SIGNS = re.compile(r"'?[^\W\d_]+(?:['-][^\W\d_]+)*|\d+|[.,;:?!]")


def tokens(text: str) -> list[str]:
    """The words of a text: in lower case, cut at white space, without punctuation at their edges (SLP3 Section 6.4.1).

    >>> tokens("No, the dessert wasn't great!")
    ['no', 'the', 'dessert', "wasn't", 'great']
    """
    stripped = (word.strip(string.punctuation) for word in _text(text).lower().split())
    return [word for word in stripped if word]


def words_and_signs(text: str) -> list[str]:
    """Words, numbers and the signs . , ; : ? ! of a text, in lower case: what a language model predicts.

    >>> words_and_signs("'Tis now struck twelve. Get thee to bed!")
    ["'tis", 'now', 'struck', 'twelve', '.', 'get', 'thee', 'to', 'bed', '!']
    """
    return _WORDS_AND_SIGNS.findall(_text(text).lower())


@dataclass(frozen=True)
class Vocabulary:
    """Words with their ids 0, 1, 2, ...; the first is `<unk>` and stands for every other word (SLP3 Section 6.5).

    Raises ValueRefusedError when a word is given twice, or the first is another.

    >>> words = Vocabulary.of([["dessert", "was", "great"], ["was", "it"]], size=3)
    >>> words.words, words.ids(["it", "was", "great"])
    (('<unk>', 'was', 'dessert'), array([0, 1, 0]))
    """

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.words or self.words[0] != UNKNOWN or len(self._id) != len(self.words):
            twice = [word for word, count in Counter(self.words).items() if count > 1]
            raise ValueRefusedError(
                f"a vocabulary in which {twice[0]!r} stands twice"
                if twice
                else f"a vocabulary without {UNKNOWN} in front",
                why="each word has one row of the embedding matrix, and row 0 is that of unknown words",
                fix="make it with Vocabulary.of(documents)",
            )

    @classmethod
    def of(
        cls, documents: Iterable[Sequence[str]], size: int | None = None, *, least: int = 1, padding: bool = False
    ) -> Vocabulary:
        """The most frequent words of documents (lists of tokens), equally frequent ones in the order they first appear.

        `size` counts all rows, `<unk>` included; `least` is how often a word must appear; with `padding`, row 1 is
        `<pad>`, for documents of unequal length.
        Raises ValueRefusedError when there is no room for a word, or nothing to count.
        """
        counts = Counter(word for document in documents for word in _tokens(document))
        first = [UNKNOWN, PADDING] if padding else [UNKNOWN]
        if not counts or (size is not None and size <= len(first)):
            raise ValueRefusedError(
                "a vocabulary without words" if counts else "a vocabulary of no tokens",
                why=f"it begins with {' and '.join(first)}, and its words come from the documents",
                fix="give documents as lists of tokens, and a size such as 5000",
            )
        for word in first:
            del counts[word]
        kept = [
            word for word, count in counts.most_common(None if size is None else size - len(first)) if count >= least
        ]
        return cls((*first, *kept))

    @cached_property
    def _id(self) -> Mapping[str, int]:
        return {word: i for i, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._id

    @property
    def padding(self) -> int | None:
        """The id of `<pad>`, or None."""
        return self._id.get(PADDING)

    def ids(self, tokens: Sequence[str]) -> Ids:
        """The id of each token [n]; that of `<unk>`, 0, for a word that the vocabulary does not have."""
        return np.array([self._id.get(word, 0) for word in _tokens(tokens)], dtype=np.int64)

    def padded(self, documents: Iterable[Sequence[str]], length: int | None = None) -> Ids:
        """The ids of documents [m×n], each filled up with `<pad>` to the longest, or cut and filled up to `length`.

        Raises ValueRefusedError for a document without tokens, and without `<pad>` in the vocabulary.
        """
        rows = [self.ids(document)[:length] for document in documents]
        if self.padding is None:
            raise ValueRefusedError(
                "a vocabulary without <pad>", why="documents are filled up with it", fix="make it with padding=True"
            )
        for place, row in enumerate(rows):
            if not len(row):
                raise ValueRefusedError(
                    f"document {place} has no tokens",
                    why="of nothing there is no mean and no maximum",
                    fix=f"leave it out, or give [{UNKNOWN!r}] in its place",
                )
        result = np.full((len(rows), length or max(map(len, rows), default=0)), self.padding, dtype=np.int64)
        for row, ids in zip(result, rows, strict=True):
            row[: len(ids)] = ids
        return result


class Windows(NamedTuple):
    """Contexts [n×N] and the item that comes after each [n]."""

    contexts: NDArray[Any]
    targets: NDArray[Any]


def windows(items: Sequence[Any] | NDArray[Any], size: int) -> Windows:
    """Every run of `size` items and the one after it, for a language model (SLP3 Eq. 6.23); nothing is filled up.

    Raises ValueRefusedError when the items are too few for one, or the size is below 1.

    >>> pairs = windows(["for", "all", "the", "fish"], 2)
    >>> pairs.contexts.tolist(), pairs.targets.tolist()
    ([['for', 'all'], ['all', 'the']], ['the', 'fish'])
    """
    array = np.asarray(items)
    if size < 1 or array.ndim != 1 or len(array) <= size:
        raise ValueRefusedError(
            f"windows of {size} from items of shape {array.shape}",
            why="a window has at least one item, and another comes after it",
            fix="give a longer list, or a smaller window",
        )
    runs = np.lib.stride_tricks.sliding_window_view(array, size + 1)
    return Windows(runs[:, :-1], runs[:, -1])


def features(text: str, positive: Collection[str], *, binary: bool = False) -> list[float]:
    """Three features of a text: its words, those in the positive lexicon, how often "no" stands in it (SLP3 Fig. 6.10).

    With `binary` the third is 1 when there is a "no" and 0 otherwise, as in the text of SLP3 Section 6.4.1.

    >>> features("dessert was great", {"great"}), features("no no!", {"great"}, binary=True)
    ([3.0, 1.0, 0.0], [2.0, 0.0, 1.0])
    """
    words = tokens(text)
    no = words.count("no")
    return [float(len(words)), float(sum(word in positive for word in words)), float(min(no, 1) if binary else no)]


def rated_features(text: str, ratings: Mapping[str, float]) -> list[float]:
    """Five features of a text: its words, the sums of the good and of the bad ratings in it, its negations, its "but"s.

    >>> rated_features("not great but fun", {"great": 3.0, "fun": 2.5, "awful": -2.0})
    [4.0, 5.5, 0.0, 1.0, 1.0]
    """
    words = tokens(text)
    found = [ratings.get(word, 0.0) for word in words]
    negations = sum(word in NEGATIONS or word.endswith("n't") for word in words)
    good, bad = sum(max(rating, 0.0) for rating in found), sum(max(-rating, 0.0) for rating in found)
    return [float(len(words)), float(good), float(bad), float(negations), float(words.count("but"))]


def _text(text: Any) -> str:
    if not isinstance(text, str):
        raise ValueRefusedError(f"a text that is a {type(text).__name__}", why="words are cut from a string")
    return text


def _tokens(document: Any) -> Sequence[str]:
    if isinstance(document, str):
        raise ValueRefusedError(
            f"the document {document[:30]!r} is a string", why="its tokens would be letters", fix="use nn.text.tokens"
        )
    tokens: Sequence[str] = document
    return tokens
