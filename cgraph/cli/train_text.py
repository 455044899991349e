"""`cgraph train sentiment` and `cgraph train lm`: what is trained on text."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cgraph.cli.arguments import folder
from cgraph.cli.tasks import passes, save, task
from cgraph.errors import missing_package

PROMPTS = ("i will not", "my lord ,", "what is the", "for all the")
WORDS = ("king", "love", "he", "night", "good", "thou", "three", "father")


def add(tasks: Any) -> None:
    """Declare what can be trained on text."""
    sentiment = task(tasks, "sentiment", "movie sentences, rated by people: good or bad", _sentiment)
    sentiment.add_argument("--features", choices=("lexicon", "embeddings"), default="embeddings")
    sentiment.add_argument("--epochs", type=int, help="at most (default: 30 with the lexicon, 12 with embeddings)")
    lm = task(tasks, "lm", "a language model of Shakespeare's plays: the next word from the three before it", _lm)
    lm.add_argument("--epochs", type=int, default=2)
    lm.add_argument("--plays", type=int, help="read so many plays only (default: all 37)")
    lm.add_argument("--vocabulary", type=int, default=5000, help="how many words it knows (default: 5000)")
    lm.add_argument("--words", type=int, default=60, help="how many words of a sample to print (default: 60)")


# Sentiment ------------------------------------------------------------------------------------------------------------
def _sentiment(options: argparse.Namespace) -> int:
    """Train on one kind of features, print what was reached beside other methods, draw the net and its curve."""
    from cgraph import train

    texts, ratings = train.data.movie_sentences(1.0)
    good = (np.asarray(ratings) > 0).astype(int)
    test, watch, learn_from = train.data.split_rows(len(texts), 0.2, 0.1, seed=1)
    parts = (learn_from, watch, test)
    where, began = folder(options.output), time.perf_counter()
    learn = _on_lexicon if options.features == "lexicon" else _on_embeddings
    run, caption, X, others = learn(options, texts, good, parts)
    seconds = time.perf_counter() - began
    reached = train.metrics.accuracy(train.predict(run.model, X[test]), _shaped(run.model, good[test]))
    print(f"{len(learn_from)} sentences to learn from, {len(watch)} to watch, {len(test)} to test on")
    print(f"{len(run.history)} epochs, the best is {run.kept.number}; {seconds:.1f} s with the methods beside it")
    print(f"accuracy on the test sentences: {reached:.4f}, {caption}")
    for name, accuracy in others.items():
        print(f"{'':23}beside it: {accuracy:.4f}, {name}")
    few = test[:8]
    net = passes(run.model, _loss(run.model), X[few], _shaped(run.model, good[few]))
    save(where, run.history, "accuracy on watched sentences", net, f"{caption}: both passes of 8 sentences")
    return 0


def _on_lexicon(options: argparse.Namespace, texts: Sequence[str], good: Any, parts: Any) -> Any:
    """Five features of each sentence by the rated words in it; beside it the chapter's three."""
    from cgraph import nn, train

    ratings = train.data.lexicon()
    positive = {word for word, rating in ratings.items() if rating > 0}
    five = np.array([nn.text.rated_features(text, ratings) for text in texts])
    three = np.array([nn.text.features(text, positive) for text in texts])

    def trained(X: Any, progress: bool) -> Any:
        net = nn.MLP([X.shape[1], 16, 1], "tanh", seed=options.seed)
        model = nn.Sequential([nn.Normalise.fit(X[parts[0]]), net])
        return _fit(options, model, X, good, parts, epochs=30, rate=0.01, progress=progress)

    run, chapter = trained(five, True), trained(three, False)
    test = parts[2]
    said = train.metrics.accuracy(train.predict(chapter.model, three[test]), good[test].reshape(-1, 1))
    others = {
        'the same net on the chapter\'s three features: words, positive words, "no"': said,
        "logistic regression on the same five features": _logistic_regression(five, good, parts),
        "always the more frequent answer": max(np.mean(good[test]), 1 - np.mean(good[test])),
    }
    return run, "5-16-1 net on features of rated words", five, others


def _on_embeddings(options: argparse.Namespace, texts: Sequence[str], good: Any, parts: Any) -> Any:
    """The mean of each sentence's GloVe vectors, which are trained on; beside it methods of scikit-learn."""
    from cgraph import nn, train

    words = [nn.text.tokens(text) or [nn.text.UNKNOWN] for text in texts]
    every = nn.Vocabulary.of(words, padding=True)
    vectors, found = train.data.glove(every.words)
    found[:2] = True  # <unk>, which stands for the words without a vector, and <pad>
    vocabulary = nn.Vocabulary(tuple(word for word, there in zip(every.words, found, strict=True) if there))
    vectors, ids = vectors[found], vocabulary.padded(words)
    model = nn.language.PooledClassifier.random(
        nn.Embedding.of(vectors),
        hidden=32,
        classes=2,
        seed=options.seed,
        activation="relu",
        dropout=0.5,
        padding=vocabulary.padding,
    )
    run = _fit(options, model, ids, good, parts, epochs=12, rate=0.002, progress=True)
    there = (ids != vocabulary.padding)[:, :, None]
    means = (vectors[ids] * there).sum(axis=1) / there.sum(axis=1)
    others = {
        "logistic regression on the same means": _logistic_regression(means, good, parts),
        "logistic regression on TF-IDF of words and pairs": _tf_idf(texts, good, parts),
    }
    return run, "mean of fine-tuned GloVe vectors, 32 hidden units, dropout", ids, others


def _fit(options: Any, model: Any, X: Any, good: Any, parts: Any, *, epochs: int, rate: float, progress: bool) -> Any:
    """Adam with early stopping on the sentences to watch."""
    from cgraph import train

    Y = _shaped(model, good)
    return train.fit(
        model,
        (X[parts[0]], Y[parts[0]]),
        _loss(model),
        train.Adam(rate),
        epochs if options.epochs is None else options.epochs,
        batch_size=64,
        devset=(X[parts[1]], Y[parts[1]]),
        seed=options.seed,
        patience=3,
        progress=progress,
    )


def _loss(model: Any) -> Any:
    from cgraph import nn

    return (
        nn.softmax_cross_entropy_loss
        if isinstance(model, nn.language.PooledClassifier)
        else nn.sigmoid_cross_entropy_loss
    )


def _shaped(model: Any, good: Any) -> Any:
    """The targets as the loss takes them: class ids [m], or one column [m×1]."""
    from cgraph import nn

    return good if isinstance(model, nn.language.PooledClassifier) else good.reshape(-1, 1)


def _logistic_regression(X: Any, good: Any, parts: Any) -> float:
    """The accuracy of scikit-learn's logistic regression on the test part, trained on the other two."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise missing_package("scikit-learn", "data", "the comparison with logistic regression") from None
    known = np.concatenate(parts[:2])
    return float(
        LogisticRegression(C=10.0, max_iter=2000).fit(X[known], good[known]).score(X[parts[2]], good[parts[2]])
    )


def _tf_idf(texts: Sequence[str], good: Any, parts: Any) -> float:
    """The accuracy of logistic regression on TF-IDF of words and pairs of words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    found = TfidfVectorizer(ngram_range=(1, 2)).fit([texts[i] for i in np.concatenate(parts[:2])])
    return _logistic_regression(found.transform(texts), good, parts)


# Language model -------------------------------------------------------------------------------------------------------
def _lm(options: argparse.Namespace) -> int:
    """Train, print the perplexity beside a trigram's, samples and near words; draw the net and its curve."""
    from cgraph import nn, train

    vocabulary, (texts, held_out, dev) = _plays(options)
    where = folder(options.output)
    trigram = train.Trigram.of(texts, held_out, len(vocabulary))
    model = nn.language.LanguageModel.random(vocabulary, width=50, hidden=100, seed=options.seed)
    learn, watch, test = map(_windows, (texts, held_out, dev))
    print(f"{len(learn[1])} words to learn from, {len(watch[1])} held out to tune, {len(test[1])} to test on")
    print(f"vocabulary of {len(vocabulary)} words; {np.mean(learn[1] == 0):.1%} of the text is <unk>")
    batch = 256
    began = time.perf_counter()
    run = train.fit(
        model,
        learn,
        nn.softmax_cross_entropy_loss,
        train.Adam(
            train.schedules.CosineDecay(0.003, max(1, options.epochs) * -(-len(learn[1]) // batch), floor=0.0001)
        ),
        options.epochs,
        batch_size=batch,
        devset=watch,
        metric=None,
        seed=options.seed,
        dtype="float32",  # most of the time goes into products and moments of large matrices
        progress=True,
    )
    print(f"{len(run.history)} epochs in {time.perf_counter() - began:.0f} s, loss {run.history[-1].loss:.4f}")
    print(f"perplexity on the test words: {_perplexity(run.model, *test):.1f}")
    same = [ids[1:] for ids in dev]  # its first word of a text is the third, the model's the fourth
    print(f"       an interpolated trigram's: {trigram.perplexity(same):.1f}")
    _show(run.model, options)
    history = [replace(epoch, metric=epoch.perplexity) for epoch in run.history]
    net = passes(run.model, nn.softmax_cross_entropy_loss, test[0][:4], test[1][:4])
    save(where, history, "perplexity on held-out words", net, "Language model: both passes of four contexts")
    return 0


def _plays(options: argparse.Namespace) -> Any:
    """A vocabulary, and the ids of each play in three parts: eight tenths, one, and its last one."""
    from cgraph import nn, train
    from cgraph.train.checks import whole

    plays = list(train.data.shakespeare().values())
    plays = plays[: len(plays) if options.plays is None else whole("--plays", options.plays)]
    words = [nn.text.words_and_signs(play) for play in plays]
    cuts = [(len(play) * 8 // 10, len(play) * 9 // 10) for play in words]
    learn = [play[:first] for play, (first, _) in zip(words, cuts, strict=True)]
    vocabulary = nn.Vocabulary.of(learn, options.vocabulary)
    parts = [np.split(vocabulary.ids(play), cut) for play, cut in zip(words, cuts, strict=True)]
    return vocabulary, list(zip(*parts, strict=True))


def _windows(texts: Any) -> tuple[Any, Any]:
    """The contexts and next words of all texts, none across two."""
    from cgraph import nn

    found = [nn.text.windows(ids, 3) for ids in texts]
    return np.concatenate([w.contexts for w in found]), np.concatenate([w.targets for w in found])


def _perplexity(model: Any, contexts: Any, targets: Any) -> float:
    """The perplexity on contexts and the words that came, some at a time."""
    from cgraph import train

    total = 0.0
    for start in range(0, len(targets), 1024):
        part = slice(start, start + 1024)
        total += np.log(train.metrics.perplexity(train.predict(model, contexts[part]), targets[part])) * len(
            targets[part]
        )
    return float(np.exp(total / len(targets)))


def _show(model: Any, options: argparse.Namespace) -> None:
    """Print what comes next, a sample, and near words."""
    for prompt in PROMPTS:
        chances = ", ".join(f"{word} {p:.2f}" for word, p in model.predict_next(prompt.split()))
        print(f"{prompt} … {chances}")
    said = model.sample(PROMPTS[0].split(), options.words, seed=options.seed, temperature=0.8)
    print(f"a sample: {PROMPTS[0]} {' '.join(said)}")
    for word in WORDS:
        if word in model.vocabulary:
            print(f"near {word}: {', '.join(f'{near} {cosine:.2f}' for near, cosine in model.near(word))}")
