"""Data sets: XOR and scikit-learn's digits; sentences, words and plays that are fetched once and kept."""

from __future__ import annotations

from cgraph.train.data.arrays import Examples, Split, one_hot, split_rows, xor
from cgraph.train.data.digits import digits
from cgraph.train.data.glove import WordVectors, glove
from cgraph.train.data.movies import Sentences, lexicon, movie_sentences
from cgraph.train.data.shakespeare import shakespeare

__all__ = [
    "Examples",
    "Sentences",
    "Split",
    "WordVectors",
    "digits",
    "glove",
    "lexicon",
    "movie_sentences",
    "one_hot",
    "shakespeare",
    "split_rows",
    "xor",
]
