"""`cgraph train xor`, `sentiment` and `lm`, on small texts made here; in full they are run by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest

from cgraph import train
from cgraph.cli import main
from cgraph.errors import DataError, ValueRefusedError
from cgraph.train.data import Sentences, WordVectors, split_rows

GOOD, BAD = ["great", "lovely", "fun", "superb"], ["awful", "dull", "poor", "stale"]
RATINGS = {**dict.fromkeys(GOOD, 3.0), **dict.fromkeys(BAD, -3.0)}


def sentences(least: float = 0.0, *, cache: object = None) -> Sentences:
    """300 sentences whose first adjective says what they are; one of them has no words."""
    rng = np.random.default_rng(0)
    ratings = rng.choice([-2.0, 2.0], 300)
    texts = [f"the film was {rng.choice(GOOD if r > 0 else BAD)} and {rng.choice(['long', 'short'])}" for r in ratings]
    return Sentences((*texts[:-1], "..."), ratings)


def vectors(words: list[str]) -> WordVectors:
    rng = np.random.default_rng(1)
    found = np.array([word not in ("<unk>", "<pad>", "long") for word in words])
    return WordVectors(rng.normal(size=(len(words), 50)) * found[:, None], found)


def plays(*, cache: object = None) -> dict[str, str]:
    """Two plays in which the next word follows from the one before it, but for the names."""
    rng = np.random.default_rng(2)
    lines = [f"for all the {rng.choice(['fish', 'bread'])} , my lord . what is the king ?" for _ in range(160)]
    return {"one": " ".join(lines[:80]), "two": " ".join(lines[80:])}


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """Small data in the place of what is fetched."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train.data, "movie_sentences", sentences)
    monkeypatch.setattr(train.data, "lexicon", lambda: RATINGS)
    monkeypatch.setattr(train.data, "glove", vectors)
    monkeypatch.setattr(train.data, "shakespeare", plays)


def written(tmp_path, folder):
    return sorted(path.name for path in (tmp_path / folder).iterdir())


PICTURES = ["learning-curve.png", "learning-curve.svg", "net.png", "net.svg"]


@pytest.mark.slow
def test_xor_is_right_from_all_twenty_seeds(tmp_path, capsys):
    assert main(["train", "xor"]) == 0
    said = capsys.readouterr().out
    assert "all four rows right from 20 of 20 seeds" in said
    answers = [float(line.split()[-1]) > 0.5 for line in said.splitlines()[:4]]
    assert answers == [False, True, True, False]
    assert written(tmp_path, "cgraph-xor") == sorted([*PICTURES, "model.npz"])


@pytest.mark.slow
@pytest.mark.parametrize("features, epochs, others", [("lexicon", "6", 3), ("embeddings", "30", 2)])
def test_sentiment_is_learned_and_other_methods_stand_beside_it(features, epochs, others, tmp_path, capsys):
    assert main(["train", "sentiment", "--features", features, "--epochs", epochs]) == 0
    captured = capsys.readouterr()

    reached = float(re.search(r"accuracy on the test sentences: ([\d.]+)", captured.out)[1])
    beside = [float(a) for a in re.findall(r"beside it: ([\d.]+)", captured.out)]
    assert reached >= 0.95 and len(beside) == others
    assert "210 sentences to learn from, 30 to watch, 60 to test on" in captured.out
    assert "left" in captured.err  # the bar
    assert written(tmp_path, "cgraph-sentiment") == PICTURES


@pytest.mark.slow
def test_the_language_model_is_trained_beside_a_trigram(tmp_path, capsys):
    assert main(["train", "lm", "--epochs", "6", "--vocabulary", "20", "--words", "8"]) == 0
    said = capsys.readouterr().out

    ours = float(re.search(r"perplexity on the test words: ([\d.]+)", said)[1])
    trigram = float(re.search(r"trigram's: ([\d.]+)", said)[1])
    assert 1 < ours < 1.5 and 1 < trigram < 1.5  # one word in thirteen is a choice of two
    assert "vocabulary of 14 words; 0.0% of the text is <unk>" in said
    assert re.search(r"for all the … (fish|bread) 0\.\d\d, (fish|bread)", said)
    assert re.search(r"near king: \S+ -?\d", said)
    assert written(tmp_path, "cgraph-lm") == PICTURES


def test_a_trigram_and_the_language_model_are_measured_on_the_same_words(monkeypatch, capsys):
    measured = []
    perplexity = train.Trigram.perplexity
    monkeypatch.setattr(train.Trigram, "perplexity", lambda self, t: measured.extend(t) or perplexity(self, t))
    assert main(["train", "lm", "--epochs", "1", "--plays", "1"]) == 0
    said = capsys.readouterr().out
    words = 80 * 13
    assert f"{words * 8 // 10 - 3} words to learn from, {words // 10 - 3} held out to tune" in said
    tested = int(re.search(r"(\d+) to test on", said)[1])
    assert tested == sum(len(ids) - 2 for ids in measured)  # as many trigrams as windows


@pytest.mark.slow
def test_the_same_seed_says_the_same_words(capsys):
    said = []
    for _ in range(2):
        assert main(["train", "lm", "--epochs", "1", "--seed", "3"]) == 0
        said.append([line for line in capsys.readouterr().out.splitlines() if "epochs in" not in line])
    assert said[0] == said[1]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["xor", "--seeds", "0"], "--seeds is 0"),
        (["lm", "--plays", "0"], "--plays is 0"),
        (["lm", "--vocabulary", "1"], "vocabulary without words"),
        (["lm", "--epochs", "0"], "epochs is 0"),
        (["sentiment", "--features", "colours"], "invalid choice: 'colours'"),
        (["sentiment", "--epochs", "-1"], "epochs is -1"),
    ],
)
def test_a_wrong_option_is_one_line_and_status_two(arguments, message, capsys):
    assert main(["train", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.splitlines()[-1].startswith("cgraph: ") and message in said


def test_data_that_cannot_be_fetched_is_one_line_and_status_two(monkeypatch, capsys):
    def broken(*arguments, **options):
        raise DataError("no.tar.gz cannot be fetched", why="no network", fix="check the network")

    monkeypatch.setattr(train.data, "shakespeare", broken)
    assert main(["train", "lm"]) == 2
    assert capsys.readouterr().err == "cgraph: no.tar.gz cannot be fetched: no network. Fix: check the network\n"


def test_rows_are_split_without_an_overlap_and_always_alike():
    parts = split_rows(103, 0.2, 0.1, seed=1)
    assert [len(part) for part in parts] == [21, 10, 72]
    assert sorted(np.concatenate(parts).tolist()) == list(range(103))
    assert all(np.array_equal(a, b) for a, b in zip(parts, split_rows(103, 0.2, 0.1, seed=1), strict=True))
    assert not np.array_equal(parts[0], split_rows(103, 0.2, 0.1, seed=2)[0])
    for shares in ((1.0,), (0.5, 0.5), (0.001,), (-0.5,)):
        with pytest.raises(ValueRefusedError, match="each part needs an example"):
            split_rows(10, *shares, seed=0)
