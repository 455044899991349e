"""Embeddings, the pooled classifier and the language model: the chapter's cases, PyTorch, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from project import cases

import cgraph as cg
import viz
from cgraph import nn, train
from cgraph.errors import NameUnknownError, ShapeError, ValueRefusedError

CASES = cases()
NO_TORCH = "PyTorch is not installed: pip install torch==2.13.0 runs these tests"
LEXICON = nn.Vocabulary(("<unk>", "for", "all", "the", "fish", "thanks"))


def inputs(case: str) -> dict[str, np.ndarray]:
    return {name: np.array(value) for name, value in CASES[case]["inputs"].items()}


def ids_of(case: str) -> list[int]:
    return next(n["attrs"]["ids"] for n in CASES[case]["graph"]["nodes"] if n["op"] == "lookup")


def parameters(case: str) -> tuple[np.ndarray, nn.Linear, nn.Linear]:
    leaf = inputs(case)
    hidden = nn.Linear(cg.parameter("W", leaf["W"]), cg.parameter("b", leaf["b"].ravel()))
    return leaf["Emb"], hidden, nn.Linear(cg.parameter("U", leaf["U"]))


def activation_of(case: str) -> str:
    return next(n["op"] for n in CASES[case]["graph"]["nodes"] if n["id"] == "h")


def check(case: str, model: Any, ids: list[list[int]]) -> cg.Backward:
    """The loss and the gradient of every parameter against the case's."""
    expected = CASES[case]["expected"]
    bwd = cg.backward(cg.forward(nn.softmax_cross_entropy_loss(model(ids), inputs(case)["y"])))
    assert np.isclose(bwd.forward["L"], np.ravel(expected["forward"]["L"])[0], rtol=1e-10)
    for ours, theirs in (("E", "Emb"), ("W", "W"), ("b", "b"), ("U", "U")):
        want = np.array(expected["grad"][theirs])
        assert np.allclose(bwd.gradient[ours], want.reshape(bwd.gradient[ours].shape), rtol=1e-10, atol=1e-12), ours
    return bwd


# The chapter's cases ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("one_hot", [False, True], ids=["looked up", "one-hot product"])
@pytest.mark.parametrize("case, pooling", [("c34-pooled-mean-sentiment", "mean"), ("c36-pooled-max-sentiment", "max")])
def test_the_pooled_classifier_is_the_chapters(case, pooling, one_hot):
    E, hidden, output = parameters(case)
    embedding = nn.Embedding(cg.parameter("E", E), one_hot)
    model = nn.language.PooledClassifier(embedding, hidden, output, activation_of(case), pooling=pooling)

    bwd = check(case, model, [ids_of(case)])

    assert [p.name for p in model.parameters] == ["E", "W", "b", "U"]
    assert {"x", "h", "z"} <= set(bwd.forward.graph.names)


@pytest.mark.parametrize("case", ["c34-pooled-mean-sentiment", "c36-pooled-max-sentiment"])
def test_padding_changes_neither_the_loss_nor_a_gradient(case):
    E, hidden, output = parameters(case)
    padded = np.vstack([E, np.full((1, E.shape[1]), 9.0)])
    pooling = "max" if "max" in case else "mean"
    model = nn.language.PooledClassifier(
        nn.Embedding.of(padded), hidden, output, activation_of(case), pooling=pooling, padding=len(E)
    )
    ids = [[*ids_of(case), len(E), len(E)]]
    bwd = cg.backward(cg.forward(nn.softmax_cross_entropy_loss(model(ids), inputs(case)["y"])))

    assert np.isclose(bwd.forward["L"], np.ravel(CASES[case]["expected"]["forward"]["L"])[0], rtol=1e-10)
    assert np.allclose(bwd.gradient["E"][:-1], CASES[case]["expected"]["grad"]["Emb"], atol=1e-12)
    assert not bwd.gradient["E"][-1].any()


@pytest.mark.parametrize("one_hot", [False, True], ids=["looked up", "one-hot product"])
def test_the_language_model_is_the_chapters_with_one_shared_embedding_matrix(one_hot):
    case = "c37-lm-window3"
    E, hidden, output = parameters(case)
    embedding = nn.Embedding(cg.parameter("E", E), one_hot)
    model = nn.language.LanguageModel(embedding, hidden, output, activation_of(case), vocabulary=LEXICON)

    bwd = check(case, model, [ids_of(case)])

    assert {"e", "h", "z"} <= set(bwd.forward.graph.names)
    estimate = cg.forward(model.probabilities([ids_of(case)])).values[-1]
    assert np.isclose(-np.log(estimate[0, 2]), bwd.forward["L"])  # the case's next word is 2


# PyTorch ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_a_batch_of_the_language_model_agrees_with_pytorch(activation):
    torch = pytest.importorskip("torch", reason=NO_TORCH)
    model = nn.language.LanguageModel.random(LEXICON, width=4, hidden=5, seed=3, context=2, activation=activation)
    contexts, targets = np.array([[1, 1], [2, 5], [0, 3], [1, 2]]), np.array([2, 0, 4, 4])
    E, W, b, U = (torch.tensor(p.value, requires_grad=True) for p in model.parameters)
    h = getattr(torch, activation)(E[contexts].reshape(4, -1) @ W + b)
    loss = torch.nn.functional.cross_entropy(h @ U, torch.tensor(targets))
    loss.backward()

    bwd = cg.backward(cg.forward(nn.softmax_cross_entropy_loss(model(contexts), targets)))

    assert np.isclose(bwd.forward["L"], loss.item(), rtol=1e-12)
    for name, tensor in zip("EWbU", (E, W, b, U), strict=True):
        assert np.allclose(bwd.gradient[name], tensor.grad, rtol=1e-9, atol=1e-12), name


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_pooled_texts_of_unequal_length_agree_with_pytorch_text_by_text(pooling):
    torch = pytest.importorskip("torch", reason=NO_TORCH)
    model = nn.language.PooledClassifier.random(
        nn.Embedding.random(6, 3, seed=0), hidden=4, classes=2, seed=1, activation="tanh", pooling=pooling, padding=1
    )
    texts, targets = [[2, 3, 2], [4], [5, 0]], [0, 1, 1]
    E, W, b, U = (torch.tensor(p.value, requires_grad=True) for p in model.parameters)
    pooled = [E[t].mean(0) if pooling == "mean" else E[t].amax(0) for t in texts]
    loss = torch.nn.functional.cross_entropy(torch.tanh(torch.stack(pooled) @ W + b) @ U, torch.tensor(targets))
    loss.backward()

    ids = np.array([t + [1] * (3 - len(t)) for t in texts])
    bwd = cg.backward(cg.forward(nn.softmax_cross_entropy_loss(model(ids), targets)))

    assert np.isclose(bwd.forward["L"], loss.item(), rtol=1e-12)
    for name, tensor in zip("EWbU", (E, W, b, U), strict=True):
        if (pooling, name) != (
            "max",
            "E",
        ):  # amax shares the gradient of a tie (2 stands twice) between equals: same row
            assert np.allclose(bwd.gradient[name], tensor.grad, rtol=1e-9, atol=1e-12), name
    assert np.allclose(bwd.gradient["E"].sum(axis=0), E.grad.sum(0))


def test_class_ids_and_one_hot_rows_are_the_same_loss():
    z = cg.constant(np.random.default_rng(0).normal(size=(4, 3)))
    both = [nn.softmax_cross_entropy_loss(z, y) for y in ([0, 2, 1, 1], np.eye(3)[[0, 2, 1, 1]])]
    assert cg.forward(both[0])["L"] == cg.forward(both[1])["L"]


# Training -----------------------------------------------------------------------------------------------------------
TEXT = ["for", "all", "the", "fish", "thanks", "for", "all", "the", "fish"]


def trained(model: Any, epochs: int = 60) -> Any:
    data = nn.text.windows(LEXICON.ids(TEXT), 3)
    return train.fit(model, data, nn.softmax_cross_entropy_loss, train.Adam(0.05), epochs, seed=0).model


def test_a_language_model_learns_what_comes_next():
    model = trained(nn.language.LanguageModel.random(LEXICON, width=3, hidden=8, seed=0))

    (word, chance), *others = model.predict_next(["for", "all", "the"])
    assert word == "fish" and chance > 0.95
    assert len(others) == 4 and chance + sum(p for _, p in others) < 1
    assert model.sample(["for", "all", "the"], 5, seed=0) == ["fish", "thanks", "for", "all", "the"]
    assert model.predict_next(["thanks", "for", "all", "the"]) == model.predict_next(["for", "all", "the"])


def test_a_frozen_embedding_stays_as_it_is_and_the_rest_is_trained():
    vectors = np.random.default_rng(0).normal(size=(6, 3))
    model = nn.language.LanguageModel.random(
        LEXICON, width=3, hidden=8, seed=0, embedding=nn.Embedding.of(vectors, frozen=True)
    )
    after = trained(model)

    assert [p.name for p in model.parameters] == ["W", "b", "U"]
    assert np.array_equal(after.embedding.E.value, vectors)
    assert after.predict_next(["for", "all", "the"])[0][0] == "fish"


def test_only_the_rows_of_words_that_were_read_are_trained():
    model = nn.language.LanguageModel.random(LEXICON, width=3, hidden=8, seed=0)
    before, after = model.values["E"], trained(model, epochs=2).values["E"]
    changed = (before != after).any(axis=1)
    assert changed.tolist() == [False, True, True, True, True, True]  # <unk> was never read


def test_a_word_never_seen_is_read_as_unknown():
    model = trained(nn.language.LanguageModel.random(LEXICON, width=3, hidden=8, seed=0), 2)
    assert model.predict_next(["for", "all", "zebras"]) == model.predict_next(["for", "all", "<unk>"])
    assert "<unk>" not in model.sample(["for", "all", "zebras"], 50, seed=1, temperature=3.0)


def test_samples_are_the_same_for_the_same_seed_and_cold_ones_are_the_most_probable():
    model = nn.language.LanguageModel.random(LEXICON, width=3, hidden=8, seed=0)
    start = ["for", "all", "the"]
    assert model.sample(start, 20, seed=5) == model.sample(start, 20, seed=5) != model.sample(start, 20, seed=6)
    sharp = model.with_values({"U": model.values["U"] * 50})
    first = next(word for word, _ in sharp.predict_next(start) if word != "<unk>")
    assert sharp.sample(start, 1, seed=0, temperature=0.001) == [first]


def test_words_in_like_places_get_near_embeddings():
    words = nn.Vocabulary(("<unk>", "the", "cat", "dog", "sat", "ran", "."))
    text = ["the", "cat", "sat", ".", "the", "dog", "sat", ".", "the", "cat", "ran", ".", "the", "dog", "ran", "."] * 4
    model = nn.language.LanguageModel.random(words, width=4, hidden=8, seed=0, context=2)
    data = nn.text.windows(words.ids(text), 2)
    model = train.fit(
        model, data, nn.softmax_cross_entropy_loss, train.Adam(0.02, weight_decay=0.001), 150, seed=0
    ).model

    assert model.near("cat", 1)[0][0] == "dog"
    cat, dog = (dict(model.predict_next(["the", w], 7)) for w in ("cat", "dog"))
    assert all(abs(cat[w] - dog[w]) < 0.1 for w in cat)  # so they predict the same


def test_dropout_is_drawn_in_training_alone():
    model = nn.language.PooledClassifier.random(
        nn.Embedding.random(6, 3, seed=0), hidden=4, classes=2, seed=0, dropout=0.5
    )
    ids = cg.variable("X", ("m", 2))
    leaves = {n.name for n in cg.Graph(model(ids, training=True)).leaves}
    assert {"mask[x]", "mask[h]"} <= leaves and set(model.noise) == {"mask[x]", "mask[h]"}
    assert not {"mask[x]", "mask[h]"} & {n.name for n in cg.Graph(model(ids)).leaves}
    masks = model.noise["mask[x]"](np.random.default_rng(0), (1000, 3))
    assert set(np.unique(masks)) == {0.0, 1.0} and abs(masks.mean() - 0.5) < 0.03
    data = np.array([[2, 3], [4, 5]] * 20), np.array([0, 1] * 20)
    runs = [train.fit(model, data, nn.softmax_cross_entropy_loss, train.Adam(0.05), 30, seed=0) for _ in range(2)]
    assert all(np.array_equal(a, b) for a, b in zip(*(r.model.values.values() for r in runs), strict=True))
    assert train.metrics.accuracy(train.predict(runs[0].model, data[0]), data[1]) == 1.0


def test_one_class_alone_is_learned_as_that_class():
    model = nn.language.PooledClassifier.random(nn.Embedding.random(6, 3, seed=0), hidden=4, classes=2, seed=0)
    data = np.array([[2, 3], [4, 5]]), np.array([1, 1])
    run = train.fit(model, data, nn.softmax_cross_entropy_loss, train.Adam(0.1), 30, seed=0)
    assert train.predict(run.model, data[0]).argmax(axis=1).tolist() == [1, 1]
    assert np.isfinite(run.history[-1].loss)


def test_a_language_model_is_saved_with_its_vocabulary(tmp_path):
    model = nn.language.LanguageModel.random(LEXICON, width=3, hidden=8, seed=0)
    again = train.load(train.save(model, tmp_path / "model.npz"))
    start = ["for", "all", "the"]
    assert again.vocabulary == LEXICON and again.predict_next(start) == model.predict_next(start)


def test_near_rows_are_those_of_largest_cosine():
    torch = pytest.importorskip("torch", reason=NO_TORCH)
    vectors = np.random.default_rng(0).normal(size=(20, 4))
    cosines = torch.nn.functional.cosine_similarity(torch.tensor(vectors), torch.tensor(vectors[7:8])).numpy()
    order = [i for i in np.argsort(-cosines) if i != 7][:5]
    found = nn.nearest(vectors, 7)
    assert [i for i, _ in found] == order and np.allclose([c for _, c in found], cosines[order])
    assert nn.nearest([[0.0, 0.0], [1.0, 0.0]], 0) == [(1, 0.0)]


def test_the_language_model_is_drawn_with_the_names_of_the_chapter():
    model = nn.language.LanguageModel.random(LEXICON, width=2, hidden=3, seed=0)
    svg = viz.draw(cg.backward(cg.forward(nn.softmax_cross_entropy_loss(model([[1, 2, 3]]), [4])))).svg()
    assert all(f">{name}<" in svg or f'"{name}"' in svg or name in svg for name in ("E", "W", "U", "h"))


# What is refused ----------------------------------------------------------------------------------------------------
SMALL = nn.language.LanguageModel.random(LEXICON, width=2, hidden=3, seed=0)
POOL = nn.language.PooledClassifier.random(nn.Embedding.random(6, 3, seed=0), hidden=4, classes=2, seed=0)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: POOL(np.zeros((2, 0))), ValueRefusedError, "given no words.*such as 0 for an unknown word"),
        (lambda: POOL([]), ValueRefusedError, "of nothing there is no mean"),
        (lambda: POOL([[6]]), ValueRefusedError, "id 6.*ids 0 to 5"),
        (lambda: POOL([[-1]]), ValueRefusedError, "id -1.*ids 0 to 5"),
        (lambda: POOL([[0.5]]), ValueRefusedError, r"id 0\.5"),
        (lambda: train.predict(POOL, np.array([[0, 7]])), ValueRefusedError, "id 7.*ids 0 to 5"),
        (lambda: SMALL([[1, 2]]), ShapeError, r"contexts of shape .*3 words before.*windows\(ids, 3\)"),
        (lambda: SMALL.predict_next(["for"]), ValueRefusedError, "the last 3 words.*at least 3"),
        (lambda: SMALL.predict_next("for all the"), ValueRefusedError, "give a list"),
        (lambda: SMALL.sample(["for", "all", "the"], 3, seed=0, temperature=0.0), ValueRefusedError, "temperature"),
        (lambda: SMALL.near("zebra"), ValueRefusedError, "'zebra' is not in the vocabulary"),
        (lambda: SMALL.with_values({"V": [1.0]}), NameUnknownError, "no parameter 'V'"),
        (lambda: SMALL.with_values({"E": [[1.0]]}), ShapeError, "the value of E has shape"),
        (lambda: nn.Embedding(np.eye(2)), ValueRefusedError, "given a ndarray.*Embedding.of"),
        (lambda: nn.Embedding.of([1.0, 2.0]), ShapeError, "two dimensions"),
        (lambda: nn.Embedding.random(0, 3, seed=0), ValueRefusedError, "0 rows of 3"),
        (lambda: nn.nearest([[1.0]], 1), ValueRefusedError, "row 1 of 1 vectors"),
        (
            lambda: nn.language.PooledClassifier(POOL.embedding, POOL.hidden, POOL.output, pooling="sum"),  # type: ignore[arg-type]
            ValueRefusedError,
            "the pooling is 'sum'",
        ),
        (
            lambda: nn.language.PooledClassifier(
                POOL.embedding, POOL.hidden, nn.Linear(cg.parameter("U", np.zeros((3, 2))))
            ),
            ShapeError,
            "is followed by U.*as many rows as W has columns",
        ),
        (
            lambda: nn.language.LanguageModel(
                SMALL.embedding, SMALL.hidden, SMALL.output, vocabulary=LEXICON, context=2
            ),
            ShapeError,
            "W has shape.*each element of e",
        ),
        (
            lambda: nn.language.LanguageModel(
                SMALL.embedding, SMALL.hidden, SMALL.output, vocabulary=nn.Vocabulary(("<unk>", "a"))
            ),
            ShapeError,
            "E has shape.*row for each word",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_fix(call, error, message):
    with pytest.raises(error, match=message):
        call()
