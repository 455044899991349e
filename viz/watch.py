"""Watching a training: a callback that records parameters, from which come the passes, and from them a film."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from cgraph.errors import ValueRefusedError
from cgraph.graph.graph import Graph
from cgraph.graph.node import PARAMETER, Node
from cgraph.passes.backward import Backward
from cgraph.train.history import Epoch
from cgraph.train.model import Model
from viz.asked import backward_pass
from viz.films import Film, film


class Watch:
    """Records a model's parameters while it is trained: hand it to `fit` as a callback.

    loss    the loss as a node, built from the model that is trained
    feed    the values of its variables: the examples that are watched, by name or node
    every   after so many epochs the parameters are recorded; they are recorded at the start too

    Only parameters are kept; `passes` computes the passes on the watched examples from them, and `film` draws them.
    Raises ValueRefusedError for `every` below 1, and what `cg.forward` and `cg.backward` raise for the feed.

    >>> import cgraph as cg
    >>> model = cg.nn.MLP([2, 3, 1], "tanh", seed=0)
    >>> rows = cg.train.data.xor()
    >>> L = cg.nn.sigmoid_cross_entropy_loss(model(cg.variable("X", ("m", 2))), cg.variable("Y", ("m", 1)))
    >>> watch = Watch(L, {"X": rows.X, "Y": rows.Y}, every=10)
    >>> _ = cg.train.fit(model, rows, cg.nn.sigmoid_cross_entropy_loss, cg.train.SGD(1.0), 30, callbacks=[watch])
    >>> watch
    <watch of L: start, epoch 10, epoch 20, epoch 30>
    """

    def __init__(self, loss: Node, feed: Mapping[Any, Any], every: int = 1) -> None:
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ValueRefusedError(f"every={every!r}", why="it counts epochs", fix="give a whole number from 1")
        self.graph, self.every = Graph(loss), every
        self.feed = {key: np.array(value) for key, value in feed.items()}
        self._records: list[tuple[str, dict[str, Any]]] = []
        self._parameters = {str(n.name): n.value for n in self.graph.nodes if n.kind == PARAMETER}
        backward_pass(self.graph, self.feed)  # refuses a feed that does not fit before the training
        self.record("start", self._parameters)

    def __call__(self, epoch: Epoch, model: Model) -> None:
        """Record after an epoch of `fit`, if it is one to be recorded."""
        if epoch.number % self.every == 0:
            self.record(f"epoch {epoch.number}", {str(p.name): p.value for p in model.parameters})

    def record(self, title: str, values: Mapping[str, Any]) -> None:
        """Record parameters by name, in a training loop of one's own. Raises ValueRefusedError for other parameters."""
        missing = [name for name in self._parameters if name not in values]
        if missing:
            raise ValueRefusedError(
                f"the model that is trained has no parameter {missing[0]!r}",
                why="the loss that is watched is built from another",
                fix="build the loss from the model that is handed to fit",
            )
        self._records.append((title, {name: np.array(values[name]) for name in self._parameters}))

    @property
    def titles(self) -> tuple[str, ...]:
        """When each record was made."""
        return tuple(title for title, _ in self._records)

    def passes(self) -> Iterator[Backward]:
        """The backward pass of each record on the watched examples."""
        for _, values in self._records:
            yield backward_pass(self.graph, {**self.feed, **values})

    def film(self, **choices: Any) -> Film:
        """The film of all records; the choices are those of `viz.film`."""
        return film(list(self.passes()), self.titles, **choices)

    def __repr__(self) -> str:
        return f"<watch of {self.graph.name(self.graph.output)}: {', '.join(self.titles)}>"
