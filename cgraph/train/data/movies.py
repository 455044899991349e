"""Movie sentences rated by people, and a lexicon of words rated by people: the data of VADER."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cgraph.errors import DataError
from cgraph.train.checks import Array
from cgraph.train.data.archives import read_member
from cgraph.train.data.fetch import Archive, Cache, fetch

VADER = Archive(
    package="vaderSentiment",
    version="3.3.2",
    file="vaderSentiment-3.3.2.tar.gz",
    size=2_466_783,
    sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    holds="10,605 movie sentences and 7,506 words, rated by people",
    licence="MIT licence",
)
_INSIDE = "vaderSentiment-3.3.2/"
_PAPER = "additional_resources/hutto_ICWSM_2014.tar.gz"
_SENTENCES = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"


class Sentences(NamedTuple):
    """Sentences and, for each, the mean rating of at least 20 people, from -4 (worst) to 4 (best), read-only [m]."""

    texts: tuple[str, ...]
    ratings: Array


def movie_sentences(least: float = 0.0, *, cache: Cache = None) -> Sentences:
    """10,605 sentences from movie reviews with their mean ratings; `least` leaves out those nearer to 0 than that.

    Fetched once, into `cache` or the user's cache folder. Source: Hutto and Gilbert (2014), VADER, the sentences of
    Pang and Lee (2004).
    Raises DataError when they cannot be fetched.
    """
    paper = read_member(fetch(VADER, cache), _INSIDE + _PAPER)
    rows = _table(read_member(paper, _SENTENCES), 3)
    kept = [(text, float(rating)) for _, rating, text in rows if abs(float(rating)) >= least]
    ratings = np.array([rating for _, rating in kept])
    ratings.flags.writeable = False
    return Sentences(tuple(text for text, _ in kept), ratings)


def lexicon(*, cache: Cache = None) -> dict[str, float]:
    """About 7,500 words and signs with their mean rating from -4 to 4: {"great": 3.1, "awful": -2.0, ...}.

    Fetched once, with the sentences. Source: Hutto and Gilbert (2014).
    Raises DataError when it cannot be fetched.
    """
    rows = _table(read_member(fetch(VADER, cache), _INSIDE + "vaderSentiment/vader_lexicon.txt"), 4)
    return {word: float(rating) for word, rating, *_ in rows}


def _table(content: bytes, columns: int) -> list[list[str]]:
    rows = [line.split("\t") for line in content.decode("utf-8").splitlines() if line.strip()]
    for number, row in enumerate(rows, 1):
        if len(row) != columns:
            raise DataError(f"line {number} of a table has {len(row)} columns", why=f"each has {columns}")
    return rows
