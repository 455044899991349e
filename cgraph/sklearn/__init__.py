"""Nets of nodes as scikit-learn's estimators: in a `Pipeline`, a `GridSearchCV`, a `cross_val_score`.

`MLPClassifier` and `MLPRegressor` have the parameters, the defaults and the attributes of scikit-learn's estimators of
the same names, as far as they train by mini-batches. They also draw from `random_state` in the same order, so that
for the same `random_state` both train the same net: the same first weights, the same mini-batches, the same gradients,
the same epoch at which they stop. They differ by rounding alone.

What is different: the net is made of nodes. `model_` is a `nn.Sequential`, to draw, prove, save, or fold; `step_` is
the graph of one whole step of training: the loss with its penalty, each gradient, each update of the optimiser.

>>> from sklearn.datasets import load_iris
>>> from sklearn.model_selection import train_test_split
>>> from sklearn.pipeline import make_pipeline
>>> from sklearn.preprocessing import StandardScaler
>>> from cgraph.sklearn import MLPClassifier
>>> X, Xtest, y, ytest = train_test_split(*load_iris(return_X_y=True), random_state=0)
>>> net = MLPClassifier(8, activation="tanh", solver="sgd", learning_rate_init=0.1, tol=1e-3, random_state=0)
>>> pipeline = make_pipeline(StandardScaler(), net).fit(X, y)
>>> round(pipeline.score(Xtest, ytest), 3)
0.974

The fitted net is a model like any other of `cgraph.nn`, with the output's activation as its last layer:

>>> import cgraph as cg
>>> net.model_(cg.variable("X", ("m", 4)))
<a[2] = softmax(z[2]) [m×3]>
>>> [(p.name, p.shape) for p in net.model_.parameters]
[('W[1]', (4, 8)), ('b[1]', (8,)), ('W[2]', (8, 3)), ('b[2]', (3,))]
>>> [w.shape for w in net.coefs_], [b.shape for b in net.intercepts_]
([(4, 8), (8, 3)], [(8,), (3,)])

The loss that is minimised is the first output of the step, and its gradient is a graph too (the parameters in `step_`
are those of the first step, with their first values):

>>> L = net.step_["L"]
>>> [cg.grad(L, net.step_[name]).shape for name in ("W[1]", "b[1]")]
[(4, 8), (8,)]

The loss of a mini-batch is (Σ wᵢ lossᵢ + α/2 Σ W²) / Σ wᵢ over its rows, with the sample weights wᵢ (1 without any).
The loss of a row is the cross-entropy of softmax for three classes and more, of sigmoid for two, the sum of those of
its labels for several labels, and half the sum of the squared differences in regression.

`partial_fit`, `warm_start` and learning rates that change train as scikit-learn's do. There is no solver "lbfgs", whose
steps are no graph. Rows of weight 0 are left out before anything is drawn. At the kink itself ReLU'(0) is 1 here and
0 in scikit-learn.

Needs scikit-learn 1.6 or newer: pip install 'cgraph-engine[data]'. Importing this room without it raises
MissingPackageError.
"""

from __future__ import annotations

from importlib.util import find_spec

from cgraph.errors import missing_package

if find_spec("sklearn") is None:
    raise missing_package("scikit-learn", "data", "cgraph.sklearn")

from cgraph.sklearn.classifier import MLPClassifier
from cgraph.sklearn.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
