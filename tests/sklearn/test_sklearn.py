"""The estimators beside scikit-learn's own: its checks, its tools, its gradients, its fits."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn import datasets, neural_network
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from sparse import sparse

import cgraph as cg
import viz
from cgraph.errors import ValueRefusedError
from cgraph.sklearn import MLPClassifier, MLPRegressor
from cgraph.train import DivergedError

unconverged = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
NOT_HERE = "pandas is not installed|SCIPY_ARRAY_API is not set|does not have a decision_function method"


def theirs(estimator):
    """Scikit-learn's own estimator with the same parameters."""
    return getattr(neural_network, type(estimator).__name__)(**estimator.get_params())


def parameters(estimator):
    return [*estimator.coefs_, *estimator.intercepts_]


def scaled(load):
    X, y = load(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def data(kind, rows=30):
    """Random examples of each kind of target: X [rows×5] and y."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(rows, 5))
    y = {
        "binary": np.where(X[:, 0] > 0, "yes", "no"),
        "multiclass": np.digitize(X[:, 0], [-0.5, 0.5]),
        "multilabel": (X[:, :3] > 0).astype(int),
        "regression": X[:, 0] * X[:, 1],
        "several outputs": X[:, :2] * X[:, 1:3],
    }[kind]
    return X, y


KINDS = {
    "binary": MLPClassifier,
    "multiclass": MLPClassifier,
    "multilabel": MLPClassifier,
    "regression": MLPRegressor,
    "several outputs": MLPRegressor,
}


# Its own checks -----------------------------------------------------------------------------------------------------
@pytest.mark.slow
@unconverged
@pytest.mark.parametrize("estimator, least", [(MLPClassifier(), 67), (MLPRegressor(), 60)], ids=["67", "60"])
def test_scikit_learns_own_checks_pass(estimator, least):
    checks = check_estimator(estimator, on_fail=None, on_skip=None)
    failed = {c["check_name"]: repr(c["exception"]) for c in checks if c["status"] not in ("passed", "skipped")}
    assert failed == {}
    assert len(checks) >= least
    for check in checks:
        if check["status"] == "skipped":
            assert re.search(NOT_HERE, str(check["exception"]))


# Its gradients ------------------------------------------------------------------------------------------------------
@unconverged
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("kind", KINDS)
def test_loss_and_gradients_are_scikit_learns(kind, activation, weighted):
    X, y = data(kind)
    weights = np.random.default_rng(2).uniform(0.5, 2.0, len(X)) if weighted else None
    net = KINDS[kind]((6, 4), activation, alpha=0.7, max_iter=1, random_state=0).fit(X, y)
    other = theirs(net).fit(X, y)
    rng = np.random.default_rng(3)
    other.coefs_ = [rng.normal(scale=0.3, size=w.shape) for w in other.coefs_]
    other.intercepts_ = [rng.normal(size=b.shape) for b in other.intercepts_]
    Y = other._label_binarizer.transform(y) if kind in ("binary", "multiclass", "multilabel") else y
    Y = Y.reshape(len(X), -1).astype(float)
    layers = [np.empty(0)] * other.n_layers_
    loss, *expected = other._backprop(X, Y, weights, [X, *layers[1:]], layers[1:], layers[1:], layers[1:])

    L = net.step_["L"]
    values = {f"W[{i}]": W for i, W in enumerate(other.coefs_, start=1)}
    values |= {f"b[{i}]": b for i, b in enumerate(other.intercepts_, start=1)}
    given = {"X": X, "Y": np.column_stack([Y, np.ones(len(X)) if weights is None else weights]), **values}
    gradients = cg.grad(L, [net.step_[name] for name in values])
    found = cg.forward(cg.Graph([L, *gradients]), given)

    for gradient, exact in zip(gradients, [*expected[0], *expected[1]], strict=True):
        np.testing.assert_allclose(found[gradient], exact, rtol=1e-10, atol=1e-13)
    if kind != "several outputs":  # there scikit-learn reports the mean over the outputs, and descends the sum
        assert found[L] == pytest.approx(loss, rel=1e-12)


# Its fits -----------------------------------------------------------------------------------------------------------
FITS = [
    MLPClassifier((8,), "tanh", solver="sgd", learning_rate_init=0.1, random_state=0),
    MLPClassifier((8, 4), "relu", solver="sgd", nesterovs_momentum=False, batch_size=7, max_iter=20, random_state=1),
    MLPClassifier((8,), "logistic", solver="sgd", momentum=0, learning_rate_init=0.5, alpha=0.1, random_state=2),
    MLPClassifier((), "identity", learning_rate_init=0.02, random_state=3),
    MLPClassifier(12, "relu", learning_rate_init=0.01, beta_1=0.8, beta_2=0.9, epsilon=1e-3, random_state=4),
    MLPClassifier((8,), "tanh", early_stopping=True, validation_fraction=0.2, learning_rate_init=0.01, random_state=5),
    MLPClassifier((8,), "tanh", tol=0.01, n_iter_no_change=3, learning_rate_init=0.01, random_state=6),
]


@unconverged
@pytest.mark.parametrize("net", sparse(FITS, 3), ids=range(len(FITS)))
@pytest.mark.parametrize("load", sparse([datasets.load_iris, datasets.load_wine, datasets.load_breast_cancer], 3))
def test_the_same_random_state_trains_the_same_net(net, load):
    X, y = scaled(load)
    ours, other = clone(net).fit(X, y), theirs(net).fit(X, y)
    assert ours.n_iter_ == other.n_iter_
    for w, v in zip(parameters(ours), parameters(other), strict=True):
        np.testing.assert_allclose(w, v, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(ours.loss_curve_, other.loss_curve_, rtol=1e-10)
    np.testing.assert_allclose(ours.predict_proba(X), other.predict_proba(X), atol=1e-10)
    assert (ours.predict(X) == other.predict(X)).all()
    for name in ("best_loss_", "best_validation_score_", "loss_", "n_layers_", "n_outputs_", "out_activation_"):
        left, right = getattr(ours, name), getattr(other, name)
        assert left == (pytest.approx(right, rel=1e-10) if isinstance(right, float) else right)
    if net.early_stopping:
        np.testing.assert_allclose(ours.validation_scores_, other.validation_scores_)
    else:
        assert ours.validation_scores_ is None


@unconverged
@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("kind", ["multilabel", "regression", "several outputs"])
def test_other_targets_train_the_same_net_too(kind, early):
    X, y = data(kind, rows=60)
    net = KINDS[kind]((6,), "tanh", learning_rate_init=0.02, early_stopping=early, max_iter=40, tol=0, random_state=0)
    other = theirs(net).fit(X, y)
    net.fit(X, y)
    assert net.n_iter_ == other.n_iter_
    for w, v in zip(parameters(net), parameters(other), strict=True):
        np.testing.assert_allclose(w, v, rtol=1e-9, atol=1e-10)
    assert net.predict(X).shape == other.predict(X).shape
    np.testing.assert_allclose(net.predict(X), other.predict(X), atol=1e-10)


@pytest.mark.slow
def test_digits_reach_what_scikit_learn_reaches():
    X, y = datasets.load_digits(return_X_y=True)
    X, Xtest, y, ytest = train_test_split(X / 16, y, random_state=0)
    net = MLPClassifier(solver="sgd", learning_rate_init=0.1, random_state=3)
    ours, other = net.fit(X, y).score(Xtest, ytest), theirs(net).fit(X, y).score(Xtest, ytest)
    assert ours == other
    assert ours >= 0.975


# Its tools ----------------------------------------------------------------------------------------------------------
@unconverged
def test_cross_validation_of_a_pipeline_gives_scikit_learns_scores():
    X, y = datasets.load_wine(return_X_y=True)
    net = MLPClassifier((6,), "tanh", solver="sgd", learning_rate_init=0.05, max_iter=50, random_state=0)
    scores = cross_val_score(make_pipeline(StandardScaler(), net), X, y, cv=4)
    assert scores.tolist() == cross_val_score(make_pipeline(StandardScaler(), theirs(net)), X, y, cv=4).tolist()
    assert scores.mean() > 0.95


@unconverged
def test_a_grid_search_finds_what_scikit_learn_finds():
    X, y = scaled(datasets.load_diabetes)
    net = MLPRegressor((8,), "tanh", max_iter=30, random_state=0)
    grid = {"alpha": [1e-4, 10.0], "learning_rate_init": [0.003, 0.03]}
    search, other = (GridSearchCV(each, grid, cv=3).fit(X, y / 100) for each in (net, theirs(net)))
    assert search.best_params_ == other.best_params_
    left, right = (s.cv_results_["mean_test_score"] for s in (search, other))
    np.testing.assert_allclose(left, right, rtol=1e-8)


# The net of nodes ---------------------------------------------------------------------------------------------------
@unconverged
@pytest.mark.parametrize("kind", KINDS)
def test_the_fitted_model_computes_what_is_predicted_and_can_be_drawn(kind):
    X, y = data(kind)
    net = KINDS[kind]((3,), "tanh", max_iter=5, random_state=0).fit(X, y)
    outputs = net.model_.predict(X)
    predicted = net.predict(X) if isinstance(net, MLPRegressor) else net.predict_proba(X)
    np.testing.assert_array_equal(outputs[:, -1], predicted.reshape(len(X), -1)[:, -1])
    assert all(f"W[{i}]" in viz.draw(net.model_(cg.variable("X", ("m", 5)))).dot for i in (1, 2))
    assert "<svg" in viz.network(net.model_).svg()


@unconverged
def test_the_room_is_found_from_the_public_face():
    assert cg.sklearn.MLPClassifier is MLPClassifier


@unconverged
@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_logarithms_of_probabilities_are_theirs_and_finite_where_a_probability_is_not_above_zero(kind):
    X, y = data(kind)
    net = MLPClassifier((3,), "tanh", max_iter=5, random_state=0).fit(X, y)
    np.testing.assert_allclose(net.predict_log_proba(X), np.log(theirs(net).fit(X, y).predict_proba(X)), rtol=1e-10)
    net = MLPClassifier((), max_iter=5, random_state=0).fit(X, y)
    logs = net.predict_log_proba(1e4 * X)
    assert np.isfinite(logs).all() and logs.min() < -1000
    np.testing.assert_allclose(np.exp(logs), net.predict_proba(1e4 * X), atol=1e-12)


# Rows: sparse, weighted, of one class -------------------------------------------------------------------------------
@unconverged
@pytest.mark.parametrize("early", [False, True])
def test_sparse_rows_are_the_same_rows(early):
    X, y = data("multiclass")
    X = np.where(np.abs(X) < 1, 0.0, X)
    net = MLPClassifier((4,), max_iter=5, batch_size=8, early_stopping=early, random_state=0)
    full, sparse = clone(net).fit(X, y), clone(net).fit(csr_matrix(X), y)
    for w, v in zip(parameters(full), parameters(sparse), strict=True):
        np.testing.assert_array_equal(w, v)
    np.testing.assert_array_equal(full.predict_proba(X), sparse.predict_proba(csr_matrix(X)))


@unconverged
@pytest.mark.parametrize("kind", KINDS)
def test_a_weight_counts_rows(kind):
    X, y = data(kind)
    counts = np.random.default_rng(4).integers(0, 4, len(X))
    net = KINDS[kind]((4,), "tanh", solver="sgd", max_iter=20, random_state=0)
    weighted = clone(net).fit(X, y, sample_weight=counts)
    repeated = clone(net).fit(np.repeat(X, counts, axis=0), np.repeat(y, counts, axis=0))
    for w, v in zip(parameters(weighted), parameters(repeated), strict=True):
        np.testing.assert_allclose(w, v, rtol=1e-10, atol=1e-12)


@unconverged
def test_a_row_of_weight_zero_is_as_if_it_were_not_there():
    X, y = data("binary")
    weights = np.where(np.arange(len(X)) % 3, 1.0, 0.0)
    net = MLPClassifier((4,), "tanh", batch_size=2, max_iter=3, random_state=0)
    weighted, without = clone(net).fit(X, y, weights), clone(net).fit(X[weights > 0], y[weights > 0])
    for w, v in zip(parameters(weighted), parameters(without), strict=True):
        np.testing.assert_array_equal(w, v)


@unconverged
@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_weighted_fits_with_early_stopping_are_scikit_learns(kind):
    X, y = data(kind, rows=80)
    weights = np.random.default_rng(5).uniform(0.5, 2.0, len(X))
    net = KINDS[kind]((4,), "tanh", early_stopping=True, max_iter=20, batch_size=16, random_state=0)
    other = theirs(net).fit(X, y, weights)
    np.testing.assert_allclose(net.fit(X, y, weights).validation_scores_, other.validation_scores_)
    for w, v in zip(parameters(net), parameters(other), strict=True):
        np.testing.assert_allclose(w, v, rtol=1e-9, atol=1e-10)


@unconverged
def test_one_class_alone_is_the_class_that_is_predicted():
    net = MLPClassifier((3,), max_iter=3, random_state=0).fit([[0.0], [1.0], [2.0]], ["only"] * 3)
    assert net.predict([[5.0], [-5.0]]).tolist() == ["only", "only"]


@unconverged
def test_a_generator_of_scikit_learns_kind_goes_on_and_a_seed_repeats():
    X, y = data("binary")
    net = MLPClassifier((3,), max_iter=2)
    first, again = (clone(net).set_params(random_state=7).fit(X, y).coefs_[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    going = np.random.RandomState(7)
    one, two = (MLPClassifier((3,), max_iter=2, random_state=going).fit(X, y).coefs_[0] for _ in range(2))
    np.testing.assert_array_equal(one, first)
    assert not np.allclose(two, first)


# What is said -------------------------------------------------------------------------------------------------------
def test_an_unfinished_training_is_said_and_a_finished_one_is_not():
    X, y = data("binary")
    with pytest.warns(ConvergenceWarning, match="not converged in 3 epochs: give a larger max_iter or tol") as said:
        MLPClassifier((3,), max_iter=3, random_state=0).fit(X, y)
    assert said[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MLPClassifier((3,), tol=10.0, n_iter_no_change=1, random_state=0).fit(X, y)


@unconverged
def test_an_infinite_patience_makes_every_epoch():
    X, y = data("binary")
    assert MLPClassifier((3,), tol=10.0, n_iter_no_change=np.inf, max_iter=9, random_state=0).fit(X, y).n_iter_ == 9


def test_verbose_shows_progress(capsys):
    X, y = data("binary")
    MLPClassifier((3,), tol=10.0, n_iter_no_change=1, random_state=0, verbose=True).fit(X, y)
    assert "loss" in capsys.readouterr().err


BAD = [
    ({"hidden_layer_sizes": (3, 0)}, "a size in hidden_layer_sizes is 0: it counts something"),
    ({"hidden_layer_sizes": "10"}, "a size in hidden_layer_sizes is '10'"),
    ({"activation": "softplus"}, "activation is 'softplus': it is unknown. Fix: use one of: identity, logistic"),
    ({"solver": "lbfgs"}, "solver is 'lbfgs': it searches along lines over all rows at once: none of its steps"),
    ({"solver": "rprop"}, "solver is 'rprop': it is unknown. Fix: use one of: adam, sgd"),
    ({"learning_rate": "cosine"}, "learning_rate is 'cosine': it is unknown. Fix: use one of: constant, invscaling"),
    ({"power_t": -1.0}, "power_t is -1.0"),
    ({"alpha": -1.0}, "alpha is -1.0. Fix: give a number from 0 up"),
    ({"tol": -1.0}, "tol is -1.0"),
    ({"batch_size": 0}, "batch_size is 0"),
    ({"batch_size": "all"}, "batch_size is 'all'"),
    ({"max_iter": 0}, "max_iter is 0"),
    ({"n_iter_no_change": 0}, "n_iter_no_change is 0"),
    ({"learning_rate_init": 0.0}, "learning rate is 0.0"),
    ({"momentum": 1.5, "solver": "sgd"}, "the momentum is 1.5"),
    ({"beta_1": 1.0}, "β₁ is 1.0"),
    ({"epsilon": 0.0}, "ε is 0.0"),
    ({"validation_fraction": 1.0}, "validation_fraction is 1.0"),
    ({"early_stopping": True, "validation_fraction": 0.01}, "early stopping holds out 1 row: a score needs two"),
]


@pytest.mark.parametrize("given, message", BAD, ids=[",".join(given) for given, _ in BAD])
def test_a_parameter_out_of_its_range_is_refused(given, message):
    X, y = data("regression")
    with pytest.raises(ValueRefusedError) as error:
        MLPRegressor(**given).fit(X, y)
    assert message in str(error.value)


def test_weights_that_are_all_zero_are_refused():
    X, y = data("binary")
    with pytest.raises(ValueError, match=r"at least one non-zero number|the training data gives no batches"):
        MLPClassifier().fit(X, y, np.zeros(len(X)))


def test_a_weight_below_zero_is_refused():
    X, y = data("binary")
    with pytest.raises(ValueError, match="Negative values in data passed to `sample_weight`"):
        MLPClassifier().fit(X, y, -np.ones(len(X)))


def test_a_training_that_diverges_is_named():
    X, y = data("regression")
    with pytest.raises(DivergedError, match="training diverged in epoch"), np.errstate(all="ignore"):
        MLPRegressor((4,), "identity", solver="sgd", learning_rate_init=1e3, random_state=0).fit(X, y)


def test_without_scikit_learn_the_room_says_what_to_install():
    program = "import sys; sys.modules['sklearn'] = None; import cgraph as cg; cg.nn; cg.sklearn"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    said = done.stderr.strip().splitlines()[-1]
    assert said.endswith(
        "the package scikit-learn is not installed: cgraph.sklearn needs it. Fix: pip install 'cgraph-engine[data]'"
    )
