"""Data sets: XOR and scikit-learn's digits; sentences, words and plays that are fetched once and kept."""

from __future__ import annotations

from cgraph.train.data.arrays import Examples, Split, one_hot_rows, split_rows, xor
from cgraph.train.data.handwriting import digits
from cgraph.train.data.movies import Sentences, lexicon, movie_sentences
from cgraph.train.data.plays import shakespeare
from cgraph.train.data.word_vectors import WordVectors, glove

__all__ = [
    "Examples",
    "Sentences",
    "Split",
    "WordVectors",
    "digits",
    "glove",
    "lexicon",
    "movie_sentences",
    "one_hot_rows",
    "shakespeare",
    "split_rows",
    "xor",
]
