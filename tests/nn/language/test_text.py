"""Text as ids and features: tokens, vocabularies, padding, windows; the chapter's cases by the public names."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from project import cases

from cgraph import nn
from cgraph.errors import ValueRefusedError
from cgraph.nn import text

CASES = cases()
WORDS = nn.Vocabulary.of([["dessert", "was", "great"], ["was", "not"]], padding=True)


@pytest.mark.parametrize("case", ["c25-features-dessert", "c26-features-no-count-vs-binary"])
def test_features_made_by_hand_are_the_chapters(case):
    given, expected = CASES[case]["inputs"], CASES[case]["expected"]

    assert text.features(given["text"], set(given["positive_lexicon"])) == expected["count"]
    assert text.features(given["text"], set(given["positive_lexicon"]), binary=True) == expected["binary"]


def test_ids_look_up_the_rows_that_they_name():
    case = CASES["c32-vocab-ids"]
    words = nn.Vocabulary(("<unk>", *(f"w{i}" for i in range(1, 10_000))))
    ids = words.ids([f"w{i}" for i in case["inputs"]["index_list_in_text"]])
    assert ids.tolist() == case["expected"]["selected_rows_for_w"]


def test_windows_are_the_chapters_pairs():
    case = CASES["c40-ngram-windows"]
    found = text.windows(case["inputs"]["tokens"], case["inputs"]["context"])
    pairs = [[list(c), t] for c, t in zip(found.contexts.tolist(), found.targets.tolist(), strict=True)]
    assert pairs == case["expected"]["pairs"]


@given(st.lists(st.integers(0, 9), min_size=2, max_size=30), st.integers(1, 5))
def test_windows_are_what_a_loop_over_the_places_gives(items, size):
    if len(items) <= size:
        with pytest.raises(ValueRefusedError, match="windows of"):
            text.windows(items, size)
        return
    found = text.windows(items, size)
    assert found.contexts.tolist() == [items[i : i + size] for i in range(len(items) - size)]
    assert found.targets.tolist() == items[size:]


def test_rated_features_count_what_a_loop_counts():
    ratings = {"good": 1.9, "bad": -2.5, "not": -0.1}
    assert text.rated_features("Not good, but NOT bad; isn't it?", ratings) == [7.0, 1.9, 2.7, 3.0, 1.0]


@pytest.mark.parametrize("nothing", ["", "  \n", "...!?"])
def test_a_text_without_words_has_no_tokens_and_features_of_zero(nothing):
    assert text.tokens(nothing) == []
    assert text.features(nothing, {"great"}) == [0.0, 0.0, 0.0]
    assert text.rated_features(nothing, {"great": 3.0}) == [0.0] * 5


def test_other_alphabets_are_words_too():
    assert text.tokens("Élan, vital") == ["élan", "vital"]
    assert text.words_and_signs("Œuvre: ßtraße 42!") == ["œuvre", ":", "ßtraße", "42", "!"]


def test_words_are_kept_by_frequency_and_then_by_first_appearance():
    assert WORDS.words == ("<unk>", "<pad>", "was", "dessert", "great", "not")
    assert nn.Vocabulary.of([["b", "a", "b", "c"]], size=3).words == ("<unk>", "b", "a")
    assert nn.Vocabulary.of([["b", "a", "b", "c"]], least=2).words == ("<unk>", "b")
    assert len(WORDS) == 6 and "was" in WORDS and "wasn't" not in WORDS


def test_unknown_words_are_the_first_row_also_when_the_text_itself_says_unk():
    words = nn.Vocabulary.of([["<unk>", "a"]])
    assert words.words == ("<unk>", "a")
    assert words.ids(["<unk>", "a", "never seen"]).tolist() == [0, 1, 0]


def test_documents_are_filled_up_to_the_longest_or_cut():
    documents = [["was", "great"], ["not", "great", "was"]]
    assert WORDS.padded(documents).tolist() == [[2, 4, 1], [5, 4, 2]]
    assert WORDS.padded(documents, 2).tolist() == [[2, 4], [5, 4]]
    assert WORDS.padded(documents, 4).tolist() == [[2, 4, 1, 1], [5, 4, 2, 1]]


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: WORDS.padded([["was"], []]), r"document 1 has no tokens: of nothing there is no mean.*\['<unk>'\]"),
        (lambda: nn.Vocabulary.of([["a"]]).padded([["a"]]), "a vocabulary without <pad>.*padding=True"),
        (lambda: nn.Vocabulary.of([]), "a vocabulary of no tokens"),
        (lambda: nn.Vocabulary.of([["a"]], size=1), "a vocabulary without words.*size such as 5000"),
        (lambda: nn.Vocabulary.of(["a text"]), "the document 'a text' is a string.*nn.text.tokens"),
        (lambda: WORDS.ids("was"), "its tokens would be letters"),
        (lambda: nn.Vocabulary(("a", "b")), "a vocabulary without <unk> in front"),
        (lambda: nn.Vocabulary(("<unk>", "b", "b")), "a vocabulary in which 'b' stands twice"),
        (lambda: text.tokens(None), "a text that is a NoneType"),
        (lambda: text.windows(["a", "b"], 0), "windows of 0"),
    ],
)
def test_what_is_no_text_is_refused_with_its_fix(call, message):
    with pytest.raises(ValueRefusedError, match=message):
        call()


def test_an_array_of_words_gives_windows_of_words():
    assert text.windows(np.array(["a", "b", "c"]), 2).targets.tolist() == ["c"]
