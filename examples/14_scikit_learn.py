"""For scikit-learn's users: a net of nodes in a Pipeline and a GridSearchCV, the same net that scikit-learn trains."""

import numpy as np
from sklearn import neural_network
from sklearn.datasets import load_wine
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import cgraph as cg
import viz
from cgraph.sklearn import MLPClassifier

X, X_test, y, y_test = train_test_split(*load_wine(return_X_y=True), random_state=0)
settings = {"activation": "tanh", "solver": "sgd", "learning_rate_init": 0.1, "tol": 1e-3, "random_state": 0}

ours = Pipeline([("scale", StandardScaler()), ("net", MLPClassifier(**settings))])
search = GridSearchCV(ours, {"net__hidden_layer_sizes": [(3,), (4, 3)], "net__alpha": [0.001, 0.1]}, cv=3).fit(X, y)
print(f"the best of four: {search.best_params_}, right on {search.score(X_test, y_test):.1%} of {len(y_test)} wines")
assert search.score(X_test, y_test) >= 0.95

# Scikit-learn's own net with the same parameters draws the same first weights and the same mini-batches, and so it
# ends with the same weights, but for rounding.
net = search.best_estimator_["net"]
same = {name.removeprefix("net__"): value for name, value in search.best_params_.items()}
theirs = neural_network.MLPClassifier(**settings, **same).fit(StandardScaler().fit_transform(X), y)
apart = max(np.abs(w - v).max() for w, v in zip(net.coefs_, theirs.coefs_, strict=True))
print(f"after {net.n_iter_} epochs no weight is 1e-12 apart from scikit-learn's: {apart < 1e-12}")
assert net.n_iter_ == theirs.n_iter_
assert apart < 1e-12

# What scikit-learn's net has not: it is made of nodes, and so is its training.
L = net.step_["L"]
gradient = cg.grad(L, net.step_["W[1]"])
print(f"one step of training is a graph of {len(net.step_)} nodes; the gradient of its loss: {gradient}")
assert gradient.shape == net.coefs_[0].shape

viz.network(net.model_).save("scikit-learn-net.svg")
