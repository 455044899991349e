"""Estimators that go on: partial_fit, warm_start, learning rates that change, beside scikit-learn's, call by call."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.base import clone

from cgraph.errors import ValueRefusedError
from cgraph.sklearn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SOLVERS = {
    "adam": {"solver": "adam", "learning_rate_init": 0.02},
    "momentum": {"solver": "sgd", "learning_rate_init": 0.1, "nesterovs_momentum": False},
    "looking ahead": {"solver": "sgd", "learning_rate_init": 0.1, "momentum": 0.8},
    "plain": {"solver": "sgd", "learning_rate_init": 0.3, "momentum": 0},
}
RATES = ["constant", "invscaling", "adaptive"]
KINDS = {"binary": MLPClassifier, "multiclass": MLPClassifier, "multilabel": MLPClassifier, "numbers": MLPRegressor}


def data(kind, rows=50, seed=1):
    """Random examples of each kind of target: X [rows×5] and y."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 5))
    y = {
        "binary": np.where(X[:, 0] > 0, "yes", "no"),
        "multiclass": np.digitize(X[:, 0], [-0.5, 0.5]),
        "multilabel": (X[:, :3] > 0).astype(int),
        "numbers": X[:, 0] * X[:, 1],
    }[kind]
    return X, y


def theirs(estimator):
    """Scikit-learn's own estimator with the same parameters."""
    return getattr(neural_network, type(estimator).__name__)(**estimator.get_params())


def assert_same(ours, other):
    assert ours.n_iter_ == other.n_iter_
    for w, v in zip([*ours.coefs_, *ours.intercepts_], [*other.coefs_, *other.intercepts_], strict=True):
        np.testing.assert_allclose(w, v, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(ours.loss_curve_, other.loss_curve_, rtol=1e-9)
    assert ours.loss_ == pytest.approx(other.loss_, rel=1e-9)
    if not ours.early_stopping:
        assert ours.best_loss_ == pytest.approx(other.best_loss_, rel=1e-9)


def net_of(kind, how, **more):
    return KINDS[kind]((4,), "tanh", batch_size=8, random_state=0, **{"max_iter": 6, **SOLVERS[how], **more})


@pytest.mark.parametrize(
    "how, rate",
    [
        pytest.param(how, rate, marks=[] if (how, rate) == ("looking ahead", "invscaling") else [pytest.mark.slow])
        for how in SOLVERS
        for rate in RATES
    ],
)
def test_learning_rates_that_change_train_the_same_net(how, rate):
    X, y = data("multiclass")
    net = net_of("multiclass", how, learning_rate=rate, power_t=0.3, tol=0.02, n_iter_no_change=2, max_iter=60)
    other = theirs(net).fit(X, y)
    assert_same(net.fit(X, y), other)
    if rate == "adaptive" and how != "adam":
        assert net.n_iter_ > clone(net).set_params(learning_rate="constant").fit(X, y).n_iter_


def test_an_adaptive_rate_stops_when_it_is_too_small():
    X, y = data("binary")
    net = net_of("binary", "plain", learning_rate="adaptive", tol=10.0, n_iter_no_change=1, max_iter=200)
    assert_same(net.fit(X, y), theirs(net).fit(X, y))
    assert net.n_iter_ < 200


EACH = [(kind, how, "constant") for kind in KINDS for how in SOLVERS]
EACH += [(kind, "looking ahead", "invscaling") for kind in KINDS]
FEW = [("multiclass", "adam", "constant"), ("numbers", "looking ahead", "invscaling")]


@pytest.mark.parametrize(
    "kind, how, rate", [pytest.param(*one, marks=[] if one in FEW else [pytest.mark.slow]) for one in EACH]
)
def test_partial_fit_makes_the_epochs_that_scikit_learns_makes(kind, how, rate):
    net = net_of(kind, how, learning_rate=rate)
    other = theirs(net)
    X, y = data(kind)
    classes = {} if kind == "numbers" else {"classes": [0, 1, 2] if kind == "multilabel" else np.unique(y)}
    for call in range(4):
        part = slice(12 * call, 12 * call + 12)
        net.partial_fit(X[part], y[part], **({} if call else classes))
        other.partial_fit(X[part], y[part], **({} if call else classes))
        assert_same(net, other)
    assert_same(net.fit(X, y), other.fit(X, y))  # which begins anew
    assert_same(net.partial_fit(X, y), other.partial_fit(X, y))


@pytest.mark.parametrize("how, rate", [("adam", "constant"), ("looking ahead", "invscaling"), ("plain", "adaptive")])
def test_a_warm_start_goes_on_with_the_net_that_there_is(how, rate):
    net = net_of("multiclass", how, warm_start=True, max_iter=4, learning_rate=rate, tol=0.01, n_iter_no_change=3)
    other = theirs(net)
    for seed in (1, 2, 3):
        X, y = data("multiclass", seed=seed)
        assert_same(net.fit(X, y), other.fit(X, y))


def test_a_warm_start_with_early_stopping_keeps_the_best_net_of_all_calls():
    # scikit-learn overwrites the weights of its best net when a second call begins: only the first one is compared
    net = net_of("multiclass", "adam", warm_start=True, max_iter=5, early_stopping=True, n_iter_no_change=9)
    X, y = data("multiclass")
    assert_same(net.fit(X, y), theirs(net).fit(X, y))
    for calls in (2, 3):
        net.fit(X, y)
        assert net.best_validation_score_ == max(net.validation_scores_)
        assert len(net.validation_scores_) == len(net.loss_curve_) == 5 * calls


def test_without_warm_start_a_fit_begins_anew():
    X, y = data("binary")
    net = net_of("binary", "adam", max_iter=5)
    first = net.fit(X, y).coefs_[0].copy()
    np.testing.assert_array_equal(net.fit(X, y).coefs_[0], first)
    assert len(net.loss_curve_) == 5


def test_what_went_on_goes_on_after_it_was_copied():
    X, y = data("multiclass")
    net = net_of("multiclass", "looking ahead").partial_fit(X, y, classes=[0, 1, 2])
    again = pickle.loads(pickle.dumps(net))  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(again.partial_fit(X, y).coefs_[0], net.partial_fit(X, y).coefs_[0])
    assert not hasattr(clone(net), "_standing")


def test_rows_of_a_generator_are_drawn_as_scikit_learn_draws_them():
    X, y = data("binary")
    net, other = net_of("binary", "adam", max_iter=2), None
    net.set_params(random_state=np.random.RandomState(7), warm_start=True)
    other = theirs(net).set_params(random_state=np.random.RandomState(7))
    for _ in range(3):
        assert_same(net.fit(X, y), other.fit(X, y))


def warm(**changed):
    net = net_of("numbers", "adam", max_iter=1, warm_start=True).fit(*data("numbers"))
    return net.set_params(**changed).fit(*data("numbers"))


def classes_then(y, **more):
    net = net_of("multiclass", "adam", max_iter=1, **more).partial_fit(*data("multiclass"), classes=[0, 1, 2])
    return net.partial_fit(np.ones((len(y), 5)), y)


REFUSED = {
    "other classes, warm": (
        lambda: classes_then([0, 1], warm_start=True),
        r"y has the classes .*warm_start needs the same classes.*Fix: ",
    ),
    "other classes": (lambda: classes_then([7]), r"y has the classes .*7.*Fix: give partial_fit all classes"),
    "other hidden layers": (
        lambda: warm(hidden_layer_sizes=(7,)),
        r"a net of 5-4-1 units is to be trained on as one of 5-7-1.*Fix: ",
    ),
    "more targets": (
        lambda: net_of("numbers", "adam").partial_fit(*data("numbers")).partial_fit(np.ones((2, 5)), np.ones((2, 3))),
        r"a net of 5-4-1 units .* 5-4-3",
    ),
    "early stopping of one epoch": (
        lambda: net_of("numbers", "adam", early_stopping=True).partial_fit(*data("numbers")),
        "partial_fit with early_stopping",
    ),
}


@pytest.mark.parametrize("act, text", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_go_on_is_refused(act, text):
    with pytest.raises(ValueRefusedError, match=text):
        act()


def test_other_features_and_a_first_call_without_classes_are_refused_as_by_scikit_learn():
    with pytest.raises(ValueError, match="5 features"):
        net_of("numbers", "adam").partial_fit(*data("numbers")).partial_fit(np.ones((2, 3)), [1.0, 2.0])
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        MLPClassifier().partial_fit(*data("binary"))
