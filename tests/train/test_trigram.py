"""The interpolated trigram against probabilities counted word by word, and against EM written out."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from cgraph.errors import ValueRefusedError
from cgraph.train import Trigram

RNG = np.random.default_rng(0)
V = 5
TEXTS = [RNG.integers(0, V, 60) for _ in range(3)]
HELD = [RNG.integers(0, V, 40)]


def counted(u: int, v: int, w: int) -> list[float]:
    """1/V, P(w), P(w | v), P(w | u, v) by going through the texts; words count where a trigram ends."""
    triples = [tuple(map(int, t[i : i + 3])) for t in TEXTS for i in range(len(t) - 2)]
    one, two, three = Counter(t[2:] for t in triples), Counter(t[1:] for t in triples), Counter(triples)
    before, pair = Counter(t[1] for t in triples), Counter(t[:2] for t in triples)
    return [
        1 / V,
        one[(w,)] / len(triples),
        two[v, w] / before[v] if before[v] else 0.0,
        three[u, v, w] / pair[u, v] if pair[u, v] else 0.0,
    ]


def bucket(u: int, v: int) -> int:
    seen = sum(tuple(map(int, t[i : i + 2])) == (u, v) for t in TEXTS for i in range(len(t) - 2))
    return int(seen).bit_length()  # 0, 1, 2 or 3, 4 to 7, ...


def test_probabilities_are_those_counted_word_by_word():
    model = Trigram.of(TEXTS, HELD, V)
    grams = [(u, v, w) for u in range(V) for v in range(V) for w in range(V)]
    expected = [model.weights[bucket(u, v)] @ counted(u, v, w) for u, v, w in grams]
    assert np.allclose(model.probabilities(np.array(grams)), expected, rtol=1e-12)


def test_the_probabilities_of_all_next_words_sum_to_one():
    model = Trigram.of(TEXTS, HELD, V)
    for u, v in ((0, 1), (2, 2), (4, 3)):
        assert np.isclose(model.probabilities(np.array([(u, v, w) for w in range(V)])).sum(), 1)


def test_em_never_lowers_the_probability_of_the_held_out_text():
    scores = [Trigram.of(TEXTS, HELD, V, iterations=n).perplexity(HELD) for n in (0, 1, 2, 5, 20, 80)]
    assert all(later <= before * 1.002 for before, later in pairwise(scores))  # 0.001 is uniform
    assert scores[-1] < scores[0]


def test_one_step_of_em_is_the_mean_share_of_each_part():
    before, after = (Trigram.of(TEXTS, HELD, V, iterations=n).weights for n in (0, 1))
    shares: dict[int, list[np.ndarray]] = {}
    for text in HELD:
        for u, v, w in zip(text, text[1:], text[2:], strict=False):
            parts = np.full(4, 0.25) * counted(int(u), int(v), int(w))
            shares.setdefault(bucket(int(u), int(v)), []).append(parts / parts.sum())
    assert before[0, 0] == 0.999 * 0.25 + 0.001
    for place, found in shares.items():
        assert np.allclose(after[place], 0.999 * np.mean(found, axis=0) + [0.001, 0, 0, 0], atol=1e-8)


def test_perplexity_is_e_to_the_mean_surprise_and_no_word_is_impossible():
    model = Trigram.of([[0, 1, 2, 0, 1, 2]], [[0, 1, 2]], V)
    grams = np.array([[0, 1, 4], [1, 4, 4]])
    surprise = -np.log(model.probabilities(grams))
    assert np.isfinite(surprise).all()
    assert np.isclose(model.perplexity([[0, 1, 4, 4]]), np.exp(surprise.mean()))


def test_a_text_in_which_each_word_follows_from_the_last_two_has_a_perplexity_near_one():
    circle = list(range(5)) * 20
    assert Trigram.of([circle], [circle], 5).perplexity([circle]) < 1.01


@pytest.mark.parametrize("texts", [[[0, 1, 5]], [[0, 1, -1]], [[0.0, 1.0, 2.0]], [[[0, 1, 2]]]])
def test_what_is_no_id_is_refused(texts):
    with pytest.raises(ValueRefusedError, match=r"tokens are no ids.*from 0 to 4"):
        Trigram.of(texts, HELD, V)


def test_texts_without_a_trigram_are_refused():
    with pytest.raises(ValueRefusedError, match="texts without a trigram"):
        Trigram.of([[0, 1], []], HELD, V)
